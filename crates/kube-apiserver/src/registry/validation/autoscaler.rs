//! Horizontal pod autoscalers.
//!
//! Models: kubernetes v1.36 pkg/apis/autoscaling/validation. Scaling to zero is off, as by default.

use super::field::{Errors, Field};
use super::{checks, names};

/// What a metric's source is called, by its type; sorted by type.
const SOURCES: [(&str, &str); 5] = [
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];
const WINDOW_MAX_SECONDS: i64 = 3_600;
const PERIOD_MAX_SECONDS: i64 = 1_800;

pub(super) fn spec(spec: &Field<'_>, errors: &mut Errors) {
    let (min, max) = (spec.child("minReplicas"), spec.child("maxReplicas"));
    if min.is_set() && min.int() < 1 {
        errors.push(min.invalid("must be greater than or equal to 1"));
    }
    if max.int() == 0 {
        errors.push(max.required("must be set and greater than 0"));
    } else if max.int() < 0 {
        errors.push(max.invalid("must be greater than or equal to 1"));
    }
    if min.is_set() && max.int() < min.int() {
        errors.push(max.invalid_as(max.int(), "must be greater than or equal to `minReplicas`"));
    }
    let target = spec.child("scaleTargetRef");
    for name in ["kind", "name"] {
        checks::name_required(&target.child(name), names::path_segment, errors);
    }
    for metric in spec.child("metrics").items() {
        self::metric(&metric, errors);
    }
    for side in ["scaleUp", "scaleDown"] {
        let rules = spec.at(&["behavior", side]);
        if rules.is_set() {
            scaling_rules(&rules, errors);
        }
    }
}

fn metric(metric: &Field<'_>, errors: &mut Errors) {
    let kind = metric.child("type");
    let types = SOURCES.map(|(kind, _)| kind);
    let wanted = SOURCES.iter().find(|(known, _)| *known == kind.text()).map(|(_, source)| *source);
    if kind.text().is_empty() {
        errors.push(kind.required("must specify a metric source type"));
    }
    if wanted.is_none() {
        errors.push(kind.not_supported(&types));
    }
    let present: Vec<&str> =
        SOURCES.iter().map(|(_, source)| *source).filter(|source| metric.child(source).is_set()).collect();
    if let Some(source) = present.first() {
        metric_source(source, &metric.child(source), errors);
    }
    if let Some(missing) = wanted.filter(|source| !present.contains(source)) {
        errors.push(metric.child(missing).required("must populate information for the given metric source"));
    }
    if present.len() != 1 {
        let foreign = present.iter().filter(|source| Some(**source) != wanted);
        errors
            .extend(foreign.map(|source| metric.child(source).forbidden("must populate the given metric source only")));
    }
}

fn metric_source(kind: &str, source: &Field<'_>, errors: &mut Errors) {
    let target = source.child("target");
    let is_resource = kind == "resource" || kind == "containerResource";
    if is_resource && source.child("name").text().is_empty() {
        errors.push(source.child("name").required("must specify a resource name"));
    }
    if kind == "containerResource" && source.child("container").text().is_empty() {
        errors.push(source.child("container").required("must specify a container"));
    }
    metric_target(&target, errors);
    let has = |name: &str| target.child(name).is_set();
    if is_resource {
        if !has("averageUtilization") && !has("averageValue") {
            let detail = "must set either a target raw value or a target utilization";
            errors.push(target.child("averageUtilization").required(detail));
        }
        if has("averageUtilization") && has("averageValue") {
            let detail = "may not set both a target raw value and a target utilization";
            errors.push(target.child("averageValue").forbidden(detail));
        }
    }
}

fn metric_target(target: &Field<'_>, errors: &mut Errors) {
    let kind = target.child("type");
    if kind.text().is_empty() {
        errors.push(kind.required("must specify a metric target type"));
    }
    if !matches!(kind.text(), "Utilization" | "Value" | "AverageValue") {
        errors.push(kind.invalid_as(kind.text(), "must be either Utilization, Value, or AverageValue"));
    }
    for name in ["value", "averageValue"] {
        let amount = target.child(name);
        if checks::quantity(amount.value).is_some_and(|amount| amount.sign().is_le()) {
            errors.push(amount.invalid("must be positive"));
        }
    }
    let utilization = target.child("averageUtilization");
    if utilization.is_set() && utilization.int() < 1 {
        errors.push(utilization.invalid("must be greater than 0"));
    }
}

fn scaling_rules(rules: &Field<'_>, errors: &mut Errors) {
    let (window, policies) = (rules.child("stabilizationWindowSeconds"), rules.child("policies"));
    if window.int() < 0 {
        errors.push(window.invalid("must be greater than or equal to zero"));
    }
    if window.int() > WINDOW_MAX_SECONDS {
        errors.push(window.invalid(format!("must be less than or equal to {WINDOW_MAX_SECONDS}")));
    }
    checks::one_of(&rules.child("selectPolicy"), &["Disabled", "Max", "Min"], errors);
    if policies.len() == 0 {
        errors.push(policies.required("must specify at least one Policy"));
    }
    for policy in policies.items() {
        checks::one_of(&policy.child("type"), &["Percent", "Pods"], errors);
        checks::positive(&policy.child("value"), errors);
        let period = policy.child("periodSeconds");
        checks::positive(&period, errors);
        if period.int() > PERIOD_MAX_SECONDS {
            errors.push(period.invalid(format!("must be less than or equal to {PERIOD_MAX_SECONDS}")));
        }
    }
}
