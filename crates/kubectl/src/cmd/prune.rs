//! `kubectl apply --prune`: objects that an earlier apply made and that are in the files no more go.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/apply/prune.go, kubectl/pkg/util/prune.

use api::{Object, Str};
use client::DeleteOptions;
use ordered::OrderedSet;

use super::Call;
use super::apply::LAST_APPLIED;
use super::call::DryRun;
use crate::builder::{Info, live_info};
use crate::failure::Failure;
use crate::mapping::Mapping;
use crate::output::Output;
use crate::selection::Selection;

/// What is pruned unless `--prune-allowlist` says otherwise: group and kind.
const DEFAULTS: [(&str, &str); 16] = [
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "ReplicationController"),
    ("", "Secret"),
    ("", "Service"),
    ("batch", "Job"),
    ("batch", "CronJob"),
    ("networking.k8s.io", "Ingress"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("", "Namespace"),
    ("", "PersistentVolume"),
];

const DEPRECATED: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with \
the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target \
explicitly in the --prune-allowlist flag.";

/// What becomes of an object that is to be pruned.
type Doomed<'d> = &'d mut dyn FnMut(&mut Call<'_, '_>, Mapping, Object) -> Result<(), Failure>;

/// What is to be pruned, and what was applied.
#[derive(Clone, Debug)]
pub struct Prune {
    mappings: Vec<Mapping>,
    has_allowlist: bool,
    namespaces: OrderedSet<Str>,
    uids: OrderedSet<Str>,
}

impl Prune {
    /// Reads `--prune` and `--prune-allowlist`.
    pub fn read(call: &Call<'_, '_>) -> Result<Option<Prune>, Failure> {
        if !call.flags.is_on("prune") {
            return Ok(None);
        }
        let allowed = call.flags.texts("prune-allowlist");
        let mappings = match allowed.as_slice() {
            [] => DEFAULTS.iter().filter_map(|(group, kind)| Mapping::find_kind(group, kind)).collect(),
            allowed => allowed.iter().map(|entry| mapping_of(entry)).collect::<Result<_, _>>()?,
        };
        let explicit = call.namespace_is_explicit.then(|| call.namespace.clone());
        let namespaces = explicit.into_iter().collect();
        Ok(Some(Prune { mappings, has_allowlist: !allowed.is_empty(), namespaces, uids: OrderedSet::new() }))
    }

    /// An object was applied, or could not be.
    pub fn visit(&mut self, info: &Info, uid: &str) {
        if info.mapping.is_namespaced() {
            self.namespaces.insert(info.namespace.clone());
        }
        if !uid.is_empty() {
            self.uids.insert(uid.into());
        }
    }

    /// Deletes what was applied once, is selected, and was not applied now.
    pub fn run(&self, call: &mut Call<'_, '_>, dry_run: DryRun, output: &mut Output) -> Result<(), Failure> {
        self.each(call, &mut |call, mapping, object| {
            if dry_run != DryRun::Client {
                let options = DeleteOptions { dry_run: dry_run == DryRun::Server, ..super::delete::options(call)? };
                call.ctx.api.delete(mapping.kind_supported()?, &object.key(), &options)?;
            }
            let value = object.encode();
            call.print_outcome(output, &live_info(mapping, object), &value, "pruned", dry_run)
        })
    }

    /// What would be deleted.
    pub fn found(&self, call: &mut Call<'_, '_>) -> Result<Vec<Info>, Failure> {
        let mut found = Vec::new();
        self.each(call, &mut |_, mapping, object| {
            found.push(live_info(mapping, object));
            Ok(())
        })?;
        Ok(found)
    }

    fn each(&self, call: &mut Call<'_, '_>, one: Doomed<'_>) -> Result<(), Failure> {
        if !self.has_allowlist {
            call.log_warning("prune.go:71", DEPRECATED);
        }
        let (in_namespaces, of_cluster): (Vec<Mapping>, Vec<Mapping>) =
            self.mappings.iter().partition(|mapping| mapping.is_namespaced());
        for namespace in &self.namespaces {
            for mapping in &in_namespaces {
                self.of_kind(call, *mapping, Some(namespace), one)?;
            }
        }
        of_cluster.iter().try_for_each(|mapping| self.of_kind(call, *mapping, None, one))
    }

    fn of_kind(
        &self,
        call: &mut Call<'_, '_>,
        mapping: Mapping,
        namespace: Option<&str>,
        one: Doomed<'_>,
    ) -> Result<(), Failure> {
        let framed = |failure: Failure| {
            let (scope, kind) =
                (if namespace.is_some() { "namespaced" } else { "nonNamespaced" }, mapping.version_kind());
            Failure::Plain(format!("error pruning {scope} object {kind}: {}", failure.message()))
        };
        let Some(kind) = mapping.kind() else { return Ok(()) };
        let selection =
            Selection::parse(mapping, &call.flags.text("selector"), "").map_err(|status| framed(status.into()))?;
        for object in call.ctx.list(kind, namespace).map_err(|status| framed(status.into()))? {
            let is_applied = object.metadata().annotations.get(LAST_APPLIED).is_some();
            if is_applied && selection.matches(&object) && !self.uids.contains(&object.metadata().uid) {
                one(call, mapping, object).map_err(framed)?;
            }
        }
        Ok(())
    }
}

/// `core/v1/ConfigMap`, `apps/v1/Deployment`
fn mapping_of(entry: &str) -> Result<Mapping, Failure> {
    let parts: Vec<&str> = entry.split('/').collect();
    let [group, version, kind] = parts.as_slice() else {
        return Err(Failure::Plain(format!(
            "invalid GroupVersionKind format: {entry}, please follow <group/version/kind>"
        )));
    };
    let (group, api_version) = match *group {
        "core" | "" => ("", (*version).to_string()),
        group => (group, format!("{group}/{version}")),
    };
    let found = Mapping::find_kind(group, kind).filter(|found| found.resource().version == *version);
    found.ok_or_else(|| Failure::Plain(format!("no matches for kind {kind:?} in version {api_version:?}")))
}
