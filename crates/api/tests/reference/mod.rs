//! Reading the reference folder, and counting.
#![allow(dead_code)]

use std::path::Path;
use std::{env, fs};

use api::Value;

/// A JSON file below `ORDINAL_REFERENCE`; `None`, said plainly, when that variable is not set.
pub(crate) fn read(path: &str) -> Option<Value> {
    Some(serde_json::from_str(&read_text(path)?).expect("a reference file holds JSON"))
}

/// The text of a file below `ORDINAL_REFERENCE`.
pub(crate) fn read_text(path: &str) -> Option<String> {
    let Ok(folder) = env::var("ORDINAL_REFERENCE") else {
        println!("skipped: ORDINAL_REFERENCE does not name the reference folder ({path})");
        return None;
    };
    Some(fs::read_to_string(Path::new(&folder).join(path)).expect("the reference file is readable"))
}

/// All cases of a file of test tables, each with its group.
pub(crate) fn cases(document: &Value) -> Vec<(&Value, &Value)> {
    let groups = document.get("groups").as_list().iter();
    groups.flat_map(|group| group.get("cases").as_list().iter().map(move |case| (group, case))).collect()
}

/// Where two values differ first, for a message.
pub(crate) fn difference(got: &Value, expect: &Value) -> String {
    match (got, expect) {
        (Value::Map(left), Value::Map(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            let mut differing = keys.filter(|key| left.get(*key) != right.get(*key));
            let missing = Value::from("(missing)");
            let found = differing.next().map(|key| {
                let (left, right) = (left.get(key).unwrap_or(&missing), right.get(key).unwrap_or(&missing));
                format!("{key}.{}", difference(left, right))
            });
            found.unwrap_or_default()
        }
        (Value::List(left), Value::List(right)) if left.len() == right.len() => {
            let found = left.iter().zip(right).enumerate().find(|(_, (left, right))| left != right);
            found.map(|(index, (left, right))| format!("[{index}].{}", difference(left, right))).unwrap_or_default()
        }
        (left, right) => {
            let text = |value: &Value| serde_json::to_string(value).unwrap_or_default();
            format!(" got {}\n  not {}", text(left), text(right))
        }
    }
}

/// How many checks of one kind held.
pub(crate) struct Score {
    name: &'static str,
    passed: usize,
    misses: Vec<String>,
}

impl Score {
    pub(crate) fn new(name: &'static str) -> Score {
        Score { name, passed: 0, misses: Vec::new() }
    }

    pub(crate) fn add(&mut self, passed: bool, miss: impl FnOnce() -> String) {
        if passed {
            self.passed += 1;
        } else {
            self.misses.push(miss());
        }
    }

    /// Prints the figure and the misses, and fails below `percent`.
    pub(crate) fn at_least(&self, percent: usize) {
        let all = self.passed + self.misses.len();
        println!("{}: {} of {all}", self.name, self.passed);
        for miss in &self.misses {
            println!("miss: {miss}");
        }
        assert!(all > 0 && self.passed * 100 >= all * percent, "{}: {} of {all}", self.name, self.passed);
    }
}
