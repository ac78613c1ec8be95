//! Time, language, and the session as a whole.

use sim::Time;
use view::Goal;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::browser::Act;
use crate::driver::{Pace, SPEEDS};
use crate::i18n::{LANGUAGES, Language, Text, elapsed};
use crate::store::{Action, Pane, Panes};

/// An element's id.
const SHARE_MENU: &str = "share";

/// What the reader asks of the page as a whole.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Wish {
    /// How time is to pass.
    Pace(Pace),
    /// After a stop, as it did before.
    GoOn,
    /// As fast as possible, up to there.
    Fast(Goal),
    /// What the page is to speak.
    Language(Language),
    /// Another session.
    NewCluster,
    /// After a crash.
    GoBack,
    /// As a file.
    SaveJournal,
    /// As a file, too: what was done as the draft of a lesson.
    SaveLesson,
    /// A link to this session.
    Share,
}

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// How time passes.
    pub pace: Pace,
    /// Virtual time.
    pub now_us: u64,
    /// When the session's clock was first seen.
    pub start_us: u64,
    /// Whether there is an engine.
    pub ready: bool,
    /// What is open.
    pub panes: Panes,
    /// Whether the little browser is open.
    pub browses: bool,
    /// What is asked.
    pub on_wish: Callback<Wish>,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn Toolbar(props: &Props) -> Html {
    let &Props { language, now_us, start_us, ready, .. } = props;
    let say = |text| language.say(text);
    let ask = |wish: Wish| {
        let on_wish = props.on_wish.clone();
        Callback::from(move |_: MouseEvent| on_wish.emit(wish))
    };
    let on_language = {
        let on_wish = props.on_wish.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Some(language) = Language::of_tag(&select.value()) {
                on_wish.emit(Wish::Language(language));
            }
        })
    };
    let on_reset = {
        let on_wish = props.on_wish.clone();
        let question = say(Text::ResetQuestion);
        Callback::from(move |_: MouseEvent| {
            let sure = web_sys::window().is_some_and(|window| window.confirm_with_message(question).unwrap_or(false));
            if sure {
                on_wish.emit(Wish::NewCluster);
            }
        })
    };
    html! {
        <header class="toolbar">
            <h1 class="brand" title={say(Text::Tagline)}><span class="brand-mark" aria-hidden="true"></span>{ "Ordinal" }</h1>
            <div class="clock" role="timer" aria-label={say(Text::VirtualClock)}>
                if ready {
                    <time class="clock-time"><span class="clock-date">{ date(now_us) }{ " " }</span>{ clock(now_us) }</time>
                    <span class="clock-elapsed">
                        { language.fill(Text::Elapsed, &[&elapsed(now_us.saturating_sub(start_us))]) }
                    </span>
                } else {
                    <span class="clock-elapsed">{ say(Text::Starting) }</span>
                }
            </div>
            { time_controls(props, &ask) }
            { pane_buttons(props) }
            <div class="session">
                { share_menu(props, &ask) }
                <button type="button" class="quiet" onclick={on_reset}>{ say(Text::Reset) }</button>
                <select aria-label={say(Text::LanguageLabel)} onchange={on_language}>
                    { for LANGUAGES.into_iter().map(|choice| html! {
                        <option value={choice.tag()} lang={choice.tag()} selected={choice == language}>
                            { choice.name() }
                        </option>
                    }) }
                </select>
            </div>
        </header>
    }
}

/// Ways to take the session elsewhere. The browser opens and closes the menu.
fn share_menu(props: &Props, ask: &impl Fn(Wish) -> Callback<MouseEvent>) -> Html {
    let language = props.language;
    let item = |wish: Wish, text: Text| {
        html! {
            <button type="button" class="quiet" popovertarget={SHARE_MENU} popovertargetaction="hide" onclick={ask(wish)}>
                { language.say(text) }
            </button>
        }
    };
    html! {
        <>
            <button type="button" class="quiet opens" popovertarget={SHARE_MENU}>{ language.say(Text::Share) }</button>
            <div id={SHARE_MENU} class="share-menu" popover="auto">
                { item(Wish::Share, Text::ShareLink) }
                { item(Wish::SaveLesson, Text::ExportLesson) }
                { item(Wish::SaveJournal, Text::Export) }
            </div>
        </>
    }
}

/// What is seen on a wide screen.
fn pane_buttons(props: &Props) -> Html {
    let language = props.language;
    let toggle = |pane: Pane, text: Text| {
        let is_open = props.panes.is_open(pane);
        let on_click = props.on_action.reform(move |_: MouseEvent| Action::Open(pane, !is_open));
        html! {
            <button type="button" aria-pressed={is_open.to_string()} onclick={on_click}>{ language.say(text) }</button>
        }
    };
    html! {
        <div class="panes" role="group" aria-label={language.say(Text::Views)}>
            { toggle(Pane::Lesson, Text::Lesson) }
            { toggle(Pane::Editor, Text::Editor) }
            { toggle(Pane::Dock, Text::Terminal) }
            <button type="button" aria-pressed={props.browses.to_string()} disabled={!props.ready}
                onclick={props.on_action.reform(|_: MouseEvent| Action::Browser(Act::Toggle))}>
                { language.say(Text::Browser) }
            </button>
            { toggle(Pane::Side, Text::Inspector) }
        </div>
    }
}

fn time_controls(props: &Props, ask: &impl Fn(Wish) -> Callback<MouseEvent>) -> Html {
    let language = props.language;
    let say = |text| language.say(text);
    let paused = props.pace == Pace::Paused;
    let toggle = if paused { Wish::GoOn } else { Wish::Pace(Pace::Paused) };
    let toggle_text = say(if paused { Text::Continue } else { Text::Pause });
    let is_fast = matches!(props.pace, Pace::Fast { .. });
    let button = |pace: Pace, label: String, text: String| {
        html! {
            <button key={text.clone()} type="button" aria-pressed={(props.pace == pace).to_string()} title={label.clone()}
                aria-label={label} onclick={ask(Wish::Pace(pace))}>
                { text }
            </button>
        }
    };
    let speed = |speed: u32| {
        let times = speed.to_string();
        button(Pace::Speed(speed), language.fill(Text::SpeedTimes, &[&times]), [&times, "×"].concat())
    };
    html! {
        <div class="time" role="group" aria-label={say(Text::TimeControls)}>
            <button type="button" class="icon" aria-label={toggle_text} title={toggle_text}
                onclick={ask(toggle)}>
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <path d={if paused { "M4 2l10 6-10 6z" } else { "M3 2h4v12H3zM9 2h4v12H9z" }} />
                </svg>
            </button>
            <button type="button" class="icon" aria-label={say(Text::Step)} title={say(Text::Step)}
                onclick={ask(Wish::Fast(Goal::NextEvent))}>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 2l8 6-8 6zM11 2h2.5v12H11z" /></svg>
            </button>
            <div class="speeds" role="group" aria-label={say(Text::Speed)}>
                { for SPEEDS.map(speed) }
                { button(Pace::Most, say(Text::SpeedMostLong).into(), say(Text::SpeedMost).into()) }
            </div>
            <button type="button" aria-pressed={is_fast.to_string()} title={say(Text::UntilReadyLong)}
                onclick={ask(Wish::Fast(Goal::Settled))}>
                { say(Text::UntilReady) }
            </button>
        </div>
    }
}

/// `2026-01-01`
fn date(now_us: u64) -> String {
    let c = Time(now_us).calendar();
    format!("{:04}-{:02}-{:02}", c.year, c.month, c.day)
}

/// `00:00:00 UTC`
fn clock(now_us: u64) -> String {
    let c = Time(now_us).calendar();
    format!("{:02}:{:02}:{:02} UTC", c.hour, c.minute, c.second)
}
