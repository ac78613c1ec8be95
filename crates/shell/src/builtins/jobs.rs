//! `jobs`, `wait`, `fg`, `bg`, `kill`: background jobs.

use super::{Builtin, Kind, Outcome, Runner};
use crate::host::{KillError, SIGNALS, Signal};
use crate::machine::JobState;
use crate::machine::shell::Frame;
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "jobs", usage: "jobs [-lp]", kind: Kind::Shell, runner: Runner::Shell(jobs) };
pub(super) const WAIT: Builtin =
    Builtin { name: "wait", usage: "wait [pid or %job ...]", kind: Kind::Shell, runner: Runner::Shell(wait) };
pub(super) const FG: Builtin = Builtin { name: "fg", usage: "fg [%job]", kind: Kind::Shell, runner: Runner::Shell(fg) };
pub(super) const BG: Builtin = Builtin { name: "bg", usage: "bg [%job]", kind: Kind::Shell, runner: Runner::Shell(bg) };
pub(super) const KILL: Builtin = Builtin {
    name: "kill",
    usage: "kill [-s signal | -signal] pid or %job ...",
    kind: Kind::Shell,
    runner: Runner::Shell(kill),
};

fn jobs(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let option = args.first().map(String::as_str);
    for job in reach.jobs() {
        let line = match option {
            Some("-p") => format!("{}\n", job.pid),
            Some("-l") => {
                let line = reach.job_line(&job);
                line.replacen("  ", &format!("  {} ", job.pid), 1)
            }
            _ => reach.job_line(&job),
        };
        reach.out(&line);
    }
    reach.forget_finished_jobs();
    Outcome::Status(0)
}

fn wait(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    reach.shell().status = 0;
    if args.is_empty() {
        // Unlike for named jobs, their statuses do not count.
        let pids = reach.children();
        return Outcome::Frames(vec![Frame::TrapEnd { status: 0 }, Frame::WaitJobs { pids }]);
    }
    let mut pids = Vec::new();
    let mut status = 0;
    for arg in args {
        let pid = match reach.job(arg) {
            Some(job) => Some(job.pid),
            None => arg.parse().ok().filter(|pid| reach.is_child(*pid)),
        };
        match pid {
            Some(pid) => pids.push(pid),
            None if arg.starts_with('%') => {
                reach.complain(&format!("wait: {arg}: no such job"));
                status = 127;
            }
            None if arg.parse::<u32>().is_ok() => {
                reach.complain(&format!("wait: pid {arg} is not a child of this shell"));
                status = 127;
            }
            None => {
                reach.complain(&format!("wait: `{arg}': not a pid or valid job spec"));
                status = 1;
            }
        }
    }
    reach.shell().status = status;
    Outcome::Frames(vec![Frame::WaitJobs { pids }])
}

fn fg(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let name = args.first().map_or("%%", String::as_str);
    match reach.job(name) {
        Some(job) if job.state == JobState::Running => {
            reach.out(&format!("{}\n", job.text));
            reach.foreground(&job);
            Outcome::Frames(vec![Frame::Wait { pid: job.pid }])
        }
        Some(_) => {
            reach.complain("fg: job has terminated");
            reach.forget_finished_jobs();
            Outcome::Status(1)
        }
        None => {
            let name = args.first().map_or("current", String::as_str);
            reach.complain(&format!("fg: {name}: no such job"));
            Outcome::Status(1)
        }
    }
}

fn bg(reach: &mut dyn Reach, _: &[String]) -> Outcome {
    reach.complain("bg: stopped jobs are not supported by this shell; start it with `&'");
    Outcome::Status(1)
}

fn kill(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let mut signal = Signal::Term;
    let mut rest = args;
    match args.first().map(String::as_str) {
        Some("-l" | "-L") => {
            let names: Vec<String> = SIGNALS.iter().map(|(_, number, name)| format!("{number}) SIG{name}")).collect();
            reach.out(&format!("{}\n", names.join(" ")));
            return Outcome::Status(0);
        }
        Some("--") => rest = &args[1..],
        Some(option) if option.starts_with('-') && option.len() > 1 => {
            let separate = matches!(option, "-s" | "-n");
            let name = if separate { args.get(1).map_or("", String::as_str) } else { &option[1..] };
            rest = args.get(if separate { 2 } else { 1 }..).unwrap_or(&[]);
            match Signal::parse(name) {
                Some(parsed) => signal = parsed,
                None if name == "0" => return probe(reach, rest),
                None => {
                    reach.complain(&format!("kill: {name}: invalid signal specification"));
                    return Outcome::Status(1);
                }
            }
        }
        _ => {}
    }
    if rest.is_empty() {
        reach.complain("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]");
        return Outcome::Status(2);
    }
    let mut status = 0;
    for target in rest {
        if !kill_one(reach, target, signal) {
            status = 1;
        }
    }
    Outcome::Status(status)
}

fn kill_one(reach: &mut dyn Reach, target: &str, signal: Signal) -> bool {
    let pid = match reach.job(target) {
        Some(job) => Some(job.pid),
        None if target.starts_with('%') => {
            reach.complain(&format!("kill: {target}: no such job"));
            return false;
        }
        None => target.parse().ok(),
    };
    let Some(pid) = pid else {
        reach.complain(&format!("kill: {target}: arguments must be process or job IDs"));
        return false;
    };
    if pid == reach.shell().shell_pid {
        // The shell itself: an interactive one ignores TERM.
        if signal == Signal::Kill || signal == Signal::Hup {
            reach.shell().status = 128 + signal.number();
            reach.shell().unwind = Some(crate::machine::shell::Unwind::Exit);
        } else if let Some(action) = reach.shell().traps.get(signal.name()).cloned() {
            reach.shell().pending_traps.push(action);
        }
        return true;
    }
    match reach.kill(pid, signal) {
        Ok(()) => true,
        Err(error) => {
            let text = match error {
                KillError::NoSuchProcess => "No such process",
                KillError::NotPermitted => "Operation not permitted",
            };
            reach.complain(&format!("kill: ({pid}) - {text}"));
            false
        }
    }
}

/// `kill -0`: whether the processes exist.
fn probe(reach: &mut dyn Reach, targets: &[String]) -> Outcome {
    let mut status = 0;
    for target in targets {
        let alive = reach.job(target).is_some_and(|job| job.state == JobState::Running)
            || target.parse().is_ok_and(|pid| reach.is_alive(pid));
        if !alive {
            reach.complain(&format!("kill: ({target}) - No such process"));
            status = 1;
        }
    }
    Outcome::Status(status)
}
