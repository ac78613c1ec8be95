//! From text to [`crate::ast`]: a recursive descent over bytes, limited in depth and size.
//!
//! One pass, no token list: what a character means depends on where it stands (`#` in `a#b`, `}` in `${x}`), and the
//! grammar knows where it stands. Here-document bodies are read when the newline that ends their line is passed.
//!
//! A text that ends too early is [`Fault::Incomplete`]: an interactive shell asks for another line, a script has a
//! syntax error. Models: POSIX.1-2024 XCU 2.10 and bash 5.2 for the words of errors.

mod command;
mod word;

use ordered::OrderedMap;
use std::cell::OnceCell;
use std::rc::Rc;

use thin::Str;

use crate::ast::{List, Word};
use crate::limits::{INPUT_BYTES_MAX, NESTING_MAX};

pub(crate) use command::is_name;
pub(crate) use word::simple_escape;

/// Aliases by name.
pub type Aliases = OrderedMap<Str, Str>;

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub fault: Fault,
    /// Where, in bytes from the start.
    pub offset: usize,
    /// Where, in lines from 1, counted from where the parse began.
    pub line: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ends within a command.
    Incomplete(Missing),
    /// Something stands where it must not.
    Unexpected(String),
    /// `[[ ]]`, `for` and their like with a wrong inside, in words.
    Malformed(String),
    /// Not supported here, in words.
    Unsupported(String),
    /// Nested deeper than [`NESTING_MAX`].
    TooDeep,
    /// Longer than [`INPUT_BYTES_MAX`].
    TooLong,
}

/// What is missing at the end of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The rest of a command: `done`, `fi`, a pipeline's next command, the line after a `\`.
    Command,
    /// A closing quote, brace or parenthesis.
    Closing(char),
    /// The line that ends a here-document.
    HereDocument {
        /// That line.
        delimiter: String,
        /// Whether tabs before it are dropped.
        strip_tabs: bool,
    },
}

impl ParseError {
    /// The message in bash's words, without the shell's name.
    pub fn message(&self) -> String {
        match &self.fault {
            Fault::Incomplete(Missing::Command | Missing::HereDocument { .. }) => {
                "syntax error: unexpected end of file".to_string()
            }
            Fault::Incomplete(Missing::Closing(sign)) => {
                format!("unexpected EOF while looking for matching `{sign}'")
            }
            Fault::Unexpected(token) => format!("syntax error near unexpected token `{token}'"),
            Fault::Malformed(text) => format!("syntax error: {text}"),
            Fault::Unsupported(text) => format!("{text} is not supported by this shell"),
            Fault::TooDeep => format!("syntax error: commands are nested deeper than {NESTING_MAX} levels"),
            Fault::TooLong => format!("input is longer than {INPUT_BYTES_MAX} bytes: refused"),
        }
    }
}

/// One complete command of a script.
#[derive(Clone, Debug)]
pub struct CompleteCommand {
    /// What it does.
    pub list: Rc<List>,
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends (before the newline; after the body of its here-documents).
    pub end: usize,
}

/// The complete commands of a script as slices of it, here-documents included, comments and empty lines left out.
///
/// On an error nothing is returned; [`ParseError::offset`] tells how far the text is sound.
pub fn split_complete_commands(script: &str) -> Result<Vec<&str>, ParseError> {
    let aliases = Aliases::new();
    let mut commands = Vec::new();
    let mut from = 0;
    while let Some(command) = next_complete_command(script, from, &aliases)? {
        commands.push(&script[command.start..command.end]);
        from = command.end;
    }
    Ok(commands)
}

/// The first complete command at or after `from`; `None` at the end of the text.
pub fn next_complete_command(
    script: &str,
    from: usize,
    aliases: &Aliases,
) -> Result<Option<CompleteCommand>, ParseError> {
    let mut parser = Parser::new(script, from, aliases, 0);
    if script.len() > INPUT_BYTES_MAX {
        return Err(parser.error(Fault::TooLong));
    }
    parser.complete_command()
}

pub(crate) type Parsed<T> = Result<T, ParseError>;

/// A here-document whose body has not been read yet.
struct Pending {
    delimiter: String,
    strip_tabs: bool,
    quoted: bool,
    body: Rc<OnceCell<Word>>,
}

pub(crate) struct Parser<'a> {
    text: std::borrow::Cow<'a, str>,
    at: usize,
    depth: usize,
    aliases: &'a Aliases,
    /// How many aliases were put into the text, and up to where the last one reaches.
    alias_count: usize,
    alias_end: usize,
    alias_seen: Vec<Str>,
    pending: Vec<Pending>,
    /// Where a `((` turned out to be no arithmetic, in order: what was read in vain once is not read in vain again, or
    /// every level of nesting would double the work.
    not_arithmetic: Vec<usize>,
    /// How many newlines lie before `counted`, so that lines are counted once.
    counted: usize,
    line: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, from: usize, aliases: &'a Aliases, depth: usize) -> Self {
        Parser {
            text: text.into(),
            at: from,
            depth,
            aliases,
            alias_count: 0,
            alias_end: 0,
            alias_seen: Vec::new(),
            pending: Vec::new(),
            not_arithmetic: Vec::new(),
            counted: from,
            line: 1,
        }
    }

    /// The line of the place reached, from 1 at the start of the parse.
    fn line(&mut self) -> usize {
        if self.at > self.counted {
            let passed = &self.text.as_bytes()[self.counted..self.at.min(self.text.len())];
            self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
            self.counted = self.at;
        }
        self.line
    }

    fn error(&self, fault: Fault) -> ParseError {
        let from = self.counted.min(self.at);
        let passed = &self.text.as_bytes()[from..self.at.min(self.text.len())];
        let line = self.line + passed.iter().filter(|&&byte| byte == b'\n').count();
        ParseError { fault, offset: self.at, line }
    }

    fn incomplete<T>(&self, missing: Missing) -> Parsed<T> {
        Err(self.error(Fault::Incomplete(missing)))
    }

    /// Runs `parse` one level deeper.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING_MAX {
            return Err(self.error(Fault::TooDeep));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn can_be_arithmetic(&self, at: usize) -> bool {
        self.not_arithmetic.binary_search(&at).is_err()
    }

    fn is_no_arithmetic(&mut self, at: usize) {
        if let Err(place) = self.not_arithmetic.binary_search(&at) {
            self.not_arithmetic.insert(place, at);
        }
    }

    /// Refuses a run of parentheses that no level could take, before every level looks at all that follows it.
    fn check_parentheses(&self) -> Parsed<()> {
        let run = self.rest().bytes().take(NESTING_MAX + 1).take_while(|byte| *byte == b'(').count();
        if run > NESTING_MAX { Err(self.error(Fault::TooDeep)) } else { Ok(()) }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn next_char(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Passes spaces, tabs, joined lines and a comment.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.looking_at("\\\n") => self.at += 2,
                Some(b'#') => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                _ => return,
            }
        }
    }

    /// Passes blanks and newlines, and the here-documents behind them.
    fn skip_newlines(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// Passes one newline and reads the bodies of the here-documents of its line.
    fn newline(&mut self) -> Parsed<()> {
        self.at += 1;
        let mut read = false;
        for pending in std::mem::take(&mut self.pending) {
            if std::mem::replace(&mut read, true) && self.peek() == Some(b'\n') {
                self.at += 1;
            }
            let body = self.here_document(&pending)?;
            pending.body.set(body).expect("a body is read once");
        }
        Ok(())
    }

    fn here_document(&mut self, pending: &Pending) -> Parsed<Word> {
        let mut body = String::new();
        loop {
            if self.at >= self.text.len() {
                let (delimiter, strip_tabs) = (pending.delimiter.clone(), pending.strip_tabs);
                return self.incomplete(Missing::HereDocument { delimiter, strip_tabs });
            }
            let line_end = self.rest().find('\n').map_or(self.text.len(), |n| self.at + n);
            let line = &self.text[self.at..line_end];
            let line = if pending.strip_tabs { line.trim_start_matches('\t') } else { line };
            let last = line == pending.delimiter;
            if !last {
                body.push_str(line);
                body.push('\n');
            }
            // The newline after the delimiter is left: it ends the command in a script split into commands.
            self.at = if last { line_end } else { (line_end + 1).min(self.text.len()) };
            if last {
                break;
            }
        }
        if pending.quoted {
            return Ok(Word { parts: vec![crate::ast::Part::Quoted(body.into())] });
        }
        let mut inner = Parser::new(&body, 0, self.aliases, self.depth);
        inner.here_document_parts().map_err(|error| ParseError { offset: self.at, ..error })
    }
}
