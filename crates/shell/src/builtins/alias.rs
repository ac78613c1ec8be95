//! `alias`, `unalias`

use std::rc::Rc;

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "alias", usage: "alias [name[=value] ...]", kind: Kind::Shell, runner: Runner::Shell(alias) };
pub(super) const UNALIAS: Builtin = Builtin {
    name: "unalias",
    usage: "unalias [-a] name [name ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(unalias),
};

fn alias(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut status = 0;
    if args.is_empty() {
        let lines: Vec<String> = reach.shell().aliases.iter().map(|(name, value)| line(name, value)).collect();
        lines.iter().for_each(|line| reach.out(line));
    }
    for arg in args {
        if let Some((name, value)) = arg.split_once('=') {
            Rc::make_mut(&mut reach.shell().aliases).insert(name.into(), value.into());
            continue;
        }
        match reach.shell().aliases.get(arg.as_str()).cloned() {
            Some(value) => reach.out(&line(arg, &value)),
            None => {
                reach.complain(&format!("alias: {arg}: not found"));
                status = 1;
            }
        }
    }
    Outcome::Status(status)
}

fn line(name: &str, value: &str) -> String {
    format!("alias {name}='{}'\n", value.replace('\'', "'\\''"))
}

fn unalias(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut status = 0;
    for arg in args {
        if arg == "-a" {
            Rc::make_mut(&mut reach.shell().aliases).clear();
        } else if Rc::make_mut(&mut reach.shell().aliases).remove(arg.as_str()).is_none() {
            reach.complain(&format!("unalias: {arg}: not found"));
            status = 1;
        }
    }
    Outcome::Status(status)
}
