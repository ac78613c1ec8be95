//! Whole commands against an API server: what they print and what they leave behind.

use crate::world::{Outcome, World};
use api::{Key, Kind};
use sim::Span;

const WEB: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: nginx, labels: {app: nginx}}\nspec:\n  ports: [{port: 80, \
name: web}]\n  clusterIP: None\n  selector: {app: nginx}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: \
web}\nspec:\n  serviceName: nginx\n  replicas: 2\n  selector: {matchLabels: {app: nginx}}\n  template:\n    metadata: \
{labels: {app: nginx}}\n    spec:\n      containers: [{name: nginx, image: 'registry.k8s.io/nginx-slim:0.8'}]\n  \
volumeClaimTemplates:\n  - metadata: {name: www}\n    spec: {accessModes: [ReadWriteOnce], resources: {requests: \
{storage: 1Gi}}}\n";

fn with_web() -> World {
    let mut world = World::new();
    world.files.0.insert("/home/user/web.yaml".into(), WEB.as_bytes().to_vec());
    world.check("kubectl apply -f web.yaml", "", "service/nginx created\nstatefulset.apps/web created\n", "", 0);
    world
}

#[test]
fn applying_again_configures_what_a_patch_cannot_leave_empty() {
    let mut world = with_web();
    let again = "service/nginx unchanged\nstatefulset.apps/web configured\n";
    world.check("kubectl apply -f web.yaml", "", again, "", 0);
    let dry = "service/nginx unchanged (server dry run)\nstatefulset.apps/web configured (server dry run)\n";
    world.check("kubectl apply -f web.yaml --dry-run=server", "", dry, "", 0);
    let from_stdin = WEB.replace("replicas: 2", "replicas: 3");
    world.check("kubectl apply -f -", &from_stdin, again, "", 0);
    world.check("kubectl get sts web -o jsonpath={.spec.replicas}", "", "3", "", 0);
    world.check("kubectl delete sts web", "", "statefulset.apps \"web\" deleted from default namespace\n", "", 0);
    world.check("kubectl diff -f nope.yaml", "", "", "error: the path \"nope.yaml\" does not exist\n", 1);
}

#[test]
fn tables_show_several_resources_and_selections() {
    let mut world = with_web();
    let table = "NAME                 TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE
service/kubernetes   ClusterIP   10.96.0.1    <none>        443/TCP   0s
service/nginx        ClusterIP   None         <none>        80/TCP    0s

NAME                   READY   AGE
statefulset.apps/web   0/2     0s
";
    world.check("kubectl get svc,sts", "", table, "", 0);
    let one = "NAME    TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\nnginx   ClusterIP   None         <none>        \
               80/TCP    0s\n";
    world.check("kubectl get svc -lapp=nginx", "", one, "", 0);
    world.check("kubectl get pods", "", "", "No resources found in default namespace.\n", 0);
    world.check("kubectl get sts -A --no-headers", "", "default   web   0/2   0s\n", "", 0);
    world.check("kubectl get svc -o name", "", "service/kubernetes\nservice/nginx\n", "", 0);
    let columns = "NAME         PORT\nkubernetes   443\nnginx        80\n";
    world.check("kubectl get svc -o custom-columns=NAME:.metadata.name,PORT:.spec.ports[0].port", "", columns, "", 0);
}

#[test]
fn a_watch_prints_rows_as_objects_change() {
    let mut world = with_web();
    let mut watch = world.start("kubectl get sts -w");
    world.advance(&mut watch, "", Span::from_seconds(1));
    world.check("kubectl scale sts web --replicas=3", "", "statefulset.apps/web scaled\n", "", 0);
    world.advance(&mut watch, "", Span::ZERO);
    world.check("kubectl delete sts web", "", "statefulset.apps \"web\" deleted from default namespace\n", "", 0);
    world.advance(&mut watch, "", Span::ZERO);
    let rows = "NAME   READY   AGE\nweb    0/2     0s\nweb    0/3     0s\nweb    0/3     0s\n";
    assert_eq!(watch.outcome, Outcome { stdout: rows.into(), stderr: String::new(), code: None });
}

#[test]
fn a_rollout_is_followed_until_it_is_complete() {
    let mut world = with_web();
    let mut status = world.start("kubectl rollout status sts/web --timeout=5s");
    world.advance(&mut status, "", Span::from_seconds(1));
    assert_eq!(status.outcome.stdout, "Waiting for statefulset spec update to be observed...\n");
    world.advance(&mut status, "", Span::from_seconds(10));
    assert_eq!(status.outcome.stderr, "error: timed out waiting for the condition\n");
    assert_eq!(status.outcome.code, Some(1));
}

#[test]
fn deletion_is_waited_for() {
    let mut world = with_web();
    world.check("kubectl create cm c --from-literal=a=b", "", "configmap/c created\n", "", 0);
    let finalizers = r#"kubectl patch cm c --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'"#;
    world.check(finalizers, "", "configmap/c patched\n", "", 0);
    let mut deletion = world.start("kubectl delete cm c");
    world.advance(&mut deletion, "", Span::from_seconds(1));
    assert_eq!(deletion.outcome.stdout, "configmap \"c\" deleted from default namespace\n");
    assert_eq!(deletion.outcome.code, None, "the object is still there");
    let release = r#"kubectl patch cm c --type=merge -p '{"metadata":{"finalizers":null}}'"#;
    world.check(release, "", "configmap/c patched\n", "", 0);
    world.advance(&mut deletion, "", Span::ZERO);
    assert_eq!(deletion.outcome.code, Some(0));
    assert!(world.server.object(Kind::ConfigMap, &Key::new("default", "c")).is_none());
    world.check("kubectl delete cm -l a=b", "", "No resources found\n", "", 0);
}

#[test]
fn objects_are_edited_and_refusals_come_back_as_comments() {
    let mut world = with_web();
    world.check("kubectl edit sts web", "", "", "Edit cancelled, no changes made.\n", 0);
    world.editor = |text| text.replace("  replicas: 2", "  replicas: 4");
    world.check("kubectl edit sts web", "", "statefulset.apps/web edited\n", "", 0);
    world.check("kubectl get sts web -o jsonpath={.spec.replicas}", "", "4", "", 0);
    world.editor = |text| text.replace("kind: StatefulSet", "kind: [");
    let outcome = world.run("kubectl edit sts web");
    assert!(outcome.stderr.ends_with("error: Edit cancelled, no valid changes were saved.\n"), "{outcome:?}");
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn kinds_are_created_from_flags() {
    let mut world = World::new();
    world.check("kubectl create ns shop", "", "namespace/shop created\n", "", 0);
    world.check("kubectl create secret generic s -n shop --from-literal=a=b", "", "secret/s created\n", "", 0);
    world.check("kubectl get secret s -n shop -o jsonpath={.data.a}", "", "Yg==", "", 0);
    world.check("kubectl create svc clusterip web --tcp=80:8080", "", "service/web created\n", "", 0);
    world.check("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", "", "8080", "", 0);
    let yaml = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\nspec: {}\nstatus: {}\n";
    world.check("kubectl create ns x --dry-run=client -o yaml", "", yaml, "", 0);
    let again = "error: failed to create secret secrets \"s\" already exists\n";
    world.check("kubectl create secret generic s -n shop --from-literal=a=b", "", "", again, 1);
}

#[test]
fn the_kubeconfig_is_read_and_changed() {
    let mut world = with_web();
    world.check("kubectl config current-context", "", "minikube\n", "", 0);
    let done = "Context \"minikube\" modified.\n";
    world.check("kubectl config set-context --current --namespace=kube-system", "", done, "", 0);
    world.check("kubectl get svc -o name", "", "service/kube-dns\n", "", 0);
    let table = "CURRENT   NAME       CLUSTER    AUTHINFO   NAMESPACE\n*         minikube   minikube   minikube   kube-system\n";
    world.check("kubectl config get-contexts", "", table, "", 0);
}

#[test]
fn conditions_are_waited_for() {
    let mut world = with_web();
    let met = "statefulset.apps/web condition met\n";
    world.check("kubectl wait sts/web --for=jsonpath='{.spec.replicas}'=2", "", met, "", 0);
    let late = "error: timed out waiting for the condition on statefulsets/web\n";
    world.check("kubectl wait sts/web --for=jsonpath={.spec.replicas}=3 --timeout=2s", "", "", late, 1);
    let mut creation = world.start("kubectl wait cm/later --for=create");
    world.advance(&mut creation, "", Span::from_seconds(1));
    world.check("kubectl create cm later", "", "configmap/later created\n", "", 0);
    world.advance(&mut creation, "", Span::ZERO);
    assert_eq!(creation.outcome.stdout, "configmap/later condition met\n");
}

#[test]
fn labels_and_images_are_set() {
    let mut world = with_web();
    world.check("kubectl label sts web tier=front", "", "statefulset.apps/web labeled\n", "", 0);
    let taken = "error: 'tier' already has a value (front), and --overwrite is false\n";
    world.check("kubectl label sts web tier=back", "", "", taken, 1);
    world.check("kubectl label sts web tier-", "", "statefulset.apps/web unlabeled\n", "", 0);
    let missing = "label \"tier\" not found.\nstatefulset.apps/web not labeled\n";
    world.check("kubectl label sts web tier-", "", missing, "", 0);
    world.check("kubectl set image sts/web nginx=x:1", "", "statefulset.apps/web image updated\n", "", 0);
    world.check("kubectl set image sts/web nginx=x:1", "", "", "", 0);
    world.check("kubectl rollout restart sts/web", "", "statefulset.apps/web restarted\n", "", 0);
}

#[test]
fn the_tab_key_knows_verbs_flags_and_names() {
    let mut world = with_web();
    let cases = [
        ("kubectl rol", "rollout"),
        ("kubectl rollout st", "status"),
        ("kubectl get statefuls", "statefulsets"),
        ("kubectl get sts w", "web"),
        ("kubectl delete sts/w", "sts/web"),
        ("kubectl get svc -n kube-system ku", "kube-dns"),
        ("kubectl get pods --all-n", "--all-namespaces"),
        ("kubectl get pods -o ya", "yaml"),
    ];
    for (line, expect) in cases {
        assert_eq!(world.complete(line), Some(vec![expect.to_string()]), "{line}");
    }
    assert_eq!(world.complete("kubectl apply -f we"), None, "file names are the shell's");
}

#[test]
fn a_manifest_is_noted_as_applied_without_applying_it() {
    let mut world = World::new();
    let manifest =
        |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{k: {value}}}\n");
    world.check("kubectl create -f -", &manifest("v"), "configmap/a created\n", "", 0);
    let missing = "error: no last-applied-configuration annotation found on resource: a, to create the annotation, run the \
                   command with --create-annotation\n";
    world.check("kubectl apply set-last-applied -f -", &manifest("w"), "", missing, 1);
    let noted = "configmap/a configured\n";
    world.check("kubectl apply set-last-applied --create-annotation -f -", &manifest("w"), noted, "", 0);
    world.check("kubectl get cm a -o jsonpath={.data.k}", "", "v", "", 0);
    let same = "set-last-applied a: no changes required.\n";
    world.check("kubectl apply set-last-applied -f -", &manifest("w"), same, "", 0);
    world.check("kubectl apply -f -", &manifest("w"), noted, "", 0);
    world.check("kubectl get cm a -o jsonpath={.data.k}", "", "w", "", 0);
}
