//! Descriptions against recorded ones: the objects stand in `descriptions/*.yaml`, what kubectl v1.36.2 said in `*.txt`.

use api::table::Table;
use api::text::yaml;
use api::{Key, Kind, Object, Reason, Status, Str, Value};
use client::{
    Api, Change, DeleteOptions, ExecRequest, Forward, ForwardError, ForwardNews, ForwardRequest, LocalServer,
    LogOptions, LogRead, NodeProxy, Patch, PortInUse, SessionId, SessionOutput, WebAnswer, WebRequest, WriteOptions,
    Written,
};
use kubectl::describe::{Cluster, Events, describe};
use sim::Time;

/// Objects to read, at one instant.
struct Snapshot {
    objects: Vec<Object>,
    now: Time,
}

type Answer = Result<Written, Status>;

impl Api for Snapshot {
    fn now(&self) -> Time {
        self.now
    }
    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        let found = self.objects.iter().find(|object| object.kind() == kind && object.key() == *key);
        found.cloned().ok_or_else(|| Status::not_found(kind, key.name.as_str()))
    }
    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        let is_here = |object: &&Object| {
            object.kind() == kind && namespace.is_none_or(|namespace| object.metadata().namespace == namespace)
        };
        self.objects.iter().filter(is_here).cloned().collect()
    }
    fn revision(&self) -> u64 {
        1
    }
    fn changes(&self, _kind: Kind, _after: u64, _until: Time) -> Result<&[Change], Status> {
        Err(refusal())
    }
    fn create(&mut self, _object: Object) -> Result<Object, Status> {
        Err(refusal())
    }
    fn update(&mut self, _object: Object) -> Result<Object, Status> {
        Err(refusal())
    }
    fn update_status(&mut self, _object: Object) -> Result<Object, Status> {
        Err(refusal())
    }
    fn delete(&mut self, _kind: Kind, _key: &Key, _options: &DeleteOptions) -> Result<Object, Status> {
        Err(refusal())
    }
    fn bind(&mut self, _pod: &Key, _uid: &str, _node: &Str) -> Result<Object, Status> {
        Err(refusal())
    }
    fn create_value(&mut self, _kind: Kind, _namespace: &str, _body: Value, _options: &WriteOptions) -> Answer {
        Err(refusal())
    }
    fn update_value(&mut self, _kind: Kind, _key: &Key, _body: Value, _options: &WriteOptions) -> Answer {
        Err(refusal())
    }
    fn patch(&mut self, _kind: Kind, _key: &Key, _patch: &Patch, _options: &WriteOptions) -> Answer {
        Err(refusal())
    }
    fn evict(&mut self, _pod: &Key, _options: &DeleteOptions) -> Result<(), Status> {
        Err(refusal())
    }
    fn table(&self, _kind: Kind, _objects: &[Object]) -> Table {
        Table::default()
    }
}

impl LocalServer for Snapshot {
    fn serve_open(&mut self, _port: u16) -> Result<u16, PortInUse> {
        Err(PortInUse)
    }
    fn serve_read(&mut self, _port: u16) -> Option<WebRequest> {
        None
    }
    fn serve_answer(&mut self, _port: u16, _request: &WebRequest, _answer: &WebAnswer) {}
    fn serve_close(&mut self, _port: u16) {}
}

impl NodeProxy for Snapshot {
    fn exec(&mut self, _request: &ExecRequest) -> Result<SessionId, Status> {
        Err(refusal())
    }
    fn session_write(&mut self, _session: SessionId, _input: &[u8]) {}
    fn session_close_stdin(&mut self, _session: SessionId) {}
    fn session_interrupt(&mut self, _session: SessionId) {}
    fn session_read(&mut self, _session: SessionId) -> SessionOutput {
        SessionOutput::default()
    }
    fn session_close(&mut self, _session: SessionId) {}
    fn logs(&self, _pod: &Key, _options: &LogOptions) -> Result<LogRead, Status> {
        Err(refusal())
    }
    fn forward_open(&mut self, _request: &ForwardRequest) -> Result<Forward, ForwardError> {
        Err(ForwardError::Status(refusal()))
    }
    fn forward_read(&mut self, _local: u16) -> ForwardNews {
        ForwardNews::default()
    }
    fn forward_close(&mut self, _local: u16) {}
}

fn refusal() -> Status {
    Status::new(Reason::BadRequest, "a snapshot is only read")
}

impl Snapshot {
    fn new(now: &str, objects: &str, events: &str) -> Snapshot {
        let documents = yaml::documents(objects).0;
        let decode = |value: Value| {
            let group = value.get("apiVersion").text().split_once('/').map_or("", |(group, _)| group).to_string();
            let kind = Kind::find(&group, value.get("kind").text()).expect("a kind that there is");
            Object::decode(kind, value)
        };
        let mut objects: Vec<Object> = documents.into_iter().map(|document| decode(document.value)).collect();
        let events = events.lines().filter(|line| !line.starts_with('#')).enumerate();
        objects.extend(events.map(|(number, line)| Object::decode(Kind::Event, event(number, line))));
        Snapshot { objects, now: Time::parse_rfc3339(now).expect("an instant") }
    }

    fn describe(&self, kind: Kind, name: &str, events: Events) -> String {
        let object = self.objects.iter().find(|object| object.kind() == kind && object.metadata().name == name);
        describe(&Cluster { api: self, events }, object.expect("the object is in the snapshot"))
    }

    fn check(&self, kind: Kind, name: &str, expect: &str) {
        let text = self.describe(kind, name, Events::Shown);
        for (number, (ours, theirs)) in text.lines().zip(expect.lines()).enumerate() {
            assert_eq!(ours, theirs, "line {} of {name}\n{text}", number + 1);
        }
        assert_eq!(text, expect);
    }
}

/// An event from its line in a table.
fn event(number: usize, line: &str) -> Value {
    let cells: Vec<&str> = line.split('\t').collect();
    let [kind, name, uid, path, level, reason, from, first, last, count, message] = cells.as_slice() else {
        panic!("{line:?} has {} cells", cells.len())
    };
    let namespace = if *kind == "Node" { "" } else { "default" };
    let mut event = Value::map();
    event.set(&["metadata", "name"], format!("{name}.{number:03}"));
    event.set(&["metadata", "namespace"], "default");
    for (field, value) in [("kind", kind), ("name", name), ("uid", uid), ("fieldPath", path), ("namespace", &namespace)]
    {
        event.set(&["involvedObject", field], *value);
    }
    for (field, value) in [("type", level), ("reason", reason), ("message", message)] {
        event.set(&[field], *value);
    }
    let (at, count) = (|time: &str| format!("2026-11-23T05:{time}Z"), count.parse::<i64>().expect("a number"));
    if *last == "-" {
        event.set(&["reportingComponent"], *from);
        event.set(&["eventTime"], at(&format!("{first}.000000")));
        if count > 0 {
            event.set(&["series", "count"], count);
            event.set(&["series", "lastObservedTime"], at(&format!("{first}.200000")));
        }
    } else {
        event.set(&["source", "component"], *from);
        event.set(&["firstTimestamp"], at(first));
        event.set(&["lastTimestamp"], at(last));
        event.set(&["count"], count);
    }
    event
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("descriptions/", $name))
    };
}

#[test]
fn objects_are_described_as_recorded() {
    let snapshot = Snapshot::new("2026-11-23T05:33:02.300000Z", file!("web.yaml"), file!("web-events.tsv"));
    snapshot.check(Kind::StatefulSet, "web", file!("statefulset.txt"));
    snapshot.check(Kind::Pod, "web-0", file!("pod.txt"));
    snapshot.check(Kind::PersistentVolumeClaim, "www-web-0", file!("persistentvolumeclaim.txt"));
    snapshot.check(Kind::Service, "nginx", file!("service.txt"));
    snapshot.check(Kind::Node, "node-1", file!("node.txt"));
    snapshot.check(Kind::StorageClass, "standard", file!("storageclass.txt"));
    snapshot.check(Kind::EndpointSlice, "nginx-dfzqh", file!("endpointslice.txt"));
    snapshot.check(Kind::ControllerRevision, "web-847b47bbbc", file!("controllerrevision.txt"));
}

#[test]
fn a_restarted_pod_shows_its_last_state() {
    let snapshot = Snapshot::new("2026-11-23T05:34:04.500000Z", file!("zk.yaml"), file!("zk-events.tsv"));
    snapshot.check(Kind::Pod, "zk-0", file!("pod-restarted.txt"));
}

#[test]
fn events_can_be_left_out() {
    let snapshot = Snapshot::new("2026-11-23T05:34:04.500000Z", file!("zk.yaml"), file!("zk-events.tsv"));
    let budget = "Name:             zk-pdb
Namespace:        default
Max unavailable:  1
Selector:         app=zk
Status:
    Allowed disruptions:  0
    Current:              0
    Desired:              0
    Total:                0
";
    assert_eq!(snapshot.describe(Kind::PodDisruptionBudget, "zk-pdb", Events::Hidden), budget);
    snapshot.check(Kind::PodDisruptionBudget, "zk-pdb", &format!("{budget}Events:                   <none>\n"));
}

#[test]
fn fields_that_are_less_usual_are_shown() {
    let snapshot = Snapshot::new("2026-11-23T05:34:40Z", file!("everything.yaml"), "");
    snapshot.check(Kind::Pod, "full", file!("full.txt"));
    let namespace = "Name:         default
Labels:       kubernetes.io/metadata.name=default
Annotations:  <none>
Status:       Active

No resource quota.

No LimitRange resource.
";
    snapshot.check(Kind::Namespace, "default", namespace);
    let account = "Name:                default
Namespace:           default
Labels:              <none>
Annotations:         <none>
Image pull secrets:  <none>
Events:              <none>
";
    snapshot.check(Kind::ServiceAccount, "default", account);
}

const HEAD: &str = "Name:         NAME\nNamespace:    default\nLabels:       <none>\nAnnotations:  <none>\n";

#[test]
fn settings_are_shown_and_secrets_are_counted() {
    let snapshot = Snapshot::new("2026-11-23T05:34:40Z", file!("everything.yaml"), "");
    let data = "\nData\n====\na:\n----\nb\n\nk:\n----\nv\nw\n\n\nBinaryData\n====\nbin: 3 bytes\n\nEvents:  <none>\n";
    snapshot.check(Kind::ConfigMap, "settings", &format!("{}{data}", HEAD.replace("NAME", "settings")));
    let data = "\nType:  Opaque\n\nData\n====\npassword:  13 bytes\n";
    snapshot.check(Kind::Secret, "keys", &format!("{}{data}", HEAD.replace("NAME", "keys")));
    let subsets = "Subsets:
  Addresses:          10.244.1.2,10.244.2.2
  NotReadyAddresses:  <none>
  Ports:
    Name  Port  Protocol
    ----  ----  --------
    web   80    TCP

Events:  <none>
";
    snapshot.check(Kind::Endpoints, "nginx", &format!("{}{subsets}", HEAD.replace("NAME", "nginx")));
}

#[test]
fn a_volume_shows_where_it_is() {
    let snapshot = Snapshot::new("2026-11-23T05:34:40Z", file!("everything.yaml"), "");
    let volume = "Name:              local
Labels:            <none>
Annotations:       <none>
Finalizers:        [kubernetes.io/pv-protection]
StorageClass:      \nStatus:            Available
Claim:             \nReclaim Policy:    Retain
Access Modes:      RWO
VolumeMode:        Filesystem
Capacity:          1Gi
Node Affinity:     \n  Required Terms:  \n    Term 0:        kubernetes.io/hostname in [a, b]
Message:           \nSource:
    Type:  LocalVolume (a persistent volume backed by local storage on a node)
    Path:  /mnt
Events:    <none>
";
    snapshot.check(Kind::PersistentVolume, "local", volume);
}
