//! Objects that are there before the first write: the roles and bindings of every cluster.
//!
//! Nobody has written them, so they have no place in the log and none in the digest; and since hardly anybody looks at
//! them, they are made when somebody does. The first write of their kind takes them into the store.

use std::cell::OnceCell;

use ordered::OrderedMap;

use api::meta::ResourceVersion;
use api::{Key, Kind, Object};
use sim::{Random, Time};

use crate::authorization::defaults;

type ByKind = OrderedMap<Kind, OrderedMap<Key, Object>>;

/// What is needed to make them, and they themselves once they are made.
#[derive(Clone, Debug)]
pub(super) struct Initial {
    pub(super) seed: u64,
    pub(super) began: Time,
    pub(super) objects: OnceCell<ByKind>,
}

impl Initial {
    /// Those of a kind.
    pub(super) fn of(&self, kind: Kind) -> Option<&OrderedMap<Key, Object>> {
        let has_some = matches!(kind, Kind::ClusterRole | Kind::ClusterRoleBinding | Kind::Role | Kind::RoleBinding);
        if has_some { self.objects.get_or_init(|| self.made()).get(&kind) } else { None }
    }

    fn made(&self) -> ByKind {
        let mut by_kind = ByKind::new();
        for mut object in defaults::objects() {
            let (kind, key) = (object.kind(), object.key());
            let uid = Random::stream(self.seed, &format!("{} {key}", kind.plural())).uuid();
            let metadata = object.metadata_mut();
            metadata.uid = uid.into();
            metadata.resource_version = ResourceVersion(1);
            metadata.creation_timestamp = Some(self.began.truncate_to_second());
            by_kind.entry(kind).or_default().insert(key, object);
        }
        by_kind
    }
}
