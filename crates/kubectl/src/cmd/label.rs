//! `kubectl label` and `kubectl annotate`: set and remove keys in the metadata of objects.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/label, kubectl/pkg/cmd/annotate.

use ordered::OrderedMap;

use api::codec::Codec;
use api::selector::is_valid_label_value;
use api::{Str, StringMap, Value};
use client::{FieldValidation, Patch, PatchKind};

use super::call::{CHANGE_CAUSE, DryRun, refuse};
use super::pairs::{self, Removal};
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::builder::Info;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::output::{Formats, Output};

const FLAGS: &[&[Flag]] = &[
    shared::EDIT_MANY,
    shared::ALL,
    shared::OUTPUT,
    shared::RECORD,
    shared::FILES,
    shared::SELECTOR,
    shared::FIELD_SELECTOR,
    shared::ALL_NAMESPACES,
    shared::DRY_RUN,
    shared::FIELD_MANAGER,
];

/// The verb for labels.
pub static LABEL: Verb = Verb {
    path: "label",
    summary: "Set or remove labels of objects",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N \
            [--resource-version=version] [options]",
    flags: FLAGS,
    run: |call| run(call, Field::Labels),
    ..PLAIN
};

/// The verb for annotations.
pub static ANNOTATE: Verb = Verb {
    path: "annotate",
    summary: "Set or remove annotations of objects",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N \
            [--resource-version=version] [options]",
    flags: FLAGS,
    run: |call| run(call, Field::Annotations),
    ..PLAIN
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Labels,
    Annotations,
}

impl Field {
    const fn what(self) -> &'static str {
        match self {
            Field::Labels => "label",
            Field::Annotations => "annotation",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Field::Labels => "labels",
            Field::Annotations => "annotations",
        }
    }

    const fn manager(self) -> &'static str {
        match self {
            Field::Labels => "kubectl-label",
            Field::Annotations => "kubectl-annotate",
        }
    }

    fn of(self, info: &Info) -> StringMap {
        let Some(live) = &info.live else {
            return StringMap::decode(info.manifest.at(&["metadata", self.path()]).clone());
        };
        match self {
            Field::Labels => live.metadata().labels.clone(),
            Field::Annotations => live.metadata().annotations.clone(),
        }
    }
}

/// Whether one object was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    One,
    Many,
}

/// What to set and what to remove.
struct Change {
    set: OrderedMap<Str, Str>,
    remove: Vec<Str>,
}

fn run(call: &mut Call<'_, '_>, field: Field) -> Result<Flow, Failure> {
    let dry_run = call.dry_run()?;
    let pairs = pairs::split(&call.flags.args, field.what())?;
    let change = match field {
        Field::Labels => parse_labels(&pairs.words)?,
        Field::Annotations => parse_annotations(&pairs.words)?,
    };
    check(call, field, &pairs, &change, dry_run)?;
    let lists = call.flags.is_on("list");
    let output = Output::read(call.ctx, call.env, &call.flags, Formats::Operation)?;
    let mut shared = output.clone();
    let mut builder = call.builder();
    builder.args = pairs.resources;
    builder.empty_selector_is_all = call.flags.is_on("all");
    builder.is_local = call.flags.is_on("local");
    builder.files_are_live = !builder.is_local;
    let visit = builder.visit(call.ctx, call.env)?;
    let count = if visit.single_item_implied { Count::One } else { Count::Many };
    if count == Count::Many && call.flags.is_set("resource-version") {
        return Err(Failure::plain("--resource-version may only be used with a single resource"));
    }
    let (infos, mut failures) = visit.into_infos();
    for info in &infos {
        let changed = if lists {
            list(call, info, field, &change, count)
        } else {
            // Annotations are printed by one printer, labels by one for each object.
            let mut own = output.clone();
            let printer = if field == Field::Annotations { &mut shared } else { &mut own };
            apply(call, info, field, &change, dry_run, printer)
        };
        failures.extend(changed.err());
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn check(
    call: &Call<'_, '_>,
    field: Field,
    pairs: &pairs::Pairs,
    change: &Change,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let (is_on, given) = (|flag: &str| call.flags.is_on(flag), |flag: &str| !call.flags.text(flag).is_empty());
    let example = if field == Field::Labels { "pod" } else { "rsrc" };
    let local_only =
        format!("can only use local files by -f {example}.yaml or --filename={example}.json when --local=true is set");
    let files = format!("one or more files must be specified as -f {example}.yaml or --filename={example}.json");
    let update = format!("at least one {} update is required", field.what());
    let (local, named, has_files) = (is_on("local"), !pairs.resources.is_empty(), call.has_files());
    refuse(&[
        (is_on("list") && given("output"), "--list and --output may not be specified together"),
        (is_on("all") && given("selector"), "cannot set --all and --selector at the same time"),
        (is_on("all") && given("field-selector"), "cannot set --all and --field-selector at the same time"),
        (
            local && dry_run == DryRun::Server,
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ),
        (local && named, &local_only),
        (local && !has_files, &files),
        (
            !local && !named && !has_files,
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ),
        (change.set.is_empty() && change.remove.is_empty() && !is_on("list"), &update),
    ])
}

fn parse_labels(words: &[Str]) -> Result<Change, Failure> {
    api::reached!("kubectl::cmd::label::parse_labels");
    let mut change = Change { set: OrderedMap::new(), remove: Vec::new() };
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            if value.contains('=') {
                return Err(Failure::Plain(format!("invalid label spec: {word}")));
            }
            let problems = is_valid_label_value(value);
            if !problems.is_empty() {
                let problems = problems.join(";");
                return Err(Failure::Plain(format!("invalid label value: {:?}: {problems}", word.as_str())));
            }
            change.set.insert(key.into(), value.into());
        } else if let Some(key) = word.strip_suffix('-') {
            change.remove.push(key.into());
        } else {
            return Err(Failure::Plain(format!("unknown label spec: {word}")));
        }
    }
    if change.remove.iter().any(|key| change.set.contains_key(key)) {
        return Err(Failure::plain("can not both modify and remove a label in the same command"));
    }
    Ok(change)
}

fn parse_annotations(words: &[Str]) -> Result<Change, Failure> {
    let (set, remove) = pairs::parse(words, "annotation", Removal::Allowed)?;
    let both: Vec<&str> = remove.iter().filter(|key| set.contains_key(*key)).map(Str::as_str).collect();
    if !both.is_empty() {
        let both = both.join(", ");
        return Err(Failure::Plain(format!(
            "can not both modify and remove the following annotation(s) in the same command: {both}"
        )));
    }
    Ok(Change { set, remove })
}

fn refuse_overwrite(call: &Call<'_, '_>, field: Field, now: &StringMap, change: &Change) -> Result<(), Failure> {
    api::reached!("kubectl::cmd::label::refuse_overwrite");
    if call.flags.is_on("overwrite") {
        return Ok(());
    }
    let differs = |(key, value): &(&Str, &Str)| now.get(key).is_some_and(|now| now != value.as_str());
    let taken: Vec<String> = change
        .set
        .iter()
        .filter(differs)
        .filter(|(key, _)| field == Field::Labels || key.as_str() != CHANGE_CAUSE)
        .map(|(key, _)| format!("'{key}' already has a value ({})", now.get(key).unwrap_or_default()))
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    Err(match field {
        Field::Labels => {
            let each =
                taken.into_iter().map(|one| Failure::Plain(format!("{one}, and --overwrite is false"))).collect();
            Failure::of(each).unwrap_or(Failure::Silent(1))
        }
        Field::Annotations => Failure::Plain(format!(
            "--overwrite is false but found the following declared annotation(s): {}",
            taken.join("; ")
        )),
    })
}

fn apply(
    call: &mut Call<'_, '_>,
    info: &Info,
    field: Field,
    change: &Change,
    dry_run: DryRun,
    output: &mut Output,
) -> Result<(), Failure> {
    api::reached!("kubectl::cmd::label::apply");
    let now = field.of(info);
    if field == Field::Labels && dry_run != DryRun::Client {
        for key in change.remove.iter().filter(|key| now.get(key).is_none()) {
            call.ctx.out(&format!("label {:?} not found.\n", key.as_str()));
        }
    }
    refuse_overwrite(call, field, &now, change)?;
    let added: Vec<(&Str, &Str)> =
        change.set.iter().filter(|(key, value)| now.get(key) != Some(value.as_str())).collect();
    let removed: Vec<&Str> = change.remove.iter().filter(|key| now.get(key).is_some()).collect();
    let operation = match (field, added.is_empty(), removed.is_empty()) {
        (Field::Annotations, _, _) => "annotated",
        (Field::Labels, false, false) => "modified",
        (Field::Labels, false, true) => "labeled",
        (Field::Labels, true, false) => "unlabeled",
        (Field::Labels, true, true) => "not labeled",
    };
    let mut body = Value::map();
    for (key, value) in &added {
        body.set(&["metadata", field.path(), key], (*value).clone());
    }
    for key in &removed {
        body.set(&["metadata", field.path(), key], Value::Null);
    }
    call.record(&mut body);
    let version = call.flags.text("resource-version");
    if !version.is_empty() {
        body.set(&["metadata", "resourceVersion"], version);
    }
    let changes_something = field == Field::Annotations || !added.is_empty() || !removed.is_empty();
    let mut after = info.object();
    let stays_here = dry_run == DryRun::Client || call.flags.is_on("local");
    if stays_here {
        after = api::patch::merge::apply(&after, &body).map_err(|error| Failure::Plain(error.to_string()))?;
    } else if changes_something {
        let kind = info.mapping.kind_supported()?;
        let options = call.write_options(dry_run, field.manager(), FieldValidation::Warn);
        let patch = Patch { kind: PatchKind::Merge, body };
        let written = call.ctx.api.patch(kind, &info.key(), &patch, &options)?;
        call.warn_all(&written.warnings);
        after = written.object.encode();
    }
    call.print_outcome(output, info, &after, operation, dry_run)
}

/// `--list`: what there would be.
fn list(call: &mut Call<'_, '_>, info: &Info, field: Field, change: &Change, count: Count) -> Result<(), Failure> {
    let now = field.of(info);
    refuse_overwrite(call, field, &now, change)?;
    let mut all: OrderedMap<Str, Str> = now.iter().map(|(key, value)| (key.into(), value.into())).collect();
    all.extend(change.set.iter().map(|(key, value)| (key.clone(), value.clone())));
    change.remove.iter().for_each(|key| drop(all.remove(key)));
    let indent = if count == Count::One { "" } else { " " };
    if count == Count::Many {
        let resource = info.mapping.resource();
        let head = format!("Listing {} for {}.{}/{}:\n", field.path(), resource.kind, resource.group, info.name);
        call.ctx.out(&head);
    }
    for (key, value) in all {
        call.ctx.out(&format!("{indent}{key}={value}\n"));
    }
    Ok(())
}
