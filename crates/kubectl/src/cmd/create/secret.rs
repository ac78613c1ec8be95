//! `kubectl create secret docker-registry` and `tls`.
//!
//! What is absent: whether key and certificate belong together is not checked, only that both look like PEM.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/create/create_secret_docker.go, create_secret_tls.go.

use api::Value;
use api::text::{base64, json};

use super::super::call::refuse;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::data::{APPEND_HASH, Data, Holder, add_file, create_secret};
use super::{CREATE_FLAGS, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

/// The key of a registry's credentials.
const DOCKER_CONFIG: &str = ".dockerconfigjson";

/// `create secret docker-registry`
pub static SECRET_DOCKER_REGISTRY: Verb = Verb {
    path: "create secret docker-registry",
    summary: "Create a secret for use with a Docker registry",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] \
            [--from-file=[key=]source] [--dry-run=server|client|none] [options]",
    flags: &[
        &[
            APPEND_HASH,
            Flag::text("docker-email"),
            Flag::text("docker-password"),
            Flag::text("docker-server").default("https://index.docker.io/v1/"),
            Flag::text("docker-username"),
            Flag::slice("from-file"),
        ],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: docker_registry,
    ..PLAIN
};

/// `create secret tls`
pub static SECRET_TLS: Verb = Verb {
    path: "create secret tls",
    summary: "Create a TLS secret",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]",
    flags: &[
        &[APPEND_HASH, Flag::text("cert"), Flag::text("key")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: tls,
    ..PLAIN
};

fn docker_registry(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let files = call.flags.texts("from-file");
    let (user, password) = (call.flags.text("docker-username"), call.flags.text("docker-password"));
    let server = call.flags.text("docker-server");
    refuse(&[(
        files.is_empty() && (user.is_empty() || password.is_empty() || server.is_empty()),
        "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
    )])?;
    let mut body = Value::map();
    if files.is_empty() {
        let mut entry = Value::map();
        entry.set(&["username"], user.clone());
        entry.set(&["password"], password.clone());
        entry.set(&["auth"], base64::encode(format!("{user}:{password}").as_bytes()));
        let email = call.flags.text("docker-email");
        if !email.is_empty() {
            entry.set(&["email"], email);
        }
        body.set(&["data", DOCKER_CONFIG], base64::encode(config_text(&server, &entry).as_bytes()));
    }
    let mut data = Data::new();
    for source in &files {
        let source = if source.contains('=') { source.to_string() } else { format!("{DOCKER_CONFIG}={source}") };
        add_file(call, &source, &name, Holder::Secret, &mut data)?;
    }
    for (key, bytes) in data {
        body.set(&["data", &key], base64::encode(&bytes));
    }
    create_secret(call, &name, "kubernetes.io/dockerconfigjson", body)
}

/// The credentials as Go's encoder writes the struct: its fields in their own order.
fn config_text(server: &str, entry: &Value) -> String {
    let quoted = |text: &str| {
        let mut out = String::new();
        json::write_string(&mut out, text);
        out
    };
    let fields: Vec<String> = ["username", "password", "email", "auth"]
        .iter()
        .filter(|field| !entry.get(field).is_null())
        .map(|field| format!("{}:{}", quoted(field), quoted(entry.get(field).text())))
        .collect();
    format!("{{\"auths\":{{{}:{{{}}}}}}}", quoted(server), fields.join(","))
}

fn tls(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let (cert, key) = (call.flags.text("cert"), call.flags.text("key"));
    refuse(&[(cert.is_empty() || key.is_empty(), "key and cert must be specified")])?;
    let mut body = Value::map();
    for (field, path, what) in [("tls.crt", &cert, "certificate"), ("tls.key", &key, "key")] {
        let bytes = call.ctx.fs.read(&call.env.absolute(path));
        let bytes = bytes.map_err(|error| Failure::Plain(format!("Cannot read file {path}, open {path}: {error}")))?;
        if !String::from_utf8_lossy(&bytes).contains("-----BEGIN ") {
            return Err(Failure::Plain(format!("tls: failed to find any PEM data in {what} input")));
        }
        body.set(&["data", field], base64::encode(&bytes));
    }
    create_secret(call, &name, "kubernetes.io/tls", body)
}
