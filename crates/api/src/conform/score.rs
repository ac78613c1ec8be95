//! A whole table, scored.

use super::{Case, Suite};
use crate::Value;
use crate::text::json;

/// A row that was answered otherwise than the table says.
#[derive(Clone, Debug)]
pub struct Miss {
    /// Which row.
    pub label: String,
    /// What we say.
    pub answer: Value,
    /// What the table says.
    pub expect: Value,
}

/// How a suite fares on its table. Every row is in one of the three.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Rows answered as the table says.
    pub passed: usize,
    /// Rows answered otherwise.
    pub missed: Vec<Miss>,
    /// Rows not run: label and reason.
    pub not_modelled: Vec<(String, String)>,
}

impl Score {
    /// The suite on a file of its table.
    pub fn of(suite: &Suite, file: &Value) -> Score {
        let mut score = Score::default();
        for (index, case) in rows(file).iter().enumerate() {
            match (suite.run)(case) {
                Err(reason) => score.not_modelled.push((label(case, index), reason)),
                Ok(answer) => {
                    let expect = (suite.expect)(case);
                    if Suite::agrees(&answer, &expect) {
                        score.passed += 1;
                    } else {
                        score.missed.push(Miss { label: label(case, index), answer, expect });
                    }
                }
            }
        }
        score
    }

    /// Rows that concern what is modelled.
    pub fn modelled(&self) -> usize {
        self.passed + self.missed.len()
    }

    /// Each reason why rows were not run, with their count, in order of appearance.
    pub fn reasons(&self) -> Vec<(&str, usize)> {
        let mut reasons: Vec<(&str, usize)> = Vec::new();
        for (_, reason) in &self.not_modelled {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, count)) => *count += 1,
                None => reasons.push((reason, 1)),
            }
        }
        reasons
    }
}

impl std::fmt::Display for Miss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (answer, expect) = (json::write_compact(&self.answer), json::write_compact(&self.expect));
        write!(f, "{}\n  ours     {answer}\n  expected {expect}", self.label)
    }
}

/// The rows of a file: of its groups, of its one list, or the file is the list.
pub fn rows(file: &Value) -> Vec<Case<'_>> {
    let bare = |list| -> Vec<Case<'_>> {
        let cases: &[Value] = list;
        cases.iter().map(|case| Case { test: "", table: "", case }).collect()
    };
    match file {
        Value::List(list) => bare(list),
        file if file.get("groups").is_null() => bare(file.get("cases").as_list()),
        file => {
            let mut rows = Vec::new();
            for group in file.get("groups").as_list() {
                let (test, table) = (group.get("test").text(), group.get("table").text());
                rows.extend(group.get("cases").as_list().iter().map(|case| Case { test, table, case }));
            }
            rows
        }
    }
}

/// What tells a row from others: table, place in the file, and the name that it has, if any.
fn label(case: &Case<'_>, index: usize) -> String {
    let names = ["name", "testName", "desc", "description", "id"];
    let name = names.iter().map(|field| case.get(field)).find(|value| !value.is_null());
    let name = name.map_or_else(String::new, |name| match name {
        Value::Str(text) => text.to_string(),
        other => json::write_compact(other),
    });
    [case.test, case.table, &format!("#{index}"), &name].join(" ").trim().to_string()
}
