//! Counting what holds.
#![allow(dead_code)]

use api::Value;

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

    /// How many were counted.
    pub(crate) fn total(&self) -> usize {
        self.passed + self.misses.len()
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
