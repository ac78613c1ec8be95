//! The difference of two texts, line by line, as messages about immutable specs show it: three lines around each change.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/util/diff (a port of Python's `difflib.unified_diff`).

use ordered::{Arrange, OrderedMap};

const CONTEXT: usize = 3;
/// From so many lines on, lines that are very common do not begin a match.
const POPULAR_FROM: usize = 200;

/// A run of equal lines: where it begins in both texts, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    a: usize,
    b: usize,
    size: usize,
}

/// A stretch of both texts that is equal or not.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    is_equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

/// The hunks that turn `old` into `new`, each with its `@@` line; a line break at the end.
pub(super) fn unified(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut text = String::new();
    for hunk in hunks(&stretches(&matches(&a, &b), a.len(), b.len())) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let (left, right) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        text.push_str(&format!("@@ -{left} +{right} @@\n"));
        for stretch in &hunk {
            let old_sign = if stretch.is_equal { ' ' } else { '-' };
            for line in &a[stretch.a.0..stretch.a.1] {
                text.push_str(&format!("{old_sign}{line}\n"));
            }
            if !stretch.is_equal {
                for line in &b[stretch.b.0..stretch.b.1] {
                    text.push_str(&format!("+{line}\n"));
                }
            }
        }
    }
    text
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

fn matches(a: &[&str], b: &[&str]) -> Vec<Match> {
    let places = places_of(b);
    let mut open = vec![(0, a.len(), 0, b.len())];
    let mut found = Vec::new();
    while let Some((a_low, a_high, b_low, b_high)) = open.pop() {
        let best = longest(a, b, &places, (a_low, a_high), (b_low, b_high));
        if best.size == 0 {
            continue;
        }
        found.push(best);
        if a_low < best.a && b_low < best.b {
            open.push((a_low, best.a, b_low, best.b));
        }
        let (a_next, b_next) = (best.a + best.size, best.b + best.size);
        if a_next < a_high && b_next < b_high {
            open.push((a_next, a_high, b_next, b_high));
        }
    }
    found.arrange();
    joined(found)
}

/// Where each line stands in the second text, but for very common ones.
fn places_of<'t>(b: &[&'t str]) -> OrderedMap<&'t str, Vec<usize>> {
    let mut places: OrderedMap<&str, Vec<usize>> = OrderedMap::new();
    for (index, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(index);
    }
    if b.len() >= POPULAR_FROM {
        let most = b.len() / 100 + 1;
        places.retain(|_, indices| indices.len() <= most);
    }
    places
}

fn longest(
    a: &[&str],
    b: &[&str],
    places: &OrderedMap<&str, Vec<usize>>,
    (a_low, a_high): (usize, usize),
    (b_low, b_high): (usize, usize),
) -> Match {
    let mut best = Match { a: a_low, b: b_low, size: 0 };
    let mut lengths: OrderedMap<usize, usize> = OrderedMap::new();
    for (i, line) in a.iter().enumerate().take(a_high).skip(a_low) {
        let mut next = OrderedMap::new();
        for &j in places.get(line).into_iter().flatten() {
            if j < b_low || j >= b_high {
                continue;
            }
            let size = 1 + j.checked_sub(1).and_then(|before| lengths.get(&before)).copied().unwrap_or(0);
            next.insert(j, size);
            if size > best.size {
                best = Match { a: i + 1 - size, b: j + 1 - size, size };
            }
        }
        lengths = next;
    }
    while best.a > a_low && best.b > b_low && a[best.a - 1] == b[best.b - 1] {
        best = Match { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
    }
    while best.a + best.size < a_high && best.b + best.size < b_high && a[best.a + best.size] == b[best.b + best.size] {
        best.size += 1;
    }
    best
}

/// Runs that touch are one.
fn joined(found: Vec<Match>) -> Vec<Match> {
    let mut out: Vec<Match> = Vec::new();
    for run in found {
        match out.last_mut() {
            Some(last) if last.a + last.size == run.a && last.b + last.size == run.b => last.size += run.size,
            _ => out.push(run),
        }
    }
    out
}

fn stretches(matches: &[Match], a_len: usize, b_len: usize) -> Vec<Stretch> {
    let (mut a, mut b) = (0, 0);
    let mut out = Vec::new();
    let end = Match { a: a_len, b: b_len, size: 0 };
    for run in matches.iter().chain([&end]) {
        if a < run.a || b < run.b {
            out.push(Stretch { is_equal: false, a: (a, run.a), b: (b, run.b) });
        }
        (a, b) = (run.a + run.size, run.b + run.size);
        if run.size > 0 {
            out.push(Stretch { is_equal: true, a: (run.a, a), b: (run.b, b) });
        }
    }
    out
}

/// Changes with their surroundings; those whose surroundings meet are one hunk.
fn hunks(stretches: &[Stretch]) -> Vec<Vec<Stretch>> {
    let mut out = Vec::new();
    let mut hunk: Vec<Stretch> = Vec::new();
    for (index, stretch) in stretches.iter().enumerate() {
        let mut stretch = *stretch;
        if !stretch.is_equal {
            hunk.push(stretch);
            continue;
        }
        let (is_first, is_last) = (index == 0, index + 1 == stretches.len());
        let size = stretch.a.1 - stretch.a.0;
        if is_first {
            stretch = tail(stretch);
        } else if is_last {
            stretch = head(stretch);
        } else if size > 2 * CONTEXT {
            hunk.push(head(stretch));
            out.push(std::mem::take(&mut hunk));
            stretch = tail(stretch);
        }
        hunk.push(stretch);
    }
    if hunk.iter().any(|stretch| !stretch.is_equal) {
        out.push(hunk);
    }
    out
}

fn head(stretch: Stretch) -> Stretch {
    let stop = |(low, high): (usize, usize)| (low, high.min(low + CONTEXT));
    Stretch { a: stop(stretch.a), b: stop(stretch.b), ..stretch }
}

fn tail(stretch: Stretch) -> Stretch {
    let start = |(low, high): (usize, usize)| (low.max(high.saturating_sub(CONTEXT)), high);
    Stretch { a: start(stretch.a), b: start(stretch.b), ..stretch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_among_three_lines() {
        let text = |middle: &str| format!("a\nb\nc\nd\n{middle}f\ng\nh\ni\n");
        let expect = "@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+E\n f\n g\n h\n";
        assert_eq!(unified(&text("e\n"), &text("E\nE\n")), expect);
        assert_eq!(unified("a\n", "a\n"), "");
    }
}
