//! Volumes: of pods and templates, and what stands behind a PersistentVolume.
//!
//! Most sources are lines of one table ([`SOURCES`]); those whose fields depend on one another are functions.

use api::Value;
use api::quantity::Quantity;

use super::fields::{at, flag, go, has, int, list, pairs, quantity, text};
use super::lines::{Lines, shorten};
use super::persistent_volume_claim;

/// Writes the volumes of a pod, or one level in those of a template.
pub(super) fn volumes(lines: &mut Lines, indent: &str, volumes: &[Value]) {
    if volumes.is_empty() {
        return lines.field(0, format_args!("{indent}Volumes"), "<none>");
    }
    lines.line(0, format_args!("{indent}Volumes:"));
    for volume in volumes {
        let blank = if indent.is_empty() { "" } else { " " };
        lines.line(1, format_args!("{blank}{}:", text(volume, "name")));
        source(lines, volume, Holder::Pod);
    }
}

/// In what a source stands: some have other fields there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A volume of a pod.
    Pod,
    /// A PersistentVolume.
    PersistentVolume,
}

/// Writes the source of a volume.
pub(super) fn source(lines: &mut Lines, volume: &Value, holder: Holder) {
    if has(volume, "emptyDir") {
        empty_dir(lines, at(volume, "emptyDir"));
    } else if has(volume, "downwardAPI") {
        downward_api(lines, list(volume, "downwardAPI.items"));
    } else if has(volume, "projected") {
        projected(lines, list(volume, "projected.sources"));
    } else if has(volume, "ephemeral") {
        ephemeral(lines, at(volume, "ephemeral.volumeClaimTemplate"));
    } else if has(volume, "csi") {
        csi(lines, at(volume, "csi"), holder);
    } else {
        tabled(lines, volume, holder);
    }
}

fn empty_dir(lines: &mut Lines, source: &Value) {
    let limit = quantity(at(source, "sizeLimit"));
    let limit = if limit > Quantity::default() { limit.to_string() } else { "<unset>".to_string() };
    lines.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
    lines.field(2, "Medium", text(source, "medium"));
    lines.field(2, "SizeLimit", limit);
}

fn downward_api(lines: &mut Lines, items: &[Value]) {
    lines.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
    lines.line(2, "Items:");
    for item in items {
        for field in ["fieldRef.fieldPath", "resourceFieldRef.resource"] {
            if has(item, field) {
                lines.line(3, format_args!("{} -> {}", text(item, field), text(item, "path")));
            }
        }
    }
}

fn projected(lines: &mut Lines, sources: &[Value]) {
    lines.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for source in sources {
        let named = |lines: &mut Lines, label: &str, reference: &Value| {
            lines.field(2, label, text(reference, "name"));
            lines.field(2, "Optional", flag(reference, "optional"));
        };
        if has(source, "secret") {
            named(lines, "SecretName", at(source, "secret"));
        } else if has(source, "downwardAPI") {
            lines.field(2, "DownwardAPI", "true");
        } else if has(source, "configMap") {
            named(lines, "ConfigMapName", at(source, "configMap"));
        } else if has(source, "serviceAccountToken") {
            lines.field(2, "TokenExpirationSeconds", int(source, "serviceAccountToken.expirationSeconds"));
        }
    }
}

fn ephemeral(lines: &mut Lines, template: &Value) {
    const TYPE: &str =
        "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
    lines.field(2, "Type", TYPE);
    if !template.is_null() {
        persistent_volume_claim::template(lines, template);
    }
}

/// Attributes longer than this many bytes are cut.
const ATTRIBUTE_MAX: usize = 140;

fn csi(lines: &mut Lines, source: &Value, holder: Holder) {
    lines.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    lines.field(2, "Driver", text(source, "driver"));
    lines.field(2, "FSType", text(source, "fsType"));
    if holder == Holder::PersistentVolume {
        lines.field(2, "VolumeHandle", text(source, "volumeHandle"));
    }
    lines.field(2, "ReadOnly", flag(source, "readOnly"));
    // kubectl indents the values, too.
    let attribute = |(key, value)| format!("    {}", shorten(&format!("{key}={value}"), ATTRIBUTE_MAX));
    let mut attributes = pairs(at(source, "volumeAttributes")).map(attribute);
    lines.field(2, "VolumeAttributes", attributes.next().unwrap_or_else(|| "<none>".to_string()));
    attributes.for_each(|attribute| lines.line(2, format_args!("    \t{attribute}")));
}

/// A line of a source: its label, and the field in JSON with what stands for one that is missing.
struct Line(&'static str, &'static str, Missing);

/// What stands for a field that is not there.
#[derive(Clone, Copy)]
enum Missing {
    /// Nothing.
    Empty,
    /// `0`
    Zero,
    /// `false`
    False,
    /// `[]`
    NoList,
    /// `nil`, and the struct in Go's form if it is there.
    NoReference,
    /// `<none>`
    None,
    /// `<unset>`
    Unset,
    /// The line is left out in this holder.
    OnlyInPersistentVolume,
}
use Missing::{Empty, False, NoList, NoReference, OnlyInPersistentVolume, Unset, Zero};

/// The field of the volume, what kind of volume that is, its lines.
struct Source(&'static str, &'static str, &'static [Line]);

static SOURCES: &[Source] = &[
    Source(
        "hostPath",
        "HostPath (bare host directory volume)",
        &[Line("Path", "path", Empty), Line("HostPathType", "type", Missing::None)],
    ),
    Source(
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[
            Line("PDName", "pdName", Empty),
            Line("FSType", "fsType", Empty),
            Line("Partition", "partition", Zero),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[
            Line("VolumeID", "volumeID", Empty),
            Line("FSType", "fsType", Empty),
            Line("Partition", "partition", Zero),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[Line("Repository", "repository", Empty), Line("Revision", "revision", Empty)],
    ),
    Source(
        "secret",
        "Secret (a volume populated by a Secret)",
        &[Line("SecretName", "secretName", Empty), Line("Optional", "optional", False)],
    ),
    Source(
        "configMap",
        "ConfigMap (a volume populated by a ConfigMap)",
        &[Line("Name", "name", Empty), Line("Optional", "optional", False)],
    ),
    Source(
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[Line("Server", "server", Empty), Line("Path", "path", Empty), Line("ReadOnly", "readOnly", False)],
    ),
    Source(
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            Line("TargetPortal", "targetPortal", Empty),
            Line("IQN", "iqn", Empty),
            Line("Lun", "lun", Zero),
            Line("ISCSIInterface", "iscsiInterface", Empty),
            Line("FSType", "fsType", Empty),
            Line("ReadOnly", "readOnly", False),
            Line("Portals", "portals", NoList),
            Line("DiscoveryCHAPAuth", "chapAuthDiscovery", False),
            Line("SessionCHAPAuth", "chapAuthSession", False),
            Line("SecretRef", "secretRef", NoReference),
            Line("InitiatorName", "initiatorName", Missing::None),
        ],
    ),
    Source(
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[
            Line("EndpointsName", "endpoints", Empty),
            Line("EndpointsNamespace", "endpointsNamespace", Unset),
            Line("Path", "path", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[Line("ClaimName", "claimName", Empty), Line("ReadOnly", "readOnly", False)],
    ),
    Source(
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            Line("CephMonitors", "monitors", NoList),
            Line("RBDImage", "image", Empty),
            Line("FSType", "fsType", Empty),
            Line("RBDPool", "pool", Empty),
            Line("RadosUser", "user", Empty),
            Line("Keyring", "keyring", Empty),
            Line("SecretRef", "secretRef", NoReference),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "quobyte",
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[Line("Registry", "registry", Empty), Line("Volume", "volume", Empty), Line("ReadOnly", "readOnly", False)],
    ),
    Source(
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            Line("DiskName", "diskName", Empty),
            Line("DiskURI", "diskURI", Empty),
            Line("Kind", "kind", Empty),
            Line("FSType", "fsType", Empty),
            Line("CachingMode", "cachingMode", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[
            Line("VolumePath", "volumePath", Empty),
            Line("FSType", "fsType", Empty),
            Line("StoragePolicyName", "storagePolicyName", Empty),
        ],
    ),
    Source(
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[
            Line("VolumeID", "volumeID", Empty),
            Line("FSType", "fsType", Empty),
            Line("ReadOnly", "readOnly", False),
            Line("SecretRef", "secretRef", NoReference),
        ],
    ),
    Source(
        "photonPersistentDisk",
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[Line("PdID", "pdID", Empty), Line("FSType", "fsType", Empty)],
    ),
    Source("portworxVolume", "PortworxVolume (a Portworx Volume resource)", &[Line("VolumeID", "volumeID", Empty)]),
    Source(
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            Line("Gateway", "gateway", Empty),
            Line("System", "system", Empty),
            Line("Protection Domain", "protectionDomain", Empty),
            Line("Storage Pool", "storagePool", Empty),
            Line("Storage Mode", "storageMode", Empty),
            Line("VolumeName", "volumeName", Empty),
            Line("SecretName", "secretRef.name", OnlyInPersistentVolume),
            Line("SecretNamespace", "secretRef.namespace", OnlyInPersistentVolume),
            Line("FSType", "fsType", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "local",
        "LocalVolume (a persistent volume backed by local storage on a node)",
        &[Line("Path", "path", Empty)],
    ),
    Source(
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            Line("Monitors", "monitors", NoList),
            Line("Path", "path", Empty),
            Line("User", "user", Empty),
            Line("SecretFile", "secretFile", Empty),
            Line("SecretRef", "secretRef", NoReference),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "storageos",
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[
            Line("VolumeName", "volumeName", Empty),
            Line("VolumeNamespace", "volumeNamespace", Empty),
            Line("FSType", "fsType", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "fc",
        "FC (a Fibre Channel disk)",
        &[
            Line("TargetWWNs", "targetWWNs", Empty),
            Line("LUN", "lun", Missing::None),
            Line("FSType", "fsType", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[
            Line("SecretName", "secretName", Empty),
            Line("SecretNamespace", "secretNamespace", OnlyInPersistentVolume),
            Line("ShareName", "shareName", Empty),
            Line("ReadOnly", "readOnly", False),
        ],
    ),
    Source(
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[
            Line("Driver", "driver", Empty),
            Line("FSType", "fsType", Empty),
            Line("SecretRef", "secretRef", NoReference),
            Line("ReadOnly", "readOnly", False),
            Line("Options", "options", Missing::None),
        ],
    ),
    Source(
        "flocker",
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[Line("DatasetName", "datasetName", Empty), Line("DatasetUUID", "datasetUUID", Empty)],
    ),
    Source(
        "image",
        "Image (a container image or OCI artifact)",
        &[Line("Reference", "reference", Empty), Line("PullPolicy", "pullPolicy", Empty)],
    ),
];

fn tabled(lines: &mut Lines, volume: &Value, holder: Holder) {
    let Some(Source(field, kind, fields)) = SOURCES.iter().find(|Source(field, ..)| has(volume, field)) else {
        return lines.line(1, "<unknown>");
    };
    lines.field(2, "Type", kind);
    let source = at(volume, field);
    for Line(label, field, missing) in *fields {
        if holder == Holder::Pod && matches!(missing, OnlyInPersistentVolume | Unset) {
            continue;
        }
        lines.field(2, label, shown(at(source, field), *missing, holder));
    }
}

fn shown(value: &Value, missing: Missing, holder: Holder) -> String {
    match (value, missing) {
        (Value::Map(_), NoReference) => reference(value, holder),
        (Value::Null, Empty | OnlyInPersistentVolume) => String::new(),
        (Value::Null, Zero) => "0".to_string(),
        (Value::Null, False) => "false".to_string(),
        (Value::Null, NoList) => "[]".to_string(),
        (Value::Null, NoReference) => "nil".to_string(),
        (Value::Null, Missing::None) => "<none>".to_string(),
        (Value::Null, Unset) => "<unset>".to_string(),
        (Value::List(items), Empty) => items.iter().map(Value::text).collect::<Vec<_>>().join(", "),
        (value, _) => go(value),
    }
}

/// A reference to a secret as Go prints the struct.
fn reference(value: &Value, holder: Holder) -> String {
    let (name, namespace) = (text(value, "name"), text(value, "namespace"));
    match holder {
        Holder::Pod => format!("&LocalObjectReference{{Name:{name},}}"),
        Holder::PersistentVolume => format!("&SecretReference{{Name:{name},Namespace:{namespace},}}"),
    }
}
