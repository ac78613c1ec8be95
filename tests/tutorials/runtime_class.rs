//! RuntimeClasses: what they add to pods, and what runs under them.

use ordinal_tests::desk::{Desk, desk};

const CLASSES: &str = r#"apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: gvisor}
handler: runsc
overhead: {podFixed: {cpu: 250m, memory: 64Mi}}
scheduling: {nodeSelector: {kubernetes.io/os: linux}, tolerations: [{key: x, operator: Exists}]}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: plain}
handler: runc
"#;

fn check(desk: &mut Desk, cases: &[(&str, &str)]) {
    for (command, expect) in cases {
        let said = desk.run(command);
        assert_eq!(format!("{}{}", said.stdout, said.stderr), *expect, "{command}");
    }
}

fn run(name: &str, spec: &str) -> String {
    format!("kubectl run {name} --image=nginx --overrides='{{\"spec\":{spec}}}'")
}

#[test]
fn a_class_is_asked_for_by_name_and_adds_to_the_pod() {
    let mut desk = desk(1, 1);
    let forbidden = |cause: &str| format!("Error from server (Forbidden): pods \"a\" is forbidden: {cause}\n");
    let of = |class: &str| run("a", &format!("{{\"runtimeClassName\":\"{class}\"}}"));
    let missing = forbidden("pod rejected: RuntimeClass \"gvisor\" not found");
    let apply = format!("kubectl apply -f - <<'END'\n{CLASSES}END");
    let unfounded = forbidden("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    let other = forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    let conflict = forbidden(
        "conflict: runtimeClass.scheduling.nodeSelector[kubernetes.io/os] = linux; pod.spec.nodeSelector[kubernetes.io/os] = x",
    );
    check(
        &mut desk,
        &[
            (&of("gvisor"), &missing),
            (&apply, "runtimeclass.node.k8s.io/gvisor created\nruntimeclass.node.k8s.io/plain created\n"),
            ("kubectl get runtimeclass --no-headers", "gvisor   runsc   0s\nplain    runc    0s\n"),
            (&run("a", r#"{"overhead":{"cpu":"1"}}"#), &unfounded),
            (&run("a", r#"{"runtimeClassName":"gvisor","overhead":{"cpu":"1"}}"#), &other),
            (&run("a", r#"{"runtimeClassName":"gvisor","nodeSelector":{"kubernetes.io/os":"x"}}"#), &conflict),
            (&of("gvisor"), "pod/a created\n"),
            ("kubectl get pod a -o jsonpath='{.spec.overhead}'", "{\"cpu\":\"250m\",\"memory\":\"64Mi\"}"),
            ("kubectl get pod a -o jsonpath='{.spec.nodeSelector}'", "{\"kubernetes.io/os\":\"linux\"}"),
            (
                "kubectl get pod a -o jsonpath='{.spec.tolerations[*].key}'",
                "node.kubernetes.io/not-ready node.kubernetes.io/unreachable x",
            ),
            (
                "kubectl patch runtimeclass plain --type=merge -p '{\"handler\":\"x\"}'",
                "The RuntimeClass \"plain\" is invalid: handler: Invalid value: \"x\": field is immutable\n",
            ),
        ],
    );
}

#[test]
fn the_nodes_have_one_runtime() {
    let mut desk = desk(1, 1);
    desk.run(&format!("kubectl apply -f - <<'END'\n{CLASSES}END"));
    for (name, class) in [("a", "gvisor"), ("b", "plain")] {
        desk.run(&run(name, &format!("{{\"runtimeClassName\":\"{class}\"}}")));
    }
    desk.wait(20);
    let statuses = "kubectl get pods -o jsonpath='{.items[*].status.phase}'";
    let event = "kubectl get events --field-selector=reason=FailedCreatePodSandBox -o jsonpath='{.items[*].message}'";
    check(
        &mut desk,
        &[
            (statuses, "Pending Running"),
            (
                event,
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for \
                 \"runsc\" is configured",
            ),
        ],
    );
}
