//! Why objects are as they are, as facts for the page: the last decision of a controller, and what the status says.

use api::meta::ConditionStatus;
use api::{Key, Kind, ObjectMeta, Pod};
use cluster::Cluster;
use kube_controller_manager::Why as Decision;
use view::{Fact, Why};

/// What a controller has decided about an object last.
pub(crate) fn decided(cluster: &Cluster, kind: Kind, key: &Key) -> Why {
    cluster.controllers().why(kind, key).map(|decision| said(decision, &key.name)).unwrap_or_default()
}

fn said(decision: &Decision, name: &str) -> Why {
    let number = |number: &i32| number.to_string();
    match decision {
        Decision::CreatedAsWanted { replicas, owner } => {
            Why::new(Fact::CreatedAsWanted, [name, owner.name(), &number(replicas)])
        }
        Decision::CreatedAfter { predecessor } => Why::new(Fact::CreatedAfter, [name, predecessor]),
        Decision::CreatedForNode { node } => Why::new(Fact::CreatedForNode, [name, node]),
        Decision::DeletedAsSurplus { replicas, owner } => {
            Why::new(Fact::DeletedAsSurplus, [name, owner.name(), &number(replicas)])
        }
        Decision::DeletedAsOutdated { revision } => Why::new(Fact::DeletedAsOutdated, [name, revision]),
        Decision::DeletedAsEnded { phase } => Why::new(Fact::DeletedAsEnded, [name, phase]),
        Decision::DeletedWithOwner { owner } => Why::new(Fact::DeletedWithOwner, [name, owner]),
        Decision::Sized { from, to } => Why::new(Fact::Sized, [name, &number(from), &number(to)]),
        Decision::RollsOut => Why::new(Fact::RollsOut, [name]),
        Decision::Waits { pod, until } => Why::new(Fact::Waits, [name, pod, until]),
        Decision::AsWanted => Why::new(Fact::AsWanted, [name]),
        Decision::Acted { actions } => Why::new(Fact::Acted, [name, &actions.to_string()]),
        Decision::Claim { message } => Why::new(Fact::Claim, [name, message]),
    }
}

/// Why a pod is not Ready.
pub(crate) fn of_pod(pod: &Pod) -> Why {
    let waiting = pod.status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
    if let Some(message) = waiting.map(|waiting| waiting.message.as_str()).find(|message| !message.is_empty()) {
        return Why::new(Fact::ContainerWaits, [message]);
    }
    let message_of = |kind: &str| {
        let condition = pod.status.condition(kind).filter(|condition| condition.status != ConditionStatus::True);
        condition.map(|condition| condition.message.as_str()).filter(|message| !message.is_empty())
    };
    if let Some(message) = message_of("PodScheduled") {
        return Why::new(Fact::Unschedulable, [message]);
    }
    if pod.metadata.is_terminating() {
        return kept(&pod.metadata);
    }
    message_of("Ready").map(|message| Why::new(Fact::NotReady, [message])).unwrap_or_default()
}

/// Why a deleted object is still there.
pub(crate) fn kept(metadata: &ObjectMeta) -> Why {
    match (metadata.finalizers.is_empty(), metadata.deletion_grace_period_seconds) {
        (false, _) => Why::new(Fact::Kept, [&metadata.finalizers.join(", ")]),
        (true, Some(seconds)) => Why::new(Fact::Stops, [&seconds.to_string()]),
        (true, None) => Why::new(Fact::Deleted, []),
    }
}
