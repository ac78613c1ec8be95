//! What the standards forbid: a check is one function and one line in [`CHECKS`].
//!
//! Models: kubernetes v1.36 k8s.io/pod-security-admission/policy (check_*.go, and registry.go for order and replacement).

use ordered::Arrange;

use api::Value;

use super::policy::{Level, Standard, Version};

/// What a pod does that it should not: `privileged`, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Violation {
    reason: &'static str,
    detail: String,
}

struct Check {
    level: Level,
    /// The release that brought it.
    since: u32,
    /// From this release on another check stands for it at the level restricted.
    replaced: Option<u32>,
    run: fn(&Value, Version) -> Option<Violation>,
}

const fn baseline(since: u32, replaced: Option<u32>, run: fn(&Value, Version) -> Option<Violation>) -> Check {
    Check { level: Level::Baseline, since, replaced, run }
}

const fn restricted(since: u32, run: fn(&Value, Version) -> Option<Violation>) -> Check {
    Check { level: Level::Restricted, since, replaced: None, run }
}

/// In the order in which their words are joined: by level, then by upstream's identifiers.
static CHECKS: [Check; 19] = [
    baseline(0, None, app_armor_profile),
    baseline(0, Some(22), capabilities_baseline),
    baseline(0, None, host_namespaces),
    baseline(0, Some(0), host_path_volumes),
    baseline(0, None, host_ports),
    baseline(34, None, host_probes_and_host_lifecycle),
    baseline(0, None, privileged),
    baseline(0, Some(35), proc_mount_baseline),
    baseline(0, None, se_linux_options),
    baseline(0, Some(19), seccomp_profile_baseline),
    baseline(0, None, sysctls),
    baseline(0, None, windows_host_process),
    restricted(8, allow_privilege_escalation),
    restricted(22, capabilities_restricted),
    restricted(35, proc_mount),
    restricted(0, restricted_volumes),
    restricted(0, run_as_non_root),
    restricted(23, run_as_user),
    restricted(19, seccomp_profile_restricted),
];

/// What of a pod (or the template of one) is against a standard.
pub(super) fn violations(standard: Standard, pod: &Value) -> Vec<Violation> {
    let version = standard.version;
    let applies = |check: &&Check| {
        let is_replaced =
            standard.level == Level::Restricted && check.replaced.is_some_and(|release| version.has(release));
        check.level <= standard.level && version.has(check.since) && !is_replaced
    };
    CHECKS.iter().filter(applies).filter_map(|check| (check.run)(pod, version)).collect()
}

/// `host namespaces (hostPID=true), privileged (…)`
pub(super) fn details(violations: &[Violation]) -> String {
    let words: Vec<String> = violations.iter().map(|v| format!("{} ({})", v.reason, v.detail)).collect();
    words.join(", ")
}

/// `host namespaces, privileged`
pub(super) fn reasons(violations: &[Violation]) -> String {
    violations.iter().map(|violation| violation.reason).collect::<Vec<_>>().join(", ")
}

/// What several places say, each once and in order.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn add(&mut self, word: &str) {
        if !self.0.iter().any(|known| known == word) {
            self.0.push(word.to_owned());
            self.0.arrange();
        }
    }

    fn quoted(&self) -> String {
        quoted(&self.0)
    }
}

fn quoted<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.as_ref())).collect();
    words.join(", ")
}

/// `container "a"`, `containers "a", "b"`
fn named(what: &str, names: &[&str]) -> String {
    format!("{} {}", plural(what, names.len()), quoted(names))
}

fn plural(what: &str, count: usize) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}

/// All containers, those that run first first.
fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|list| pod.at(&["spec", list]).as_list())
}

fn name(container: &Value) -> &str {
    container.get("name").text()
}

/// The names of the containers for which something holds.
fn names_of(pod: &Value, mut holds: impl FnMut(&Value) -> bool) -> Vec<&str> {
    containers(pod).filter(|container| holds(container)).map(name).collect()
}

fn security<'v>(holder: &'v Value, field: &str) -> &'v Value {
    holder.get("securityContext").get(field)
}

/// `pod and container "a"`, for what the pod and its containers can both set; nothing if none does.
fn setters(pod: &Value, mut is_bad: impl FnMut(&Value) -> bool) -> Option<String> {
    let mut setters = Vec::new();
    if is_bad(pod.get("spec")) {
        setters.push("pod".to_owned());
    }
    let bad = names_of(pod, is_bad);
    if !bad.is_empty() {
        setters.push(named("container", &bad));
    }
    if setters.is_empty() { None } else { Some(setters.join(" and ")) }
}

fn violation(reason: &'static str, detail: String) -> Option<Violation> {
    Some(Violation { reason, detail })
}

fn is_windows(pod: &Value) -> bool {
    pod.at(&["spec", "os", "name"]).text() == "windows"
}

/// A user of its own for the node: what is root inside is nobody outside.
fn has_own_users(pod: &Value, version: Version) -> bool {
    version.has(35) && pod.at(&["spec", "hostUsers"]) == &Value::Bool(false)
}

fn annotations(pod: &Value) -> impl Iterator<Item = (&str, &str)> {
    let annotations = pod.at(&["metadata", "annotations"]).as_map().into_iter().flatten();
    annotations.map(|(key, value)| (key.as_str(), value.text()))
}

fn app_armor_profile(pod: &Value, _: Version) -> Option<Violation> {
    let mut values = Words::default();
    let mut setters: Vec<String> = setters(pod, |holder| {
        let profile = security(holder, "appArmorProfile");
        let kind = profile.get("type").text();
        let is_bad = !profile.is_null() && !matches!(kind, "RuntimeDefault" | "Localhost");
        if is_bad {
            values.add(kind);
        }
        is_bad
    })
    .into_iter()
    .collect();
    let is_bad = |(key, value): &(&str, &str)| {
        key.starts_with("container.apparmor.security.beta.kubernetes.io/")
            && !value.is_empty()
            && *value != "runtime/default"
            && !value.starts_with("localhost/")
    };
    let mut old: Vec<String> = annotations(pod).filter(is_bad).map(|(key, value)| format!("{key}={value:?}")).collect();
    old.arrange();
    if !old.is_empty() {
        setters.push(plural("annotation", old.len()));
    }
    if setters.is_empty() {
        return None;
    }
    let mut values = values.0;
    values.extend(old);
    let reason = if values.len() == 1 { "forbidden AppArmor profile" } else { "forbidden AppArmor profiles" };
    violation(reason, format!("{} must not set AppArmor profile type to {}", setters.join(" and "), quoted(&values)))
}

/// What containers may do by default.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Which containers add capabilities that are not among these, and which.
fn adding<'p>(pod: &'p Value, allowed: &[&str]) -> (Vec<&'p str>, Words) {
    let mut words = Words::default();
    let bad = names_of(pod, |container| {
        let added = security(container, "capabilities").get("add").as_list();
        let bad: Vec<&str> = added.iter().map(Value::text).filter(|name| !allowed.contains(name)).collect();
        bad.iter().for_each(|name| words.add(name));
        !bad.is_empty()
    });
    (bad, words)
}

fn capabilities_baseline(pod: &Value, _: Version) -> Option<Violation> {
    let (bad, words) = adding(pod, &DEFAULT_CAPABILITIES);
    if bad.is_empty() {
        return None;
    }
    let (who, what) = (named("container", &bad), words.quoted());
    violation("non-default capabilities", format!("{who} must not include {what} in securityContext.capabilities.add"))
}

fn capabilities_restricted(pod: &Value, version: Version) -> Option<Violation> {
    if version.has(25) && is_windows(pod) {
        return None;
    }
    let missing = names_of(pod, |container| {
        let dropped = security(container, "capabilities").get("drop").as_list();
        !dropped.iter().any(|name| name.text() == "ALL")
    });
    let (bad, words) = adding(pod, &["NET_BIND_SERVICE"]);
    let mut details = Vec::new();
    if !missing.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", named("container", &missing)));
    }
    if !bad.is_empty() {
        let (who, what) = (named("container", &bad), words.quoted());
        details.push(format!("{who} must not include {what} in securityContext.capabilities.add"));
    }
    if details.is_empty() { None } else { violation("unrestricted capabilities", details.join("; ")) }
}

fn host_namespaces(pod: &Value, _: Version) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter();
    let shared: Vec<String> = fields
        .filter(|field| pod.at(&["spec", field]) == &Value::Bool(true))
        .map(|field| format!("{field}=true"))
        .collect();
    if shared.is_empty() { None } else { violation("host namespaces", shared.join(", ")) }
}

fn volumes(pod: &Value, is_bad: impl Fn(&Value) -> bool) -> Vec<&str> {
    pod.at(&["spec", "volumes"]).as_list().iter().filter(|volume| is_bad(volume)).map(name).collect()
}

fn host_path_volumes(pod: &Value, _: Version) -> Option<Violation> {
    let bad = volumes(pod, |volume| !volume.get("hostPath").is_null());
    if bad.is_empty() { None } else { violation("hostPath volumes", named("volume", &bad)) }
}

fn host_ports(pod: &Value, _: Version) -> Option<Violation> {
    let mut ports = Words::default();
    let bad = names_of(pod, |container| {
        let used = container.get("ports").as_list().iter().filter_map(|port| port.get("hostPort").as_int());
        let used: Vec<i64> = used.filter(|port| *port != 0).collect();
        used.iter().for_each(|port| ports.add(&port.to_string()));
        !used.is_empty()
    });
    if bad.is_empty() {
        return None;
    }
    let uses = if bad.len() == 1 { "uses" } else { "use" };
    let (who, what) = (named("container", &bad), plural("hostPort", ports.0.len()));
    violation("hostPort", format!("{who} {uses} {what} {}", ports.0.join(", ")))
}

fn host_probes_and_host_lifecycle(pod: &Value, _: Version) -> Option<Violation> {
    const PLACES: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    let (mut bad, mut hosts) = (Words::default(), Words::default());
    for container in containers(pod) {
        for place in PLACES {
            for means in ["httpGet", "tcpSocket"] {
                let host = container.at(place).get(means).get("host").text();
                if !host.is_empty() {
                    bad.add(name(container));
                    hosts.add(host);
                }
            }
        }
    }
    if bad.0.is_empty() {
        return None;
    }
    let uses = if bad.0.len() == 1 { "uses" } else { "use" };
    let (who, what) = (plural("container", bad.0.len()), plural("probe or lifecycle host", hosts.0.len()));
    violation("probe or lifecycle host", format!("{who} {} {uses} {what} {}", bad.quoted(), hosts.quoted()))
}

fn privileged(pod: &Value, _: Version) -> Option<Violation> {
    let bad = names_of(pod, |container| security(container, "privileged") == &Value::Bool(true));
    if bad.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", named("container", &bad)))
}

fn proc_mount_baseline(pod: &Value, version: Version) -> Option<Violation> {
    if has_own_users(pod, version) { None } else { proc_mount(pod, version) }
}

fn proc_mount(pod: &Value, _: Version) -> Option<Violation> {
    let mut kinds = Words::default();
    let bad = names_of(pod, |container| {
        let kind = security(container, "procMount").text();
        let is_bad = !matches!(kind, "" | "Default");
        if is_bad {
            kinds.add(kind);
        }
        is_bad
    });
    if bad.is_empty() {
        return None;
    }
    let who = named("container", &bad);
    violation("procMount", format!("{who} must not set securityContext.procMount to {}", kinds.quoted()))
}

fn se_linux_options(pod: &Value, version: Version) -> Option<Violation> {
    let (mut types, mut sets_user, mut sets_role) = (Words::default(), false, false);
    let setters = setters(pod, |holder| {
        let options = security(holder, "seLinuxOptions");
        let given = |field: &str| !options.get(field).text().is_empty();
        let kind = options.get("type").text();
        let is_known = matches!(kind, "" | "container_t" | "container_init_t" | "container_kvm_t")
            || kind == "container_engine_t" && version.has(31);
        if !is_known {
            types.add(kind);
        }
        sets_user |= given("user");
        sets_role |= given("role");
        !is_known || given("user") || given("role")
    })?;
    let mut details = Vec::new();
    if !types.0.is_empty() {
        details.push(format!("{} {}", plural("type", types.0.len()), types.quoted()));
    }
    if sets_user {
        details.push("user may not be set".to_owned());
    }
    if sets_role {
        details.push("role may not be set".to_owned());
    }
    let details = details.join("; ");
    violation("seLinuxOptions", format!("{setters} set forbidden securityContext.seLinuxOptions: {details}"))
}

fn seccomp_profile_baseline(pod: &Value, version: Version) -> Option<Violation> {
    if version.has(19) { wrong_seccomp_profile(pod) } else { seccomp_annotations(pod) }
}

/// Before there were fields for them.
fn seccomp_annotations(pod: &Value) -> Option<Violation> {
    let names: Vec<&str> = containers(pod).map(name).collect();
    let is_of_pod = |key: &str| {
        let container = key.strip_prefix("container.seccomp.security.alpha.kubernetes.io/");
        key == "seccomp.security.alpha.kubernetes.io/pod" || container.is_some_and(|name| names.contains(&name))
    };
    let mut forbidden = Words::default();
    for (key, value) in annotations(pod).filter(|(key, _)| is_of_pod(key)) {
        if !matches!(value, "runtime/default" | "docker/default") && !value.starts_with("localhost/") {
            forbidden.add(&format!("{key}={value:?}"));
        }
    }
    if forbidden.0.is_empty() {
        return None;
    }
    let what = plural("annotation", forbidden.0.len());
    violation("seccompProfile", format!("forbidden {what} {}", forbidden.0.join(", ")))
}

fn is_known_seccomp(profile: &Value) -> bool {
    matches!(profile.get("type").text(), "RuntimeDefault" | "Localhost")
}

fn wrong_seccomp_profile(pod: &Value) -> Option<Violation> {
    let mut values = Words::default();
    let setters = setters(pod, |holder| {
        let profile = security(holder, "seccompProfile");
        let is_bad = !profile.is_null() && !is_known_seccomp(profile);
        if is_bad {
            values.add(profile.get("type").text());
        }
        is_bad
    })?;
    let values = values.quoted();
    violation("seccompProfile", format!("{setters} must not set securityContext.seccompProfile.type to {values}"))
}

fn seccomp_profile_restricted(pod: &Value, version: Version) -> Option<Violation> {
    if version.has(25) && is_windows(pod) {
        return None;
    }
    wrong_seccomp_profile(pod).or_else(|| {
        if is_known_seccomp(security(pod.get("spec"), "seccompProfile")) {
            return None;
        }
        let bad = names_of(pod, |container| security(container, "seccompProfile").is_null());
        if bad.is_empty() {
            return None;
        }
        let who = named("container", &bad);
        let what = "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
        violation("seccompProfile", format!("pod or {who} {what}"))
    })
}

/// Settings of the kernel that are safe, with the release that began to think so.
const SYSCTLS: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn sysctls(pod: &Value, version: Version) -> Option<Violation> {
    let set = security(pod.get("spec"), "sysctls").as_list().iter().map(name);
    let is_safe = |name: &&str| SYSCTLS.iter().any(|(safe, since)| safe == name && version.has(*since));
    let bad: Vec<&str> = set.filter(|name| !is_safe(name)).collect();
    if bad.is_empty() { None } else { violation("forbidden sysctls", bad.join(", ")) }
}

fn windows_host_process(pod: &Value, _: Version) -> Option<Violation> {
    let is_bad = |holder: &Value| security(holder, "windowsOptions").get("hostProcess") == &Value::Bool(true);
    let setters = setters(pod, is_bad)?;
    violation("hostProcess", format!("{setters} must not set securityContext.windowsOptions.hostProcess=true"))
}

fn allow_privilege_escalation(pod: &Value, version: Version) -> Option<Violation> {
    if version.has(25) && is_windows(pod) {
        return None;
    }
    let bad = names_of(pod, |container| security(container, "allowPrivilegeEscalation") != &Value::Bool(false));
    if bad.is_empty() {
        return None;
    }
    let who = named("container", &bad);
    violation(
        "allowPrivilegeEscalation != false",
        format!("{who} must set securityContext.allowPrivilegeEscalation=false"),
    )
}

fn restricted_volumes(pod: &Value, _: Version) -> Option<Violation> {
    const ALLOWED: [&str; 9] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let is_bad = |volume: &Value| ALLOWED.iter().all(|source| volume.get(source).is_null());
    let bad = volumes(pod, is_bad);
    if bad.is_empty() {
        return None;
    }
    let mut kinds = Words::default();
    for volume in pod.at(&["spec", "volumes"]).as_list().iter().filter(|volume| is_bad(volume)) {
        let source = volume.as_map().into_iter().flatten().map(|(key, _)| key.as_str()).find(|key| *key != "name");
        kinds.add(source.unwrap_or("unknown"));
    }
    let uses = if bad.len() == 1 { "uses" } else { "use" };
    let (who, what) = (named("volume", &bad), plural("restricted volume type", kinds.0.len()));
    violation("restricted volume types", format!("{who} {uses} {what} {}", kinds.quoted()))
}

fn run_as_non_root(pod: &Value, version: Version) -> Option<Violation> {
    const REASON: &str = "runAsNonRoot != true";
    if has_own_users(pod, version) {
        return None;
    }
    let refuses = |holder: &Value| security(holder, "runAsNonRoot") == &Value::Bool(false);
    if let Some(setters) = setters(pod, refuses) {
        return violation(REASON, format!("{setters} must not set securityContext.runAsNonRoot=false"));
    }
    if security(pod.get("spec"), "runAsNonRoot") == &Value::Bool(true) {
        return None;
    }
    let bad = names_of(pod, |container| security(container, "runAsNonRoot").is_null());
    if bad.is_empty() {
        return None;
    }
    violation(REASON, format!("pod or {} must set securityContext.runAsNonRoot=true", named("container", &bad)))
}

fn run_as_user(pod: &Value, version: Version) -> Option<Violation> {
    if has_own_users(pod, version) {
        return None;
    }
    let setters = setters(pod, |holder| security(holder, "runAsUser").as_int() == Some(0))?;
    violation("runAsUser=0", format!("{setters} must not set runAsUser=0"))
}
