//! Defaults of the controllers' kinds.

use super::{child, core, default, default_pointer, each, ensure, pod};
use crate::value::{Map, Value};

pub(super) fn stateful_set(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default(spec, "podManagementPolicy", "OrderedReady");
    default_pointer(spec, "replicas", 1);
    default_pointer(spec, "revisionHistoryLimit", 10);
    if let Some(policy) = ensure(spec, "persistentVolumeClaimRetentionPolicy") {
        default(policy, "whenDeleted", "Retain");
        default(policy, "whenScaled", "Retain");
    }
    if let Some(strategy) = ensure(spec, "updateStrategy") {
        update_strategy(strategy);
    }
    pod::template(spec);
    each(spec, "volumeClaimTemplates", |claim| {
        default(claim, "apiVersion", "v1");
        default(claim, "kind", "PersistentVolumeClaim");
        core::persistent_volume_claim(claim);
    });
}

/// A strategy whose type was given keeps its parameters absent: `rollout status` tells the two apart.
fn update_strategy(strategy: &mut Map) {
    if strategy.get("type").map(Value::text).unwrap_or_default().is_empty() {
        default(strategy, "type", "RollingUpdate");
        ensure(strategy, "rollingUpdate");
    }
    if strategy.get("type").map(Value::text) == Some("RollingUpdate")
        && let Some(rolling) = super::child(strategy, "rollingUpdate")
    {
        default_pointer(rolling, "partition", 0);
    }
}

pub(super) fn deployment(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default_pointer(spec, "replicas", 1);
    default_pointer(spec, "revisionHistoryLimit", 10);
    default_pointer(spec, "progressDeadlineSeconds", 600);
    if let Some(strategy) = ensure(spec, "strategy") {
        default(strategy, "type", "RollingUpdate");
        rolling(strategy, "25%", "25%");
    }
    pod::template(spec);
}

fn rolling(strategy: &mut Map, max_unavailable: impl Into<Value>, max_surge: impl Into<Value>) {
    if strategy.get("type").map(Value::text) == Some("RollingUpdate")
        && let Some(rolling) = ensure(strategy, "rollingUpdate")
    {
        default_pointer(rolling, "maxUnavailable", max_unavailable);
        default_pointer(rolling, "maxSurge", max_surge);
    }
}

/// Without a selector it selects what it makes; without labels it has those of its pods.
pub(super) fn replication_controller(object: &mut Map) {
    let labels =
        object.get("spec").map(|spec| spec.at(&["template", "metadata", "labels"]).clone()).unwrap_or_default();
    let is_empty = |value: Option<&Value>| value.and_then(Value::as_map).is_none_or(|map| *map == Map::new());
    if !labels.is_null() {
        if let Some(metadata) = ensure(object, "metadata").filter(|metadata| is_empty(metadata.get("labels"))) {
            metadata.insert("labels".into(), labels.clone());
        }
        if let Some(spec) = ensure(object, "spec").filter(|spec| is_empty(spec.get("selector"))) {
            spec.insert("selector".into(), labels);
        }
    }
    let Some(spec) = ensure(object, "spec") else { return };
    default_pointer(spec, "replicas", 1);
    // One without a template is refused for it.
    if spec.get("template").is_some_and(|template| !template.is_null()) {
        pod::template(spec);
    }
}

pub(super) fn replica_set(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default_pointer(spec, "replicas", 1);
    pod::template(spec);
}

pub(super) fn daemon_set(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default_pointer(spec, "revisionHistoryLimit", 10);
    if let Some(strategy) = ensure(spec, "updateStrategy") {
        default(strategy, "type", "RollingUpdate");
        rolling(strategy, 1, 0);
    }
    pod::template(spec);
}

pub(super) fn job(object: &mut Map) {
    let labels = super::child(object, "spec")
        .and_then(|spec| super::child(spec, "template"))
        .and_then(|template| super::child(template, "metadata"))
        .and_then(|metadata| metadata.get("labels").cloned());
    if let (Some(labels), Some(metadata)) = (labels, ensure(object, "metadata")) {
        default_pointer(metadata, "labels", labels);
    }
    let Some(spec) = ensure(object, "spec") else { return };
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions".into(), Value::Int(1));
    }
    default_pointer(spec, "parallelism", 1);
    let backoff_limit = if spec.contains_key("backoffLimitPerIndex") { i64::from(i32::MAX) } else { 6 };
    default_pointer(spec, "backoffLimit", backoff_limit);
    default_pointer(spec, "completionMode", "NonIndexed");
    default_pointer(spec, "suspend", false);
    default_pointer(spec, "manualSelector", false);
    let replacement = if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    default_pointer(spec, "podReplacementPolicy", replacement);
    if let Some(policy) = super::child(spec, "podFailurePolicy") {
        each(policy, "rules", |rule| each(rule, "onPodConditions", |pattern| default(pattern, "status", "True")));
    }
    pod::template(spec);
}

pub(super) fn cron_job(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default(spec, "concurrencyPolicy", "Allow");
    default_pointer(spec, "suspend", false);
    default_pointer(spec, "successfulJobsHistoryLimit", 3);
    default_pointer(spec, "failedJobsHistoryLimit", 1);
    if let Some(job) = ensure(spec, "jobTemplate").and_then(|template| ensure(template, "spec")) {
        pod::template(job);
    }
}

pub(super) fn horizontal_pod_autoscaler(object: &mut Map) {
    let Some(spec) = ensure(object, "spec") else { return };
    default_pointer(spec, "minReplicas", 1);
    if spec.get("metrics").map(Value::as_list).unwrap_or_default().is_empty() {
        let mut metric = Value::map();
        metric.set(&["type"], "Resource");
        metric.set(&["resource", "name"], "cpu");
        metric.set(&["resource", "target", "type"], "Utilization");
        metric.set(&["resource", "target", "averageUtilization"], 80);
        spec.insert("metrics".into(), Value::List(vec![metric]));
    }
    let Some(behavior) = child(spec, "behavior") else { return };
    scaling_rules(behavior, "scaleUp", &[("Pods", 4), ("Percent", 100)]);
    scaling_rules(behavior, "scaleDown", &[("Percent", 100)]);
}

/// One side of an autoscaler's behaviour, with upstream's pace.
fn scaling_rules(behavior: &mut Map, side: &str, policies: &[(&str, i64)]) {
    let Some(rules) = ensure(behavior, side) else { return };
    default_pointer(rules, "selectPolicy", "Max");
    if side == "scaleUp" {
        default_pointer(rules, "stabilizationWindowSeconds", 0);
    }
    let policy = |(kind, value): &(&str, i64)| {
        let mut policy = Value::map();
        policy.set(&["type"], *kind);
        policy.set(&["value"], *value);
        policy.set(&["periodSeconds"], 15);
        policy
    };
    default_pointer(rules, "policies", Value::List(policies.iter().map(policy).collect()));
}
