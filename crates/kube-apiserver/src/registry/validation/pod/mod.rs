//! Pods and pod templates.
//!
//! - `container`: containers and init containers, `ephemeral`: those for debugging, `environment`, `probe`, `resources`: their parts;
//! - `volume`: volumes; `affinity`: where a pod may run; `security`: as whom;
//! - `update`: what may change afterwards; `resize`: what a resize in place may.
//!
//! Models: kubernetes v1.36 pkg/apis/core/validation, ValidatePodSpec and what it calls.

mod affinity;
mod container;
mod environment;
mod ephemeral;
mod probe;
mod resize;
mod resources;
mod security;
mod update;
mod volume;

use ordered::OrderedSet;

use super::field::{Errors, Field};
use super::{addresses, checks, meta, names};

pub(super) use affinity::{node_selector, toleration_effect, tolerations};
pub(super) use ephemeral::update as update_ephemeral_containers;
pub(crate) use resize::kept;
pub(super) use resize::resize;
pub(super) use update::update;
pub(super) use volume::{host_path, nfs};

const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];
const DNS_POLICIES: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES: [&str; 2] = ["PreemptLowerPriority", "Never"];
const NAMESERVERS_MAX: usize = 3;
const SEARCHES_MAX: usize = 32;
const SEARCH_CHARACTERS_MAX: usize = 2_048;
const HOSTNAME_OVERRIDE_MAX: usize = 64;

/// Whether a spec is that of a pod or of a template.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Pod,
    Template,
}

pub(super) fn create(root: &Field<'_>, errors: &mut Errors) {
    let own = root.child("spec");
    pod(root, errors);
    let ephemeral = own.child("ephemeralContainers");
    if ephemeral.len() > 0 {
        errors.push(ephemeral.forbidden("cannot be set on create"));
    }
    let node = own.child("nodeName");
    if !node.text().is_empty() && own.child("schedulingGates").len() > 0 {
        errors.push(node.forbidden("cannot be set until all schedulingGates have been cleared"));
    }
}

/// What holds for a pod at all times.
fn pod(root: &Field<'_>, errors: &mut Errors) {
    let own = root.child("spec");
    spec(&own, Owner::Pod, errors);
    for list in ["containers", "initContainers"] {
        for container in own.child(list).items() {
            image_is_trimmed(&container.child("image"), errors);
        }
    }
}

fn image_is_trimmed(image: &Field<'_>, errors: &mut Errors) {
    if image.text().trim() != image.text() {
        errors.push(image.invalid("must not have leading or trailing whitespace"));
    }
}

/// A pod template.
pub(super) fn template(template: &Field<'_>, errors: &mut Errors) {
    let labels = template.at(&["metadata", "labels"]);
    checks::labels(&labels.named(format!("{}.labels", template.path)), errors);
    let annotations = template.at(&["metadata", "annotations"]);
    meta::annotations(&annotations.named(format!("{}.annotations", template.path)), errors);
    let own = template.child("spec");
    spec(&own, Owner::Template, errors);
    let ephemeral = own.child("ephemeralContainers");
    if ephemeral.len() > 0 {
        errors.push(ephemeral.forbidden("ephemeral containers not allowed in pod template"));
    }
}

fn spec(spec: &Field<'_>, owner: Owner, errors: &mut Errors) {
    let volumes = volume::volumes(&spec.child("volumes"), errors);
    container::containers(spec, &volumes, errors);
    container::init_containers(spec, &volumes, errors);
    ephemeral::containers(spec, &volumes, errors);
    container::host_network_ports(spec, owner, errors);
    checks::one_of_required(&spec.child("restartPolicy"), &RESTART_POLICIES, errors);
    checks::one_of_required(&spec.child("dnsPolicy"), &DNS_POLICIES, errors);
    checks::labels(&spec.child("nodeSelector"), errors);
    security::pod(spec, errors);
    affinity::affinity(&spec.child("affinity"), errors);
    dns(spec, errors);
    gates(spec, errors);
    affinity::spread(&spec.child("topologySpreadConstraints"), errors);
    host_name(spec, errors);
    plain_names(spec, errors);
    affinity::tolerations(&spec.child("tolerations"), errors);
    host_aliases(&spec.child("hostAliases"), errors);
    checks::name_if_set(&spec.child("priorityClassName"), names::dns_subdomain, errors);
    checks::name_if_set(&spec.child("runtimeClassName"), names::dns_subdomain, errors);
    checks::one_of(&spec.child("preemptionPolicy"), &PREEMPTION_POLICIES, errors);
    for (name, _) in spec.child("overhead").entries() {
        checks::resource_amount(&spec.child("overhead").key(name), name, errors);
    }
    if let Some(os) = spec.child("os").set() {
        checks::one_of_required(&os.child("name"), &["linux", "windows"], errors);
    }
    environment::file_volumes(spec, errors);
}

fn plain_names(spec: &Field<'_>, errors: &mut Errors) {
    checks::name_if_set(&spec.child("serviceAccountName"), names::dns_subdomain, errors);
    checks::name_if_set(&spec.child("nodeName"), names::dns_subdomain, errors);
    checks::in_range(&spec.child("activeDeadlineSeconds"), 1, i64::from(i32::MAX), errors);
    checks::name_if_set(&spec.child("hostname"), names::dns_label, errors);
    checks::name_if_set(&spec.child("subdomain"), names::dns_label, errors);
}

fn dns(spec: &Field<'_>, errors: &mut Errors) {
    let config = spec.child("dnsConfig");
    let (servers, searches) = (config.child("nameservers"), config.child("searches"));
    if spec.child("dnsPolicy").text() == "None" {
        if !config.is_set() {
            return errors.push(config.required("must provide `dnsConfig` when `dnsPolicy` is None"));
        }
        if servers.len() == 0 {
            return errors.push(servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None"));
        }
    }
    if servers.len() > NAMESERVERS_MAX {
        errors.push(servers.invalid(format!("must not have more than {NAMESERVERS_MAX} nameservers")));
    }
    servers.items().for_each(|server| addresses::ip(&server, errors));
    if searches.len() > SEARCHES_MAX {
        errors.push(searches.invalid(format!("must not have more than {SEARCHES_MAX} search paths")));
    }
    let length = searches.items().map(|search| search.text().len() + 1).sum::<usize>().saturating_sub(1);
    if length > SEARCH_CHARACTERS_MAX {
        let most = SEARCH_CHARACTERS_MAX;
        errors.push(
            searches
                .invalid(format!("must not have more than {most} characters (including spaces) in the search list")),
        );
    }
    for search in searches.items().filter(|search| search.text() != ".") {
        let name = search.text().strip_suffix('.').unwrap_or(search.text());
        let problems = names::dns_subdomain_with_underscore(name);
        errors.extend(problems.into_iter().map(|problem| search.invalid_as(name, problem)));
    }
    for option in config.child("options").items().filter(|option| option.child("name").text().is_empty()) {
        errors.push(option.required("must not be empty"));
    }
}

fn gates(spec: &Field<'_>, errors: &mut Errors) {
    for gate in spec.child("readinessGates").items() {
        checks::name(&gate.child("conditionType"), names::label_key, errors);
    }
    let mut seen = OrderedSet::new();
    for gate in spec.child("schedulingGates").items() {
        let name = gate.child("name");
        checks::name(&name.named(gate.path.as_str()), names::label_key, errors);
        if !seen.insert(name.text()) {
            errors.push(name.named(gate.path.as_str()).duplicate());
        }
    }
}

fn host_name(spec: &Field<'_>, errors: &mut Errors) {
    let Some(name) = spec.child("hostnameOverride").set() else { return };
    if spec.child("setHostnameAsFQDN").is_true() {
        errors.push(name.forbidden("may not be specified when setHostnameAsFQDN is true"));
    }
    if spec.child("hostNetwork").is_true() {
        errors.push(name.forbidden("may not be specified when hostNetwork is true"));
    }
    if name.len() > HOSTNAME_OVERRIDE_MAX {
        errors.push(name.too_long(HOSTNAME_OVERRIDE_MAX));
    }
    checks::name(&name, names::dns_subdomain, errors);
}

fn host_aliases(list: &Field<'_>, errors: &mut Errors) {
    for alias in list.items() {
        addresses::ip(&alias.child("ip"), errors);
        for name in alias.child("hostnames").items() {
            checks::name(&name, names::dns_subdomain, errors);
        }
    }
}
