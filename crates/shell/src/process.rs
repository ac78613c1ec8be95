//! What a program sees: its input and outputs, and the shell's own programs as small machines.

use ordered::OrderedMap;

use sim::Time;
use thin::Str;

use crate::fs::{Bytes, Caller, Fs, FsError, normalise};
use crate::host::{Signal, Terminal};
use crate::limits::{LINE_BYTES_MAX, PROGRAM_BYTES_MAX};

/// The input and outputs of a program for one step.
#[derive(Clone, Debug, Default)]
pub struct ProcessIo {
    /// What can be read now. What is left is there again in the next step.
    pub stdin: Input,
    /// Which descriptors are a terminal.
    pub terminal: Terminal,
    chunks: Vec<(Stream, Vec<u8>)>,
}

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

impl ProcessIo {
    /// An io of its own, for owners of programs outside of a [`crate::Machine`] and for tests.
    pub fn new(stdin: Input, terminal: Terminal) -> ProcessIo {
        ProcessIo { stdin, terminal, chunks: Vec::new() }
    }

    /// Adds to standard output.
    pub fn stdout(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(Stream::Stdout, bytes.as_ref());
    }

    /// Adds to standard error.
    pub fn stderr(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(Stream::Stderr, bytes.as_ref());
    }

    fn put(&mut self, stream: Stream, bytes: &[u8]) {
        match self.chunks.last_mut() {
            Some((last, buffer)) if *last == stream => buffer.extend_from_slice(bytes),
            _ => self.chunks.push((stream, bytes.to_vec())),
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.chunks.is_empty()
    }

    /// What was written, in order.
    pub fn take_output(&mut self) -> Vec<(Stream, Vec<u8>)> {
        std::mem::take(&mut self.chunks)
    }
}

/// Bytes to be read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    data: Bytes,
    at: usize,
    end: bool,
    end_seen: bool,
}

impl Input {
    /// Bytes that can be read now; `end` tells that none will follow.
    pub fn new(data: Bytes, at: usize, end: bool) -> Input {
        Input { data, at, end, end_seen: false }
    }

    /// What can be read now.
    pub fn available(&self) -> &[u8] {
        &self.data[self.at..]
    }

    /// Takes `count` bytes away.
    pub fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.data.len());
    }

    /// Takes all there is.
    pub fn take_all(&mut self) -> Vec<u8> {
        let all = self.available().to_vec();
        self.at = self.data.len();
        all
    }

    /// Takes a line with its newline; at the end of the input also one without. `None`: not yet, or [`Input::at_end`].
    pub fn take_line(&mut self) -> Option<Vec<u8>> {
        let available = self.available();
        let length = match available.iter().position(|&byte| byte == b'\n') {
            Some(at) => at + 1,
            None if self.end && !available.is_empty() => available.len(),
            None if available.len() > LINE_BYTES_MAX => available.len(),
            None => return None,
        };
        let line = available[..length].to_vec();
        self.consume(length);
        Some(line)
    }

    /// Whether everything has been read and nothing will follow (Ctrl-D, a closed pipe, the end of a file).
    pub fn at_end(&mut self) -> bool {
        let at_end = self.end && self.available().is_empty();
        self.end_seen |= at_end;
        at_end
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn end_seen(&self) -> bool {
        self.end_seen
    }
}

/// What a program of the shell's own sees in one step.
pub struct Context<'a> {
    /// Its arguments without its name.
    pub args: &'a [String],
    /// The name it was called by.
    pub name: &'a str,
    /// Input and outputs.
    pub io: &'a mut ProcessIo,
    /// The files.
    pub fs: &'a mut dyn Fs,
    /// Who runs it, and the time.
    pub caller: Caller,
    /// The absolute working directory.
    pub cwd: &'a str,
    /// The exported variables.
    pub env: &'a OrderedMap<Str, Str>,
    /// The name of the machine or container.
    pub hostname: &'a str,
    /// What stands before its name in an error: `bash: ` for a builtin of the shell.
    pub prefix: String,
    /// Whether the child it asked for runs.
    pub child_runs: bool,
    /// The exit status of the child it asked for, once that has ended.
    pub child: Option<i32>,
}

impl Context<'_> {
    /// The absolute path that an operand means.
    pub fn path(&self, operand: &str) -> String {
        normalise(self.cwd, operand)
    }

    /// Writes text to standard output.
    pub fn out(&mut self, text: impl AsRef<[u8]>) {
        self.io.stdout(text);
    }

    /// Writes `name: text` and a newline to standard error; returns 1, the status of most failures.
    pub fn fail(&mut self, text: impl std::fmt::Display) -> i32 {
        let line = format!("{}{}: {text}\n", self.prefix, self.name);
        self.io.stderr(line);
        1
    }

    /// Reads a file; `/dev/null` is empty.
    pub fn read(&self, operand: &str) -> Result<Bytes, FsError> {
        match self.path(operand).as_str() {
            "/dev/null" => Ok(Bytes::default()),
            path => self.fs.read(path, self.caller),
        }
    }
}

/// What a program of the shell's own did in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It ended.
    Exit(i32),
    /// It waits for input, its child, or an instant.
    Blocked(Option<Time>),
    /// It has more to do.
    Again,
    /// It starts a program with its own descriptors and waits for it (`env`, `timeout`, `xargs`).
    Spawn(Spawn),
    /// It signals its child.
    Signal(Signal),
}

/// A program that a program starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spawn {
    /// Name and arguments.
    pub argv: Vec<String>,
    /// Its environment.
    pub env: OrderedMap<Str, Str>,
    /// Where its input comes from.
    pub stdin: SpawnInput,
}

/// The input of a program that a program starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnInput {
    /// The same as its parent's.
    Inherited,
    /// Nothing.
    Null,
}

/// A program of the shell's own: a small machine that never waits. Clones of it resume alike.
pub trait Program: CloneProgram {
    /// Runs on for a bounded while.
    fn step(&mut self, context: &mut Context) -> Step;
}

/// How a boxed program is cloned; implemented for every program that is `Clone`.
pub trait CloneProgram {
    /// A copy in the same state.
    fn boxed(&self) -> Box<dyn Program>;
}

impl<T: Program + Clone + 'static> CloneProgram for T {
    fn boxed(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Program> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// The operands of a filter, read one line at a time; without operands (and for `-`) standard input.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    operands: Vec<String>,
    next: usize,
    current: Option<Source>,
    /// Whether an operand could not be read; its error has been written.
    pub failed: bool,
    gathered: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum Source {
    Stdin,
    File(Bytes, usize),
}

/// A line of the operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its newline.
    Text(Vec<u8>),
    /// None yet.
    Pending,
    /// No more.
    End,
}

impl Inputs {
    /// Reads these operands in order.
    pub fn new(operands: &[String]) -> Inputs {
        let operands = if operands.is_empty() { vec!["-".to_string()] } else { operands.to_vec() };
        Inputs { operands, ..Inputs::default() }
    }

    /// The operand being read.
    pub fn name(&self) -> &str {
        self.operands.get(self.next.saturating_sub(1)).map_or("-", |name| name)
    }

    /// The number of the operand being read, from 1.
    pub fn number(&self) -> usize {
        self.next
    }

    /// Opens the next operand that can be read. `false`: there is none.
    fn open_next(&mut self, context: &mut Context) -> bool {
        while let Some(operand) = self.operands.get(self.next).cloned() {
            self.next += 1;
            if operand == "-" || operand == "/dev/stdin" {
                self.current = Some(Source::Stdin);
                return true;
            }
            match context.read(&operand) {
                Ok(bytes) => {
                    self.current = Some(Source::File(bytes, 0));
                    return true;
                }
                Err(error) => {
                    self.failed = true;
                    context.fail(format_args!("{operand}: {error}"));
                }
            }
        }
        false
    }

    /// Bytes as they come; `Line::Text` may hold any number of lines or parts of them.
    pub fn next_chunk(&mut self, context: &mut Context) -> Line {
        loop {
            if self.current.is_none() && !self.open_next(context) {
                return Line::End;
            }
            match &mut self.current {
                None => {}
                Some(Source::Stdin) => {
                    if !context.io.stdin.available().is_empty() {
                        return Line::Text(context.io.stdin.take_all());
                    }
                    if !context.io.stdin.at_end() {
                        return Line::Pending;
                    }
                    self.current = None;
                }
                Some(Source::File(bytes, at)) => {
                    if *at == 0 && !bytes.is_empty() {
                        *at = bytes.len();
                        return Line::Text(bytes.to_vec());
                    }
                    self.current = None;
                }
            }
        }
    }

    /// The next line. At the end of an operand the unfinished line counts as one.
    pub fn next_line(&mut self, context: &mut Context) -> Line {
        loop {
            if self.current.is_none() && !self.open_next(context) {
                return Line::End;
            }
            match &mut self.current {
                None => {}
                Some(Source::Stdin) => {
                    if let Some(mut line) = context.io.stdin.take_line() {
                        line.pop_if(|byte| *byte == b'\n');
                        return Line::Text(line);
                    }
                    if !context.io.stdin.at_end() {
                        return Line::Pending;
                    }
                    self.current = None;
                }
                Some(Source::File(bytes, at)) => {
                    let rest = &bytes[*at..];
                    if !rest.is_empty() {
                        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                        let line = rest[..length].to_vec();
                        *at = (*at + length + 1).min(bytes.len());
                        return Line::Text(line);
                    }
                    self.current = None;
                }
            }
        }
    }

    /// All operands with their bytes, once everything has come; `None` until then. Empty operands are there too.
    pub fn gather(&mut self, context: &mut Context) -> Option<Vec<(String, Vec<u8>)>> {
        loop {
            if self.current.is_none() {
                if !self.open_next(context) {
                    return Some(std::mem::take(&mut self.gathered));
                }
                self.gathered.push((self.name().to_string(), Vec::new()));
            }
            let (_, buffer) = self.gathered.last_mut()?;
            match &self.current {
                Some(Source::File(bytes, _)) => buffer.extend_from_slice(bytes),
                Some(Source::Stdin) | None => {
                    buffer.extend(context.io.stdin.take_all());
                    if !context.io.stdin.at_end() && buffer.len() <= PROGRAM_BYTES_MAX {
                        return None;
                    }
                }
            }
            self.current = None;
            if self.gathered.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > PROGRAM_BYTES_MAX {
                self.failed = true;
                context.fail(format_args!("input is longer than {PROGRAM_BYTES_MAX} bytes"));
                return Some(std::mem::take(&mut self.gathered));
            }
        }
    }
}

/// Options read as `getopt` reads them.
#[derive(Clone, Debug, Default)]
pub struct Options {
    flags: Vec<(char, String)>,
    /// What is left.
    pub operands: Vec<String>,
}

impl Options {
    /// Reads options of `spec` (`n:` takes a value) and their long names, in any place before `--`.
    /// The error is a message like `invalid option -- 'z'`.
    pub fn parse(args: &[String], spec: &str, long: &[(&str, char)]) -> Result<Options, String> {
        Options::read(args, spec, long, Place::Anywhere)
    }

    /// Like [`Options::parse`], but the first operand ends the options (`env`, `xargs`, `timeout`).
    pub fn parse_leading(args: &[String], spec: &str, long: &[(&str, char)]) -> Result<Options, String> {
        Options::read(args, spec, long, Place::Leading)
    }

    fn read(args: &[String], spec: &str, long: &[(&str, char)], place: Place) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                break;
            }
            if let Some(name) = arg.strip_prefix("--") {
                options.long(name, spec, long, &mut rest)?;
            } else if arg.len() > 1 && arg.starts_with('-') {
                options.short(&arg[1..], spec, &mut rest)?;
            } else {
                options.operands.push(arg.clone());
                if place == Place::Leading {
                    break;
                }
            }
        }
        options.operands.extend(rest.cloned());
        Ok(options)
    }

    fn long<'a>(
        &mut self,
        text: &str,
        spec: &str,
        long: &[(&str, char)],
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let Some((_, letter)) = long.iter().find(|(known, _)| *known == name) else {
            return Err(format!("unrecognized option '--{name}'"));
        };
        let value = match (takes_value(spec, *letter), value) {
            (Some(true), None) => match rest.next() {
                Some(value) => value.clone(),
                None => return Err(format!("option '--{name}' requires an argument")),
            },
            (_, value) => value.unwrap_or_default().to_string(),
        };
        self.flags.push((*letter, value));
        Ok(())
    }

    fn short<'a>(
        &mut self,
        cluster: &str,
        spec: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        for (at, letter) in cluster.char_indices() {
            match takes_value(spec, letter) {
                None => return Err(format!("invalid option -- '{letter}'")),
                Some(false) => self.flags.push((letter, String::new())),
                Some(true) => {
                    let attached = &cluster[at + letter.len_utf8()..];
                    let value = if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_string()) };
                    let Some(value) = value else {
                        return Err(format!("option requires an argument -- '{letter}'"));
                    };
                    self.flags.push((letter, value));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether the option was given.
    pub fn has(&self, letter: char) -> bool {
        self.flags.iter().any(|(flag, _)| *flag == letter)
    }

    /// The option's last value.
    pub fn value(&self, letter: char) -> Option<&str> {
        self.flags.iter().rev().find(|(flag, _)| *flag == letter).map(|(_, value)| value.as_str())
    }

    /// All values of an option that may be repeated.
    pub fn values(&self, letter: char) -> Vec<&str> {
        self.flags.iter().filter(|(flag, _)| *flag == letter).map(|(_, value)| value.as_str()).collect()
    }

    /// Which of these options was given last.
    pub fn last_of(&self, letters: &str) -> Option<char> {
        self.flags.iter().rev().map(|(flag, _)| *flag).find(|flag| letters.contains(*flag))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Leading,
}

/// Whether a letter of the spec takes a value; `None` if it is not in the spec.
fn takes_value(spec: &str, letter: char) -> Option<bool> {
    let at = spec.find(letter).filter(|_| letter != ':')?;
    Some(spec[at + letter.len_utf8()..].starts_with(':'))
}
