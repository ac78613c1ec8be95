//! From what the user calls a resource (`sts`, `pods`, `statefulsets.v1.apps`, `Pod`) to the resource.
//!
//! Models: k8s.io/apimachinery v1.36 pkg/api/meta (priority and short-cut REST mappers) and cli-runtime's `mappingFor`.

use api::schema::{self, Resource};
use api::status::StatusDetails;
use api::{Kind, Reason, Status, Str, Value};

use crate::failure::Failure;

/// A resource that the server serves.
#[derive(Clone, Copy, Debug)]
pub struct Mapping(&'static Resource);

impl PartialEq for Mapping {
    fn eq(&self, other: &Mapping) -> bool {
        (self.0.group, self.0.plural) == (other.0.group, other.0.plural)
    }
}

impl Mapping {
    /// The resource of a kind of ours.
    pub fn of(kind: Kind) -> Mapping {
        Mapping::find_kind(kind.group(), kind.name()).expect("the resource table names every kind of ours")
    }

    /// The resource with this group and kind.
    pub fn find_kind(group: &str, kind: &str) -> Option<Mapping> {
        schema::resources().iter().find(|resource| resource.group == group && resource.kind == kind).map(Mapping)
    }

    /// The resource a document is of, if the server serves it: `apps/v1`, `StatefulSet`.
    pub fn of_document(api_version: &str, kind: &str) -> Option<Mapping> {
        let served = |resource: &&Resource| resource.api_version() == api_version && resource.kind == kind;
        schema::resources().iter().find(served).map(Mapping)
    }

    /// The resource the user means.
    pub fn find(argument: &str) -> Result<Mapping, Failure> {
        let wanted = argument.to_lowercase();
        let (name, rest) = wanted.split_once('.').unwrap_or((&wanted, ""));
        let by_name = |group: &str, version: &str| {
            let fits = |resource: &&Resource| {
                let names = [resource.plural, resource.singular];
                let named = names.contains(&name) || resource.short_names.contains(&name);
                named && resource.group.starts_with(group) && (version.is_empty() || resource.version == version)
            };
            schema::resources().iter().find(fits)
        };
        let versioned = rest.split_once('.').and_then(|(version, group)| by_name(group, version));
        let bare_version = || if rest.starts_with('v') { by_name("", rest) } else { None };
        let found = versioned.or_else(|| by_name(rest, "")).or_else(bare_version).or_else(|| by_kind(argument));
        let unknown =
            || format!("the server doesn't have a resource type {:?}", argument.split('.').next().unwrap_or(""));
        found.map(Mapping).ok_or_else(|| Failure::Plain(unknown()))
    }

    /// The resources of a category such as `all`, or the one resource meant.
    pub fn find_all(argument: &str) -> Result<Vec<Mapping>, Failure> {
        let members: Vec<Mapping> = schema::resources()
            .iter()
            .filter(|resource| resource.categories.contains(&argument))
            .map(Mapping)
            .collect();
        if members.is_empty() { Ok(vec![Mapping::find(argument)?]) } else { Ok(members) }
    }

    /// The table's row.
    pub fn resource(self) -> &'static Resource {
        self.0
    }

    /// Our kind, unless objects of this resource cannot exist here yet.
    pub fn kind(self) -> Option<Kind> {
        Kind::find(self.0.group, self.0.kind)
    }

    /// Our kind, or a refusal that says so.
    pub fn kind_supported(self) -> Result<Kind, Failure> {
        let refusal = || format!("objects of kind {} are not supported in this version of the playground", self.0.kind);
        self.kind().ok_or_else(|| Failure::Plain(refusal()))
    }

    /// Whether objects live in a namespace.
    pub fn is_namespaced(self) -> bool {
        self.0.namespaced
    }

    /// `statefulsets`
    pub fn plural(self) -> &'static str {
        self.0.plural
    }

    /// `statefulsets.apps`, or `pods`
    pub fn qualified_plural(self) -> Str {
        qualify(self.0.plural, self.0.group)
    }

    /// `statefulset.apps`, or `pod`
    pub fn qualified_singular(self) -> Str {
        qualify(&self.0.kind.to_lowercase(), self.0.group)
    }

    /// `apps/v1, Resource=statefulsets`
    pub fn version_resource(self) -> String {
        format!("{}/{}, Resource={}", self.0.group, self.0.version, self.0.plural)
    }

    /// `apps/v1, Kind=StatefulSet`
    pub fn version_kind(self) -> String {
        format!("{}/{}, Kind={}", self.0.group, self.0.version, self.0.kind)
    }

    /// Whether the resource has this subresource.
    pub fn has(self, subresource: &str) -> bool {
        self.0.subresources.contains(&subresource)
    }

    /// `pods "x" not found`
    pub fn not_found(self, name: &str) -> Status {
        let message = thin::format_str!("{} {} not found", self.qualified_plural(), api::status::quoted(name));
        let details = StatusDetails {
            name: name.into(),
            group: self.0.group.into(),
            kind: self.0.plural.into(),
            ..StatusDetails::default()
        };
        Status { reason: Reason::NotFound, message, details: Some(Box::new(details)) }
    }

    /// The kind and version at the head of an object.
    pub fn type_meta(self) -> Value {
        let mut value = Value::map();
        value.set(&["apiVersion"], self.0.api_version());
        value.set(&["kind"], self.0.kind);
        value
    }
}

fn qualify(name: &str, group: &str) -> Str {
    if group.is_empty() { name.into() } else { thin::format_str!("{name}.{group}") }
}

/// `Pod`, `StatefulSet.apps`, `StatefulSet.v1.apps`
fn by_kind(argument: &str) -> Option<&'static Resource> {
    let (kind, rest) = argument.split_once('.').unwrap_or((argument, ""));
    let group = rest.split_once('.').filter(|(version, _)| version.starts_with('v')).map_or(rest, |(_, group)| group);
    schema::resources().iter().find(|resource| resource.kind == kind && resource.group.starts_with(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_resource_leads_to_it() {
        let names = ["sts", "statefulset", "statefulsets", "StatefulSet", "statefulsets.apps", "sts.v1.apps", "STS"];
        for name in names {
            assert_eq!(Mapping::find(name).unwrap().qualified_plural(), "statefulsets.apps", "{name}");
        }
        assert_eq!(Mapping::find("ev").unwrap().version_resource(), "/v1, Resource=events");
        assert_eq!(Mapping::find("events.events.k8s.io").unwrap().qualified_plural(), "events.events.k8s.io");
        for (name, shown) in [("foo", "foo"), ("foos.example.com", "foos"), ("sts.nope", "sts")] {
            let expect = format!("the server doesn't have a resource type {shown:?}");
            assert_eq!(Mapping::find(name).unwrap_err(), Failure::Plain(expect));
        }
        assert_eq!(Mapping::find_all("all").unwrap()[0].plural(), "pods");
    }
}
