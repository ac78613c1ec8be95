//! The whole page: the store, the driver, and where everything goes.

use view::{Command, Goal, Start, Uid};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, Window};
use yew::prelude::*;

use super::browser::BrowserPane;
use super::editor::Editor;
use super::events::Events;
use super::inspector::Inspector;
use super::picture::Picture;
use super::report::Report;
use super::summary::Summary;
use super::terminal::TerminalPane;
use super::toolbar::{Toolbar, Wish};
use crate::browser::Act;
use crate::driver::{Driver, Pace, worker_link};
use crate::i18n::{Language, Text};
use crate::store::{Action, FIRST_TERMINAL, Half, State};

/// The script that loads the worker, beside the page.
const WORKER_SCRIPT: &str = "worker_loader.js";
const LANGUAGE_KEY: &str = "ordinal.language";

/// A fast run ends after so much virtual time in any case.
const FAST_LIMIT_US: u64 = 3_600_000_000;

/// What components call; the same callbacks for the page's whole life.
#[derive(Clone)]
struct Hands {
    on_select: Callback<Option<Uid>>,
    on_command: Callback<Command>,
    on_action: Callback<Action>,
    on_wish: Callback<Wish>,
    on_type: Callback<String>,
}

impl Hands {
    fn new(driver: Driver, dispatcher: UseReducerDispatcher<State>) -> Hands {
        let on_action = Callback::from(move |action: Action| dispatcher.dispatch(action));
        let (select, type_, wish, sender) = (on_action.clone(), on_action.clone(), on_action.clone(), driver.clone());
        Hands {
            on_select: Callback::from(move |uid| select.emit(Action::Select(uid))),
            on_command: Callback::from(move |command| sender.send(command)),
            on_wish: Callback::from(move |asked| grant(&driver, &wish, asked)),
            on_type: Callback::from(move |line| type_.emit(Action::Type(line))),
            on_action,
        }
    }
}

/// See the module.
#[component]
pub fn App() -> Html {
    let state = use_reducer(|| State::new(language_of(&window()), Pace::Speed(1)));
    let dispatcher = state.dispatcher();
    let hands = use_memo((), |()| {
        let told = dispatcher.clone();
        let on_outcome = Callback::from(move |outcome| told.dispatch(Action::Driver(outcome)));
        let driver = Driver::new(worker_link(WORKER_SCRIPT), window(), Pace::Speed(1), on_outcome);
        driver.begin(new_start());
        Hands::new(driver, dispatcher)
    });
    let language = state.language;
    use_effect_with(language, |&language| speak(language));
    let class = match state.half {
        Half::Picture => "page show-picture",
        Half::Terminal => "page show-terminal",
    };
    html! {
        <div {class}>
            <a class="skip" href="#line-1">{ language.say(Text::SkipToTerminal) }</a>
            <Toolbar
                {language} pace={state.pace} now_us={state.now_us} start_us={state.start_us} ready={state.ready}
                on_wish={hands.on_wish.clone()}
            />
            { halves(&state, &hands) }
            { notes(&state, &hands) }
            <main class="halls">
                { picture_hall(&state, &hands) }
                { terminal_hall(&state, &hands) }
            </main>
            if let Some(editing) = &state.editing {
                <Editor {language} editing={editing.clone()} on_command={hands.on_command.clone()}
                    on_action={hands.on_action.clone()} />
            }
            if let Some(crash) = &state.crash {
                <Report {language} crash={crash.clone()} on_wish={hands.on_wish.clone()} />
            }
        </div>
    }
}

/// On a narrow screen one half is seen at a time.
fn halves(state: &State, hands: &Hands) -> Html {
    let language = state.language;
    let tab = |half: Half, text: Text| {
        let on_action = hands.on_action.clone();
        html! {
            <button type="button" aria-pressed={(state.half == half).to_string()}
                onclick={move |_| on_action.emit(Action::Show(half))}>
                { language.say(text) }
            </button>
        }
    };
    html! {
        <nav class="halves" aria-label={language.say(Text::Views)}>
            { tab(Half::Picture, Text::Picture) }
            { tab(Half::Terminal, Text::Terminal) }
        </nav>
    }
}

/// What is to be said about the session as a whole.
fn notes(state: &State, hands: &Hands) -> Html {
    let language = state.language;
    let on_action = hands.on_action.clone();
    html! {
        <>
            if state.unkept {
                <p class="note" role="status">{ language.say(Text::Unkept) }</p>
            }
            if let Some(notice) = &state.notice {
                <p class="note" role="alert">
                    <span>{ notice }</span>
                    <button type="button" onclick={move |_| on_action.emit(Action::CloseNotice)}>
                        { language.say(Text::Close) }
                    </button>
                </p>
            }
        </>
    }
}

fn picture_hall(state: &State, hands: &Hands) -> Html {
    let &State { language, selected, start_us, .. } = state;
    let picture = &state.picture;
    let on_select = &hands.on_select;
    html! {
        <section class="hall hall-picture" aria-label={language.say(Text::Picture)}>
            <Summary {language} picture={picture.clone()} {selected} on_select={on_select.clone()} />
            <Picture {language} picture={picture.clone()} {selected} on_select={on_select.clone()} />
            <Inspector {language} picture={picture.clone()} {selected} on_type={hands.on_type.clone()}
                on_select={on_select.clone()} />
            <Events {language} picture={picture.clone()} {start_us} />
        </section>
    }
}

fn terminal_hall(state: &State, hands: &Hands) -> Html {
    let &State { language, ready, pace, .. } = state;
    let last = state.terminals.keys().next_back().copied();
    let on_action = hands.on_action.clone();
    let open_browser = move |_| on_action.emit(Action::Browser(Act::Toggle));
    html! {
        <section class="hall hall-terminal" aria-label={language.say(Text::Terminal)}>
            if state.browser.is_open {
                <BrowserPane {language} browser={state.browser.clone()} on_command={hands.on_command.clone()}
                    on_action={hands.on_action.clone()} />
            } else {
                <button type="button" class="quiet browser-open" disabled={!ready} onclick={open_browser}>
                    { language.say(Text::BrowserOpen) }
                </button>
            }
            { for state.terminals.iter().map(|(&number, terminal)| html! {
                <TerminalPane key={number} {language} {number} terminal={terminal.clone()} {ready} {pace}
                    opens={state.free_terminal().filter(|_| Some(number) == last)}
                    typed={state.typed.clone().filter(|_| number == FIRST_TERMINAL)} on_command={hands.on_command.clone()}
                    on_action={hands.on_action.clone()} on_wish={hands.on_wish.clone()} />
            }) }
        </section>
    }
}

/// Does what the reader asked of a toolbar or a report.
fn grant(driver: &Driver, on_action: &Callback<Action>, wish: Wish) {
    match wish {
        Wish::Pace(pace) => driver.set_pace(pace),
        Wish::Fast(goal) => {
            // After a step the clock stands.
            if goal == Goal::NextEvent {
                driver.set_pace(Pace::Paused);
            }
            driver.set_pace(Pace::Fast { goal, limit_us: driver.now_us() + FAST_LIMIT_US });
        }
        Wish::Language(language) => on_action.emit(Action::Speak(language)),
        Wish::NewCluster => {
            on_action.emit(Action::CloseReport);
            driver.start_anew(new_start());
        }
        Wish::GoBack => {
            on_action.emit(Action::CloseReport);
            driver.go_back();
        }
        Wish::SaveJournal => save("ordinal-journal.jsonl", &driver.export()),
    }
}

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// A cluster that nobody has had before, at today's date; `?seed=` and `?nodes=` ask for a certain one.
fn new_start() -> Start {
    let query = window().location().search().unwrap_or_default();
    let asked = |name: &str| {
        let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse::<u64>().ok())
    };
    let drawn = (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
    Start {
        seed: asked("seed").unwrap_or(drawn),
        nodes: asked("nodes").unwrap_or(4).clamp(1, 5_000) as u32,
        timing: "realistic".into(),
        start_us: js_sys::Date::now() as u64 * 1_000,
        lesson: None,
        files: Vec::new(),
    }
}

/// The language chosen before, else the browser's.
fn language_of(window: &Window) -> Language {
    let chosen =
        window.local_storage().ok().flatten().and_then(|storage| storage.get_item(LANGUAGE_KEY).ok().flatten());
    let tags: Vec<String> = window.navigator().languages().iter().filter_map(|tag| tag.as_string()).collect();
    Language::preferred(chosen.iter().chain(&tags).map(String::as_str))
}

/// The document says what it speaks; a choice that differs from the browser's is kept.
fn speak(language: Language) {
    let window = window();
    if let Some(root) = window.document().and_then(|document| document.document_element()) {
        // An element that is there takes an attribute.
        let _ = root.set_attribute("lang", language.tag());
    }
    if let Ok(Some(storage)) = window.local_storage() {
        let _ = storage.set_item(LANGUAGE_KEY, language.tag());
    }
}

/// Offers a text as a file.
fn save(name: &str, text: &str) {
    let link = window().document().and_then(|document| document.create_element("a").ok());
    let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) else { return };
    let escaped = js_sys::encode_uri_component(text).as_string().unwrap_or_default();
    let set = |name: &str, value: &str| -> Result<(), JsValue> { link.set_attribute(name, value) };
    if set("href", &format!("data:application/jsonl;charset=utf-8,{escaped}")).is_ok() && set("download", name).is_ok()
    {
        link.click();
    }
}
