//! `rm`, `rmdir`

use super::{Builtin, Kind, Runner};
use crate::fs::{FsError, normalise, parent};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "rm", usage: "rm [-rfv] FILE...", kind: Kind::Program, runner: Runner::Once(rm) };
pub(super) const RMDIR: Builtin =
    Builtin { name: "rmdir", usage: "rmdir [-p] DIRECTORY...", kind: Kind::Program, runner: Runner::Once(rmdir) };

/// How many directories deep `-r` goes.
const DEPTH_MAX: usize = 128;

fn rm(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "rRfvi", &[("recursive", 'r'), ("force", 'f')]) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    let (force, recursive) = (options.has('f'), options.has('r') || options.has('R'));
    if options.operands.is_empty() && !force {
        return context.fail("missing operand");
    }
    let mut status = 0;
    for operand in &options.operands {
        let path = context.path(operand);
        if matches!(crate::fs::file_name(operand.trim_end_matches('/')), "." | "..") {
            status = context.fail(format_args!("refusing to remove '.' or '..' directory: skipping '{operand}'"));
            continue;
        }
        if path == "/" {
            status = context.fail("it is dangerous to operate recursively on '/'");
            continue;
        }
        match context.fs.stat(&path, context.caller) {
            Err(FsError::NotFound | FsError::NotDirectory) if force => {}
            Err(error) => status = context.fail(format_args!("cannot remove '{operand}': {error}")),
            Ok(metadata) if metadata.is_directory() && !recursive => {
                status = context.fail(format_args!("cannot remove '{operand}': {}", FsError::IsDirectory));
            }
            Ok(_) => status |= remove(context, &path, operand, options.has('v'), 0),
        }
    }
    status
}

fn remove(context: &mut Context, path: &str, shown: &str, verbose: bool, depth: usize) -> i32 {
    let mut status = 0;
    let directory = context.fs.stat(path, context.caller).is_ok_and(|metadata| metadata.is_directory());
    if directory && depth < DEPTH_MAX {
        for entry in context.fs.list(path, context.caller).unwrap_or_default() {
            let below = format!("{shown}/{}", entry.name);
            status |= remove(context, &normalise(path, &entry.name), &below, verbose, depth + 1);
        }
    }
    match context.fs.remove(path, context.caller) {
        Ok(()) if verbose => context.out(format!("removed {}'{shown}'\n", if directory { "directory " } else { "" })),
        Ok(()) => {}
        // What is below it has been named already.
        Err(FsError::NotEmpty) if status != 0 => {}
        Err(error) => status = context.fail(format_args!("cannot remove '{shown}': {error}")),
    }
    status
}

fn rmdir(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "p", &[("parents", 'p')]) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    if options.operands.is_empty() {
        return context.fail("missing operand");
    }
    let mut status = 0;
    for operand in &options.operands {
        let mut shown = operand.trim_end_matches('/').to_string();
        loop {
            let path = context.path(&shown);
            let result = match context.fs.stat(&path, context.caller) {
                Ok(metadata) if !metadata.is_directory() => Err(FsError::NotDirectory),
                Ok(_) => context.fs.remove(&path, context.caller),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                status = context.fail(format_args!("failed to remove '{shown}': {error}"));
                break;
            }
            if !options.has('p') || !shown.contains('/') || parent(&shown) == "/" {
                break;
            }
            shown = parent(&shown).to_string();
        }
    }
    status
}
