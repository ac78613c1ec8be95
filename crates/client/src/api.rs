//! The API server as one client sees it.

use std::rc::Rc;

use ::api::table::Table;
use ::api::{Key, Kind, Object, Resource, Status, Str, Value};
use sim::{Span, Time};

use crate::access::{Access, User};

/// The API server, for one client with one name (its field manager). Every method is one request.
///
/// Two families: typed ones for components (objects are trusted to be well-formed, and are defaulted and admitted all the
/// same), and those of users (`*_value`), where the body is JSON and goes through strict decoding and validation.
pub trait Api {
    /// The present instant.
    fn now(&self) -> Time;

    /// Reads one object as it is stored now.
    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status>;

    /// Reads all objects of a kind, of one namespace or of all, in the order of namespace and name.
    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object>;

    /// The store's revision: that of the last write of any object.
    fn revision(&self) -> u64;

    /// The changes of a kind after revision `after`, committed at or before `until`, oldest first.
    /// Refused with [`Reason::Expired`](::api::Reason::Expired) if the log does not reach back so far.
    fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status>;

    /// Creates an object. The server sets UID, resource version and creation time, completes `generateName`, defaults and
    /// admits.
    fn create(&mut self, object: Object) -> Result<Object, Status>;

    /// Replaces an object but for its status. With a resource version, refused with a conflict if that is not the stored one.
    /// A write that changes nothing is not performed.
    fn update(&mut self, object: Object) -> Result<Object, Status>;

    /// Replaces the status of an object (for pods also what the status endpoint lets pass), conflicts as in `update`.
    fn update_status(&mut self, object: Object) -> Result<Object, Status>;

    /// Begins or ends the deletion of an object; answers with the object as it is then (or was last).
    fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status>;

    /// Binds a pod to a node (the `binding` subresource): sets `spec.nodeName` and the condition PodScheduled.
    fn bind(&mut self, pod: &Key, uid: &str, node: &Str) -> Result<Object, Status>;

    /// Creates an object from JSON, as a user's POST.
    fn create_value(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status>;

    /// Replaces an object from JSON, as a user's PUT.
    fn update_value(&mut self, kind: Kind, key: &Key, body: Value, options: &WriteOptions) -> Result<Written, Status>;

    /// Patches an object, or one of its subresources.
    fn patch(&mut self, kind: Kind, key: &Key, patch: &Patch, options: &WriteOptions) -> Result<Written, Status>;

    /// The Eviction subresource of a pod: deletes it if its disruption budget allows.
    fn evict(&mut self, pod: &Key, options: &DeleteOptions) -> Result<(), Status>;

    /// From now on requests are made in the name of this user; who asks without one may do everything.
    fn impersonate(&mut self, user: Option<User>) {
        let _ = user;
    }

    /// Whether the user in whose name requests are made may do this. Lists and watches are asked about before they are made;
    /// all other requests ask by themselves.
    fn authorize(&self, access: &Access) -> Result<(), Status> {
        let _ = access;
        Ok(())
    }

    /// The rules that say what a user may do in a namespace, as `rules` of a role have them.
    fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        let _ = (user, namespace);
        Vec::new()
    }

    /// From now on the holder of a lease renews it so often, or (`None`) no more. Renewals are no writes: whoever reads the
    /// lease sees the last one that was due. Only holders call this.
    fn set_renewal(&mut self, lease: &Key, every: Option<Span>) {
        let _ = (lease, every);
    }

    /// Whether the holder of a lease is renewing it.
    fn is_renewed(&self, lease: &Key) -> bool {
        let _ = lease;
        false
    }

    /// The server-side table of objects of one kind, ages as of now.
    fn table(&self, kind: Kind, objects: &[Object]) -> Table;
}

impl dyn Api + '_ {
    /// [`Api::get`] of a typed object.
    pub fn get_as<T: Resource>(&self, key: &Key) -> Result<Rc<T>, Status> {
        let object = self.get(T::KIND, key)?;
        Ok(T::from_object(&object).expect("the server answers with the kind asked for").clone())
    }

    /// [`Api::list`] of typed objects.
    pub fn list_as<T: Resource>(&self, namespace: Option<&str>) -> Vec<Rc<T>> {
        self.list(T::KIND, namespace).iter().filter_map(T::from_object).cloned().collect()
    }
}

/// One write, as watchers see it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The object after the write; for a deletion the last state, with the deletion's revision.
    pub object: Object,
    /// The object before the write.
    pub old: Option<Object>,
    /// The revision of the write.
    pub revision: u64,
    /// When it was committed.
    pub at: Time,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    /// Seconds given to a pod; none means the pod's own.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; none means the kind's default.
    pub propagation: Option<Propagation>,
    /// Refuse unless the object has this UID.
    pub uid: Option<Str>,
    /// Refuse unless the object has this resource version.
    pub resource_version: Option<u64>,
    /// Answer without doing it.
    pub dry_run: bool,
}

/// What becomes of the objects that an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Deleted afterwards.
    Background,
    /// Deleted before.
    Foreground,
    /// Left alone.
    Orphan,
}

/// How a user's write is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteOptions {
    /// Answer without doing it (`dryRun=All`).
    pub dry_run: bool,
    /// What to do about unknown and duplicate fields.
    pub field_validation: FieldValidation,
    /// Who owns the fields; empty for the client's own name.
    pub field_manager: Str,
    /// For server-side apply: take fields from other managers.
    pub force: bool,
    /// Which part of the object is written.
    pub subresource: Subresource,
}

/// What to do about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Refuse them.
    #[default]
    Strict,
    /// Drop them and warn.
    Warn,
    /// Drop them.
    Ignore,
}

/// A change to an object, or to the part of it that [`WriteOptions::subresource`] names.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// How to read the body.
    pub kind: PatchKind,
    /// The patch.
    pub body: Value,
}

/// How to read a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902
    Json,
    /// RFC 7386
    Merge,
    /// Kubernetes' own
    Strategic,
    /// Server-side apply
    Apply,
}

/// Which part of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subresource {
    /// All but the status.
    #[default]
    None,
    /// The status.
    Status,
    /// The wanted number of replicas, as a Scale.
    Scale,
    /// The ephemeral containers of a pod.
    EphemeralContainers,
    /// What a pod's containers ask for and may use, while it runs.
    Resize,
}

impl Subresource {
    /// `status`; "" for the object itself.
    pub const fn name(self) -> &'static str {
        match self {
            Subresource::None => "",
            Subresource::Status => "status",
            Subresource::Scale => "scale",
            Subresource::EphemeralContainers => "ephemeralcontainers",
            Subresource::Resize => "resize",
        }
    }
}

/// The answer to a user's write.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object as it is stored (or would be).
    pub object: Object,
    /// `Warning:` headers.
    pub warnings: Vec<Str>,
}
