//! What a pod requests and may use: its containers together, or its init containers if they need more.
//!
//! Models: kubernetes v1.36 component-helpers/resource (PodRequests, PodLimits, with the resources of the
//! status while a pod is being resized).

use ordered::OrderedMap;

use crate::core::container::Container;
use crate::quantity::Quantity;
use crate::{Pod, ResourceList, Value};

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
    let resize = Resize::of(pod);
    for container in pod.at(&["spec", "containers"]).as_list() {
        add(&mut total, &resize.of_container(container, bound));
    }
    let (mut sidecars, mut initial) = (Amounts::new(), Amounts::new());
    for container in pod.at(&["spec", "initContainers"]).as_list() {
        let is_sidecar = container.get("restartPolicy").text() == "Always";
        let own = if is_sidecar {
            resize.of_container(container, bound)
        } else {
            of_resources(container.get("resources"), bound)
        };
        // A sidecar goes on beside everything that starts after it.
        let mut meanwhile = sidecars.clone();
        add(&mut meanwhile, &own);
        if is_sidecar {
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

/// A pod that is being resized holds the most of what it wants, was given and runs with.
struct Resize<'p> {
    statuses: Vec<&'p Value>,
    is_infeasible: bool,
}

impl<'p> Resize<'p> {
    fn of(pod: &'p Value) -> Resize<'p> {
        let status = pod.get("status");
        let conditions = status.get("conditions").as_list();
        let condition = |kind: &str| conditions.iter().find(|condition| condition.get("type").text() == kind);
        let pending = condition("PodResizePending");
        let is_unseen = pod.at(&["metadata", "generation"]).as_int() > status.get("observedGeneration").as_int();
        let goes_on = pending.is_some() || condition("PodResizeInProgress").is_some() || is_unseen;
        let lists = ["containerStatuses", "initContainerStatuses"].iter().filter(|_| goes_on);
        Resize {
            statuses: lists.flat_map(|list| status.get(list).as_list()).collect(),
            is_infeasible: pending.is_some_and(|pending| pending.get("reason").text() == "Infeasible"),
        }
    }

    fn of_container(&self, container: &Value, bound: Bound) -> Amounts {
        let wanted = of_resources(container.get("resources"), bound);
        let is_own = |status: &&&Value| status.get("name") == container.get("name");
        let Some(status) = self.statuses.iter().find(is_own).filter(|status| !status.get("resources").is_null()) else {
            return wanted;
        };
        let mut held = if self.is_infeasible { Amounts::new() } else { wanted };
        raise(&mut held, &of_resources(status.get("resources"), bound));
        if bound == Bound::Requests {
            raise(&mut held, &amounts(status.get("allocatedResources")));
        }
        held
    }
}

/// What a container of a pod holds, if that pod is being resized: the most of what it wants, was given and runs with.
pub fn held_by(pod: &Pod, container: &Container) -> Option<ResourceList> {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let status = statuses.into_iter().find(|status| status.name == container.name)?;
    let given = [status.rest.get("resources").get("requests"), status.rest.get("allocatedResources")];
    let mut held = if is_infeasible(pod) { ResourceList::default() } else { container.resources.requests.clone() };
    for (name, text) in given.into_iter().flat_map(Value::as_map).flatten() {
        let parsed = |text: &str| Quantity::parse(text).unwrap_or_default();
        if held.get(name).is_none_or(|known| parsed(known) < parsed(text.text())) {
            held.insert(name.clone(), text.text());
        }
    }
    Some(held)
}

fn is_infeasible(pod: &Pod) -> bool {
    pod.status.condition("PodResizePending").is_some_and(|pending| pending.reason == "Infeasible")
}

/// Whether a pod that runs is being resized, or wants something that its node has not seen yet.
pub fn is_resizing(pod: &Pod) -> bool {
    !(pod.status.container_statuses.is_empty() && pod.status.init_container_statuses.is_empty())
        && (pod.metadata.generation > pod.status.observed_generation
            || pod.status.condition("PodResizePending").is_some()
            || pod.status.condition("PodResizeInProgress").is_some())
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

    #[test]
    fn a_pod_that_is_being_resized_holds_what_it_had_and_what_it_wants() {
        let check = |condition: &str, wanted: &str, expect: &str| {
            let pod = format!(
                "{{spec: {{containers: [{{name: c, resources: {{requests: {{cpu: {wanted}}}}}}}]}}, status: {{conditions: \
                 [{condition}], containerStatuses: [{{name: c, resources: {{requests: {{cpu: '1'}}}}, allocatedResources: \
                 {{cpu: 1500m}}}}]}}}}"
            );
            let amounts = of_pod(&yaml::read(&pod).unwrap(), Bound::Requests);
            assert_eq!(amounts.get("cpu").map(ToString::to_string).as_deref(), Some(expect), "{condition} {wanted}");
        };
        check("{type: PodResizeInProgress}", "500m", "1500m");
        check("{type: PodResizeInProgress}", "2", "2");
        check("{type: PodResizePending, reason: Infeasible}", "9", "1500m");
        check("{type: Ready}", "500m", "500m");
    }
}
