//! `history`

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "history", usage: "history [-c] [n]", kind: Kind::Shell, runner: Runner::Shell(history) };

fn history(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if args.first().is_some_and(|arg| arg == "-c") {
        reach.clear_history();
        return Outcome::Status(0);
    }
    let lines = reach.history();
    let count = match args.first().map(|arg| (arg, arg.parse::<usize>())) {
        None => lines.len(),
        Some((_, Ok(count))) => count,
        Some((arg, Err(_))) => {
            reach.complain(&format!("history: {arg}: numeric argument required"));
            return Outcome::Status(1);
        }
    };
    for (index, line) in lines.iter().enumerate().skip(lines.len().saturating_sub(count)) {
        reach.out(&format!("{:5}  {line}\n", index + 1));
    }
    Outcome::Status(0)
}
