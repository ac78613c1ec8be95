//! The whole page: the store, the driver, and where everything goes.

use std::rc::Rc;

use view::{Command, Goal, Mode, Start, Uid};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, Window};
use yew::prelude::*;

use super::commands::Commands;
use super::dialog::EditDialog;
use super::dock::Dock;
use super::events::Events;
use super::inspector::Inspector;
use super::lesson::LessonPane;
use super::picture::Picture;
use super::report::Report;
use super::splitter::Splitter;
use super::summary::Summary;
use super::toolbar::{Toolbar, Wish};
use crate::driver::{Driver, Outcome, Pace, worker_link};
use crate::embed::{self, Guest, Host, Said};
use crate::i18n::{Language, Text};
use crate::lesson::LESSONS;
use crate::share;
use crate::store::{Action, PANES, Pane, Panes, State, View};

/// The script that loads the worker, beside the page.
const WORKER_SCRIPT: &str = "worker_loader.js";
const LANGUAGE_KEY: &str = "ordinal.language";
const PANES_KEY: &str = "ordinal.panes";

/// The parts of a narrow screen, in the order of their tabs.
const VIEWS: [(View, Text); 6] = [
    (View::Lesson, Text::Lesson),
    (View::Picture, Text::Picture),
    (View::Terminal, Text::Terminal),
    (View::Editor, Text::Editor),
    (View::Events, Text::Events),
    (View::Browser, Text::Browser),
];

/// A fast run ends after so much virtual time in any case.
const FAST_LIMIT_US: u64 = 3_600_000_000;

/// What components call; the same callbacks for the page's whole life.
#[derive(Clone, PartialEq)]
pub(super) struct Hands {
    pub(super) on_select: Callback<Option<Uid>>,
    pub(super) on_hover: Callback<Option<Uid>>,
    pub(super) on_command: Callback<Command>,
    pub(super) on_action: Callback<Action>,
    pub(super) on_wish: Callback<Wish>,
    pub(super) on_type: Callback<String>,
    pub(super) on_begin: Callback<Start>,
}

impl Hands {
    fn new(driver: Driver, dispatcher: UseReducerDispatcher<State>) -> Hands {
        let on_action = Callback::from(move |action: Action| dispatcher.dispatch(action));
        let (wish, sender, beginner) = (on_action.clone(), driver.clone(), driver.clone());
        Hands {
            on_select: on_action.reform(Action::Select),
            on_hover: on_action.reform(Action::Hover),
            on_command: Callback::from(move |command| sender.send(command)),
            on_wish: Callback::from(move |asked| grant(&driver, &wish, asked)),
            on_type: on_action.reform(Action::Type),
            on_begin: Callback::from(move |start| beginner.start_anew(start)),
            on_action,
        }
    }
}

/// See the module.
#[component]
pub fn App() -> Html {
    let guest = use_memo((), |()| Guest::of_query(&window().location().search().unwrap_or_default()));
    let state = use_reducer(|| first_state(&guest));
    let dispatcher = state.dispatcher();
    let hands = use_memo((), |()| {
        let driver = begin(&guest, dispatcher.clone());
        Hands::new(driver, dispatcher)
    });
    let language = state.language;
    let keeps = !guest.is_guest();
    use_effect_with(language, move |&language| speak(language, keeps));
    use_effect_with(state.panes, move |panes| place_panes(*panes, keeps));
    use_effect_with((state.ready, state.picture.pods.len()), |&(ready, pods)| {
        embed::tell(&window(), "state", &[("running", ready.into()), ("pods", (pods as u32).into())]);
    });
    let look = hands.on_command.clone();
    let selected = state.selected.and_then(|uid| super::inspector::name_and_row(&state.picture, uid));
    use_effect_with(selected, move |selected| {
        if let Some((name, _)) = selected {
            look.emit(Command::Look(name.clone()));
        }
    });
    html! {
        <div class={page_class(&state, &guest)}>
            <a class="skip" href="#line-1" onclick={hands.on_action.reform(|_| Action::Show(View::Terminal))}>{ language.say(Text::SkipToTerminal) }</a>
            <Toolbar {language} pace={state.pace} now_us={state.now_us} start_us={state.start_us} ready={state.ready}
                panes={state.panes} browses={state.browser.is_open} on_wish={hands.on_wish.clone()} on_action={hands.on_action.clone()} />
            { views(&state, &hands, &guest) }
            { notes(&state, &hands, keeps) }
            if !state.offered.is_empty() {
                <Commands {language} commands={state.offered.clone()} terminal={state.active}
                    on_command={hands.on_command.clone()} />
            }
            <main class="work">
                { lesson_pane(&state, &hands, &guest) }
                <div class="main">
                    <div class="top">
                        { picture_pane(&state, &hands) }
                        { side_pane(&state, &hands) }
                    </div>
                    if state.panes.is_open(Pane::Dock) {
                        { splitter(&state, &hands, Pane::Dock, Text::ResizeDock) }
                    }
                    { dock_pane(&state, &hands, guest.is_readonly) }
                </div>
            </main>
            if let Some(editing) = &state.editing {
                <EditDialog {language} editing={editing.clone()} editor={state.editor.clone()}
                    on_command={hands.on_command.clone()} on_action={hands.on_action.clone()} />
            }
            if let Some(crash) = &state.crash {
                <Report {language} crash={crash.clone()} on_wish={hands.on_wish.clone()} />
            }
        </div>
    }
}

fn first_state(guest: &Guest) -> State {
    let language = guest.language.unwrap_or_else(|| language_of(&window()));
    let state = State::new(language, first_pace(guest), guest.panes(kept_panes()));
    State { view: guest.views.first().copied().unwrap_or(state.view), ..state }
}

fn first_pace(guest: &Guest) -> Pace {
    Pace::Speed(guest.speed.unwrap_or(1))
}

/// The driver with its first session. A page inside another waits for that one's word, and keeps nothing: several such pages
/// share one storage.
fn begin(guest: &Guest, dispatcher: UseReducerDispatcher<State>) -> Driver {
    // A browser that forbids storage throws here.
    let storage = if guest.is_guest() { None } else { window().session_storage().ok().flatten() };
    let told = dispatcher.clone();
    let host = guest.waits.then(|| Rc::new(Host::new(window(), guest.speed.unwrap_or(1))));
    let reported = host.clone();
    let on_outcome = Callback::from(move |outcome| {
        if let Some(host) = &reported {
            host.report(&outcome);
        }
        match outcome {
            Outcome::Exported(text) => save("lesson.md", &text),
            outcome => told.dispatch(Action::Driver(outcome)),
        }
    });
    let driver = Driver::new(worker_link(WORKER_SCRIPT), window(), storage, first_pace(guest), on_outcome);
    if let Some(theme) = guest.theme {
        set_on_root("data-theme", theme);
    }
    if let Some(name) = guest.unknown_lesson() {
        let known = LESSONS.map(|(id, _)| id).join(", ");
        let sentence = ["there is no lesson \"", name, "\"; there are: ", &known].concat();
        embed::tell(&window(), "failed", &[("message", sentence.as_str().into())]);
        dispatcher.dispatch(Action::Notice(sentence));
    }
    if let Some(host) = host {
        let (heard, guest) = (driver.clone(), guest.clone());
        embed::listen(&window(), move |said| match said {
            Said::Theme(theme) => set_on_root("data-theme", theme),
            Said::Begin(beginning) => {
                let start = new_start(&guest);
                let commands = beginning.commands(start.start_us);
                heard.begin_with(beginning.start(start), commands);
                dispatcher.dispatch(Action::Offer(beginning.commands));
            }
            said => host.obey(&heard, said),
        });
    } else if let Some(letters) = shared_session() {
        begin_shared(driver.clone(), new_start(guest), letters, dispatcher);
    } else {
        driver.begin(new_start(guest));
    }
    driver
}

/// The session that the address carries. It is taken out of the address: a reload goes on with what the reader has made of it.
fn shared_session() -> Option<String> {
    let hash = window().location().hash().ok()?;
    let letters = hash.strip_prefix(share::MARK)?.to_owned();
    let path = [window().location().pathname().ok()?, window().location().search().ok()?].concat();
    if let Ok(history) = window().history() {
        // An address that stays as it is only leads to the same session again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    Some(letters)
}

fn begin_shared(driver: Driver, start: Start, letters: String, dispatcher: UseReducerDispatcher<State>) {
    spawn_local(async move {
        match share::unpack(&letters).await {
            Ok(journal) => driver.begin_shared(start, &journal),
            Err(_) => {
                dispatcher.dispatch(Action::Say(Text::LinkDamaged));
                driver.start_anew(start);
            }
        }
    });
}

/// Puts a link to this session where the reader can paste it from.
fn share_session(driver: &Driver, on_action: Callback<Action>) {
    let journal = driver.export();
    spawn_local(async move {
        let text = match share::pack(&journal).await {
            Ok(letters) if letters.len() <= share::LETTERS_MAX => hand_over(&letters).await,
            Ok(_) => Text::LinkTooLong,
            Err(_) => Text::LinkImpossible,
        };
        on_action.emit(Action::Say(text));
    });
}

async fn hand_over(letters: &str) -> Text {
    let location = window().location();
    let base = location.href().unwrap_or_default();
    let link = [base.split('#').next().unwrap_or_default(), share::MARK, letters].concat();
    if JsFuture::from(window().navigator().clipboard().write_text(&link)).await.is_ok() {
        return Text::LinkCopied;
    }
    // A browser that forbids the clipboard shows it at least.
    match window().location().set_hash(&link[link.find('#').unwrap_or(0)..]) {
        Ok(()) => Text::LinkInAddress,
        Err(_) => Text::LinkImpossible,
    }
}

fn page_class(state: &State, guest: &Guest) -> Classes {
    let view = match state.view {
        View::Lesson => "show-lesson",
        View::Picture => "show-picture",
        View::Terminal => "show-terminal",
        View::Editor => "show-editor",
        View::Events => "show-events",
        View::Browser => "show-browser",
    };
    let closed = PANES.into_iter().filter(|pane| !state.panes.is_open(*pane));
    classes!(
        "page",
        view,
        state.hovered.map(|_| "pointing"),
        guest.is_guest().then_some("guest"),
        (guest.shows(View::Picture) && guest.shows(View::Terminal)).then_some("shows-both"),
        (!guest.shows(View::Picture)).then_some("no-picture"),
        (!guest.shows(View::Terminal)).then_some("no-terminal"),
        closed.map(|pane| format!("no-{}", pane.name())).collect::<Vec<_>>()
    )
}

/// On a narrow screen one part is seen at a time.
fn views(state: &State, hands: &Hands, guest: &Guest) -> Html {
    let language = state.language;
    let tab = |(view, text): &(View, Text)| {
        let (view, on_action) = (*view, hands.on_action.clone());
        html! {
            <button type="button" aria-pressed={(state.view == view).to_string()}
                onclick={move |_| on_action.emit(Action::Show(view))}>
                { language.say(*text) }
            </button>
        }
    };
    let tabs = VIEWS.iter().filter(|(view, _)| guest.shows(*view));
    html! {
        <nav class="views" aria-label={language.say(Text::Views)}>
            { for tabs.map(tab) }
        </nav>
    }
}

/// What is to be said about the session as a whole.
fn notes(state: &State, hands: &Hands, keeps: bool) -> Html {
    let language = state.language;
    let on_action = hands.on_action.clone();
    html! {
        <>
            if state.unkept && keeps {
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

fn splitter(state: &State, hands: &Hands, pane: Pane, text: Text) -> Html {
    html! {
        <Splitter {pane} label={state.language.say(text)} size={state.panes.size(pane)}
            on_action={hands.on_action.clone()} />
    }
}

/// The lesson, with what it needs to know of the terminals; it is not even fetched where it is not seen.
fn lesson_pane(state: &State, hands: &Hands, guest: &Guest) -> Html {
    let &State { language, ready, start_us, .. } = state;
    let is_open = state.panes.is_open(Pane::Lesson) || state.view == View::Lesson;
    if !is_open || !guest.shows(View::Lesson) {
        return Html::default();
    }
    let modes: Vec<(u32, Mode)> = state.terminals.iter().map(|(&number, terminal)| (number, terminal.mode)).collect();
    html! {
        <>
            <LessonPane {language} {ready} {start_us} picture={state.picture.clone()} {modes}
                probed={state.probed.clone()} entered={state.entered.clone()} hands={hands.clone()} />
            { splitter(state, hands, Pane::Lesson, Text::ResizeLesson) }
        </>
    }
}

fn picture_pane(state: &State, hands: &Hands) -> Html {
    let &State { language, selected, hovered, .. } = state;
    let picture = &state.picture;
    html! {
        <section class="pane pane-picture" aria-label={language.say(Text::Picture)}>
            <Summary {language} picture={picture.clone()} {selected} {hovered} on_select={hands.on_select.clone()}
                on_hover={hands.on_hover.clone()} />
            <Picture {language} picture={picture.clone()} {selected} {hovered} on_select={hands.on_select.clone()}
                on_hover={hands.on_hover.clone()} />
        </section>
    }
}

fn side_pane(state: &State, hands: &Hands) -> Html {
    let &State { language, selected, start_us, .. } = state;
    let picture = &state.picture;
    if !state.panes.is_open(Pane::Side) && selected.is_none() && state.view != View::Events {
        return Html::default();
    }
    let class = if selected.is_some() { "pane pane-side chosen" } else { "pane pane-side" };
    html! {
        <>
            { splitter(state, hands, Pane::Side, Text::ResizeSide) }
            <div {class}>
                <Inspector {language} picture={picture.clone()} {selected} looked={state.looked.clone()} {start_us}
                    on_type={hands.on_type.clone()} on_select={hands.on_select.clone()} />
                <Events {language} picture={picture.clone()} {start_us} on_action={hands.on_action.clone()} />
            </div>
        </>
    }
}

fn dock_pane(state: &State, hands: &Hands, is_readonly: bool) -> Html {
    html! {
        <Dock language={state.language} terminals={state.terminals.clone()} active={state.active} ready={state.ready}
            {is_readonly} pace={state.pace} opens={state.free_terminal()} typed={state.typed.clone()} panes={state.panes}
            editor={state.editor.clone()} browser={state.browser.clone()} hands={hands.clone()} />
    }
}

/// Does what the reader asked of a toolbar or a report.
fn grant(driver: &Driver, on_action: &Callback<Action>, wish: Wish) {
    match wish {
        Wish::Pace(pace) => driver.set_pace(pace),
        Wish::GoOn => driver.go_on_as_before(),
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
            driver.begin_again(new_start(&Guest::of_query(&window().location().search().unwrap_or_default())));
        }
        Wish::GoBack => {
            on_action.emit(Action::CloseReport);
            driver.go_back();
        }
        Wish::SaveJournal => save("ordinal-journal.jsonl", &driver.export()),
        Wish::SaveLesson => driver.export_lesson(),
        Wish::Share => share_session(driver, on_action.clone()),
    }
}

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// A cluster that nobody has had before, at today's date; `?seed=` and `?nodes=` ask for a certain one.
fn new_start(guest: &Guest) -> Start {
    let drawn = (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
    Start {
        seed: guest.seed.unwrap_or(drawn),
        nodes: guest.nodes.unwrap_or(4).clamp(1, 5_000),
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

fn set_on_root(name: &str, value: &str) {
    if let Some(root) = window().document().and_then(|document| document.document_element()) {
        // An element that is there takes an attribute.
        let _ = root.set_attribute(name, value);
    }
}

/// The document says what it speaks; a choice that differs from the browser's is kept, but for a guest.
fn speak(language: Language, keeps: bool) {
    set_on_root("lang", language.tag());
    if let (true, Ok(Some(storage))) = (keeps, window().local_storage()) {
        let _ = storage.set_item(LANGUAGE_KEY, language.tag());
    }
}

/// The sizes that this reader chose before.
fn kept_panes() -> Panes {
    let kept = window().local_storage().ok().flatten().and_then(|storage| storage.get_item(PANES_KEY).ok().flatten());
    kept.map_or_else(Panes::default, |text| Panes::from_text(&text))
}

/// Sizes go to the style sheet as variables, and are kept, but for a guest.
fn place_panes(panes: Panes, keeps: bool) {
    let root = window().document().and_then(|document| document.document_element());
    if let Some(root) = root.and_then(|root| root.dyn_into::<HtmlElement>().ok()) {
        for pane in PANES {
            let size = [&panes.size(pane).to_string(), "px"].concat();
            // A variable of any value is taken.
            let _ = root.style().set_property(&["--size-", pane.name()].concat(), &size);
        }
    }
    if let (true, Ok(Some(storage))) = (keeps, window().local_storage()) {
        // Where nothing may be kept, the sizes hold until the page is left.
        let _ = storage.set_item(PANES_KEY, &panes.to_text());
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
