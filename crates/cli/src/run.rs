//! `ordinal run`: a script in a new cluster, as fast as the machine goes.

use std::io::Write;

use playground::World;
use serde::Serialize;
use shell::{Config, Output, Start, Status};
use sim::{Span, Time};

use crate::arguments::Format;

/// The one terminal.
const TERMINAL: u32 = 1;
/// A script that has not ended after this much virtual time is interrupted.
const LIMIT: Span = Span::from_seconds(30 * 24 * 3_600);

/// One complete command of a script.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// `run`
    pub kind: &'static str,
    /// Its place in the script, from 1.
    pub n: usize,
    /// Its text, here-documents included.
    pub cmd: String,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Its exit status.
    pub rc: i32,
    /// Seconds from the beginning until its start.
    pub t0: f64,
    /// Seconds from the beginning until its end.
    pub t1: f64,
}

/// Runs a script and prints what it says. Answers with its exit status.
pub fn run(options: &playground::Options, script: &str, format: Format, out: &mut dyn Write) -> i32 {
    let mut world = World::new(options);
    run_in(&mut world, script, format, out)
}

/// Runs a script in a world. Answers with its exit status.
pub fn run_in(world: &mut World, script: &str, format: Format, out: &mut dyn Write) -> i32 {
    let start = Start::Script { text: script.to_owned(), arg0: None, args: Vec::new() };
    world.open_terminal(TERMINAL, Config::terminal(), start);
    let limit = world.now() + LIMIT;
    let mut records = Records::new(world.start());
    loop {
        let goes_on = world.step(limit);
        for (_, output) in world.take_output(TERMINAL) {
            records.take(output, format, out);
        }
        match world.status(TERMINAL) {
            Some(Status::Exited(code)) => return code,
            None => return 1,
            Some(_) if goes_on => {}
            // Somebody reads the terminal, and nobody types: Ctrl-D.
            Some(_) if world.reads_terminal(TERMINAL) => world.eof(TERMINAL),
            // Nothing will ever happen again: what still waits is interrupted, as Ctrl-C would.
            Some(_) if world.next_at().is_none() => world.interrupt(TERMINAL),
            Some(_) => {
                world.interrupt(TERMINAL);
                return 124;
            }
        }
    }
}

struct Records {
    start: Time,
    count: usize,
    open: Option<Record>,
}

impl Records {
    fn new(start: Time) -> Records {
        Records { start, count: 0, open: None }
    }

    fn take(&mut self, output: Output, format: Format, out: &mut dyn Write) {
        match (output, format) {
            (Output::Stdout(bytes) | Output::Stderr(bytes), Format::Text) => drop(out.write_all(&bytes)),
            (Output::Stdout(bytes), Format::JsonLines) => self.add(&bytes, |record| &mut record.stdout),
            (Output::Stderr(bytes), Format::JsonLines) => self.add(&bytes, |record| &mut record.stderr),
            (Output::Started { text, at: begun }, _) => {
                self.count += 1;
                let t0 = begun.since(self.start).as_seconds();
                self.open = Some(Record { kind: "run", n: self.count, cmd: text.to_string(), t0, ..Record::default() });
            }
            (Output::Ended { status, at: ended }, _) => self.end(status, ended, format, out),
            (Output::Prompt(_), _) => {}
        }
    }

    fn add(&mut self, bytes: &[u8], stream: impl Fn(&mut Record) -> &mut String) {
        if let Some(record) = &mut self.open {
            stream(record).push_str(&String::from_utf8_lossy(bytes));
        }
    }

    fn end(&mut self, status: i32, at: Time, format: Format, out: &mut dyn Write) {
        let Some(mut record) = self.open.take() else { return };
        record.rc = status;
        record.t1 = at.since(self.start).as_seconds();
        if format == Format::JsonLines {
            let line = serde_json::to_string(&record).expect("a record is plain data");
            drop(writeln!(out, "{line}"));
        }
    }
}
