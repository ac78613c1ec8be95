//! What is accepted with a word of warning.
//!
//! Models: kubernetes v1.36 pkg/api/*/warnings.go, pkg/api/node/util.go, pkg/api/persistentvolume*/util.go and the strategies of
//! pkg/registry.

use ordered::OrderedMap;

use api::selector::is_valid_label_value;
use api::{Kind, Object, Str, Value};

use super::field::Field;
use super::{addresses, checks, names, paths};

/// `Warning:` headers for a new object that is accepted.
pub(crate) fn warnings(kind: Kind, object: &Value) -> Vec<Str> {
    let mut warnings = Vec::new();
    let root = Field::root(object);
    match kind {
        Kind::Pod => {
            not_a_label(&root, "the Pod's hostname", &mut warnings);
            pod(&root, &mut warnings);
        }
        Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController | Kind::Job | Kind::CronJob => {
            not_a_label(&root, "Pod names and hostnames", &mut warnings);
            template(kind, &root, &mut warnings);
        }
        Kind::StatefulSet => {
            template(kind, &root, &mut warnings);
            for template in root.at(&["spec", "volumeClaimTemplates"]).items() {
                claim(&template.child("spec"), &mut warnings);
            }
        }
        Kind::DaemonSet => template(kind, &root, &mut warnings),
        Kind::PodTemplate => pod(&root.child("template"), &mut warnings),
        _ => {}
    }
    always(kind, &root, &mut warnings);
    warnings.into_iter().map(Str::from).collect()
}

/// `Warning:` headers for a changed object. Pods have none, and templates only if something about them changed.
pub(crate) fn warnings_of_change(kind: Kind, object: &Value, old: &Object) -> Vec<Str> {
    let mut warnings = Vec::new();
    let root = Field::root(object);
    let old = old.encode();
    let changes = object.get("spec") != old.get("spec")
        || kind == Kind::Deployment && object.at(&["metadata", "annotations"]) != old.at(&["metadata", "annotations"]);
    match kind {
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::DaemonSet
            if changes =>
        {
            template(kind, &root, &mut warnings);
        }
        Kind::PodTemplate if object.get("template") != old.get("template") => {
            pod(&root.child("template"), &mut warnings);
        }
        _ => {}
    }
    if kind == Kind::CronJob && root.at(&["spec", "schedule"]).text().contains("TZ") {
        warnings.push(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see \
             https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                .to_owned(),
        );
    }
    always(kind, &root, &mut warnings);
    warnings.into_iter().map(Str::from).collect()
}

/// What is said of new and of changed objects.
fn always(kind: Kind, root: &Field<'_>, warnings: &mut Vec<String>) {
    match kind {
        Kind::StatefulSet => {
            let limit = root.at(&["spec", "revisionHistoryLimit"]);
            if limit.int() < 0 {
                warnings.push(format!(
                    "{}: a negative value retains all historical revisions; a value >= 0 is recommended",
                    limit.path
                ));
            }
        }
        Kind::Service => service(root, warnings),
        Kind::NetworkPolicy => policy(root, warnings),
        Kind::Endpoints => {
            for subset in root.child("subsets").items() {
                for address in ["addresses", "notReadyAddresses"].iter().flat_map(|list| subset.child(list).items()) {
                    addresses::unusual_ip(&address.child("ip"), warnings);
                }
            }
        }
        Kind::EndpointSlice => {
            for endpoint in root.child("endpoints").items() {
                endpoint.child("addresses").items().for_each(|address| addresses::unusual_ip(&address, warnings));
            }
        }
        Kind::Node => {
            root.at(&["spec", "podCIDRs"]).items().for_each(|range| addresses::unusual_range(&range, warnings));
        }
        Kind::RuntimeClass => {
            let selector = root.at(&["scheduling", "nodeSelector"]);
            for advice in selector.entries().filter_map(|(key, _)| deprecated_label(key)) {
                warnings.push(format!("{}: {advice}", selector.path));
            }
        }
        Kind::PersistentVolumeClaim => {
            old_class(root, warnings);
            claim(&root.child("spec"), warnings);
        }
        Kind::PersistentVolume => volume(root, warnings),
        Kind::StorageClass => {
            for topology in root.child("allowedTopologies").items() {
                for expression in topology.child("matchLabelExpressions").items() {
                    let key = expression.child("key");
                    if let Some(advice) = deprecated_label(key.text()) {
                        warnings.push(format!("{}: {advice}", key.path));
                    }
                }
            }
        }
        Kind::Ingress => {
            let by_annotation = root.at(&["metadata", "annotations"]).key("kubernetes.io/ingress.class").is_set();
            if by_annotation && !root.at(&["spec", "ingressClassName"]).is_set() {
                warnings.push(
                    "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
                        .to_owned(),
                );
            }
        }
        Kind::ServiceAccount => {
            let enforced = root.at(&["metadata", "annotations"]).key("kubernetes.io/enforce-mountable-secrets");
            if enforced.is_set() {
                warnings.push(format!(
                    "{}: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets",
                    enforced.path
                ));
            }
        }
        _ => {}
    }
}

/// The pod template of a workload.
fn template(kind: Kind, root: &Field<'_>, warnings: &mut Vec<String>) {
    match kind {
        Kind::Job => job(&root.child("spec"), warnings),
        Kind::CronJob => job(&root.at(&["spec", "jobTemplate", "spec"]), warnings),
        _ => pod(&root.at(&["spec", "template"]), warnings),
    }
}

/// More completions and pods at a time than the indexes that failed can be kept of.
const TRACKED_MAX: (i64, i64) = (100_000, 10_000);

fn job(spec: &Field<'_>, warnings: &mut Vec<String>) {
    let (completions, parallelism) = (spec.child("completions").int(), spec.child("parallelism").int());
    let is_indexed = spec.child("completionMode").text() == "Indexed";
    if is_indexed && completions > TRACKED_MAX.0 && parallelism > TRACKED_MAX.1 {
        warnings.push(format!(
            "{}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, \
             Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
            spec.path
        ));
    }
    pod(&spec.child("template"), warnings);
}

fn not_a_label(root: &Field<'_>, used_in: &str, warnings: &mut Vec<String>) {
    let problems = names::dns_label(root.at(&["metadata", "name"]).text());
    if !problems.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in {used_in}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            problems.join(" ")
        ));
    }
}

fn containers<'v>(spec: &Field<'v>) -> impl Iterator<Item = Field<'v>> + use<'v> {
    let (init, regular) = (spec.child("initContainers"), spec.child("containers"));
    init.items().chain(regular.items())
}

fn pod(pod: &Field<'_>, warnings: &mut Vec<String>) {
    let (spec, annotations) = (pod.child("spec"), pod.at(&["metadata", "annotations"]));
    let selector = spec.child("nodeSelector");
    for (key, _) in selector.entries() {
        if let Some(advice) = deprecated_label(key) {
            warnings.push(format!("{}: {advice}", selector.key(key).path));
        }
    }
    let affinity = spec.at(&["affinity", "nodeAffinity"]);
    for term in affinity.at(&["requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]).items() {
        node_term(&term, warnings);
    }
    for term in affinity.child("preferredDuringSchedulingIgnoredDuringExecution").items() {
        node_term(&term.child("preference"), warnings);
    }
    for constraint in spec.child("topologySpreadConstraints").items() {
        let key = constraint.child("topologyKey");
        if let Some(advice) = deprecated_label(key.text()) {
            warnings.push(format!("{}: {} is {advice}", key.path, key.text()));
        }
        null_selector(&constraint, warnings);
    }
    for (key, advice) in OLD_ANNOTATIONS {
        if annotations.key(key).is_set() {
            warnings.push(format!("{}: {advice}", annotations.key(key).path));
        }
    }
    for volume in spec.child("volumes").items() {
        old_sources(&volume, &["cephfs", "rbd"], warnings);
        claim(&volume.at(&["ephemeral", "volumeClaimTemplate", "spec"]), warnings);
    }
    spec.child("volumes").items().for_each(|volume| paths::overlaps(&volume, warnings));
    repeated(&spec.child("hostAliases"), "ip", warnings);
    repeated(&spec.child("imagePullSecrets"), "name", warnings);
    for name in spec.child("imagePullSecrets").items().map(|secret| secret.child("name")) {
        if name.text().is_empty() {
            warnings.push(format!("{}: invalid empty name \"\"", name.path));
        }
    }
    annotated(pod, warnings);
    repeated_ports(&spec, warnings);
    let grace = spec.child("terminationGracePeriodSeconds");
    if grace.int() < 0 {
        warnings.push(format!("{}: must be >= 0; negative values are invalid and will be treated as 1", grace.path));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.at(&["affinity", kind]);
        for term in affinity.child("requiredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term, warnings);
        }
        for term in affinity.child("preferredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term.child("podAffinityTerm"), warnings);
        }
    }
    let servers = spec.at(&["dnsConfig", "nameservers"]);
    servers.items().for_each(|server| addresses::unusual_ip(&server, warnings));
    spec.child("hostAliases").items().for_each(|alias| addresses::unusual_ip(&alias.child("ip"), warnings));
}

/// The ranges of addresses in a network policy.
fn policy(root: &Field<'_>, warnings: &mut Vec<String>) {
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in root.at(&["spec", rules]).items() {
            for block in rule.child(peers).items().map(|peer| peer.child("ipBlock")) {
                addresses::unusual_range(&block.child("cidr"), warnings);
                block.child("except").items().for_each(|range| addresses::unusual_range(&range, warnings));
            }
        }
    }
}

/// What containers say, and annotations say about them where fields should.
fn annotated(pod: &Field<'_>, warnings: &mut Vec<String>) {
    const SECCOMP: &str = "non-functional in v1.27+; use the \\\"seccompProfile\\\" field instead";
    let (spec, annotations) = (pod.child("spec"), pod.at(&["metadata", "annotations"]));
    let whole = spec.child("securityContext");
    let warn = |key: String, advice: &str, warnings: &mut Vec<String>| {
        if annotations.key(&key).is_set() {
            warnings.push(format!("{}: {advice}", annotations.key(&key).path));
        }
    };
    if !whole.child("seccompProfile").is_set() {
        warn("seccomp.security.alpha.kubernetes.io/pod".to_owned(), SECCOMP, warnings);
    }
    for container in containers(&spec) {
        let (name, own) = (container.child("name").text(), container.child("securityContext"));
        if !own.child("seccompProfile").is_set() {
            warn(format!("container.seccomp.security.alpha.kubernetes.io/{name}"), SECCOMP, warnings);
        }
        let has_profile = whole.child("appArmorProfile").is_set() || own.child("appArmorProfile").is_set();
        if !pod.path.is_empty() && !has_profile {
            let advice = "deprecated since v1.30; use the \\\"appArmorProfile\\\" field instead";
            warn(format!("container.apparmor.security.beta.kubernetes.io/{name}"), advice, warnings);
        }
        fractions(&container.child("resources"), warnings);
        hidden_variables(&container.child("env"), warnings);
    }
}

/// Annotations of pods that fields have replaced.
const OLD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

/// What is to be used instead of a label of nodes.
fn deprecated_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => "deprecated since v1.22; use Taints and Tolerations instead",
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

fn node_term(term: &Field<'_>, warnings: &mut Vec<String>) {
    for expression in term.child("matchExpressions").items() {
        let key = expression.child("key");
        if let Some(advice) = deprecated_label(key.text()) {
            warnings.push(format!("{}: {} is {advice}", key.path, key.text()));
        }
        for value in expression.child("values").items() {
            let problems = is_valid_label_value(value.text());
            warnings.extend(
                problems.iter().map(|problem| format!("{}: {} is invalid, {problem}", value.path, value.text())),
            );
        }
    }
}

/// Sources of volumes that no longer work; the last ones only where upstream looks for them.
fn old_sources(volume: &Field<'_>, last: &[&str], warnings: &mut Vec<String>) {
    const SOURCES: [(&str, &str); 7] = [
        ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
        ("gitRepo", "deprecated in v1.11"),
        ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
        ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
        ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
        ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
        ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ];
    let last = last.iter().map(|source| (*source, "deprecated in v1.28, non-functional in v1.31+"));
    for (source, advice) in SOURCES.into_iter().chain(last) {
        let field = volume.child(source);
        if field.is_set() {
            // Upstream's word has a capital that the field has not.
            warnings.push(format!("{}: {advice}", field.path.replace("storageos", "storageOS")));
        }
    }
}

fn volume(root: &Field<'_>, warnings: &mut Vec<String>) {
    old_class(root, warnings);
    let spec = root.child("spec");
    if spec.child("persistentVolumeReclaimPolicy").text() == "Recycle" {
        warnings.push(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended \
             approach is to use dynamic provisioning."
                .to_owned(),
        );
    }
    for term in spec.at(&["nodeAffinity", "required", "nodeSelectorTerms"]).items() {
        node_term(&term, warnings);
    }
    if spec.child("cephfs").is_set() {
        warnings.push("spec.cephfs: deprecated in v1.28, non-functional in v1.31+".to_owned());
    }
    old_sources(&spec, &["rbd"], warnings);
}

fn old_class(root: &Field<'_>, warnings: &mut Vec<String>) {
    let class = root.at(&["metadata", "annotations"]).key("volume.beta.kubernetes.io/storage-class");
    if class.is_set() {
        warnings.push(format!("{}: deprecated since v1.8; use \"storageClassName\" attribute instead", class.path));
    }
}

fn null_selector(term: &Field<'_>, warnings: &mut Vec<String>) {
    let selector = term.child("labelSelector");
    if !selector.is_set() {
        warnings.push(format!("{}: a null labelSelector results in matching no pod", selector.path));
    }
}

fn repeated(list: &Field<'_>, key: &str, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for item in list.items() {
        let field = item.child(key);
        if seen.contains(&field.text()) {
            warnings.push(format!("{}: duplicate {key} {:?}", field.path, field.text()));
        }
        seen.push(field.text());
    }
}

/// Bytes come whole.
fn fractions(resources: &Field<'_>, warnings: &mut Vec<String>) {
    for resource in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            let field = resources.child(list).key(resource);
            if checks::quantity(field.value).is_some_and(|amount| amount.milli_value() % 1_000 != 0) {
                warnings.push(format!(
                    "{}: fractional byte value {:?} is invalid, must be an integer",
                    field.path,
                    field.text()
                ));
            }
        }
    }
}

fn hidden_variables(list: &Field<'_>, warnings: &mut Vec<String>) {
    let mut seen = Vec::new();
    for variable in list.items() {
        let (name, value) = (variable.child("name"), variable.child("value"));
        let reference = format!("$({})", name.text());
        let extends = value.text() != reference && value.text().contains(&reference);
        if seen.contains(&name.text()) && (variable.child("valueFrom").is_set() || !extends) {
            warnings.push(format!(
                "{}: hides previous definition of {:?}, which may be dropped when using apply",
                variable.path,
                name.text()
            ));
        }
        seen.push(name.text());
    }
}

fn repeated_ports(spec: &Field<'_>, warnings: &mut Vec<String>) {
    let mut by_number: OrderedMap<(i64, &str), Vec<Field<'_>>> = OrderedMap::new();
    for port in containers(spec).flat_map(|container| container.child("ports").items()) {
        let (ip, number) = (port.child("hostIP").text(), port.child("hostPort").int());
        if !ip.is_empty() && number == 0 {
            let [name, protocol] = ["name", "protocol"].map(|field| port.child(field).text());
            let inner = port.child("containerPort").int();
            warnings.push(format!(
                "{}: hostIP set without hostPort: {{Name:{name} HostPort:0 ContainerPort:{inner} Protocol:{protocol} \
                 HostIP:{ip}}}",
                port.path
            ));
        }
        let others =
            by_number.entry((port.child("containerPort").int(), port.child("protocol").value.text())).or_default();
        for other in others.iter() {
            if let Some(how) = clash(&port, other) {
                warnings.push(format!("{}: {how} port definition with {}", port.path, other.path));
            }
        }
        others.push(port);
    }
    let mut by_name: OrderedMap<&str, String> = OrderedMap::new();
    for port in containers(spec).flat_map(|container| container.child("ports").items()) {
        let name = port.value.get("name").text();
        match by_name.get(name) {
            _ if name.is_empty() => {}
            Some(first) => warnings.push(format!(
                "{}: duplicate port name {name:?} with {first}, services and probes that select ports by name will use \
                 {first}",
                port.path
            )),
            None => {
                by_name.insert(name, port.path);
            }
        }
    }
}

fn clash(port: &Field<'_>, other: &Field<'_>) -> Option<&'static str> {
    let (ip, other_ip) = (port.child("hostIP").text(), other.child("hostIP").text());
    let (number, other_number) = (port.child("hostPort").int(), other.child("hostPort").int());
    if ip == other_ip && number == other_number {
        Some("duplicate")
    } else if number == 0 || other_number == 0 {
        Some("overlapping")
    } else if number == other_number && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}

fn claim(spec: &Field<'_>, warnings: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        let size = spec.at(&["resources", list]).key("storage");
        if checks::quantity(size.value).is_some_and(|amount| amount.milli_value() % 1_000 != 0) {
            let text = size.text();
            warnings.push(format!("{}: fractional byte value {text:?} is invalid, must be an integer", size.path));
        }
    }
}

fn service(root: &Field<'_>, warnings: &mut Vec<String>) {
    let spec = root.child("spec");
    let (type_, external) = (spec.child("type").text(), spec.child("externalIPs"));
    let has_external = external.len() > 0;
    let is_headless = type_ == "ClusterIP" && spec.child("clusterIP").text() == "None";
    let hints = "service.kubernetes.io/topology-aware-hints";
    let has_hints = root.at(&["metadata", "annotations"]).key(hints).is_set();
    let mode = "service.kubernetes.io/topology-mode";
    let balancer = spec.child("loadBalancerIP");
    add_those(&[(has_hints, &format!("annotation {hints} is deprecated, please use {mode} instead"))], warnings);
    if !is_headless {
        spec.child("clusterIPs").items().for_each(|address| addresses::unusual_ip(&address, warnings));
    }
    let ignored = [
        (!balancer.text().is_empty(), "spec.loadBalancerIP is ignored for headless services"),
        (has_external, "spec.externalIPs is ignored for headless services"),
        (spec.child("sessionAffinity").text() != "None", "spec.SessionAffinity is ignored for headless services"),
    ];
    add_those(&ignored.map(|(holds, text)| (holds && is_headless, text)), warnings);
    external.items().for_each(|address| addresses::unusual_ip(&address, warnings));
    let is_named = type_ == "ExternalName";
    let is_deprecated = has_external && !is_headless && !is_named;
    let deprecated = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
    add_those(&[(is_deprecated, deprecated)], warnings);
    addresses::unusual_ip(&balancer, warnings);
    spec.child("loadBalancerSourceRanges").items().for_each(|range| addresses::unusual_range(&range, warnings));
    let is_pointless = !is_named && !spec.child("externalName").text().is_empty();
    let is_close = spec.child("trafficDistribution").text() == "PreferClose";
    let rest = [
        (has_external && is_named, "spec.externalIPs is ignored when spec.type is \"ExternalName\""),
        (is_pointless, "spec.externalName is ignored when spec.type is not \"ExternalName\""),
        (is_close, "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""),
    ];
    add_those(&rest, warnings);
}

/// Warns of what holds.
fn add_those(cases: &[(bool, &str)], warnings: &mut Vec<String>) {
    warnings.extend(cases.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()));
}
