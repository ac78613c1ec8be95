//! Server-side apply: a user sends the fields that they care about, and owns them afterwards.
//!
//! The merge itself is [`api::managed::apply`]; here are the checks around it and the write. Creation is an apply to
//! nothing.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/util/managedfields/internal.

use api::managed::{self, Applied, Apply, Conflict, Entry, Force, Writer};
use api::status::{StatusCause, StatusDetails};
use api::strict::{self, DecodeError, Words};
use api::{Key, Kind, Object, Reason, Status, Value};
use client::{Subresource, Written};

use crate::ApiServer;
use crate::admission::pod_security;
use crate::managed::without_entries;
use crate::registry::{self, validation};
use crate::subresources::{self, ephemeral_containers};
use crate::user_requests::{Request, judge_changed, judge_resized, settle_identity, type_of};

/// Who owns what was there before anybody's fields were kept.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

impl ApiServer {
    pub(crate) fn server_side_apply(
        &mut self,
        kind: Kind,
        key: &Key,
        body: &Value,
        request: Request<'_>,
    ) -> Result<Written, Status> {
        let mut config = body.clone();
        check(kind, &config)?;
        settle_identity(kind, key, &mut config)?;
        match request.options.subresource {
            Subresource::EphemeralContainers => config = ephemeral_containers::narrowed(&config),
            Subresource::Resize => config = subresources::narrowed_to_resources(&config),
            Subresource::None | Subresource::Status | Subresource::Scale => {}
        }
        let part = match request.options.subresource {
            Subresource::None => "",
            // A part of an object is not applied before the object is there.
            Subresource::Status => self.get(kind, key).map(|_| "status")?,
            Subresource::EphemeralContainers => self.get(kind, key).map(|_| "ephemeralcontainers")?,
            Subresource::Resize => self.get(kind, key).map(|_| "resize")?,
            Subresource::Scale => return Err(Status::internal("a Scale is not applied on the server here")),
        };
        let old = self.get(kind, key).ok().cloned();
        let (live, entries) = match &old {
            Some(object) => (without_entries(object), entries_of(object, request)),
            None => (strict::zero_object(type_of(kind)), Vec::new()),
        };
        let writer = Writer { subresource: part.into(), ..writer(kind, request.manager()) };
        let apply = Apply {
            type_: type_of(kind),
            config: &config,
            writer: &writer,
            force: if request.options.force { Force::Yes } else { Force::No },
            ignored: &managed::reset_fields(kind.name(), part),
            now: request.now,
        };
        let applied = managed::apply(&live, &entries, apply).map_err(|conflicts| refused(&conflicts))?;
        if request.options.dry_run {
            return self.clone().store_applied(old, applied, request);
        }
        self.store_applied(old, applied, request)
    }

    fn store_applied(
        &mut self,
        old: Option<Object>,
        applied: Applied,
        request: Request<'_>,
    ) -> Result<Written, Status> {
        let (manager, now) = (request.manager(), request.now);
        let Some(kind) = old.as_ref().map(Object::kind).or_else(|| kind_of(&applied.object)) else {
            return Err(Status::internal("an applied object without a kind"));
        };
        let decoded =
            strict::decode(type_of(kind), &applied.object, Words::Json).map_err(|error| unreadable(kind, &error))?;
        let mut value = decoded.value;
        let Some(old) = old else {
            self.judge_new(kind, &mut value)?;
            let mut warnings = validation::warnings(kind, &value);
            let mut object = self.prepared_for_create(Object::decode(kind, value), manager, now)?;
            object.metadata_mut().managed_fields = self.managed.entries(applied.entries);
            warnings.extend(pod_security::warnings(self, &object, None));
            return Ok(Written { object: self.etcd.put(object, now), warnings });
        };
        let seen = self.current_for(&Object::decode(kind, value.clone()))?;
        if request.options.subresource == Subresource::Status {
            let mut object = Object::decode(kind, value);
            registry::prepare_for_status_update(&mut object, &old);
            object.metadata_mut().managed_fields = self.managed.entries(applied.entries);
            return Ok(Written { object: self.commit(object, &seen, now), warnings: Vec::new() });
        }
        if request.options.subresource == Subresource::EphemeralContainers {
            let mut object = ephemeral_containers::prepared(&value, &old)?;
            let warnings = self.judge_security(&object, &old)?;
            object.metadata_mut().managed_fields = self.managed.entries(applied.entries);
            return Ok(Written { object: self.commit(object, &seen, now), warnings });
        }
        if request.options.subresource == Subresource::Resize {
            value = validation::kept_by_resize(&value, &old.encode());
            judge_resized(&mut value, &old)?;
        } else {
            judge_changed(&mut value, &old)?;
        }
        let mut warnings = validation::warnings_of_change(kind, &value, &old);
        let mut object = self.prepared_for_update(Object::decode(kind, value), &seen, manager, now)?;
        warnings.extend(pod_security::warnings(self, &object, Some(&old)));
        object.metadata_mut().managed_fields = self.managed.entries(applied.entries);
        Ok(Written { object: self.commit(object, &seen, now), warnings })
    }
}

fn kind_of(object: &Value) -> Option<Kind> {
    let version = object.get("apiVersion").text();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Kind::find(group, object.get("kind").text())
}

/// What makes a configuration one that can be applied.
fn check(kind: Kind, config: &Value) -> Result<(), Status> {
    if !matches!(config, Value::Map(_)) {
        let got = config.json_type();
        let message = format!(
            "error decoding YAML: json: cannot unmarshal {got} into Go value of type map[string]interface {{}}"
        );
        return Err(Status::bad_request(message));
    }
    let (version, expected) = (config.get("apiVersion").text(), kind.api_version());
    if version != expected {
        return Err(Status::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: {version}, expected: {expected}"
        )));
    }
    if !config.at(&["metadata", "managedFields"]).is_null() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let decoded = strict::decode(type_of(kind), config, Words::Json).map_err(|error| unreadable(kind, &error))?;
    if decoded.unknown.is_empty() {
        return Ok(());
    }
    let metadata = config.get("metadata");
    let name = [metadata.get("namespace").text(), metadata.get("name").text()];
    let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let message = format!(
        "failed to create typed patch object ({name}; {expected}, Kind={}): {}",
        kind.name(),
        undeclared(&decoded.unknown)
    );
    Err(Status::new(Reason::Unknown, message))
}

/// `unknown field "spec.foo"` in the words of the typed merge.
fn undeclared(unknown: &[String]) -> String {
    let line = |text: &String| {
        let path = text.split('"').nth(1).unwrap_or(text);
        format!(".{path}: field not declared in schema")
    };
    match unknown {
        [only] => line(only),
        several => {
            let lines: Vec<String> = several.iter().map(|text| format!("  {}", line(text))).collect();
            format!("errors:\n{}", lines.join("\n"))
        }
    }
}

fn unreadable(kind: Kind, error: &DecodeError) -> Status {
    let (name, version) = (kind.name(), kind.version());
    Status::bad_request(format!("{name} in version {version:?} cannot be handled as a {name}: {error}"))
}

fn writer(kind: Kind, manager: &str) -> Writer {
    Writer { manager: manager.into(), api_version: kind.api_version(), subresource: Default::default() }
}

/// The entries of an object; one without any gets one that owns all of it.
fn entries_of(object: &Object, request: Request<'_>) -> Vec<Entry> {
    let kept = &object.metadata().managed_fields;
    if !kept.is_empty() {
        return kept.iter().map(|entry| entry.to_entry()).collect();
    }
    let kind = object.kind();
    let zero = strict::zero_object(type_of(kind));
    let ignored = managed::reset_fields(kind.name(), "");
    let all = managed::changed_fields(type_of(kind), &zero, &without_entries(object)).without(&ignored);
    managed::update(&all, &[], &writer(kind, BEFORE_FIRST_APPLY), request.now)
}

fn refused(conflicts: &[Conflict]) -> Status {
    let cause = |conflict: &Conflict| StatusCause {
        reason: "FieldManagerConflict".into(),
        message: conflict.message().into(),
        field: conflict.path.as_str().into(),
    };
    let details = StatusDetails { causes: conflicts.iter().map(cause).collect(), ..StatusDetails::default() };
    let message = managed::conflict_message(conflicts).into();
    Status { reason: Reason::Conflict, message, details: Some(Box::new(details)) }
}
