//! Objects for programs that are no terminal: read and watched as what `-o json` prints, at no cost in virtual time.

use api::{Key, Kind, Status, Value};
use client::ChangeKind;
use kubectl::mapping::Mapping;

use crate::world::World;

const DEFAULT_NAMESPACE: &str = "default";

/// Why objects cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// No such resource, or one that is not served here. In kubectl's words.
    #[error("{0}")]
    Resource(String),
    /// The API server's refusal: not found, or a watch that has fallen behind.
    #[error("{}", .0.message)]
    Status(Status),
}

impl ObjectsError {
    /// The error in one word, for programs: `UnknownResource`, `NotFound`, `Expired`, `Refused`.
    pub fn reason(&self) -> &'static str {
        match self {
            ObjectsError::Resource(_) => "UnknownResource",
            ObjectsError::Status(status) => match status.reason.as_str() {
                "NotFound" => "NotFound",
                "Expired" => "Expired",
                _ => "Refused",
            },
        }
    }
}

impl From<Status> for ObjectsError {
    fn from(status: Status) -> ObjectsError {
        ObjectsError::Status(status)
    }
}

/// A place in the log of one resource.
#[derive(Clone, Debug)]
pub struct Watched {
    kind: Kind,
    namespace: Option<String>,
    revision: u64,
}

/// One change, as a watch tells it.
#[derive(Clone, Debug)]
pub struct Happened {
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub event: &'static str,
    /// The object afterwards; of a deleted one its last state.
    pub object: Value,
}

impl World {
    /// One object. `resource` is any name that kubectl takes: `pod`, `sts`, `statefulsets.apps`. `namespace` of a resource
    /// that has none is ignored; none means `default`.
    ///
    /// # Errors
    /// If the resource is unknown or the object is not there.
    pub fn object(&self, resource: &str, namespace: Option<&str>, name: &str) -> Result<Value, ObjectsError> {
        let kind = find(resource)?;
        let namespace = if kind.is_namespaced() { namespace.unwrap_or(DEFAULT_NAMESPACE) } else { "" };
        let object = self.cluster().object(kind, &Key::new(namespace, name))?;
        Ok(object.encode())
    }

    /// All objects of a resource, of one namespace or of all, by namespace and name.
    ///
    /// # Errors
    /// If the resource is unknown.
    pub fn objects(&self, resource: &str, namespace: Option<&str>) -> Result<Vec<Value>, ObjectsError> {
        let kind = find(resource)?;
        let namespace = namespace.filter(|_| kind.is_namespaced());
        Ok(self.cluster().objects(kind, namespace).iter().map(api::Object::encode).collect())
    }

    /// A watch that begins now.
    ///
    /// # Errors
    /// If the resource is unknown.
    pub fn watch(&self, resource: &str, namespace: Option<&str>) -> Result<Watched, ObjectsError> {
        let kind = find(resource)?;
        let namespace = namespace.filter(|_| kind.is_namespaced()).map(str::to_owned);
        Ok(Watched { kind, namespace, revision: self.cluster().server().revision() })
    }

    /// What has happened since the watch was last read, oldest first.
    ///
    /// # Errors
    /// `Expired`, as a real watch: the log does not reach back so far. The reader lists anew.
    pub fn changes(&self, watched: &mut Watched) -> Result<Vec<Happened>, ObjectsError> {
        let server = self.cluster().server();
        let changes = server.changes(watched.kind, watched.revision, self.now())?;
        let wanted = changes.iter().filter(|change| {
            let namespace = &change.object.metadata().namespace;
            watched.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
        });
        let happened = wanted.map(|change| {
            let event = match change.kind {
                ChangeKind::Added => "ADDED",
                ChangeKind::Modified => "MODIFIED",
                ChangeKind::Deleted => "DELETED",
            };
            Happened { event, object: change.object.encode() }
        });
        let happened = happened.collect();
        watched.revision = changes.last().map_or(watched.revision, |change| change.revision);
        Ok(happened)
    }
}

fn find(resource: &str) -> Result<Kind, ObjectsError> {
    let kind = Mapping::find(resource).and_then(Mapping::kind_supported);
    kind.map_err(|failure| ObjectsError::Resource(failure.message()))
}

#[cfg(test)]
mod tests {
    use cluster::timing;
    use sim::Time;

    use crate::{Desk, Options};

    fn desk() -> Desk {
        let timing = timing::named("instant").expect("it is built in");
        let cluster = cluster::Options { nodes: 2, seed: 1, timing, start: Time::HEADLESS_START };
        Desk::new(&Options { cluster, files: Vec::new(), has_editor: false })
    }

    #[test]
    fn an_object_is_read_as_it_is_printed() {
        let mut desk = desk();
        let printed = desk.run("kubectl get service kubernetes -o json").stdout;
        let object = desk.world.object("svc", None, "kubernetes").unwrap();
        let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(printed["spec"], serde_json::to_value(object.get("spec")).unwrap());
        assert_eq!(desk.world.objects("nodes", Some("ignored")).unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_had_says_why() {
        let desk = desk();
        let unknown = desk.world.objects("foos", None).unwrap_err().to_string();
        assert_eq!(unknown, "the server doesn't have a resource type \"foos\"");
        let missing = desk.world.object("pod", None, "web-0").unwrap_err().to_string();
        assert_eq!(missing, "pods \"web-0\" not found");
    }

    #[test]
    fn a_watch_tells_each_change_once_and_those_of_its_namespace() {
        let mut desk = desk();
        let mut watched = desk.world.watch("configmaps", Some("default")).unwrap();
        desk.run("kubectl create configmap one; kubectl create configmap two -n kube-public; kubectl delete cm one");
        let told: Vec<(&str, String)> = desk
            .world
            .changes(&mut watched)
            .unwrap()
            .iter()
            .map(|happened| (happened.event, happened.object.at(&["metadata", "name"]).text().to_owned()))
            .collect();
        assert_eq!(told, [("ADDED", "one".to_owned()), ("DELETED", "one".to_owned())]);
        assert!(desk.world.changes(&mut watched).unwrap().is_empty());
    }
}
