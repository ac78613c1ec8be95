//! `cqlsh`: sends statements to a server and shows what comes back: `-e`, a pipe, or a prompt.
//!
//! Models: cqlsh 5.0.1 of cassandra 3.11. Difference: the image of the tutorial has no Python; here it has its `cqlsh` all the
//! same. Absent: colours, paging, COPY, SOURCE, TRACING, EXPAND.

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress};
use thin::Str;

use super::coordinate::LEVELS;
use super::link::{Failure, Link};
use super::settings::CQL_PORT;
use crate::program::Tool;
use crate::sql::lexer;
use crate::tsv::{self, Field};

pub(super) const TOOL: Tool = Tool { name: "cqlsh", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let words: Vec<&str> = spawn.argv.iter().skip(1).map(Str::as_str).collect();
    let mut cqlsh =
        Cqlsh { host: "127.0.0.1".into(), port: CQL_PORT, level: "ONE".into(), is_tty: spawn.tty, ..Cqlsh::default() };
    let (mut at, mut places) = (0, 0);
    while let Some(word) = words.get(at) {
        let value = words.get(at + 1).map(|word| (*word).to_string());
        at += 1;
        match (*word, value) {
            ("-e" | "--execute", Some(text)) => (cqlsh.execute, at) = (Some(text), at + 1),
            ("-k" | "--keyspace", Some(name)) => (cqlsh.keyspace, at) = (name.as_str().into(), at + 1),
            ("-u" | "-p" | "--username" | "--password" | "--cqlversion", Some(_)) => at += 1,
            ("--version", _) => cqlsh.end = Some(("cqlsh 5.0.1\n".into(), 0)),
            ("--no-color" | "-C" | "--color", _) => {}
            (flag, _) if flag.starts_with('-') => {
                cqlsh.end = Some((
                    format!("Usage: cqlsh [options] [host [port]]\n\ncqlsh: error: no such option: {flag}\n"),
                    2,
                ));
            }
            (place, _) => {
                if places == 0 {
                    cqlsh.host = place.into()
                } else {
                    cqlsh.port = place.parse().unwrap_or(CQL_PORT)
                }
                places += 1;
            }
        }
    }
    Box::new(cqlsh)
}

#[derive(Clone, Debug, Default)]
struct Cqlsh {
    host: Str,
    port: u16,
    execute: Option<String>,
    keyspace: Str,
    level: Str,
    is_tty: bool,
    /// What is printed instead of connecting, and the status.
    end: Option<(String, i32)>,
    link: Option<Link>,
    is_connected: bool,
    /// Statements that wait, with the lines that they end on.
    script: Vec<(String, usize)>,
    /// The line of the statement whose answer is awaited.
    asked: Option<usize>,
    line: String,
    has_read: bool,
    has_failed: bool,
}

impl Cqlsh {
    fn is_prompt(&self) -> bool {
        self.is_tty && self.execute.is_none()
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Option<i32> {
        if let Some((text, code)) = self.end.take() {
            if code == 0 {
                io.stdout(text)
            } else {
                io.stderr(text)
            }
            return Some(code);
        }
        let (host, port) = (self.host.clone(), self.port);
        let link = self.link.get_or_insert_with(|| Link::new(&host, port, system));
        if !self.is_connected {
            if let Err(failure) = link.open(system)? {
                io.stderr(refusal(failure, &host, port));
                return Some(1);
            }
            self.is_connected = true;
            if self.is_prompt() {
                io.stdout(format!(
                    "[cqlsh 5.0.1 | Cassandra {} | CQL spec 3.4.4 | Native protocol v4]\nUse HELP for help.\n",
                    super::VERSION
                ));
                self.prompt(io);
            }
        }
        loop {
            if let Some(line) = self.asked {
                let answer = self.link.as_mut()?.answer(system)?;
                self.asked = None;
                let Ok(answer) = answer else {
                    io.stderr("ConnectionShutdown: Connection to the host was closed\n");
                    return Some(2);
                };
                self.show(&answer, line, io);
            } else if self.script.is_empty() {
                if let Some(code) = self.read(io)? {
                    return Some(code);
                }
            } else {
                let (text, line) = self.script.remove(0);
                if let Some(code) = self.ask(&text, line, io, system) {
                    return Some(code);
                }
            }
            if self.asked.is_none() && self.script.is_empty() && self.is_prompt() {
                self.prompt(io);
            }
        }
    }

    fn prompt(&self, io: &mut ProcessIo) {
        let keyspace = if self.keyspace.is_empty() { String::new() } else { format!(":{}", self.keyspace) };
        io.stdout(format!("cqlsh{keyspace}> "));
    }

    /// Takes more to do: nothing yet, or the status to end with, or something was read.
    fn read(&mut self, io: &mut ProcessIo) -> Option<Option<i32>> {
        let end = if self.has_failed && !self.is_prompt() { 2 } else { 0 };
        if self.has_read {
            return Some(Some(end));
        }
        if let Some(text) = self.execute.clone() {
            self.has_read = true;
            self.script = split(&text);
            return Some(self.script.is_empty().then_some(end));
        }
        self.line.push_str(&String::from_utf8_lossy(&io.stdin.take_all()));
        let is_whole = if self.is_prompt() {
            let first = self.line.split_whitespace().next().unwrap_or_default().to_uppercase();
            let is_own = matches!(
                first.trim_end_matches(';'),
                "" | "EXIT" | "QUIT" | "CONSISTENCY" | "DESCRIBE" | "DESC" | "HELP"
            );
            self.line.ends_with('\n') && (is_own || !lexer::is_unfinished(&self.line))
        } else {
            false
        };
        if is_whole {
            self.script = split(&std::mem::take(&mut self.line));
            if self.script.is_empty() {
                self.prompt(io);
                return None;
            }
            return Some(None);
        }
        if io.stdin.at_end() {
            self.has_read = true;
            self.script = split(&std::mem::take(&mut self.line));
            return Some(self.script.is_empty().then_some(end));
        }
        None
    }

    /// Sends a statement, or does what is cqlsh's own; answers the status if that was the end.
    fn ask(&mut self, text: &str, line: usize, io: &mut ProcessIo, system: &mut System<'_>) -> Option<i32> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let level = words.get(1).map(|word| word.to_uppercase());
        let (head, rest) =
            (words.first().map(|word| word.to_uppercase()).unwrap_or_default(), words[1.min(words.len())..].join(" "));
        let request = match (head.as_str(), level) {
            ("EXIT" | "QUIT", _) => return Some(0),
            ("CONSISTENCY", None) => {
                io.stdout(format!("Current consistency level is {}.\n", self.level));
                return None;
            }
            ("CONSISTENCY", Some(level)) if LEVELS.iter().any(|(name, _)| *name == level) => {
                io.stdout(format!("Consistency level set to {level}.\n"));
                self.level = level.as_str().into();
                return None;
            }
            ("CONSISTENCY", Some(_)) => {
                self.fail("Improper CONSISTENCY command.", line, io);
                return None;
            }
            ("HELP" | "COPY" | "SOURCE" | "CAPTURE" | "TRACING" | "EXPAND" | "PAGING" | "SHOW" | "LOGIN", _) => {
                self.fail(&format!("{head} is not supported here"), line, io);
                return None;
            }
            ("DESCRIBE" | "DESC", _) => tsv::line([Some("DESCRIBE"), Some(&self.keyspace), Some(&rest)]),
            _ => tsv::line([Some(self.level.as_str()), Some(&self.keyspace), Some(text)]),
        };
        if let Some(link) = &self.link {
            link.ask(&request, system);
        }
        self.asked = Some(line);
        None
    }

    fn fail(&mut self, text: &str, line: usize, io: &mut ProcessIo) {
        self.has_failed = true;
        let place = if self.is_prompt() { String::new() } else { format!("<stdin>:{line}:") };
        io.stderr(format!("{place}{text}\n"));
    }

    fn show(&mut self, answer: &str, line: usize, io: &mut ProcessIo) {
        let mut lines = answer.split('\n');
        match lines.next().unwrap_or_default() {
            "rows" => {
                let names: Vec<Str> = tsv::fields(lines.next().unwrap_or_default()).into_iter().flatten().collect();
                let rows: Vec<Vec<Field>> = lines.map(tsv::fields).collect();
                io.stdout(table(&names, &rows));
            }
            "use" => self.keyspace = lines.next().unwrap_or_default().into(),
            "described" => lines.for_each(|line| io.stdout(format!("{line}\n"))),
            "error" => {
                let fields: Vec<Str> = tsv::fields(lines.next().unwrap_or_default()).into_iter().flatten().collect();
                self.fail(&fields.join(": "), line, io);
            }
            "unavailable" => {
                let fields: Vec<Str> = tsv::fields(lines.next().unwrap_or_default()).into_iter().flatten().collect();
                if let [datacenter, text] = fields.as_slice() {
                    let host = self.host.clone();
                    let text = format!(
                        "NoHostAvailable: ('Unable to complete the operation against any hosts', {{<Host: {host} {datacenter}>: {text}}})"
                    );
                    self.fail(&text, line, io);
                }
            }
            _ => {}
        }
    }
}

/// Statements, each with the line that it ends on.
fn split(text: &str) -> Vec<(String, usize)> {
    let end = |(text, line): (String, usize)| {
        let lines = text.matches('\n').count();
        (text, line + lines)
    };
    lexer::statements(text).into_iter().map(end).collect()
}

fn refusal(failure: Failure, host: &str, port: u16) -> String {
    let reason = match failure {
        Failure::Lookup => {
            return format!(
                "Connection error: ('Unable to connect to any servers', {{'{host}': gaierror(-2, 'Name or service not known')}})\n"
            );
        }
        Failure::Refused => (111, "Connection refused"),
        Failure::TimedOut | Failure::Lost => (110, "Connection timed out"),
    };
    let (number, text) = reason;
    format!(
        "Connection error: ('Unable to connect to any servers', {{'{host}': error({number}, \"Tried connecting to [('{host}', {port})]. Last error: {text}\")}})\n"
    )
}

/// Rows as cqlsh shows them: names to the left, values to the right.
fn table(names: &[Str], rows: &[Vec<Field>]) -> String {
    let shown = |field: &Field| field.as_deref().unwrap_or("null").to_string();
    let cell = |row: &[Field], at: usize| row.get(at).map_or_else(String::new, shown);
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| cell(row, at).chars().count());
        cells.chain([names[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(widest).collect();
    let header: Vec<String> =
        names.iter().zip(&widths).map(|(name, width)| format!("{:<width$}", name.as_str())).collect();
    let edge: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = format!("\n {}\n-{}-\n", header.join(" | ").trim_end(), edge.join("-+-"));
    for row in rows {
        let cells: Vec<String> =
            widths.iter().enumerate().map(|(at, width)| format!("{:>width$}", cell(row, at))).collect();
        text.push_str(&format!(" {}\n", cells.join(" | ")));
    }
    text + &format!("\n({} rows)\n", rows.len())
}

impl Process for Cqlsh {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match self.go_on(io, system) {
            Some(code) => {
                if let Some(link) = &mut self.link {
                    link.close(system);
                }
                Progress::Exited(code)
            }
            None => Progress::Blocked { wake: self.link.as_ref().and_then(Link::deadline) },
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_to_the_right() {
        let names: [Str; 2] = ["id".into(), "name".into()];
        let rows = [vec![Some("1".into()), Some("Ann".into())], vec![Some("10".into()), None]];
        assert_eq!(table(&names, &rows), "\n id | name\n----+------\n  1 |  Ann\n 10 | null\n\n(2 rows)\n");
        assert_eq!(table(&names, &[]), "\n id | name\n----+------\n\n(0 rows)\n");
    }
}
