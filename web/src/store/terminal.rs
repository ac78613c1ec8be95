//! A terminal's text, in chunks: what is appended touches the last chunk alone, and a chunk that has not changed is
//! neither rendered nor laid out again.

use std::collections::VecDeque;
use std::rc::Rc;

use view::{Candidate, Mode, Stream};

use super::Shared;

/// Lines of one chunk.
const CHUNK_LINES_MAX: usize = 200;
/// Bytes of one chunk: a longer line is continued on the next.
const CHUNK_BYTES_MAX: usize = 32 << 10;
/// Chunks of a terminal: 100,000 lines.
const CHUNKS_MAX: usize = 500;
/// Bytes of a typed line that are shown and remembered: the rest of a huge paste is only counted.
const ECHO_BYTES_MAX: usize = 16 << 10;
/// Remembered commands.
const HISTORY_MAX: usize = 1_000;

/// How a stretch of text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// A prompt.
    Prompt,
    /// What the reader typed.
    Typed,
    /// A program's results.
    Output,
    /// A program's complaints.
    Error,
}

/// Text of one style; may hold many lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// How it looks.
    pub style: Style,
    /// What it says.
    pub text: String,
}

/// Whole lines.
#[derive(Clone, PartialEq, Debug)]
pub struct Chunk {
    /// Counts up: the key of a list.
    pub id: u64,
    /// Neighbours differ in style.
    pub runs: Vec<Run>,
    lines: usize,
    bytes: usize,
}

/// What Tab offers.
#[derive(Clone, PartialEq, Debug)]
pub struct Completions {
    /// The line it was asked for.
    pub line: String,
    /// A choice replaces `line[from..cursor]`.
    pub from: usize,
    /// Sorted.
    pub candidates: Vec<Candidate>,
}

/// One terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Oldest first.
    pub chunks: VecDeque<Shared<Chunk>>,
    /// The last line, as long as it has no end: it stands before the prompt.
    pub tail: Vec<Run>,
    /// Who reads.
    pub mode: Mode,
    /// What stands before the cursor.
    pub prompt: String,
    /// Commands that a shell took, oldest first, repeats apart.
    pub history: Shared<Vec<Rc<str>>>,
    /// An open menu.
    pub completions: Option<Shared<Completions>>,
    next_chunk: u64,
}

impl Default for Terminal {
    fn default() -> Self {
        Terminal {
            chunks: VecDeque::new(),
            tail: Vec::new(),
            mode: Mode::Busy,
            prompt: String::new(),
            history: Shared::default(),
            completions: None,
            next_chunk: 0,
        }
    }
}

impl Terminal {
    /// A program has written.
    pub fn output(&mut self, stream: Stream, text: &str) {
        let style = match stream {
            Stream::Stdout => Style::Output,
            Stream::Stderr => Style::Error,
        };
        self.append(style, text);
    }

    /// A reader has taken a line.
    pub fn echo(&mut self, mode: Mode, prompt: &str, line: &str) {
        self.append(Style::Prompt, prompt);
        let shown = start_of(line, ECHO_BYTES_MAX);
        self.append(Style::Typed, shown);
        if shown.len() < line.len() {
            self.append(Style::Typed, &format!("… ({} bytes)", line.len()));
        }
        self.append(Style::Typed, "\n");
        match mode {
            Mode::Shell => self.remember(line),
            Mode::More | Mode::Program | Mode::Busy | Mode::Closed => {}
        }
    }

    /// Somebody else reads now.
    pub fn prompt(&mut self, mode: Mode, prompt: String) {
        (self.mode, self.prompt) = (mode, prompt);
    }

    /// Tab is answered.
    pub fn offer(&mut self, completions: Completions) {
        self.completions = Some(Shared::new(completions));
    }

    /// Nothing is left but the prompt.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.tail.clear();
    }

    /// How many whole lines there are.
    pub fn lines(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.lines).sum()
    }

    fn remember(&mut self, line: &str) {
        if line.trim().is_empty()
            || line.len() > ECHO_BYTES_MAX
            || self.history.last().is_some_and(|last| &**last == line)
        {
            return;
        }
        let history = self.history.edit();
        if history.len() == HISTORY_MAX {
            history.remove(0);
        }
        history.push(line.into());
    }

    fn append(&mut self, style: Style, text: &str) {
        for line in text.split_inclusive('\n') {
            let mut rest = line;
            while !rest.is_empty() {
                let room = CHUNK_BYTES_MAX.saturating_sub(self.tail.iter().map(|run| run.text.len()).sum());
                let piece = start_of(rest, room);
                push_run(&mut self.tail, style, piece);
                rest = &rest[piece.len()..];
                // A line that is longer than a chunk is cut where the chunk is full.
                if !rest.is_empty() || piece.ends_with('\n') {
                    self.commit_tail();
                }
            }
        }
    }

    fn commit_tail(&mut self) {
        let bytes = self.tail.iter().map(|run| run.text.len()).sum::<usize>();
        let is_full =
            |chunk: &Chunk| chunk.lines >= CHUNK_LINES_MAX || chunk.bytes + bytes > CHUNK_BYTES_MAX && chunk.lines > 0;
        if self.chunks.back().is_none_or(|chunk| is_full(chunk)) {
            self.chunks.push_back(Shared::new(Chunk { id: self.next_chunk, runs: Vec::new(), lines: 0, bytes: 0 }));
            self.next_chunk += 1;
        }
        if self.chunks.len() > CHUNKS_MAX {
            self.chunks.pop_front();
        }
        let chunk = self.chunks.back_mut().expect("a chunk was pushed if there was none").edit();
        for run in self.tail.drain(..) {
            push_run(&mut chunk.runs, run.style, &run.text);
        }
        chunk.lines += 1;
        chunk.bytes += bytes;
    }
}

/// At most so many bytes, and whole letters.
fn start_of(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn push_run(runs: &mut Vec<Run>, style: Style, text: &str) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.style == style => last.text.push_str(text),
        _ => runs.push(Run { style, text: text.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(terminal: &Terminal) -> String {
        terminal.chunks.iter().flat_map(|chunk| chunk.runs.iter()).map(|run| run.text.as_str()).collect()
    }

    #[test]
    fn a_line_without_end_stands_before_the_prompt() {
        let mut terminal = Terminal::default();
        terminal.output(Stream::Stdout, "one\ntw");
        assert_eq!((text_of(&terminal).as_str(), terminal.tail.len()), ("one\n", 1));
        terminal.echo(Mode::Program, "/ # ", "hostname");
        assert_eq!(text_of(&terminal), "one\ntw/ # hostname\n");
        assert!(terminal.tail.is_empty());
    }

    #[test]
    fn only_shell_prompts_are_remembered_and_repeats_once() {
        let mut terminal = Terminal::default();
        for (mode, line) in [(Mode::Shell, "ls"), (Mode::Shell, "ls"), (Mode::Program, "secret"), (Mode::Shell, " ")] {
            terminal.echo(mode, "$ ", line);
        }
        let history: Vec<&str> = terminal.history.iter().map(|line| &**line).collect();
        assert_eq!(history, ["ls"]);
    }

    #[test]
    fn scrollback_is_capped_and_what_is_appended_touches_the_last_chunk() {
        let mut terminal = Terminal::default();
        let lines: String = (0..100_300).map(|number| format!("{number}\n")).collect();
        terminal.output(Stream::Stdout, &lines);
        assert_eq!(terminal.chunks.len(), CHUNKS_MAX);
        assert!(terminal.lines() <= 100_000, "{}", terminal.lines());
        let before = terminal.clone();
        terminal.output(Stream::Stdout, "more\n");
        let same = before.chunks.iter().zip(&terminal.chunks).filter(|(a, b)| a == b).count();
        assert_eq!(same, CHUNKS_MAX - 1);
    }

    #[test]
    fn ten_megabytes_on_one_line_stay_in_bounds() {
        let mut terminal = Terminal::default();
        terminal.output(Stream::Stdout, &"é".repeat(5 << 20));
        for _ in 0..1_024 {
            terminal.output(Stream::Stdout, &"x".repeat(1_023));
        }
        terminal.echo(Mode::Shell, "$ ", &"y".repeat(10 << 20));
        assert!(terminal.chunks.len() <= CHUNKS_MAX);
        assert!(terminal.chunks.iter().all(|chunk| chunk.bytes <= CHUNK_BYTES_MAX));
    }
}
