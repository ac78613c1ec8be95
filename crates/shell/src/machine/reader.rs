//! Where commands come from: scripts, typed lines, and `read`.

use std::rc::Rc;

use thin::Str;

use super::shell::{Frame, Origin, Script, Shell, Unwind};
use super::turn::{Turn, caller};
use super::{Dialect, Machine, Output, Task};
use crate::host::Host;
use crate::limits::INPUT_BYTES_MAX;
use crate::parse::{Fault, Missing, ParseError, next_complete_command};

/// Beyond this length a command that is not complete is parsed again only when a line could complete it.
const EAGER_BYTES_MAX: usize = 16 * 1024;

/// Who shows the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompting {
    /// The owner of the machine ([`Output::Prompt`]).
    Terminal,
    /// An inner shell writes it to standard error.
    Inner,
    /// A script on standard input has none.
    Silent,
}

/// A shell that reads its commands line by line.
#[derive(Clone)]
pub(crate) struct Reader {
    prompting: Prompting,
    prompted: bool,
    /// The lines of a command that is not complete.
    pending: String,
    missing: Option<Missing>,
    line: usize,
}

impl Reader {
    pub(crate) fn new(prompting: Prompting) -> Reader {
        Reader { prompting, prompted: false, pending: String::new(), missing: None, line: 1 }
    }

    /// Forgets a command that was begun and prompts again.
    pub(crate) fn reset(&mut self) {
        self.prompted = false;
        self.pending.clear();
        self.missing = None;
    }

    /// Whether the line just added can complete the command.
    fn may_be_complete(&self, line: &str) -> bool {
        if self.pending.len() < EAGER_BYTES_MAX {
            return true;
        }
        match &self.missing {
            Some(Missing::HereDocument { delimiter, strip_tabs }) => {
                let line = line.trim_end_matches('\n');
                let line = if *strip_tabs { line.trim_start_matches('\t') } else { line };
                line == delimiter
            }
            Some(Missing::Closing(sign)) => line.contains(*sign),
            Some(Missing::Command) => {
                ["done", "fi", "esac", "}", ")"].iter().any(|word| line.trim_start().starts_with(word))
            }
            None => true,
        }
    }
}

/// The prompt of a shell, PS1 with its common escapes; `# ` or `$ ` without PS1.
pub(super) fn prompt(shell: &Shell, uid: u32) -> String {
    let sign = if uid == 0 { "# " } else { "$ " };
    let Some(ps1) = shell.variables.get("PS1") else { return sign.to_string() };
    let home = shell.variables.get("HOME").map_or("", |home| home.as_str());
    let cwd = match shell.cwd.strip_prefix(home) {
        Some(rest) if !home.is_empty() && home != "/" && (rest.is_empty() || rest.starts_with('/')) => {
            format!("~{rest}")
        }
        _ => shell.cwd.clone(),
    };
    let mut text = String::new();
    let mut chars = ps1.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('w') => text.push_str(&cwd),
            Some('W') => text.push_str(if cwd == "/" { "/" } else { crate::fs::file_name(&cwd) }),
            Some('u') => text.push_str(shell.variables.get("USER").map_or("root", |user| user.as_str())),
            Some('h') => text.push_str(shell.variables.get("HOSTNAME").map_or("", |host| host.as_str())),
            Some('$') => text.push_str(sign.trim_end()),
            Some('n') => text.push('\n'),
            Some('e') => text.push('\x1b'),
            Some('[' | ']') => {}
            Some(c) => text.extend(['\\', c]),
            None => text.push('\\'),
        }
    }
    text
}

pub(super) fn script_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    mut script: Script,
) -> Turn {
    let aliases = shell.aliases.clone();
    match next_complete_command(&script.text, script.at, &aliases) {
        Ok(None) => {}
        Ok(Some(command)) => {
            let text: Str = script.text[command.start.min(command.end)..command.end].into();
            let passed = &script.text.as_bytes()[script.at..command.end];
            let lines = passed.iter().filter(|&&byte| byte == b'\n').count();
            shell.line = script.line;
            script.at = command.end;
            script.line += lines;
            shell.frames.push(Frame::Script(script));
            let outermost = shell.frames.iter().filter(|frame| matches!(frame, Frame::Script(_))).count() == 1;
            if outermost {
                record(machine, host, task, shell, text);
            }
            shell.frames.push(Frame::list(&command.list));
        }
        Err(error) => {
            let source = line_at(&script.text, error.offset);
            machine.complain_of_syntax(host, task, shell, &error, script.line - 1 + error.line, source);
            shell.status = 2;
            if machine.interactive && task.pid == machine.config.pid {
                return Turn::Moved;
            }
            shell.unwind = Some(Unwind::Abort);
        }
    }
    Turn::Moved
}

/// Notes the start of a complete command of the main shell.
fn record<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &H,
    task: &Task<P>,
    shell: &mut Shell,
    text: Str,
) {
    if task.pid == machine.config.pid && !shell.frames.iter().any(|frame| matches!(frame, Frame::Record)) {
        machine.opens.output.push(Output::Started { text, at: host.now() });
        shell.frames.push(Frame::Record);
    }
}

pub(super) fn reader_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    mut state: Reader,
) -> Turn {
    let main = task.pid == machine.config.pid;
    if !state.prompted {
        state.prompted = true;
        if main && machine.interactive {
            machine.report_jobs(host, task);
        }
        let text = if state.pending.is_empty() {
            prompt(shell, machine.config.uid)
        } else {
            shell.variables.get("PS2").map_or_else(|| "> ".to_string(), ToString::to_string)
        };
        match state.prompting {
            Prompting::Terminal => machine.opens.output.push(Output::Prompt(text)),
            Prompting::Inner => machine.write(host, task, 2, text.as_bytes()),
            Prompting::Silent => {}
        }
    }
    let caller = caller(machine, host);
    let mut input = machine.opens.input(&task.fds, 0, host.fs(), caller);
    let line = input.take_line();
    let at_end = line.is_none() && input.at_end();
    machine.opens.give_back(&task.fds, 0, &input);
    let Some(line) = line else {
        if at_end {
            return end_of_input(machine, host, task, shell, &state);
        }
        shell.frames.push(Frame::Reader(state));
        machine.idle |= main;
        return Turn::Blocked(None);
    };
    machine.idle &= !main;
    take_line(machine, host, task, shell, state, &String::from_utf8_lossy(&line));
    Turn::Moved
}

fn end_of_input<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    state: &Reader,
) -> Turn {
    machine.idle = false;
    if !state.pending.is_empty() {
        let aliases = shell.aliases.clone();
        if let Err(error) = next_complete_command(&state.pending, 0, &aliases) {
            machine.complain_of_syntax(host, task, shell, &error, state.line, "");
        }
        shell.status = 2;
        if state.prompting != Prompting::Silent {
            shell.frames.push(Frame::reader(state.prompting));
            return Turn::Moved;
        }
    }
    if state.prompting != Prompting::Silent {
        machine.write(host, task, 2, b"exit\n");
    }
    shell.unwind = Some(Unwind::Exit);
    Turn::Moved
}

fn take_line<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    mut state: Reader,
    line: &str,
) {
    let main = task.pid == machine.config.pid;
    state.prompted = false;
    state.pending.push_str(line);
    if main && state.prompting != Prompting::Silent {
        machine.remember(line.trim_end_matches('\n'));
    }
    if state.pending.len() > INPUT_BYTES_MAX {
        machine.complain(host, task, shell, &format!("command is longer than {INPUT_BYTES_MAX} bytes: refused"));
        shell.status = 2;
        shell.frames.push(Frame::reader(state.prompting));
        return;
    }
    if !state.may_be_complete(line) {
        shell.frames.push(Frame::Reader(state));
        return;
    }
    let aliases = shell.aliases.clone();
    match next_complete_command(&state.pending, 0, &aliases) {
        Ok(Some(command)) if !ends_joined(&state.pending) => {
            shell.line = state.line;
            let text = state.pending[command.start.min(command.end)..command.end].into();
            state.line += state.pending.lines().count();
            state.pending.clear();
            state.missing = None;
            shell.frames.push(Frame::Reader(state));
            record(machine, host, task, shell, text);
            shell.frames.push(Frame::list(&command.list));
            return;
        }
        Ok(Some(_)) => state.missing = Some(Missing::Command),
        Ok(None) if ends_joined(&state.pending) => {}
        Ok(None) => {
            state.pending.clear();
            state.line += 1;
        }
        Err(ParseError { fault: Fault::Incomplete(missing), .. }) => state.missing = Some(missing),
        Err(error) => {
            let line = state.line - 1 + error.line;
            machine.complain_of_syntax(host, task, shell, &error, line, "");
            shell.status = 2;
            state.line += state.pending.lines().count();
            state.pending.clear();
            state.missing = None;
            if state.prompting == Prompting::Silent {
                shell.unwind = Some(Unwind::Exit);
            }
        }
    }
    shell.frames.push(Frame::Reader(state));
}

/// The line of a text that an offset lies in.
fn line_at(text: &str, offset: usize) -> &str {
    let offset = offset.min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    &text[start..end]
}

/// Whether the last line ends in a backslash, so that the next one belongs to it.
fn ends_joined(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

impl<P: Clone> Machine<P> {
    /// Writes `name: text` to standard error, in the dialect's form.
    pub(crate) fn complain<H: Host<Process = P>>(&mut self, host: &mut H, task: &Task<P>, shell: &Shell, text: &str) {
        let line = format!("{}{text}\n", self.prefix(shell, shell.line));
        self.write(host, task, 2, line.as_bytes());
    }

    pub(crate) fn prefix(&self, shell: &Shell, line: usize) -> String {
        let name = &shell.arg0;
        match self.config.dialect {
            Dialect::Bash if shell.origin != Origin::Typed => format!("{name}: line {line}: "),
            Dialect::Dash if shell.ends == super::shell::Ends::WithScript => format!("{name}: {line}: "),
            Dialect::Bash | Dialect::Dash => format!("{name}: "),
            Dialect::Busybox => format!("{}: ", self.config.name),
        }
    }

    pub(crate) fn complain_of_syntax<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        task: &Task<P>,
        shell: &Shell,
        error: &ParseError,
        line: usize,
        source: &str,
    ) {
        let message = match (self.config.dialect, &error.fault) {
            (Dialect::Dash, Fault::Unexpected(token)) => format!("Syntax error: {} unexpected", dash_token(token)),
            (Dialect::Dash, Fault::Incomplete(Missing::Closing('"' | '\''))) => {
                "Syntax error: Unterminated quoted string".to_string()
            }
            (Dialect::Dash, Fault::Incomplete(_)) => "Syntax error: end of file unexpected".to_string(),
            (Dialect::Busybox, Fault::Unexpected(token)) => format!("syntax error: unexpected {}", dash_token(token)),
            (Dialect::Busybox, Fault::Incomplete(Missing::Closing('"' | '\''))) => {
                "syntax error: unterminated quoted string".to_string()
            }
            (Dialect::Busybox, Fault::Incomplete(_)) => "syntax error: unexpected end of file".to_string(),
            (Dialect::Bash, _) | (Dialect::Dash | Dialect::Busybox, _) => error.message(),
        };
        let mut prefix = self.prefix(shell, line);
        if self.config.dialect == Dialect::Bash && shell.origin == Origin::Argument {
            prefix = format!("{}: -c: line {line}: ", shell.arg0);
        }
        let mut text = format!("{prefix}{message}\n");
        // bash shows the line of a script that it stumbled over.
        if self.config.dialect == Dialect::Bash
            && shell.origin != Origin::Typed
            && let Fault::Unexpected(_) = error.fault
        {
            text.push_str(&format!("{prefix}`{source}'\n"));
        }
        self.write(host, task, 2, text.as_bytes());
    }

    /// Writes to a descriptor; a failure is not reported.
    pub(crate) fn write<H: Host<Process = P>>(&mut self, host: &mut H, task: &Task<P>, fd: u32, bytes: &[u8]) {
        let _ = self.write_or_fail(host, task, fd, bytes);
    }

    /// Writes to a descriptor. `Some("")` is a broken pipe, any other text the reason of a failure.
    pub(crate) fn write_or_fail<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        task: &Task<P>,
        fd: u32,
        bytes: &[u8],
    ) -> Option<String> {
        use super::io::Written;
        let caller = caller(self, host);
        match self.opens.write(&task.fds, fd, bytes, host.fs(), caller) {
            Written::Done => None,
            Written::Broken => Some(String::new()),
            Written::BadDescriptor => Some("Bad file descriptor".into()),
            Written::Failed(error) => Some(error.to_string()),
        }
    }
}

fn dash_token(token: &str) -> String {
    if token == "newline" { token.to_string() } else { format!("\"{token}\"") }
}

/// `read` at work.
#[derive(Clone)]
pub(crate) struct ReadLine {
    pub names: Vec<String>,
    /// `-r`: a backslash is nothing special.
    pub raw: bool,
    pub fd: u32,
    /// The character that ends the line.
    pub delimiter: u8,
    /// `-n`: at most so many characters.
    pub count: Option<usize>,
    pub deadline: Option<sim::Time>,
    pub text: Vec<u8>,
}

pub(super) fn read_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    mut state: ReadLine,
) -> Turn {
    let caller = caller(machine, host);
    let mut input = machine.opens.input(&task.fds, state.fd, host.fs(), caller);
    let mut ended = false;
    let mut taken = 0;
    for &byte in input.available() {
        taken += 1;
        let joined = !state.raw && state.text.last() == Some(&b'\\') && odd_backslashes(&state.text);
        if byte == state.delimiter && !(joined && byte == b'\n') {
            ended = true;
            break;
        }
        if byte == b'\n' && joined {
            state.text.pop();
            continue;
        }
        state.text.push(byte);
        if state.count.is_some_and(|count| state.text.len() >= count) || state.text.len() >= INPUT_BYTES_MAX {
            ended = true;
            break;
        }
    }
    input.consume(taken);
    let at_end = !ended && input.at_end();
    machine.opens.give_back(&task.fds, state.fd, &input);
    let late = state.deadline.is_some_and(|deadline| host.now() >= deadline);
    if !ended && !at_end && !late {
        let wake = state.deadline;
        shell.frames.push(Frame::Read(state));
        return if taken > 0 { Turn::Moved } else { Turn::Blocked(wake) };
    }
    shell.status = if ended { 0 } else { 1 };
    if late && !ended && !at_end {
        shell.status = 142;
    }
    if let Err(text) = assign_fields(shell, &state) {
        machine.complain(host, task, shell, &text);
        shell.status = 1;
    }
    Turn::Moved
}

fn odd_backslashes(text: &[u8]) -> bool {
    text.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// Splits what was read at IFS over the names; the last gets the rest.
fn assign_fields(shell: &mut Shell, state: &ReadLine) -> Result<(), String> {
    let text = String::from_utf8_lossy(&state.text).into_owned();
    let ifs = shell.variables.get("IFS").map_or_else(|| " \t\n".to_string(), ToString::to_string);
    let is_white = |c: char| ifs.contains(c) && c.is_whitespace();
    // Characters with whether they were escaped.
    let mut chars: Vec<(char, bool)> = Vec::new();
    let mut source = text.chars();
    while let Some(c) = source.next() {
        match c {
            '\\' if !state.raw => chars.extend(source.next().map(|c| (c, true))),
            c => chars.push((c, false)),
        }
    }
    let white = |(c, escaped): (char, bool)| !escaped && is_white(c);
    let mut at = 0;
    let names: Vec<&str> =
        if state.names.is_empty() { vec!["REPLY"] } else { state.names.iter().map(String::as_str).collect() };
    let keep_all = state.names.is_empty();
    for (index, name) in names.iter().enumerate() {
        while !keep_all && at < chars.len() && white(chars[at]) {
            at += 1;
        }
        let last = index + 1 == names.len();
        let mut value = String::new();
        if last {
            let mut end = chars.len();
            while !keep_all && end > at && white(chars[end - 1]) {
                end -= 1;
            }
            // A lone separator at the end belongs to the last field.
            let separators = chars[at..end].iter().filter(|(c, escaped)| !escaped && ifs.contains(*c)).count();
            if !keep_all && separators == 1 && end > at && ifs.contains(chars[end - 1].0) && !chars[end - 1].1 {
                end -= 1;
            }
            value.extend(chars[at..end].iter().map(|(c, _)| c));
        } else {
            while at < chars.len() && (chars[at].1 || !ifs.contains(chars[at].0)) {
                value.push(chars[at].0);
                at += 1;
            }
            while at < chars.len() && white(chars[at]) {
                at += 1;
            }
            if at < chars.len() && !chars[at].1 && ifs.contains(chars[at].0) {
                at += 1;
            }
        }
        shell.variables.set(name, value).map_err(|error| format!("{}: readonly variable", error.0))?;
    }
    Ok(())
}

/// The text of a sourced file as a frame.
pub(crate) fn script_frame(text: &str) -> Frame {
    Frame::Script(Script { text: Rc::from(text), at: 0, line: 1 })
}
