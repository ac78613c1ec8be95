//! PodSecurity: pods against the standard that the labels of their namespace name. The words are those that upstream's own
//! tests expect.

use api::core::namespace::ServiceAccount;
use api::text::yaml;
use api::{Key, Kind, ObjectMeta, Status, Str, Value};
use client::{Api, Patch, PatchKind, Subresource, WriteOptions, Written};
use kube_apiserver::ApiServer;
use sim::Time;

const NOW: Time = Time::HEADLESS_START;
const HARMLESS: &str = "securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, \
                        seccompProfile: {type: RuntimeDefault}}";

/// A server whose namespace `team` has these labels.
fn server(labels: &str) -> ApiServer {
    let mut server = ApiServer::new(1, NOW);
    let text = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: team, labels: {{{labels}}}}}\n");
    create(&mut server, Kind::Namespace, &text).expect("a namespace");
    let account = ServiceAccount { metadata: ObjectMeta::new("team", "default"), ..ServiceAccount::default() };
    server.client("test", NOW).create(account.into()).expect("accepted");
    server
}

fn create(server: &mut ApiServer, kind: Kind, text: &str) -> Result<Written, Status> {
    let value = yaml::read(text).expect("a test case is YAML");
    let namespace = if kind.is_namespaced() { "team" } else { "" };
    server.client("test", NOW).create_value(kind, namespace, value, &WriteOptions::default())
}

fn label(server: &mut ApiServer, labels: &str) -> Result<Vec<Str>, Status> {
    let body = yaml::read(&format!("{{metadata: {{labels: {{{labels}}}}}}}")).expect("labels");
    let patch = Patch { kind: PatchKind::Merge, body };
    let key = Key::new("", "team");
    let written = server.client("test", NOW).patch(Kind::Namespace, &key, &patch, &WriteOptions::default());
    written.map(|written| written.warnings)
}

fn enforce(level: &str) -> String {
    format!("pod-security.kubernetes.io/enforce: {level}")
}

fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  {}\n", spec.replace('\n', "\n  "))
}

/// What keeps a pod with this specification out of a namespace with these labels; "" if nothing does.
fn check(labels: &str, spec: &str, expect: &str) {
    let answer = create(&mut server(labels), Kind::Pod, &pod(spec));
    let refusal = answer.err().map(|status| status.message.to_string()).unwrap_or_default();
    let expect = match expect {
        "" => String::new(),
        cause => format!("pods \"p\" is forbidden: violates PodSecurity {cause}"),
    };
    assert_eq!(refusal, expect, "{labels}\n{spec}");
}

#[test]
fn an_ordinary_pod_is_too_free_for_the_restricted_standard() {
    let restricted = "allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), \
                      unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), \
                      runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), \
                      seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \
                      \"RuntimeDefault\" or \"Localhost\")";
    let plain = "containers: [{name: c, image: i}]";
    check("", plain, "");
    check(&enforce("privileged"), plain, "");
    check(&enforce("baseline"), plain, "");
    check(&enforce("restricted"), plain, &format!("\"restricted:latest\": {restricted}"));
    let old = format!("{}, pod-security.kubernetes.io/enforce-version: v1.7", enforce("restricted"));
    let few =
        "\"restricted:v1.7\": runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true)";
    check(&old, plain, few);
    check(&enforce("restricted"), &format!("containers: [{{name: c, image: i, {HARMLESS}}}]"), "");
}

#[test]
fn each_check_names_what_it_found() {
    let cases = [
        ("hostPID: true\nhostNetwork: true\nCONTAINERS", "host namespaces (hostNetwork=true, hostPID=true)"),
        (
            "containers: [{name: a, image: i, securityContext: {privileged: true}}, {name: b, image: i, securityContext: \
             {privileged: true}}]",
            "privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)",
        ),
        (
            "volumes: [{name: a, hostPath: {path: /}}, {name: b, hostPath: {path: /x}}]\nCONTAINERS",
            "hostPath volumes (volumes \"a\", \"b\")",
        ),
        (
            "containers: [{name: a, image: i, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: \
             12}]}]",
            "hostPort (container \"a\" uses hostPorts 12, 8080)",
        ),
        (
            "containers: [{name: a, image: i, securityContext: {capabilities: {add: [FOO, CHOWN, BAR]}}}]",
            "non-default capabilities (container \"a\" must not include \"BAR\", \"FOO\" in \
             securityContext.capabilities.add)",
        ),
        (
            "containers: [{name: a, image: i, readinessProbe: {httpGet: {host: b.c, port: 80}}, livenessProbe: {tcpSocket: \
             {host: 8.8.8.8, port: 80}}}]",
            "probe or lifecycle host (container \"a\" uses probe or lifecycle hosts \"8.8.8.8\", \"b.c\")",
        ),
        (
            "securityContext: {seLinuxOptions: {type: x, user: u, role: r}}\nCONTAINERS",
            "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type \"x\"; user may not be set; role may \
             not be set)",
        ),
        (
            "securityContext: {seccompProfile: {type: Unconfined}}\ncontainers: [{name: a, image: i, securityContext: \
             {seccompProfile: {type: Unconfined}}}]",
            "seccompProfile (pod and container \"a\" must not set securityContext.seccompProfile.type to \"Unconfined\")",
        ),
        (
            "securityContext: {appArmorProfile: {type: Unconfined}}\nCONTAINERS",
            "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")",
        ),
        (
            "securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}, {name: net.ipv4.tcp_rmem, value: '1'}]}\n\
             CONTAINERS",
            "forbidden sysctls (kernel.msgmax)",
        ),
    ];
    for (spec, expect) in cases {
        let spec = spec.replace("CONTAINERS", "containers: [{name: c, image: i}]");
        check(&enforce("baseline"), &spec, &format!("\"baseline:latest\": {expect}"));
    }
}

#[test]
fn what_the_restricted_standard_adds() {
    let container = format!("containers: [{{name: c, image: i, {HARMLESS}}}]");
    let harmless = |more: &str| HARMLESS.replacen('{', &format!("{{{more}, "), 1);
    let cases = [
        (
            format!(
                "volumes: [{{name: a, hostPath: {{path: /}}}}, {{name: b, nfs: {{server: s, path: /}}}}]\n{container}"
            ),
            "restricted volume types (volumes \"a\", \"b\" use restricted volume types \"hostPath\", \"nfs\")",
        ),
        (
            format!("containers: [{{name: c, image: i, {}}}]", harmless("runAsUser: 0")),
            "runAsUser=0 (container \"c\" must not set runAsUser=0)",
        ),
        (
            format!("containers: [{{name: c, image: i, {}}}]", HARMLESS.replace("[ALL]", "[ALL], add: [CHOWN]")),
            "unrestricted capabilities (container \"c\" must not include \"CHOWN\" in securityContext.capabilities.add)",
        ),
        (
            format!("containers: [{{name: c, image: i, {}}}]", HARMLESS.replace("NonRoot: true", "NonRoot: false")),
            "runAsNonRoot != true (container \"c\" must not set securityContext.runAsNonRoot=false)",
        ),
    ];
    for (spec, expect) in cases {
        check(&enforce("restricted"), &spec, &format!("\"restricted:latest\": {expect}"));
    }
}

#[test]
fn workloads_are_accepted_with_a_warning() {
    let template = "template: {metadata: {labels: {a: b}}, spec: {hostPID: true, containers: [{name: c, image: i}]}}";
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{selector: {{matchLabels: {{a: b}}}}, {template}}}\n"
    );
    let warning = "would violate PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    let warn = "pod-security.kubernetes.io/warn: baseline".to_owned();
    for labels in [enforce("baseline"), warn.clone()] {
        let written = create(&mut server(&labels), Kind::Deployment, &text).expect("accepted");
        assert_eq!(written.warnings, [Str::from(warning)], "{labels}");
    }
    let mut server = server(&warn);
    let spec = "hostPID: true\ncontainers: [{name: c, image: i}]";
    assert_eq!(create(&mut server, Kind::Pod, &pod(spec)).expect("accepted").warnings, [Str::from(warning)]);
}

#[test]
fn labels_are_judged_and_pods_that_are_there_stay() {
    let mut server = server("");
    for name in ["b", "a"] {
        let text = pod("hostPID: true\ncontainers: [{name: c, image: i}]").replace("name: p", &format!("name: {name}"));
        create(&mut server, Kind::Pod, &text).expect("accepted");
    }
    let refusal = label(&mut server, &enforce("strict")).unwrap_err().message;
    let expect = "Namespace \"team\" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be \
                  one of privileged, baseline, restricted";
    assert_eq!(refusal, expect);
    let refusal = label(&mut server, "pod-security.kubernetes.io/warn-version: v1").unwrap_err().message;
    let expect = "Namespace \"team\" is invalid: metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: \"v1\": must be \
                  \"latest\" or \"v1.x\"";
    assert_eq!(refusal, expect);
    let warnings = label(&mut server, &enforce("baseline")).expect("accepted");
    let expect = [
        "existing pods in namespace \"team\" violate the new PodSecurity enforce level \"baseline:latest\"",
        "a (and 1 other pod): host namespaces",
    ];
    assert_eq!(warnings, expect.map(Str::from));
    assert_eq!(label(&mut server, &enforce("privileged")).expect("accepted"), Vec::<Str>::new());
}

#[test]
fn a_running_pod_is_looked_at_again_when_its_image_changes() {
    let mut server = server("");
    create(&mut server, Kind::Pod, &pod("hostPID: true\ncontainers: [{name: c, image: i}]")).expect("accepted");
    label(&mut server, &enforce("baseline")).expect("accepted");
    let mut patch = |body: &str| {
        let patch = Patch { kind: PatchKind::Strategic, body: yaml::read(body).expect("a patch") };
        let key = Key::new("team", "p");
        server.client("test", NOW).patch(Kind::Pod, &key, &patch, &WriteOptions::default()).map(|_| Value::Null)
    };
    patch("{metadata: {labels: {a: b}}}").expect("labels are nobody's business");
    let refusal = patch("{spec: {containers: [{name: c, image: j}]}}").unwrap_err().message;
    let expect = "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    assert_eq!(refusal, expect);
}

#[test]
fn a_debug_container_is_judged_too() {
    let labels = format!("{}, pod-security.kubernetes.io/warn: restricted", enforce("baseline"));
    let mut server = server(&labels);
    create(&mut server, Kind::Pod, &pod(&format!("containers: [{{name: c, image: i, {HARMLESS}}}]")))
        .expect("accepted");
    let mut add = |container: &str| {
        let body = yaml::read(&format!("{{spec: {{ephemeralContainers: [{container}]}}}}")).expect("a container");
        let options = WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
        let patch = Patch { kind: PatchKind::Strategic, body };
        server.client("test", NOW).patch(Kind::Pod, &Key::new("team", "p"), &patch, &options)
    };
    let refused = add("{name: d, image: busybox, securityContext: {privileged: true}}").expect_err("too free");
    let cause = "privileged (container \"d\" must not set securityContext.privileged=true)";
    let head = "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": ";
    assert_eq!(refused.message, format!("{head}{cause}"));
    let warnings = add("{name: d, image: busybox}").expect("accepted").warnings;
    assert!(warnings[0].starts_with("would violate PodSecurity \"restricted:latest\": "), "{warnings:?}");
}
