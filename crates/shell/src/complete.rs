//! Tab completion: commands, variables, files, and what the host knows of its programs.

use crate::fs::{Caller, Fs, normalise};
use crate::host::{Candidate, Host};
use crate::machine::Machine;
use crate::machine::site::KEYWORDS;
use ordered::Arrange;

/// The most candidates that are offered.
pub const CANDIDATES_MAX: usize = 500;

/// What could stand in the place of the word under the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completions {
    /// The part of the line (in bytes) that a candidate replaces; it ends at the cursor.
    pub range: std::ops::Range<usize>,
    /// Ordered, each once, at most [`CANDIDATES_MAX`].
    pub candidates: Vec<Candidate>,
}

impl Completions {
    /// The longest text that all candidates start with.
    pub fn common_prefix(&self) -> &str {
        let Some(first) = self.candidates.first() else { return "" };
        let mut length = first.text.len();
        for candidate in &self.candidates {
            let same = first.text.bytes().zip(candidate.text.bytes()).take_while(|(a, b)| a == b).count();
            length = length.min(same);
        }
        while !first.text.is_char_boundary(length) {
            length -= 1;
        }
        &first.text[..length]
    }
}

/// The words of the command under the cursor, unquoted, and where the last starts.
struct Cursor {
    words: Vec<String>,
    start: usize,
}

fn split(line: &str) -> Cursor {
    let mut cursor = Cursor { words: vec![String::new()], start: 0 };
    let (mut quote, mut escaped): (Option<char>, bool) = (None, false);
    for (at, c) in line.char_indices() {
        let end = at + c.len_utf8();
        match (quote, c) {
            _ if escaped => {
                cursor.push(c);
                escaped = false;
            }
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\t') => cursor.next_word(end),
            (None, '|' | '&' | ';' | '(' | '\n' | '`') => {
                cursor.words.clear();
                cursor.words.push(String::new());
                cursor.start = end;
            }
            (None, '<' | '>') => {
                // What follows is a file; the sign stands for the words before it.
                cursor.next_word(end);
                cursor.words = vec![">".into(), String::new()];
            }
            (_, c) => cursor.push(c),
        }
    }
    cursor
}

impl Cursor {
    fn push(&mut self, c: char) {
        if let Some(word) = self.words.last_mut() {
            word.push(c);
        }
    }

    fn next_word(&mut self, end: usize) {
        self.start = end;
        let plain = |word: &String| !word.is_empty() && word != "do" && word != "then" && word != "else" && word != "!";
        let assignment =
            self.words.len() == 1 && self.words[0].split_once('=').is_some_and(|(name, _)| crate::parse::is_name(name));
        if assignment || self.words.len() == 1 && !plain(&self.words[0]) {
            self.words = vec![String::new()];
        } else if self.words.last().is_some_and(|word| !word.is_empty()) {
            self.words.push(String::new());
        }
    }
}

impl<P: Clone> Machine<P> {
    /// What could be typed at the cursor (a byte offset into the line).
    pub fn complete<H: Host<Process = P>>(&self, line: &str, cursor: usize, host: &mut H) -> Completions {
        let mut cursor = cursor.min(line.len());
        while !line.is_char_boundary(cursor) {
            cursor -= 1;
        }
        let at = split(&line[..cursor]);
        let word = at.words.last().cloned().unwrap_or_default();
        let mut candidates = self.candidates(&at, &word, host);
        candidates.arrange();
        candidates.dedup();
        candidates.truncate(CANDIDATES_MAX);
        Completions { range: at.start..cursor, candidates }
    }

    fn candidates<H: Host<Process = P>>(&self, at: &Cursor, word: &str, host: &mut H) -> Vec<Candidate> {
        if let Some(dollar) = word.rfind('$')
            && word[dollar + 1..].trim_start_matches('{').chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        {
            return self.variables(&word[..dollar], &word[dollar + 1..]);
        }
        if at.words.len() == 1 && !word.contains('/') {
            return self.commands(word, host);
        }
        if at.words.len() > 1
            && at.words[0] != ">"
            && self.own_program(&at.words[0]).is_none()
            && let Some(candidates) = host.complete(&at.words, self.cwd())
        {
            return candidates;
        }
        let caller = Caller { uid: self.config.uid, gid: self.config.gid, now: host.now() };
        let directories = at.words[0] == "cd" || at.words[0] == "rmdir";
        let mut files = files(host.fs(), caller, self.cwd(), self.variable("HOME").unwrap_or("/"), word);
        files.retain(|file| !directories || file.text.ends_with('/'));
        files
    }

    fn variables(&self, before: &str, typed: &str) -> Vec<Candidate> {
        let (open, name, close) = match typed.strip_prefix('{') {
            Some(name) => ("${", name, "}"),
            None => ("$", typed, ""),
        };
        let Some(shell) = self.shell() else { return Vec::new() };
        let names = shell.variables.iter().map(|(variable, _)| variable).filter(|variable| variable.starts_with(name));
        names.map(|variable| Candidate { text: format!("{before}{open}{variable}{close}"), suffix: "" }).collect()
    }

    fn commands<H: Host<Process = P>>(&self, word: &str, host: &mut H) -> Vec<Candidate> {
        let mut names: Vec<String> = self.config.builtins.iter().map(|builtin| builtin.name.to_string()).collect();
        names.extend(KEYWORDS.iter().map(ToString::to_string));
        names.extend(host.programs());
        if let Some(shell) = self.shell() {
            names.extend(shell.functions.keys().chain(shell.aliases.keys()).map(ToString::to_string));
        }
        let fits = |name: &String| name.starts_with(word) && name.starts_with(|c: char| c.is_ascii_alphabetic());
        names.into_iter().filter(fits).map(|text| Candidate { text, suffix: " " }).collect()
    }
}

/// The files that a word may mean.
fn files(fs: &dyn Fs, caller: Caller, cwd: &str, home: &str, word: &str) -> Vec<Candidate> {
    // `--filename=web` completes the part behind the sign.
    let from = word.rfind('=').map_or(0, |at| at + 1);
    let (before, typed) = word.split_at(from);
    let (directory, name) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
    let path = match directory.strip_prefix("~/") {
        Some(rest) => normalise(home, rest),
        None => normalise(cwd, directory),
    };
    let entries = fs.list(&path, caller).unwrap_or_default();
    let fits = |entry: &&crate::fs::Entry| {
        entry.name.starts_with(name) && (name.starts_with('.') || !entry.name.starts_with('.'))
    };
    entries
        .iter()
        .filter(fits)
        .map(|entry| {
            let (end, suffix) = if entry.metadata.is_directory() { ("/", "") } else { ("", " ") };
            Candidate { text: format!("{before}{directory}{}{end}", escaped(&entry.name)), suffix }
        })
        .collect()
}

/// A name as it must be typed.
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if " \t'\"\\$`*?[](){}<>|&;#!~".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
