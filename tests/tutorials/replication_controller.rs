//! ReplicationControllers: what ReplicaSets were before.

use ordinal_tests::desk::{Desk, desk};

const MANIFEST: &str = r#"apiVersion: v1
kind: ReplicationController
metadata: {name: web}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
"#;

fn said(desk: &mut Desk, command: &str) -> String {
    let said = desk.run(command);
    format!("{}{}", said.stdout, said.stderr)
}

fn with_controller() -> Desk {
    let mut desk = desk(2, 1);
    let apply = format!("kubectl apply -f - <<'END'\n{MANIFEST}END");
    assert_eq!(said(&mut desk, &apply), "replicationcontroller/web created\n");
    desk.wait(8);
    desk
}

const ROW: &str = "kubectl get rc web -o jsonpath='{.spec.replicas}{.status.replicas}{.status.readyReplicas}'";

#[test]
fn it_keeps_so_many_pods() {
    let mut desk = with_controller();
    assert_eq!(said(&mut desk, ROW), "222");
    let wide = said(&mut desk, "kubectl get rc web -o wide --no-headers");
    let cells: Vec<&str> = wide.split_whitespace().collect();
    assert_eq!([&cells[..4], &cells[5..]].concat(), ["web", "2", "2", "2", "c", "nginx", "app=web"], "{wide}");
    let path = "{.spec.selector.app}{.metadata.labels.app}{.metadata.generation}{.status.observedGeneration}";
    assert_eq!(said(&mut desk, &format!("kubectl get rc web -o jsonpath='{path}'")), "webweb11");
    assert_eq!(said(&mut desk, "kubectl scale rc web --replicas=3"), "replicationcontroller/web scaled\n");
    said(&mut desk, "kubectl delete $(kubectl get pod -l app=web -o name | head -n 1) --now");
    desk.wait(8);
    assert_eq!(said(&mut desk, ROW), "333");
    let scale = "kubectl get rc web --subresource=scale -o jsonpath='{.kind}{.spec.replicas}{.status.selector}'";
    assert_eq!(said(&mut desk, scale), "Scale3app=web");
    let described = said(&mut desk, "kubectl describe rc web");
    for line in [
        "Selector:     app=web",
        "Replicas:     3 current / 3 desired",
        "Pods Status:  3 Running / 0 Waiting / 0 Succeeded / 0 Failed",
    ] {
        assert!(described.lines().any(|found| found == line), "{line:?} is not in\n{described}");
    }
    assert!(described.contains("replication-controller  Created pod: web-"), "{described}");
    assert_eq!(said(&mut desk, "kubectl expose rc web --port=80"), "service/web exposed\n");
    assert_eq!(said(&mut desk, "kubectl get svc web -o jsonpath='{.spec.selector}'"), "{\"app\":\"web\"}");
}

#[test]
fn its_pods_go_with_it_or_stay() {
    let pods = "kubectl get pods -l app=web -o name | wc -l";
    let mut desk = with_controller();
    assert_eq!(
        said(&mut desk, "kubectl delete rc web"),
        "replicationcontroller \"web\" deleted from default namespace\n"
    );
    desk.wait(5);
    assert_eq!(said(&mut desk, pods).trim(), "0");
    // The API itself leaves them, as it did before objects had owners.
    let mut desk = with_controller();
    said(&mut desk, "kubectl delete --raw /api/v1/namespaces/default/replicationcontrollers/web");
    desk.wait(5);
    assert_eq!(said(&mut desk, "kubectl get rc"), "No resources found in default namespace.\n");
    assert_eq!(said(&mut desk, pods).trim(), "2");
}

#[test]
fn a_budget_knows_how_many_pods_there_should_be() {
    let mut desk = with_controller();
    said(&mut desk, "kubectl create pdb web --selector=app=web --min-available=50%");
    desk.wait(2);
    let status =
        "kubectl get pdb web -o jsonpath='{.status.expectedPods}{.status.desiredHealthy}{.status.disruptionsAllowed}'";
    assert_eq!(said(&mut desk, status), "211");
}

#[test]
fn faults_are_named() {
    let mut desk = desk(1, 1);
    let apply = |spec: &str| {
        let text = format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"ReplicationController\",\"metadata\":{{\"name\":\"x\"}},\"spec\":{spec}}}"
        );
        format!("kubectl apply -f - <<'END'\n{text}\nEND")
    };
    let none = "The ReplicationController \"x\" is invalid: \n* spec.selector: Required value\n* spec.template: Required value\n";
    assert_eq!(said(&mut desk, &apply("{}")), none);
    let pod = r#"{"restartPolicy":"Never","activeDeadlineSeconds":5,"containers":[{"name":"c","image":"i"}]}"#;
    let other = format!(
        "{{\"selector\":{{\"a\":\"b\"}},\"template\":{{\"metadata\":{{\"labels\":{{\"c\":\"d\"}}}},\"spec\":{pod}}}}}"
    );
    let expect = "The ReplicationController \"x\" is invalid: \n* spec.template.metadata.labels: Invalid value: {\"c\":\"d\"}: \
                  `selector` does not match template `labels`\n* spec.template.spec.restartPolicy: Unsupported value: \"Never\": \
                  supported values: \"Always\"\n* spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in \
                  ReplicationController is not Supported\n";
    assert_eq!(said(&mut desk, &apply(&other)), expect);
}

#[test]
fn a_template_is_kept_by_itself() {
    let mut desk = desk(1, 1);
    let spec = "{containers: [{name: c, image: nginx}, {name: d, image: busybox}]}";
    let manifest = format!(
        "apiVersion: v1\nkind: PodTemplate\nmetadata: {{name: t}}\ntemplate: {{metadata: {{labels: {{a: b, c: d}}}}, spec: {spec}}}"
    );
    let apply = format!("kubectl apply -f - <<'END'\n{manifest}\nEND");
    assert_eq!(said(&mut desk, &apply), "podtemplate/t created\n");
    let table = "NAME   CONTAINERS   IMAGES          POD LABELS\nt      c,d          nginx,busybox   a=b,c=d\n";
    assert_eq!(said(&mut desk, "kubectl get podtemplates"), table);
    said(&mut desk, "kubectl label podtemplate t x=1");
    let generation = "kubectl get podtemplate t -o jsonpath='{.metadata.generation}{.template.spec.restartPolicy}'";
    assert_eq!(said(&mut desk, generation), "1Always");
    let patch =
        r#"kubectl patch podtemplate t -p '{"template":{"spec":{"containers":[{"name":"c","image":"nginx:1"}]}}}'"#;
    assert_eq!(said(&mut desk, patch), "podtemplate/t patched\n");
    assert_eq!(said(&mut desk, generation), "2Always");
}
