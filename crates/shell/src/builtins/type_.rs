//! `type`, and the answers of `command -v`.

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::{Found, Reach};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "type", usage: "type [-t] name [name ...]", kind: Kind::Shell, runner: Runner::Shell(type_of) };
pub(super) const WHICH: Builtin =
    Builtin { name: "which", usage: "which name [name ...]", kind: Kind::Shell, runner: Runner::Shell(which) };

/// How a name is described.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `ls is /usr/bin/ls`
    Sentence,
    /// `/usr/bin/ls`
    Short,
    /// `file`
    Word,
}

fn type_of(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        Some("-t") => describe(reach, &args[1..], Form::Word),
        Some("-p" | "-P") => describe(reach, &args[1..], Form::Short),
        _ => describe(reach, args, Form::Sentence),
    }
}

pub(super) fn describe(reach: &mut dyn Reach, names: &[String], form: Form) -> Outcome {
    let mut status = 0;
    for name in names {
        let found = reach.find(name);
        let text = match (form, &found) {
            (_, Found::None) => {
                if form == Form::Sentence {
                    reach.complain(&format!("type: {name}: not found"));
                }
                status = 1;
                continue;
            }
            (Form::Sentence, Found::Alias(value)) => format!("{name} is aliased to `{value}'"),
            (Form::Sentence, Found::Keyword) => format!("{name} is a shell keyword"),
            (Form::Sentence, Found::Function) => format!("{name} is a function"),
            (Form::Sentence, Found::Builtin) => format!("{name} is a shell builtin"),
            (Form::Sentence, Found::File(path)) => format!("{name} is {path}"),
            (Form::Short, Found::Alias(value)) => format!("alias {name}='{value}'"),
            (Form::Short, Found::File(path)) => path.clone(),
            (Form::Short, Found::Keyword | Found::Function | Found::Builtin) => name.clone(),
            (Form::Word, Found::Alias(_)) => "alias".into(),
            (Form::Word, Found::Keyword) => "keyword".into(),
            (Form::Word, Found::Function) => "function".into(),
            (Form::Word, Found::Builtin) => "builtin".into(),
            (Form::Word, Found::File(_)) => "file".into(),
        };
        reach.out(&format!("{text}\n"));
    }
    Outcome::Status(status)
}

fn which(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut status = 0;
    for name in args.iter().filter(|arg| !arg.starts_with('-')) {
        match reach.find(name) {
            Found::File(path) => reach.out(&format!("{path}\n")),
            Found::Builtin
                if matches!(name.as_str(), "echo" | "printf" | "test" | "[" | "pwd" | "true" | "false" | "kill") =>
            {
                reach.out(&format!("/usr/bin/{name}\n"));
            }
            _ => status = 1,
        }
    }
    Outcome::Status(status)
}
