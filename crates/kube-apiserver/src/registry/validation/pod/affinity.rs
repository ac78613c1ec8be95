//! Where pods may run: affinity, tolerations, spreading.

use ordered::OrderedSet;

use super::super::field::{Errors, Field};
use super::super::{checks, names};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const SCHEDULE_ACTIONS: [&str; 2] = ["DoNotSchedule", "ScheduleAnyway"];
const INCLUSION_POLICIES: [&str; 2] = ["Honor", "Ignore"];

/// Whether the values of a requirement are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Judged,
    Free,
}

pub(super) fn affinity(affinity: &Field<'_>, errors: &mut Errors) {
    let node = affinity.child("nodeAffinity");
    if let Some(selector) = node.child(REQUIRED).set() {
        node_selector(&selector, errors);
    }
    for term in node.child(PREFERRED).items() {
        weight(&term, errors);
        node_term(&term.child("preference"), Values::Free, errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.child(kind);
        for term in pods.child(REQUIRED).items() {
            pod_term(&term, errors);
        }
        for term in pods.child(PREFERRED).items() {
            weight(&term, errors);
            pod_term(&term.child("podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &Field<'_>, errors: &mut Errors) {
    let weight = term.child("weight");
    if !(1..=100).contains(&weight.int()) {
        errors.push(weight.invalid_as(weight.int(), "must be in the range 1-100"));
    }
}

/// A `NodeSelector`: at least one term.
pub(in super::super) fn node_selector(selector: &Field<'_>, errors: &mut Errors) {
    let terms = selector.child("nodeSelectorTerms");
    if terms.len() == 0 {
        errors.push(terms.required("must have at least one node selector term"));
    }
    terms.items().for_each(|term| node_term(&term, Values::Judged, errors));
}

fn node_term(term: &Field<'_>, values: Values, errors: &mut Errors) {
    for requirement in term.child("matchExpressions").items() {
        node_requirement(&requirement, values, errors);
    }
    for requirement in term.child("matchFields").items() {
        node_field(&requirement, errors);
    }
}

fn node_requirement(requirement: &Field<'_>, judged: Values, errors: &mut Errors) {
    let (operator, values) = (requirement.child("operator"), requirement.child("values"));
    match operator.text() {
        "In" | "NotIn" if values.len() == 0 => {
            errors.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if values.len() > 0 => {
            errors.push(values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            errors.push(values.required("must be specified single value when `operator` is 'Lt' or 'Gt'"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        text => errors.push(operator.invalid_as(text, "not a valid selector operator")),
    }
    checks::name(&requirement.child("key"), names::label_key, errors);
    if judged == Values::Judged {
        values.items().for_each(|value| checks::name(&value, names::label_value, errors));
    }
}

fn node_field(requirement: &Field<'_>, errors: &mut Errors) {
    let (operator, values) = (requirement.child("operator"), requirement.child("values"));
    if !checks::NAMED_OPERATORS.contains(&operator.text()) {
        errors.push(operator.invalid_as(operator.text(), "not a valid selector operator"));
    } else if values.len() != 1 {
        let problem = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
        errors.push(values.required(problem));
    }
    let key = requirement.child("key");
    if key.text() != "metadata.name" {
        return errors.push(key.invalid_as(key.text(), "not a valid field selector key"));
    }
    values.items().for_each(|value| checks::name(&value, names::dns_subdomain, errors));
}

fn pod_term(term: &Field<'_>, errors: &mut Errors) {
    checks::label_selector(&term.child("labelSelector"), errors);
    checks::label_selector(&term.child("namespaceSelector"), errors);
    for namespace in term.child("namespaces").items() {
        checks::name(&namespace.named(format!("{}.namespace", term.path)), names::dns_label, errors);
    }
    label_keys(term, errors);
    let key = term.child("topologyKey");
    if key.text().is_empty() {
        errors.push(key.required("can not be empty"));
    }
    checks::name(&key, names::label_key, errors);
}

/// Keys whose values are taken from the incoming pod.
fn label_keys(term: &Field<'_>, errors: &mut Errors) {
    let selector = term.child("labelSelector");
    let (matching, mismatching) = (term.child("matchLabelKeys"), term.child("mismatchLabelKeys"));
    for keys in [&matching, &mismatching].into_iter().filter(|keys| keys.len() > 0) {
        if !selector.is_set() {
            errors.push(keys.forbidden("must not be specified when labelSelector is not set"));
            continue;
        }
        keys.items().for_each(|key| checks::name(&key, names::label_key, errors));
    }
    for key in matching.items() {
        if mismatching.items().any(|other| other.text() == key.text()) {
            errors.push(key.invalid("exists in both matchLabelKeys and mismatchLabelKeys"));
        }
    }
}

pub(in super::super) fn tolerations(list: &Field<'_>, errors: &mut Errors) {
    for toleration in list.items() {
        let (key, operator, value) = (toleration.child("key"), toleration.child("operator"), toleration.child("value"));
        checks::name_if_set(&key, names::label_key, errors);
        if key.text().is_empty() && operator.text() != "Exists" {
            let problem = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(operator.invalid_as(operator.text(), problem));
        }
        let effect = toleration.child("effect");
        if toleration.child("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            let problem = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.push(effect.invalid_as(effect.text(), problem));
        }
        match operator.text() {
            "" | "Equal" => {
                let problems = names::label_value(value.text());
                if !problems.is_empty() {
                    errors.push(operator.invalid_as(value.text(), problems.join(";")));
                }
            }
            "Exists" if !value.text().is_empty() => {
                errors.push(operator.invalid_as(value.text(), "value must be empty when `operator` is 'Exists'"));
            }
            "Exists" => {}
            "Lt" | "Gt" => errors.push(operator.not_supported(&["Equal", "Exists", "Lt", "Gt"])),
            _ => errors.push(operator.not_supported(&["Equal", "Exists"])),
        }
        if !effect.text().is_empty() {
            toleration_effect(&effect, errors);
        }
    }
}

/// What a taint does.
pub(in super::super) fn toleration_effect(effect: &Field<'_>, errors: &mut Errors) {
    checks::one_of_required(effect, &EFFECTS, errors);
}

pub(super) fn spread(list: &Field<'_>, errors: &mut Errors) {
    let mut seen = OrderedSet::new();
    let pair = |field: &Field<'_>| {
        let (key, action) = (field.child("topologyKey"), field.child("whenUnsatisfiable"));
        format!("{{{}, {}}}", key.text(), action.text())
    };
    // The first of two equal constraints is the one that is refused.
    let repeated: OrderedSet<String> =
        list.items().map(|field| pair(&field)).filter(|text| !seen.insert(text.clone())).collect();
    let mut left: Vec<String> = list.items().map(|field| pair(&field)).collect();
    for constraint in list.items() {
        let own = left.remove(0);
        checks::positive(&constraint.child("maxSkew"), errors);
        let (key, action) = (constraint.child("topologyKey"), constraint.child("whenUnsatisfiable"));
        if key.text().is_empty() {
            errors.push(key.required("can not be empty"));
        }
        if !SCHEDULE_ACTIONS.contains(&action.text()) {
            errors.push(action.not_supported(&SCHEDULE_ACTIONS));
        }
        if repeated.contains(&own) && left.contains(&own) {
            let path = format!("{}.{{topologyKey, whenUnsatisfiable}}", constraint.path);
            errors.push(api::FieldError::duplicate(path, own));
        }
        min_domains(&constraint, errors);
        checks::one_of(&constraint.child("nodeAffinityPolicy"), &INCLUSION_POLICIES, errors);
        checks::one_of(&constraint.child("nodeTaintsPolicy"), &INCLUSION_POLICIES, errors);
        label_keys(&constraint, errors);
        checks::label_selector(&constraint.child("labelSelector"), errors);
    }
}

fn min_domains(constraint: &Field<'_>, errors: &mut Errors) {
    let (least, action) = (constraint.child("minDomains"), constraint.child("whenUnsatisfiable"));
    if !least.is_set() {
        return;
    }
    checks::positive(&least, errors);
    if action.text() != "DoNotSchedule" {
        let problem = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", action.text());
        errors.push(least.invalid(problem));
    }
}
