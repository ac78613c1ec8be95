//! Ways for bytes to go to an engine and come back.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Reflect, Uint8Array};
use view::{Answer, to_bytes};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, Event, MessageEvent, Worker};
use yew::Callback;

use crate::engine::Engine;

/// What comes back.
pub enum LinkEvent {
    /// The bytes of an answer.
    Bytes(Vec<u8>),
    /// The engine is gone; why, as far as the browser says.
    Died(String),
}

/// One engine's lifetime. Dropping it ends the engine.
pub trait Link {
    /// Sends the bytes of a request.
    fn post(&self, bytes: &[u8]);
}

/// Makes a new engine that reports to the callback: at the start, and after every trap.
pub type Connect = Rc<dyn Fn(Callback<LinkEvent>) -> Box<dyn Link>>;

/// Engines in workers, loaded by the script of this name beside the page.
pub fn worker_link(script: &'static str) -> Connect {
    Rc::new(move |events| match WorkerLink::new(script, &events) {
        Ok(link) => Box::new(link),
        Err(error) => {
            let reason = format!("the browser refuses a worker: {error:?}");
            Timeout::new(0, move || events.emit(LinkEvent::Died(reason))).forget();
            Box::new(NoLink)
        }
    })
}

/// Engines on this thread. Answers come later, as from a worker.
pub fn local_link() -> Connect {
    Rc::new(|events: Callback<LinkEvent>| {
        let greeting = to_bytes(&Answer { sequence: 0, updates: Vec::new() });
        let greeted = events.clone();
        Timeout::new(0, move || greeted.emit(LinkEvent::Bytes(greeting))).forget();
        Box::new(LocalLink { engine: RefCell::new(Engine::default()), events })
    })
}

struct NoLink;

impl Link for NoLink {
    fn post(&self, _: &[u8]) {}
}

struct LocalLink {
    engine: RefCell<Engine>,
    events: Callback<LinkEvent>,
}

impl Link for LocalLink {
    fn post(&self, bytes: &[u8]) {
        let answer = self.engine.borrow_mut().answer(bytes);
        let events = self.events.clone();
        Timeout::new(0, move || events.emit(LinkEvent::Bytes(answer))).forget();
    }
}

struct WorkerLink {
    worker: Worker,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_error: Closure<dyn Fn(Event)>,
}

impl WorkerLink {
    fn new(script: &str, events: &Callback<LinkEvent>) -> Result<WorkerLink, JsValue> {
        let (worker, said) = match started() {
            Some(started) => started,
            None => (Worker::new(script)?, Array::new()),
        };
        let emit = events.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            emit.emit(LinkEvent::Bytes(Uint8Array::new(&event.data()).to_vec()));
        });
        let emit = events.clone();
        let on_error = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            // The report says it all; the browser's console need not repeat it.
            event.prevent_default();
            let text = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
            emit.emit(LinkEvent::Died(text.unwrap_or_else(|| "the worker could not be loaded".into())));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        hear_later(said, &on_message, &on_error);
        Ok(WorkerLink { worker, _on_message: on_message, _on_error: on_error })
    }
}

/// The worker that `start.js` has started, with what it has said so far; there is one, for the first to ask.
fn started() -> Option<(Worker, Array)> {
    let global = js_sys::global();
    let engine = Reflect::get(&global, &"ordinalEngine".into()).ok().filter(JsValue::is_object)?;
    Reflect::delete_property(&global, &"ordinalEngine".into()).ok()?;
    let part = |name: &str| Reflect::get(&engine, &name.into()).ok();
    Some((part("worker")?.dyn_into().ok()?, part("said")?.dyn_into().ok()?))
}

/// Events come after the link is there, as always.
fn hear_later(said: Array, on_message: &Closure<dyn Fn(MessageEvent)>, on_error: &Closure<dyn Fn(Event)>) {
    let (on_message, on_error): (Function, Function) =
        (on_message.as_ref().clone().unchecked_into(), on_error.as_ref().clone().unchecked_into());
    Timeout::new(0, move || {
        for event in said.iter() {
            let hear = if event.is_instance_of::<MessageEvent>() { &on_message } else { &on_error };
            // What it does is reported by itself.
            let _ = hear.call1(&JsValue::NULL, &event);
        }
    })
    .forget();
}

impl Link for WorkerLink {
    fn post(&self, bytes: &[u8]) {
        let array = Uint8Array::from(bytes);
        let transfer = Array::of1(&array.buffer());
        // A dead worker says so by its error event.
        let _ = self.worker.post_message_with_transfer(&array, &transfer);
    }
}

impl Drop for WorkerLink {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}
