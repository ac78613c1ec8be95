//! What `cargo xtask bench` measures, as a library that Node loads. A measure is one line of `measure::MEASURES`; the
//! clock is read by the driver (`run.mjs`, or `examples/native.rs`) around [`Run::work`] alone.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

mod deployment;
mod fleet;
mod heap;
mod idle;
mod kubectl;
mod measure;
mod queue;

use measure::{Entry, Figure, MEASURES, Measure};

/// The names of all measures, in the order they are run.
#[wasm_bindgen]
pub fn names() -> Vec<String> {
    MEASURES.iter().map(|entry| entry.name.to_owned()).collect()
}

/// One measure, ready to be run once.
#[wasm_bindgen]
pub struct Run {
    entry: &'static Entry,
    measure: Box<dyn Measure>,
}

#[wasm_bindgen]
impl Run {
    /// Does all that is not timed; nothing for a name that does not exist.
    pub fn prepare(name: &str) -> Option<Run> {
        let entry = MEASURES.iter().find(|entry| entry.name == name)?;
        Some(Run { entry, measure: (entry.prepare)() })
    }

    /// Does the work.
    pub fn work(&mut self) {
        self.measure.work();
    }

    /// What is budgeted and what was counted, as JSON:
    /// `{"budget", "peer", "series", "error", "figures": [{"name", "value", "unit", "budget"}]}`.
    pub fn report(&mut self) -> String {
        let (figures, error) = match self.measure.figures() {
            Ok(figures) => (figures, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let Entry { budget, peer, series, .. } = self.entry;
        let figures: Vec<serde_json::Value> = figures.iter().map(figure).collect();
        let report = serde_json::json!({
            "budget": budget, "peer": peer, "series": series, "error": error, "figures": figures,
        });
        report.to_string()
    }
}

fn figure(Figure { name, value, unit, budget }: &Figure) -> serde_json::Value {
    serde_json::json!({"name": name, "value": value, "unit": unit, "budget": budget})
}

/// The module's memory, whose size the driver prints.
#[wasm_bindgen]
pub fn wasm_memory() -> JsValue {
    wasm_bindgen::memory()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_measures_run_and_find_nothing_wrong() {
        for name in names().iter().filter(|name| name.starts_with("queue") || name.contains("100 pods")) {
            let mut run = Run::prepare(name).unwrap();
            run.work();
            assert!(run.report().contains(r#""error":null"#), "{name}: {}", run.report());
        }
        assert!(Run::prepare("no such measure").is_none());
    }
}
