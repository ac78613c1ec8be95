//! Flags that change what is printed or noted, and the words in which wrong ones are refused.

use crate::world::World;

const RECORD: &str = "Flag --record has been deprecated, --record will be removed in the future\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: \
{app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: nginx, image: nginx}]}\n";

#[track_caller]
fn refused(world: &mut World, line: &str, error: &str) {
    world.check(line, "", "", &format!("error: {error}\n"), 1);
}

#[test]
fn a_command_is_noted_on_what_it_changes() {
    let mut world = World::new();
    let mut noted = |line: &str, stdin: &str, done: &str, cause: &str| {
        world.check(line, stdin, &format!("{done}\n"), RECORD, 0);
        let found =
            world.run("kubectl get deploy web -o jsonpath='{.metadata.annotations.kubernetes\\.io/change-cause}'");
        assert_eq!(found.stdout, cause, "{line}");
    };
    noted(
        "kubectl create -f - --record",
        DEPLOYMENT,
        "deployment.apps/web created",
        "kubectl create --filename=- --record=true",
    );
    noted(
        "kubectl set image deploy/web nginx=nginx:2 --record",
        "",
        "deployment.apps/web image updated",
        "kubectl set image deploy/web nginx=nginx:2 --record=true",
    );
    noted(
        "kubectl scale --replicas 3 deploy web --record=true -n default",
        "",
        "deployment.apps/web scaled",
        "kubectl scale deploy web --replicas=3 --record=true --namespace=default",
    );
    noted(
        "kubectl patch deploy web --record -p '{\"spec\":{\"paused\":true}}'",
        "",
        "deployment.apps/web patched",
        "kubectl patch deploy web --record=true --patch={\"spec\":{\"paused\":true}}",
    );
    noted(
        "kubectl annotate deploy web --record a=b",
        "",
        "deployment.apps/web annotated",
        "kubectl annotate deploy web a=b --record=true",
    );
    // Nothing to label, nothing to note.
    let cause = "kubectl annotate deploy web a=b --record=true";
    noted("kubectl label deploy web --record x-", "", "label \"x\" not found.\ndeployment.apps/web not labeled", cause);
    let unknown = "unknown flag: --record\nSee 'kubectl rollout restart --help' for usage.";
    refused(&mut world, "kubectl rollout restart deploy web --record", unknown);
}

#[test]
fn numbers_of_32_bits_are_no_larger() {
    let range = |flag: &str, path: &str| {
        format!(
            "invalid argument \"5000000000\" for {flag:?} flag: strconv.ParseInt: parsing \"5000000000\": value out of \
             range\nSee 'kubectl {path} --help' for usage."
        )
    };
    let mut world = World::new();
    let line = "kubectl create priorityclass x --value=5000000000";
    refused(&mut world, line, &range("--value", "create priorityclass"));
    let line = "kubectl create deployment x --image=nginx -r 5000000000";
    refused(&mut world, line, &range("-r, --replicas", "create deployment"));
    refused(&mut world, "kubectl autoscale deploy x --max=5000000000", &range("--max", "autoscale"));
}

#[test]
fn a_boolean_dry_run_still_counts() {
    let mut world = World::new();
    let head = "W0101 00:00:00.050000       0 helpers.go:";
    let dry = "namespace/x created (dry run)\n";
    let bare = format!("{head}719] --dry-run is deprecated and can be replaced with --dry-run=client.\n");
    world.check("kubectl create ns x --dry-run", "", dry, &bare, 0);
    let said = world.run("kubectl create ns x --dry-run=true");
    assert_eq!(said.stdout, dry);
    let tail =
        "helpers.go:733] --dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.\n";
    assert!(said.stderr.ends_with(tail), "{}", said.stderr);
    let said = world.run("kubectl create ns x --dry-run=0");
    assert_eq!(said.stdout, "namespace/x created\n");
    let tail = "helpers.go:736] --dry-run=0 is deprecated (boolean value) and can be replaced with --dry-run=none.\n";
    assert!(said.stderr.ends_with(tail), "{}", said.stderr);
}

#[test]
fn kubectl_itself_knows_names_and_ages() {
    let mut world = World::new();
    world.check("kubectl create cm a", "", "configmap/a created\n", "", 0);
    world.check("kubectl get cm a --server-print=false", "", "NAME   AGE\na      0s\n", "", 0);
    let labelled = "NAMESPACE   NAME          AGE   LABELS\ndefault     configmap/a   0s    <none>\n";
    let line = "kubectl get cm -A --server-print=false --show-kind --show-labels --field-selector metadata.name=a";
    world.check(line, "", labelled, "", 0);
    let sorted = "couldn't find any field with path \"{.data.x}\" in the list of objects";
    refused(&mut world, "kubectl get cm --server-print=false --sort-by=.data.x", sorted);
}

#[test]
fn a_template_may_insist_on_its_keys() {
    let mut world = World::new();
    world.check("kubectl create cm a", "", "configmap/a created\n", "", 0);
    let mut run =
        |flag: &str| world.run(&format!("kubectl get cm a {flag} -o go-template='{{{{.kind}}}} {{{{.nope}}}}'"));
    assert_eq!(run("").stdout, "ConfigMap <no value>");
    let refused = run("--allow-missing-template-keys=false");
    let problem = "template: output:1:12: executing \"output\" at <.nope>: map has no entry for key \"nope\"";
    let shown = format!(
        "ConfigMap Error executing template: {problem}. Printing more information for debugging the template:\n\ttemplate \
         was:\n\t\t{{{{.kind}}}} {{{{.nope}}}}\n\traw data was:\n"
    );
    assert!(refused.stdout.starts_with(&shown), "{}", refused.stdout);
    assert_eq!(refused.stderr, format!("error: error executing template \"{{{{.kind}}}} {{{{.nope}}}}\": {problem}\n"));
    assert_eq!(refused.code, Some(1));
}

#[test]
fn events_of_a_watch_are_lines_of_json() {
    let mut world = World::new();
    world.check("kubectl create cm a --from-literal=a=b", "", "configmap/a created\n", "", 0);
    let watch = "kubectl get cm a -w --request-timeout=1s --output-watch-events";
    let json = world.run(&format!("{watch} -o json")).stdout;
    assert!(json.starts_with("{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"data\":{"), "{json}");
    assert!(json.contains("managedFields") && json.ends_with("}\n") && json.lines().count() == 1, "{json}");
    world.check(&format!("{watch} -o name"), "", "configmap/a\n", "", 0);
    let types = format!("{watch} -o jsonpath='{{.type}}'");
    world.check(&types, "", "ADDED", "", 0);
}

#[test]
fn arguments_are_refused_before_the_server_is_asked() {
    let mut world = World::new();
    let cases = [
        ("create pdb x --selector=a=b --min-available=-1", "invalid format specified for min-available"),
        ("create pdb x --selector=a=b --max-unavailable=1x", "invalid format specified for max-unavailable"),
        ("create token default --duration=-1s", "--duration must be greater than or equal to 0"),
        ("create token default --duration=1500ms", "--duration cannot be expressed in units less than seconds"),
        ("create token default --bound-object-kind=Foo", "supported --bound-object-kind values are Node, Pod, Secret"),
        ("run x --image=nginx --port=x", "strconv.Atoi: parsing \"x\": invalid syntax"),
        ("run x --image=nginx --labels=a", "unexpected label spec: a"),
        ("run x --image=nginx --labels==b", "unexpected empty label key"),
        ("run x --image=nginx --env==b", "invalid env: =b"),
        ("auth can-i get /logs --subresource=log", "--subresource can not be used with NonResourceURL"),
        ("taint svc x a=b:NoSchedule", "invalid resource type svc, only node types are supported"),
        ("drain x --pod-selector 'e in (f'", "--pod-selector=<pod_selector> must be a valid label selector"),
        (
            "cordon x --selector a=b",
            "cannot specify both a node name and a --selector option\nSee 'kubectl cordon -h' for help and examples",
        ),
        ("get cm -o custom-columns-file=nope", "error reading template nope, open nope: no such file or directory"),
    ];
    for (line, error) in cases {
        refused(&mut world, &format!("kubectl {line}"), error);
    }
    let odd = "Warning: the server doesn't have a resource type 'foos' in group 'bar'\n\n";
    world.check("kubectl auth can-i get foos.bar", "", "yes\n", odd, 0);
    let nobody = world.run("kubectl cordon --selector=").stderr;
    assert!(nobody.starts_with("error: You must provide one or more resources by argument or filename.\n"), "{nobody}");
}

#[test]
fn a_history_prints_the_objects_that_it_is_made_of() {
    let mut world = World::new();
    world.check("kubectl create -f -", DEPLOYMENT, "deployment.apps/web created\n", "", 0);
    let uid = world.run("kubectl get deploy web -o jsonpath={.metadata.uid}").stdout;
    let old = format!(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web-1\n  annotations: {{deployment.kubernetes.io/revision: \
         \"1\"}}\n  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: {uid}, controller: \
         true}}]\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: nginx, image: nginx}}]}}\n"
    );
    world.check("kubectl create -f -", &old, "replicaset.apps/web-1 created\n", "", 0);
    let names = "kubectl rollout history deploy/web -o jsonpath='{.kind} {.metadata.name}'";
    world.check(names, "", "ReplicaSet web-1", "", 0);
    world.check("kubectl rollout history deploy/web --revision=1 -o name", "", "replicaset.apps/web-1\n", "", 0);
    let missing = "unable to find the specified revision";
    refused(&mut world, "kubectl rollout history deploy/web --revision=2 -o name", missing);
}

#[test]
fn variables_come_from_standard_input() {
    let mut world = World::new();
    world.check("kubectl create -f -", DEPLOYMENT, "deployment.apps/web created\n", "", 0);
    world.check("kubectl set env deploy/web -", "A=1\n# B=2\nC=x#y\n", "deployment.apps/web env updated\n", "", 0);
    let list = "# Deployment web, container nginx\nA=1\nC=x\n";
    world.check("kubectl set env deploy/web --list", "", list, "", 0);
}

#[test]
fn a_deletion_is_asked_about() {
    let mut world = World::new();
    let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\
        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
        template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: nginx, image: nginx}]}\n";
    world.run_with("kubectl create -f -", two);
    let asked = "You are about to delete the following 2 resource(s):\nconfigmap/a\ndeployment.apps/web\n\
        Do you want to continue? (y/N): ";
    let line = "kubectl delete -i cm/a deploy/web";
    for answer in ["", "\n", "n\n", "yes\n"] {
        world.check(line, answer, &format!("{asked}deletion is cancelled\n"), "", 0);
    }
    let gone =
        "configmap \"a\" deleted from default namespace\ndeployment.apps \"web\" deleted from default namespace\n";
    world.check(line, "Y\n", &format!("{asked}{gone}"), "", 0);
    let missing = "Error from server (NotFound): configmaps \"a\" not found\n";
    // Names are not looked up before the question.
    let asked = "You are about to delete the following 1 resource(s):\nconfigmap/a\nDo you want to continue? (y/N): ";
    world.check("kubectl delete -i cm a", "y\n", asked, missing, 1);
    world.check("kubectl delete -i cm a --ignore-not-found", "y\n", asked, "", 0);
    world.check("kubectl delete -i cm -l a=b", "y\n", "No resources found\n", "", 0);
}

#[test]
fn objects_without_names_and_odd_flags_are_refused() {
    let mut world = World::new();
    let generated = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n";
    let nameless = "error: error when replacing \"STDIN\": resource name may not be empty\n";
    world.check("kubectl replace -f -", generated, "", nameless, 1);
    world.run_with("kubectl create -f -", DEPLOYMENT);
    let expose = "kubectl expose deploy web --port=80";
    refused(&mut world, &format!("{expose} --session-affinity=Odd"), "unknown session affinity: Odd");
    refused(&mut world, &format!("{expose} --labels=a=b=c"), "unexpected label spec: a=b=c");
    refused(&mut world, &format!("{expose} --labels==c"), "unexpected empty label key");
    refused(&mut world, "kubectl expose deploy web", "couldn't find port via --port flag or introspection");
}

#[test]
fn load_balancers_ask_nodes_on_a_port_of_their_own() {
    let mut world = World::new();
    let service = |policy: &str, port: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{type: LoadBalancer, selector: {{app: web}}, \
             ports: [{{port: 80}}], externalTrafficPolicy: {policy}{port}}}\n"
        )
    };
    let health = "kubectl get svc web -o jsonpath='{.spec.healthCheckNodePort}'";
    world.check("kubectl apply -f -", &service("Local", ""), "service/web created\n", "", 0);
    let given = world.run(health).stdout;
    assert!(given.parse::<u16>().is_ok_and(|port| (30000..=32767).contains(&port)), "{given}");
    let describe = world.run("kubectl describe svc web").stdout;
    assert!(describe.contains(&format!("\nHealthCheck NodePort:     {given}\n")), "{describe}");
    world.run("kubectl label svc web a=b");
    assert_eq!(world.run(health).stdout, given);
    world.check("kubectl apply -f -", &service("Cluster", ""), "service/web configured\n", "", 0);
    assert_eq!(world.run(health).stdout, "");
    // It was given back.
    let asked = service("Local", &format!(", healthCheckNodePort: {given}"));
    world.check("kubectl apply -f -", &asked, "service/web configured\n", "", 0);
    assert_eq!(world.run(health).stdout, given);
}

#[test]
fn a_cron_job_has_a_time_zone() {
    let mut world = World::new();
    let job = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: '0 0 * * *', timeZone: \
        Asia/Tokyo, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}}}\n";
    world.check("kubectl create -f -", job, "cronjob.batch/c created\n", "", 0);
    let described = world.run("kubectl describe cronjob c").stdout;
    assert!(described.contains("Time Zone:") && described.contains("Asia/Tokyo\n"), "{described}");
}

#[test]
fn a_command_runs_in_the_pod_of_a_file() {
    let mut world = World::new();
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: c, image: busybox}}]}}\n"
        )
    };
    world.files.0.insert("/home/user/p.yaml".into(), pod("p").into_bytes());
    world.files.0.insert("/home/user/two.yaml".into(), (pod("p") + "---\n" + &pod("q")).into_bytes());
    let missing = "Error from server (NotFound): pods \"p\" not found\n";
    world.check("kubectl exec -f p.yaml -- date", "", "", missing, 1);
    let both = "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well";
    refused(&mut world, "kubectl exec -f p.yaml p -- date", both);
    let words = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n\
        See 'kubectl exec -h' for help and examples";
    refused(&mut world, "kubectl exec -f p.yaml date", words);
    refused(&mut world, "kubectl exec -f p.yaml", "you must specify at least one command for the container");
    world.run("kubectl create -f two.yaml");
    refused(&mut world, "kubectl exec -f two.yaml -- date", "cannot exec into multiple objects at a time");
    let usage = "pod [NAME | -l label]\nSee 'kubectl top pod -h' for help and examples";
    refused(&mut world, "kubectl top pod a b", usage);
}

#[test]
fn what_was_done_can_be_printed_as_an_object() {
    let mut world = World::new();
    let template = "--template={{.metadata.name}}:{{.spec.replicas}}:";
    world.check("kubectl create deployment web --image=nginx", "", "deployment.apps/web created\n", "", 0);
    for (command, expect) in [
        ("scale deployment web --replicas=3", "web:3:"),
        ("scale deployment web --replicas=9 --dry-run=client", "web:9:"),
        ("rollout pause deployment/web", "web:3:"),
        ("rollout pause deployment/web", "web:3:"),
        ("rollout resume deployment/web", "web:3:"),
        ("rollout restart deployment/web", "web:3:"),
        ("rollout history deployment/web", "web:3:"),
    ] {
        world.check(&format!("kubectl {command} {template}"), "", expect, "", 0);
    }
    world.check("kubectl scale deployment web --replicas=4 -o name", "", "deployment.apps/web\n", "", 0);
    let dry = "deployment.apps/web scaled (dry run)\n";
    world.check("kubectl scale deployment web --current-replicas=7 --replicas=1 --dry-run=client", "", dry, "", 0);
}

#[test]
fn the_pods_of_a_budget_are_chosen_by_any_selector() {
    let mut world = World::new();
    let mut selector = |text: &str| {
        let budget = format!("kubectl create pdb x --min-available=1 --dry-run=client --selector='{text}'");
        let outcome = world.run(&format!("{budget} -o jsonpath={{.spec.selector}}"));
        outcome.stdout + &outcome.stderr
    };
    assert_eq!(
        selector("app=zk,tier in (b,a),!old"),
        "{\"matchExpressions\":[{\"key\":\"old\",\"operator\":\"DoesNotExist\"},{\"key\":\"tier\",\"operator\":\"In\",\"values\":[\"a\",\"b\"]}],\"matchLabels\":{\"app\":\"zk\"}}"
    );
    assert_eq!(selector("app!=zk"), "error: \"!=\" is not a valid label selector operator\n");
    assert_eq!(selector("n>1"), "error: \"gt\" isn't supported in label selectors\n");
    let outcome = selector("a=b=c");
    assert!(outcome.starts_with("error: couldn't parse the selector string \"a=b=c\": "), "{outcome}");
}

#[test]
fn what_a_file_describes_is_exposed_without_being_there() {
    let mut world = World::new();
    let set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: slave}\nspec:\n  selector: {matchLabels: {app: redis}}\n  \
               template:\n    metadata: {labels: {app: redis}}\n    spec: {containers: [{name: r, image: redis}]}\n";
    let expose = "kubectl expose -f - --port=80 --dry-run=client -o jsonpath={.spec.selector}";
    world.check(expose, set, "{\"app\":\"redis\"}", "", 0);
}

#[test]
fn warnings_of_the_server_are_errors_if_asked() {
    let mut world = World::new();
    world.run("kubectl create sa default");
    let pod = |name: &str, key: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{{key}: ''}}}}\nspec: {{containers: [{{name: c, \
             image: nginx}}]}}\n---\n"
        )
    };
    let critical = "scheduler.alpha.kubernetes.io/critical-pod";
    let one = pod("a", critical) + &pod("b", critical);
    let outcome = world.run_with("kubectl create -f - --warnings-as-errors", &one);
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("pod/a created\npod/b created\n", Some(1)));
    assert_eq!(outcome.stderr.matches("Warning: ").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("\nerror: 1 warning received\n"), "{}", outcome.stderr);
    let two = pod("c", critical) + &pod("d", "seccomp.security.alpha.kubernetes.io/pod");
    let outcome = world.run_with("kubectl create -f - --warnings-as-errors", &two);
    assert!(outcome.stderr.ends_with("\nerror: 2 warnings received\n"), "{}", outcome.stderr);
    assert_eq!(world.run_with("kubectl create -f -", &pod("e", critical)).code, Some(0));
    // kubectl's own warnings are none of the server's.
    world.run("kubectl create cm own");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n";
    let outcome = world.run_with("kubectl apply -f - --warnings-as-errors", map);
    assert!(outcome.stderr.starts_with("Warning: resource configmaps/own is missing"), "{outcome:?}");
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn logs_of_the_future_are_refused() {
    let mut world = World::new();
    refused(&mut world, "kubectl logs x --since=-1s", "--since must be greater than 0");
    refused(&mut world, "kubectl logs x --since=-500ms", "--since must be greater than 0");
    let missing = "error from server (NotFound): pods \"x\" not found in namespace \"default\"";
    refused(&mut world, "kubectl logs x --since=-400ms", missing);
}

#[test]
fn a_pod_that_is_run_is_refused_in_the_order_of_upstream() {
    let mut world = World::new();
    let usage = |refusal: &str| format!("{refusal}\nSee 'kubectl run -h' for help and examples");
    for (command, refusal) in [
        ("run --image=i --restart=No", usage("NAME is required for run")),
        ("run x --image=i --restart=No --expose", usage("--port must be set when exposing a service")),
        ("run x --image=i --restart=No --rm", usage("invalid restart policy: No")),
        ("run x --image=i --image-pull-policy=Now --rm", usage("--rm should only be used for attached containers")),
        ("run x --image=i --image-pull-policy=Now", usage("invalid image pull policy: Now")),
    ] {
        refused(&mut world, &format!("kubectl {command}"), &refusal);
    }
    let policy = "kubectl run x --image=i --restart= --dry-run=client -o jsonpath={.spec.restartPolicy}";
    world.check(policy, "", "Always", "", 0);
}

#[test]
fn a_log_of_requests_is_not_promised() {
    let mut world = World::new();
    let none = "Requests are not logged in this version of the playground: -v=8 shows nothing more.\n";
    let absent = "No resources found in default namespace.\n";
    world.check("kubectl get pods -v=8", "", "", &format!("{none}{absent}"), 0);
    world.check("kubectl get pods -v=2", "", "", absent, 0);
}

#[test]
fn a_pattern_names_files() {
    let mut world = World::new();
    for name in ["b", "a"] {
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
        world.files.0.insert(format!("/home/user/deploy/{name}.yaml"), map.into_bytes());
    }
    world.check("kubectl apply -f 'deploy/*.yaml'", "", "configmap/a created\nconfigmap/b created\n", "", 0);
    world.check(
        "kubectl apply -f '/home/user/dep*/[ab].yaml'",
        "",
        "configmap/a unchanged\nconfigmap/b unchanged\n",
        "",
        0,
    );
    world.check("kubectl apply -f './deploy//../deploy/a*'", "", "configmap/a unchanged\n", "", 0);
    refused(&mut world, "kubectl apply -f 'deploy/*.json'", "the path \"deploy/*.json\" does not exist");
    refused(
        &mut world,
        "kubectl apply -f 'deploy/[a.yaml'",
        "pattern \"deploy/[a.yaml\" is not valid: syntax error in pattern",
    );
    refused(&mut world, "kubectl apply -f - -f -", "standard input cannot be used for multiple arguments");
    refused(
        &mut world,
        "kubectl get -f deploy -l 'a in'",
        "the provided selector \"a in\" is not valid: unable to parse requirement: found '' expected: '('",
    );
}

#[test]
fn a_selector_chooses_among_all() {
    let mut world = World::new();
    world.check("kubectl create deployment web --image=nginx", "", "deployment.apps/web created\n", "", 0);
    refused(&mut world, "kubectl scale deploy --all -l a=b --replicas=2", "no objects passed to scale");
    world.check("kubectl scale deploy --all -l app=web --replicas=2", "", "deployment.apps/web scaled\n", "", 0);
}
