//! `kubectl config`: what it writes into the kubeconfig file, and what that changes.

use crate::world::World;

#[test]
fn the_namespace_of_a_context_is_used() {
    let mut world = World::new();
    world.check("kubectl create ns blue", "", "namespace/blue created\n", "", 0);
    let said = "Context \"minikube\" modified.\n";
    world.check("kubectl config set-context --current --namespace=blue", "", said, "", 0);
    world.check("kubectl create cm a --from-literal=k=v", "", "configmap/a created\n", "", 0);
    world.check("kubectl get cm a -n blue -o name", "", "configmap/a\n", "", 0);
    world.check(
        "kubectl config unset contexts.minikube.namespace",
        "",
        "Property \"contexts.minikube.namespace\" unset.\n",
        "",
        0,
    );
    let missing = "Error from server (NotFound): configmaps \"a\" not found\n";
    world.check("kubectl get cm a", "", "", missing, 1);
}

#[test]
fn entries_are_listed_set_renamed_and_deleted() {
    let mut world = World::new();
    world.check("kubectl config get-clusters", "", "NAME\nminikube\n", "", 0);
    world.check("kubectl config get-users", "", "NAME\nminikube\n", "", 0);
    world.check("kubectl config set-credentials jane --token=t", "", "User \"jane\" set.\n", "", 0);
    world.check("kubectl config view -o 'jsonpath={.users[?(@.name==\"jane\")].user.token}'", "", "t", "", 0);
    world.check(
        "kubectl config set contexts.blue.cluster minikube",
        "",
        "Property \"contexts.blue.cluster\" set.\n",
        "",
        0,
    );
    world.check("kubectl config rename-context blue green", "", "Context \"blue\" renamed to \"green\".\n", "", 0);
    let taken = "error: cannot rename the context \"green\", the context \"minikube\" already exists in /home/user/.kube/config\n";
    world.check("kubectl config rename-context green minikube", "", "", taken, 1);
    let gone = "deleted context green from /home/user/.kube/config\n";
    world.check("kubectl config delete-context green", "", gone, "", 0);
    let missing = "error: cannot delete context green, not in /home/user/.kube/config\n";
    world.check("kubectl config delete-context green", "", "", missing, 1);
    let gone = "deleted context minikube from /home/user/.kube/config\n";
    let warning =
        "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n";
    world.check("kubectl config delete-context minikube", "", gone, warning, 0);
}

#[test]
fn another_server_is_not_asked() {
    let mut world = World::new();
    let set = "Cluster \"far\" set.\n";
    world.check("kubectl config set-cluster far --server=https://10.0.0.1:6443", "", set, "", 0);
    world.check("kubectl config set-context far --cluster=far", "", "Context \"far\" created.\n", "", 0);
    let refusal = "error: the server https://10.0.0.1:6443 is not in this playground; its one server is \
                   https://192.168.49.2:6443\n";
    world.check("kubectl get ns --context=far", "", "", refusal, 1);
    world.check("kubectl get ns default -o name", "", "namespace/default\n", "", 0);
}
