//! `help`

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "help", usage: "help [name ...]", kind: Kind::Shell, runner: Runner::Shell(help) };

fn help(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let names = reach.builtin_names();
    if args.is_empty() {
        reach.out("These commands are built in; `help name' shows how one is called.\n\n");
        for (_, usage) in names {
            reach.out(&format!(" {usage}\n"));
        }
        return Outcome::Status(0);
    }
    let mut status = 0;
    for arg in args {
        match names.iter().find(|(name, _)| name == arg) {
            Some((name, usage)) => reach.out(&format!("{name}: {usage}\n")),
            None => {
                reach.complain(&format!("help: no help topics match `{arg}'"));
                status = 1;
            }
        }
    }
    Outcome::Status(status)
}
