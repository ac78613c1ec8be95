//! `basename`, `dirname`

use super::{Builtin, Kind, Runner};
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "basename", usage: "basename NAME [SUFFIX]", kind: Kind::Program, runner: Runner::Once(basename) };
pub(super) const DIRNAME: Builtin =
    Builtin { name: "dirname", usage: "dirname NAME...", kind: Kind::Program, runner: Runner::Once(dirname) };

fn basename(context: &mut Context) -> i32 {
    let [name, suffix @ ..] = context.args else { return context.fail("missing operand") };
    let trimmed = name.trim_end_matches('/');
    let base = if trimmed.is_empty() && !name.is_empty() { "/" } else { crate::fs::file_name(trimmed) };
    let base = match suffix.first() {
        Some(suffix) if base != suffix => base.strip_suffix(suffix.as_str()).unwrap_or(base),
        _ => base,
    };
    let line = format!("{base}\n");
    context.out(line);
    0
}

fn dirname(context: &mut Context) -> i32 {
    if context.args.is_empty() {
        return context.fail("missing operand");
    }
    for name in context.args {
        let trimmed = name.trim_end_matches('/');
        let directory = match trimmed.rfind('/') {
            _ if trimmed.is_empty() && !name.is_empty() => "/",
            None => ".",
            Some(at) if trimmed[..at].trim_end_matches('/').is_empty() => "/",
            Some(at) => trimmed[..at].trim_end_matches('/'),
        };
        context.io.stdout(format!("{directory}\n"));
    }
    0
}
