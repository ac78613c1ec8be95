//! What the server accepts with a word of warning.

use api::core::namespace::ServiceAccount;
use api::text::yaml;
use api::{Kind, ObjectMeta, Str, Value};
use client::{Api, Patch, PatchKind, WriteOptions, Written};
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;

fn value(text: &str) -> Value {
    yaml::read(text).expect("a test case is YAML")
}

fn server() -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let account = ServiceAccount { metadata: ObjectMeta::new("default", "default"), ..ServiceAccount::default() };
    server.client("test", NOW).create(account.into()).expect("accepted");
    server
}

fn create(server: &mut ApiServer, kind: Kind, text: &str) -> Written {
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    let created = server.client("test", NOW).create_value(kind, namespace, value(text), &WriteOptions::default());
    created.unwrap_or_else(|status| panic!("{}: {text}", status.message))
}

/// A pod with this in its specification, and these annotations.
fn pod(spec: &str, annotations: &str) -> Vec<Str> {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {{{annotations}}}}}\nspec:\n  containers: [{{name: c, \
         image: i}}]\n  {spec}\n"
    );
    create(&mut server(), Kind::Pod, &text).warnings
}

#[test]
fn pods_are_told_what_no_longer_works() {
    let cases = [
        (
            "nodeSelector: {beta.kubernetes.io/os: linux}",
            "",
            r#"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#,
        ),
        (
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: failure-domain.beta.kubernetes.io/zone, \
             whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]",
            "",
            "spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since \
             v1.17; use \"topology.kubernetes.io/zone\" instead",
        ),
        (
            "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: \
             {matchExpressions: [{key: node-role.kubernetes.io/master, operator: Exists}]}}]}}",
            "",
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: \
             node-role.kubernetes.io/master is use \"node-role.kubernetes.io/control-plane\" instead",
        ),
        ("volumes: [{name: v, gitRepo: {repository: r}}]", "", "spec.volumes[0].gitRepo: deprecated in v1.11"),
        (
            "volumes: [{name: v, cephfs: {monitors: [a]}}]",
            "",
            "spec.volumes[0].cephfs: deprecated in v1.28, non-functional in v1.31+",
        ),
        (
            "volumes: [{name: v, storageos: {volumeName: a}}]",
            "",
            "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+",
        ),
        (
            "volumes: [{name: v, configMap: {name: m, items: [{key: a, path: x}, {key: b, path: x/y}]}}]",
            "",
            r#"volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x""#,
        ),
        ("imagePullSecrets: [{}]", "", r#"spec.imagePullSecrets[0].name: invalid empty name """#),
        (
            "",
            "scheduler.alpha.kubernetes.io/critical-pod: ''",
            "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the \
             \"priorityClassName\" field instead",
        ),
        (
            "",
            "container.seccomp.security.alpha.kubernetes.io/c: x",
            "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: non-functional in v1.27+; use the \
             \\\"seccompProfile\\\" field instead",
        ),
        ("securityContext: {}", "", ""),
    ];
    for (spec, annotations, expect) in cases {
        let expect: Vec<&str> = Some(expect).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(pod(spec, annotations), expect, "{spec} {annotations}");
    }
}

#[test]
fn files_of_projected_sources_are_looked_at_together() {
    let sources = "volumes: [{name: v, projected: {sources: [{configMap: {name: m, items: [{key: a, path: x}]}}, {secret: {name: \
                   s, items: [{key: a, path: x/y}]}}]}}]";
    let expect = [r#"volume "v" (Projected Secret "s"): overlapping paths: "x/y" with "x""#];
    assert_eq!(pod(sources, ""), expect);
}

#[test]
fn other_kinds_have_words_of_their_own() {
    let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v, annotations: \
                  {volume.beta.kubernetes.io/storage-class: x}}\nspec: {capacity: {storage: 1Gi}, accessModes: \
                  [ReadWriteOnce], persistentVolumeReclaimPolicy: Recycle, hostPath: {path: /p}}\n";
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: \
                   {kubernetes.io/ingress.class: x}}\nspec: {defaultBackend: {service: {name: s, port: {number: 80}}}}\n";
    let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: c}\nprovisioner: \
                 p.example.com/p\nallowedTopologies: [{matchLabelExpressions: [{key: beta.kubernetes.io/arch, values: \
                 [a]}]}]\n";
    let cases: [(Kind, &str, &[&str]); 3] = [
        (
            Kind::PersistentVolume,
            volume,
            &[
                "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \
                 \"storageClassName\" attribute instead",
                "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended \
                 approach is to use dynamic provisioning.",
            ],
        ),
        (
            Kind::Ingress,
            ingress,
            &["annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"],
        ),
        (
            Kind::StorageClass,
            class,
            &["allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.14; use \"kubernetes.io/arch\" \
                 instead"],
        ),
    ];
    for (kind, text, expect) in cases {
        assert_eq!(create(&mut server(), kind, text).warnings, expect, "{text}");
    }
}

#[test]
fn a_template_is_warned_of_again_only_when_it_changes() {
    let mut server = server();
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web.1}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
                template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: i}], nodeSelector: \
                {beta.kubernetes.io/os: linux}}\n";
    let told = create(&mut server, Kind::Deployment, text).warnings;
    assert!(told[0].starts_with("metadata.name: this is used in Pod names and hostnames"), "{told:?}");
    let selector = r#"spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#;
    assert_eq!(told[1..], [selector]);
    let mut patched = |body: &str| {
        let patch = Patch { kind: PatchKind::Merge, body: value(body) };
        let key = api::Key::new("default", "web.1");
        let mut api = server.client("test", NOW);
        api.patch(Kind::Deployment, &key, &patch, &WriteOptions::default()).expect("accepted").warnings
    };
    assert_eq!(patched("{metadata: {labels: {x: z}}}"), [] as [&str; 0]);
    assert_eq!(patched("{spec: {replicas: 2}}"), [selector]);
    assert_eq!(patched("{metadata: {annotations: {x: z}}}"), [selector]);
}

/// What a kind is refused with, or warned of.
fn answer(kind: Kind, text: &str) -> String {
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    let answer = server().client("test", NOW).create_value(kind, namespace, value(text), &WriteOptions::default());
    match answer {
        Ok(written) => written.warnings.join("\n"),
        Err(status) => status.message.split_once(" is invalid: ").map_or("", |(_, faults)| faults).to_owned(),
    }
}

#[test]
fn addresses_that_programs_read_differently_are_refused_and_unusual_ones_told() {
    let service = |address: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{externalIPs: ['{address}'], ports: [{{port: 80}}]}}\n"
        );
        answer(Kind::Service, &text)
    };
    let deprecated = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
    assert_eq!(service("8.8.8.8"), deprecated);
    for (address, problem) in [
        ("08.8.8.8", "must not have leading 0s"),
        ("::ffff:8.8.8.8", "must not be an IPv4-mapped IPv6 address"),
        ("8.8.8", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
    ] {
        assert_eq!(service(address), format!("spec.externalIPs[0]: Invalid value: \"{address}\": {problem}"));
    }
    let unusual =
        "spec.externalIPs[0]: IPv6 address \"2001:DB8:0::1\" should be in RFC 5952 canonical format (\"2001:db8::1\")";
    assert_eq!(service("2001:DB8:0::1"), format!("{unusual}\n{deprecated}"));
}

#[test]
fn ranges_of_addresses_are_judged() {
    let policy = |cidr: &str, except: &str| {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {{podSelector: {{}}, ingress: \
             [{{from: [{{ipBlock: {{cidr: '{cidr}', except: [{except}]}}}}]}}]}}\n"
        );
        answer(Kind::NetworkPolicy, &text)
    };
    let block = "spec.ingress[0].from[0].ipBlock";
    for (cidr, problem) in [
        ("10.0.0.0", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("10.0.0.0/33", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("10.0.0.00/8", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"),
        ("10.1.0.0/8", "must not have bits set beyond the prefix length"),
    ] {
        assert_eq!(policy(cidr, ""), format!("{block}.cidr: Invalid value: \"{cidr}\": {problem}"));
    }
    let outside = format!("{block}.except[0]: Invalid value: \"11.0.0.0/16\": must be a strict subset of `cidr`");
    assert_eq!(policy("10.0.0.0/8", "11.0.0.0/16"), outside);
    assert_eq!(policy("10.0.0.0/8", "10.1.0.0/16"), "");
    assert_eq!(policy("0.0.0.0/0", "10.0.0.0/8"), "");
    let same = format!("{block}.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of `cidr`");
    assert_eq!(policy("10.0.0.0/8", "10.0.0.0/8"), same);
    assert_eq!(policy("", ""), format!("{block}.cidr: Required value"));
    let unusual = "IPv6 CIDR value \"2001:DB8::/32\" should be in RFC 5952 canonical format (\"2001:db8::/32\")";
    assert_eq!(policy("2001:DB8::/32", ""), format!("{block}.cidr: {unusual}"));
}
