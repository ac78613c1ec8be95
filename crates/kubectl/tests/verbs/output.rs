//! `-o`: the forms in which objects are printed.

use crate::world::World;

const ALLOWED: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,\
templatefile,yaml";

#[test]
fn kyaml_has_braces_quotes_and_commas() {
    let mut world = World::new();
    let manifest = "---\n{\n  apiVersion: \"v1\",\n  data: {\n    \"no\": \"1\",\n    text: \"\\\n       a\\n\\\n      \\  b\\n\\\n      \
                    \",\n  },\n  kind: \"ConfigMap\",\n  metadata: {\n    name: \"a\",\n    \
                    namespace: \"default\",\n  },\n}\n";
    world.check("kubectl create -f - --dry-run=client -o kyaml", manifest, manifest, "", 0);
    world.check("kubectl create -f -", manifest, "configmap/a created\n", "", 0);
    let data = "kubectl get cm a -o jsonpath={.data.text}";
    world.check(data, "", "a\n  b\n", "", 0);
    let listed = world.run("kubectl get cm -l a!=b -o KYAML --field-selector metadata.name=a").stdout;
    assert!(listed.starts_with("---\n{\n  apiVersion: \"v1\",\n  items: [{\n    apiVersion: \"v1\",\n"), "{listed}");
    assert!(
        listed.ends_with("  }],\n  kind: \"List\",\n  metadata: {\n    resourceVersion: \"\",\n  },\n}\n"),
        "{listed}"
    );
    let mut watch = world.start("kubectl get cm a -w --output-watch-events -o kyaml");
    world.advance(&mut watch, "", sim::Span::from_seconds(1));
    let event = watch.outcome.stdout;
    assert!(event.starts_with("---\n{\n  type: \"ADDED\",\n  object: {\n    apiVersion: \"v1\",\n"), "{event}");
}

#[test]
fn kyaml_can_be_turned_off() {
    let mut world = World::new();
    world.gates.push(("KUBECTL_KYAML".into(), "False".into()));
    let allowed = ALLOWED.replace("kyaml,", "");
    let refusal = format!(
        "error: unable to match a printer suitable for the output format \"kyaml\", allowed formats are: {allowed}\n"
    );
    world.check("kubectl create cm a --dry-run=client -o kyaml", "", "", &refusal, 1);
}

#[test]
fn what_is_made_of_flags_is_printed_in_the_order_of_its_struct() {
    let mut world = World::new();
    let json = "{\n    \"kind\": \"ConfigMap\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {\n        \"name\": \"a\"\n    },\n    \
                \"data\": {\n        \"b\": \"c\"\n    }\n}\n";
    let create = "kubectl create cm a --from-literal=b=c --dry-run=client";
    world.check(&format!("{create} -o json"), "", json, "", 0);
    let kyaml = "---\n{\n  kind: \"ConfigMap\",\n  apiVersion: \"v1\",\n  metadata: {\n    name: \"a\",\n  },\n  data: {\n    b: \
                 \"c\",\n  },\n}\n";
    world.check(&format!("{create} -o kyaml"), "", kyaml, "", 0);
    let yaml = "apiVersion: v1\ndata:\n  b: c\nkind: ConfigMap\nmetadata:\n  name: a\n";
    world.check(&format!("{create} -o yaml"), "", yaml, "", 0);
}

#[test]
fn what_was_done_is_shown_as_objects_if_asked() {
    let mut world = World::new();
    world.run("kubectl create deployment web --image=nginx");
    let scaled = "kubectl scale deploy web --replicas=3 -o jsonpath={.kind}{.spec.replicas}";
    world.check(scaled, "", "Deployment3", "", 0);
    world.check("kubectl scale deploy web --replicas=3 -o name --dry-run=server", "", "deployment.apps/web\n", "", 0);
    world.run("kubectl create cm a --from-literal=k=v");
    world.check("kubectl wait cm/a --for=jsonpath={.data.k}=v -o jsonpath={.data.k}", "", "v", "", 0);
    world.check("kubectl wait cm/a --for=create -o name", "", "configmap/a\n", "", 0);
    world.run("kubectl create sa default");
    world.check("kubectl run p --image=nginx --save-config", "", "pod/p created\n", "", 0);
    let noted = world.run("kubectl apply view-last-applied pod p").stdout;
    assert!(noted.contains("image: nginx"), "{noted}");
}

#[test]
fn a_roll_back_is_shown_as_the_object_that_was_found() {
    let mut world = World::new();
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {serviceName: s, selector: {matchLabels: {a: \
               b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}}\n";
    world.run_with("kubectl create -f -", set);
    for revision in [1, 2] {
        let data = format!(
            "{{spec: {{template: {{$patch: replace, metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c, image: 'i:{revision}'}}]}}}}}}}}"
        );
        let stored = format!(
            "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata:\n  name: web-{revision}\n  labels: {{a: b}}\n  ownerReferences: \
             [{{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: {}, controller: true}}]\nrevision: {revision}\ndata: {data}\n",
            world.run("kubectl get sts web -o jsonpath={.metadata.uid}").stdout
        );
        let made = world.run_with("kubectl create -f -", &stored);
        assert_eq!(made.code, Some(0), "{made:?}");
    }
    let image = "{.spec.template.spec.containers[0].image}";
    world.check(&format!("kubectl rollout undo sts/web -o jsonpath={image}"), "", "nginx", "", 0);
    world.check(&format!("kubectl get sts web -o jsonpath={image}"), "", "i:1", "", 0);
}

#[test]
fn errors_of_logs_are_told_or_end_the_command() {
    let mut world = World::new();
    world.run("kubectl create sa default");
    world.run("kubectl run p --image=nginx");
    world.check("kubectl logs p", "", "", "Error from server (InternalError): no kubelet here\n", 1);
    world.check("kubectl logs p --ignore-errors", "", "", "error: no kubelet here\n", 0);
    world.check("kubectl logs p -f --ignore-errors", "", "", "error: no kubelet here\n", 0);
    // Whoever follows gives a container time to start.
    let tries = "no kubelet here\n".repeat(3) + "error: context deadline exceeded\n";
    world.check("kubectl logs p -f --pod-running-timeout=3s", "", "", &tries, 1);
    let zero = "error: --pod-running-timeout must be higher than zero\n";
    world.check("kubectl logs p --pod-running-timeout=0s", "", "", zero, 1);
}

#[test]
fn resources_are_listed_as_the_server_tells_of_them() {
    let mut world = World::new();
    let head = "{\n    \"kind\": \"APIResourceList\",\n    \"apiVersion\": \"v1\",\n    \"groupVersion\": \"\",\n    \"resources\": \
                [\n        {\n            \"name\": \"configmaps\",\n            \"singularName\": \"configmap\",\n            \
                \"namespaced\": true,\n            \"version\": \"v1\",\n            \"kind\": \"ConfigMap\",\n";
    let listed = world.run("kubectl api-resources -o json").stdout;
    assert!(listed.starts_with(head), "{listed}");
    let apps = world.run("kubectl api-resources --api-group=apps --sort-by=name -o yaml").stdout;
    assert!(apps.contains("- categories:\n  - all\n  group: apps\n  kind: DaemonSet\n  name: daemonsets\n"), "{apps}");
    let refusal = "error: unable to match a printer suitable for the output format \"x\", allowed formats are: \
                   json,kyaml,name,wide,yaml\n";
    world.check("kubectl api-resources -o x", "", "", refusal, 1);
}

#[test]
fn events_are_printed_as_their_own_list() {
    let mut world = World::new();
    let event = "apiVersion: v1\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, name: p, namespace: default}\nreason: \
                 R\nmessage: m\ntype: Normal\n";
    world.check("kubectl create -f -", event, "event/e created\n", "", 0);
    let head = "---\n{\n  kind: \"EventList\",\n  apiVersion: \"v1\",\n  metadata: {},\n  items: [{\n    kind: \"Event\",\n    \
                apiVersion: \"v1\",\n    metadata: {\n      name: \"e\",\n";
    let shown = world.run("kubectl events -o kyaml").stdout;
    assert!(shown.starts_with(head), "{shown}");
    world.check("kubectl events -o name", "", "", "", 0);
    world.check("kubectl events -o jsonpath={.items[*].kind}", "", "Event", "", 0);
}

#[test]
fn documents_are_separated_where_one_printer_prints_them() {
    let mut world = World::new();
    world.run("kubectl create deployment a --image=nginx");
    world.run("kubectl create deployment b --image=nginx");
    let mut separators = |line: &str| {
        let shown = world.run(&format!("kubectl {line} -o yaml")).stdout;
        assert_eq!(shown.matches("kind: Deployment\n").count(), 2, "{shown}");
        shown.matches("\n---\n").count()
    };
    assert_eq!(separators("set image deploy/a deploy/b nginx=nginx:2"), 1);
    assert_eq!(separators("annotate deploy a b x=y"), 1);
    assert_eq!(separators("label deploy a b x=y"), 0);
    assert_eq!(separators("patch deploy a b -p {}"), 0);
}
