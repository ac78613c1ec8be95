//! A text in the code editor, which is an element of its own (`<ordinal-editor>`, defined by `editor.js`) and is loaded when
//! the first one is shown. Until then, and where it cannot be loaded, a plain text field does its work.
//!
//! The element owns the text. It tells of changes and asks how to go on by events; it is told of mistakes and answers.

use std::cell::RefCell;
use std::rc::Rc;

use view::{Candidate, Problem};
use wasm_bindgen::prelude::*;
use web_sys::{CustomEvent, Document, Event, HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::store::{Shared, Suggested};

/// The element's script, beside the page.
const SCRIPT: &str = "editor.js";

#[wasm_bindgen]
extern "C" {
    /// `<ordinal-editor>`; its methods are there once its script has run.
    #[wasm_bindgen(extends = HtmlElement)]
    pub(super) type EditorElement;

    #[wasm_bindgen(method, getter)]
    fn text(this: &EditorElement) -> Option<String>;
    #[wasm_bindgen(method, catch)]
    fn open(this: &EditorElement, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn mark(this: &EditorElement, problems: &js_sys::Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn suggest(this: &EditorElement, ticket: u32, from: u32, candidates: &js_sys::Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn reveal(this: &EditorElement, line: u32, column: u32) -> Result<(), JsValue>;
}

/// A question about a place in the text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Question {
    /// Comes back with the answer.
    pub ticket: u32,
    /// The first is 0.
    pub line: u32,
    /// In characters; the first is 0.
    pub column: u32,
    /// All of it.
    pub text: String,
}

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// As it is opened; another text replaces what stands there.
    pub text: AttrValue,
    /// Changes with what is opened, so that the same text can be opened anew.
    pub path: AttrValue,
    /// Its name.
    pub label: AttrValue,
    /// How it is left.
    pub description: AttrValue,
    /// The element.
    pub element: NodeRef,
    /// Mistakes to mark.
    pub problems: Shared<Vec<Problem>>,
    /// The answer to the last question.
    pub suggested: Option<Shared<Suggested>>,
    /// The text has changed.
    pub on_change: Callback<String>,
    /// How can it go on?
    pub on_question: Callback<Question>,
}

/// Whom the element tells of changes, and whom it asks.
type Told = (Callback<String>, Callback<Question>);

/// See the module.
#[component]
pub(super) fn Code(props: &Props) -> Html {
    let element = props.element.clone();
    // The element is heard by one listener; whom it tells may change with every rendering.
    let told = use_mut_ref(Told::default);
    *told.borrow_mut() = (props.on_change.clone(), props.on_question.clone());
    {
        let element = element.clone();
        use_effect_with((), move |()| listen(&element, told));
    }
    {
        let element = element.clone();
        use_effect_with((props.path.clone(), props.text.clone()), move |(_, text)| set_text(&element, text));
    }
    {
        let element = element.clone();
        use_effect_with(props.problems.clone(), move |problems| {
            if let Some(editor) = editor(&element) {
                // Before its script has run there is nothing to mark in.
                let _ = editor.mark(&problem_array(problems));
            }
        });
    }
    {
        let element = element.clone();
        use_effect_with(props.suggested.clone(), move |suggested| {
            if let (Some(editor), Some(suggested)) = (editor(&element), suggested) {
                // It asked, so its script has run.
                let _ = editor.suggest(suggested.ticket, suggested.from, &candidate_array(&suggested.candidates));
            }
        });
    }
    let change = props.on_change.clone();
    html! {
        <ordinal-editor ref={element} class="code" data-label={props.label.clone()}
            data-description={props.description.clone()}>
            <textarea class="code-plain" spellcheck="false" autocapitalize="off" aria-label={props.label.clone()}
                oninput={move |event: InputEvent| {
                    change.emit(event.target_unchecked_into::<HtmlTextAreaElement>().value());
                }} />
        </ordinal-editor>
    }
}

/// The text as it stands.
pub(super) fn text_of(element: &NodeRef) -> String {
    let Some(editor) = editor(element) else { return String::new() };
    editor.text().unwrap_or_else(|| plain(&editor).map(|area| area.value()).unwrap_or_default())
}

/// Goes to a place; both counted from 1.
pub(super) fn reveal(element: &NodeRef, line: u32, column: u32) {
    if let Some(editor) = editor(element) {
        // The plain field cannot be scrolled to a line.
        let _ = editor.reveal(line, column);
    }
}

fn editor(element: &NodeRef) -> Option<EditorElement> {
    element.get().map(JsCast::unchecked_into)
}

fn plain(editor: &EditorElement) -> Option<HtmlTextAreaElement> {
    editor.query_selector("textarea").ok()??.dyn_into().ok()
}

/// The plain field gets the text, too: the element takes it from there when its script comes late.
fn set_text(element: &NodeRef, text: &str) {
    if let Some(editor) = editor(element) {
        if let Some(area) = plain(&editor) {
            area.set_value(text);
        }
        // Before its script has run the plain field is all there is.
        let _ = editor.open(text);
    }
}

/// Loads the script and hears the element, for as long as it is shown.
fn listen(element: &NodeRef, told: Rc<RefCell<Told>>) -> impl FnOnce() + use<> {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(document) = &document {
        load(document);
    }
    let node = element.get();
    let asked = told.clone();
    let on_change = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let (change, _) = told.borrow().clone();
        change.emit(detail(&event).as_string().unwrap_or_default());
    });
    let on_question = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let parts = js_sys::Array::from(&detail(&event));
        let number = |index: u32| parts.get(index).as_f64().unwrap_or(0.0) as u32;
        let text = parts.get(3).as_string().unwrap_or_default();
        let (_, question) = asked.borrow().clone();
        question.emit(Question { ticket: number(0), line: number(1), column: number(2), text });
    });
    let handlers = [("ordinal-change", on_change), ("ordinal-question", on_question)];
    for (name, handler) in &handlers {
        if let Some(node) = &node {
            // An element takes a listener for any name.
            let _ = node.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
        }
    }
    move || {
        for (name, handler) in &handlers {
            if let Some(node) = &node {
                // It was added above.
                let _ = node.remove_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
            }
        }
    }
}

fn detail(event: &Event) -> JsValue {
    event.dyn_ref::<CustomEvent>().map(CustomEvent::detail).unwrap_or_default()
}

fn load(document: &Document) {
    let is_there = document.query_selector("script[src=\"editor.js\"]").ok().flatten().is_some();
    if let Some(script) = document.create_element("script").ok().filter(|_| !is_there) {
        // A script that cannot be had leaves the plain field.
        let _ = script.set_attribute("type", "module").and_then(|()| script.set_attribute("src", SCRIPT));
        let _ = document.head().map(|head| head.append_child(&script));
    }
}

fn problem_array(problems: &[Problem]) -> js_sys::Array {
    let row = |problem: &Problem| {
        let place = [problem.line, problem.column].map(JsValue::from);
        js_sys::Array::of3(&place[0], &place[1], &problem.message.as_str().into())
    };
    problems.iter().map(row).collect()
}

fn candidate_array(candidates: &[Candidate]) -> js_sys::Array {
    let row =
        |candidate: &Candidate| js_sys::Array::of2(&candidate.text.as_str().into(), &candidate.note.as_str().into());
    candidates.iter().map(row).collect()
}
