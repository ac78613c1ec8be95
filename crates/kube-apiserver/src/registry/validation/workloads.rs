//! Deployments, replica sets and daemon sets.
//!
//! Models: kubernetes v1.36 pkg/apis/apps/validation and the strategies of pkg/registry/apps, which keep selectors as they
//! are.

use api::selector::Selector;
use api::{StringMap, Value};

use super::field::{Errors, Field};
use super::stateful_set::parsed;
use super::{checks, internal, pod};

const DEPLOYMENT_STRATEGIES: [&str; 2] = ["Recreate", "RollingUpdate"];
const DAEMON_SET_STRATEGIES: [&str; 2] = ["RollingUpdate", "OnDelete"];

pub(super) fn deployment(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    checks::non_negative(&spec.child("replicas"), errors);
    replicated(&spec, errors);
    deployment_strategy(&spec.child("strategy"), errors);
    checks::non_negative(&spec.child("minReadySeconds"), errors);
    checks::non_negative(&spec.child("revisionHistoryLimit"), errors);
    let Some(deadline) = spec.child("progressDeadlineSeconds").set() else { return };
    checks::non_negative(&deadline, errors);
    if deadline.int() <= spec.child("minReadySeconds").int() {
        errors.push(deadline.invalid("must be greater than minReadySeconds"));
    }
}

pub(super) fn replica_set(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    checks::non_negative(&spec.child("replicas"), errors);
    checks::non_negative(&spec.child("minReadySeconds"), errors);
    replicated(&spec, errors);
}

pub(super) fn replication_controller(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    checks::non_negative(&spec.child("minReadySeconds"), errors);
    let (selector, template) = (spec.child("selector"), spec.child("template"));
    if selector.len() == 0 {
        errors.push(selector.required(""));
    }
    checks::non_negative(&spec.child("replicas"), errors);
    if !template.is_set() {
        return errors.push(template.required(""));
    }
    let labels = template.at(&["metadata", "labels"]);
    if selector.entries().any(|(key, value)| labels.value.get(key) != value) {
        errors.push(labels.invalid(NO_MATCH));
    }
    pod::template(&template, errors);
    only_restarted(&template, "ReplicationController", errors);
}

pub(super) fn daemon_set(root: &Field<'_>, errors: &mut Errors) {
    let spec = root.child("spec");
    let (selector, template) = (spec.child("selector"), spec.child("template"));
    checks::label_selector(&selector, errors);
    if parsed(selector.value).is_some_and(|parsed| !matches(&selector, &parsed, &template)) {
        errors.push(template.at(&["metadata", "labels"]).invalid(NO_MATCH));
    }
    if selector.is_set() && has_no_requirement(&selector) {
        errors.push(selector.invalid("empty selector is invalid for daemonset"));
    }
    pod::template(&template, errors);
    only_restarted(&template, "DaemonSet", errors);
    checks::non_negative(&spec.child("minReadySeconds"), errors);
    daemon_set_strategy(&spec.child("updateStrategy"), errors);
    checks::non_negative(&spec.child("revisionHistoryLimit"), errors);
}

/// What a strategy says after all else: a selector stays.
pub(super) fn keeps_selector(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    checks::unchanged(&root.at(&["spec", "selector"]), old.at(&["spec", "selector"]), errors);
}

const NO_MATCH: &str = "`selector` does not match template `labels`";

fn has_no_requirement(selector: &Field<'_>) -> bool {
    selector.child("matchLabels").len() + selector.child("matchExpressions").len() == 0
}

/// An absent selector selects nothing.
fn matches(selector: &Field<'_>, parsed: &Selector, template: &Field<'_>) -> bool {
    let labels: StringMap = api::codec::Codec::decode(template.at(&["metadata", "labels"]).value.clone());
    selector.is_set() && parsed.matches(&labels)
}

/// Selector and template of what has replicas.
fn replicated(spec: &Field<'_>, errors: &mut Errors) {
    let selector = spec.child("selector");
    if selector.is_set() {
        checks::label_selector(&selector, errors);
        if has_no_requirement(&selector) {
            // Upstream says so of replica sets too.
            errors.push(selector.invalid("empty selector is invalid for deployment"));
        }
    } else {
        errors.push(selector.required(""));
    }
    let Some(parsed) = parsed(selector.value) else { return errors.push(selector.invalid("invalid label selector")) };
    let template = spec.child("template");
    let selects_all = selector.is_set() && parsed.is_everything();
    if !selects_all && !matches(&selector, &parsed, &template) {
        errors.push(template.at(&["metadata", "labels"]).invalid(NO_MATCH));
    }
    pod::template(&template, errors);
    only_restarted(&template, "ReplicaSet", errors);
}

fn only_restarted(template: &Field<'_>, kind: &str, errors: &mut Errors) {
    let restart = template.at(&["spec", "restartPolicy"]);
    if restart.text() != "Always" {
        errors.push(restart.not_supported(&["Always"]));
    }
    let deadline = template.at(&["spec", "activeDeadlineSeconds"]);
    if deadline.is_set() {
        errors.push(deadline.forbidden(format!("activeDeadlineSeconds in {kind} is not Supported")));
    }
}

fn deployment_strategy(strategy: &Field<'_>, errors: &mut Errors) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.child("type").text() {
        "Recreate" if rolling.is_set() => {
            errors.push(rolling.forbidden("may not be specified when strategy `type` is 'Recreate'"));
        }
        "Recreate" => {}
        "RollingUpdate" if !rolling.is_set() => {
            errors.push(rolling.required("this should be defaulted and never be nil"));
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.child("maxUnavailable"), rolling.child("maxSurge"));
            checks::number_or_percent(&unavailable, errors);
            checks::number_or_percent(&surge, errors);
            if is_nothing(&unavailable) && is_nothing(&surge) {
                errors.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
            }
            checks::at_most_all(&unavailable, errors);
        }
        _ => errors.push(unknown_strategy(strategy, &DEPLOYMENT_STRATEGIES)),
    }
}

fn daemon_set_strategy(strategy: &Field<'_>, errors: &mut Errors) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.child("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if !rolling.is_set() => errors.push(rolling.required("")),
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.child("maxUnavailable"), rolling.child("maxSurge"));
            checks::number_or_percent(&unavailable, errors);
            checks::number_or_percent(&surge, errors);
            checks::at_most_all(&unavailable, errors);
            checks::at_most_all(&surge, errors);
            match (is_nothing(&unavailable), is_nothing(&surge)) {
                (false, false) => errors.push(surge.invalid("may not be set when maxUnavailable is non-zero")),
                (true, true) => errors.push(unavailable.required("cannot be 0 when maxSurge is 0")),
                (true, false) | (false, true) => {}
            }
        }
        _ => errors.push(unknown_strategy(strategy, &DAEMON_SET_STRATEGIES)),
    }
}

fn unknown_strategy(strategy: &Field<'_>, known: &[&str]) -> api::FieldError {
    strategy.not_supported_struct(internal::compact("UpdateStrategy", strategy.value), known)
}

/// Whether a number or percentage is none.
fn is_nothing(field: &Field<'_>) -> bool {
    match field.value {
        Value::Str(text) => text.strip_suffix('%').is_none_or(|digits| digits.parse() == Ok(0)),
        other => other.as_int().unwrap_or(0) == 0,
    }
}
