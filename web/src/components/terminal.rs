//! A terminal: the text so far, and the line that is being typed. The element edits the line itself and sends whole
//! lines; whoever reads the terminal (a shell, an inner shell, `cat`) gets them.
//!
//! Tab completes, so Tab does not leave the line; Esc makes the next Tab leave it.

use view::{Command, Goal, INPUT_BYTES_MAX, Mode};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlElement, HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

use super::terminal_chunk::{TerminalChunk, runs};
use super::terminal_menu::TerminalMenu;
use super::toolbar::Wish;
use crate::driver::Pace;
use crate::i18n::{Language, Text};
use crate::line::{Effect, Line, Stroke};
use crate::store::{Action, Completions, FIRST_TERMINAL, Shared, Terminal};

/// Nearer to the end than this, in pixels, the text follows what is written.
const STICKY_PX: i32 = 40;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Its number.
    pub number: u32,
    /// Its text.
    pub terminal: Shared<Terminal>,
    /// Whether there is an engine.
    pub ready: bool,
    /// How time passes.
    pub pace: Pace,
    /// A command that a button types.
    pub typed: Option<Shared<String>>,
    /// The terminal that its button opens.
    pub opens: Option<u32>,
    /// For the engine.
    pub on_command: Callback<Command>,
    /// For the store.
    pub on_action: Callback<Action>,
    /// For the driver.
    pub on_wish: Callback<Wish>,
}

/// What a keystroke needs to know and to change.
#[derive(Clone)]
struct Keys {
    language: Language,
    number: u32,
    terminal: Shared<Terminal>,
    line: UseStateHandle<Line>,
    chosen: UseStateHandle<usize>,
    area: NodeRef,
    on_command: Callback<Command>,
    on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn TerminalPane(props: &Props) -> Html {
    let &Props { language, number, .. } = props;
    let terminal = &props.terminal;
    let (log, area) = (use_node_ref(), use_node_ref());
    let sticks = use_mut_ref(|| true);
    let line = use_state(Line::default);
    let chosen = use_state(|| 0_usize);
    let keys = Keys {
        language,
        number,
        terminal: terminal.clone(),
        line,
        chosen,
        area: area.clone(),
        on_command: props.on_command.clone(),
        on_action: props.on_action.clone(),
    };
    {
        let (log, sticks) = (log.clone(), sticks.clone());
        use_effect_with((terminal.clone(), props.ready), move |_| follow(&log, *sticks.borrow()));
    }
    {
        let keys = keys.clone();
        use_effect_with(terminal.completions.clone(), move |completions| keys.offered(completions.as_ref()));
    }
    {
        let keys = keys.clone();
        use_effect_with(props.typed.clone(), move |typed| {
            if let Some(command) = typed {
                keys.set_value(command, None);
                focus(&keys.area);
            }
        });
    }
    let on_scroll = {
        let log = log.clone();
        Callback::from(move |_: Event| *sticks.borrow_mut() = is_at_end(&log))
    };
    let on_click = {
        let area = area.clone();
        Callback::from(move |_: MouseEvent| {
            if !has_selection() {
                focus(&area);
            }
        })
    };
    let line_id = format!("line-{number}");
    let menu_id = format!("menu-{number}");
    let menu = keys.menu();
    let active = menu.as_ref().map(|_| format!("{menu_id}-{}", *keys.chosen));
    let (on_key, on_input, on_paste, take) = (keys.clone(), keys.clone(), keys.clone(), keys.clone());
    html! {
        <div class="terminal">
            <div class="terminal-log" ref={log} onscroll={on_scroll} onclick={on_click} tabindex="0" role="log" lang="en"
                aria-live="polite" aria-label={language.say(Text::TerminalLog)}>
                <div>{ for terminal.chunks.iter().map(|chunk| html! {
                    <TerminalChunk key={chunk.id} chunk={chunk.clone()} />
                }) }</div>
                <div class="terminal-line">
                    <span class="terminal-head">
                        { runs(&terminal.tail) }<span class="text-prompt">{ &terminal.prompt }</span>
                    </span>
                    <textarea id={line_id} class="terminal-input" ref={area} rows="1" spellcheck="false"
                        autocomplete="off" autocapitalize="off" aria-label={language.say(Text::CommandLine)}
                        aria-autocomplete="list" aria-controls={menu.as_ref().map(|_| menu_id.clone())}
                        aria-activedescendant={active} readonly={terminal.mode == Mode::Closed}
                        onkeydown={move |event: KeyboardEvent| on_key.key(&event)}
                        oninput={move |_: InputEvent| on_input.typed()}
                        onpaste={move |event: Event| on_paste.paste(&event)} />
                </div>
                if let Some(completions) = menu {
                    <TerminalMenu {language} id={menu_id} {completions} chosen={*keys.chosen}
                        on_take={move |index| take.take(index)} />
                }
            </div>
            { foot(props) }
        </div>
    }
}

/// What the terminal does, and what can be done about it.
fn foot(props: &Props) -> Html {
    let language = props.language;
    let stands = props.pace == Pace::Paused;
    let on_wish = props.on_wish.clone();
    let goal = Goal::Prompt { terminal: props.number };
    html! {
        <p class="terminal-foot">
            if !props.ready {
                <span>{ language.say(Text::Starting) }</span>
            } else if props.terminal.mode == Mode::Closed {
                <span>{ language.say(Text::Closed) }</span>
            } else if props.terminal.mode == Mode::Busy {
                <span class="busy">{ language.say(if stands { Text::BusyPaused } else { Text::Busy }) }</span>
                <button type="button" class="quiet" onclick={move |_| on_wish.emit(Wish::Fast(goal))}>
                    { language.say(Text::SkipWait) }
                </button>
            } else {
                <span>{ language.say(Text::TerminalHint) }</span>
            }
            { window_buttons(props) }
        </p>
    }
}

/// One more terminal, and one less: the first one stays.
fn window_buttons(props: &Props) -> Html {
    let &Props { language, number, opens, .. } = props;
    let ask = |command: Command, text: Text| {
        let on_command = props.on_command.clone();
        html! {
            <button type="button" class="quiet" onclick={move |_| on_command.emit(command.clone())}>
                { language.say(text) }
            </button>
        }
    };
    html! {
        <span class="terminal-windows">
            if number != FIRST_TERMINAL {
                { ask(Command::CloseTerminal { terminal: number }, Text::CloseTerminal) }
            }
            if let Some(terminal) = opens.filter(|_| props.ready) {
                { ask(Command::OpenTerminal { terminal }, Text::NewTerminal) }
            }
        </span>
    }
}

impl Keys {
    fn area(&self) -> Option<HtmlTextAreaElement> {
        self.area.cast::<HtmlTextAreaElement>()
    }

    fn value(&self) -> String {
        self.area().map(|area| area.value()).unwrap_or_default()
    }

    fn set_value(&self, text: &str, cursor: Option<usize>) {
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
    fn menu(&self) -> Option<Shared<Completions>> {
        let completions = self.terminal.completions.clone()?;
        (completions.candidates.len() > 1 && completions.line == self.line.asked).then_some(completions)
    }

    fn key(&self, event: &KeyboardEvent) {
        // An input method composes: its keys are not ours.
        if event.is_composing() {
            return;
        }
        let text = self.value();
        let Some(stroke) = stroke_of(event, &text, self.menu().is_some()) else {
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
            Effect::Send(text) => {
                self.set_value("", None);
                self.close_menu();
                self.on_command.emit(Command::Input { terminal: self.number, text });
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
    fn typed(&self) {
        let mut line = (*self.line).clone();
        line.typed();
        self.line.set(line);
        if self.terminal.completions.is_some() {
            self.close_menu();
        }
    }

    fn paste(&self, event: &Event) {
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
        let text = format!("{before}{}", &pasted[..=end]);
        self.on_command.emit(Command::Input { terminal: self.number, text });
    }

    /// Tab has been answered: the only way to go on is gone, and what all ways share is typed.
    fn offered(&self, completions: Option<&Shared<Completions>>) {
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

    fn take(&self, index: usize) {
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

/// What a key means here; `None` for a key that edits the line by itself.
fn stroke_of(event: &KeyboardEvent, text: &str, menu: bool) -> Option<Stroke> {
    let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
    let control = event.ctrl_key() && !event.meta_key() && !event.alt_key();
    match event.key().as_str() {
        "ArrowDown" if plain && menu => Some(Stroke::MenuDown),
        "ArrowUp" if plain && menu => Some(Stroke::MenuUp),
        "Tab" if plain && menu => Some(if event.shift_key() { Stroke::MenuUp } else { Stroke::MenuDown }),
        "Enter" if plain && menu => Some(Stroke::MenuTake),
        "Escape" if menu => Some(Stroke::MenuClose),
        "Enter" if plain => Some(Stroke::Enter),
        "ArrowUp" if plain => Some(Stroke::Older),
        "ArrowDown" if plain => Some(Stroke::Newer),
        "Tab" if plain && !event.shift_key() => Some(Stroke::Tab),
        "c" if control && !has_selection() => Some(Stroke::Interrupt),
        "d" if control && text.is_empty() => Some(Stroke::Eof),
        "l" if control => Some(Stroke::Clear),
        "p" if control => Some(Stroke::Older),
        "n" if control => Some(Stroke::Newer),
        "u" if control => Some(Stroke::Kill),
        _ => None,
    }
}

/// Text is selected on the page, or in the focused field: Ctrl-C copies it.
fn has_selection() -> bool {
    let Some(window) = web_sys::window() else { return false };
    let on_page = window.get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
    let field = window.document().and_then(|document| document.active_element());
    let in_field = field
        .and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
        .is_some_and(|area| area.selection_start().ok().flatten() != area.selection_end().ok().flatten());
    on_page || in_field
}

fn focus(area: &NodeRef) {
    if let Some(area) = area.cast::<HtmlElement>() {
        // An element that cannot take the focus is left as it is.
        let _ = area.focus();
    }
}

fn is_at_end(log: &NodeRef) -> bool {
    log.cast::<HtmlElement>().is_none_or(|log| log.scroll_height() - log.scroll_top() - log.client_height() < STICKY_PX)
}

fn follow(log: &NodeRef, sticks: bool) {
    if let Some(log) = log.cast::<HtmlElement>().filter(|_| sticks) {
        log.set_scroll_top(log.scroll_height());
    }
}
