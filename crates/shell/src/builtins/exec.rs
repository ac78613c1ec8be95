//! `exec`, `command`, `builtin`: which command runs, and where.

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "exec", usage: "exec [command [argument ...]]", kind: Kind::Shell, runner: Runner::Shell(exec) };
pub(super) const COMMAND: Builtin = Builtin {
    name: "command",
    usage: "command [-vV] command [arg ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(command),
};
pub(super) const BUILTIN_WORD: Builtin = Builtin {
    name: "builtin",
    usage: "builtin [shell-builtin [arg ...]]",
    kind: Kind::Shell,
    runner: Runner::Shell(builtin),
};

fn exec(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args {
        [end, rest @ ..] if end == "--" => run_if_any(rest, Outcome::Exec),
        [option, ..] if option.starts_with('-') => {
            reach.complain(&format!("exec: {option}: options are not supported"));
            Outcome::Status(2)
        }
        args => run_if_any(args, Outcome::Exec),
    }
}

/// Options may stand alone: then nothing is run.
fn run_if_any(words: &[String], run: fn(Vec<String>) -> Outcome) -> Outcome {
    if words.is_empty() { Outcome::Status(0) } else { run(words.to_vec()) }
}

fn command(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args {
        [option, rest @ ..] if option == "-v" => super::type_::describe(reach, rest, super::type_::Form::Short),
        [option, rest @ ..] if option == "-V" => super::type_::describe(reach, rest, super::type_::Form::Sentence),
        [option, rest @ ..] if option == "-p" => command(reach, rest),
        [end, rest @ ..] if end == "--" => run_if_any(rest, Outcome::Run),
        args => run_if_any(args, Outcome::Run),
    }
}

fn builtin(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let Some(name) = args.first() else { return Outcome::Status(0) };
    if reach.builtin_names().iter().any(|(builtin, _)| builtin == name) {
        return Outcome::Run(args.to_vec());
    }
    reach.complain(&format!("builtin: {name}: not a shell builtin"));
    Outcome::Status(1)
}
