//! `--as`: what others may do, by the roles that are bound to them; and the roles that every cluster has.

use crate::world::World;

const BUILDER: &str = "--as=system:serviceaccount:default:builder";

fn forbidden(object: &str, user: &str, what: &str, place: &str) -> String {
    format!("Error from server (Forbidden): {object} is forbidden: User \"{user}\" cannot {what} {place}\n")
}

/// A world with a service account `builder`.
fn world() -> World {
    let mut world = World::new();
    for name in ["default", "builder"] {
        let made = format!("serviceaccount/{name} created\n");
        world.check(&format!("kubectl create serviceaccount {name}"), "", &made, "", 0);
    }
    world
}

#[test]
fn a_service_account_may_do_nothing_until_a_role_is_bound_to_it() {
    let mut world = world();
    let (user, here) = ("system:serviceaccount:default:builder", "in the namespace \"default\"");
    let refusal = forbidden("pods", user, "list resource \"pods\" in API group \"\"", here);
    world.check(&format!("kubectl get pods {BUILDER}"), "", "", &refusal, 1);
    world.check(&format!("kubectl auth can-i list pods {BUILDER}"), "", "no\n", "", 1);
    world.run("kubectl create role reader --verb=get,list,watch --resource=pods");
    world.run("kubectl create rolebinding reader --role=reader --serviceaccount=default:builder");
    world.check(&format!("kubectl get pods {BUILDER}"), "", "", "No resources found in default namespace.\n", 0);
    world.check(&format!("kubectl auth can-i list pods {BUILDER}"), "", "yes\n", "", 0);
    let everywhere = forbidden("pods", user, "list resource \"pods\" in API group \"\"", "at the cluster scope");
    world.check(&format!("kubectl get pods -A {BUILDER}"), "", "", &everywhere, 1);
    let refusal = forbidden("pods", user, "create resource \"pods\" in API group \"\"", here);
    world.check(&format!("kubectl run a --image=nginx {BUILDER}"), "", "", &refusal, 1);
    let parts = format!("kubectl auth can-i get pods --subresource=log {BUILDER}");
    world.check(&parts, "", "no\n", "", 1);
}

#[test]
fn a_refusal_names_object_group_and_place() {
    let mut world = world();
    let cases = [
        ("get nodes", "nodes", "list resource \"nodes\" in API group \"\"", "at the cluster scope"),
        (
            "get ns default",
            "namespaces \"default\"",
            "get resource \"namespaces\" in API group \"\"",
            "in the namespace \"default\"",
        ),
        (
            "get deploy d -n kube-system",
            "deployments.apps \"d\"",
            "get resource \"deployments\" in API group \"apps\"",
            "in the namespace \"kube-system\"",
        ),
    ];
    for (line, object, what, place) in cases {
        world.check(&format!("kubectl {line} --as=jane"), "", "", &forbidden(object, "jane", what, place), 1);
    }
    let outcome = world.run("kubectl get sa builder --as=jane --as-group=system:masters -o name");
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("serviceaccount/builder\n", Some(0)), "{outcome:?}");
    let refusal = "error: invalid configuration: requesting uid, groups or user-extra for minikube without impersonating a user\n";
    world.check("kubectl get pods --as-group=x", "", "", refusal, 1);
}

#[test]
fn the_roles_of_every_cluster_can_be_bound_and_changed() {
    let mut world = world();
    let can = |world: &mut World, what: &str| world.run(&format!("kubectl auth can-i {what} --as=jane")).stdout;
    assert_eq!(can(&mut world, "list pods"), "no\n");
    world.run("kubectl create clusterrolebinding jane --clusterrole=view --user=jane");
    for (what, may) in [
        ("list pods -A", "yes\n"),
        ("get pods --subresource=log", "yes\n"),
        ("list secrets", "no\n"),
        ("create pods", "no\n"),
    ] {
        assert_eq!(can(&mut world, what), may, "{what}");
    }
    world.run("kubectl create rolebinding jane --clusterrole=edit --user=jane");
    for (what, may) in [
        ("create deployments.apps", "yes\n"),
        ("create deployments.apps -n kube-system", "no\n"),
        ("create rolebindings", "no\n"),
        ("get /healthz", "yes\n"),
        ("get /metrics", "no\n"),
    ] {
        assert_eq!(can(&mut world, what), may, "{what}");
    }
    let before = world.run("kubectl get clusterroles -o name").stdout.lines().count();
    assert!(before > 60, "{before}");
    let deleted = "clusterrole.rbac.authorization.k8s.io \"view\" deleted\n";
    world.check("kubectl delete clusterrole view", "", deleted, "", 0);
    assert_eq!(world.run("kubectl get clusterroles -o name").stdout.lines().count(), before - 1);
    assert_eq!(can(&mut world, "list pods -A"), "no\n");
}

#[test]
fn whoever_asks_is_told_who_they_are_and_what_they_may() {
    let mut world = world();
    let who = "ATTRIBUTE      VALUE\nUsername       jane\nUID            u\nGroups         [dev system:authenticated]\nExtra: scopes   [a b]\n";
    let line =
        "kubectl auth whoami --as=jane --as-uid=u --as-group=dev --as-user-extra=scopes=a --as-user-extra=scopes=b";
    let shown = world.run(line).stdout;
    let words =
        |text: &str| text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    assert_eq!(words(&shown), words(who));
    let rights = world.run(&format!("kubectl auth can-i --list {BUILDER} --no-headers")).stdout;
    let lines = words(&rights);
    assert_eq!(lines[0], "selfsubjectreviews.authentication.k8s.io [] [] [create]");
    assert!(lines.contains(&"[/api/*] [] [get]".to_owned()), "{rights}");
}

#[test]
fn nobody_gives_away_what_they_do_not_have() {
    let mut world = world();
    world.run("kubectl create rolebinding jane --clusterrole=admin --user=jane");
    let create = "kubectl create role r --verb=get,list --resource=secrets,nodes --as=jane";
    let group = "(groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:";
    let refusal = format!(
        "Error from server (Forbidden): roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"jane\" {group}\n{{APIGroups:[\"\"], \
         Resources:[\"nodes\"], Verbs:[\"get\" \"list\"]}}\n"
    );
    world.check(create, "", "", &refusal, 1);
    let small = "kubectl create role r --verb=get,list --resource=secrets --as=jane";
    world.check(small, "", "role.rbac.authorization.k8s.io/r created\n", "", 0);
    let bound = "rolebinding.rbac.authorization.k8s.io/b created\n";
    world.check("kubectl create rolebinding b --role=r --user=bob --as=jane", "", bound, "", 0);
    let outcome = world.run("kubectl create rolebinding c --clusterrole=cluster-admin --user=bob --as=jane");
    let refusal = format!(
        "error: failed to create rolebinding: rolebindings.rbac.authorization.k8s.io \"c\" is forbidden: user \"jane\" \
         {group}\n{{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}}\n{{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}}\n"
    );
    assert_eq!((outcome.stderr, outcome.code), (refusal, Some(1)));
    let patch = "kubectl patch role r --type=json -p '[{\"op\":\"add\",\"path\":\"/rules/0/resources/-\",\"value\":\"nodes\"}]' --as=jane";
    let outcome = world.run(patch);
    assert!(
        outcome
            .stderr
            .starts_with("Error from server (Forbidden): roles.rbac.authorization.k8s.io \"r\" is forbidden: ")
    );
    // Who may escalate roles may.
    world.run("kubectl create role e --verb=escalate --resource=roles");
    world.run("kubectl create rolebinding e --role=e --user=jane");
    world.check(patch, "", "role.rbac.authorization.k8s.io/r patched\n", "", 0);
}

#[test]
fn a_role_made_of_others_is_for_whoever_may_all() {
    let mut world = world();
    world.run("kubectl create clusterrole author --verb=create,update,get --resource=clusterroles");
    world.run("kubectl create clusterrolebinding author --clusterrole=author --user=jane");
    let all = "kubectl create clusterrole all --aggregation-rule=app=x";
    let refusal = "Error from server (Forbidden): clusterroles.rbac.authorization.k8s.io \"all\" is forbidden: must have \
                   cluster-admin privileges to use the aggregationRule\n";
    world.check(&format!("{all} --as=jane"), "", "", refusal, 1);
    world.check(all, "", "clusterrole.rbac.authorization.k8s.io/all created\n", "", 0);
}
