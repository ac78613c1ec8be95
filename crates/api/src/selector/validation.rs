//! What keys and values of labels may be, and what is said about those that may not.

use super::Operator;
use crate::field_error::FieldError;
use crate::{Str, Value};

const QUALIFIED: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_REGEX: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_REGEX: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

fn with_examples(message: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{regex}')", examples.join(" or "))
}

fn qualified_part(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(is_inner)
}

/// What is wrong with the name of a label or annotation (`app`, `kubernetes.io/hostname`); empty if nothing is.
pub fn is_qualified_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match value.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        ["", name] => {
            errors.push("prefix part must be non-empty".to_string());
            *name
        }
        [prefix, name] => {
            errors.extend(is_dns_1123_subdomain(prefix).iter().map(|error| format!("prefix part {error}")));
            *name
        }
        _ => {
            let text = with_examples(QUALIFIED, QUALIFIED_REGEX, &["MyName", "my.name", "123-abc"]);
            let optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a qualified name {text} {optional}")];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_string());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 bytes".to_string());
    }
    if !qualified_part(name) {
        let text = with_examples(QUALIFIED, QUALIFIED_REGEX, &["MyName", "my.name", "123-abc"]);
        errors.push(format!("name part {text}"));
    }
    errors
}

/// What is wrong with a DNS name such as `example.com`; empty if nothing is.
pub fn is_dns_1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 253 {
        errors.push("must be no more than 253 bytes".to_string());
    }
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(is_inner)
    };
    if !value.split('.').all(is_label) {
        errors.push(with_examples(SUBDOMAIN, SUBDOMAIN_REGEX, &["example.com"]));
    }
    errors
}

/// What is wrong with the value of a label; empty if nothing is.
pub fn is_valid_label_value(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 63 {
        errors.push("must be no more than 63 bytes".to_string());
    }
    if !value.is_empty() && !qualified_part(value) {
        let regex = format!("({QUALIFIED_REGEX})?");
        errors.push(with_examples(LABEL_VALUE, &regex, &["MyValue", "my_value", "12345"]));
    }
    errors
}

pub(super) fn check_key(key: &str, field: &str) -> Result<(), FieldError> {
    let errors = is_qualified_name(key);
    if errors.is_empty() { Ok(()) } else { Err(FieldError::invalid(field, key, errors.join("; "))) }
}

/// Everything that is wrong with a requirement.
pub(super) fn check(key: &str, operator: Operator, values: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(check_key(key, "key").err());
    let list = || Value::List(values.iter().map(|value| Value::Str(Str::from(*value))).collect());
    let detail = match operator {
        Operator::In | Operator::NotIn if values.is_empty() => "for 'in', 'notin' operators, values set can't be empty",
        Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
            "exact-match compatibility requires one single value"
        }
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            "values set must be empty for exists and does not exist"
        }
        Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
            "for 'Gt', 'Lt' operators, exactly one value is required"
        }
        _ => "",
    };
    if !detail.is_empty() {
        errors.push(FieldError::invalid("values", list(), detail));
    }
    for (index, value) in values.iter().enumerate() {
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) && value.parse::<i64>().is_err() {
            let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
            errors.push(FieldError::invalid(format!("values[{index}]"), *value, detail));
        }
    }
    for (index, value) in values.iter().enumerate() {
        let problems = is_valid_label_value(value);
        if !problems.is_empty() {
            errors.push(FieldError::invalid(format!("values[{index}][{key}]"), *value, problems.join("; ")));
        }
    }
    errors
}
