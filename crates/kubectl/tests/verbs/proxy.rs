//! `kubectl proxy`: what is answered on its port.

use client::{WebAnswer, WebRequest};
use sim::Span;

use crate::world::{Running, World};

const STARTED: &str = "Starting to serve on 127.0.0.1:8001\n";

fn started(world: &mut World, line: &str) -> Running {
    let mut proxy = world.start(line);
    world.advance(&mut proxy, "", Span::from_seconds(1));
    assert_eq!((proxy.outcome.stdout.as_str(), proxy.outcome.code), (STARTED, None), "{line}");
    proxy
}

/// What the proxy answers to a program.
fn ask(world: &mut World, proxy: &mut Running, method: &str, path: &str, headers: &[(&str, &str)]) -> WebAnswer {
    let host = [("Host", "localhost:8001")];
    let headers = host.iter().chain(headers).map(|(name, value)| ((*name).into(), (*value).into())).collect();
    world.web.asked.push(WebRequest {
        from: 40_000,
        method: method.into(),
        path: path.into(),
        headers,
        body: String::new(),
    });
    world.advance(proxy, "", Span::ZERO);
    world.web.answers.pop().expect("there is an answer")
}

#[test]
fn the_api_is_served_as_raw_requests_show_it() {
    let mut world = World::new();
    world.run("kubectl create cm a --from-literal=k=v");
    let mut proxy = started(&mut world, "kubectl proxy");
    for path in
        ["/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/configmaps/a", "/version", "/apis"]
    {
        let raw = world.run(&format!("kubectl get --raw {path}")).stdout;
        let answer = ask(&mut world, &mut proxy, "GET", path, &[]);
        assert_eq!((answer.code, answer.reason, answer.content_type), (200, "OK", "application/json"));
        assert_eq!(answer.body, raw, "{path}");
        // People see it laid out.
        let pretty = ask(&mut world, &mut proxy, "GET", path, &[("User-Agent", "curl/7.52.1")]).body;
        assert!(pretty.starts_with("{\n  \"") && pretty.ends_with("\n}"), "{pretty}");
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(squeezed(&pretty), squeezed(&raw));
    }
    let plain = ask(&mut world, &mut proxy, "GET", "/api?pretty=false", &[("User-Agent", "curl/7")]).body;
    assert!(plain.starts_with("{\"kind\":\"APIVersions\""), "{plain}");
    let health = ask(&mut world, &mut proxy, "GET", "/readyz", &[]);
    assert_eq!((health.code, health.content_type, health.body.as_str()), (200, "text/plain; charset=utf-8", "ok"));
}

#[test]
fn refusals_come_as_the_server_sends_them() {
    let mut world = World::new();
    let mut proxy = started(&mut world, "kubectl proxy --port=0");
    let missing = ask(&mut world, &mut proxy, "GET", "/api/v1/namespaces/default/pods/x", &[("User-Agent", "curl/7")]);
    let expect = "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"status\": \"Failure\",\n  \
                  \"message\": \"pods \\\"x\\\" not found\",\n  \"reason\": \"NotFound\",\n  \"details\": {\n    \"name\": \
                  \"x\",\n    \"kind\": \"pods\"\n  },\n  \"code\": 404\n}";
    assert_eq!((missing.code, missing.reason, missing.body.as_str()), (404, "Not Found", expect));
    for (method, path, code, body) in [
        ("GET", "/nope", 404, "404 page not found\n"),
        ("GET", "/api/v1/namespaces/default/pods/x/exec", 403, "Forbidden\n"),
        ("GET", "/metrics", 501, "GET /metrics is not supported in this version of the playground\n"),
        ("TRACE", "/api/v1/nodes/x", 501, "TRACE /api/v1/nodes/x is not supported in this version of the playground\n"),
        (
            "GET",
            "/api/v1/namespaces/default/services/x/proxy/",
            501,
            "GET /api/v1/namespaces/default/services/x/proxy/ is not supported in this version of the playground\n",
        ),
    ] {
        let answer = ask(&mut world, &mut proxy, method, path, &[]);
        assert_eq!((answer.code, answer.body.as_str()), (code, body), "{method} {path}");
    }
    world.web.asked.push(WebRequest {
        path: "/api".into(),
        method: "GET".into(),
        headers: vec![("Host".into(), "example.com".into())],
        ..WebRequest::default()
    });
    world.advance(&mut proxy, "", Span::ZERO);
    assert_eq!(world.web.answers.pop().expect("there is an answer").code, 403);
}

#[test]
fn a_prefix_is_taken_off_unless_it_is_the_apis_own() {
    let mut world = World::new();
    let mut proxy = started(&mut world, "kubectl proxy --api-prefix=/custom --reject-methods=POST,PUT");
    assert_eq!(ask(&mut world, &mut proxy, "GET", "/custom/api/v1/nodes", &[]).code, 200);
    assert_eq!(ask(&mut world, &mut proxy, "GET", "/api/v1/nodes", &[]).code, 404);
    assert_eq!(ask(&mut world, &mut proxy, "POST", "/custom/api/v1/nodes", &[]).code, 403);
    world.web.is_open = false;
    let mut proxy = started(&mut world, "kubectl proxy --api-prefix=/api");
    assert_eq!(ask(&mut world, &mut proxy, "GET", "/api/v1/nodes", &[]).code, 200);
    assert_eq!(ask(&mut world, &mut proxy, "GET", "/apis", &[]).code, 404);
}

#[test]
fn what_cannot_be_served_is_refused() {
    let mut world = World::new();
    let unsupported = |what: &str| format!("error: {what} are not supported in this version of the playground\n");
    for (flags, error) in [
        ("--www=x", unsupported("files beside the API (--www)")),
        ("--address=0.0.0.0", unsupported("other addresses than 127.0.0.1 (--address)")),
        ("--unix-socket=x", unsupported("Unix sockets (--unix-socket)")),
        ("-u x -p 80", "error: cannot set --unix-socket and --port at the same time\n".to_string()),
        ("--port=70000", "error: listen tcp: address 70000: invalid port\n".to_string()),
    ] {
        world.check(&format!("kubectl proxy {flags}"), "", "", &error, 1);
    }
    started(&mut world, "kubectl proxy");
    let in_use = "error: listen tcp 127.0.0.1:8001: bind: address already in use\n";
    world.check("kubectl proxy", "", "", in_use, 1);
}

#[test]
fn objects_are_patched_as_their_media_type_says() {
    let mut world = World::new();
    world.run("kubectl create cm a --from-literal=k=v");
    let mut proxy = started(&mut world, "kubectl proxy");
    let mut patch = |world: &mut World, content_type: &str, query: &str, body: &str| {
        let headers = [("Host", "localhost"), ("Content-Type", content_type)];
        world.web.asked.push(WebRequest {
            method: "PATCH".into(),
            path: format!("/api/v1/namespaces/default/configmaps/a{query}").as_str().into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
            body: body.into(),
            ..WebRequest::default()
        });
        world.advance(&mut proxy, "", Span::ZERO);
        world.web.answers.pop().expect("there is an answer")
    };
    let merged = patch(&mut world, "application/merge-patch+json", "", r#"{"data":{"k":null,"x":"y"}}"#);
    assert_eq!((merged.code, merged.content_type), (200, "application/json"));
    let changed = r#"[{"op":"replace","path":"/data/x","value":"z"}]"#;
    patch(&mut world, "application/json-patch+json; charset=utf-8", "", changed);
    world.check("kubectl get cm a -o jsonpath={.data}", "", "{\"x\":\"z\"}", "", 0);
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {m: one}\n";
    let nobody = patch(&mut world, "application/apply-patch+yaml", "", manifest);
    assert_eq!(nobody.code, 422);
    assert!(nobody.body.contains("fieldManager: Required value: is required for apply patch"), "{}", nobody.body);
    let applied = patch(&mut world, "application/apply-patch+yaml", "?fieldManager=me", manifest);
    assert_eq!(applied.code, 200, "{}", applied.body);
    world.check("kubectl get cm a -o jsonpath={.data}", "", "{\"m\":\"one\",\"x\":\"z\"}", "", 0);
    let unknown = patch(&mut world, "application/x-www-form-urlencoded", "", "{}");
    assert_eq!((unknown.code, unknown.reason), (415, "Unsupported Media Type"));
}
