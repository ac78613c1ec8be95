//! Field selectors: `metadata.name=web-0,status.phase!=Running`.
//!
//! Which fields a kind can be selected by is not known here; the API server says that.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/fields.

use ordered::Arrange;
use std::fmt;

use crate::Str;

/// One condition on one field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldRequirement {
    /// Such as `spec.nodeName`.
    pub field: Str,
    /// Whether the field must have the value, or must not.
    pub comparison: Comparison,
    /// The value, without its escapes.
    pub value: Str,
}

/// How a field is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `field=value` or `field==value`
    Equals,
    /// `field!=value`
    NotEquals,
}

/// Conditions on fields, sorted by field; without any it matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldSelector {
    /// All of them have to be met.
    pub requirements: Vec<FieldRequirement>,
}

impl FieldSelector {
    /// Matches everything.
    pub fn everything() -> FieldSelector {
        FieldSelector::default()
    }

    /// Matches objects whose field has this value.
    pub fn equals(field: impl Into<Str>, value: impl Into<Str>) -> FieldSelector {
        let requirement = FieldRequirement { field: field.into(), comparison: Comparison::Equals, value: value.into() };
        FieldSelector { requirements: vec![requirement] }
    }

    /// Reads a selector as `kubectl --field-selector` takes it. The error is upstream's sentence.
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        crate::reached!("api::field_selector::FieldSelector::parse");
        let mut requirements = Vec::new();
        let mut terms = split_terms(text);
        terms.arrange();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let Some((field, comparison, value)) = split_term(term) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            requirements.push(FieldRequirement { field: field.into(), comparison, value: unescape(value)?.into() });
        }
        Ok(FieldSelector { requirements })
    }

    /// Whether it matches everything.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether fields, looked up by `get` (a missing one is ""), meet all requirements.
    pub fn matches_by<'l>(&self, get: impl Fn(&str) -> &'l str) -> bool {
        self.requirements.iter().all(|requirement| {
            let is_equal = get(&requirement.field) == requirement.value;
            is_equal == (requirement.comparison == Comparison::Equals)
        })
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let sign = match requirement.comparison {
                Comparison::Equals => "=",
                Comparison::NotEquals => "!=",
            };
            write!(f, "{comma}{}{sign}{}", requirement.field, escape(&requirement.value))?;
        }
        Ok(())
    }
}

/// Puts a backslash before what would end a value.
pub fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=")
}

/// The parts between commas that are not escaped.
pub(crate) fn split_terms(text: &str) -> Vec<&str> {
    crate::reached!("api::field_selector::split_terms");
    if text.is_empty() {
        return Vec::new();
    }
    let mut terms = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

/// Field, comparison and value around the first sign of comparison.
pub(crate) fn split_term(term: &str) -> Option<(&str, Comparison, &str)> {
    crate::reached!("api::field_selector::split_term");
    let signs = [("!=", Comparison::NotEquals), ("==", Comparison::Equals), ("=", Comparison::Equals)];
    term.char_indices().find_map(|(at, _)| {
        let (sign, comparison) = signs.iter().find(|(sign, _)| term[at..].starts_with(sign))?;
        Some((&term[..at], *comparison, &term[at + sign.len()..]))
    })
}

pub(crate) fn unescape(value: &str) -> Result<String, String> {
    crate::reached!("api::field_selector::unescape");
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => out.push(escaped),
                next => {
                    let sequence: String = std::iter::once('\\').chain(next).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {c:?}")),
            _ => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_split_at_commas_that_are_not_escaped() {
        assert_eq!(split_terms(r"a=avalue,b==bvalue,c!=cvalue"), ["a=avalue", "b==bvalue", "c!=cvalue"]);
        assert_eq!(split_terms(r",a=a"), ["", "a=a"]);
        assert_eq!(split_terms(r"k=\,,k2=v2"), [r"k=\,", "k2=v2"]);
        assert_eq!(split_terms(r"k=\\,k2=v2"), [r"k=\\", "k2=v2"]);
    }

    #[test]
    fn values_come_back_from_their_escapes() {
        for value in ["", "a", "=", ",", r"\", r"\=\,\"] {
            assert_eq!(unescape(&escape(value)).as_deref(), Ok(value));
        }
        for value in [r"\", r"\\\", r"\a"] {
            assert!(unescape(value).is_err(), "{value}");
        }
    }
}
