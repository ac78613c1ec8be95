//! The newest events. The object of each is a link.

use view::EventRow;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use crate::i18n::{Language, Text, elapsed};
use crate::order::by_key;
use crate::store::{Action, PictureState, Shared};

/// How many are shown.
const EVENTS_SHOWN: usize = 50;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
    pub picture: Shared<PictureState>,
    /// When the session began.
    pub start_us: u64,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn Events(props: &Props) -> Html {
    let Props { language, picture, start_us, on_action } = props;
    let events = by_key(picture.events.values(), |event| (u64::MAX - event.at_us, u128::MAX - event.uid.0));
    let follow = on_action.clone();
    let on_click = move |event: MouseEvent| {
        if let Some(name) = name_at(&event) {
            follow.emit(Action::Follow(name));
        }
    };
    html! {
        <details class="events" open=true>
            <summary>{ language.say(Text::Events) }</summary>
            if events.is_empty() {
                <p class="empty">{ language.say(Text::NoEvents) }</p>
            } else {
                <ol class="event-list" tabindex="0" aria-label={language.say(Text::Events)} lang="en" onclick={on_click}
                    onmouseover={on_action.reform(|event: MouseEvent| Action::Point(name_at(&event)))}
                    onmouseleave={on_action.reform(|_: MouseEvent| Action::Point(None))}>
                    { for events.into_iter().take(EVENTS_SHOWN).map(|event| line(event, *start_us)) }
                </ol>
            }
        </details>
    }
}

/// The name under the pointer.
pub(super) fn name_at(event: &MouseEvent) -> Option<String> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    if element.class_name() == "name" { element.text_content() } else { None }
}

/// One event.
pub(super) fn line(event: &EventRow, start_us: u64) -> Html {
    html! {
        <li key={event.uid.0} class={if event.warning { "event warning" } else { "event" }}>
            <span class="event-time">{ elapsed(event.at_us.saturating_sub(start_us)) }</span>
            <span class="event-reason">{ &event.reason }</span>
            <button type="button" class="name">{ &event.object }</button>
            <span class="event-message">
                { &event.message }
                if event.count > 1 {
                    { format!(" (×{})", event.count) }
                }
            </span>
        </li>
    }
}
