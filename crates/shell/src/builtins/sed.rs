//! `sed`: s, y, p, d, q, Q, n, N, D, P, G, H, g, h, x, a, i, c, =, b, t, {…} and addresses.
//!
//! A script is parsed once into a flat list of commands; a line runs through it without recursion.

mod script;

use std::rc::Rc;

use super::{Builtin, Kind, Runner};
use crate::limits::{LINE_BYTES_MAX, LINES_PER_STEP};
use crate::process::{Context, Inputs, Line, Options, Program, Step};
use crate::regex::{Match, Regex, Syntax};
use script::{Action, Address, Command, Piece, parse};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "sed",
    usage: "sed [-nErs] [-i[SUFFIX]] [-e SCRIPT] [-f FILE] [SCRIPT] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Sed::default())),
};

/// Commands run for one line, against loops of branches.
const COMMANDS_PER_LINE_MAX: usize = 10_000;

#[derive(Clone, Default)]
struct Sed {
    script: Vec<Rc<Command>>,
    /// Per command: whether its range is open, and until which line.
    ranges: Vec<Option<usize>>,
    started: bool,
    quiet: bool,
    in_place: Option<String>,
    inputs: Inputs,
    operands: Vec<String>,
    next_file: usize,
    /// The line that is next: to know the last one, sed reads one ahead.
    ahead: Option<String>,
    at_end: bool,
    hold: String,
    line: usize,
    quit: Option<i32>,
    failed: bool,
    edited: String,
    /// A cycle that `n` or `N` has left to wait for a line.
    waiting: Option<(String, usize, bool)>,
}

impl Program for Sed {
    fn step(&mut self, context: &mut Context) -> Step {
        if !self.started {
            self.started = true;
            return match self.start(context) {
                Ok(()) => Step::Again,
                Err(text) => Step::Exit(context.fail(text)),
            };
        }
        for _ in 0..LINES_PER_STEP {
            if let Some(status) = self.quit {
                return Step::Exit(status);
            }
            if !self.fill(context) {
                return Step::Blocked(None);
            }
            if let Some((space, at, joined)) = self.waiting.take() {
                self.resume(context, space, at, joined);
                continue;
            }
            match self.take_line() {
                Some(space) => self.cycle(context, space, 0),
                None if self.finish_file(context) => {}
                None => return Step::Exit(i32::from(self.failed)),
            }
        }
        Step::Again
    }
}

impl Sed {
    fn start(&mut self, context: &mut Context) -> Result<(), String> {
        let long = [
            ("quiet", 'n'),
            ("silent", 'n'),
            ("expression", 'e'),
            ("file", 'f'),
            ("regexp-extended", 'E'),
            ("in-place", 'i'),
            ("separate", 's'),
        ];
        // -i takes an optional, attached suffix.
        let mut args = Vec::new();
        for arg in context.args {
            match arg.strip_prefix("-i").or(arg.strip_prefix("--in-place=")) {
                Some(suffix) if !arg.starts_with("--") || arg.contains('=') => self.in_place = Some(suffix.to_string()),
                _ if arg == "--in-place" => self.in_place = Some(String::new()),
                _ => args.push(arg.clone()),
            }
        }
        let mut options = Options::parse(&args, "ne:f:Ersu", &long)?;
        let mut texts: Vec<String> = options.values('e').iter().map(ToString::to_string).collect();
        for file in options.values('f') {
            let bytes = context.read(file).map_err(|error| format!("couldn't open file {file}: {error}"))?;
            texts.push(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string());
        }
        if texts.is_empty() {
            if options.operands.is_empty() {
                return Err(
                    "no script given\nUsage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...".into()
                );
            }
            texts.push(options.operands.remove(0));
        }
        let extended = options.has('E') || options.has('r');
        let syntax = if extended { Syntax::Extended } else { Syntax::Basic };
        self.script = parse(&texts.join("\n"), syntax)?.into_iter().map(Rc::new).collect();
        self.ranges = vec![None; self.script.len()];
        self.quiet = options.has('n');
        self.operands = options.operands;
        if self.in_place.is_some() && self.operands.is_empty() {
            return Err("no input files".into());
        }
        self.open_next();
        Ok(())
    }

    /// With `-i` each file is a stream of its own.
    fn open_next(&mut self) -> bool {
        if self.in_place.is_none() {
            let first = self.next_file == 0;
            self.next_file = 1;
            if first {
                self.inputs = Inputs::new(&self.operands);
            }
            return first;
        }
        let Some(operand) = self.operands.get(self.next_file) else { return false };
        self.inputs = Inputs::new(std::slice::from_ref(operand));
        self.next_file += 1;
        self.line = 0;
        self.at_end = false;
        self.edited.clear();
        true
    }

    /// Reads the line ahead. `false`: it has not come yet.
    fn fill(&mut self, context: &mut Context) -> bool {
        if self.ahead.is_some() || self.at_end {
            return true;
        }
        match self.inputs.next_line(context) {
            Line::Pending => false,
            Line::End => {
                self.at_end = true;
                self.failed |= self.inputs.failed;
                true
            }
            Line::Text(bytes) => {
                self.ahead = Some(String::from_utf8_lossy(&bytes).into_owned());
                true
            }
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let line = self.ahead.take()?;
        self.line += 1;
        Some(line)
    }

    fn finish_file(&mut self, context: &mut Context) -> bool {
        if let Some(suffix) = self.in_place.clone()
            && !self.inputs.failed
        {
            let operand = self.operands[self.next_file - 1].clone();
            let path = context.path(&operand);
            if !suffix.is_empty()
                && let Ok(bytes) = context.fs.read(&path, context.caller)
            {
                let _ = context.fs.write(&format!("{path}{suffix}"), &bytes, context.caller);
            }
            if let Err(error) = context.fs.write(&path, self.edited.as_bytes(), context.caller) {
                context.fail(format_args!("couldn't open file {operand}: {error}"));
                self.failed = true;
            }
        }
        self.open_next()
    }

    fn print(&mut self, context: &mut Context, text: &str) {
        if self.in_place.is_some() {
            self.edited.push_str(text);
            self.edited.push('\n');
        } else {
            context.out(format!("{text}\n"));
        }
    }

    /// Whether the line is the last; the line ahead has been read where it could be.
    fn is_last(&mut self, context: &mut Context) -> bool {
        self.fill(context);
        self.at_end && self.ahead.is_none()
    }

    fn holds(&mut self, context: &mut Context, address: &Address, space: &str) -> bool {
        match address {
            Address::Line(line) => self.line == *line,
            Address::Step(first, step) => {
                if *step == 0 {
                    self.line == *first
                } else {
                    self.line >= *first && (self.line - first).is_multiple_of(*step)
                }
            }
            Address::Last => self.is_last(context),
            Address::Matching(regex) => regex.find(space, 0).is_some(),
            Address::More(_) => false,
        }
    }

    fn selected(&mut self, context: &mut Context, index: usize, space: &str) -> bool {
        let command = self.script[index].clone();
        let Some(from) = &command.from else { return !command.negated };
        let Some(to) = &command.to else { return self.holds(context, from, space) != command.negated };
        let open = self.ranges[index];
        let inside = match open {
            Some(until) => {
                let ends = match to {
                    Address::Line(_) | Address::More(_) => self.line >= until,
                    Address::Step(..) | Address::Last | Address::Matching(_) => self.holds(context, to, space),
                };
                if ends {
                    self.ranges[index] = None;
                }
                !(matches!(to, Address::Line(_)) && self.line > until)
            }
            None if self.holds(context, from, space) => {
                let until = match to {
                    Address::Line(line) => *line,
                    Address::More(count) => self.line + count,
                    Address::Step(..) | Address::Last | Address::Matching(_) => usize::MAX,
                };
                if until > self.line {
                    self.ranges[index] = Some(until);
                }
                true
            }
            None => false,
        };
        inside != command.negated
    }

    fn resume(&mut self, context: &mut Context, space: String, at: usize, joined: bool) {
        match self.take_line() {
            Some(line) if joined => self.cycle(context, format!("{space}\n{line}"), at),
            Some(line) => self.cycle(context, line, at),
            // GNU sed prints the pattern space when there is no next line.
            None => {
                if !self.quiet {
                    self.print(context, &space);
                }
            }
        }
    }

    /// Runs the script over a line from a command on.
    fn cycle(&mut self, context: &mut Context, mut space: String, mut at: usize) {
        let mut appended: Vec<String> = Vec::new();
        let mut changed = false;
        let mut left = COMMANDS_PER_LINE_MAX;
        while at < self.script.len() {
            left -= 1;
            if left == 0 || space.len() > LINE_BYTES_MAX {
                context.fail("the script does not end for this line: stopped");
                self.quit = Some(4);
                return;
            }
            let index = at;
            at += 1;
            if !self.selected(context, index, &space) {
                if let Action::Open(end) = self.script[index].action {
                    at = end;
                }
                continue;
            }
            let command = self.script[index].clone();
            match &command.action {
                Action::Substitute { regex, with, global, number, print, write } => {
                    if let Some(new) = substitute(&space, regex, with, *global, *number) {
                        space = new;
                        changed = true;
                        if *print {
                            self.print(context, &space);
                        }
                        if let Some(file) = write {
                            let path = context.path(file);
                            let _ = context.fs.append(&path, format!("{space}\n").as_bytes(), context.caller);
                        }
                    }
                }
                Action::Translate(pairs) => {
                    space = space.chars().map(|c| pairs.iter().find(|(a, _)| *a == c).map_or(c, |(_, b)| *b)).collect();
                }
                Action::Print => self.print(context, &space),
                Action::PrintFirst => {
                    let first = space.split('\n').next().unwrap_or_default().to_string();
                    self.print(context, &first);
                }
                Action::Delete => return self.flush(context, appended),
                Action::DeleteFirst => match space.split_once('\n') {
                    Some((_, rest)) => {
                        space = rest.to_string();
                        at = 0;
                    }
                    None => return self.flush(context, appended),
                },
                Action::Quit(status, prints) => {
                    if *prints && !self.quiet {
                        self.print(context, &space);
                    }
                    self.flush(context, appended);
                    if self.in_place.is_some() {
                        while let Some(line) = self.ahead.take() {
                            self.print(context, &line);
                            self.fill(context);
                        }
                        self.finish_file(context);
                    }
                    self.quit = Some(*status);
                    return;
                }
                Action::Next | Action::Append => {
                    let joined = matches!(command.action, Action::Append);
                    if !joined && !self.quiet && !self.is_last(context) {
                        self.print(context, &space);
                    }
                    self.flush(context, std::mem::take(&mut appended));
                    self.waiting = Some((space, at, joined));
                    return;
                }
                Action::Hold(letter) => self.hold_space(*letter, &mut space),
                Action::Text('a', text) => appended.push(text.clone()),
                Action::Text('i', text) => self.print(context, text),
                Action::Text(_, text) => {
                    if self.ranges[index].is_none() {
                        self.print(context, text);
                    }
                    return self.flush(context, appended);
                }
                Action::Number => {
                    let number = self.line.to_string();
                    self.print(context, &number);
                }
                Action::Branch(label) => at = self.target(label),
                Action::BranchIfChanged(label) => {
                    if std::mem::take(&mut changed) {
                        at = self.target(label);
                    }
                }
                Action::Label(_) | Action::Open(_) | Action::Close => {}
            }
        }
        if !self.quiet {
            self.print(context, &space);
        }
        self.flush(context, appended);
    }

    fn flush(&mut self, context: &mut Context, appended: Vec<String>) {
        for text in appended {
            self.print(context, &text);
        }
    }

    fn target(&self, label: &str) -> usize {
        let found = self.script.iter().position(|c| matches!(&c.action, Action::Label(name) if name == label));
        found.filter(|_| !label.is_empty()).unwrap_or(self.script.len())
    }

    fn hold_space(&mut self, letter: char, space: &mut String) {
        match letter {
            'h' => self.hold.clone_from(space),
            'H' if self.hold.len() < LINE_BYTES_MAX => self.hold = format!("{}\n{space}", self.hold),
            'g' => space.clone_from(&self.hold),
            'G' => *space = format!("{space}\n{}", self.hold),
            'x' => std::mem::swap(&mut self.hold, space),
            _ => {}
        }
    }
}

fn substitute(space: &str, regex: &Regex, with: &[Piece], global: bool, number: usize) -> Option<String> {
    let chars: Vec<char> = space.chars().collect();
    let (mut result, mut at, mut count, mut changed) = (String::new(), 0, 0, false);
    let (mut copied, mut filled_end) = (0, None);
    while at <= chars.len() {
        let Some(found) = regex.find_chars(&chars, at) else { break };
        let (start, end) = (found.start(), found.end());
        // An empty match just behind another one does not count.
        let behind = end == start && filled_end == Some(start);
        if !behind {
            count += 1;
        }
        result.extend(&chars[copied..start]);
        copied = start;
        if !behind && count >= number && (global || !changed) {
            replacement(&mut result, with, &found, &chars);
            copied = end;
            changed = true;
        }
        if end == start {
            result.extend(chars.get(start));
            copied = start + 1;
            at = start + 1;
        } else {
            result.extend(&chars[copied..end]);
            copied = end;
            at = end;
            filled_end = Some(end);
        }
        if (changed && !global) || result.len() > LINE_BYTES_MAX {
            break;
        }
    }
    result.extend(chars.get(copied.min(chars.len())..).unwrap_or(&[]));
    changed.then_some(result)
}

fn replacement(result: &mut String, with: &[Piece], found: &Match, chars: &[char]) {
    let (mut all, mut one) = (None, None);
    for piece in with {
        let text: String = match piece {
            Piece::Text(text) => text.clone(),
            Piece::Group(group) => {
                let (from, to) = found.groups.get(*group).copied().flatten().unwrap_or((0, 0));
                chars[from..to].iter().collect()
            }
            Piece::Case(letter @ ('u' | 'l')) => {
                one = Some(*letter);
                continue;
            }
            Piece::Case('E') => {
                all = None;
                continue;
            }
            Piece::Case(letter) => {
                all = Some(*letter);
                continue;
            }
        };
        for c in text.chars() {
            match one.take().or(all) {
                Some('u' | 'U') => result.extend(c.to_uppercase()),
                Some('l' | 'L') => result.extend(c.to_lowercase()),
                _ => result.push(c),
            }
        }
    }
}
