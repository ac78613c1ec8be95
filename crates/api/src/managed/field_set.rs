//! Sets of fields: what a manager owns, in the tree form of `fieldsV1`.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::patch::DEPTH_MAX;
use crate::text::json;
use crate::value::{Map, Str, Value};

/// A set of fields, immutable and shared: a clone costs nothing, and sets that are one pointer compare at once.
///
/// An element is kept as `fieldsV1` writes it: `f:name`, `k:{"name":"nginx"}`, `v:"x"`.
#[derive(Clone, Debug, Default)]
pub struct FieldSet(Option<Rc<[Node]>>);

/// An element of a set: it belongs to the set itself, or something below it does, or both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Node {
    pub(super) element: Str,
    pub(super) member: bool,
    pub(super) children: FieldSet,
}

impl Eq for FieldSet {}

impl PartialOrd for FieldSet {
    fn partial_cmp(&self, other: &FieldSet) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldSet {
    fn cmp(&self, other: &FieldSet) -> Ordering {
        if self.same(other) { Ordering::Equal } else { self.nodes().cmp(other.nodes()) }
    }
}

impl PartialEq for FieldSet {
    fn eq(&self, other: &FieldSet) -> bool {
        self.same(other) || self.nodes() == other.nodes()
    }
}

impl FieldSet {
    /// The set with nothing in it.
    pub const EMPTY: FieldSet = FieldSet(None);

    /// From nodes in the order of their elements; those that hold nothing are left out.
    pub(super) fn from_nodes(mut nodes: Vec<Node>) -> FieldSet {
        nodes.retain(|node| node.member || !node.children.is_empty());
        if nodes.is_empty() { FieldSet::EMPTY } else { FieldSet(Some(nodes.into())) }
    }

    pub(super) fn nodes(&self) -> &[Node] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The set of these paths of field names.
    pub fn of(paths: &[&[&str]]) -> FieldSet {
        paths.iter().fold(FieldSet::EMPTY, |set, path| set.union(&FieldSet::of_path(path)))
    }

    fn of_path(path: &[&str]) -> FieldSet {
        let last = path.len().saturating_sub(1);
        path.iter().enumerate().rev().fold(FieldSet::EMPTY, |children, (index, name)| {
            let element = Str::from(format!("f:{name}"));
            FieldSet::from_nodes(vec![Node { element, member: index == last, children }])
        })
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether both are one and the same in memory (or both empty).
    pub fn same(&self, other: &FieldSet) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(left), Some(right)) => Rc::ptr_eq(left, right),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// What is below an element.
    pub(super) fn below(&self, element: &str) -> FieldSet {
        self.find(element).map(|node| node.children.clone()).unwrap_or_default()
    }

    /// Whether an element belongs to the set itself.
    pub(super) fn has(&self, element: &str) -> bool {
        self.find(element).is_some_and(|node| node.member)
    }

    fn find(&self, element: &str) -> Option<&Node> {
        let nodes = self.nodes();
        nodes.binary_search_by(|node| node.element.as_str().cmp(element)).ok().map(|index| &nodes[index])
    }

    /// What either holds.
    pub fn union(&self, other: &FieldSet) -> FieldSet {
        if other.is_empty() || self.same(other) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        zip(self, other, |left, right| match (left, right) {
            (Some(node), None) | (None, Some(node)) => Some(node.clone()),
            (Some(left), Some(right)) => Some(Node {
                element: left.element.clone(),
                member: left.member || right.member,
                children: left.children.union(&right.children),
            }),
            (None, None) => None,
        })
    }

    /// What both hold.
    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        if self.same(other) {
            return self.clone();
        }
        zip(self, other, |left, right| {
            let (left, right) = (left?, right?);
            Some(Node {
                element: left.element.clone(),
                member: left.member && right.member,
                children: left.children.intersection(&right.children),
            })
        })
    }

    /// What this holds and `other` does not.
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, |left, right| {
            Some(Node {
                element: left.element.clone(),
                member: left.member && !right.member,
                children: left.children.difference(&right.children),
            })
        })
    }

    /// As [`FieldSet::difference`], and without all that is below the members of `other`.
    pub fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, |left, right| {
            (!right.member).then(|| Node {
                element: left.element.clone(),
                member: left.member,
                children: left.children.recursive_difference(&right.children),
            })
        })
    }

    /// Without the fields that name an object or that the server sets: nobody owns them.
    pub(super) fn without_identity(&self) -> FieldSet {
        const TOP: [&str; 3] = ["f:apiVersion", "f:kind", "f:metadata"];
        const METADATA: [&str; 9] = [
            "f:name",
            "f:namespace",
            "f:creationTimestamp",
            "f:selfLink",
            "f:uid",
            "f:clusterName",
            "f:generation",
            "f:managedFields",
            "f:resourceVersion",
        ];
        self.without_members(&TOP, |node| {
            if node.element == "f:metadata" {
                node.children.without_members(&METADATA, |node| node.children.clone())
            } else {
                node.children.clone()
            }
        })
    }

    fn without_members(&self, names: &[&str], children: impl Fn(&Node) -> FieldSet) -> FieldSet {
        let kept = |node: &Node| Node {
            element: node.element.clone(),
            member: node.member && !names.contains(&node.element.as_str()),
            children: children(node),
        };
        FieldSet::from_nodes(self.nodes().iter().map(kept).collect())
    }

    /// Keeps this very set where nothing goes.
    fn without(&self, other: &FieldSet, both: impl Fn(&Node, &Node) -> Option<Node>) -> FieldSet {
        if other.is_empty() || self.is_empty() {
            return self.clone();
        }
        let rest = zip(self, other, |left, right| match (left, right) {
            (Some(left), Some(right)) => both(left, right),
            (left, _) => left.cloned(),
        });
        if rest == *self { self.clone() } else { rest }
    }

    /// All paths, members before what is below them, as `kubectl` prints them: `.spec.containers[name="nginx"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        for node in self.nodes().iter().filter(|node| node.member) {
            paths.push(format!("{prefix}{}", element_text(&node.element)));
        }
        for node in self.nodes() {
            node.children.collect_paths(&format!("{prefix}{}", element_text(&node.element)), paths);
        }
    }

    /// Reads the value of `fieldsV1`; what is malformed or deeper than [`DEPTH_MAX`] is left out.
    pub fn from_value(value: &Value) -> FieldSet {
        read(value, 0)
    }

    /// The value of `fieldsV1`.
    pub fn to_value(&self) -> Value {
        let field = |node: &Node| {
            let mut below = node.children.to_value();
            if node.member && !node.children.is_empty() {
                below.set(&["."], Value::map());
            }
            (node.element.clone(), below)
        };
        Value::Map(self.nodes().iter().map(field).collect::<Map>())
    }
}

fn read(value: &Value, depth: u16) -> FieldSet {
    if depth > DEPTH_MAX {
        return FieldSet::EMPTY;
    }
    let fields = value.as_map().into_iter().flatten().filter(|(key, _)| *key != ".");
    let node = |(key, below): (&Str, &Value)| Node {
        element: key.clone(),
        member: below.as_map().is_some_and(|below| below.is_empty() || below.contains_key(".")),
        children: read(below, depth + 1),
    };
    FieldSet::from_nodes(fields.map(node).collect())
}

/// Walks both in order; `choose` makes the node that stands for what either has at an element.
fn zip(left: &FieldSet, right: &FieldSet, choose: impl Fn(Option<&Node>, Option<&Node>) -> Option<Node>) -> FieldSet {
    let (mut left, mut right) = (left.nodes().iter().peekable(), right.nodes().iter().peekable());
    let mut nodes = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return FieldSet::from_nodes(nodes),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.element.cmp(&right.element),
        };
        let chosen = match order {
            Ordering::Less => choose(left.next(), None),
            Ordering::Greater => choose(None, right.next()),
            Ordering::Equal => choose(left.next(), right.next()),
        };
        nodes.extend(chosen);
    }
}

fn element_text(element: &str) -> String {
    match element.split_at_checked(2) {
        Some(("f:", name)) => format!(".{name}"),
        Some(("k:", keys)) => {
            let keys: Value = json::read(keys).unwrap_or_default();
            let keys = keys
                .as_map()
                .into_iter()
                .flatten()
                .map(|(name, value)| format!("{name}={}", json::write_compact(value)));
            format!("[{}]", keys.collect::<Vec<_>>().join(","))
        }
        Some(("v:", value)) => format!("[={value}]"),
        Some((_, rest)) => format!("[{rest}]"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> FieldSet {
        FieldSet::from_value(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{"k:{\"port\":80}":{".":{},"f:port":{}}}}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(FieldSet::from_value(&value).to_value(), value);
    }

    #[test]
    fn the_operations_are_those_of_sets_of_paths() {
        let both = set(r#"{"f:a":{".":{},"f:b":{}},"f:c":{}}"#);
        let part = set(r#"{"f:a":{"f:b":{}},"f:d":{}}"#);
        assert_eq!(both.difference(&part), set(r#"{"f:a":{},"f:c":{}}"#));
        assert_eq!(both.intersection(&part), set(r#"{"f:a":{"f:b":{}}}"#));
        assert_eq!(both.union(&part), set(r#"{"f:a":{".":{},"f:b":{}},"f:c":{},"f:d":{}}"#));
        assert_eq!(both.recursive_difference(&set(r#"{"f:a":{}}"#)), set(r#"{"f:c":{}}"#));
        assert!(both.difference(&set(r#"{"f:x":{}}"#)).same(&both));
        assert_eq!(FieldSet::of(&[&["a"], &["a", "b"], &["c"]]), both);
    }

    #[test]
    fn paths_are_printed_as_kubectl_prints_them() {
        let set = set(
            r#"{"f:spec":{"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{"f:name":{}}},"f:x":{"v:\"y\"":{}}}}"#,
        );
        assert_eq!(set.paths(), [r#".spec.ports[containerPort=80,protocol="TCP"].name"#, r#".spec.x[="y"]"#]);
    }
}
