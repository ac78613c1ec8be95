//! When a workload is at rest: a Job when it has ended, or runs.

use api::{Kind, Object};

/// What keeps pods.
pub(crate) const WORKLOADS: [Kind; 6] =
    [Kind::StatefulSet, Kind::Deployment, Kind::ReplicaSet, Kind::ReplicationController, Kind::DaemonSet, Kind::Job];

/// Whether a workload has all its pods, Ready and of the present template, and no others.
pub(crate) fn has_what_it_wants(object: &Object) -> bool {
    let (observed, counts) = match object {
        Object::StatefulSet(set) => {
            let (status, wanted) = (&set.status, set.spec.replicas());
            let is_rolled = status.current_revision == status.update_revision;
            (status.observed_generation, is_rolled && [status.replicas, status.ready_replicas] == [wanted; 2])
        }
        Object::Deployment(deployment) => {
            let (status, wanted) = (&deployment.status, deployment.spec.replicas());
            (
                status.observed_generation,
                [status.replicas, status.ready_replicas, status.updated_replicas] == [wanted; 3],
            )
        }
        Object::ReplicaSet(set) => {
            let (status, wanted) = (&set.status, set.spec.replicas());
            (status.observed_generation, [status.replicas, status.ready_replicas] == [wanted; 2])
        }
        Object::ReplicationController(set) => {
            let (status, wanted) = (&set.status, set.spec.replicas());
            (status.observed_generation, [status.replicas, status.ready_replicas] == [wanted; 2])
        }
        Object::DaemonSet(set) => {
            let (status, wanted) = (&set.status, set.status.desired_number_scheduled);
            (status.observed_generation, [status.number_ready, status.updated_number_scheduled] == [wanted; 2])
        }
        Object::Job(job) => {
            let status = &job.status;
            let runs = status.active > 0 && status.ready == Some(status.active);
            return runs || job.spec.is_suspended() || status.finished().is_some();
        }
        _ => return true,
    };
    counts && observed == object.metadata().generation
}
