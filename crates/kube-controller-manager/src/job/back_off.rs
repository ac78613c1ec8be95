//! How long a Job waits before it replaces failed pods.
//!
//! Models: kubernetes v1.36 pkg/controller/job/backoff_utils.go.

use std::rc::Rc;

use api::Pod;
use api::meta::ConditionStatus;
use ordered::Arrange;
use sim::{Span, Time};

const FIRST: Span = Span::from_seconds(10);
const LONGEST: Span = Span::from_seconds(600);

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackOff {
    failures: u32,
    last_failure: Option<Time>,
}

impl BackOff {
    /// So many failures in a row, the last of them then.
    pub(super) fn since(failures: i32, last_failure: Time) -> BackOff {
        BackOff { failures: u32::try_from(failures).unwrap_or(0), last_failure: Some(last_failure) }
    }

    /// After more pods have ended: failures count from the last success.
    pub fn after(self, succeeded: &[Rc<Pod>], failed: &[Rc<Pod>]) -> BackOff {
        let mut failures: Vec<Time> = failed.iter().map(|pod| finished_at(pod)).collect();
        failures.arrange();
        let Some(success) = succeeded.iter().map(|pod| finished_at(pod)).max() else {
            let last_failure = failures.last().copied().or(self.last_failure);
            return BackOff { failures: self.failures + failures.len() as u32, last_failure };
        };
        let since = failures.iter().filter(|at| **at > success).count() as u32;
        BackOff { failures: since, last_failure: failures.last().copied().filter(|_| since > 0) }
    }

    /// When the next pod may be created, if not now.
    pub fn until(self, now: Time) -> Option<Time> {
        let last = self.last_failure.filter(|_| self.failures > 0)?;
        let wait = FIRST.0.saturating_mul(1 << (self.failures - 1).min(32));
        let at = last + Span(wait.min(LONGEST.0));
        (at > now).then_some(at)
    }
}

/// When a pod ended, as far as it says: its containers, its readiness, its deletion, its creation.
pub(super) fn finished_at(pod: &Pod) -> Time {
    let statuses = &pod.status.container_statuses;
    let ends = statuses.iter().map(|status| status.state.terminated.as_ref().and_then(|ended| ended.finished_at));
    let by_containers = ends.collect::<Option<Vec<Time>>>().and_then(|ends| ends.into_iter().max());
    let by_readiness = || {
        let ready = pod.status.condition("Ready").filter(|ready| ready.status == ConditionStatus::False)?;
        ready.last_transition_time
    };
    let by_deletion = || {
        let until = pod.metadata.deletion_timestamp?;
        Some(until - Span::from_seconds(pod.metadata.deletion_grace_period_seconds.unwrap_or(0)))
    };
    let by_creation = || pod.metadata.creation_timestamp.unwrap_or_default();
    by_containers.or_else(by_readiness).or_else(by_deletion).unwrap_or_else(by_creation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_ten_minutes() {
        let start = Time::HEADLESS_START;
        let check = |failures: u32, expect: Option<i64>| {
            let back_off = BackOff { failures, last_failure: Some(start) };
            assert_eq!(back_off.until(start), expect.map(|seconds| start + Span::from_seconds(seconds)), "{failures}");
        };
        check(0, None);
        check(1, Some(10));
        check(2, Some(20));
        check(6, Some(320));
        check(7, Some(600));
        check(90, Some(600));
        let over = BackOff { failures: 1, last_failure: Some(start) };
        assert_eq!(over.until(start + Span::from_seconds(10)), None);
    }
}
