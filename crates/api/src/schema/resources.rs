//! Discovery: the served resources, their names, scope and verbs.

use std::sync::OnceLock;

static RESOURCES_TEXT: &str = include_str!("resources.txt");

/// A served resource, as `kubectl api-resources` lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// API group; "" for the core group.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// `statefulsets`
    pub plural: &'static str,
    /// `statefulset`
    pub singular: &'static str,
    /// `sts`
    pub short_names: Vec<&'static str>,
    /// `StatefulSet`
    pub kind: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Groups of resources such as `all`.
    pub categories: Vec<&'static str>,
    /// In discovery's order.
    pub verbs: Vec<&'static str>,
    /// `scale`, `status`, …
    pub subresources: Vec<&'static str>,
}

impl Resource {
    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// All served resources, the core group first, then groups and plurals in alphabetical order.
pub fn resources() -> &'static [Resource] {
    static RESOURCES: OnceLock<Vec<Resource>> = OnceLock::new();
    RESOURCES.get_or_init(|| RESOURCES_TEXT.lines().filter_map(parse).collect())
}

fn parse(line: &'static str) -> Option<Resource> {
    let words: Vec<&'static str> = line.split(' ').collect();
    let [group, version, plural, singular, shorts, kind, scope, categories, verbs, subresources] = words[..] else {
        return None;
    };
    Some(Resource {
        group: if group == "-" { "" } else { group },
        version,
        plural,
        singular,
        short_names: list(shorts),
        kind,
        namespaced: scope == "N",
        categories: list(categories),
        verbs: list(verbs),
        subresources: list(subresources),
    })
}

fn list(words: &'static str) -> Vec<&'static str> {
    if words == "-" { Vec::new() } else { words.split(',').collect() }
}
