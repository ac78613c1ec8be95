//! Plain kinds: what is reset on the way in. A kind whose schema has a `status` has a status of its own.
//!
//! Models: kubernetes v1.36 pkg/registry/{core/resourcequota,autoscaling/horizontalpodautoscaler,networking/*}/strategy.go.

use api::codec::Rest;
use api::{Plain, Value, strict};

use crate::user_requests::type_of;

const STATUS: &str = "status";

/// The status that an object has of which nothing is known.
pub(super) fn prepare_for_create(object: &mut Plain) {
    if let Some(mut empty) = strict::zero_object(type_of(object.kind)).as_map().cloned() {
        object.body.set(STATUS, empty.remove(STATUS).unwrap_or_default());
    }
}

pub(super) fn keep_status(object: &mut Plain, old: &Plain) {
    object.body.set(STATUS, old.body.get(STATUS).clone());
}

pub(super) fn keep_all_but_status(object: &mut Plain, old: &Plain) {
    let status = object.body.get(STATUS).clone();
    object.body = old.body.clone();
    set_status(&mut object.body, status);
}

fn set_status(body: &mut Rest, status: Value) {
    if *body.get(STATUS) != status {
        body.set(STATUS, status);
    }
}
