//! `chmod`, `chown`

use super::{Builtin, Kind, Runner};
use crate::fs::{FsError, Metadata, apply_mode};
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "chmod", usage: "chmod [-R] MODE FILE...", kind: Kind::Program, runner: Runner::Once(chmod) };
pub(super) const CHOWN: Builtin = Builtin {
    name: "chown",
    usage: "chown [-R] OWNER[:GROUP] FILE...",
    kind: Kind::Program,
    runner: Runner::Once(chown),
};

/// How many directories deep `-R` goes.
const DEPTH_MAX: usize = 64;

/// Splits `-R` off. A mode like `-w` is no option.
fn recursive(args: &[String]) -> (bool, Vec<&String>) {
    let recursive = args.iter().any(|arg| arg == "-R" || arg == "--recursive");
    (recursive, args.iter().filter(|arg| !matches!(arg.as_str(), "-R" | "--recursive" | "--")).collect())
}

fn chmod(context: &mut Context) -> i32 {
    let (recursive, operands) = recursive(context.args);
    let [mode, files @ ..] = operands.as_slice() else { return context.fail("missing operand") };
    if files.is_empty() {
        return context.fail(format_args!("missing operand after '{mode}'"));
    }
    if apply_mode(mode, 0, crate::fs::Kind::File).is_none() {
        return context.fail(format_args!("invalid mode: '{mode}'"));
    }
    let mut status = 0;
    for file in files {
        let path = context.path(file);
        let result = each(context, &path, recursive, 0, &mut |context, path, metadata| {
            let new = apply_mode(mode, metadata.mode, metadata.kind).unwrap_or(metadata.mode);
            context.fs.chmod(path, new, context.caller)
        });
        status |= report(context, file, result, "changing permissions of");
    }
    status
}

fn chown(context: &mut Context) -> i32 {
    let (recursive, operands) = recursive(context.args);
    let [owner, files @ ..] = operands.as_slice() else { return context.fail("missing operand") };
    if files.is_empty() {
        return context.fail(format_args!("missing operand after '{owner}'"));
    }
    let (user, group) = owner.split_once(':').map_or((owner.as_str(), None), |(user, group)| (user, Some(group)));
    let Some(uid) = id(context, user, "/etc/passwd") else {
        return context.fail(format_args!("invalid user: '{owner}'"));
    };
    let gid = match group {
        None | Some("") => None,
        Some(name) => match id(context, name, "/etc/group") {
            Some(gid) => gid,
            None => return context.fail(format_args!("invalid group: '{owner}'")),
        },
    };
    let mut status = 0;
    for file in files {
        let path = context.path(file);
        let result = each(context, &path, recursive, 0, &mut |context, path, metadata| {
            context.fs.chown(path, uid.unwrap_or(metadata.uid), gid.unwrap_or(metadata.gid), context.caller)
        });
        status |= report(context, file, result, "changing ownership of");
    }
    status
}

/// The number behind a name; `Some(None)` if none was given.
fn id(context: &Context, name: &str, table: &str) -> Option<Option<u32>> {
    if name.is_empty() {
        return Some(None);
    }
    if let Ok(id) = name.parse() {
        return Some(Some(id));
    }
    let bytes = context.fs.read(table, context.caller).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    match line.and_then(|line| line.split(':').nth(2)?.parse().ok()) {
        Some(id) => Some(Some(id)),
        None if name == "root" => Some(Some(0)),
        None => None,
    }
}

fn report(context: &mut Context, file: &str, result: Result<(), FsError>, doing: &str) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error @ (FsError::NotFound | FsError::PermissionDenied | FsError::NotDirectory)) => {
            context.fail(format_args!("cannot access '{file}': {error}"))
        }
        Err(error) => context.fail(format_args!("{doing} '{file}': {error}")),
    }
}

fn each(
    context: &mut Context,
    path: &str,
    recursive: bool,
    depth: usize,
    change: &mut dyn FnMut(&mut Context, &str, Metadata) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let metadata = context.fs.stat(path, context.caller)?;
    change(context, path, metadata)?;
    if recursive && metadata.is_directory() && depth < DEPTH_MAX {
        for entry in context.fs.list(path, context.caller)? {
            each(context, &crate::fs::normalise(path, &entry.name), recursive, depth + 1, change)?;
        }
    }
    Ok(())
}
