//! Revisions: a template as a patch, its hash, its place in the history.
//!
//! Models: kubernetes v1.36 pkg/controller/history and the revision half of pkg/controller/statefulset.

use ordered::Arrange;
use std::rc::Rc;

use api::codec::Codec;
use api::core::pod::PodTemplateSpec;
use api::text::json;
use api::{ControllerRevision, ObjectMeta, Resource, StatefulSet, Str, Value};
use ecow::EcoVec;
use thin::format_str;

/// The label with the hash of a revision's data.
pub const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// Longest part of a set's name that goes into the name of a revision.
const NAME_PREFIX_MAX: usize = 223;

/// `{"spec":{"template":{…,"$patch":"replace"}}}`: what sets a StatefulSet's template.
pub fn patch_of(template: &PodTemplateSpec) -> Value {
    let mut value = template.encode();
    value.set(&["$patch"], "replace");
    let mut patch = Value::map();
    patch.set(&["spec", "template"], value);
    patch
}

/// The template that a revision's patch sets.
pub fn template_of(patch: &Value) -> PodTemplateSpec {
    let mut template = patch.at(&["spec", "template"]).clone();
    template.remove(&["$patch"]);
    PodTemplateSpec::decode(template)
}

/// 32-bit FNV-1 (multiply, then xor) of the patch in Go's JSON followed by the number of collisions, spelt in the letters
/// of generated names.
pub fn hash_of(patch: &Value, collision_count: i32) -> Str {
    let text = json::write_compact(patch) + &collision_count.to_string();
    let hash = text.bytes().fold(2_166_136_261_u32, |hash, byte| hash.wrapping_mul(16_777_619) ^ u32::from(byte));
    format_str!("{hash}").bytes().map(safe_letter).collect()
}

/// Generated names have no vowels and none of 0, 1 and 3; digits fall on ten of the letters.
pub(crate) fn safe_letter(digit: u8) -> char {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])
}

/// The revision of a set's present template.
pub fn new_revision(set: &StatefulSet, patch: Rc<Value>, revision: i64, collision_count: i32) -> ControllerRevision {
    let hash = hash_of(&patch, collision_count);
    let prefix: String = set.metadata.name.chars().take(NAME_PREFIX_MAX).collect();
    let mut labels = set.spec.template.metadata.labels.clone();
    labels.insert(HASH_LABEL, hash.clone());
    let metadata = ObjectMeta {
        labels,
        annotations: set.metadata.annotations.clone(),
        owner_references: EcoVec::from([set.controller_reference()]),
        ..ObjectMeta::new(set.metadata.namespace.clone(), format_str!("{prefix}-{hash}"))
    };
    ControllerRevision { metadata, data: patch, revision, ..ControllerRevision::default() }
}

/// Whether two revisions stand for the same template.
pub fn is_equal(left: &ControllerRevision, right: &ControllerRevision) -> bool {
    let hash = |revision: &ControllerRevision| {
        revision.metadata.labels.get(HASH_LABEL).and_then(|hash| hash.parse::<i32>().ok())
    };
    let is_other_hash = hash(left).zip(hash(right)).is_some_and(|(left, right)| left != right);
    !is_other_hash && (Rc::ptr_eq(&left.data, &right.data) || left.data == right.data)
}

/// Sorts as upstream's history does: by number, then age, then name.
pub fn sort(revisions: &mut [Rc<ControllerRevision>]) {
    revisions.arrange_by(|left, right| {
        let age = |revision: &ControllerRevision| revision.metadata.creation_timestamp;
        let by_number = left.revision.cmp(&right.revision);
        by_number.then_with(|| age(left).cmp(&age(right))).then_with(|| left.metadata.name.cmp(&right.metadata.name))
    });
}

/// Which of the stored revisions is that of the present template.
#[derive(Clone, Debug, PartialEq)]
pub enum UpdateRevision {
    /// The newest one is; nothing to write.
    Newest(Rc<ControllerRevision>),
    /// An older one is, and gets a new number: how a rollback shows in the history.
    Renumber(Rc<ControllerRevision>, i64),
    /// None is.
    Create(Rc<ControllerRevision>),
}

/// Chooses among `revisions`, sorted by number.
pub fn decide_update_revision(
    set: &StatefulSet,
    patch: &Rc<Value>,
    revisions: &[Rc<ControllerRevision>],
    collision_count: i32,
) -> UpdateRevision {
    api::reached!("kube_controller_manager::statefulset::revision::decide_update_revision");
    let next = revisions.last().map_or(1, |newest| newest.revision + 1);
    let candidate = new_revision(set, patch.clone(), next, collision_count);
    let equal = revisions.iter().rev().find(|revision| is_equal(revision, &candidate));
    match (equal, revisions.last()) {
        (Some(equal), Some(newest)) if is_equal(newest, &candidate) => {
            debug_assert!(Rc::ptr_eq(equal, newest));
            UpdateRevision::Newest(newest.clone())
        }
        (Some(older), _) => UpdateRevision::Renumber(older.clone(), next),
        (None, _) => UpdateRevision::Create(Rc::new(candidate)),
    }
}

/// The revisions beyond the set's limit that nothing uses, oldest first.
pub fn decide_truncation(
    set: &StatefulSet,
    revisions: &[Rc<ControllerRevision>],
    is_live: impl Fn(&str) -> bool,
) -> Vec<Rc<ControllerRevision>> {
    let unused: Vec<&Rc<ControllerRevision>> =
        revisions.iter().filter(|revision| !is_live(&revision.metadata.name)).collect();
    let limit = set.spec.revision_history_limit.map_or(10, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let surplus = unused.len().saturating_sub(limit);
    unused.into_iter().take(surplus).cloned().collect()
}
