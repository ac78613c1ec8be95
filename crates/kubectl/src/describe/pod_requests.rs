//! What a pod requests and may use: its containers together, or its init containers if they need more.
//!
//! Models: kubernetes v1.36 component-helpers/resource (PodRequests, PodLimits) without resizes in place.

use std::collections::BTreeMap;

use api::Value;
use api::quantity::Quantity;

use super::fields::{at, list, pairs, quantity, text};

/// Amounts by the name of the resource.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// Which of the two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// What the scheduler sets aside.
    Requests,
    /// What may be used.
    Limits,
}

impl Bound {
    const fn field(self) -> &'static str {
        match self {
            Bound::Requests => "requests",
            Bound::Limits => "limits",
        }
    }
}

/// What a pod requests, or may use.
pub(super) fn of_pod(pod: &Value, bound: Bound) -> Amounts {
    let mut total = Amounts::new();
    for container in list(pod, "spec.containers") {
        add(&mut total, &of_resources(at(container, "resources"), bound));
    }
    let (mut sidecars, mut initial) = (Amounts::new(), Amounts::new());
    for container in list(pod, "spec.initContainers") {
        let own = of_resources(at(container, "resources"), bound);
        // A sidecar goes on beside everything that starts after it.
        let mut meanwhile = sidecars.clone();
        add(&mut meanwhile, &own);
        if text(container, "restartPolicy") == "Always" {
            add(&mut total, &own);
            sidecars = meanwhile.clone();
        }
        raise(&mut initial, &meanwhile);
    }
    raise(&mut total, &initial);
    for (name, amount) in of_resources(at(pod, "spec.resources"), bound) {
        total.insert(name, amount);
    }
    add_overhead(&mut total, at(pod, "spec.overhead"), bound);
    total
}

fn of_resources(resources: &Value, bound: Bound) -> Amounts {
    let amounts = at(resources, bound.field());
    pairs(amounts).map(|(name, _)| (name.to_string(), quantity(amounts.get(name)))).collect()
}

/// Overhead counts for limits only where there is one.
fn add_overhead(total: &mut Amounts, overhead: &Value, bound: Bound) {
    for (name, _) in pairs(overhead) {
        let amount = quantity(overhead.get(name));
        match total.get_mut(name) {
            Some(limit) => *limit = *limit + amount,
            None if bound == Bound::Requests => drop(total.insert(name.to_string(), amount)),
            None => {}
        }
    }
}

/// Adds amounts to others.
pub(super) fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = total.get(name).map_or(*amount, |sum| *sum + *amount);
        total.insert(name.clone(), sum);
    }
}

/// Raises amounts to others where those are more.
fn raise(total: &mut Amounts, least: &Amounts) {
    for (name, amount) in least {
        if total.get(name).is_none_or(|sum| sum < amount) {
            total.insert(name.clone(), *amount);
        }
    }
}
