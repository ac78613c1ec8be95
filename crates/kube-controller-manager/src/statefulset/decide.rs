//! One sync of a StatefulSet, as a pure decision.
//!
//! Models: kubernetes v1.36 pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet). Differences that were
//! chosen: where upstream acts and looks at the answer, the plan lists what to do in order, and the executor stops where
//! upstream would stop on an error.

use ordered::Arrange;
use std::ops::ControlFlow;
use std::rc::Rc;

use api::apps::stateful_set::StatefulSetStatus;
use api::core::pod_status::PodPhase;
use api::int_or_string::IntOrString;
use api::{Key, Kind, PersistentVolumeClaim, Pod, StatefulSet, Str};
use sim::{Span, Time};
use thin::format_str;

use super::{identity, retention};
use crate::why::Why;

/// Finds a claim in the cache.
pub type ClaimLookup<'a> = &'a dyn Fn(&Key) -> Option<Rc<PersistentVolumeClaim>>;

/// All that a decision looks at.
pub struct Inputs<'a> {
    /// The set, its status as it was stored before this sync.
    pub set: &'a StatefulSet,
    /// The pods that the set controls; any order.
    pub pods: &'a [Rc<Pod>],
    /// The name of the revision that a rollout comes from.
    pub current_revision: &'a Str,
    /// The name of the revision of the present template.
    pub update_revision: &'a Str,
    /// How often hashes have collided.
    pub collision_count: i32,
    /// The claims of the namespace.
    pub claims: ClaimLookup<'a>,
    /// Whether `maxUnavailable` is heeded; v1.36 does not by default.
    pub max_unavailable: FeatureGate,
}

/// Whether a feature is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureGate {
    /// It is not.
    #[default]
    Disabled,
    /// It is.
    Enabled,
}

/// What to do, and what to say of the set afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In this order.
    pub actions: Vec<PlannedAction>,
    /// The status to store, if it differs from the stored one.
    pub status: StatefulSetStatus,
    /// When to look again though nothing changes: a pod becomes available by then.
    pub requeue_at: Option<Time>,
    /// Why the set does this, or nothing.
    pub reason: Why,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedAction {
    /// The step.
    pub action: Action,
    /// Steps of a later batch are not taken after an error.
    pub batch: u32,
}

/// A write, or a refusal to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make a claim of an ordinal from the template with this index.
    CreateClaim {
        /// Of which pod.
        ordinal: i32,
        /// Which of `volumeClaimTemplates`.
        template: usize,
    },
    /// Make the pod of an ordinal.
    CreatePod {
        /// Which.
        ordinal: i32,
        /// From which template.
        revision: Revision,
        /// Why.
        why: Why,
    },
    /// A pod cannot be made yet.
    FailToCreatePod {
        /// Which.
        ordinal: i32,
        /// Why not.
        error: Str,
    },
    /// Delete a pod.
    DeletePod {
        /// Which.
        pod: Rc<Pod>,
        /// Why.
        why: Why,
    },
    /// Repair identity and storage of a pod.
    UpdatePod {
        /// Which.
        pod: Rc<Pod>,
    },
    /// Give a claim the owners that the retention policy asks for.
    UpdateClaimOwners {
        /// Of which pod.
        pod: Rc<Pod>,
        /// Which.
        claim: Rc<PersistentVolumeClaim>,
    },
}

/// Which of the two revisions of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Where it comes from.
    Current,
    /// Where it goes to.
    Update,
}

/// Decides one sync.
pub fn decide(inputs: &Inputs<'_>, now: Time) -> Plan {
    api::reached!("kube_controller_manager::statefulset::decide::decide");
    let mut sync = Sync::new(inputs, now);
    if !inputs.set.metadata.is_terminating() {
        // The flow only says where the sync stopped; what it did stands in the plan.
        let _ = sync.run();
    }
    sync.complete_rolling_update();
    let reason = sync.reason();
    Plan { actions: sync.actions, status: sync.status, requeue_at: sync.requeue_at, reason }
}

/// A slot of the set: a pod that is there, or one that would be made.
#[derive(Clone)]
struct Replica<'a> {
    ordinal: i32,
    pod: Option<&'a Rc<Pod>>,
    revision: Revision,
}

struct Sync<'a> {
    inputs: &'a Inputs<'a>,
    now: Time,
    is_monotonic: bool,
    /// One per ordinal in range, ascending.
    replicas: Vec<Replica<'a>>,
    /// Pods out of range, by descending ordinal.
    condemned: Vec<&'a Rc<Pod>>,
    actions: Vec<PlannedAction>,
    batch: u32,
    status: StatefulSetStatus,
    requeue_at: Option<Time>,
    waits: Option<Why>,
}

/// How many slots a sync looks at: more pods than any cluster holds here, whatever number the user wrote.
const SLOTS_MAX: i32 = 20_000;
/// How many steps one plan of a Parallel set has; the next sync goes on.
const ACTIONS_MAX: usize = 4_000;
/// When the sync after a plan that was full comes.
const CONTINUED_AFTER: Span = Span::from_millis(1);

type Flow = ControlFlow<()>;
const CONTINUE: Flow = ControlFlow::Continue(());
const STOP: Flow = ControlFlow::Break(());

impl<'a> Sync<'a> {
    fn new(inputs: &'a Inputs<'a>, now: Time) -> Sync<'a> {
        let set = inputs.set;
        let (replicas, condemned) = partition(inputs);
        let mut sync = Sync {
            inputs,
            now,
            is_monotonic: set.spec.pod_management_policy != "Parallel",
            replicas,
            condemned,
            actions: Vec::new(),
            batch: 0,
            status: StatefulSetStatus {
                observed_generation: set.metadata.generation,
                current_revision: inputs.current_revision.clone(),
                update_revision: inputs.update_revision.clone(),
                collision_count: Some(inputs.collision_count),
                conditions: set.status.conditions.clone(),
                rest: set.status.rest.clone(),
                ..StatefulSetStatus::default()
            },
            requeue_at: None,
            waits: None,
        };
        for pod in inputs.pods {
            sync.count(pod);
        }
        sync
    }

    /// Adds a pod to the counters of the status.
    fn count(&mut self, pod: &Pod) {
        let is_created = pod.status.phase.is_some();
        self.status.replicas += i32::from(is_created);
        if is_running_and_ready(pod) {
            self.status.ready_replicas += 1;
            match self.available_at(pod) {
                Some(at) if at > self.now => {
                    self.requeue_at = Some(self.requeue_at.map_or(at, |known| known.min(at)));
                }
                Some(_) => self.status.available_replicas += 1,
                None => {}
            }
        }
        if is_created && !pod.metadata.is_terminating() {
            let revision = revision_of(pod);
            self.status.current_replicas += i32::from(revision == Some(self.inputs.current_revision.as_str()));
            self.status.updated_replicas += i32::from(revision == Some(self.inputs.update_revision.as_str()));
        }
    }

    fn run(&mut self) -> Flow {
        self.process_replicas()?;
        self.process_condemned()?;
        self.process_rolling_update()
    }

    fn process_replicas(&mut self) -> Flow {
        let mut batches = Batches::default();
        for index in 0..self.replicas.len() {
            if self.actions.len() >= ACTIONS_MAX {
                self.requeue_at = Some(self.now + CONTINUED_AFTER);
                return STOP;
            }
            self.batch = batches.of(index);
            let replica = self.replicas[index].clone();
            self.leave_if_monotonic(|sync| sync.process_replica(index, &replica))?;
        }
        self.batch += 1;
        CONTINUE
    }

    /// A Parallel set never waits; an ordered one stops where it must.
    fn leave_if_monotonic(&mut self, step: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let flow = step(self);
        if self.is_monotonic { flow } else { CONTINUE }
    }

    fn process_replica(&mut self, index: usize, replica: &Replica<'a>) -> Flow {
        let Some(pod) = replica.pod else { return self.create(index, replica) };
        if pod.status.is_terminal() {
            if !pod.metadata.is_terminating() {
                let phase = pod.status.phase.map_or("", PodPhase::as_str);
                self.delete(pod, Why::DeletedAsEnded { phase });
            }
            return self.wait_for(pod, "gone");
        }
        if pod.status.phase == Some(PodPhase::Pending) {
            self.create_missing_claims(pod, replica.ordinal)?;
        }
        if self.is_monotonic {
            if pod.metadata.is_terminating() {
                return self.wait_for(pod, "gone");
            }
            if !is_running_and_ready(pod) {
                return self.wait_for(pod, "Running and Ready");
            }
            if !self.is_available(pod) {
                return self.wait_for(pod, "available");
            }
        }
        self.repair(pod, replica.ordinal);
        CONTINUE
    }

    fn create(&mut self, index: usize, replica: &Replica<'a>) -> Flow {
        let set = self.inputs.set;
        let would_be = Pod {
            metadata: api::ObjectMeta::new(set.metadata.namespace.clone(), identity::pod_name(set, replica.ordinal)),
            ..Pod::default()
        };
        let claims = self.inputs.claims;
        let is_stale = |key: Key| claims(&key).is_some_and(|claim| retention::is_stale(set, &would_be, &claim));
        if identity::claim_keys(set, replica.ordinal).any(is_stale) {
            return STOP;
        }
        if let Some(error) = self.create_claims(replica.ordinal) {
            self.push(Action::FailToCreatePod { ordinal: replica.ordinal, error });
            return STOP;
        }
        let why = match index {
            0 => Why::CreatedAsWanted { replicas: set.spec.replicas(), owner: Kind::StatefulSet },
            _ if !self.is_monotonic => Why::CreatedAsWanted { replicas: set.spec.replicas(), owner: Kind::StatefulSet },
            _ => Why::CreatedAfter { predecessor: identity::pod_name(set, replica.ordinal - 1) },
        };
        self.push(Action::CreatePod { ordinal: replica.ordinal, revision: replica.revision, why });
        STOP
    }

    /// Plans the claims that are missing; answers with the first obstacle.
    fn create_claims(&mut self, ordinal: i32) -> Option<Str> {
        let set = self.inputs.set;
        let mut obstacle = None;
        for (template, key) in identity::claim_keys(set, ordinal).enumerate() {
            match (self.inputs.claims)(&key) {
                None => self.push(Action::CreateClaim { ordinal, template }),
                Some(claim) if claim.metadata.is_terminating() && obstacle.is_none() => {
                    obstacle = Some(format_str!("pvc {} is being deleted", key.name));
                }
                Some(_) => {}
            }
        }
        obstacle
    }

    fn create_missing_claims(&mut self, pod: &'a Rc<Pod>, ordinal: i32) -> Flow {
        if self.create_claims(ordinal).is_some() {
            return self.wait_for(pod, "rid of a claim that is being deleted");
        }
        self.update_claim_owners(pod, ordinal);
        CONTINUE
    }

    fn repair(&mut self, pod: &'a Rc<Pod>, ordinal: i32) {
        let set = self.inputs.set;
        if identity::identity_matches(set, pod) && identity::storage_matches(set, pod) {
            if pod.status.phase != Some(PodPhase::Pending) {
                self.update_claim_owners(pod, ordinal);
            }
            return;
        }
        self.update_claim_owners(pod, ordinal);
        self.push(Action::UpdatePod { pod: pod.clone() });
    }

    fn update_claim_owners(&mut self, pod: &'a Rc<Pod>, ordinal: i32) {
        let set = self.inputs.set;
        for key in identity::claim_keys(set, ordinal) {
            let Some(claim) = (self.inputs.claims)(&key) else { continue };
            if !retention::is_up_to_date(set, pod, &claim) {
                self.push(Action::UpdateClaimOwners { pod: pod.clone(), claim });
            }
        }
    }

    fn process_condemned(&mut self) -> Flow {
        let condemned = self.condemned.clone();
        for pod in &condemned {
            if let Some(ordinal) = identity::ordinal_in(self.inputs.set, &pod.metadata.name) {
                self.update_claim_owners(pod, ordinal);
            }
        }
        let first_unavailable = self.first_unavailable().map(Rc::as_ptr);
        for pod in condemned {
            self.leave_if_monotonic(|sync| sync.process_condemned_pod(pod, first_unavailable))?;
        }
        CONTINUE
    }

    fn process_condemned_pod(&mut self, pod: &'a Rc<Pod>, first_unavailable: Option<*const Pod>) -> Flow {
        if pod.metadata.is_terminating() {
            return self.wait_for(pod, "gone");
        }
        let is_first_unavailable = first_unavailable == Some(Rc::as_ptr(pod));
        if self.is_monotonic && !self.is_available(pod) && !is_first_unavailable {
            return self.wait_for(pod, "Running and Ready");
        }
        self.delete(pod, Why::DeletedAsSurplus { replicas: self.inputs.set.spec.replicas(), owner: Kind::StatefulSet });
        STOP
    }

    /// The pod that scaling down may delete though it is not healthy: the lowest unavailable one in range, or else out of it.
    fn first_unavailable(&self) -> Option<&'a Rc<Pod>> {
        let in_range = self.replicas.iter().find(|replica| replica.pod.is_none_or(|pod| self.is_unavailable(pod)));
        match in_range {
            Some(replica) => replica.pod,
            None => self.condemned.iter().rev().copied().find(|pod| self.is_unavailable(pod)),
        }
    }

    fn process_rolling_update(&mut self) -> Flow {
        let strategy = &self.inputs.set.spec.update_strategy;
        if strategy.kind == "OnDelete" {
            return CONTINUE;
        }
        let rolling = strategy.rolling_update.as_ref();
        let partition = rolling.and_then(|rolling| rolling.partition).unwrap_or(0);
        let lowest = usize::try_from(partition).unwrap_or(0);
        match rolling.and_then(|rolling| rolling.max_unavailable.as_ref()) {
            Some(max) if self.inputs.max_unavailable == FeatureGate::Enabled => {
                self.update_up_to(max_unavailable(max, self.inputs.set.spec.replicas()), lowest)
            }
            _ => self.update_one(lowest),
        }
    }

    /// The plain rolling update: from the top, one pod, and only while all above it are available.
    fn update_one(&mut self, lowest: usize) -> Flow {
        for index in (lowest..self.replicas.len()).rev() {
            let replica = self.replicas[index].clone();
            if self.must_be_updated(&replica) {
                self.delete_outdated(&replica);
                return STOP;
            }
            match replica.pod {
                Some(pod) if self.is_unavailable(pod) => return self.wait_for(pod, "Running and Ready"),
                Some(_) => {}
                None => return STOP,
            }
        }
        CONTINUE
    }

    fn update_up_to(&mut self, max_unavailable: usize, lowest: usize) -> Flow {
        let is_unavailable = |replica: &&Replica<'_>| replica.pod.is_none_or(|pod| self.is_unavailable(pod));
        let mut unavailable = self.replicas.iter().filter(is_unavailable).count();
        if unavailable >= max_unavailable {
            return STOP;
        }
        for index in (lowest..self.replicas.len()).rev() {
            let replica = self.replicas[index].clone();
            if unavailable >= max_unavailable {
                return STOP;
            }
            if self.must_be_updated(&replica) {
                // A pod that is unavailable already does not become more so.
                unavailable += 1;
                self.delete_outdated(&replica);
            }
        }
        CONTINUE
    }

    fn must_be_updated(&self, replica: &Replica<'a>) -> bool {
        match replica.pod {
            Some(pod) => {
                !pod.metadata.is_terminating() && revision_of(pod) != Some(self.inputs.update_revision.as_str())
            }
            None => {
                replica.revision == Revision::Current && self.inputs.current_revision != self.inputs.update_revision
            }
        }
    }

    fn delete_outdated(&mut self, replica: &Replica<'a>) {
        let why = Why::DeletedAsOutdated { revision: self.inputs.update_revision.clone() };
        if let Some(pod) = replica.pod {
            self.delete(pod, why);
        } else {
            self.take_back(replica.ordinal);
        }
        self.status.current_replicas -= 1;
    }

    /// Upstream makes a pod of the old revision and deletes it in the same sync; so does the plan.
    fn take_back(&mut self, ordinal: i32) {
        let set = self.inputs.set;
        let metadata = api::ObjectMeta::new(set.metadata.namespace.clone(), identity::pod_name(set, ordinal));
        let why = Why::DeletedAsOutdated { revision: self.inputs.update_revision.clone() };
        self.push(Action::DeletePod { pod: Rc::new(Pod { metadata, ..Pod::default() }), why });
    }

    fn complete_rolling_update(&mut self) {
        let (set, status) = (self.inputs.set, &mut self.status);
        let wanted = set.spec.replicas();
        let is_rolling = set.spec.update_strategy.kind == "RollingUpdate";
        if is_rolling && [status.updated_replicas, status.ready_replicas, status.replicas] == [wanted; 3] {
            status.current_replicas = status.updated_replicas;
            status.current_revision = status.update_revision.clone();
        }
    }

    fn delete(&mut self, pod: &Rc<Pod>, why: Why) {
        self.push(Action::DeletePod { pod: pod.clone(), why });
    }

    fn push(&mut self, action: Action) {
        self.actions.push(PlannedAction { action, batch: self.batch });
    }

    fn wait_for(&mut self, pod: &Pod, until: &'static str) -> Flow {
        self.waits.get_or_insert_with(|| Why::Waits { pod: pod.metadata.name.clone(), until });
        STOP
    }

    fn reason(&mut self) -> Why {
        match self.actions.len() {
            0 => self.waits.take().unwrap_or(Why::AsWanted),
            actions => Why::Acted { actions },
        }
    }

    /// When a Ready pod has been so for long enough; none if it is not Ready.
    fn available_at(&self, pod: &Pod) -> Option<Time> {
        let ready = pod.status.condition("Ready").filter(|_| pod.status.is_true("Ready"))?;
        let min_ready = Span::from_seconds(i64::from(self.inputs.set.spec.min_ready_seconds));
        if min_ready == Span::ZERO {
            return Some(Time(0));
        }
        ready.last_transition_time.map(|since| since + min_ready)
    }

    fn is_available(&self, pod: &Pod) -> bool {
        is_running_and_ready(pod) && self.available_at(pod).is_some_and(|at| at <= self.now)
    }

    fn is_unavailable(&self, pod: &Pod) -> bool {
        pod.metadata.is_terminating() || !self.is_available(pod)
    }
}

/// Upstream works on a Parallel set in batches of 1, 2, 4, … up to 500 pods, and takes no further batch after an error.
#[derive(Default)]
struct Batches {
    number: u32,
    ends_at: usize,
    size: usize,
}

impl Batches {
    fn of(&mut self, index: usize) -> u32 {
        const SIZE_MAX: usize = 500;
        if index >= self.ends_at {
            self.size = (self.size * 2).clamp(1, SIZE_MAX);
            self.ends_at += self.size;
            self.number += 1;
        }
        self.number
    }
}

fn partition<'a>(inputs: &'a Inputs<'a>) -> (Vec<Replica<'a>>, Vec<&'a Rc<Pod>>) {
    let set = inputs.set;
    let (first, wanted) = (set.spec.first_ordinal(), set.spec.replicas().clamp(0, SLOTS_MAX));
    let vacant = |ordinal| Replica { ordinal, pod: None, revision: revision_for_new_pod(set, ordinal) };
    let mut replicas: Vec<Replica<'a>> = (0..wanted).map(|index| vacant(first.saturating_add(index))).collect();
    let mut condemned: Vec<(i32, &Rc<Pod>)> = Vec::new();
    for pod in inputs.pods {
        let Some((_, ordinal)) = identity::parent_and_ordinal(&pod.metadata.name) else { continue };
        let slot = usize::try_from(ordinal - first).ok().and_then(|index| replicas.get_mut(index));
        match slot {
            Some(slot) => slot.pod = Some(pod),
            None => condemned.push((ordinal, pod)),
        }
    }
    condemned.arrange_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
    (replicas, condemned.into_iter().map(|(_, pod)| pod).collect())
}

/// Which template a pod of this ordinal is made from while a rollout is under way.
fn revision_for_new_pod(set: &StatefulSet, ordinal: i32) -> Revision {
    let strategy = &set.spec.update_strategy;
    let kept = match &strategy.rolling_update {
        Some(rolling) => rolling.partition.unwrap_or(0),
        None if strategy.kind == "RollingUpdate" => set.status.current_replicas,
        None => 0,
    };
    if ordinal < set.spec.first_ordinal().saturating_add(kept) { Revision::Current } else { Revision::Update }
}

/// At least 1; a percentage is taken of the wanted pods and rounded down.
pub fn max_unavailable(max: &IntOrString, replicas: i32) -> usize {
    api::reached!("kube_controller_manager::statefulset::decide::max_unavailable");
    let number = match max {
        IntOrString::Int(number) => i64::from(*number),
        IntOrString::Str(text) => {
            let percent = text.strip_suffix('%').and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
            percent.saturating_mul(i64::from(replicas)) / 100
        }
    };
    usize::try_from(number.max(1)).unwrap_or(1)
}

fn revision_of(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.get(identity::REVISION_LABEL)
}

fn is_running_and_ready(pod: &Pod) -> bool {
    pod.status.phase == Some(PodPhase::Running) && pod.status.is_true("Ready")
}
