//! `grep`, `egrep`, `fgrep`

use super::{Builtin, Kind, Runner};
use crate::limits::LINES_PER_STEP;
use crate::process::{Context, Inputs, Line, Options, Program, Step};
use crate::regex::{Case, Regex, Syntax};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "grep",
    usage: "grep [-EFGivcnoqrswxlLhHm] [-A N] [-B N] [-C N] [-e PATTERN] PATTERN [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Grep::default())),
};
pub(super) const EGREP: Builtin = Builtin { name: "egrep", usage: "egrep PATTERN [FILE]...", ..BUILTIN };
pub(super) const FGREP: Builtin = Builtin { name: "fgrep", usage: "fgrep PATTERN [FILE]...", ..BUILTIN };

/// How many files `-r` reads, and how deep it goes.
const FILES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 64;

#[derive(Clone, Default)]
struct Grep {
    ready: Option<Ready>,
    inputs: Inputs,
    /// The file whose lines are counted.
    file: usize,
    name: String,
    line_number: usize,
    count: usize,
    before: Vec<(usize, String)>,
    after_left: usize,
    last_printed: usize,
    any: bool,
    failed: bool,
}

#[derive(Clone)]
struct Ready {
    patterns: Vec<Regex>,
    options: Options,
    with_names: bool,
    before: usize,
    after: usize,
    count_max: usize,
}

impl Program for Grep {
    fn step(&mut self, context: &mut Context) -> Step {
        if self.ready.is_none() {
            return match self.start(context) {
                Ok(()) => Step::Again,
                Err(text) => {
                    context.fail(text);
                    Step::Exit(2)
                }
            };
        }
        for _ in 0..LINES_PER_STEP {
            let line = self.inputs.next_line(context);
            if self.inputs.number() != self.file {
                self.finish_file(context);
                self.file = self.inputs.number();
                self.name =
                    if self.inputs.name() == "-" { "(standard input)".into() } else { self.inputs.name().into() };
                (self.line_number, self.count, self.after_left, self.last_printed) = (0, 0, 0, 0);
                self.before.clear();
            }
            match line {
                Line::Pending => return Step::Blocked(None),
                Line::End => {
                    self.finish_file(context);
                    let failed = self.failed || self.inputs.failed;
                    return Step::Exit(if failed && !(self.quiet() && self.any) { 2 } else { i32::from(!self.any) });
                }
                Line::Text(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    if self.line(context, text) {
                        return Step::Exit(0);
                    }
                }
            }
        }
        Step::Again
    }
}

impl Grep {
    fn start(&mut self, context: &mut Context) -> Result<(), String> {
        let long = [
            ("extended-regexp", 'E'),
            ("fixed-strings", 'F'),
            ("ignore-case", 'i'),
            ("invert-match", 'v'),
            ("count", 'c'),
            ("line-number", 'n'),
            ("only-matching", 'o'),
            ("quiet", 'q'),
            ("silent", 'q'),
            ("recursive", 'r'),
            ("word-regexp", 'w'),
            ("line-regexp", 'x'),
            ("files-with-matches", 'l'),
            ("no-filename", 'h'),
            ("with-filename", 'H'),
            ("max-count", 'm'),
            ("after-context", 'A'),
            ("before-context", 'B'),
            ("context", 'C'),
            ("regexp", 'e'),
            ("file", 'f'),
            ("color", 'K'),
            ("line-buffered", 'U'),
        ];
        let mut options = Options::parse(context.args, "EFGPivcnoqrRswxlLhHaUKm:A:B:C:e:f:", &long)?;
        if options.has('P') {
            return Err("-P is not supported; use -E".into());
        }
        let mut patterns: Vec<String> =
            options.values('e').iter().flat_map(|text| text.split('\n')).map(String::from).collect();
        if let Some(file) = options.value('f') {
            let bytes = context.read(file).map_err(|error| format!("{file}: {error}"))?;
            patterns.extend(String::from_utf8_lossy(&bytes).lines().map(String::from));
        }
        if patterns.is_empty() && options.value('f').is_none() {
            if options.operands.is_empty() {
                return Err("no pattern given\nUsage: grep [OPTION]... PATTERNS [FILE]...".into());
            }
            patterns.extend(options.operands.remove(0).split('\n').map(String::from));
        }
        let syntax = match (context.name, options.last_of("EFG")) {
            (_, Some('E')) | ("egrep", None) => Syntax::Extended,
            (_, Some('F')) | ("fgrep", None) => Syntax::Fixed,
            _ => Syntax::Basic,
        };
        let case = if options.has('i') { Case::Ignored } else { Case::Exact };
        let patterns = patterns.iter().map(|text| Regex::new(text, syntax, case)).collect::<Result<Vec<_>, _>>()?;
        let number = |letter: char| match options.value(letter) {
            None => Ok(None),
            Some(text) => {
                text.parse::<usize>().map(Some).map_err(|_| format!("{text}: invalid context length argument"))
            }
        };
        let around = number('C')?.unwrap_or(0);
        let (before, after) = (number('B')?.unwrap_or(around), number('A')?.unwrap_or(around));
        let count_max = number('m')?.unwrap_or(usize::MAX);
        let recursive = options.has('r') || options.has('R');
        let operands = if recursive { self.expand(context, &options.operands) } else { options.operands.clone() };
        let with_names = !options.has('h') && (options.has('H') || recursive || operands.len() > 1);
        self.inputs = if recursive && operands.is_empty() { Inputs::default() } else { Inputs::new(&operands) };
        self.ready = Some(Ready { patterns, options, with_names, before, after, count_max });
        Ok(())
    }

    /// The files below the operands.
    fn expand(&mut self, context: &mut Context, operands: &[String]) -> Vec<String> {
        let mut files = Vec::new();
        let roots = if operands.is_empty() { vec![".".to_string()] } else { operands.to_vec() };
        for root in roots {
            let plain = operands.is_empty();
            self.collect(context, &root, plain, 0, &mut files);
        }
        files
    }

    fn collect(&mut self, context: &mut Context, operand: &str, plain: bool, depth: usize, files: &mut Vec<String>) {
        let path = context.path(operand);
        if files.len() >= FILES_MAX || depth > DEPTH_MAX {
            return;
        }
        match context.fs.list(&path, context.caller) {
            Ok(entries) => {
                for entry in entries {
                    let below = if plain && operand == "." {
                        entry.name
                    } else {
                        format!("{}/{}", operand.trim_end_matches('/'), entry.name)
                    };
                    if entry.metadata.is_directory() {
                        self.collect(context, &below, plain, depth + 1, files);
                    } else {
                        files.push(below);
                    }
                }
            }
            Err(crate::fs::FsError::NotDirectory) => files.push(operand.to_string()),
            Err(error) => {
                self.failed = true;
                context.fail(format_args!("{operand}: {error}"));
            }
        }
    }

    fn has(&self, letter: char) -> bool {
        self.ready.as_ref().is_some_and(|ready| ready.options.has(letter))
    }

    fn quiet(&self) -> bool {
        self.has('q')
    }

    fn finish_file(&mut self, context: &mut Context) {
        if self.file == 0 {
            return;
        }
        let prefix = self.ready.as_ref().filter(|ready| ready.with_names).map(|_| format!("{}:", self.name));
        if self.has('c') && !self.quiet() && !self.has('l') {
            context.out(format!("{}{}\n", prefix.unwrap_or_default(), self.count));
        }
        if (self.has('l') && self.count > 0) || (self.has('L') && self.count == 0) {
            context.out(format!("{}\n", self.name));
        }
    }

    /// Takes a line; whether everything is decided.
    fn line(&mut self, context: &mut Context, text: String) -> bool {
        self.line_number += 1;
        let Some(ready) = &self.ready else { return true };
        let chars: Vec<char> = text.chars().collect();
        let found = matches(ready, &chars);
        let selected = found.is_empty() == ready.options.has('v') && self.count < ready.count_max;
        if !selected {
            self.unselected(context, text);
            return false;
        }
        self.count += 1;
        self.any = true;
        if self.quiet() {
            return true;
        }
        if self.has('c') || self.has('l') || self.has('L') {
            return false;
        }
        let (after, only) = (ready.after, ready.options.has('o'));
        if only {
            if !self.has('v') {
                for (from, to) in found {
                    let part: String = chars[from..to].iter().collect();
                    self.print(context, self.line_number, &part, ':');
                }
            }
            return false;
        }
        let before = std::mem::take(&mut self.before);
        let first = before.first().map_or(self.line_number, |(number, _)| *number);
        self.separate(context, first);
        for (number, line) in before {
            self.print(context, number, &line, '-');
        }
        self.print(context, self.line_number, &text, ':');
        self.last_printed = self.line_number;
        self.after_left = after;
        false
    }

    fn unselected(&mut self, context: &mut Context, text: String) {
        if self.has('c') || self.has('l') || self.has('L') || self.has('o') || self.quiet() {
            return;
        }
        if self.after_left > 0 {
            self.after_left -= 1;
            self.print(context, self.line_number, &text, '-');
            self.last_printed = self.line_number;
            return;
        }
        let keep = self.ready.as_ref().map_or(0, |ready| ready.before);
        if keep > 0 {
            if self.before.len() == keep {
                self.before.remove(0);
            }
            self.before.push((self.line_number, text));
        }
    }

    /// `--` between groups of context that do not touch.
    fn separate(&mut self, context: &mut Context, first: usize) {
        let with_context = self.ready.as_ref().is_some_and(|ready| ready.before + ready.after > 0);
        if with_context && self.last_printed > 0 && first > self.last_printed + 1 {
            context.out("--\n");
        }
    }

    fn print(&self, context: &mut Context, number: usize, text: &str, sign: char) {
        let mut line = String::new();
        if self.ready.as_ref().is_some_and(|ready| ready.with_names) {
            line.push_str(&self.name);
            line.push(sign);
        }
        if self.has('n') {
            line.push_str(&number.to_string());
            line.push(sign);
        }
        context.out(line + text + "\n");
    }
}

/// Where the patterns match in a line; the empty match counts as one.
fn matches(ready: &Ready, chars: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while from <= chars.len() {
        let best = ready
            .patterns
            .iter()
            .filter_map(|pattern| find(ready, pattern, chars, from))
            .min_by_key(|(start, end)| (*start, usize::MAX - *end));
        let Some((start, end)) = best else { break };
        // `-o` prints no empty matches, but they select the line.
        if end > start || found.is_empty() {
            found.push((start, end));
        }
        if !ready.options.has('o') {
            break;
        }
        from = if end > start { end } else { end + 1 };
    }
    if ready.options.has('o') && found.len() > 1 {
        found.retain(|(start, end)| end > start);
    }
    found
}

fn find(ready: &Ready, pattern: &Regex, chars: &[char], from: usize) -> Option<(usize, usize)> {
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut from = from;
    loop {
        let found = pattern.find_chars(chars, from)?;
        let (start, end) = (found.start(), found.end());
        let whole_line = !ready.options.has('x') || (start == 0 && end == chars.len());
        let whole_word = !ready.options.has('w') || (!is_word(start.checked_sub(1)) && !is_word(Some(end)));
        if whole_line && whole_word {
            return Some((start, end));
        }
        from = start + 1;
        if from > chars.len() {
            return None;
        }
    }
}
