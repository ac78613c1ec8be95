//! The dock below the picture: the editor, and the terminals side by side; on a narrow screen one terminal at a time.

use ordered::OrderedMap;

use view::Command;
use yew::prelude::*;

use super::app::Hands;
use super::browser::BrowserPane;
use super::editor::EditorPane;
use super::splitter::Splitter;
use super::terminal::TerminalPane;
use crate::browser::Browser;
use crate::driver::Pace;
use crate::i18n::{Language, Text};
use crate::store::{Action, EditorState, Pane, Panes, Shared, Terminal, Typed};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// By number.
    pub terminals: Shared<OrderedMap<u32, Shared<Terminal>>>,
    /// The one that was used last.
    pub active: u32,
    /// Whether there is an engine.
    pub ready: bool,
    /// Whether only buttons type.
    pub is_readonly: bool,
    /// How time passes.
    pub pace: Pace,
    /// The terminal that a button opens.
    pub opens: Option<u32>,
    /// A command that a button types.
    pub typed: Option<Shared<Typed>>,
    /// What is open.
    pub panes: Panes,
    /// The editor's state.
    pub editor: Shared<EditorState>,
    /// The little browser.
    pub browser: Shared<Browser>,
    /// What can be asked.
    pub hands: Hands,
}

/// See the module.
#[component]
pub(super) fn Dock(props: &Props) -> Html {
    let Props { language, panes, hands, .. } = props;
    html! {
        <section class="dock" aria-label={language.say(Text::Dock)}>
            if panes.is_open(Pane::Editor) {
                <EditorPane language={*language} editor={props.editor.clone()} terminal={props.active}
                    on_command={hands.on_command.clone()} on_action={hands.on_action.clone()} />
                <Splitter pane={Pane::Editor} label={language.say(Text::ResizeEditor)}
                    size={panes.size(Pane::Editor)} on_action={hands.on_action.clone()} />
            }
            <div class="terminals">
                { strip(props) }
                <div class="terminal-row">{ for props.terminals.iter().map(|(&number, terminal)| pane(props, number, terminal)) }</div>
            </div>
            if props.browser.is_open {
                <div class="pane-browser">
                    <BrowserPane language={*language} browser={props.browser.clone()}
                        on_command={hands.on_command.clone()} on_action={hands.on_action.clone()} />
                </div>
            }
        </section>
    }
}

fn pane(props: &Props, number: u32, terminal: &Shared<Terminal>) -> Html {
    let Props { language, hands, .. } = props;
    html! {
        <TerminalPane key={number} language={*language} {number} terminal={terminal.clone()} ready={props.ready}
            is_readonly={props.is_readonly} pace={props.pace} active={props.active == number}
            typed={props.typed.clone().filter(|typed| typed.terminal == number)} hands={hands.clone()} />
    }
}

/// The terminals by name, to choose from where one is seen at a time, and a button for one more.
fn strip(props: &Props) -> Html {
    let Props { language, hands, .. } = props;
    let language = *language;
    let tab = |number: u32| {
        let on_action = hands.on_action.clone();
        html! {
            <button key={number} type="button" class="strip-tab" aria-pressed={(props.active == number).to_string()}
                onclick={move |_| on_action.emit(Action::Use(number))}>
                { language.fill(Text::TerminalNumber, &[&number.to_string()]) }
            </button>
        }
    };
    html! {
        <div class="strip" role="group" aria-label={language.say(Text::Terminals)}>
            <span class="strip-tabs">{ for props.terminals.keys().map(|&number| tab(number)) }</span>
            if let Some(terminal) = props.opens.filter(|_| props.ready && !props.is_readonly) {
                <button type="button" class="quiet" onclick={
                    let on_command = hands.on_command.clone();
                    move |_| on_command.emit(Command::OpenTerminal { terminal })
                }>
                    { language.say(Text::NewTerminal) }
                </button>
            }
        </div>
    }
}
