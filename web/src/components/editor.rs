//! The editor that `vi`, `nano` and `kubectl edit` open: a text in a dialog. The program waits until it closes.

use view::Command;
use web_sys::{HtmlDialogElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::i18n::{Language, Text};
use crate::store::{Action, Editing, Shared};

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// What it speaks.
    pub language: Language,
    /// What is edited.
    pub editing: Shared<Editing>,
    /// For the engine.
    pub on_command: Callback<Command>,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn Editor(props: &Props) -> Html {
    let Props { language, editing, .. } = props;
    let (dialog, area) = (use_node_ref(), use_node_ref());
    {
        let (dialog, area, text) = (dialog.clone(), area.clone(), editing.text.clone());
        use_effect_with(editing.clone(), move |_| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                area.set_value(&text);
            }
            show(&dialog);
        });
    }
    let close = |saved: bool| {
        let (area, editing) = (area.clone(), editing.clone());
        let (on_command, on_action) = (props.on_command.clone(), props.on_action.clone());
        move || {
            let text = area.cast::<HtmlTextAreaElement>().filter(|_| saved).map(|area| area.value());
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
            <textarea ref={area} class="editor-text" spellcheck="false" autocapitalize="off"
                aria-label={language.say(Text::EditorText)} />
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
