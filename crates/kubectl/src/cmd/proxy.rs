//! `kubectl proxy`: the API on a port of the user's machine, until Ctrl-C.
//!
//! Requests are answered by the piece that `--raw` uses. People's programs (curl, wget, browsers) get JSON laid out, as the API
//! server does it.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/proxy, kubectl/pkg/proxy, apiserver/pkg/endpoints/handlers/negotiation
//! (isPrettyPrint). Absent: files (`--www`), Unix sockets, other addresses than this machine's own.

use api::text::json::Ordered;
use api::{Reason, Status, Str};
use client::{PatchKind, WebAnswer, WebRequest};
use shell::regex::{Case, Regex, Syntax};

use super::call::{refuse, unsupported};
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::rest::{self, Method};

/// The verb.
pub static PROXY: Verb = Verb {
    path: "proxy",
    summary: "Serve the API on a port of this machine",
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]",
    flags: &[&[
        Flag::text("accept-hosts").default(r"^localhost$,^127\.0\.0\.1$,^\[::1\]$"),
        Flag::text("accept-paths").default("^.*"),
        Flag::text("address").default("127.0.0.1"),
        Flag::text("api-prefix").default("/"),
        Flag::bool("append-server-path"),
        Flag::bool("disable-filter"),
        Flag::duration("keepalive", "0s"),
        Flag::int("port", "8001").short('p'),
        Flag::text("reject-methods").default("^$"),
        Flag::text("reject-paths").default("^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"),
        Flag::text("unix-socket").short('u'),
        Flag::text("www").short('w'),
        Flag::text("www-prefix").short('P').default("/static/"),
    ]],
    run,
    ..PLAIN
};

const DEFAULT_PORT: i64 = 8001;
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";
/// Programs of people begin their names so.
const LOOKERS: [&str; 3] = ["curl", "Wget", "Mozilla/5.0"];

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let given = |flag: &str| !call.flags.text(flag).is_empty();
    let (port, address) = (call.flags.int("port"), call.flags.text("address"));
    refuse(&[(given("unix-socket") && port != DEFAULT_PORT, "cannot set --unix-socket and --port at the same time")])?;
    if given("unix-socket") {
        return Err(unsupported("Unix sockets (--unix-socket)"));
    }
    if given("www") || call.flags.is_set("www-prefix") {
        return Err(unsupported("files beside the API (--www)"));
    }
    if !matches!(address.as_str(), "127.0.0.1" | "localhost") {
        return Err(unsupported("other addresses than 127.0.0.1 (--address)"));
    }
    let filter = if call.flags.is_on("disable-filter") {
        let text = "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious";
        call.log_warning("proxy.go:177", text);
        None
    } else {
        Some(Filter::read(call)?)
    };
    let wanted =
        u16::try_from(port).map_err(|_| Failure::Plain(format!("listen tcp: address {port}: invalid port")))?;
    let in_use = |_| Failure::Plain(format!("listen tcp 127.0.0.1:{wanted}: bind: address already in use"));
    let port = call.ctx.api.serve_open(wanted).map_err(in_use)?;
    call.ctx.out(&format!("Starting to serve on 127.0.0.1:{port}\n"));
    let prefix = call.flags.text("api-prefix");
    let prefix = if prefix.ends_with('/') { prefix } else { thin::format_str!("{prefix}/") };
    Ok(Proxying { port, prefix, filter }.into())
}

/// Which requests are passed on.
#[derive(Clone, Debug)]
struct Filter {
    accepted_hosts: Vec<Regex>,
    accepted_paths: Vec<Regex>,
    rejected_methods: Vec<Regex>,
    rejected_paths: Vec<Regex>,
}

impl Filter {
    fn read(call: &Call<'_, '_>) -> Result<Filter, Failure> {
        let list = |flag: &str| -> Result<Vec<Regex>, Failure> {
            let text = call.flags.text(flag);
            let patterns = text.split(',').filter(|_| !text.is_empty());
            let compiled = patterns.map(|pattern| Regex::new(pattern, Syntax::Extended, Case::Exact));
            compiled
                .map(|result| result.map_err(|error| Failure::Plain(format!("Error compiling re: {error}"))))
                .collect()
        };
        Ok(Filter {
            accepted_hosts: list("accept-hosts")?,
            accepted_paths: list("accept-paths")?,
            rejected_methods: list("reject-methods")?,
            rejected_paths: list("reject-paths")?,
        })
    }

    fn accepts(&self, method: &str, path: &str, host: &str) -> bool {
        let fits = |list: &[Regex], text: &str| list.iter().any(|regex| regex.find(text, 0).is_some());
        !fits(&self.rejected_paths, path)
            && !fits(&self.rejected_methods, method)
            && fits(&self.accepted_paths, path)
            && fits(&self.accepted_hosts, host)
    }
}

/// A port that is served.
#[derive(Clone, Debug)]
pub struct Proxying {
    port: u16,
    prefix: Str,
    filter: Option<Filter>,
}

impl Proxying {
    /// Answers what was asked since the last step.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        while let Some(request) = ctx.api.serve_read(self.port) {
            let answer = self.answer(ctx, &request);
            ctx.api.serve_answer(self.port, &request, &answer);
        }
        Ok(Progress::Blocked { wake: None })
    }

    /// Ctrl-C.
    pub fn close(&mut self, ctx: &mut Context<'_>) {
        ctx.api.serve_close(self.port);
    }

    fn answer(&self, ctx: &mut Context<'_>, request: &WebRequest) -> WebAnswer {
        let Some(path) = self.api_path(&request.path) else { return text(404, "404 page not found\n".into()) };
        let bare = path.split('?').next().unwrap_or_default();
        let host = request.header("Host");
        let host = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(host, _)| host);
        if self.filter.as_ref().is_some_and(|filter| !filter.accepts(&request.method, bare, host)) {
            return text(403, "Forbidden\n".into());
        }
        let method = match request.method.as_str() {
            "GET" | "HEAD" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "PATCH" => match patch_kind(request.header("Content-Type")) {
                Some(kind) => Method::Patch(kind),
                None => {
                    let status = Status::new(Reason::UnsupportedMediaType, UNKNOWN_PATCH);
                    return json(415, rest::status_text(&status), &path, request);
                }
            },
            other => {
                return text(501, format!("{other} {bare} is not supported in this version of the playground\n"));
            }
        };
        match rest::request(ctx, method, &path, &request.body) {
            Ok(body) if body.starts_with('{') && !bare.ends_with("/log") => {
                json(if method == Method::Post { 201 } else { 200 }, body, &path, request)
            }
            Ok(body) => text(200, body),
            Err(Failure::Server(status)) if rest::is_no_such_path(&status) => text(404, "404 page not found\n".into()),
            Err(Failure::Server(status)) => json(status.reason.code(), rest::status_text(&status), &path, request),
            Err(failure) => text(501, failure.message() + "\n"),
        }
    }

    /// The path on the server, if this one leads there. Only a prefix that is none of the API's own is taken off.
    fn api_path(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.prefix.as_str())?;
        Some(if self.prefix.starts_with("/api") { path.to_string() } else { format!("/{rest}") })
    }
}

const UNKNOWN_PATCH: &str = "the body of the request was in an unknown format - accepted media types include: \
application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml";

fn patch_kind(content_type: &str) -> Option<PatchKind> {
    Some(match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => PatchKind::Json,
        "application/merge-patch+json" => PatchKind::Merge,
        "application/strategic-merge-patch+json" => PatchKind::Strategic,
        "application/apply-patch+yaml" => PatchKind::Apply,
        _ => return None,
    })
}

fn json(code: u16, body: String, path: &str, request: &WebRequest) -> WebAnswer {
    let wish = path.split(['?', '&']).find_map(|pair| pair.strip_prefix("pretty="));
    let agent = request.header("User-Agent");
    let is_pretty = match wish {
        Some(wish) => crate::flags::read_bool(wish) == Ok("true"),
        None => LOOKERS.iter().any(|name| agent.starts_with(name)),
    };
    let pretty = Some(&body).filter(|_| is_pretty).and_then(|body| Ordered::read(body).ok());
    let body = pretty.map_or(body, |value| value.write_pretty());
    WebAnswer { code, reason: reason(code), content_type: "application/json", body }
}

fn text(code: u16, body: String) -> WebAnswer {
    WebAnswer { code, reason: reason(code), content_type: PLAIN_TEXT, body }
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}
