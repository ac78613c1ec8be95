//! What is wrong with a document, in the words and with the line numbers that kubectl's users know.
//!
//! go-yaml counts lines its own way: what its scanner refuses is on the line it names, what its parser refuses is one
//! line below, and on the first line no number is given at all. [`YamlError`] keeps the true position beside that text.

use saphyr_parser::{Marker, ScanError};
use thiserror::Error;

/// A document that cannot be read. Prints as `yaml: line 4: did not find expected key`.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("yaml: {message}")]
pub struct YamlError {
    /// The text after `yaml: `, with go-yaml's line number in front if it gives one.
    pub message: String,
    /// The line of the mistake in the text that was read; the first is 1.
    pub line: usize,
    /// The column of the mistake, in characters; the first is 1.
    pub column: usize,
}

impl YamlError {
    /// A refusal that go-yaml prints without a line.
    pub(super) fn plain(mark: &Marker, message: impl Into<String>) -> YamlError {
        YamlError { message: message.into(), line: mark.line().max(1), column: mark.col() + 1 }
    }
}

/// A collection that is open where the mistake is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Open {
    BlockMap,
    BlockList,
    FlowMap,
    FlowList,
}

/// Which half of go-yaml finds a mistake.
enum Found {
    Scanning,
    Parsing,
}

/// Translates the parser's refusal. `open` is the innermost open collection.
pub(super) fn translate(text: &str, error: &ScanError, open: Option<Open>) -> YamlError {
    let mark = error.marker();
    let info = error.info();
    if info.ends_with("found unknown anchor") {
        return YamlError::plain(mark, format!("unknown anchor '{}' referenced", name_at(text, mark)));
    }
    let (found, problem) = words(text, mark, info, open);
    // Both count from 0 here, as go-yaml does.
    let line = problem_line(text, mark, &problem).saturating_sub(1);
    let message = match found {
        _ if line == 0 => problem,
        Found::Scanning => format!("line {}: {problem}", line + 1),
        Found::Parsing => format!("line {line}: {problem}"),
    };
    let column = if line + 1 == mark.line() { mark.col() + 1 } else { 1 };
    YamlError { message, line: line + 1, column }
}

/// The name after the `*` or `&` at a position.
pub(super) fn name_at(text: &str, mark: &Marker) -> String {
    let line = text.lines().nth(mark.line().saturating_sub(1)).unwrap_or("");
    let is_name = |c: &char| !c.is_whitespace() && !matches!(c, ',' | '[' | ']' | '{' | '}');
    line.chars().skip(mark.col() + 1).take_while(is_name).collect()
}

/// The line of the mistake, which is not always where the parser noticed it.
fn problem_line(text: &str, mark: &Marker, problem: &str) -> usize {
    if problem == "found unexpected end of stream" {
        return text.matches('\n').count() + 1;
    }
    if problem.starts_with("found a tab character") {
        let starts_with_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
        let below = text.lines().enumerate().skip(mark.line().saturating_sub(1));
        return below.filter(|(_, line)| starts_with_tab(line)).map(|(at, _)| at + 1).next().unwrap_or(mark.line());
    }
    mark.line()
}

fn words(text: &str, mark: &Marker, info: &str, open: Option<Open>) -> (Found, String) {
    // Our parser says "while doing this, that"; go-yaml prints that alone.
    let problem = info.strip_prefix("while ").and_then(|rest| rest.split_once(", ")).map_or(info, |(_, what)| what);
    let (found, problem) = match problem {
        "did not find expected key"
        | "did not find expected ',' or '}'"
        | "did not find expected '-' indicator"
        | "did not find expected node content"
        | "did not find expected <document start>" => (Found::Parsing, problem),
        "expected ',' or ']'" | "illegal placement of ':' indicator" => {
            (Found::Parsing, "did not find expected ',' or ']'")
        }
        "misplaced bracket" if stands_for_a_value(text, mark) => (Found::Parsing, "did not find expected node content"),
        "misplaced bracket" | "invalid trailing content after double-quoted scalar" | "invalid indentation" => {
            (Found::Parsing, expected_in(open))
        }
        "simple key expect ':'" | "simple key expected" => (Found::Scanning, "could not find expected ':'"),
        r#""-" is only valid inside a block"# => {
            (Found::Scanning, "block sequence entries are not allowed in this context")
        }
        "found a tab" | "tab cannot be used as indentation" => {
            (Found::Scanning, "found a tab character that violates indentation")
        }
        "a block scalar content cannot start with a tab" => {
            (Found::Scanning, "found a tab character where an indentation space is expected")
        }
        "did not find expected next token" => (Found::Scanning, "found character that cannot start any token"),
        _ if problem.starts_with("unexpected character") || problem.starts_with("tabs disallowed") => {
            (Found::Scanning, "found character that cannot start any token")
        }
        _ => (Found::Scanning, problem),
    };
    (found, problem.to_string())
}

/// What go-yaml misses when something follows a finished node.
fn expected_in(open: Option<Open>) -> &'static str {
    match open {
        Some(Open::BlockMap) => "did not find expected key",
        Some(Open::BlockList) => "did not find expected '-' indicator",
        Some(Open::FlowMap) => "did not find expected ',' or '}'",
        Some(Open::FlowList) => "did not find expected ',' or ']'",
        None => "did not find expected <document start>",
    }
}

/// Whether the character at the mark stands where a value should start: after `key:` or a dash.
fn stands_for_a_value(text: &str, mark: &Marker) -> bool {
    let line = text.lines().nth(mark.line().saturating_sub(1)).unwrap_or("");
    let before: String = line.chars().take(mark.col()).collect();
    let before = before.trim_end();
    before.is_empty() || before.ends_with(':') || before.ends_with('-')
}
