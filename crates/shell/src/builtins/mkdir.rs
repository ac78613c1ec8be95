//! `mkdir`

use super::{Builtin, Kind, Runner};
use crate::fs::{FsError, apply_mode};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "mkdir",
    usage: "mkdir [-pv] [-m MODE] DIRECTORY...",
    kind: Kind::Program,
    runner: Runner::Once(mkdir),
};

fn mkdir(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "pvm:", &[("parents", 'p'), ("mode", 'm'), ("verbose", 'v')]) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    if options.operands.is_empty() {
        return context.fail("missing operand");
    }
    let mut status = 0;
    for operand in &options.operands {
        let path = context.path(operand);
        let made = if options.has('p') { parents(context, &path) } else { context.fs.mkdir(&path, context.caller) };
        match made {
            Ok(()) => {
                if let Some(mode) = options.value('m').and_then(|m| apply_mode(m, 0o777, crate::fs::Kind::Directory)) {
                    let _ = context.fs.chmod(&path, mode, context.caller);
                }
                if options.has('v') {
                    context.out(format!("mkdir: created directory '{operand}'\n"));
                }
            }
            Err(error) => {
                status = context.fail(format_args!("cannot create directory \u{2018}{operand}\u{2019}: {error}"))
            }
        }
    }
    status
}

fn parents(context: &mut Context, path: &str) -> Result<(), FsError> {
    if path.len() > crate::fs::PATH_BYTES_MAX {
        return Err(FsError::NameTooLong);
    }
    for (at, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
        let prefix = &path[..at];
        match context.fs.stat(prefix, context.caller) {
            Ok(metadata) if metadata.is_directory() => {}
            Ok(_) => return Err(if at == path.len() { FsError::Exists } else { FsError::NotDirectory }),
            Err(FsError::NotFound) => context.fs.mkdir(prefix, context.caller)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
