//! A Deployment of many pods: placed, made ready, rolled to another image.

use api::{Deployment, Key, Kind, Object, Pod};
use playground::{HOME, Options};
use sim::{Span, Time};

use crate::desk::{Desk, START, options};

/// What the Deployment is called.
pub const DEPLOYMENT: &str = "web";

/// A Deployment and the nodes it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Nodes, of 110 pods each.
    pub nodes: u32,
    /// Replicas.
    pub pods: u32,
}

/// Its world.
#[derive(Clone)]
pub struct RolloutWorld {
    rollout: Rollout,
    /// The world, with one terminal.
    pub desk: Desk,
}

/// How long virtual time may go on before something must have happened.
const PATIENCE: Span = Span::from_seconds(24 * 3_600);

impl Rollout {
    fn manifest(self) -> String {
        let pods = self.pods;
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {DEPLOYMENT}}}
spec:
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
"
        )
    }

    /// The empty cluster, with the manifest as a file.
    pub fn world(self) -> RolloutWorld {
        let files = vec![(format!("{HOME}/web.yaml"), self.manifest().into_bytes())];
        RolloutWorld { rollout: self, desk: Desk::new(&Options { files, ..options(self.nodes, 1) }) }
    }
}

impl RolloutWorld {
    /// Applies the manifest and lets time pass until all pods have a node.
    ///
    /// # Errors
    /// With kubectl's words, or with the counts if nothing happens any more.
    pub fn run_until_bound(&mut self) -> Result<Time, String> {
        self.type_command("kubectl apply -f web.yaml")?;
        self.step_until("bound", |world| {
            let cluster = world.desk.world.cluster();
            cluster.scheduler().counters().cycles >= u64::from(world.rollout.pods)
                && world.bound() == world.rollout.pods
        })
    }

    /// Applies the manifest and lets time pass until all pods are available.
    ///
    /// # Errors
    /// As [`RolloutWorld::run_until_bound`].
    pub fn run_until_available(&mut self) -> Result<Time, String> {
        self.type_command("kubectl apply -f web.yaml")?;
        self.step_until("available", RolloutWorld::is_complete)
    }

    /// Sets another image and lets time pass until all pods have it and are available.
    ///
    /// # Errors
    /// As [`RolloutWorld::run_until_bound`].
    pub fn roll(&mut self) -> Result<Time, String> {
        self.type_command("kubectl set image deploy/web nginx=registry.k8s.io/nginx-slim:0.9")?;
        self.step_until("rolled", RolloutWorld::is_complete)
    }

    fn type_command(&mut self, command: &str) -> Result<(), String> {
        let said = self.desk.run(command);
        if said.rc == 0 { Ok(()) } else { Err(said.stderr) }
    }

    fn step_until(&mut self, what: &str, is_there: impl Fn(&RolloutWorld) -> bool) -> Result<Time, String> {
        let end = self.desk.world.now().max(START) + PATIENCE;
        while !is_there(self) {
            if !self.desk.world.step(end) {
                return Err(format!("not all are {what}, and nothing will happen"));
            }
        }
        Ok(self.desk.world.now())
    }

    fn is_complete(&self) -> bool {
        let wanted = i32::try_from(self.rollout.pods).unwrap_or(i32::MAX);
        self.deployment().is_some_and(|found| {
            let status = &found.status;
            status.observed_generation == found.metadata.generation
                && [status.replicas, status.updated_replicas, status.available_replicas] == [wanted; 3]
        })
    }

    /// The Deployment as it is stored.
    pub fn deployment(&self) -> Option<&Deployment> {
        let server = self.desk.world.cluster().server();
        match server.object(Kind::Deployment, &Key::new("default", DEPLOYMENT)) {
            Some(Object::Deployment(found)) => Some(found),
            Some(_) | None => None,
        }
    }

    /// How many pods have a node.
    pub fn bound(&self) -> u32 {
        bound(&self.desk)
    }
}

/// How many pods have a node.
pub(crate) fn bound(desk: &Desk) -> u32 {
    let pods = desk.world.cluster().server().iter(Kind::Pod).filter_map(Object::get::<Pod>);
    u32::try_from(pods.filter(|pod| !pod.spec.node_name.is_empty()).count()).unwrap_or(u32::MAX)
}
