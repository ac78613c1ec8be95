//! What `cargo xtask bench` measures, as a library that Node loads: each measure is one function and one line in
//! [`measures`]. The clock and the memory are read by the driver (`run.mjs`) around the call; a measure only does its
//! work and answers the counts that belong beside the time.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

mod queue;

/// A measure: its name and what it does. The text is what is printed beside the time, counts first.
type Measure = (&'static str, fn() -> String);

fn measures() -> [Measure; 1] {
    [("queue: 1,000,000 events", queue::one_million_events)]
}

/// The names of all measures, in the order they are run.
#[wasm_bindgen]
pub fn names() -> Vec<String> {
    measures().iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Does the work of one measure and answers its counts; an empty text for a name that does not exist.
#[wasm_bindgen]
pub fn run(name: &str) -> String {
    measures().iter().find(|(known, _)| *known == name).map_or(String::new(), |(_, measure)| measure())
}

/// The module's memory, whose size the driver prints.
#[wasm_bindgen]
pub fn wasm_memory() -> JsValue {
    wasm_bindgen::memory()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_measure_runs() {
        for name in super::names() {
            assert!(!super::run(&name).is_empty(), "{name}");
        }
    }
}
