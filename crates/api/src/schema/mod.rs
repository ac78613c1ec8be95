//! One description of the API: which fields a kind has, of which type, in which order, how their lists merge.
//!
//! Strict decoding, defaulting, patches, managed fields, `kubectl explain` and completion all read this table, so that
//! they cannot disagree. It is parsed once, when first asked for, and says nothing about default values
//! ([`crate::defaults`]) or about which values are valid. It is edited by hand; a test of kubectl's `explain` holds names,
//! types and required fields against a real server's OpenAPI document.
//!
//! Models: kubernetes v1.36 api/openapi-spec and the struct tags of k8s.io/api.

mod encode;
mod resources;
mod table;

pub use encode::go_json;
pub use resources::{Resource, resources};
pub use table::{Field, ListType, MapType, Omit, Scalar, Shape, Table, TableError, Type};

use std::sync::OnceLock;

static TABLE_TEXT: &str = include_str!("table.txt");

/// The table of the served kinds.
pub fn table() -> &'static Table<'static> {
    static TABLE: OnceLock<Table<'static>> = OnceLock::new();
    TABLE.get_or_init(|| Table::parse(TABLE_TEXT).expect("the committed table is well-formed"))
}

/// The type of a kind: `type_of("apps/v1", "StatefulSet")`. `None` for kinds that are not served.
pub fn type_of(api_version: &str, kind: &str) -> Option<Type<'static>> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    table().kind(group, version, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_the_order_of_the_go_struct() {
        let statefulset = type_of("apps/v1", "StatefulSet").unwrap();
        let names: Vec<&str> = statefulset.fields().iter().map(|field| field.name).collect();
        assert_eq!(names, ["kind", "apiVersion", "metadata", "spec", "status"]);
        assert!(type_of("apps/v1", "Pod").is_none());
    }

    #[test]
    fn a_field_says_how_it_merges() {
        let spec = type_of("v1", "Pod").unwrap().child("spec").unwrap();
        let containers = spec.field("containers").unwrap();
        assert_eq!(containers.merge_key, "name");
        assert!(containers.merges() && !containers.retains_keys() && containers.required);
        let ports = spec.child("containers").unwrap().field("ports").unwrap();
        assert_eq!(ports.list, ListType::Map(vec!["containerPort", "protocol"]));
        assert!(spec.field("volumes").unwrap().retains_keys());
        assert!(spec.field("nodeName").unwrap().values.is_empty());
        assert_eq!(spec.field("restartPolicy").unwrap().values, ["Always", "Never", "OnFailure"]);
    }

    #[test]
    fn every_reference_in_the_table_resolves() {
        assert!(table().types().count() > 200);
        let statefulsets = resources().iter().find(|resource| resource.plural == "statefulsets").unwrap();
        assert_eq!(statefulsets.short_names, ["sts"]);
        assert_eq!(statefulsets.api_version(), "apps/v1");
        for resource in resources() {
            assert!(type_of(&resource.api_version(), resource.kind).is_some(), "{}", resource.plural);
        }
    }
}
