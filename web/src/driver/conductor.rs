//! What is sent next: the reader's commands first, then time. Pure, so that it is tested without a browser.
//!
//! Invariants: one request on its way at a time; nothing before the engine's greeting; commands keep their order; time
//! that the machine could not deliver is not owed for ever (at most [`OWED_HOST_US_MAX`] of host time).

use std::collections::VecDeque;

use view::{Answer, Command, Goal, Request, Update};

/// The speeds of the toolbar: virtual seconds per second.
pub const SPEEDS: [u32; 4] = [1, 5, 20, 100];

/// Host time that one [`Command::Advance`] makes up for at most: after a pause of the tab time does not leap.
const OWED_HOST_US_MAX: u64 = 100_000;

/// Events of one fast slice: some ten milliseconds, so that a pause is obeyed at once.
pub const SLICE_EVENTS_MAX: u32 = 5_000;

/// Virtual time of one slice at the highest speed: where nothing happens time leaps so far, and what the reader does then
/// comes at most so late.
const SLICE_US: u64 = 60_000_000;

/// While the clock is stopped a command still gets so much virtual time to answer.
const PAUSED_COMMAND_US: u64 = 2_000_000;

/// How time passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// It stands.
    Paused,
    /// Virtual seconds per second.
    Speed(u32),
    /// As fast as the machine goes.
    Most,
    /// As fast as the machine goes, until the goal or the instant is reached; then as before.
    Fast {
        /// Where to stop.
        goal: Goal,
        /// Where to stop in any case.
        limit_us: u64,
    },
}

/// The order of what is sent.
#[derive(Debug)]
pub struct Conductor {
    pace: Pace,
    /// What a fast run goes back to.
    before: Pace,
    /// What a stop goes back to.
    running: Pace,
    outbox: VecDeque<Command>,
    in_flight: Option<Request>,
    /// Whether what is on its way is a command that was given, and not time that passes.
    is_given: bool,
    sequence: u64,
    owed_us: u64,
    now_us: u64,
    greeted: bool,
    /// A command given while the clock stands: what it waits for, and how far the clock may go for it.
    grace: Option<(Goal, u64)>,
}

impl Conductor {
    /// Nothing sent, no greeting heard.
    pub fn new(pace: Pace) -> Conductor {
        Conductor {
            pace,
            before: pace,
            running: if pace == Pace::Paused { Pace::Speed(SPEEDS[0]) } else { pace },
            outbox: VecDeque::new(),
            in_flight: None,
            is_given: false,
            sequence: 0,
            owed_us: 0,
            now_us: 0,
            greeted: false,
            grace: None,
        }
    }

    /// How time passes.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Where the engine's clock was last seen.
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// What has been sent and not answered.
    pub fn in_flight(&self) -> Option<&Command> {
        self.in_flight.as_ref().map(|request| &request.command)
    }

    /// The engine listens.
    pub fn greeted(&mut self) {
        self.greeted = true;
    }

    /// Puts a command behind those that wait.
    pub fn push(&mut self, command: Command) {
        self.outbox.push_back(command);
    }

    /// Changes the pace; a fast run remembers the pace it came from.
    pub fn set_pace(&mut self, pace: Pace) {
        if let Pace::Fast { .. } = pace
            && !matches!(self.pace, Pace::Fast { .. })
        {
            self.before = self.pace;
        }
        match pace {
            Pace::Speed(_) | Pace::Most => self.running = pace,
            Pace::Paused | Pace::Fast { .. } => {}
        }
        self.pace = pace;
        self.owed_us = 0;
        self.grace = None;
    }

    /// After a stop, time passes as it did before.
    pub fn go_on_as_before(&mut self) {
        self.set_pace(self.running);
    }

    /// Takes the place of the conductor of a session that is over.
    pub fn renewed(&self) -> Conductor {
        Conductor { running: self.running, ..Conductor::new(self.pace) }
    }

    /// Host time has passed.
    pub fn frame(&mut self, host_us: u64) {
        if let Pace::Speed(speed) = self.pace {
            let most = OWED_HOST_US_MAX * u64::from(speed);
            self.owed_us = (self.owed_us + host_us * u64::from(speed)).min(most);
        }
    }

    /// Whether frames are needed: time passes, or something is under way.
    pub fn is_active(&self) -> bool {
        self.pace != Pace::Paused || self.grace.is_some() || self.in_flight.is_some() || !self.outbox.is_empty()
    }

    /// The next request, if one may be sent now.
    pub fn next_request(&mut self) -> Option<Request> {
        if !self.greeted || self.in_flight.is_some() {
            return None;
        }
        let given = self.outbox.pop_front();
        self.is_given = given.is_some();
        let command = given.or_else(|| self.next_of_time())?;
        if let (Pace::Paused, Some(goal)) = (self.pace, goal_of(&command)) {
            self.grace = Some((goal, self.now_us + PAUSED_COMMAND_US));
        }
        self.sequence += 1;
        let request = Request { sequence: self.sequence, command };
        self.in_flight = Some(request.clone());
        Some(request)
    }

    fn next_of_time(&mut self) -> Option<Command> {
        match self.pace {
            Pace::Speed(_) if self.owed_us > 0 => Some(Command::Advance { dt_us: std::mem::take(&mut self.owed_us) }),
            Pace::Speed(_) => None,
            Pace::Most => Some(Command::RunUntil {
                goal: Goal::Limit,
                limit_us: self.now_us + SLICE_US,
                events_max: SLICE_EVENTS_MAX,
            }),
            Pace::Fast { goal, limit_us } => Some(Command::RunUntil { goal, limit_us, events_max: SLICE_EVENTS_MAX }),
            Pace::Paused => {
                self.grace.map(|(goal, limit_us)| Command::RunUntil { goal, limit_us, events_max: SLICE_EVENTS_MAX })
            }
        }
    }

    /// Takes note of an answer. An answer to nothing (a greeting, last words) changes nothing but the clock.
    pub fn answered(&mut self, answer: &Answer) {
        if let Some(request) = self.in_flight.take_if(|request| request.sequence == answer.sequence) {
            self.go_on(request.command, answer);
        }
        for update in &answer.updates {
            match update {
                Update::Clock { now_us } => self.now_us = *now_us,
                Update::Reached { goal, .. } => self.reached(*goal),
                _ => {}
            }
        }
    }

    /// A run that was given and has not come to its goal goes on before anything else: its slice was over.
    fn go_on(&mut self, command: Command, answer: &Answer) {
        let is_over = |update: &Update| matches!(update, Update::Reached { .. } | Update::Refused { .. });
        if self.is_given && matches!(command, Command::RunUntil { .. }) && !answer.updates.iter().any(is_over) {
            self.outbox.push_front(command);
        }
    }

    fn reached(&mut self, reached: Goal) {
        match self.pace {
            Pace::Fast { goal, .. } if goal == reached => self.set_pace(self.before),
            Pace::Paused => self.grace = None,
            Pace::Fast { .. } | Pace::Most | Pace::Speed(_) => {}
        }
    }
}

/// Until when there is something to do after this command: a terminal has a reader again; a page is there, of which nobody
/// knows when.
fn goal_of(command: &Command) -> Option<Goal> {
    match command {
        Command::Input { terminal, .. }
        | Command::Run { terminal, .. }
        | Command::Interrupt { terminal, .. }
        | Command::Eof { terminal }
        | Command::EditorResult { terminal, .. } => Some(Goal::Prompt { terminal: *terminal }),
        Command::Browse { .. } => Some(Goal::Limit),
        Command::Start(_)
        | Command::Restore { .. }
        | Command::OpenTerminal { .. }
        | Command::CloseTerminal { .. }
        | Command::Complete { .. }
        | Command::Probe { .. }
        | Command::Watch { .. }
        | Command::Unwatch { .. }
        | Command::WriteFile { .. }
        | Command::Look(_)
        | Command::ListFiles
        | Command::ReadFile { .. }
        | Command::Export { .. }
        | Command::Check { .. }
        | Command::Suggest { .. }
        | Command::Advance { .. }
        | Command::RunUntil { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(sequence: u64, updates: Vec<Update>) -> Answer {
        Answer { sequence, updates }
    }

    fn input(text: &str) -> Command {
        Command::Input { terminal: 1, text: text.into() }
    }

    fn listening(pace: Pace) -> Conductor {
        let mut conductor = Conductor::new(pace);
        conductor.greeted();
        conductor
    }

    #[test]
    fn nothing_is_sent_before_the_greeting_and_one_thing_at_a_time_after_it() {
        let mut conductor = Conductor::new(Pace::Paused);
        conductor.push(input("a\n"));
        conductor.push(input("b\n"));
        assert_eq!(conductor.next_request(), None);
        conductor.greeted();
        assert_eq!(conductor.next_request().map(|request| request.command), Some(input("a\n")));
        assert_eq!(conductor.next_request(), None);
        conductor.answered(&answer(1, vec![]));
        assert_eq!(conductor.next_request().map(|request| request.command), Some(input("b\n")));
    }

    #[test]
    fn time_is_host_time_times_speed_and_does_not_leap() {
        let mut conductor = listening(Pace::Speed(20));
        assert_eq!(conductor.next_request(), None, "no time has passed");
        conductor.frame(16_000);
        assert_eq!(conductor.next_request().map(|request| request.command), Some(Command::Advance { dt_us: 320_000 }));
        conductor.frame(3_600_000_000);
        conductor.answered(&answer(1, vec![]));
        assert_eq!(
            conductor.next_request().map(|request| request.command),
            Some(Command::Advance { dt_us: 2_000_000 })
        );
    }

    #[test]
    fn a_fast_run_goes_on_in_slices_and_then_back_to_the_pace_before() {
        let mut conductor = listening(Pace::Speed(5));
        conductor.set_pace(Pace::Fast { goal: Goal::Settled, limit_us: 9 });
        for sequence in 1..=2 {
            assert!(matches!(conductor.next_request().map(|r| r.command), Some(Command::RunUntil { limit_us: 9, .. })));
            conductor.answered(&answer(sequence, vec![]));
        }
        conductor.next_request();
        conductor.answered(&answer(3, vec![Update::Reached { goal: Goal::Settled, is_met: true }]));
        assert_eq!(conductor.pace(), Pace::Speed(5));
    }

    #[test]
    fn after_a_stop_time_passes_as_it_did_before() {
        let mut conductor = listening(Pace::Speed(1));
        conductor.set_pace(Pace::Speed(20));
        conductor.set_pace(Pace::Paused);
        conductor.set_pace(Pace::Fast { goal: Goal::NextEvent, limit_us: 9 });
        conductor.set_pace(Pace::Paused);
        let mut next = conductor.renewed();
        for conductor in [&mut conductor, &mut next] {
            assert_eq!(conductor.pace(), Pace::Paused);
            conductor.go_on_as_before();
            assert_eq!(conductor.pace(), Pace::Speed(20));
        }
    }

    #[test]
    fn a_question_beside_it_does_not_stop_a_command_while_the_clock_stands() {
        let mut conductor = listening(Pace::Paused);
        let (goal, limit_us) = (Goal::Prompt { terminal: 1 }, PAUSED_COMMAND_US);
        let grace = Command::RunUntil { goal, limit_us, events_max: SLICE_EVENTS_MAX };
        let probe = Command::Probe { id: 1, lines: vec!["kubectl get pods".into()] };
        conductor.push(input("a\n"));
        conductor.push(probe.clone());
        let mut sent = |updates: Vec<Update>| {
            let request = conductor.next_request()?;
            conductor.answered(&answer(request.sequence, updates));
            Some(request.command)
        };
        assert_eq!(sent(vec![]), Some(input("a\n")));
        assert_eq!(sent(vec![]), Some(probe));
        assert_eq!(sent(vec![Update::Reached { goal, is_met: true }]), Some(grace));
        assert_eq!(sent(vec![]), None);
    }

    #[test]
    fn a_run_that_was_given_goes_on_before_what_was_given_after_it() {
        let mut conductor = listening(Pace::Paused);
        let goal = Goal::Prompt { terminal: 9 };
        let run = Command::RunUntil { goal, limit_us: 9, events_max: 1 };
        conductor.push(run.clone());
        conductor.push(input("a\n"));
        let mut sent = |updates: Vec<Update>| {
            let request = conductor.next_request().unwrap();
            conductor.answered(&answer(request.sequence, updates));
            request.command
        };
        assert_eq!(sent(vec![]), run);
        assert_eq!(sent(vec![Update::Clock { now_us: 5 }]), run);
        assert_eq!(sent(vec![Update::Reached { goal, is_met: true }]), run);
        assert_eq!(sent(vec![]), input("a\n"));
    }

    #[test]
    fn at_the_highest_speed_slice_follows_slice_without_waiting_for_host_time() {
        let mut conductor = listening(Pace::Most);
        for (sequence, now_us) in [(1, 0), (2, SLICE_US), (3, SLICE_US + 5)] {
            conductor.answered(&answer(sequence - 1, vec![Update::Clock { now_us }]));
            match conductor.next_request().map(|request| request.command) {
                Some(Command::RunUntil { goal: Goal::Limit, limit_us, .. }) => assert_eq!(limit_us, now_us + SLICE_US),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_command_of_a_stopped_clock_gets_a_little_time() {
        let mut conductor = listening(Pace::Paused);
        conductor.answered(&answer(0, vec![Update::Clock { now_us: 7 }]));
        conductor.push(input("kubectl get pods\n"));
        conductor.next_request();
        conductor.answered(&answer(1, vec![]));
        let goal = Goal::Prompt { terminal: 1 };
        match conductor.next_request().map(|request| request.command) {
            Some(Command::RunUntil { goal: asked, limit_us, .. }) => {
                assert_eq!((asked, limit_us), (goal, 7 + PAUSED_COMMAND_US));
            }
            other => panic!("{other:?}"),
        }
        conductor.answered(&answer(2, vec![Update::Reached { goal, is_met: true }]));
        assert_eq!(conductor.next_request(), None);
        assert!(!conductor.is_active());
    }

    #[test]
    fn so_does_a_page_that_is_asked_for() {
        let mut conductor = listening(Pace::Paused);
        conductor.push(Command::Browse { visit: 1, url: "http://a/".into(), base: String::new(), form: None });
        conductor.next_request();
        conductor.answered(&answer(1, vec![]));
        let next = conductor.next_request().map(|request| request.command);
        assert_eq!(
            next,
            Some(Command::RunUntil { goal: Goal::Limit, limit_us: PAUSED_COMMAND_US, events_max: SLICE_EVENTS_MAX })
        );
    }
}
