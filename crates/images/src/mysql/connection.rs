//! A client's connection to a server: found by name, logged in, one statement at a time.

use cri::{Address, Payload, System};
use sim::{Span, Time};
use thin::{Str, format_str};

use super::engine::Answer;
use super::error::SqlError;
use super::sha1;
use super::wire::{self, Greeting, Login};
use crate::tools::resolver::{Lookup, LookupError, addresses};

/// How long a client waits for a connection, and for an answer.
const LIMIT: Span = Span::from_seconds(10);

/// Where to and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Name or address; `localhost` is the server in the same pod.
    pub(crate) host: Str,
    /// The port.
    pub(crate) port: u16,
    /// The user's name.
    pub(crate) user: Str,
    /// The password; empty for none.
    pub(crate) password: Str,
    /// The database to use; empty for none.
    pub(crate) database: Str,
}

/// Why there is no connection, or no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The name has no address.
    Lookup,
    /// Nobody listens there, or there is no way there: the operating system's number.
    Connect(u16),
    /// The connection has ended.
    Lost,
    /// The server refuses.
    Server(SqlError),
}

impl Failure {
    /// As MySQL's own clients say it.
    pub(crate) fn error(&self, target: &Target) -> SqlError {
        let Target { host, port, .. } = target;
        match self {
            Failure::Lookup => SqlError::new(2005, format_str!("Unknown MySQL server host '{host}' (-2)")),
            Failure::Connect(_) if host == "localhost" => SqlError::new(
                2002,
                "Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)",
            ),
            Failure::Connect(number) => {
                SqlError::new(2003, format_str!("Can't connect to MySQL server on '{host}:{port}' ({number})"))
            }
            Failure::Lost => SqlError::new(2013, "Lost connection to MySQL server during query"),
            Failure::Server(error) => error.clone(),
        }
    }
}

#[derive(Clone, Debug)]
enum State {
    New,
    Looking(Lookup),
    Open { port: u16, to: Address, deadline: Time, stage: Stage },
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Login,
    Ready,
    Asked,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    target: Target,
    state: State,
    /// What the server said first.
    pub(crate) greeting: Option<Greeting>,
}

impl Connection {
    pub(crate) fn new(target: Target) -> Connection {
        Connection { target, state: State::New, greeting: None }
    }

    /// Until when it waits.
    pub(crate) fn deadline(&self) -> Option<Time> {
        match &self.state {
            State::New | State::Closed => None,
            State::Looking(lookup) => lookup.deadline(),
            State::Open { deadline, .. } => Some(*deadline),
        }
    }

    /// Goes on with logging in; answers once that is done.
    pub(crate) fn poll_login(&mut self, system: &mut System<'_>) -> Option<Result<(), Failure>> {
        if let State::New = self.state {
            self.state = State::Looking(Lookup::of_name(&self.target.host, system));
        }
        if let State::Looking(lookup) = &mut self.state {
            let ip = match lookup.poll(system)? {
                Ok(answer) => addresses(&answer).first().copied(),
                Err(LookupError::NotFound | LookupError::NoAnswer) => None,
            };
            let Some(ip) = ip else { return Some(self.fail(Failure::Lookup, system)) };
            let to = Address::new(ip, self.target.port);
            let Some(port) = system.net.connect(to) else { return Some(self.fail(Failure::Connect(99), system)) };
            self.state = State::Open { port, to, deadline: system.now + LIMIT, stage: Stage::Greeting };
        }
        loop {
            if let State::Open { stage: Stage::Ready, .. } = self.state {
                return Some(Ok(()));
            }
            match self.receive(system)? {
                Ok(bytes) => {
                    if let Err(failure) = self.take_login(&bytes, system) {
                        return Some(self.fail(failure, system));
                    }
                }
                Err(failure) => return Some(self.fail(failure, system)),
            }
        }
    }

    fn take_login(&mut self, bytes: &[u8], system: &mut System<'_>) -> Result<(), Failure> {
        let Target { user, password, database, .. } = &self.target;
        let State::Open { port, to, deadline, stage } = &mut self.state else { return Err(Failure::Lost) };
        if let Some(Err(error)) = wire::decode(bytes) {
            return Err(Failure::Server(error));
        }
        match *stage {
            Stage::Greeting => {
                let greeting = Greeting::decode(bytes).ok_or(Failure::Lost)?;
                let answer = sha1::answer(password, &greeting.salt).into();
                let login = Login { user: user.clone(), answer, database: database.clone() };
                system.net.send_bytes(*port, *to, login.encode());
                self.greeting = Some(greeting);
                (*stage, *deadline) = (Stage::Login, system.now + LIMIT);
            }
            Stage::Login => *stage = Stage::Ready,
            Stage::Ready | Stage::Asked => {}
        }
        Ok(())
    }

    /// Sends a statement.
    pub(crate) fn ask(&mut self, statement: &str, system: &mut System<'_>) {
        if let State::Open { port, to, deadline, stage } = &mut self.state {
            system.net.send_bytes(*port, *to, statement.as_bytes().to_vec());
            (*stage, *deadline) = (Stage::Asked, system.now + LIMIT);
        }
    }

    /// The answer to the statement, once it is there.
    pub(crate) fn poll_answer(&mut self, system: &mut System<'_>) -> Option<Result<Answer, Failure>> {
        let bytes = match self.receive(system)? {
            Ok(bytes) => bytes,
            Err(failure) => return Some(self.fail(failure, system).map(|()| Answer::done(0))),
        };
        if let State::Open { stage, .. } = &mut self.state {
            *stage = Stage::Ready;
        }
        Some(match wire::decode(&bytes) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(Failure::Server(error)),
            None => Err(Failure::Lost),
        })
    }

    fn receive(&mut self, system: &mut System<'_>) -> Option<Result<Vec<u8>, Failure>> {
        let State::Open { port, deadline, .. } = &self.state else { return Some(Err(Failure::Lost)) };
        loop {
            let Some(packet) = system.net.receive(*port) else {
                return (system.now >= *deadline).then_some(Err(Failure::Connect(110)));
            };
            match packet.payload {
                Payload::Data(bytes) => return Some(Ok(bytes.to_vec())),
                Payload::Refused => return Some(Err(Failure::Connect(111))),
                Payload::Unreachable => return Some(Err(Failure::Connect(113))),
                Payload::Close => return Some(Err(Failure::Lost)),
                Payload::Accepted
                | Payload::Open
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Ping(_)
                | Payload::Pong(_) => {}
            }
        }
    }

    fn fail(&mut self, failure: Failure, system: &mut System<'_>) -> Result<(), Failure> {
        self.close(system);
        Err(failure)
    }

    /// Ends the connection.
    pub(crate) fn close(&mut self, system: &mut System<'_>) {
        if let State::Open { port, to, .. } = self.state {
            system.net.send(port, to, Payload::Close);
            system.net.close(port);
        }
        self.state = State::Closed;
    }
}
