//! `timeout`

use sim::Time;

use super::{Builtin, Kind, Runner};
use crate::host::Signal;
use crate::process::{Context, Options, Program, Spawn, SpawnInput, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "timeout",
    usage: "timeout [-s SIGNAL] [-k DURATION] DURATION COMMAND [ARG]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Timeout::default())),
};

#[derive(Clone, Default)]
struct Timeout {
    deadline: Option<Time>,
    kill_after: Option<sim::Span>,
    signal: Option<Signal>,
    expired: bool,
    unlimited: bool,
}

impl Program for Timeout {
    fn step(&mut self, context: &mut Context) -> Step {
        if let Some(status) = context.child {
            let killed = self.signal == Some(Signal::Kill);
            return Step::Exit(match (self.expired, killed) {
                (false, _) => status,
                (true, true) => 137,
                (true, false) => 124,
            });
        }
        let Some(deadline) = self.deadline else { return self.start(context) };
        if context.caller.now < deadline || self.unlimited {
            return Step::Blocked(Some(deadline).filter(|_| !self.unlimited));
        }
        if self.expired && self.kill_after.is_none() {
            return Step::Blocked(None);
        }
        if self.expired {
            self.signal = Some(Signal::Kill);
            self.kill_after = None;
        }
        self.expired = true;
        if let Some(span) = self.kill_after {
            self.deadline = Some(context.caller.now + span);
        }
        Step::Signal(self.signal.unwrap_or(Signal::Term))
    }
}

impl Timeout {
    fn start(&mut self, context: &mut Context) -> Step {
        let long = [("signal", 's'), ("kill-after", 'k'), ("preserve-status", 'p'), ("foreground", 'F')];
        let result = Options::parse_leading(context.args, "s:k:pFv", &long).and_then(|options| {
            let [limit, argv @ ..] = options.operands.as_slice() else { return Err("missing operand".to_string()) };
            if argv.is_empty() {
                return Err("missing operand".to_string());
            }
            let duration = |text: &str| {
                super::sleep::duration(text).ok_or_else(|| format!("invalid time interval \u{2018}{text}\u{2019}"))
            };
            self.signal = match options.value('s') {
                None => Some(Signal::Term),
                Some(name) => {
                    Some(Signal::parse(name).ok_or_else(|| format!("\u{2018}{name}\u{2019}: invalid signal"))?)
                }
            };
            self.kill_after = options.value('k').map(duration).transpose()?;
            let span = duration(limit)?;
            self.unlimited = span == sim::Span::ZERO;
            self.deadline = Some(context.caller.now + span);
            Ok(argv.to_vec())
        });
        match result {
            Ok(argv) => Step::Spawn(Spawn { argv, env: context.env.clone(), stdin: SpawnInput::Inherited }),
            Err(text) => {
                context.fail(text);
                Step::Exit(125)
            }
        }
    }
}
