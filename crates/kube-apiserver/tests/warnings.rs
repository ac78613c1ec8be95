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
