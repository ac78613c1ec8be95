//! Label and field selectors of a request: what the API server makes of `?labelSelector=…&fieldSelector=…`.
//!
//! Which fields a kind can be selected by is the server's knowledge; it stands here because the `Api` trait lists whole
//! kinds, and is worded as the server words it.
//!
//! Models: kubernetes v1.36 pkg/apis/core/v1/conversion.go, pkg/registry/core/{pod,event,…}/strategy.go.

use api::field_selector::FieldSelector;
use api::selector::Selector;
use api::{Object, Reason, Status, Value};

use crate::mapping::Mapping;

/// Which objects of a kind are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    labels: Selector,
    fields: FieldSelector,
}

/// What the objects of a resource can be selected by, besides their names: group, plural, fields. Other resources only
/// know their metadata.
const FIELDS: [(&str, &str, &[&str]); 10] = [
    (
        "",
        "pods",
        &[
            "metadata.namespace",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
            "spec.host",
        ],
    ),
    ("", "nodes", &["spec.unschedulable"]),
    ("", "namespaces", &["status.phase"]),
    ("", "secrets", &["metadata.namespace", "type"]),
    ("", "services", &["metadata.namespace", "spec.clusterIP", "spec.type"]),
    ("", "replicationcontrollers", &["metadata.namespace", "status.replicas"]),
    (
        "",
        "events",
        &[
            "metadata.namespace",
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    (
        "events.k8s.io",
        "events",
        &[
            "metadata.namespace",
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
    ),
    ("batch", "jobs", &["metadata.namespace", "status.successful"]),
    ("certificates.k8s.io", "certificatesigningrequests", &["spec.signerName"]),
];

impl Selection {
    /// Everything.
    pub fn everything() -> Selection {
        Selection::default()
    }

    /// The object with this name.
    pub fn named(name: &str) -> Selection {
        Selection { labels: Selector::everything(), fields: FieldSelector::equals("metadata.name", name) }
    }

    /// Reads both selectors for a resource; refused as the server refuses.
    pub fn parse(mapping: Mapping, labels: &str, fields: &str) -> Result<Selection, Status> {
        let refuse = |problem: String| {
            let resource = mapping.version_resource();
            let message = format!(
                "Unable to find {resource:?} that match label selector {labels:?}, field selector {fields:?}: {problem}"
            );
            Status::new(Reason::BadRequest, message)
        };
        let label_selector = Selector::parse(labels).map_err(refuse)?;
        let field_selector = FieldSelector::parse(fields).map_err(refuse)?;
        for requirement in &field_selector.requirements {
            if !is_selectable(mapping, &requirement.field) {
                return Err(refuse(unsupported(mapping, &requirement.field)));
            }
        }
        Ok(Selection { labels: label_selector, fields: field_selector })
    }

    /// Whether an object is wanted.
    pub fn matches(&self, object: &Object) -> bool {
        let metadata = object.metadata();
        if !self.labels.matches(&metadata.labels) {
            return false;
        }
        if self.fields.is_everything() {
            return true;
        }
        let is_plain = |field: &str| matches!(field, "metadata.name" | "metadata.namespace" | "name");
        let body = match self.fields.requirements.iter().all(|requirement| is_plain(&requirement.field)) {
            true => Value::Null,
            false => object.encode_body(),
        };
        self.fields.matches_by(|field| match field {
            "metadata.name" | "name" => &metadata.name,
            "metadata.namespace" => &metadata.namespace,
            field => field_text(&body, field),
        })
    }
}

/// The fields that a resource's objects can be selected by, where it has some of its own.
fn fields_of(mapping: Mapping) -> Option<&'static [&'static str]> {
    let resource = mapping.resource();
    let is_it = |row: &&(&str, &str, _)| row.0 == resource.group && row.1 == resource.plural;
    FIELDS.iter().find(is_it).map(|(_, _, fields)| *fields)
}

fn is_selectable(mapping: Mapping, field: &str) -> bool {
    let own = fields_of(mapping).unwrap_or(&["metadata.namespace"]);
    field == "metadata.name" || own.contains(&field)
}

/// Resources with fields of their own word it differently from those that have none.
fn unsupported(mapping: Mapping, field: &str) -> String {
    if mapping.resource().plural == "jobs" {
        return format!("field label {field:?} not supported for Job");
    }
    match fields_of(mapping) {
        Some(_) => format!("field label not supported: {field}"),
        None => format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
    }
}

fn field_text<'v>(body: &'v Value, field: &str) -> &'v str {
    if field == "source" {
        return match body.at(&["source", "component"]).text() {
            "" => body.get("reportingComponent").text(),
            component => component,
        };
    }
    let path: Vec<&str> = match field {
        // An old name; a name that differs from the field's; a name that is accepted and never set.
        "spec.host" => vec!["spec", "nodeName"],
        "status.successful" => vec!["status", "succeeded"],
        "status.podIPs" => return "",
        field => field.split('.').collect(),
    };
    match body.at(&path) {
        Value::Str(text) => text,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        // Fields that are left out when false.
        Value::Null if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false",
        Value::Null | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => "",
    }
}
