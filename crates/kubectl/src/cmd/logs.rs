//! `kubectl logs`: what containers have written, once or as they write.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/logs, pkg/polymorphichelpers/logsforobject.go.

use api::codec::Codec;
use api::{Key, Kind, Object, Pod, Str, Value};
use client::LogOptions;
use ordered::Arrange;
use sim::{Span, Time};

use super::pods::{self, Voice};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::selection::Selection;

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
POD or TYPE/NAME is a required argument for the logs command";
/// Lines of each container if pods are chosen by labels.
const SELECTOR_TAIL: usize = 10;

/// The verb.
pub static LOGS: Verb = Verb {
    path: "logs",
    summary: "Show what a container has written",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
    flags: &[
        &[
            Flag::bool("all-containers"),
            Flag::bool("all-pods"),
            Flag::text("container").short('c'),
            Flag::bool("follow").short('f'),
            Flag::bool("ignore-errors"),
            Flag::bool("insecure-skip-tls-verify-backend"),
            Flag::int("limit-bytes", "0"),
            Flag::int("max-log-requests", "5"),
            Flag::duration("pod-running-timeout", "20s"),
            Flag::bool("prefix"),
            Flag::bool("previous").short('p'),
            Flag::duration("since", "0s"),
            Flag::text("since-time"),
            Flag::int("tail", "-1"),
            Flag::bool("timestamps"),
        ],
        shared::SELECTOR,
    ],
    run,
    ..PLAIN
};

/// A log to read.
#[derive(Clone, Debug)]
struct Log {
    pod: Key,
    prefix: String,
    options: LogOptions,
    has_ended: bool,
    /// When it is asked for again, if its container had not started.
    rests_until: Option<Time>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let selector = call.flags.text("selector");
    let args = call.flags.args.clone();
    match (args.len(), selector.is_empty()) {
        (0, true) | (3.., _) => return Err(call.usage(USAGE)),
        (1, false) => return Err(call.usage("only a selector (-l) or a POD name is allowed")),
        (0..=2, _) => {}
    }
    let mut container = call.flags.text("container");
    if let Some(inline) = args.get(1) {
        if !container.is_empty() {
            return Err(Failure::plain("only one of -c or an inline [CONTAINER] arg is allowed"));
        }
        container = inline.clone();
    }
    if call.flags.is_on("all-containers") && !container.is_empty() {
        let refusal = format!("--all-containers=true should not be specified with container name {container}");
        return Err(Failure::Plain(refusal));
    }
    let patience = call.pod_running_timeout()?;
    let options = options(call)?;
    let pods = if selector.is_empty() { named_pods(call, &args[0])? } else { selected_pods(call, &selector)? };
    let mut logs = Vec::new();
    for pod in &pods {
        add_logs(call, pod, &container, &options, &mut logs)?;
    }
    let errors = if call.flags.is_on("ignore-errors") { Errors::Told } else { Errors::End };
    if !call.flags.is_on("follow") {
        for log in &mut logs {
            match read(call.ctx, log) {
                Ok(text) => call.ctx.out(&text),
                Err(failure) if errors == Errors::Told => call.ctx.err(&format!("error: {}\n", failure.message())),
                Err(failure) => return Err(failure),
            }
        }
        return Ok(Flow::Done(0));
    }
    let most = usize::try_from(call.flags.int("max-log-requests")).unwrap_or(0);
    if logs.len() > 1 && logs.len() > most {
        return Err(Failure::Plain(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests \
             to increase the limit",
            logs.len()
        )));
    }
    let until = call.ctx.now() + patience;
    Ok(Following { logs, errors, until }.into())
}

fn options(call: &Call<'_, '_>) -> Result<LogOptions, Failure> {
    let (since, since_time) = (call.flags.duration("since"), call.flags.text("since-time"));
    if since != Span::ZERO && !since_time.is_empty() {
        return Err(Failure::plain("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    let from = match (since, since_time.as_str()) {
        (Span::ZERO, "") => None,
        (Span::ZERO, text) => Some(Time::parse_rfc3339(text).ok_or_else(|| {
            Failure::Plain(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
            ))
        })?),
        (since, _) => Some(call.ctx.now() - since),
    };
    let (tail, limit) = (call.flags.int("tail"), call.flags.int("limit-bytes"));
    if limit < 0 {
        return Err(Failure::plain("--limit-bytes must be greater than 0"));
    }
    // In whole seconds, as they are sent.
    if api::duration::parse_go(&call.flags.text("since")).is_ok_and(|nanos| nanos <= -500_000_000) {
        return Err(Failure::plain("--since must be greater than 0"));
    }
    if tail < -1 {
        return Err(Failure::plain("--tail must be greater than or equal to -1"));
    }
    let is_selected = !call.flags.text("selector").is_empty() && !call.flags.is_set("tail");
    Ok(LogOptions {
        previous: call.flags.is_on("previous"),
        tail_lines: if is_selected { Some(SELECTOR_TAIL) } else { usize::try_from(tail).ok() },
        since: from,
        timestamps: call.flags.is_on("timestamps"),
        limit_bytes: usize::try_from(limit).ok().filter(|&limit| limit > 0),
        ..LogOptions::default()
    })
}

fn named_pods(call: &mut Call<'_, '_>, name: &Str) -> Result<Vec<Value>, Failure> {
    let namespace = call.namespace.clone();
    let info = pods::find_object(call, name).map_err(|failure| match failure.is_not_found() {
        true => Failure::Plain(format!(
            "error from server (NotFound): {} in namespace {:?}",
            failure.message(),
            namespace.as_str()
        )),
        false => failure,
    })?;
    let found = pods::pods_of(call.ctx, &info, "get the logs from")?;
    let count = found.len();
    let mut values: Vec<Value> = found.iter().map(|pod| pod.encode()).collect();
    if values.is_empty() {
        return Err(Failure::plain("timed out waiting for the condition"));
    }
    values.arrange_by_key(|pod| !pods::is_ready(pod));
    if count > 1 && !call.flags.is_on("all-pods") {
        values.truncate(1);
        let name = values[0].at(&["metadata", "name"]).text().to_string();
        call.ctx.err(&format!("Found {count} pods, using pod/{name}\n"));
    }
    Ok(values)
}

fn selected_pods(call: &mut Call<'_, '_>, selector: &str) -> Result<Vec<Value>, Failure> {
    let selection = Selection::parse(Mapping::of(Kind::Pod), selector, "")?;
    let found = call.ctx.list(Kind::Pod, Some(&call.namespace))?;
    let chosen: Vec<Value> = found
        .iter()
        .filter(|object| selection.matches(object))
        .filter_map(Object::get::<Pod>)
        .map(|pod| pod.encode())
        .collect();
    if chosen.is_empty() {
        let line = format!("No resources found in {} namespace.\n", call.namespace);
        call.ctx.err(&line);
    }
    Ok(chosen)
}

fn add_logs(
    call: &mut Call<'_, '_>,
    pod: &Value,
    container: &str,
    options: &LogOptions,
    logs: &mut Vec<Log>,
) -> Result<(), Failure> {
    let name = pod.at(&["metadata", "name"]).text();
    let names: Vec<Str> = if call.flags.is_on("all-containers") {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let of = |list: &&str| pod.at(&["spec", list]).as_list().to_vec();
        lists.iter().flat_map(of).map(|container| container.get("name").text().into()).collect()
    } else {
        let voice = if call.flags.is_on("all-pods") { Voice::Quiet } else { Voice::Normal };
        vec![pods::container(call.ctx, pod, container, voice)?]
    };
    let has_prefix = call.flags.is_on("prefix") || call.flags.is_on("all-pods");
    for container in names {
        let prefix = if has_prefix { format!("[pod/{name}/{container}] ") } else { String::new() };
        let options = LogOptions { container, ..options.clone() };
        let pod = Key::new(pod.at(&["metadata", "namespace"]).text(), name);
        logs.push(Log { pod, prefix, options, has_ended: false, rests_until: None });
    }
    Ok(())
}

/// Reads what a log has that was not read before.
fn read(ctx: &mut Context<'_>, log: &mut Log) -> Result<String, Failure> {
    let found = ctx.api.logs(&log.pod, &log.options)?;
    log.has_ended = found.ended;
    log.options.skip_lines = found.next_line;
    log.options.tail_lines = None;
    if log.prefix.is_empty() {
        return Ok(found.text);
    }
    Ok(found.text.lines().map(|line| format!("{}{line}\n", log.prefix)).collect())
}

/// What becomes of an error of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errors {
    /// It ends the command.
    End,
    /// `--ignore-errors`
    Told,
}

/// How long a container that has no log yet is left alone.
const RETRY: Span = Span::from_seconds(1);

/// Follows logs until all containers have ended. A container may take its time to start.
#[derive(Clone, Debug)]
pub struct Following {
    logs: Vec<Log>,
    errors: Errors,
    /// When a container has to have started.
    until: Time,
}

impl Following {
    /// Prints what was written.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let mut wake: Option<Time> = None;
        for log in &mut self.logs {
            if log.rests_until.is_some_and(|until| ctx.now() < until) {
                wake = wake.or(log.rests_until);
                continue;
            }
            match read(ctx, log) {
                Ok(text) => ctx.out(&text),
                Err(failure) if self.errors == Errors::Told => {
                    ctx.err(&format!("error: {}\n", failure.message()));
                    log.has_ended = true;
                }
                Err(Failure::Server(status)) if log.options.skip_lines == 0 => {
                    if self.until <= ctx.now() {
                        return Err(Failure::plain("context deadline exceeded"));
                    }
                    ctx.err(&format!("{}\n", status.message));
                    let again = (ctx.now() + RETRY).min(self.until);
                    log.rests_until = Some(again);
                    wake = Some(wake.map_or(again, |wake| wake.min(again)));
                }
                Err(failure) => return Err(failure),
            }
        }
        self.logs.retain(|log| !log.has_ended);
        Ok(if self.logs.is_empty() { Progress::Done(0) } else { Progress::Blocked { wake } })
    }
}
