//! `kubectl apply --applyset`: which objects belong together stands in a parent object and in a label of each, and what belongs no
//! longer goes.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply/applyset.go, applyset_pruner.go. Different: kinds and namespaces are pruned in
//! order; custom resources, which can be parents too, are not served here.

use api::text::base64;
use api::{Key, Reason, Status, Str, Value};
use client::{DeleteOptions, FieldValidation, Patch, PatchKind, WriteOptions};
use ordered::OrderedSet;

use super::Call;
use super::call::DryRun;
use super::info::VERSION;
use crate::builder::{Info, live_info};
use crate::failure::Failure;
use crate::kustomize::sha256;
use crate::mapping::Mapping;
use crate::output::Output;
use crate::selection::Selection;

const TOOLING: &str = "applyset.kubernetes.io/tooling";
const NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";
/// An older form of [`KINDS`].
const RESOURCES: &str = "applyset.kubernetes.io/contains-group-resources";
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";
const ID: &str = "applyset.kubernetes.io/id";
const PART_OF: &str = "applyset.kubernetes.io/part-of";
const TOOL: &str = "kubectl";
const MANAGER: &str = "kubectl-applyset";

/// A set of objects, with the parent that remembers it.
#[derive(Clone, Debug)]
pub struct ApplySet {
    mapping: Mapping,
    name: Str,
    namespace: Str,
    /// What the parent says of kinds and namespaces.
    current: Scope,
    /// What is applied now.
    updated: Scope,
    /// What was applied now.
    uids: OrderedSet<Str>,
}

/// Kinds as `Kind.group`, and namespaces.
#[derive(Clone, Debug, Default)]
struct Scope {
    kinds: OrderedSet<String>,
    namespaces: OrderedSet<Str>,
}

impl ApplySet {
    /// Reads `--applyset`.
    pub fn read(call: &Call<'_, '_>) -> Result<Option<ApplySet>, Failure> {
        let reference = call.flags.text("applyset");
        if reference.is_empty() {
            return Ok(None);
        }
        let framed = |problem: String| Failure::Plain(format!("invalid parent reference {:?}: {problem}", &*reference));
        let (resource, name) = reference.split_once('/').unwrap_or(("secrets", &reference));
        if name.is_empty() {
            return Err(framed("name cannot be blank".into()));
        }
        let mapping = Mapping::find(resource).map_err(|_| {
            let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
            framed(format!("no matches for {group}/, Resource={resource}"))
        })?;
        // The namespace has to be named: that of the context does not count.
        let is_inside = call.namespace_is_explicit && mapping.is_namespaced();
        let namespace = if is_inside { call.namespace.clone() } else { Str::new() };
        let (current, updated) = (Scope::default(), Scope::default());
        Ok(Some(ApplySet { mapping, name: name.into(), namespace, current, updated, uids: OrderedSet::new() }))
    }

    /// Whether the parent can be one.
    pub fn check(&self) -> Result<(), Failure> {
        let mut problems = Vec::new();
        if self.mapping.is_namespaced() && self.namespace.is_empty() {
            problems.push(Failure::plain("namespace is required to use namespace-scoped ApplySet"));
        }
        if !matches!(&*self.mapping.qualified_plural(), "secrets" | "configmaps") {
            let resource = self.mapping.version_resource();
            problems.push(Failure::Plain(format!("resource {resource:?} is not permitted as an ApplySet parent")));
        }
        match problems.as_slice() {
            [] => Ok(()),
            [only] => Err(only.clone()),
            several => Err(Failure::Plain(Failure::Many(several.to_vec()).line())),
        }
    }

    /// The value of the labels: a hash of the parent's name.
    fn id(&self) -> String {
        let resource = self.mapping.resource();
        let whole = format!("{}.{}.{}.{}", self.name, self.namespace, resource.kind, resource.group);
        let digest = sha256::digest(whole.as_bytes()).map(u32::to_be_bytes);
        let hash = base64::encode(digest.as_flattened());
        format!("applyset-{}-v1", hash.trim_end_matches('=').replace('+', "-").replace('/', "_"))
    }

    /// `secrets./web`
    fn title(&self) -> String {
        format!("{}.{}/{}", self.mapping.plural(), self.mapping.resource().group, self.name)
    }

    /// Labels the manifests as members.
    pub fn label(&self, infos: &mut [Info]) -> Result<(), Failure> {
        for info in infos {
            if !info.manifest.at(&["metadata", "labels", PART_OF]).is_null() {
                return Err(Failure::Plain(format!("ApplySet label {PART_OF:?} already set in input data")));
            }
            info.manifest.set(&["metadata", "labels", PART_OF], self.id());
        }
        Ok(())
    }

    /// Reads the parent, and makes it cover what it covers and what will be applied: an end in between loses nothing.
    pub fn begin(&mut self, call: &mut Call<'_, '_>, infos: &[Info], dry_run: DryRun) -> Result<(), Failure> {
        self.fetch(call)?;
        for info in infos {
            self.updated.kinds.insert(kind_text(info.mapping));
            if info.mapping.is_namespaced() && !info.namespace.is_empty() {
                self.updated.namespaces.insert(info.namespace.clone());
            }
        }
        let mut all = self.current.clone();
        all.kinds.extend(self.updated.kinds.iter().cloned());
        all.namespaces.extend(self.updated.namespaces.iter().cloned());
        self.update_parent(call, &all, dry_run)
    }

    fn fetch(&mut self, call: &mut Call<'_, '_>) -> Result<(), Failure> {
        let title = self.title();
        let refuse = |problem: String| Failure::Plain(format!("ApplySet parent object {title:?} {problem}"));
        let parent = match call.ctx.api.get(self.mapping.kind_supported()?, &self.key()) {
            Ok(parent) => parent,
            Err(status) if status.reason == Reason::NotFound => return Ok(()),
            Err(status) => {
                let problem = format!("failed to fetch ApplySet parent object {title:?}: {}", status.message);
                return Err(Failure::Plain(problem));
            }
        };
        let (labels, annotations) = (&parent.metadata().labels, &parent.metadata().annotations);
        let Some(tooling) = annotations.get(TOOLING) else {
            return Err(refuse(format!("already exists and is missing required annotation {TOOLING:?}")));
        };
        let tool = tooling.rsplit_once('/').map_or(tooling, |(tool, _)| tool);
        if tool != TOOL {
            return Err(refuse(format!("already exists and is managed by tooling {tool:?} instead of {TOOL:?}")));
        }
        let (found, id) = (labels.get(ID), self.id());
        match found {
            None => return Err(refuse(format!("exists and does not have required label {ID}"))),
            Some(found) if found != id => {
                let problem = format!("exists and has incorrect value for label {ID:?} (got: {found}, want: {id})");
                return Err(refuse(problem));
            }
            Some(_) => {}
        }
        self.current.kinds = kinds_of(annotations.get(KINDS), annotations.get(RESOURCES)).map_err(|problem| {
            Failure::Plain(format!("parsing ApplySet annotation on {:?}: {problem}", self.title()))
        })?;
        let namespaces = annotations.get(NAMESPACES).unwrap_or_default();
        self.current.namespaces = namespaces.split(',').filter(|name| !name.is_empty()).map(Str::from).collect();
        if self.mapping.is_namespaced() {
            self.current.namespaces.insert(self.namespace.clone());
        }
        Ok(())
    }

    fn key(&self) -> Key {
        Key::new(self.namespace.clone(), self.name.clone())
    }

    fn update_parent(&self, call: &mut Call<'_, '_>, scope: &Scope, dry_run: DryRun) -> Result<(), Failure> {
        if dry_run == DryRun::Client {
            return Ok(());
        }
        let kinds: Vec<&str> = scope.kinds.iter().map(String::as_str).collect();
        let others = scope.namespaces.iter().filter(|namespace| **namespace != self.namespace);
        let namespaces: Vec<&str> = others.map(Str::as_str).collect();
        let mut body = self.mapping.type_meta();
        body.set(&["metadata", "name"], self.name.clone());
        body.set(&["metadata", "namespace"], self.namespace.clone());
        body.set(&["metadata", "annotations", TOOLING], format!("{TOOL}/{VERSION}"));
        body.set(&["metadata", "annotations", KINDS], kinds.join(","));
        body.set(&["metadata", "annotations", NAMESPACES], namespaces.join(","));
        body.set(&["metadata", "labels", ID], self.id());
        let mut options = WriteOptions {
            dry_run: dry_run == DryRun::Server,
            field_manager: MANAGER.into(),
            ..call.write_options(dry_run, MANAGER, FieldValidation::Strict)
        };
        options.field_validation = call.validation()?;
        let mut written = self.write_parent(call, &body, &options);
        if let Err(status) = &written
            && status.reason == Reason::Conflict
        {
            let text = format!(
                "WARNING: failed to update ApplySet: {}\nApplySet field manager {MANAGER} should own these fields. Retrying with \
                 conflicts forced.",
                status.message
            );
            call.log_warning("applyset.go:447", &text);
            written = self.write_parent(call, &body, &WriteOptions { force: true, ..options });
        }
        written.map_err(|status| Failure::Plain(format!("failed to update ApplySet: {}", status.message)))
    }

    fn write_parent(&self, call: &mut Call<'_, '_>, body: &Value, options: &WriteOptions) -> Result<(), Status> {
        let Some(kind) = self.mapping.kind() else { return Err(self.mapping.not_found(&self.name)) };
        let patch = Patch { kind: PatchKind::Apply, body: body.clone() };
        call.ctx.api.patch(kind, &self.key(), &patch, options).map(|_| ())
    }

    /// An object was applied.
    pub fn visit(&mut self, uid: &str) {
        self.uids.insert(uid.into());
    }

    /// Deletes members that were not applied now; then the parent covers only what was.
    pub fn prune(&self, call: &mut Call<'_, '_>, dry_run: DryRun, output: &mut Output) -> Result<(), Failure> {
        for info in self.condemned(call)? {
            if dry_run != DryRun::Client {
                self.delete(call, &info, dry_run)?;
            }
            call.print_outcome(output, &info, &info.object(), "pruned", dry_run)?;
        }
        self.update_parent(call, &self.updated, dry_run).map_err(|failure| {
            Failure::Plain(format!("apply and prune succeeded, but ApplySet update failed: {}", failure.message()))
        })
    }

    fn condemned(&self, call: &mut Call<'_, '_>) -> Result<Vec<Info>, Failure> {
        let mut found = Vec::new();
        for mapping in self.current.kinds.iter().filter_map(|kind| mapping_of(kind)) {
            let selection = Selection::parse(mapping, &format!("{PART_OF}={}", self.id()), "")?;
            let everywhere = [Str::new()].into_iter().collect();
            let namespaces = if mapping.is_namespaced() { &self.current.namespaces } else { &everywhere };
            for namespace in namespaces {
                let Some(kind) = mapping.kind() else { continue };
                let namespace = mapping.is_namespaced().then_some(namespace.as_str());
                let objects = call.ctx.list(kind, namespace)?.into_iter();
                let members = objects.filter(|object| selection.matches(object));
                let gone = members.filter(|object| !self.uids.contains(&object.metadata().uid));
                found.extend(gone.map(|object| live_info(mapping, object)));
            }
        }
        Ok(found)
    }

    fn delete(&self, call: &mut Call<'_, '_>, info: &Info, dry_run: DryRun) -> Result<(), Failure> {
        let options = DeleteOptions { dry_run: dry_run == DryRun::Server, ..super::delete::options(call)? };
        let deleted = call.ctx.api.delete(info.mapping.kind_supported()?, &info.key(), &options);
        deleted.map(|_| ()).map_err(|status| {
            let slash = if info.namespace.is_empty() { "" } else { "/" };
            let kind = kind_text(info.mapping);
            Failure::Plain(format!("pruning {kind} {}{slash}{}: {}", info.namespace, info.name, status.message))
        })
    }
}

/// `ConfigMap`, `Deployment.apps`
fn kind_text(mapping: Mapping) -> String {
    match (mapping.resource().kind, mapping.resource().group) {
        (kind, "") => kind.to_string(),
        (kind, group) => format!("{kind}.{group}"),
    }
}

fn mapping_of(kind: &str) -> Option<Mapping> {
    let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
    Mapping::find_kind(group, kind)
}

/// The kinds that a parent's annotations name, in today's form or the older one.
fn kinds_of(kinds: Option<&str>, resources: Option<&str>) -> Result<OrderedSet<String>, String> {
    let listed = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(String::from).collect::<Vec<_>>();
    match (kinds, resources.unwrap_or_default()) {
        (Some(kinds), _) => {
            let known = |name: String| match mapping_of(&name) {
                Some(_) => Ok(name),
                None => {
                    let (kind, group) = name.split_once('.').unwrap_or((&name, ""));
                    let problem = format!("no matches for kind {kind:?} in group {group:?}");
                    Err(format!("could not find mapping for kind in {KINDS:?} annotation: {problem}"))
                }
            };
            listed(kinds).into_iter().map(known).collect()
        }
        (None, "") => {
            Err(format!("kubectl requires the {KINDS:?} annotation to be set on all ApplySet parent objects"))
        }
        (None, resources) => {
            let known = |name: String| match Mapping::find(&name) {
                Ok(mapping) => Ok(kind_text(mapping)),
                Err(_) => {
                    let (resource, group) = name.split_once('.').unwrap_or((&name, ""));
                    let problem = format!("no matches for {group}/, Resource={resource}");
                    Err(format!("invalid group resource in {RESOURCES:?} annotation: {problem}"))
                }
            };
            listed(resources).into_iter().map(known).collect()
        }
    }
}
