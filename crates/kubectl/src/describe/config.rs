//! ConfigMaps, Secrets and ServiceAccounts.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, list, pairs, text};
use super::lines::Lines;

fn head(lines: &mut Lines, object: &Value) {
    lines.field(0, "Name", text(object, "metadata.name"));
    lines.field(0, "Namespace", text(object, "metadata.namespace"));
    lines.labels("Labels", at(object, "metadata.labels"));
    lines.annotations("Annotations", at(object, "metadata.annotations"));
}

/// Writes a ConfigMap.
pub(super) fn config_map(lines: &mut Lines, config: &Value, cluster: &Cluster<'_>) {
    head(lines, config);
    lines.line(0, "\nData\n====");
    for (key, value) in pairs(at(config, "data")) {
        lines.line(0, format_args!("{key}:\n----\n{value}\n"));
    }
    lines.line(0, "\nBinaryData\n====");
    for (key, value) in pairs(at(config, "binaryData")) {
        lines.line(0, format_args!("{key}: {} bytes", decoded_length(value)));
    }
    lines.line(0, "");
    cluster.events(lines, config);
}

/// Writes a Secret: how long its values are. kubectl shows no events of it.
pub(super) fn secret(lines: &mut Lines, secret: &Value, _cluster: &Cluster<'_>) {
    head(lines, secret);
    lines.field(0, "\nType", text(secret, "type"));
    lines.line(0, "\nData\n====");
    for (key, value) in pairs(at(secret, "data")) {
        lines.field(0, key, format_args!("{} bytes", decoded_length(value)));
    }
}

/// How many bytes a base64 text stands for.
fn decoded_length(base64: &str) -> usize {
    let digits = base64.bytes().filter(|byte| !matches!(byte, b'=' | b'\n' | b'\r')).count();
    digits * 6 / 8
}

/// Writes a ServiceAccount.
pub(super) fn service_account(lines: &mut Lines, account: &Value, cluster: &Cluster<'_>) {
    head(lines, account);
    let secrets = list(account, "imagePullSecrets").iter().map(|secret| text(secret, "name").to_string());
    lines.rows("Image pull secrets", &secrets.collect::<Vec<_>>());
    cluster.events(lines, account);
}
