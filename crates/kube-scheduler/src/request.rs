//! What pods ask of a node.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/component-helpers/resource (PodRequests) and the scheduler's defaults for scores.

use api::core::container::Container;
use api::pod_resources::{self, Bound};
use api::quantity::Quantity;
use api::{Pod, ResourceList, Str, Value};
use ordered::OrderedMap;

/// What pods ask for: cpu in thousandths, everything else in whole units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Other resources by name; no zeros.
    pub other: OrderedMap<Str, i64>,
    /// As `cpu_milli`, with 100 for each container that asks for nothing; for scores.
    pub nonzero_cpu_milli: i64,
    /// As `memory`, with 200 MiB for each container that asks for nothing; for scores.
    pub nonzero_memory: i64,
}

/// The field of a pod's spec for what it asks for as a whole.
pub(crate) const RESOURCES: &str = "resources";
const DEFAULT_CPU_MILLI: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 << 20;

impl Request {
    /// What a pod asks for: its containers together (with sidecars), or its hungriest init step, and its overhead.
    pub(crate) fn of(pod: &Pod) -> Request {
        api::reached!("kube_scheduler::request::Request::of");
        let mut sum = Request::default();
        for container in &pod.spec.containers {
            sum.add(&Request::of_container(pod, container));
        }
        let mut sidecars = Request::default();
        let mut init_peak = Request::default();
        for container in &pod.spec.init_containers {
            if container.is_sidecar() {
                let step = Request::of_container(pod, container);
                sidecars.add(&step);
                init_peak.raise_to(&sidecars);
            } else {
                let mut step = Request::assumed(&container.resources.requests);
                step.add(&sidecars);
                init_peak.raise_to(&step);
            }
        }
        sum.add(&sidecars);
        sum.raise_to(&init_peak);
        sum.settle_for(pod.spec.rest.get(RESOURCES));
        if !pod.spec.overhead.is_empty() {
            sum.add(&Request::exactly(&pod.spec.overhead));
        }
        sum
    }

    /// What a pod asks for as a whole counts instead of what its containers ask for.
    fn settle_for(&mut self, resources: &Value) {
        let whole = pod_resources::for_pods(resources, Bound::Requests);
        for (name, amount) in &whole {
            match name.as_str() {
                "cpu" => self.cpu_milli = amount.milli_value(),
                "memory" => self.memory = amount.value(),
                _ => drop(self.other.insert(name.into(), amount.value())),
            }
        }
        // Then scores assume something only of what is asked for nowhere.
        if !whole.is_empty() && self.cpu_milli > 0 {
            self.nonzero_cpu_milli = self.cpu_milli;
        }
        if !whole.is_empty() && self.memory > 0 {
            self.nonzero_memory = self.memory;
        }
    }

    /// While a pod is being resized it holds more than it wants, or than it has.
    fn of_container(pod: &Pod, container: &Container) -> Request {
        let held = if pod_resources::is_resizing(pod) { pod_resources::held_by(pod, container) } else { None };
        Request::assumed(held.as_ref().unwrap_or(&container.resources.requests))
    }

    /// What is asked for; scores assume something where nothing is.
    fn assumed(requests: &ResourceList) -> Request {
        let mut request = Request::exactly(requests);
        if !requests.contains("cpu") {
            request.nonzero_cpu_milli = DEFAULT_CPU_MILLI;
        }
        if !requests.contains("memory") {
            request.nonzero_memory = DEFAULT_MEMORY;
        }
        request
    }

    pub(crate) fn exactly(list: &ResourceList) -> Request {
        let mut request = Request::default();
        for (name, text) in list.iter() {
            let quantity = Quantity::parse(text).unwrap_or_default();
            match name.as_str() {
                "cpu" => request.cpu_milli = quantity.milli_value(),
                "memory" => request.memory = quantity.value(),
                _ if quantity.is_zero() => {}
                _ => {
                    request.other.insert(name.clone(), quantity.value());
                }
            }
        }
        request.nonzero_cpu_milli = request.cpu_milli;
        request.nonzero_memory = request.memory;
        request
    }

    pub(crate) fn add(&mut self, more: &Request) {
        self.combine(more, |mine, theirs| mine + theirs);
    }

    pub(crate) fn subtract(&mut self, less: &Request) {
        self.combine(less, |mine, theirs| mine - theirs);
        self.other.retain(|_, amount| *amount != 0);
    }

    fn raise_to(&mut self, other: &Request) {
        self.combine(other, i64::max);
    }

    fn combine(&mut self, other: &Request, with: fn(i64, i64) -> i64) {
        self.cpu_milli = with(self.cpu_milli, other.cpu_milli);
        self.memory = with(self.memory, other.memory);
        self.nonzero_cpu_milli = with(self.nonzero_cpu_milli, other.nonzero_cpu_milli);
        self.nonzero_memory = with(self.nonzero_memory, other.nonzero_memory);
        for (name, amount) in &other.other {
            let mine = self.other.entry(name.clone()).or_insert(0);
            *mine = with(*mine, *amount);
        }
    }
}
