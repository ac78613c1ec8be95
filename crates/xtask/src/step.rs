//! One step of the test run: a command, its output kept, its time taken, its tests counted.
//!
//! A step that runs longer than its limit is ended with everything that it started.

use crate::counts::{self, Counts};
use crate::tool::{self, Outcome};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(25 * 60);
/// Lines that are shown of a failure further up.
const FAILURE_LINES: usize = 20;
const SHOWN_LINES_MAX: usize = 400;
const TITLE_WIDTH: usize = 34;

/// What counts as success besides the exit code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Nothing: the step is one check in itself.
    Success,
    /// At least one test, so that a filter which matches nothing is noticed.
    Tests,
}

/// Runs the command, prints one line with its time, and its output where it failed.
pub(crate) fn run(title: &str, expect: Expect, command: &mut Command) -> Counts {
    let start = Instant::now();
    let (output, ended) = capture(title, command);
    let counts = judge(&output, &ended, expect);
    let verdict = if counts.failed == 0 { "ok" } else { "FAILED" };
    let tests = if expect == Expect::Tests { format!("{} passed", counts.passed) } else { String::new() };
    println!("{title:<TITLE_WIDTH$} {verdict:<6} {:>6.1} s  {tests}", start.elapsed().as_secs_f64());
    if counts.failed > 0 {
        show(command, &output, &ended);
    }
    counts
}

fn judge(output: &str, ended: &Outcome<ExitStatus>, expect: Expect) -> Counts {
    let succeeded = ended.as_ref().is_ok_and(ExitStatus::success);
    let counted = if expect == Expect::Tests { counts::count(output) } else { Counts::default() };
    match (succeeded, expect) {
        (true, Expect::Success) => Counts::ONE_PASSED,
        (true, Expect::Tests) if counted.passed + counted.failed > 0 => counted,
        (true, Expect::Tests) => Counts { passed: 0, failed: 1 },
        (false, _) => Counts { passed: counted.passed, failed: counted.failed.max(1) },
    }
}

fn show(command: &Command, output: &str, ended: &Outcome<ExitStatus>) {
    let lines: Vec<&str> = output.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN_LINES_MAX);
    println!("    $ {}", tool::line(command));
    if left_out > 0 {
        println!("    … {left_out} lines, of which these failed:");
        failures(&lines[..left_out]).for_each(|line| println!("    {line}"));
        println!("    …");
    }
    lines[left_out..].iter().for_each(|line| println!("    {line}"));
    match ended {
        Ok(status) if status.success() => println!("    it ran no test"),
        Ok(status) => println!("    {status}"),
        Err(error) => println!("    {error}"),
    }
}

/// The lines that tell of a failed test in TAP, each with what it says of the cause.
fn failures<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let is_failure = |line: &&str| line.trim_start().starts_with("not ok");
    let starts = (0..lines.len()).filter(move |at| is_failure(&lines[*at]));
    starts.flat_map(|at| lines[at..].iter().take(FAILURE_LINES).copied())
}

fn capture(title: &str, command: &mut Command) -> (String, Outcome<ExitStatus>) {
    own_group(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return (String::new(), Err(format!("cannot start {}: {error}", tool::line(command)))),
    };
    let (sender, lines) = channel();
    forward(child.stdout.take(), sender.clone());
    forward(child.stderr.take(), sender);
    let (output, in_time) = collect(title, &lines);
    if !in_time {
        end_group(&mut child);
        return (output, Err(format!("ended after {} s", LIMIT.as_secs())));
    }
    (output, child.wait().map_err(|error| error.to_string()))
}

fn forward(stream: Option<impl Read + Send + 'static>, sender: Sender<String>) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
}

/// All lines until both streams close, and whether that happened within the limit.
fn collect(title: &str, lines: &Receiver<String>) -> (String, bool) {
    let (end, mut output) = (Instant::now() + LIMIT, String::new());
    let progress = Progress::new(title);
    let in_time = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                progress.show(&line);
                output.push_str(line.trim_end_matches('\r'));
                output.push('\n');
            }
            Err(RecvTimeoutError::Disconnected) => break true,
            Err(RecvTimeoutError::Timeout) => break false,
        }
    };
    progress.clear();
    (output, in_time)
}

/// The last line of output, on one line of the terminal that is written over; nothing where no terminal is.
struct Progress<'a>(Option<&'a str>);

impl<'a> Progress<'a> {
    fn new(title: &'a str) -> Self {
        let progress = Self(std::io::stderr().is_terminal().then_some(title));
        progress.show("…");
        progress
    }

    fn show(&self, line: &str) {
        let Some(title) = self.0 else { return };
        let plain: String = line.trim().chars().filter(|c| !c.is_control()).take(60).collect();
        eprint!("\r\x1b[K{title}: {plain}");
        // A terminal that cannot be flushed only loses the progress line.
        let _ = std::io::stderr().flush();
    }

    fn clear(&self) {
        if self.0.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    command.process_group(0)
}

#[cfg(not(unix))]
fn own_group(command: &mut Command) -> &mut Command {
    command
}

/// Ends the step's process and, where the system has groups, all that it started.
fn end_group(child: &mut Child) {
    if cfg!(unix) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expect: Expect, passed: u64, failed: u64) {
        let counts = run("a step", expect, Command::new("sh").args(["-c", script]));
        assert_eq!(counts, Counts { passed, failed }, "{script}");
    }

    #[test]
    fn a_failure_far_up_is_shown_with_its_cause() {
        let lines = ["ok 1 - a", "not ok 2 - b", "  expected 3", "ok 3 - c"];
        assert_eq!(failures(&lines).collect::<Vec<_>>(), lines[1..]);
        assert_eq!(failures(&lines[2..]).count(), 0);
    }

    #[test]
    fn success_needs_the_exit_code_and_where_tests_are_expected_a_test() {
        check("true", Expect::Success, 1, 0);
        check("exit 3", Expect::Success, 0, 1);
        check("true", Expect::Tests, 0, 1);
        check("echo 'test result: ok. 2 passed; 0 failed;'", Expect::Tests, 2, 0);
        check("echo 'test result: FAILED. 2 passed; 1 failed;'; exit 1", Expect::Tests, 2, 1);
        check("echo 'test result: ok. 2 passed; 0 failed;'; exit 1", Expect::Tests, 2, 1);
    }

    #[test]
    fn a_command_that_is_not_there_fails() {
        let counts = run("nothing", Expect::Success, &mut Command::new("ordinal-has-no-such-program"));
        assert_eq!(counts.failed, 1);
    }
}
