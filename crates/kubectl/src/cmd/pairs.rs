//! `key=value` and `key-` behind resources, as label, annotate, set image and taint take them.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/util/helpers.go (GetResourcesAndPairs, ParsePairs).

use ordered::OrderedMap;

use api::{Str, Value};

use crate::failure::Failure;

/// The arguments of such a verb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// The resources before the pairs.
    pub resources: Vec<Str>,
    /// The pairs as they were written.
    pub words: Vec<Str>,
}

/// Takes resources and pairs apart; `what` is named in complaints.
pub fn split(args: &[Str], what: &str) -> Result<Pairs, Failure> {
    let mut pairs = Pairs::default();
    for arg in args {
        let is_pair = (arg.contains('=') && !arg.starts_with('=')) || (arg.ends_with('-') && arg != "-");
        match (is_pair, pairs.words.is_empty()) {
            (true, _) => pairs.words.push(arg.clone()),
            (false, true) => pairs.resources.push(arg.clone()),
            (false, false) => {
                let refusal = format!("all resources must be specified before {what} changes: {arg}");
                return Err(Failure::Plain(refusal));
            }
        }
    }
    Ok(pairs)
}

/// `key=value,…` as `--labels` takes it, as a map.
///
/// Models: kubernetes v1.36 kubectl/pkg/generate/generate.go (ParseLabels).
pub fn labels(text: &str) -> Result<Value, Failure> {
    let mut map = Value::map();
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=').filter(|(_, value)| !value.contains('=')) else {
            return Err(Failure::Plain(format!("unexpected label spec: {pair}")));
        };
        if key.is_empty() {
            return Err(Failure::plain("unexpected empty label key"));
        }
        map.set(&[key], value);
    }
    Ok(map)
}

/// Whether `key-` may stand among the pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Yes.
    Allowed,
    /// No.
    Refused,
}

/// Values to set and keys to remove.
pub fn parse(words: &[Str], what: &str, removal: Removal) -> Result<(OrderedMap<Str, Str>, Vec<Str>), Failure> {
    let (mut set, mut remove, mut invalid) = (OrderedMap::new(), Vec::new(), Vec::new());
    for word in words {
        match (word.split_once('='), word.strip_suffix('-')) {
            (Some((key, value)), _) if !key.is_empty() => drop(set.insert(key.into(), value.into())),
            (None, Some(key)) if removal == Removal::Allowed && !key.is_empty() => remove.push(key.into()),
            _ => invalid.push(format!("\"{word}\"")),
        }
    }
    match invalid.as_slice() {
        [] => Ok((set, remove)),
        invalid => Err(Failure::Plain(format!("invalid {what} format: {}", invalid.join(", ")))),
    }
}

/// What is wrong with the name of an environment variable.
pub fn env_var_name_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let starts_well = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if !starts_well || !name.chars().all(is_allowed) {
        problems.push(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must \
             not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is \
             '[-._a-zA-Z][-._a-zA-Z0-9]*')"
                .to_string(),
        );
    }
    match name {
        "." | ".." => problems.push(format!("must not be '{name}'")),
        name if name.starts_with("..") => problems.push("must not start with '..'".to_string()),
        _ => {}
    }
    problems
}
