//! `nslookup` of busybox 1.28: addresses of a name with their own names, and the name server's.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress};

use super::resolver::{Lookup, addresses, name_of};
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "nslookup", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let words: Vec<String> = spawn.argv.iter().skip(1).map(|word| word.to_string()).collect();
    Box::new(Nslookup { words, state: State::New })
}

#[derive(Clone, Debug)]
struct Nslookup {
    words: Vec<String>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    New,
    /// The server's own name is looked for.
    Server(Ipv4Addr, Lookup),
    /// The addresses of the name.
    Name(Lookup),
    /// The names of the addresses, one after the other.
    Addresses {
        left: VecDeque<Ipv4Addr>,
        number: usize,
        lookup: Option<Lookup>,
    },
}

const USAGE: &str = "BusyBox v1.28.4 multi-call binary.\n\nUsage: nslookup [HOST] [SERVER]\n\nQuery the nameserver for the IP address of the given HOST\n\
    optionally using a specified DNS server\n";

impl Process for Nslookup {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        loop {
            match self.advance(io, system) {
                Some(progress) => return progress,
                None => continue,
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Nslookup {
    /// Goes one state further; answers when it waits or ends.
    fn advance(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Option<Progress> {
        match &mut self.state {
            State::New => {
                let Some(name) = self.words.first().filter(|name| !name.starts_with('-')) else {
                    io.stderr(USAGE);
                    return Some(Progress::Exited(1));
                };
                let server =
                    self.words.get(1).and_then(|server| server.parse().ok()).or_else(|| Lookup::server(system));
                match server {
                    Some(server) => self.state = State::Server(server, Lookup::of_address(server, system)),
                    None => self.state = State::Name(Lookup::of_name(name, system)),
                }
            }
            State::Server(server, lookup) => {
                let Some(answer) = lookup.poll(system) else {
                    return Some(Progress::Blocked { wake: lookup.deadline() });
                };
                let name = answer.ok().as_ref().and_then(name_of);
                io.stdout(format!("Server:    {server}\n{}\n", address_line(1, *server, name)));
                let name = self.words.first().cloned().unwrap_or_default();
                self.state = State::Name(Lookup::of_name(&name, system));
            }
            State::Name(lookup) => {
                let Some(answer) = lookup.poll(system) else {
                    return Some(Progress::Blocked { wake: lookup.deadline() });
                };
                let name = self.words.first().cloned().unwrap_or_default();
                let found = answer.map(|answer| addresses(&answer)).unwrap_or_default();
                if found.is_empty() {
                    io.stderr(format!("nslookup: can't resolve '{name}'\n"));
                    return Some(Progress::Exited(1));
                }
                io.stdout(format!("Name:      {name}\n"));
                self.state = State::Addresses { left: found.into(), number: 0, lookup: None };
            }
            State::Addresses { left, number, lookup } => {
                let Some(ip) = left.front().copied() else { return Some(Progress::Exited(0)) };
                let lookup = lookup.get_or_insert_with(|| Lookup::of_address(ip, system));
                let Some(answer) = lookup.poll(system) else {
                    return Some(Progress::Blocked { wake: lookup.deadline() });
                };
                *number += 1;
                io.stdout(address_line(*number, ip, answer.ok().as_ref().and_then(name_of)));
                left.pop_front();
                let (left, number) = (std::mem::take(left), *number);
                self.state = State::Addresses { left, number, lookup: None };
            }
        }
        None
    }
}

fn address_line(number: usize, ip: Ipv4Addr, name: Option<String>) -> String {
    match name {
        Some(name) => format!("Address {number}: {ip} {name}\n"),
        None => format!("Address {number}: {ip}\n"),
    }
}
