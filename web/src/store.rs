//! The page's state, in slices behind [`Shared`], and the reducer. Pure: effects live in the driver.
//!
//! A slice that an action does not concern keeps its pointer, and components compare pointers.

mod picture;
mod terminal;

use ordered::OrderedMap;
use std::ops::Deref;
use std::rc::Rc;

use view::{Probed, Uid, Update};
use yew::Reducible;

pub use picture::{Cell, PictureState, Rows};
pub use terminal::{Chunk, Completions, Run, Style, Terminal};

use crate::browser::{Act, Browser};
use crate::driver::{Outcome, Pace};
use crate::i18n::Language;

/// The terminal that is open from the start and stays.
pub const FIRST_TERMINAL: u32 = 1;
/// Terminals on one page.
pub const TERMINALS_MAX: usize = 4;

/// Shared data, compared by pointer.
#[derive(Debug, Default)]
pub struct Shared<T>(Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Shared<T> {
    /// Shares it.
    pub fn new(value: T) -> Self {
        Shared(Rc::new(value))
    }
}

impl<T: Clone> Shared<T> {
    /// Its own copy to change, with a new pointer if anyone else holds it.
    pub fn edit(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

/// A trap of the engine, as it is reported.
#[derive(Clone, PartialEq, Debug)]
pub struct Crash {
    /// The panic's words, or the browser's.
    pub text: String,
    /// What was under way.
    pub doing: String,
    /// The journal: the seed is in its first line.
    pub journal: String,
    /// Whether there is anything to take back.
    pub can_go_back: bool,
}

/// A text that a program in a terminal wants edited.
#[derive(Clone, PartialEq, Debug)]
pub struct Editing {
    /// The terminal that waits.
    pub terminal: u32,
    /// What is edited.
    pub path: String,
    /// As it was opened.
    pub text: String,
}

/// Which of the two halves a narrow screen shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// The picture.
    Picture,
    /// The terminal.
    Terminal,
}

/// Everything the page shows.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// By number.
    pub terminals: Shared<OrderedMap<u32, Shared<Terminal>>>,
    /// Rows and places.
    pub picture: Shared<PictureState>,
    /// Virtual clock, microseconds since the Unix epoch.
    pub now_us: u64,
    /// Virtual time at which the session began.
    pub start_us: u64,
    /// How time passes.
    pub pace: Pace,
    /// Whether an engine has answered yet.
    pub ready: bool,
    /// A reload would lose the session.
    pub unkept: bool,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// A trap.
    pub crash: Option<Shared<Crash>>,
    /// An open editor.
    pub editing: Option<Shared<Editing>>,
    /// A command that a button has put into terminal 1's line, for the reader to send.
    pub typed: Option<Shared<String>>,
    /// How things stand: the newest answer to a probe, with the probe's number.
    pub probed: Option<Shared<(u32, Vec<Probed>)>>,
    /// A sentence of the engine that belongs to no terminal.
    pub notice: Option<String>,
    /// The little browser.
    pub browser: Shared<Browser>,
    /// The page's language.
    pub language: Language,
    /// What a narrow screen shows.
    pub half: Half,
}

/// What happens to the state.
#[derive(Clone, Debug)]
pub enum Action {
    /// The driver's news.
    Driver(Outcome),
    /// The reader looks at an object, or away.
    Select(Option<Uid>),
    /// The page's language.
    Speak(Language),
    /// What a narrow screen shows.
    Show(Half),
    /// A button types a command into terminal 1.
    Type(String),
    /// Ctrl-L.
    ClearScreen(u32),
    /// A completion menu closes.
    DropCompletions(u32),
    /// The editor closes.
    CloseEditor,
    /// The crash report closes: a new engine is being made.
    CloseReport,
    /// There is something to say that belongs to no terminal.
    Notice(String),
    /// The notice has been read.
    CloseNotice,
    /// The reader uses the little browser.
    Browser(Act),
}

impl State {
    /// Before the engine's first answer.
    pub fn new(language: Language, pace: Pace) -> State {
        let terminals = OrderedMap::from([(FIRST_TERMINAL, Shared::new(Terminal::default()))]);
        State {
            terminals: Shared::new(terminals),
            picture: Shared::default(),
            now_us: 0,
            start_us: 0,
            pace,
            ready: false,
            unkept: false,
            selected: None,
            crash: None,
            editing: None,
            typed: None,
            probed: None,
            notice: None,
            browser: Shared::default(),
            language,
            half: Half::Terminal,
        }
    }

    fn forget_session(&mut self) {
        let history = self.terminals.get(&FIRST_TERMINAL).map(|terminal| terminal.history.clone());
        let fresh = State::new(self.language, self.pace);
        *self = State { unkept: self.unkept, half: self.half, notice: self.notice.take(), ..fresh };
        self.terminal(FIRST_TERMINAL).history = history.unwrap_or_default();
    }

    /// The number of a terminal that is not there yet; none if there is no room for one.
    pub fn free_terminal(&self) -> Option<u32> {
        let last = self.terminals.keys().next_back().copied().unwrap_or(FIRST_TERMINAL);
        (self.terminals.len() < TERMINALS_MAX).then_some(last + 1)
    }

    fn terminal(&mut self, number: u32) -> &mut Terminal {
        self.terminals.edit().entry(number).or_default().edit()
    }

    fn apply(&mut self, update: Update) {
        match update {
            Update::Output { terminal, stream, text } => self.terminal(terminal).output(stream, &text),
            Update::Echo { terminal, mode, prompt, text } => self.terminal(terminal).echo(mode, &prompt, &text),
            Update::Prompt { terminal, mode, prompt } => self.terminal(terminal).prompt(mode, prompt),
            Update::Clear { terminal } => self.terminal(terminal).clear(),
            Update::TerminalClosed { terminal } => drop(self.terminals.edit().remove(&terminal)),
            Update::Completions { terminal, line, from, candidates } => {
                self.terminal(terminal).offer(Completions { line, from: from as usize, candidates });
            }
            Update::Clock { now_us } => self.now_us = now_us,
            Update::Picture(picture) => self.picture.edit().apply(*picture),
            Update::OpenEditor { terminal, path, text } => {
                self.editing = Some(Shared::new(Editing { terminal, path, text }));
            }
            update @ (Update::Page { .. } | Update::NoPage { .. } | Update::OpenPage { .. }) => {
                self.browser.edit().apply(update);
            }
            Update::Refused { message } => self.notice = Some(message),
            Update::Probed { id, answers } => self.probed = Some(Shared::new((id, answers))),
            // The driver keeps these.
            Update::Reached { .. } | Update::Journal { .. } | Update::Report { .. } => {}
        }
    }

    fn hear(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Frame { reset, updates, pace, unkept, start_us } => {
                if reset {
                    self.forget_session();
                    self.ready = true;
                }
                (self.pace, self.unkept, self.start_us) = (pace, unkept, start_us);
                for update in updates {
                    self.apply(update);
                }
            }
            Outcome::Crashed(crash) => self.crash = Some(Shared::new(crash)),
        }
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = (*self).clone();
        match action {
            Action::Driver(outcome) => state.hear(outcome),
            Action::Select(uid) => state.selected = uid,
            Action::Speak(language) => state.language = language,
            Action::Show(half) => state.half = half,
            Action::Type(command) => {
                state.typed = Some(Shared::new(command));
                state.half = Half::Terminal;
            }
            Action::ClearScreen(number) => state.terminal(number).clear(),
            Action::DropCompletions(number) => state.terminal(number).completions = None,
            Action::CloseEditor => state.editing = None,
            Action::CloseReport => state.crash = None,
            Action::Notice(sentence) => state.notice = Some(sentence),
            Action::CloseNotice => state.notice = None,
            Action::Browser(act) => state.browser.edit().act(act),
        }
        Rc::new(state)
    }
}
