//! What makes a pod the pod of its ordinal: name, labels, host name, claims.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset/stateful_set_utils.go.

use std::rc::Rc;

use api::core::pod::PodTemplateSpec;
use api::core::volume::{PersistentVolumeClaimVolumeSource, Volume};
use api::{Key, ObjectMeta, PersistentVolumeClaim, Pod, Resource, StatefulSet, Str};
use ecow::EcoVec;
use thin::{format_str, literal_str};

/// The label with the pod's own name.
pub const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label with the pod's ordinal.
pub const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";
/// The label with the name of the revision that a pod was made from.
pub const REVISION_LABEL: &str = "controller-revision-hash";

/// Takes a pod's name apart: `web-2` is of `web`, ordinal 2. None for any other form.
pub fn parent_and_ordinal(pod_name: &str) -> Option<(&str, i32)> {
    let (parent, digits) = pod_name.rsplit_once('-')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(|ordinal| (parent, ordinal))
}

/// The ordinal that a pod has in a set, if its name is one of the set's.
pub fn ordinal_in(set: &StatefulSet, pod_name: &str) -> Option<i32> {
    parent_and_ordinal(pod_name).filter(|(parent, _)| *parent == set.metadata.name).map(|(_, ordinal)| ordinal)
}

/// The name of the pod with this ordinal.
pub fn pod_name(set: &StatefulSet, ordinal: i32) -> Str {
    format_str!("{}-{ordinal}", set.metadata.name)
}

/// The name of the claim that a pod gets from a template.
pub fn claim_name(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> Str {
    format_str!("{}-{}-{ordinal}", template.metadata.name, set.metadata.name)
}

/// The keys of the claims of one ordinal, in the order of their templates.
pub fn claim_keys(set: &StatefulSet, ordinal: i32) -> impl Iterator<Item = Key> {
    let namespace = &set.metadata.namespace;
    let templates = set.spec.volume_claim_templates.iter();
    templates.map(move |template| Key::new(namespace.clone(), claim_name(set, template, ordinal)))
}

/// The pod of an ordinal, made from a template. Containers and everything else that replicas have in common stay shared
/// with the template.
pub fn new_pod(set: &StatefulSet, template: &PodTemplateSpec, ordinal: i32, revision: &Str) -> Pod {
    let name = pod_name(set, ordinal);
    let mut labels = template.metadata.labels.clone();
    labels.insert(literal_str!(POD_INDEX_LABEL), format_str!("{ordinal}"));
    labels.insert(literal_str!(REVISION_LABEL), revision.clone());
    labels.insert(literal_str!(POD_NAME_LABEL), name.clone());
    let metadata = ObjectMeta {
        generate_name: format_str!("{}-", set.metadata.name),
        namespace: set.metadata.namespace.clone(),
        labels,
        annotations: template.metadata.annotations.clone(),
        finalizers: template.metadata.finalizers.clone(),
        owner_references: EcoVec::from([set.controller_reference()]),
        name: name.clone(),
        ..ObjectMeta::default()
    };
    let mut spec = (*template.spec).clone();
    spec.hostname = name;
    spec.subdomain = set.spec.service_name.clone();
    spec.volumes = volumes_with_claims(set, &spec.volumes, ordinal);
    Pod { metadata, spec: Rc::new(spec), ..Pod::default() }
}

/// The claim that an ordinal gets from a template.
pub fn new_claim(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> PersistentVolumeClaim {
    let mut claim = template.clone();
    claim.metadata.name = claim_name(set, template, ordinal);
    claim.metadata.namespace = set.metadata.namespace.clone();
    for (key, value) in set.spec.selector.match_labels.iter() {
        claim.metadata.labels.insert(key.clone(), value.clone());
    }
    claim
}

/// Whether name and label of a pod are those of its ordinal.
pub fn identity_matches(set: &StatefulSet, pod: &Pod) -> bool {
    ordinal_in(set, &pod.metadata.name).is_some()
        && pod.metadata.labels.get(POD_NAME_LABEL) == Some(pod.metadata.name.as_str())
}

/// Whether a pod mounts the claims of its ordinal.
pub fn storage_matches(set: &StatefulSet, pod: &Pod) -> bool {
    set.spec.volume_claim_templates.iter().all(|template| {
        let volume = pod.spec.volumes.iter().find(|volume| volume.name == template.metadata.name);
        let source = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
        source.is_some_and(|source| is_claim_name(&source.claim_name, &template.metadata.name, &pod.metadata.name))
    })
}

/// Whether a claim's name is `<template>-<pod>`, without making that name.
fn is_claim_name(name: &str, template: &str, pod: &str) -> bool {
    let rest = name.strip_prefix(template).and_then(|rest| rest.strip_prefix('-'));
    rest == Some(pod)
}

/// The pod with identity and storage repaired.
pub fn repaired(set: &StatefulSet, pod: &Pod) -> Pod {
    let mut pod = pod.clone();
    let Some(ordinal) = ordinal_in(set, &pod.metadata.name) else { return pod };
    pod.metadata.labels.insert(literal_str!(POD_NAME_LABEL), pod.metadata.name.clone());
    pod.metadata.labels.insert(literal_str!(POD_INDEX_LABEL), format_str!("{ordinal}"));
    if !storage_matches(set, &pod) {
        let volumes = volumes_with_claims(set, &pod.spec.volumes, ordinal);
        Rc::make_mut(&mut pod.spec).volumes = volumes;
    }
    pod
}

/// Claims first, then the template's volumes whose names do not collide with a claim's.
fn volumes_with_claims(set: &StatefulSet, volumes: &EcoVec<Volume>, ordinal: i32) -> EcoVec<Volume> {
    let templates = &set.spec.volume_claim_templates;
    if templates.is_empty() {
        return volumes.clone();
    }
    let from_claims = templates.iter().map(|template| Volume {
        name: template.metadata.name.clone(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: claim_name(set, template, ordinal),
            ..PersistentVolumeClaimVolumeSource::default()
        }),
        ..Volume::default()
    });
    let is_claim = |name: &Str| templates.iter().any(|template| template.metadata.name == *name);
    from_claims.chain(volumes.iter().filter(|volume| !is_claim(&volume.name)).cloned()).collect()
}
