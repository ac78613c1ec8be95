//! `kubectl edit`, `kubectl apply edit-last-applied`, `kubectl create --edit`: something in an editor, and what was made of it
//! goes to the server.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/util/editor, kubectl/pkg/cmd/edit, kubectl/pkg/cmd/apply/apply_edit_last_applied.go.

mod editing;
mod text;

use client::FieldValidation;

pub use editing::Editing;
use editing::Task;

use super::apply::LAST_APPLIED;
use super::call::DryRun;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::files::Source;
use crate::flags::Flag;

/// The flags of all three.
pub static EDITOR_FLAGS: &[Flag] = &[Flag::bool("windows-line-endings")];

/// The verb.
pub static EDIT: Verb = Verb {
    path: "edit",
    summary: "Edit an object in an editor",
    usage: "(RESOURCE/NAME | -f FILENAME) [options]",
    flags: &[
        &[Flag::bool("output-patch"), Flag::bool("save-config"), Flag::text("subresource")],
        EDITOR_FLAGS,
        shared::OUTPUT,
        shared::RECORD,
        shared::FILES,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: edit,
    ..PLAIN
};

/// `kubectl apply edit-last-applied`
pub static EDIT_LAST_APPLIED: Verb = Verb {
    path: "apply edit-last-applied",
    summary: "Edit the manifest that was applied last in an editor, without applying it",
    usage: "(RESOURCE/NAME | -f FILENAME) [options]",
    flags: &[EDITOR_FLAGS, shared::OUTPUT, shared::RECORD, shared::FILES, shared::VALIDATE, shared::FIELD_MANAGER],
    run: edit_last_applied,
    ..PLAIN
};

fn edit(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let infos = live(call)?;
    if infos.is_empty() {
        return Err(Failure::plain("edit cancelled, no objects found"));
    }
    start(call, Task::Live, vec![infos], Vec::new())
}

fn edit_last_applied(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let mut noted = Vec::new();
    for info in live(call)? {
        let annotations = info.live.as_ref().map(|live| live.metadata().annotations.clone()).unwrap_or_default();
        let Some(text) = annotations.get(LAST_APPLIED) else { continue };
        let source = Source { name: "edited-file".into(), text: text.to_string() };
        let (infos, failures) = call.builder().visit_text(call.ctx, &source)?.into_infos();
        if let Some(failure) = Failure::of(failures) {
            return Err(failure);
        }
        noted.extend(infos.into_iter().next());
    }
    if noted.is_empty() {
        return Err(Failure::plain(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl \
             apply set-last-applied --create-annotation`",
        ));
    }
    start(call, Task::LastApplied, vec![noted], Vec::new())
}

/// `kubectl create --edit`: manifest by manifest.
pub(super) fn before_create(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let mut builder = call.builder();
    builder.label_selector = None;
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    start(call, Task::BeforeCreate, infos.into_iter().map(|info| vec![info]).collect(), failures)
}

fn live(call: &mut Call<'_, '_>) -> Result<Vec<Info>, Failure> {
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    builder.subresource = call.flags.text("subresource");
    let (infos, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    Failure::of(failures).map_or(Ok(infos), Err)
}

fn start(
    call: &mut Call<'_, '_>,
    task: Task,
    sessions: Vec<Vec<Info>>,
    failures: Vec<Failure>,
) -> Result<Flow, Failure> {
    let manager = match task {
        Task::Live => "kubectl-edit",
        Task::LastApplied => "kubectl-client-side-apply",
        Task::BeforeCreate => "kubectl-create",
    };
    let options = call.write_options(DryRun::None, manager, FieldValidation::Strict);
    let validation = call.validation()?;
    Ok(Editing::new(call, task, client::WriteOptions { field_validation: validation, ..options }, sessions, failures)?
        .into())
}
