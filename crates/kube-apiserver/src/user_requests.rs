//! Requests whose body a user wrote: strict decoding, defaulting, validation, then the steps of every write.

use api::patch::PatchError;
use api::schema::Type;
use api::strict::{self, DecodeError, Words};
use api::{FieldError, Key, Kind, Object, Reason, Status, Str, Value, defaults, patch as patches, schema};
use client::{FieldValidation, Patch, PatchKind, Subresource, WriteOptions, Written};
use sim::Time;

use crate::ApiServer;
use crate::registry::{self, validation};
use crate::admission;

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
        let (mut value, mut warnings) = decoded(kind, &body, Words::Json, options.field_validation)?;
        settle_namespace(kind, namespace, &mut value)?;
        defaults::apply(kind.name(), &mut value);
        defaults::drop_disabled(kind.name(), &mut value, None);
        self.judge_new(kind, &mut value)?;
        warnings.extend(validation::warnings(kind, &value));
        let object = Object::decode(kind, value);
        let manager = manager_of(options, client);
        if options.dry_run {
            // What a creation would give is not taken: the next one may get it.
            let mut trial = self.clone();
            let object = trial.prepared_for_create(object, manager, now)?;
            return Ok(Written { object, warnings });
        }
        let object = self.create(object, manager, now)?;
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
        let (mut value, warnings) = decoded(kind, &body, Words::Json, options.field_validation)?;
        settle_namespace(kind, &key.namespace, &mut value)?;
        let old = self.get(kind, key)?.clone();
        self.replace(kind, value, &old, warnings, options, client, now)
    }

    /// A user's PATCH.
    pub(crate) fn patch(
        &mut self,
        kind: Kind,
        key: &Key,
        patch: &Patch,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        if patch.kind == PatchKind::Apply {
            return self.server_side_apply(kind, key, &patch.body, options, client, now);
        }
        let old = self.get(kind, key)?.clone();
        if patch.subresource == Subresource::Scale {
            return self.patch_scale(&old, patch, options, client, now);
        }
        let type_ = type_of(kind);
        let current = old.encode();
        let (patched, words) = match patch.kind {
            PatchKind::Json => (patches::json::apply(&current, &patch.body), Words::Json),
            PatchKind::Merge => (patches::merge::apply(&current, &patch.body), Words::Json),
            PatchKind::Strategic | PatchKind::Apply => {
                (patches::strategic::apply(&current, &patch.body, type_), Words::Converter)
            }
        };
        let patched = patched.map_err(|error| patch_refusal(kind, &key.name, &error))?;
        let (value, warnings) = decoded_patch(kind, &patched, words, options.field_validation)?;
        if patch.subresource == Subresource::Status {
            return self.replace_status(kind, value, warnings, options, client, now);
        }
        self.replace(kind, value, &old, warnings, options, client, now)
    }

    fn replace(
        &mut self,
        kind: Kind,
        mut value: Value,
        old: &Object,
        mut warnings: Vec<Str>,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        defaults::apply(kind.name(), &mut value);
        let before = old.encode();
        defaults::drop_disabled(kind.name(), &mut value, Some(&before));
        let seen = self.current_for(&Object::decode(kind, value.clone()))?;
        keep_unwritten(&mut value, &before);
        judge_changed(kind, &old.metadata().name, &mut value, &before)?;
        let new = Object::decode(kind, value.clone());
        warnings.extend(validation::warnings(kind, &value));
        let manager = manager_of(options, client);
        if options.dry_run {
            let mut trial = self.clone();
            let object = trial.prepared_for_update(new, &seen, manager, now)?;
            return Ok(Written { object, warnings });
        }
        let prepared = self.prepared_for_update(new, &seen, manager, now)?;
        Ok(Written { object: self.commit(prepared, &seen, now), warnings })
    }

    /// Refuses a new object with faults. Services ask for their addresses first, so what is wrong with these comes first.
    fn judge_new(&self, kind: Kind, value: &mut Value) -> Result<(), Status> {
        let name = value.at(&["metadata", "name"]).text().to_owned();
        if kind == Kind::Service {
            registry::service::complete(value);
            refuse_if_any(kind, &name, &validation::address_faults(value))?;
        }
        let errors = validation::validate_create(kind, value);
        if kind == Kind::Service && !errors.is_empty() {
            let mut trial = self.clone();
            admission::mutate(&mut trial, &mut Object::decode(kind, value.clone()))?;
        }
        refuse_if_any(kind, &name, &errors)
    }

    fn replace_status(
        &mut self,
        kind: Kind,
        value: Value,
        warnings: Vec<Str>,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        let object = Object::decode(kind, value);
        if options.dry_run {
            return Ok(Written { object, warnings });
        }
        let object = self.update_status(object, manager_of(options, client), now)?;
        Ok(Written { object, warnings })
    }

    fn patch_scale(
        &mut self,
        old: &Object,
        patch: &Patch,
        options: &WriteOptions,
        client: &str,
        now: Time,
    ) -> Result<Written, Status> {
        let kind = old.kind();
        if kind != Kind::StatefulSet {
            return Err(Status::not_found(kind, &old.metadata().name));
        }
        let mut value = old.encode();
        value.set(&["spec", "replicas"], patch.body.at(&["spec", "replicas"]).clone());
        let (value, warnings) = decoded_patch(kind, &value, Words::Converter, options.field_validation)?;
        self.replace(kind, value, old, warnings, options, client, now)
    }

    fn server_side_apply(
        &mut self,
        kind: Kind,
        key: &Key,
        _body: &Value,
        _options: &WriteOptions,
        _client: &str,
        _now: Time,
    ) -> Result<Written, Status> {
        let message = format!(
            "server-side apply of {} {:?} is not supported here yet; use kubectl apply without --server-side",
            kind.plural(),
            key.name.as_str()
        );
        Err(Status::new(Reason::UnsupportedMediaType, message))
    }
}

fn type_of(kind: Kind) -> Type<'static> {
    schema::type_of(&kind.api_version(), kind.name()).expect("every kind served has a schema")
}

fn manager_of<'a>(options: &'a WriteOptions, client: &'a str) -> &'a str {
    if options.field_manager.is_empty() { client } else { &options.field_manager }
}

/// An object as a client sent it, in normal form, and warnings about what was dropped.
fn decoded(kind: Kind, body: &Value, words: Words, validation: FieldValidation) -> Result<(Value, Vec<Str>), Status> {
    let refuse = |error: DecodeError| {
        let (name, version) = (kind.name(), kind.version());
        Status::bad_request(format!("{name} in version {version:?} cannot be handled as a {name}: {error}"))
    };
    let decoded = strict::decode(type_of(kind), body, words).map_err(refuse)?;
    match validation {
        FieldValidation::Strict => Ok((decoded.strict().map_err(refuse)?, Vec::new())),
        FieldValidation::Warn => {
            let warnings = decoded.unknown.iter().map(|text| text.as_str().into()).collect();
            Ok((decoded.value, warnings))
        }
        FieldValidation::Ignore => Ok((decoded.value, Vec::new())),
    }
}

/// The result of a patch in normal form. What is wrong with it is wrong with the patch.
fn decoded_patch(
    kind: Kind,
    body: &Value,
    words: Words,
    validation: FieldValidation,
) -> Result<(Value, Vec<Str>), Status> {
    let unreadable = |error: DecodeError| match error {
        DecodeError::Unknown(unknown) => {
            let field = FieldError::invalid(
                "patch",
                body_of_unknown(&unknown),
                format!("strict decoding error: {}", unknown.join(", ")),
            );
            Status::new(Reason::Invalid, format!(" {:?} is invalid: {field}", ""))
        }
        DecodeError::Wrong(text) => Status::bad_request(text),
    };
    let decoded = strict::decode(type_of(kind), body, words).map_err(unreadable)?;
    match validation {
        FieldValidation::Strict => Ok((decoded.strict().map_err(unreadable)?, Vec::new())),
        FieldValidation::Warn => {
            let warnings = decoded.unknown.iter().map(|text| text.as_str().into()).collect();
            Ok((decoded.value, warnings))
        }
        FieldValidation::Ignore => Ok((decoded.value, Vec::new())),
    }
}

fn body_of_unknown(unknown: &[String]) -> Value {
    Value::List(unknown.iter().map(|text| text.as_str().into()).collect())
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

/// Refuses a changed object with faults.
fn judge_changed(kind: Kind, name: &str, value: &mut Value, old: &Value) -> Result<(), Status> {
    if kind == Kind::Service {
        registry::service::complete_update(value, old);
        refuse_if_any(kind, name, &validation::address_faults(value))?;
    }
    refuse_if_any(kind, name, &validation::validate_update(kind, value, old))
}

fn refuse_if_any(kind: Kind, name: &str, errors: &[FieldError]) -> Result<(), Status> {
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid(kind, name, errors)) }
}

fn patch_refusal(kind: Kind, name: &str, error: &PatchError) -> Status {
    let _ = (kind, name);
    Status::bad_request(error.to_string())
}
