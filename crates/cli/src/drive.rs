//! `ordinal drive`: JSON lines in, JSON lines out. What replays recordings, and what other programs talk to.
//!
//! Every line in is answered by one line. A background command that has ended by itself is reported, besides that, with the next
//! `advance`, and when it is stopped: a line that nobody asked for would stand between a question and its answer.
//!
//! `stop` names no instant. The command is reported as if it had been left to watch until nothing more was under way; the clock of
//! the world stands still meanwhile, and all that follows is decided by the lines that follow (docs/decisions/0004).

use ordered::OrderedMap;

use playground::Desk;
use serde::{Deserialize, Serialize};
use shell::{Config, Output, Start, Status};
use sim::{Span, Time};

/// Lines that are kept of one background command.
const LINES_MAX: usize = 1 << 20;

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

/// A world behind the line protocol. Foreground commands run at the desk; background commands get the numbers after its
/// terminal's.
#[derive(Clone)]
pub struct Driver {
    desk: Desk,
    count: u32,
    background: OrderedMap<u32, Background>,
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
            if self.done.len() < LINES_MAX {
                self.done.push((at, line.trim_end_matches('\n').to_owned()));
            }
        }
    }

    fn finish(&mut self, at: f64) -> Vec<(f64, String)> {
        if !self.rest.is_empty() {
            self.done.push((at, std::mem::take(&mut self.rest)));
        }
        std::mem::take(&mut self.done)
    }
}

impl Driver {
    /// A new world.
    pub fn new(options: &playground::Options) -> Driver {
        Driver { desk: Desk::new(options), count: 0, background: OrderedMap::new() }
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
            self.run_to(self.desk.world.now() + span(seconds));
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
            self.run_to(self.desk.world.start() + span(at));
        }
        if request.background {
            return vec![self.start_in_background(cmd)];
        }
        let limit = request.limit.map_or(playground::LIMIT, span);
        vec![self.run_in_foreground(cmd, request.stdin, limit)]
    }

    fn run_in_foreground(&mut self, cmd: String, stdin: Option<String>, limit: Span) -> Answer {
        self.count += 1;
        let (n, t0) = (self.count, self.seconds());
        let said = self.desk.run_with(&cmd, stdin.as_deref().unwrap_or(""), limit);
        self.collect_background();
        Answer::Run { n, cmd, stdin, stdout: said.stdout, stderr: said.stderr, rc: said.rc, t0, t1: self.seconds() }
    }

    fn start_in_background(&mut self, cmd: String) -> Answer {
        self.count += 1;
        let number = self.count;
        let config = Config { cwd: self.desk.world.cwd(Desk::TERMINAL).to_owned(), ..Desk::config() };
        self.desk.world.open_terminal(
            number,
            config,
            Start::Script { text: cmd.clone(), arg0: None, args: Vec::new() },
        );
        self.desk.world.eof(number);
        let fresh =
            Background { cmd, lines: Lines::default(), stderr: String::new(), t0: self.seconds(), is_reported: false };
        self.background.insert(number, fresh);
        self.desk.world.settle();
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
        self.desk.world.close_terminal(number);
        ahead.report(number)
    }

    /// Lets time pass until the cluster has been quiet for a while, at most [`AHEAD_MAX`].
    fn run_until_quiet(&mut self) {
        let limit = self.desk.world.now() + AHEAD_MAX;
        let mut revision = self.desk.world.cluster().server().revision();
        let mut quiet_until = self.desk.world.now() + QUIET;
        while self.desk.world.step(quiet_until.min(limit)) {
            self.collect_background();
            if self.desk.world.cluster().server().revision() != revision {
                revision = self.desk.world.cluster().server().revision();
                quiet_until = self.desk.world.now() + QUIET;
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
                !background.is_reported && matches!(self.desk.world.status(**number), Some(Status::Exited(_)))
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
        self.desk.world.interrupt(number);
        self.desk.world.settle();
    }

    fn run_to(&mut self, to: Time) {
        self.desk.advance_to(to);
        self.collect_background();
    }

    fn collect_background(&mut self) {
        let world = &mut self.desk.world;
        let start = world.start();
        for (number, background) in &mut self.background {
            for (at, output) in world.take_output(*number) {
                let at = at.since(start).as_seconds();
                match output {
                    Output::Stdout(bytes) => background.lines.add(&String::from_utf8_lossy(&bytes), at),
                    Output::Stderr(bytes) => background.stderr.push_str(&String::from_utf8_lossy(&bytes)),
                    Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
                }
            }
        }
    }

    fn seconds(&self) -> f64 {
        self.desk.world.now().since(self.desk.world.start()).as_seconds()
    }
}

/// Seconds as microseconds; negative counts as zero.
fn span(seconds: f64) -> Span {
    Span((seconds.max(0.0) * 1e6) as u64)
}
