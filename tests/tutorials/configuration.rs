//! Secrets and ConfigMaps in containers, variables that name services, and services of every type.

use ordinal_tests::desk::{self, Desk};

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
  - name: app
    image: nginx
    env:
    - name: PASSWORD
      valueFrom: {secretKeyRef: {name: pass, key: password}}
    envFrom:
    - configMapRef: {name: settings}
    volumeMounts:
    - {name: files, mountPath: /etc/app}
  volumes:
  - name: files
    configMap: {name: files}
"#;

fn desk_with(manifest: &str) -> Desk {
    let mut desk = desk::desk(2, 5);
    let said = desk.run_with("kubectl apply -f -", manifest, playground::LIMIT);
    assert_eq!(said.rc, 0, "{said:?}");
    desk
}

fn status(desk: &mut Desk) -> String {
    desk.run("kubectl get pod app --no-headers").stdout.split_whitespace().nth(2).unwrap_or_default().to_owned()
}

#[test]
fn a_container_waits_for_what_it_is_configured_from() {
    let mut desk = desk_with(POD);
    desk.wait(20);
    assert_eq!(status(&mut desk), "ContainerCreating");
    let events =
        desk.run("kubectl get events -o jsonpath='{range .items[*]}{.reason}: {.message}{\"\\n\"}{end}'").stdout;
    assert!(
        events.contains("FailedMount: MountVolume.SetUp failed for volume \"files\" : configmap \"files\" not found"),
        "{events}"
    );
    desk.run("kubectl create configmap files --from-literal=a.txt=one");
    desk.wait(20);
    assert_eq!(status(&mut desk), "CreateContainerConfigError");
    for (make, missing) in [
        ("kubectl create configmap settings --from-literal=COLOR=red", "configmap \"settings\" not found"),
        ("kubectl create secret generic pass --from-literal=other=x", "secret \"pass\" not found"),
        (
            "kubectl create secret generic pass --from-literal=password=x --dry-run=client -o yaml | kubectl apply -f -",
            "couldn't find key password in Secret default/pass",
        ),
    ] {
        let message =
            desk.run("kubectl get pod app -o jsonpath='{.status.containerStatuses[0].state.waiting.message}'").stdout;
        assert_eq!(message, missing);
        assert_eq!(desk.run(make).rc, 0, "{make}");
        desk.wait(20);
    }
    let events =
        desk.run("kubectl get events -o jsonpath='{range .items[*]}{.reason}: {.message}{\"\\n\"}{end}'").stdout;
    assert!(events.contains("Failed: Error: secret \"pass\" not found"), "{events}");
    assert_eq!(status(&mut desk), "Running");
    assert_eq!(
        desk.run("kubectl exec app -- sh -c 'echo $PASSWORD $COLOR; cat /etc/app/a.txt; echo'").stdout,
        "x red\none\n"
    );
}

#[test]
fn mounted_files_follow_their_configmap_and_variables_do_not() {
    let mut desk = desk_with(POD);
    for make in [
        "kubectl create configmap files --from-literal=a.txt=one",
        "kubectl create configmap settings --from-literal=COLOR=red",
        "kubectl create secret generic pass --from-literal=password=x",
        "kubectl wait --for=condition=Ready pod/app --timeout=300s",
        "kubectl patch configmap files -p '{\"data\":{\"a.txt\":\"two\",\"b.txt\":\"new\"}}'",
        "kubectl patch configmap settings -p '{\"data\":{\"COLOR\":\"blue\"}}'",
    ] {
        assert_eq!(desk.run(make).rc, 0, "{make}");
    }
    let look = "kubectl exec app -- sh -c 'cat /etc/app/a.txt; echo; ls /etc/app; echo $COLOR'";
    assert_eq!(desk.run(look).stdout, "one\na.txt\nred\n");
    desk.wait(62);
    assert_eq!(desk.run(look).stdout, "two\na.txt\nb.txt\nred\n");
    desk.run("kubectl delete configmap files");
    desk.wait(62);
    assert_eq!(desk.run(look).stdout, "two\na.txt\nb.txt\nred\n");
}

#[test]
fn variables_name_the_services_that_were_there_at_the_start() {
    let mut desk = desk::desk(2, 5);
    desk.run("kubectl create service clusterip my-db --tcp=5432:80");
    desk.run("kubectl run app --image=nginx && kubectl wait --for=condition=Ready pod/app --timeout=300s");
    desk.run("kubectl create service clusterip late --tcp=80:80");
    let ip = desk.run("kubectl get svc my-db -o jsonpath='{.spec.clusterIP}'").stdout;
    let lines = desk.run("kubectl exec app -- env | grep -E '^(MY_DB|LATE|KUBERNETES_SERVICE_HOST)' | sort").stdout;
    let expect = format!(
        "KUBERNETES_SERVICE_HOST=10.96.0.1\nMY_DB_PORT=tcp://{ip}:5432\nMY_DB_PORT_5432_TCP=tcp://{ip}:5432\nMY_DB_PORT_5432_TCP_ADDR={ip}\n\
         MY_DB_PORT_5432_TCP_PORT=5432\nMY_DB_PORT_5432_TCP_PROTO=tcp\nMY_DB_SERVICE_HOST={ip}\nMY_DB_SERVICE_PORT=5432\n\
         MY_DB_SERVICE_PORT_5432_80=5432\n"
    );
    assert_eq!(lines, expect);
}

#[test]
fn services_of_every_type_lead_to_ready_endpoints() {
    let mut desk = desk::desk(2, 5);
    desk.run("kubectl create deployment web --image=nginx --replicas=3");
    desk.run("kubectl wait --for=condition=Available deployment/web --timeout=300s");
    desk.run("kubectl create service loadbalancer web --tcp=80:80");
    let row = desk.run("kubectl get svc web --no-headers").stdout;
    let words: Vec<&str> = row.split_whitespace().collect();
    let port: u16 = words[4].strip_prefix("80:").unwrap().strip_suffix("/TCP").unwrap().parse().unwrap();
    assert_eq!((words[1], words[3]), ("LoadBalancer", "<pending>"));
    assert!((30_000..=32_767).contains(&port));
    desk.run("for p in $(kubectl get pods -o name); do kubectl exec $p -- sh -c 'hostname > /usr/share/nginx/html/index.html'; done");
    let seen = |desk: &mut Desk| {
        let all =
            desk.run(&format!("for i in $(seq 30); do curl -s http://192.168.49.11:{port}/; done | sort -u | wc -l"));
        all.stdout.trim().to_owned()
    };
    assert_eq!(seen(&mut desk), "3");
    desk.run("kubectl scale deployment web --replicas=1");
    desk.wait(40);
    assert_eq!(seen(&mut desk), "1");
    desk.run("kubectl patch svc web -p '{\"spec\":{\"sessionAffinity\":\"ClientIP\"}}'; kubectl scale deployment web --replicas=3");
    desk.wait(40);
    desk.run("for p in $(kubectl get pods -o name); do kubectl exec $p -- sh -c 'hostname > /usr/share/nginx/html/index.html'; done");
    assert_eq!(seen(&mut desk), "1");
    desk.run("kubectl delete deployment web");
    desk.wait(40);
    assert_eq!(desk.run(&format!("curl -s http://192.168.49.11:{port}/")).rc, 7);
}
