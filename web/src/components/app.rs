//! The whole page: the store, the driver, and where everything goes.

use view::{Command, Goal, Start, Uid};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, Window};
use yew::prelude::*;

use super::editor::Editor;
use super::events::Events;
use super::inspector::Inspector;
use super::picture::Picture;
use super::report::Report;
use super::summary::Summary;
use super::terminal::TerminalPane;
use super::toolbar::{Toolbar, Wish};
use crate::driver::{Driver, Pace, worker_link};
use crate::i18n::{Language, Text};
use crate::store::{Action, Half, State};

/// The script that loads the worker, beside the page.
const WORKER_SCRIPT: &str = "worker_loader.js";
const LANGUAGE_KEY: &str = "ordinal.language";

/// A fast run ends after so much virtual time in any case.
const FAST_LIMIT_US: u64 = 3_600_000_000;

/// See the module.
#[component]
pub fn App() -> Html {
    let state = use_reducer(|| State::new(language_of(&window()), Pace::Speed(1)));
    let dispatcher = state.dispatcher();
    let driver = use_memo((), |()| {
        let dispatcher = dispatcher.clone();
        let on_outcome = Callback::from(move |outcome| dispatcher.dispatch(Action::Driver(outcome)));
        let driver = Driver::new(worker_link(WORKER_SCRIPT), window(), Pace::Speed(1), on_outcome);
        driver.begin(new_start());
        driver
    });
    let language = state.language;
    use_effect_with(language, |&language| speak(language));

    let act = {
        let dispatcher = dispatcher.clone();
        move |action| dispatcher.dispatch(action)
    };
    let on_select = use_callback((), {
        let act = act.clone();
        move |uid: Option<Uid>, ()| act(Action::Select(uid))
    });
    let on_command = use_callback((), {
        let driver = driver.clone();
        move |command: Command, ()| driver.send(command)
    });
    let on_action = use_callback((), {
        let act = act.clone();
        move |action: Action, ()| act(action)
    });
    let on_wish = use_callback((), {
        let (driver, act) = (driver.clone(), act.clone());
        move |wish: Wish, ()| grant(&driver, &act, wish)
    });
    let on_type = use_callback((), {
        let act = act.clone();
        move |line: String, ()| act(Action::Type(line))
    });

    let half = match state.half {
        Half::Picture => "page show-picture",
        Half::Terminal => "page show-terminal",
    };
    let show = |half: Half| {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act(Action::Show(half)))
    };
    let tab = |this: Half, text: Text| {
        html! {
            <button type="button" aria-pressed={(state.half == this).to_string()} onclick={show(this)}>
                { language.say(text) }
            </button>
        }
    };
    html! {
        <div class={half}>
            <a class="skip" href="#line-1">{ language.say(Text::SkipToTerminal) }</a>
            <Toolbar
                {language} pace={state.pace} now_us={state.now_us} start_us={state.start_us} ready={state.ready}
                on_wish={on_wish.clone()}
            />
            <nav class="halves" aria-label={language.say(Text::Views)}>
                { tab(Half::Picture, Text::Picture) }
                { tab(Half::Terminal, Text::Terminal) }
            </nav>
            if state.unkept {
                <p class="note" role="status">{ language.say(Text::Unkept) }</p>
            }
            if let Some(notice) = &state.notice {
                <p class="note" role="alert">
                    <span>{ notice }</span>
                    <button type="button" onclick={{ let act = act.clone(); move |_| act(Action::CloseNotice) }}>
                        { language.say(Text::Close) }
                    </button>
                </p>
            }
            <main class="halls">
                <section class="hall hall-picture" aria-label={language.say(Text::Picture)}>
                    <Summary {language} picture={state.picture.clone()} selected={state.selected}
                        on_select={on_select.clone()} />
                    <Picture {language} picture={state.picture.clone()} selected={state.selected}
                        on_select={on_select.clone()} />
                    <Inspector {language} picture={state.picture.clone()} selected={state.selected} {on_type}
                        on_select={on_select.clone()} />
                    <Events {language} picture={state.picture.clone()} start_us={state.start_us} />
                </section>
                <section class="hall hall-terminal" aria-label={language.say(Text::Terminal)}>
                    { for state.terminals.iter().map(|(&number, terminal)| html! {
                        <TerminalPane key={number} {language} {number} terminal={terminal.clone()} ready={state.ready}
                            pace={state.pace} typed={state.typed.clone().filter(|_| number == 1)}
                            on_command={on_command.clone()} on_action={on_action.clone()}
                            on_wish={on_wish.clone()} />
                    }) }
                </section>
            </main>
            if let Some(editing) = &state.editing {
                <Editor {language} editing={editing.clone()} on_command={on_command.clone()}
                    on_action={on_action.clone()} />
            }
            if let Some(crash) = &state.crash {
                <Report {language} crash={crash.clone()} {on_wish} />
            }
        </div>
    }
}

/// Does what the reader asked of a toolbar or a report.
fn grant(driver: &Driver, act: &impl Fn(Action), wish: Wish) {
    match wish {
        Wish::Pace(pace) => driver.set_pace(pace),
        Wish::Fast(goal) => {
            // After a step the clock stands.
            if goal == Goal::NextEvent {
                driver.set_pace(Pace::Paused);
            }
            driver.set_pace(Pace::Fast { goal, limit_us: driver.now_us() + FAST_LIMIT_US });
        }
        Wish::Language(language) => act(Action::Speak(language)),
        Wish::NewCluster => {
            act(Action::CloseReport);
            driver.start_anew(new_start());
        }
        Wish::GoBack => {
            act(Action::CloseReport);
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
