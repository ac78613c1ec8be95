//! A lesson's blocks: to run, to compare, to wait for, to reach.

use lesson::{Check, Kind, Typed, Wait, Way};
use yew::prelude::*;

use super::lesson_prose;
use crate::i18n::{Language, Text};
use crate::lesson::{Leaf, Progress, Step};
use crate::store::Shared;

/// Expected output of more lines is folded: the terminal shows the real one.
const OPEN_LINES_MAX: usize = 8;

/// What the reader wants done with a step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Act {
    /// Type it.
    Run(u32),
    /// See whether it is reached.
    Probe(u32),
    /// Put its file into the home directory.
    Save(u32),
    /// Let time pass.
    Skip,
}

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// The piece.
    pub leaf: Shared<Leaf>,
    /// What is done.
    pub progress: Shared<Progress>,
    /// For the pane.
    pub on_act: Callback<Act>,
}

/// One piece of a lesson.
#[component]
pub(super) fn LessonLeaf(props: &Props) -> Html {
    let &Props { language, .. } = props;
    match &*props.leaf {
        Leaf::Prose(row) => lesson_prose::row(row),
        Leaf::Step(step) => shown(props, step),
        Leaf::Fold { title, leaves } => html! {
            <details class="lesson-fold">
                <summary>{ language.say(*title) }</summary>
                { for leaves.iter().enumerate().map(|(index, leaf)| html! {
                    <LessonLeaf key={index} {language} leaf={leaf.clone()} progress={props.progress.clone()}
                        on_act={props.on_act.clone()} />
                }) }
            </details>
        },
    }
}

fn shown(props: &Props, step: &Step) -> Html {
    let done = props.progress.is_done(step.number);
    match &step.kind {
        Kind::File { name, text } => file(props, step.number, name, text),
        Kind::Type(typed) => command(props, step.number, typed, done),
        Kind::Console { terminal, lines, .. } => console(props.language, *terminal, lines),
        Kind::Wait(waits) => wait(props, step.number, waits, done),
        Kind::Check(checks) => gate(props, step.number, checks, done),
        Kind::Prose(_) | Kind::Hint(_) | Kind::Solution(_) => Html::default(),
    }
}

fn button(props: &Props, act: Act, class: &'static str, text: String) -> Html {
    let on_act = props.on_act.clone();
    html! { <button type="button" {class} onclick={move |_| on_act.emit(act)}>{ text }</button> }
}

fn file(props: &Props, number: u32, name: &str, text: &str) -> Html {
    let language = props.language;
    html! {
        <details class="lesson-file" open=true>
            <summary><code lang="en">{ name.to_owned() }</code></summary>
            <pre class="lesson-code" lang="en" tabindex="0">{ text.to_owned() }</pre>
            { button(props, Act::Save(number), "quiet", language.fill(Text::LessonSave, &[name])) }
        </details>
    }
}

fn command(props: &Props, number: u32, typed: &Typed, done: bool) -> Html {
    let language = props.language;
    let terminal = typed.terminal.to_string();
    let (verb, unread) = match typed.way {
        Way::Input => (Text::LessonType, Text::LessonNobodyReads),
        Way::Command | Way::Background => (Text::LessonRun, Text::LessonAnotherReads),
    };
    html! {
        <div class={classes!("lesson-command", done.then_some("done"))}>
            <pre class="lesson-code" lang="en" tabindex="0">{ typed.lines.join("\n") }</pre>
            <div class="lesson-row">
                { button(props, Act::Run(number), "lesson-run", language.fill(verb, &[&terminal])) }
                if props.progress.refused == Some(number) {
                    <span class="lesson-note" role="status">{ language.fill(unread, &[&terminal]) }</span>
                } else if done {
                    <span class="lesson-done">{ language.say(Text::LessonTyped) }</span>
                } else if typed.way == Way::Background {
                    <span class="lesson-note">{ language.say(Text::LessonGoesOn) }</span>
                }
            </div>
        </div>
    }
}

fn console(language: Language, terminal: Option<u32>, lines: &[String]) -> Html {
    let title = match terminal {
        Some(terminal) => language.fill(Text::LessonExpectedAt, &[&terminal.to_string()]),
        None => language.say(Text::LessonExpected).to_owned(),
    };
    html! {
        <details class="lesson-expected" open={lines.len() <= OPEN_LINES_MAX}>
            <summary>{ title }</summary>
            { lesson_prose::expected(language, lines) }
        </details>
    }
}

fn wait(props: &Props, number: u32, waits: &[Wait], done: bool) -> Html {
    let language = props.language;
    html! {
        <div class={classes!("lesson-wait", done.then_some("done"))}>
            <span class="lesson-sign" aria-hidden="true">{ if done { "✓" } else { "◷" } }</span>
            <div>
                <span>{ language.say(if done { Text::LessonWaited } else { Text::LessonWaits }) }</span>
                { for waits.iter().map(|wait| html! { <code lang="en">{ wait.arguments.clone() }</code> }) }
                if !done {
                    <div class="lesson-row">
                        { button(props, Act::Skip, "quiet", language.say(Text::SkipWait).to_owned()) }
                        { button(props, Act::Probe(number), "quiet", language.say(Text::LessonCheckNow).to_owned()) }
                    </div>
                }
            </div>
        </div>
    }
}

fn gate(props: &Props, number: u32, checks: &[Check], done: bool) -> Html {
    let language = props.language;
    let text = match (done, props.progress.refused == Some(number)) {
        (true, _) => Text::LessonReached,
        (false, true) => Text::LessonNotYet,
        (false, false) => Text::LessonGate,
    };
    html! {
        <div class={classes!("lesson-gate", done.then_some("done"))} role="status">
            <span class="lesson-sign" aria-hidden="true">{ if done { "✓" } else { "○" } }</span>
            <div>
                <span>{ language.say(text) }</span>
                <details>
                    <summary>{ language.say(Text::LessonWhatIsChecked) }</summary>
                    { for checks.iter().map(|check| html! {
                        <pre class="lesson-code" lang="en" tabindex="0">{ condition(check) }</pre>
                    }) }
                </details>
                if !done {
                    <div class="lesson-row">
                        { button(props, Act::Probe(number), "quiet", language.say(Text::LessonCheckNow).to_owned()) }
                    </div>
                }
            </div>
        </div>
    }
}

fn condition(check: &Check) -> String {
    [check.command.as_str(), "\n→ ", check.expected.as_str()].concat()
}
