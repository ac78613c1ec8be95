//! A row of any kind: what the reader looks at.

use view::{BudgetRow, ClaimRow, Name, NodeRow, PodRow, ServiceRow, Uid, VolumeRow, WorkloadRow};

use super::{PictureState, Shared};

/// A row, compared by pointer: it differs when its object has changed.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// A pod.
    Pod(Shared<PodRow>),
    /// A node.
    Node(Shared<NodeRow>),
    /// A claim.
    Claim(Shared<ClaimRow>),
    /// A volume.
    Volume(Shared<VolumeRow>),
    /// A workload.
    Workload(Shared<WorkloadRow>),
    /// A service.
    Service(Shared<ServiceRow>),
    /// A budget.
    Budget(Shared<BudgetRow>),
}

impl PictureState {
    /// The row of an object.
    pub fn get(&self, uid: Uid) -> Option<Found> {
        let pod = self.pods.get(uid).cloned().map(Found::Pod);
        pod.or_else(|| self.nodes.get(uid).cloned().map(Found::Node))
            .or_else(|| self.claims.get(uid).cloned().map(Found::Claim))
            .or_else(|| self.workloads.get(uid).cloned().map(Found::Workload))
            .or_else(|| self.services.get(uid).cloned().map(Found::Service))
            .or_else(|| self.budgets.get(uid).cloned().map(Found::Budget))
            .or_else(|| self.volumes.get(uid).cloned().map(Found::Volume))
    }
}

impl Found {
    /// Kind, namespace and name.
    pub fn name(&self) -> Name {
        let (kind, namespace, name) = match self {
            Found::Pod(row) => ("Pod", &*row.namespace, &row.name),
            Found::Node(row) => ("Node", "", &row.name),
            Found::Claim(row) => ("PersistentVolumeClaim", &*row.namespace, &row.name),
            Found::Volume(row) => ("PersistentVolume", "", &row.name),
            Found::Workload(row) => (&*row.kind, &*row.namespace, &row.name),
            Found::Service(row) => ("Service", &*row.namespace, &row.name),
            Found::Budget(row) => ("PodDisruptionBudget", &*row.namespace, &row.name),
        };
        Name { kind: kind.into(), namespace: namespace.into(), name: name.clone() }
    }
}
