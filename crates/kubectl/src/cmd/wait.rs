//! `kubectl wait`: waits until objects are there, gone, or in some condition.
//!
//! Conditions are looked at whenever the store has changed; kubectl itself looks every half second for `--for=create` only.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/wait.

use api::duration::parse_go;
use api::{Object, Str, Value};
use sim::{Span, Time};

use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Builder, Info};
use crate::context::{Context, Env};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};
use crate::printers::go::format_v;
use crate::printers::jsonpath::{MissingKeys, Template, relaxed};

/// What a negative timeout means.
const WEEK: Span = Span::from_seconds(168 * 3_600);

/// The verb.
pub static WAIT: Verb = Verb {
    path: "wait",
    summary: "Wait until objects are in a condition",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) \
            [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
    flags: &[
        &[Flag::array("for"), Flag::bool("local"), Flag::duration("timeout", "30s")],
        shared::OUTPUT,
        &[Flag::slice("filename").short('f'), Flag::bool("recursive").short('R').default("true")],
        shared::SELECTOR,
        shared::FIELD_SELECTOR,
        shared::ALL,
        shared::ALL_NAMESPACES,
    ],
    run,
    ..PLAIN
};

/// What is waited for.
#[derive(Clone, Debug)]
enum Condition {
    Created,
    Deleted,
    /// A condition of the status, by name and wanted value.
    Status {
        name: Str,
        value: Str,
    },
    /// A path into the object, and the wanted text if not any will do.
    Path {
        template: Template,
        value: Option<Str>,
    },
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let words = call.flags.texts("for");
    let conditions: Vec<Condition> = words.iter().map(|word| condition(word)).collect::<Result<_, _>>()?;
    if conditions.is_empty() {
        return Err(Failure::plain("unrecognized condition: []"));
    }
    let nanos = parse_go(&call.flags.text("timeout")).unwrap_or(0);
    let timeout = if nanos < 0 { WEEK } else { call.flags.duration("timeout") };
    let mut builder = call.builder();
    builder.select_all = call.flags.is_on("all");
    builder.files_are_live = true;
    let waits_for_creation = words.iter().any(|word| word.eq_ignore_ascii_case("create"));
    let waits_for_deletion = words.iter().any(|word| word.eq_ignore_ascii_case("delete"));
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let waiting = Waiting {
        conditions,
        output,
        timeout,
        until: call.ctx.now() + timeout,
        seen: None,
        state: State::Finding(Box::new(Finding {
            builder,
            env: call.env.clone(),
            waits_for_creation,
            waits_for_deletion,
        })),
    };
    Ok(waiting.into())
}

fn condition(word: &str) -> Result<Condition, Failure> {
    api::reached!("kubectl::cmd::wait::condition");
    if word.eq_ignore_ascii_case("delete") {
        return Ok(Condition::Deleted);
    }
    if word.eq_ignore_ascii_case("create") {
        return Ok(Condition::Created);
    }
    if let Some(condition) = word.strip_prefix("condition=") {
        let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Condition::Status { name: name.into(), value: value.into() });
    }
    match word.strip_prefix("jsonpath=") {
        Some(input) => path_condition(input),
        None => Err(Failure::Plain(format!("unrecognized condition: {word:?}"))),
    }
}

fn path_condition(input: &str) -> Result<Condition, Failure> {
    api::reached!("kubectl::cmd::wait::path_condition");
    let parts = split_at_single_equals(input);
    let (path, value) = match parts.as_slice() {
        [path] => (path, None),
        [path, value] => (path, Some(value.trim_matches(['\'', '"']))),
        _ => {
            return Err(Failure::plain(
                "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or \
                 --for=jsonpath='{.status.readyReplicas}'",
            ));
        }
    };
    if value == Some("") {
        return Err(Failure::plain(
            "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
        ));
    }
    let path = relaxed(path).map_err(Failure::Plain)?;
    if path.is_empty() {
        return Err(Failure::plain("jsonpath expression cannot be empty"));
    }
    let template = Template::parse(&path).map_err(Failure::Plain)?;
    Ok(Condition::Path { template, value: value.map(Str::from) })
}

/// `a==b=c` is `a==b` and `c`.
fn split_at_single_equals(input: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match (c, chars.peek()) {
            ('=', Some('=')) => {
                chars.next();
                parts[last].push_str("==");
            }
            ('=', _) => parts.push(String::new()),
            (c, _) => parts[last].push(c),
        }
    }
    parts
}

/// Waits for objects, one after the other.
#[derive(Clone, Debug)]
pub struct Waiting {
    conditions: Vec<Condition>,
    output: Output,
    timeout: Span,
    until: Time,
    seen: Option<u64>,
    state: State,
}

/// How to find the objects.
#[derive(Clone, Debug)]
struct Finding {
    builder: Builder,
    env: Env,
    waits_for_creation: bool,
    waits_for_deletion: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// It is not known yet which objects.
    Finding(Box<Finding>),
    /// The objects that are left, the last one first, and how many conditions of it are met; errors so far.
    Watching { left: Vec<Info>, met: usize, failures: Vec<Failure> },
}

impl Waiting {
    /// Looks at the objects.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let revision = ctx.api.revision();
        if self.seen == Some(revision) && ctx.now() < self.until {
            return Ok(Progress::Blocked { wake: Some(self.until) });
        }
        self.seen = Some(revision);
        if let State::Finding(finding) = &self.state
            && let Some(progress) = self.find(ctx, (**finding).clone())?
        {
            return Ok(progress);
        }
        self.watch(ctx)
    }

    /// Finds the objects; answers if they are not there yet.
    fn find(&mut self, ctx: &mut Context<'_>, finding: Finding) -> Result<Option<Progress>, Failure> {
        let Finding { builder, env, waits_for_creation, waits_for_deletion } = finding;
        let (mut left, mut failures) = builder.visit(ctx, &env)?.into_infos();
        if waits_for_creation && (left.is_empty() || failures.iter().any(Failure::is_not_found)) {
            if self.until <= ctx.now() {
                return Err(Failure::plain("timed out waiting for the condition"));
            }
            return Ok(Some(Progress::Blocked { wake: Some(self.until) }));
        }
        if waits_for_deletion {
            failures.retain(|failure| !failure.is_not_found());
        }
        if left.is_empty() && failures.is_empty() && !waits_for_deletion {
            return Err(Failure::plain("no matching resources found"));
        }
        left.reverse();
        self.state = State::Watching { left, met: 0, failures };
        Ok(None)
    }

    fn watch(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let State::Watching { left, met, failures } = &mut self.state else { return Ok(Progress::Done(0)) };
        while let Some(info) = left.last().cloned() {
            let Some(condition) = self.conditions.get(*met) else {
                left.pop();
                *met = 0;
                continue;
            };
            let outcome = look(ctx, &info, condition);
            let is_over = self.until <= ctx.now();
            match outcome {
                Ok(true) => {
                    *met += 1;
                    let text = said(ctx, &info, &mut self.output)?;
                    ctx.out(&text);
                }
                Ok(false) if is_over => {
                    let name = info.object_name();
                    failures.push(Failure::Plain(match self.timeout {
                        Span(0) => format!("condition not met for {name}"),
                        _ => format!("timed out waiting for the condition on {name}"),
                    }));
                    left.pop();
                    *met = 0;
                }
                Ok(false) => return Ok(Progress::Blocked { wake: Some(self.until) }),
                Err(failure) => {
                    failures.push(failure);
                    left.pop();
                    *met = 0;
                }
            }
        }
        match Failure::of(std::mem::take(failures)) {
            Some(failure) => Err(failure),
            None => Ok(Progress::Done(0)),
        }
    }
}

/// What is said of an object that meets a condition: that it does, or the object.
fn said(ctx: &Context<'_>, info: &Info, output: &mut Output) -> Result<String, Failure> {
    match output {
        Output::Objects(printer) => {
            let now = info.mapping.kind().and_then(|kind| ctx.api.get(kind, &info.key()).ok());
            printer.print(&now.map_or_else(|| info.object(), |object| object.encode()))
        }
        Output::Human | Output::Wide => Ok(format!("{} condition met\n", info.title())),
    }
}

/// Whether an object meets a condition now.
fn look(ctx: &Context<'_>, info: &Info, condition: &Condition) -> Result<bool, Failure> {
    let kind = info.mapping.kind_supported()?;
    let object = ctx.api.get(kind, &info.key());
    let uid = info.live.as_ref().map(|live| live.metadata().uid.clone());
    match condition {
        Condition::Deleted => Ok(object.map_or(true, |object| uid.is_some_and(|uid| object.metadata().uid != uid))),
        Condition::Created => object.map(|_| true).map_err(Failure::from),
        Condition::Status { name, value } => Ok(has_condition(&object?, name, value)),
        Condition::Path { template, value } => path_matches(&object?.encode(), template, value.as_deref()),
    }
}

fn has_condition(object: &Object, name: &str, wanted: &str) -> bool {
    let body = object.encode_body();
    let conditions = body.at(&["status", "conditions"]).as_list();
    let Some(condition) = conditions.iter().find(|found| found.get("type").text().eq_ignore_ascii_case(name)) else {
        return false;
    };
    let observed = condition.get("observedGeneration").as_int();
    let observed = observed.or_else(|| body.at(&["status", "observedGeneration"]).as_int());
    let generation = object.metadata().generation;
    if generation > 0 && observed.is_some_and(|observed| observed < generation) {
        return false;
    }
    condition.get("status").text().eq_ignore_ascii_case(wanted)
}

fn path_matches(object: &Value, template: &Template, wanted: Option<&str>) -> Result<bool, Failure> {
    let found = template.find(object, MissingKeys::Allowed).map_err(Failure::Plain)?;
    let Some(first) = found.first().filter(|results| !results.is_empty()) else { return Ok(false) };
    if found.len() > 1 {
        return Err(Failure::plain("given jsonpath expression matches more than one list"));
    }
    if first.len() > 1 {
        return Err(Failure::plain("given jsonpath expression matches more than one value"));
    }
    match (&first[0], wanted) {
        (_, None) => Ok(true),
        (Value::Map(_) | Value::List(_), Some(_)) => {
            Err(Failure::plain("jsonpath leads to a nested object or list which is not supported"))
        }
        (value, Some(wanted)) => Ok(format_v(value).trim() == wanted.trim()),
    }
}
