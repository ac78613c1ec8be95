//! From nodes and a value to results.

use std::borrow::Cow;

use api::{Value, text::json};

use super::compare::compare;
use super::{Node, Parameter};
use crate::printers::go::{format_v, type_name};

/// How many results all steps of one execution may have together.
pub const RESULTS_MAX: usize = 1_000_000;

/// How deep ranges may stand within ranges.
const RANGES_MAX: usize = 64;

/// What a field is that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKeys {
    /// Nothing, as for `kubectl -o jsonpath`.
    Allowed,
    /// An error.
    Refused,
}

type Item<'v> = Cow<'v, Value>;

/// A result as it is printed: collections in JSON, everything else plain.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::List(_) | Value::Map(_) => json::write_compact(value),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => format_v(value),
    }
}

pub(super) fn find(nodes: &[Node], value: &Value, missing: MissingKeys) -> Result<Vec<Vec<Value>>, String> {
    let mut execution =
        Execution { nodes, missing, begun: 0, open: 0, ended: 0, last_end: 0, results_left: RESULTS_MAX };
    let results = execution.block(0, Some(Cow::Borrowed(value)))?;
    let owned = |items: Vec<Item<'_>>| items.into_iter().map(Cow::into_owned).collect();
    Ok(results.into_iter().map(owned).collect())
}

struct Execution<'n> {
    nodes: &'n [Node],
    missing: MissingKeys,
    /// Ranges that have been named but not entered.
    begun: usize,
    /// Ranges that have been entered.
    open: usize,
    /// Ends that have been named but not taken.
    ended: usize,
    /// Where the last end stood.
    last_end: usize,
    results_left: usize,
}

impl<'n> Execution<'n> {
    /// Runs the nodes from `start` to the end of the range that is open, or to the last.
    fn block<'v>(&mut self, start: usize, value: Option<Item<'v>>) -> Result<Vec<Vec<Item<'v>>>, String> {
        let mut all = Vec::new();
        let mut at = start;
        while at < self.nodes.len() {
            let input: Vec<Item<'v>> = value.iter().cloned().collect();
            let results = self.step(input, &self.nodes[at])?;
            if self.ended > 0 && self.ended <= self.open {
                self.ended -= 1;
                self.last_end = at;
                break;
            }
            if self.begun == 0 {
                all.push(results);
                at += 1;
                continue;
            }
            self.begun -= 1;
            self.open += 1;
            if self.open > RANGES_MAX {
                return Err(format!("ranges are nested more than {RANGES_MAX} deep"));
            }
            if results.is_empty() {
                // Without results the body still has to be walked, to find its end.
                self.block(at + 1, None)?;
            }
            for result in results {
                all.extend(self.block(at + 1, Some(result))?);
            }
            self.open -= 1;
            at = if self.last_end > at { self.last_end + 1 } else { at + 1 };
        }
        Ok(all)
    }

    fn step<'v>(&mut self, input: Vec<Item<'v>>, node: &Node) -> Result<Vec<Item<'v>>, String> {
        let constant = |value: Value| -> Vec<Item<'v>> { input.iter().map(|_| Cow::Owned(value.clone())).collect() };
        let results = match node {
            Node::List(nodes) => self.steps(input, nodes)?,
            Node::Text(text) => vec![Cow::Owned(Value::Str(text.clone()))],
            Node::Int(number) => constant(Value::Int(*number)),
            Node::Float(number) => constant(Value::Float(*number)),
            Node::Bool(value) => constant(Value::Bool(*value)),
            Node::Field(name) => self.field(input, name)?,
            Node::Array(parameters) => array(input, parameters)?,
            Node::Filter { left, operator, right } => self.filter(input, left, operator, right)?,
            Node::Wildcard => input.into_iter().flat_map(children).collect(),
            Node::Recursive => self.recursive(input)?,
            Node::Union(parts) => {
                let mut results = Vec::new();
                for part in parts {
                    results.extend(self.steps(input.clone(), part)?);
                }
                results
            }
            Node::Identifier(name) => self.identifier(input, name)?,
        };
        let left = self.results_left.checked_sub(results.len());
        self.results_left = left.ok_or_else(|| format!("the template has more than {RESULTS_MAX} results"))?;
        Ok(results)
    }

    fn steps<'v>(&mut self, input: Vec<Item<'v>>, nodes: &[Node]) -> Result<Vec<Item<'v>>, String> {
        nodes.iter().try_fold(input, |input, node| self.step(input, node))
    }

    fn identifier<'v>(&mut self, input: Vec<Item<'v>>, name: &str) -> Result<Vec<Item<'v>>, String> {
        match name {
            "range" => {
                self.begun += 1;
                Ok(input)
            }
            "end" if self.open > 0 => {
                self.ended += 1;
                Ok(Vec::new())
            }
            "end" => Err("not in range, nothing to end".into()),
            _ => Err(format!("unrecognized identifier {name}")),
        }
    }

    fn field<'v>(&self, input: Vec<Item<'v>>, name: &str) -> Result<Vec<Item<'v>>, String> {
        if input.is_empty() {
            return Ok(input);
        }
        let found: Vec<Item<'v>> = input.into_iter().filter_map(|item| field_of(item, name)).collect();
        if found.is_empty() && self.missing == MissingKeys::Refused {
            return Err(format!("{name} is not found"));
        }
        Ok(found)
    }

    fn recursive<'v>(&mut self, input: Vec<Item<'v>>) -> Result<Vec<Item<'v>>, String> {
        let mut results = Vec::new();
        // Depth first, in order: a stack of what is still to be visited, the next one last.
        let mut open: Vec<Item<'v>> = input.into_iter().rev().collect();
        while let Some(item) = open.pop() {
            let below = children(item.clone());
            if below.is_empty() {
                continue;
            }
            // The characters of a text have nothing below them.
            if !matches!(*item, Value::Str(_)) {
                open.extend(below.into_iter().rev());
            }
            results.push(item);
            if results.len() > self.results_left {
                return Err(format!("the template has more than {RESULTS_MAX} results"));
            }
        }
        Ok(results)
    }

    fn filter<'v>(
        &mut self,
        input: Vec<Item<'v>>,
        left: &[Node],
        operator: &str,
        right: &[Node],
    ) -> Result<Vec<Item<'v>>, String> {
        let mut results = Vec::new();
        for item in input {
            if !matches!(*item, Value::List(_)) {
                return Err(format!("{} is not array or slice and cannot be filtered", format_v(&item)));
            }
            for element in children(item) {
                if self.passes(&element, left, operator, right)? {
                    results.push(element);
                }
            }
        }
        Ok(results)
    }

    fn passes(&mut self, element: &Value, left: &[Node], operator: &str, right: &[Node]) -> Result<bool, String> {
        let lefts = self.steps(vec![Cow::Borrowed(element)], left);
        if operator == "exists" {
            return Ok(lefts.is_ok_and(|lefts| !lefts.is_empty()));
        }
        let one = |items: Vec<Item<'_>>| match items.len() {
            0 => Ok(None),
            1 => Ok(items.into_iter().next().map(Cow::into_owned)),
            _ => Err("can only compare one element at a time".to_string()),
        };
        let Some(left) = one(lefts?)? else { return Ok(false) };
        let Some(right) = one(self.steps(vec![Cow::Borrowed(element)], right)?)? else { return Ok(false) };
        compare(&left, operator, &right)
    }
}

fn field_of<'v>(item: Item<'v>, name: &str) -> Option<Item<'v>> {
    match item {
        Cow::Borrowed(value) => value.as_map()?.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Map(mut map)) => map.remove(name).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}

/// What is directly below a value; below a text, its bytes.
fn children(item: Item<'_>) -> Vec<Item<'_>> {
    let bytes = |text: &str| text.bytes().map(|byte| Cow::Owned(Value::Int(i64::from(byte)))).collect();
    match item {
        Cow::Borrowed(Value::List(list)) => list.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Map(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Str(text)) => bytes(text),
        Cow::Owned(Value::List(list)) => list.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Map(map)) => map.into_values().map(Cow::Owned).collect(),
        Cow::Owned(Value::Str(text)) => bytes(&text),
        Cow::Borrowed(_) | Cow::Owned(_) => Vec::new(),
    }
}

fn array<'v>(input: Vec<Item<'v>>, parameters: &[Parameter; 3]) -> Result<Vec<Item<'v>>, String> {
    let mut results = Vec::new();
    for item in input {
        let length = match &*item {
            Value::Null => continue,
            Value::List(list) => list.len() as i64,
            other => return Err(format!("{} is not array or slice", type_name(other))),
        };
        let [first, last, step] = parameters;
        let from_end = |value: i64| if value < 0 { value.saturating_add(length) } else { value };
        let start = if first.is_known { from_end(first.value) } else { 0 };
        let end = match last {
            Parameter { is_known: false, .. } => length,
            Parameter { value: 0, is_derived: true, .. } => length,
            Parameter { value, .. } => from_end(*value),
        };
        if start == end {
            return Ok(results);
        }
        let out_of_bounds = |index: i64| format!("array index out of bounds: index {index}, length {length}");
        if !(0..length).contains(&start) {
            return Err(out_of_bounds(start));
        }
        if !(0..=length).contains(&end) {
            return Err(out_of_bounds(end - 1));
        }
        if start > end {
            return Err(format!("starting index {start} is greater than ending index {end}"));
        }
        if step.is_known && step.value <= 0 {
            return Err("step must be > 0".into());
        }
        let step = if step.is_known { usize::try_from(step.value).unwrap_or(usize::MAX) } else { 1 };
        let elements = children(item).into_iter().skip(start as usize).take((end - start) as usize);
        results.extend(elements.step_by(step));
    }
    Ok(results)
}
