//! A tool's connection to a server: found by name, then questions and answers in turn.

use cri::{Address, Payload, System};
use sim::{Span, Time};
use thin::Str;

use crate::tools::resolver::{Lookup, addresses};

/// How long a connection may take to stand.
const CONNECT_MAX: Span = Span::from_seconds(5);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The name has no address.
    Lookup,
    /// Nobody listens there.
    Refused,
    /// There is no way there, or nobody has answered in time.
    TimedOut,
    /// The connection has ended.
    Lost,
}

#[derive(Clone, Debug)]
enum State {
    Looking(Lookup),
    Opening(u16, Address, Time),
    Open(u16, Address),
    Failed(Failure),
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Link {
    state: State,
    port: u16,
}

impl Link {
    pub(super) fn new(host: &str, port: u16, system: &System<'_>) -> Link {
        Link { state: State::Looking(Lookup::of_name(host, system)), port }
    }

    /// Goes on until the connection stands.
    pub(super) fn open(&mut self, system: &mut System<'_>) -> Option<Result<(), Failure>> {
        if let State::Looking(lookup) = &mut self.state {
            let ip = lookup.poll(system)?.ok().and_then(|answer| addresses(&answer).first().copied());
            let to = ip.map(|ip| Address::new(ip, self.port));
            self.state = match to.and_then(|to| Some((system.net.connect(to)?, to))) {
                Some((port, to)) => State::Opening(port, to, system.now + CONNECT_MAX),
                None => State::Failed(Failure::Lookup),
            };
        }
        if let State::Opening(port, to, deadline) = self.state {
            self.state = match system.net.receive(port).map(|packet| packet.payload) {
                Some(Payload::Accepted) => State::Open(port, to),
                Some(Payload::Refused) => State::Failed(Failure::Refused),
                Some(Payload::Unreachable) => State::Failed(Failure::TimedOut),
                None if system.now < deadline => return None,
                Some(_) | None => State::Failed(Failure::TimedOut),
            };
        }
        match &self.state {
            State::Open(..) => Some(Ok(())),
            State::Failed(failure) => Some(Err(*failure)),
            State::Looking(_) | State::Opening(..) => None,
        }
    }

    /// Until when it waits for the connection.
    pub(super) fn deadline(&self) -> Option<Time> {
        match &self.state {
            State::Looking(lookup) => lookup.deadline(),
            State::Opening(_, _, deadline) => Some(*deadline),
            State::Open(..) | State::Failed(_) => None,
        }
    }

    pub(super) fn ask(&self, text: &str, system: &mut System<'_>) {
        if let State::Open(port, to) = self.state {
            system.net.send_bytes(port, to, text.as_bytes().to_vec());
        }
    }

    /// The answer, once it is there.
    pub(super) fn answer(&mut self, system: &mut System<'_>) -> Option<Result<Str, Failure>> {
        let State::Open(port, _) = self.state else { return Some(Err(Failure::Lost)) };
        loop {
            match system.net.receive(port)?.payload {
                Payload::Data(bytes) => return Some(Ok(String::from_utf8_lossy(&bytes).as_ref().into())),
                Payload::Close | Payload::Refused | Payload::Unreachable => return Some(Err(Failure::Lost)),
                Payload::Accepted
                | Payload::Open
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Ping(_)
                | Payload::Pong(_) => {}
            }
        }
    }

    pub(super) fn close(&mut self, system: &mut System<'_>) {
        if let State::Open(port, to) | State::Opening(port, to, _) = self.state {
            system.net.send(port, to, Payload::Close);
            system.net.close(port);
        }
        self.state = State::Failed(Failure::Lost);
    }
}
