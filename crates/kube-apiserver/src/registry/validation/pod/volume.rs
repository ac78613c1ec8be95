//! Volumes of pods.

use ordered::{OrderedMap, OrderedSet};

use api::Value;

use super::super::field::{Errors, Field};
use super::super::{checks, claim, meta, names};
use super::environment::{self, Reader};

/// The volumes that mounts may name, by name: those without faults.
pub(super) type Volumes<'v> = OrderedMap<&'v str, &'v Value>;

const HOST_PATH_TYPES: [&str; 8] =
    ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const SEVERAL: &str = "may not specify more than 1 volume type";
const TOKEN_SECONDS_MIN: i64 = 600;
/// Every source but `emptyDir`, in the order in which they are looked at.
const SOURCES: [&str; 29] = [
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];
/// What sources of other systems must say; nothing here mounts them.
const FOREIGN_REQUIRED: [(&str, &str); 16] = [
    ("gitRepo", "repository"),
    ("gcePersistentDisk", "pdName"),
    ("awsElasticBlockStore", "volumeID"),
    ("iscsi", "targetPortal"),
    ("glusterfs", "endpoints"),
    ("rbd", "monitors"),
    ("cinder", "volumeID"),
    ("cephfs", "monitors"),
    ("quobyte", "registry"),
    ("flexVolume", "driver"),
    ("azureFile", "secretName"),
    ("vsphereVolume", "volumePath"),
    ("photonPersistentDisk", "pdID"),
    ("portworxVolume", "volumeID"),
    ("azureDisk", "diskName"),
    ("scaleIO", "gateway"),
];

pub(super) fn volumes<'v>(list: &Field<'v>, errors: &mut Errors) -> Volumes<'v> {
    let mut good = Volumes::new();
    for volume in list.items() {
        let mut own = Errors::new();
        source(&volume, &mut own);
        let name = volume.child("name");
        checks::name_required(&name, names::dns_label, &mut own);
        if good.contains_key(name.text()) {
            own.push(name.duplicate());
        }
        if own.is_empty() {
            good.insert(name.value.text(), volume.value);
        }
        errors.append(&mut own);
    }
    good
}

fn source(volume: &Field<'_>, errors: &mut Errors) {
    let empty = volume.child("emptyDir");
    if checks::quantity(empty.child("sizeLimit").value).is_some_and(|size| size.sign() == std::cmp::Ordering::Less) {
        errors.push(empty.child("sizeLimit").forbidden("SizeLimit field must be a valid resource quantity"));
    }
    let mut is_taken = empty.is_set();
    for name in SOURCES {
        let Some(found) = volume.child(name).set() else { continue };
        if is_taken {
            errors.push(found.forbidden(SEVERAL));
        } else {
            is_taken = true;
            one_source(name, &found, errors);
        }
    }
    if !is_taken {
        errors.push(volume.required("must specify a volume type"));
    }
}

fn one_source(name: &str, source: &Field<'_>, errors: &mut Errors) {
    match name {
        "hostPath" => host_path(source, errors),
        "secret" => {
            checks::text_required(&source.child("secretName"), errors);
            files(source, errors);
        }
        "configMap" => {
            checks::text_required(&source.child("name"), errors);
            files(source, errors);
        }
        "nfs" => nfs(source, errors),
        "persistentVolumeClaim" => checks::text_required(&source.child("claimName"), errors),
        "downwardAPI" => {
            checks::file_mode(&source.child("defaultMode"), errors);
            for file in source.child("items").items() {
                downward_file(&file.named(source.path.as_str()), errors);
            }
        }
        "projected" => projected(source, errors),
        "csi" => checks::text_required(&source.child("driver"), errors),
        "ephemeral" => ephemeral(source, errors),
        "image" => image(source, errors),
        foreign => {
            let required = FOREIGN_REQUIRED.iter().find(|(name, _)| *name == foreign).map(|(_, field)| *field);
            if let Some(field) = required.map(|field| source.child(field)).filter(|field| field.len() == 0) {
                errors.push(field.required(""));
            }
        }
    }
}

pub(in super::super) fn host_path(source: &Field<'_>, errors: &mut Errors) {
    let path = source.child("path");
    if path.text().is_empty() {
        return errors.push(path.required(""));
    }
    checks::no_backsteps(&path, errors);
    checks::one_of(&source.child("type"), &HOST_PATH_TYPES, errors);
}

pub(in super::super) fn nfs(source: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&source.child("server"), errors);
    let path = source.child("path");
    checks::text_required(&path, errors);
    if !path.text().starts_with('/') {
        errors.push(path.invalid_as(path.text(), "must be an absolute path"));
    }
}

/// The mode and the chosen keys of a secret or ConfigMap.
fn files(source: &Field<'_>, errors: &mut Errors) {
    checks::file_mode(&source.child("defaultMode"), errors);
    source.child("items").items().for_each(|item| key_to_path(&item, errors));
}

fn key_to_path(item: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&item.child("key"), errors);
    checks::text_required(&item.child("path"), errors);
    checks::unreserved_path(&item.child("path"), errors);
    checks::file_mode(&item.child("mode"), errors);
}

fn downward_file(file: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&file.child("path"), errors);
    checks::unreserved_path(&file.child("path"), errors);
    let (field, resource) = (file.child("fieldRef"), file.child("resourceFieldRef"));
    if field.is_set() {
        environment::object_field(&field, &environment::VOLUME_FIELDS, errors);
        if resource.is_set() {
            errors
                .push(file.invalid_as("resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
        }
    } else if resource.is_set() {
        environment::container_resource(&resource, Reader::File, errors);
    } else {
        errors.push(file.required("one of fieldRef and resourceFieldRef is required"));
    }
    checks::file_mode(&file.child("mode"), errors);
}

fn projected(source: &Field<'_>, errors: &mut Errors) {
    checks::file_mode(&source.child("defaultMode"), errors);
    let mut paths = OrderedSet::new();
    for part in source.child("sources").items() {
        for kind in ["secret", "configMap"] {
            let Some(object) = part.child(kind).set() else { continue };
            checks::text_required(&object.child("name"), errors);
            for item in object.child("items").items() {
                key_to_path(&item, errors);
                unique_path(source, &item, object.child("name").text(), &mut paths, errors);
            }
        }
        if let Some(downward) = part.child("downwardAPI").set() {
            for file in downward.child("items").items() {
                downward_file(&file.named(downward.path.as_str()), errors);
                unique_path(source, &file, file.child("path").text(), &mut paths, errors);
            }
        }
        if let Some(token) = part.child("serviceAccountToken").set() {
            service_account_token(source, &token, errors);
        }
        if part.len() > 1 {
            errors.push(part.forbidden("may not specify more than 1 volume type per source"));
        }
    }
}

fn unique_path<'v>(
    source: &Field<'_>,
    item: &Field<'v>,
    shown: &str,
    paths: &mut OrderedSet<&'v str>,
    errors: &mut Errors,
) {
    let path = item.value.get("path").text();
    if !path.is_empty() && !paths.insert(path) {
        errors.push(source.invalid_as(shown, "conflicting duplicate paths"));
    }
}

fn service_account_token(source: &Field<'_>, token: &Field<'_>, errors: &mut Errors) {
    let seconds = token.child("expirationSeconds");
    if seconds.int() < TOKEN_SECONDS_MIN {
        errors.push(seconds.invalid_as(seconds.int(), "may not specify a duration less than 10 minutes"));
    }
    if seconds.int() > 1 << 32 {
        errors.push(seconds.invalid("may not specify a duration larger than 2^32 seconds"));
    }
    let path = token.child("path").named(format!("{}.path", source.path));
    checks::text_required(&path, errors);
    checks::unreserved_path(&path, errors);
}

fn ephemeral(source: &Field<'_>, errors: &mut Errors) {
    let template = source.child("volumeClaimTemplate");
    if !template.is_set() {
        return errors.push(template.required(""));
    }
    let metadata = template.child("metadata");
    meta::annotations(&metadata.child("annotations"), errors);
    checks::labels(&metadata.child("labels"), errors);
    claim::spec(&template.child("spec"), errors);
}

fn image(source: &Field<'_>, errors: &mut Errors) {
    checks::text_required(&source.child("reference"), errors);
    checks::one_of_required(&source.child("pullPolicy"), &["Always", "IfNotPresent", "Never"], errors);
}
