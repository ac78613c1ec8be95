//! The ReplicaSets of a Deployment: which is that of the present template, and what their annotations say.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment/util/deployment_util.go.

use ordered::Arrange;
use std::cmp::Ordering;
use std::rc::Rc;

use api::core::pod::PodTemplateSpec;
use api::{Deployment, ReplicaSet, Str, StringMap};
use thin::format_str;

use super::math::max_surge;

/// The label that tells the pods of one template from those of another.
pub const HASH_LABEL: &str = "pod-template-hash";
/// The number of a template in the history.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers that a template had before it was rolled back to.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many pods the Deployment wanted when it last sized the set.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// How many there could be at most then.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];
const HISTORY_LETTERS_MAX: usize = 2_000;

/// Whether two templates are the same but for the hash.
pub fn is_equal_template(left: &PodTemplateSpec, right: &PodTemplateSpec) -> bool {
    api::reached!("kube_controller_manager::deployment::revision::is_equal_template");
    let without_hash = |template: &PodTemplateSpec| {
        let mut metadata = template.metadata.clone();
        metadata.labels.remove(HASH_LABEL);
        metadata
    };
    let is_same_spec = Rc::ptr_eq(&left.spec, &right.spec) || left.spec == right.spec;
    is_same_spec && left.rest == right.rest && without_hash(left) == without_hash(right)
}

/// The set of the present template; the oldest if there are several.
pub fn find_new<'s>(deployment: &Deployment, sets: &'s [Rc<ReplicaSet>]) -> Option<&'s Rc<ReplicaSet>> {
    api::reached!("kube_controller_manager::deployment::revision::find_new");
    let same = sets.iter().filter(|set| is_equal_template(&set.spec.template, &deployment.spec.template));
    same.min_by(|left, right| by_creation(left, right))
}

/// The sets of other templates.
pub fn find_old(deployment: &Deployment, sets: &[Rc<ReplicaSet>]) -> Vec<Rc<ReplicaSet>> {
    api::reached!("kube_controller_manager::deployment::revision::find_old");
    let new = find_new(deployment, sets);
    sets.iter().filter(|set| new.is_none_or(|new| !Rc::ptr_eq(set, new))).cloned().collect()
}

/// Older first; by name if equally old.
pub fn by_creation(left: &ReplicaSet, right: &ReplicaSet) -> Ordering {
    let created = |set: &ReplicaSet| set.metadata.creation_timestamp;
    created(left).cmp(&created(right)).then_with(|| left.metadata.name.cmp(&right.metadata.name))
}

/// Smaller number first; by age if equal.
pub fn by_revision(left: &ReplicaSet, right: &ReplicaSet) -> Ordering {
    revision(left).cmp(&revision(right)).then_with(|| by_creation(left, right))
}

/// Sorts sets. One place, so that there is one sort of them in the program.
pub fn sort(sets: &mut [Rc<ReplicaSet>], order: fn(&ReplicaSet, &ReplicaSet) -> Ordering) {
    sets.arrange_by(|left, right| order(left, right));
}

/// The number of a set in the history; 0 if it says none.
pub fn revision(set: &ReplicaSet) -> i64 {
    set.metadata.annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The sum of what sets say.
pub fn total(sets: &[Rc<ReplicaSet>], of: fn(&ReplicaSet) -> i32) -> i32 {
    sets.iter().map(|set| of(set)).sum()
}

/// Those that want pods.
pub fn active(sets: &[Rc<ReplicaSet>]) -> Vec<Rc<ReplicaSet>> {
    sets.iter().filter(|set| set.spec.replicas() > 0).cloned().collect()
}

/// A number that is not negative and fits 32 bits, in an annotation.
pub fn annotated_number(set: &ReplicaSet, annotation: &str) -> Option<i32> {
    set.metadata.annotations.get(annotation)?.parse().ok().filter(|number| *number >= 0)
}

/// Writes down how large the Deployment is; whether that was news.
pub fn set_replicas_annotations(annotations: &mut StringMap, deployment: &Deployment) -> bool {
    api::reached!("kube_controller_manager::deployment::revision::set_replicas_annotations");
    let desired = deployment.spec.replicas();
    let wanted = [(DESIRED_REPLICAS, desired), (MAX_REPLICAS, desired + max_surge(deployment))];
    let mut is_news = false;
    for (name, number) in wanted {
        is_news |= set_annotation(annotations, name, &format_str!("{number}"));
    }
    is_news
}

fn set_annotation(annotations: &mut StringMap, name: &str, value: &Str) -> bool {
    let is_news = annotations.get(name) != Some(value.as_str());
    if is_news {
        annotations.insert(name, value.clone());
    }
    is_news
}

/// Copies a Deployment's annotations and writes down the revision; whether anything was news.
pub fn set_annotations(annotations: &mut StringMap, deployment: &Deployment, revision: i64) -> bool {
    let mut is_news = false;
    for (name, value) in deployment.metadata.annotations.iter() {
        if !NOT_COPIED.contains(&name.as_str()) {
            is_news |= set_annotation(annotations, name, value);
        }
    }
    let old = annotations.get_str(REVISION).cloned();
    let number = match old.as_deref() {
        None | Some("") => 0,
        // Someone has written nonsense there; it is left alone.
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            Err(_) => return false,
        },
    };
    if number >= revision {
        return is_news;
    }
    annotations.insert(REVISION, format_str!("{revision}"));
    if let Some(old) = old {
        remember_revision(annotations, &old);
    }
    true
}

/// A template that is rolled back to keeps its old numbers, the oldest of them as long as there is room.
fn remember_revision(annotations: &mut StringMap, old: &str) {
    let history = annotations.get(REVISION_HISTORY).unwrap_or("").to_owned();
    if history.is_empty() {
        return annotations.insert(REVISION_HISTORY, old);
    }
    let mut kept = history.as_str();
    while kept.len() + old.len() + 1 > HISTORY_LETTERS_MAX {
        let Some((_, rest)) = kept.split_once(',') else { return };
        kept = rest;
    }
    annotations.insert(REVISION_HISTORY, format_str!("{kept},{old}"));
}

/// `name-hash`, the name cut to what the hash leaves of the longest name; whole if that is nothing.
pub fn replica_set_name(deployment: &str, hash: &str) -> Str {
    api::reached!("kube_controller_manager::deployment::revision::replica_set_name");
    const NAME_MAX: usize = 253;
    let room = NAME_MAX.saturating_sub(hash.len() + 1);
    let cut: String = deployment.chars().take(if room == 0 { usize::MAX } else { room }).collect();
    format_str!("{cut}-{hash}")
}
