//! `wc`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "wc",
    usage: "wc [-clmwL] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Wc::default())),
};

#[derive(Clone, Default)]
struct Wc {
    inputs: Option<(Inputs, Options)>,
}

impl Program for Wc {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some((inputs, options)) = &mut self.inputs else {
            let long = [("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm'), ("max-line-length", 'L')];
            return match Options::parse(context.args, "clmwL", &long) {
                Ok(options) => {
                    self.inputs = Some((Inputs::new(&options.operands), options));
                    Step::Again
                }
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        let Some(files) = inputs.gather(context) else { return Step::Blocked(None) };
        let failed = inputs.failed;
        print(context, options, &files);
        Step::Exit(i32::from(failed))
    }
}

/// Lines, words, characters, bytes, longest line: the order in which wc prints them.
fn counts(bytes: &[u8]) -> [usize; 5] {
    let text = String::from_utf8_lossy(bytes);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    [lines, text.split_whitespace().count(), text.chars().count(), bytes.len(), longest]
}

fn print(context: &mut Context, options: &Options, files: &[(String, Vec<u8>)]) {
    let chosen: Vec<usize> = match ['l', 'w', 'm', 'c', 'L'].iter().enumerate().filter(|(_, l)| options.has(**l)) {
        mut some if some.clone().next().is_some() => some.by_ref().map(|(index, _)| index).collect(),
        _ => vec![0, 1, 3],
    };
    let mut rows: Vec<(String, [usize; 5])> = files.iter().map(|(name, bytes)| (name.clone(), counts(bytes))).collect();
    let named = !options.operands.is_empty();
    if options.operands.len() > 1 {
        let mut total = [0; 5];
        for (_, row) in &rows {
            for (sum, value) in total.iter_mut().zip(row) {
                *sum += value;
            }
        }
        total[4] = rows.iter().map(|(_, row)| row[4]).max().unwrap_or(0);
        rows.push(("total".into(), total));
    }
    // A single number stands alone; standard input is padded to seven, files to the width of the total of bytes.
    let digits = rows.iter().map(|(_, row)| row[3]).max().unwrap_or(0).to_string().len();
    let width = match () {
        () if chosen.len() == 1 && rows.len() == 1 => 1,
        () if !named => 7,
        () => digits,
    };
    for (name, row) in rows {
        let numbers: Vec<String> = chosen.iter().map(|index| format!("{:>width$}", row[*index])).collect();
        let name = if named { format!(" {name}") } else { String::new() };
        context.out(format!("{}{name}\n", numbers.join(" ")));
    }
}
