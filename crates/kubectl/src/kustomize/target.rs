//! A kustomization at work: its resources and bases, what it generates, what it changes.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 api/internal/target, api/krusty/kustomizer.go, api/resource/factory.go.

use api::text::{json, yaml};
use api::{Str, Value};

use super::files::{FILE_NAMES, Files, Root};
use super::generators::{Kind, generate, name_hash};
use super::patches::{self, Patch};
use super::resource::{Resource, absorb, append};
use super::transformers::{self, End};
use super::{Options, kustomization, names, order, texts};

/// Manifests marked so are only for kustomize itself.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
/// Manifests of one build.
const RESOURCES_MAX: usize = 10_000;
/// Kustomizations of one build.
const TARGETS_MAX: usize = 1_000;

/// A build.
struct Build<'a, 'w, 'o> {
    files: Files<'a, 'w>,
    warnings: &'o mut Vec<String>,
    targets: usize,
}

/// A kustomization that was read.
struct Target {
    root: Root,
    kustomization: Value,
}

/// Builds the kustomization in a directory.
pub(super) fn build(
    files: Files<'_, '_>,
    path: &str,
    options: Options,
    warnings: &mut Vec<String>,
) -> Result<Vec<Value>, String> {
    let mut build = Build { files, warnings, targets: 0 };
    let root = build.files.root(path)?;
    let target = build.read(root)?;
    let mut all = Vec::new();
    build.accumulate(&target, &mut all)?;
    for resource in all.iter_mut().filter(|resource| resource.is_hashed) {
        let name = format!("{}-{}", resource.name(), name_hash(&resource.value));
        resource.rename(name);
    }
    names::fix_references(&mut all)?;
    all.iter_mut().for_each(quote_annotations);
    all.retain(is_kept);
    let sort_options = target.kustomization.get("sortOptions");
    if !sort_options.is_null() && options.order_is_explicit {
        build.warn_of_order();
    }
    order::sort(&mut all, sort_options, options.order)?;
    Ok(all.into_iter().map(|resource| resource.value).collect())
}

/// Annotations come out as texts, whatever was written.
fn quote_annotations(resource: &mut Resource) {
    let Some(map) = resource.value.at(&["metadata", "annotations"]).as_map().cloned() else { return };
    for (key, value) in map {
        if matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            resource.value.set(&["metadata", "annotations", &key], json::write_compact(&value));
        }
    }
}

fn is_kept(resource: &Resource) -> bool {
    match resource.value.at(&["metadata", "annotations", LOCAL_CONFIG]) {
        Value::Null => true,
        mark => mark.text() == "false",
    }
}

impl Build<'_, '_, '_> {
    /// The line of Go's logger, with its date.
    fn warn_of_order(&mut self) {
        let now = self.files.ctx.now().to_rfc3339();
        let date = now[..19].replace('-', "/").replace('T', " ");
        self.warnings.push(format!(
            "{date} Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag \
             ('--reorder'). Using the kustomization file over the CLI flag."
        ));
    }

    fn read(&mut self, root: Root) -> Result<Target, String> {
        self.targets += 1;
        if self.targets > TARGETS_MAX {
            return Err(format!("more than {TARGETS_MAX} kustomizations in one build"));
        }
        let mut found = Vec::new();
        for name in FILE_NAMES {
            found.extend(self.files.load_text(&root, name));
        }
        match found.as_slice() {
            [] => Err(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{}'",
                root.path
            )),
            [text] => {
                let kustomization = kustomization::read(text, &root.path, self.warnings)?;
                Ok(Target { root, kustomization })
            }
            _ => Err(format!("Found multiple kustomization files under: {}\n", root.path)),
        }
    }

    /// Adds what a kustomization makes.
    fn accumulate(&mut self, target: &Target, all: &mut Vec<Resource>) -> Result<(), String> {
        let kustomization = &target.kustomization;
        for path in texts(kustomization.get("resources")) {
            self.add_resource(target, &path, all).map_err(|error| format!("accumulating resources: {error}"))?;
        }
        let options = kustomization.get("generatorOptions");
        let mut generated = Vec::new();
        for kind in [Kind::ConfigMap, Kind::Secret] {
            for entry in kustomization.get(kind.field()).as_list() {
                generated.push((kind, generate(&mut self.files, &target.root, kind, entry, options)?));
            }
        }
        for (kind, resource) in generated {
            absorb(all, resource).map_err(|error| format!("merging from generator {}: {error}", kind.field()))?;
        }
        for path in texts(kustomization.get("components")) {
            self.add_component(target, &path, all).map_err(|error| format!("accumulating components: {error}"))?;
        }
        if all.len() > RESOURCES_MAX {
            return Err(format!("more than {RESOURCES_MAX} resources in one build"));
        }
        self.transform(target, all)
    }

    fn add_resource(&mut self, target: &Target, path: &Str, all: &mut Vec<Resource>) -> Result<(), String> {
        let as_file = match self.add_file(target, path, all) {
            Ok(()) => return Ok(()),
            Err(error) => format!("accumulating resources from '{path}': {error}"),
        };
        if as_file.contains("HTTP Error") {
            return Err(as_file);
        }
        let root = match self.files.below(&target.root, path) {
            Ok(root) => root,
            Err(_) if as_file.contains("MalformedYAMLError") => return Err(as_file),
            Err(error) => return Err(format!("accumulation err='{as_file}': {error}")),
        };
        self.add_base(root, all).map_err(|error| format!("accumulation err='{as_file}': {error}"))
    }

    fn add_file(&mut self, target: &Target, path: &Str, all: &mut Vec<Resource>) -> Result<(), String> {
        let text = self.files.load_text(&target.root, path)?;
        let mut found = Vec::new();
        for manifest in manifests(&text).map_err(|error| in_file(error, path))? {
            append(&mut found, Resource::new(manifest))?;
        }
        found.into_iter().try_for_each(|resource| {
            append(all, resource).map_err(|error| format!("merging resources from '{path}': {error}"))
        })
    }

    /// A directory with a kustomization of its own.
    fn add_base(&mut self, root: Root, all: &mut Vec<Resource>) -> Result<(), String> {
        let path = root.path.clone();
        let base = self.read(root).map_err(|error| format!("couldn't make target for path '{path}': {error}"))?;
        if kustomization::is_component(&base.kustomization) {
            return Err(format!("expected kind != 'Component' for path '{path}'"));
        }
        let mut found = Vec::new();
        self.accumulate(&base, &mut found)
            .map_err(|error| format!("recursed accumulation of path '{path}': {error}"))?;
        found.into_iter().try_for_each(|resource| {
            append(all, resource).map_err(|error| format!("recursed merging from path '{path}': {error}"))
        })
    }

    /// A component works on what is there already.
    fn add_component(&mut self, target: &Target, path: &Str, all: &mut Vec<Resource>) -> Result<(), String> {
        let root = self.files.below(&target.root, path).map_err(|error| format!("loader.New {error:?}"))?;
        let path = root.path.clone();
        let mut add = || -> Result<(), String> {
            let component =
                self.read(root.clone()).map_err(|error| format!("couldn't make target for path '{path}': {error}"))?;
            if !kustomization::is_component(&component.kustomization) {
                let kind = component.kustomization.get("kind").text();
                let kind = if kind.is_empty() { "Kustomization" } else { kind };
                return Err(format!("expected kind 'Component' for path '{path}' but got '{kind}'"));
            }
            self.accumulate(&component, all).map_err(|error| format!("recursed accumulation of path '{path}': {error}"))
        };
        add().map_err(|error| format!("accumulateDirectory: {error:?}"))
    }

    fn transform(&mut self, target: &Target, all: &mut Vec<Resource>) -> Result<(), String> {
        let (kustomization, root) = (&target.kustomization, &target.root);
        let list = |field: &str| kustomization.get(field).as_list();
        let paths = texts(kustomization.get("patchesStrategicMerge"));
        let mut first = vec![patches::read_strategic(&mut self.files, root, &paths)?];
        for entry in list("patches") {
            first.push(patches::read(&mut self.files, root, entry)?);
        }
        let mut last: Vec<Patch> = Vec::new();
        for entry in list("patchesJson6902") {
            last.push(patches::read_json(&mut self.files, root, entry)?);
        }
        first.iter().try_for_each(|patch| patch.apply(all))?;
        let text = |field: &str| kustomization.get(field).text();
        if !text("namespace").is_empty() {
            transformers::set_namespace(all, text("namespace"))?;
        }
        for (field, end) in [("namePrefix", End::Prefix), ("nameSuffix", End::Suffix)] {
            if !text(field).is_empty() {
                transformers::extend_names(all, text(field), end);
            }
        }
        transformers::add_labels(all, kustomization)?;
        transformers::add_annotations(all, kustomization.get("commonAnnotations"))?;
        last.iter().try_for_each(|patch| patch.apply(all))?;
        list("replicas").iter().try_for_each(|replica| transformers::set_replicas(all, replica))?;
        list("images").iter().try_for_each(|image| transformers::set_image(all, image))
    }
}

/// Says which file a mistake in YAML is in.
pub(super) fn in_file(error: String, path: &str) -> String {
    if error.contains("MalformedYAMLError") { format!("{error} in File: {path}") } else { error }
}

/// The manifests of a text, lists taken apart.
pub(super) fn manifests(text: &str) -> Result<Vec<Value>, String> {
    let (documents, error) = yaml::documents(text);
    if let Some(error) = error {
        let message = error.message.strip_prefix("error converting YAML to JSON: ").unwrap_or(&error.message);
        return Err(format!("MalformedYAMLError: {message}"));
    }
    let mut found = Vec::new();
    for document in documents {
        check(&document.value)?;
        let is_list = document.value.get("kind").text().ends_with("List");
        match document.value.get("items") {
            Value::List(items) if is_list => {
                items.iter().try_for_each(check)?;
                found.extend(items.iter().cloned());
            }
            _ => found.push(document.value),
        }
    }
    Ok(found)
}

/// A manifest needs a kind and a name.
fn check(manifest: &Value) -> Result<(), String> {
    let kind = manifest.get("kind").text();
    let metadata = manifest.get("metadata");
    if kind.is_empty() && manifest.get("apiVersion").is_null() && metadata.is_null() {
        return Err("missing Resource metadata".into());
    }
    let missing = match (kind.is_empty(), metadata.get("name").text().is_empty()) {
        (true, _) => "kind",
        (false, true) if !kind.ends_with("List") => "metadata.name",
        (false, _) => return Ok(()),
    };
    let text = |value: &Value| match value {
        Value::Str(text) => text.to_string(),
        Value::Null => String::new(),
        other => json::write_compact(other),
    };
    let map = |value: &Value| {
        let pairs = value.as_map().into_iter().flatten();
        pairs.map(|(key, value)| format!("{key}:{}", text(value))).collect::<Vec<_>>().join(" ")
    };
    Err(format!(
        "missing {missing} in object {{{{{} {}}} {{{{{} {}}} map[{}] map[{}]}}}}",
        text(manifest.get("apiVersion")),
        text(manifest.get("kind")),
        text(metadata.get("name")),
        text(metadata.get("namespace")),
        map(metadata.get("labels")),
        map(metadata.get("annotations"))
    ))
}
