//! What is said of a pod: phase, conditions, container statuses.

use std::rc::Rc;

use ecow::EcoVec;
use sim::Time;

use crate::codec::{Codec, put, put_always, take};
use crate::meta::ConditionStatus;
use crate::{Map, Str, Value, object, string_enum};

object! {
    /// The status of a pod. The kubelet writes it, the scheduler its condition PodScheduled.
    pub struct PodStatus {
        /// The pod's place in its life; None only before the server has set it.
        phase: Option<PodPhase> = "phase",
        /// Conditions, in the order in which they are written.
        conditions: EcoVec<PodCondition> = "conditions",
        /// Why it is in its phase, in a sentence.
        message: Str = "message",
        /// Why it is in its phase, in a word.
        reason: Str = "reason",
        /// The node that preemption made room on.
        nominated_node_name: Str = "nominatedNodeName",
        /// Address of the node.
        host_ip: Str = "hostIP",
        /// The same as a list.
        host_ips: EcoVec<IpAddress> = "hostIPs",
        /// Address of the pod.
        pod_ip: Str = "podIP",
        /// The same as a list.
        pod_ips: EcoVec<IpAddress> = "podIPs",
        /// When the kubelet saw it first.
        start_time: Option<Time> = "startTime",
        /// One per init container.
        init_container_statuses: EcoVec<ContainerStatus> = "initContainerStatuses",
        /// One per container.
        container_statuses: EcoVec<ContainerStatus> = "containerStatuses",
        /// `Guaranteed`, `Burstable` or `BestEffort`.
        qos_class: Str = "qosClass",
        /// The generation that the status speaks of.
        observed_generation: i64 = "observedGeneration",
    }
}

impl PodStatus {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether the condition of this type is True.
    pub fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// Whether the pod has ended for good.
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase, Some(PodPhase::Succeeded | PodPhase::Failed))
    }
}

string_enum! {
    /// The place of a pod in its life.
    pub enum PodPhase {
        /// Not all containers have started.
        Pending = "Pending",
        /// At least one runs, or is being restarted.
        Running = "Running",
        /// All ended with exit code 0.
        Succeeded = "Succeeded",
        /// All ended, one of them badly.
        Failed = "Failed",
        /// The node does not answer (legacy).
        Unknown = "Unknown",
    }
}

object! {
    /// An address.
    pub struct IpAddress {
        /// The address in text form.
        ip: Str = "ip" always,
    }
}

/// A condition of a pod.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct PodCondition {
    /// Such as `Ready`; `type` in JSON.
    pub kind: Str,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// When that changed.
    pub last_transition_time: Option<Time>,
    /// Why, in a word.
    pub reason: Str,
    /// Why, in a sentence.
    pub message: Str,
    /// The generation that it speaks of; 0 where the writer does not say.
    pub observed_generation: i64,
}

impl PodCondition {
    /// A condition without reason and message.
    pub fn new(kind: &'static str, status: impl Into<ConditionStatus>, since: Time) -> PodCondition {
        PodCondition {
            kind: kind.into(),
            status: status.into(),
            last_transition_time: Some(since.truncate_to_second()),
            ..PodCondition::default()
        }
    }
}

impl Codec for PodCondition {
    fn decode(value: Value) -> Self {
        let Value::Map(mut fields) = value else { return Self::default() };
        PodCondition {
            kind: take(&mut fields, "type"),
            status: take(&mut fields, "status"),
            last_transition_time: take(&mut fields, "lastTransitionTime"),
            reason: take(&mut fields, "reason"),
            message: take(&mut fields, "message"),
            observed_generation: take(&mut fields, "observedGeneration"),
        }
    }
    fn encode(&self) -> Value {
        let mut fields = Map::new();
        put_always(&mut fields, "type", &self.kind);
        put_always(&mut fields, "status", &self.status);
        // Kept by upstream for old clients; nothing has set it for years.
        put_always(&mut fields, "lastProbeTime", &Value::Null);
        put_always(&mut fields, "lastTransitionTime", &self.last_transition_time);
        put(&mut fields, "reason", &self.reason);
        put(&mut fields, "message", &self.message);
        put(&mut fields, "observedGeneration", &self.observed_generation);
        Value::Map(fields)
    }
    fn is_zero(&self) -> bool {
        false
    }
}

object! {
    /// What the kubelet says of a container.
    pub struct ContainerStatus {
        /// The container.
        name: Str = "name" always,
        /// What it does now.
        state: ContainerState = "state" always,
        /// What it did before its last restart.
        last_state: ContainerState = "lastState" always,
        /// Whether it serves.
        ready: bool = "ready" always,
        /// How often it was started again.
        restart_count: i32 = "restartCount" always,
        /// The image that runs.
        image: Str = "image" always,
        /// Its digest.
        image_id: Str = "imageID" always,
        /// Such as `containerd://…`; empty before the first start.
        container_id: Str = "containerID",
        /// Whether its startup probe has passed, or it has none and runs.
        started: Option<bool> = "started",
    }
}

object! {
    /// A container waits, runs or has ended; none of them means that it waits.
    pub struct ContainerState {
        /// It has not started.
        waiting: Option<ContainerStateWaiting> = "waiting",
        /// It runs.
        running: Option<ContainerStateRunning> = "running",
        /// It has ended.
        terminated: Option<Rc<ContainerStateTerminated>> = "terminated",
    }
}

object! {
    /// Why a container has not started.
    pub struct ContainerStateWaiting {
        /// Such as `ContainerCreating`.
        reason: Str = "reason",
        /// In a sentence.
        message: Str = "message",
    }
}

object! {
    /// Since when a container runs.
    pub struct ContainerStateRunning {
        /// The start.
        started_at: Option<Time> = "startedAt" always,
    }
}

object! {
    /// How a container ended.
    pub struct ContainerStateTerminated {
        /// Exit code of its first process.
        exit_code: i32 = "exitCode" always,
        /// The signal that ended it, or 0.
        signal: i32 = "signal",
        /// Such as `Completed`, `Error`, `OOMKilled`.
        reason: Str = "reason",
        /// In a sentence.
        message: Str = "message",
        /// The start.
        started_at: Option<Time> = "startedAt" always,
        /// The end.
        finished_at: Option<Time> = "finishedAt" always,
        /// The container.
        container_id: Str = "containerID",
    }
}
