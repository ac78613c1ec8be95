//! `env`, `printenv`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Options, Program, Spawn, SpawnInput, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "env",
    usage: "env [-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARG]...]",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Env)),
};
pub(super) const PRINTENV: Builtin =
    Builtin { name: "printenv", usage: "printenv [NAME]...", kind: Kind::Program, runner: Runner::Once(printenv) };

#[derive(Clone)]
struct Env;

impl Program for Env {
    fn step(&mut self, context: &mut Context) -> Step {
        if let Some(status) = context.child {
            return Step::Exit(status);
        }
        if context.child_runs {
            return Step::Blocked(None);
        }
        let options = match Options::parse_leading(context.args, "iu:0", &[("ignore-environment", 'i'), ("unset", 'u')])
        {
            Ok(options) => options,
            Err(text) => {
                context.fail(text);
                return Step::Exit(125);
            }
        };
        let mut env = if options.has('i') { Default::default() } else { context.env.clone() };
        for name in options.values('u') {
            env.remove(name);
        }
        let mut words = options.operands.as_slice();
        while let Some(((name, value), rest)) =
            words.split_first().and_then(|(w, rest)| Some((w.split_once('=')?, rest)))
        {
            env.insert(name.into(), value.into());
            words = rest;
        }
        if words.is_empty() {
            for (name, value) in &env {
                context.io.stdout(format!("{name}={value}\n"));
            }
            return Step::Exit(0);
        }
        Step::Spawn(Spawn { argv: words.to_vec(), env, stdin: SpawnInput::Inherited })
    }
}

fn printenv(context: &mut Context) -> i32 {
    if context.args.is_empty() {
        for (name, value) in context.env {
            context.io.stdout(format!("{name}={value}\n"));
        }
        return 0;
    }
    let mut status = 0;
    for name in context.args {
        match context.env.get(name.as_str()) {
            Some(value) => context.io.stdout(format!("{value}\n")),
            None => status = 1,
        }
    }
    status
}
