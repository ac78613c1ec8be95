//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: what they change, and in which manifests.
//!
//! Patches are read before any of them is applied, so that a file that is missing is told of first.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/builtins (Patch*Transformer), api/types/selector.go.

use api::patch::{self, PatchError};
use api::selector::Selector;
use api::text::yaml;
use api::{Str, Value, schema};

use super::files::{Files, Root};
use super::pattern;
use super::resource::{Id, Resource, find};
use super::{merge, target};

/// A patch that was read.
pub(super) enum Patch {
    /// Each document changes the manifest that it names; what is said before a complaint that there is none.
    Strategic(Vec<Value>, Complaint),
    /// One document that changes all manifests selected.
    Selected { patch: Value, target: Value, options: Value },
    /// Operations on all manifests selected.
    Json { operations: Value, target: Value, keeps_history: bool },
    /// It says nothing.
    Empty,
}

/// How a patch tells that there is nothing to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// With the identity it looked for.
    Full,
    /// What was not found.
    Short,
}

/// `patchesStrategicMerge`: each a text or a file.
pub(super) fn read_strategic(files: &mut Files<'_, '_>, root: &Root, paths: &[Str]) -> Result<Patch, String> {
    let mut documents = Vec::new();
    for path in paths {
        match target::manifests(path) {
            Ok(found) => documents.extend(found),
            Err(_) => {
                let text = files.load_text(root, path)?;
                documents.extend(target::manifests(&text).map_err(|error| target::in_file(error, path))?);
            }
        }
    }
    if documents.is_empty() && !paths.is_empty() {
        return Err(format!("patch appears to be empty; files=[{}], Patch=", paths.join(" ")));
    }
    Ok(if documents.is_empty() { Patch::Empty } else { Patch::Strategic(documents, Complaint::Short) })
}

/// An entry of `patches`.
pub(super) fn read(files: &mut Files<'_, '_>, root: &Root, entry: &Value) -> Result<Patch, String> {
    let (text, path) = (entry.get("patch").text().trim(), entry.get("path").text());
    let (text, source) = match (text.is_empty(), path.is_empty()) {
        (true, true) => return Err(format!("must specify one of patch and path in\n{}", yaml::write(entry))),
        (false, false) => {
            return Err(format!("patch and path can't be set at the same time\n{}", yaml::write(entry)));
        }
        (false, true) => (text.to_string(), format!("[patch: {text:?}]")),
        (true, false) => {
            let loaded = files.load_text(root, path);
            let loaded = loaded.map_err(|error| format!("failed to get the patch file from path({path}): {error}"))?;
            (loaded, format!("[path: {path:?}]"))
        }
    };
    let target = entry.get("target").clone();
    match (target::manifests(&text), operations(&text)) {
        (Ok(documents), _) if documents.is_empty() => Ok(Patch::Empty),
        (Ok(mut documents), _) => match (target.is_null(), documents.len()) {
            (true, _) => Ok(Patch::Strategic(documents, Complaint::Full)),
            (false, 1) => {
                Ok(Patch::Selected { patch: documents.remove(0), target, options: entry.get("options").clone() })
            }
            (false, _) => Err(format!(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: \
                 {source}"
            )),
        },
        (Err(_), Some(_)) if target.is_null() => Err(format!("must specify a target for JSON patch {source}")),
        (Err(_), Some(operations)) => Ok(Patch::Json { operations, target, keeps_history: true }),
        (Err(_), None) => Err(format!("unable to parse SM or JSON patch from {source}")),
    }
}

/// An entry of `patchesJson6902`.
pub(super) fn read_json(files: &mut Files<'_, '_>, root: &Root, entry: &Value) -> Result<Patch, String> {
    let (text, path) = (entry.get("patch").text(), entry.get("path").text());
    let target = entry.get("target").clone();
    if target.get("name").text().is_empty() {
        return Err("must specify the target name".into());
    }
    let text = match (text.is_empty(), path.is_empty()) {
        (true, true) => return Err("empty file path and empty jsonOp".into()),
        (false, false) => return Err("must specify a file path or jsonOp, not both".into()),
        (false, true) => text.to_string(),
        (true, false) => files.load_text(root, path)?,
    };
    if text.is_empty() {
        return Err(format!("patch file '{path}' empty seems to be empty"));
    }
    match operations(&text) {
        Some(Value::List(list)) if list.is_empty() => {
            Err(format!("patch appears to be empty; file={path}, JsonOp={text}"))
        }
        Some(operations) => Ok(Patch::Json { operations, target, keeps_history: false }),
        None => Err(format!("decoding {text}: json: cannot unmarshal object into Go value of type jsonpatch.Patch")),
    }
}

/// The text as a list of operations.
fn operations(text: &str) -> Option<Value> {
    let value = yaml::read(text).ok()?;
    value.as_list().iter().all(|operation| operation.as_map().is_some()).then_some(())?;
    matches!(value, Value::List(_)).then_some(value)
}

impl Patch {
    /// Applies it.
    pub(super) fn apply(&self, all: &mut Vec<Resource>) -> Result<(), String> {
        match self {
            Patch::Empty => Ok(()),
            Patch::Strategic(documents, complaint) => {
                documents.iter().try_for_each(|patch| merge_into_named(all, patch, *complaint))
            }
            Patch::Selected { patch, target, options } => {
                for at in select(all, target)? {
                    let mut patch = patch.clone();
                    patch.set(&["apiVersion"], all[at].value.get("apiVersion").clone());
                    merge_into(&mut all[at], &patch, options)?;
                }
                drop_deleted(all);
                Ok(())
            }
            Patch::Json { operations, target, keeps_history } => {
                for at in select(all, target)? {
                    if *keeps_history {
                        all[at].remember();
                    }
                    all[at].value = apply_operations(&all[at].value, operations)?;
                }
                Ok(())
            }
        }
    }
}

fn merge_into_named(all: &mut Vec<Resource>, patch: &Value, complaint: Complaint) -> Result<(), String> {
    let id = Id::of(patch);
    let at = find(all, &id).map_err(|error| match complaint {
        Complaint::Full => format!("no resource matches strategic merge patch {:?}: {error}", id.text()),
        Complaint::Short => error,
    })?;
    merge_into(&mut all[at], patch, &Value::Null)?;
    drop_deleted(all);
    Ok(())
}

fn drop_deleted(all: &mut Vec<Resource>) {
    all.retain(|resource| !resource.value.is_null());
}

/// Merges a patch; name, namespace and kind stay, unless the options allow another name or kind.
fn merge_into(resource: &mut Resource, patch: &Value, options: &Value) -> Result<(), String> {
    let is_on = |option: &str| options.get(option).as_bool() == Some(true);
    let (id, keeps_name, keeps_kind) = (resource.id(), !is_on("allowNameChange"), !is_on("allowKindChange"));
    if !keeps_name || !keeps_kind {
        resource.remember();
    }
    let type_ = schema::type_of(&id.gvk.api_version(), &id.gvk.kind);
    let Some(mut merged) = merge::merge(&resource.value, patch, type_)? else {
        resource.value = Value::Null;
        return Ok(());
    };
    if keeps_kind {
        merged.set(&["kind"], id.gvk.kind);
    }
    if keeps_name {
        merged.set(&["metadata", "name"], id.name);
    }
    match id.namespace.is_empty() {
        true => drop(merged.remove(&["metadata", "namespace"])),
        false => merged.set(&["metadata", "namespace"], id.namespace),
    }
    resource.value = merged;
    Ok(())
}

/// The places of the manifests that a target means.
fn select(all: &[Resource], target: &Value) -> Result<Vec<usize>, String> {
    let labels = parse_selector(target.get("labelSelector").text())?;
    let annotations = parse_selector(target.get("annotationSelector").text())?;
    let fits = |field: &str, texts: [&str; 2]| -> Result<bool, String> {
        let wanted = target.get(field).text();
        if wanted.is_empty() {
            return Ok(true);
        }
        Ok(pattern::matches(wanted, texts[0])? || pattern::matches(wanted, texts[1])?)
    };
    let mut found = Vec::new();
    for (at, resource) in all.iter().enumerate() {
        let (id, first) = (resource.id(), resource.original_id());
        let is_named = fits("namespace", [first.effective_namespace(), id.effective_namespace()])?
            && fits("name", [&first.name, &id.name])?;
        let is_kind = fits("group", [&id.gvk.group; 2])?
            && fits("version", [&id.gvk.version; 2])?
            && fits("kind", [&id.gvk.kind; 2])?;
        let has = |selector: &Selector, field: &str| {
            selector.matches_by(|key| resource.value.at(&["metadata", field, key]).as_str())
        };
        if is_named && is_kind && has(&labels, "labels") && has(&annotations, "annotations") {
            found.push(at);
        }
    }
    Ok(found)
}

fn parse_selector(text: &str) -> Result<Selector, String> {
    if text.is_empty() { Ok(Selector::everything()) } else { Selector::parse(text) }
}

/// Applies operations one by one: the library that kustomize uses names the one that fails.
fn apply_operations(document: &Value, operations: &Value) -> Result<Value, String> {
    let mut document = document.clone();
    for operation in operations.as_list() {
        let one = Value::List(vec![operation.clone()]);
        document = patch::json::apply(&document, &one).map_err(|error| problem(operation, &error))?;
    }
    Ok(document)
}

fn problem(operation: &Value, error: &PatchError) -> String {
    let (name, path) = (operation.get("op").text(), operation.get("path").text());
    let error = error.to_string();
    match (name, error.split(':').next().unwrap_or_default()) {
        ("remove", "unable to remove nonexistent key") => {
            let key = path.rsplit('/').next().unwrap_or_default();
            format!("error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value")
        }
        ("replace", what @ ("doc is missing path" | "doc is missing key")) => {
            format!("replace operation does not apply: {what}: {path}: missing value")
        }
        ("test", "testing value failed") => format!("testing value {path} failed: test failed"),
        (name, "doc is missing path") => {
            format!("{name} operation does not apply: doc is missing path: {path:?}: missing value")
        }
        ("add", "invalid index") => {
            format!("error in add for path: '{path}': Unable to access invalid index: invalid index referenced")
        }
        _ => error,
    }
}
