//! What there is to know about the object that the reader looks at, why it is as it is, and the commands that tell more.

use view::{Condition, EventRow, Looked, Name, Uid, Verdict};
use yew::prelude::*;

use super::events::line as event_line;
use super::inspector_card::{Card, card_of};
use crate::i18n::{Language, Text};
use crate::order::by_key;
use crate::store::{Found, PictureState, Shared};
use crate::why::sentence;

/// Events of one object that are shown.
const EVENTS_SHOWN: usize = 40;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Rows.
    pub picture: Shared<PictureState>,
    /// What the reader looks at.
    pub selected: Option<Uid>,
    /// The object as the engine last showed it.
    pub looked: Option<Shared<Looked>>,
    /// When the session began.
    pub start_us: u64,
    /// A command to be typed in the terminal.
    pub on_type: Callback<String>,
    /// The reader looks away.
    pub on_select: Callback<Option<Uid>>,
}

/// Which page of the panel is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Summary,
    Yaml,
    Events,
}

/// An object's name, and its row, which differs whenever the object has changed.
pub(super) fn name_and_row(picture: &PictureState, uid: Uid) -> Option<(Name, Found)> {
    picture.get(uid).map(|found| (found.name(), found))
}

/// See the module.
#[component]
pub(super) fn Inspector(props: &Props) -> Html {
    let language = props.language;
    let tab = use_state(|| Tab::Summary);
    let found = props.selected.and_then(|uid| props.picture.get(uid));
    let Some(found) = found else {
        return html! {
            <section class="inspector" aria-label={language.say(Text::Inspector)}>
                <p class="empty">{ language.say(Text::InspectorHint) }</p>
            </section>
        };
    };
    let name = found.name();
    let looked = props.looked.as_deref().filter(|looked| looked.name == name);
    let close = props.on_select.reform(|_: MouseEvent| None);
    html! {
        <section class="inspector" aria-label={language.say(Text::Inspector)}>
            <div class="inspector-head">
                <h2><span class="inspector-kind">{ name.kind.clone() }</span>{ name.name.clone() }</h2>
                <button type="button" class="quiet close" aria-label={language.say(Text::Close)} onclick={close}>
                    { "×" }
                </button>
            </div>
            { tabs(language, &tab) }
            <div class="inspector-body" aria-live="polite">
                { match *tab {
                    Tab::Summary => summary(props, &found, looked),
                    Tab::Yaml => yaml(language, looked),
                    Tab::Events => events(props, &name),
                } }
            </div>
        </section>
    }
}

fn tabs(language: Language, tab: &UseStateHandle<Tab>) -> Html {
    let button = |choice: Tab, text: Text| {
        let handle = tab.clone();
        html! {
            <button type="button" aria-pressed={(**tab == choice).to_string()} onclick={move |_| handle.set(choice)}>
                { language.say(text) }
            </button>
        }
    };
    html! {
        <div class="inspector-tabs" role="group" aria-label={language.say(Text::InspectorPages)}>
            { button(Tab::Summary, Text::Summary) }
            { button(Tab::Yaml, Text::Yaml) }
            { button(Tab::Events, Text::Events) }
        </div>
    }
}

fn summary(props: &Props, found: &Found, looked: Option<&Looked>) -> Html {
    let language = props.language;
    let Card { mut fields, commands, verdicts } = card_of(language, &props.picture, found);
    add_decision(language, &mut fields, looked);
    let conditions = looked.map_or(&[][..], |looked| &looked.conditions);
    html! {
        <>
            <dl>
                { for fields.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| html! {
                    <div key={language.say(name)} class={if name == Text::FieldWhy { "field why" } else { "field" }}>
                        <dt>{ language.say(name) }</dt><dd>{ value }</dd>
                    </div>
                }) }
            </dl>
            { verdict_list(language, &verdicts) }
            { condition_list(language, conditions) }
            <h3>{ language.say(Text::Commands) }</h3>
            <div class="inspector-commands">
                { for commands.into_iter().map(|command| button(props, command)) }
            </div>
        </>
    }
}

/// What a controller has decided about the object, beside what its status says.
fn add_decision(language: Language, fields: &mut Vec<(Text, String)>, looked: Option<&Looked>) {
    let decided = looked.map(|looked| sentence(language, &looked.why)).unwrap_or_default();
    if let Some(why) = fields.iter_mut().find(|(name, _)| *name == Text::FieldWhy)
        && why.1 != decided
    {
        match why.1.is_empty() {
            true => why.1 = decided,
            false => fields.insert(2, (Text::FieldDecided, decided)),
        }
    }
}

/// What the scheduler said of each node.
fn verdict_list(language: Language, verdicts: &[Verdict]) -> Html {
    if verdicts.is_empty() {
        return Html::default();
    }
    html! {
        <>
            <h3>{ language.say(Text::Verdicts) }</h3>
            <ul class="verdicts" lang="en">
                { for verdicts.iter().map(|verdict| html! {
                    <li key={verdict.node.clone()}><b>{ &verdict.node }</b>{ " " }{ &verdict.reason }</li>
                }) }
            </ul>
        </>
    }
}

fn condition_list(language: Language, conditions: &[Condition]) -> Html {
    if conditions.is_empty() {
        return Html::default();
    }
    let class = |status: &str| if status == "True" { "condition true" } else { "condition" };
    html! {
        <>
            <h3>{ language.say(Text::Conditions) }</h3>
            <ul class="conditions" lang="en">
                { for conditions.iter().map(|condition| html! {
                    <li key={condition.kind.clone()} class={class(&condition.status)}>
                        <b>{ &condition.kind }</b>{ " " }<span>{ &condition.status }</span>{ " " }
                        <span class="condition-reason">{ &condition.reason }</span>
                        if !condition.message.is_empty() {
                            <span class="condition-message">{ &condition.message }</span>
                        }
                    </li>
                }) }
            </ul>
        </>
    }
}

fn yaml(language: Language, looked: Option<&Looked>) -> Html {
    let text = looked.map(|looked| looked.yaml.clone()).unwrap_or_default();
    html! { <pre class="inspector-yaml" tabindex="0" lang="en" aria-label={language.say(Text::Yaml)}>{ text }</pre> }
}

fn events(props: &Props, name: &Name) -> Html {
    let object = [&name.kind.to_lowercase(), "/", &name.name].concat();
    let is_about = |event: &&Shared<EventRow>| {
        event.object == object && (name.namespace.is_empty() || event.namespace == name.namespace)
    };
    let events = by_key(props.picture.events.values().filter(is_about), |event| (u64::MAX - event.at_us, event.uid));
    if events.is_empty() {
        return html! { <p class="empty">{ props.language.say(Text::NoEvents) }</p> };
    }
    html! {
        <ol class="event-list" lang="en">
            { for events.into_iter().take(EVENTS_SHOWN).map(|event| event_line(event, props.start_us)) }
        </ol>
    }
}

/// Buttons type the command: the page teaches the command line.
fn button(props: &Props, command: String) -> Html {
    let label = props.language.fill(Text::TypeCommand, &[&command]);
    let typed = command.clone();
    let on_click = props.on_type.reform(move |_: MouseEvent| typed.clone());
    html! {
        <button key={command.clone()} type="button" class="type" aria-label={label} onclick={on_click}>
            <code>{ command }</code>
        </button>
    }
}
