//! The names in a terminal's text, by keyboard: from the text the arrow keys go from one to the next, the newest first, and
//! Enter chooses. A name takes part in the focus only from when it is gone to: thousands of them cost nothing until then.

use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use wasm_bindgen::JsCast;

use super::terminal_keys::focus;
use crate::store::Action;

/// What a key does in the text; the line has keys of its own.
pub(super) fn key(event: &KeyboardEvent, log: &NodeRef, area: &NodeRef, on_action: &Callback<Action>) {
    let Some(here) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    if here.tag_name() == "TEXTAREA" || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    match event.key().as_str() {
        "ArrowLeft" => go(log, &here, Way::Back, on_action),
        "ArrowRight" => go(log, &here, Way::On, on_action),
        "Enter" => match name_of(&here) {
            Some(name) => on_action.emit(Action::Follow(name)),
            None => focus(area),
        },
        "Escape" => {
            on_action.emit(Action::Point(None));
            focus(area);
        }
        _ => return,
    }
    event.prevent_default();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    On,
}

fn go(log: &NodeRef, here: &Element, way: Way, on_action: &Callback<Action>) {
    let Some(all) = log.cast::<Element>().and_then(|log| log.query_selector_all(".name").ok()) else { return };
    let count = all.length();
    let at = (0..count).find(|&index| all.item(index).is_some_and(|node| node.is_same_node(Some(here))));
    let next = match (at, way) {
        (Some(at), Way::Back) => at.saturating_sub(1),
        (Some(at), Way::On) => at + 1,
        (None, Way::Back) => count.saturating_sub(1),
        (None, Way::On) => 0,
    };
    let Some(name) = all.item(next).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else { return };
    name.set_tab_index(-1);
    // An element that is there takes an attribute, and the focus.
    let _ = name.set_attribute("role", "link");
    let _ = name.focus();
    on_action.emit(Action::Point(name.text_content()));
}

fn name_of(element: &Element) -> Option<String> {
    if element.class_name() == "name" { element.text_content() } else { None }
}
