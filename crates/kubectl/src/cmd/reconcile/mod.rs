//! `kubectl auth reconcile`: roles and bindings made to permit what manifests say, and told what was missing or too much.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/auth/reconcile.go, component-helpers/auth/rbac/reconciliation.

mod rules;

use api::{Kind, Object, Reason, Status, Str, Value};
use client::{DeleteOptions, FieldValidation, WriteOptions};

use super::call::{DryRun, refuse};
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};

/// The annotation with which an object opts out.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";
/// How often an object that comes and goes is tried.
const ATTEMPTS_MAX: u32 = 3;

/// The verb.
pub static AUTH_RECONCILE: Verb = Verb {
    path: "auth reconcile",
    summary: "Make roles and their bindings permit what manifests say",
    usage: "-f FILENAME [options]",
    flags: &[
        &[Flag::bool("remove-extra-permissions"), Flag::bool("remove-extra-subjects")],
        shared::OUTPUT,
        shared::FILES,
        shared::DRY_RUN,
    ],
    run,
    ..PLAIN
};

/// What an object needs to be as its manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    None,
    Create,
    Update,
    /// Another role is bound, which cannot be changed.
    Recreate,
}

/// What becomes of what an object has and its manifest has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extra {
    Kept,
    Removed,
}

/// What is to be done to an object, and why.
#[derive(Clone, Debug)]
struct Reconciled {
    object: Value,
    operation: Operation,
    is_protected: bool,
    missing: Vec<Value>,
    extra: Vec<Value>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    call.require_files()?;
    refuse(&[(!call.flags.args.is_empty(), "no arguments are allowed")])?;
    let dry_run = call.dry_run()?;
    refuse(&[(dry_run == DryRun::Server, "--dry-run=server for command reconcile is not supported yet")])?;
    let mut output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let (infos, mut failures) = call.builder().visit(call.ctx, call.env)?.into_infos();
    for info in infos {
        let (list, flag) = match info.mapping.kind() {
            Some(Kind::Role | Kind::ClusterRole) => ("rules", "remove-extra-permissions"),
            Some(Kind::RoleBinding | Kind::ClusterRoleBinding) => ("subjects", "remove-extra-subjects"),
            _ => continue,
        };
        let extra = if call.flags.is_on(flag) { Extra::Removed } else { Extra::Kept };
        match reconcile(call, &info, list, extra, dry_run) {
            Ok(reconciled) => print(call, &info, &reconciled, list, extra, dry_run, &mut output)?,
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn reconcile(
    call: &mut Call<'_, '_>,
    info: &Info,
    list: &str,
    extra: Extra,
    dry_run: DryRun,
) -> Result<Reconciled, Failure> {
    let kind = info.mapping.kind_supported()?;
    for _ in 0..ATTEMPTS_MAX {
        let mut reconciled = match call.ctx.api.get(kind, &info.key()) {
            Ok(live) => decide(&live.encode(), &info.manifest, list, extra),
            Err(status) if status.reason == Reason::NotFound => created(&info.manifest, list),
            Err(status) => return Err(status.into()),
        };
        if reconciled.is_protected || dry_run == DryRun::Client || reconciled.operation == Operation::None {
            return Ok(reconciled);
        }
        match write(call, info, kind, &reconciled) {
            Ok(object) => {
                reconciled.object = object.encode();
                return Ok(reconciled);
            }
            // It has come or gone meanwhile.
            Err(status) if matches!(status.reason, Reason::AlreadyExists | Reason::NotFound | Reason::Conflict) => {}
            Err(status) => return Err(status.into()),
        }
    }
    Err(Failure::plain("exceeded maximum attempts"))
}

fn created(manifest: &Value, list: &str) -> Reconciled {
    Reconciled {
        object: manifest.clone(),
        operation: Operation::Create,
        is_protected: false,
        missing: manifest.get(list).as_list().to_vec(),
        extra: Vec::new(),
    }
}

/// What an object of the server needs.
fn decide(live: &Value, manifest: &Value, list: &str, extra: Extra) -> Reconciled {
    let is_protected = live.at(&["metadata", "annotations", AUTO_UPDATE]).text() == "false";
    let (missing, surplus) = (Vec::new(), Vec::new());
    let mut decided =
        Reconciled { object: live.clone(), operation: Operation::None, is_protected, missing, extra: surplus };
    if live.get("roleRef") != manifest.get("roleRef") {
        return Reconciled { object: manifest.clone(), operation: Operation::Recreate, ..decided };
    }
    merge_metadata(&mut decided, manifest);
    let (own, wanted) = (live.get(list).as_list(), manifest.get(list).as_list());
    if list == "rules" {
        let are_aggregated = !live.get("aggregationRule").is_null() && !manifest.get("aggregationRule").is_null();
        decided.missing = rules::uncovered(own, wanted);
        decided.extra = if are_aggregated { Vec::new() } else { rules::uncovered(wanted, own) };
        decide_aggregation(&mut decided, live, manifest, extra);
    } else {
        decided.missing = only_in(wanted, own);
        decided.extra = only_in(own, wanted);
    }
    let differs = !decided.missing.is_empty() || !decided.extra.is_empty() && extra == Extra::Removed;
    if differs {
        let all = match extra {
            Extra::Kept => own.iter().chain(&decided.missing).cloned().collect(),
            Extra::Removed => wanted.to_vec(),
        };
        decided.object.set(&[list], all);
        decided.operation = Operation::Update;
    }
    decided
}

/// Labels and annotations of the manifest, where the object has none of that name.
fn merge_metadata(decided: &mut Reconciled, manifest: &Value) {
    for field in ["annotations", "labels"] {
        let Some(wanted) = manifest.at(&["metadata", field]).as_map() else { continue };
        for (key, value) in wanted {
            if decided.object.at(&["metadata", field, key]).is_null() {
                decided.object.set(&["metadata", field, key], value.clone());
                decided.operation = Operation::Update;
            }
        }
    }
}

fn decide_aggregation(decided: &mut Reconciled, live: &Value, manifest: &Value, extra: Extra) {
    let path = ["aggregationRule", "clusterRoleSelectors"];
    let (own, wanted) = (live.at(&path).as_list(), manifest.at(&path).as_list());
    let missing = only_in(wanted, own);
    if manifest.get("aggregationRule").is_null() {
        if !live.get("aggregationRule").is_null() {
            decided.object.remove(&["aggregationRule"]);
            decided.operation = Operation::Update;
        }
    } else if extra == Extra::Kept && !missing.is_empty() {
        decided.object.set(&path, own.iter().chain(&missing).cloned().collect::<Vec<Value>>());
        decided.operation = Operation::Update;
    } else if extra == Extra::Removed && (!missing.is_empty() || !only_in(own, wanted).is_empty()) {
        decided.object.set(&["aggregationRule"], manifest.get("aggregationRule").clone());
        decided.operation = Operation::Update;
    }
}

/// What the first list has and the second has not, each once.
fn only_in(list: &[Value], other: &[Value]) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for item in list {
        if !other.contains(item) && !found.contains(item) {
            found.push(item.clone());
        }
    }
    found
}

fn write(call: &mut Call<'_, '_>, info: &Info, kind: Kind, reconciled: &Reconciled) -> Result<Object, Status> {
    let options = WriteOptions { field_validation: FieldValidation::Warn, ..WriteOptions::default() };
    let body = reconciled.object.clone();
    let written = match reconciled.operation {
        Operation::Update | Operation::None => call.ctx.api.update_value(kind, &info.key(), body, &options)?,
        Operation::Recreate => {
            let uid = Some(call.ctx.api.get(kind, &info.key())?.metadata().uid.clone());
            call.ctx.api.delete(kind, &info.key(), &DeleteOptions { uid, ..DeleteOptions::default() })?;
            call.ctx.api.create_value(kind, &info.namespace, body, &options)?
        }
        Operation::Create => {
            ensure_namespace(call, &info.namespace, &options)?;
            call.ctx.api.create_value(kind, &info.namespace, body, &options)?
        }
    };
    call.warn_all(&written.warnings);
    Ok(written.object)
}

fn ensure_namespace(call: &mut Call<'_, '_>, name: &Str, options: &WriteOptions) -> Result<(), Status> {
    let key = api::Key::new("", name.clone());
    if name.is_empty() || call.ctx.api.get(Kind::Namespace, &key).is_ok() {
        return Ok(());
    }
    let mut body = Value::map();
    body.set(&["apiVersion"], "v1");
    body.set(&["kind"], "Namespace");
    body.set(&["metadata", "name"], name.clone());
    call.ctx.api.create_value(Kind::Namespace, "", body, options).map(|_| ())
}

fn print(
    call: &mut Call<'_, '_>,
    info: &Info,
    reconciled: &Reconciled,
    list: &str,
    extra: Extra,
    dry_run: DryRun,
    output: &mut Output,
) -> Result<(), Failure> {
    match output {
        Output::Objects(printer) => {
            let text = printer.print_typed(&reconciled.object)?;
            call.ctx.out(&text);
        }
        Output::Human | Output::Wide => call.print_operation(info, "reconciled", dry_run),
    }
    let operation = match reconciled.operation {
        Operation::None => return Ok(()),
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Recreate => "recreate",
    };
    let caveat = match reconciled.is_protected {
        true => format!(", but object opted out ({AUTO_UPDATE}: false)"),
        false => String::new(),
    };
    let mut text = format!("\treconciliation required {operation}{caveat}\n");
    text.push_str(&listed(&format!("missing {list} added"), &reconciled.missing));
    if extra == Extra::Removed {
        text.push_str(&listed(&format!("extra {list} removed"), &reconciled.extra));
    }
    call.ctx.err(&text);
    Ok(())
}

/// Rules or subjects as Go prints their structs.
fn listed(title: &str, items: &[Value]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let words =
        |item: &Value, field: &str| item.get(field).as_list().iter().map(Value::text).collect::<Vec<_>>().join(" ");
    let line = |item: &Value| match item.get("kind").text() {
        "" => format!(
            "\t\t{{Verbs:[{}] APIGroups:[{}] Resources:[{}] ResourceNames:[{}] NonResourceURLs:[{}]}}\n",
            words(item, "verbs"),
            words(item, "apiGroups"),
            words(item, "resources"),
            words(item, "resourceNames"),
            words(item, "nonResourceURLs")
        ),
        kind => format!(
            "\t\t{{Kind:{kind} APIGroup:{} Name:{} Namespace:{}}}\n",
            item.get("apiGroup").text(),
            item.get("name").text(),
            item.get("namespace").text()
        ),
    };
    format!("\t{title}:\n") + &items.iter().map(line).collect::<String>()
}
