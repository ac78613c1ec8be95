//! The commands that a host page offers: a button types its command, and sends it.

use view::Command;
use yew::prelude::*;

use crate::i18n::{Language, Text};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// As the host wrote them.
    pub commands: Vec<String>,
    /// Where they are typed.
    pub terminal: u32,
    /// Sends it.
    pub on_command: Callback<Command>,
}

/// See the module.
#[component]
pub(super) fn Commands(props: &Props) -> Html {
    let terminal = props.terminal;
    let button = |command: &String| {
        let text = [command.as_str(), "\n"].concat();
        html! {
            <button type="button" class="offered" key={command.clone()} lang="en"
                onclick={props.on_command.reform(move |_| Command::Input { terminal, text: text.clone() })}>
                <code>{ command }</code>
            </button>
        }
    };
    html! {
        <nav class="offers" aria-label={props.language.say(Text::Offers)}>
            { for props.commands.iter().map(button) }
        </nav>
    }
}
