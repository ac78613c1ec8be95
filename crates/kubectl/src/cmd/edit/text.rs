//! The file that an editor gets: its head, why it is opened again, and what of it counts.

use api::text::{json, yaml};

use super::editing::Task;

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";
const HEADER_LAST_APPLIED: &str = "# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
";

/// Why the file is opened again: a head, and single faults.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) head: String,
    pub(super) faults: Vec<String>,
}

/// The comment at the top of the file.
pub(super) fn header(task: Task, reasons: &[Why]) -> String {
    let head = match task {
        Task::Live | Task::BeforeCreate => HEADER,
        Task::LastApplied => HEADER_LAST_APPLIED,
    };
    head.to_string() + &reasons.iter().map(Why::comment).collect::<String>()
}

impl Why {
    fn comment(&self) -> String {
        let hashed = |text: &str| text.trim_end_matches('\n').replace('\n', "\n# ");
        let colon = if self.faults.is_empty() { "" } else { ":" };
        let faults: String = self.faults.iter().map(|fault| format!("# * {}\n", hashed(fault))).collect();
        format!("# {}{colon}\n{faults}#\n", hashed(&self.head))
    }
}

/// The lines that do not begin with `#`.
pub(super) fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| line.trim().starts_with('#') && !line.trim().starts_with("#!");
    text.split_inclusive('\n').filter(|line| !is_comment(line)).collect()
}

/// What counts when two versions of a file are compared: what they mean, or where that cannot be read, their lines.
pub(super) fn significant(text: &str) -> String {
    yaml::read(text).map_or_else(|_| without_comments(text), |value| json::write_compact(&value))
}

/// Whether nothing but comments and white space is left.
pub(super) fn is_empty(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
}
