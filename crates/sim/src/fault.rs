//! What can be broken in a cluster, and mended again: data, so that a journal, a script and a test can hold it.

/// One act against the cluster's hardware or applications, or its undoing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A machine loses power: its kubelet falls silent, its processes are gone.
    StopNode(String),
    /// A machine is switched on.
    StartNode(String),
    /// A machine's cable is pulled: what runs there runs on, alone.
    CutNetwork(String),
    /// The cable is back.
    HealNetwork(String),
    /// The first process of a container ends with this exit code.
    Kill(PodTarget, i32),
    /// The first process of a container answers nobody any more.
    Hang(PodTarget),
    /// A container answers its readiness probe with no.
    Unready(PodTarget),
    /// It answers truly again.
    Ready(PodTarget),
    /// Nothing more can be written to the volume of a claim.
    FillVolume(ObjectTarget),
    /// The files on the volume of a claim are gone.
    LoseVolume(ObjectTarget),
    /// All faults that last are undone.
    Clear,
}

/// An object of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectTarget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTarget {
    /// The pod.
    pub pod: ObjectTarget,
    /// The container; none for the pod's first one.
    pub container: Option<String>,
}
