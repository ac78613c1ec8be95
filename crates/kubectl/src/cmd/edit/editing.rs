//! The steps of an edit: write the file, wait for the editor, take in what was saved, send it.
//!
//! The editor is not run here: the step answers [`Progress::Edit`], and goes on when the editor has ended.

use std::collections::VecDeque;

use api::text::{json, yaml};
use api::{Key, Reason, Str, Value};
use client::{Patch, PatchKind, WriteOptions};

use super::text::{Why, header, is_empty, significant, without_comments};
use crate::builder::{Builder, Info, type_of};
use crate::cmd::apply::{LAST_APPLIED, with_last_applied};
use crate::cmd::call::CHANGE_CAUSE;
use crate::cmd::{Call, Progress};
use crate::context::Context;
use crate::failure::{Failure, cause_lines};
use crate::files::Source;
use crate::output::{Formats, Output, Printer, list_of};
use crate::rest::Part;

/// How often an editor is opened for one file.
const ROUNDS_MAX: u32 = 100;

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Objects of the server.
    Live,
    /// The manifests that objects keep of what was applied.
    LastApplied,
    /// Manifests of what will be created.
    BeforeCreate,
}

/// How the lines of the file end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnds {
    Unix,
    Windows,
}

/// Whether the file shows why an earlier version of it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    First,
    AfterError,
}

#[derive(Clone, Debug)]
enum State {
    /// The next file is to be begun.
    Between,
    /// The file is to be written and opened.
    Opening { reasons: Vec<Why> },
    /// The editor runs.
    Open { path: Str, round: Round },
    /// The editor has ended.
    Closed { path: Str, round: Round, code: i32 },
}

/// An edit under way.
#[derive(Clone, Debug)]
pub struct Editing {
    task: Task,
    /// What is in the editor now.
    infos: Vec<Info>,
    /// What comes after it.
    sessions: VecDeque<Vec<Info>>,
    /// What of the objects is edited.
    part: Part,
    number: u64,
    editor: Str,
    options: WriteOptions,
    /// Prints the file.
    printer: Printer,
    /// `.yaml` or `.json`; JSON has no comments.
    extension: &'static str,
    line_ends: LineEnds,
    /// How what was done is told.
    output: Output,
    builder: Builder,
    prints_patch: bool,
    saves_manifest: bool,
    /// What `--record` notes on the objects.
    cause: Option<Str>,
    /// The file of the first round.
    original: String,
    /// The file as it was saved last, and where.
    edited: Option<(String, Str)>,
    state: State,
    rounds: u32,
    failures: Vec<Failure>,
}

impl Editing {
    /// The edits of some sessions, each of one file.
    pub(super) fn new(
        call: &mut Call<'_, '_>,
        task: Task,
        options: WriteOptions,
        sessions: Vec<Vec<Info>>,
        failures: Vec<Failure>,
    ) -> Result<Editing, Failure> {
        let format = call.flags.text("output");
        let part = match sessions.first().and_then(|infos| infos.first()) {
            Some(info) => Part::read(info.mapping, &call.flags.text("subresource"))?,
            None => Part::Whole,
        };
        let has_windows_line_ends = call.flags.is_on("windows-line-endings");
        Ok(Editing {
            task,
            infos: Vec::new(),
            sessions: sessions.into(),
            part,
            number: call.ctx.now().0 / 1_000 % 4_000_000_000 + u64::from(call.env.pid),
            editor: call.env.editor.clone(),
            options: WriteOptions { subresource: part.to_write(), ..options },
            printer: Printer::for_editor(call.env, &format)?,
            extension: if format == "json" { "json" } else { "yaml" },
            line_ends: if has_windows_line_ends { LineEnds::Windows } else { LineEnds::Unix },
            output: Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?,
            builder: Builder { namespace: call.namespace.clone(), ..Builder::default() },
            prints_patch: call.flags.is_on("output-patch"),
            saves_manifest: call.flags.is_on("save-config"),
            cause: call.flags.cause().cloned(),
            original: String::new(),
            edited: None,
            state: State::Between,
            rounds: 0,
            failures,
        })
    }

    /// Writes the file, or takes in what was saved.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        let progress = match self.state.clone() {
            State::Between if self.sessions.is_empty() => {
                let failure = Failure::of(std::mem::take(&mut self.failures));
                return failure.map_or(Ok(Progress::Done(0)), Err);
            }
            State::Between => self.begin(ctx),
            State::Opening { reasons } => self.open(ctx, &reasons),
            State::Open { path, .. } => return Ok(Progress::Edit { editor: self.editor.clone(), path }),
            State::Closed { path, round, code: 0 } => self.take_in(ctx, &path, round),
            State::Closed { path, .. } => {
                let editor = if self.editor.is_empty() { "vi" } else { &self.editor };
                let failure = Failure::Plain(format!("there was a problem with the editor {editor:?}"));
                Err(self.keep(ctx, &path, failure))
            }
        };
        match progress {
            Ok(Some(progress)) => Ok(progress),
            Ok(None) => self.step(ctx),
            // What is wrong with one manifest does not keep the next from being created.
            Err(failure) if self.task == Task::BeforeCreate => {
                self.failures.push(failure);
                self.state = State::Between;
                self.step(ctx)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Goes on to the next file.
    fn begin(&mut self, ctx: &mut Context<'_>) -> Result<Option<Progress>, Failure> {
        self.infos = self.sessions.pop_front().unwrap_or_default();
        self.rounds = 0;
        self.edited = None;
        self.original = self.object_text()?;
        self.open(ctx, &[])
    }

    /// The editor has ended.
    pub fn closed(&mut self, code: i32) {
        if let State::Open { path, round } = self.state.clone() {
            self.state = State::Closed { path, round, code };
        }
    }

    /// What an object looks like before it is edited.
    fn before(&self, info: &Info) -> Value {
        let mut value = match (self.task, &info.live) {
            (Task::Live, Some(live)) => self.part.of(live),
            (Task::Live | Task::LastApplied | Task::BeforeCreate, _) => info.manifest.clone(),
        };
        value.remove(&["metadata", "managedFields"]);
        value
    }

    fn object_text(&self) -> Result<String, Failure> {
        let value = match self.infos.as_slice() {
            [only] => self.before(only),
            several => {
                let mut list = list_of(several.iter().map(|info| self.before(info)).collect());
                list.set(&["metadata"], Value::map());
                list
            }
        };
        self.printer.clone().print(&value)
    }

    fn open(&mut self, ctx: &mut Context<'_>, reasons: &[Why]) -> Result<Option<Progress>, Failure> {
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            return Err(Failure::Plain(format!("the editor was opened {ROUNDS_MAX} times")));
        }
        let header = if self.extension == "json" { String::new() } else { header(self.task, reasons) };
        let ended = |text: String| match self.line_ends {
            LineEnds::Unix => text,
            LineEnds::Windows => text.replace('\n', "\r\n"),
        };
        let text = match &self.edited {
            Some((edited, _)) if !reasons.is_empty() => ended(header) + &without_comments(edited),
            Some(_) | None => ended(header + &self.original),
        };
        self.number += 1;
        let path = thin::format_str!("/tmp/kubectl-edit-{}.{}", self.number, self.extension);
        let written = ctx.fs.write(&path, text.as_bytes());
        written.map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        self.state = State::Open {
            path: path.clone(),
            round: if reasons.is_empty() { Round::First } else { Round::AfterError },
        };
        Ok(Some(Progress::Edit { editor: self.editor.clone(), path }))
    }

    fn take_in(&mut self, ctx: &mut Context<'_>, path: &Str, round: Round) -> Result<Option<Progress>, Failure> {
        let bytes = ctx.fs.read(path).map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        let saved = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((previous, older)) = self.edited.replace((saved.clone(), path.clone())) {
            if round == Round::AfterError && significant(&previous) == significant(&saved) {
                let failure = Failure::plain("Edit cancelled, no valid changes were saved.");
                return Err(self.keep(ctx, path, failure));
            }
            // That it is gone already is as good.
            let _ = ctx.fs.remove(&older);
        }
        if significant(&self.original) == significant(&saved) {
            return Ok(self.cancel(ctx, path, "Edit cancelled, no changes made.\n"));
        }
        if is_empty(&saved) {
            return Ok(self.cancel(ctx, path, "Edit cancelled, saved file was empty.\n"));
        }
        match self.read(ctx, &saved) {
            Ok(edited) => self.send_all(ctx, path, &edited),
            Err(problem) => {
                let head = format!("The edited file had a syntax error: {problem}");
                self.state = State::Opening { reasons: vec![Why { head, faults: Vec::new() }] };
                Ok(None)
            }
        }
    }

    /// The objects of the file. What was read from the server may be a part of an object, which no mapping knows.
    fn read(&self, ctx: &mut Context<'_>, saved: &str) -> Result<Vec<Info>, String> {
        if self.task == Task::Live {
            let value = yaml::read(saved)
                .map_err(|error| format!("error parsing edited-file: error converting YAML to JSON: {error}"))?;
            let items = match value.get("items") {
                Value::List(items) => items.clone(),
                _ => vec![value],
            };
            return Ok(items.into_iter().map(|item| Info { manifest: item, ..self.infos[0].clone() }).collect());
        }
        let source = Source { name: "edited-file".into(), text: saved.to_string() };
        let visit = self.builder.visit_text(ctx, &source).map_err(|failure| failure.message())?;
        let (infos, failures) = visit.into_infos();
        Failure::of(failures).map_or(Ok(infos), |failure| Err(failure.message()))
    }

    fn cancel(&mut self, ctx: &mut Context<'_>, path: &str, message: &str) -> Option<Progress> {
        let _ = ctx.fs.remove(path);
        ctx.err(message);
        self.state = State::Between;
        None
    }

    /// Says where the file is kept.
    fn keep(&self, ctx: &mut Context<'_>, path: &str, failure: Failure) -> Failure {
        if ctx.fs.exists(path) {
            ctx.err(&format!("A copy of your changes has been stored to {path:?}\n"));
        }
        failure
    }

    fn send_all(&mut self, ctx: &mut Context<'_>, path: &Str, edited: &[Info]) -> Result<Option<Progress>, Failure> {
        let mut faults = Faults::default();
        if let Some(failure) = edited.iter().find_map(|item| self.check_namespace(item).err()) {
            return Err(self.keep(ctx, path, failure));
        }
        for item in edited {
            if let Err(failure) = self.send(ctx, item, &mut faults) {
                return Err(self.keep(ctx, path, failure));
            }
        }
        if faults.retryable > 0 {
            ctx.err(&format!("You can run `kubectl replace -f {path}` to try this update again.\n"));
            return Err(Failure::Silent(1));
        }
        if faults.missing > 0 {
            ctx.err(&format!("The edits you made on deleted resources have been saved to {path:?}\n"));
            return Err(Failure::Silent(1));
        }
        if faults.reasons.is_empty() {
            let _ = ctx.fs.remove(path);
            self.state = State::Between;
        } else {
            self.state = State::Opening { reasons: faults.reasons };
        }
        Ok(None)
    }

    /// Sends what was made of one object. What the server refuses of an object that it has is a fault of the file.
    fn send(&self, ctx: &mut Context<'_>, item: &Info, faults: &mut Faults) -> Result<(), Failure> {
        let mut edited = item.manifest.clone();
        if self.saves_manifest {
            edited = with_last_applied(&edited);
        }
        if let Some(cause) = &self.cause {
            edited.set(&["metadata", "annotations", CHANGE_CAUSE], cause.clone());
        }
        if self.task == Task::BeforeCreate {
            let kind = item.mapping.kind_supported()?;
            let written = ctx.api.create_value(kind, &item.namespace, edited, &self.options)?;
            written.warnings.iter().for_each(|warning| ctx.warn_from_server(warning));
            let created = written.object.encode();
            let name = created.at(&["metadata", "name"]).text();
            let title = format!("{}/{name}", item.mapping.qualified_singular());
            return self.report(ctx, &title, &created, "created");
        }
        let uid = edited.at(&["metadata", "uid"]).text().to_string();
        let is_original = |info: &&Info| self.before(info).at(&["metadata", "uid"]).text() == uid;
        let Some(info) = self.infos.iter().find(is_original) else {
            return Err(Failure::plain("no original object found for the edited one"));
        };
        if self.before(info) == edited {
            let title = if self.task == Task::Live { info.title() } else { item.title() };
            return self.report(ctx, &title, &edited, "skipped");
        }
        if self.task == Task::LastApplied {
            return self.note(ctx, item, &edited);
        }
        match self.patch(ctx, info, &edited) {
            Err(Failure::Server(status)) => {
                let line = faults.add(info, &status);
                ctx.err(&line);
                Ok(())
            }
            result => result,
        }
    }

    /// A file that was read from the server must not name another namespace.
    fn check_namespace(&self, item: &Info) -> Result<(), Failure> {
        let (named, own) = (item.manifest.at(&["metadata", "namespace"]).text(), &self.builder.namespace);
        if named.is_empty() || named == own {
            return Ok(());
        }
        Err(Failure::Plain(format!(
            "the namespace from the provided object {named:?} does not match the namespace {:?}. You must pass \
             '--namespace={named}' to perform this operation.",
            own.as_str()
        )))
    }

    /// Says what became of an object, or shows it.
    fn report(&self, ctx: &mut Context<'_>, title: &str, value: &Value, done: &str) -> Result<(), Failure> {
        let text = match self.output.clone() {
            Output::Objects(mut printer) => printer.print(value)?,
            Output::Human | Output::Wide => format!("{title} {done}\n"),
        };
        ctx.out(&text);
        Ok(())
    }

    /// Writes the manifest down as the one that was applied last.
    fn note(&self, ctx: &mut Context<'_>, item: &Info, edited: &Value) -> Result<(), Failure> {
        let mut body = Value::map();
        body.set(&["metadata", "annotations", LAST_APPLIED], json::write_compact(edited));
        let namespace = if item.mapping.is_namespaced() { self.builder.namespace.clone() } else { Str::new() };
        let patch = Patch { kind: PatchKind::Merge, body };
        let key = Key::new(namespace, item.name.clone());
        ctx.api.patch(item.mapping.kind_supported()?, &key, &patch, &self.options)?;
        self.report(ctx, &item.title(), edited, "edited")
    }

    fn patch(&self, ctx: &mut Context<'_>, info: &Info, edited: &Value) -> Result<(), Failure> {
        let before = self.before(info);
        let patch = match type_of(info.mapping).filter(|_| self.part != Part::Scale) {
            Some(type_) => api::patch::diff::two_way(&before, edited, type_),
            None => api::patch::merge::diff(&before, edited),
        };
        let body = patch.map_err(|error| Failure::Plain(error.to_string()))?;
        if api::patch::three_way::changes_identity(&body) {
            return Err(Failure::plain("At least one of apiVersion, kind and name was changed"));
        }
        if self.prints_patch {
            ctx.out(&format!("Patch: {}\n", json::write_compact(&body)));
        }
        let kind = info.mapping.kind_supported()?;
        let patch = Patch { kind: PatchKind::Strategic, body };
        let written = ctx.api.patch(kind, &info.key(), &patch, &self.options)?;
        written.warnings.iter().for_each(|warning| ctx.warn_from_server(warning));
        let after = written.object;
        let title = if self.part == Part::Scale { format!("scale.autoscaling/{}", info.name) } else { info.title() };
        self.report(ctx, &title, &self.part.of(&after), "edited")
    }
}

/// What the server has refused of a file.
#[derive(Default)]
struct Faults {
    reasons: Vec<Why>,
    retryable: u32,
    missing: u32,
}

impl Faults {
    /// Counts a refusal; answers with the line that tells it.
    fn add(&mut self, info: &Info, status: &api::Status) -> String {
        let name = format!("{} {:?}", info.mapping.qualified_plural(), info.name.as_str());
        match status.reason {
            Reason::Invalid => {
                let faults = status.details.as_ref().map(|details| cause_lines(&details.causes));
                self.reasons.push(Why { head: format!("{name} was not valid"), faults: faults.unwrap_or_default() });
                format!("error: {name} is invalid\n")
            }
            Reason::NotFound => {
                self.missing += 1;
                format!("error: {name} could not be found on the server\n")
            }
            _ => {
                self.retryable += 1;
                format!("error: {name} could not be patched: {}\n", status.message)
            }
        }
    }
}
