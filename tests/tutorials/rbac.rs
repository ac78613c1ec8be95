//! Roles that are made of others.

use ordinal_tests::desk::{Desk, desk};

fn said(desk: &mut Desk, command: &str) -> String {
    let said = desk.run(command);
    format!("{}{}", said.stdout, said.stderr)
}

fn role(desk: &mut Desk, text: &str) {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n";
    let said = said(desk, &format!("kubectl apply -f - <<'END'\n{head}{text}\nEND"));
    assert!(said.ends_with(" created\n"), "{said}");
}

const WHOLE: &str = "metadata: {name: whole}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {part: 'true'}}]}";

#[test]
fn a_role_made_of_others_gets_their_rules_and_loses_them() {
    let mut desk = desk(1, 1);
    role(&mut desk, WHOLE);
    let part = |name: &str, resource: &str| {
        format!(
            "metadata: {{name: {name}, labels: {{part: 'true'}}}}\nrules: [{{apiGroups: [''], resources: [{resource}], verbs: [get]}}]"
        )
    };
    role(&mut desk, &part("b", "secrets"));
    role(&mut desk, &part("a", "pods"));
    said(&mut desk, "kubectl create clusterrolebinding jane --clusterrole=whole --user=jane");
    desk.wait(1);
    let rules = "kubectl get clusterrole whole -o jsonpath='{.rules[*].resources[0]}'";
    assert_eq!(said(&mut desk, rules), "pods secrets");
    assert_eq!(said(&mut desk, "kubectl auth can-i get secrets --as=jane"), "yes\n");
    said(&mut desk, "kubectl delete clusterrole b");
    desk.wait(1);
    assert_eq!(said(&mut desk, rules), "pods");
    assert_eq!(said(&mut desk, "kubectl auth can-i get secrets --as=jane"), "no\n");
}

#[test]
fn who_may_view_may_view_what_a_role_adds_to_that() {
    let mut desk = desk(1, 1);
    said(&mut desk, "kubectl create clusterrolebinding jane --clusterrole=view --user=jane");
    let before = said(&mut desk, "kubectl get clusterrole view -o jsonpath='{.rules}'");
    role(
        &mut desk,
        "metadata: {name: leases, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}\nrules: [{apiGroups: \
         [coordination.k8s.io], resources: [leases], verbs: [list]}]",
    );
    desk.wait(1);
    let after = said(&mut desk, "kubectl get clusterrole view -o jsonpath='{.rules}'");
    assert!(after.len() > before.len() && after.contains("leases"), "{after}");
    assert!(
        said(&mut desk, "kubectl get leases -n kube-node-lease --as=jane -o name")
            .starts_with("lease.coordination.k8s.io/")
    );
}
