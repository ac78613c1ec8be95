//! `--raw` and `--subresource`: the API's paths, and the parts of an object.

use crate::world::World;
use api::conform::{read_reference, reference_text};
use api::text::json;

#[test]
fn discovery_says_of_our_resources_what_the_real_server_says() {
    let files = [
        ("api_v1.json", "/api/v1"),
        ("apis_apps_v1.json", "/apis/apps/v1"),
        ("apis_batch_v1.json", "/apis/batch/v1"),
        ("apis_policy_v1.json", "/apis/policy/v1"),
        ("apis_storage.k8s.io_v1.json", "/apis/storage.k8s.io/v1"),
        ("apis_discovery.k8s.io_v1.json", "/apis/discovery.k8s.io/v1"),
    ];
    for (file, path) in files {
        let Some(real) = read_reference(&format!("api/discovery/{file}")) else { return };
        let ours = json::read(&World::new().run(&format!("kubectl get --raw {path}")).stdout).unwrap();
        for field in ["kind", "apiVersion", "groupVersion"] {
            assert_eq!(ours.get(field), real.get(field), "{path} {field}");
        }
        for resource in ours.get("resources").as_list() {
            assert!(real.get("resources").as_list().contains(resource), "{path} has no {resource:?}");
        }
    }
    if let Some(real) = read_reference("api/discovery/version.json") {
        let ours = json::read(&World::new().run("kubectl get --raw /version").stdout).unwrap();
        // The rest names a build of Go, and there is none.
        let of_go = ["gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler"];
        for (field, value) in
            real.as_map().expect("an object").iter().filter(|(name, _)| !of_go.contains(&name.as_str()))
        {
            assert_eq!(ours.get(field), value, "{field}");
        }
    }
    let Some(real) = reference_text("api/discovery/api.json") else { return };
    World::new().check("kubectl get --raw /api", "", &real, "", 0);
}

#[test]
fn objects_come_as_the_server_writes_them() {
    let mut world = World::new();
    world.check("kubectl create configmap a --from-literal=k=v", "", "configmap/a created\n", "", 0);
    let path = "/api/v1/namespaces/default/configmaps";
    let outcome = world.run(&format!("kubectl get --raw {path}/a"));
    let head =
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"default\",\"uid\":";
    assert!(outcome.stdout.starts_with(head), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with(",\"data\":{\"k\":\"v\"}}\n"), "{}", outcome.stdout);
    let list = world.run(&format!("kubectl get --raw {path}?fieldSelector=metadata.name%3Da"));
    let list = json::read(&list.stdout).unwrap();
    assert_eq!(list.get("kind").text(), "ConfigMapList");
    assert_eq!(list.get("items").as_list().len(), 1);
    assert!(list.get("items").element(0).get("kind").is_null(), "items of a list do not name their kind");
    let body = "{\"metadata\":{\"name\":\"b\"},\"data\":{\"x\":\"y\"}}";
    let created = world.run_with(&format!("kubectl create --raw {path} -f -"), body);
    assert_eq!((created.code, created.stderr.as_str()), (Some(0), ""));
    let uid = world.run("kubectl get cm b -o jsonpath={.metadata.uid}").stdout;
    let gone = format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Success\",\"details\":{{\"name\":\"b\",\"kind\":\
         \"configmaps\",\"uid\":\"{uid}\"}}}}\n"
    );
    world.check(&format!("kubectl delete --raw {path}/b"), "", &gone, "", 0);
    let missing = "Error from server (NotFound): configmaps \"b\" not found\n";
    world.check(&format!("kubectl get --raw {path}/b"), "", "", missing, 1);
}

#[test]
fn paths_that_are_not_served_are_refused() {
    let mut world = World::new();
    let missing = "Error from server (NotFound): the server could not find the requested resource\n";
    for path in [
        "/nope",
        "/api/v2",
        "/apis/apps/v2",
        "/api/v1/nope",
        "/api/v1/pods/web-0",
        "/api/v1/namespaces/default/nodes/x",
    ] {
        world.check(&format!("kubectl get --raw {path}"), "", "", missing, 1);
    }
    let here = "error: GET /metrics is not supported in this version of the playground\n";
    world.check("kubectl get --raw /metrics", "", "", here, 1);
    let bad = "error: --raw must be a valid URL path: parse \"api\": invalid URI for request\n";
    world.check("kubectl get --raw api", "", "", bad, 1);
    let watch =
        "error: --raw may not be specified with other flags that filter the server request or alter the output\n";
    world.check("kubectl get --raw /api -w", "", "", watch, 1);
    world.check("kubectl get --raw /readyz?verbose", "", "[+]ping ok\n[+]etcd ok\nreadyz check passed\n", "", 0);
    world.check("kubectl get --raw /livez", "", "ok", "", 0);
}

#[test]
fn a_scale_is_read_patched_and_owned_as_a_part_of_its_object() {
    let mut world = World::new();
    world.check("kubectl create deployment web --image=nginx", "", "deployment.apps/web created\n", "", 0);
    let table = "NAME   DESIRED   AVAILABLE   AGE\nweb    1         0           0s\n";
    world.check("kubectl get deploy web --subresource=scale", "", table, "", 0);
    let patch = "kubectl patch deploy web --subresource=scale --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\
                 \"value\":3}]'";
    world.check(patch, "", "scale.autoscaling/web patched\n", "", 0);
    world.check(patch, "", "scale.autoscaling/web patched (no change)\n", "", 0);
    let path = "{.kind}{.spec.replicas}{.status.selector}";
    world.check(&format!("kubectl get deploy web --subresource=scale -o jsonpath={path}"), "", "Scale3app=web", "", 0);
    let missing = "Error from server (NotFound): the server could not find the requested resource\n";
    world.check("kubectl get cm kube-root-ca.crt --subresource=scale", "", "", missing, 1);
    let bulk = "error: subresource cannot be used when bulk resources are specified\n";
    world.check("kubectl get deploy --subresource=status", "", "", bulk, 1);
}

#[test]
fn a_status_is_written_without_the_rest() {
    let mut world = World::new();
    world.check("kubectl create deployment web --image=nginx", "", "deployment.apps/web created\n", "", 0);
    let patch =
        "kubectl patch deploy web --subresource=status -p '{\"spec\":{\"replicas\":9},\"status\":{\"replicas\":7}}'";
    world.check(patch, "", "deployment.apps/web patched\n", "", 0);
    let both = "kubectl get deploy web -o jsonpath={.spec.replicas}{.status.replicas}";
    world.check(both, "", "17", "", 0);
    let manifest = world.run("kubectl get deploy web -o json").stdout.replace("\"replicas\": 7", "\"replicas\": 6");
    let replaced = world.run_with("kubectl replace --subresource=status -f -", &manifest);
    assert_eq!(replaced.stdout, "deployment.apps/web replaced\n", "{}", replaced.stderr);
    world.check(both, "", "16", "", 0);
    world.editor = |text| text.replace("replicas: 6", "replicas: 5");
    world.check("kubectl edit deploy web --subresource=status", "", "deployment.apps/web edited\n", "", 0);
    world.check(both, "", "15", "", 0);
    let applied = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nstatus: {observedGeneration: 4}\n";
    world.check(
        "kubectl apply --server-side --subresource=status -f -",
        applied,
        "deployment.apps/web serverside-applied\n",
        "",
        0,
    );
    world.check("kubectl get deploy web -o jsonpath={.status.observedGeneration}", "", "4", "", 0);
    let owner = "{.metadata.managedFields[?(@.operation==\"Apply\")].subresource}";
    world.check(&format!("kubectl get deploy web --show-managed-fields -o 'jsonpath={owner}'"), "", "status", "", 0);
}

/// What a POST to the eviction of pod `a` and a DELETE of it answer, and whether the pod stays.
fn check_deletion(verb: &str, body: &str, stdout: Option<&str>, stderr: &str) {
    let mut world = World::new();
    world.check("kubectl create serviceaccount default", "", "serviceaccount/default created\n", "", 0);
    world.check("kubectl run a --image=nginx", "", "pod/a created\n", "", 0);
    let path = "/api/v1/namespaces/default/pods/a";
    let command = match verb {
        "evict" => format!("kubectl create --raw {path}/eviction -f -"),
        query => format!("kubectl delete --raw {path}{query} -f -"),
    };
    let outcome = world.run_with(&command, body);
    assert_eq!(outcome.stderr, stderr, "{body}");
    let names = world.run("kubectl get pods -o name").stdout;
    assert_eq!(names, if stdout.is_some() && !body.contains("All") { "" } else { "pod/a\n" }, "{body}");
    if let Some(stdout) = stdout.filter(|stdout| !stdout.is_empty()) {
        assert_eq!(outcome.stdout, stdout, "{body}");
    }
}

#[test]
fn an_eviction_is_about_the_pod_that_it_names() {
    let done = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":201}\n";
    let named = "{\"kind\":\"Eviction\",\"apiVersion\":\"policy/v1\",\"metadata\":{\"name\":\"a\"}";
    check_deletion("evict", &format!("{named}}}"), Some(done), "");
    check_deletion("evict", &format!("{named},\"deleteOptions\":{{\"dryRun\":[\"All\"]}}}}"), Some(done), "");
    let other = "Error from server (BadRequest): name in URL does not match name in Eviction object\n";
    check_deletion("evict", "{\"metadata\":{\"name\":\"b\"}}", None, other);
    check_deletion("evict", "{}", None, other);
    let elsewhere = "Error from server (BadRequest): the namespace of the provided object does not match the namespace sent \
                     on the request\n";
    check_deletion("evict", "{\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}}", None, elsewhere);
    let old = "Error from server (BadRequest): the API version in the data (policy/v1beta1) does not match the expected API \
               version (policy/v1)\n";
    check_deletion("evict", "{\"apiVersion\":\"policy/v1beta1\",\"metadata\":{\"name\":\"a\"}}", None, old);
    let uid = format!("{named},\"deleteOptions\":{{\"preconditions\":{{\"uid\":\"x\"}}}}}}");
    let mut world = World::new();
    world.check("kubectl create serviceaccount default", "", "serviceaccount/default created\n", "", 0);
    world.check("kubectl run a --image=nginx", "", "pod/a created\n", "", 0);
    let outcome = world.run_with("kubectl create --raw /api/v1/namespaces/default/pods/a/eviction -f -", &uid);
    let refusal = "Error from server (Conflict): Operation cannot be fulfilled on pods \"a\": the UID in the precondition (x) \
                   does not match the UID in record ";
    assert!(outcome.stderr.starts_with(refusal), "{}", outcome.stderr);
}

#[test]
fn options_of_a_deletion_are_judged() {
    check_deletion("", "{\"gracePeriodSeconds\":0}", Some(""), "");
    check_deletion("", "{\"dryRun\":[\"All\"]}", Some(""), "");
    let policy = "The DeleteOptions \"\" is invalid: propagationPolicy: Unsupported value: \"x\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"\n";
    check_deletion("", "{\"propagationPolicy\":\"x\"}", None, policy);
    check_deletion("?propagationPolicy=x", "", None, policy);
}

#[test]
fn ephemeral_containers_are_written_without_the_rest() {
    let mut world = World::new();
    world.check("kubectl create serviceaccount default", "", "serviceaccount/default created\n", "", 0);
    world.check("kubectl run web --image=nginx", "", "pod/web created\n", "", 0);
    let patch = "kubectl patch pod web --subresource=ephemeralcontainers -p '{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":\
                 {\"ephemeralContainers\":[{\"name\":\"d\",\"image\":\"busybox\"}]}}'";
    world.check(patch, "", "pod/web patched\n", "", 0);
    let path = "jsonpath={.metadata.labels}{.spec.ephemeralContainers[*].name}{.metadata.generation}";
    world.check(&format!("kubectl get pod web -o {path}"), "", "{\"run\":\"web\"}d2", "", 0);
    let raw = "/api/v1/namespaces/default/pods/web/ephemeralcontainers";
    let body = world.run(&format!("kubectl get --raw {raw}")).stdout;
    let more =
        body.replace("\"ephemeralContainers\":[", "\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"busybox\"},");
    let replaced = world.run_with(&format!("kubectl replace --raw {raw} -f -"), &more);
    assert_eq!((replaced.code, replaced.stderr.as_str()), (Some(0), ""));
    let refused =
        "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource\n";
    let posted = world.run_with(&format!("kubectl create --raw {raw} -f -"), &more);
    assert_eq!((posted.code, posted.stderr.as_str()), (Some(1), refused));
    let applied =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {ephemeralContainers: [{name: f, image: busybox}]}\n";
    let apply = "kubectl apply --server-side --subresource=ephemeralcontainers -f -";
    world.check(apply, applied, "pod/web serverside-applied\n", "", 0);
    world.check(&format!("kubectl get pod web -o {path}"), "", "{\"run\":\"web\"}e d f4", "", 0);
}
