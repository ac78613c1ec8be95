//! A terminal: the text so far, and the line that is being typed. The element edits the line itself and sends whole
//! lines; whoever reads the terminal (a shell, an inner shell, `cat`) gets them. Names of objects in the text are links:
//! pointing at one lights the object up in the picture, a click chooses it. By keyboard: Shift-Tab leaves the line for the
//! text, where the arrow keys go from name to name and Enter chooses.

use view::{Command, Goal, Mode};
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::app::Hands;
use super::events::name_at;
use super::terminal_chunk::{Names, TerminalChunk, runs};
use super::terminal_keys::{Keys, focus, has_selection};
use super::terminal_menu::TerminalMenu;
use super::terminal_names as names;
use super::toolbar::Wish;
use crate::driver::Pace;
use crate::i18n::{Language, Text};
use crate::line::Line;
use crate::store::{Action, FIRST_TERMINAL, Shared, Terminal, Typed};

/// Nearer to the end than this, in pixels, the text follows what is written.
const STICKY_PX: i32 = 40;
/// The last chunks, whose names are links: the scrollback above stays plain text, and cheap.
const LINKED_CHUNKS: usize = 10;

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
    /// Whether only buttons type.
    pub is_readonly: bool,
    /// Whether it was used last.
    pub active: bool,
    /// How time passes.
    pub pace: Pace,
    /// A command that a button types.
    pub typed: Option<Shared<Typed>>,
    /// What can be asked.
    pub hands: Hands,
}

/// See the module.
#[component]
pub(super) fn TerminalPane(props: &Props) -> Html {
    let &Props { language, number, active, .. } = props;
    let terminal = &props.terminal;
    let (log, area) = (use_node_ref(), use_node_ref());
    let sticks = use_mut_ref(|| true);
    let keys = Keys {
        language,
        number,
        terminal: terminal.clone(),
        line: use_state(Line::default),
        chosen: use_state(|| 0_usize),
        area: area.clone(),
        is_readonly: props.is_readonly,
        on_command: props.hands.on_command.clone(),
        on_action: props.hands.on_action.clone(),
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
            if let Some(typed) = typed {
                keys.set_value(&typed.command, None);
                focus(&keys.area);
            }
        });
    }
    let on_scroll = {
        let log = log.clone();
        Callback::from(move |_: Event| *sticks.borrow_mut() = is_at_end(&log))
    };
    let on_use = props.hands.on_action.reform(move |_: FocusEvent| Action::Use(number));
    let (on_click, on_over) = pointing(props, &area);
    let on_key = {
        let (log, area, on_action) = (log.clone(), area.clone(), props.hands.on_action.clone());
        Callback::from(move |event: KeyboardEvent| names::key(&event, &log, &area, &on_action))
    };
    let first_linked = terminal.chunks.len().saturating_sub(LINKED_CHUNKS);
    html! {
        <div class={if active { "terminal active" } else { "terminal" }} onfocusin={on_use}>
            { head(props) }
            <div class="terminal-log" ref={log} onscroll={on_scroll} onclick={on_click} onmouseover={on_over}
                onkeydown={on_key} aria-description={language.say(Text::TerminalNamesHint)}
                onmouseleave={props.hands.on_action.reform(|_: MouseEvent| Action::Point(None))}
                tabindex="0" role="log" lang="en" aria-live="polite"
                aria-label={language.fill(Text::TerminalLog, &[&number.to_string()])}>
                <div>{ for terminal.chunks.iter().enumerate().map(|(index, chunk)| html! {
                    <TerminalChunk key={chunk.id} chunk={chunk.clone()} linked={index >= first_linked} />
                }) }</div>
                { line(&keys) }
            </div>
        </div>
    }
}

/// What a click and the pointer do: names are chosen and lit up, and elsewhere a click goes to the line.
fn pointing(props: &Props, area: &NodeRef) -> (Callback<MouseEvent>, Callback<MouseEvent>) {
    let (follow, area) = (props.hands.on_action.clone(), area.clone());
    let on_click = Callback::from(move |event: MouseEvent| match name_at(&event) {
        _ if has_selection() => {}
        Some(name) => follow.emit(Action::Follow(name)),
        None => focus(&area),
    });
    let point = props.hands.on_action.clone();
    let on_over = Callback::from(move |event: MouseEvent| point.emit(Action::Point(name_at(&event))));
    (on_click, on_over)
}

/// The line that is being typed, with its menu.
fn line(keys: &Keys) -> Html {
    let (language, terminal) = (keys.language, &keys.terminal);
    let number = keys.number.to_string();
    let menu_id = ["menu-", &number].concat();
    let menu = keys.menu();
    let active = menu.as_ref().map(|_| format!("{menu_id}-{}", *keys.chosen));
    let search = keys.line.search.as_ref();
    let prompt = if search.is_some() { "(reverse-i-search): " } else { &terminal.prompt };
    let found = search.and_then(|search| search.found(&keys.value(), &terminal.history).map(str::to_owned));
    let (on_key, on_input, on_paste, take) = (keys.clone(), keys.clone(), keys.clone(), keys.clone());
    html! {
        <>
            <div class="terminal-line">
                <span class="terminal-head">
                    { runs(&terminal.tail, Names::Plain) }<span class="text-prompt">{ prompt }</span>
                </span>
                <textarea id={["line-", &number].concat()} class="terminal-input" ref={keys.area.clone()} rows="1"
                    spellcheck="false" autocomplete="off" autocapitalize="off"
                    aria-label={language.fill(Text::CommandLine, &[&number])}
                    aria-description={language.say(Text::TerminalHint)} aria-autocomplete="list"
                    aria-controls={menu.as_ref().map(|_| menu_id.clone())} aria-activedescendant={active}
                    readonly={terminal.mode == Mode::Closed} disabled={keys.is_readonly}
                    onkeydown={move |event: KeyboardEvent| on_key.key(&event)}
                    oninput={move |_: InputEvent| on_input.typed()}
                    onpaste={move |event: Event| on_paste.paste(&event)} />
            </div>
            if search.is_some() {
                <p class="terminal-found" role="status">
                    { found.unwrap_or_else(|| language.say(Text::NothingFound).into()) }
                </p>
            }
            if let Some(completions) = menu {
                <TerminalMenu {language} id={menu_id} {completions} chosen={*keys.chosen}
                    on_take={move |index| take.take(index)} />
            }
        </>
    }
}

/// Its name, what it does, and what can be done about it.
fn head(props: &Props) -> Html {
    let &Props { language, number, ready, .. } = props;
    let stands = props.pace == Pace::Paused;
    let on_wish = props.hands.on_wish.clone();
    let goal = Goal::Prompt { terminal: number };
    let name = language.fill(Text::TerminalNumber, &[&number.to_string()]);
    html! {
        <div class="pane-head">
            <h2>{ name }</h2>
            if !ready {
                <span class="pane-note">{ language.say(Text::Starting) }</span>
            } else if props.terminal.mode == Mode::Closed {
                <span class="pane-note">{ language.say(Text::Closed) }</span>
            } else if props.terminal.mode == Mode::Busy {
                <span class="pane-note busy">{ language.say(if stands { Text::BusyPaused } else { Text::Busy }) }</span>
                <button type="button" class="quiet" onclick={move |_| on_wish.emit(Wish::Fast(goal))}>
                    { language.say(Text::SkipWait) }
                </button>
            } else {
                <span class="pane-note hint">{ language.say(Text::TerminalHint) }</span>
                <span class="pane-note hint-names" aria-hidden="true">{ language.say(Text::TerminalNamesHint) }</span>
            }
            if number != FIRST_TERMINAL {
                { close_button(props) }
            }
        </div>
    }
}

/// The first terminal stays.
fn close_button(props: &Props) -> Html {
    let &Props { language, number, .. } = props;
    let on_click = props.hands.on_command.reform(move |_: MouseEvent| Command::CloseTerminal { terminal: number });
    let label = language.fill(Text::CloseTerminal, &[&number.to_string()]);
    html! {
        <button type="button" class="quiet close" aria-label={label.clone()} title={label} onclick={on_click}>{ "×" }</button>
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
