//! `kubectl describe`: an object in sentences. What kubectl shows of each kind stands in a file of its own here.

use api::{Object, Status, Value};
use sim::Time;

use crate::context::ClusterApi;

/// The description of an object.
pub fn describe(_api: &dyn ClusterApi, object: &Object, _now: Time) -> Result<String, Status> {
    let kind = object.kind().name();
    Err(Status::internal(format!("kubectl describe is not supported for {kind} in this version of the playground")))
}

/// A pod template as `kubectl rollout history --revision` shows it: lines whose cells end in tabs.
pub fn pod_template(_template: &Value) -> String {
    String::from("Pod Template:\n")
}
