//! Label and field selectors of a request: what the API server makes of `?labelSelector=…&fieldSelector=…`.
//!
//! Which fields a kind can be selected by is the server's knowledge; it stands here because the `Api` trait lists whole
//! kinds, and is worded as the server words it.
//!
//! Models: kubernetes v1.36 pkg/apis/core/v1/conversion.go, pkg/registry/core/{pod,event,…}/strategy.go.

use api::field_selector::FieldSelector;
use api::selector::Selector;
use api::{Kind, Object, Reason, Status, Value};

use crate::mapping::Mapping;

/// Which objects of a kind are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    labels: Selector,
    fields: FieldSelector,
}

const POD_FIELDS: [&str; 8] = [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];
const EVENT_FIELDS: [&str; 11] = [
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

    /// The name that is asked for, if one is.
    pub fn name(&self) -> Option<&str> {
        self.fields.exact_match("metadata.name")
    }
}

fn is_selectable(mapping: Mapping, field: &str) -> bool {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return true;
    }
    match mapping.kind() {
        Some(Kind::Pod) => POD_FIELDS.contains(&field),
        Some(Kind::Event) => EVENT_FIELDS.contains(&field),
        Some(Kind::Node) => field == "spec.unschedulable",
        Some(Kind::Namespace) => matches!(field, "status.phase" | "name"),
        Some(Kind::PersistentVolume) => field == "name",
        Some(Kind::PersistentVolumeClaim) => field == "name",
        Some(Kind::Secret) => field == "type",
        Some(Kind::Service) => matches!(field, "spec.clusterIP" | "spec.type"),
        Some(_) if mapping.qualified_plural() == "replicasets.apps" => field == "status.replicas",
        Some(_) if mapping.qualified_plural() == "jobs.batch" => field == "status.successful",
        Some(_) | None => false,
    }
}

/// Kinds with a conversion of their own word it differently from those that have none.
fn unsupported(mapping: Mapping, field: &str) -> String {
    match mapping.kind() {
        Some(
            Kind::Pod
            | Kind::Event
            | Kind::Node
            | Kind::Namespace
            | Kind::Secret
            | Kind::Service
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim,
        ) => format!("field label not supported: {field}"),
        Some(_) | None => {
            format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        }
    }
}

fn field_text<'v>(body: &'v Value, field: &str) -> &'v str {
    if field == "source" {
        return match body.at(&["source", "component"]).text() {
            "" => body.get("reportingComponent").text(),
            component => component,
        };
    }
    let path: Vec<&str> = field.split('.').collect();
    match body.at(&path) {
        Value::Str(text) => text,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        // Fields that are left out when false.
        Value::Null if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false",
        Value::Null | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => "",
    }
}
