//! `trap`: EXIT and signals.

use std::rc::Rc;

use super::{Builtin, Kind, Outcome, Runner};
use crate::host::Signal;
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "trap", usage: "trap [action] [signal ...]", kind: Kind::Shell, runner: Runner::Shell(trap) };

fn trap(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let args = if args.first().is_some_and(|arg| arg == "--") { &args[1..] } else { args };
    if args.is_empty() || args == ["-p"] {
        let lines: Vec<String> = reach
            .shell()
            .traps
            .iter()
            .map(|(name, action)| {
                let name = if name == "EXIT" { name.to_string() } else { format!("SIG{name}") };
                format!("trap -- '{}' {name}\n", action.as_str().replace('\'', "'\\''"))
            })
            .collect();
        lines.iter().for_each(|line| reach.out(line));
        return Outcome::Status(0);
    }
    let (action, signals) = if args.len() == 1 { (None, args) } else { (Some(args[0].as_str()), &args[1..]) };
    for signal in signals {
        let name = match signal.as_str() {
            "EXIT" | "0" => "EXIT",
            "ERR" | "DEBUG" | "RETURN" => {
                reach.complain(&format!("trap: {signal} is not supported by this shell"));
                return Outcome::Status(1);
            }
            text => match Signal::parse(text) {
                Some(signal) => signal.name(),
                None => {
                    reach.complain(&format!("trap: {signal}: invalid signal specification"));
                    return Outcome::Status(1);
                }
            },
        };
        let traps = Rc::make_mut(&mut reach.shell().traps);
        match action {
            None | Some("-") => drop(traps.remove(name)),
            Some(action) => drop(traps.insert(name.into(), action.into())),
        }
    }
    Outcome::Status(0)
}
