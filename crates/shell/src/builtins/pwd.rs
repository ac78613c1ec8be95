//! `pwd`

use super::{Builtin, Kind, Runner};
use crate::process::Context;

pub(super) const BUILTIN: Builtin = Builtin { name: "pwd", usage: "pwd", kind: Kind::Shell, runner: Runner::Once(pwd) };

fn pwd(context: &mut Context) -> i32 {
    let line = format!("{}\n", context.cwd);
    context.out(line);
    0
}
