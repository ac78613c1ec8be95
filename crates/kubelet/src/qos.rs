//! The quality-of-service class of a pod.
//!
//! Models: kubernetes v1.36 pkg/apis/core/v1/helper/qos.

use api::Str;
use api::core::pod::PodSpec;
use thin::literal_str;

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub(crate) fn qos_class(spec: &PodSpec) -> Str {
    let containers = || spec.containers.iter().chain(&spec.init_containers);
    let mut is_guaranteed = true;
    let mut asks = false;
    for container in containers() {
        for resource in ["cpu", "memory"] {
            let limit = nonzero(container.resources.limits.get(resource));
            let request = nonzero(container.resources.requests.get(resource));
            asks |= limit.is_some() || request.is_some();
            is_guaranteed &= limit.is_some() && request.is_none_or(|request| Some(request) == limit);
        }
    }
    match (asks, is_guaranteed) {
        (false, _) => literal_str!("BestEffort"),
        (true, true) => literal_str!("Guaranteed"),
        (true, false) => literal_str!("Burstable"),
    }
}

fn nonzero(quantity: Option<&str>) -> Option<&str> {
    quantity.filter(|text| text.trim_start_matches('0').starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}
