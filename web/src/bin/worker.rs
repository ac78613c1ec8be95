//! The worker: receives the bytes of requests, posts the bytes of answers. A panic posts its last words first, then
//! traps, which the page sees as the worker's `error`.

use std::cell::RefCell;
use std::panic;

use js_sys::Uint8Array;
use ordinal_web::engine::Engine;
use view::{Answer, Update, to_bytes};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        post(&to_bytes(&Answer { sequence: 0, updates: vec![Update::Report { text }] }));
    }));
    let engine = RefCell::new(Engine::default());
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let request = Uint8Array::new(&event.data()).to_vec();
        // What is no bytes is for the loader.
        if request.is_empty() {
            return;
        }
        let was_used = engine.borrow().is_used();
        let answer = engine.borrow_mut().answer(&request);
        post(&answer);
        if engine.borrow().is_used() && !was_used {
            fetch_rest();
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    // The greeting: requests posted before it would have been lost.
    post(&to_bytes(&Answer { sequence: 0, updates: Vec::new() }));
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Has the loader fetch the second part of this program, where it comes in two.
fn fetch_rest() {
    let fetch = js_sys::Reflect::get(&scope(), &"fetchRest".into());
    if let Some(fetch) = fetch.ok().and_then(|fetch| fetch.dyn_into::<js_sys::Function>().ok()) {
        // What fails is tried again when the part is needed.
        let _ = fetch.call0(&JsValue::NULL);
    }
}

/// Transfers the bytes: they are copied once, out of this memory, and not again.
fn post(bytes: &[u8]) {
    let array = Uint8Array::from(bytes);
    let transfer = js_sys::Array::of1(&array.buffer());
    // A message that cannot be posted has nobody to be reported to.
    let _ = scope().post_message_with_transfer(&array, &transfer);
}
