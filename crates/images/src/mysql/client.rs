//! `mysql`: statements from `-e`, from standard input, or from a reader at a prompt.
//!
//! Models: mysql 8.0 in texts and exit codes. Absent: `source`, `delimiter`, history and pager.

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress};

use super::connection::{Connection, Failure};
use super::engine::Answer;
use super::error::SqlError;
use super::options::{self, Options};
use super::print::{self, Style};
use crate::program::Tool;
use crate::sql::lexer;

pub(crate) const TOOL: Tool = Tool { name: "mysql", start };
pub(crate) const PASSWORD_WARNING: &str = "[Warning] Using a password on the command line interface can be insecure.\n";
const CONTINUED: &str = "    -> ";
const PROMPT: &str = "mysql> ";

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let version = super::server::version(&spawn.tag).to_string();
    Box::new(Client {
        options: options::read(spawn),
        version,
        is_tty: spawn.tty,
        state: State::New,
        connection: None,
        script: Vec::new(),
        line: String::new(),
    })
}

#[derive(Clone, Debug)]
struct Client {
    options: Result<Options, String>,
    version: String,
    is_tty: bool,
    state: State,
    connection: Option<Connection>,
    /// Statements that wait, with their lines.
    script: Vec<(String, usize)>,
    /// What was read of a statement that is not whole.
    line: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    New,
    Password,
    Connecting,
    Idle,
    /// Waits for the answer to this statement, which begins on this line.
    Asking(String, usize),
}

impl Client {
    fn is_interactive(&self) -> bool {
        self.is_tty && self.options.as_ref().is_ok_and(|options| options.execute.is_none())
    }

    fn begin(&mut self, io: &mut ProcessIo) -> Result<(), i32> {
        let options = match &self.options {
            Ok(options) => options,
            Err(text) => {
                io.stderr(format!("mysql: [ERROR] mysql: {text}.\n"));
                return Err(if text.starts_with("unknown") { 2 } else { 6 });
            }
        };
        if options.is_version {
            io.stdout(format!("mysql  Ver {} for Linux on x86_64 (MySQL Community Server - GPL)\n", self.version));
            return Err(0);
        }
        if options.shows_password {
            io.stderr(format!("mysql: {PASSWORD_WARNING}"));
        }
        if options.asks_password {
            io.stdout("Enter password: ");
            self.state = State::Password;
            return Ok(());
        }
        self.connect();
        Ok(())
    }

    fn connect(&mut self) {
        let Ok(options) = &self.options else { return };
        let mut target = options.target.clone();
        if let Some(database) = options.words.first() {
            target.database = database.clone();
        }
        self.connection = Some(Connection::new(target));
        self.state = State::Connecting;
    }

    fn read_password(&mut self, io: &mut ProcessIo) -> bool {
        self.line.push_str(&String::from_utf8_lossy(&io.stdin.take_all()));
        let ends = io.stdin.at_end();
        let Some(password) = self.line.lines().next().filter(|_| ends || self.line.contains('\n')) else {
            return ends && {
                self.connect();
                true
            };
        };
        let password = password.into();
        let rest = self.line.split_once('\n').map_or("", |(_, rest)| rest).to_string();
        if let Ok(options) = &mut self.options {
            options.target.password = password;
        }
        self.line = rest;
        io.stdout("\n");
        self.connect();
        true
    }

    fn greet(&mut self, io: &mut ProcessIo) {
        self.state = State::Idle;
        if let Ok(Options { execute: Some(text), .. }) = &self.options {
            self.script = lexer::statements(text);
        }
        let greeting = self.connection.as_ref().and_then(|connection| connection.greeting.as_ref());
        if let Some(greeting) = greeting.filter(|_| self.is_interactive()) {
            io.stdout(format!(
                "Welcome to the MySQL monitor.  Commands end with ; or \\g.\nYour MySQL connection id is {}\nServer version: {} \
                 MySQL Community Server - GPL\n\nType 'help;' or '\\h' for help. Type '\\c' to clear the current input statement.\n\n{PROMPT}",
                greeting.id, greeting.version
            ));
        }
    }

    /// Takes what was typed, or came through a pipe; answers whether the client is to end.
    fn read(&mut self, io: &mut ProcessIo) -> Option<i32> {
        let bytes = io.stdin.take_all();
        self.line.push_str(&String::from_utf8_lossy(&bytes));
        if !self.is_interactive() {
            if !io.stdin.at_end() {
                return None;
            }
            self.script = lexer::statements(&std::mem::take(&mut self.line));
            return self.script.is_empty().then_some(0);
        }
        if !bytes.is_empty() && self.line.ends_with('\n') {
            return self.read_line(io);
        }
        io.stdin.at_end().then(|| {
            io.stdout("Bye\n");
            0
        })
    }

    fn read_line(&mut self, io: &mut ProcessIo) -> Option<i32> {
        let text = self.line.trim().trim_end_matches(';').trim().to_lowercase();
        if matches!(text.as_str(), "quit" | "exit" | "\\q") {
            io.stdout("Bye\n");
            return Some(0);
        }
        if text.ends_with("\\c") || text.is_empty() {
            self.line.clear();
            io.stdout(PROMPT);
        } else if text.starts_with("use ") && !self.line.trim_end().contains('\n') || !lexer::is_unfinished(&self.line)
        {
            self.script = lexer::statements(&std::mem::take(&mut self.line));
        } else {
            io.stdout(CONTINUED);
        }
        None
    }

    fn show(&self, statement: &str, answer: &Answer, io: &mut ProcessIo) {
        let Ok(options) = &self.options else { return };
        let is_interactive = self.is_interactive();
        let boxes = options.is_table || (self.is_tty && !options.is_batch);
        match answer {
            Answer::Rows { columns, rows } => {
                let style = match () {
                    () if statement.ends_with("\\G") || options.is_vertical => Style::Vertical,
                    () if boxes => Style::Table,
                    () => Style::Tabs,
                };
                io.stdout(print::rows(style, !options.hides_names, columns, rows));
                if is_interactive && rows.is_empty() {
                    io.stdout("Empty set (0.00 sec)\n\n");
                } else if is_interactive {
                    let s = if rows.len() == 1 { "" } else { "s" };
                    io.stdout(format!("{} row{s} in set (0.00 sec)\n\n", rows.len()));
                }
            }
            Answer::Done { .. } if !is_interactive => {}
            Answer::Done { .. } if is_use(statement) => io.stdout("Database changed\n"),
            Answer::Done { affected, info, .. } => {
                let s = if *affected == 1 { "" } else { "s" };
                let info = if info.is_empty() { String::new() } else { format!("{info}\n") };
                io.stdout(format!("Query OK, {affected} row{s} affected (0.00 sec)\n{info}\n"));
            }
        }
    }

    fn fail(&mut self, error: &SqlError, line: usize, io: &mut ProcessIo) -> Option<i32> {
        if self.is_interactive() {
            io.stdout(format!("{}\n", error.text()));
            return None;
        }
        let SqlError { code, state, message } = error;
        io.stderr(format!("ERROR {code} ({state}) at line {line}: {message}\n"));
        let goes_on = self.options.as_ref().is_ok_and(|options| options.is_forced);
        (!goes_on).then_some(1)
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Progress, i32> {
        loop {
            match self.state.clone() {
                State::New => self.begin(io)?,
                State::Password => {
                    if !self.read_password(io) {
                        return Ok(Progress::Blocked { wake: None });
                    }
                }
                State::Connecting => {
                    let Some(connection) = &mut self.connection else { return Err(1) };
                    match connection.poll_login(system) {
                        None => return Ok(Progress::Blocked { wake: connection.deadline() }),
                        Some(Ok(())) => self.greet(io),
                        Some(Err(failure)) => {
                            let target =
                                self.options.as_ref().map(|options| options.target.clone()).unwrap_or_default();
                            io.stderr(format!("{}\n", failure.error(&target).text()));
                            return Err(1);
                        }
                    }
                }
                State::Idle if !self.script.is_empty() => self.ask(system),
                State::Idle if self.options.as_ref().is_ok_and(|options| options.execute.is_some()) => return Err(0),
                State::Idle => {
                    if let Some(code) = self.read(io) {
                        return Err(code);
                    }
                    if self.script.is_empty() {
                        return Ok(Progress::Blocked { wake: None });
                    }
                }
                State::Asking(statement, line) => {
                    let Some(connection) = &mut self.connection else { return Err(1) };
                    let Some(outcome) = connection.poll_answer(system) else {
                        return Ok(Progress::Blocked { wake: connection.deadline() });
                    };
                    self.take(&statement, line, outcome, io)?;
                }
            }
        }
    }

    fn ask(&mut self, system: &mut System<'_>) {
        let (statement, line) = self.script.remove(0);
        if let Some(connection) = &mut self.connection {
            connection.ask(statement.trim_end_matches("\\G").trim_end_matches("\\g").trim(), system);
        }
        self.state = State::Asking(statement, line);
    }

    fn take(
        &mut self,
        statement: &str,
        line: usize,
        outcome: Result<Answer, Failure>,
        io: &mut ProcessIo,
    ) -> Result<(), i32> {
        self.state = State::Idle;
        match outcome {
            Ok(answer) => self.show(statement, &answer, io),
            Err(failure) => {
                let target = self.options.as_ref().map(|options| options.target.clone()).unwrap_or_default();
                if let Some(code) = self.fail(&failure.error(&target), line, io) {
                    return Err(code);
                }
                if failure == Failure::Lost {
                    return Err(1);
                }
            }
        }
        if self.is_interactive() && self.script.is_empty() {
            io.stdout(PROMPT);
        }
        Ok(())
    }
}

fn is_use(statement: &str) -> bool {
    statement.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("use "))
}

impl Process for Client {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match self.go_on(io, system) {
            Ok(progress) => progress,
            Err(code) => {
                if let Some(connection) = &mut self.connection {
                    connection.close(system);
                }
                Progress::Exited(code)
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
