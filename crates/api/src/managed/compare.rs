//! What a write changed, as sets of fields.

use ordered::OrderedMap;

use super::field_set::{FieldSet, Node};
use crate::schema::{Field, ListType, MapType, Shape, Type};
use crate::text::json::write_compact;
use crate::value::{Map, Str, Value};

/// The fields that a write added, changed and removed. No field is in more than one set, except elements of lists
/// whose keys repeat.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// Fields that only the new object has.
    pub added: FieldSet,
    /// Fields that both have, with different values.
    pub modified: FieldSet,
    /// Fields that only the old object has.
    pub removed: FieldSet,
}

impl Comparison {
    /// Without the fields that this kind of write ignores, and all below them.
    pub fn without(&self, ignored: &FieldSet) -> Comparison {
        Comparison {
            added: self.added.recursive_difference(ignored),
            modified: self.modified.recursive_difference(ignored),
            removed: self.removed.recursive_difference(ignored),
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// What the writer owns afterwards: what it added and changed.
    pub(super) fn touched(&self) -> FieldSet {
        self.added.union(&self.modified)
    }
}

/// Compares two objects in normal form ([`crate::strict`]). For a create, `old` is [`crate::strict::zero_object`].
pub fn changed_fields(type_: Type<'_>, old: &Value, new: &Value) -> Comparison {
    let change = compare(Place::Struct(type_), Some(old), Some(new));
    Comparison { added: change.added.below, modified: change.modified.below, removed: change.removed.below }
}

/// All fields that an object sets, as server-side apply counts them.
pub fn fields_of(type_: Type<'_>, object: &Value) -> FieldSet {
    set_of(Place::Struct(type_), object)
}

/// How server-side apply sees a place of an object.
#[derive(Clone, Copy)]
pub(super) enum Place<'t> {
    /// A scalar, or something that changes as a whole.
    Leaf,
    /// Fields of different types.
    Struct(Type<'t>),
    /// Keys of one type.
    Map(Type<'t>, &'t Shape<'t>),
    /// Elements found by keys.
    Keyed(Type<'t>, &'t Shape<'t>, &'t [&'t str]),
    /// Elements found by value.
    Set,
}

impl<'t> Place<'t> {
    fn of_field(type_: Type<'t>, field: &'t Field<'t>) -> Place<'t> {
        match (&field.shape, &field.list) {
            (Shape::Object(_) | Shape::Map(_), _) if field.map == Some(MapType::Atomic) => Place::Leaf,
            (Shape::Object(index), _) if field.map == Some(MapType::Granular) => {
                Place::Struct(type_.table().type_at(*index))
            }
            (Shape::List(_), ListType::Atomic) => Place::Leaf,
            (Shape::List(_), ListType::Set) => Place::Set,
            (Shape::List(element), ListType::Map(keys)) => Place::Keyed(type_, element, keys),
            (shape, _) => Place::of_shape(type_, shape),
        }
    }

    pub(super) fn of_shape(type_: Type<'t>, shape: &'t Shape<'t>) -> Place<'t> {
        match shape {
            Shape::Object(index) => {
                let inner = type_.table().type_at(*index);
                if inner.is_atomic() { Place::Leaf } else { Place::Struct(inner) }
            }
            Shape::Map(element) => Place::Map(type_, element),
            Shape::List(_) | Shape::Scalar(..) => Place::Leaf,
        }
    }

    /// The place of a key. Unknown fields are leaves.
    pub(super) fn key(self, key: &str) -> Place<'t> {
        match self {
            Place::Struct(type_) => type_.field(key).map_or(Place::Leaf, |field| Place::of_field(type_, field)),
            Place::Map(type_, element) => Place::of_shape(type_, element),
            Place::Leaf | Place::Keyed(..) | Place::Set => Place::Leaf,
        }
    }

    /// The place of an element of a list.
    pub(super) fn element(self) -> Place<'t> {
        match self {
            Place::Keyed(type_, element, _) => Place::of_shape(type_, element),
            Place::Leaf | Place::Struct(_) | Place::Map(..) | Place::Set => Place::Leaf,
        }
    }

    /// What an element of this list is found by; `None` if it has none of its keys.
    pub(super) fn identity(self, element: &Value) -> Option<Str> {
        match self {
            Place::Set => Some(format!("v:{}", json(element)).into()),
            Place::Keyed(type_, shape, keys) => {
                let element_type = type_.type_of(shape);
                let default = |key: &str| element_type?.field(key)?.key_default.map(Value::from);
                let value = |key: &&str| match element.get(key) {
                    Value::Null => default(key).map(|value| (Str::from(*key), value)),
                    found => Some((Str::from(*key), found.clone())),
                };
                let found: Map = keys.iter().filter_map(value).collect();
                (!found.is_empty()).then(|| format!("k:{}", json(&Value::Map(found))).into())
            }
            Place::Leaf | Place::Struct(_) | Place::Map(..) => None,
        }
    }
}

fn json(value: &Value) -> String {
    write_compact(value)
}

/// One of the three sets, at one place.
#[derive(Default)]
struct Part {
    here: bool,
    below: FieldSet,
}

#[derive(Default)]
struct Change {
    added: Part,
    modified: Part,
    removed: Part,
}

fn compare(place: Place<'_>, old: Option<&Value>, new: Option<&Value>) -> Change {
    if old.is_some() && old == new {
        return Change::default();
    }
    let mut change = match place {
        Place::Struct(_) | Place::Map(..) => {
            let (left, right) = (entries(old), entries(new));
            if left.is_none_or(Map::is_empty) && right.is_none_or(Map::is_empty) {
                return leaf(old, new);
            }
            compare_maps(place, left, right)
        }
        Place::Keyed(..) | Place::Set => {
            let (left, right) = (elements(old), elements(new));
            if left.is_empty() && right.is_empty() {
                return leaf(old, new);
            }
            compare_lists(place, left, right)
        }
        Place::Leaf => return leaf(old, new),
    };
    change.added.here |= old.is_none();
    change.removed.here |= new.is_none();
    change
}

fn leaf(old: Option<&Value>, new: Option<&Value>) -> Change {
    let mut change = Change::default();
    match (old, new) {
        (None, _) => change.added.here = true,
        (Some(_), None) => change.removed.here = true,
        (Some(old), Some(new)) => change.modified.here = old != new,
    }
    change
}

fn entries(value: Option<&Value>) -> Option<&Map> {
    value.and_then(Value::as_map)
}

fn elements(value: Option<&Value>) -> &[Value] {
    value.map(Value::as_list).unwrap_or_default()
}

/// Collects what the children of a place changed.
#[derive(Default)]
struct Collector {
    added: Vec<Node>,
    modified: Vec<Node>,
    removed: Vec<Node>,
}

impl Collector {
    fn push(&mut self, element: &Str, change: Change) {
        for (nodes, part) in [
            (&mut self.added, change.added),
            (&mut self.modified, change.modified),
            (&mut self.removed, change.removed),
        ] {
            if part.here || !part.below.is_empty() {
                nodes.push(Node { element: element.clone(), member: part.here, children: part.below });
            }
        }
    }

    fn finish(self) -> Change {
        let part = |nodes| Part { here: false, below: FieldSet::from_nodes(nodes) };
        Change { added: part(self.added), modified: part(self.modified), removed: part(self.removed) }
    }
}

fn compare_maps(place: Place<'_>, old: Option<&Map>, new: Option<&Map>) -> Change {
    let mut collector = Collector::default();
    let mut left = old.into_iter().flatten().peekable();
    let mut right = new.into_iter().flatten().peekable();
    loop {
        let key = match (left.peek(), right.peek()) {
            (None, None) => return collector.finish(),
            (Some((key, _)), None) | (None, Some((key, _))) => (*key).clone(),
            (Some((left, _)), Some((right, _))) => (*left).min(*right).clone(),
        };
        let before = left.next_if(|(other, _)| **other == key).map(|(_, value)| value);
        let after = right.next_if(|(other, _)| **other == key).map(|(_, value)| value);
        if before.is_some() && before == after {
            continue;
        }
        collector.push(&Str::from(format!("f:{key}")), compare(place.key(&key), before, after));
    }
}

fn compare_lists(place: Place<'_>, old: &[Value], new: &[Value]) -> Change {
    let mut by_identity: OrderedMap<Str, (Vec<&Value>, Vec<&Value>)> = OrderedMap::new();
    for element in old {
        if let Some(identity) = place.identity(element) {
            by_identity.entry(identity).or_default().0.push(element);
        }
    }
    for element in new {
        if let Some(identity) = place.identity(element) {
            by_identity.entry(identity).or_default().1.push(element);
        }
    }
    let mut collector = Collector::default();
    for (identity, (old, new)) in by_identity {
        collector.push(&identity, compare_elements(place.element(), &old, &new));
    }
    collector.finish()
}

/// Elements whose keys repeat count as one value.
fn compare_elements(place: Place<'_>, old: &[&Value], new: &[&Value]) -> Change {
    match (old, new) {
        ([] | [_], [] | [_]) => compare(place, old.first().copied(), new.first().copied()),
        ([_, _, ..], [_, _, ..]) => {
            let mut change = Change::default();
            change.modified.here = old != new;
            change
        }
        ([_, _, ..], [] | [_]) => {
            let mut change = new.first().map(|new| compare(place, None, Some(new))).unwrap_or_default();
            change.removed.here = true;
            change
        }
        ([] | [_], [_, _, ..]) => {
            let mut change = old.first().map(|old| compare(place, Some(old), None)).unwrap_or_default();
            change.added.here = true;
            change
        }
    }
}

fn set_of(place: Place<'_>, value: &Value) -> FieldSet {
    match (place, value) {
        (Place::Struct(_) | Place::Map(..), Value::Map(map)) => {
            let named = |key: &str| matches!(place, Place::Struct(type_) if type_.field(key).is_some());
            let node = |(key, value): (&Str, &Value)| {
                let inner = place.key(key);
                let empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
                Node {
                    element: format!("f:{key}").into(),
                    member: empty || !named(key) || is_leaf(inner),
                    children: set_of(inner, value),
                }
            };
            FieldSet::from_nodes(map.iter().map(node).collect())
        }
        (Place::Keyed(..) | Place::Set, Value::List(list)) => {
            let mut nodes: OrderedMap<Str, FieldSet> = OrderedMap::new();
            for element in list {
                if let Some(identity) = place.identity(element) {
                    let repeated = nodes.contains_key(&identity);
                    let below = if repeated { FieldSet::EMPTY } else { set_of(place.element(), element) };
                    nodes.insert(identity, below);
                }
            }
            let node = |(element, children)| Node { element, member: true, children };
            FieldSet::from_nodes(nodes.into_iter().map(node).collect())
        }
        _ => FieldSet::EMPTY,
    }
}

fn is_leaf(place: Place<'_>) -> bool {
    matches!(place, Place::Leaf)
}

/// Every field that has a name in the schema and something of the set below it, and the set itself.
pub(super) fn with_named_fields(type_: Type<'_>, set: &FieldSet) -> FieldSet {
    named(Place::Struct(type_), set)
}

fn named(place: Place<'_>, set: &FieldSet) -> FieldSet {
    let node = |node: &Node| {
        let key = node.element.strip_prefix("f:");
        let known = matches!((place, key), (Place::Struct(type_), Some(key)) if type_.field(key).is_some());
        let inner = key.map_or_else(|| place.element(), |key| place.key(key));
        Node {
            element: node.element.clone(),
            member: node.member || (known && !node.children.is_empty()),
            children: named(inner, &node.children),
        }
    };
    FieldSet::from_nodes(set.nodes().iter().map(node).collect())
}
