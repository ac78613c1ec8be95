//! Which pod and which container `exec`, `logs` and `run` mean.
//!
//! Models: kubernetes v1.36 kubectl/pkg/polymorphichelpers, kubectl/pkg/cmd/util/podcmd.

use ordered::Arrange;
use std::rc::Rc;

use api::codec::Codec;
use api::meta::LabelSelector;
use api::selector::Selector;
use api::{Kind, Pod, Str, Value};

use super::Call;
use super::call::refuse;
use crate::builder::{Builder, Info};
use crate::context::Context;
use crate::failure::Failure;

/// The annotation that names the container meant if none is.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The object that `POD` or `TYPE/NAME` means.
pub fn find_object(call: &mut Call<'_, '_>, argument: &Str) -> Result<Info, Failure> {
    let args = if argument.contains('/') { vec![argument.clone()] } else { vec!["pods".into(), argument.clone()] };
    let builder = Builder { args, filenames: Vec::new(), label_selector: None, ..call.builder() };
    let (mut infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    infos.pop().ok_or_else(|| Failure::plain("expected a resource"))
}

/// The object that `pod` or `type/name` names, or that is in the files of the command line.
pub fn find_target(call: &mut Call<'_, '_>, argument: Option<&Str>) -> Result<Info, Failure> {
    let filenames = call.flags.texts("filename");
    let args = match argument {
        Some(argument) if filenames.is_empty() => return find_object(call, argument),
        argument => argument.cloned().into_iter().collect(),
    };
    let builder = Builder { args, filenames, label_selector: None, ..call.builder() };
    let (mut infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    refuse(&[(infos.len() > 1, "cannot exec into multiple objects at a time")])?;
    let mut info = infos.pop().ok_or_else(|| Failure::plain("expected a resource"))?;
    info.get(call.ctx)?;
    Ok(info)
}

/// The pods of an object: itself, or those that its selector chooses, by name.
pub fn pods_of(ctx: &Context<'_>, info: &Info, doing: &str) -> Result<Vec<Rc<Pod>>, Failure> {
    let Some(live) = &info.live else { return Ok(Vec::new()) };
    if let Some(pod) = live.get::<Pod>() {
        return Ok(vec![pod.clone()]);
    }
    let body = live.encode_body();
    let selector = match (info.mapping.resource().kind, body.at(&["spec", "selector"])) {
        ("Service" | "ReplicationController", Value::Map(map)) if !map.is_empty() => {
            let text: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", value.text())).collect();
            Selector::parse(&text.join(",")).map_err(Failure::Plain)?
        }
        ("StatefulSet" | "Deployment" | "ReplicaSet" | "DaemonSet" | "Job", value) => {
            Selector::from_label_selector(&LabelSelector::decode(value.clone())).map_err(Failure::Plain)?
        }
        (kind, _) => {
            let kind = format!("*v1.{kind}");
            return Err(Failure::Plain(format!("cannot {doing} {kind}: selector for {kind} not implemented")));
        }
    };
    let objects = ctx.list(Kind::Pod, Some(&info.namespace))?;
    let pods = objects.iter().filter_map(|object| object.get::<Pod>());
    Ok(pods.filter(|pod| selector.matches(&pod.metadata.labels)).cloned().collect())
}

/// The pod to run something in: a ready one rather than another.
pub fn pod_to_enter(ctx: &Context<'_>, info: &Info) -> Result<Rc<Pod>, Failure> {
    let mut pods = pods_of(ctx, info, "attach to")?;
    pods.arrange_by_key(|pod| !is_ready(&pod.encode()));
    pods.into_iter().next().ok_or_else(|| Failure::plain("timed out waiting for the condition"))
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod.at(&["status", "conditions"]).as_list();
    let ready = conditions.iter().find(|condition| condition.get("type").text() == "Ready");
    ready.is_some_and(|condition| condition.get("status").text() == "True")
}

/// The names of a pod's containers: all those of the spec, init containers marked.
pub fn container_names(pod: &Value) -> String {
    let names = |list: &str, mark: &str| -> Vec<String> {
        let containers = pod.at(&["spec", list]).as_list();
        containers.iter().map(|container| format!("{}{mark}", container.get("name").text())).collect()
    };
    let mut all = names("containers", "");
    all.extend(names("ephemeralContainers", " (ephem)"));
    all.extend(names("initContainers", " (init)"));
    all.join(", ")
}

/// Whether kubectl says which container it has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Yes.
    Normal,
    /// `-q`
    Quiet,
}

/// What a pod says of its container with this name, of whatever sort it is.
pub fn container_spec<'p>(pod: &'p Value, name: &str) -> Option<&'p Value> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut all = lists.into_iter().flat_map(|list| pod.at(&["spec", list]).as_list());
    all.find(|container| container.get("name").text() == name)
}

/// The container with a name, or the one meant if none is given.
pub fn container(ctx: &mut Context<'_>, pod: &Value, name: &str, voice: Voice) -> Result<Str, Failure> {
    let pod_name = pod.at(&["metadata", "name"]).text();
    let exists = |name: &str| container_spec(pod, name).is_some();
    if !name.is_empty() {
        let refusal = || format!("container {name} is not valid for pod {pod_name} out of: {}", container_names(pod));
        return if exists(name) { Ok(name.into()) } else { Err(Failure::Plain(refusal())) };
    }
    let annotated = pod.at(&["metadata", "annotations", DEFAULT_CONTAINER]).text();
    if !annotated.is_empty() {
        if exists(annotated) {
            return Ok(annotated.into());
        }
        ctx.err(&format!("Default container name {annotated:?} not found in pod {pod_name}\n"));
    }
    let first = pod.at(&["spec", "containers"]).element(0).get("name").text();
    let all = container_names(pod);
    if all.contains(", ") && voice == Voice::Normal {
        ctx.err(&format!("Defaulted container {first:?} out of: {all}\n"));
    }
    Ok(first.into())
}
