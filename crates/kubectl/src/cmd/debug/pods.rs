//! The pods that debugging makes or changes: the running one, its copy, one on a node.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug/debug.go.

use api::{Key, Kind, Str, Value, patch, schema};
use client::{DeleteOptions, FieldValidation, Patch, PatchKind, Subresource, WriteOptions};
use ordered::Arrange;

use super::profiles::Style;
use super::{Call, Task, custom, voice};
use crate::builder::Info;
use crate::cmd::call::DryRun;
use crate::cmd::pods::{Voice, container_spec};
use crate::cmd::run::is_image_reference;
use crate::failure::Failure;

/// What names are made unique with, as the server does it.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;

const NOT_ROOT: &str = "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by \
debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \
\"securityContext.runAsUser: 0\".\n";

/// A debug container. Its name is empty if nothing was added that could be attached to.
pub(super) struct Debugger {
    pub(super) pod: Key,
    pub(super) container: Str,
}

/// Adds an ephemeral container to the pod.
pub(super) fn ephemeral(call: &mut Call<'_, '_>, task: &Task, pod: &Value) -> Result<Debugger, Failure> {
    let name = container_name(call, pod);
    let mut container = bare(&name);
    fill(call, &mut container, &task.words)?;
    let target = call.flags.text("target");
    if !target.is_empty() {
        container.set(&["targetContainerName"], target);
    }
    task.profile.secure(Style::Ephemeral, &mut container);
    if let Some(custom) = &task.custom {
        custom::lay(custom, &mut container)?;
    }
    warn_of_user(call, &container, pod);
    let mut debugged = pod.clone();
    let mut all = pod.at(&["spec", "ephemeralContainers"]).as_list().to_vec();
    all.push(container);
    debugged.set(&["spec", "ephemeralContainers"], all);
    let type_ = schema::type_of("v1", "Pod").expect("pods are served");
    let refused = |error| Failure::Plain(format!("error creating patch to add debug container: {error}"));
    let body = patch::diff::two_way(pod, &debugged, type_).map_err(refused)?;
    let options = call.write_options(DryRun::None, "kubectl", FieldValidation::Warn);
    let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..options };
    let metadata = pod.get("metadata");
    let key = Key::new(metadata.get("namespace").text(), metadata.get("name").text());
    let patch = Patch { kind: PatchKind::Strategic, body };
    let written = call.ctx.api.patch(Kind::Pod, &key, &patch, &options)?;
    call.warn_all(&written.warnings);
    Ok(Debugger { pod: key, container: name })
}

/// Creates a copy of the pod with one container more, or one changed.
pub(super) fn copy(call: &mut Call<'_, '_>, task: &Task, pod: &Value) -> Result<Debugger, Failure> {
    let (mut copied, place) = copied(call, pod)?;
    let mut name = Str::new();
    if let Some(at) = place {
        let mut containers = copied.at(&["spec", "containers"]).as_list().to_vec();
        fill(call, &mut containers[at], &task.words)?;
        task.profile.secure(Style::Copy, &mut containers[at]);
        copied.set(&["spec", "containers"], containers);
        task.profile.strip(call, &mut copied);
        let mut containers = copied.at(&["spec", "containers"]).as_list().to_vec();
        if let Some(custom) = &task.custom {
            custom::lay(custom, &mut containers[at])?;
        }
        name = containers[at].get("name").text().into();
        warn_of_user(call, &containers[at], &copied);
        copied.set(&["spec", "containers"], containers);
    }
    let created = create(call, pod.at(&["metadata", "namespace"]).text(), copied)?;
    if call.flags.is_on("replace") {
        let metadata = pod.get("metadata");
        let key = Key::new(metadata.get("namespace").text(), metadata.get("name").text());
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        call.ctx.api.delete(Kind::Pod, &key, &options)?;
    }
    Ok(Debugger { pod: created, container: name })
}

/// The pod under its new name with its new images, and the place of the debug container, if there is to be one.
fn copied(call: &mut Call<'_, '_>, pod: &Value) -> Result<(Value, Option<usize>), Failure> {
    let mut copied = Value::map();
    copied.set(&["apiVersion"], "v1");
    copied.set(&["kind"], "Pod");
    for field in ["labels", "annotations", "namespace"] {
        let own = pod.at(&["metadata", field]);
        if !own.is_null() {
            copied.set(&["metadata", field], own.clone());
        }
    }
    copied.set(&["metadata", "name"], call.flags.text("copy-to"));
    let mut spec = pod.get("spec").clone();
    spec.remove(&["ephemeralContainers"]);
    if call.flags.is_set("share-processes") {
        spec.set(&["shareProcessNamespace"], call.flags.is_on("share-processes"));
    }
    if !call.flags.is_on("same-node") {
        spec.remove(&["nodeName"]);
    }
    let mut containers: Vec<Value> = spec.get("containers").as_list().to_vec();
    set_images(call, &mut containers)?;
    copied.set(&["spec"], spec);
    let wanted = call.flags.text("container");
    let place = containers.iter().position(|container| !wanted.is_empty() && container.get("name").text() == wanted);
    let (has_image, sets_images) = (!call.flags.text("image").is_empty(), !call.flags.texts("set-image").is_empty());
    let place = match place {
        None if !has_image && !sets_images => {
            return Err(Failure::plain("you must specify image when creating new container"));
        }
        None if has_image => {
            containers.push(bare(&container_name(call, &copied)));
            Some(containers.len() - 1)
        }
        place => place,
    };
    copied.set(&["spec", "containers"], containers);
    Ok((copied, place))
}

fn set_images(call: &Call<'_, '_>, containers: &mut [Value]) -> Result<(), Failure> {
    let mut images = Vec::new();
    for pair in call.flags.texts("set-image") {
        let refusal = || Failure::Plain(format!("{pair} must be formatted as key=value"));
        let (name, image) = pair.split_once('=').ok_or_else(refusal)?;
        if !is_image_reference(image) {
            return Err(Failure::Plain(format!(
                "invalid image name {image:?} for container {name:?}: invalid reference format"
            )));
        }
        images.push((name.to_string(), image.to_string()));
    }
    for container in containers {
        let own = images.iter().find(|(name, _)| container.get("name").text() == name);
        if let Some((_, image)) = own.or_else(|| images.iter().find(|(name, _)| name == "*")) {
            container.set(&["image"], image.as_str());
        }
    }
    Ok(())
}

/// Creates a pod on a node, in the node's own namespaces.
pub(super) fn on_node(call: &mut Call<'_, '_>, task: &Task, info: &Info) -> Result<Debugger, Failure> {
    let name = match call.flags.text("container") {
        name if name.is_empty() => "debugger".into(),
        name => name,
    };
    let pod_name = format!("node-debugger-{}-{}", info.name, suffix(call, 0));
    if voice(call) == Voice::Normal {
        call.ctx.out(&format!("Creating debugging pod {pod_name} with container {name} on node {}.\n", info.name));
        call.ctx.err("The nodes of this playground have no files and processes of their own: /host is empty.\n");
    }
    let mut container = bare(&name);
    fill(call, &mut container, &task.words)?;
    let mut toleration = Value::map();
    toleration.set(&["operator"], "Exists");
    let mut spec = Value::map();
    spec.set(&["nodeName"], info.name.clone());
    spec.set(&["restartPolicy"], "Never");
    spec.set(&["tolerations"], vec![toleration]);
    task.profile.open_host(&mut spec, &mut container);
    task.profile.secure(Style::Node, &mut container);
    if let Some(custom) = &task.custom {
        custom::lay(custom, &mut container)?;
    }
    spec.set(&["containers"], vec![container]);
    let mut pod = Value::map();
    pod.set(&["apiVersion"], "v1");
    pod.set(&["kind"], "Pod");
    pod.set(&["metadata", "name"], pod_name);
    pod.set(&["metadata", "labels", "app.kubernetes.io/managed-by"], "kubectl-debug");
    pod.set(&["spec"], spec);
    let namespace = call.namespace.clone();
    Ok(Debugger { pod: create(call, &namespace, pod)?, container: name })
}

fn create(call: &mut Call<'_, '_>, namespace: &str, pod: Value) -> Result<Key, Failure> {
    let options = call.write_options(DryRun::None, "kubectl", FieldValidation::Warn);
    let created = call.ctx.api.create_value(Kind::Pod, namespace, pod, &options)?;
    call.warn_all(&created.warnings);
    Ok(created.object.key())
}

/// A container of which nothing but the name is said.
fn bare(name: &str) -> Value {
    let mut container = Value::map();
    container.set(&["name"], name);
    container.set(&["terminationMessagePolicy"], "File");
    container
}

/// What the flags say of the debug container.
fn fill(call: &Call<'_, '_>, container: &mut Value, words: &[Str]) -> Result<(), Failure> {
    let words: Vec<Value> = words.iter().cloned().map(Value::Str).collect();
    if !words.is_empty() {
        if call.flags.is_on("arguments-only") {
            container.set(&["args"], words);
        } else {
            container.set(&["command"], words);
            container.remove(&["args"]);
        }
    }
    let variables = variables(call)?;
    if !variables.is_empty() {
        container.set(&["env"], variables);
    }
    for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
        let text = call.flags.text(flag);
        if !text.is_empty() {
            container.set(&[field], text);
        }
    }
    for field in ["stdin", "tty"] {
        container.remove(&[field]);
        if call.flags.is_on(field) {
            container.set(&[field], true);
        }
    }
    Ok(())
}

/// `--env`, in the order of their names.
fn variables(call: &Call<'_, '_>) -> Result<Vec<Value>, Failure> {
    let mut pairs = call.flags.texts("env");
    pairs.arrange();
    let variable = |pair: &Str| {
        let refusal = || Failure::Plain(format!("{pair} must be formatted as key=value"));
        let (name, value) = pair.split_once('=').ok_or_else(refusal)?;
        let mut variable = Value::map();
        variable.set(&["name"], name);
        variable.set(&["value"], value);
        Ok(variable)
    };
    pairs.iter().map(variable).collect()
}

/// The name that was asked for, or one that no container of the pod has.
fn container_name(call: &mut Call<'_, '_>, pod: &Value) -> Str {
    let wanted = call.flags.text("container");
    if !wanted.is_empty() {
        return wanted;
    }
    let mut names = (0..).map(|round| thin::format_str!("debugger-{}", suffix(call, round)));
    let name: Str = names.find(|name| container_spec(pod, name).is_none()).unwrap_or_default();
    if voice(call) == Voice::Normal {
        call.ctx.out(&format!("Defaulting debug container name to {name}.\n"));
    }
    name
}

/// Five letters that no other command has got; others in every round.
fn suffix(call: &Call<'_, '_>, round: u64) -> String {
    let mut number = call.ctx.now().0 / 1_000 * 31 + u64::from(call.env.pid) * 7_919 + round;
    let mut letter = || {
        // Knuth's multiplier spreads numbers that lie close together.
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(number >> 33) as usize % LETTERS.len()])
    };
    (0..SUFFIX_LENGTH).map(|_| letter()).collect()
}

/// What a profile allows is of little use to a user who is not root.
fn warn_of_user(call: &mut Call<'_, '_>, container: &Value, pod: &Value) {
    let user = |holder: &Value| holder.at(&["securityContext", "runAsUser"]).as_int();
    let context = container.get("securityContext");
    let is_privileged = context.get("privileged").as_bool() == Some(true);
    let is_capable = !context.at(&["capabilities", "add"]).as_list().is_empty();
    let is_root = user(pod.get("spec")).unwrap_or(0) == 0 || user(container) == Some(0);
    if !is_root && (is_privileged || is_capable) {
        call.ctx.err(NOT_ROOT);
    }
}
