//! The messages between this page and the one around it, as values (docs/embedding.md lists them).

use js_sys::{Array, Object, Reflect};
use view::{Goal, INPUT_BYTES_MAX};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Window};

use super::{Beginning, THEMES, VERSION};
use crate::driver::SPEEDS;

/// Every message carries the version under this name.
const MARK: &str = "ordinal";
/// What a host numbers its questions with is less.
pub(super) const IDS_MAX: u32 = 1 << 30;
/// What a host's manifest has at most.
const MANIFEST_BYTES_MAX: usize = 1 << 20;
/// Milliseconds that a host lets pass at once: a year.
const PASS_MS_MAX: f64 = 366.0 * 86_400_000.0;

/// What the page around this one says. The numbers are the host's, below [`IDS_MAX`]; they come back with the answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// What the cluster begins with.
    Begin(Beginning),
    /// A command is to be typed; with a number, its outcome is wanted: at the latest after so much virtual time (microseconds).
    Run(Option<u32>, String, u64),
    /// Time stands.
    Pause,
    /// Time goes on.
    Resume,
    /// So many virtual seconds a second, one of [`SPEEDS`].
    Speed(u32),
    /// So much time (microseconds) is to pass at once, or less if the goal is reached before.
    Pass(u32, Goal, u64),
    /// How things stand: what this command says in a copy of the cluster.
    Ask(u32, String),
    /// How the objects of a resource, of a namespace or of all, change from now on.
    Watch(u32, String, Option<String>),
    /// A watch is to end.
    Unwatch(u32),
    /// The page around this one looks like that now: one of [`THEMES`].
    Theme(&'static str),
    /// The journal is wanted.
    Export(u32),
    /// The session of a journal, up to an instant (microseconds), in place of this one.
    Import(u32, String, u64),
}

/// The window that holds this one, if one does.
fn host(window: &Window) -> Option<Window> {
    window.parent().ok().flatten().filter(|parent| !Object::is(parent, window))
}

/// Hands on what the host says, for the page's whole life, and tells it that this page listens.
pub fn listen(window: &Window, on_said: impl Fn(Said) + 'static) {
    let Some(host) = host(window) else { return };
    let (source, place) = (host.clone(), window.clone());
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let is_host = event.source().is_some_and(|sender| Object::is(&sender, &source));
        if !is_host || !is_ours(&event.data()) {
            return;
        }
        match said(&event.data()) {
            Some(said) => on_said(said),
            None => refuse(&place, &event.data()),
        }
    });
    // A window takes any listener.
    let _ = window.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref());
    on_message.forget();
    tell(window, "ready", &[]);
}

/// Tells the host something. It holds no secret, so that any host may hear it.
pub fn tell(window: &Window, kind: &str, values: &[(&str, JsValue)]) {
    let Some(host) = host(window) else { return };
    let message = Object::new();
    let fixed = [(MARK, JsValue::from(VERSION)), ("type", JsValue::from(kind))];
    for (name, value) in fixed.iter().chain(values) {
        // A plain object takes any property.
        let _ = Reflect::set(&message, &JsValue::from(*name), value);
    }
    // A host that is gone hears nothing.
    let _ = host.post_message(&message, "*");
}

/// Whether a message is for a playground; others' messages are none of ours.
fn is_ours(data: &JsValue) -> bool {
    data.is_object() && Reflect::has(data, &JsValue::from(MARK)).unwrap_or(false)
}

/// A message that cannot be read is answered, so that its author learns of it; a question by its number.
fn refuse(window: &Window, data: &JsValue) {
    let message = "not a message of version 1, as docs/embedding.md has them";
    tell(window, "refused", &[("message", message.into()), ("id", get(data, "id"))]);
}

fn get(data: &JsValue, name: &str) -> JsValue {
    Reflect::get(data, &JsValue::from(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A message of this version; nothing if it is of another, or no message that there is.
fn said(data: &JsValue) -> Option<Said> {
    let get = |name: &str| get(data, name);
    if get(MARK).as_f64() != Some(f64::from(VERSION)) {
        return None;
    }
    let text = |name: &str| get(name).as_string().filter(|text| text.len() < INPUT_BYTES_MAX);
    let number = |name: &str, most: f64| get(name).as_f64().filter(|number| *number >= 0.0 && *number < most);
    let id = || number("id", f64::from(IDS_MAX)).map(|id| id as u32);
    let us = |name: &str, most: f64| number(name, most).map(|ms| (ms * 1e3) as u64);
    // What is left out is as if it were not there; what is of a wrong type makes the message none.
    let or = |name: &str, otherwise: u64, most: f64| {
        if get(name).is_undefined() { Some(otherwise) } else { us(name, most) }
    };
    match get("type").as_string()?.as_str() {
        "begin" => {
            let manifest =
                if get("manifest").is_undefined() { Some(String::new()) } else { get("manifest").as_string() };
            let manifest = manifest.filter(|text| text.len() <= MANIFEST_BYTES_MAX)?;
            Some(Said::Begin(Beginning { manifest, setup: lines(&get("setup"))?, commands: lines(&get("commands"))? }))
        }
        "run" if get("id").is_undefined() => Some(Said::Run(None, text("command")?, u64::MAX)),
        "run" => Some(Said::Run(Some(id()?), text("command")?, or("limit", u64::MAX, PASS_MS_MAX)?)),
        "pause" => Some(Said::Pause),
        "resume" => Some(Said::Resume),
        "theme" => {
            let theme = get("theme").as_string();
            THEMES.into_iter().find(|known| theme.as_deref() == Some(known)).map(Said::Theme)
        }
        "speed" => {
            let speed = number("speed", f64::from(IDS_MAX)).map(|speed| speed as u32);
            speed.filter(|speed| SPEEDS.contains(speed)).map(Said::Speed)
        }
        "pass" => {
            let goal = match get("until").as_string().as_deref() {
                None => Goal::Limit,
                Some("settled") => Goal::Settled,
                Some("event") => Goal::NextEvent,
                Some(_) => return None,
            };
            Some(Said::Pass(id()?, goal, us("ms", PASS_MS_MAX)?))
        }
        "ask" => Some(Said::Ask(id()?, text("command")?)),
        "watch" => Some(Said::Watch(id()?, text("resource")?, get("namespace").as_string())),
        "unwatch" => id().map(Said::Unwatch),
        "export" => id().map(Said::Export),
        // A journal may be longer than a command; instants are later than any span.
        "import" => Some(Said::Import(id()?, get("journal").as_string()?, or("now", 0, f64::MAX)?)),
        _ => None,
    }
}

/// The strings of a list, one line each; of one that is left out none. Nothing, if it is no such list.
fn lines(list: &JsValue) -> Option<Vec<String>> {
    if list.is_undefined() {
        return Some(Vec::new());
    }
    let texts = Array::is_array(list).then(|| Array::from(list))?;
    texts.iter().map(|text| text.as_string().map(|text| text.replace('\n', " "))).collect()
}
