//! Reads the reference that stands outside the project, if the environment names it.
#![allow(dead_code)]

use api::Value;
use api::text::json;

/// The text of a file of the reference, or None (and a plain word) without a reference.
pub(crate) fn read_text(path: &str) -> Option<String> {
    let folder = std::env::var("ORDINAL_REFERENCE").ok().filter(|folder| !folder.is_empty());
    let Some(folder) = folder else {
        eprintln!("SKIPPED: ORDINAL_REFERENCE does not name the reference folder, {path} was not read");
        return None;
    };
    Some(std::fs::read_to_string(format!("{folder}/{path}")).expect("the reference has this file"))
}

/// The parsed file, as [`read_text`].
pub(crate) fn read_json(path: &str) -> Option<Value> {
    read_text(path).map(|text| json::read(&text).expect("the reference is JSON"))
}

/// The cases of one of Kubernetes' own test tables.
pub(crate) fn read_cases(path: &str, test: &str) -> Vec<Value> {
    let Some(file) = read_json(path) else { return Vec::new() };
    let groups = file.get("groups").as_list().iter().filter(|group| group.get("test").text() == test);
    let cases: Vec<Value> = groups.flat_map(|group| group.get("cases").as_list().to_vec()).collect();
    assert!(!cases.is_empty(), "{path} has a table {test}");
    cases
}
