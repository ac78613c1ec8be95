//! `cp`

use super::{Builtin, Kind, Runner};
use crate::fs::{file_name, normalise};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "cp", usage: "cp [-r] SOURCE... DEST", kind: Kind::Program, runner: Runner::Once(cp) };

/// How many directories deep `-r` goes.
const DEPTH_MAX: usize = 64;

fn cp(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "rRafpvn", &[("recursive", 'r'), ("force", 'f')]) {
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
    let recursive = options.has('r') || options.has('R') || options.has('a');
    let mut status = 0;
    for source in sources {
        let from = context.path(source);
        let to = if into { normalise(&target_path, file_name(&from)) } else { target_path.clone() };
        let shown =
            if into { format!("{}/{}", target.trim_end_matches('/'), file_name(&from)) } else { target.clone() };
        status |= copy(context, &from, &to, source, &shown, recursive, 0);
    }
    status
}

fn copy(context: &mut Context, from: &str, to: &str, source: &str, target: &str, recursive: bool, depth: usize) -> i32 {
    let metadata = match context.fs.stat(from, context.caller) {
        Ok(metadata) => metadata,
        Err(error) => return context.fail(format_args!("cannot stat '{source}': {error}")),
    };
    if metadata.is_directory() {
        if !recursive {
            return context.fail(format_args!("-r not specified; omitting directory '{source}'"));
        }
        if to == from || to.starts_with(&format!("{from}/")) {
            return context.fail(format_args!("cannot copy a directory, '{source}', into itself, '{target}'"));
        }
        return copy_directory(context, from, to, source, target, depth);
    }
    if from == to {
        return context.fail(format_args!("'{source}' and '{target}' are the same file"));
    }
    let bytes = match context.fs.read(from, context.caller) {
        Ok(bytes) => bytes,
        Err(error) => return context.fail(format_args!("cannot open '{source}' for reading: {error}")),
    };
    let existed = context.fs.exists(to, context.caller);
    if let Err(error) = context.fs.write(to, &bytes, context.caller) {
        return context.fail(format_args!("cannot create regular file '{target}': {error}"));
    }
    if !existed {
        let _ = context.fs.chmod(to, metadata.mode, context.caller);
    }
    0
}

fn copy_directory(context: &mut Context, from: &str, to: &str, source: &str, target: &str, depth: usize) -> i32 {
    if depth > DEPTH_MAX {
        return context.fail(format_args!("'{source}': directories are nested too deeply"));
    }
    if !context.fs.exists(to, context.caller)
        && let Err(error) = context.fs.mkdir(to, context.caller)
    {
        return context.fail(format_args!("cannot create directory '{target}': {error}"));
    }
    let entries = match context.fs.list(from, context.caller) {
        Ok(entries) => entries,
        Err(error) => return context.fail(format_args!("cannot open directory '{source}': {error}")),
    };
    let mut status = 0;
    for entry in entries {
        let name = &entry.name;
        let (source, target) = (format!("{source}/{name}"), format!("{target}/{name}"));
        status |= copy(context, &normalise(from, name), &normalise(to, name), &source, &target, true, depth + 1);
    }
    status
}
