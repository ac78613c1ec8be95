//! Workloads, revisions and budgets.

use api::core::pod::PodSpec;
use api::int_or_string::IntOrString;
use api::meta::LabelSelector;
use api::selector::Selector;
use api::{ControllerRevision, DaemonSet, Deployment, Kind, PodDisruptionBudget, ReplicaSet, StatefulSet, Value};
use sim::Time;

use super::{Always, Heading, Wide, age, or_none, pairs};

pub(super) const STATEFUL_SET: &[Heading] = &[
    Heading("Name", Always),
    Heading("Ready", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
];

pub(super) const DEPLOYMENT: &[Heading] = &[
    Heading("Name", Always),
    Heading("Ready", Always),
    Heading("Up-to-date", Always),
    Heading("Available", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
    Heading("Selector", Wide),
];

pub(super) const REPLICA_SET: &[Heading] = &[
    Heading("Name", Always),
    Heading("Desired", Always),
    Heading("Current", Always),
    Heading("Ready", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
    Heading("Selector", Wide),
];

pub(super) const DAEMON_SET: &[Heading] = &[
    Heading("Name", Always),
    Heading("Desired", Always),
    Heading("Current", Always),
    Heading("Ready", Always),
    Heading("Up-to-date", Always),
    Heading("Available", Always),
    Heading("Node Selector", Always),
    Heading("Age", Always),
    Heading("Containers", Wide),
    Heading("Images", Wide),
    Heading("Selector", Wide),
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

pub(super) fn deployment(deployment: &Deployment, now: Time) -> Vec<Value> {
    let (spec, status) = (&deployment.spec, &deployment.status);
    let mut cells = vec![
        deployment.metadata.name.clone().into(),
        format!("{}/{}", status.ready_replicas, spec.replicas()).into(),
        count(status.updated_replicas),
        count(status.available_replicas),
        age(&deployment.metadata, now),
    ];
    cells.extend(made_from(&spec.template.spec, &spec.selector));
    cells
}

pub(super) fn replica_set(set: &ReplicaSet, now: Time) -> Vec<Value> {
    let mut cells = vec![
        set.metadata.name.clone().into(),
        count(set.spec.replicas()),
        count(set.status.replicas),
        count(set.status.ready_replicas),
        age(&set.metadata, now),
    ];
    cells.extend(made_from(&set.spec.template.spec, &set.spec.selector));
    cells
}

pub(super) fn daemon_set(set: &DaemonSet, now: Time) -> Vec<Value> {
    let status = &set.status;
    let mut cells = vec![
        set.metadata.name.clone().into(),
        count(status.desired_number_scheduled),
        count(status.current_number_scheduled),
        count(status.number_ready),
        count(status.updated_number_scheduled),
        count(status.number_available),
        pairs(&set.spec.template.spec.node_selector),
        age(&set.metadata, now),
    ];
    cells.extend(made_from(&set.spec.template.spec, &set.spec.selector));
    cells
}

fn count(number: i32) -> Value {
    Value::Int(i64::from(number))
}

/// Names, images and the selector: the wide columns.
pub(super) fn made_from(spec: &PodSpec, selector: &LabelSelector) -> [Value; 3] {
    let (names, images) = containers(spec);
    let selector = selector_text(selector);
    [names.into(), images.into(), or_none(&selector)]
}

/// A selector as its string form has it.
fn selector_text(selector: &LabelSelector) -> String {
    Selector::from_label_selector(selector).map(|selector| selector.to_string()).unwrap_or_default()
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
