//! `touch`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "touch", usage: "touch [-c] FILE...", kind: Kind::Program, runner: Runner::Once(touch) };

fn touch(context: &mut Context) -> i32 {
    let options = match Options::parse(context.args, "camd:t:r:", &[("no-create", 'c'), ("date", 'd')]) {
        Ok(options) => options,
        Err(text) => return context.fail(text),
    };
    if let Some(letter) = ['d', 't', 'r'].into_iter().find(|letter| options.has(*letter)) {
        return context.fail(format_args!("-{letter} is not supported; the time is always now"));
    }
    if options.operands.is_empty() {
        return context.fail("missing file operand");
    }
    let mut status = 0;
    for operand in &options.operands {
        let path = context.path(operand);
        let result = if context.fs.exists(&path, context.caller) {
            context.fs.set_modified(&path, context.caller.now, context.caller)
        } else if options.has('c') {
            Ok(())
        } else {
            context.fs.write(&path, b"", context.caller)
        };
        if let Err(error) = result {
            status = context.fail(format_args!("cannot touch '{operand}': {error}"));
        }
    }
    status
}
