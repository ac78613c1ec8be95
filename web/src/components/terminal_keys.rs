//! The keys of a terminal's line: what they mean, and what they do to the element and to the engine.
//!
//! Tab completes, so Tab does not leave the line; Esc makes the next Tab leave it.

use view::{Command, INPUT_BYTES_MAX};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

use crate::i18n::{Language, Text};
use crate::line::{Effect, Line, Stroke};
use crate::store::{Action, Completions, Shared, Terminal};

/// What a keystroke needs to know and to change.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) language: Language,
    pub(super) number: u32,
    pub(super) terminal: Shared<Terminal>,
    pub(super) line: UseStateHandle<Line>,
    pub(super) chosen: UseStateHandle<usize>,
    pub(super) area: NodeRef,
    pub(super) is_readonly: bool,
    pub(super) on_command: Callback<Command>,
    pub(super) on_action: Callback<Action>,
}

impl Keys {
    fn standing(&self) -> Standing {
        if self.menu().is_some() { Standing::Menu } else { Standing::Line }
    }

    fn area(&self) -> Option<HtmlTextAreaElement> {
        self.area.cast::<HtmlTextAreaElement>()
    }

    pub(super) fn value(&self) -> String {
        self.area().map(|area| area.value()).unwrap_or_default()
    }

    pub(super) fn set_value(&self, text: &str, cursor: Option<usize>) {
        if let Some(area) = self.area() {
            area.set_value(text);
            let units = text[..cursor.unwrap_or(text.len())].encode_utf16().count() as u32;
            // A position within the text is always accepted.
            let _ = area.set_selection_range(units, units);
        }
    }

    /// In bytes.
    fn cursor(&self, text: &str) -> usize {
        let units = self.area().and_then(|area| area.selection_start().ok().flatten()).unwrap_or(0) as usize;
        let mut seen = 0;
        text.char_indices()
            .find(|(_, letter)| {
                let found = seen >= units;
                seen += letter.len_utf16();
                found
            })
            .map_or(text.len(), |(at, _)| at)
    }

    /// The open menu: one that was asked for this very line and has more than one way to go on.
    pub(super) fn menu(&self) -> Option<Shared<Completions>> {
        let completions = self.terminal.completions.clone()?;
        (completions.candidates.len() > 1 && completions.line == self.line.asked).then_some(completions)
    }

    pub(super) fn key(&self, event: &KeyboardEvent) {
        // An input method composes: its keys are not ours.
        if event.is_composing() {
            return;
        }
        let text = self.value();
        let standing = if self.line.search.is_some() { Standing::Search } else { self.standing() };
        let Some(stroke) = stroke_of(event, &text, standing) else {
            if event.key() == "Escape" {
                self.release();
            }
            return;
        };
        if stroke == Stroke::Tab && self.line.released {
            return;
        }
        event.prevent_default();
        match stroke {
            Stroke::MenuDown => self.move_choice(1),
            Stroke::MenuUp => self.move_choice(-1),
            Stroke::MenuTake => self.take(*self.chosen),
            Stroke::MenuClose => self.close_menu(),
            stroke => self.edit(stroke, text),
        }
    }

    fn edit(&self, stroke: Stroke, text: String) {
        let cursor = self.cursor(&text);
        let mut line = (*self.line).clone();
        let effect = line.stroke(stroke, &text, cursor, &self.terminal.history);
        self.line.set(line);
        match effect {
            Effect::None => {}
            Effect::Show(text) => self.set_value(&text, None),
            Effect::ShowFrom(text, cursor) => self.set_value(&text, Some(cursor)),
            Effect::Send(text) => {
                self.set_value("", None);
                self.close_menu();
                self.send(text);
            }
            Effect::Interrupt(pending) => {
                self.set_value("", None);
                self.close_menu();
                self.on_command.emit(Command::Interrupt { terminal: self.number, pending });
            }
            Effect::Eof => self.on_command.emit(Command::Eof { terminal: self.number }),
            Effect::Clear => self.on_action.emit(Action::ClearScreen(self.number)),
            Effect::Complete { line, cursor } => {
                let cursor = cursor as u32;
                self.on_command.emit(Command::Complete { terminal: self.number, line, cursor });
            }
        }
    }

    /// Esc: the menu closes, or else the next Tab leaves the line.
    fn release(&self) {
        let mut line = (*self.line).clone();
        line.released = true;
        self.line.set(line);
    }

    /// The reader has typed: an open menu is about another line now.
    pub(super) fn typed(&self) {
        let mut line = (*self.line).clone();
        line.typed();
        self.line.set(line);
        if self.terminal.completions.is_some() {
            self.close_menu();
        }
    }

    pub(super) fn paste(&self, event: &Event) {
        let Some(data) = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data) else { return };
        let pasted = data.get_data("text/plain").unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
        let Some(end) = pasted.rfind('\n') else { return };
        event.prevent_default();
        if pasted.len() > INPUT_BYTES_MAX {
            let most = (INPUT_BYTES_MAX >> 20).to_string();
            self.on_action.emit(Action::Notice(self.language.fill(Text::PasteTooLong, &[&most])));
            return;
        }
        let text = self.value();
        let (before, after) = text.split_at(self.cursor(&text));
        let rest = format!("{}{after}", &pasted[end + 1..]);
        self.set_value(&rest, Some(pasted.len() - end - 1));
        self.send(format!("{before}{}", &pasted[..=end]));
    }

    fn send(&self, text: String) {
        self.on_action.emit(Action::Entered(text.clone()));
        self.on_command.emit(Command::Input { terminal: self.number, text });
    }

    /// Tab has been answered: the only way to go on is gone, and what all ways share is typed.
    pub(super) fn offered(&self, completions: Option<&Shared<Completions>>) {
        let Some(completions) = completions else { return };
        let text = self.value();
        if completions.line != text {
            self.close_menu();
            return;
        }
        let cursor = self.cursor(&text);
        let shared = crate::line::shared_start(&completions.candidates);
        if let [only] = completions.candidates.as_slice() {
            self.replace(completions.from, cursor, &only.text);
            self.close_menu();
        } else if completions.from + shared.len() > cursor {
            self.replace(completions.from, cursor, &shared);
            self.close_menu();
        } else {
            self.chosen.set(0);
        }
    }

    pub(super) fn take(&self, index: usize) {
        let text = self.value();
        if let Some(completions) = self.menu()
            && let Some(candidate) = completions.candidates.get(index)
            && completions.line == text
        {
            self.replace(completions.from, self.cursor(&text), &candidate.text);
        }
        self.close_menu();
        focus(&self.area);
    }

    fn replace(&self, from: usize, cursor: usize, with: &str) {
        let text = self.value();
        if let (Some(before), Some(after)) = (text.get(..from), text.get(cursor..)) {
            self.set_value(&format!("{before}{with}{after}"), Some(from + with.len()));
        }
    }

    fn move_choice(&self, by: isize) {
        let count = self.menu().map_or(1, |menu| menu.candidates.len()) as isize;
        self.chosen.set((*self.chosen as isize + by).rem_euclid(count) as usize);
    }

    fn close_menu(&self) {
        self.on_action.emit(Action::DropCompletions(self.number));
    }
}

/// What the keys are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The line.
    Line,
    /// An open menu.
    Menu,
    /// A search through the history.
    Search,
}

/// What a key means here; `None` for a key that edits the line by itself.
fn stroke_of(event: &KeyboardEvent, text: &str, standing: Standing) -> Option<Stroke> {
    if event.meta_key() || event.alt_key() {
        return None;
    }
    let key = event.key();
    let control = event.ctrl_key();
    let of_standing = match standing {
        Standing::Menu if !control => menu_stroke(&key, event.shift_key()),
        Standing::Search => search_stroke(&key, control),
        Standing::Menu | Standing::Line => None,
    };
    of_standing.or_else(|| if control { control_stroke(&key, text) } else { plain_stroke(&key, event.shift_key()) })
}

fn menu_stroke(key: &str, shift: bool) -> Option<Stroke> {
    Some(match key {
        "ArrowDown" => Stroke::MenuDown,
        "ArrowUp" => Stroke::MenuUp,
        "Tab" if shift => Stroke::MenuUp,
        "Tab" => Stroke::MenuDown,
        "Enter" => Stroke::MenuTake,
        "Escape" => Stroke::MenuClose,
        _ => return None,
    })
}

fn search_stroke(key: &str, control: bool) -> Option<Stroke> {
    Some(match key {
        "Escape" | "Tab" | "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" => Stroke::SearchTake,
        "c" | "g" if control => Stroke::SearchLeave,
        _ => return None,
    })
}

fn plain_stroke(key: &str, shift: bool) -> Option<Stroke> {
    Some(match key {
        "Enter" => Stroke::Enter,
        "ArrowUp" => Stroke::Older,
        "ArrowDown" => Stroke::Newer,
        "Tab" if !shift => Stroke::Tab,
        _ => return None,
    })
}

fn control_stroke(key: &str, text: &str) -> Option<Stroke> {
    Some(match key {
        "c" if !has_selection() => Stroke::Interrupt,
        "d" if text.is_empty() => Stroke::Eof,
        "l" => Stroke::Clear,
        "p" => Stroke::Older,
        "n" => Stroke::Newer,
        "u" => Stroke::Kill,
        "k" => Stroke::KillRest,
        "a" => Stroke::Home,
        "e" => Stroke::End,
        "r" => Stroke::Search,
        _ => return None,
    })
}

/// Text is selected on the page, or in the focused field: Ctrl-C copies it.
pub(super) fn has_selection() -> bool {
    let Some(window) = web_sys::window() else { return false };
    let on_page = window.get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
    let field = window.document().and_then(|document| document.active_element());
    let in_field = field
        .and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
        .is_some_and(|area| area.selection_start().ok().flatten() != area.selection_end().ok().flatten());
    on_page || in_field
}

pub(super) fn focus(area: &NodeRef) {
    if let Some(area) = area.cast::<HtmlElement>() {
        // An element that cannot take the focus is left as it is.
        let _ = area.focus();
    }
}
