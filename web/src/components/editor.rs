//! The editor's pane: a file of the session, what is wrong with it, and buttons that save it and type the command that
//! applies it.

use view::{Command, Problem};
use web_sys::{HtmlSelectElement, KeyboardEvent};
use yew::prelude::*;

use super::code::{Code, Question, reveal, text_of};
use crate::i18n::{Language, Text};
use crate::store::{Action, EditorState, Opened, Pane, Shared};

/// What the list of files has for a new one: no file's name.
const NEW_FILE: &str = "/";

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// Files, text, mistakes.
    pub editor: Shared<EditorState>,
    /// Where commands are typed.
    pub terminal: u32,
    /// For the engine.
    pub on_command: Callback<Command>,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// What the buttons need.
#[derive(Clone)]
struct File {
    element: NodeRef,
    path: String,
    terminal: u32,
    on_command: Callback<Command>,
    on_action: Callback<Action>,
    unsaved: UseStateHandle<bool>,
}

/// See the module.
#[component]
pub(super) fn EditorPane(props: &Props) -> Html {
    let Props { language, editor, on_command, on_action, .. } = props;
    let language = *language;
    let element = use_node_ref();
    let unsaved = use_state_eq(|| false);
    let opened = editor.opened.clone();
    {
        let ask = on_command.clone();
        use_effect_with((), move |()| ask.emit(Command::ListFiles));
    }
    {
        let (ask, is_empty) = (on_command.clone(), opened.is_none());
        use_effect_with(editor.files.clone(), move |files| {
            let first =
                files.iter().find(|file| *file == "web.yaml").or_else(|| files.iter().find(|file| is_manifest(file)));
            if let Some(path) = first.filter(|_| is_empty) {
                ask.emit(Command::ReadFile { path: path.clone() });
            }
        });
    }
    {
        let ask = on_command.clone();
        let unsaved = unsaved.setter();
        use_effect_with(opened.clone(), move |opened| {
            unsaved.set(false);
            if let Some(opened) = opened.as_ref().filter(|opened| is_manifest(&opened.path)) {
                ask.emit(Command::Check { ticket: 0, text: opened.text.clone() });
            }
        });
    }
    let path = opened.as_ref().map(|opened| opened.path.clone()).unwrap_or_default();
    let file = File {
        element: element.clone(),
        path: path.clone(),
        terminal: props.terminal,
        on_command: on_command.clone(),
        on_action: on_action.clone(),
        unsaved: unsaved.clone(),
    };
    let text = opened.as_ref().map(|opened| opened.text.clone()).unwrap_or_default();
    let (changed, key) = (file.clone(), file.clone());
    let on_change = Callback::from(move |text: String| changed.changed(text));
    let close = on_action.reform(|_: MouseEvent| Action::Open(Pane::Editor, false));
    html! {
        <section class="pane pane-editor" aria-label={language.say(Text::Editor)}
            onkeydown={move |event: KeyboardEvent| {
                if event.key() == "s" && (event.ctrl_key() || event.meta_key()) {
                    event.prevent_default();
                    key.save();
                }
            }}>
            <div class="pane-head">
                <h2>{ language.say(Text::Editor) }</h2>
                { choice(props, &path) }
                if *unsaved {
                    <span class="pane-note">{ language.say(Text::Unsaved) }</span>
                }
                <span class="pane-buttons">{ buttons(language, &file) }</span>
                <button type="button" class="quiet close" aria-label={language.say(Text::Close)} onclick={close}>{ "×" }</button>
            </div>
            <Code {text} path={path} label={language.say(Text::EditorText)} description={language.say(Text::EditorKeys)}
                element={element.clone()} problems={editor.problems.clone()} suggested={editor.suggested.clone()}
                {on_change} on_question={on_command.reform(question)} />
            { problems(language, &editor.problems, &element) }
        </section>
    }
}

/// What a question of the code editor is to the engine.
pub(super) fn question(asked: Question) -> Command {
    let Question { ticket, line, column, text } = asked;
    Command::Suggest { ticket, text, line, column }
}

fn is_manifest(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json")
}

impl File {
    fn changed(&self, text: String) {
        self.unsaved.set(true);
        if is_manifest(&self.path) {
            self.on_command.emit(Command::Check { ticket: 0, text });
        }
    }

    fn save(&self) {
        if self.path.is_empty() {
            return;
        }
        let text = text_of(&self.element);
        self.on_command.emit(Command::WriteFile { path: self.path.clone(), text: text.clone() });
        self.on_action.emit(Action::Saved(Opened { path: self.path.clone(), text }));
        self.on_command.emit(Command::ListFiles);
    }

    /// Saves, and types the command into the terminal for all to see.
    fn types(&self, start: &str) {
        if !self.path.is_empty() {
            self.save();
            let text = format!("{start} {}\n", quoted(&self.path));
            self.on_command.emit(Command::Input { terminal: self.terminal, text });
        }
    }
}

/// A path as one word of the shell.
fn quoted(path: &str) -> String {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/'));
    if is_plain { path.into() } else { ["'", &path.replace('\'', r"'\''"), "'"].concat() }
}

fn buttons(language: Language, file: &File) -> Html {
    let button = |text: Text, class: &'static str, act: fn(&File)| {
        let file = file.clone();
        html! { <button type="button" {class} onclick={move |_| act(&file)}>{ language.say(text) }</button> }
    };
    html! {
        <>
            { button(Text::SaveFile, "", File::save) }
            { button(Text::DiffFile, "", |file| file.types("kubectl diff -f")) }
            { button(Text::ApplyFile, "primary", |file| file.types("kubectl apply -f")) }
        </>
    }
}

/// The files of the session, and a new one.
fn choice(props: &Props, path: &str) -> Html {
    let Props { language, editor, .. } = props;
    let (ask, act) = (props.on_command.clone(), props.on_action.clone());
    let question = language.say(Text::NewFileName);
    let on_change = move |event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        if chosen != NEW_FILE {
            ask.emit(Command::ReadFile { path: chosen });
        } else if let Some(path) = ask_for_name(question) {
            act.emit(Action::Saved(Opened { path, text: String::new() }));
        }
    };
    let is_new = !path.is_empty() && !editor.files.iter().any(|file| file == path);
    let names = editor.files.iter().map(String::as_str).chain(is_new.then_some(path));
    html! {
        <select aria-label={language.say(Text::EditorFile)} onchange={on_change}>
            { for names.map(|name| html! {
                <option key={name} value={name.to_string()} selected={name == path}>{ name }</option>
            }) }
            <option value={NEW_FILE}>{ language.say(Text::NewFile) }</option>
        </select>
    }
}

fn ask_for_name(question: &str) -> Option<String> {
    let name = web_sys::window()?.prompt_with_message_and_default(question, "new.yaml").ok()??;
    Some(name.trim().to_string()).filter(|name| !name.is_empty() && name != NEW_FILE)
}

/// What is wrong, as a list that leads there.
pub(super) fn problems(language: Language, problems: &[Problem], element: &NodeRef) -> Html {
    if problems.is_empty() {
        return Html::default();
    }
    let line = |(index, problem): (usize, &Problem)| {
        let (element, at) = (element.clone(), (problem.line, problem.column));
        let place = [problem.line.to_string(), problem.column.to_string()];
        html! {
            <li key={index}>
                <button type="button" class="problem" onclick={move |_| reveal(&element, at.0, at.1)}>
                    { language.fill(Text::ProblemAt, &[&place[0], &place[1], &problem.message]) }
                    if !problem.nearest.is_empty() {
                        <em>{ language.fill(Text::DidYouMean, &[&problem.nearest]) }</em>
                    }
                </button>
            </li>
        }
    };
    html! {
        <ul class="problems" aria-label={language.say(Text::Problems)}>
            { for problems.iter().enumerate().map(line) }
        </ul>
    }
}
