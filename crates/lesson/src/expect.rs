//! What is shown, held against what was said.
//!
//! In an expected line `[..]` stands for any text and `[name]` for a word that must be the same wherever that name stands; a
//! line `...` stands for any lines. Where a line has a wildcard, two or more spaces match any two or more: a value of another
//! length moves the columns.

/// What names stand for, for a whole document.
pub type Bindings = Vec<(String, String)>;

/// Whether the lines fit; what names stand for is kept if they do.
pub fn matches(expected: &[String], said: &[String], bindings: &mut Bindings) -> bool {
    let mut tried = bindings.clone();
    let fits = lines_fit(trimmed(expected), trimmed(said), &mut tried);
    if fits {
        *bindings = tried;
    }
    fits
}

/// What an expected block becomes: lines that still fit stay as they are written, the others are replaced.
pub fn updated(expected: &[String], said: &[String], bindings: &mut Bindings) -> Vec<String> {
    let steps = align(trimmed(expected), trimmed(said), bindings);
    let kept = steps.into_iter().filter_map(|step| match step {
        Step::Both(line) | Step::Said(line) => Some(line),
        Step::Expected(_) => None,
    });
    kept.collect()
}

/// The two, line by line: ` ` both, `-` expected and not said, `+` said and not expected.
pub fn difference(expected: &[String], said: &[String], bindings: &Bindings) -> String {
    let steps = align(trimmed(expected), trimmed(said), &mut bindings.clone());
    let line = |step: Step| match step {
        Step::Both(line) => format!("   {line}\n"),
        Step::Expected(line) => format!("  -{line}\n"),
        Step::Said(line) => format!("  +{line}\n"),
    };
    steps.into_iter().map(line).collect()
}

/// Empty lines at the end are nothing.
fn trimmed(lines: &[String]) -> &[String] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    &lines[..end]
}

fn lines_fit(expected: &[String], said: &[String], bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = expected.split_first() else { return said.is_empty() };
    if first.trim() == "..." {
        return (0..=said.len()).any(|skipped| {
            let mut tried = bindings.clone();
            let fits = lines_fit(rest, &said[skipped..], &mut tried);
            if fits {
                *bindings = tried;
            }
            fits
        });
    }
    match said.split_first() {
        Some((line, more)) => line_fits(first, line, bindings) && lines_fit(rest, more, bindings),
        None => false,
    }
}

/// A part of an expected line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// This text.
    Text(&'a str),
    /// `[..]`
    Any,
    /// `[name]`
    Named(&'a str),
}

/// Takes an expected line apart.
pub fn parts(line: &str) -> Vec<Part<'_>> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = line[at..].find('[').map(|open| open + at) {
        at = open + 1;
        let Some(close) = line[at..].find(']').map(|close| close + at) else { break };
        let name = &line[at..close];
        if name != ".." && !is_name(name) {
            continue;
        }
        parts.extend(Some(Part::Text(&line[from..open])).filter(|_| from < open));
        parts.push(if name == ".." { Part::Any } else { Part::Named(name) });
        (from, at) = (close + 1, close + 1);
    }
    parts.extend(Some(Part::Text(&line[from..])).filter(|_| from < line.len()));
    parts
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.chars().all(is_letter)
}

fn line_fits(expected: &str, said: &str, bindings: &mut Bindings) -> bool {
    let (expected, said) = (expected.trim_end(), said.trim_end());
    let parts = parts(expected);
    let is_literal = parts.iter().all(|part| matches!(part, Part::Text(_)));
    if is_literal { expected == said } else { parts_fit(&parts, said, bindings) }
}

fn parts_fit(parts: &[Part<'_>], said: &str, bindings: &mut Bindings) -> bool {
    let Some((first, rest)) = parts.split_first() else { return said.is_empty() };
    match *first {
        Part::Text(text) => text_ends(text, said).is_some_and(|end| parts_fit(rest, &said[end..], bindings)),
        Part::Any => ends(said).any(|end| parts_fit(rest, &said[end..], bindings)),
        Part::Named(name) => {
            if let Some((_, bound)) = bindings.iter().find(|(known, _)| known == name) {
                let bound = bound.clone();
                return said.strip_prefix(&bound).is_some_and(|said| parts_fit(rest, said, bindings));
            }
            let word = said.find(char::is_whitespace).unwrap_or(said.len());
            ends(&said[..word]).skip(1).any(|end| {
                let mark = bindings.len();
                bindings.push((name.to_owned(), said[..end].to_owned()));
                let fits = parts_fit(rest, &said[end..], bindings);
                if !fits {
                    bindings.truncate(mark);
                }
                fits
            })
        }
    }
}

/// Every place at which a text can be cut.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

/// Where a text ends that `said` begins with; gaps of two or more spaces are as wide as they like.
fn text_ends(text: &str, said: &str) -> Option<usize> {
    let (mut text, mut at) = (text, 0);
    loop {
        let Some(gap) = text.find("  ") else { return said[at..].starts_with(text).then_some(at + text.len()) };
        at += said[at..].starts_with(&text[..gap]).then_some(gap)?;
        let spaces = said[at..].len() - said[at..].trim_start_matches(' ').len();
        let after = text[gap..].trim_start_matches(' ');
        if spaces < 2 && !(after.is_empty() && said[at..].trim().is_empty()) {
            return None;
        }
        (text, at) = (after, at + spaces);
    }
}

enum Step {
    Both(String),
    Expected(String),
    Said(String),
}

/// The longest common part of both, in order.
fn align(expected: &[String], said: &[String], bindings: &mut Bindings) -> Vec<Step> {
    let fits: Vec<Vec<bool>> = expected
        .iter()
        .map(|line| said.iter().map(|other| line_fits(line, other, &mut bindings.clone())).collect())
        .collect();
    let mut common = vec![vec![0_usize; said.len() + 1]; expected.len() + 1];
    for row in (0..expected.len()).rev() {
        for column in (0..said.len()).rev() {
            common[row][column] = match fits[row][column] {
                true => common[row + 1][column + 1] + 1,
                false => common[row + 1][column].max(common[row][column + 1]),
            };
        }
    }
    let (mut row, mut column, mut steps) = (0, 0, Vec::new());
    while row < expected.len() || column < said.len() {
        let both = row < expected.len() && column < said.len();
        if both && fits[row][column] && line_fits(&expected[row], &said[column], bindings) {
            steps.push(Step::Both(expected[row].clone()));
            (row, column) = (row + 1, column + 1);
        } else if row < expected.len() && (column == said.len() || common[row + 1][column] >= common[row][column + 1]) {
            steps.push(Step::Expected(expected[row].clone()));
            row += 1;
        } else {
            steps.push(Step::Said(said[column].clone()));
            column += 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn check(expected: &str, said: &str, expect: bool) {
        let fits = matches(&lines(expected), &lines(said), &mut Bindings::new());
        assert_eq!(fits, expect, "{expected:?} {said:?}");
    }

    #[test]
    fn lines_and_wildcards() {
        check("a\nb\n\n", "a\nb", true);
        check("a", "a\nb", false);
        check("a  b", "a   b", false);
        check("web-0   1/1   [..]", "web-0   1/1   12s", true);
        check("web-0   1/1   [..]", "web-0     1/1   12s", true);
        check("web-0   1/1   [..]", "web-0   0/1   12s", false);
        check("a [..] c [..] d", "a b c c x d", true);
        check("...\nz", "a\nb\nz", true);
        check("a\n...", "a", true);
        check("a\n...\nc", "a\nb", false);
        check("[A] [.] []", "[A] [.] []", true);
        check("volume [v]  x\nvolume [v]  y", "volume pvc-1  x\nvolume pvc-1  y", true);
        check("volume [v]  x\nvolume [v]  y", "volume pvc-1  x\nvolume pvc-2  y", false);
        check("pvc-[a]", "pvc-b c", false);
        check("日本 [..]", "日本 語", true);
    }

    #[test]
    fn names_are_kept_when_all_fits() {
        let mut bindings = Bindings::new();
        assert!(!matches(&lines("[a]\nx"), &lines("1\ny"), &mut bindings));
        assert!(bindings.is_empty());
        assert!(matches(&lines("[a]"), &lines("1"), &mut bindings));
        assert!(!matches(&lines("[a]"), &lines("2"), &mut bindings));
    }

    #[test]
    fn what_still_fits_stays_as_it_is_written() {
        let (expected, said) = (lines("NAME\nweb-0 [..]\nweb-1 [..]"), lines("NAME\nweb-0 5s\nweb-2 6s"));
        let after = updated(&expected, &said, &mut Bindings::new());
        assert_eq!(after, ["NAME", "web-0 [..]", "web-2 6s"]);
        let shown = difference(&expected, &said, &Bindings::new());
        assert_eq!(shown, "   NAME\n   web-0 [..]\n  -web-1 [..]\n  +web-2 6s\n");
    }
}
