//! `pods/eviction`: deletion, if the disruption budget allows it.
//!
//! Models: kubernetes v1.36 pkg/registry/core/pod/storage/eviction.go.

use ordered::OrderedMap;
use std::rc::Rc;

use api::core::pod_status::{PodCondition, PodPhase};
use api::status::{StatusCause, StatusDetails};
use api::{Key, Kind, Object, Pod, PodDisruptionBudget, Reason, Status, Str};
use client::DeleteOptions;
use sim::Time;

use crate::ApiServer;
use crate::bootstrap::MANAGER;

/// Seconds after which a refused client may ask again while a budget is being processed.
const RETRY_AFTER_SECONDS: i64 = 10;

/// Budgets whose last refusal is remembered.
const REFUSALS_MAX: usize = 256;

/// The last pod that each budget has refused to let go: for people to look at, nothing is decided by it.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    by_budget: OrderedMap<Key, Str>,
    count: u64,
}

impl Refusals {
    /// How often any budget has refused.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The pod that this budget has refused last.
    pub fn of(&self, budget: &Key) -> Option<&Str> {
        self.by_budget.get(budget)
    }

    fn note(&mut self, budget: Key, pod: Str) {
        self.count += 1;
        if self.by_budget.len() == REFUSALS_MAX && !self.by_budget.contains_key(&budget) {
            self.by_budget.pop_first();
        }
        self.by_budget.insert(budget, pod);
    }
}

/// Evicts a pod, or answers why not.
pub(crate) fn evict(server: &mut ApiServer, key: &Key, options: &DeleteOptions, now: Time) -> Result<(), Status> {
    api::reached!("kube_apiserver::subresources::eviction::evict");
    let Object::Pod(pod) = server.get(Kind::Pod, key)?.clone() else {
        return Err(Status::not_found(Kind::Pod, &key.name));
    };
    if ignores_budgets(&pod) {
        return server.delete(Kind::Pod, key, options, now).map(drop);
    }
    let budgets = budgets_of(server, &pod);
    match budgets.as_slice() {
        [] => {}
        [budget] => {
            let taken = take_from_budget(server, budget, &pod, options, now);
            if taken.is_err() && !options.dry_run {
                server.refusals.note(budget.metadata.key(), pod.metadata.name.clone());
            }
            taken?;
        }
        _ => {
            let message =
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            // A server error without a reason.
            return Err(Status::new(Reason::Unknown, message));
        }
    }
    if !options.dry_run {
        say_that_it_is_disrupted(server, &pod, now)?;
    }
    server.delete(Kind::Pod, key, options, now).map(drop)
}

fn ignores_budgets(pod: &Pod) -> bool {
    pod.status.is_terminal() || pod.status.phase == Some(PodPhase::Pending) || pod.metadata.is_terminating()
}

fn budgets_of(server: &ApiServer, pod: &Pod) -> Vec<Rc<PodDisruptionBudget>> {
    let in_namespace = server.etcd.in_namespace(Kind::PodDisruptionBudget, &pod.metadata.namespace);
    let budgets = in_namespace.filter_map(|object| match object {
        Object::PodDisruptionBudget(budget) => Some(budget.clone()),
        _ => None,
    });
    let selects = |budget: &Rc<PodDisruptionBudget>| {
        budget.spec.selector.as_ref().is_some_and(|selector| selector.matches(&pod.metadata.labels))
    };
    budgets.filter(selects).collect()
}

fn take_from_budget(
    server: &mut ApiServer,
    budget: &PodDisruptionBudget,
    pod: &Pod,
    options: &DeleteOptions,
    now: Time,
) -> Result<(), Status> {
    let status = &budget.status;
    if !pod.status.is_true("Ready") {
        let always = budget.spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow");
        let healthy = status.current_healthy >= status.desired_healthy && status.desired_healthy > 0;
        if always || healthy {
            return Ok(());
        }
    }
    if status.observed_generation < budget.metadata.generation {
        let cause = format!("The disruption budget {} is still being processed by the server.", budget.metadata.name);
        return Err(refusal(&cause, RETRY_AFTER_SECONDS));
    }
    if status.disruptions_allowed <= 0 {
        return Err(refusal(&why_nothing_is_allowed(budget), 0));
    }
    if options.dry_run {
        return Ok(());
    }
    let mut budget = budget.clone();
    budget.status.disruptions_allowed -= 1;
    if budget.status.disruptions_allowed == 0 {
        budget.status.say_whether_any_may_go(now);
    }
    budget.status.disrupted_pods.insert(pod.metadata.name.clone(), now.truncate_to_second());
    server.update_status(budget.into(), MANAGER, now).map(drop)
}

fn why_nothing_is_allowed(budget: &PodDisruptionBudget) -> String {
    let (name, status) = (&budget.metadata.name, &budget.status);
    let condition = status.conditions.iter().find(|condition| condition.kind == "DisruptionAllowed");
    if let Some(failed) = condition.filter(|condition| condition.reason == "SyncFailed") {
        return format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {}",
            failed.message
        );
    }
    if status.current_healthy <= status.desired_healthy {
        let (desired, current) = (status.desired_healthy, status.current_healthy);
        return format!("The disruption budget {name} needs {desired} healthy pods and has {current} currently");
    }
    match condition.filter(|condition| condition.status == api::meta::ConditionStatus::False) {
        Some(c) => {
            format!("The disruption budget {name} does not allow evicting pods currently ({}): {}", c.reason, c.message)
        }
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    }
}

fn refusal(cause: &str, retry_after_seconds: i64) -> Status {
    let cause = StatusCause { reason: "DisruptionBudget".into(), message: cause.into(), ..StatusCause::default() };
    let details = StatusDetails { causes: vec![cause], retry_after_seconds, ..StatusDetails::default() };
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Status { reason: Reason::TooManyRequests, message: message.into(), details: Some(Box::new(details)) }
}

fn say_that_it_is_disrupted(server: &mut ApiServer, pod: &Pod, now: Time) -> Result<(), Status> {
    let mut pod = pod.clone();
    let mut condition = PodCondition::new("DisruptionTarget", true, now);
    condition.reason = "EvictionByEvictionAPI".into();
    condition.message = "Eviction API: evicting".into();
    let status = Rc::make_mut(&mut pod.status);
    match status.conditions.make_mut().iter_mut().find(|old| old.kind == condition.kind) {
        Some(old) => *old = condition,
        None => status.conditions.push(condition),
    }
    server.update_status_unowned(pod.into(), now).map(drop)
}
