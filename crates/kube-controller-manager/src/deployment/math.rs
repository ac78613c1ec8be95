//! How many pods a rollout may have too many or too few, and how a change of size is shared out.
//!
//! Models: kubernetes v1.36 pkg/controller/deployment/util/deployment_util.go.

use api::apps::workload::RollingUpdate;
use api::int_or_string::{IntOrString, Rounding};
use api::{Deployment, ReplicaSet};

use super::revision::MAX_REPLICAS;

/// Pods of a rollout beyond and below the wanted number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenceposts {
    /// So many too many.
    pub surge: i32,
    /// So many too few.
    pub unavailable: i32,
}

/// Shares become numbers: surplus is rounded up, what may be missing down. If both are none, one may be missing, since
/// nothing could move.
pub fn resolve_fenceposts(rolling: &RollingUpdate, wanted: i32) -> Result<Fenceposts, String> {
    api::reached!("kube_controller_manager::deployment::math::resolve_fenceposts");
    let scaled = |value: &Option<IntOrString>, rounding| {
        let value = value.as_ref().unwrap_or(&IntOrString::Int(0));
        value.scaled(i64::from(wanted), rounding).map(|number| i32::try_from(number).unwrap_or(i32::MAX))
    };
    let surge = scaled(&rolling.max_surge, Rounding::Up)?;
    let unavailable = scaled(&rolling.max_unavailable, Rounding::Down)?;
    let nothing_moves = surge == 0 && unavailable == 0;
    Ok(Fenceposts { surge, unavailable: if nothing_moves { 1 } else { unavailable } })
}

/// Whether new pods come while old ones go.
pub fn is_rolling(deployment: &Deployment) -> bool {
    deployment.spec.strategy.kind == "RollingUpdate"
}

fn fenceposts(deployment: &Deployment) -> Fenceposts {
    const NONE: Fenceposts = Fenceposts { surge: 0, unavailable: 0 };
    let strategy = &deployment.spec.strategy;
    let rolling = strategy.rolling_update.clone().unwrap_or_default();
    resolve_fenceposts(&rolling, deployment.spec.replicas()).unwrap_or(NONE)
}

/// How many pods may be missing during a rollout.
pub fn max_unavailable(deployment: &Deployment) -> i32 {
    let wanted = deployment.spec.replicas();
    if !is_rolling(deployment) || wanted == 0 { 0 } else { fenceposts(deployment).unavailable.min(wanted) }
}

/// How many pods must be available during a rollout.
pub fn min_available(deployment: &Deployment) -> i32 {
    if is_rolling(deployment) { deployment.spec.replicas() - max_unavailable(deployment) } else { 0 }
}

/// How many pods there may be besides the wanted ones.
pub fn max_surge(deployment: &Deployment) -> i32 {
    if is_rolling(deployment) { fenceposts(deployment).surge } else { 0 }
}

/// The size that the ReplicaSet of the present template gets; `total` is that of all sets together, `own` its present one.
pub fn new_replica_set_size(deployment: &Deployment, total: i32, own: i32) -> i32 {
    api::reached!("kube_controller_manager::deployment::math::new_replica_set_size");
    let wanted = deployment.spec.replicas();
    if !is_rolling(deployment) {
        return wanted;
    }
    let rolling = deployment.spec.strategy.rolling_update.clone().unwrap_or_default();
    let surge = rolling.max_surge.unwrap_or_default().scaled(i64::from(wanted), Rounding::Up).unwrap_or(0);
    let total_max = i64::from(wanted) + surge;
    if i64::from(total) >= total_max {
        return own;
    }
    own + (total_max - i64::from(total)).min(i64::from(wanted - own)) as i32
}

/// The part of a change of `to_add` pods, of which `added` are given away, that a set gets.
pub fn proportion(set: &ReplicaSet, deployment: &Deployment, to_add: i32, added: i32) -> i32 {
    if set.spec.replicas() == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let (fraction, allowed) = (fraction(set, deployment), to_add - added);
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// By how much a set grows or shrinks if it keeps its share of the whole.
pub fn fraction(set: &ReplicaSet, deployment: &Deployment) -> i32 {
    api::reached!("kube_controller_manager::deployment::math::fraction");
    let own = set.spec.replicas();
    if deployment.spec.replicas() == 0 {
        return -own;
    }
    let now_max = i64::from(deployment.spec.replicas()) + i64::from(max_surge(deployment));
    let annotated = super::revision::annotated_number(set, MAX_REPLICAS).filter(|number| *number != 0);
    let before_max = i64::from(annotated.unwrap_or(deployment.status.replicas));
    if before_max == 0 {
        return 0;
    }
    (rounded_quotient(i64::from(own) * now_max, before_max) - i64::from(own)) as i32
}

/// Half goes away from zero, as `math.Round` does.
fn rounded_quotient(numerator: i64, denominator: i64) -> i64 {
    let magnitude = (2 * numerator.abs() + denominator.abs()) / (2 * denominator.abs());
    if (numerator < 0) == (denominator < 0) { magnitude } else { -magnitude }
}
