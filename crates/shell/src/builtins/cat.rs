//! `cat`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "cat",
    usage: "cat [-n] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Cat::default())),
};

#[derive(Clone, Default)]
struct Cat {
    inputs: Option<Inputs>,
    numbered: bool,
    number: usize,
    at_line_start: bool,
}

impl Program for Cat {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some(inputs) = &mut self.inputs else {
            return match Options::parse(context.args, "nuAbestTvE", &[("number", 'n')]) {
                Ok(options) => {
                    *self = Cat {
                        inputs: Some(Inputs::new(&options.operands)),
                        numbered: options.has('n'),
                        number: 0,
                        at_line_start: true,
                    };
                    Step::Again
                }
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        match inputs.next_chunk(context) {
            Line::Pending => Step::Blocked(None),
            Line::End => Step::Exit(i32::from(inputs.failed)),
            Line::Text(bytes) if self.numbered => {
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    if self.at_line_start {
                        self.number += 1;
                        context.out(format!("{:6}\t", self.number));
                    }
                    context.out(line);
                    self.at_line_start = line.ends_with(b"\n");
                }
                Step::Again
            }
            Line::Text(bytes) => {
                context.out(bytes);
                Step::Again
            }
        }
    }
}
