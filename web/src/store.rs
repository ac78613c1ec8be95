//! The page's state, in slices behind [`Shared`], and the reducer. Pure: effects live in the driver.
//!
//! A slice that an action does not concern keeps its pointer, and components compare pointers.

mod found;
mod panes;
mod picture;
mod relations;
mod terminal;

use ordered::OrderedMap;
use std::ops::Deref;
use std::rc::Rc;

use view::{Looked, Probed, Problem, Stream, Uid, Update};
use yew::Reducible;

pub use found::Found;
pub use panes::{PANES, Pane, Panes, View};
#[cfg(test)]
pub(crate) use picture::tests::pod as pod_row;
pub use picture::{Cell, PictureState, Rows, root_of};
pub use terminal::{Chunk, Completions, Run, Style, Terminal};

use crate::browser::{Act, Browser};
use crate::driver::{Outcome, Pace};
use crate::embed::HIDDEN_TERMINAL;
use crate::i18n::{Language, Text};

/// The terminal that is open from the start and stays.
pub const FIRST_TERMINAL: u32 = 1;
/// Terminals on one page.
pub const TERMINALS_MAX: usize = 6;

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

/// A file in the editor.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Opened {
    /// Relative to the home directory.
    pub path: String,
    /// As it was read or saved last.
    pub text: String,
}

/// What the engine has said about the text in the editor.
#[derive(Clone, PartialEq, Debug)]
pub struct Suggested {
    /// Of the question.
    pub ticket: u32,
    /// A candidate replaces the line from here.
    pub from: u32,
    /// To choose from.
    pub candidates: Vec<view::Candidate>,
}

/// The editor's pane.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EditorState {
    /// The files of the session.
    pub files: Vec<String>,
    /// What is open.
    pub opened: Option<Shared<Opened>>,
    /// What is wrong with it.
    pub problems: Shared<Vec<Problem>>,
    /// The answer to the last question.
    pub suggested: Option<Shared<Suggested>>,
}

/// A command that a button types for the reader.
#[derive(Clone, PartialEq, Debug)]
pub struct Typed {
    /// Into which terminal.
    pub terminal: u32,
    /// What is typed.
    pub command: String,
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
    /// What the reader points at.
    pub hovered: Option<Uid>,
    /// How the selected object was when the engine was last asked.
    pub looked: Option<Shared<Looked>>,
    /// The terminal that the reader used last.
    pub active: u32,
    /// The editor's pane.
    pub editor: Shared<EditorState>,
    /// What is open, and how large.
    pub panes: Panes,
    /// A trap.
    pub crash: Option<Shared<Crash>>,
    /// An open editor.
    pub editing: Option<Shared<Editing>>,
    /// How things stand: the newest answer to a probe, with the probe's number.
    pub probed: Option<Shared<(u32, Vec<Probed>)>>,
    /// A command that a button has put into a terminal's line, for the reader to send.
    pub typed: Option<Shared<Typed>>,
    /// What the reader has sent off last, in any terminal.
    pub entered: Option<Shared<String>>,
    /// A sentence of the engine that belongs to no terminal.
    pub notice: Option<String>,
    /// The little browser.
    pub browser: Shared<Browser>,
    /// The page's language.
    pub language: Language,
    /// What a narrow screen shows.
    pub view: View,
    /// Commands that a host page offers.
    pub offered: Vec<String>,
}

/// What happens to the state.
#[derive(Clone, Debug)]
pub enum Action {
    /// The driver's news.
    Driver(Outcome),
    /// The reader looks at an object, or away.
    Select(Option<Uid>),
    /// The reader points at an object, or away.
    Hover(Option<Uid>),
    /// The reader points at a name that a program has printed, or away.
    Point(Option<String>),
    /// The reader chooses a name that a program has printed.
    Follow(String),
    /// The reader uses a terminal.
    Use(u32),
    /// A pane's size.
    Resize(Pane, i32),
    /// A pane is opened or closed.
    Open(Pane, bool),
    /// A file in the editor was saved.
    Saved(Opened),
    /// The page's language.
    Speak(Language),
    /// What a narrow screen shows.
    Show(View),
    /// A button types a command into the terminal that was used last.
    Type(String),
    /// The reader has sent this off in a terminal.
    Entered(String),
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
    /// The same, from the catalogue.
    Say(Text),
    /// The notice has been read.
    CloseNotice,
    /// The reader uses the little browser.
    Browser(Act),
    /// A host page offers commands.
    Offer(Vec<String>),
}

impl State {
    /// Before the engine's first answer.
    pub fn new(language: Language, pace: Pace, panes: Panes) -> State {
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
            hovered: None,
            looked: None,
            active: FIRST_TERMINAL,
            editor: Shared::default(),
            panes,
            crash: None,
            editing: None,
            typed: None,
            entered: None,
            probed: None,
            notice: None,
            browser: Shared::default(),
            language,
            view: View::Lesson,
            offered: Vec::new(),
        }
    }

    fn forget_session(&mut self) {
        let history = self.terminals.get(&FIRST_TERMINAL).map(|terminal| terminal.history.clone());
        let fresh = State::new(self.language, self.pace, self.panes);
        *self = State {
            unkept: self.unkept,
            view: self.view,
            offered: std::mem::take(&mut self.offered),
            notice: self.notice.take(),
            ..fresh
        };
        self.terminal(FIRST_TERMINAL).history = history.unwrap_or_default();
    }

    fn open(&mut self, pane: Pane, open: bool) {
        self.panes = self.panes.opened(pane, open);
        // The editor stands in the dock.
        if pane == Pane::Editor && open {
            self.panes = self.panes.opened(Pane::Dock, true);
            self.view = View::Editor;
        }
    }

    /// What a narrow screen shows is open on a wide one, too.
    fn show(&mut self, view: View) {
        self.view = view;
        if view == View::Editor {
            self.panes = self.panes.opened(Pane::Editor, true);
        }
        if view == View::Browser && !self.browser.is_open {
            self.browser.edit().act(Act::Toggle);
        }
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
            Update::TerminalClosed { terminal } => {
                self.terminals.edit().remove(&terminal);
                if self.active == terminal {
                    self.active = FIRST_TERMINAL;
                }
            }
            Update::Completions { terminal, line, from, candidates } => {
                self.terminal(terminal).offer(Completions { line, from: from as usize, candidates });
            }
            Update::Looked(looked) => self.looked = Some(Shared::new(*looked)),
            Update::Files { paths } => self.editor.edit().files = paths,
            Update::File { path, text } => {
                let opened = Opened { path, text: text.unwrap_or_default() };
                self.editor.edit().opened = Some(Shared::new(opened));
            }
            Update::Checked { problems, .. } => self.editor.edit().problems = Shared::new(problems),
            Update::Suggested { ticket, from, candidates } => {
                self.editor.edit().suggested = Some(Shared::new(Suggested { ticket, from, candidates }));
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
            // A host's to hear.
            Update::Ran { .. } | Update::Watched { .. } | Update::Reached { .. } => {}
            // The driver keeps these.
            Update::Journal { .. } | Update::Report { .. } | Update::Exported { .. } => {}
        }
    }

    /// A manifest or a setup of the host's that fails must not fail in silence.
    fn overhear(&mut self, update: Update) {
        if let Update::Output { stream: Stream::Stderr, text, .. } = update {
            self.notice.get_or_insert_default().push_str(&text);
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
                    if is_hidden(&update) { self.overhear(update) } else { self.apply(update) }
                }
            }
            Outcome::Crashed(crash) => self.crash = Some(Shared::new(crash)),
            // A file: the page offers it.
            Outcome::Exported(_) => {}
        }
    }
}

/// What a host's own terminal says is nobody's to read, its complaints apart.
fn is_hidden(update: &Update) -> bool {
    match update {
        Update::Output { terminal, .. }
        | Update::Echo { terminal, .. }
        | Update::Prompt { terminal, .. }
        | Update::Clear { terminal }
        | Update::TerminalClosed { terminal } => *terminal == HIDDEN_TERMINAL,
        _ => false,
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = (*self).clone();
        match action {
            Action::Driver(outcome) => state.hear(outcome),
            Action::Select(uid) => state.selected = uid,
            Action::Hover(uid) if state.hovered == uid => return self,
            Action::Hover(uid) => state.hovered = uid,
            Action::Point(word) => {
                let uid = word.and_then(|word| state.picture.find(&word));
                if state.hovered == uid {
                    return self;
                }
                state.hovered = uid;
            }
            Action::Follow(word) => state.selected = state.picture.find(&word).or(state.selected),
            Action::Use(number) if state.active == number => return self,
            Action::Use(number) => state.active = number,
            Action::Resize(pane, size) => state.panes = state.panes.resized(pane, size),
            Action::Open(pane, open) => state.open(pane, open),
            Action::Saved(opened) => state.editor.edit().opened = Some(Shared::new(opened)),
            Action::Speak(language) => state.language = language,
            Action::Show(view) => state.show(view),
            Action::Entered(text) => state.entered = Some(Shared::new(text)),
            Action::Type(command) => {
                state.typed = Some(Shared::new(Typed { terminal: state.active, command }));
                state.view = View::Terminal;
            }
            Action::ClearScreen(number) => state.terminal(number).clear(),
            Action::DropCompletions(number) => state.terminal(number).completions = None,
            Action::CloseEditor => state.editing = None,
            Action::CloseReport => state.crash = None,
            Action::Offer(commands) => state.offered = commands,
            Action::Notice(sentence) => state.notice = Some(sentence),
            Action::Say(text) => state.notice = Some(state.language.say(text).into()),
            Action::CloseNotice => state.notice = None,
            Action::Browser(act) => {
                state.browser.edit().act(act);
                if !state.browser.is_open && state.view == View::Browser {
                    state.view = View::Terminal;
                }
            }
        }
        Rc::new(state)
    }
}
