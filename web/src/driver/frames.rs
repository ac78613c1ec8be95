//! The driver in the browser: frames, visibility, the link's events, and what the store is told.
//!
//! Invariant: at most one [`Outcome::Frame`] per animation frame. Nothing runs while the page is hidden, or while the
//! clock stands and nothing is under way.

use std::cell::RefCell;
use std::rc::Rc;

use view::{Answer, Command, Start, Update, from_bytes, to_bytes};
use wasm_bindgen::prelude::*;
use web_sys::{Storage, Window};
use yew::Callback;

use super::conductor::{Conductor, Pace};
use super::journal::Journal;
use super::link::{Connect, Link, LinkEvent};
use super::pictures::Pictures;
use crate::store::Crash;

/// A request without an answer for so long (host time) is a hung engine; replays may take longer.
const STALL_HOST_US: u64 = 30_000_000;

/// Virtual time between two savings of the clock.
const CLOCK_PRECISION_US: u64 = 1_000_000;

/// Open from the start, beside the session's own.
const SECOND_TERMINAL: u32 = 2;

/// What the store is told.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// What one frame brought.
    Frame {
        /// The session before is gone; the updates begin a new one.
        reset: bool,
        /// In order.
        updates: Vec<Update>,
        /// The pace now.
        pace: Pace,
        /// A reload would lose the session.
        unkept: bool,
        /// Virtual time at which the session began.
        start_us: u64,
    },
    /// The engine has trapped, or hangs.
    Crashed(Crash),
    /// The journal as the draft of a lesson.
    Exported(String),
}

/// The one owner of the link, the pace and the journal. A cheap handle.
#[derive(Clone)]
pub struct Driver(Rc<RefCell<Inner>>);

impl PartialEq for Driver {
    fn eq(&self, other: &Driver) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    conductor: Conductor,
    journal: Journal,
    connect: Connect,
    link: Option<Box<dyn Link>>,
    /// Raised at each new engine: events of the one before are not heard.
    generation: u32,
    window: Window,
    on_outcome: Callback<Outcome>,
    on_frame: Option<Closure<dyn FnMut(f64)>>,
    on_visibility: Option<Closure<dyn FnMut()>>,
    frame_requested: bool,
    last_frame_ms: Option<f64>,
    waiting_us: u64,
    reset: bool,
    updates: Vec<Update>,
    pictures: Pictures,
    told: Option<(Pace, bool)>,
    told_second: u64,
    last_words: Option<String>,
    exported: Option<String>,
    /// What to begin with if the kept journal cannot be read.
    fallback: Option<Vec<Command>>,
    is_refused: bool,
    /// What a host's session began with.
    beginning: Option<(Start, Vec<Command>)>,
}

impl Driver {
    /// A driver without an engine; [`Driver::begin`] makes one.
    /// Its journal is kept in `storage`, if there is one.
    pub fn new(
        connect: Connect,
        window: Window,
        storage: Option<Storage>,
        pace: Pace,
        on_outcome: Callback<Outcome>,
    ) -> Driver {
        let journal = Journal::new(storage);
        let inner = Inner {
            conductor: Conductor::new(pace),
            journal,
            connect,
            link: None,
            generation: 0,
            window,
            on_outcome,
            on_frame: None,
            on_visibility: None,
            frame_requested: false,
            last_frame_ms: None,
            waiting_us: 0,
            reset: false,
            updates: Vec::new(),
            pictures: Pictures::default(),
            told: None,
            told_second: 0,
            last_words: None,
            exported: None,
            fallback: None,
            is_refused: false,
            beginning: None,
        };
        let driver = Driver(Rc::new(RefCell::new(inner)));
        driver.listen();
        driver
    }

    /// The session that this tab kept, or else a new one.
    pub fn begin(&self, start: Start) {
        let kept = {
            let mut inner = self.0.borrow_mut();
            inner.fallback = Some(first_steps(start.clone()));
            let until_us = inner.journal.load();
            until_us.map(|until_us| Command::Restore { lines: inner.journal.texts(), until_us })
        };
        match kept {
            Some(restore) => self.renew(vec![restore]),
            None => self.renew(first_steps(start)),
        }
    }

    /// A new session in place of this one.
    pub fn start_anew(&self, start: Start) {
        self.0.borrow_mut().journal.clear();
        self.renew(first_steps(start));
    }

    /// A new session in place of this one, by the same seed as `start`: where a host has said with what to begin, with that again.
    pub fn begin_again(&self, start: Start) {
        let beginning = self.0.borrow().beginning.clone();
        match beginning {
            Some((host, commands)) => {
                self.0.borrow_mut().journal.clear();
                self.begin_with(Start { seed: start.seed, ..host }, commands);
            }
            None => self.start_anew(start),
        }
    }

    /// A session that begins with these commands, in place of whatever was there, which nobody kept.
    pub fn begin_with(&self, start: Start, commands: Vec<Command>) {
        {
            let mut inner = self.0.borrow_mut();
            inner.fallback = Some(first_steps(start.clone()));
            inner.beginning = Some((start.clone(), commands.clone()));
        }
        self.renew(std::iter::once(Command::Start(start)).chain(commands).collect());
    }

    /// A session that somebody else has had; if its journal cannot be read, a new one.
    pub fn begin_shared(&self, start: Start, journal: &str) {
        self.0.borrow_mut().fallback = Some(first_steps(start));
        self.renew(vec![restore_of(journal, 0)]);
    }

    /// The session of a journal up to an instant, in place of this one; if it cannot be read, this one again.
    pub fn begin_from(&self, journal: &str, until_us: u64) {
        {
            let mut inner = self.0.borrow_mut();
            let present = Command::Restore { lines: inner.journal.texts(), until_us: inner.conductor.now_us() };
            inner.fallback = Some(vec![present]);
        }
        self.renew(vec![restore_of(journal, until_us)]);
    }

    /// Asks for the journal as a lesson; [`Outcome::Exported`] brings it.
    pub fn export_lesson(&self) {
        let lines = self.0.borrow().journal.texts();
        self.send(Command::Export { lines });
    }

    /// Sends a command as soon as the one before it is answered.
    pub fn send(&self, command: Command) {
        self.0.borrow_mut().conductor.push(command);
        self.wake();
    }

    /// Changes how time passes.
    pub fn set_pace(&self, pace: Pace) {
        self.0.borrow_mut().conductor.set_pace(pace);
        self.wake();
    }

    /// How time passes.
    pub fn pace(&self) -> Pace {
        self.0.borrow().conductor.pace()
    }

    /// After a stop, time passes as it did before.
    pub fn go_on_as_before(&self) {
        self.0.borrow_mut().conductor.go_on_as_before();
        self.wake();
    }

    /// Where the clock was last seen.
    pub fn now_us(&self) -> u64 {
        self.0.borrow().conductor.now_us()
    }

    /// The journal as JSON lines.
    pub fn export(&self) -> String {
        self.0.borrow().journal.export()
    }

    /// After a crash: a new engine, and everything again but the last thing that was done. The clock stands, so that
    /// the same bug does not strike before anyone can look.
    pub fn go_back(&self) {
        let restore = {
            let mut inner = self.0.borrow_mut();
            let hung = inner.conductor.in_flight().cloned();
            let until_us = match hung {
                // What was on its way never reached the journal.
                Some(command) if is_journalled(&command) => inner.conductor.now_us(),
                _ => inner.journal.drop_last().unwrap_or(0).saturating_sub(1),
            };
            inner.conductor.set_pace(Pace::Paused);
            Command::Restore { lines: inner.journal.texts(), until_us }
        };
        self.renew(vec![restore]);
    }

    /// Ends the engine, if any, and makes a new one that begins with these commands.
    fn renew(&self, first: Vec<Command>) {
        let (connect, generation) = {
            let mut inner = self.0.borrow_mut();
            inner.link = None;
            inner.generation += 1;
            inner.last_words = None;
            inner.waiting_us = 0;
            inner.conductor = inner.conductor.renewed();
            first.into_iter().for_each(|command| inner.conductor.push(command));
            (inner.connect.clone(), inner.generation)
        };
        let weak = Rc::downgrade(&self.0);
        let link = connect(Callback::from(move |event| {
            if let Some(inner) = weak.upgrade()
                && inner.borrow().generation == generation
            {
                Driver(inner).on_link(event);
            }
        }));
        self.0.borrow_mut().link = Some(link);
        self.wake();
    }

    fn on_link(&self, event: LinkEvent) {
        match event {
            LinkEvent::Bytes(bytes) => match from_bytes::<Answer>(&bytes) {
                Ok(answer) => self.on_answer(answer),
                Err(error) => self.crash(error.to_string()),
            },
            LinkEvent::Died(reason) => self.crash(reason),
        }
    }

    fn on_answer(&self, answer: Answer) {
        let (fallback, exported) = {
            let mut inner = self.0.borrow_mut();
            inner.take(answer);
            let exported = inner.exported.take().map(|text| (inner.on_outcome.clone(), text));
            (if inner.is_refused { inner.fallback.take() } else { None }, exported)
        };
        if let Some((on_outcome, text)) = exported {
            on_outcome.emit(Outcome::Exported(text));
        }
        if let Some(first) = fallback {
            self.0.borrow_mut().journal.clear();
            self.renew(first);
            return;
        }
        self.pump();
        self.wake();
    }

    fn crash(&self, reason: String) {
        let (on_outcome, crash) = {
            let mut inner = self.0.borrow_mut();
            inner.link = None;
            inner.generation += 1;
            let crash = Crash {
                text: inner.last_words.take().unwrap_or(reason),
                doing: inner.conductor.in_flight().map(|command| format!("{command:?}")).unwrap_or_default(),
                journal: inner.journal.export(),
                can_go_back: !inner.journal.texts().is_empty(),
            };
            (inner.on_outcome.clone(), crash)
        };
        on_outcome.emit(Outcome::Crashed(crash));
    }

    /// Sends what may be sent.
    fn pump(&self) {
        let mut inner = self.0.borrow_mut();
        if inner.link.is_none() || inner.is_hidden() {
            return;
        }
        if let Some(request) = inner.conductor.next_request() {
            inner.waiting_us = 0;
            let bytes = to_bytes(&request);
            if let Some(link) = &inner.link {
                link.post(&bytes);
            }
        }
    }

    /// Makes sure that a frame comes.
    fn wake(&self) {
        self.pump();
        self.0.borrow_mut().request_frame();
    }

    fn on_frame(&self, now_ms: f64) {
        let stalled = {
            let mut inner = self.0.borrow_mut();
            inner.frame_requested = false;
            let host_us = inner.last_frame_ms.map_or(0, |last| ((now_ms - last).max(0.0) * 1_000.0) as u64);
            inner.last_frame_ms = Some(now_ms);
            inner.conductor.frame(host_us);
            inner.is_stalled(host_us)
        };
        if stalled {
            self.crash("the engine has not answered for 30 seconds".into());
            return;
        }
        self.tell();
        self.pump();
        let mut inner = self.0.borrow_mut();
        if (inner.conductor.is_active() || !inner.pictures.is_empty()) && inner.link.is_some() {
            inner.request_frame();
        } else {
            inner.last_frame_ms = None;
        }
    }

    /// Tells the store what has come since the last frame.
    fn tell(&self) {
        let told = self.0.borrow_mut().outcome();
        if let Some((on_outcome, outcome)) = told {
            on_outcome.emit(outcome);
        }
    }

    fn listen(&self) {
        let weak = Rc::downgrade(&self.0);
        let frame = Closure::<dyn FnMut(f64)>::new(move |now_ms| {
            if let Some(inner) = weak.upgrade() {
                Driver(inner).on_frame(now_ms);
            }
        });
        let weak = Rc::downgrade(&self.0);
        let visibility = Closure::<dyn FnMut()>::new(move || {
            if let Some(inner) = weak.upgrade() {
                Driver(inner).on_visibility();
            }
        });
        let mut inner = self.0.borrow_mut();
        if let Some(document) = inner.window.document() {
            document.set_onvisibilitychange(Some(visibility.as_ref().unchecked_ref()));
        }
        inner.on_frame = Some(frame);
        inner.on_visibility = Some(visibility);
    }

    fn on_visibility(&self) {
        {
            let mut inner = self.0.borrow_mut();
            inner.last_frame_ms = None;
            let now_us = inner.conductor.now_us();
            if inner.journal.entries() > 0 || now_us > 0 {
                inner.journal.keep_clock(now_us, 0);
            }
        }
        self.wake();
    }
}

impl Inner {
    fn is_hidden(&self) -> bool {
        self.window.document().is_some_and(|document| document.hidden())
    }

    fn request_frame(&mut self) {
        let Some(on_frame) = &self.on_frame else { return };
        if !self.frame_requested {
            self.frame_requested = self.window.request_animation_frame(on_frame.as_ref().unchecked_ref()).is_ok();
        }
    }

    fn is_stalled(&mut self, host_us: u64) -> bool {
        match self.conductor.in_flight() {
            None | Some(Command::Start(_) | Command::Restore { .. }) => false,
            Some(_) => {
                self.waiting_us += host_us;
                self.waiting_us > STALL_HOST_US
            }
        }
    }

    fn take(&mut self, answer: Answer) {
        if answer.sequence == 0 {
            self.conductor.greeted();
        }
        let begins = matches!(self.conductor.in_flight(), Some(Command::Start(_) | Command::Restore { .. }));
        if begins && answer.sequence > 0 {
            self.is_refused = answer.updates.iter().any(|update| matches!(update, Update::Refused { .. }));
        }
        // What is refused begins nothing, if there is something else to begin with.
        if begins && answer.sequence > 0 && !(self.is_refused && self.fallback.is_some()) {
            self.journal.restart();
            // Why the session before could not be had again is still to be read.
            self.updates.retain(|update| matches!(update, Update::Refused { .. }));
            self.pictures.clear();
            self.reset = true;
        }
        self.conductor.answered(&answer);
        for update in answer.updates {
            match update {
                Update::Journal { at_us, line } => self.journal.push(at_us, line),
                Update::Report { text } => self.last_words = Some(text),
                Update::Exported { text } => self.exported = Some(text),
                Update::Clock { .. } => {}
                Update::Picture(picture) => self.pictures.put(*picture),
                update => self.updates.push(update),
            }
        }
        let now_us = self.conductor.now_us();
        self.journal.keep_clock(now_us, CLOCK_PRECISION_US);
    }

    /// What the store does not know yet; `None` if it knows all that can be seen.
    fn outcome(&mut self) -> Option<(Callback<Outcome>, Outcome)> {
        let (pace, unkept) = (self.conductor.pace(), self.journal.is_unkept());
        let now_us = self.conductor.now_us();
        let is_news = self.reset
            || !self.updates.is_empty()
            || !self.pictures.is_empty()
            || self.told != Some((pace, unkept))
            || self.told_second != now_us / 1_000_000;
        if !is_news {
            return None;
        }
        self.told = Some((pace, unkept));
        self.told_second = now_us / 1_000_000;
        let mut updates = std::mem::take(&mut self.updates);
        updates.extend(self.pictures.take().map(|picture| Update::Picture(Box::new(picture))));
        updates.push(Update::Clock { now_us });
        let reset = std::mem::take(&mut self.reset);
        Some((
            self.on_outcome.clone(),
            Outcome::Frame { reset, updates, pace, unkept, start_us: self.journal.first_us() },
        ))
    }
}

/// A new session, with a second terminal: a watch beside the command that it watches is how the tutorials begin.
fn first_steps(start: Start) -> Vec<Command> {
    vec![Command::Start(start), Command::OpenTerminal { terminal: SECOND_TERMINAL }]
}

fn restore_of(journal: &str, until_us: u64) -> Command {
    Command::Restore { lines: journal.lines().map(str::to_owned).collect(), until_us }
}

/// Whether the engine writes this command into the journal.
fn is_journalled(command: &Command) -> bool {
    match command {
        Command::OpenTerminal { .. }
        | Command::CloseTerminal { .. }
        | Command::Input { .. }
        | Command::Run { .. }
        | Command::Interrupt { .. }
        | Command::Eof { .. }
        | Command::EditorResult { .. }
        | Command::WriteFile { .. }
        | Command::Browse { .. } => true,
        Command::Start(_)
        | Command::Restore { .. }
        | Command::Complete { .. }
        | Command::Probe { .. }
        | Command::Watch { .. }
        | Command::Unwatch { .. }
        | Command::Look(_)
        | Command::ListFiles
        | Command::ReadFile { .. }
        | Command::Export { .. }
        | Command::Check { .. }
        | Command::Suggest { .. }
        | Command::Advance { .. }
        | Command::RunUntil { .. } => false,
    }
}
