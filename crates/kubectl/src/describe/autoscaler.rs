//! A HorizontalPodAutoscaler.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, has, int, list, text};
use super::lines::Lines;

/// Writes a HorizontalPodAutoscaler.
pub(super) fn autoscaler(lines: &mut Lines, object: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(object, "metadata.name"));
    lines.field(0, "Namespace", text(object, "metadata.namespace"));
    lines.labels("Labels", at(object, "metadata.labels"));
    lines.annotations("Annotations", at(object, "metadata.annotations"));
    lines.time(0, "CreationTimestamp", at(object, "metadata.creationTimestamp"));
    let kind = text(object, "spec.scaleTargetRef.kind");
    lines.field(0, "Reference", format_args!("{kind}/{}", text(object, "spec.scaleTargetRef.name")));
    lines.field(0, "Metrics", "( current / target )");
    let current = at(object, "status.currentMetrics");
    for (index, metric) in list(object, "spec.metrics").iter().enumerate() {
        self::metric(lines, metric, current.element(index));
    }
    let min = at(object, "spec.minReplicas").as_int().map_or("<unset>".to_owned(), |min| min.to_string());
    lines.field(0, "Min replicas", min);
    lines.field(0, "Max replicas", int(object, "spec.maxReplicas"));
    if has(object, "spec.behavior") {
        lines.line(0, "Behavior:");
        direction(lines, "Scale Up", at(object, "spec.behavior.scaleUp"));
        direction(lines, "Scale Down", at(object, "spec.behavior.scaleDown"));
    }
    let (is, wanted) = (int(object, "status.currentReplicas"), int(object, "status.desiredReplicas"));
    lines.field(0, format_args!("{kind} pods"), format_args!("{is} current / {wanted} desired"));
    let conditions = list(object, "status.conditions");
    if !conditions.is_empty() {
        lines.line(0, "Conditions:");
        lines.heading(1, &["Type", "Status", "Reason", "Message"]);
    }
    for condition in conditions {
        let [kind, status, reason, message] =
            ["type", "status", "reason", "message"].map(|field| text(condition, field));
        lines.line(1, format_args!("{kind}\t{status}\t{reason}\t{message}"));
    }
    cluster.events(lines, object);
}

fn metric(lines: &mut Lines, metric: &Value, current: &Value) {
    let source = match text(metric, "type") {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        other => return lines.line(1, format_args!("<unknown metric type {other:?}>")),
    };
    let (spec, is) = (metric.get(source), current.at(&[source, "current"]));
    let average = spec.at(&["target", "averageValue"]);
    let known = |value: &Value| value.as_str().unwrap_or("<unknown>").to_owned();
    let (name, of_average) = (text(spec, "metric.name"), known(is.get("averageValue")));
    match source {
        "resource" | "containerResource" => resource(lines, source, spec, is),
        "pods" => lines.line(1, format_args!("{name:?} on pods:\t{of_average} / {}", average.text())),
        _ => {
            let on = match source {
                "object" => {
                    format!(" on {}/{}", text(spec, "describedObject.kind"), text(spec, "describedObject.name"))
                }
                _ => String::new(),
            };
            let (what, is, wanted) = match average {
                Value::Null => ("value", known(is.get("value")), spec.at(&["target", "value"])),
                average => ("average value", of_average, average),
            };
            lines.line(1, format_args!("{name:?}{on} (target {what}):\t{is} / {}", wanted.text()));
        }
    }
}

fn resource(lines: &mut Lines, source: &str, spec: &Value, is: &Value) {
    let mut head = format!("resource {}", text(spec, "name"));
    if source == "containerResource" {
        head.push_str(&format!(" of container {:?}", text(spec, "container")));
    }
    head.push_str(" on pods");
    let average = is.get("averageValue").as_str().unwrap_or("<unknown>");
    if let Some(wanted) = spec.at(&["target", "averageValue"]).as_str() {
        return lines.line(1, format_args!("{head}:\t{average} / {wanted}"));
    }
    let percent = |value: &Value| value.as_int().map(|percent| format!("{percent}%"));
    let current = percent(is.get("averageUtilization")).map(|percent| format!("{percent} ({average})"));
    let wanted = percent(spec.at(&["target", "averageUtilization"])).unwrap_or("<auto>".to_owned());
    let current = current.unwrap_or("<unknown>".to_owned());
    lines.line(1, format_args!("{head}  (as a percentage of request):\t{current} / {wanted}"));
}

fn direction(lines: &mut Lines, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    lines.line(1, format_args!("{title}:"));
    if let Some(seconds) = rules.get("stabilizationWindowSeconds").as_int() {
        lines.line(2, format_args!("Stabilization Window: {seconds} seconds"));
    }
    let policies = list(rules, "policies");
    if policies.is_empty() {
        return;
    }
    lines.line(2, format_args!("Select Policy: {}", rules.get("selectPolicy").as_str().unwrap_or("Max")));
    lines.line(2, "Policies:");
    for policy in policies {
        let (kind, value, period) = (text(policy, "type"), int(policy, "value"), int(policy, "periodSeconds"));
        lines.line(3, format_args!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
    }
}
