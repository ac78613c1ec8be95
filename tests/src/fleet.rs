//! A Parallel StatefulSet of many pods: what the scale counters and the benchmarks run.

use api::{Key, Kind, Object};
use playground::{HOME, Options};
use sim::Time;

use crate::desk::{Desk, START, options};
use crate::rollout::bound;

/// What the set is called.
pub const SET: &str = "web";

/// Virtual seconds after which an empty cluster is at rest.
pub const SETTLED_S: i64 = 60;

/// A set and the nodes it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Nodes, of 110 pods each.
    pub nodes: u32,
    /// Replicas.
    pub pods: u32,
    /// What the replicas want of each other.
    pub company: Company,
}

/// Where replicas may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Anywhere.
    Any,
    /// Each on a host of its own: required anti-affinity.
    Alone,
}

impl Company {
    fn rule(self) -> &'static str {
        match self {
            Company::Any => "",
            Company::Alone => {
                "      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - labelSelector: {matchLabels: {app: nginx}}
            topologyKey: kubernetes.io/hostname
"
            }
        }
    }
}

/// A fleet's world, before and after its set was applied.
#[derive(Clone)]
pub struct FleetWorld {
    /// What it is.
    pub fleet: Fleet,
    /// The world, with one terminal.
    pub desk: Desk,
}

impl Fleet {
    /// 100·n pods on n nodes.
    pub fn decade(n: u32) -> Fleet {
        Fleet { nodes: n, pods: 100 * n, company: Company::Any }
    }

    /// The manifest: a headless Service and the set; nothing that the tutorial's does not have, but no claims.
    pub fn manifest(self) -> String {
        let (pods, rule) = (self.pods, self.company.rule());
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
{rule}      containers:
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
    /// Lets the empty cluster come to rest.
    pub fn settle(&mut self) {
        self.desk.wait(SETTLED_S);
    }

    /// Applies the manifest and lets time pass until all replicas are ready. Answers with the virtual instant.
    ///
    /// # Errors
    /// With kubectl's words if it fails, or with the counts if nothing happens any more before all are ready.
    pub fn run_until_ready(&mut self) -> Result<Time, String> {
        self.run_until("ready", FleetWorld::ready)
    }

    /// Applies the manifest and lets time pass until all replicas have a node.
    ///
    /// # Errors
    /// As [`FleetWorld::run_until_ready`].
    pub fn run_until_bound(&mut self) -> Result<Time, String> {
        self.run_until("bound", |world| {
            let scheduler = world.desk.world.cluster().scheduler();
            if scheduler.counters().cycles < u64::from(world.fleet.pods) { 0 } else { bound(&world.desk) }
        })
    }

    fn run_until(&mut self, what: &str, count: impl Fn(&FleetWorld) -> u32) -> Result<Time, String> {
        let said = self.desk.run("kubectl apply -f web.yaml");
        if said.rc != 0 {
            return Err(said.stderr);
        }
        let end = START + sim::Span::from_seconds(24 * 3_600);
        while count(self) < self.fleet.pods {
            if !self.desk.world.step(end) {
                return Err(format!("{} of {} {what}, and nothing will happen", count(self), self.fleet.pods));
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
