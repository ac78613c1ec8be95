//! `--raw PATH` of `get`, `create`, `replace` and `delete`: one request, its answer as it came.
//!
//! Models: kubernetes v1.36 kubectl/pkg/rawhttp, and what the four verbs refuse beside it.

use super::call::refuse;
use super::{Call, Flow};
use crate::failure::Failure;
use crate::files;
use crate::rest::{self, Method};

/// Sends the request of `--raw` and prints the answer.
pub fn run(call: &mut Call<'_, '_>, method: Method) -> Result<Flow, Failure> {
    let path = call.flags.text("raw");
    check(call, method, &path)?;
    let body = match call.flags.texts("filename").first() {
        None => String::new(),
        Some(name) if name == "-" => call.stdin.clone(),
        Some(name) => files::read_text(call.ctx, call.env, name)?,
    };
    let answer = rest::request(call.ctx, method, &path, &body)?;
    call.ctx.out(&answer);
    Ok(Flow::Done(0))
}

fn check(call: &Call<'_, '_>, method: Method, path: &str) -> Result<(), Failure> {
    let (is_on, given) = (|flag: &str| call.flags.is_on(flag), |flag: &str| !call.flags.text(flag).is_empty());
    let files = call.flags.texts("filename");
    let is_write = method != Method::Get;
    let has_too_many_files = match method {
        Method::Get => false,
        Method::Delete => files.len() > 1,
        Method::Post | Method::Put | Method::Patch(_) => files.len() != 1,
    };
    let is_address = files.iter().any(|name| name.starts_with("http://") || name.starts_with("https://"));
    let filters = is_on("watch") || is_on("watch-only") || given("selector");
    let bad_path = format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request");
    refuse(&[
        (method == Method::Get && !call.flags.args.is_empty(), "arguments may not be passed when --raw is specified"),
        (
            method == Method::Get && filters,
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ),
        (is_on("edit"), "--raw and --edit are mutually exclusive"),
        (is_on("interactive"), "--interactive can not be used with --raw"),
        (has_too_many_files, "--raw can only use a single local file or stdin"),
        (is_write && is_address, "--raw cannot read from a url"),
        (is_write && is_on("recursive"), "--raw and --recursive are mutually exclusive"),
        (method == Method::Post && given("selector"), "--raw and --selector (-l) are mutually exclusive"),
        (given("output"), "--raw and --output are mutually exclusive"),
        (!path.starts_with('/'), &bad_path),
    ])
}
