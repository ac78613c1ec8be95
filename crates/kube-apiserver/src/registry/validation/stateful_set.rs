//! Stateful sets and controller revisions.
//!
//! Models: kubernetes v1.36 pkg/apis/apps/validation.

use api::selector::Selector;
use api::{Str, StringMap, Value};
use ordered::Arrange;

use super::field::{Errors, Field};
use super::{checks, claim, internal, meta, names, pod};

const CHANGEABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];
const NOT_CHANGEABLE: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
     'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const RETENTION: [&str; 2] = ["Retain", "Delete"];

/// Which parts are not looked at again, because they cannot have become worse.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// A new set.
    All,
    /// A change: what may not change anyway was judged before.
    Changeable,
    /// A change of a set that was not valid before.
    NotTemplate,
}

pub(super) fn create(root: &Field<'_>, errors: &mut Errors) {
    spec(&root.child("spec"), Scope::All, errors);
}

pub(super) fn update(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    let mut before = Errors::new();
    spec(&Field::root(old).child("spec"), Scope::Changeable, &mut before);
    let scope = if before.is_empty() { Scope::Changeable } else { Scope::NotTemplate };
    spec(&root.child("spec"), scope, errors);
    if fixed_part(root.value) != fixed_part(old) {
        errors.push(root.child("spec").forbidden(NOT_CHANGEABLE));
    }
}

fn fixed_part(object: &Value) -> Value {
    let mut spec = object.get("spec").clone();
    for field in CHANGEABLE {
        spec.remove(&[field]);
    }
    spec
}

fn spec(spec: &Field<'_>, scope: Scope, errors: &mut Errors) {
    let policy = spec.child("podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&policy.text()) {
        errors.push(policy.invalid("must be 'OrderedReady' or 'Parallel'"));
    }
    update_strategy(&spec.child("updateStrategy"), errors);
    if let Some(policy) = spec.child("persistentVolumeClaimRetentionPolicy").set() {
        checks::one_of(&policy.child("whenDeleted"), &RETENTION, errors);
        checks::one_of(&policy.child("whenScaled"), &RETENTION, errors);
    }
    if scope == Scope::All {
        for template in spec.child("volumeClaimTemplates").items() {
            claim::spec(&template.child("spec"), errors);
        }
    }
    checks::non_negative(&spec.child("replicas"), errors);
    checks::non_negative(&spec.child("minReadySeconds"), errors);
    checks::non_negative(&spec.at(&["ordinals", "start"]), errors);
    if scope == Scope::All {
        checks::name_if_set(&spec.child("serviceName"), names::dns_label, errors);
    }
    selector_and_template(spec, scope, errors);
    let restart = spec.at(&["template", "spec", "restartPolicy"]);
    if restart.text() != "Always" {
        errors.push(restart.not_supported(&["Always"]));
    }
    let deadline = spec.at(&["template", "spec", "activeDeadlineSeconds"]);
    if deadline.is_set() {
        errors.push(deadline.forbidden("activeDeadlineSeconds in StatefulSet is not Supported"));
    }
}

fn update_strategy(strategy: &Field<'_>, errors: &mut Errors) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.child("type").text() {
        "RollingUpdate" => rolling_update(&rolling, errors),
        "OnDelete" if rolling.is_set() => {
            let shown = internal::compact("RollingUpdateStatefulSetStrategy", rolling.value);
            errors.push(rolling.invalid_struct(shown, "only allowed for updateStrategy 'RollingUpdate'"));
        }
        "OnDelete" => {}
        "" => errors.push(strategy.required("")),
        _ => {
            let shown = internal::compact("StatefulSetUpdateStrategy", strategy.value);
            errors.push(strategy.invalid_struct(shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
}

fn rolling_update(rolling: &Field<'_>, errors: &mut Errors) {
    checks::non_negative(&rolling.child("partition"), errors);
    let Some(unavailable) = rolling.child("maxUnavailable").set() else { return };
    checks::number_or_percent(&unavailable, errors);
    if matches!(unavailable.value, Value::Int(0)) || unavailable.text() == "0%" {
        errors.push(unavailable.invalid("cannot be 0"));
    }
    checks::at_most_all(&unavailable, errors);
}

fn selector_and_template(spec: &Field<'_>, scope: Scope, errors: &mut Errors) {
    let selector = spec.child("selector");
    if selector.is_set() {
        checks::label_selector(&selector, errors);
        if selector.child("matchLabels").len() + selector.child("matchExpressions").len() == 0 {
            errors.push(selector.invalid("empty selector is invalid for statefulset"));
        }
    } else {
        errors.push(selector.required(""));
    }
    match parsed(selector.value) {
        None => errors.push(selector.invalid("")),
        Some(matcher) => template(spec, &matcher, scope, errors),
    }
}

/// A selector as the controller would use it; an absent one selects nothing.
pub(super) fn parsed(selector: &Value) -> Option<Selector> {
    if selector.is_null() {
        return Selector::from_label_selector(&api::meta::LabelSelector::default()).ok();
    }
    Selector::from_label_selector(&api::codec::Codec::decode(selector.clone())).ok()
}

fn template(spec: &Field<'_>, selector: &Selector, scope: Scope, errors: &mut Errors) {
    let own = spec.child("template");
    let labels = own.at(&["metadata", "labels"]);
    let map: StringMap = api::codec::Codec::decode(labels.value.clone());
    let selects_all = selector.is_everything() && spec.child("selector").is_set();
    if !selects_all && (!spec.child("selector").is_set() || !selector.matches(&map)) {
        errors.push(labels.invalid("`selector` does not match template `labels`"));
    }
    if scope != Scope::NotTemplate {
        let adapted = with_claims_as_volumes(spec.value, own.value);
        pod::template(&Field::new(&own.path, &adapted), errors);
    }
    checks::labels(&labels.named(format!("{}.labels", own.path)), errors);
    let annotations = own.at(&["metadata", "annotations"]);
    meta::annotations(&annotations.named(format!("{}.annotations", own.path)), errors);
}

/// The template as its pods will be: each claim template is a volume, before the others; names are the controller's.
fn with_claims_as_volumes(spec: &Value, template: &Value) -> Value {
    let mut template = template.clone();
    template.remove(&["spec", "subdomain"]);
    template.remove(&["spec", "hostname"]);
    let claims = spec.get("volumeClaimTemplates").as_list();
    let mut names: Vec<Str> = claims.iter().map(|claim| claim.at(&["metadata", "name"]).text().into()).collect();
    names.arrange();
    names.dedup();
    if names.is_empty() {
        return template;
    }
    let volume = |name: &Str| {
        let mut volume = Value::map();
        volume.set(&["name"], name.clone());
        volume.set(&["persistentVolumeClaim", "claimName"], name.clone());
        volume
    };
    let mut volumes: Vec<Value> = names.iter().map(volume).collect();
    let others = template.at(&["spec", "volumes"]).as_list().iter();
    volumes.extend(others.filter(|other| !names.iter().any(|name| name == other.get("name").text())).cloned());
    template.set(&["spec", "volumes"], volumes);
    template
}

pub(super) fn revision(root: &Field<'_>, errors: &mut Errors) {
    checks::non_negative(&root.child("revision"), errors);
    let data = root.child("data");
    match data.value {
        Value::Map(_) => {}
        Value::Null => errors.push(data.required("data is mandatory")),
        _ => errors.push(data.required("data must be a valid JSON object")),
    }
}

pub(super) fn update_revision(root: &Field<'_>, old: &Value, errors: &mut Errors) {
    checks::non_negative(&root.child("revision"), errors);
    checks::unchanged(&root.child("data"), old.get("data"), errors);
}
