//! What a failed pod means for its Job.
//!
//! Models: kubernetes v1.36 pkg/controller/job/pod_failure_policy.go.

use api::Pod;
use api::batch::job::{OnExitCodes, OnPodCondition, PodFailurePolicy, PodFailurePolicyRule};
use api::core::pod_status::{ContainerStatus, PodCondition};

/// What a policy says of a failed pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts.
    Counts,
    /// Its index has failed.
    FailsIndex,
    /// As if it had not happened.
    Ignored,
    /// The Job has failed, and why.
    FailsJob(String),
}

/// The meaning of a failed pod: the first rule that fits decides.
pub(super) fn meaning(policy: Option<&PodFailurePolicy>, pod: &Pod) -> Meaning {
    let rules = policy.iter().flat_map(|policy| policy.rules.iter().enumerate());
    for (index, rule) in rules {
        let Some(why) = fits(rule, pod) else { continue };
        return match rule.action.as_str() {
            "Ignore" => Meaning::Ignored,
            "FailIndex" => Meaning::FailsIndex,
            "FailJob" => Meaning::FailsJob(format!("{why} matching FailJob rule at index {index}")),
            _ => Meaning::Counts,
        };
    }
    Meaning::Counts
}

fn fits(rule: &PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    let key = pod.metadata.key();
    if let Some(codes) = &rule.on_exit_codes {
        let statuses = pod.status.container_statuses.iter().chain(pod.status.init_container_statuses.iter());
        let (name, code) = statuses.filter_map(|status| ended_with(status, codes)).next()?;
        return Some(format!("Container {name} for pod {key} failed with exit code {code}"));
    }
    let condition = pod.status.conditions.iter().find(|condition| is_listed(condition, &rule.on_pod_conditions))?;
    Some(format!("Pod {key} has condition {}", condition.kind))
}

fn ended_with<'s>(status: &'s ContainerStatus, codes: &OnExitCodes) -> Option<(&'s str, i32)> {
    let code = status.state.terminated.as_ref()?.exit_code;
    let is_meant = codes.container_name.as_ref().is_none_or(|name| *name == status.name);
    let is_listed = codes.values.contains(&code) == (codes.operator == "In");
    (is_meant && code != 0 && is_listed).then_some((status.name.as_str(), code))
}

fn is_listed(condition: &PodCondition, patterns: &[OnPodCondition]) -> bool {
    patterns.iter().any(|pattern| pattern.kind == condition.kind && pattern.status == condition.status)
}
