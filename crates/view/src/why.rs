//! Why an object is as it is: a fact and what it is about, for which the page has a sentence in each of its languages.

use serde::{Deserialize, Serialize};

/// A fact with its words. The first word of what a controller decided is the object's own name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Why {
    /// What is the case.
    pub fact: Fact,
    /// As the fact says, in the order of its documentation.
    pub words: Vec<String>,
}

/// What can be the case. What Kubernetes itself says of it, in its own words, is among the words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Fact {
    /// Nothing is to be said.
    #[default]
    Nothing,
    /// Name, the owner's kind, replicas: the owner wants so many.
    CreatedAsWanted,
    /// Name, predecessor: which became Ready.
    CreatedAfter,
    /// Name, node: which had none.
    CreatedForNode,
    /// Name, the owner's kind, replicas: the owner wants no more.
    DeletedAsSurplus,
    /// Name, revision: of another template.
    DeletedAsOutdated,
    /// Name, phase: it had ended.
    DeletedAsEnded,
    /// Name, owner: which is gone.
    DeletedWithOwner,
    /// Name, from, to: by its Deployment.
    Sized,
    /// Name.
    RollsOut,
    /// Name, pod, state: which that pod must reach first.
    Waits,
    /// Name.
    AsWanted,
    /// Name, count: so many pods have just been changed.
    Acted,
    /// Name, message of the controller.
    Claim,
    /// The scheduler's message.
    Unschedulable,
    /// The kubelet's message about a container that waits.
    ContainerWaits,
    /// The kubelet's message.
    NotReady,
    /// Finalizers: deleted, and kept by them.
    Kept,
    /// Seconds: deleted, and so long may its containers take.
    Stops,
    /// Deleted.
    Deleted,
}

impl Why {
    /// A fact with its words.
    pub fn new<const N: usize>(fact: Fact, words: [&str; N]) -> Why {
        Why { fact, words: words.map(str::to_owned).into() }
    }

    /// Whether there is nothing to be said.
    pub fn is_nothing(&self) -> bool {
        self.fact == Fact::Nothing
    }
}
