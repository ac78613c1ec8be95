//! The containers of a pod or of a template.

use api::Value;
use ordered::Arrange;

use super::env::{self, Resolver};
use super::fields::{at, flag, has, int, list, or_none, pairs, quantity, text, yes};
use super::lines::Lines;
use super::probe;

/// Writes the containers of a pod with what is said of them.
pub(super) fn of_pod(lines: &mut Lines, label: &str, containers: &[Value], statuses: &[Value], pod: &Value) {
    lines.line(0, heading(label, containers));
    for container in containers {
        // Of several with one name the last counts, as in a Go map.
        let status = statuses.iter().rfind(|status| text(status, "name") == text(container, "name"));
        lines.line(1, format_args!("{}:", text(container, "name")));
        self::container(lines, container, status, Resolver::Pod(pod));
    }
}

/// Writes the containers of a template, one level in.
pub(super) fn of_template(lines: &mut Lines, label: &str, containers: &[Value]) {
    lines.line(1, heading(label, containers));
    for container in containers {
        lines.line(1, format_args!(" {}:", text(container, "name")));
        self::container(lines, container, None, Resolver::None);
    }
}

fn heading(label: &str, containers: &[Value]) -> String {
    if containers.is_empty() { format!("{label}: <none>") } else { format!("{label}:") }
}

fn container(lines: &mut Lines, container: &Value, status: Option<&Value>, resolver: Resolver<'_>) {
    if let Some(status) = status {
        lines.field(2, "Container ID", text(status, "containerID"));
    }
    lines.field(2, "Image", text(container, "image"));
    if let Some(status) = status {
        lines.field(2, "Image ID", text(status, "imageID"));
    }
    ports(lines, "Port", "containerPort", list(container, "ports"));
    ports(lines, "Host Port", "hostPort", list(container, "ports"));
    seccomp_profile(lines, at(container, "securityContext"), 2, 3);
    words(lines, "Command", list(container, "command"));
    words(lines, "Args", list(container, "args"));
    if let Some(status) = status {
        self::status(lines, status);
    }
    resources(lines, 2, at(container, "resources"));
    for (label, field) in [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
    {
        if has(container, field) {
            lines.field(2, label, probe::probe(at(container, field)));
        }
    }
    env::sources(lines, list(container, "envFrom"));
    env::variables(lines, container, resolver);
    mounts(lines, container);
}

/// `80/TCP (web)`, several after a plural.
fn ports(lines: &mut Lines, label: &str, field: &str, ports: &[Value]) {
    let shown: Vec<String> = ports.iter().map(|port| self::port(port, field)).collect();
    match shown.as_slice() {
        [_, _, ..] => lines.field(2, format_args!("{label}s"), shown.join(", ")),
        _ => lines.field(2, label, or_none(&shown.concat())),
    }
}

fn port(port: &Value, field: &str) -> String {
    let shown = format!("{}/{}", int(port, field), text(port, "protocol"));
    match text(port, "name") {
        "" => shown,
        name => format!("{shown} ({name})"),
    }
}

/// Writes the seccomp profile of a security context, if it has one.
pub(super) fn seccomp_profile(lines: &mut Lines, security_context: &Value, level: usize, path_level: usize) {
    if !has(security_context, "seccompProfile") {
        return;
    }
    let kind = text(security_context, "seccompProfile.type");
    lines.field(level, "SeccompProfile", kind);
    if kind == "Localhost" {
        lines.field(path_level, "LocalhostProfile", text(security_context, "seccompProfile.localhostProfile"));
    }
}

/// Writes a command or its arguments, a line each.
fn words(lines: &mut Lines, label: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    lines.line(2, format_args!("{label}:"));
    for line in words.iter().flat_map(|word| word.text().split('\n')) {
        lines.line(3, line);
    }
}

fn status(lines: &mut Lines, status: &Value) {
    state(lines, "State", at(status, "state"));
    if has(status, "lastState.terminated") {
        state(lines, "Last State", at(status, "lastState"));
    }
    lines.field(2, "Ready", yes(flag(status, "ready")));
    lines.field(2, "Restart Count", int(status, "restartCount"));
}

fn state(lines: &mut Lines, label: &str, state: &Value) {
    if has(state, "running") {
        lines.field(2, label, "Running");
        lines.time(3, "Started", at(state, "running.startedAt"));
    } else if has(state, "waiting") || !has(state, "terminated") {
        lines.field(2, label, "Waiting");
        lines.field_if_any(3, "Reason", text(state, "waiting.reason"));
    } else {
        terminated(lines, label, at(state, "terminated"));
    }
}

fn terminated(lines: &mut Lines, label: &str, state: &Value) {
    lines.field(2, label, "Terminated");
    lines.field_if_any(3, "Reason", text(state, "reason"));
    lines.field_if_any(3, "Message", text(state, "message"));
    lines.field(3, "Exit Code", int(state, "exitCode"));
    if int(state, "signal") > 0 {
        lines.field(3, "Signal", int(state, "signal"));
    }
    lines.time(3, "Started", at(state, "startedAt"));
    lines.time(3, "Finished", at(state, "finishedAt"));
}

/// Writes limits and requests, those that there are.
pub(super) fn resources(lines: &mut Lines, level: usize, resources: &Value) {
    for (label, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = at(resources, field);
        if amounts.as_map().is_none_or(|amounts| amounts.is_empty()) {
            continue;
        }
        lines.line(level, format_args!("{label}:"));
        for (name, _) in pairs(amounts) {
            lines.field(level + 1, name, quantity(amounts.get(name)));
        }
    }
}

fn mounts(lines: &mut Lines, container: &Value) {
    let mut mounts: Vec<&Value> = list(container, "volumeMounts").iter().collect();
    mounts.arrange_by_key(|mount| text(mount, "mountPath"));
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    lines.line(2, format_args!("Mounts:{none}"));
    for mount in mounts {
        let mode = if flag(mount, "readOnly") { "ro" } else { "rw" };
        let part = match text(mount, "subPath") {
            "" => String::new(),
            path => format!(",path={path:?}"),
        };
        lines.line(3, format_args!("{} from {} ({mode}{part})", text(mount, "mountPath"), text(mount, "name")));
    }
    let mut devices: Vec<&Value> = list(container, "volumeDevices").iter().collect();
    if devices.is_empty() {
        return;
    }
    devices.arrange_by_key(|device| text(device, "devicePath"));
    lines.line(2, format_args!("Devices:{none}"));
    for device in devices {
        lines.line(3, format_args!("{} from {}", text(device, "devicePath"), text(device, "name")));
    }
}
