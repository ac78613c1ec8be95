//! `set`, `create` and questions: what they change, and what they refuse.

use crate::world::World;

const SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  serviceName: nginx\n  selector: \
{matchLabels: {app: nginx}}\n  template:\n    metadata: {labels: {app: nginx}}\n    spec:\n      containers:\n      - {name: \
nginx, image: nginx}\n      - {name: side, image: busybox}\n";

fn world() -> World {
    let mut world = World::new();
    world.files.0.insert("/home/user/web.yaml".into(), SET.as_bytes().to_vec());
    world.check("kubectl apply -f web.yaml", "", "statefulset.apps/web created\n", "", 0);
    world
}

#[test]
fn environments_are_set_listed_and_cleared() {
    let mut world = world();
    let updated = "statefulset.apps/web env updated\n";
    world.check("kubectl set env sts/web -c ngi* A=1 B=2", "", updated, "", 0);
    world.check("kubectl set env sts/web A=1 -c nginx", "", "", "", 0);
    let listed = "# StatefulSet web, container nginx\nA=1\nB=2\n# StatefulSet web, container side\n";
    world.check("kubectl set env sts/web --list", "", listed, "", 0);
    let taken = "error: statefulsets/web 'A' already has a value (1), and --overwrite is false\n";
    world.check("kubectl set env sts/web A=3 --overwrite=false", "", "", taken, 1);
    world.check("kubectl create secret generic s --from-literal=pass-word=x", "", "secret/s created\n", "", 0);
    let warning = "Warning: key pass-word transferred to PASS_WORD\n";
    world.check("kubectl set env sts/web --from=secret/s A- -c nginx", "", updated, warning, 0);
    let listed = "# StatefulSet web, container nginx\nB=2\n# PASS_WORD from secret s, key pass-word\n# StatefulSet web, \
                  container side\n";
    world.check("kubectl set env sts/web --list", "", listed, "", 0);
    let resolved = listed.replace("# PASS_WORD from secret s, key pass-word", "PASS_WORD=x");
    world.check("kubectl set env sts/web --list --resolve", "", &resolved, "", 0);
    world.check(
        "kubectl set env sts/web -c no A=1",
        "",
        "",
        "Warning: StatefulSet/web does not have any containers matching \"no\"\n",
        0,
    );
    let order = "error: all resources must be specified before environment changes: A=1 sts/web\n";
    world.check("kubectl set env A=1 sts/web", "", "", order, 1);
}

#[test]
fn resources_accounts_and_selectors_are_set() {
    let mut world = world();
    let updated = "statefulset.apps/web resource requirements updated\n";
    world.check("kubectl set resources sts web --limits=cpu=200m,memory=1Gi -c side", "", updated, "", 0);
    world.check(
        "kubectl get sts web -o jsonpath={.spec.template.spec.containers[*].resources}",
        "",
        "{} {\"limits\":{\"cpu\":\"200m\",\"memory\":\"1Gi\"}}",
        "",
        0,
    );
    let refusal = "error: you must specify an update to requests or limits (in the form of --requests/--limits)\n";
    world.check("kubectl set resources sts web", "", "", refusal, 1);
    let syntax = "error: Invalid argument syntax cpu, expected <resource>=<value>\n";
    world.check("kubectl set resources sts web --limits=cpu", "", "", syntax, 1);
    world.check("kubectl set sa sts web default", "", "statefulset.apps/web serviceaccount updated\n", "", 0);
    world.check("kubectl set selector svc kubernetes a=b", "", "service/kubernetes selector updated\n", "", 0);
    let only = "error: setting a selector is only supported for Services\n";
    world.check("kubectl set selector sts web a=b", "", "", only, 1);
}

#[test]
fn objects_are_created_from_flags() {
    let mut world = world();
    let yaml = "apiVersion: v1\ndata:\n  a: Yg==\nkind: Secret\nmetadata:\n  name: s\n";
    world.check("kubectl create secret generic s --from-literal=a=b --dry-run=client -o yaml", "", yaml, "", 0);
    world.check("kubectl create secret generic s --from-literal=a=b", "", "secret/s created\n", "", 0);
    let taken = "error: failed to create secret secrets \"s\" already exists\n";
    world.check("kubectl create secret generic s --from-literal=a=b", "", "", taken, 1);
    let config = r#"{"auths":{"r.io":{"username":"u","password":"p","auth":"dTpw"}}}"#;
    let encoded = api::text::base64::encode(config.as_bytes());
    let printed = format!("{encoded}\n");
    world.check(
        "kubectl create secret docker-registry r --docker-server=r.io --docker-username=u --docker-password=p -o \
         go-template='{{range .data}}{{.}}{{end}}{{\"\\n\"}}'",
        "",
        &printed,
        "",
        0,
    );
    let either = "error: either --image or --from must be specified\n";
    world.check("kubectl create job j", "", "", either, 1);
    let missing = "error: required flag(s) \"external-name\" not set\n";
    world.check("kubectl create svc externalname e", "", "", missing, 1);
    let number = "error: strconv.ParseUint: parsing \"x\": invalid syntax\n";
    world.check("kubectl create svc clusterip e --tcp=x", "", "", number, 1);
    let max = "error: --max=MAXPODS is required and must be at least 1, max: 0\n";
    world.check("kubectl autoscale sts web --max=0", "", "", max, 1);
}

#[test]
fn flags_and_fields_are_refused_in_the_order_of_kubectl() {
    let mut world = world();
    let timeout = "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a \
                   corresponding time unit (e.g. 1s | 2m | 3h)\n";
    world.check("kubectl get pods --request-timeout=abc", "", "", timeout, 1);
    let both = "the path \"a\" does not exist\nthe path \"b\" does not exist\n";
    world.check("kubectl apply -f a -f web.yaml -f b", "", "", both, 1);
    world.check(
        "kubectl get pods -n",
        "",
        "",
        "error: flag needs an argument: 'n' in -n\nSee 'kubectl get --help' for usage.\n",
        1,
    );
    world.check(
        "kubectl label pods --all a=b --resource-version=1",
        "",
        "",
        "error: --resource-version may only be used with a single resource\n",
        1,
    );
    let field = |resource: &str, field: &str, problem: &str| {
        format!(
            "Error from server (BadRequest): Unable to find {resource:?} that match label selector \"\", field selector \
             \"{field}=x\": {problem}\n"
        )
    };
    let meta = "\"status.phase\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    let claims = field("/v1, Resource=persistentvolumeclaims", "status.phase", meta);
    world.check("kubectl get pvc --field-selector status.phase=x", "", "", &claims, 1);
    let nodes = field("/v1, Resource=nodes", "metadata.namespace", "field label not supported: metadata.namespace");
    world.check("kubectl get nodes --field-selector metadata.namespace=x", "", "", &nodes, 1);
    let scoped = "Warning: resource 'nodes' is not namespace scoped\n\n";
    world.check("kubectl auth can-i get nodes", "", "yes\n", scoped, 0);
    let attach = "error: at least 1 argument is required for attach\n";
    world.check("kubectl attach", "", "", attach, 1);
    let single = "error: you must specify only one resource\n";
    world.check(
        "kubectl get pods,svc x",
        "",
        "",
        "Error from server (NotFound): pods \"x\" not found\nError from server (NotFound): services \"x\" not found\n",
        1,
    );
    world.check("kubectl get all x", "", "", single, 1);
}

#[test]
fn subjects_are_added_to_bindings_once() {
    let mut world = World::new();
    let made = "rolebinding.rbac.authorization.k8s.io/rb created\n";
    world.check("kubectl create rolebinding rb --role=r --user=jane", "", made, "", 0);
    let updated = "rolebinding.rbac.authorization.k8s.io/rb subjects updated\n";
    world.check("kubectl set subject rolebinding rb --user=jane --group=dev", "", updated, "", 0);
    world.check("kubectl get rolebinding rb -o jsonpath={.subjects[*].name}", "", "jane dev", "", 0);
    world.check("kubectl set subject rolebinding rb --group=dev", "", "", "", 0);
    let none = "error: you must specify at least one value of user, group or serviceaccount\n";
    world.check("kubectl set subject rolebinding rb", "", "", none, 1);
    // An account without a namespace is of the one in force; a binding of the cluster has none.
    world.check("kubectl set subject rolebinding rb --serviceaccount=:sa --serviceaccount=a:b", "", updated, "", 0);
    let accounts = "kubectl get rolebinding rb -o jsonpath={.subjects[2:]}";
    let account = |namespace: &str, name: &str| {
        format!("{{\"kind\":\"ServiceAccount\",\"name\":\"{name}\",\"namespace\":\"{namespace}\"}}")
    };
    world.check(accounts, "", &format!("{} {}", account("default", "sa"), account("a", "b")), "", 0);
    let pair = "serviceaccount must be <namespace>:<name>";
    for account in ["sa", "a:", "a:b:c"] {
        let line = format!("kubectl set subject rolebinding rb --serviceaccount={account}");
        world.check(&line, "", "", &format!("error: {pair}\n"), 1);
    }
    world.run("kubectl create clusterrolebinding crb --clusterrole=view --user=jane");
    let named = format!("error: {pair}, namespace must be specified\n");
    world.check("kubectl set subject clusterrolebinding crb --serviceaccount=:sa", "", "", &named, 1);
}

#[test]
fn local_changes_ask_nobody() {
    let mut world = World::new();
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\nspec:\n  template:\n    spec: \
                    {containers: [{name: web, image: nginx}]}\n";
    let image = "kubectl set image --local -f - web=nginx:1.25 -o jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(world.run_with(image, manifest).stdout, "nginx:1.25");
    let label = "kubectl label --local -f - c=d -o jsonpath={.metadata.labels}";
    assert_eq!(world.run_with(label, manifest).stdout, "{\"a\":\"b\",\"c\":\"d\"}");
    let patch =
        "kubectl patch --local -f - -p '{\"spec\":{\"replicas\":3}}' -o jsonpath={.spec.replicas}{.metadata.namespace}";
    assert_eq!(world.run_with(patch, manifest).stdout, "3");
    world.check("kubectl get deploy", "", "", "No resources found in default namespace.\n", 0);
    let named = "error: cannot specify --local and server resources\n";
    world.check("kubectl patch deploy web --local -p '{}'", "", "", named, 1);
    world.check("kubectl create ns blue", "", "namespace/blue created\n", "", 0);
    let dry = "kubectl label ns blue x=y --dry-run=client -o jsonpath={.metadata.labels.x}";
    world.check(dry, "", "y", "", 0);
    world.check("kubectl get ns blue -o jsonpath={.metadata.labels.x}", "", "", "", 0);
}
