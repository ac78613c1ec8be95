//! When everything is mended and has had its time, all is as wanted.

use std::rc::Rc;

use api::meta::ConditionStatus;
use api::{DaemonSet, Deployment, Node, PersistentVolumeClaim, Pod, ReplicaSet, StatefulSet};
use cluster::Cluster;

use super::typed;

/// Looks at every object that wants something.
pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    let nodes = typed::<Node>(cluster);
    for node in &nodes {
        let is_ready = node.status.condition("Ready").is_some_and(|ready| ready.status == ConditionStatus::True);
        if !is_ready || !node.spec.taints.is_empty() {
            return Err(format!("{} is not well: {:?}", node.metadata.name, node.spec.taints));
        }
    }
    let pods = typed::<Pod>(cluster);
    for set in typed::<StatefulSet>(cluster) {
        let (wanted, status) = (set.spec.replicas(), &set.status);
        let counts = [status.replicas, status.ready_replicas, status.available_replicas, status.updated_replicas];
        if counts != [wanted; 4] || status.current_revision != status.update_revision {
            return Err(format!("{} wants {wanted}: {status:?}", set.metadata.name));
        }
        has_pods(&pods, &set.metadata.uid, wanted)?;
    }
    for deployment in typed::<Deployment>(cluster) {
        let (wanted, status) = (deployment.spec.replicas(), &deployment.status);
        let counts = [status.replicas, status.ready_replicas, status.available_replicas, status.updated_replicas];
        if counts != [wanted; 4] {
            return Err(format!("{} wants {wanted}: {status:?}", deployment.metadata.name));
        }
        let sets = typed::<ReplicaSet>(cluster);
        let own: Vec<&Rc<ReplicaSet>> =
            sets.iter().filter(|set| set.metadata.is_controlled_by(&deployment.metadata.uid)).collect();
        let sizes: Vec<i32> = own.iter().map(|set| set.spec.replicas()).filter(|replicas| *replicas > 0).collect();
        if wanted > 0 && sizes != [wanted] {
            return Err(format!("{} has ReplicaSets of {sizes:?}", deployment.metadata.name));
        }
        for set in own {
            has_pods(&pods, &set.metadata.uid, set.spec.replicas())?;
        }
    }
    for set in typed::<DaemonSet>(cluster) {
        let (wanted, status) = (nodes.len() as i32, &set.status);
        let counts = [status.desired_number_scheduled, status.number_available, status.updated_number_scheduled];
        if counts != [wanted; 3] || status.number_misscheduled != 0 {
            return Err(format!("{} wants {wanted}: {status:?}", set.metadata.name));
        }
        has_pods(&pods, &set.metadata.uid, wanted)?;
    }
    for pod in &pods {
        if pod.metadata.is_terminating() || !pod.status.is_true("Ready") {
            return Err(format!("{} is not well: {:?}", pod.metadata.name, pod.status.conditions));
        }
    }
    for claim in typed::<PersistentVolumeClaim>(cluster) {
        if claim.status.phase != "Bound" || claim.metadata.is_terminating() {
            return Err(format!("{} is not bound: {}", claim.metadata.name, claim.status.phase));
        }
    }
    match cluster.scheduler().pending() {
        0 => Ok(()),
        waiting => Err(format!("{waiting} pods still wait for a node")),
    }
}

fn has_pods(pods: &[Rc<Pod>], uid: &str, wanted: i32) -> Result<(), String> {
    let own = pods.iter().filter(|pod| pod.metadata.is_controlled_by(uid)).count() as i32;
    if own == wanted { Ok(()) } else { Err(format!("{own} pods are there where {wanted} are wanted")) }
}
