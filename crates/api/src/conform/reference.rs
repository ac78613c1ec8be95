//! The folder of reference data, which lies outside of the project.

use crate::Value;
use crate::text::json;

/// The text of a file of the folder that `ORDINAL_REFERENCE` names; none, and a plain word about it, where it names none.
///
/// # Panics
/// If there is a folder without the file.
pub fn reference_text(path: &str) -> Option<String> {
    let Some(folder) = std::env::var("ORDINAL_REFERENCE").ok().filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: ORDINAL_REFERENCE does not name the folder of reference data, {path} is not read");
        return None;
    };
    let file = format!("{folder}/{path}");
    Some(std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}")))
}

/// A file of JSON of that folder.
///
/// # Panics
/// As [`reference_text`], and if it is not JSON.
pub fn read_reference(path: &str) -> Option<Value> {
    reference_text(path).map(|text| json::read(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
}
