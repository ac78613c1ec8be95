//! What a pod requests and may use: its containers together, or its init containers if they need more.
//!
//! Models: kubernetes v1.36 component-helpers/resource (PodRequests, PodLimits) without resizes in place.

use ordered::OrderedMap;

use api::Value;
use api::quantity::Quantity;

use super::fields::{at, list, pairs, quantity, text};

/// Amounts by the name of the resource.
pub(super) type Amounts = OrderedMap<String, Quantity>;

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

#[cfg(test)]
mod tests {
    use super::*;
    use api::text::yaml;

    fn check(pod: &str, cpu: &str) {
        let pod = yaml::read(&format!("spec: {pod}")).unwrap();
        let amount = of_pod(&pod, Bound::Requests).get("cpu").map(ToString::to_string).unwrap_or_default();
        assert_eq!(amount, cpu);
    }

    #[test]
    fn init_containers_count_if_they_need_more() {
        let of = |cpu: &str| format!("resources: {{requests: {{cpu: {cpu}}}}}");
        let (small, large) = (of("100m"), of("1"));
        check("{containers: []}", "");
        check(&format!("{{containers: [{{{small}}}, {{{small}}}]}}"), "200m");
        check(&format!("{{containers: [{{{small}}}], initContainers: [{{{large}}}]}}"), "1");
        let sidecar = format!("{{restartPolicy: Always, {small}}}");
        check(&format!("{{containers: [{{{small}}}], initContainers: [{sidecar}]}}"), "200m");
        check(&format!("{{containers: [{{{small}}}], initContainers: [{sidecar}, {{{large}}}]}}"), "1100m");
        check(&format!("{{containers: [{{{small}}}], overhead: {{cpu: 50m}}}}"), "150m");
        check(&format!("{{containers: [{{{small}}}], {large}}}"), "1");
    }
}
