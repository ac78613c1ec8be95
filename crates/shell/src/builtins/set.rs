//! `set`, `shift`, `umask`: options and positions of the shell.

use std::rc::Rc;

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::shell::SetOptions;
use crate::machine::site::{Reach, quoted};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "set",
    usage: "set [-eufxaC] [-o option] [--] [arg ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(set),
};
pub(super) const SHIFT: Builtin =
    Builtin { name: "shift", usage: "shift [n]", kind: Kind::Shell, runner: Runner::Shell(shift) };
pub(super) const UMASK: Builtin =
    Builtin { name: "umask", usage: "umask", kind: Kind::Shell, runner: Runner::Shell(umask) };

/// The option behind a letter of `set`.
fn option(options: &mut SetOptions, letter: char) -> Option<&mut bool> {
    Some(match letter {
        'e' => &mut options.errexit,
        'u' => &mut options.nounset,
        'x' => &mut options.xtrace,
        'f' => &mut options.noglob,
        'a' => &mut options.allexport,
        'C' => &mut options.noclobber,
        _ => return None,
    })
}

/// Sets or clears an option; whether there is one of that letter.
pub(crate) fn set_letter(options: &mut SetOptions, letter: char, on: bool) -> bool {
    match option(options, letter) {
        Some(option) => {
            *option = on;
            true
        }
        None => matches!(letter, 'm' | 'b' | 'h' | 'v' | 'B' | 'H' | 'i'),
    }
}

fn long(name: &str) -> Option<char> {
    Some(match name {
        "errexit" => 'e',
        "nounset" => 'u',
        "xtrace" => 'x',
        "noglob" => 'f',
        "allexport" => 'a',
        "noclobber" => 'C',
        "monitor" => 'm',
        "pipefail" => 'P',
        _ => return None,
    })
}

fn set(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if args.is_empty() {
        let lines: Vec<String> = reach
            .shell()
            .variables
            .iter()
            .filter_map(|(name, variable)| Some(format!("{name}={}\n", quoted(variable.value.as_ref()?))))
            .collect();
        lines.iter().for_each(|line| reach.out(line));
        return Outcome::Status(0);
    }
    let mut rest = args.iter();
    while let Some(arg) = rest.clone().next() {
        let on = arg.starts_with('-');
        if arg == "--" {
            rest.next();
            set_positions(reach, rest.as_slice());
            return Outcome::Status(0);
        }
        if arg.len() < 2 || !(on || arg.starts_with('+')) {
            set_positions(reach, rest.as_slice());
            return Outcome::Status(0);
        }
        rest.next();
        for letter in arg.chars().skip(1) {
            let known = if letter == 'o' {
                match rest.next() {
                    Some(name) => set_long(reach, name, on),
                    None => {
                        print_options(reach);
                        true
                    }
                }
            } else {
                set_letter(&mut reach.shell().options, letter, on)
            };
            if !known {
                reach.complain(&format!("set: {}{letter}: invalid option", &arg[..1]));
                return Outcome::Status(2);
            }
        }
    }
    Outcome::Status(0)
}

fn set_long(reach: &mut dyn Reach, name: &str, on: bool) -> bool {
    let options = &mut reach.shell().options;
    match long(name) {
        Some('P') => {
            options.pipefail = on;
            true
        }
        Some(letter) => set_letter(options, letter, on),
        None => false,
    }
}

fn print_options(reach: &mut dyn Reach) {
    let o = reach.shell().options;
    for (name, on) in [
        ("allexport", o.allexport),
        ("errexit", o.errexit),
        ("noclobber", o.noclobber),
        ("noglob", o.noglob),
        ("nounset", o.nounset),
        ("pipefail", o.pipefail),
        ("xtrace", o.xtrace),
    ] {
        reach.out(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }));
    }
}

fn set_positions(reach: &mut dyn Reach, args: &[String]) {
    reach.shell().positional = Rc::new(args.iter().map(Into::into).collect());
}

fn shift(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let count = match args.first().map(|arg| (arg, arg.parse::<usize>())) {
        None => 1,
        Some((_, Ok(count))) => count,
        Some((arg, Err(_))) => {
            reach.complain(&format!("shift: {arg}: numeric argument required"));
            return Outcome::Status(1);
        }
    };
    let positional = &mut reach.shell().positional;
    if count > positional.len() {
        return Outcome::Status(1);
    }
    Rc::make_mut(positional).drain(..count);
    Outcome::Status(0)
}

fn umask(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        None => {
            reach.out("0022\n");
            Outcome::Status(0)
        }
        Some("022" | "0022") => Outcome::Status(0),
        Some(_) => {
            reach.complain("umask: changing it is not supported by this shell");
            Outcome::Status(1)
        }
    }
}
