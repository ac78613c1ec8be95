//! `mv`

use super::{Builtin, Kind, Runner};
use crate::fs::{file_name, normalise};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "mv", usage: "mv [-fn] SOURCE... DEST", kind: Kind::Program, runner: Runner::Once(mv) };

fn mv(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "fnv", &[("force", 'f'), ("no-clobber", 'n')]) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    let Some((target, sources)) = options.operands.split_last() else { return context.fail("missing file operand") };
    if sources.is_empty() {
        return context.fail(format_args!("missing destination file operand after '{target}'"));
    }
    let target_path = context.path(target);
    let into = context.fs.stat(&target_path, context.caller).is_ok_and(|metadata| metadata.is_directory());
    if sources.len() > 1 && !into {
        return context.fail(format_args!("target '{target}': No such file or directory"));
    }
    let mut status = 0;
    for source in sources {
        let from = context.path(source);
        let to = if into { normalise(&target_path, file_name(&from)) } else { target_path.clone() };
        if let Err(error) = context.fs.stat(&from, context.caller) {
            status = context.fail(format_args!("cannot stat '{source}': {error}"));
            continue;
        }
        if from == to {
            status = context.fail(format_args!("'{source}' and '{target}' are the same file"));
            continue;
        }
        if options.has('n') && context.fs.exists(&to, context.caller) {
            continue;
        }
        if let Err(error) = context.fs.rename(&from, &to, context.caller) {
            status = context.fail(format_args!("cannot move '{source}' to '{target}': {error}"));
        }
    }
    status
}
