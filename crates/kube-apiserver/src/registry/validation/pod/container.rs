//! Containers and init containers.

use ordered::{OrderedMap, OrderedSet};

use api::Value;

use super::super::field::{Errors, Field};
use super::super::{checks, names};
use super::volume::Volumes;
use super::{Owner, environment, probe, resources, security};

const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: [&str; 2] = ["File", "FallbackToLogsOnError"];
const CONTAINER_RESTART_POLICIES: [&str; 3] = ["Always", "Never", "OnFailure"];
const PROPAGATIONS: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
const RESTART_RULES_MAX: usize = 20;
const NOT_FOR_INIT: &str = "may not be set for init containers without restartPolicy=Always";

pub(super) fn containers(spec: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let list = spec.child("containers");
    if list.len() == 0 {
        return errors.push(list.required(""));
    }
    let mut seen = OrderedSet::new();
    for container in list.items() {
        common(&container, spec, volumes, errors);
        let name = container.child("name");
        if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        probe::lifecycle_and_probes(&container, spec, errors);
        restart_policy(&container, errors);
    }
    host_port_conflicts(list.items(), errors);
}

pub(super) fn init_containers(spec: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let regular = spec.child("containers");
    let mut seen: OrderedSet<&str> = regular.value.as_list().iter().map(|one| one.get("name").text()).collect();
    let list = spec.child("initContainers");
    for container in list.items() {
        common(&container, spec, volumes, errors);
        if container.child("restartPolicy").is_set() {
            restart_policy(&container, errors);
        } else if container.child("restartPolicyRules").len() > 0 {
            let policy = container.child("restartPolicy");
            errors.push(policy.required("must specify restartPolicy when restart rules are used"));
        }
        let name = container.child("name");
        if !name.text().is_empty() && !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        host_port_conflicts(std::iter::once(container.named(list.index(0).path)), errors);
        if container.child("restartPolicy").text() == "Always" {
            probe::lifecycle_and_probes(&container, spec, errors);
            continue;
        }
        for part in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            let part = container.child(part);
            if part.is_set() {
                errors.push(part.forbidden(NOT_FOR_INIT));
            }
        }
    }
}

pub(super) fn common(container: &Field<'_>, spec: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    checks::name_required(&container.child("name"), names::dns_label, errors);
    checks::text_required(&container.child("image"), errors);
    checks::one_of_required(&container.child("terminationMessagePolicy"), &MESSAGE_POLICIES, errors);
    ports(&container.child("ports"), errors);
    environment::variables(&container.child("env"), errors);
    environment::sources(&container.child("envFrom"), errors);
    mounts(container, volumes, errors);
    devices(container, volumes, errors);
    checks::one_of_required(&container.child("imagePullPolicy"), &PULL_POLICIES, errors);
    resources::requirements(&container.child("resources"), errors);
    resources::resize_policy(container, spec, errors);
    security::container(&container.child("securityContext"), spec, errors);
}

fn restart_policy(container: &Field<'_>, errors: &mut Errors) {
    let (policy, rules) = (container.child("restartPolicy"), container.child("restartPolicyRules"));
    if !policy.is_set() && rules.len() > 0 {
        errors.push(policy.required("must specify restartPolicy when restart rules are used"));
    }
    checks::one_of(&policy, &CONTAINER_RESTART_POLICIES, errors);
    if rules.len() > RESTART_RULES_MAX {
        errors.push(api::FieldError::too_many(rules.path.as_str(), rules.len(), RESTART_RULES_MAX));
    }
    for rule in rules.items() {
        checks::one_of(&rule.child("action"), &["Restart", "RestartAllContainers"], errors);
        let codes = rule.child("exitCodes");
        if codes.is_set() {
            checks::one_of(&codes.child("operator"), &checks::NAMED_OPERATORS, errors);
        } else {
            errors.push(codes.required("must be specified"));
        }
    }
}

fn ports(list: &Field<'_>, errors: &mut Errors) {
    let mut seen = OrderedSet::new();
    for port in list.items() {
        let name = port.child("name");
        if !name.text().is_empty() {
            let problems = names::port_name(name.text());
            if problems.is_empty() && !seen.insert(name.text()) {
                errors.push(name.duplicate());
            }
            name.invalid_each(problems, errors);
        }
        let number = port.child("containerPort");
        if number.int() == 0 {
            errors.push(number.required(""));
        } else {
            checks::port_number(&number, errors);
        }
        if port.child("hostPort").int() != 0 {
            checks::port_number(&port.child("hostPort"), errors);
        }
        checks::protocol(&port.child("protocol"), errors);
    }
}

fn host_port_conflicts<'v>(containers: impl Iterator<Item = Field<'v>>, errors: &mut Errors) {
    let mut seen = OrderedSet::new();
    for container in containers {
        for port in container.child("ports").items().filter(|port| port.child("hostPort").int() != 0) {
            let number = port.child("hostPort");
            let text = format!("{}/{}/{}", port.child("protocol").text(), port.child("hostIP").text(), number.int());
            if !seen.insert(text.clone()) {
                errors.push(api::FieldError::duplicate(number.path.as_str(), text));
            }
        }
    }
}

/// On the host's network a container's port is the host's.
pub(super) fn host_network_ports(spec: &Field<'_>, owner: Owner, errors: &mut Errors) {
    if !spec.child("hostNetwork").is_true() {
        return;
    }
    for container in spec.child("containers").items() {
        for port in container.child("ports").items() {
            let (host, own) = (port.child("hostPort"), port.child("containerPort"));
            if (owner == Owner::Pod || host.int() != 0) && host.int() != own.int() {
                errors.push(host.invalid_as(host.int(), "must match `containerPort` when `hostNetwork` is true"));
            }
        }
    }
}

fn mounts(container: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let devices: OrderedMap<&str, &str> = pairs(container.value.get("volumeDevices"), "devicePath");
    let list = container.child("volumeMounts");
    let mut seen = OrderedSet::new();
    for mount in list.items() {
        let (name, path) = (mount.child("name"), mount.child("mountPath"));
        checks::text_required(&name, errors);
        if !volumes.contains_key(name.text()) {
            errors.push(name.not_found());
        }
        checks::text_required(&path, errors);
        if !seen.insert(path.text()) {
            errors.push(path.invalid("must be unique"));
        }
        if devices.contains_key(name.text()) {
            errors.push(name.invalid("must not already exist in volumeDevices"));
        }
        if devices.values().any(|device| *device == path.text()) {
            errors.push(path.invalid("must not already exist as a path in volumeDevices"));
        }
        sub_path(&mount, &list, errors);
        let propagation = mount.child("mountPropagation").named(format!("{}.mountPropagation", list.path));
        checks::one_of(&propagation, &PROPAGATIONS, errors);
        if propagation.text() == "Bidirectional" && !container.at(&["securityContext", "privileged"]).is_true() {
            errors.push(
                propagation.forbidden("Bidirectional mount propagation is available only to privileged containers"),
            );
        }
    }
}

fn sub_path(mount: &Field<'_>, list: &Field<'_>, errors: &mut Errors) {
    let (path, expression) = (mount.child("subPath"), mount.child("subPathExpr"));
    if !path.text().is_empty() {
        checks::descending_path(&path.named(format!("{}.subPath", list.path)), errors);
    }
    if expression.text().is_empty() {
        return;
    }
    if !path.text().is_empty() {
        errors.push(expression.invalid("subPathExpr and subPath are mutually exclusive"));
    }
    checks::descending_path(&expression.named(format!("{}.subPathExpr", list.path)), errors);
}

fn pairs<'v>(list: &'v Value, path: &str) -> OrderedMap<&'v str, &'v str> {
    list.as_list().iter().map(|item| (item.get("name").text(), item.get(path).text())).collect()
}

fn devices(container: &Field<'_>, volumes: &Volumes<'_>, errors: &mut Errors) {
    let mounts = pairs(container.value.get("volumeMounts"), "mountPath");
    let (mut names_seen, mut paths_seen) = (OrderedSet::new(), OrderedSet::new());
    for device in container.child("volumeDevices").items() {
        let (name, path) = (device.child("name"), device.child("devicePath"));
        checks::text_required(&name, errors);
        if !names_seen.insert(name.text()) {
            errors.push(name.invalid("must be unique"));
        }
        match volumes.get(name.text()) {
            None => errors.push(name.not_found()),
            Some(volume) if volume.get("persistentVolumeClaim").is_null() && volume.get("ephemeral").is_null() => {
                errors.push(
                    name.invalid(
                        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
                    ),
                );
            }
            Some(_) => {}
        }
        checks::text_required(&path, errors);
        if !paths_seen.insert(path.text()) {
            errors.push(path.invalid("must be unique"));
        }
        if path.text().split('/').any(|step| step == "..") {
            errors.push(path.invalid("can not contain backsteps ('..')"));
        }
        if mounts.contains_key(name.text()) {
            errors.push(name.invalid("must not already exist in volumeMounts"));
        }
        if mounts.values().any(|mount| *mount == path.text()) {
            errors.push(path.invalid("must not already exist as a path in volumeMounts"));
        }
    }
}
