//! Lists that merge: order, membership, and what an element is found by.

use super::{MARKER, PatchError, expect_map, go_text, same_kind};
use crate::value::{Map, Value};
use ordered::Arrange;

/// What the elements of a merging list are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Elements {
    Maps,
    Scalars,
}

/// What the elements of all these lists are; they must agree.
pub(super) fn elements_of(lists: &[&[Value]]) -> Result<Elements, PatchError> {
    let mut all = lists.iter().flat_map(|list| list.iter());
    let first = all.next().ok_or(PatchError::NoElements)?;
    if matches!(first, Value::List(_)) {
        return Err(PatchError::ListOfLists);
    }
    if !all.all(|element| same_kind(first, element)) {
        let texts: Vec<String> = lists.iter().map(|list| go_text(&Value::List(list.to_vec()))).collect();
        return Err(PatchError::MixedList { lists: format!("[{}]", texts.join(" ")) });
    }
    Ok(if matches!(first, Value::Map(_)) { Elements::Maps } else { Elements::Scalars })
}

/// The value an element is found by: itself, or that of its merge key (`null` if it has none).
fn identity<'v>(element: &'v Value, key: &str, elements: Elements) -> &'v Value {
    match elements {
        Elements::Maps => element.get(key),
        Elements::Scalars => element,
    }
}

fn position(list: &[Value], element: &Value, key: &str, elements: Elements) -> Option<usize> {
    let wanted = identity(element, key, elements);
    list.iter().position(|candidate| identity(candidate, key, elements) == wanted)
}

/// The merge key's value of an element that must have one.
pub(super) fn key_of<'v>(element: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    expect_map(element)?.get(key).ok_or_else(|| no_merge_key(element, key))
}

pub(super) fn no_merge_key(element: &Value, key: &str) -> PatchError {
    PatchError::NoMergeKey { map: go_text(element), key: key.to_owned() }
}

/// The place of the element with this merge key.
pub(super) fn find(list: &[Value], key: &str, wanted: &Value) -> Result<Option<usize>, PatchError> {
    for (index, element) in list.iter().enumerate() {
        let map = element.as_map().ok_or(PatchError::ElementNotMap { index })?;
        if map.get(key) == Some(wanted) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

pub(super) fn is_delete(element: &Value) -> bool {
    element.get(MARKER).text() == "delete"
}

/// Puts the elements into the order of `order`; those that only delete come last, and those `order` does not know come
/// before the one they were found after.
pub(super) fn in_order(
    list: Vec<Value>,
    order: &[Value],
    key: &str,
    elements: Elements,
) -> Result<Vec<Value>, PatchError> {
    let mut deletes = Vec::new();
    let mut rest = list;
    if elements == Elements::Maps {
        rest.iter().chain(order).try_for_each(|element| key_of(element, key).map(|_| ()))?;
        (deletes, rest) = rest.into_iter().partition(is_delete);
    }
    let mut ranked: Vec<(Option<usize>, Value)> =
        rest.into_iter().map(|element| (position(order, &element, key, elements), element)).collect();
    for end in 1..ranked.len() {
        let mut here = end;
        while here > 0 && comes_first(ranked[here].0, ranked[here - 1].0) {
            ranked.swap(here, here - 1);
            here -= 1;
        }
    }
    let mut sorted: Vec<Value> = ranked.into_iter().map(|(_, element)| element).collect();
    sorted.append(&mut deletes);
    Ok(sorted)
}

fn comes_first(left: Option<usize>, right: Option<usize>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left < right,
        (None, _) | (_, None) => true,
    }
}

/// The two lists in one: each keeps its order, and an element only the server has stands where it stood among those
/// that both know.
pub(super) fn interleave(
    server_only: Vec<Value>,
    patch: Vec<Value>,
    server_order: &[Value],
    key: &str,
    elements: Elements,
) -> Vec<Value> {
    let rank = |element: &Value| position(server_order, element, key, elements);
    let mut left = server_only.into_iter().map(|element| (rank(&element), element)).peekable();
    let mut right = patch.into_iter().map(|element| (rank(&element), element)).peekable();
    let mut all = Vec::new();
    loop {
        let take_left = match (left.peek(), right.peek()) {
            (None, None) => return all,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((Some(left), _)), Some((Some(right), _))) => left < right,
            (Some((None, _)), Some(_)) | (Some(_), Some((None, _))) => false,
        };
        all.extend(if take_left { left.next() } else { right.next() }.map(|(_, element)| element));
    }
}

/// Splits a merged list into what `by` names and the rest.
pub(super) fn partition(list: Vec<Value>, by: &[Value], key: &str) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut named, mut rest) = (Vec::new(), Vec::new());
    for element in list {
        let found =
            if key.is_empty() { by.contains(&element) } else { find(by, key, key_of(&element, key)?)?.is_some() };
        if found { named.push(element) } else { rest.push(element) }
    }
    Ok((named, rest))
}

/// Removes repeated scalars; the last element takes the place of one that goes.
pub(super) fn deduplicated(mut list: Vec<Value>) -> Vec<Value> {
    let mut first = 0;
    while first + 1 < list.len() {
        let mut second = first + 1;
        while second < list.len() {
            if list[first] == list[second] {
                list.swap_remove(second);
            } else {
                second += 1;
            }
        }
        first += 1;
    }
    list
}

/// Sorted by what Go prints for each element.
pub(super) fn sorted_scalars(list: &[Value]) -> Vec<Value> {
    let mut sorted = list.to_vec();
    sorted.arrange_by_key(go_text);
    sorted
}

/// Sorted by what Go prints for each element's merge key. Elements with one key come in reverse: upstream's order of
/// equals.
pub(super) fn sorted_by_key(list: &[Value], key: &str) -> Vec<Value> {
    let mut sorted: Vec<Value> = list.iter().rev().cloned().collect();
    sorted.arrange_by_key(|element| go_text(element.get(key)));
    sorted
}

/// An element that names only its merge key.
pub(super) fn only_key(key: &str, value: &Value) -> Map {
    Map::from([(key.into(), value.clone())])
}
