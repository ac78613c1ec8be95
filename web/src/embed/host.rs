//! What the page around this one asks of the driver, and what it is told.

use std::cell::{Cell, RefCell};

use js_sys::Array;
use view::{Command, Goal, Probed, Update};
use wasm_bindgen::JsValue;
use web_sys::Window;

use super::messages::{IDS_MAX, Said, tell};
use crate::driver::{Driver, Outcome, Pace, SLICE_EVENTS_MAX};
use crate::store::FIRST_TERMINAL;

/// The host's questions are numbered from here; the page's own begin at one.
const FIRST_QUESTION: u32 = 2 * IDS_MAX;
/// What comes after a run of time is numbered from here.
const FIRST_PASS: u32 = 3 * IDS_MAX;

/// The page around this one. It may want several things at once; each answer carries its question's number.
pub struct Host {
    window: Window,
    /// Virtual seconds per second, while time runs.
    speed: Cell<u32>,
    /// The session that it wants is on its way.
    import: Cell<Option<u32>>,
    /// Why it cannot be had.
    refused: RefCell<Option<String>>,
    /// Whether the last run of time came to its goal.
    is_met: Cell<bool>,
}

impl Host {
    /// The host of a page whose time runs at this speed.
    pub fn new(window: Window, speed: u32) -> Host {
        let (import, refused, is_met) = (Cell::new(None), RefCell::new(None), Cell::new(false));
        Host { window, speed: Cell::new(speed), import, refused, is_met }
    }

    /// Does what the host asks for. What the session begins with and how the page looks are its own to do.
    pub fn obey(&self, driver: &Driver, said: Said) {
        match said {
            Said::Begin(_) | Said::Theme(_) => {}
            Said::Run(None, command, _) => {
                driver.send(Command::Input { terminal: FIRST_TERMINAL, text: command + "\n" });
            }
            Said::Run(Some(id), command, limit_us) => {
                driver.send(Command::Run { id, terminal: FIRST_TERMINAL, text: command + "\n", limit_us });
            }
            Said::Pause => driver.set_pace(Pace::Paused),
            Said::Resume => driver.set_pace(Pace::Speed(self.speed.get())),
            Said::Speed(speed) => {
                self.speed.set(speed);
                // Time that stands stays so.
                if driver.pace() != Pace::Paused {
                    driver.set_pace(Pace::Speed(speed));
                }
            }
            Said::Pass(id, goal, span_us) => {
                let limit_us = driver.now_us().saturating_add(span_us);
                driver.send(Command::RunUntil { goal, limit_us, events_max: SLICE_EVENTS_MAX });
                // Nothing comes between the two: its answer says that the time has passed.
                driver.send(Command::Probe { id: FIRST_PASS + id, lines: Vec::new() });
            }
            Said::Ask(id, command) => driver.send(Command::Probe { id: FIRST_QUESTION + id, lines: vec![command] }),
            Said::Watch(id, resource, namespace) => driver.send(Command::Watch { id, resource, namespace }),
            Said::Unwatch(id) => driver.send(Command::Unwatch { id }),
            Said::Export(id) => {
                let values = [("id", id.into()), ("journal", driver.export().into()), ("now", ms(driver.now_us()))];
                tell(&self.window, "session", &values);
            }
            Said::Import(id, journal, until_us) => {
                self.import.set(Some(id));
                driver.begin_from(&journal, until_us);
            }
        }
    }

    /// Tells the host that a session begins, what its questions have come to, and that the engine is gone.
    pub fn report(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Frame { reset, updates, .. } => {
                let refused = updates.iter().find_map(|update| match update {
                    Update::Refused { message } if self.import.get().is_some() => Some(message.clone()),
                    _ => None,
                });
                if refused.is_some() {
                    self.refused.replace(refused);
                }
                if *reset {
                    self.begun();
                }
                let now_us = updates.iter().rev().find_map(|update| match update {
                    Update::Clock { now_us } => Some(*now_us),
                    _ => None,
                });
                updates.iter().for_each(|update| self.answer(update, now_us.unwrap_or(0)));
            }
            // A file, which the page offers itself.
            Outcome::Exported(_) => {}
            Outcome::Crashed(crash) => {
                tell(&self.window, "crashed", &[("message", JsValue::from(crash.text.as_str()))]);
            }
        }
    }

    fn begun(&self) {
        tell(&self.window, "begun", &[]);
        let Some(id) = self.import.take() else { return };
        let refused = self.refused.take().map_or(JsValue::UNDEFINED, JsValue::from);
        tell(&self.window, "imported", &[("id", id.into()), ("message", refused)]);
    }

    fn answer(&self, update: &Update, now_us: u64) {
        match update {
            Update::Ran { id, stdout, stderr, status } => {
                let [stdout, stderr] = [stdout, stderr].map(|text| JsValue::from(text.as_str()));
                let status = status.map_or(JsValue::NULL, JsValue::from);
                let values = [("id", (*id).into()), ("stdout", stdout), ("stderr", stderr), ("exitCode", status)];
                tell(&self.window, "ran", &values);
            }
            Update::Watched { id, events, refused } => {
                let events: Array = events.iter().map(|event| JsValue::from(event.as_str())).collect();
                let refused = refused.as_ref();
                let [reason, message] = [refused.map(|why| &why.reason), refused.map(|why| &why.message)]
                    .map(|text| text.map_or(JsValue::UNDEFINED, |text| JsValue::from(text.as_str())));
                let values =
                    [("id", (*id).into()), ("events", events.into()), ("reason", reason), ("message", message)];
                tell(&self.window, "watched", &values);
            }
            Update::Reached { goal: Goal::Limit | Goal::Settled | Goal::NextEvent, is_met } => self.is_met.set(*is_met),
            Update::Probed { id, answers } => self.answer_question(*id, answers, now_us),
            _ => {}
        }
    }

    fn answer_question(&self, id: u32, answers: &[Probed], now_us: u64) {
        if let Some(id) = id.checked_sub(FIRST_PASS) {
            let values = [("id", id.into()), ("reached", self.is_met.get().into()), ("now", ms(now_us))];
            tell(&self.window, "passed", &values);
        } else if let (Some(id), Some(said)) = (id.checked_sub(FIRST_QUESTION), answers.first()) {
            let values = [("id", id.into()), ("stdout", said.stdout.as_str().into()), ("ok", said.ok.into())];
            tell(&self.window, "answer", &values);
        }
    }
}

/// As JavaScript counts time.
fn ms(us: u64) -> JsValue {
    JsValue::from(us as f64 / 1e3)
}
