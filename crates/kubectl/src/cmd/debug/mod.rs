//! `kubectl debug`: a debug container in a running pod, in a copy of it, or in a pod on a node.
//!
//! - `profiles`, `custom`: what the container may do; `pods`: the pods that are made or changed; `attaching`: what follows.
//!
//! The nodes here have no files and processes of their own, so that a pod on a node finds none; that is said.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/debug (debug.go, profiles.go).

mod attaching;
mod custom;
mod pods;
mod profiles;

use api::{Str, Value};

pub use attaching::Debugging;

use self::pods::Debugger;
use self::profiles::Profile;
use super::call::refuse;
use super::pods::Voice;
use super::run::is_image_reference;
use super::{Call, Flow, PLAIN, Verb};
use crate::builder::{Builder, Info, Reading};
use crate::failure::Failure;
use crate::flags::Flag;

/// The verb.
pub static DEBUG: Verb = Verb {
    path: "debug",
    summary: "Look around in a pod, in a copy of it, or on a node",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]",
    flags: &[
        &[
            Flag::bool("arguments-only"),
            Flag::bool("attach"),
            Flag::text("container").short('c'),
            Flag::text("copy-to"),
            Flag::text("custom"),
            Flag::slice("env"),
            Flag::text("image"),
            Flag::text("image-pull-policy"),
            Flag::bool("keep-annotations"),
            Flag::bool("keep-init-containers").default("true"),
            Flag::bool("keep-labels"),
            Flag::bool("keep-liveness"),
            Flag::bool("keep-readiness"),
            Flag::bool("keep-startup"),
            Flag::text("profile").default("general"),
            Flag::bool("quiet").short('q'),
            Flag::bool("replace"),
            Flag::bool("same-node"),
            Flag::slice("set-image"),
            Flag::bool("share-processes").default("true"),
            Flag::bool("stdin").short('i'),
            Flag::text("target"),
            Flag::bool("tty").short('t'),
        ],
        FILENAME,
    ],
    run,
    ..PLAIN
};

static FILENAME: &[Flag] = &[Flag::slice("filename").short('f')];

/// What a command line asks for, for each of its objects.
#[derive(Clone, Debug)]
struct Task {
    profile: Profile,
    custom: Option<Value>,
    /// What stands behind `--`.
    words: Vec<Str>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (names, words) = match call.flags.dash_at {
        Some(at) => (call.flags.args[..at].to_vec(), call.flags.args[at..].to_vec()),
        None => (call.flags.args.clone(), Vec::new()),
    };
    let name = call.flags.text("profile");
    let unknown = || Failure::Plain(format!("unknown profile: {name}"));
    let task = Task { profile: Profile::parse(&name).ok_or_else(unknown)?, custom: custom::read(call)?, words };
    check(call, &names, &task.words)?;
    check_container(call, &task)?;
    let infos = infos(call, &names)?;
    Ok(Debugging::begin(call, task, infos))
}

/// What was named, not read yet: each object is read when its turn comes. A pod in a file is taken as it is there.
fn infos(call: &mut Call<'_, '_>, names: &[Str]) -> Result<Vec<Info>, Failure> {
    let of_pods = |name: &Str| if name.contains('/') { name.clone() } else { thin::format_str!("pods/{name}") };
    let args = names.iter().map(of_pods).collect();
    let builder = Builder { args, reading: Reading::Local, label_selector: None, ..call.builder() };
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    Failure::of(failures).map_or(Ok(infos), Err)
}

fn debug(call: &mut Call<'_, '_>, task: &Task, mut info: Info) -> Result<Debugger, Failure> {
    let object = if info.manifest.is_null() { info.get(call.ctx)?.encode() } else { in_namespace(&info) };
    match (info.mapping.resource().kind, call.flags.text("copy-to").is_empty()) {
        ("Node", _) => pods::on_node(call, task, &info),
        ("Pod", false) => pods::copy(call, task, &object),
        ("Pod", true) => pods::ephemeral(call, task, &object),
        _ => Err(Failure::Plain(format!("{:?} not supported by debug", info.mapping.version_kind()))),
    }
}

/// An object of a file, with the namespace that it is meant for.
fn in_namespace(info: &Info) -> Value {
    let mut object = info.manifest.clone();
    if info.mapping.is_namespaced() {
        object.set(&["metadata", "namespace"], info.namespace.clone());
    }
    object
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
    refuse(&[
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
    ])
}

/// The rest of the checks, with what is said between them.
fn check_container(call: &mut Call<'_, '_>, task: &Task) -> Result<(), Failure> {
    let target = call.flags.text("target");
    let copies = !call.flags.text("copy-to").is_empty();
    refuse(&[(
        !target.is_empty() && copies,
        "--target is incompatible with --copy-to. Use --share-processes instead.",
    )])?;
    if !target.is_empty() && voice(call) == Voice::Normal {
        call.ctx.out(&format!(
            "Targeting container {:?}. If you don't see processes from this container it may be because the container runtime \
             doesn't support this feature.\n",
            target.as_str()
        ));
    }
    let is_blind = call.flags.is_on("tty") && !call.flags.is_on("stdin");
    refuse(&[(is_blind, "-i/--stdin is required for containers with -t/--tty=true")])?;
    task.custom.as_ref().map_or(Ok(()), custom::check)?;
    if task.profile == Profile::Legacy {
        call.ctx.err(
            "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, \
             for example \"--profile=general\".\n",
        );
    }
    Ok(())
}
