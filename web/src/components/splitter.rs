//! The edge between two parts of the page: dragged with a pointer, moved with the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::prelude::*;

use crate::store::{Action, Pane};

/// Pixels of one press of an arrow key.
const STEP_PX: i32 = 24;

/// See the module.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// Whose size it changes.
    pub pane: Pane,
    /// Its name.
    pub label: &'static str,
    /// The present size.
    pub size: i32,
    /// For the store.
    pub on_action: Callback<Action>,
}

/// See the module.
#[component]
pub(super) fn Splitter(props: &Props) -> Html {
    let &Props { pane, label, size, .. } = props;
    let (least, most) = pane.range();
    let (drag, key) = (props.on_action.clone(), props.on_action.clone());
    let direction = if pane == Pane::Dock { "horizontal" } else { "vertical" };
    html! {
        <div class={classes!("splitter", format!("splitter-{}", pane.name()))} role="separator" tabindex="0"
            aria-label={label} aria-orientation={direction} aria-valuenow={size.to_string()}
            aria-valuemin={least.to_string()} aria-valuemax={most.to_string()}
            onpointerdown={|event: PointerEvent| capture(&event)}
            onpointermove={move |event: PointerEvent| {
                if let Some(size) = dragged_to(pane, &event) {
                    drag.emit(Action::Resize(pane, size));
                }
            }}
            onkeydown={move |event: KeyboardEvent| {
                if let Some(action) = action_of(pane, size, &event.key()) {
                    event.prevent_default();
                    key.emit(action);
                }
            }} />
    }
}

fn capture(event: &PointerEvent) {
    event.prevent_default();
    if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
        // Without it a fast pointer leaves the edge behind, and nothing worse.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// The size that the pointer asks for, while a button is down.
fn dragged_to(pane: Pane, event: &PointerEvent) -> Option<i32> {
    if event.buttons() & 1 == 0 {
        return None;
    }
    let element = event.target()?.dyn_into::<Element>().ok()?;
    let around = element.parent_element()?.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let size = match pane {
        Pane::Lesson | Pane::Editor => x - around.left(),
        Pane::Side => around.right() - x,
        Pane::Dock => around.bottom() - y,
    };
    Some(size as i32)
}

fn action_of(pane: Pane, size: i32, key: &str) -> Option<Action> {
    let grows = matches!(pane, Pane::Lesson | Pane::Editor);
    let (least, most) = pane.range();
    let step = if grows { STEP_PX } else { -STEP_PX };
    let size = match key {
        "ArrowRight" if pane != Pane::Dock => size + step,
        "ArrowLeft" if pane != Pane::Dock => size - step,
        "ArrowDown" if pane == Pane::Dock => size + step,
        "ArrowUp" if pane == Pane::Dock => size - step,
        "Home" => least,
        "End" => most,
        "Enter" => return Some(Action::Open(pane, false)),
        _ => return None,
    };
    Some(Action::Resize(pane, size))
}
