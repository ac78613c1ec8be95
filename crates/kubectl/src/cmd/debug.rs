//! `kubectl debug`: a copy of a pod with a container to look around in, or a pod on a node.
//!
//! Absent: ephemeral containers (a debug container in the running pod itself) and `--custom`, which are refused. The nodes
//! here have no files and processes of their own, so that a pod on a node finds none; that is said.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug (debug.go, profiles.go).

use api::{Key, Kind, Str, Value};
use client::{DeleteOptions, ExecRequest, FieldValidation, LogOptions};
use ordered::Arrange;

use super::attach::RECORDED;
use super::call::{DryRun, refuse, unsupported};
use super::exec::terminal;
use super::pods::{self, Voice};
use super::run::is_image_reference;
use super::session::{Session, SessionStep};
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static DEBUG: Verb = Verb {
    path: "debug",
    summary: "Look around in a copy of a pod, or on a node",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]",
    flags: &[
        &[
            Flag::bool("arguments-only", "The words after -- are arguments, not the command."),
            Flag::bool("attach", "Attach to the container; by default with -i."),
            Flag::text("container", "Name of the debug container.").short('c'),
            Flag::text("copy-to", "Name of the copy of the pod."),
            Flag::text("custom", "File with a part of the container; not supported here."),
            Flag::slice("env", "Variables, key=value."),
            Flag::text("image", "The image of the debug container."),
            Flag::text("image-pull-policy", "Always, IfNotPresent or Never."),
            Flag::bool("keep-annotations", "With --copy-to: keep the annotations."),
            Flag::bool("keep-init-containers", "With --copy-to: keep the init containers.").default("true"),
            Flag::bool("keep-labels", "With --copy-to: keep the labels."),
            Flag::bool("keep-liveness", "With --copy-to: keep the liveness probes."),
            Flag::bool("keep-readiness", "With --copy-to: keep the readiness probes."),
            Flag::bool("keep-startup", "With --copy-to: keep the startup probes."),
            Flag::text("profile", "general, baseline, restricted, netadmin or sysadmin.").default("general"),
            Flag::bool("quiet", "Only what the process prints.").short('q'),
            Flag::bool("replace", "With --copy-to: delete the pod itself."),
            Flag::bool("same-node", "With --copy-to: on the node of the pod."),
            Flag::slice("set-image", "With --copy-to: images of its containers, name=image."),
            Flag::bool("share-processes", "With --copy-to: its containers see each other's processes.").default("true"),
            Flag::bool("stdin", "Send input.").short('i'),
            Flag::text("target", "The container whose processes an ephemeral container sees."),
            Flag::bool("tty", "The input is a terminal.").short('t'),
        ],
        FILENAME,
    ],
    run,
    ..PLAIN
};

static FILENAME: &[Flag] = &[Flag::slice("filename", "File with the object.").short('f')];

/// What names are made unique with, as the server does it.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (names, words) = match call.flags.dash_at {
        Some(at) => (call.flags.args[..at].to_vec(), call.flags.args[at..].to_vec()),
        None => (call.flags.args.clone(), Vec::new()),
    };
    check(call, &names, &words)?;
    let name = match names.as_slice() {
        [name] => name.clone(),
        _ => return Err(unsupported("several objects at once")),
    };
    let info = pods::find_object(call, &name)?;
    let live = info.live.as_ref().map(api::Object::encode).unwrap_or_default();
    let kind = info.mapping.resource().kind;
    let (pod, container) = match (kind, call.flags.text("copy-to").is_empty()) {
        ("Node", _) => on_node(call, &info, &words)?,
        ("Pod", false) => copy(call, &live, &words)?,
        ("Pod", true) => {
            return Err(Failure::plain(
                "ephemeral containers are not supported in this version of the playground; use --copy-to=NAME to debug a \
                 copy of the pod, or kubectl exec",
            ));
        }
        _ => return Err(Failure::Plain(format!("{:?} not supported by debug", info.mapping.version_kind()))),
    };
    let options = call.write_options(DryRun::None, "kubectl-debug", FieldValidation::Ignore);
    let namespace = call.namespace.clone();
    let created = call.ctx.api.create_value(Kind::Pod, &namespace, pod, &options)?;
    call.warn_all(&created.warnings);
    if kind == "Pod" && call.flags.is_on("replace") {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        call.ctx.api.delete(Kind::Pod, &info.key(), &options)?;
    }
    let attaches = if call.flags.is_set("attach") { call.flags.is_on("attach") } else { call.flags.is_on("stdin") };
    if !attaches || container.is_empty() {
        return Ok(Flow::Done(0));
    }
    let stdin = call.flags.is_on("stdin");
    let voice = voice(call);
    let tty = stdin && call.flags.is_on("tty") && terminal(call, voice);
    let request = ExecRequest { pod: created.object.key(), container, command: Vec::new(), stdin, tty };
    Ok(Debugging { request, voice, session: None, seen: None }.into())
}

fn voice(call: &Call<'_, '_>) -> Voice {
    if call.flags.is_on("quiet") { Voice::Quiet } else { Voice::Normal }
}

fn check(call: &Call<'_, '_>, names: &[Str], words: &[Str]) -> Result<(), Failure> {
    let (is_on, given) = (|flag: &str| call.flags.is_on(flag), |flag: &str| !call.flags.text(flag).is_empty());
    let images = call.flags.texts("set-image");
    let (copies, image) = (given("copy-to"), call.flags.text("image"));
    let policy = call.flags.text("image-pull-policy");
    let bad_policy = format!("invalid image pull policy: {policy}");
    let bad_profile = format!("unknown profile: {}", call.flags.text("profile"));
    let profiles = ["general", "baseline", "restricted", "netadmin", "sysadmin", "legacy"];
    refuse(&[
        (!profiles.contains(&call.flags.text("profile").as_str()), &bad_profile),
        (
            call.flags.is_set("attach") && is_on("attach") && image.is_empty() && !given("container"),
            "you must specify --container or create a new container using --image in order to attach.",
        ),
        (
            copies && image.is_empty() && images.is_empty() && words.is_empty(),
            "you must specify --image, --set-image or command arguments.",
        ),
        (
            copies && !words.is_empty() && !given("container") && image.is_empty(),
            "you must specify an existing container or a new image when specifying args.",
        ),
        (!copies && is_on("replace"), "--replace may only be used with --copy-to."),
        (!copies && is_on("same-node"), "--same-node may only be used with --copy-to."),
        (!copies && !images.is_empty(), "--set-image may only be used with --copy-to."),
        (!copies && image.is_empty(), "you must specify --image when not using --copy-to."),
    ])?;
    if !image.is_empty() && !is_image_reference(&image) {
        return Err(Failure::Plain(format!("invalid image name {:?}: invalid reference format", image.as_str())));
    }
    refuse(&[
        (names.is_empty() && !call.has_files(), "NAME or filename is required for debug"),
        (!matches!(policy.as_str(), "" | "Always" | "IfNotPresent" | "Never"), &bad_policy),
        (given("target") && copies, "--target is incompatible with --copy-to. Use --share-processes instead."),
        (is_on("tty") && !is_on("stdin"), "-i/--stdin is required for containers with -t/--tty=true"),
    ])?;
    for (flag, what) in [("custom", "profiles of one's own (--custom)"), ("filename", "objects in files (--filename)")]
    {
        if call.flags.is_set(flag) {
            return Err(unsupported(what));
        }
    }
    Ok(())
}

/// Five letters that no other command has got.
fn suffix(call: &Call<'_, '_>) -> String {
    let mut number = call.ctx.now().0 / 1_000 * 31 + u64::from(call.env.pid) * 7_919;
    let mut letter = || {
        // Knuth's multiplier spreads numbers that lie close together.
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(number >> 33) as usize % LETTERS.len()])
    };
    (0..5).map(|_| letter()).collect()
}

/// What both ways give the debug container.
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
    let mut variables = Vec::new();
    let mut pairs = call.flags.texts("env");
    pairs.arrange();
    for pair in pairs {
        let refusal = || Failure::Plain(format!("{pair} must be formatted as key=value"));
        let (name, value) = pair.split_once('=').ok_or_else(refusal)?;
        let mut variable = Value::map();
        variable.set(&["name"], name);
        variable.set(&["value"], value);
        variables.push(variable);
    }
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

/// A pod on a node, in the node's own namespaces.
fn on_node(call: &mut Call<'_, '_>, info: &Info, words: &[Str]) -> Result<(Value, Str), Failure> {
    let name = match call.flags.text("container") {
        name if name.is_empty() => "debugger".into(),
        name => name,
    };
    let pod_name = format!("node-debugger-{}-{}", info.name, suffix(call));
    if voice(call) == Voice::Normal {
        call.ctx.out(&format!("Creating debugging pod {pod_name} with container {name} on node {}.\n", info.name));
        call.ctx.err("The nodes of this playground have no files and processes of their own: /host is empty.\n");
    }
    let mut container = Value::map();
    container.set(&["name"], name.clone());
    container.set(&["terminationMessagePolicy"], "File");
    fill(call, &mut container, words)?;
    let mut toleration = Value::map();
    toleration.set(&["operator"], "Exists");
    let mut pod = Value::map();
    pod.set(&["apiVersion"], "v1");
    pod.set(&["kind"], "Pod");
    pod.set(&["metadata", "name"], pod_name);
    pod.set(&["metadata", "labels", "app.kubernetes.io/managed-by"], "kubectl-debug");
    pod.set(&["spec", "nodeName"], info.name.clone());
    pod.set(&["spec", "restartPolicy"], "Never");
    pod.set(&["spec", "tolerations"], vec![toleration]);
    let profile = call.flags.text("profile");
    if matches!(profile.as_str(), "legacy" | "general" | "sysadmin") {
        let mut volume = Value::map();
        volume.set(&["name"], "host-root");
        volume.set(&["hostPath", "path"], "/");
        pod.set(&["spec", "volumes"], vec![volume]);
        let mut mount = Value::map();
        mount.set(&["mountPath"], "/host");
        mount.set(&["name"], "host-root");
        container.set(&["volumeMounts"], vec![mount]);
    }
    if matches!(profile.as_str(), "legacy" | "general" | "netadmin" | "sysadmin") {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            pod.set(&["spec", field], true);
        }
    }
    secure(&mut container, &profile, &[]);
    pod.set(&["spec", "containers"], vec![container]);
    Ok((pod, name))
}

/// A copy of a pod, with one container more or one changed. The name is empty if there is none to attach to.
fn copy(call: &mut Call<'_, '_>, live: &Value, words: &[Str]) -> Result<(Value, Str), Failure> {
    let profile = call.flags.text("profile");
    let (is_on, is_legacy) = (|flag: &str| call.flags.is_on(flag), profile == "legacy");
    let mut pod = Value::map();
    pod.set(&["apiVersion"], "v1");
    pod.set(&["kind"], "Pod");
    pod.set(&["metadata", "name"], call.flags.text("copy-to"));
    pod.set(&["metadata", "namespace"], live.at(&["metadata", "namespace"]).clone());
    for (field, keeps) in [("labels", is_on("keep-labels")), ("annotations", is_on("keep-annotations") || is_legacy)] {
        let kept = live.at(&["metadata", field]);
        if keeps && !kept.is_null() {
            pod.set(&["metadata", field], kept.clone());
        }
    }
    let mut spec = live.get("spec").clone();
    spec.remove(&["ephemeralContainers"]);
    if !is_on("same-node") {
        spec.remove(&["nodeName"]);
    }
    let mut containers: Vec<Value> = spec.get("containers").as_list().to_vec();
    set_images(call, &mut containers)?;
    let wanted = call.flags.text("container");
    let mut at = containers.iter().position(|container| !wanted.is_empty() && container.get("name").text() == wanted);
    if at.is_none() && call.flags.text("image").is_empty() && call.flags.texts("set-image").is_empty() {
        return Err(Failure::plain("you must specify image when creating new container"));
    }
    if at.is_none() && !call.flags.text("image").is_empty() {
        let name = if wanted.is_empty() { thin::format_str!("debugger-{}", suffix(call)) } else { wanted.clone() };
        if wanted.is_empty() && voice(call) == Voice::Normal {
            call.ctx.out(&format!("Defaulting debug container name to {name}.\n"));
        }
        let mut container = Value::map();
        container.set(&["name"], name);
        container.set(&["terminationMessagePolicy"], "File");
        containers.push(container);
        at = Some(containers.len() - 1);
    }
    let mut name = Str::new();
    if let Some(at) = at {
        fill(call, &mut containers[at], words)?;
        name = containers[at].get("name").text().into();
        if !is_legacy {
            strip(call, &mut spec, &mut containers);
        }
        let tracing: &[&str] = if profile == "general" { &["SYS_PTRACE"] } else { &[] };
        secure(&mut containers[at], &profile, tracing);
        if !is_legacy && spec.get("shareProcessNamespace").is_null() {
            spec.set(&["shareProcessNamespace"], true);
        }
    }
    if call.flags.is_set("share-processes") {
        spec.set(&["shareProcessNamespace"], call.flags.is_on("share-processes"));
    }
    spec.set(&["containers"], containers);
    pod.set(&["spec"], spec);
    Ok((pod, name))
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

/// A copy is nobody's replica: no probes and, if so wished, no init containers.
fn strip(call: &Call<'_, '_>, spec: &mut Value, containers: &mut [Value]) {
    for (flag, field) in
        [("keep-liveness", "livenessProbe"), ("keep-readiness", "readinessProbe"), ("keep-startup", "startupProbe")]
    {
        if !call.flags.is_on(flag) {
            containers.iter_mut().for_each(|container| drop(container.remove(&[field])));
        }
    }
    if !call.flags.is_on("keep-init-containers") {
        spec.remove(&["initContainers"]);
    }
}

/// The security context that a profile gives the debug container.
fn secure(container: &mut Value, profile: &str, capabilities: &[&str]) {
    let list = |names: &[&str]| names.iter().map(|name| Value::from(*name)).collect::<Vec<_>>();
    match profile {
        "baseline" | "restricted" => drop(container.remove(&["securityContext"])),
        _ => {}
    }
    match profile {
        "restricted" => {
            container.set(&["securityContext", "runAsNonRoot"], true);
            container.set(&["securityContext", "capabilities", "drop"], list(&["ALL"]));
            container.set(&["securityContext", "allowPrivilegeEscalation"], false);
            container.set(&["securityContext", "seccompProfile", "type"], "RuntimeDefault");
        }
        "netadmin" => container.set(&["securityContext", "capabilities", "add"], list(&["NET_ADMIN", "NET_RAW"])),
        "sysadmin" => container.set(&["securityContext", "privileged"], true),
        _ if !capabilities.is_empty() => {
            container.set(&["securityContext", "capabilities", "add"], list(capabilities));
        }
        _ => {}
    }
}

/// Waits for the debug container, and attaches to it.
#[derive(Clone, Debug)]
pub struct Debugging {
    request: ExecRequest,
    voice: Voice,
    session: Option<Session>,
    seen: Option<u64>,
}

impl Debugging {
    /// Looks at the container, or passes input and output on.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if let Some(session) = &mut self.session {
            return match session.step(ctx) {
                SessionStep::Blocked { wake } => Ok(Progress::Blocked { wake }),
                SessionStep::Ended(_) => {
                    self.leave(ctx);
                    Ok(Progress::Done(0))
                }
            };
        }
        let revision = ctx.api.revision();
        if self.seen.replace(revision) == Some(revision) {
            return Ok(Progress::Blocked { wake: None });
        }
        let key: &Key = &self.request.pod;
        let pod = ctx.api.get(Kind::Pod, key)?.encode();
        let statuses = pod.at(&["status", "containerStatuses"]).as_list();
        let status = statuses.iter().find(|status| status.get("name").text() == self.request.container);
        let state = status.map(|status| status.get("state").clone()).unwrap_or_default();
        if !state.get("terminated").is_null() {
            let options = LogOptions { container: self.request.container.clone(), ..LogOptions::default() };
            let log = ctx.api.logs(key, &options)?;
            ctx.out(&log.text);
            return Ok(Progress::Done(0));
        }
        if state.get("running").is_null() {
            return Ok(Progress::Blocked { wake: None });
        }
        if self.voice == Voice::Normal {
            ctx.err(RECORDED);
        }
        self.session = Some(Session::start(ctx, &self.request)?);
        Ok(Progress::Blocked { wake: Some(ctx.now()) })
    }

    /// Says how to come back, if the container starts again.
    fn leave(&self, ctx: &mut Context<'_>) {
        let ExecRequest { pod, container, tty, .. } = &self.request;
        let object = ctx.api.get(Kind::Pod, pod).map(|object| object.encode()).unwrap_or_default();
        if *tty && self.voice == Voice::Normal && object.at(&["spec", "restartPolicy"]).text() == "Always" {
            ctx.out(&format!(
                "Session ended, resume using 'kubectl attach {} -c {container} -i -t' command when the pod is running\n",
                pod.name
            ));
        }
    }

    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        self.session.as_mut().is_some_and(|session| session.interrupt(ctx))
    }

    /// Whether keys go to the process.
    pub fn holds_terminal(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_terminal)
    }
}
