//! Pod disruption budgets.
//!
//! Models: kubernetes v1.36 pkg/apis/policy/validation.

use super::field::{Errors, Field};
use super::{checks, internal};

const EVICTION_POLICIES: [&str; 2] = ["AlwaysAllow", "IfHealthyBudget"];

pub(super) fn spec(spec: &Field<'_>, errors: &mut Errors) {
    let (available, unavailable) = (spec.child("minAvailable"), spec.child("maxUnavailable"));
    if available.is_set() && unavailable.is_set() {
        let shown = internal::compact("PodDisruptionBudgetSpec", spec.value);
        errors.push(spec.invalid_struct(shown, "minAvailable and maxUnavailable cannot be both set"));
    }
    for bound in [available, unavailable] {
        checks::number_or_percent(&bound, errors);
        checks::at_most_all(&bound, errors);
    }
    checks::label_selector(&spec.child("selector"), errors);
    checks::one_of(&spec.child("unhealthyPodEvictionPolicy"), &EVICTION_POLICIES, errors);
}
