//! `kubectl edit`: an object as YAML in an editor; what was changed is sent as a patch.
//!
//! The editor is not run here: the step answers [`Progress::Edit`], and goes on when the editor has ended.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/util/editor/editoptions.go.

use api::text::yaml;
use api::{Reason, Str, Value};
use client::{FieldValidation, Patch, PatchKind, WriteOptions};

use super::call::{CHANGE_CAUSE, DryRun, unsupported};
use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Info, type_of};
use crate::context::Context;
use crate::failure::{Failure, cause_lines};
use crate::flags::Flag;
use crate::output::list_of;
use crate::rest::Part;

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";
/// How often an editor is opened for one command.
const ROUNDS_MAX: u32 = 100;

/// The verb.
pub static EDIT: Verb = Verb {
    path: "edit",
    summary: "Edit an object in an editor",
    usage: "(RESOURCE/NAME | -f FILENAME) [options]",
    flags: &[
        &[
            Flag::bool("output-patch", "Show the patch."),
            Flag::bool("save-config", "Keep the manifest in the object, for kubectl apply."),
            Flag::text("subresource", "Subresource to edit."),
            Flag::bool("windows-line-endings", "End lines as Windows does."),
        ],
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.text("output").is_empty() {
        return Err(unsupported("formats of edit (-o)"));
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    builder.subresource = call.flags.text("subresource");
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    if infos.is_empty() {
        return Err(Failure::plain("edit cancelled, no objects found"));
    }
    let number = call.ctx.now().0 / 1_000 % 4_000_000_000 + u64::from(call.env.pid);
    let options = call.write_options(DryRun::None, "kubectl-edit", FieldValidation::Strict);
    let part = Part::read(infos[0].mapping, &call.flags.text("subresource"))?;
    let mut editing = Editing {
        infos,
        part,
        number,
        editor: call.env.editor.clone(),
        options: WriteOptions { field_validation: call.validation()?, subresource: part.to_write(), ..options },
        prints_patch: call.flags.is_on("output-patch"),
        cause: call.flags.cause().cloned(),
        original: String::new(),
        edited: None,
        state: State::Opening { reasons: Vec::new() },
        rounds: 0,
    };
    editing.original = editing.object_text();
    Ok(editing.into())
}

/// Why the file is opened again: a head, and single faults.
#[derive(Clone, Debug)]
struct Why {
    head: String,
    faults: Vec<String>,
}

/// Whether the file shows why an earlier version of it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    First,
    AfterError,
}

#[derive(Clone, Debug)]
enum State {
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
    infos: Vec<Info>,
    /// What of the objects is edited.
    part: Part,
    number: u64,
    editor: Str,
    options: WriteOptions,
    prints_patch: bool,
    /// What `--record` notes on the objects.
    cause: Option<Str>,
    /// The file of the first round.
    original: String,
    /// The file as it was saved last.
    edited: Option<String>,
    state: State,
    rounds: u32,
}

impl Editing {
    /// Writes the file, or takes in what was saved.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        match self.state.clone() {
            State::Opening { reasons } => self.open(ctx, &reasons),
            State::Open { path, .. } => Ok(Progress::Edit { editor: self.editor.clone(), path }),
            State::Closed { path, round, code } => {
                if code != 0 {
                    let editor = if self.editor.is_empty() { "vi" } else { &self.editor };
                    let message = format!("there was a problem with the editor {editor:?}");
                    return Err(self.keep(ctx, &path, Failure::Plain(message)));
                }
                self.take_in(ctx, &path, round)
            }
        }
    }

    /// The editor has ended.
    pub fn closed(&mut self, code: i32) {
        if let State::Open { path, round } = self.state.clone() {
            self.state = State::Closed { path, round, code };
        }
    }

    fn object_text(&self) -> String {
        let value = |info: &Info| {
            let mut value = info.live.as_ref().map(|live| self.part.of(live)).unwrap_or_default();
            value.remove(&["metadata", "managedFields"]);
            value
        };
        yaml::write(&match self.infos.as_slice() {
            [only] => value(only),
            several => {
                let mut list = list_of(several.iter().map(value).collect());
                list.set(&["metadata"], Value::map());
                list
            }
        })
    }

    fn open(&mut self, ctx: &mut Context<'_>, reasons: &[Why]) -> Result<Progress, Failure> {
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            return Err(Failure::Plain(format!("the editor was opened {ROUNDS_MAX} times")));
        }
        let body = match &self.edited {
            Some(edited) if !reasons.is_empty() => without_comments(edited),
            Some(_) | None => self.original.clone(),
        };
        let text = format!("{HEADER}{}{body}", reasons.iter().map(Why::comment).collect::<String>());
        let path = thin::format_str!("/tmp/kubectl-edit-{}.yaml", self.number + u64::from(self.rounds));
        let written = ctx.fs.write(&path, text.as_bytes());
        written.map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        self.state = State::Open {
            path: path.clone(),
            round: if reasons.is_empty() { Round::First } else { Round::AfterError },
        };
        Ok(Progress::Edit { editor: self.editor.clone(), path })
    }

    fn take_in(&mut self, ctx: &mut Context<'_>, path: &Str, round: Round) -> Result<Progress, Failure> {
        let bytes = ctx.fs.read(path).map_err(|error| Failure::Plain(format!("open {path}: {error}")))?;
        let saved = String::from_utf8_lossy(&bytes).into_owned();
        let previous = self.edited.replace(saved.clone());
        if round == Round::AfterError && previous.is_some_and(|previous| significant(&previous) == significant(&saved))
        {
            let failure = Failure::plain("Edit cancelled, no valid changes were saved.");
            return Err(self.keep(ctx, path, failure));
        }
        if significant(&self.original) == significant(&saved) {
            return Ok(self.cancel(ctx, path, "Edit cancelled, no changes made.\n"));
        }
        if significant(&saved).is_empty() {
            return Ok(self.cancel(ctx, path, "Edit cancelled, saved file was empty.\n"));
        }
        match yaml::read(&saved) {
            Ok(value) => self.send_all(ctx, path, &value),
            Err(error) => {
                let problem = format!("error parsing edited-file: error converting YAML to JSON: {error}");
                let head = format!("The edited file had a syntax error: {problem}");
                self.state = State::Opening { reasons: vec![Why { head, faults: Vec::new() }] };
                self.step(ctx)
            }
        }
    }

    fn cancel(&mut self, ctx: &mut Context<'_>, path: &str, message: &str) -> Progress {
        // That the file is gone already is as good.
        let _ = ctx.fs.remove(path);
        ctx.err(message);
        Progress::Done(0)
    }

    /// Says where the file is kept.
    fn keep(&self, ctx: &mut Context<'_>, path: &str, failure: Failure) -> Failure {
        if ctx.fs.exists(path) {
            ctx.err(&format!("A copy of your changes has been stored to {path:?}\n"));
        }
        failure
    }

    fn send_all(&mut self, ctx: &mut Context<'_>, path: &Str, saved: &Value) -> Result<Progress, Failure> {
        let items: Vec<Value> = match saved.get("items") {
            Value::List(items) => items.clone(),
            _ => vec![saved.clone()],
        };
        let (mut reasons, mut retryable, mut missing) = (Vec::new(), 0, 0);
        for item in &items {
            let uid = item.at(&["metadata", "uid"]).text();
            let has_uid = |info: &&Info| info.live.as_ref().is_some_and(|live| live.metadata().uid == uid);
            let Some(info) = self.infos.iter().find(has_uid).cloned() else {
                let failure = Failure::plain("no original object found for the edited one");
                return Err(self.keep(ctx, path, failure));
            };
            match self.send(ctx, &info, item) {
                Ok(Some(line)) => ctx.out(&line),
                Ok(None) => {}
                Err(Failure::Server(status)) => {
                    let name = format!("{} {:?}", info.mapping.qualified_plural(), info.name.as_str());
                    match status.reason {
                        Reason::Invalid => {
                            let faults = status.details.as_ref().map(|details| cause_lines(&details.causes));
                            let faults = faults.unwrap_or_default();
                            reasons.push(Why { head: format!("{name} was not valid"), faults });
                            ctx.err(&format!("error: {name} is invalid\n"));
                        }
                        Reason::NotFound => {
                            missing += 1;
                            ctx.err(&format!("error: {name} could not be found on the server\n"));
                        }
                        _ => {
                            retryable += 1;
                            ctx.err(&format!("error: {name} could not be patched: {}\n", status.message));
                        }
                    }
                }
                Err(failure) => return Err(self.keep(ctx, path, failure)),
            }
        }
        if retryable > 0 {
            ctx.err(&format!("You can run `kubectl replace -f {path}` to try this update again.\n"));
            return Err(Failure::Silent(1));
        }
        if missing > 0 {
            ctx.err(&format!("The edits you made on deleted resources have been saved to {path:?}\n"));
            return Err(Failure::Silent(1));
        }
        if reasons.is_empty() {
            let _ = ctx.fs.remove(path);
            return Ok(Progress::Done(0));
        }
        self.state = State::Opening { reasons };
        self.step(ctx)
    }

    /// Sends one object's changes; answers with the line to print.
    fn send(&self, ctx: &mut Context<'_>, info: &Info, edited: &Value) -> Result<Option<String>, Failure> {
        let mut before = info.live.as_ref().map(|live| self.part.of(live)).unwrap_or_default();
        before.remove(&["metadata", "managedFields"]);
        let mut edited = edited.clone();
        if let Some(cause) = &self.cause {
            edited.set(&["metadata", "annotations", CHANGE_CAUSE], cause.clone());
        }
        if before == edited {
            return Ok(Some(format!("{} skipped\n", info.title())));
        }
        let patch = match type_of(info.mapping).filter(|_| self.part != Part::Scale) {
            Some(type_) => api::patch::diff::two_way(&before, &edited, type_),
            None => api::patch::merge::diff(&before, &edited),
        };
        let body = patch.map_err(|error| Failure::Plain(error.to_string()))?;
        if api::patch::three_way::changes_identity(&body) {
            return Err(Failure::plain("At least one of apiVersion, kind and name was changed"));
        }
        if self.prints_patch {
            ctx.out(&format!("Patch: {}\n", api::text::json::write_compact(&body)));
        }
        let kind = info.mapping.kind_supported()?;
        let patch = Patch { kind: PatchKind::Strategic, body };
        ctx.api.patch(kind, &info.key(), &patch, &self.options)?;
        let title = if self.part == Part::Scale { format!("scale.autoscaling/{}", info.name) } else { info.title() };
        Ok(Some(format!("{title} edited\n")))
    }
}

impl Why {
    fn comment(&self) -> String {
        let hashed = |text: &str| text.trim_end_matches('\n').replace('\n', "\n# ");
        let colon = if self.faults.is_empty() { "" } else { ":" };
        let faults: String = self.faults.iter().map(|fault| format!("# * {}\n", hashed(fault))).collect();
        format!("# {}{colon}\n{faults}#\n", hashed(&self.head))
    }
}

/// The lines that do not begin with `#`.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// What counts when two versions of a file are compared.
fn significant(text: &str) -> String {
    without_comments(text).trim().to_string()
}
