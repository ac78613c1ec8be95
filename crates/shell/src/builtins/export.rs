//! `export`, `readonly`, `local`, `declare`, `unset`: marks of variables.

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;
use crate::parse::is_name;

pub(super) const BUILTIN: Builtin = Builtin {
    name: "export",
    usage: "export [-n] [name[=value] ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(export),
};
pub(super) const READONLY: Builtin = Builtin {
    name: "readonly",
    usage: "readonly [name[=value] ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(readonly),
};
pub(super) const LOCAL: Builtin =
    Builtin { name: "local", usage: "local name[=value] ...", kind: Kind::Shell, runner: Runner::Shell(local) };
pub(super) const DECLARE: Builtin = Builtin {
    name: "declare",
    usage: "declare [-xr] [name[=value] ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(declare),
};
pub(super) const TYPESET: Builtin = Builtin { name: "typeset", ..DECLARE };
pub(super) const UNSET: Builtin =
    Builtin { name: "unset", usage: "unset [-fv] [name ...]", kind: Kind::Shell, runner: Runner::Shell(unset) };

/// What is done with each name beside the assignment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Export,
    Unexport,
    ReadOnly,
    Local,
    None,
}

fn export(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        None | Some("-p") => list(reach, Mark::Export),
        Some("-n") => mark(reach, "export", &args[1..], &[Mark::Unexport]),
        Some(_) => mark(reach, "export", args, &[Mark::Export]),
    }
}

fn readonly(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        None | Some("-p") => list(reach, Mark::ReadOnly),
        Some(_) => mark(reach, "readonly", args, &[Mark::ReadOnly]),
    }
}

fn local(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if !reach.shell().in_function() {
        reach.complain("local: can only be used in a function");
        return Outcome::Status(1);
    }
    mark(reach, "local", args, &[Mark::Local])
}

fn declare(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut marks = vec![if reach.shell().in_function() { Mark::Local } else { Mark::None }];
    let mut names = args;
    while let Some((option, rest)) = names.split_first().filter(|(option, _)| option.starts_with('-')) {
        for letter in option.chars().skip(1) {
            match letter {
                'x' => marks.push(Mark::Export),
                'r' => marks.push(Mark::ReadOnly),
                'g' => marks[0] = Mark::None,
                'i' | 'p' => {}
                'a' | 'A' => {
                    reach.complain("declare: arrays are not supported by this shell");
                    return Outcome::Status(2);
                }
                _ => {
                    reach.complain(&format!("declare: -{letter}: invalid option"));
                    return Outcome::Status(2);
                }
            }
        }
        names = rest;
    }
    mark(reach, "declare", names, &marks)
}

fn mark(reach: &mut dyn Reach, command: &str, args: &[String], marks: &[Mark]) -> Outcome {
    let mut status = 0;
    for arg in args {
        let (name, value) = arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
        if !is_name(name) {
            reach.complain(&format!("{command}: `{arg}': not a valid identifier"));
            status = 1;
            continue;
        }
        let variables = &mut reach.shell().variables;
        let was_set = variables.get(name).is_some();
        if marks.contains(&Mark::Local) {
            reach.shell().make_local(name);
        }
        let variables = &mut reach.shell().variables;
        if let Some(value) = value {
            if variables.set(name, value).is_err() {
                reach.complain(&format!("{name}: readonly variable"));
                status = 1;
                continue;
            }
        } else if marks.contains(&Mark::Local) && was_set {
            let _ = variables.unset(name);
        }
        for mark in marks {
            match mark {
                Mark::Export => reach.shell().variables.export(name),
                Mark::Unexport => reach.shell().variables.unexport(name),
                Mark::ReadOnly => reach.shell().variables.make_readonly(name),
                Mark::Local | Mark::None => {}
            }
        }
    }
    Outcome::Status(status)
}

fn list(reach: &mut dyn Reach, mark: Mark) -> Outcome {
    let word = if mark == Mark::Export { "declare -x" } else { "declare -r" };
    let lines: Vec<String> = reach
        .shell()
        .variables
        .iter()
        .filter(|(_, variable)| if mark == Mark::Export { variable.exported } else { variable.readonly })
        .map(|(name, variable)| match &variable.value {
            Some(value) => format!("{word} {name}=\"{}\"\n", value.as_str().replace('\\', "\\\\").replace('"', "\\\"")),
            None => format!("{word} {name}\n"),
        })
        .collect();
    lines.iter().for_each(|line| reach.out(line));
    Outcome::Status(0)
}

fn unset(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut status = 0;
    let mut functions = false;
    for arg in args {
        match arg.as_str() {
            "-f" => functions = true,
            "-v" => functions = false,
            name if functions
                || (reach.shell().variables.variable(name).is_none() && reach.shell().functions.contains_key(name)) =>
            {
                std::rc::Rc::make_mut(&mut reach.shell().functions).remove(name);
            }
            name => {
                if reach.shell().variables.unset(name).is_err() {
                    reach.complain(&format!("unset: {name}: cannot unset: readonly variable"));
                    status = 1;
                }
            }
        }
    }
    Outcome::Status(status)
}
