//! `sed`: s, y, p, d, q, Q, n, N, D, P, G, H, g, h, x, a, i, c, =, b, t, {…} and addresses.
//!
//! A script is parsed once into a flat list of commands; a line runs through it without recursion.

use std::rc::Rc;

use super::{Builtin, Kind, Runner};
use crate::limits::{LINE_BYTES_MAX, LINES_PER_STEP};
use crate::process::{Context, Inputs, Line, Options, Program, Step};
use crate::regex::{Case, Match, Regex, Syntax};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "sed",
    usage: "sed [-nErs] [-i[SUFFIX]] [-e SCRIPT] [-f FILE] [SCRIPT] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Sed::default())),
};

/// Commands run for one line, against loops of branches.
const COMMANDS_PER_LINE_MAX: usize = 10_000;

#[derive(Clone, Debug)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
}

#[derive(Clone, Debug)]
enum Address {
    Line(usize),
    Step(usize, usize),
    Last,
    Matching(Regex),
    /// `addr,+n`
    More(usize),
}

#[derive(Clone, Debug)]
enum Action {
    Substitute { regex: Regex, with: Vec<Piece>, global: bool, number: usize, print: bool, write: Option<String> },
    Translate(Vec<(char, char)>),
    Print,
    PrintFirst,
    Delete,
    DeleteFirst,
    Quit(i32, bool),
    Next,
    Append,
    Hold(char),
    Text(char, String),
    Number,
    /// To the command of this index.
    Branch(String),
    BranchIfChanged(String),
    Label(String),
    /// Skips to the index if the address does not hold.
    Open(usize),
    Close,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(char),
}

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
                return Err("no script given\nUsage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...".into());
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
                if *step == 0 { self.line == *first } else { self.line >= *first && (self.line - first) % step == 0 }
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
    let mut copied = 0;
    while at <= chars.len() {
        let Some(found) = regex.find_chars(&chars, at) else { break };
        let (start, end) = (found.start(), found.end());
        // An empty match just behind another one does not count.
        let behind = end == start && start == copied && count > 0 && copied > 0;
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

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    syntax: Syntax,
    open: Vec<usize>,
    commands: Vec<Command>,
    last: Option<Regex>,
    source: &'a str,
}

fn parse(source: &str, syntax: Syntax) -> Result<Vec<Command>, String> {
    let mut parser = Parser {
        chars: source.chars().collect(),
        at: 0,
        syntax,
        open: Vec::new(),
        commands: Vec::new(),
        last: None,
        source,
    };
    loop {
        while parser.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
            parser.at += 1;
        }
        if parser.peek().is_none() {
            break;
        }
        parser.command()?;
    }
    if !parser.open.is_empty() {
        return parser.fail("unmatched `{'");
    }
    Ok(parser.commands)
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn fail<T>(&self, why: &str) -> Result<T, String> {
        let _ = self.source;
        Err(format!("-e expression #1, char {}: {why}", self.at.min(self.chars.len())))
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<usize> {
        let digits: String = self.chars[self.at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        self.at += digits.len();
        digits.parse().ok()
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.peek() {
            Some('0'..='9') => {
                let Some(line) = self.number() else { return self.fail("invalid line number") };
                if self.peek() == Some('~') {
                    self.at += 1;
                    return Ok(Some(Address::Step(line, self.number().unwrap_or(0))));
                }
                Ok(Some(Address::Line(line)))
            }
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.at += 1;
                self.matching('/').map(Some)
            }
            Some('\\') => {
                self.at += 1;
                let Some(delimiter) = self.peek() else { return self.fail("unexpected end of script") };
                self.at += 1;
                self.matching(delimiter).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn matching(&mut self, delimiter: char) -> Result<Address, String> {
        let Some(pattern) = self.delimited(delimiter, Part::Pattern) else {
            return self.fail("unterminated address regex");
        };
        let case = if self.peek() == Some('I') {
            self.at += 1;
            Case::Ignored
        } else {
            Case::Exact
        };
        Ok(Address::Matching(self.regex(&pattern, case)?))
    }

    /// Compiles; the empty pattern is the last one used.
    fn regex(&mut self, pattern: &str, case: Case) -> Result<Regex, String> {
        if pattern.is_empty() {
            return match &self.last {
                Some(regex) => Ok(regex.clone()),
                None => self.fail("no previous regular expression"),
            };
        }
        match Regex::new(pattern, self.syntax, case) {
            Ok(regex) => {
                self.last = Some(regex.clone());
                Ok(regex)
            }
            Err(why) => self.fail(&why),
        }
    }

    /// The text up to an unescaped delimiter, which is passed. An escaped delimiter stands for itself.
    fn delimited(&mut self, delimiter: char, part: Part) -> Option<String> {
        let mut text = String::new();
        let mut in_set = false;
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                '\\' => {
                    let next = self.peek()?;
                    self.at += 1;
                    if next == delimiter && !(part == Part::Pattern && "(){}|+?.*[]^$".contains(delimiter)) {
                        text.push(delimiter);
                    } else {
                        text.extend(['\\', next]);
                    }
                }
                '[' if part == Part::Pattern && !in_set => {
                    in_set = true;
                    text.push(c);
                    for extra in ['^', ']'] {
                        if self.peek() == Some(extra) {
                            text.push(extra);
                            self.at += 1;
                        }
                    }
                }
                ']' => {
                    in_set = false;
                    text.push(c);
                }
                c if c == delimiter && !in_set => return Some(text),
                c => text.push(c),
            }
        }
    }

    fn command(&mut self) -> Result<(), String> {
        if self.peek() == Some('#') {
            while self.peek().is_some_and(|c| c != '\n') {
                self.at += 1;
            }
            return Ok(());
        }
        let from = self.address()?;
        let mut to = None;
        self.blanks();
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.blanks();
            to = if self.peek() == Some('+') {
                self.at += 1;
                self.number().map(Address::More)
            } else {
                self.address()?
            };
            if to.is_none() {
                return self.fail("unexpected `,'");
            }
        }
        self.blanks();
        let mut negated = false;
        while self.peek() == Some('!') {
            negated = true;
            self.at += 1;
            self.blanks();
        }
        let Some(letter) = self.peek() else { return self.fail("missing command") };
        self.at += 1;
        let action = self.action(letter)?;
        self.commands.push(Command { from, to, negated, action });
        if letter == '{' {
            self.open.push(self.commands.len() - 1);
            return Ok(());
        }
        self.blanks();
        match self.peek() {
            None | Some(';' | '\n' | '}' | '#') => Ok(()),
            Some(_) => self.fail("extra characters after command"),
        }
    }

    fn action(&mut self, letter: char) -> Result<Action, String> {
        Ok(match letter {
            's' => return self.substitute(),
            'y' => return self.translate(),
            'p' => Action::Print,
            'P' => Action::PrintFirst,
            'd' => Action::Delete,
            'D' => Action::DeleteFirst,
            'q' | 'Q' => {
                self.blanks();
                Action::Quit(self.number().unwrap_or(0) as i32, letter == 'q')
            }
            'n' => Action::Next,
            'N' => Action::Append,
            'h' | 'H' | 'g' | 'G' | 'x' => Action::Hold(letter),
            'a' | 'i' | 'c' => Action::Text(letter, self.text()?),
            '=' => Action::Number,
            'b' => Action::Branch(self.label()),
            't' => Action::BranchIfChanged(self.label()),
            ':' => Action::Label(self.label()),
            '{' => Action::Open(usize::MAX),
            '}' => {
                let Some(open) = self.open.pop() else { return self.fail("unexpected `}'") };
                let end = self.commands.len() + 1;
                self.commands[open].action = Action::Open(end);
                Action::Close
            }
            'r' | 'w' | 'e' | 'l' => return self.fail(&format!("command `{letter}' is not supported here")),
            other => return self.fail(&format!("unknown command: `{other}'")),
        })
    }

    fn label(&mut self) -> String {
        self.blanks();
        let mut label = String::new();
        while let Some(c) = self.peek().filter(|c| !matches!(c, ';' | '\n' | '}')) {
            label.push(c);
            self.at += 1;
        }
        label.trim_end().to_string()
    }

    /// `a text`, or `a\` and the text on the next line.
    fn text(&mut self) -> Result<String, String> {
        self.blanks();
        if self.peek() == Some('\\') {
            self.at += 1;
            self.blanks();
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        if self.peek().is_none() {
            return self.fail("expected \\ after `a', `c' or `i'");
        }
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| *c != '\n') {
            self.at += 1;
            if c == '\\' {
                match self.peek() {
                    Some('t') => text.push('\t'),
                    Some(next) => text.push(next),
                    None => {}
                }
                self.at += 1;
            } else {
                text.push(c);
            }
        }
        Ok(text)
    }

    fn substitute(&mut self) -> Result<Action, String> {
        let Some(delimiter) = self.peek().filter(|c| *c != '\n' && *c != '\\') else {
            return self.fail("unterminated `s' command");
        };
        self.at += 1;
        let pattern = self.delimited(delimiter, Part::Pattern);
        let with = pattern.as_ref().and_then(|_| self.delimited(delimiter, Part::Replacement));
        let (Some(pattern), Some(with)) = (pattern, with) else { return self.fail("unterminated `s' command") };
        let (mut global, mut print, mut number, mut case, mut write) = (false, false, 1, Case::Exact, None);
        loop {
            match self.peek() {
                Some('g') => global = true,
                Some('p') => print = true,
                Some('i' | 'I') => case = Case::Ignored,
                Some('m' | 'M') => {}
                Some('0'..='9') => {
                    number = self.number().unwrap_or(1);
                    if number == 0 {
                        return self.fail("number option to `s' command may not be zero");
                    }
                    continue;
                }
                Some('w') => {
                    self.at += 1;
                    write = Some(self.label());
                    break;
                }
                Some('e') => return self.fail("option `e' to `s' is not supported here"),
                Some(' ' | '\t' | ';' | '\n' | '}' | '#') | None => break,
                Some(_) => return self.fail("unknown option to `s'"),
            }
            self.at += 1;
        }
        let regex = self.regex(&pattern, case)?;
        let with = pieces(&with);
        if with.iter().any(|piece| matches!(piece, Piece::Group(group) if *group >= regex.group_count())) {
            return self.fail("invalid reference on `s' command's RHS");
        }
        Ok(Action::Substitute { regex, with, global, number, print, write })
    }

    fn translate(&mut self) -> Result<Action, String> {
        let Some(delimiter) = self.peek() else { return self.fail("unterminated `y' command") };
        self.at += 1;
        let from = self.delimited(delimiter, Part::Replacement);
        let to = from.as_ref().and_then(|_| self.delimited(delimiter, Part::Replacement));
        let (Some(from), Some(to)) = (from, to) else { return self.fail("unterminated `y' command") };
        let plain = |text: &str| text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\").chars().collect::<Vec<_>>();
        let (from, to) = (plain(&from), plain(&to));
        if from.len() != to.len() {
            return self.fail("strings for `y' command are different lengths");
        }
        Ok(Action::Translate(from.into_iter().zip(to).collect()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Pattern,
    Replacement,
}

fn pieces(with: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        let piece = match c {
            '&' => Piece::Group(0),
            '\\' => match chars.next() {
                Some(digit @ '0'..='9') => Piece::Group(digit as usize - '0' as usize),
                Some(letter @ ('U' | 'L' | 'u' | 'l' | 'E')) => Piece::Case(letter),
                Some('n') => {
                    text.push('\n');
                    continue;
                }
                Some('t') => {
                    text.push('\t');
                    continue;
                }
                Some(c) => {
                    text.push(c);
                    continue;
                }
                None => continue,
            },
            c => {
                text.push(c);
                continue;
            }
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(piece);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}
