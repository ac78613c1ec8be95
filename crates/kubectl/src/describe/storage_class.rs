//! A StorageClass.

use api::Value;

use super::cluster::Cluster;
use super::fields::{at, flag, format_labels, has, joined, list, text, yes};
use super::lines::Lines;
use super::persistent_volume;

const IS_DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// Writes a StorageClass. Its annotations are one line, those of `kubectl apply` included.
pub(super) fn storage_class(lines: &mut Lines, class: &Value, cluster: &Cluster<'_>) {
    let annotations = at(class, "metadata.annotations");
    let is_default = IS_DEFAULT.iter().any(|annotation| annotations.get(annotation).text() == "true");
    lines.field(0, "Name", text(class, "metadata.name"));
    lines.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    lines.field(0, "Annotations", format_labels(annotations));
    lines.field(0, "Provisioner", text(class, "provisioner"));
    lines.field(0, "Parameters", format_labels(at(class, "parameters")));
    let expansion =
        if has(class, "allowVolumeExpansion") { yes(flag(class, "allowVolumeExpansion")) } else { "<unset>" };
    lines.field(0, "AllowVolumeExpansion", expansion);
    match list(class, "mountOptions") {
        [] => lines.field(0, "MountOptions", "<none>"),
        options => {
            lines.line(0, "MountOptions:");
            options.iter().for_each(|option| lines.line(1, option.text()));
        }
    }
    lines.field_if_any(0, "ReclaimPolicy", text(class, "reclaimPolicy"));
    lines.field_if_any(0, "VolumeBindingMode", text(class, "volumeBindingMode"));
    if has(class, "allowedTopologies") {
        allowed_topologies(lines, list(class, "allowedTopologies"));
    }
    cluster.events(lines, class);
}

fn allowed_topologies(lines: &mut Lines, terms: &[Value]) {
    lines.field(0, "AllowedTopologies", if terms.is_empty() { "<none>" } else { "" });
    for (index, term) in terms.iter().enumerate() {
        let requirement = |requirement: &Value| {
            let values = joined(at(requirement, "values"), ", ");
            let values = if values.is_empty() { values } else { format!(" [{values}]") };
            format!("{} in{values}", text(requirement, "key"))
        };
        let requirements = list(term, "matchLabelExpressions").iter().map(requirement).collect();
        persistent_volume::terms_of(lines, 1, index, requirements);
    }
}
