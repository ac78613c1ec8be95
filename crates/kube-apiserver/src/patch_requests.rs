//! Patches: reading them, and saying what is wrong with them. What a patched object then goes through is in
//! `user_requests`.
//!
//! Models: kubernetes v1.36 apiserver/pkg/endpoints/handlers/patch.go.

use api::apps::scale::{is_scalable, scale_of};
use api::patch::{self as patches, PatchError};
use api::schema;
use api::status::StatusDetails;
use api::strict::{self, DecodeError, Words};
use api::{FieldError, Key, Kind, Object, Reason, Status, Str, Value};
use client::{FieldValidation, Patch, PatchKind, Subresource, WriteOptions, Written};
use sim::Time;

use crate::ApiServer;
use crate::managed::Part;
use crate::registry::validation;
use crate::user_requests::{Request, settle_identity, type_of};

const REJECTED: &str = "the server rejected our request due to an error in our request";

impl ApiServer {
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
        let request = Request { options, client, now };
        if patch.kind == PatchKind::Apply {
            return self.server_side_apply(kind, key, &patch.body, request);
        }
        let old = self.get(kind, key)?.clone();
        if options.subresource == Subresource::Scale {
            return self.patch_scale(old, patch, request);
        }
        let (mut value, warnings) = patched(&old, patch, options.field_validation)?;
        settle_identity(kind, key, &mut value)?;
        let before = Written { object: old, warnings };
        self.replace_part(value, before, request)
    }

    /// Stores a changed object, or the part of it that the request is about.
    pub(crate) fn replace_part(
        &mut self,
        value: Value,
        before: Written,
        request: Request<'_>,
    ) -> Result<Written, Status> {
        match request.options.subresource {
            Subresource::Status if !has_status(before.object.kind()) => Err(no_such_path()),
            Subresource::Status => self.replace_status(value, before, request),
            Subresource::Scale => self.replace_scale(&value, before, request),
            Subresource::EphemeralContainers => self.replace_ephemeral_containers(&value, before, request),
            Subresource::Resize if before.object.kind() != Kind::Pod => Err(no_such_path()),
            Subresource::Resize => {
                let kept = validation::kept_by_resize(&value, &before.object.encode());
                self.replace(kept, before, Part::Resize, request)
            }
            Subresource::None => self.replace(value, before, Part::Main, request),
        }
    }

    fn replace_status(&mut self, value: Value, before: Written, request: Request<'_>) -> Result<Written, Status> {
        let object = Object::decode(before.object.kind(), value);
        let (manager, now) = (request.manager(), request.now);
        let object = if request.options.dry_run {
            self.clone().update_status(object, manager, now)?
        } else {
            self.update_status(object, manager, now)?
        };
        Ok(Written { object, warnings: before.warnings })
    }

    /// A Scale is a view of the set: the patch changes the view.
    fn patch_scale(&mut self, old: Object, patch: &Patch, request: Request<'_>) -> Result<Written, Status> {
        let scale = scale_of(&old).ok_or_else(no_such_path)?;
        // A Scale has no lists: a strategic patch is a merge.
        let patched = match patch.kind {
            PatchKind::Json => patches::json::apply(&scale, &patch.body),
            PatchKind::Merge | PatchKind::Strategic | PatchKind::Apply => patches::merge::apply(&scale, &patch.body),
        };
        let mut patched = patched.map_err(|error| refusal(&error))?;
        // A patch that does not name the version does not care for it.
        if patch.body.at(&["metadata", "resourceVersion"]).is_null() {
            patched.remove(&["metadata", "resourceVersion"]);
        }
        self.replace_scale(&patched, Written { object: old, warnings: Vec::new() }, request)
    }

    /// Of a Scale only the number of replicas and the version are looked at.
    fn replace_scale(&mut self, scale: &Value, before: Written, request: Request<'_>) -> Result<Written, Status> {
        let old = before.object;
        if !is_scalable(old.kind()) {
            return Err(no_such_path());
        }
        let replicas = scale.at(&["spec", "replicas"]).clone();
        if let Some(number) = replicas.as_int().filter(|number| i32::try_from(*number).is_err()) {
            let field = "Go struct field ScaleSpec.spec.replicas of type int32";
            let message = thin::format_str!("json: cannot unmarshal number {number} into {field}");
            return Err(Status::new(Reason::BadRequest, message));
        }
        let mut body = Value::map();
        body.set(&["spec", "replicas"], if replicas.is_null() { Value::Int(0) } else { replicas });
        let wanted = scale.at(&["metadata", "resourceVersion"]);
        if !wanted.is_null() {
            body.set(&["metadata", "resourceVersion"], wanted.clone());
        }
        let patch = Patch { kind: PatchKind::Merge, body };
        let (value, warnings) = patched(&old, &patch, request.options.field_validation)?;
        self.replace(value, Written { object: old, warnings }, Part::Scale, request)
    }
}

/// Whether objects of a kind have a status to write.
fn has_status(kind: Kind) -> bool {
    let of_kind = |resource: &&schema::Resource| resource.group == kind.group() && resource.kind == kind.name();
    schema::resources().iter().find(of_kind).is_some_and(|resource| resource.subresources.contains(&"status"))
}

/// Nothing is served at the path of the request.
pub(crate) fn no_such_path() -> Status {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

/// The object after the patch, in normal form.
fn patched(old: &Object, patch: &Patch, validation: FieldValidation) -> Result<(Value, Vec<Str>), Status> {
    let type_ = type_of(old.kind());
    let current = old.encode();
    if patch.kind != PatchKind::Json && !matches!(patch.body, Value::Map(_)) {
        let got = patch.body.json_type();
        let message = format!("json: cannot unmarshal {got} into Go value of type map[string]interface {{}}");
        return Err(Status::bad_request(message));
    }
    let patched = match patch.kind {
        PatchKind::Json => patches::json::apply(&current, &patch.body),
        PatchKind::Merge => patches::merge::apply(&current, &patch.body),
        PatchKind::Strategic | PatchKind::Apply => patches::strategic::apply(&current, &patch.body, type_),
    };
    let patched = patched.map_err(|error| refusal(&error))?;
    // What cannot be read is shown: the patch itself, or all that it made.
    let words = match patch.kind {
        PatchKind::Strategic | PatchKind::Apply => Words::Converter,
        PatchKind::Json | PatchKind::Merge => Words::Json,
    };
    let shown = || match patch.kind {
        PatchKind::Strategic | PatchKind::Apply => patches::go_text(&patch.body),
        PatchKind::Json => schema::go_json(type_, &patched, &patches::json::touched(&patch.body)),
        PatchKind::Merge => schema::go_json(type_, &patched, &[]),
    };
    let unreadable = |error: DecodeError| invalid(&shown(), &error);
    let decoded = strict::decode(type_, &patched, words).map_err(unreadable)?;
    match validation {
        FieldValidation::Strict => Ok((decoded.strict().map_err(unreadable)?, Vec::new())),
        FieldValidation::Warn => {
            let warnings = decoded.unknown.iter().map(|text| text.as_str().into()).collect();
            Ok((decoded.value, warnings))
        }
        FieldValidation::Ignore => Ok((decoded.value, Vec::new())),
    }
}

/// What is wrong with the result of a patch is wrong with the patch, not with the object.
fn invalid(shown: &str, error: &DecodeError) -> Status {
    let field = FieldError::invalid("patch", shown, error.to_string());
    let details = StatusDetails { causes: vec![field.to_cause()], ..StatusDetails::default() };
    let message = format!(" \"\" is invalid: {field}").into();
    Status { reason: Reason::Invalid, message, details: Some(Box::new(details)) }
}

/// A patch that cannot be applied.
fn refusal(error: &PatchError) -> Status {
    match error {
        PatchError::JsonPatch(_) | PatchError::ListOfLists => Status::new(Reason::Invalid, REJECTED),
        PatchError::Decode(_)
        | PatchError::BadDeleteList
        | PatchError::BadRetainKeys
        | PatchError::BadSetOrder
        | PatchError::TooDeep => Status::bad_request(error.to_string()),
        PatchError::NoMergeKey { .. }
        | PatchError::BadArgType { .. }
        | PatchError::BadPatchType { .. }
        | PatchError::BadMarker
        | PatchError::MergeInList
        | PatchError::OrderMismatch { .. }
        | PatchError::MixedList { .. }
        | PatchError::NoElements
        | PatchError::ElementNotMap { .. }
        | PatchError::NoDeclaredKey { .. }
        | PatchError::UnknownField { .. }
        | PatchError::NotStruct
        | PatchError::Conflict { .. } => Status::new(Reason::Unknown, error.to_string()),
    }
}
