//! `kubectl run`: makes a pod, and with `-i` attaches to it until its process ends.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/run, kubectl/pkg/cmd/attach.

use api::{Key, Kind, Str, Value};
use client::{DeleteOptions, ExecRequest, FieldValidation, LogOptions, Propagation};
use sim::Time;

use super::apply::with_last_applied;
use super::attach::{RECORDED, farewell};
use super::call::DryRun;
use super::create::{Framing, create_object, overridden};
use super::exec::terminal;
use super::pods::{self, Voice};
use super::session::{Session, SessionStep};
use super::{Call, Flow, PLAIN, Progress, Verb, pairs, shared};
use crate::builder::Info;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output};

/// The flags of files, which `run` has because it can delete, and reads none of.
static UNREAD_FILES: &[Flag] =
    &[Flag::slice("filename").short('f'), Flag::text("kustomize").short('k'), Flag::bool("recursive").short('R')];

/// The verb.
pub static RUN: Verb = Verb {
    path: "run",
    summary: "Run an image in a pod",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] \
            [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]",
    flags: &[
        &[
            Flag::array("annotations"),
            Flag::text("cascade").default("background").bare("background"),
            Flag::text("detach-keys").default("ctrl-p,ctrl-q"),
            Flag::bool("force"),
            Flag::int("grace-period", "-1"),
            Flag::duration("timeout", "0s"),
            Flag::bool("wait"),
            Flag::bool("attach"),
            Flag::bool("command"),
            Flag::array("env"),
            Flag::bool("expose"),
            Flag::text("image"),
            Flag::text("image-pull-policy"),
            Flag::text("labels").short('l'),
            Flag::bool("leave-stdin-open"),
            Flag::duration("pod-running-timeout", "1m0s"),
            Flag::text("port"),
            Flag::bool("privileged"),
            Flag::bool("quiet").short('q'),
            Flag::text("restart").default("Always"),
            Flag::bool("rm"),
            Flag::bool("save-config"),
            Flag::bool("stdin").short('i'),
            Flag::bool("tty").short('t'),
        ],
        shared::OUTPUT,
        shared::RECORD,
        UNREAD_FILES,
        shared::OVERRIDES,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    required: &["image"],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    if call.flags.args.is_empty() || call.flags.dash_at == Some(0) {
        return Err(call.usage("NAME is required for run"));
    }
    call.pod_running_timeout().map_err(|failure| call.usage(failure.message()))?;
    let is_interactive = call.flags.is_on("stdin");
    let attaches = if call.flags.is_set("attach") { call.flags.is_on("attach") } else { is_interactive };
    let restart = restart_policy(call);
    check(call, &restart, if attaches { Ending::Attached } else { Ending::Detached }, dry_run)?;
    let name = call.flags.args[0].clone();
    let mut body = pod(call, &name, &restart)?;
    let labelled = body.clone();
    if call.flags.is_on("save-config") {
        body = with_last_applied(&body);
    }
    call.record(&mut body);
    let mut created = body.clone();
    if dry_run != DryRun::Client {
        let options = call.write_options(dry_run, "kubectl-run", FieldValidation::Warn);
        let namespace = call.namespace.clone();
        let written = call.ctx.api.create_value(Kind::Pod, &namespace, body, &options)?;
        call.warn_all(&written.warnings);
        created = written.object.encode();
    }
    let namespace = call.namespace.clone();
    let mapping = Mapping::of(Kind::Pod);
    let info = Info { mapping, namespace, name, source: Str::new(), manifest: Value::Null, live: None };
    let is_exposed = call.flags.is_on("expose");
    let exposed = if is_exposed { expose(call, &info.name, &labelled) } else { Ok(()) };
    if attaches {
        // As upstream, it does not say why there is no service.
        let made = if is_exposed && exposed.is_ok() { &[Kind::Pod, Kind::Service][..] } else { &[Kind::Pod] };
        return attach(call, info, &restart, made);
    }
    call.print_typed_outcome(&mut output, &info, &created, "created", dry_run)?;
    exposed.map(|()| Flow::Done(0))
}

/// Whether kubectl stays with the pod that it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Attached,
    Detached,
}

/// `--restart`; if it is empty, a pod that reads input is restarted less.
fn restart_policy(call: &Call<'_, '_>) -> Str {
    match call.flags.text("restart") {
        given if !given.is_empty() => given,
        _ if call.flags.is_on("stdin") => "OnFailure".into(),
        _ => "Always".into(),
    }
}

fn check(call: &Call<'_, '_>, restart: &str, ending: Ending, dry_run: DryRun) -> Result<(), Failure> {
    let is_on = |name: &str| call.flags.is_on(name);
    let image = call.flags.text("image");
    if !is_image_reference(&image) {
        return Err(Failure::Plain(format!("Invalid image name {:?}: invalid reference format", image.as_str())));
    }
    let port = call.flags.text("port");
    let policy = call.flags.text("image-pull-policy");
    let refusal = if is_on("tty") && !is_on("stdin") {
        "-i/--stdin is required for containers with -t/--tty=true"
    } else if is_on("expose") && port.is_empty() {
        "--port must be set when exposing a service"
    } else if !matches!(restart, "Always" | "OnFailure" | "Never") {
        &format!("invalid restart policy: {restart}")
    } else if ending == Ending::Detached && is_on("rm") {
        "--rm should only be used for attached containers"
    } else if ending == Ending::Attached && dry_run != DryRun::None {
        "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"
    } else if !matches!(policy.as_str(), "" | "Always" | "IfNotPresent" | "Never") {
        &format!("invalid image pull policy: {policy}")
    } else {
        return Ok(());
    };
    Err(call.usage(refusal))
}

/// `--expose`: a service in front of the pod, which is printed before it.
fn expose(call: &mut Call<'_, '_>, name: &Str, pod: &Value) -> Result<(), Failure> {
    let port = number(&call.flags.text("port"))?;
    let labels = pod.at(&["metadata", "labels"]).clone();
    let mut body = Value::map();
    if !call.flags.text("labels").is_empty() {
        body.set(&["metadata", "labels"], labels.clone());
    }
    let mut entry = Value::map();
    entry.set(&["protocol"], "TCP");
    entry.set(&["port"], port);
    entry.set(&["targetPort"], port);
    body.set(&["spec", "ports"], vec![entry]);
    body.set(&["spec", "selector"], labels);
    create_object(call, "services", name, body, Framing::Plain)?;
    // kubectl ends the service with one separator, and its printer begins the pod with another.
    if call.flags.text("output") == "yaml" {
        call.ctx.out("---\n---\n");
    }
    Ok(())
}

fn number(port: &str) -> Result<i64, Failure> {
    let refuse = |error: String| Failure::Plain(error.replacen("ParseInt", "Atoi", 1));
    crate::flags::read_int(port).map_err(refuse)
}

/// Whether a text names an image: `[host/]path[:tag][@digest]`.
pub fn is_image_reference(image: &str) -> bool {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    let (path, tag) = match last.rsplit_once(':') {
        Some((_, tag)) => (&name[..name.len() - tag.len() - 1], Some(tag)),
        None => (name, None),
    };
    let is_word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c))
    };
    let mut parts = path.split('/').collect::<Vec<_>>();
    let has_host = parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
    let host = if has_host { Some(parts.remove(0)) } else { None };
    let is_component = |part: &&str| is_word(part, "") && *part == part.to_ascii_lowercase();
    parts.iter().all(is_component)
        && host.is_none_or(|host| is_word(host, ":"))
        && tag.is_none_or(|tag| is_word(tag, "") && tag.len() <= 128)
        && digest.is_none_or(|digest| is_word(digest, ":"))
}

fn pod(call: &Call<'_, '_>, name: &Str, restart: &Str) -> Result<Value, Failure> {
    let mut body = Mapping::of(Kind::Pod).type_meta();
    body.set(&["metadata", "name"], name.clone());
    let labels = call.flags.text("labels");
    if labels.is_empty() {
        body.set(&["metadata", "labels", "run"], name.clone());
    } else {
        body.set(&["metadata", "labels"], pairs::labels(&labels)?);
    }
    for pair in call.flags.texts("annotations").iter().filter(|pair| !pair.is_empty()) {
        let refused = || Failure::Plain(format!("unexpected annotations format: {pair}"));
        let (key, value) = pair.split_once('=').ok_or_else(refused)?;
        body.set(&["metadata", "annotations", key], value);
    }
    body.set(&["spec", "containers"], vec![container(call, name)?]);
    body.set(&["spec", "dnsPolicy"], "ClusterFirst");
    body.set(&["spec", "restartPolicy"], restart.clone());
    overridden(call, Mapping::of(Kind::Pod), body)
}

fn container(call: &Call<'_, '_>, name: &Str) -> Result<Value, Failure> {
    let is_on = |flag: &str| call.flags.is_on(flag);
    let mut container = Value::map();
    container.set(&["name"], name.clone());
    container.set(&["image"], call.flags.text("image"));
    container.set(&["resources"], Value::map());
    let words: Vec<Value> = call.flags.args.iter().skip(1).cloned().map(Value::Str).collect();
    if !words.is_empty() {
        container.set(&[if is_on("command") { "command" } else { "args" }], words);
    }
    let mut variables = Vec::new();
    for pair in call.flags.texts("env") {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| pairs::env_var_name_problems(key).is_empty())
            .ok_or_else(|| Failure::Plain(format!("invalid env: {pair}")))?;
        let mut variable = Value::map();
        variable.set(&["name"], key);
        variable.set(&["value"], value);
        variables.push(variable);
    }
    if !variables.is_empty() {
        container.set(&["env"], variables);
    }
    let port = call.flags.text("port");
    if !port.is_empty() {
        let mut entry = Value::map();
        entry.set(&["containerPort"], number(&port)?);
        container.set(&["ports"], vec![entry]);
    }
    for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
        if is_on(flag) {
            container.set(&[field], true);
        }
    }
    if is_on("stdin") && !is_on("leave-stdin-open") {
        container.set(&["stdinOnce"], true);
    }
    if is_on("privileged") {
        container.set(&["securityContext", "privileged"], true);
    }
    let policy = call.flags.text("image-pull-policy");
    if !policy.is_empty() {
        container.set(&["imagePullPolicy"], policy);
    }
    Ok(container)
}

fn attach(call: &mut Call<'_, '_>, info: Info, restart: &str, made: &'static [Kind]) -> Result<Flow, Failure> {
    let voice = if call.flags.is_on("quiet") { Voice::Quiet } else { Voice::Normal };
    let sends_input = call.flags.is_on("stdin");
    let wants_terminal = sends_input && call.flags.is_on("tty");
    let is_terminal = wants_terminal && call.env.stdin_is_terminal;
    if wants_terminal && !is_terminal {
        terminal(call, voice);
    }
    let timeout = call.flags.duration("pod-running-timeout");
    let attaching = Attaching {
        info,
        sends_input,
        is_terminal,
        voice,
        removes: if call.flags.is_on("rm") { made } else { &[] },
        propagation: super::delete::options(call)?.propagation,
        waits_for_exit: !call.flags.is_on("leave-stdin-open") && restart != "Always",
        only_success: restart == "OnFailure",
        until: call.ctx.now() + timeout,
        timeout_us: timeout.0,
        seen: None,
        state: State::Starting,
    };
    Ok(attaching.into())
}

#[derive(Clone, Debug)]
enum State {
    /// The pod does not run yet.
    Starting,
    /// Input and output go to and fro.
    Attached(Session),
    /// The process has ended; the pod's phase will say how.
    Ending,
}

/// A pod that was made and is attached to.
#[derive(Clone, Debug)]
pub struct Attaching {
    info: Info,
    sends_input: bool,
    is_terminal: bool,
    voice: Voice,
    /// Of which kinds objects of its name are deleted at the end (`--rm`).
    removes: &'static [Kind],
    propagation: Option<Propagation>,
    waits_for_exit: bool,
    only_success: bool,
    until: Time,
    timeout_us: u64,
    seen: Option<u64>,
    state: State,
}

impl Attaching {
    /// Goes on with whatever is due.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let outcome = match &mut self.state {
            State::Starting => self.start(ctx),
            State::Attached(session) => match session.step(ctx) {
                SessionStep::Blocked { wake } => return Ok(Progress::Blocked { wake }),
                SessionStep::Ended(_) => self.leave(ctx),
            },
            State::Ending => self.end(ctx),
        };
        match outcome {
            Ok(Some(progress)) => Ok(progress),
            Ok(None) => self.step(ctx),
            Err(failure) => {
                self.remove(ctx);
                Err(failure)
            }
        }
    }

    /// Ctrl-C; answers whether the run goes on.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) -> bool {
        let goes_on = match &mut self.state {
            State::Attached(session) => session.interrupt(ctx),
            State::Starting | State::Ending => false,
        };
        if !goes_on {
            self.remove(ctx);
        }
        goes_on
    }

    /// Whether keys go to the process.
    pub fn holds_terminal(&self) -> bool {
        matches!(&self.state, State::Attached(session) if session.is_terminal())
    }

    /// The pod, if something was written since the last look.
    fn look(&mut self, ctx: &mut Context<'_>) -> Result<Option<Value>, Failure> {
        if self.until <= ctx.now() {
            return Err(Failure::plain("timed out waiting for the condition"));
        }
        let revision = ctx.api.revision();
        if self.seen.replace(revision) == Some(revision) {
            return Ok(None);
        }
        Ok(Some(ctx.api.get(Kind::Pod, &self.info.key())?.encode()))
    }

    fn blocked(&self) -> Result<Option<Progress>, Failure> {
        Ok(Some(Progress::Blocked { wake: Some(self.until) }))
    }

    fn start(&mut self, ctx: &mut Context<'_>) -> Result<Option<Progress>, Failure> {
        let Some(pod) = self.look(ctx)? else { return self.blocked() };
        match pod.at(&["status", "phase"]).text() {
            "Succeeded" | "Failed" => {
                self.print_log(ctx, &pod)?;
                self.leave(ctx)
            }
            "Running" if pods::is_ready(&pod) => {
                self.print_log(ctx, &pod)?;
                if self.voice == Voice::Normal {
                    ctx.err(RECORDED);
                }
                let container = pods::container(ctx, &pod, "", Voice::Quiet)?;
                let (stdin, tty) = (self.sends_input, self.is_terminal);
                let request = ExecRequest { pod: self.info.key(), container, command: Vec::new(), stdin, tty };
                self.state = State::Attached(Session::start(ctx, &request)?);
                // What was said so far comes before what the process says.
                Ok(Some(Progress::Blocked { wake: Some(ctx.now()) }))
            }
            _ => self.blocked(),
        }
    }

    /// Prints what the container has written so far.
    fn print_log(&self, ctx: &mut Context<'_>, pod: &Value) -> Result<(), Failure> {
        let container = pods::container(ctx, pod, "", Voice::Quiet)?;
        let options = LogOptions { container, ..LogOptions::default() };
        let found = ctx.api.logs(&self.info.key(), &options)?;
        ctx.out(&found.text);
        Ok(())
    }

    fn leave(&mut self, ctx: &mut Context<'_>) -> Result<Option<Progress>, Failure> {
        if self.voice == Voice::Normal && self.is_terminal && matches!(self.state, State::Attached(_)) {
            let (pod, container) = (self.info.key(), self.info.name.clone());
            let request = ExecRequest { pod, container, ..ExecRequest::default() };
            ctx.out(&farewell(&request, &Value::Null));
        }
        if !self.waits_for_exit {
            self.remove(ctx);
            return Ok(Some(Progress::Done(0)));
        }
        self.until = Time(ctx.now().0 + self.timeout_us);
        self.seen = None;
        self.state = State::Ending;
        Ok(None)
    }

    fn end(&mut self, ctx: &mut Context<'_>) -> Result<Option<Progress>, Failure> {
        let Some(pod) = self.look(ctx)? else { return self.blocked() };
        match pod.at(&["status", "phase"]).text() {
            "Succeeded" => {
                self.remove(ctx);
                Ok(Some(Progress::Done(0)))
            }
            "Failed" if !self.only_success => Err(self.failed(&pod)),
            _ => self.blocked(),
        }
    }

    fn failed(&self, pod: &Value) -> Failure {
        let terminated = pod.at(&["status", "containerStatuses"]).element(0).at(&["state", "terminated"]).clone();
        let name = format!("pod {}/{}", self.info.namespace, self.info.name);
        match terminated.get("exitCode").as_int().and_then(|code| i32::try_from(code).ok()) {
            None | Some(0) => Failure::Plain(format!("{name} failed with unknown exit code")),
            Some(code) => {
                let (reason, message) = (terminated.get("reason").text(), terminated.get("message").text());
                Failure::Exited(format!("{name} terminated ({reason})\n{message}"), code)
            }
        }
    }

    /// `--rm`
    fn remove(&mut self, ctx: &mut Context<'_>) {
        let key: Key = self.info.key();
        let options = DeleteOptions { propagation: self.propagation, ..DeleteOptions::default() };
        for kind in std::mem::take(&mut self.removes) {
            // That it is gone already is no error.
            if ctx.api.delete(*kind, &key, &options).is_ok() && self.voice == Voice::Normal {
                let what = Mapping::of(*kind).qualified_singular();
                ctx.out(&format!("{what} {:?} deleted from {} namespace\n", key.name.as_str(), key.namespace));
            }
        }
    }
}
