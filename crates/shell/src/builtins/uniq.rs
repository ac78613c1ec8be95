//! `uniq`

use super::{Builtin, Kind, Runner};
use crate::limits::LINES_PER_STEP;
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "uniq",
    usage: "uniq [-cdiu] [-f N] [INPUT]",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Uniq::default())),
};

#[derive(Clone, Default)]
struct Uniq {
    inputs: Option<(Inputs, Options)>,
    group: Option<(String, usize)>,
}

impl Program for Uniq {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some((inputs, options)) = &mut self.inputs else {
            let long = [("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i'), ("skip-fields", 'f')];
            return match Options::parse(context.args, "cdiuf:", &long) {
                Ok(options) if options.operands.len() > 1 => {
                    Step::Exit(context.fail("an output file is not supported; use >"))
                }
                Ok(options) => {
                    self.inputs = Some((Inputs::new(&options.operands), options));
                    Step::Again
                }
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        for _ in 0..LINES_PER_STEP {
            match inputs.next_line(context) {
                Line::Pending => return Step::Blocked(None),
                Line::End => {
                    print(context, options, self.group.take());
                    return Step::Exit(i32::from(inputs.failed));
                }
                Line::Text(bytes) => {
                    let line = String::from_utf8_lossy(&bytes).into_owned();
                    match &mut self.group {
                        Some((first, count)) if key(first, options) == key(&line, options) => *count += 1,
                        _ => {
                            let old = self.group.replace((line, 1));
                            print(context, options, old);
                        }
                    }
                }
            }
        }
        Step::Again
    }
}

fn key(line: &str, options: &Options) -> String {
    let skip: usize = options.value('f').and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut rest = line;
    for _ in 0..skip {
        rest = rest.trim_start();
        rest = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..];
    }
    if options.has('i') { rest.to_lowercase() } else { rest.to_string() }
}

fn print(context: &mut Context, options: &Options, group: Option<(String, usize)>) {
    let Some((line, count)) = group else { return };
    if (options.has('d') && count < 2) || (options.has('u') && count > 1) {
        return;
    }
    context.out(if options.has('c') { format!("{count:7} {line}\n") } else { format!("{line}\n") });
}
