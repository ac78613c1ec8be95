//! `nc`: a connection between the terminal and a port.

use cri::{Address, Payload, Process, Spawn, System};
use shell::{ProcessIo, Progress};
use sim::{Span, Time};

use super::resolver::{Lookup, addresses};
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "nc", start };

const PATIENCE: Span = Span::from_seconds(120);

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let mut plain = Vec::new();
    let (mut only_looks, mut limit) = (false, PATIENCE);
    let mut words = spawn.argv.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-w" => limit = words.next().and_then(|text| text.parse().ok()).map_or(limit, Span::from_seconds),
            flag if flag.starts_with('-') => only_looks |= flag.contains('z'),
            word => plain.push(word.to_string()),
        }
    }
    let port = plain.get(1).and_then(|port| port.parse().ok());
    Box::new(Nc { host: plain.first().cloned().unwrap_or_default(), port, only_looks, limit, state: State::New })
}

#[derive(Clone, Debug)]
struct Nc {
    host: String,
    port: Option<u16>,
    only_looks: bool,
    limit: Span,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Looking(Lookup),
    Connecting { own: u16, to: Address, deadline: Time },
    Open { own: u16, to: Address },
}

impl Process for Nc {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let Some(port) = self.port else {
            io.stderr("BusyBox v1.28.4 multi-call binary.\n\nUsage: nc [-z] [-w SEC] HOST PORT\n");
            return Progress::Exited(1);
        };
        if let State::New = self.state {
            self.state = State::Looking(Lookup::of_name(&self.host, system));
        }
        if let State::Looking(lookup) = &mut self.state {
            let Some(answer) = lookup.poll(system) else { return Progress::Blocked { wake: lookup.deadline() } };
            let ip = answer.ok().and_then(|answer| addresses(&answer).first().copied());
            let Some(to) = ip.map(|ip| Address::new(ip, port)) else {
                io.stderr(format!("nc: bad address '{}'\n", self.host));
                return Progress::Exited(1);
            };
            let Some(own) = system.net.connect(to) else { return Progress::Exited(1) };
            self.state = State::Connecting { own, to, deadline: system.now + self.limit };
        }
        self.talk(io, system)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Nc {
    fn talk(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if let State::Connecting { own, to, deadline } = self.state {
            match system.net.receive(own).map(|packet| packet.payload) {
                Some(Payload::Accepted) if self.only_looks => return Progress::Exited(0),
                Some(Payload::Accepted) => self.state = State::Open { own, to },
                Some(_) => return self.fail("Connection refused", to, io),
                None if system.now >= deadline => return self.fail("Connection timed out", to, io),
                None => return Progress::Blocked { wake: Some(deadline) },
            }
        }
        let State::Open { own, to } = self.state else { return Progress::Exited(1) };
        let typed = io.stdin.take_all();
        if !typed.is_empty() {
            system.net.send_bytes(own, to, typed);
        }
        while let Some(packet) = system.net.receive(own) {
            match packet.payload {
                Payload::Data(bytes) => io.stdout(bytes.as_slice()),
                Payload::Close => return Progress::Exited(0),
                Payload::Open
                | Payload::Accepted
                | Payload::Refused
                | Payload::Unreachable
                | Payload::Query(_)
                | Payload::Answer(_)
                | Payload::Ping(_)
                | Payload::Pong(_) => {}
            }
        }
        Progress::Blocked { wake: None }
    }

    fn fail(&self, why: &str, to: Address, io: &mut ProcessIo) -> Progress {
        io.stderr(format!("nc: {} ({}:{}): {why}\n", self.host, to.ip, to.port));
        Progress::Exited(1)
    }
}
