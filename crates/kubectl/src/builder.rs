//! From a command line's resources and files to the objects meant.
//!
//! A [`Builder`] takes the arguments (`sts web`, `pod/web-0`, `-f web.yaml`, `-l app=nginx`) and answers with what it
//! found, one [`Found`] each, errors among them in order: a command goes on after one.
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/resource/builder.go, its rules and its complaints.

use api::schema;
use api::{Key, Object, Str, Value};

use crate::context::{Context, Env};
use crate::failure::Failure;
use crate::files::{self, Depth};
use crate::kustomize;
use crate::mapping::Mapping;
use crate::rest::Part;
use crate::selection::Selection;

/// An object that a command works on.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Its resource.
    pub mapping: Mapping,
    /// Its namespace; empty for objects of the cluster.
    pub namespace: Str,
    /// Its name; may be empty in a manifest.
    pub name: Str,
    /// Where its manifest stands; empty if it was named on the command line.
    pub source: Str,
    /// The manifest, if there is one.
    pub manifest: Value,
    /// The object on the server, if it was read.
    pub live: Option<Object>,
}

impl Info {
    /// Namespace and name.
    pub fn key(&self) -> Key {
        Key::new(self.namespace.clone(), self.name.clone())
    }

    /// `statefulset.apps/web`
    pub fn title(&self) -> String {
        format!("{}/{}", self.mapping.qualified_singular(), self.name)
    }

    /// `statefulsets/web`
    pub fn object_name(&self) -> String {
        format!("{}/{}", self.mapping.plural(), self.name)
    }

    /// The object that a command begins with: that of the server, or with `--local` the manifest.
    pub fn object(&self) -> Value {
        self.live.as_ref().map_or_else(|| self.manifest.clone(), Object::encode)
    }

    /// Reads the object from the server.
    pub fn get(&mut self, ctx: &mut Context<'_>) -> Result<Object, Failure> {
        if self.name.is_empty() {
            return Err(Failure::plain("resource name may not be empty"));
        }
        let Some(kind) = self.mapping.kind() else {
            return Err(self.mapping.not_found(&self.name).into());
        };
        let object = ctx.api.get(kind, &self.key())?;
        self.live = Some(object.clone());
        Ok(object)
    }
}

/// What one part of the command line led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// One object.
    Item(Box<Info>),
    /// The objects of a resource that a selector chose.
    List {
        /// The resource.
        mapping: Mapping,
        /// In the order of the server.
        objects: Vec<Object>,
    },
}

/// How errors of schemas are treated (`--validate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// Documents need `apiVersion` and `kind`.
    Client,
    /// Not looked at.
    #[default]
    Off,
}

/// Whether named objects are read from the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Yes.
    #[default]
    Live,
    /// Only what the command line and files say.
    Local,
}

/// The resources and files of a command line.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// The namespace in force.
    pub namespace: Str,
    /// Whether `-n` was given: manifests have to agree with it.
    pub namespace_is_explicit: bool,
    /// `-A`
    pub all_namespaces: bool,
    /// `-f`
    pub filenames: Vec<Str>,
    /// `-k`
    pub kustomize: Str,
    /// `-R`
    pub recursive: bool,
    /// `--request-timeout`, refused before the server is asked.
    pub request_timeout: Str,
    /// `-l`; `Some("")` selects everything.
    pub label_selector: Option<Str>,
    /// `--field-selector`
    pub field_selector: Option<Str>,
    /// `--all`
    pub select_all: bool,
    /// Whether a resource alone (`kubectl get pods`) means all its objects.
    pub empty_selector_is_all: bool,
    /// `sts web`, `pod/web-0`, …
    pub args: Vec<Str>,
    /// Whether documents are looked at before they are sent.
    pub validation: Validation,
    /// Whether named objects are read.
    pub reading: Reading,
    /// Whether files stand for the objects on the server (`kubectl get -f`).
    pub files_are_live: bool,
    /// `--subresource`: the part of named objects that the command works on.
    pub subresource: Str,
    /// `--local`: manifests stay as they are, and the server is not asked.
    pub is_local: bool,
    /// Whether more than one resource is refused.
    pub single_resource: bool,
    /// The whole standard input.
    pub stdin: String,
}

/// What a builder found.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// In order.
    pub found: Vec<Result<Found, Failure>>,
    /// Whether exactly one object was named, so that it is printed alone.
    pub single_item_implied: bool,
}

impl Visit {
    /// All objects and all errors.
    pub fn into_infos(self) -> (Vec<Info>, Vec<Failure>) {
        let (mut infos, mut failures) = (Vec::new(), Vec::new());
        for found in self.found {
            match found {
                Ok(Found::Item(info)) => infos.push(*info),
                Ok(Found::List { mapping, objects }) => {
                    infos.extend(objects.into_iter().map(|object| live_info(mapping, object)));
                }
                Err(failure) => failures.push(failure),
            }
        }
        (infos, failures)
    }

    /// Drops the errors that say that an object is not there.
    pub fn ignoring_not_found(mut self) -> Visit {
        self.found.retain(|found| !matches!(found, Err(failure) if failure.is_not_found()));
        self
    }
}

/// The documents of a file or kustomization, and what is wrong with the rest of it.
struct Documents {
    name: Str,
    values: Vec<Value>,
    failure: Option<Failure>,
}

impl Documents {
    fn of(source: &files::Source) -> Documents {
        let (values, failure) = files::documents(source);
        Documents { name: source.name.clone(), values, failure }
    }
}

struct Targets {
    resources: Vec<Str>,
    names: Vec<Str>,
    tuples: Vec<(Str, Str)>,
}

const MISSING_RESOURCE: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

impl Builder {
    /// Finds what is meant. The error is one of the command line itself, before anything was asked of the server.
    pub fn visit(mut self, ctx: &mut Context<'_>, env: &Env) -> Result<Visit, Failure> {
        let sources = self.sources(ctx, env)?;
        check_timeout(&self.request_timeout)?;
        if self.select_all && (self.label_selector.is_some() || self.field_selector.is_some()) {
            return Err(Failure::plain("setting 'all' parameter but found a non empty selector. "));
        }
        let targets = self.targets()?;
        if self.single_resource {
            targets.require_single()?;
        }
        if self.select_all {
            self.label_selector = Some(Str::new());
        }
        if !self.filenames.is_empty() || !self.kustomize.is_empty() {
            targets.refuse_beside_files()?;
            return self.visit_files(ctx, sources);
        }
        if self.label_selector.is_some() || self.field_selector.is_some() {
            return self.visit_selector(ctx, &targets);
        }
        if !targets.tuples.is_empty() {
            return self.visit_tuples(ctx, &targets);
        }
        if !targets.names.is_empty() {
            return self.visit_names(ctx, &targets);
        }
        if !targets.resources.is_empty() {
            for resource in &targets.resources {
                Mapping::find_all(resource)?;
            }
            return Err(Failure::plain("resource(s) were provided, but no name was specified"));
        }
        Err(Failure::plain(MISSING_RESOURCE))
    }

    /// Finds the objects of a text that was read already.
    pub fn visit_text(&self, ctx: &mut Context<'_>, source: &files::Source) -> Result<Visit, Failure> {
        self.visit_files(ctx, vec![Documents::of(source)])
    }

    fn sources(&self, ctx: &mut Context<'_>, env: &Env) -> Result<Vec<Documents>, Failure> {
        if !self.kustomize.is_empty() {
            return self.check_kustomize().map(|()| vec![self.kustomization(ctx, env)]);
        }
        let depth = if self.recursive { Depth::Recursive } else { Depth::Flat };
        let sources = files::sources(ctx, env, &self.filenames, depth, &self.stdin)?;
        Ok(sources.iter().map(Documents::of).collect())
    }

    fn check_kustomize(&self) -> Result<(), Failure> {
        let mut refusals = Vec::new();
        if !self.filenames.is_empty() {
            refusals.push(Failure::plain("only one of -f or -k can be specified"));
        }
        if self.recursive {
            refusals.push(Failure::plain("the -k flag can't be used with -f or -R"));
        }
        Failure::of(refusals).map_or(Ok(()), Err)
    }

    fn kustomization(&self, ctx: &mut Context<'_>, env: &Env) -> Documents {
        let name = self.kustomize.clone();
        match kustomize::build(ctx, env, &name, kustomize::Options::DIRECTORY) {
            Ok(values) => Documents { name, values, failure: None },
            Err(failure) => Documents { name, values: Vec::new(), failure: Some(failure) },
        }
    }

    /// Takes the arguments apart; `pods` alone selects all of them where that is allowed.
    fn targets(&mut self) -> Result<Targets, Failure> {
        let args = spread(std::mem::take(&mut self.args));
        let with_slash = args.iter().filter(|arg| arg.contains('/')).count();
        let none = Targets { resources: Vec::new(), names: Vec::new(), tuples: Vec::new() };
        if with_slash > 0 {
            if with_slash != args.len() {
                return Err(Failure::plain(
                    "there is no need to specify a resource type as a separate argument when passing arguments in \
                     resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource \
                     resource/<resource_name>'",
                ));
            }
            let tuples: Result<Vec<_>, Failure> = args.iter().map(|arg| split_tuple(arg)).collect();
            return Ok(Targets { tuples: tuples?, ..none });
        }
        let Some((first, names)) = args.split_first() else { return Ok(none) };
        if names.is_empty() && self.empty_selector_is_all && self.label_selector.is_none() {
            self.label_selector = Some(Str::new());
        }
        Ok(Targets { resources: first.split(',').map(Str::from).collect(), names: names.to_vec(), ..none })
    }

    fn visit_selector(&self, ctx: &mut Context<'_>, targets: &Targets) -> Result<Visit, Failure> {
        if !targets.names.is_empty() {
            return Err(Failure::plain("name cannot be provided when a selector is specified"));
        }
        if !targets.tuples.is_empty() {
            let refusal = "selectors and the all flag cannot be used when passing resource/name arguments";
            return Err(Failure::plain(refusal));
        }
        if targets.resources.is_empty() {
            return Err(Failure::plain("at least one resource must be specified to use a selector"));
        }
        if !self.subresource.is_empty() {
            return Err(Failure::plain("subresource cannot be used when bulk resources are specified"));
        }
        let mut mappings = Vec::new();
        for resource in &targets.resources {
            for mapping in Mapping::find_all(resource)? {
                if !mappings.contains(&mapping) {
                    mappings.push(mapping);
                }
            }
        }
        let found = mappings.into_iter().map(|mapping| self.list(ctx, mapping)).collect();
        Ok(Visit { found, single_item_implied: false })
    }

    fn list(&self, ctx: &mut Context<'_>, mapping: Mapping) -> Result<Found, Failure> {
        let labels = self.label_selector.clone().unwrap_or_default();
        let fields = self.field_selector.clone().unwrap_or_default();
        let selection = Selection::parse(mapping, &labels, &fields)?;
        let namespace = self.namespace_for_list(mapping);
        let listed = mapping.kind().map(|kind| ctx.list(kind, namespace.as_deref()));
        let objects = listed.transpose()?.unwrap_or_default();
        let chosen = objects.into_iter().filter(|object| selection.matches(object));
        Ok(Found::List { mapping, objects: chosen.collect() })
    }

    /// The namespace to list, or none for all of them.
    pub fn namespace_for_list(&self, mapping: Mapping) -> Option<Str> {
        (mapping.is_namespaced() && !self.all_namespaces).then(|| self.namespace.clone())
    }

    fn visit_tuples(&self, ctx: &mut Context<'_>, targets: &Targets) -> Result<Visit, Failure> {
        let mut wanted = Vec::new();
        for (resource, name) in &targets.tuples {
            wanted.push(self.named(Mapping::find(resource)?, name)?);
        }
        Ok(self.read_all(ctx, wanted))
    }

    fn visit_names(&self, ctx: &mut Context<'_>, targets: &Targets) -> Result<Visit, Failure> {
        let single = || Failure::plain("you must specify only one resource");
        let [resource] = targets.resources.as_slice() else { return Err(single()) };
        let mappings = Mapping::find_all(resource)?;
        let [mapping] = mappings.as_slice() else { return Err(single()) };
        let mapping = *mapping;
        let wanted: Result<Vec<Info>, Failure> = targets.names.iter().map(|name| self.named(mapping, name)).collect();
        Ok(self.read_all(ctx, wanted?))
    }

    fn named(&self, mapping: Mapping, name: &Str) -> Result<Info, Failure> {
        if mapping.is_namespaced() && self.all_namespaces {
            return Err(Failure::plain("a resource cannot be retrieved by name across all namespaces"));
        }
        let namespace = if mapping.is_namespaced() { self.namespace.clone() } else { Str::new() };
        let (manifest, live) = (Value::Null, None);
        Ok(Info { mapping, namespace, name: name.clone(), source: Str::new(), manifest, live })
    }

    fn read_all(&self, ctx: &mut Context<'_>, wanted: Vec<Info>) -> Visit {
        let single_item_implied = wanted.len() == 1;
        let read = |mut info: Info| match self.reading {
            Reading::Local => Ok(Found::Item(Box::new(info))),
            Reading::Live => {
                Part::read(info.mapping, &self.subresource)?;
                info.get(ctx).map(|_| Found::Item(Box::new(info)))
            }
        };
        Visit { found: wanted.into_iter().map(read).collect(), single_item_implied }
    }

    fn visit_files(&self, ctx: &mut Context<'_>, sources: Vec<Documents>) -> Result<Visit, Failure> {
        let selector = match &self.label_selector {
            Some(text) => Some(api::selector::Selector::parse(text).map_err(|problem| {
                Failure::Plain(format!("the provided selector {:?} is not valid: {problem}", text.as_str()))
            })?),
            None => None,
        };
        let mut found = Vec::new();
        for source in sources {
            for document in source.values {
                self.read_document(ctx, &source.name, document, &mut found);
                if matches!(found.last(), Some(Err(Failure::Plain(message))) if message.starts_with("error validating"))
                {
                    break;
                }
            }
            found.extend(source.failure.map(Err));
        }
        if let Some(selector) = selector {
            found.retain(|found| match found {
                Ok(Found::Item(info)) => selector.matches(&labels_of(&info.manifest)),
                Ok(Found::List { .. }) | Err(_) => true,
            });
        }
        let single_item_implied = found.len() == 1;
        Ok(Visit { found, single_item_implied })
    }

    /// One document: an object, or a list of objects.
    fn read_document(
        &self,
        ctx: &mut Context<'_>,
        source: &Str,
        document: Value,
        found: &mut Vec<Result<Found, Failure>>,
    ) {
        if self.validation == Validation::Client
            && let Err(problem) = validate(&document)
        {
            found.push(Err(Failure::Plain(format!(
                "error validating {source:?}: error validating data: {problem}; if you choose to ignore these errors, \
                 turn validation off with --validate=false"
            ))));
            return;
        }
        let is_list = document.get("kind").text().ends_with("List") && matches!(document.get("items"), Value::List(_));
        if !is_list {
            found.push(self.read_manifest(ctx, source, document));
            return;
        }
        let Value::Map(mut map) = document else { return };
        let Some(Value::List(items)) = map.remove("items") else { return };
        for item in items {
            found.push(self.read_manifest(ctx, source, item));
        }
    }

    fn read_manifest(&self, ctx: &mut Context<'_>, source: &Str, manifest: Value) -> Result<Found, Failure> {
        let mapping = mapping_of(source, &manifest)?;
        let name = Str::from(manifest.at(&["metadata", "name"]).text());
        let namespace = Str::from(manifest.at(&["metadata", "namespace"]).text());
        let mut info = Info { mapping, namespace, name, source: source.clone(), manifest, live: None };
        if self.is_local {
            return Ok(Found::Item(Box::new(info)));
        }
        if mapping.is_namespaced() {
            self.settle_namespace(&mut info)?;
        } else {
            info.namespace = Str::new();
        }
        if self.files_are_live {
            info.get(ctx)?;
        }
        Ok(Found::Item(Box::new(info)))
    }

    fn settle_namespace(&self, info: &mut Info) -> Result<(), Failure> {
        if info.namespace.is_empty() {
            info.namespace = self.namespace.clone();
            info.manifest.set(&["metadata", "namespace"], self.namespace.clone());
        }
        if self.namespace_is_explicit && info.namespace != self.namespace {
            return Err(Failure::Plain(format!(
                "the namespace from the provided object {:?} does not match the namespace {:?}. You must pass \
                 '--namespace={}' to perform this operation.",
                info.namespace.as_str(),
                self.namespace.as_str(),
                info.namespace
            )));
        }
        Ok(())
    }
}

impl Targets {
    fn require_single(&self) -> Result<(), Failure> {
        let mut kinds: Vec<&Str> = self.tuples.iter().map(|(resource, _)| resource).collect();
        kinds.dedup();
        if self.resources.len() > 1 || kinds.len() > 1 {
            return Err(Failure::plain("you may only specify a single resource type"));
        }
        Ok(())
    }

    fn refuse_beside_files(&self) -> Result<(), Failure> {
        let refusal = match (self.tuples.is_empty(), self.names.is_empty(), self.resources.is_empty()) {
            (true, true, true) => return Ok(()),
            (_, _, false) => {
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
            }
            (false, _, _) => "resource/name arguments cannot be provided when a path is specified",
            (_, false, _) => "name cannot be provided when a path is specified",
        };
        Err(Failure::plain(refusal))
    }
}

/// `--request-timeout`: whole seconds, or a duration.
pub fn check_timeout(text: &str) -> Result<(), Failure> {
    let is_seconds = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() || is_seconds || api::duration::parse_go(text).is_ok() {
        return Ok(());
    }
    Err(Failure::plain(
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time \
         unit (e.g. 1s | 2m | 3h)",
    ))
}

/// The object as a command that found it on the server sees it.
pub fn live_info(mapping: Mapping, object: Object) -> Info {
    let key = object.key();
    let (source, manifest) = (Str::new(), Value::Null);
    Info { mapping, namespace: key.namespace, name: key.name, source, manifest, live: Some(object) }
}

/// `pods,svc a b` becomes `pods/a pods/b svc/a svc/b`.
fn spread(args: Vec<Str>) -> Vec<Str> {
    match args.split_first() {
        Some((first, names)) if !names.is_empty() && first.contains(',') => first
            .split(',')
            .filter(|resource| !resource.is_empty())
            .flat_map(|resource| names.iter().map(move |name| thin::format_str!("{resource}/{name}")))
            .collect(),
        _ => args,
    }
}

fn split_tuple(arg: &str) -> Result<(Str, Str), Failure> {
    let parts: Vec<&str> = arg.split('/').collect();
    let [resource, name] = parts.as_slice() else {
        return Err(Failure::plain("arguments in resource/name form may not have more than one slash"));
    };
    if resource.is_empty() || name.is_empty() || resource.contains(',') {
        return Err(Failure::plain("arguments in resource/name form must have a single resource and name"));
    }
    Ok(((*resource).into(), (*name).into()))
}

/// What kubectl itself looks at before it sends a document.
fn validate(document: &Value) -> Result<(), String> {
    let Value::Map(map) = document else { return Err("invalid object to validate".into()) };
    let mut missing = Vec::new();
    for field in ["apiVersion", "kind"] {
        match map.get(field) {
            None => missing.push(format!("{field} not set")),
            Some(Value::Str(text)) if text.is_empty() => missing.push(format!("{field} not set")),
            Some(Value::Str(_)) => {}
            Some(_) => missing.push(format!("{field} isn't string type")),
        }
    }
    match missing.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        several => Err(format!("[{}]", several.join(", "))),
    }
}

fn mapping_of(source: &str, manifest: &Value) -> Result<Mapping, Failure> {
    let (api_version, kind) = (manifest.get("apiVersion").text(), manifest.get("kind").text());
    let json = || api::text::json::write_compact(manifest);
    if manifest.as_map().is_none() {
        let shown = manifest.json_type();
        return Err(Failure::Plain(format!(
            "unable to decode {source:?}: json: cannot unmarshal {shown} into Go value of type unstructured.detector"
        )));
    }
    if kind.is_empty() {
        return Err(Failure::Plain(format!("unable to decode {source:?}: Object 'Kind' is missing in '{}'", json())));
    }
    Mapping::of_document(api_version, kind).ok_or_else(|| {
        let (name, namespace) = (manifest.at(&["metadata", "name"]).text(), manifest.at(&["metadata", "namespace"]).text());
        Failure::Plain(format!(
            "resource mapping not found for name: {name:?} namespace: {namespace:?} from {source:?}: no matches for kind \
             {kind:?} in version {api_version:?}\nensure CRDs are installed first"
        ))
    })
}

fn labels_of(manifest: &Value) -> api::StringMap {
    use api::codec::Codec;
    api::StringMap::decode(manifest.at(&["metadata", "labels"]).clone())
}

/// The schema of a resource's objects.
pub fn type_of(mapping: Mapping) -> Option<schema::Type<'static>> {
    schema::type_of(&mapping.resource().api_version(), mapping.resource().kind)
}
