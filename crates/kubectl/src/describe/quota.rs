//! ResourceQuotas and LimitRanges, alone and as part of a Namespace.

use ordered::{Arrange, OrderedSet};

use api::Value;
use api::quantity::Quantity;

use super::cluster::Cluster;
use super::fields::{at, list, pairs, quantity, text};
use super::lines::Lines;

/// What the scopes of quotas mean.
const SCOPES: [(&str, &str); 4] = [
    (
        "Terminating",
        "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively \
         terminated by the system.",
    ),
    (
        "NotTerminating",
        "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container \
         command is not expected to terminate.",
    ),
    (
        "BestEffort",
        "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
    ),
    (
        "NotBestEffort",
        "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality \
         of service.",
    ),
];
const LIMIT_COLUMNS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
const LIMIT_HEADING: &str = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const LIMIT_DASHES: &str = "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

/// Writes a ResourceQuota.
pub(super) fn resource_quota(lines: &mut Lines, quota: &Value, _cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(quota, "metadata.name"));
    lines.field(0, "Namespace", text(quota, "metadata.namespace"));
    scopes(lines, 0, " * ", quota);
    lines.heading(0, &["Resource", "Used", "Hard"]);
    for (name, hard) in pairs(at(quota, "status.hard")) {
        let used = in_format_of(quantity(at(quota, "status.used").get(name)), hard);
        lines.line(0, format_args!("{name}\t{used}\t{hard}"));
    }
}

/// What is used, written as the limit is.
fn in_format_of(used: Quantity, hard: &str) -> Quantity {
    match Quantity::parse(hard) {
        Ok(hard) if hard.format != used.format => Quantity::new(used.value(), hard.format),
        _ => used,
    }
}

fn scopes(lines: &mut Lines, level: usize, mark: &str, quota: &Value) {
    let mut scopes: Vec<&str> = list(quota, "spec.scopes").iter().map(Value::text).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.arrange();
    lines.field(level, "Scopes", scopes.join(", "));
    for (_, meaning) in scopes.iter().filter_map(|scope| SCOPES.iter().find(|(name, _)| name == scope)) {
        lines.line(level, format_args!("{mark}{meaning}"));
    }
}

/// Writes a LimitRange.
pub(super) fn limit_range(lines: &mut Lines, range: &Value, _cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(range, "metadata.name"));
    lines.field(0, "Namespace", text(range, "metadata.namespace"));
    lines.line(0, LIMIT_HEADING);
    lines.line(0, LIMIT_DASHES);
    limits(lines, "", range);
}

fn limits(lines: &mut Lines, prefix: &str, range: &Value) {
    for item in list(range, "spec.limits") {
        let names: OrderedSet<&str> =
            LIMIT_COLUMNS.iter().flat_map(|column| pairs(item.get(column))).map(|(name, _)| name).collect();
        for name in names {
            let amounts = LIMIT_COLUMNS.map(|column| match item.get(column).get(name) {
                Value::Null => "-",
                amount => amount.text(),
            });
            lines.line(0, format_args!("{prefix}{}\t{name}\t{}", text(item, "type"), amounts.join("\t")));
        }
    }
}

/// Writes what limits a namespace.
pub(super) fn of_namespace(lines: &mut Lines, namespace: &str, cluster: &Cluster<'_>) {
    let all = |kind: &str| cluster.list_kind("", kind, namespace);
    let quotas = all("ResourceQuota");
    lines.line(0, if quotas.is_empty() { "\nNo resource quota." } else { "\nResource Quotas" });
    for quota in quotas.iter().map(api::Object::encode) {
        lines.field(1, "Name", text(&quota, "metadata.name"));
        scopes(lines, 1, "* ", &quota);
        lines.line(1, "Resource\tUsed\tHard");
        lines.line(1, "--------\t---\t---");
        for (name, hard) in pairs(at(&quota, "status.hard")) {
            let used = at(&quota, "status.used").get(name);
            lines.line(1, format_args!("{name}\t{}\t{hard}", used.as_str().unwrap_or("0")));
        }
    }
    let ranges = all("LimitRange");
    if ranges.is_empty() {
        return lines.line(0, "\nNo LimitRange resource.");
    }
    lines.line(0, "\nResource Limits");
    lines.line(0, format_args!(" {LIMIT_HEADING}"));
    lines.line(0, format_args!(" {LIMIT_DASHES}"));
    for range in ranges.iter().map(api::Object::encode) {
        limits(lines, " ", &range);
    }
}
