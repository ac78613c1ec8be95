//! A cluster for tests of a pod's life, and what they ask of it.

use api::{Key, Kind, Object, Pod, Value};
use client::{Api, ExecRequest, LogOptions, NodeProxy, WriteOptions};
use cluster::{Cluster, Options};
use ordered::Arrange;
use sim::{Span, Time};
use std::rc::Rc;

const EVENTS_MAX: usize = 1_000_000;

pub(crate) fn cluster(timing: &str) -> Cluster {
    cluster_of(cluster::timing::named(timing).expect("the profile is there"))
}

pub(crate) fn cluster_of(timing: sim::Timing) -> Cluster {
    let mut cluster = Cluster::new(&Options { nodes: 4, seed: 7, timing, start: Time::HEADLESS_START });
    go(&mut cluster, 20_000);
    cluster
}

/// Lets so many milliseconds pass.
pub(crate) fn go(cluster: &mut Cluster, millis: u64) {
    let to = cluster.now() + Span::from_millis(millis);
    assert_eq!(cluster.advance_to(to, EVENTS_MAX), cluster::Progress::Reached);
}

pub(crate) fn apply(cluster: &mut Cluster, manifest: &str) {
    for document in manifest.split("---\n") {
        let body = api::text::yaml::read(document).expect("the test's manifest is YAML");
        let group = body.get("apiVersion").text().split_once('/').map_or("", |(group, _)| group).to_string();
        let kind = Kind::find(&group, body.get("kind").text()).expect("the kind is served");
        let written = cluster.client("kubectl").create_value(kind, "default", body, &WriteOptions::default());
        assert!(written.is_ok(), "{written:?}");
    }
}

/// A pod with one container of this image, and further lines of its spec.
pub(crate) fn pod_manifest(name: &str, image: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n{spec}  containers:\n  - name: c\n    image: {image}\n"
    )
}

pub(crate) fn pod(cluster: &mut Cluster, name: &str) -> Option<Rc<Pod>> {
    match cluster.client("test").get(Kind::Pod, &Key::new("default", name)) {
        Ok(Object::Pod(pod)) => Some(pod),
        _ => None,
    }
}

/// READY, STATUS and RESTARTS as `kubectl get` prints them.
pub(crate) fn row(cluster: &mut Cluster, name: &str) -> String {
    let Some(pod) = pod(cluster, name) else { return "gone".into() };
    let table = cluster.client("test").table(Kind::Pod, &[Object::Pod(pod)]);
    let text = |cell: &Value| cell.as_int().map_or_else(|| cell.text().to_string(), |number| number.to_string());
    table.rows[0].cells[1..4].iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Reason and message of the kubelet's events about a pod, in the order of their making.
pub(crate) fn events(cluster: &mut Cluster, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for object in cluster.client("test").list(Kind::Event, None) {
        if let Object::Event(event) = object
            && event.involved_object.name == name
            && event.source.component == "kubelet"
        {
            found.push((event.metadata.name.clone(), format!("{} {}", event.reason, event.message)));
        }
    }
    found.arrange();
    found.into_iter().map(|(_, text)| text).collect()
}

/// Runs a command in a container of a pod: output, errors and exit code, or the refusal.
pub(crate) fn exec_in(
    cluster: &mut Cluster,
    name: &str,
    container: &str,
    command: &[&str],
    typed: &str,
) -> Result<(String, i32), String> {
    let request = ExecRequest {
        pod: Key::new("default", name),
        container: container.into(),
        command: command.iter().map(|word| (*word).into()).collect(),
        stdin: !typed.is_empty(),
        tty: true,
    };
    let session = cluster.client("test").exec(&request).map_err(|status| status.message.to_string())?;
    cluster.client("test").session_write(session, typed.as_bytes());
    let mut output = String::new();
    for _ in 0..20_000 {
        go(cluster, 5);
        let read = cluster.client("test").session_read(session);
        output.push_str(&String::from_utf8_lossy(&read.stdout));
        output.push_str(&String::from_utf8_lossy(&read.stderr));
        if let Some(code) = read.exit {
            cluster.client("test").session_close(session);
            return Ok((output, code));
        }
    }
    Err(format!("it still runs; so far: {output}"))
}

pub(crate) fn logs(cluster: &mut Cluster, name: &str, options: &LogOptions) -> Result<String, String> {
    let key = Key::new("default", name);
    let read = cluster.client("test").logs(&key, options);
    read.map(|read| read.text).map_err(|status| status.message.to_string())
}
