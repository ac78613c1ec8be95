//! One call of a verb: its flags, the configuration in force, the world.

use api::text::yaml;
use api::{Object, Str, Value};
use client::{FieldValidation, Patch, PatchKind, Subresource, WriteOptions};
use sim::{Span, Time};

use super::Verb;
use super::find::Command;
use crate::builder::{Builder, Info};
use crate::config::{Config, SERVER};
use crate::context::{Context, Env};
use crate::failure::Failure;
use crate::flags::{Parsed, read_bool};
use crate::mapping::Mapping;
use crate::output::{Output, Printer};
use crate::rest::Part;

/// What a verb's function gets.
pub struct Call<'c, 'w> {
    /// The verb.
    pub verb: &'static Verb,
    /// Its flags and arguments.
    pub flags: Parsed,
    /// What is fixed while kubectl runs.
    pub env: &'c Env,
    /// The world.
    pub ctx: &'c mut Context<'w>,
    /// The kubeconfig.
    pub config: Config,
    /// The namespace in force.
    pub namespace: Str,
    /// Whether `-n` was given.
    pub namespace_is_explicit: bool,
    /// The whole standard input, if a flag names it.
    pub stdin: String,
}

/// A call between two steps of a verb that writes several objects, one request after the other.
#[derive(Clone, Debug)]
pub struct Held {
    verb: &'static Verb,
    flags: Parsed,
    env: Env,
    config: Config,
    namespace: Str,
    namespace_is_explicit: bool,
    /// When the next object is written; none before the first.
    next_at: Option<Time>,
}

impl Held {
    /// Goes on with the call, without its standard input.
    pub fn resume<T>(&mut self, ctx: &mut Context<'_>, go_on: impl FnOnce(&mut Call<'_, '_>) -> T) -> T {
        let mut call = Call {
            verb: self.verb,
            flags: std::mem::take(&mut self.flags),
            env: &self.env,
            ctx,
            config: self.config.clone(),
            namespace: self.namespace.clone(),
            namespace_is_explicit: self.namespace_is_explicit,
            stdin: String::new(),
        };
        let answer = go_on(&mut call);
        self.flags = call.flags;
        answer
    }

    /// Until when the next object has to wait, if it has to: each but the first takes its time.
    pub fn pause(&mut self, ctx: &Context<'_>) -> Option<Time> {
        let now = ctx.now();
        let next_at = *self.next_at.get_or_insert(now);
        if now < next_at {
            return Some(next_at);
        }
        self.next_at = Some(Time(now.0 + ctx.object_us));
        None
    }
}

/// Whether anything is sent, and stored (`--dry-run`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// Sent and stored.
    None,
    /// Nothing is sent.
    Client,
    /// Sent, and not stored.
    Server,
}

impl DryRun {
    /// What follows an operation's name in a message.
    pub const fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// The annotation that says which command made an object what it is.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Flags that would change who asks, or whom: this cluster has one server and one user with a certificate.
const UNSUPPORTED: [&str; 7] =
    ["certificate-authority", "client-certificate", "client-key", "password", "server", "token", "username"];

/// From this level of `-v` on, the real kubectl logs its requests, with how long each took.
const LOGS_REQUESTS: i64 = 6;

impl<'c, 'w> Call<'c, 'w> {
    pub(super) fn new(
        command: Command,
        env: &'c Env,
        stdin: String,
        ctx: &'c mut Context<'w>,
    ) -> Result<Call<'c, 'w>, Failure> {
        let flags = command.flags;
        let is_config = command.verb.path.starts_with("config");
        if let Some(name) = UNSUPPORTED.iter().find(|name| flags.is_set(name) && !is_config) {
            return Err(Failure::Plain(format!(
                "--{name} is not supported in this playground: it has one server and one user"
            )));
        }
        let profile = flags.text("profile");
        let is_own = command.verb.flags.iter().any(|group| group.iter().any(|own| own.name == "profile"));
        if !is_own && !PROFILES.contains(&profile.as_str()) {
            return Err(Failure::Plain(format!("unknown profile '{profile}'")));
        }
        let config = Config::read(ctx, env, &flags.text("kubeconfig"))?;
        let named = flags.text("context");
        let context = if named.is_empty() { config.current_context() } else { named };
        // Writing a kubeconfig asks nobody.
        if !is_config {
            check_usable(command.verb, &flags, &config, &context)?;
        }
        let namespace_is_explicit = !flags.text("namespace").is_empty();
        let namespace = match (flags.text("namespace").as_str(), config.context(&context).get("namespace").text()) {
            ("", "") => "default".into(),
            ("", namespace) | (namespace, _) => namespace.into(),
        };
        let verb = command.verb;
        let level = flags.int("v");
        if level >= LOGS_REQUESTS {
            ctx.err(&format!(
                "Requests are not logged in this version of the playground: -v={level} shows nothing more.\n"
            ));
        }
        Ok(Call { verb, flags, env, ctx, config, namespace, namespace_is_explicit, stdin })
    }

    /// What is kept of the call while the verb goes on later.
    pub fn hold(&mut self) -> Held {
        Held {
            verb: self.verb,
            flags: std::mem::take(&mut self.flags),
            env: self.env.clone(),
            config: self.config.clone(),
            namespace: self.namespace.clone(),
            namespace_is_explicit: self.namespace_is_explicit,
            next_at: None,
        }
    }

    /// The builder that the common flags and all arguments make.
    pub fn builder(&self) -> Builder {
        let optional = |name: &str| Some(self.flags.text(name)).filter(|text| !text.is_empty());
        Builder {
            namespace: self.namespace.clone(),
            namespace_is_explicit: self.namespace_is_explicit,
            all_namespaces: self.flags.is_on("all-namespaces"),
            filenames: self.flags.texts("filename"),
            kustomize: self.flags.text("kustomize"),
            request_timeout: self.flags.text("request-timeout"),
            recursive: self.flags.is_on("recursive"),
            label_selector: optional("selector"),
            field_selector: optional("field-selector"),
            args: self.flags.args.clone(),
            stdin: self.stdin.clone(),
            ..Builder::default()
        }
    }

    /// A mistake in the use of the command.
    pub fn usage(&self, message: impl Into<String>) -> Failure {
        Failure::Usage(message.into(), format!("kubectl {}", self.verb.path))
    }

    /// Whether `-f` or `-k` was given.
    pub fn has_files(&self) -> bool {
        !self.flags.texts("filename").is_empty() || !self.flags.text("kustomize").is_empty()
    }

    /// `-f` or `-k`
    pub fn require_files(&self) -> Result<(), Failure> {
        if self.has_files() { Ok(()) } else { Err(Failure::plain("must specify one of -f and -k")) }
    }

    /// `--dry-run`; a boolean, as it was once, still counts.
    pub fn dry_run(&mut self) -> Result<DryRun, Failure> {
        let text = self.flags.text("dry-run");
        match (text.as_str(), read_bool(&text)) {
            ("none" | "", _) => Ok(DryRun::None),
            ("client", _) => Ok(DryRun::Client),
            ("server", _) => Ok(DryRun::Server),
            ("unchanged", _) => {
                self.log_warning(
                    "helpers.go:719",
                    "--dry-run is deprecated and can be replaced with --dry-run=client.",
                );
                Ok(DryRun::Client)
            }
            (given, Ok(value)) => {
                let (line, meant, is) = match value {
                    "true" => (733, DryRun::Client, "client"),
                    _ => (736, DryRun::None, "none"),
                };
                self.log_warning(
                    &format!("helpers.go:{line}"),
                    &format!(
                        "--dry-run={given} is deprecated (boolean value) and can be replaced with --dry-run={is}."
                    ),
                );
                Ok(meant)
            }
            (other, Err(_)) => Err(Failure::Plain(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// A warning of kubectl's own log, with the place in its source that writes it.
    pub fn log_warning(&mut self, place: &str, text: &str) {
        let (now, pid) = (self.ctx.now(), self.env.pid);
        let (instant, micros) = (now.to_rfc3339(), now.0 % 1_000_000);
        let (date, time) = (instant[5..10].replace('-', ""), &instant[11..19]);
        self.ctx.err(&format!("W{date} {time}.{micros:06} {pid:7} {place}] {text}\n"));
    }

    /// `--pod-running-timeout`
    pub fn pod_running_timeout(&self) -> Result<Span, Failure> {
        let timeout = self.flags.duration("pod-running-timeout");
        refuse(&[(timeout == Span::ZERO, "--pod-running-timeout must be higher than zero")])?;
        Ok(timeout)
    }

    /// `--validate`
    pub fn validation(&self) -> Result<FieldValidation, Failure> {
        match self.flags.text("validate").as_str() {
            "strict" | "" => Ok(FieldValidation::Strict),
            "warn" => Ok(FieldValidation::Warn),
            "ignore" => Ok(FieldValidation::Ignore),
            other => match read_bool(other) {
                Ok("true") => Ok(FieldValidation::Strict),
                Ok(_) => Ok(FieldValidation::Ignore),
                Err(_) => Err(Failure::Plain(format!(
                    "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
                ))),
            },
        }
    }

    /// How a write of this call is meant, by a manager of its own or the one named.
    pub fn write_options(&self, dry_run: DryRun, manager: &str, field_validation: FieldValidation) -> WriteOptions {
        let named = self.flags.text("field-manager");
        WriteOptions {
            dry_run: dry_run == DryRun::Server,
            field_validation,
            field_manager: if named.is_empty() { manager.into() } else { named },
            force: false,
            subresource: Subresource::None,
        }
    }

    /// Notes on the object which command made it what it is (`--record`).
    pub fn record(&self, object: &mut Value) {
        if let Some(cause) = self.flags.cause() {
            object.set(&["metadata", "annotations", CHANGE_CAUSE], cause.clone());
        }
    }

    /// The same on an object that is written already, in a request of its own, whose answer it gives. What is wrong with that request is
    /// not told.
    pub fn record_afterwards(&mut self, info: &Info, part: Part, dry_run: DryRun, manager: &str) -> Option<Object> {
        let cause = self.flags.cause()?.clone();
        let mut body = Value::map();
        body.set(&["metadata", "annotations", CHANGE_CAUSE], cause);
        let options = self.write_options(dry_run, manager, FieldValidation::Warn);
        let options = WriteOptions { subresource: part.to_write(), ..options };
        let patch = Patch { kind: PatchKind::Merge, body };
        self.ctx.api.patch(info.mapping.kind()?, &info.key(), &patch, &options).ok().map(|written| written.object)
    }

    /// Says something that is no error, each text once.
    pub fn warn(&mut self, text: &str) {
        if self.ctx.warnings.note(text) {
            self.ctx.err(&format!("Warning: {text}\n"));
        }
    }

    /// Passes the server's warnings on.
    pub fn warn_all(&mut self, warnings: &[Str]) {
        for warning in warnings {
            self.ctx.warn_from_server(warning);
        }
    }

    /// The warnings that the server adds to requests for deprecated resources.
    pub fn warn_if_deprecated(&mut self, mapping: Mapping) {
        if let Some(warning) = deprecation(mapping) {
            self.ctx.warn_from_server(warning);
        }
    }

    /// `service/nginx created`
    pub fn print_operation(&mut self, info: &Info, operation: &str, dry_run: DryRun) {
        let line = format!("{} {operation}{}\n", info.title(), dry_run.suffix());
        self.ctx.out(&line);
    }

    /// What was done, as `-o` says: the line of it, or the object.
    pub fn print_outcome(
        &mut self,
        output: &mut Output,
        info: &Info,
        object: &Value,
        operation: &str,
        dry_run: DryRun,
    ) -> Result<(), Failure> {
        self.print_outcome_by(Printer::print, output, info, object, (operation, dry_run))
    }

    /// The same by a verb that reads objects into Go's structs, which shows in the order of fields.
    pub fn print_typed_outcome(
        &mut self,
        output: &mut Output,
        info: &Info,
        object: &Value,
        operation: &str,
        dry_run: DryRun,
    ) -> Result<(), Failure> {
        self.print_outcome_by(Printer::print_typed, output, info, object, (operation, dry_run))
    }

    fn print_outcome_by(
        &mut self,
        print: fn(&mut Printer, &Value) -> Result<String, Failure>,
        output: &mut Output,
        info: &Info,
        object: &Value,
        (operation, dry_run): (&str, DryRun),
    ) -> Result<(), Failure> {
        match output {
            Output::Objects(printer) => {
                let text = print(printer, object)?;
                self.ctx.out(&text);
            }
            Output::Human | Output::Wide => self.print_operation(info, operation, dry_run),
        }
        Ok(())
    }

    /// Prints one object in JSON or YAML as `-o` says, for verbs that print the object they made.
    pub fn print_yaml(&mut self, value: &Value) {
        let text = yaml::write(value);
        self.ctx.out(&text);
    }
}

/// Verbs that look for their server before they look for their namespace.
const SERVER_FIRST: [&str; 12] = [
    "api-resources",
    "api-versions",
    "apply",
    "auth can-i",
    "auth whoami",
    "cluster-info",
    "cluster-info dump",
    "expose",
    "proxy",
    "run",
    "version",
    "wait",
];

/// What `--profile` knows; none of them is captured here.
const PROFILES: [&str; 9] = ["none", "cpu", "heap", "goroutine", "threadcreate", "block", "mutex", "trace", "allocs"];

/// Whether the kubeconfig and the flags about it lead to the one server.
fn check_usable(verb: &Verb, flags: &Parsed, config: &Config, context: &str) -> Result<(), Failure> {
    let is_server_first = SERVER_FIRST.contains(&verb.path) || !flags.text("namespace").is_empty();
    let misconfigured = |problem: String| Failure::Verbatim(format!("Error in configuration: {problem}"));
    let is_known = |list: &str, name: &str| config.entries(list).iter().any(|entry| entry.get("name").text() == name);
    let missing = |flag: &str, list: &str| {
        let name = flags.text(flag);
        let is_own = verb.flags.iter().any(|group| group.iter().any(|own| own.name == flag));
        (!is_own && !name.is_empty() && !is_known(list, &name)).then_some(name)
    };
    let (cluster, user) = (missing("cluster", "clusters"), missing("user", "users"));
    if !context.is_empty() && !is_known("contexts", context) {
        return Err(match is_server_first && !flags.text("context").is_empty() {
            true => Failure::Plain(format!("context {context:?} does not exist")),
            false => misconfigured(format!("context was not found for specified context: {context}")),
        });
    }
    match (cluster, user) {
        (Some(name), _) if !is_server_first => {
            return Err(misconfigured(format!("no server found for cluster {:?}", name.as_str())));
        }
        (_, Some(name)) => return Err(Failure::Plain(format!("auth info {:?} does not exist", name.as_str()))),
        (Some(name), None) => return Err(Failure::Plain(format!("cluster {:?} does not exist", name.as_str()))),
        (None, None) => {}
    }
    let server = match flags.text("cluster") {
        named if !named.is_empty() => config.server_of(&named),
        _ => config.server(context),
    };
    match server.as_str() {
        SERVER => Ok(()),
        "" if !asks_server(verb, flags) => Ok(()),
        "" => Err(Failure::Verbatim(
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?".into(),
        )),
        server => {
            Err(Failure::Plain(format!("the server {server} is not in this playground; its one server is {SERVER}")))
        }
    }
}

/// Whether a verb asks the server anything.
fn asks_server(verb: &Verb, flags: &Parsed) -> bool {
    let first = verb.path.split(' ').next().unwrap_or_default();
    match first {
        "alpha" | "completion" | "kuberc" | "kustomize" | "options" | "plugin" => false,
        "version" => !flags.is_on("client"),
        _ => true,
    }
}

/// What the server says about requests for this resource.
pub fn deprecation(mapping: Mapping) -> Option<&'static str> {
    (mapping.qualified_plural() == "endpoints")
        .then_some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
}

/// The first refusal whose condition holds.
pub fn refuse(cases: &[(bool, &str)]) -> Result<(), Failure> {
    match cases.iter().find(|(holds, _)| *holds) {
        Some((_, refusal)) => Err(Failure::plain(*refusal)),
        None => Ok(()),
    }
}

/// A plain refusal of what is not there yet.
pub fn unsupported(what: &str) -> Failure {
    Failure::Plain(format!("{what} are not supported in this version of the playground"))
}
