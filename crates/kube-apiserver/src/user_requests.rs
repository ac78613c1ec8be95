//! Requests whose body a user wrote: strict decoding, defaulting, validation, then the steps of every write. Patches are
//! in `patch_requests`, server-side apply in `server_side_apply`.

use api::schema::{self, Type};
use api::strict::{self, DecodeError, Words};
use api::{FieldError, Key, Kind, Object, Status, Str, Value, defaults};
use client::{FieldValidation, Subresource, WriteOptions, Written};
use sim::Time;

use crate::admission::pod_security;
use crate::managed::Part;
use crate::registry::{self, validation};
use crate::{ApiServer, admission};

/// Who asks, how, and when.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) options: &'a WriteOptions,
    pub(crate) client: &'a str,
    pub(crate) now: Time,
}

impl<'a> Request<'a> {
    /// The owner of the fields that are written.
    pub(crate) fn manager(self) -> &'a str {
        if self.options.field_manager.is_empty() { self.client } else { &self.options.field_manager }
    }
}

impl ApiServer {
    /// A user's POST.
    pub(crate) fn create_value(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        let request = Request { options, client, now };
        let (mut value, mut warnings) = decoded(kind, &body, options.field_validation)?;
        settle_namespace(kind, namespace, &mut value)?;
        self.judge_new(kind, &mut value)?;
        warnings.extend(validation::warnings(kind, &value));
        let object = Object::decode(kind, value);
        if options.dry_run {
            // What a creation would give is not taken: the next one may get it.
            let mut trial = self.clone();
            let object = trial.prepared_for_create(object, request.manager(), now)?;
            warnings.extend(pod_security::warnings(self, &object, None));
            return Ok(Written { object, warnings });
        }
        let object = self.create(object, request.manager(), now)?;
        warnings.extend(pod_security::warnings(self, &object, None));
        Ok(Written { object, warnings })
    }

    /// A user's PUT.
    pub(crate) fn update_value(
        &mut self,
        kind: Kind,
        key: &Key,
        body: Value,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        let request = Request { options, client, now };
        if options.subresource == Subresource::Scale {
            let before = Written { object: self.get(kind, key)?.clone(), warnings: Vec::new() };
            return self.replace_part(body, before, request);
        }
        let (mut value, warnings) = decoded(kind, &body, options.field_validation)?;
        settle_identity(kind, key, &mut value)?;
        let old = self.get(kind, key)?.clone();
        self.replace_part(value, Written { object: old, warnings }, request)
    }

    /// Stores a changed object, if it has no faults. `before` is the object as it was, and the warnings so far.
    pub(crate) fn replace(
        &mut self,
        mut value: Value,
        before: Written,
        part: Part,
        request: Request<'_>,
    ) -> Result<Written, Status> {
        let Written { object: old, mut warnings } = before;
        let kind = old.kind();
        let seen = self.current_for(&Object::decode(kind, value.clone()))?;
        match part {
            Part::Resize => judge_resized(&mut value, &old)?,
            Part::Main | Part::EphemeralContainers | Part::Status | Part::Scale => judge_changed(&mut value, &old)?,
        }
        warnings.extend(validation::warnings_of_change(kind, &value, &old));
        let new = Object::decode(kind, value);
        if request.options.dry_run {
            let object = self.clone().prepared(new, &seen, part, request)?;
            warnings.extend(self.warnings_of_security(&object, &seen, part));
            return Ok(Written { object, warnings });
        }
        let prepared = self.prepared(new, &seen, part, request)?;
        warnings.extend(self.warnings_of_security(&prepared, &seen, part));
        Ok(Written { object: self.commit(prepared, &seen, request.now), warnings })
    }

    /// A status and a Scale have no containers to look at, and a resize changes nothing that the standards are about.
    fn warnings_of_security(&self, new: &Object, old: &Object, part: Part) -> Vec<Str> {
        match part {
            Part::Main | Part::EphemeralContainers => pod_security::warnings(self, new, Some(old)),
            Part::Status | Part::Scale | Part::Resize => Vec::new(),
        }
    }

    fn prepared(&mut self, new: Object, old: &Object, part: Part, request: Request<'_>) -> Result<Object, Status> {
        let mut object = self.prepared_for_update(new, old, request.manager(), request.now)?;
        if matches!(part, Part::Scale | Part::Resize) {
            self.managed.record_update(&mut object, old, part, request.manager(), request.now);
        }
        Ok(object)
    }

    /// Completes a new object, and refuses it with its faults. Services ask for their addresses first, so what is wrong
    /// with these comes first.
    pub(crate) fn judge_new(&self, kind: Kind, value: &mut Value) -> Result<(), Status> {
        defaults::apply(kind.name(), value);
        defaults::drop_disabled(kind.name(), value, None);
        let name = value.at(&["metadata", "name"]).text().to_owned();
        let errors = match kind {
            Kind::Service => {
                let whole = registry::service::completed(value);
                refuse_if_any(kind, &name, &validation::address_faults(&whole))?;
                validation::validate_create(kind, &whole)
            }
            Kind::Job => validation::validate_create(kind, &self.with_selector(value)),
            _ => validation::validate_create(kind, value),
        };
        if kind == Kind::Service && !errors.is_empty() {
            let mut trial = self.clone();
            admission::mutate(&mut trial, &mut Object::decode(kind, value.clone()))?;
        }
        refuse_if_any(kind, &name, &errors)
    }

    /// A Job is judged with the labels and the selector that it is going to get.
    fn with_selector(&self, job: &Value) -> Value {
        let mut object = Object::decode(Kind::Job, job.clone());
        object.metadata_mut().uid = self.uids.clone().uuid().into();
        registry::complete_with_uid(&mut object);
        object.encode()
    }
}

/// Completes a changed object, and refuses it with its faults.
pub(crate) fn judge_changed(value: &mut Value, old: &Object) -> Result<(), Status> {
    let (kind, name, before) = (old.kind(), &old.metadata().name, old.encode());
    defaults::apply(kind.name(), value);
    defaults::drop_disabled(kind.name(), value, Some(&before));
    keep_unwritten(value, &before);
    if kind == Kind::Service {
        registry::service::complete_update(value, &before);
        refuse_if_any(kind, name, &validation::address_faults(value))?;
    }
    refuse_if_any(kind, name, &validation::validate_update(kind, value, &before))
}

/// Completes a resized pod, and refuses it with its faults.
pub(crate) fn judge_resized(value: &mut Value, old: &Object) -> Result<(), Status> {
    let (name, before) = (&old.metadata().name, old.encode());
    defaults::apply(Kind::Pod.name(), value);
    keep_unwritten(value, &before);
    let class = match Object::decode(Kind::Pod, value.clone()) {
        Object::Pod(pod) => registry::qos_class(&pod),
        _ => "",
    };
    refuse_if_any(Kind::Pod, name, &validation::validate_resize(value, &before, class))
}

pub(crate) fn type_of(kind: Kind) -> Type<'static> {
    schema::type_of(&kind.api_version(), kind.name()).expect("every kind served has a schema")
}

/// An object as a client sent it, in normal form, and warnings about what was dropped.
fn decoded(kind: Kind, body: &Value, validation: FieldValidation) -> Result<(Value, Vec<Str>), Status> {
    let refuse = |error: DecodeError| {
        let (name, version) = (kind.name(), kind.version());
        Status::bad_request(format!("{name} in version {version:?} cannot be handled as a {name}: {error}"))
    };
    let decoded = strict::decode(type_of(kind), body, Words::Json).map_err(refuse)?;
    match validation {
        FieldValidation::Strict => Ok((decoded.strict().map_err(refuse)?, Vec::new())),
        FieldValidation::Warn => {
            let warnings = decoded.unknown.iter().map(|text| text.as_str().into()).collect();
            Ok((decoded.value, warnings))
        }
        FieldValidation::Ignore => Ok((decoded.value, Vec::new())),
    }
}

/// The namespace of the path goes into the object; another one in the object is refused.
fn settle_namespace(kind: Kind, namespace: &str, value: &mut Value) -> Result<(), Status> {
    if !kind.is_namespaced() {
        value.remove(&["metadata", "namespace"]);
        return Ok(());
    }
    match value.at(&["metadata", "namespace"]).text() {
        "" => value.set(&["metadata", "namespace"], namespace),
        own if own == namespace => {}
        _ => {
            let message = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(message));
        }
    }
    Ok(())
}

/// A PUT names the object twice, and both names must agree.
pub(crate) fn settle_identity(kind: Kind, key: &Key, value: &mut Value) -> Result<(), Status> {
    let name = value.at(&["metadata", "name"]).text();
    if name.is_empty() {
        value.set(&["metadata", "name"], key.name.clone());
    } else if name != key.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
        return Err(Status::bad_request(message));
    }
    let namespace = value.at(&["metadata", "namespace"]).text();
    if kind.is_namespaced() && !namespace.is_empty() && namespace != key.namespace {
        let message = format!(
            "the namespace of the object ({namespace}) does not match the namespace on the URL ({})",
            key.namespace
        );
        return Err(Status::bad_request(message));
    }
    settle_namespace(kind, &key.namespace, value)
}

/// What an update may leave out and the server puts back before it looks at the object.
fn keep_unwritten(value: &mut Value, old: &Value) {
    for field in
        ["uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        let kept = old.at(&["metadata", field]).clone();
        if kept.is_null() {
            value.remove(&["metadata", field]);
        } else {
            value.set(&["metadata", field], kept);
        }
    }
}

pub(crate) fn refuse_if_any(kind: Kind, name: &str, errors: &[FieldError]) -> Result<(), Status> {
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid(kind, name, errors)) }
}
