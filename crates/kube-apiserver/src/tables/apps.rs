//! Workloads, revisions and budgets.

use api::core::pod::PodSpec;
use api::int_or_string::IntOrString;
use api::{ControllerRevision, Kind, PodDisruptionBudget, StatefulSet, Value};
use sim::Time;

use super::{Always, Heading, Wide, age};

pub(super) const STATEFUL_SET: &[Heading] = &[
    Heading("Name", Always),
    Heading("Ready", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
];

pub(super) const CONTROLLER_REVISION: &[Heading] =
    &[Heading("Name", Always), Heading("Controller", Always), Heading("Revision", Always), Heading("Age", Always)];

pub(super) const POD_DISRUPTION_BUDGET: &[Heading] = &[
    Heading("Name", Always),
    Heading("Min Available", Always),
    Heading("Max Unavailable", Always),
    Heading("Allowed Disruptions", Always),
    Heading("Age", Always),
];

pub(super) fn stateful_set(set: &StatefulSet, now: Time) -> Vec<Value> {
    let (names, images) = containers(&set.spec.template.spec);
    vec![
        set.metadata.name.clone().into(),
        format!("{}/{}", set.status.ready_replicas, set.spec.replicas()).into(),
        age(&set.metadata, now),
        names.into(),
        images.into(),
    ]
}

/// Names and images of a template's containers, joined by commas.
fn containers(spec: &PodSpec) -> (String, String) {
    let names: Vec<&str> = spec.containers.iter().map(|container| container.name.as_str()).collect();
    let images: Vec<&str> = spec.containers.iter().map(|container| container.image.as_str()).collect();
    (names.join(","), images.join(","))
}

pub(super) fn controller_revision(revision: &ControllerRevision, now: Time) -> Vec<Value> {
    let controller = revision.metadata.controller().map_or("<none>".to_owned(), |owner| {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        match Kind::find(group, &owner.kind) {
            Some(kind) => format!("{}/{}", kind.qualified_singular(), owner.name),
            None => format!("{}/{}", owner.kind.to_lowercase(), owner.name),
        }
    });
    vec![
        revision.metadata.name.clone().into(),
        controller.into(),
        Value::Int(revision.revision),
        age(&revision.metadata, now),
    ]
}

pub(super) fn pod_disruption_budget(budget: &PodDisruptionBudget, now: Time) -> Vec<Value> {
    vec![
        budget.metadata.name.clone().into(),
        amount(budget.spec.min_available.as_ref()),
        amount(budget.spec.max_unavailable.as_ref()),
        Value::Int(i64::from(budget.status.disruptions_allowed)),
        age(&budget.metadata, now),
    ]
}

fn amount(value: Option<&IntOrString>) -> Value {
    match value {
        None => "N/A".into(),
        Some(IntOrString::Int(number)) => number.to_string().into(),
        Some(IntOrString::Str(text)) => text.clone().into(),
    }
}
