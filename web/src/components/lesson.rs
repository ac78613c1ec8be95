//! The lesson's pane: what is to be read and done, buttons that type it, and gates that turn green by the cluster's state.
//!
//! Gates are asked about when the picture changes, a few times a second at most, and only those that may have come true.

use gloo_timers::callback::Timeout;
use lesson::{Kind, Typed, Way};
use view::{Command, File, Goal, Mode, Probed, Start};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::app::Hands;
use super::lesson_step::{Act, LessonLeaf};
use super::toolbar::Wish;
use crate::embed::Guest;
use crate::i18n::{Language, Text};
use crate::lesson::{Asking, LESSONS, Loaded, Progress, load};
use crate::store::{Action, PictureState, Shared};

/// Between two probes, in milliseconds of the reader's time.
const PROBE_PAUSE_MS: u32 = 400;
/// Which lesson was read last.
const CHOICE_KEY: &str = "ordinal.lesson";

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Whether there is an engine.
    pub ready: bool,
    /// The session's first instant.
    pub start_us: u64,
    /// Changes when the cluster does.
    pub picture: Shared<PictureState>,
    /// The open terminals, and who reads them.
    pub modes: Vec<(u32, Mode)>,
    /// The newest answer to a probe.
    pub probed: Option<Shared<(u32, Vec<Probed>)>>,
    /// What the reader has sent off last, in any terminal.
    pub entered: Option<Shared<String>>,
    /// What can be asked.
    pub hands: Hands,
}

/// What is asked of the engine at the moment.
#[derive(Default)]
struct Prober {
    id: u32,
    asking: Option<Asking>,
    by_hand: bool,
    pause: Option<Timeout>,
}

/// What the pane's acts need to know, as it is now.
struct Now {
    modes: Vec<(u32, Mode)>,
    /// Terminals in which a block of the lesson goes on.
    watching: Vec<u32>,
    loaded: Option<Shared<Loaded>>,
    progress: Shared<Progress>,
}

/// The hooks' handles; cheap to clone.
#[derive(Clone)]
struct Pane {
    now: std::rc::Rc<std::cell::RefCell<Now>>,
    prober: std::rc::Rc<std::cell::RefCell<Prober>>,
    progress: UseStateHandle<Shared<Progress>>,
    /// Raised when a pause is over: the gates are looked at again.
    turn: UseStateHandle<u32>,
    hands: Hands,
}

/// See the module.
#[component]
pub(super) fn LessonPane(props: &Props) -> Html {
    let &Props { language, ready, start_us, .. } = props;
    let chosen = use_state(chosen_lesson);
    let answer = use_state(|| None::<Result<Shared<Loaded>, String>>);
    let progress = use_state(|| Shared::new(Progress::default()));
    let first = Now { modes: Vec::new(), watching: Vec::new(), loaded: None, progress: (*progress).clone() };
    let pane = Pane {
        now: use_mut_ref(|| first),
        prober: use_mut_ref(Prober::default),
        progress: progress.clone(),
        turn: use_state(|| 0),
        hands: props.hands.clone(),
    };
    {
        let answer = answer.clone();
        use_effect_with((*chosen, language), move |&(id, language)| {
            load(id, language, Callback::from(move |loaded| answer.set(Some(loaded))));
        });
    }
    {
        let (progress, pane) = (progress.clone(), pane.clone());
        use_effect_with((*chosen, start_us, ready), move |&(id, start_us, _)| {
            pane.now.borrow_mut().watching.clear();
            progress.set(Shared::new(Progress::kept(id, start_us)));
        });
    }
    let loaded = answer.as_ref().and_then(|answer| answer.as_ref().ok()).filter(|loaded| loaded.id == *chosen);
    {
        let mut now = pane.now.borrow_mut();
        now.modes.clone_from(&props.modes);
        now.loaded = loaded.cloned();
        now.progress = (*progress).clone();
    }
    {
        let pane = pane.clone();
        use_effect_with(props.probed.clone(), move |probed| pane.hear(probed.as_ref()));
    }
    {
        let pane = pane.clone();
        use_effect_with(props.entered.clone(), move |entered| pane.watch(entered.as_deref()));
    }
    {
        let pane = pane.clone();
        let watched = (props.picture.clone(), (*progress).clone(), loaded.cloned(), ready, *pane.turn);
        use_effect_with(watched, move |(.., ready, _)| {
            if *ready {
                pane.ask();
            }
        });
    }
    let on_act = {
        let pane = pane.clone();
        use_callback((), move |act, ()| pane.act(act))
    };
    html! {
        <section class="pane-lesson lesson" aria-label={language.say(Text::Lesson)} lang={language.tag()}>
            { head(props, &chosen, loaded, &progress) }
            if let Some(loaded) = loaded {
                <Body {language} loaded={loaded.clone()} progress={(*progress).clone()} {on_act} />
            } else if let Some(Err(error)) = &*answer {
                <p class="lesson-problem" role="alert">{ language.fill(Text::LessonFailed, &[error]) }</p>
            } else {
                <p class="lesson-problem" role="status">{ language.say(Text::LessonLoading) }</p>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct BodyProps {
    language: Language,
    loaded: Shared<Loaded>,
    progress: Shared<Progress>,
    on_act: Callback<Act>,
}

/// The lesson itself: apart, so that it is not looked at when only the picture has changed.
#[component]
fn Body(props: &BodyProps) -> Html {
    let BodyProps { language, loaded, progress, on_act } = props;
    html! {
        <article class="lesson-body" tabindex="0" aria-label={loaded.front.title.clone()}>
            { for loaded.leaves.iter().enumerate().map(|(index, leaf)| html! {
                <LessonLeaf key={index} language={*language} leaf={leaf.clone()} progress={progress.clone()}
                    on_act={on_act.clone()} />
            }) }
        </article>
    }
}

fn head(
    props: &Props,
    chosen: &UseStateHandle<&'static str>,
    loaded: Option<&Shared<Loaded>>,
    progress: &Progress,
) -> Html {
    let language = props.language;
    let on_choose = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Some((id, _)) = LESSONS.iter().find(|(id, _)| *id == select.value()) {
                keep_choice(id);
                chosen.set(id);
            }
        })
    };
    html! {
        <header class="lesson-head">
            <select aria-label={language.say(Text::LessonChoose)} onchange={on_choose}>
                { for LESSONS.iter().map(|&(id, title)| html! {
                    <option key={id} value={id} selected={id == **chosen}>{ language.say(title) }</option>
                }) }
            </select>
            if let Some(loaded) = loaded {
                { score(language, loaded, progress) }
                <button type="button" class="quiet" onclick={begin(props, loaded)}>
                    { language.say(Text::LessonBegin) }
                </button>
            }
        </header>
    }
}

fn score(language: Language, loaded: &Loaded, progress: &Progress) -> Html {
    let (reached, all) = loaded.score(progress);
    if all == 0 {
        return Html::default();
    }
    let (reached, all) = (reached.to_string(), all.to_string());
    let text = language.fill(Text::LessonScore, &[&reached, &all]);
    html! {
        <span class="lesson-score">
            <progress value={reached} max={all} aria-label={text.clone()}></progress>
            <span aria-hidden="true">{ text }</span>
        </span>
    }
}

/// A new cluster as the lesson wants it, with its files.
fn begin(props: &Props, loaded: &Shared<Loaded>) -> Callback<MouseEvent> {
    let (language, on_begin, loaded) = (props.language, props.hands.on_begin.clone(), loaded.clone());
    Callback::from(move |_: MouseEvent| {
        let question = language.say(Text::ResetQuestion);
        let sure = web_sys::window().is_some_and(|window| window.confirm_with_message(question).unwrap_or(false));
        if sure {
            on_begin.emit(start_of(&loaded));
        }
    })
}

fn start_of(loaded: &Loaded) -> Start {
    let front = &loaded.front;
    let files = loaded.files.iter().map(|(path, text)| File { path: path.clone(), text: text.clone() }).collect();
    Start {
        seed: front.seed.unwrap_or(1),
        nodes: front.nodes.unwrap_or(4),
        timing: front.timing.clone().unwrap_or_else(|| "realistic".into()),
        start_us: js_sys::Date::now() as u64 * 1_000,
        lesson: Some(loaded.id.into()),
        files,
    }
}

/// The one that the address names (`?lesson=`), else the one that was read last.
fn chosen_lesson() -> &'static str {
    let kept = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
    let kept = kept.and_then(|storage| storage.get_item(CHOICE_KEY).ok().flatten());
    let query = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let mut asked = query.trim_start_matches('?').split('&').filter_map(|pair| pair.strip_prefix("lesson="));
    let wanted = asked.next().or(kept.as_deref());
    let known = LESSONS.iter().find(|(id, _)| Some(*id) == wanted);
    known.map_or(LESSONS[0].0, |(id, _)| id)
}

fn keep_choice(id: &str) {
    // In somebody else's page nothing is kept.
    let query = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    if Guest::of_query(&query).is_guest() {
        return;
    }
    if let Some(storage) = web_sys::window().and_then(|window| window.local_storage().ok().flatten()) {
        // A choice that is not kept is made again.
        let _ = storage.set_item(CHOICE_KEY, id);
    }
}

impl Pane {
    fn act(&self, act: Act) {
        let loaded = self.now.borrow().loaded.clone();
        let Some(loaded) = loaded else { return };
        match act {
            Act::Run(number) => {
                if let Some(Kind::Type(typed)) = loaded.step(number).map(|step| &step.kind) {
                    if self.is_for_reader(typed) {
                        self.type_block(typed);
                        self.set_done(&loaded, &[number]);
                    } else {
                        self.refuse(Some(number));
                    }
                }
            }
            Act::Save(number) => {
                if let Some(Kind::File { name, text }) = loaded.step(number).map(|step| &step.kind) {
                    self.hands.on_command.emit(Command::WriteFile { path: name.clone(), text: text.clone() });
                }
            }
            Act::Probe(number) => {
                let mut asking = Asking::default();
                if let Some(step) = loaded.step(number) {
                    asking.add(step);
                }
                self.send(asking, true);
            }
            Act::Skip => self.hands.on_wish.emit(Wish::Fast(Goal::Settled)),
        }
    }

    /// The reader has typed something: it may be a block of the lesson.
    fn watch(&self, entered: Option<&String>) {
        let loaded = self.now.borrow().loaded.clone();
        let (Some(loaded), Some(text)) = (loaded, entered) else { return };
        let block = loaded.block_of(&self.now.borrow().progress, text);
        if let Some(number) = block {
            self.set_done(&loaded, &[number]);
        }
    }

    fn set_done(&self, loaded: &Loaded, numbers: &[u32]) {
        let next = self.now.borrow().progress.with(numbers);
        next.keep(loaded.id);
        self.show(next);
    }

    fn show(&self, next: Progress) {
        let next = Shared::new(next);
        self.now.borrow_mut().progress = next.clone();
        self.progress.set(next);
    }

    fn mode(&self, terminal: u32) -> Option<Mode> {
        self.now.borrow().modes.iter().find(|(number, _)| *number == terminal).map(|(_, mode)| *mode)
    }

    /// Whether who reads in the block's terminal is who it is written for: the shell, or a program that was begun before.
    fn is_for_reader(&self, typed: &Typed) -> bool {
        let is_key = typed.lines.first().is_some_and(|line| line.trim().starts_with('^'));
        match self.mode(typed.terminal) {
            Some(Mode::Program) => typed.way == Way::Input || is_key,
            Some(Mode::Shell) => typed.way != Way::Input || is_key,
            _ => true,
        }
    }

    /// Types a block into its terminal, which is opened if it is not there. A watch of the lesson's that still goes on in it is
    /// ended first, as the reader would have to.
    fn type_block(&self, typed: &Typed) {
        let &Typed { terminal, way, .. } = typed;
        let mode = self.mode(terminal);
        if mode.is_none() {
            self.hands.on_command.emit(Command::OpenTerminal { terminal });
        }
        let is_watching = self.now.borrow().watching.contains(&terminal) && mode == Some(Mode::Busy);
        if is_watching && way != Way::Input && typed.lines.first().is_some_and(|line| line.trim() != "^C") {
            self.hands.on_command.emit(Command::Interrupt { terminal, pending: String::new() });
        }
        let mut now = self.now.borrow_mut();
        now.watching.retain(|number| *number != terminal);
        if way == Way::Background {
            now.watching.push(terminal);
        }
        drop(now);
        self.hands.on_action.emit(Action::Use(terminal));
        self.type_lines(terminal, &typed.lines);
    }

    fn type_lines(&self, terminal: u32, lines: &[String]) {
        let mut text = String::new();
        for line in lines {
            let key = match line.trim() {
                "^C" => Command::Interrupt { terminal, pending: String::new() },
                "^D" => Command::Eof { terminal },
                _ => {
                    text.push_str(line);
                    text.push('\n');
                    continue;
                }
            };
            self.type_text(terminal, &mut text);
            self.hands.on_command.emit(key);
        }
        self.type_text(terminal, &mut text);
    }

    fn type_text(&self, terminal: u32, text: &mut String) {
        if !text.is_empty() {
            self.hands.on_command.emit(Command::Input { terminal, text: std::mem::take(text) });
        }
    }

    /// Asks about the gates that may have come true, if nothing is asked already.
    fn ask(&self) {
        let waits = {
            let prober = self.prober.borrow();
            prober.asking.is_some() || prober.pause.is_some()
        };
        let asking = {
            let now = self.now.borrow();
            now.loaded.as_ref().map(|loaded| loaded.asking(&now.progress))
        };
        if let Some(asking) = asking.filter(|asking| !waits && !asking.lines.is_empty()) {
            self.send(asking, false);
        }
    }

    fn send(&self, asking: Asking, by_hand: bool) {
        let mut prober = self.prober.borrow_mut();
        prober.id = prober.id.wrapping_add(1);
        let command = Command::Probe { id: prober.id, lines: asking.lines.clone() };
        prober.asking = Some(asking);
        prober.by_hand = by_hand;
        drop(prober);
        self.hands.on_command.emit(command);
    }

    fn hear(&self, probed: Option<&Shared<(u32, Vec<Probed>)>>) {
        let (asking, by_hand) = {
            let mut prober = self.prober.borrow_mut();
            let Some(_) = probed.filter(|probed| probed.0 == prober.id) else { return };
            let turn = self.turn.clone();
            let prober_again = self.prober.clone();
            prober.pause = Some(Timeout::new(PROBE_PAUSE_MS, move || {
                prober_again.borrow_mut().pause = None;
                turn.set(turn.wrapping_add(1));
            }));
            (prober.asking.take(), prober.by_hand)
        };
        let loaded = self.now.borrow().loaded.clone();
        let (Some(asking), Some(loaded), Some(probed)) = (asking, loaded, probed) else { return };
        let reached = loaded.reached(&asking, &probed.1);
        if !reached.is_empty() {
            self.set_done(&loaded, &reached);
        } else if by_hand {
            self.refuse(asking.gates.first().map(|(number, _)| *number));
        }
    }

    fn refuse(&self, step: Option<u32>) {
        let mut next = (*self.now.borrow().progress).clone();
        next.refused = step;
        self.show(next);
    }
}
