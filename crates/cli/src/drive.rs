//! `ordinal drive`: JSON lines in, JSON lines out. What replays recordings, and what other programs talk to.
//!
//! Every line in is answered by one line. A background command that has ended by itself is reported, besides that, with the next
//! `advance`, and when it is stopped: a line that nobody asked for would stand between a question and its answer.
//!
//! `stop` names no instant. The command is reported as if it had been left to watch until nothing more was under way; the clock of
//! the world stands still meanwhile, and all that follows is decided by the lines that follow (docs/decisions/0004).

use std::collections::BTreeMap;

use playground::World;
use serde::{Deserialize, Serialize};
use shell::{Config, MoreInput, Output, Start, Status};
use sim::{Span, Time};

/// The terminal of foreground commands. Background commands get the numbers after it.
const FOREGROUND: u32 = 0;
/// A foreground command is interrupted after so many virtual seconds if it does not say otherwise.
const DEFAULT_LIMIT_SECONDS: f64 = 3_600.0;
const TIMED_OUT: i32 = 124;
/// Output of one command that is kept.
const OUTPUT_BYTES_MAX: usize = 64 << 20;

/// A line in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    run: Option<String>,
    stdin: Option<String>,
    at: Option<f64>,
    limit: Option<f64>,
    #[serde(default)]
    background: bool,
    advance: Option<f64>,
    stop: Option<u32>,
}

/// A line out.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Answer {
    Run { n: u32, cmd: String, stdin: Option<String>, stdout: String, stderr: String, rc: i32, t0: f64, t1: f64 },
    Started { n: u32 },
    Watch { n: u32, cmd: String, lines: Vec<(f64, String)>, stderr: String, t0: f64, t1: f64 },
    Time { t: f64 },
    Error { message: String },
}

/// When a background command is stopped, it is shown what is under way: until nothing has been written for so long …
const QUIET: Span = Span::from_seconds(5);
/// … at most this far ahead.
const AHEAD_MAX: Span = Span::from_seconds(120);

/// A background command.
#[derive(Clone)]
struct Background {
    cmd: String,
    lines: Lines,
    stderr: String,
    t0: f64,
    is_reported: bool,
}

/// A world behind the line protocol.
#[derive(Clone)]
pub struct Driver {
    world: World,
    count: u32,
    background: BTreeMap<u32, Background>,
}

/// What a foreground command has put out so far.
#[derive(Default)]
struct Foreground {
    stdout: String,
    stderr: String,
}

/// Text cut into lines, each with the instant at which it was complete.
#[derive(Clone, Default)]
struct Lines {
    done: Vec<(f64, String)>,
    rest: String,
}

impl Lines {
    fn add(&mut self, text: &str, at: f64) {
        self.rest.push_str(text);
        while let Some(end) = self.rest.find('\n') {
            let line: String = self.rest.drain(..=end).collect();
            self.done.push((at, line.trim_end_matches('\n').to_owned()));
        }
    }

    fn finish(&mut self, at: f64) -> Vec<(f64, String)> {
        if !self.rest.is_empty() {
            self.done.push((at, std::mem::take(&mut self.rest)));
        }
        std::mem::take(&mut self.done)
    }
}

fn plain_config() -> Config {
    Config { stdin_is_terminal: false, stdout_is_terminal: false, ..Config::terminal() }
}

impl Driver {
    /// A new world.
    pub fn new(options: &playground::Options) -> Driver {
        let mut world = World::new(options);
        world.open_terminal(FOREGROUND, plain_config(), Start::Commands);
        Driver { world, count: 0, background: BTreeMap::new() }
    }

    /// Does what one line asks. Answers with lines, without newlines.
    pub fn answer(&mut self, line: &str) -> Vec<String> {
        let answers = match serde_json::from_str::<Request>(line) {
            Ok(request) => self.obey(request),
            Err(error) => vec![Answer::Error { message: error.to_string() }],
        };
        answers.iter().map(|answer| serde_json::to_string(answer).expect("an answer is plain data")).collect()
    }

    fn obey(&mut self, request: Request) -> Vec<Answer> {
        if let Some(seconds) = request.advance {
            self.run_to(self.world.now() + span(seconds));
            // What ended on the way is told before the answer, so that a reader who waits for the answer has seen it.
            let mut answers = self.ended_in_background();
            answers.push(Answer::Time { t: self.seconds() });
            return answers;
        }
        if let Some(number) = request.stop {
            return vec![self.stop(number)];
        }
        let Some(cmd) = request.run else {
            return vec![Answer::Error { message: "a line says run, advance or stop".to_owned() }];
        };
        if let Some(at) = request.at {
            self.run_to(self.world.start() + span(at));
        }
        if request.background {
            return vec![self.start_in_background(cmd)];
        }
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT_SECONDS);
        vec![self.run_in_foreground(cmd, request.stdin, limit)]
    }

    fn run_in_foreground(&mut self, cmd: String, stdin: Option<String>, limit: f64) -> Answer {
        self.count += 1;
        let (n, t0) = (self.count, self.seconds());
        let until = self.world.now() + span(limit);
        self.world.set_stdin(FOREGROUND, stdin.as_deref().unwrap_or("").as_bytes(), MoreInput::No);
        let mut said = Foreground::default();
        let mut rc = None;
        if let Err(error) = self.world.run(FOREGROUND, &cmd) {
            said.stderr = format!("{error}\n");
            rc = Some(1);
        }
        while rc.is_none() {
            // A command that ends at this instant must not carry the clock to the next thing that happens.
            self.world.settle();
            let goes_on = self.world.is_at_prompt(FOREGROUND) || self.world.step(until);
            self.collect(&mut said);
            if self.world.is_at_prompt(FOREGROUND) {
                break;
            }
            if matches!(self.world.status(FOREGROUND), Some(Status::Exited(_)) | None) {
                rc = Some(self.world.last_status(FOREGROUND));
                self.world.open_terminal(FOREGROUND, plain_config(), Start::Commands);
            } else if !goes_on {
                self.run_to(until);
                self.interrupt(FOREGROUND);
                rc = Some(TIMED_OUT);
            }
        }
        self.collect(&mut said);
        let rc = rc.unwrap_or_else(|| self.world.last_status(FOREGROUND));
        Answer::Run { n, cmd, stdin, stdout: said.stdout, stderr: said.stderr, rc, t0, t1: self.seconds() }
    }

    fn start_in_background(&mut self, cmd: String) -> Answer {
        self.count += 1;
        let number = self.count;
        let config = Config { cwd: self.world.cwd(FOREGROUND).to_owned(), ..plain_config() };
        self.world.open_terminal(number, config, Start::Script { text: cmd.clone(), arg0: None, args: Vec::new() });
        self.world.eof(number);
        let fresh =
            Background { cmd, lines: Lines::default(), stderr: String::new(), t0: self.seconds(), is_reported: false };
        self.background.insert(number, fresh);
        self.world.settle();
        self.collect_background();
        Answer::Started { n: number }
    }

    fn stop(&mut self, number: u32) -> Answer {
        if !self.background.contains_key(&number) {
            return Answer::Error { message: format!("no background command has the number {number}") };
        }
        // What would come if nobody did anything: seen in a copy, for the clock stands still while a question is answered.
        let mut ahead = self.clone();
        ahead.run_until_quiet();
        ahead.interrupt(number);
        ahead.collect_background();
        self.background.remove(&number);
        self.world.close_terminal(number);
        ahead.report(number)
    }

    /// Lets time pass until the cluster has been quiet for a while, at most [`AHEAD_MAX`].
    fn run_until_quiet(&mut self) {
        let limit = self.world.now() + AHEAD_MAX;
        let mut revision = self.world.cluster().server().revision();
        let mut quiet_until = self.world.now() + QUIET;
        while self.world.step(quiet_until.min(limit)) {
            self.collect_background();
            if self.world.cluster().server().revision() != revision {
                revision = self.world.cluster().server().revision();
                quiet_until = self.world.now() + QUIET;
            }
        }
    }

    fn report(&mut self, number: u32) -> Answer {
        let t1 = self.seconds();
        let Some(mut background) = self.background.remove(&number) else {
            return Answer::Error { message: format!("no background command has the number {number}") };
        };
        let lines = background.lines.finish(t1);
        Answer::Watch { n: number, cmd: background.cmd, lines, stderr: background.stderr, t0: background.t0, t1 }
    }

    /// Commands that have ended by themselves are reported once, and again when they are stopped.
    fn ended_in_background(&mut self) -> Vec<Answer> {
        let ended: Vec<u32> = self
            .background
            .iter()
            .filter(|(number, background)| {
                !background.is_reported && matches!(self.world.status(**number), Some(Status::Exited(_)))
            })
            .map(|(number, _)| *number)
            .collect();
        ended.into_iter().filter_map(|number| self.report_copy(number)).collect()
    }

    fn report_copy(&mut self, number: u32) -> Option<Answer> {
        let t1 = self.seconds();
        let background = self.background.get_mut(&number)?;
        background.is_reported = true;
        let lines = background.lines.done.clone();
        let (cmd, stderr) = (background.cmd.clone(), background.stderr.clone());
        Some(Answer::Watch { n: number, cmd, lines, stderr, t0: background.t0, t1 })
    }

    fn interrupt(&mut self, number: u32) {
        self.world.interrupt(number);
        self.world.settle();
    }

    fn run_to(&mut self, to: Time) {
        while self.world.step(to) {
            self.collect_background();
        }
        while self.world.advance_to(to, usize::MAX) == cluster::Progress::OutOfBudget {}
        self.collect_background();
    }

    fn collect(&mut self, said: &mut Foreground) {
        for (_, output) in self.world.take_output(FOREGROUND) {
            match output {
                Output::Stdout(bytes) => add(&mut said.stdout, &bytes),
                Output::Stderr(bytes) => add(&mut said.stderr, &bytes),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        self.collect_background();
    }

    fn collect_background(&mut self) {
        let start = self.world.start();
        for (number, background) in &mut self.background {
            for (at, output) in self.world.take_output(*number) {
                let at = at.since(start).as_seconds();
                match output {
                    Output::Stdout(bytes) => background.lines.add(&String::from_utf8_lossy(&bytes), at),
                    Output::Stderr(bytes) => add(&mut background.stderr, &bytes),
                    Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
                }
            }
        }
    }

    fn seconds(&self) -> f64 {
        self.world.now().since(self.world.start()).as_seconds()
    }
}

fn add(text: &mut String, bytes: &[u8]) {
    if text.len() + bytes.len() <= OUTPUT_BYTES_MAX {
        text.push_str(&String::from_utf8_lossy(bytes));
    }
}

/// Seconds as microseconds; negative counts as zero.
fn span(seconds: f64) -> Span {
    Span((seconds.max(0.0) * 1e6) as u64)
}
