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
    match args.first() {
        None => Outcome::Status(0),
        Some(option) if option.starts_with('-') && option != "--" => {
            reach.complain(&format!("exec: {option}: options are not supported"));
            Outcome::Status(2)
        }
        Some(_) => Outcome::Exec(args.iter().skip_while(|arg| *arg == "--").cloned().collect()),
    }
}

fn command(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        None => Outcome::Status(0),
        Some("-v") => super::type_::describe(reach, &args[1..], super::type_::Form::Short),
        Some("-V") => super::type_::describe(reach, &args[1..], super::type_::Form::Sentence),
        Some("-p" | "--") => Outcome::Run(args[1..].to_vec()),
        Some(_) => Outcome::Run(args.to_vec()),
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
