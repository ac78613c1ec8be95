//! Node and Lease.

use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use crate::codec::MicroTime;
use crate::meta::{ConditionStatus, ObjectMeta};
use crate::string_map::ResourceList;
use crate::{Str, Value, object};

object! {
    /// A machine that runs pods.
    pub struct Node {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What the cluster wants of it.
        spec: NodeSpec = "spec" always,
        /// What its kubelet says.
        status: Rc<NodeStatus> = "status" always,
    }
}

object! {
    /// What the cluster wants of a node.
    pub struct NodeSpec {
        /// Range of its pods' addresses.
        pod_cidr: Str = "podCIDR",
        /// The same as a list.
        pod_cidrs: EcoVec<Str> = "podCIDRs",
        /// Name at the cloud.
        provider_id: Str = "providerID",
        /// Cordoned.
        unschedulable: bool = "unschedulable",
        /// Pods that do not bear these keep away.
        taints: EcoVec<Taint> = "taints",
    }
}

object! {
    /// Keeps pods away that do not tolerate it.
    pub struct Taint {
        /// Its key.
        key: Str = "key" always,
        /// Its value.
        value: Str = "value",
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
        effect: Str = "effect" always,
        /// Since when, for `NoExecute`.
        time_added: Option<Time> = "timeAdded",
    }
}

object! {
    /// What a kubelet says of its node.
    pub struct NodeStatus {
        /// What the machine has.
        capacity: ResourceList = "capacity",
        /// What pods can have of it.
        allocatable: ResourceList = "allocatable",
        /// `Ready` and the pressures.
        conditions: EcoVec<NodeCondition> = "conditions",
        /// Where it is reached.
        addresses: EcoVec<NodeAddress> = "addresses",
        /// Ports of its daemons.
        daemon_endpoints: Value = "daemonEndpoints" always,
        /// Versions and identities.
        node_info: Rc<NodeSystemInfo> = "nodeInfo" always,
        /// The images it holds.
        images: EcoVec<ContainerImage> = "images",
    }
}

impl NodeStatus {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&NodeCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The address of this type, such as `InternalIP`.
    pub fn address(&self, kind: &str) -> Option<&Str> {
        self.addresses.iter().find(|address| address.kind == kind).map(|address| &address.address)
    }
}

object! {
    /// A condition of a node.
    pub struct NodeCondition {
        /// Such as `Ready`.
        kind: Str = "type" always,
        /// Whether it holds.
        status: ConditionStatus = "status" always,
        /// When it was last reported.
        last_heartbeat_time: Option<Time> = "lastHeartbeatTime" always,
        /// When it changed.
        last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in a word.
        reason: Str = "reason",
        /// Why, in a sentence.
        message: Str = "message",
    }
}

object! {
    /// An address of a node.
    pub struct NodeAddress {
        /// `InternalIP`, `Hostname`, …
        kind: Str = "type" always,
        /// The address.
        address: Str = "address" always,
    }
}

object! {
    /// Versions and identities of a node.
    pub struct NodeSystemInfo {
        /// Such as `amd64`.
        architecture: Str = "architecture" always,
        /// Changes at every boot.
        boot_id: Str = "bootID" always,
        /// Such as `containerd://2.1.4`.
        container_runtime_version: Str = "containerRuntimeVersion" always,
        /// Such as `6.1.0-28-amd64`.
        kernel_version: Str = "kernelVersion" always,
        /// Deprecated, empty.
        kube_proxy_version: Str = "kubeProxyVersion" always,
        /// Such as `v1.36.2`.
        kubelet_version: Str = "kubeletVersion" always,
        /// Of the installation.
        machine_id: Str = "machineID" always,
        /// `linux`.
        operating_system: Str = "operatingSystem" always,
        /// Such as `Debian GNU/Linux 12 (bookworm)`.
        os_image: Str = "osImage" always,
        /// Of the hardware.
        system_uuid: Str = "systemUUID" always,
    }
}

object! {
    /// An image on a node.
    pub struct ContainerImage {
        /// Tags and digests.
        names: EcoVec<Str> = "names" always,
        /// Its size in bytes.
        size_bytes: i64 = "sizeBytes",
    }
}

object! {
    /// A claim to be alive, renewed again and again.
    pub struct Lease {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
        /// Who and when.
        spec: LeaseSpec = "spec",
    }
}

object! {
    /// Who holds a lease, and since when.
    pub struct LeaseSpec {
        /// The holder.
        holder_identity: Option<Str> = "holderIdentity",
        /// How long it holds after a renewal.
        lease_duration_seconds: Option<i32> = "leaseDurationSeconds",
        /// When it was taken.
        acquire_time: Option<MicroTime> = "acquireTime",
        /// When it was renewed.
        renew_time: Option<MicroTime> = "renewTime",
    }
}
