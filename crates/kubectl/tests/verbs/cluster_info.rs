//! `kubectl cluster-info`: addresses, and dumps of everything.

use crate::world::World;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {initContainers: [{name: i, image: busybox}], \
                   containers: [{name: c, image: busybox}]}\n";

#[test]
fn a_dump_goes_to_standard_output_with_the_logs_behind() {
    let mut world = World::new();
    world.run("kubectl create sa default");
    world.check("kubectl create -f -", POD, "pod/p created\n", "", 0);
    let dump = world.run("kubectl cluster-info dump");
    assert_eq!((dump.code, dump.stderr.as_str()), (Some(0), ""));
    let heads: Vec<&str> = dump.stdout.lines().filter(|line| line.starts_with("    \"kind\": ")).collect();
    let of_namespace = ["Event", "ReplicationController", "Service", "DaemonSet", "Deployment", "ReplicaSet", "Pod"];
    let kinds = ["Node"].into_iter().chain(of_namespace).chain(of_namespace);
    assert_eq!(heads, kinds.map(|kind| format!("    \"kind\": \"{kind}List\",")).collect::<Vec<_>>());
    assert!(
        dump.stdout.starts_with("{\n    \"kind\": \"NodeList\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {\n")
    );
    let logs = |container: &str| {
        format!(
            "==== START logs for container {container} of pod default/p ====\nRequest log error: no kubelet here\n\
             ==== END logs for container {container} of pod default/p ====\n"
        )
    };
    assert!(dump.stdout.ends_with(&format!("}}\n{}{}", logs("i"), logs("c"))), "{}", dump.stdout);
    assert!(!dump.stdout.contains("managedFields"));
}

#[test]
fn a_dump_goes_to_a_directory_with_a_file_per_list() {
    let mut world = World::new();
    world.run("kubectl create sa default");
    world.check("kubectl create -f -", POD, "pod/p created\n", "", 0);
    world.check(
        "kubectl cluster-info dump --output-directory=d --namespaces default -o yaml",
        "",
        "Cluster info dumped to d\n",
        "",
        0,
    );
    let files: Vec<&String> = world.files.0.keys().collect();
    let names = ["default/daemonsets", "default/deployments", "default/events"].map(|name| format!("{name}.yaml"));
    let rest =
        ["pods", "replicasets", "replication-controllers", "services"].map(|name| format!("default/{name}.yaml"));
    let expect =
        names.into_iter().chain(["default/p/logs.txt".to_string()]).chain(rest).chain(["nodes.yaml".to_string()]);
    let expect: Vec<String> = expect.map(|name| format!("/home/user/d/{name}")).collect();
    assert_eq!(files, expect.iter().collect::<Vec<_>>());
    let pods = String::from_utf8(world.files.0["/home/user/d/default/pods.yaml"].clone()).unwrap();
    // One printer prints all of them.
    assert!(pods.starts_with("---\napiVersion: v1\nitems:\n- metadata:\n"), "{pods}");
    let all = world.run("kubectl cluster-info dump -A -o yaml").stdout;
    assert_eq!(all.matches("kind: PodList").count(), world.run("kubectl get ns -o name").stdout.lines().count());
    let names = "error: list types are not supported by name printing: *v1.NodeList\n";
    world.check("kubectl cluster-info dump -o name", "", "", names, 1);
}

#[test]
fn services_of_the_cluster_have_their_address() {
    let mut world = World::new();
    let service = |name: &str, port: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, labels: {{kubernetes.io/cluster-service: 'true'}}}}\nspec: \
             {{ports: [{{port: {port}}}]}}\n---\n"
        )
    };
    world
        .run_with("kubectl create -f -", &(service("a", "80") + &service("b", "443") + &service("c", "80, name: web")));
    let at = "is running at https://192.168.49.2:6443";
    let proxy = |name: &str| format!("/api/v1/namespaces/default/services/{name}/proxy\n");
    let expect = format!(
        "Kubernetes control plane {at}\na {at}{}b {at}{}c {at}{}\nTo further debug and diagnose cluster problems, use \
         'kubectl cluster-info dump'.\n",
        proxy("a"),
        proxy("https:b:"),
        proxy("c:web")
    );
    world.check("kubectl cluster-info -n default", "", &expect, "", 0);
}
