//! The page inside somebody else's: what its address asks for, and what it and the page around it say to each other.
//!
//! A host that may run scripts uses `embed.js`, which opens this page with `embed=1` and then tells it with what to begin. A host
//! that may not uses the address alone: every other parameter works without a word from outside.
//!
//! Invariant: only the window that holds this one is listened to. What it can ask for is what a reader could do.

mod host;
mod messages;

use view::{Command, File, Goal, Start};

use crate::driver::{SLICE_EVENTS_MAX, SPEEDS};
use crate::i18n::Language;
use crate::lesson::LESSONS;
use crate::store::{Pane, Panes, View};

pub use host::Host;
pub use messages::{Said, listen, tell};

/// How a page can look, whatever the system prefers.
const THEMES: [&str; 2] = ["light", "dark"];
/// The version of the messages.
const VERSION: u32 = 1;
/// The terminal in which a host's commands run before the reader sees anything. No reader opens so many.
pub const HIDDEN_TERMINAL: u32 = 1_000;
/// Virtual time that a host's commands may take before the reader's come.
const SETUP_US_MAX: u64 = 3_600_000_000;
/// The file in which the reader finds the host's manifest.
const MANIFEST: &str = "manifest.yaml";

/// What the address asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guest {
    /// The page around this one says with what to begin.
    pub waits: bool,
    /// What is shown; empty for all.
    pub views: Vec<View>,
    /// Whether only buttons type.
    pub is_readonly: bool,
    /// The lesson that is open.
    pub lesson: Option<String>,
    /// What it speaks, whatever the browser prefers.
    pub language: Option<Language>,
    /// `light` or `dark`, whatever the system prefers.
    pub theme: Option<&'static str>,
    /// Virtual seconds per second.
    pub speed: Option<u32>,
    /// Of every random stream.
    pub seed: Option<u64>,
    /// How many nodes.
    pub nodes: Option<u32>,
}

/// What a host's cluster begins with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beginning {
    /// Applied before anything else; may be empty.
    pub manifest: String,
    /// Commands that nobody sees.
    pub setup: Vec<String>,
    /// Commands that are offered as buttons.
    pub commands: Vec<String>,
}

impl Guest {
    /// What `?a=b&c=d` asks for. What cannot be read is left out: `embed.js` has told the author.
    pub fn of_query(query: &str) -> Guest {
        let mut guest = Guest::default();
        for (name, value) in query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "embed" => guest.waits = value == VERSION.to_string(),
                "views" => {
                    guest.views =
                        value.split(['+', ',']).flat_map(|word| word.split("%2C")).filter_map(view_of).collect()
                }
                "lesson" => guest.lesson = Some(value.into()),
                "readonly" => guest.is_readonly = value == "1",
                "lang" => guest.language = Language::of_tag(value),
                "theme" => guest.theme = THEMES.into_iter().find(|theme| *theme == value),
                "speed" => guest.speed = value.parse().ok().filter(|speed| SPEEDS.contains(speed)),
                "seed" => guest.seed = value.parse().ok(),
                "nodes" => guest.nodes = value.parse().ok(),
                _ => {}
            }
        }
        guest
    }

    /// Whether this page stands in another, or is cut down as if it did.
    pub fn is_guest(&self) -> bool {
        self.waits || !self.views.is_empty()
    }

    /// Whether a part of the page is shown. In somebody else's page a lesson is, where one is asked for.
    pub fn shows(&self, view: View) -> bool {
        let is_asked = self.views.contains(&view);
        match view {
            View::Lesson if self.is_guest() => is_asked || (self.views.is_empty() && self.lesson.is_some()),
            _ => is_asked || self.views.is_empty(),
        }
    }

    /// The lesson that is asked for and that there is not.
    pub fn unknown_lesson(&self) -> Option<&str> {
        self.lesson.as_deref().filter(|name| LESSONS.iter().all(|(known, _)| known != name))
    }

    /// What is open: what was asked for, and nothing that was kept from another visit.
    pub fn panes(&self, kept: Panes) -> Panes {
        if self.views.is_empty() {
            return if self.is_guest() { Panes::default() } else { kept };
        }
        let dock = self.shows(View::Terminal) || self.shows(View::Editor);
        let open = [(Pane::Lesson, self.shows(View::Lesson)), (Pane::Side, self.shows(View::Events))];
        let docked = [(Pane::Dock, dock), (Pane::Editor, self.shows(View::Editor))];
        open.into_iter().chain(docked).fold(Panes::default(), |panes, (pane, open)| panes.opened(pane, open))
    }
}

impl Beginning {
    /// The session, with the manifest as a file.
    pub fn start(&self, start: Start) -> Start {
        let manifest = File { path: MANIFEST.into(), text: self.manifest.clone() };
        let files = if self.manifest.is_empty() { Vec::new() } else { vec![manifest] };
        Start { files, ..start }
    }

    /// The manifest and the setup, typed where nobody looks, and run to their end before anything that follows; nothing if
    /// there is nothing to do. A setup that does not end goes on beside the reader after [`SETUP_US_MAX`].
    pub fn commands(&self, start_us: u64) -> Vec<Command> {
        let apply = ["kubectl apply -f ", MANIFEST].concat();
        let lines = std::iter::once(&apply).filter(|_| !self.manifest.is_empty()).chain(&self.setup);
        let text: String = lines.flat_map(|line| [line.as_str(), "\n"]).collect();
        if text.is_empty() {
            return Vec::new();
        }
        let (goal, limit_us) = (Goal::Prompt { terminal: HIDDEN_TERMINAL }, start_us + SETUP_US_MAX);
        vec![
            Command::OpenTerminal { terminal: HIDDEN_TERMINAL },
            Command::Input { terminal: HIDDEN_TERMINAL, text },
            // In slices: the page stays alive, and a long setup is no hung engine.
            Command::RunUntil { goal, limit_us, events_max: SLICE_EVENTS_MAX },
        ]
    }
}

fn view_of(word: &str) -> Option<View> {
    match word {
        "lesson" => Some(View::Lesson),
        "picture" => Some(View::Picture),
        "terminal" => Some(View::Terminal),
        "editor" => Some(View::Editor),
        "events" => Some(View::Events),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_shown() {
        let guest = Guest::of_query("?embed=1&views=terminal%2Cpicture&lang=ja&theme=dark&speed=20&nodes=3&seed=7&x=y");
        assert!(guest.waits && guest.is_guest() && !guest.is_readonly);
        assert_eq!(guest.views, [View::Terminal, View::Picture]);
        assert_eq!((guest.language, guest.theme, guest.speed), (Some(Language::Ja), Some("dark"), Some(20)));
        let panes = guest.panes(Panes::default());
        assert!(panes.is_open(Pane::Dock) && !panes.is_open(Pane::Side) && !panes.is_open(Pane::Lesson));
    }

    #[test]
    fn a_lesson_is_shown_where_one_is_asked_for() {
        let shows = |query: &str| Guest::of_query(query).shows(View::Lesson);
        assert!(shows("") && shows("?lesson=zookeeper"), "the page itself has one in any case");
        assert!(shows("?embed=1&lesson=zookeeper") && shows("?views=lesson,terminal"));
        assert!(!shows("?embed=1") && !shows("?embed=1&lesson=zookeeper&views=terminal"));
        assert_eq!(Guest::of_query("?lesson=nope").unknown_lesson(), Some("nope"));
        assert_eq!(Guest::of_query("?lesson=zookeeper").unknown_lesson(), None);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let guest = Guest::of_query("?embed=9&views=nothing&theme=pink&speed=3&nodes=many&lang=xx");
        assert_eq!(guest, Guest::default());
        assert_eq!(Guest::of_query(""), Guest::default());
    }

    #[test]
    fn a_host_s_manifest_is_a_file_and_is_applied_first() {
        let begin = Beginning { manifest: "kind: Pod\n".into(), setup: vec!["true".into()], commands: Vec::new() };
        let commands = begin.commands(5);
        let text = "kubectl apply -f manifest.yaml\ntrue\n".to_owned();
        assert_eq!(commands[1], Command::Input { terminal: HIDDEN_TERMINAL, text });
        assert!(matches!(commands[2], Command::RunUntil { goal: Goal::Prompt { terminal: HIDDEN_TERMINAL }, .. }));
        assert!(Beginning::default().commands(5).is_empty());
    }
}
