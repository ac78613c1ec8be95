//! `--sort-by`: the order of objects by a path into them.
//!
//! Numbers compare as numbers, texts as quantities if both are, otherwise naturally (`web-2` before `web-10`); objects
//! without the field come first. Objects that compare equal keep their order.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/get/sorter.go. Different: lists compare element by element.

use std::cmp::Ordering;

use api::Value;
use api::quantity::Quantity;

use super::go::{quote, type_name};
use super::jsonpath::{MissingKeys, Template, relaxed};

/// The places of the objects in sorted order. The error is upstream's sentence.
pub fn order_by(path: &str, objects: &[&Value]) -> Result<Vec<usize>, String> {
    api::reached!("kubectl::printers::sort_by::order_by");
    let field = relaxed(path)?;
    let template = Template::parse(&field)?;
    let first = |object: &&Value| -> Result<Option<Value>, String> {
        Ok(template.find(object, MissingKeys::Allowed)?.into_iter().next().and_then(|found| found.into_iter().next()))
    };
    let keys = objects.iter().map(first).collect::<Result<Vec<_>, _>>()?;
    if !keys.is_empty() && keys.iter().all(Option::is_none) {
        return Err(format!("couldn't find any field with path {} in the list of objects", quote(&field)));
    }
    let mut problem = None;
    let order = merge_sort(keys.len(), |left, right| match compare(keys[left].as_ref(), keys[right].as_ref()) {
        Ok(ordering) => ordering,
        Err(error) => {
            problem.get_or_insert(error);
            Ordering::Equal
        }
    });
    match problem {
        Some(error) => Err(format!("Field {field} is an unsortable type: {error}")),
        None => Ok(order),
    }
}

/// Sorts stably under comparisons that need not be consistent, which those of mixed quantities and names are not.
fn merge_sort(length: usize, mut compare: impl FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    let mut run = 1;
    while run < length {
        let mut next = Vec::with_capacity(length);
        for pair in order.chunks(2 * run) {
            let (left, right) = pair.split_at(run.min(pair.len()));
            let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
            while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
                let takes_right = compare(a, b) == Ordering::Greater;
                next.extend(if takes_right { right.next() } else { left.next() });
            }
            next.extend(left.chain(right));
        }
        order = next;
        run *= 2;
    }
    order
}

fn compare(left: Option<&Value>, right: Option<&Value>) -> Result<Ordering, String> {
    match (left, right) {
        (None, None) => Ok(Ordering::Equal),
        (None, Some(_)) => Ok(Ordering::Less),
        (Some(_), None) => Ok(Ordering::Greater),
        (Some(left), Some(right)) => compare_values(left, right),
    }
}

fn compare_values(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (left, right) {
        (Value::Null, Value::Null) => Ok(Ordering::Equal),
        (Value::Null, _) => Ok(Ordering::Less),
        (_, Value::Null) => Ok(Ordering::Greater),
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => Ok(left.total_cmp(right)),
        (Value::Str(left), Value::Str(right)) => Ok(compare_texts(left, right)),
        (Value::List(left), Value::List(right)) => {
            for (left, right) in left.iter().zip(right) {
                match compare_values(left, right)? {
                    Ordering::Equal => {}
                    different => return Ok(different),
                }
            }
            Ok(Ordering::Equal)
        }
        (Value::Bool(_) | Value::Map(_), _) => Err(format!("unsortable type: {}", type_name(left))),
        _ => Err("unsortable interface: interface".to_string()),
    }
}

fn compare_texts(left: &str, right: &str) -> Ordering {
    match (Quantity::parse(left), Quantity::parse(right)) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => natural(left, right),
    }
}

/// Compares texts by their characters, numbers in them by value; digits come before everything else.
pub fn natural(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    loop {
        let (Some(x), Some(y)) = (a.first(), b.first()) else { return left.len().cmp(&right.len()) };
        match (x.is_ascii_digit(), y.is_ascii_digit()) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) if x != y => return x.cmp(y),
            (false, false) => (a, b) = (&a[1..], &b[1..]),
            (true, true) => {
                let (zeros_a, number_a, rest_a) = split_number(a);
                let (zeros_b, number_b, rest_b) = split_number(b);
                let by_value = number_a.len().cmp(&number_b.len()).then(number_a.cmp(number_b));
                match by_value.then(zeros_a.cmp(&zeros_b)) {
                    Ordering::Equal => (a, b) = (rest_a, rest_b),
                    different => return different,
                }
            }
        }
    }
}

/// Leading zeros, the digits after them, and the rest.
fn split_number(text: &[u8]) -> (usize, &[u8], &[u8]) {
    let zeros = text.iter().take_while(|byte| **byte == b'0').count();
    let digits = text[zeros..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text[zeros..].split_at(digits);
    (zeros, number, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_do() {
        for (smaller, larger) in
            [("web-2", "web-10"), ("a", "b"), ("a1", "a01"), ("1a", "a1"), ("a", "a1"), ("9", "10")]
        {
            assert_eq!(natural(smaller, larger), Ordering::Less, "{smaller} {larger}");
            assert_eq!(natural(larger, smaller), Ordering::Greater, "{larger} {smaller}");
        }
    }

    #[test]
    fn sorting_is_stable() {
        let keys = [3, 1, 2, 1, 3, 2, 1];
        assert_eq!(merge_sort(keys.len(), |a, b| keys[a].cmp(&keys[b])), [1, 3, 6, 2, 5, 0, 4]);
    }
}
