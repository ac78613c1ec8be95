//! What the tests share: tables of reference cases, and a count of what passed.
#![allow(dead_code, reason = "each test program uses its own part")]

use api::Value;

/// The cases of one table of a file of cases.
pub(crate) fn cases<'v>(file: &'v Value, test: &str, table: &str) -> &'v [Value] {
    let group = file.get("groups").as_list().iter();
    let mut group = group.filter(|group| group.get("test").text() == test && group.get("table").text() == table);
    let found = group.next().unwrap_or_else(|| panic!("no table {test} {table}")).get("cases").as_list();
    assert!(!found.is_empty(), "{test} {table} is empty");
    found
}

/// Counts what passed, and names what did not.
pub(crate) struct Score {
    name: &'static str,
    passed: usize,
    missed: Vec<String>,
}

impl Score {
    /// Nothing counted yet.
    pub(crate) fn new(name: &'static str) -> Score {
        Score { name, passed: 0, missed: Vec::new() }
    }

    /// Counts one case.
    pub(crate) fn case<T: PartialEq + std::fmt::Debug>(&mut self, label: impl std::fmt::Display, ours: T, expected: T) {
        if ours == expected {
            self.passed += 1;
        } else {
            self.missed.push(format!("{label}\n  ours     {ours:?}\n  expected {expected:?}"));
        }
    }

    /// How many were counted.
    pub(crate) fn total(&self) -> usize {
        self.passed + self.missed.len()
    }

    /// Prints the score; panics unless the missed cases are exactly those known, each with its reason.
    pub(crate) fn finish(self, known: &[(&str, &str)]) {
        let total = self.passed + self.missed.len();
        println!("{}: {} of {total}", self.name, self.passed);
        let unknown: Vec<&String> =
            self.missed.iter().filter(|miss| !known.iter().any(|(label, _)| miss.starts_with(label))).collect();
        let texts: Vec<&str> = unknown.iter().map(|miss| miss.as_str()).collect();
        assert!(unknown.is_empty(), "{} of {total} missed:\n{}", unknown.len(), texts.join("\n"));
        assert_eq!(self.missed.len(), known.len(), "{}: a case that was known to be missed passes now", self.name);
    }
}
