//! What the user's machine sees of the cluster: node ports, forwarded ports, the little browser.

use images::tools::http::ClientError;
use ordinal_tests::desk::{self, Desk};
use playground::Failure;

const POD: &str = "kubectl run web --image=nginx --port=80 --labels=app=web";
const HELLO: &str = "kubectl exec web -- sh -c 'echo hello from $(hostname) > /usr/share/nginx/html/index.html'";

fn desk() -> Desk {
    let mut desk = desk::desk(2, 1);
    assert_eq!(desk.run(&format!("{POD} && kubectl wait --for=condition=Ready pod/web --timeout=300s")).rc, 0);
    assert_eq!(desk.run(HELLO).rc, 0);
    desk
}

/// What the little browser shows of an address.
fn browse(desk: &mut Desk, url: &str) -> Result<(u16, String), Failure> {
    desk.world.browse(1, url, "", None);
    desk.wait(70);
    let page = desk.world.take_pages().pop().expect("there is an answer");
    page.outcome.map(|response| (response.code, String::from_utf8(response.body).unwrap()))
}

#[test]
fn a_node_port_is_reached_from_outside_and_a_cluster_address_is_not() {
    let mut desk = desk();
    assert_eq!(desk.run("kubectl create service nodeport web --tcp=80 --node-port=30080").rc, 0);
    desk.wait(2);
    let said = desk.run("minikube service web --url");
    assert_eq!(said.stdout, "http://192.168.49.2:30080\n");
    for command in [
        "curl -s $(minikube service web --url)",
        "curl -s http://192.168.49.12:30080",
        "wget -qO- http://192.168.49.11:30080/",
    ] {
        assert_eq!(desk.run(command).stdout, "hello from web\n", "{command}");
    }
    let own = desk.run("curl -s -m 5 http://$(kubectl get svc web -o jsonpath={.spec.clusterIP})");
    assert_eq!((own.rc, own.stdout.as_str()), (7, ""));
    assert_eq!(desk.run("curl -s http://web").rc, 6);
    assert_eq!(browse(&mut desk, "192.168.49.2:30080"), Ok((200, "hello from web\n".into())));
    assert!(matches!(browse(&mut desk, "http://web/"), Err(Failure::Network(ClientError::Lookup(_)))));
    assert_eq!(browse(&mut desk, "https://192.168.49.2:30080/"), Err(Failure::Address));
    assert_eq!(desk.run("minikube service shop --url").rc, 115);
}

#[test]
fn a_forwarded_port_leads_to_its_pod_until_the_pod_goes() {
    let mut desk = desk();
    assert_eq!(desk.run("curl -s http://localhost:8080").rc, 7);
    desk.run("kubectl port-forward pod/web 8080:80 > /tmp/forward 2>&1 &");
    desk.wait(1);
    assert_eq!(desk.run("curl -s http://localhost:8080").stdout, "hello from web\n");
    assert_eq!(browse(&mut desk, "http://127.0.0.1:8080/"), Ok((200, "hello from web\n".into())));
    let second = desk.run("kubectl port-forward pod/web 8080:80");
    assert!(
        second.stderr.ends_with("error: unable to listen on any of the requested ports: [{8080 80}]\n"),
        "{second:?}"
    );
    assert_eq!(
        desk.run("cat /tmp/forward").stdout,
        "Forwarding from 127.0.0.1:8080 -> 80\nForwarding from [::1]:8080 -> 80\nHandling connection for 8080\n\
         Handling connection for 8080\n"
    );
    desk.run("kubectl delete pod web");
    desk.wait(1);
    assert!(desk.run("cat /tmp/forward").stdout.ends_with("error: lost connection to pod\n"));
    assert_eq!(desk.run("curl -s http://localhost:8080").rc, 7);
}

#[test]
fn a_forward_to_a_port_that_nobody_listens_on_is_lost_with_the_first_connection() {
    let mut desk = desk();
    desk.run("kubectl expose pod web >/dev/null 2>&1 || kubectl create service clusterip web --tcp=8000:81");
    desk.run("kubectl port-forward pod/web 8081:81 > /tmp/forward 2>&1 &");
    desk.wait(1);
    assert_eq!(desk.run("curl -s http://localhost:8081").rc, 52);
    desk.wait(1);
    let said = desk.run("cat /tmp/forward").stdout;
    assert!(
        said.contains("error forwarding port 81 to pod") && said.ends_with("error: lost connection to pod\n"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_forwarded_is_refused_in_kubectls_words() {
    let mut desk = desk();
    desk.run("kubectl create service clusterip web --tcp=8000:80");
    for (command, expect) in [
        (
            "kubectl port-forward pod/web",
            "error: TYPE/NAME and list of ports are required for port-forward\nSee 'kubectl port-forward -h' for help and examples\n",
        ),
        ("kubectl port-forward svc/web 80", "error: Service web does not have a service port 80\n"),
        ("kubectl port-forward web http", "error: Pod 'web' does not have a named port 'http'\n"),
        ("kubectl port-forward nobody 80", "Error from server (NotFound): pods \"nobody\" not found\n"),
    ] {
        assert_eq!(desk.run(command).stderr, expect, "{command}");
    }
}

#[test]
fn the_api_is_served_on_a_port_until_the_proxy_ends() {
    let mut desk = desk();
    assert_eq!(desk.run("curl -s http://localhost:8001/api").rc, 7);
    desk.run("kubectl proxy > /tmp/proxy 2>&1 &");
    desk.wait(1);
    assert_eq!(desk.run("cat /tmp/proxy").stdout, "Starting to serve on 127.0.0.1:8001\n");
    let pods = desk.run("curl -s http://localhost:8001/api/v1/namespaces/default/pods").stdout;
    let raw = desk.run("kubectl get --raw /api/v1/namespaces/default/pods").stdout;
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let of_items = |text: &str| squeezed(text).split_once("\"items\"").map(|(_, items)| items.to_owned());
    assert!(pods.starts_with("{\n  \"kind\": \"PodList\",\n"), "{pods}");
    assert_eq!(of_items(&pods), of_items(&raw));
    let body = r#"{"metadata":{"name":"a"},"data":{"k":"v"}}"#;
    let post = format!("curl -s -w '%{{http_code}}' -d '{body}' localhost:8001/api/v1/namespaces/default/configmaps");
    assert!(desk.run(&post).stdout.ends_with("}201"));
    assert_eq!(desk.run("kubectl get cm a -o jsonpath={.data.k}").stdout, "v");
    assert_eq!(desk.run("curl -s -o /dev/null -w '%{http_code}' localhost:8001/nope").stdout, "404");
    let second = desk.run("kubectl proxy");
    assert_eq!(second.stderr, "error: listen tcp 127.0.0.1:8001: bind: address already in use\n");
    desk.run("kill %1");
    desk.wait(1);
    assert_eq!(desk.run("curl -s http://localhost:8001/api").rc, 7);
}
