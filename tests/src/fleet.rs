//! A Parallel StatefulSet of many pods: what the scale counters and the benchmarks run.

use api::{Key, Kind, Object};
use playground::{HOME, Options};
use sim::Time;

use crate::desk::{Desk, START, options};

/// What the set is called.
pub const SET: &str = "web";

/// A set and the nodes it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Nodes, of 110 pods each.
    pub nodes: u32,
    /// Replicas.
    pub pods: u32,
}

/// A fleet's world, before and after its set was applied.
#[derive(Clone)]
pub struct FleetWorld {
    fleet: Fleet,
    /// The world, with one terminal.
    pub desk: Desk,
}

impl Fleet {
    /// 100·n pods on n nodes.
    pub fn decade(n: u32) -> Fleet {
        Fleet { nodes: n, pods: 100 * n }
    }

    /// The manifest: a headless Service and the set; nothing that the tutorial's does not have, but no claims.
    pub fn manifest(self) -> String {
        let pods = self.pods;
        format!(
            "apiVersion: v1
kind: Service
metadata:
  name: nginx
  labels: {{app: nginx}}
spec:
  ports: [{{port: 80, name: web}}]
  clusterIP: None
  selector: {{app: nginx}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {SET}
spec:
  serviceName: nginx
  podManagementPolicy: Parallel
  replicas: {pods}
  selector:
    matchLabels: {{app: nginx}}
  template:
    metadata:
      labels: {{app: nginx}}
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.8
        ports: [{{containerPort: 80, name: web}}]
"
        )
    }

    /// The empty cluster, with the manifest as a file.
    pub fn world(self) -> FleetWorld {
        let files = vec![(format!("{HOME}/web.yaml"), self.manifest().into_bytes())];
        FleetWorld { fleet: self, desk: Desk::new(&Options { files, ..options(self.nodes, 1) }) }
    }
}

impl FleetWorld {
    /// Applies the manifest and lets time pass until all replicas are ready. Answers with the virtual instant.
    ///
    /// # Errors
    /// With kubectl's words if it fails, or with the counts if nothing happens any more before all are ready.
    pub fn run_until_ready(&mut self) -> Result<Time, String> {
        let said = self.desk.run("kubectl apply -f web.yaml");
        if said.rc != 0 {
            return Err(said.stderr);
        }
        let end = START + sim::Span::from_seconds(24 * 3_600);
        while self.ready() < self.fleet.pods {
            if !self.desk.world.step(end) {
                return Err(format!("{} of {} ready, and nothing will happen", self.ready(), self.fleet.pods));
            }
        }
        Ok(self.desk.world.now())
    }

    /// The replicas that the set's status counts as ready.
    pub fn ready(&self) -> u32 {
        let server = self.desk.world.cluster().server();
        match server.object(Kind::StatefulSet, &Key::new("default", SET)) {
            Some(Object::StatefulSet(set)) => u32::try_from(set.status.ready_replicas).unwrap_or(0),
            Some(_) | None => 0,
        }
    }

    /// What `kubectl get` says: how many pods it prints as `1/1 Running`.
    pub fn running_in_table(&mut self) -> u32 {
        let table = self.desk.run("kubectl get pods -l app=nginx --no-headers").stdout;
        let is_running = |line: &&str| line.split_whitespace().skip(1).take(2).eq(["1/1", "Running"]);
        u32::try_from(table.lines().filter(is_running).count()).unwrap_or(u32::MAX)
    }

    /// Events of the API so far.
    pub fn api_events(&self) -> usize {
        self.desk.world.cluster().server().count(Kind::Event)
    }
}
