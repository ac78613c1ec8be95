//! Puts new lines into a document in place of old ones.

/// Lines of a block that become others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The first line, from 1.
    pub(super) first_line: u32,
    /// So many lines go.
    pub(super) count: usize,
    /// These come, indented.
    pub(super) lines: Vec<String>,
}

/// The text with all edits; `None` if there are none.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    if edits.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the end, so that the places of those before stay true.
    for edit in edits.iter().rev() {
        let from = (edit.first_line as usize - 1).min(lines.len());
        let to = (from + edit.count).min(lines.len());
        lines.splice(from..to, edit.lines.iter().cloned());
    }
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_and_shrink() {
        let edit = |first_line, count, lines: &[&str]| Edit {
            first_line,
            count,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let edits = [edit(2, 1, &["x", "y"]), edit(4, 0, &["z"])];
        assert_eq!(apply("a\nb\nc\nd\n", &edits).as_deref(), Some("a\nx\ny\nc\nz\nd\n"));
        assert_eq!(apply("a", &[]), None);
    }
}
