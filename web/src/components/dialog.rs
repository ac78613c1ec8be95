//! The dialog that `vi`, `nano` and `kubectl edit` open: a text in the code editor. The program waits until it closes.

use view::Command;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::code::{Code, text_of};
use super::editor::{problems, question};
use crate::i18n::{Language, Text};
use crate::store::{Action, Editing, EditorState, Shared};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// What is edited.
    pub editing: Shared<Editing>,
    /// What the engine says of it.
    pub editor: Shared<EditorState>,
    /// For the engine.
    pub on_command: Callback<Command>,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn EditDialog(props: &Props) -> Html {
    let Props { language, editing, editor, on_command, .. } = props;
    let (dialog, element) = (use_node_ref(), use_node_ref());
    {
        let (dialog, check) = (dialog.clone(), on_command.clone());
        use_effect_with(editing.clone(), move |editing| {
            show(&dialog);
            check.emit(Command::Check { ticket: 0, text: editing.text.clone() });
        });
    }
    let close = |saved: bool| {
        let (element, editing) = (element.clone(), editing.clone());
        let (on_command, on_action) = (on_command.clone(), props.on_action.clone());
        move || {
            let text = saved.then(|| text_of(&element));
            on_action.emit(Action::CloseEditor);
            on_command.emit(Command::EditorResult { terminal: editing.terminal, path: editing.path.clone(), text });
        }
    };
    let (save, leave, escape) = (close(true), close(false), close(false));
    let on_cancel = Callback::from(move |event: Event| {
        event.prevent_default();
        escape();
    });
    html! {
        <dialog class="dialog editor" ref={dialog} oncancel={on_cancel} aria-labelledby="editor-title">
            <h2 id="editor-title">{ language.fill(Text::EditorTitle, &[&editing.path]) }</h2>
            <Code text={editing.text.clone()} path={editing.path.clone()} label={language.say(Text::EditorText)}
                description={language.say(Text::EditorKeys)} element={element.clone()}
                problems={editor.problems.clone()} suggested={editor.suggested.clone()}
                on_change={on_command.reform(|text| Command::Check { ticket: 0, text })}
                on_question={on_command.reform(question)} />
            { problems(*language, &editor.problems, &element) }
            <div class="dialog-buttons">
                <button type="button" class="primary" onclick={move |_| save()}>{ language.say(Text::EditorSave) }</button>
                <button type="button" onclick={move |_| leave()}>{ language.say(Text::EditorCancel) }</button>
            </div>
        </dialog>
    }
}

/// Opens a dialog over everything else.
pub(super) fn show(dialog: &NodeRef) {
    if let Some(dialog) = dialog.cast::<HtmlDialogElement>().filter(|dialog| !dialog.open()) {
        // It fails on a dialog that is already open, and that one is not.
        let _ = dialog.show_modal();
    }
}
