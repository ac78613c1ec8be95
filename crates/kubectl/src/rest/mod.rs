//! The API server's paths, as `--raw` and `kubectl proxy` ask for them: `/api/v1/namespaces/default/pods/web-0`.
//!
//! A path is taken apart and answered with the same calls that every other verb makes, so nothing can be reached here that
//! the cluster does not serve. Bodies are JSON as the server's encoder writes it: fields in the order of Go's structs.
//!
//! What is absent: watches, pages of lists, and everything that the real server serves for itself (`/metrics`, `/openapi`,
//! `/debug`): refused plainly.
//!
//! Models: kubernetes v1.36 apiserver/pkg/endpoints (paths, discovery), kubectl/pkg/rawhttp.

mod deletion;
pub mod discovery;

use api::apps::scale::scale_of;
use api::status::StatusCause;
use api::text::{json, yaml};
use api::{Key, Kind, Object, Reason, Status, Str, Value, schema};
use client::{FieldValidation, LogOptions, Patch, PatchKind, Subresource, WriteOptions};

use crate::cmd::info::server_version;
use crate::context::Context;
use crate::failure::Failure;
use crate::mapping::Mapping;
use crate::selection::Selection;

/// What is asked of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create.
    Post,
    /// Replace.
    Put,
    /// Change, by a patch of this kind.
    Patch(PatchKind),
    /// Delete.
    Delete,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch(_) => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// A request that was taken apart.
struct Request<'a> {
    method: Method,
    /// As it was written, for refusals.
    path: &'a str,
    query: Vec<(String, String)>,
    body: &'a str,
}

/// The body of the answer to a request, or the server's refusal.
pub fn request(ctx: &mut Context<'_>, method: Method, url: &str, body: &str) -> Result<String, Failure> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let request = Request { method, path, query: read_query(query), body };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["api", "v1", rest @ ..] if !rest.is_empty() => request.resource(ctx, "", "v1", rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => request.resource(ctx, group, version, rest),
        _ if method != Method::Get => Err(request.method_not_allowed()),
        [check @ ("healthz" | "livez" | "readyz"), only @ ..] => request.health(check, only),
        ["version"] => Ok(version()),
        ["metrics" | "openapi" | "debug" | "logs" | "openid" | ".well-known", ..] => Err(request.unsupported()),
        parts => discovery::document(parts).ok_or_else(|| no_such_path().into()),
    }
}

/// The object as the server's encoder writes it, without the line's end.
fn object_text(kind: Kind, value: &Value) -> String {
    match schema::type_of(&kind.api_version(), kind.name()) {
        Some(type_) => schema::go_json(type_, value, &[]),
        None => json::write_compact(value),
    }
}

/// What the server says of itself, in the order of Go's struct.
fn version() -> String {
    let known = server_version();
    let lines = [
        "major",
        "minor",
        "emulationMajor",
        "emulationMinor",
        "minCompatibilityMajor",
        "minCompatibilityMinor",
        "gitVersion",
        "platform",
    ]
    .map(|field| format!("  \"{field}\": \"{}\"", known.get(field).text()));
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn no_such_path() -> Status {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

/// Whether the server refuses because it has nothing at that path.
pub fn is_no_such_path(status: &Status) -> bool {
    *status == no_such_path()
}

/// A refusal as the server's encoder writes it.
pub fn status_text(status: &Status) -> String {
    let field = |name: &str, value: Value| format!("\"{name}\":{}", json::write_compact(&value));
    let written = |name: &str, text: &Str| (!text.is_empty()).then(|| field(name, text.clone().into()));
    let object =
        |fields: Vec<Option<String>>| format!("{{{}}}", fields.into_iter().flatten().collect::<Vec<_>>().join(","));
    let cause = |cause: &StatusCause| {
        object(vec![
            written("reason", &cause.reason),
            written("message", &cause.message),
            written("field", &cause.field),
        ])
    };
    let details = status.details.as_ref().map(|details| {
        let causes: Vec<String> = details.causes.iter().map(cause).collect();
        let seconds = details.retry_after_seconds;
        let fields = vec![
            written("name", &details.name),
            written("group", &details.group),
            written("kind", &details.kind),
            (!causes.is_empty()).then(|| format!("\"causes\":[{}]", causes.join(","))),
            (seconds != 0).then(|| field("retryAfterSeconds", seconds.into())),
        ];
        format!("\"details\":{}", object(fields))
    });
    object(vec![
        Some("\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\"".to_string()),
        written("message", &status.message),
        written("reason", &status.reason.as_str().into()),
        details,
        Some(format!("\"code\":{}", status.reason.code())),
    ]) + "\n"
}

impl Request<'_> {
    fn unsupported(&self) -> Failure {
        let (method, path) = (self.method.name(), self.path);
        Failure::Plain(format!("{method} {path} is not supported in this version of the playground"))
    }

    fn method_not_allowed(&self) -> Failure {
        Status::new(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource").into()
    }

    fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    fn is_on(&self, name: &str) -> bool {
        self.parameter(name).parse().unwrap_or(false)
    }

    /// Parameters that change nothing here, or are read; any other is refused.
    fn check_query(&self, read: &[&str]) -> Result<(), Failure> {
        let harmless = ["resourceVersion", "resourceVersionMatch", "timeoutSeconds", "limit"];
        let is_known = |key: &str| read.contains(&key) || harmless.contains(&key);
        match self.query.iter().find(|(key, value)| !is_known(key) && !value.is_empty() && value != "false") {
            Some((key, _)) => {
                let message = format!("the parameter {key:?} of {} {} is not supported", self.method.name(), self.path);
                Err(Failure::Plain(format!("{message} in this version of the playground")))
            }
            None => Ok(()),
        }
    }

    /// `/healthz`, `/readyz?verbose`, `/livez/etcd`
    fn health(&self, check: &str, only: &[&str]) -> Result<String, Failure> {
        const CHECKS: [&str; 2] = ["ping", "etcd"];
        match only {
            [] if self.query.iter().any(|(key, _)| key == "verbose") => {
                let lines: String = CHECKS.iter().map(|check| format!("[+]{check} ok\n")).collect();
                Ok(format!("{lines}{check} check passed\n"))
            }
            [] => Ok("ok".to_string()),
            [name] if CHECKS.contains(name) => Ok("ok".to_string()),
            _ => Err(no_such_path().into()),
        }
    }

    /// Everything below `/api/v1/` and `/apis/apps/v1/`.
    fn resource(&self, ctx: &mut Context<'_>, group: &str, version: &str, parts: &[&str]) -> Result<String, Failure> {
        let (namespace, parts) = match parts {
            // A namespace is an object too, and its path is that of what lies in it.
            ["namespaces", namespace, rest @ ..]
                if rest.first().is_some_and(|part| !matches!(*part, "status" | "finalize")) =>
            {
                (Some(*namespace), rest)
            }
            parts => (None, parts),
        };
        let [plural, rest @ ..] = parts else { return Err(no_such_path().into()) };
        let served = |resource: &&schema::Resource| {
            (resource.group, resource.version, resource.plural) == (group, version, *plural)
        };
        let found = schema::resources().iter().find(served).and_then(|found| Mapping::find_kind(group, found.kind));
        let mapping = found.ok_or_else(no_such_path)?;
        let kind = mapping.kind_supported()?;
        let wants_namespace = mapping.is_namespaced() && !rest.is_empty();
        if namespace.is_some() && !mapping.is_namespaced() || namespace.is_none() && wants_namespace {
            return Err(no_such_path().into());
        }
        let key = |name: &str| Key::new(namespace.unwrap_or(""), name);
        match rest {
            [] => self.collection(ctx, mapping, kind, namespace),
            [name] => self.object(ctx, mapping, kind, &key(name)),
            // What a pod or service itself serves.
            [_, "proxy", ..] if mapping.has("proxy") => Err(self.unsupported()),
            [name, subresource] if mapping.has(subresource) => {
                self.subresource(ctx, mapping, kind, &key(name), subresource)
            }
            _ => Err(no_such_path().into()),
        }
    }

    fn collection(
        &self,
        ctx: &mut Context<'_>,
        mapping: Mapping,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<String, Failure> {
        match self.method {
            Method::Get => {
                self.check_query(&["labelSelector", "fieldSelector"])?;
                let (labels, fields) = (self.parameter("labelSelector"), self.parameter("fieldSelector"));
                let selection = Selection::parse(mapping, labels, fields)?;
                let objects = ctx.list(kind, namespace)?;
                let chosen = objects.iter().filter(|object| selection.matches(object));
                let items: Vec<String> = chosen.map(|object| object_text(kind, &object.encode_body())).collect();
                let (list, version, revision) = (mapping.resource().kind, kind.api_version(), ctx.api.revision());
                Ok(format!(
                    "{{\"kind\":\"{list}List\",\"apiVersion\":\"{version}\",\"metadata\":{{\"resourceVersion\":\"{revision}\"}},\
                     \"items\":[{}]}}\n",
                    items.join(",")
                ))
            }
            Method::Post => {
                let (body, options) = self.write()?;
                if mapping.is_namespaced() && namespace.is_none() {
                    return Err(self.method_not_allowed());
                }
                let written = ctx.api.create_value(kind, namespace.unwrap_or(""), body, &options)?;
                Ok(object_text(kind, &written.object.encode()) + "\n")
            }
            Method::Put | Method::Patch(_) => Err(self.method_not_allowed()),
            Method::Delete => Err(self.unsupported()),
        }
    }

    fn object(&self, ctx: &mut Context<'_>, mapping: Mapping, kind: Kind, key: &Key) -> Result<String, Failure> {
        match self.method {
            Method::Get => {
                self.check_query(&[])?;
                Ok(object_text(kind, &ctx.api.get(kind, key)?.encode()) + "\n")
            }
            Method::Put => {
                let (body, options) = self.write()?;
                Ok(object_text(kind, &ctx.api.update_value(kind, key, body, &options)?.object.encode()) + "\n")
            }
            Method::Patch(patch) => {
                Ok(object_text(kind, &self.patch(ctx, kind, key, patch, Part::Whole)?.encode()) + "\n")
            }
            Method::Post => Err(self.method_not_allowed()),
            Method::Delete => self.delete(ctx, mapping, kind, key),
        }
    }

    fn subresource(
        &self,
        ctx: &mut Context<'_>,
        mapping: Mapping,
        kind: Kind,
        key: &Key,
        subresource: &str,
    ) -> Result<String, Failure> {
        match (self.method, subresource) {
            (Method::Get, "log") => {
                self.check_query(&["container", "tailLines", "previous", "timestamps"])?;
                let container = match self.parameter("container") {
                    "" => only_container(&ctx.api.get(kind, key)?)?,
                    name => name.into(),
                };
                let options = LogOptions {
                    container,
                    previous: self.is_on("previous"),
                    tail_lines: self.parameter("tailLines").parse().ok(),
                    timestamps: self.is_on("timestamps"),
                    ..LogOptions::default()
                };
                Ok(ctx.api.logs(key, &options)?.text)
            }
            (Method::Get, _) => {
                self.check_query(&[])?;
                let part = Part::read(mapping, subresource)?;
                Ok(part.text(kind, &ctx.api.get(kind, key)?) + "\n")
            }
            (Method::Put, "status" | "scale" | "ephemeralcontainers" | "resize") => {
                let (body, options) = self.write()?;
                let part = Part::read(mapping, subresource)?;
                let options = WriteOptions { subresource: part.to_write(), ..options };
                Ok(part.text(kind, &ctx.api.update_value(kind, key, body, &options)?.object) + "\n")
            }
            (Method::Patch(patch), "status" | "scale" | "ephemeralcontainers" | "resize") => {
                let part = Part::read(mapping, subresource)?;
                Ok(part.text(kind, &self.patch(ctx, kind, key, patch, part)?) + "\n")
            }
            (Method::Post, "eviction") => self.evict(ctx, key),
            (Method::Post | Method::Delete, "status" | "scale" | "ephemeralcontainers" | "resize") => {
                Err(self.method_not_allowed())
            }
            (Method::Put | Method::Post | Method::Patch(_) | Method::Delete, _) => Err(self.unsupported()),
        }
    }

    fn patch(
        &self,
        ctx: &mut Context<'_>,
        kind: Kind,
        key: &Key,
        patch: PatchKind,
        part: Part,
    ) -> Result<Object, Failure> {
        let options = WriteOptions { subresource: part.to_write(), force: self.is_on("force"), ..self.options()? };
        let body = match patch {
            PatchKind::Apply => {
                yaml::read(self.body).map_err(|error| Failure::from(Status::bad_request(error.to_string())))?
            }
            PatchKind::Json | PatchKind::Merge | PatchKind::Strategic => self.read_body()?,
        };
        if patch == PatchKind::Apply && options.field_manager.is_empty() {
            let refusal =
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
            return Err(Status::new(Reason::Invalid, refusal).into());
        }
        Ok(ctx.api.patch(kind, key, &Patch { kind: patch, body }, &options)?.object)
    }

    fn read_body(&self) -> Result<Value, Failure> {
        let refuse = |error: json::JsonError| Failure::from(Status::bad_request(error.to_string()));
        json::read(self.body).map_err(refuse)
    }

    fn write(&self) -> Result<(Value, WriteOptions), Failure> {
        let options = self.options()?;
        Ok((self.read_body()?, options))
    }

    fn options(&self) -> Result<WriteOptions, Failure> {
        self.check_query(&["dryRun", "fieldManager", "fieldValidation", "force"])?;
        let field_validation = match self.parameter("fieldValidation") {
            "Strict" => FieldValidation::Strict,
            "Ignore" => FieldValidation::Ignore,
            _ => FieldValidation::Warn,
        };
        Ok(WriteOptions {
            dry_run: self.parameter("dryRun") == "All",
            field_manager: self.parameter("fieldManager").into(),
            field_validation,
            ..WriteOptions::default()
        })
    }
}

/// The part of an object that a subresource shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// All of it; only the status is written.
    Status,
    /// Its Scale.
    Scale,
    /// All of it; only the ephemeral containers are written.
    EphemeralContainers,
    /// All of it; only what its containers ask for is written.
    Resize,
}

impl Part {
    /// The part that a name means for a resource; `""` is the whole object.
    pub fn read(mapping: Mapping, subresource: &str) -> Result<Part, Failure> {
        match subresource {
            "" => Ok(Part::Whole),
            name if !mapping.has(name) => Err(no_such_path().into()),
            "status" => Ok(Part::Status),
            "scale" => Ok(Part::Scale),
            "ephemeralcontainers" => Ok(Part::EphemeralContainers),
            "resize" => Ok(Part::Resize),
            _ => Err(Status::new(
                Reason::MethodNotAllowed,
                "the server does not allow this method on the requested resource",
            )
            .into()),
        }
    }

    /// What of an object is shown.
    pub fn of(self, object: &Object) -> Value {
        match self {
            Part::Scale => scale_of(object).unwrap_or_default(),
            Part::Whole | Part::Status | Part::EphemeralContainers | Part::Resize => object.encode(),
        }
    }

    /// How a write to this part is meant.
    pub const fn to_write(self) -> Subresource {
        match self {
            Part::Whole => Subresource::None,
            Part::Status => Subresource::Status,
            Part::Scale => Subresource::Scale,
            Part::EphemeralContainers => Subresource::EphemeralContainers,
            Part::Resize => Subresource::Resize,
        }
    }

    /// The part, as the server's encoder writes it.
    fn text(self, kind: Kind, object: &Object) -> String {
        match self {
            Part::Scale => scale_text(&self.of(object)),
            Part::Whole | Part::Status | Part::EphemeralContainers | Part::Resize => {
                object_text(kind, &object.encode())
            }
        }
    }
}

/// A Scale in the order of Go's struct.
fn scale_text(scale: &Value) -> String {
    let pair = |value: &Value, field: &str| match value.get(field) {
        Value::Null => String::new(),
        value => format!("\"{field}\":{}", json::write_compact(value)),
    };
    let fields = |part: &str, names: &[&str]| {
        let pairs: Vec<String> = names.iter().map(|name| pair(scale.get(part), name)).collect();
        let pairs: Vec<&str> = pairs.iter().map(String::as_str).filter(|pair| !pair.is_empty()).collect();
        format!("\"{part}\":{{{}}}", pairs.join(","))
    };
    format!(
        "{{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",{},{},{}}}",
        fields("metadata", &["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]),
        fields("spec", &["replicas"]),
        fields("status", &["replicas", "selector"])
    )
}

/// Kinds whose deletion answers with the object, even where it is gone at once.
fn returns_deleted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::Service
            | Kind::ServiceAccount
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::StorageClass
    )
}

fn deleted_status(mapping: Mapping, object: &Object) -> String {
    let (name, uid) = (&object.metadata().name, &object.metadata().uid);
    let group = match mapping.resource().group {
        "" => String::new(),
        group => format!("\"group\":\"{group}\","),
    };
    format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Success\",\"details\":{{\"name\":\"{name}\",\
         {group}\"kind\":\"{}\",\"uid\":\"{uid}\"}}}}\n",
        mapping.plural()
    )
}

/// A pod's only container.
fn only_container(pod: &Object) -> Result<Str, Failure> {
    let body = pod.encode_body();
    let containers = body.at(&["spec", "containers"]).as_list();
    let names: Vec<&str> = containers.iter().map(|container| container.get("name").text()).collect();
    match names.as_slice() {
        [only] => Ok((*only).into()),
        names => {
            let (name, names) = (&pod.metadata().name, names.join(" "));
            let message = format!("a container name must be specified for pod {name}, choose one of: [{names}]");
            Err(Status::bad_request(message).into())
        }
    }
}

/// `a=b&c=d`, with what is written in hexadecimal digits.
fn read_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

fn plain(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => (bytes.push(b' '), rest = after).1,
            (byte, _) => (bytes.push(*byte), rest = after).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
