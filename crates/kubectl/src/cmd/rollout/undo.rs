//! `kubectl rollout undo`: goes back to an earlier template.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/rollout/rollout_undo.go, pkg/polymorphichelpers/rollback.go.

use api::{ControllerRevision, Value};
use client::{FieldValidation, Patch, PatchKind};

use super::super::apply::LAST_APPLIED;
use super::super::call::DryRun;
use super::super::patch::replace;
use super::super::{Call, PLAIN, Verb, shared};
use super::history::{Revision, revisions};
use crate::builder::Info;
use crate::describe;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::Output;

/// The verb.
pub static ROLLOUT_UNDO: Verb = Verb {
    path: "rollout undo",
    summary: "Go back to the template before, or to that of a revision",
    usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
    flags: &[&[Flag::int("to-revision", "0")], shared::OUTPUT, shared::FILES, shared::SELECTOR, shared::DRY_RUN],
    run: |call| super::for_each_printed(call, &mut undo),
    ..PLAIN
};

/// With `-o` the object is shown as it was before, as upstream does.
fn undo(call: &mut Call<'_, '_>, info: &Info, output: &mut Output) -> Result<(), Failure> {
    let dry_run = call.dry_run()?;
    let annotations = info.live.as_ref().map(|live| live.metadata().annotations.clone()).unwrap_or_default();
    if annotations.get(LAST_APPLIED).is_some() {
        let warning = format!(
            "resource {} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} \
             annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl \
             apply' with your previous configuration file instead.",
            info.object_name()
        );
        call.warn(&warning);
    }
    let wanted = call.flags.int("to-revision");
    let live = super::live(info);
    let target = match info.mapping.qualified_plural().as_str() {
        "statefulsets.apps" | "daemonsets.apps" => {
            find(&revisions(call.ctx, info)?, wanted, "no last revision to roll back to")?
        }
        "deployments.apps" => {
            let missing = format!("no rollout history found for deployment {:?}", info.name.as_str());
            let found = find(&revisions(call.ctx, info)?, wanted, &missing)?;
            if live.at(&["spec", "paused"]).as_bool() == Some(true) {
                let refusal = "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and \
                               try again";
                return Err(Failure::plain(refusal));
            }
            found
        }
        _ => {
            let kind = super::status::group_kind(info);
            return Err(Failure::Plain(format!("no rollbacker has been implemented for {kind:?}")));
        }
    };
    if dry_run == DryRun::Client {
        let text = describe::pod_template(&target.template);
        return call.print_typed_outcome(output, info, &live, &text, dry_run);
    }
    if template_of(&live) == target.template.clone().without_hash() {
        let operation = format!("skipped rollback (current template already matches revision {wanted})");
        return call.print_typed_outcome(output, info, &live, &operation, dry_run);
    }
    restore(call, info, &target, wanted, dry_run)?;
    call.print_typed_outcome(output, info, &live, "rolled back", dry_run)
}

fn find(history: &[Revision], wanted: i64, missing: &str) -> Result<Revision, Failure> {
    if wanted == 0 && history.len() <= 1 {
        return Err(Failure::plain(missing));
    }
    let found = match wanted {
        0 => history.get(history.len() - 2),
        wanted => history.iter().find(|revision| revision.number == wanted),
    };
    found.cloned().ok_or_else(|| Failure::Plain(format!("unable to find specified revision {wanted} in history")))
}

fn template_of(live: &Value) -> Value {
    live.at(&["spec", "template"]).clone().without_hash()
}

trait WithoutHash {
    fn without_hash(self) -> Value;
}

impl WithoutHash for Value {
    /// A template without the label that only a ReplicaSet's has.
    fn without_hash(mut self) -> Value {
        self.remove(&["metadata", "labels", "pod-template-hash"]);
        self
    }
}

fn restore(
    call: &mut Call<'_, '_>,
    info: &Info,
    target: &Revision,
    wanted: i64,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let kind = info.mapping.kind_supported()?;
    let (patch_kind, body) = match target.object.get::<ControllerRevision>() {
        Some(stored) => (PatchKind::Strategic, (*stored.data).clone()),
        None => (PatchKind::Json, deployment_patch(target)),
    };
    let patch = Patch { kind: patch_kind, body };
    let options = call.write_options(dry_run, "kubectl", FieldValidation::Warn);
    let written = call.ctx.api.patch(kind, &info.key(), &patch, &options);
    let refuse =
        |status: api::Status| Failure::Plain(format!("failed restoring revision {wanted}: {}", status.message));
    written.map(|_| ()).map_err(refuse)
}

/// A Deployment's template is replaced as a whole, its annotations by those of the revision.
fn deployment_patch(target: &Revision) -> Value {
    let metadata = target.object.metadata();
    let kept = |key: &str| {
        key != LAST_APPLIED
            && !key.starts_with("deployment.kubernetes.io/")
            && key != "deprecated.deployment.rollback.to"
    };
    let mut annotations = Value::map();
    for (key, value) in metadata.annotations.iter().filter(|(key, _)| kept(key)) {
        annotations.set(&[key.as_str()], value.clone());
    }
    let template = replace("/spec/template", target.template.clone().without_hash());
    // The Deployment's own annotations that a revision does not carry are kept by not naming them.
    match annotations.as_map().is_some_and(|map| map.is_empty()) {
        true => Value::List(vec![template]),
        false => Value::List(vec![template, replace("/metadata/annotations", annotations)]),
    }
}
