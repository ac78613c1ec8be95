//! `diff -u`, and the unified diff that kubectl shares.
//!
//! The edit script is the shortest (Myers' greedy algorithm on lines, common ends cut off first), bounded by
//! [`EDITS_MAX`]; beyond it the rest is shown as replaced, which is right but long.

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "diff",
    usage: "diff [-uNq] [-U LINES] FILE1 FILE2",
    kind: Kind::Program,
    runner: Runner::Once(diff),
};

/// Edits that the search for the shortest script follows.
const EDITS_MAX: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Same,
    Removed,
    Added,
}

/// The unified diff of two texts, empty if they are alike. The labels are what follows `--- ` and `+++ ` (with a tab
/// and a time, if one is wanted); `context` is the number of lines around a change.
pub fn unified_diff(a: &str, b: &str, labels: (&str, &str), context: usize) -> String {
    if a == b {
        return String::new();
    }
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split_inclusive('\n').collect(), b.split_inclusive('\n').collect());
    let edits = edits(&a, &b);
    let mut text = format!("--- {}\n+++ {}\n", labels.0, labels.1);
    for (from, to) in hunks(&edits, context) {
        hunk(&mut text, &a, &b, &edits, from, to);
    }
    text
}

/// The ranges of edits that belong together.
fn hunks(edits: &[Edit], context: usize) -> Vec<(usize, usize)> {
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    for (at, _) in edits.iter().enumerate().filter(|(_, edit)| **edit != Edit::Same) {
        let (from, to) = (at.saturating_sub(context), (at + context + 1).min(edits.len()));
        match hunks.last_mut() {
            Some((_, end)) if from <= *end => *end = to,
            _ => hunks.push((from, to)),
        }
    }
    hunks
}

fn hunk(text: &mut String, a: &[&str], b: &[&str], edits: &[Edit], from: usize, to: usize) {
    let count = |range: &[Edit], other: Edit| range.iter().filter(|edit| **edit != other).count();
    let (mut i, mut j) = (count(&edits[..from], Edit::Added), count(&edits[..from], Edit::Removed));
    let (m, n) = (count(&edits[from..to], Edit::Added), count(&edits[from..to], Edit::Removed));
    let range = |start: usize, count: usize| match count {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{count}", start + 1),
    };
    text.push_str(&format!("@@ -{} +{} @@\n", range(i, m), range(j, n)));
    for edit in &edits[from..to] {
        let (sign, line) = match edit {
            Edit::Same => (' ', a[i]),
            Edit::Removed => ('-', a[i]),
            Edit::Added => ('+', b[j]),
        };
        i += usize::from(*edit != Edit::Added);
        j += usize::from(*edit != Edit::Removed);
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn edits(a: &[&str], b: &[&str]) -> Vec<Edit> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let mut edits = vec![Edit::Same; start];
    edits.extend(shortest(&a[start..a.len() - end], &b[start..b.len() - end]));
    edits.extend(vec![Edit::Same; end]);
    edits
}

/// Myers: for each number of edits the furthest reach on every diagonal, then back along the trace.
fn shortest(a: &[&str], b: &[&str]) -> Vec<Edit> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let max = (a.len() + b.len()).min(EDITS_MAX) as isize;
    let mut reach = vec![0isize; 2 * max as usize + 3];
    let at = |k: isize| (k + max + 1) as usize;
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for d in 0..=max {
        // Only the diagonals that this round can read are kept.
        trace.push(reach[at(-d - 1)..=at(d + 1)].to_vec());
        let mut k = -d;
        while k <= d {
            let down = k == -d || (k != d && reach[at(k - 1)] < reach[at(k + 1)]);
            let mut x = if down { reach[at(k + 1)] } else { reach[at(k - 1)] + 1 };
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            reach[at(k)] = x;
            if x >= n && x - k >= m {
                return back(&trace, n, m);
            }
            k += 2;
        }
        if d == max {
            break;
        }
    }
    [vec![Edit::Removed; a.len()], vec![Edit::Added; b.len()]].concat()
}

fn back(trace: &[Vec<isize>], n: isize, m: isize) -> Vec<Edit> {
    let (mut x, mut y) = (n, m);
    let mut edits = Vec::new();
    for (d, reach) in trace.iter().enumerate().rev() {
        let d = d as isize;
        let get = |k: isize| reach[(k + d + 1) as usize];
        let k = x - y;
        let down = k == -d || (k != d && get(k - 1) < get(k + 1));
        let before_k = if down { k + 1 } else { k - 1 };
        let (before_x, before_y) = if d == 0 { (0, 0) } else { (get(before_k), get(before_k) - before_k) };
        while x > before_x && y > before_y {
            edits.push(Edit::Same);
            (x, y) = (x - 1, y - 1);
        }
        if d > 0 {
            edits.push(if down { Edit::Added } else { Edit::Removed });
        }
        (x, y) = (before_x, before_y);
    }
    edits.reverse();
    edits
}

fn diff(context: &mut Context) -> i32 {
    let long = [("unified", 'u'), ("new-file", 'N'), ("brief", 'q')];
    let options = match Options::parse(context.args, "uNqU:wbr", &long) {
        Ok(options) => options,
        Err(text) => {
            context.fail(text);
            return 2;
        }
    };
    if let Some(letter) = ['w', 'b', 'r'].into_iter().find(|letter| options.has(*letter)) {
        context.fail(format_args!("-{letter} is not supported here"));
        return 2;
    }
    let [left, right] = options.operands.as_slice() else {
        context.fail("two files are needed: diff -u FILE1 FILE2");
        return 2;
    };
    let mut texts = Vec::new();
    for file in [left, right] {
        match context.read(file) {
            Ok(bytes) => texts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(crate::fs::FsError::NotFound) if options.has('N') => texts.push(String::new()),
            Err(error) => {
                context.fail(format_args!("{file}: {error}"));
                return 2;
            }
        }
    }
    if texts[0] == texts[1] {
        return 0;
    }
    if options.has('q') {
        context.out(format!("Files {left} and {right} differ\n"));
        return 1;
    }
    let lines = options.value('U').and_then(|n| n.parse().ok()).unwrap_or(3);
    if options.has('u') || options.has('U') {
        let labels = [left, right].map(|file| label(context, file));
        let text = unified_diff(&texts[0], &texts[1], (&labels[0], &labels[1]), lines);
        context.out(text);
    } else {
        context.out(normal(&texts[0], &texts[1]));
    }
    1
}

/// The name, a tab, and the time of the last change.
fn label(context: &Context, file: &str) -> String {
    let modified = context.fs.stat(&context.path(file), context.caller).map(|m| m.modified).unwrap_or_default();
    let c = modified.calendar();
    format!(
        "{file}\t{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}000 +0000",
        c.year, c.month, c.day, c.hour, c.minute, c.second, c.micros
    )
}

/// The classic form: `2c2`, `< old`, `---`, `> new`.
fn normal(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split_inclusive('\n').collect(), b.split_inclusive('\n').collect());
    let edits = edits(&a, &b);
    let (mut i, mut j, mut at) = (0, 0, 0);
    let mut text = String::new();
    while at < edits.len() {
        if edits[at] == Edit::Same {
            (i, j, at) = (i + 1, j + 1, at + 1);
            continue;
        }
        let (from_i, from_j) = (i, j);
        while at < edits.len() && edits[at] != Edit::Same {
            i += usize::from(edits[at] == Edit::Removed);
            j += usize::from(edits[at] == Edit::Added);
            at += 1;
        }
        let range = |from: usize, to: usize| if to - from > 1 { format!("{},{to}", from + 1) } else { to.to_string() };
        let (letter, left, right) = match (i > from_i, j > from_j) {
            (true, true) => ("c", range(from_i, i), range(from_j, j)),
            (true, false) => ("d", range(from_i, i), j.to_string()),
            (false, _) => ("a", i.to_string(), range(from_j, j)),
        };
        text.push_str(&format!("{left}{letter}{right}\n"));
        let mut lines = |sign: char, lines: &[&str]| {
            for line in lines {
                text.push_str(&format!("{sign} {}\n", line.trim_end_matches('\n')));
                if !line.ends_with('\n') {
                    text.push_str("\\ No newline at end of file\n");
                }
            }
        };
        lines('<', &a[from_i..i]);
        let divider = letter == "c";
        if divider {
            text.push_str("---\n");
        }
        for line in &b[from_j..j] {
            text.push_str(&format!("> {}\n", line.trim_end_matches('\n')));
            if !line.ends_with('\n') {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::unified_diff;

    #[test]
    fn a_changed_line_is_shown_with_its_context() {
        let (a, b) = ("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n");
        let expect = "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
        assert_eq!(unified_diff(a, b, ("a", "b"), 3), expect);
    }

    #[test]
    fn additions_removals_and_missing_newlines() {
        assert_eq!(unified_diff("", "x\n", ("a", "b"), 3), "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(unified_diff("x\n", "", ("a", "b"), 3), "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
        let expect = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n";
        assert_eq!(unified_diff("x", "x\n", ("a", "b"), 3), expect);
        assert_eq!(unified_diff("x", "x", ("a", "b"), 3), "");
    }

    #[test]
    fn distant_changes_are_two_hunks() {
        let a: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let b = a.replace("\n2\n", "\ntwo\n").replace("\n19\n", "\nnineteen\n");
        assert_eq!(unified_diff(&a, &b, ("a", "b"), 3).matches("@@ -").count(), 2);
    }
}
