//! The pods of a Job: what they look like, and what is read off them.
//!
//! Models: kubernetes v1.36 pkg/controller/job/{indexed_job_utils,tracking_utils}.go.

use std::rc::Rc;

use api::core::container::{Container, EnvVar, EnvVarSource, ObjectFieldSelector};
use api::core::pod::PodSpec;
use api::{Job, Object, ObjectMeta, Pod, Str};
use ecow::EcoVec;
use thin::format_str;

use crate::controller_ref::{controller_reference, generated_prefix};

/// A pod that has ended keeps it until it is counted.
pub(crate) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
const PREFIX_MAX: usize = 58;

pub(crate) fn has_finalizer(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
}

/// The index that a pod works on.
pub(crate) fn completion_index(pod: &Pod) -> Option<i32> {
    pod.metadata.annotations.get(INDEX)?.parse().ok().filter(|index| *index >= 0)
}

/// A pod without a name and without an index.
pub(super) fn new_pod(owner: &Object, job: &Job) -> Pod {
    let template = &job.spec.template;
    let mut metadata = ObjectMeta {
        namespace: job.metadata.namespace.clone(),
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        finalizers: template.metadata.finalizers.clone(),
        owner_references: EcoVec::from([controller_reference(owner)]),
        generate_name: generated_prefix(&job.metadata.name),
        ..ObjectMeta::default()
    };
    if !metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
        metadata.finalizers.push(FINALIZER.into());
    }
    let mut spec = template.spec.clone();
    if job.spec.is_indexed() {
        add_index_variables(Rc::make_mut(&mut spec));
    }
    Pod { metadata, spec, ..Pod::default() }
}

/// Gives a pod its index.
pub(super) fn set_index(pod: &mut Pod, job: &Job, index: i32) {
    let text = format_str!("{index}");
    pod.metadata.annotations.insert(INDEX, text.clone());
    pod.metadata.labels.insert(INDEX, text);
    let name = &job.metadata.name;
    let ending = format!("-{index}-");
    let kept = name.len().min(PREFIX_MAX.saturating_sub(ending.len()));
    pod.metadata.generate_name = Str::from(format!("{}{ending}", name.get(..kept).unwrap_or(name)));
    Rc::make_mut(&mut pod.spec).hostname = format_str!("{name}-{index}");
}

fn add_index_variables(spec: &mut PodSpec) {
    for list in [&mut spec.init_containers, &mut spec.containers] {
        list.make_mut().iter_mut().for_each(add_index_variable);
    }
}

fn add_index_variable(container: &mut Container) {
    if container.env.iter().any(|variable| variable.name == INDEX_VARIABLE) {
        return;
    }
    let field = ObjectFieldSelector { field_path: format_str!("metadata.labels['{INDEX}']"), ..Default::default() };
    let source = EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() };
    container.env.push(EnvVar { name: INDEX_VARIABLE.into(), value_from: Some(Rc::new(source)), ..EnvVar::default() });
}
