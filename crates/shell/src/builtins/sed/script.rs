//! sed's scripts: what they are made of, and how they are read.

use crate::regex::{Case, Regex, Syntax};

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Step(usize, usize),
    Last,
    Matching(Regex),
    /// `addr,+n`
    More(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Substitute {
        regex: Regex,
        with: Vec<Piece>,
        global: bool,
        number: usize,
        print: bool,
        write: Option<String>,
    },
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
pub(super) enum Piece {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(char),
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    syntax: Syntax,
    open: Vec<usize>,
    commands: Vec<Command>,
    last: Option<Regex>,
}

/// Reads a script into a flat list of commands. Errors are messages as sed gives them.
pub(super) fn parse(source: &str, syntax: Syntax) -> Result<Vec<Command>, String> {
    let mut parser =
        Parser { chars: source.chars().collect(), at: 0, syntax, open: Vec::new(), commands: Vec::new(), last: None };
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

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn fail<T>(&self, why: &str) -> Result<T, String> {
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
        let plain = |text: &str| {
            text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\").chars().collect::<Vec<_>>()
        };
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
