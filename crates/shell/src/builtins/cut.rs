//! `cut`

use super::{Builtin, Kind, Runner};
use crate::limits::LINES_PER_STEP;
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "cut",
    usage: "cut -b LIST | -c LIST | -f LIST [-d DELIM] [-s] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Cut::default())),
};

#[derive(Clone, Default)]
struct Cut {
    inputs: Option<Inputs>,
    ranges: Vec<(usize, usize)>,
    /// `None`: characters.
    delimiter: Option<char>,
    only_delimited: bool,
    output_delimiter: Option<String>,
}

impl Program for Cut {
    fn step(&mut self, context: &mut Context) -> Step {
        if self.inputs.is_none() {
            return match self.start(context.args) {
                Ok(()) => Step::Again,
                Err(text) => Step::Exit(context.fail(text)),
            };
        }
        for _ in 0..LINES_PER_STEP {
            let Some(inputs) = &mut self.inputs else { break };
            match inputs.next_line(context) {
                Line::Pending => return Step::Blocked(None),
                Line::End => return Step::Exit(i32::from(inputs.failed)),
                Line::Text(line) => {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    if let Some(line) = self.cut(&line) {
                        context.out(line + "\n");
                    }
                }
            }
        }
        Step::Again
    }
}

impl Cut {
    fn start(&mut self, args: &[String]) -> Result<(), String> {
        let options = Options::parse(
            args,
            "b:c:f:d:s",
            &[("bytes", 'b'), ("characters", 'c'), ("fields", 'f'), ("delimiter", 'd'), ("only-delimited", 's')],
        )?;
        let list = options.value('f').or(options.value('c')).or(options.value('b'));
        let Some(list) = list else { return Err("you must specify a list of bytes, characters, or fields".into()) };
        self.ranges = ranges(list)?;
        if options.has('f') {
            let delimiter = options.value('d').unwrap_or("\t");
            let mut chars = delimiter.chars();
            self.delimiter = chars.next();
            if chars.next().is_some() || self.delimiter.is_none() {
                return Err("the delimiter must be a single character".into());
            }
        }
        self.only_delimited = options.has('s');
        self.inputs = Some(Inputs::new(&options.operands));
        Ok(())
    }

    fn wants(&self, number: usize) -> bool {
        self.ranges.iter().any(|&(from, to)| from <= number && number <= to)
    }

    fn cut(&self, line: &str) -> Option<String> {
        let Some(delimiter) = self.delimiter else {
            return Some(line.chars().enumerate().filter(|(index, _)| self.wants(index + 1)).map(|(_, c)| c).collect());
        };
        if !line.contains(delimiter) {
            return (!self.only_delimited).then(|| line.to_string());
        }
        let fields = line.split(delimiter).enumerate().filter(|(index, _)| self.wants(index + 1));
        let separator = self.output_delimiter.clone().unwrap_or_else(|| delimiter.to_string());
        Some(fields.map(|(_, field)| field).collect::<Vec<_>>().join(&separator))
    }
}

/// `1,3-5,7-`
fn ranges(list: &str) -> Result<Vec<(usize, usize)>, String> {
    let invalid = || format!("invalid field value '{list}'");
    list.split(',')
        .map(|item| {
            let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(invalid);
            match item.split_once('-') {
                None => number(item).map(|n| (n, n)),
                Some(("", "")) => Err(invalid()),
                Some(("", to)) => Ok((1, number(to)?)),
                Some((from, "")) => Ok((number(from)?, usize::MAX)),
                Some((from, to)) => Ok((number(from)?, number(to)?)),
            }
        })
        .collect()
}
