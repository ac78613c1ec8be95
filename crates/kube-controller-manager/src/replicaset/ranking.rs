//! Which pods go first when there are too many.
//!
//! Models: kubernetes v1.36 pkg/controller/controller_utils.go (ActivePodsWithRanks).

use ordered::{Arrange, OrderedMap};
use std::cmp::Ordering;
use std::rc::Rc;

use api::core::pod_status::PodPhase;
use api::{Pod, Str};
use sim::Time;

/// What the user thinks a pod's loss would cost; lower goes first.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// What is compared of a pod, in this order; what is smaller goes first.
struct Rank<'p> {
    pod: &'p Rc<Pod>,
    /// Not yet placed, waiting, not ready; then the cost.
    stage: (bool, u8, bool, i32),
    /// More of the same kind on its node go first.
    neighbours: usize,
    restarts: (i32, i32),
}

/// The `count` pods that go first. `related` are the pods of all ReplicaSets with the same controller.
pub(crate) fn decide_victims(pods: &[Rc<Pod>], related: &[Rc<Pod>], count: usize, now: Time) -> Vec<Rc<Pod>> {
    if count >= pods.len() {
        return pods.to_vec();
    }
    let mut by_node: OrderedMap<&Str, usize> = OrderedMap::new();
    for pod in related.iter().filter(|pod| !pod.spec.node_name.is_empty()) {
        *by_node.entry(&pod.spec.node_name).or_default() += 1;
    }
    let mut ranks: Vec<Rank<'_>> = pods.iter().map(|pod| rank(pod, &by_node)).collect();
    // Three pods may beat each other in a circle; the standard library's sort would take that for a mistake and panic.
    ranks.arrange_by(|left, right| compare(left, right, now));
    ranks.into_iter().take(count).map(|rank| rank.pod.clone()).collect()
}

fn rank<'p>(pod: &'p Rc<Pod>, by_node: &OrderedMap<&Str, usize>) -> Rank<'p> {
    let cost = pod.metadata.annotations.get(DELETION_COST).and_then(|text| text.parse().ok()).unwrap_or(0);
    let phase = match pod.status.phase {
        None | Some(PodPhase::Pending) => 0,
        Some(PodPhase::Unknown) => 1,
        Some(PodPhase::Running | PodPhase::Succeeded | PodPhase::Failed) => 2,
    };
    Rank {
        pod,
        stage: (!pod.spec.node_name.is_empty(), phase, pod.status.is_true("Ready"), cost),
        neighbours: by_node.get(&pod.spec.node_name).copied().unwrap_or(0),
        restarts: restarts(pod),
    }
}

/// The most restarts of a regular container, and of a sidecar.
fn restarts(pod: &Pod) -> (i32, i32) {
    let most = |statuses: &[api::core::pod_status::ContainerStatus]| {
        statuses.iter().map(|status| status.restart_count).max().unwrap_or(0)
    };
    (most(&pod.status.container_statuses), most(&pod.status.init_container_statuses))
}

fn compare(left: &Rank<'_>, right: &Rank<'_>, now: Time) -> Ordering {
    let ready_since = |rank: &Rank<'_>| {
        let condition = rank.pod.status.condition("Ready").filter(|_| rank.stage.2);
        condition.and_then(|condition| condition.last_transition_time)
    };
    let created = |rank: &Rank<'_>| rank.pod.metadata.creation_timestamp;
    let in_steps = left.stage.cmp(&right.stage).then(right.neighbours.cmp(&left.neighbours));
    let by_age = || match (ready_since(left), ready_since(right)) {
        (Some(first), Some(second)) => younger_first((first, left), (second, right), now),
        _ => Ordering::Equal,
    };
    let by_creation = || match (created(left), created(right)) {
        (Some(first), Some(second)) => younger_first((first, left), (second, right), now),
        (first, second) => first.is_some().cmp(&second.is_some()),
    };
    in_steps.then_with(by_age).then_with(|| right.restarts.cmp(&left.restarts)).then_with(by_creation)
}

/// The younger go first, by orders of magnitude: within one, chance decides, that is, the UID.
fn younger_first(left: (Time, &Rank<'_>), right: (Time, &Rank<'_>), now: Time) -> Ordering {
    if left.0 == right.0 {
        return Ordering::Equal;
    }
    let magnitude = |since: Time| (now.since(since).0.saturating_mul(1_000)).checked_ilog2().map_or(-1, i64::from);
    let by_uid = || left.1.pod.metadata.uid.cmp(&right.1.pod.metadata.uid);
    magnitude(left.0).cmp(&magnitude(right.0)).then_with(by_uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::codec::Codec;

    fn check(pods: &[&str], count: usize, expect: &[&str]) {
        let pods: Vec<Rc<Pod>> =
            pods.iter().map(|text| Rc::new(Pod::decode(api::text::json::read(text).unwrap()))).collect();
        let now = Time::parse_rfc3339("2026-01-01T01:00:00Z").unwrap();
        let victims = decide_victims(&pods, &pods, count, now);
        let names: Vec<&str> = victims.iter().map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(names, expect);
    }

    fn pod(name: &str, node: &str, ready_since: &str, more: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"{name}","uid":"{name}","creationTimestamp":"2026-01-01T00:00:00Z"{more}}},
                "spec":{{"nodeName":"{node}","containers":[]}},"status":{{"phase":"Running","conditions":[
                {{"type":"Ready","status":"True","lastTransitionTime":"{ready_since}"}}]}}}}"#
        )
    }

    #[test]
    fn pods_that_do_not_run_yet_go_first() {
        let waiting = r#"{"metadata":{"name":"waiting","uid":"w"},"spec":{"nodeName":"n","containers":[]},
            "status":{"phase":"Pending"}}"#;
        let unplaced = r#"{"metadata":{"name":"unplaced","uid":"u"},"spec":{"containers":[]},"status":{}}"#;
        let ready = pod("ready", "n", "2026-01-01T00:30:00Z", "");
        check(&[&ready, waiting, unplaced], 2, &["unplaced", "waiting"]);
    }

    #[test]
    fn crowded_nodes_lose_first_and_the_young_before_the_old() {
        let (one, two) = (pod("one", "a", "2026-01-01T00:00:10Z", ""), pod("two", "a", "2026-01-01T00:59:59Z", ""));
        let alone = pod("alone", "b", "2026-01-01T00:59:59Z", "");
        check(&[&alone, &one, &two], 1, &["two"]);
        check(&[&alone, &one, &two], 2, &["two", "one"]);
    }

    #[test]
    fn a_cheap_pod_goes_before_a_crowded_one() {
        let cost = r#","annotations":{"controller.kubernetes.io/pod-deletion-cost":"-5"}"#;
        let (one, two) = (pod("one", "a", "2026-01-01T00:00:10Z", ""), pod("two", "a", "2026-01-01T00:59:59Z", ""));
        let cheap = pod("cheap", "b", "2026-01-01T00:00:00Z", cost);
        check(&[&one, &two, &cheap], 1, &["cheap"]);
    }
}
