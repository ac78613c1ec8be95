//! Label selectors: `app=nginx,tier in (a,b),!canary`.
//!
//! A selector is a list of requirements, all of which labels have to meet; without any it matches everything. It comes
//! from text ([`Selector::parse`]) or from an object's `selector` field ([`Selector::from_label_selector`]).
//!
//! Models: kubernetes v1.36 apimachinery/pkg/labels and metav1.LabelSelectorAsSelector.

pub(crate) mod lexer;
mod parser;
mod validation;

use ordered::Arrange;
use std::fmt;

use crate::meta::{LabelSelector, LabelSelectorRequirement};
use crate::{FieldError, Str, StringMap};
pub use validation::{is_dns_1123_subdomain, is_qualified_name, is_valid_label_value};

/// How a requirement compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `key in (a,b)`
    In,
    /// `key notin (a,b)`: also where the label is missing.
    NotIn,
    /// `key=a`
    Equals,
    /// `key==a`
    DoubleEquals,
    /// `key!=a`: also where the label is missing.
    NotEquals,
    /// `key`
    Exists,
    /// `!key`
    DoesNotExist,
    /// `key>1`
    GreaterThan,
    /// `key<1`
    LessThan,
}

/// One condition on one label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// The label's name.
    pub key: Str,
    /// How its value is compared.
    pub operator: Operator,
    /// With what; sorted, without doubles.
    pub values: Vec<Str>,
}

/// Conditions on labels, sorted by key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    /// All of them have to be met.
    pub requirements: Vec<Requirement>,
}

impl Requirement {
    /// A requirement whose key and values are what labels can be; otherwise everything that is wrong.
    pub fn new(key: &str, operator: Operator, values: &[&str]) -> Result<Requirement, Vec<FieldError>> {
        crate::reached!("api::selector::Requirement::new");
        let errors = validation::check(key, operator, values);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut values: Vec<Str> = values.iter().map(|value| Str::from(*value)).collect();
        values.arrange();
        values.dedup();
        Ok(Requirement { key: key.into(), operator, values })
    }

    /// Whether labels, looked up by `get`, meet it.
    pub fn matches<'l>(&self, get: impl Fn(&str) -> Option<&'l str>) -> bool {
        crate::reached!("api::selector::Requirement::matches");
        let value = get(&self.key);
        let is_one_of = |value: &str| self.values.iter().any(|wanted| wanted == value);
        let compares = |is: fn(i64, i64) -> bool| {
            let wanted = self.values.first().and_then(|wanted| wanted.parse().ok());
            let has = value.and_then(|value| value.parse().ok());
            has.zip(wanted).is_some_and(|(has, wanted)| is(has, wanted))
        };
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => value.is_some_and(is_one_of),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(is_one_of),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compares(|has, wanted| has > wanted),
            Operator::LessThan => compares(|has, wanted| has < wanted),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.join(",");
        match self.operator {
            Operator::In => write!(f, "{} in ({values})", self.key),
            Operator::NotIn => write!(f, "{} notin ({values})", self.key),
            Operator::Equals => write!(f, "{}={values}", self.key),
            Operator::DoubleEquals => write!(f, "{}=={values}", self.key),
            Operator::NotEquals => write!(f, "{}!={values}", self.key),
            Operator::Exists => write!(f, "{}", self.key),
            Operator::DoesNotExist => write!(f, "!{}", self.key),
            Operator::GreaterThan => write!(f, "{}>{values}", self.key),
            Operator::LessThan => write!(f, "{}<{values}", self.key),
        }
    }
}

impl Selector {
    /// Matches everything.
    pub fn everything() -> Selector {
        Selector::default()
    }

    /// Reads a selector as `kubectl -l` takes it. The error is upstream's sentence.
    pub fn parse(text: &str) -> Result<Selector, String> {
        crate::reached!("api::selector::Selector::parse");
        let mut requirements = parser::parse(text)?;
        requirements.arrange_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements })
    }

    /// What a selector field means. The error is the first requirement that makes no sense.
    pub fn from_label_selector(selector: &LabelSelector) -> Result<Selector, String> {
        crate::reached!("api::selector::Selector::from_label_selector");
        let mut requirements = Vec::new();
        let first = |errors: Vec<FieldError>| errors.first().map(FieldError::to_string).unwrap_or_default();
        for (key, value) in selector.match_labels.iter() {
            requirements.push(Requirement::new(key, Operator::Equals, &[value]).map_err(first)?);
        }
        for expression in &selector.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{other:?} is not a valid label selector operator")),
            };
            let values: Vec<&str> = expression.values.iter().map(Str::as_str).collect();
            requirements.push(Requirement::new(&expression.key, operator, &values).map_err(first)?);
        }
        requirements.arrange_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements })
    }

    /// The same as a selector field. The error says which operator such a field cannot have.
    pub fn to_label_selector(&self) -> Result<LabelSelector, String> {
        let mut selector = LabelSelector::default();
        for Requirement { key, operator, values } in &self.requirements {
            let operator = match operator {
                Operator::Equals | Operator::DoubleEquals => {
                    selector.match_labels.insert(key.clone(), values.first().cloned().unwrap_or_default());
                    continue;
                }
                Operator::In => "In",
                Operator::NotIn => "NotIn",
                Operator::Exists => "Exists",
                Operator::DoesNotExist => "DoesNotExist",
                Operator::NotEquals => return Err("\"!=\" is not a valid label selector operator".into()),
                Operator::GreaterThan => return Err("\"gt\" isn't supported in label selectors".into()),
                Operator::LessThan => return Err("\"lt\" isn't supported in label selectors".into()),
            };
            let (key, operator, values) = (key.clone(), operator.into(), values.iter().cloned().collect());
            selector.match_expressions.push(LabelSelectorRequirement { key, operator, values, ..Default::default() });
        }
        Ok(selector)
    }

    /// Whether it matches everything.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether labels meet all requirements.
    pub fn matches(&self, labels: &StringMap) -> bool {
        self.matches_by(|key| labels.get(key))
    }

    /// Whether labels, looked up by `get`, meet all requirements.
    pub fn matches_by<'l>(&self, get: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(&get))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::reached!("api::selector::Selector::fmt");
        for (index, requirement) in self.requirements.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}
