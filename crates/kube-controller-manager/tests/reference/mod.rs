//! Reads the reference that stands outside the project, if the environment names it.

use api::Value;
use api::text::json;

/// The parsed file `cases/NAME` or the like, or None (and a plain word) without a reference.
pub(crate) fn read_json(path: &str) -> Option<Value> {
    let folder = std::env::var("ORDINAL_REFERENCE").ok().filter(|folder| !folder.is_empty());
    let Some(folder) = folder else {
        eprintln!("SKIPPED: ORDINAL_REFERENCE does not name the reference folder, {path} was not read");
        return None;
    };
    let text = std::fs::read_to_string(format!("{folder}/{path}")).expect("the reference has this file");
    Some(json::read(&text).expect("the reference is JSON"))
}
