//! `mysqladmin`: ping, status, version, create, drop.
//!
//! Models: mysqladmin 8.0 in texts and exit codes. Absent: its other commands; they are refused by name.

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress};

use super::client::PASSWORD_WARNING;
use super::connection::{Connection, Failure, Target};
use super::engine::Answer;
use super::options;
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "mysqladmin", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Admin { spawn: spawn.clone(), connection: None, state: State::New, order: Order::default() })
}

#[derive(Clone, Debug)]
struct Admin {
    spawn: Spawn,
    connection: Option<Connection>,
    state: State,
    order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Connecting,
    Asking,
}

/// What is wanted.
#[derive(Clone, Debug, Default)]
struct Order {
    target: Target,
    verb: String,
    /// The statement that does it; empty if a connection is all.
    statement: String,
}

impl Admin {
    fn begin(&mut self, io: &mut ProcessIo) -> Result<(), i32> {
        let options = options::read(&self.spawn).map_err(|text| {
            io.stderr(format!("mysqladmin: [ERROR] mysqladmin: {text}.\n"));
            2
        })?;
        if options.shows_password {
            io.stderr(format!("mysqladmin: {PASSWORD_WARNING}"));
        }
        let words: Vec<&str> = options.words.iter().map(|word| word.as_str()).collect();
        let statement = match words.as_slice() {
            ["ping"] => String::new(),
            ["status" | "version"] => "select version()".to_string(),
            ["create", name] => format!("create database `{name}`"),
            ["drop", name] => format!("drop database `{name}`"),
            [] => {
                io.stderr("mysqladmin: ping, status, version, create NAME, drop NAME\n");
                return Err(1);
            }
            [other, ..] => {
                io.stderr(format!("mysqladmin: Unknown command: '{other}'\n"));
                return Err(1);
            }
        };
        self.order = Order { target: options.target, verb: words[0].to_string(), statement };
        self.connection = Some(Connection::new(self.order.target.clone()));
        self.state = State::Connecting;
        Ok(())
    }

    fn refuse(&self, failure: &Failure, io: &mut ProcessIo) -> i32 {
        let host = &self.order.target.host;
        let error = failure.error(&self.order.target);
        if self.order.verb == "ping" && matches!(failure, Failure::Server(error) if error.code == 1045) {
            // The server is there, and that was the question.
            io.stdout("mysqld is alive\n");
            return 0;
        }
        io.stderr(format!("mysqladmin: connect to server at '{host}' failed\nerror: '{}'\n", error.message));
        if error.code == 2002 {
            let socket = "/var/run/mysqld/mysqld.sock";
            io.stderr(format!("Check that mysqld is running and that the socket: '{socket}' exists!\n"));
        }
        1
    }

    fn finish(&self, outcome: &Result<Answer, Failure>, io: &mut ProcessIo) -> i32 {
        match outcome {
            Ok(Answer::Rows { rows, .. }) => {
                let version = rows.first().and_then(|row| row.first()?.clone()).unwrap_or_default();
                io.stdout(format!("Server version\t\t{version}\n"));
                0
            }
            Ok(Answer::Done { .. }) if self.order.verb == "drop" => {
                let name = self.order.statement.trim_start_matches("drop database ").trim_matches('`').to_string();
                io.stdout(format!("Database \"{name}\" dropped\n"));
                0
            }
            Ok(Answer::Done { .. }) => 0,
            Err(failure) => {
                let (verb, message) = (self.order.verb.to_uppercase(), failure.error(&self.order.target).message);
                io.stderr(format!("mysqladmin: {verb} DATABASE failed; error: '{message}'\n"));
                1
            }
        }
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Progress, i32> {
        loop {
            if self.state == State::New {
                self.begin(io)?;
            }
            let Some(connection) = &mut self.connection else { return Err(1) };
            if self.state == State::Connecting {
                match connection.poll_login(system) {
                    None => return Ok(Progress::Blocked { wake: connection.deadline() }),
                    Some(Ok(())) if self.order.statement.is_empty() => {
                        io.stdout("mysqld is alive\n");
                        return Err(0);
                    }
                    Some(Ok(())) => {
                        connection.ask(&self.order.statement, system);
                        self.state = State::Asking;
                    }
                    Some(Err(failure)) => return Err(self.refuse(&failure, io)),
                }
            } else {
                let Some(outcome) = connection.poll_answer(system) else {
                    return Ok(Progress::Blocked { wake: connection.deadline() });
                };
                return Err(self.finish(&outcome, io));
            }
        }
    }
}

impl Process for Admin {
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
