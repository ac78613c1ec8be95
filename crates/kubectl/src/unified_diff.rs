//! `diff -u`: which lines of two texts differ, with three lines around.
//!
//! The longest common subsequence is found by a plain table after equal heads and tails are set aside; texts whose rest is
//! larger than [`CELLS_MAX`] are shown as wholly replaced.

/// Lines shown around a difference.
const CONTEXT: usize = 3;
/// Cells of the table at most: 2,000 lines against 2,000.
const CELLS_MAX: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// The hunks that lead from `old` to `new`; empty if they are equal.
pub fn hunks(old: &str, new: &str) -> String {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&old_lines, &new_lines);
    let changed: Vec<usize> = (0..edits.len()).filter(|&at| edits[at] != Edit::Keep).collect();
    let mut text = String::new();
    let mut next = 0;
    while next < changed.len() {
        let first = changed[next];
        let mut last = first;
        while next < changed.len() && changed[next] <= last + 2 * CONTEXT + 1 {
            last = changed[next];
            next += 1;
        }
        let range = first.saturating_sub(CONTEXT)..(last + CONTEXT + 1).min(edits.len());
        hunk(&mut text, &edits, range, &old_lines, &new_lines);
    }
    text
}

fn hunk(text: &mut String, edits: &[Edit], range: std::ops::Range<usize>, old: &[&str], new: &[&str]) {
    let count = |part: &[Edit], gone: Edit| part.iter().filter(|&&edit| edit != gone).count();
    let (mut at_old, mut at_new) =
        (count(&edits[..range.start], Edit::Add), count(&edits[..range.start], Edit::Remove));
    let (old_count, new_count) = (count(&edits[range.clone()], Edit::Add), count(&edits[range.clone()], Edit::Remove));
    text.push_str(&format!("@@ -{} +{} @@\n", span(at_old, old_count), span(at_new, new_count)));
    for edit in &edits[range] {
        let (mark, line) = match edit {
            Edit::Keep => (' ', old[at_old]),
            Edit::Remove => ('-', old[at_old]),
            Edit::Add => ('+', new[at_new]),
        };
        at_old += usize::from(*edit != Edit::Add);
        at_new += usize::from(*edit != Edit::Remove);
        text.push(mark);
        text.push_str(line);
        text.push('\n');
    }
}

/// `1,5`, `1` for one line, `0,0` for none.
fn span(start: usize, count: usize) -> String {
    match count {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

fn edits(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(left, right)| left == right).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(left, right)| left == right).count();
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut edits = vec![Edit::Keep; head];
    if old_rest.len() * new_rest.len() > CELLS_MAX {
        edits.extend(std::iter::repeat_n(Edit::Remove, old_rest.len()));
        edits.extend(std::iter::repeat_n(Edit::Add, new_rest.len()));
    } else {
        walk(&mut edits, old_rest, new_rest);
    }
    edits.extend(std::iter::repeat_n(Edit::Keep, tail));
    edits
}

/// Follows the longest common subsequence; removals stand before additions.
fn walk(edits: &mut Vec<Edit>, old: &[&str], new: &[&str]) {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = match old[i] == new[j] {
                true => lengths[(i + 1) * width + j + 1] + 1,
                false => lengths[(i + 1) * width + j].max(lengths[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push(Edit::Keep);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
            edits.push(Edit::Remove);
            i += 1;
        } else {
            edits.push(Edit::Add);
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expect: &str) {
        assert_eq!(hunks(&old.replace(' ', "\n"), &new.replace(' ', "\n")), expect, "{old} → {new}");
    }

    #[test]
    fn differences_come_with_three_lines_around_them() {
        check("a b c", "a b c", "");
        check("", "a b", "@@ -0,0 +1,2 @@\n+a\n+b\n");
        check("null", "a b", "@@ -1 +1,2 @@\n-null\n+a\n+b\n");
        check("1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
        let far = "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+y\n";
        check("1 2 3 4 5 6 7 8 9 10", "x 2 3 4 5 6 7 8 9 y", far);
    }
}
