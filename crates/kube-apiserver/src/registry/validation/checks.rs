//! Small checks of single fields, used by all kinds.

use std::cmp::Ordering;

use api::Value;
use api::quantity::Quantity;

use super::field::{Errors, Field};
use super::names;

pub(super) const IMMUTABLE: &str = "field is immutable";
pub(super) const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
pub(super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
pub(super) const NAMED_OPERATORS: [&str; 2] = ["In", "NotIn"];
const INT32_MAX: i64 = i32::MAX as i64;

pub(super) fn non_negative(field: &Field<'_>, errors: &mut Errors) {
    if field.int() < 0 {
        errors.push(field.invalid("must be greater than or equal to 0"));
    }
}

pub(super) fn positive(field: &Field<'_>, errors: &mut Errors) {
    if field.int() <= 0 {
        errors.push(field.invalid_as(field.int(), "must be greater than zero"));
    }
}

pub(super) fn in_range(field: &Field<'_>, low: i64, high: i64, errors: &mut Errors) {
    if field.is_set() && !(low..=high).contains(&field.int()) {
        errors.push(field.invalid(format!("must be between {low} and {high}, inclusive")));
    }
}

/// A user or group ID.
pub(super) fn id(field: &Field<'_>, errors: &mut Errors) {
    in_range(field, 0, INT32_MAX, errors);
}

pub(super) fn file_mode(field: &Field<'_>, errors: &mut Errors) {
    if field.is_set() && !(0..=0o777).contains(&field.int()) {
        errors.push(field.invalid(FILE_MODE));
    }
}

pub(super) fn port_number(field: &Field<'_>, errors: &mut Errors) {
    if !(1..=65_535).contains(&field.int()) {
        errors.push(field.invalid_as(field.int(), "must be between 1 and 65535, inclusive"));
    }
}

/// `80` or `"http"`
pub(super) fn port_number_or_name(field: &Field<'_>, errors: &mut Errors) {
    match field.value {
        Value::Str(name) => field.invalid_each(names::port_name(name), errors),
        _ => port_number(field, errors),
    }
}

pub(super) fn protocol(field: &Field<'_>, errors: &mut Errors) {
    one_of_required(field, &PROTOCOLS, errors);
}

/// A text that must stand there.
pub(super) fn text_required(field: &Field<'_>, errors: &mut Errors) {
    if field.text().is_empty() {
        errors.push(field.required(""));
    }
}

/// One of some words; the empty one is missing.
pub(super) fn one_of_required(field: &Field<'_>, supported: &[&str], errors: &mut Errors) {
    match field.text() {
        "" => errors.push(field.required("")),
        word if supported.contains(&word) => {}
        _ => errors.push(field.not_supported(supported)),
    }
}

/// One of some words, if it is set.
pub(super) fn one_of(field: &Field<'_>, supported: &[&str], errors: &mut Errors) {
    if field.is_set() && !supported.contains(&field.text()) {
        errors.push(field.not_supported(supported));
    }
}

/// A text against rules for names; the empty one is judged too.
pub(super) fn name(field: &Field<'_>, rule: fn(&str) -> Vec<String>, errors: &mut Errors) {
    let problems = rule(field.text());
    errors.extend(problems.into_iter().map(|problem| field.invalid_as(field.text(), problem)));
}

/// A text against rules for names, unless it is empty.
pub(super) fn name_if_set(field: &Field<'_>, rule: fn(&str) -> Vec<String>, errors: &mut Errors) {
    if !field.text().is_empty() {
        name(field, rule, errors);
    }
}

/// A name that must stand there.
pub(super) fn name_required(field: &Field<'_>, rule: fn(&str) -> Vec<String>, errors: &mut Errors) {
    if field.text().is_empty() {
        errors.push(field.required(""));
    } else {
        name(field, rule, errors);
    }
}

/// How many of these fields are set; a second one is refused. Answers those set first.
pub(super) fn exactly_one<'f, 'v>(
    fields: &'f [Field<'v>],
    several: &str,
    errors: &mut Errors,
) -> Option<&'f Field<'v>> {
    let mut set = fields.iter().filter(|field| field.is_set());
    let first = set.next();
    errors.extend(set.map(|field| field.forbidden(several)));
    first
}

pub(super) fn unchanged(field: &Field<'_>, old: &Value, errors: &mut Errors) {
    if field.value != old {
        errors.push(field.invalid(IMMUTABLE));
    }
}

pub(super) fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::Str(text) => Quantity::parse(text).ok(),
        Value::Int(number) => Some(Quantity::from_scaled(*number, 0)),
        _ => None,
    }
}

/// Not below zero, and whole where the resource comes in pieces.
pub(super) fn resource_amount(field: &Field<'_>, resource: &str, errors: &mut Errors) {
    let Some(amount) = quantity(field.value) else { return };
    if amount.sign() == Ordering::Less {
        errors.push(field.invalid("must be greater than or equal to 0"));
    }
    if is_counted(resource) && amount.milli_value() % 1_000 != 0 {
        errors.push(field.invalid("must be an integer"));
    }
}

/// Whether a resource comes in whole pieces: pods, and what is not Kubernetes' own.
fn is_counted(resource: &str) -> bool {
    resource == "pods" || is_extended(resource)
}

/// Whether a resource is one that Kubernetes does not know by itself, such as `example.com/gpu`.
pub(super) fn is_extended(resource: &str) -> bool {
    resource.contains('/') && !resource.contains("kubernetes.io/") && !resource.starts_with("requests.")
}

/// Whether a resource may be promised more often than it exists.
pub(super) fn is_overcommitted(resource: &str) -> bool {
    !is_extended(resource) && !resource.starts_with("hugepages-")
}

/// Labels, of an object or of a selector.
pub(super) fn labels(field: &Field<'_>, errors: &mut Errors) {
    for (key, value) in field.entries() {
        errors.extend(names::label_key(key).into_iter().map(|problem| field.invalid_as(key.clone(), problem)));
        let problems = names::label_value(value.text());
        errors.extend(problems.into_iter().map(|problem| field.invalid_as(value.clone(), problem)));
    }
}

/// A `LabelSelector`.
pub(super) fn label_selector(field: &Field<'_>, errors: &mut Errors) {
    labels(&field.child("matchLabels"), errors);
    for requirement in field.child("matchExpressions").items() {
        label_requirement(&requirement, errors);
    }
}

fn label_requirement(requirement: &Field<'_>, errors: &mut Errors) {
    let (operator, values) = (requirement.child("operator"), requirement.child("values"));
    match operator.text() {
        "In" | "NotIn" if values.len() == 0 => {
            errors.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if values.len() > 0 => {
            errors.push(values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        text => errors.push(operator.invalid_as(text, "not a valid selector operator")),
    }
    name(&requirement.child("key"), names::label_key, errors);
    for value in values.items() {
        name(&value, names::label_value, errors);
    }
}

/// An `IntOrString` that is a number or a share, neither below zero.
pub(super) fn number_or_percent(field: &Field<'_>, errors: &mut Errors) {
    match field.value {
        Value::Str(text) => field.invalid_each(names::percent(text), errors),
        _ => non_negative(field, errors),
    }
}

/// A share above the whole.
pub(super) fn at_most_all(field: &Field<'_>, errors: &mut Errors) {
    let percent = field.text().strip_suffix('%').and_then(|digits| digits.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        errors.push(field.invalid("must not be greater than 100%"));
    }
}

/// A path inside something: relative, without steps up.
pub(super) fn descending_path(field: &Field<'_>, errors: &mut Errors) {
    if field.text().starts_with('/') {
        errors.push(field.invalid("must be a relative path"));
    }
    no_backsteps(field, errors);
}

pub(super) fn no_backsteps(field: &Field<'_>, errors: &mut Errors) {
    if field.text().split('/').any(|step| step == "..") {
        errors.push(field.invalid("must not contain '..'"));
    }
}

/// A descending path that leaves names beginning with `..` to the kubelet.
pub(super) fn unreserved_path(field: &Field<'_>, errors: &mut Errors) {
    descending_path(field, errors);
    let text = field.text();
    if text.starts_with("..") && !text.starts_with("../") {
        errors.push(field.invalid("must not start with '..'"));
    }
}
