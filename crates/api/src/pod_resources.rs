//! What a pod requests and may use: its containers together, or its init containers if they need more.
//!
//! Models: kubernetes v1.36 component-helpers/resource (PodRequests, PodLimits) without resizes in place.

use ordered::OrderedMap;

use crate::Value;
use crate::quantity::Quantity;

/// Amounts by the name of the resource.
pub type Amounts = OrderedMap<String, Quantity>;

/// Which of the two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
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
pub fn of_pod(pod: &Value, bound: Bound) -> Amounts {
    let mut total = Amounts::new();
    for container in pod.at(&["spec", "containers"]).as_list() {
        add(&mut total, &of_resources(container.get("resources"), bound));
    }
    let (mut sidecars, mut initial) = (Amounts::new(), Amounts::new());
    for container in pod.at(&["spec", "initContainers"]).as_list() {
        let own = of_resources(container.get("resources"), bound);
        // A sidecar goes on beside everything that starts after it.
        let mut meanwhile = sidecars.clone();
        add(&mut meanwhile, &own);
        if container.get("restartPolicy").text() == "Always" {
            add(&mut total, &own);
            sidecars = meanwhile.clone();
        }
        raise(&mut initial, &meanwhile);
    }
    raise(&mut total, &initial);
    for (name, amount) in for_pods(pod.at(&["spec", "resources"]), bound) {
        total.insert(name, amount);
    }
    add_overhead(&mut total, pod.at(&["spec", "overhead"]), bound);
    total
}

/// What a pod requests as a whole, or may use, from its `resources`.
pub fn for_pods(resources: &Value, bound: Bound) -> Amounts {
    if resources.is_null() {
        return Amounts::new();
    }
    let mut amounts = of_resources(resources, bound);
    amounts.retain(|name, _| is_for_pods(name));
    amounts
}

/// Whether a pod can ask for a resource as a whole.
pub fn is_for_pods(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

/// What a container requests, or may use, from its `resources`.
pub fn of_resources(resources: &Value, bound: Bound) -> Amounts {
    amounts(resources.get(bound.field()))
}

/// A resource list in JSON; what cannot be read is nothing.
pub fn amounts(list: &Value) -> Amounts {
    let read = |value: &Value| match value {
        Value::Int(number) => Quantity::from_scaled(*number, 0),
        value => Quantity::parse(value.text()).unwrap_or_default(),
    };
    list.as_map().into_iter().flatten().map(|(name, value)| (name.to_string(), read(value))).collect()
}

/// Amounts as a resource list in JSON.
pub fn encode(amounts: &Amounts) -> Value {
    let entry = |(name, amount): (&String, &Quantity)| (name.as_str().into(), amount.to_string().into());
    Value::Map(amounts.iter().map(entry).collect())
}

/// Overhead counts for limits only where there is one.
fn add_overhead(total: &mut Amounts, overhead: &Value, bound: Bound) {
    for (name, amount) in amounts(overhead) {
        match total.get_mut(&name) {
            Some(limit) => *limit = *limit + amount,
            None if bound == Bound::Requests => drop(total.insert(name, amount)),
            None => {}
        }
    }
}

/// Adds amounts to others.
pub fn add(total: &mut Amounts, more: &Amounts) {
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
    use crate::text::yaml;

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
