//! Why a controller did what it did: a fact, turned into a sentence only when someone asks.

use ordered::OrderedMap;
use std::fmt;

use api::{Key, Kind, Str};

/// The last decision about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The first pod of a set, or one of a Parallel set.
    CreatedAsWanted {
        /// How many pods the set asks for.
        replicas: i32,
        /// What kind of set.
        owner: Kind,
    },
    /// A pod in the order of a set.
    CreatedAfter {
        /// The pod before it, which became Ready.
        predecessor: Str,
    },
    /// A surplus pod.
    DeletedAsSurplus {
        /// How many pods the set asks for.
        replicas: i32,
        /// What kind of set.
        owner: Kind,
    },
    /// A pod of a DaemonSet.
    CreatedForNode {
        /// The node that had none.
        node: Str,
    },
    /// A ReplicaSet that its Deployment has sized.
    Sized {
        /// The size before.
        from: i32,
        /// The size now.
        to: i32,
    },
    /// A Deployment whose rollout is under way.
    RollsOut,
    /// A pod of an older template.
    DeletedAsOutdated {
        /// The revision that it should have.
        revision: Str,
    },
    /// A pod that had ended.
    DeletedAsEnded {
        /// `Succeeded` or `Failed`.
        phase: &'static str,
    },
    /// An object whose owners are gone.
    DeletedWithOwner {
        /// The last owner.
        owner: Str,
    },
    /// A set that can do nothing until a pod changes.
    Waits {
        /// The pod.
        pod: Str,
        /// What it must become, such as `Running and Ready`.
        until: &'static str,
    },
    /// A set that is as it should be.
    AsWanted,
    /// A set that has just acted.
    Acted {
        /// How many pods were created, deleted or repaired.
        actions: usize,
    },
    /// A claim.
    Claim {
        /// What is said of it, such as `waiting for first consumer to be created before binding`.
        message: Str,
    },
}

impl Why {
    /// The decision about the object called `name`, as a sentence without a full stop.
    pub fn about(&self, name: &str) -> String {
        match self {
            Why::CreatedAsWanted { replicas, owner } => {
                format!("{name} was created because its {} asks for {}", owner.name(), pods(*replicas))
            }
            Why::CreatedAfter { predecessor } => format!("{name} was created because {predecessor} became Ready"),
            Why::DeletedAsSurplus { replicas, owner } => {
                format!("{name} was deleted because its {} asks for {}", owner.name(), pods(*replicas))
            }
            Why::CreatedForNode { node } => format!("{name} was created because {node} had none"),
            Why::Sized { from, to } => format!("{name} was sized from {from} to {to} by its Deployment"),
            Why::RollsOut => format!("{name} rolls out"),
            Why::DeletedAsOutdated { revision } => {
                format!("{name} was deleted because its template is not {revision}'s")
            }
            Why::DeletedAsEnded { phase } => format!("{name} was deleted because it was {phase}"),
            Why::DeletedWithOwner { owner } => format!("{name} was deleted because its owner {owner} is gone"),
            Why::Waits { pod, until } => format!("{name} waits until {pod} is {until}"),
            Why::AsWanted => format!("{name} is as wanted"),
            Why::Acted { actions } => format!("{name} has just changed {}", pods(*actions as i32)),
            Why::Claim { message } => format!("{name}: {message}"),
        }
    }
}

fn pods(count: i32) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about("it"))
    }
}

/// The last decision per object; the oldest go first when there are too many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whys {
    by_object: OrderedMap<(Kind, Key), (u64, Why)>,
    by_age: OrderedMap<u64, (Kind, Key)>,
    sequence: u64,
}

/// How many decisions are remembered.
const REMEMBERED_MAX: usize = 512;

impl Whys {
    pub(crate) fn get(&self, kind: Kind, key: &Key) -> Option<&Why> {
        self.by_object.get(&(kind, key.clone())).map(|(_, why)| why)
    }

    pub(crate) fn put(&mut self, kind: Kind, key: Key, why: Why) {
        let object = (kind, key);
        if let Some((age, known)) = self.by_object.get(&object) {
            if *known == why {
                return;
            }
            self.by_age.remove(age);
        }
        self.sequence += 1;
        self.by_age.insert(self.sequence, object.clone());
        self.by_object.insert(object, (self.sequence, why));
        if self.by_object.len() > REMEMBERED_MAX
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_object.remove(&oldest);
        }
    }
}
