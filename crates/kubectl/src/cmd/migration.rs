//! From client-side to server-side apply: what those own who applied an object before becomes the new applier's, so that
//! fields which a manifest no longer has can go.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply (saveLastApplyAnnotationIfNecessary, migrateToSSAIfNecessary),
//! client-go/util/csaupgrade.

use api::managed::{Entry, FieldSet, Operation};
use api::{Status, Str, Value};
use client::{Patch, PatchKind, WriteOptions};
use ordered::OrderedSet;

use super::Call;
use super::apply::LAST_APPLIED;
use super::patch::replace;
use crate::builder::Info;

/// Who keeps the annotation once the object is applied by the server.
const KEEPER: &str = "kubectl-last-applied";
/// The applier whose objects keep it.
const DEFAULT_APPLIER: &str = "kubectl";

/// Moves the ownership, if there is any to move, after `request` has led to `object`. Answers with the object as it is then;
/// what goes wrong is a warning, and tried again by the next apply.
pub(super) fn migrate(
    call: &mut Call<'_, '_>,
    info: &Info,
    object: Value,
    request: &Patch,
    options: &WriteOptions,
) -> Value {
    let complain = |call: &mut Call<'_, '_>, what: &str, status: &Status| {
        call.ctx.err(&format!(
            "Warning: {what}. This is non-fatal and will be retried next time you apply. Error: {}\n",
            status.message
        ));
    };
    let object = match keep_annotation(call, info, &object, options) {
        Ok(kept) => kept.unwrap_or(object),
        Err(status) => {
            complain(call, &format!("failed to migrate {LAST_APPLIED} for Server-Side Apply"), &status);
            return object;
        }
    };
    let moved = match move_fields(call, info, &object, options) {
        Ok(Some(moved)) => moved,
        Ok(None) => return object,
        Err(status) => {
            complain(call, "server rejected managed fields migration to Server-Side Apply", &status);
            return object;
        }
    };
    send(call, info, request, options).unwrap_or_else(|status| {
        let what = "failed to re-apply configuration after performing Server-Side Apply migration";
        complain(call, what, &status);
        moved
    })
}

fn send(call: &mut Call<'_, '_>, info: &Info, patch: &Patch, options: &WriteOptions) -> Result<Value, Status> {
    let kind = info.mapping.kind_supported().map_err(|failure| Status::bad_request(failure.message()))?;
    Ok(call.ctx.api.patch(kind, &info.key(), patch, options)?.object.encode())
}

fn entries(object: &Value) -> Vec<Entry> {
    object.at(&["metadata", "managedFields"]).as_list().iter().filter_map(Entry::from_value).collect()
}

/// Whether an entry holds the annotation that client-side applies leave.
fn holds_annotation(entry: &Entry) -> bool {
    let path = FieldSet::of(&[&["metadata", "annotations", LAST_APPLIED]]);
    !entry.fields.intersection(&path).is_empty()
}

/// Gives the annotation a keeper, so that it does not go with those who own it now.
fn keep_annotation(
    call: &mut Call<'_, '_>,
    info: &Info,
    object: &Value,
    options: &WriteOptions,
) -> Result<Option<Value>, Status> {
    let annotation = object.at(&["metadata", "annotations", LAST_APPLIED]);
    let is_kept = entries(object).iter().any(|entry| entry.operation == Operation::Apply && holds_annotation(entry));
    if options.field_manager != DEFAULT_APPLIER || annotation.is_null() || is_kept {
        return Ok(None);
    }
    let mut body = info.mapping.type_meta();
    for field in ["name", "namespace"] {
        let value = object.at(&["metadata", field]);
        if !value.is_null() {
            body.set(&["metadata", field], value.clone());
        }
    }
    body.set(&["metadata", "annotations", LAST_APPLIED], annotation.clone());
    let patch = Patch { kind: PatchKind::Apply, body };
    let options = WriteOptions { field_manager: KEEPER.into(), force: false, ..options.clone() };
    send(call, info, &patch, &options).map(Some)
}

/// Hands the fields of client-side appliers to the server-side one.
fn move_fields(
    call: &mut Call<'_, '_>,
    info: &Info,
    object: &Value,
    options: &WriteOptions,
) -> Result<Option<Value>, Status> {
    let before = entries(object);
    let appliers: OrderedSet<Str> = before
        .iter()
        .filter(|entry| entry.operation == Operation::Update && holds_annotation(entry))
        .map(|entry| entry.writer.manager.clone())
        .collect();
    let moved =
        appliers.iter().fold(before.clone(), |entries, from| handed_over(entries, from, &options.field_manager));
    if moved == before {
        return Ok(None);
    }
    let body = Value::List(vec![
        replace("/metadata/managedFields", Value::List(moved.iter().map(Entry::to_value).collect())),
        replace("/metadata/resourceVersion", object.at(&["metadata", "resourceVersion"]).clone()),
    ]);
    let patch = Patch { kind: PatchKind::Json, body };
    let options = WriteOptions { force: false, ..options.clone() };
    send(call, info, &patch, &options).map(Some)
}

/// The entries after all that `from` owns by updates has become what `to` owns by applying.
fn handed_over(mut entries: Vec<Entry>, from: &str, to: &str) -> Vec<Entry> {
    let is = |entry: &Entry, manager: &str, operation: Operation| {
        entry.writer.manager == manager && entry.operation == operation && entry.writer.subresource.is_empty()
    };
    let at = match entries.iter().position(|entry| is(entry, to, Operation::Apply)) {
        Some(at) => at,
        None => {
            let Some(at) = entries.iter().position(|entry| is(entry, from, Operation::Update)) else { return entries };
            entries[at].operation = Operation::Apply;
            entries[at].writer.manager = to.into();
            at
        }
    };
    let version = entries[at].writer.api_version.clone();
    let found = entries.iter().find(|entry| is(entry, from, Operation::Update) && entry.writer.api_version == version);
    let fields = found.map(|found| found.fields.clone());
    if let Some(fields) = fields {
        entries[at].fields = entries[at].fields.union(&fields);
    }
    entries.retain(|entry| !is(entry, from, Operation::Update));
    entries
}
