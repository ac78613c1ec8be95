//! kube-apiserver: the only door to the store.
//!
//! - `etcd/`: objects, revisions, logs. Nobody else assigns resource versions.
//! - `registry/`: what is special about each kind: preparation, validation, generations.
//! - `authorization/`: roles and bindings, for requests in somebody's name.
//! - `admission/`: what the server adds to a request (service accounts, tolerations, default classes, protection).
//! - `subresources/`: status, scale, binding, eviction, ephemeral containers.
//! - `requests`: create, update, delete, patch: the order of these steps.
//! - `tables/`: the columns that `kubectl get` shows.
//!
//! What is absent: controllers, time of its own (every request carries `now`), HTTP, authentication.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/apiserver/pkg/registry, pkg/registry, plugin/pkg/admission.

mod admission;
mod allocator;
mod authorization;
mod bootstrap;
mod client_of_server;
#[cfg(feature = "conform")]
pub mod conform;
mod deletion;
mod etcd;
mod leases;
mod managed;
mod patch_requests;
mod registry;
mod requests;
mod server_side_apply;
mod siblings;
mod subresources;
mod tables;
mod user_requests;

use ordered::OrderedMap;

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{Access, User};
use sim::{Random, Time};

pub use client_of_server::ServerClient;
pub use subresources::eviction::Refusals;
pub use tables::pod_cells;

/// The API server with its store.
#[derive(Clone, Debug)]
pub struct ApiServer {
    etcd: etcd::Etcd,
    allocator: allocator::Allocator,
    managed: managed::Interner,
    siblings: siblings::Siblings,
    pod_defaults: admission::PodDefaults,
    uids: Random,
    names: Random,
    addresses: Random,
    renewals: OrderedMap<Key, leases::Renewal>,
    refusals: Refusals,
}

impl ApiServer {
    /// A server with what a new cluster has before any component runs: namespaces, the `kubernetes` and `kube-dns`
    /// services, the class `standard`.
    pub fn new(seed: u64, now: Time) -> ApiServer {
        let mut server = ApiServer {
            etcd: etcd::Etcd::new(seed, now),
            allocator: allocator::Allocator::default(),
            managed: managed::Interner::default(),
            siblings: siblings::Siblings::default(),
            pod_defaults: admission::PodDefaults::default(),
            uids: Random::stream(seed, "kube-apiserver uids"),
            names: Random::stream(seed, "kube-apiserver names"),
            addresses: Random::stream(seed, "kube-apiserver addresses"),
            renewals: OrderedMap::new(),
            refusals: Refusals::default(),
        };
        bootstrap::run(&mut server, now);
        server
    }

    /// The evictions that budgets have refused.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The server as a client of this name (its field manager) sees it at this instant.
    pub fn client(&mut self, manager: impl Into<Str>, now: Time) -> ServerClient<'_> {
        ServerClient { server: self, manager: manager.into(), now, user: None }
    }

    /// Whether a user may do something.
    ///
    /// # Errors
    /// If no rule allows it.
    pub fn authorize(&self, user: &User, access: &Access) -> Result<(), Status> {
        authorization::authorize(self, user, access)
    }

    /// The rules that say what a user may do in a namespace.
    pub fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        authorization::rules_of(self, user, namespace)
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.etcd.revision()
    }

    /// A number that depends on every write since the beginning, and on their order: equal for equal runs.
    pub fn digest(&self) -> u64 {
        self.etcd.digest()
    }

    /// How many writes there have been.
    pub fn writes(&self) -> u64 {
        self.etcd.writes()
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.etcd.len(kind)
    }

    /// The objects of a kind, by namespace and name.
    pub fn iter(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.etcd.iter(kind)
    }

    /// One object as it is stored.
    pub fn object(&self, kind: Kind, key: &Key) -> Option<&Object> {
        self.etcd.get(kind, key)
    }

    /// All objects of a kind, of one namespace or of all.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        match namespace {
            Some(namespace) => self.etcd.in_namespace(kind, namespace).cloned().collect(),
            None => self.etcd.iter(kind).cloned().collect(),
        }
    }

    /// The table of objects of one kind, ages as of `now`.
    pub fn table(&self, kind: Kind, objects: &[Object], now: Time) -> Table {
        tables::table(kind, objects, now)
    }

    /// The revision of the last write of a kind; 0 if there was none.
    pub fn last_change(&self, kind: Kind) -> u64 {
        self.etcd.last_change(kind)
    }

    /// The changes of a kind after a revision.
    ///
    /// # Errors
    /// `Expired` if the log does not reach back so far.
    pub fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[client::Change], api::Status> {
        self.etcd.changes(kind, after, until)
    }

    /// When the next Events are an hour old and go.
    pub fn next_expiry(&self) -> Option<Time> {
        self.etcd.next_expiry()
    }

    /// Takes out the Events that are an hour old.
    pub fn expire(&mut self, now: Time) {
        self.etcd.expire(now);
    }

    /// Lets go of what every watcher has had time to read.
    pub fn compact(&mut self, now: Time) {
        self.etcd.compact(now);
    }
}
