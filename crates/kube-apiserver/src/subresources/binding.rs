//! `pods/binding`: the scheduler's one write.

use std::rc::Rc;

use api::core::pod_status::PodCondition;
use api::{Key, Kind, Object, Status, Str};
use sim::Time;

use crate::ApiServer;

/// Binds a pod to a node and says so in its condition PodScheduled.
pub(crate) fn bind(server: &mut ApiServer, key: &Key, uid: &str, node: &Str, now: Time) -> Result<Object, Status> {
    let old = server.get(Kind::Pod, key)?.clone();
    let Object::Pod(pod) = &old else { return Err(Status::not_found(Kind::Pod, &key.name)) };
    let refuse = |cause: String| Err(Status::conflict_because(Kind::Pod, &key.name, &cause));
    if !uid.is_empty() && uid != pod.metadata.uid {
        return refuse(format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            pod.metadata.uid
        ));
    }
    if pod.metadata.is_terminating() {
        return refuse(format!("pod {} is being deleted, cannot be assigned to a host", key.name));
    }
    if !pod.spec.node_name.is_empty() {
        return refuse(format!("pod {} is already assigned to node {:?}", key.name, pod.spec.node_name.as_str()));
    }
    let mut pod = (**pod).clone();
    Rc::make_mut(&mut pod.spec).node_name = node.clone();
    let status = Rc::make_mut(&mut pod.status);
    let scheduled = PodCondition::new("PodScheduled", true, now);
    match status.conditions.make_mut().iter_mut().find(|condition| condition.kind == "PodScheduled") {
        Some(condition) => *condition = scheduled,
        None => status.conditions.push(scheduled),
    }
    status.nominated_node_name = Default::default();
    Ok(server.commit(pod.into(), &old, now))
}
