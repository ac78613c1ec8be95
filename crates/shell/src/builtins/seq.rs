//! `seq`, `yes`: output without input.

use super::{Builtin, Kind, Runner};
use crate::limits::LINES_PER_STEP;
use crate::process::{Context, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "seq",
    usage: "seq [-w] [-s STRING] [FIRST [INCREMENT]] LAST",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Seq::default())),
};
pub(super) const YES: Builtin =
    Builtin { name: "yes", usage: "yes [STRING]...", kind: Kind::Program, runner: Runner::Program(|| Box::new(Yes)) };

#[derive(Clone, Default)]
struct Seq {
    started: bool,
    next: i64,
    step: i64,
    last: i64,
    width: usize,
    separator: String,
    first: bool,
}

impl Program for Seq {
    fn step(&mut self, context: &mut Context) -> Step {
        if !self.started {
            return match self.start(context.args) {
                Ok(()) => Step::Again,
                Err(text) => Step::Exit(context.fail(text)),
            };
        }
        for _ in 0..LINES_PER_STEP {
            if (self.step > 0 && self.next > self.last) || (self.step < 0 && self.next < self.last) {
                if !self.first {
                    context.out("\n");
                }
                return Step::Exit(0);
            }
            let separator = if std::mem::take(&mut self.first) { "" } else { &self.separator };
            context.out(format!("{separator}{:0width$}", self.next, width = self.width));
            self.next = self.next.saturating_add(self.step);
            if self.next == i64::MAX || self.next == i64::MIN {
                context.out("\n");
                return Step::Exit(0);
            }
        }
        Step::Again
    }
}

impl Seq {
    fn start(&mut self, args: &[String]) -> Result<(), String> {
        // Negative numbers are no options.
        let (mut options, mut numbers) = (Vec::new(), Vec::new());
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg.parse::<f64>().is_ok() {
                numbers.push(arg);
            } else {
                options.push(arg.clone());
                if arg == "-s" {
                    options.extend(rest.next().cloned());
                }
            }
        }
        let options = Options::parse(&options, "ws:f:", &[("equal-width", 'w'), ("separator", 's')])?;
        if let Some(operand) = options.operands.first() {
            return Err(format!("invalid floating point argument: '{operand}'"));
        }
        let whole =
            |text: &String| text.parse::<i64>().map_err(|_| format!("'{text}': only whole numbers are supported"));
        let numbers = numbers.into_iter().map(whole).collect::<Result<Vec<_>, _>>()?;
        (self.next, self.step, self.last) = match numbers[..] {
            [last] => (1, 1, last),
            [first, last] => (first, 1, last),
            [first, step, last] => (first, step, last),
            [] => return Err("missing operand".into()),
            _ => return Err("extra operand".into()),
        };
        if self.step == 0 {
            return Err("invalid Zero increment value: '0'".into());
        }
        if options.has('w') {
            self.width = self.next.to_string().len().max(self.last.to_string().len());
        }
        self.separator = options.value('s').unwrap_or("\n").to_string();
        (self.started, self.first) = (true, true);
        Ok(())
    }
}

#[derive(Clone)]
struct Yes;

impl Program for Yes {
    fn step(&mut self, context: &mut Context) -> Step {
        let line = if context.args.is_empty() { "y\n".to_string() } else { context.args.join(" ") + "\n" };
        context.out(line.repeat(LINES_PER_STEP));
        Step::Again
    }
}
