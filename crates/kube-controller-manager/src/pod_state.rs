//! What controllers ask of pods.
//!
//! Models: kubernetes v1.36 pkg/controller/controller_utils.go and pkg/api/v1/pod/util.go.

use api::Pod;
use sim::{Span, Time};

/// Whether a pod counts as one of a workload's: it has not ended and is not going.
pub(crate) fn is_active(pod: &Pod) -> bool {
    !pod.status.is_terminal() && !pod.metadata.is_terminating()
}

/// Whether a pod is on its way out and has not ended yet.
pub(crate) fn is_terminating(pod: &Pod) -> bool {
    !pod.status.is_terminal() && pod.metadata.is_terminating()
}

/// When a pod has been Ready for so long; none if it is not Ready.
pub(crate) fn available_at(pod: &Pod, min_ready_seconds: i32) -> Option<Time> {
    let ready = pod.status.condition("Ready").filter(|_| pod.status.is_true("Ready"))?;
    if min_ready_seconds <= 0 {
        return Some(Time(0));
    }
    ready.last_transition_time.map(|since| since + Span::from_seconds(i64::from(min_ready_seconds)))
}

/// Whether a change of a pod can change what its workload does.
pub(crate) fn is_relevant_change(old: &Pod, new: &Pod) -> bool {
    let ready_since =
        |pod: &Pod| pod.status.condition("Ready").map(|condition| (condition.status, condition.last_transition_time));
    old.status.phase != new.status.phase
        || ready_since(old) != ready_since(new)
        || old.metadata.is_terminating() != new.metadata.is_terminating()
        || old.metadata.labels != new.metadata.labels
        || old.metadata.owner_references != new.metadata.owner_references
}
