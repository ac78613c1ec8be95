//! What containers request and may use.

use super::super::field::{Errors, Field};
use super::super::{checks, resource_names};

const RESIZABLE: [&str; 2] = ["cpu", "memory"];
const RESIZE_POLICIES: [&str; 2] = ["NotRequired", "RestartContainer"];

pub(super) fn requirements(resources: &Field<'_>, errors: &mut Errors) {
    let (limits, requests) = (resources.child("limits"), resources.child("requests"));
    for (name, _) in limits.entries() {
        amount(&limits.key(name), name, errors);
    }
    for (name, _) in requests.entries() {
        amount(&requests.key(name), name, errors);
        compared(&requests, &limits, name, errors);
    }
    let names = || limits.entries().chain(requests.entries()).map(|(name, _)| name.as_str());
    let has_compute = names().any(|name| name == "cpu" || name == "memory");
    if !has_compute && names().any(|name| name.starts_with("hugepages-")) {
        errors.push(resources.forbidden("HugePages require cpu or memory"));
    }
    for claim in resources.child("claims").items() {
        claim_name(&claim, errors);
    }
}

/// Claims of devices are not served: no pod has any to name.
fn claim_name(claim: &Field<'_>, errors: &mut Errors) {
    let name = claim.child("name");
    if name.text().is_empty() {
        errors.push(claim.required(""));
    }
    let mut error = name.named(claim.path.as_str()).not_found();
    error.detail = "must be one of the names in pod.spec.resourceClaims which is empty".into();
    errors.push(error);
}

fn amount(field: &Field<'_>, name: &str, errors: &mut Errors) {
    resource_name(field, name, errors);
    checks::resource_amount(field, name, errors);
}

fn resource_name(field: &Field<'_>, name: &str, errors: &mut Errors) {
    resource_names::of_container(field, name, errors);
    if name.contains('/') && name.starts_with("requests.") {
        errors.push(field.invalid_as(name, "doesn't follow extended resource name standard"));
    }
}

/// A request is at most its limit, and equals it where nothing can be promised twice.
fn compared(requests: &Field<'_>, limits: &Field<'_>, name: &str, errors: &mut Errors) {
    let (asked, limit) = (requests.key(name), limits.key(name));
    let Some(most) = checks::quantity(limit.value) else {
        if !checks::is_overcommitted(name) {
            errors.push(limits.required("Limit must be set for non overcommitable resources"));
        }
        return;
    };
    let Some(amount) = checks::quantity(asked.value) else { return };
    let shown = limit.text();
    let field = asked.named(requests.path.as_str());
    if amount != most && !checks::is_overcommitted(name) {
        errors.push(field.invalid(format!("must be equal to {name} limit of {shown}")));
    } else if amount > most {
        errors.push(field.invalid(format!("must be less than or equal to {name} limit of {shown}")));
    }
}

pub(super) fn resize_policy(container: &Field<'_>, spec: &Field<'_>, errors: &mut Errors) {
    let list = container.child("resizePolicy");
    let mut seen = Vec::new();
    for policy in list.items() {
        let resource = policy.child("resourceName");
        if seen.contains(&resource.text()) {
            errors.push(resource.named(policy.path.as_str()).duplicate());
        }
        seen.push(resource.text());
        checks::one_of_required(&resource.named(list.path.as_str()), &RESIZABLE, errors);
        let restart = policy.child("restartPolicy").named(list.path.as_str());
        checks::one_of_required(&restart, &RESIZE_POLICIES, errors);
        if spec.child("restartPolicy").text() == "Never" && restart.text() != "NotRequired" {
            errors.push(restart.invalid("must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
        }
    }
}
