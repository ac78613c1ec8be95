//! What Tab offers, as a list to choose from.

use yew::prelude::*;

use crate::i18n::{Language, Text};
use crate::store::{Completions, Shared};

/// How many are shown at once.
const SHOWN_MAX: usize = 12;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// The element's id, for `aria-controls`.
    pub id: String,
    /// What is offered.
    pub completions: Shared<Completions>,
    /// Which stands out.
    pub chosen: usize,
    /// The reader takes one.
    pub on_take: Callback<usize>,
}

/// See the module.
#[component]
pub(super) fn TerminalMenu(props: &Props) -> Html {
    let Props { language, id, completions, chosen, on_take } = props;
    let count = completions.candidates.len();
    let first = chosen.saturating_sub(SHOWN_MAX / 2).min(count.saturating_sub(SHOWN_MAX));
    let hidden = count.saturating_sub(SHOWN_MAX);
    let option = |(index, candidate): (usize, &view::Candidate)| {
        let on_take = on_take.clone();
        html! {
            <li key={index} id={format!("{id}-{index}")} role="option" aria-selected={(index == *chosen).to_string()}
                // The line keeps the focus.
                onmousedown={|event: MouseEvent| event.prevent_default()} onclick={move |_| on_take.emit(index)}>
                <span>{ candidate.text.trim_end() }</span>
                <span class="menu-note">{ &candidate.note }</span>
            </li>
        }
    };
    html! {
        <div class="menu">
            <ul id={id.clone()} role="listbox" aria-label={language.say(Text::CompletionsLabel)}>
                { for completions.candidates.iter().enumerate().skip(first).take(SHOWN_MAX).map(option) }
            </ul>
            if hidden > 0 {
                <p class="menu-more">{ language.fill(Text::MoreCandidates, &[&hidden.to_string()]) }</p>
            }
        </div>
    }
}
