//! `kubectl delete`: deletes objects, and waits until they are gone.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/delete, kubectl/pkg/cmd/wait/delete.go.

use std::collections::VecDeque;

use api::Str;
use client::{DeleteOptions, Propagation};
use sim::{Span, Time};

use super::call::{DryRun, Held, refuse};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, Reading};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::rest::Method;

const FORCE_WARNING: &str = "Immediate deletion does not wait for confirmation that the running resource has been \
terminated. The resource may continue to run on the cluster indefinitely.";
/// How long a deletion is waited for if no timeout is given.
const WAIT_MAX: Span = Span::from_seconds(168 * 3_600);

/// The verb.
pub static DELETE: Verb = Verb {
    path: "delete",
    suggest_for: &["rm", "remove"],
    summary: "Delete objects by file, name or selector",
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]",
    flags: &[
        &[
            Flag::text("cascade").default("background").bare("background"),
            Flag::bool("force"),
            Flag::int("grace-period", "-1"),
            Flag::bool("ignore-not-found"),
            Flag::bool("interactive").short('i'),
            Flag::bool("now"),
            Flag::text("output").short('o'),
            Flag::text("raw"),
            Flag::duration("timeout", "0s"),
            Flag::bool("wait").default("true"),
        ],
        shared::FILES,
        shared::SELECTOR,
        shared::FIELD_SELECTOR,
        shared::ALL_NAMESPACES,
        shared::ALL,
        shared::DRY_RUN,
    ],
    run,
    ..PLAIN
};

/// How the objects are to go.
#[derive(Clone, Debug)]
struct Manner {
    options: DeleteOptions,
    dry_run: DryRun,
    force: bool,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.text("raw").is_empty() {
        manner(call)?;
        return super::raw::run(call, Method::Delete);
    }
    let manner = manner(call)?;
    let mut builder = call.builder();
    builder.select_all = call.flags.is_on("all");
    builder.reading = Reading::Local;
    let selects = builder.select_all || builder.label_selector.is_some() || builder.field_selector.is_some();
    let ignores_missing = call.flags.is_on("ignore-not-found") || (selects && !call.flags.is_set("ignore-not-found"));
    let visit = builder.visit(call.ctx, call.env)?;
    check_output(call)?;
    let given = |flag: &str| !call.flags.text(flag).is_empty();
    refuse(&[
        (call.flags.is_on("all") && given("selector"), "cannot set --all and --selector at the same time"),
        (call.flags.is_on("all") && given("field-selector"), "cannot set --all and --field-selector at the same time"),
    ])?;
    if manner.force && manner.options.grace_period_seconds == Some(0) {
        call.warn(FORCE_WARNING);
    } else if manner.force {
        return Err(Failure::plain("--force and --grace-period greater than 0 cannot be specified together"));
    }
    let (infos, failures) = visit.into_infos();
    let asks = call.flags.is_on("interactive");
    let failures = if asks { seen(failures, ignores_missing)? } else { failures };
    if infos.is_empty() && failures.is_empty() {
        call.ctx.out("No resources found\n");
        return Ok(Flow::Done(0));
    }
    let answer = if asks { Answer::Awaited } else { Answer::NotNeeded };
    if asks {
        ask(call, &infos);
    }
    let waits = call.flags.is_on("wait") && manner.dry_run == DryRun::None;
    let timeout = Some(call.flags.duration("timeout")).filter(|timeout| *timeout != Span::ZERO).unwrap_or(WAIT_MAX);
    let asking =
        Asking { answer, call: call.hold(), manner, ignores_missing, rest: infos.into(), failures, waits, timeout };
    Ok(Deleting { asking: Some(Box::new(asking)), waiting: Vec::new(), until: Time(0), seen: None }.into())
}

/// What is shown before the question has to be there as a whole.
fn seen(failures: Vec<Failure>, ignores_missing: bool) -> Result<Vec<Failure>, Failure> {
    let (_, failures): (Vec<_>, Vec<_>) =
        failures.into_iter().partition(|failure| ignores_missing && failure.is_not_found());
    Failure::of(failures).map_or(Ok(Vec::new()), Err)
}

/// `--interactive`: names the objects, and asks.
fn ask(call: &mut Call<'_, '_>, infos: &[Info]) {
    let mut text = format!("You are about to delete the following {} resource(s):\n", infos.len());
    for info in infos {
        let resource = info.mapping.resource();
        let dot = if resource.group.is_empty() { "" } else { "." };
        text += &format!("{}{dot}{}/{}\n", resource.kind.to_lowercase(), resource.group, info.name);
    }
    call.ctx.out(&(text + "Do you want to continue? (y/N): "));
}

/// Whether the user has been asked, and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    NotNeeded,
    Awaited,
}

/// The answer that stands on the next line of the input, once the line is there: one word.
pub(super) fn read_answer(ctx: &mut Context<'_>) -> Option<bool> {
    let end = ctx.stdin.bytes.iter().position(|byte| *byte == b'\n');
    let end = end.map(|end| end + 1).or(ctx.stdin.is_closed.then_some(ctx.stdin.bytes.len()))?;
    let line: Vec<u8> = ctx.stdin.bytes.drain(..end).collect();
    let line = String::from_utf8_lossy(&line);
    let words: Vec<&str> = line.split_whitespace().collect();
    Some(matches!(words.as_slice(), [word] if word.eq_ignore_ascii_case("y")))
}

/// Asks for deletions one after the other.
#[derive(Clone, Debug)]
struct Asking {
    answer: Answer,
    call: Held,
    manner: Manner,
    ignores_missing: bool,
    rest: VecDeque<Info>,
    failures: Vec<Failure>,
    waits: bool,
    timeout: Span,
}

impl Asking {
    /// Asks for the deletions whose time has come; answers with when it goes on, if it is not done.
    fn step(&mut self, ctx: &mut Context<'_>, waiting: &mut Vec<Gone>) -> Option<Time> {
        while !self.rest.is_empty() {
            if let Some(until) = self.call.pause(ctx) {
                return Some(until);
            }
            let info = self.rest.pop_front()?;
            match self.call.resume(ctx, |call| delete_one(call, &info, &self.manner)) {
                Ok(uid) => waiting.push(Gone { info, uid }),
                Err(failure) if failure.is_not_found() && self.ignores_missing => {}
                Err(failure) => self.failures.push(failure),
            }
        }
        None
    }
}

fn check_output(call: &Call<'_, '_>) -> Result<(), Failure> {
    match call.flags.text("output").as_str() {
        "" | "name" => Ok(()),
        other => Err(Failure::Plain(format!("unexpected -o output mode: {other}. We only support '-o name'"))),
    }
}

/// `--cascade`
fn propagation(call: &mut Call<'_, '_>) -> Result<Propagation, Failure> {
    match call.flags.text("cascade").as_str() {
        "background" => Ok(Propagation::Background),
        "foreground" => Ok(Propagation::Foreground),
        "orphan" => Ok(Propagation::Orphan),
        "true" => {
            call.ctx.err(&deprecated_cascade("true", "background"));
            Ok(Propagation::Background)
        }
        "false" => {
            call.ctx.err(&deprecated_cascade("false", "orphan"));
            Ok(Propagation::Orphan)
        }
        other => Err(Failure::Plain(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

/// How verbs that delete beside other work do it: `--cascade` and `--grace-period`, taken as they are.
pub(super) fn options(call: &mut Call<'_, '_>) -> Result<DeleteOptions, Failure> {
    let grace_period_seconds = Some(call.flags.int("grace-period")).filter(|grace| *grace >= 0);
    Ok(DeleteOptions { grace_period_seconds, propagation: Some(propagation(call)?), ..DeleteOptions::default() })
}

fn manner(call: &mut Call<'_, '_>) -> Result<Manner, Failure> {
    let propagation = propagation(call)?;
    let force = call.flags.is_on("force");
    let mut grace = call.flags.int("grace-period");
    if call.flags.is_on("now") {
        if grace != -1 {
            return Err(Failure::plain("--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    if grace == 0 && !force {
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    let dry_run = call.dry_run()?;
    let options = DeleteOptions {
        grace_period_seconds: (grace >= 0).then_some(grace),
        propagation: Some(propagation),
        dry_run: dry_run == DryRun::Server,
        ..DeleteOptions::default()
    };
    Ok(Manner { options, dry_run, force })
}

fn deprecated_cascade(given: &str, instead: &str) -> String {
    format!("warning: --cascade={given} is deprecated (boolean value) and can be replaced with --cascade={instead}.\n")
}

/// Deletes one object and says so. Answers with its UID.
fn delete_one(call: &mut Call<'_, '_>, info: &Info, manner: &Manner) -> Result<Str, Failure> {
    if call.namespace_is_explicit && !call.flags.is_on("all-namespaces") && !info.mapping.is_namespaced() {
        call.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    call.warn_if_deprecated(info.mapping);
    let mut uid = Str::new();
    if manner.dry_run != DryRun::Client {
        let Some(kind) = info.mapping.kind() else {
            return Err(Failure::from(info.mapping.not_found(&info.name)).with_source("deleting", &info.source));
        };
        let deleted = call.ctx.api.delete(kind, &info.key(), &manner.options);
        uid = deleted
            .map_err(|status| Failure::from(status).with_source("deleting", &info.source))?
            .metadata()
            .uid
            .clone();
    }
    print_deleted(call, info, manner);
    Ok(uid)
}

fn print_deleted(call: &mut Call<'_, '_>, info: &Info, manner: &Manner) {
    if call.flags.text("output") == "name" {
        let line = format!("{}\n", info.title());
        return call.ctx.out(&line);
    }
    let operation = if manner.options.grace_period_seconds == Some(0) { "force deleted" } else { "deleted" };
    let place =
        if info.mapping.is_namespaced() { format!(" from {} namespace", info.namespace) } else { String::new() };
    let name = info.mapping.qualified_singular();
    let line = format!("{name} {:?} {operation}{place}{}\n", info.name.as_str(), manner.dry_run.suffix());
    call.ctx.out(&line);
}

/// An object that has to go.
#[derive(Clone, Debug)]
struct Gone {
    info: Info,
    uid: Str,
}

/// Waits until objects are gone, one after the other.
#[derive(Clone, Debug)]
pub struct Deleting {
    /// What is still to be asked for.
    asking: Option<Box<Asking>>,
    /// Those that are not gone yet; the last is waited for.
    waiting: Vec<Gone>,
    until: Time,
    /// The store's revision at the last look.
    seen: Option<u64>,
}

impl Deleting {
    /// Waits for one object (of `kubectl run --rm`).
    pub fn of(info: Info, uid: Str, now: Time) -> Deleting {
        Deleting { asking: None, waiting: vec![Gone { info, uid }], until: now + WAIT_MAX, seen: None }
    }

    /// Deletes objects for `kubectl replace --force`: those that are not there are no failure.
    pub(super) fn before_replacement(
        call: Held,
        mut options: DeleteOptions,
        infos: Vec<Info>,
        timeout: Span,
    ) -> Deleting {
        if options.grace_period_seconds == Some(0) {
            options.grace_period_seconds = Some(1);
        }
        let manner = Manner { options, dry_run: DryRun::None, force: false };
        let (rest, failures) = (infos.into(), Vec::new());
        let answer = Answer::NotNeeded;
        let asking = Asking { answer, call, manner, ignores_missing: true, rest, failures, waits: true, timeout };
        Deleting { asking: Some(Box::new(asking)), waiting: Vec::new(), until: Time(0), seen: None }
    }

    /// Whether what is typed is the answer to a question.
    pub fn reads_terminal(&self) -> bool {
        self.asking.as_ref().is_some_and(|asking| asking.answer == Answer::Awaited)
    }

    /// Asks for what is to be asked for, then looks whether the objects are still there.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if let Some(mut asking) = self.asking.take() {
            if asking.answer == Answer::Awaited {
                match read_answer(ctx) {
                    Some(true) => asking.answer = Answer::NotNeeded,
                    Some(false) => {
                        ctx.out("deletion is cancelled\n");
                        return Ok(Progress::Done(0));
                    }
                    None => {
                        self.asking = Some(asking);
                        return Ok(Progress::Blocked { wake: None });
                    }
                }
            }
            if let Some(wake) = asking.step(ctx, &mut self.waiting) {
                self.asking = Some(asking);
                return Ok(Progress::Blocked { wake: Some(wake) });
            }
            if let Some(failure) = Failure::of(asking.failures) {
                return Err(failure);
            }
            if !asking.waits {
                return Ok(Progress::Done(0));
            }
            self.until = ctx.now() + asking.timeout;
            self.waiting.retain(|gone| gone.info.mapping.kind().is_some());
            self.waiting.reverse();
        }
        let revision = ctx.api.revision();
        if self.seen != Some(revision) {
            self.seen = Some(revision);
            while let Some(gone) = self.waiting.last() {
                if is_there(ctx, gone) {
                    break;
                }
                self.waiting.pop();
            }
        }
        let Some(gone) = self.waiting.last() else { return Ok(Progress::Done(0)) };
        if self.until <= ctx.now() {
            let name = gone.info.object_name();
            return Err(Failure::Plain(format!("timed out waiting for the condition on {name}")));
        }
        Ok(Progress::Blocked { wake: Some(self.until) })
    }
}

fn is_there(ctx: &Context<'_>, gone: &Gone) -> bool {
    let Some(kind) = gone.info.mapping.kind() else { return false };
    let Ok(object) = ctx.api.get(kind, &gone.info.key()) else { return false };
    gone.uid.is_empty() || object.metadata().uid == gone.uid
}
