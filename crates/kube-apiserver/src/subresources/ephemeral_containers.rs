//! `ephemeralcontainers`: adds containers to a pod that runs, and changes nothing else of it.
//!
//! Models: kubernetes v1.36 pkg/registry/core/pod/strategy.go (podEphemeralContainersStrategy).

use api::{Kind, Object, Status, Str, Value, defaults};
use client::Written;

use crate::ApiServer;
use crate::admission::pod_security;
use crate::managed::Part;
use crate::patch_requests::no_such_path;
use crate::registry::{self, validation};
use crate::user_requests::{Request, refuse_if_any};

const FIELD: [&str; 2] = ["spec", "ephemeralContainers"];

impl ApiServer {
    /// Stores the ephemeral containers of a changed pod, if they have no faults.
    pub(crate) fn replace_ephemeral_containers(
        &mut self,
        value: &Value,
        before: Written,
        request: Request<'_>,
    ) -> Result<Written, Status> {
        let Written { object: old, mut warnings } = before;
        if old.kind() != Kind::Pod {
            return Err(no_such_path());
        }
        let seen = self.current_for(&Object::decode(Kind::Pod, value.clone()))?;
        let mut object = prepared(value, &seen)?;
        warnings.extend(self.judge_security(&object, &seen)?);
        let part = Part::EphemeralContainers;
        if request.options.dry_run {
            self.clone().managed.record_update(&mut object, &seen, part, request.manager(), request.now);
            return Ok(Written { object, warnings });
        }
        self.managed.record_update(&mut object, &seen, part, request.manager(), request.now);
        Ok(Written { object: self.commit(object, &seen, request.now), warnings })
    }
}

impl ApiServer {
    /// Refuses a pod that its ephemeral containers make too free for its namespace; otherwise what is said of it.
    pub(crate) fn judge_security(&self, new: &Object, old: &Object) -> Result<Vec<Str>, Status> {
        pod_security::check(self, new, Some(old))?;
        Ok(pod_security::warnings(self, new, Some(old)))
    }
}

/// The old pod with the ephemeral containers of the new one, defaulted; or what is wrong with them.
pub(crate) fn prepared(value: &Value, old: &Object) -> Result<Object, Status> {
    let (kind, before) = (old.kind(), old.encode());
    let mut merged = before.clone();
    copy_field(value, &mut merged);
    defaults::apply(kind.name(), &mut merged);
    refuse_if_any(kind, &old.metadata().name, &validation::validate_ephemeral_containers(&merged, &before))?;
    let mut object = Object::decode(kind, merged);
    *object.metadata_mut() = old.metadata().clone();
    registry::prepare_for_update(&mut object, old);
    if registry::desired_state_differs(&object, old) {
        object.metadata_mut().generation += 1;
    }
    Ok(object)
}

/// What of an applied configuration this subresource looks at.
pub(crate) fn narrowed(config: &Value) -> Value {
    let mut narrowed = super::identity(config);
    copy_field(config, &mut narrowed);
    narrowed
}

fn copy_field(from: &Value, to: &mut Value) {
    match from.at(&FIELD) {
        Value::Null => drop(to.remove(&FIELD)),
        list => to.set(&FIELD, list.clone()),
    }
}
