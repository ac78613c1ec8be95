//! Plays a recording against a program, in the recording's order and at its times, and scores what is the same.

use crate::binding::Binding;
use crate::neutral::Neutral;
use crate::program::Program;
use crate::recording::{Answer, Record, Recording, Run, Watch};
use std::collections::VecDeque;

/// How much was the same.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) commands_same: usize,
    pub(crate) commands_total: usize,
    pub(crate) watches_same: usize,
    pub(crate) watches_total: usize,
    pub(crate) differences: Vec<Difference>,
}

/// A command or a watch that was not the same.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    /// The how manieth of its kind in the recording, from 1.
    pub(crate) number: usize,
    pub(crate) command: String,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A command that was waited for.
    Command,
    /// A command that ran beside the others.
    Watch,
}

struct Replayer<'a, P> {
    neutral: &'a Neutral,
    program: &'a mut P,
    binding: Binding,
    pending: VecDeque<&'a Watch>,
    /// Watches that were started, with the program's number where it gave one.
    started: Vec<(&'a Watch, Option<u64>)>,
    /// The end of the last command, in the recording's seconds.
    now: f64,
    score: Score,
}

/// Plays all of it.
pub(crate) fn replay<P: Program>(recording: &Recording, neutral: &Neutral, program: &mut P) -> Score {
    let pending = recording.watches_by_start().into();
    let (binding, started, score) = (Binding::new(), Vec::new(), Score::default());
    let mut replayer = Replayer { neutral, program, binding, pending, started, now: 0.0, score };
    for record in &recording.records {
        replayer.record(record);
    }
    replayer.score
}

impl<'a, P: Program> Replayer<'a, P> {
    fn record(&mut self, record: &'a Record) {
        match record {
            Record::Run(run) => self.run(run),
            Record::Watch(watch) => self.watch(watch),
            Record::Note(text) if text.starts_with("fault ") => self.fault(text),
            Record::Note(_) | Record::Manifest(..) => {}
        }
    }

    fn fault(&mut self, text: &str) {
        let command = self.binding.rewrite(text.lines().next().unwrap_or_default());
        self.program.run(&command, None, self.now);
    }

    fn run(&mut self, run: &Run) {
        self.start_watches_until(run.start);
        let command = self.binding.rewrite(&run.command);
        let stdin = run.stdin.as_ref().map(|text| self.binding.rewrite(text));
        let answer = self.program.run(&command, stdin.as_deref(), run.start);
        self.now = run.end;
        self.score.commands_total += 1;
        if answer.as_ref().is_some_and(|answer| self.is_same(run, answer)) {
            self.score.commands_same += 1;
        } else {
            let got = answer.as_ref().map_or("nothing".to_owned(), print);
            let (number, expected) = (self.score.commands_total, print(&run.answer));
            self.score.differences.push(Difference { kind: Kind::Command, number, command, expected, got });
        }
        if let Some(answer) = answer {
            self.binding.bind(&run.answer.stdout, &answer.stdout);
        }
    }

    fn is_same(&self, run: &Run, answer: &Answer) -> bool {
        let lines = |text: &str| self.neutral.lines(text, &run.command);
        let same = |a: &str, b: &str| a == b || lines(a) == lines(b);
        run.answer.code == answer.code
            && same(&run.answer.stdout, &answer.stdout)
            && same(&run.answer.stderr, &answer.stderr)
    }

    fn start_watches_until(&mut self, start: f64) {
        while let Some(watch) = self.pending.pop_front_if(|watch| watch.start <= start) {
            let number = self.program.start(&self.binding.rewrite(&watch.command), watch.start);
            self.started.push((watch, number));
        }
    }

    fn watch(&mut self, watch: &Watch) {
        self.score.watches_total += 1;
        let number = self.started.iter().find(|(known, _)| std::ptr::eq(*known, watch)).and_then(|(_, number)| *number);
        let lines = number.and_then(|number| self.program.stop(number));
        let states = |lines: &[String]| self.neutral.states(lines, &watch.command);
        if lines.as_ref().is_some_and(|lines| states(lines) == states(&watch.lines)) {
            self.score.watches_same += 1;
            return;
        }
        let (number, command) = (self.score.watches_total, watch.command.clone());
        let got = lines.map_or("nothing".to_owned(), |lines| lines.join("\n"));
        let expected = watch.lines.join("\n");
        self.score.differences.push(Difference { kind: Kind::Watch, number, command, expected, got });
    }
}

fn print(answer: &Answer) -> String {
    format!("rc={}\n{}{}", answer.code, answer.stdout, answer.stderr)
}
