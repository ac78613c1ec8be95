//! A PersistentVolume.

use api::Value;

use super::cluster::Cluster;
use super::fields::{access_modes, at, go_list, has, joined, list, quantity, storage_class, text};
use super::lines::Lines;
use super::volumes::{self, Holder};

/// Writes a PersistentVolume.
pub(super) fn persistent_volume(lines: &mut Lines, volume: &Value, cluster: &Cluster<'_>) {
    lines.field(0, "Name", text(volume, "metadata.name"));
    lines.labels("Labels", at(volume, "metadata.labels"));
    lines.annotations("Annotations", at(volume, "metadata.annotations"));
    lines.field(0, "Finalizers", go_list(at(volume, "metadata.finalizers")));
    lines.field(0, "StorageClass", storage_class(volume));
    let phase = || text(volume, "status.phase").to_string();
    lines.field(0, "Status", cluster.terminating(volume).unwrap_or_else(phase));
    let claim = at(volume, "spec.claimRef");
    let claim =
        if claim.is_null() { String::new() } else { format!("{}/{}", text(claim, "namespace"), text(claim, "name")) };
    lines.field(0, "Claim", claim);
    lines.field(0, "Reclaim Policy", text(volume, "spec.persistentVolumeReclaimPolicy"));
    lines.field(0, "Access Modes", access_modes(at(volume, "spec.accessModes")));
    if has(volume, "spec.volumeMode") {
        lines.field(0, "VolumeMode", text(volume, "spec.volumeMode"));
    }
    lines.field(0, "Capacity", quantity(at(volume, "spec.capacity.storage")));
    node_affinity(lines, at(volume, "spec.nodeAffinity.required"));
    lines.field(0, "Message", text(volume, "status.message"));
    lines.line(0, "Source:");
    volumes::source(lines, at(volume, "spec"), Holder::PersistentVolume);
    cluster.events(lines, volume);
}

fn node_affinity(lines: &mut Lines, required: &Value) {
    if required.is_null() {
        return lines.field(0, "Node Affinity", "<none>");
    }
    lines.field(0, "Node Affinity", "");
    let terms = list(required, "nodeSelectorTerms");
    lines.field(1, "Required Terms", if terms.is_empty() { "<none>" } else { "" });
    for (index, term) in terms.iter().enumerate() {
        let requirement = |requirement: &Value| {
            let values = joined(at(requirement, "values"), ", ");
            let values = if values.is_empty() { values } else { format!(" [{values}]") };
            format!("{} {}{values}", text(requirement, "key"), text(requirement, "operator").to_lowercase())
        };
        terms_of(lines, 2, index, list(term, "matchExpressions").iter().map(requirement).collect());
    }
}

/// Writes a term of a selector, a requirement on each line.
pub(super) fn terms_of(lines: &mut Lines, level: usize, index: usize, requirements: Vec<String>) {
    let mut requirements = requirements.into_iter();
    let first = requirements.next().unwrap_or_else(|| "<none>".to_string());
    lines.field(level, format_args!("Term {index}"), first);
    requirements.for_each(|requirement| lines.line(level, format_args!("\t{requirement}")));
}
