//! `kubectl taint`: sets and removes taints of nodes.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/taint.

use api::core::node::Taint;
use api::selector::{is_qualified_name, is_valid_label_value};
use api::{Kind, Object, Str, Value};
use client::{Patch, PatchKind};

use super::call::DryRun;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// The verb.
pub static TAINT: Verb = Verb {
    path: "taint",
    summary: "Set or remove taints of nodes",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
    flags: &[
        &[Flag::bool("all"), Flag::bool("overwrite"), Flag::text("validate").default("strict").bare("strict")],
        shared::OUTPUT,
        shared::SELECTOR,
        shared::DRY_RUN,
        shared::FIELD_MANAGER,
    ],
    run,
    ..PLAIN
};

/// What is to become of the taints of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Taints to set.
    pub add: Vec<Taint>,
    /// Keys, and effects unless all of a key are meant, to remove.
    pub remove: Vec<Taint>,
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let (resources, words) = split(&call.flags.args)?;
    if resources.is_empty() {
        return Err(Failure::plain("one or more resources must be specified as <resource> <name>"));
    }
    if words.is_empty() {
        return Err(Failure::plain("at least one taint update is required"));
    }
    let change = Change::parse(&words).map_err(|problem| call.usage(problem))?;
    let dry_run = call.dry_run()?;
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    check(call, &resources, &change)?;
    let mut builder = call.builder();
    builder.select_all = call.flags.is_on("all");
    let names = if builder.select_all || builder.label_selector.is_some() { &[] } else { &resources[1..] };
    builder.args = std::iter::once(Str::from("nodes")).chain(names.iter().cloned()).collect();
    let (infos, mut failures) = builder.visit(call.ctx, call.env)?.into_infos();
    for info in &infos {
        failures.extend(apply(call, info, &change, dry_run, &output).err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

/// Takes resources and taints apart.
fn split(args: &[Str]) -> Result<(Vec<Str>, Vec<Str>), Failure> {
    let (mut resources, mut taints) = (Vec::new(), Vec::new());
    for arg in args {
        let is_taint = arg.contains('=') || arg.contains(':') || arg.ends_with('-');
        match (is_taint, taints.is_empty()) {
            (true, _) => taints.push(arg.clone()),
            (false, true) => resources.push(arg.clone()),
            (false, false) => {
                let refusal = format!("all resources must be specified before taint changes: {arg}");
                return Err(Failure::Plain(refusal));
            }
        }
    }
    Ok((resources, taints))
}

fn check(call: &Call<'_, '_>, resources: &[Str], change: &Change) -> Result<(), Failure> {
    let named = resources[0].to_lowercase();
    if Mapping::find(&named)?.kind() != Some(Kind::Node) {
        return Err(Failure::Plain(format!("invalid resource type {named}, only node types are supported")));
    }
    let conflicts = change.conflicts();
    if !conflicts.is_empty() {
        return Err(Failure::Plain(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            conflicts.join(", ")
        )));
    }
    let (all, selects) = (call.flags.is_on("all"), !call.flags.text("selector").is_empty());
    if all && selects {
        return Err(Failure::plain("setting 'all' parameter with a non empty selector is prohibited"));
    }
    if !all && !selects && resources.len() < 2 {
        let refusal = "at least one resource name must be specified since 'all' parameter is not set";
        return Err(Failure::plain(refusal));
    }
    Ok(())
}

/// Changes one node and says so.
fn apply(
    call: &mut Call<'_, '_>,
    info: &Info,
    change: &Change,
    dry_run: DryRun,
    output: &Output,
) -> Result<(), Failure> {
    let Some(Object::Node(node)) = &info.live else { return Ok(()) };
    let overwrites = call.flags.is_on("overwrite");
    if !overwrites {
        change.refuse_existing(&info.name, &node.spec.taints)?;
    }
    let (operation, taints) = change.applied(&node.spec.taints, overwrites)?;
    let mut after = Object::Node(node.clone()).encode();
    let list = Value::from(taints.iter().map(api::codec::Codec::encode).collect::<Vec<Value>>());
    after.set(&["spec", "taints"], list.clone());
    if dry_run != DryRun::Client {
        let mut body = Value::map();
        body.set(&["spec", "taints"], if taints.is_empty() { Value::Null } else { list });
        let patch = Patch { kind: PatchKind::Strategic, body };
        let options = call.write_options(dry_run, "kubectl-taint", call.validation()?);
        let written = call.ctx.api.patch(info.mapping.kind_supported()?, &info.key(), &patch, &options)?;
        call.warn_all(&written.warnings);
        after = written.object.encode();
    }
    call.print_typed_outcome(&mut output.clone(), info, &after, operation, dry_run)
}

impl Change {
    /// Reads `key=value:Effect`, `key:Effect`, `key-` and `key:Effect-`.
    pub fn parse(words: &[Str]) -> Result<Change, String> {
        api::reached!("kubectl::cmd::taint::Change::parse");
        let mut change = Change::default();
        for word in words {
            if let Some(spec) = word.strip_suffix('-') {
                let taint = parse_taint(spec)?;
                change.remove.push(Taint { key: taint.key, effect: taint.effect, ..Taint::default() });
                continue;
            }
            let taint = parse_taint(word)?;
            if taint.effect.is_empty() {
                return Err(format!("invalid taint spec: {word}"));
            }
            if change.add.iter().any(|known| is_match(known, &taint)) {
                let (key, value, effect) = (&taint.key, &taint.value, &taint.effect);
                return Err(format!(
                    "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
                ));
            }
            change.add.push(taint);
        }
        Ok(change)
    }

    /// Taints that are to be set and removed at once.
    fn conflicts(&self) -> Vec<String> {
        let meets = |add: &Taint, remove: &Taint| {
            add.key == remove.key && (remove.effect.is_empty() || add.effect == remove.effect)
        };
        let of = |add| self.remove.iter().filter(move |remove| meets(add, remove));
        self.add.iter().flat_map(of).map(|remove| format!("{}={}", remove.key, remove.effect)).collect()
    }

    /// Without `--overwrite` no taint may be there that is to be set.
    pub fn refuse_existing(&self, node: &str, taints: &[Taint]) -> Result<(), Failure> {
        api::reached!("kubectl::cmd::taint::Change::refuse_existing");
        let is_there = |taint: &&Taint| taints.iter().any(|old| is_match(old, taint));
        let there: Vec<&str> = self.add.iter().filter(is_there).map(|taint| taint.key.as_str()).collect();
        if there.is_empty() {
            return Ok(());
        }
        Err(Failure::Plain(format!(
            "node {node} already has {} taint(s) with same effect(s) and --overwrite is false",
            there.join(",")
        )))
    }

    /// What is said to have been done, and the taints then: new ones before old ones.
    pub fn applied(&self, old: &[Taint], overwrites: bool) -> Result<(&'static str, Vec<Taint>), Failure> {
        api::reached!("kubectl::cmd::taint::Change::applied");
        let mut taints = self.add.clone();
        taints.extend(old.iter().filter(|old| !self.add.iter().any(|new| is_match(new, old))).cloned());
        let has_added = taints.len() != old.len();
        let (mut missing, mut has_removed) = (Vec::new(), false);
        for remove in &self.remove {
            let before = taints.len();
            let is_meant =
                |taint: &Taint| taint.key == remove.key && (remove.effect.is_empty() || taint.effect == remove.effect);
            taints.retain(|taint| !is_meant(taint));
            has_removed = taints.len() != before;
            if !has_removed {
                missing.push(Failure::Plain(format!("taint {:?} not found", text_of(remove))));
            }
        }
        if let Some(failure) = Failure::of(missing) {
            return Err(failure);
        }
        let operation = match (has_added, has_removed || overwrites) {
            (_, true) if overwrites => "modified",
            (true, true) => "modified",
            (true, false) => "tainted",
            (false, _) => "untainted",
        };
        Ok((operation, taints))
    }
}

fn is_match(left: &Taint, right: &Taint) -> bool {
    left.key == right.key && left.effect == right.effect
}

/// `key:Effect`, or `key`.
fn text_of(taint: &Taint) -> String {
    if taint.effect.is_empty() { taint.key.to_string() } else { format!("{}:{}", taint.key, taint.effect) }
}

fn parse_taint(spec: &str) -> Result<Taint, String> {
    let invalid = || format!("invalid taint spec: {spec}");
    let parts: Vec<&str> = spec.split(':').collect();
    let mut taint = Taint::default();
    match parts.as_slice() {
        [key] => taint.key = (*key).into(),
        [pair, effect] => {
            if !EFFECTS.contains(effect) {
                return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
            }
            taint.effect = (*effect).into();
            let words: Vec<&str> = pair.split('=').collect();
            match words.as_slice() {
                [key] => taint.key = (*key).into(),
                [key, value] => (taint.key, taint.value) = ((*key).into(), (*value).into()),
                _ => return Err(invalid()),
            }
            refuse_problems(spec, &is_valid_label_value(&taint.value))?;
        }
        _ => return Err(invalid()),
    }
    refuse_problems(spec, &is_qualified_name(&taint.key))?;
    Ok(taint)
}

fn refuse_problems(spec: &str, problems: &[String]) -> Result<(), String> {
    if problems.is_empty() { Ok(()) } else { Err(format!("invalid taint spec: {spec}, {}", problems.join("; "))) }
}
