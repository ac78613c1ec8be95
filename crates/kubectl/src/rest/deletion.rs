//! `DELETE` of an object and `POST` to a pod's eviction: both carry DeleteOptions, and end in the calls that `delete` and
//! `drain` make.
//!
//! Models: kubernetes v1.36 apiserver/pkg/endpoints/handlers/delete.go, apimachinery/pkg/apis/meta/v1/validation,
//! pkg/registry/core/pod/storage/eviction.go (the name, dry runs in two places).

use api::field_error::FieldError;
use api::status::StatusDetails;
use api::strict::{self, Words};
use api::{Key, Kind, Reason, Status, Value, schema};
use client::{DeleteOptions, Propagation};

use super::{Request, object_text, returns_deleted};
use crate::context::Context;
use crate::failure::Failure;
use crate::mapping::Mapping;

const EVICTED: &str =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":201}\n";
const UNSAFE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

impl Request<'_> {
    /// Deletes an object, with the options of the body or, without one, of the query.
    pub(super) fn delete(
        &self,
        ctx: &mut Context<'_>,
        mapping: Mapping,
        kind: Kind,
        key: &Key,
    ) -> Result<String, Failure> {
        self.check_query(&["gracePeriodSeconds", "propagationPolicy", "orphanDependents", "dryRun"])?;
        let options = match self.body.trim() {
            "" => self.options_of_query()?,
            _ => decoded("DeleteOptions", &self.read_body()?)?,
        };
        let faults = faults(&options);
        if !faults.is_empty() {
            return Err(invalid("DeleteOptions", "meta.k8s.io", "", &faults).into());
        }
        let object = ctx.api.delete(kind, key, &read(&options)?)?;
        let is_gone = ctx.api.get(kind, key).is_err();
        if is_gone && !returns_deleted(kind) {
            return Ok(super::deleted_status(mapping, &object));
        }
        Ok(object_text(kind, &object.encode()) + "\n")
    }

    /// Evicts the pod, if the Eviction of the body is about it.
    pub(super) fn evict(&self, ctx: &mut Context<'_>, key: &Key) -> Result<String, Failure> {
        self.check_query(&["dryRun", "fieldManager", "fieldValidation"])?;
        let body = self.read_body()?;
        let version = body.get("apiVersion").text();
        if !matches!(version, "" | "policy/v1") {
            let words =
                format!("the API version in the data ({version}) does not match the expected API version (policy/v1)");
            return Err(Status::bad_request(words).into());
        }
        let eviction = decoded("Eviction", &body)?;
        let metadata = eviction.get("metadata");
        let namespace = metadata.get("namespace").text();
        if !namespace.is_empty() && namespace != key.namespace {
            let words = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(words).into());
        }
        if metadata.get("name").text() != key.name {
            return Err(Status::bad_request("name in URL does not match name in Eviction object").into());
        }
        let mut options = eviction.get("deleteOptions").clone();
        if options.get(UNSAFE) == &Value::Bool(true) {
            let words = "can not be set for pod eviction, try after removing the option";
            let fault = FieldError::invalid(format!("deleteOptions.{UNSAFE}"), true, words);
            return Err(invalid("Eviction", "policy", &key.name, &[fault]).into());
        }
        match (options.get("dryRun").as_list(), self.parameter("dryRun")) {
            (_, "") => {}
            ([], asked) => options.set(&["dryRun"], Value::List(vec![asked.into()])),
            ([only], asked) if only.text() == asked => {}
            (inner, asked) => {
                let inner: Vec<&str> = inner.iter().map(Value::text).collect();
                let words =
                    format!("Non-matching dry-run options in request and content: [{asked}] and [{}]", inner.join(" "));
                return Err(Status::new(Reason::InternalError, words).into());
            }
        }
        ctx.api.evict(key, &read(&options)?)?;
        Ok(EVICTED.to_string())
    }

    fn options_of_query(&self) -> Result<Value, Failure> {
        let mut options = Value::map();
        for (key, value) in self.query.iter().filter(|(_, value)| !value.is_empty()) {
            let read = match key.as_str() {
                "gracePeriodSeconds" => value.parse().map(Value::Int).ok(),
                "orphanDependents" => value.parse().map(Value::Bool).ok(),
                "dryRun" => Some(Value::List(vec![value.as_str().into()])),
                "propagationPolicy" => Some(Value::from(value.as_str())),
                _ => continue,
            };
            let wrong = || Status::bad_request(format!("the parameter {key} cannot be {value:?}"));
            options.set(&[key], read.ok_or_else(wrong)?);
        }
        Ok(options)
    }
}

/// The body as the type it has to be of; what the type does not know is left out.
fn decoded(name: &str, body: &Value) -> Result<Value, Failure> {
    let type_ = schema::table().type_named(name).expect("the table has the types of requests");
    match strict::decode(type_, body, Words::Json) {
        Ok(decoded) => Ok(decoded.value),
        Err(error) => Err(Status::bad_request(error.to_string()).into()),
    }
}

/// What is wrong with DeleteOptions.
fn faults(options: &Value) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let policy = options.get("propagationPolicy");
    if !options.get("orphanDependents").is_null() && !policy.is_null() {
        let words = "orphanDependents and deletionPropagation cannot be both set";
        faults.push(FieldError::invalid("propagationPolicy", policy.clone(), words));
    }
    if !policy.is_null() && !matches!(policy.text(), "Foreground" | "Background" | "Orphan") {
        let known = ["Foreground", "Background", "Orphan", "nil"];
        faults.push(FieldError::not_supported("propagationPolicy", policy.clone(), &known));
    }
    let dry_run = options.get("dryRun").as_list();
    if dry_run.iter().any(|value| value.text() != "All") {
        faults.push(FieldError::not_supported("dryRun", options.get("dryRun").clone(), &["All"]));
    }
    faults
}

/// A refusal of something that is no object of the cluster.
fn invalid(kind: &str, group: &str, name: &str, faults: &[FieldError]) -> Status {
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let list = if texts.len() == 1 { texts.join("") } else { format!("[{}]", texts.join(", ")) };
    let details = StatusDetails {
        kind: kind.into(),
        group: group.into(),
        name: name.into(),
        causes: faults.iter().map(FieldError::to_cause).collect(),
        ..StatusDetails::default()
    };
    let message = format!("{kind}.{group} {name:?} is invalid: {list}").into();
    Status { reason: Reason::Invalid, message, details: Some(Box::new(details)) }
}

fn read(options: &Value) -> Result<DeleteOptions, Failure> {
    let preconditions = options.get("preconditions");
    let version = preconditions.get("resourceVersion").text();
    let propagation = match (options.get("propagationPolicy").text(), options.get("orphanDependents")) {
        ("Background", _) | (_, Value::Bool(false)) => Some(Propagation::Background),
        ("Foreground", _) => Some(Propagation::Foreground),
        ("Orphan", _) | (_, Value::Bool(true)) => Some(Propagation::Orphan),
        _ => None,
    };
    let is_number = version.is_empty() || version.parse::<u64>().is_ok();
    if !is_number {
        return Err(Status::bad_request(format!("the resource version {version:?} is no number")).into());
    }
    Ok(DeleteOptions {
        grace_period_seconds: options.get("gracePeriodSeconds").as_int(),
        propagation,
        uid: Some(preconditions.get("uid").text()).filter(|uid| !uid.is_empty()).map(Into::into),
        resource_version: version.parse().ok(),
        dry_run: !options.get("dryRun").as_list().is_empty(),
    })
}
