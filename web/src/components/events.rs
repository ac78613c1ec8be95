//! The newest events.

use std::cmp::Reverse;

use view::EventRow;
use yew::prelude::*;

use crate::i18n::{Language, Text, elapsed};
use crate::order::by_key;
use crate::store::{PictureState, Shared};

/// How many are shown.
const EVENTS_SHOWN: usize = 30;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
    pub picture: Shared<PictureState>,
    /// When the session began.
    pub start_us: u64,
}

/// See the module.
#[component]
pub(super) fn Events(props: &Props) -> Html {
    let Props { language, picture, start_us } = props;
    let events = by_key(picture.events.values(), |event| Reverse((event.at_us, event.uid)));
    html! {
        <details class="events" open=true>
            <summary>{ language.say(Text::Events) }</summary>
            if events.is_empty() {
                <p class="empty">{ language.say(Text::NoEvents) }</p>
            } else {
                <ol tabindex="0" aria-label={language.say(Text::Events)}>
                    { for events.into_iter().take(EVENTS_SHOWN).map(|event| line(event, *start_us)) }
                </ol>
            }
        </details>
    }
}

fn line(event: &EventRow, start_us: u64) -> Html {
    html! {
        <li key={event.uid.to_string()} class={if event.warning { "event warning" } else { "event" }}>
            <span class="event-time">{ elapsed(event.at_us.saturating_sub(start_us)) }</span>
            <span class="event-reason">{ &event.reason }</span>
            <span class="event-object">{ &event.object }</span>
            <span class="event-message">
                { &event.message }
                if event.count > 1 {
                    { format!(" (×{})", event.count) }
                }
            </span>
        </li>
    }
}
