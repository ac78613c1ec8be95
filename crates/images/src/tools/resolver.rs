//! Finding addresses of names, as a program's C library does.
//!
//! `/etc/hosts` first, then the name server of `/etc/resolv.conf` along its search path. Asking takes time: a lookup is a state
//! that is polled.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use cri::{Answer, Payload, Question, Record, RecordKind, System};
use shell::fs::{Caller, Fs};
use sim::{Span, Time};

/// How long a program waits for a name server.
const TIMEOUT: Span = Span::from_seconds(10);
/// Names that one lookup tries at most.
const CANDIDATES_MAX: usize = 8;

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// There is no such name.
    NotFound,
    /// No name server has answered.
    NoAnswer,
}

/// A lookup under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    kind: Option<RecordKind>,
    server: Option<Ipv4Addr>,
    candidates: VecDeque<String>,
    asked: Option<(u16, Time)>,
    known: Option<Result<Answer, LookupError>>,
}

impl Lookup {
    /// Looks for the addresses of a name.
    pub(crate) fn of_name(name: &str, system: &System<'_>) -> Lookup {
        let own = Question { name: name.into(), kind: RecordKind::A };
        let found =
            |ip| Ok(Answer { question: own.clone(), code: cri::ResponseCode::NoError, records: vec![Record::A(ip)] });
        if let Ok(ip) = name.parse::<Ipv4Addr>() {
            return Lookup { known: Some(found(ip)), ..Lookup::default() };
        }
        if let Some(ip) = in_hosts(name, system) {
            return Lookup { known: Some(found(ip)), ..Lookup::default() };
        }
        let configuration = Configuration::read(system);
        let candidates = configuration.candidates(name);
        Lookup { kind: Some(RecordKind::A), server: configuration.server, candidates, ..Lookup::default() }
    }

    /// Looks for the name of an address.
    pub(crate) fn of_address(ip: Ipv4Addr, system: &System<'_>) -> Lookup {
        let octets = ip.octets();
        let name = format!("{}.{}.{}.{}.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
        let server = Configuration::read(system).server;
        Lookup { kind: Some(RecordKind::Ptr), server, candidates: VecDeque::from([name]), ..Lookup::default() }
    }

    /// Goes on; answers once it is known.
    pub(crate) fn poll(&mut self, system: &mut System<'_>) -> Option<Result<Answer, LookupError>> {
        for _ in 0..=CANDIDATES_MAX {
            if let Some(known) = &self.known {
                return Some(known.clone());
            }
            if let Some((port, deadline)) = self.asked {
                match system.net.receive(port).map(|packet| packet.payload) {
                    Some(Payload::Answer(answer)) => self.take(port, answer, system),
                    Some(_) => self.give_up(port, system),
                    None if system.now >= deadline => self.give_up(port, system),
                    None => return None,
                }
                continue;
            }
            self.ask(system);
        }
        None
    }

    /// Until when it waits.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.asked.map(|(_, deadline)| deadline)
    }

    /// The name server that it asks.
    pub(crate) fn server(system: &System<'_>) -> Option<Ipv4Addr> {
        Configuration::read(system).server
    }

    fn ask(&mut self, system: &mut System<'_>) {
        let (Some(server), Some(name), Some(kind)) = (self.server, self.candidates.pop_front(), self.kind) else {
            let error = if self.server.is_none() { LookupError::NoAnswer } else { LookupError::NotFound };
            self.known = Some(Err(error));
            return;
        };
        match system.net.ask(server, Question { name: name.into(), kind }) {
            Some(port) => self.asked = Some((port, system.now + TIMEOUT)),
            None => self.known = Some(Err(LookupError::NoAnswer)),
        }
    }

    fn take(&mut self, port: u16, answer: Answer, system: &mut System<'_>) {
        system.net.close(port);
        self.asked = None;
        match answer.records.first() {
            Some(Record::Cname(name)) => self.candidates = VecDeque::from([name.to_string()]),
            Some(_) => self.known = Some(Ok(answer)),
            None if self.candidates.is_empty() => self.known = Some(Err(LookupError::NotFound)),
            None => {}
        }
    }

    fn give_up(&mut self, port: u16, system: &mut System<'_>) {
        system.net.close(port);
        self.asked = None;
        self.known = Some(Err(LookupError::NoAnswer));
    }
}

/// The addresses in an answer.
pub(crate) fn addresses(answer: &Answer) -> Vec<Ipv4Addr> {
    let ip = |record: &Record| match record {
        Record::A(ip) => Some(*ip),
        Record::Srv { .. } | Record::Ptr(_) | Record::Cname(_) => None,
    };
    answer.records.iter().filter_map(ip).collect()
}

/// The first name in an answer.
pub(crate) fn name_of(answer: &Answer) -> Option<String> {
    answer.records.iter().find_map(|record| match record {
        Record::Ptr(name) => Some(name.to_string()),
        Record::A(_) | Record::Srv { .. } | Record::Cname(_) => None,
    })
}

fn read_text(path: &str, system: &System<'_>) -> String {
    let bytes = system.files.read(path, Caller::root(system.now));
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn in_hosts(name: &str, system: &System<'_>) -> Option<Ipv4Addr> {
    let text = read_text("/etc/hosts", system);
    let from_file = text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut words = line.split_whitespace();
        let ip = words.next()?.parse::<Ipv4Addr>().ok()?;
        words.any(|word| word == name).then_some(ip)
    });
    from_file.or((name == "localhost").then_some(Ipv4Addr::LOCALHOST))
}

/// What `/etc/resolv.conf` says.
struct Configuration {
    server: Option<Ipv4Addr>,
    search: Vec<String>,
    dots: usize,
}

impl Configuration {
    fn read(system: &System<'_>) -> Configuration {
        let mut configuration = Configuration { server: None, search: Vec::new(), dots: 1 };
        for line in read_text("/etc/resolv.conf", system).lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["nameserver", server, ..] => configuration.server = configuration.server.or(server.parse().ok()),
                ["search", domains @ ..] => configuration.search = domains.iter().map(|d| d.to_string()).collect(),
                ["options", options @ ..] => {
                    let dots = options.iter().find_map(|option| option.strip_prefix("ndots:")?.parse().ok());
                    configuration.dots = dots.unwrap_or(configuration.dots);
                }
                _ => {}
            }
        }
        configuration
    }

    /// The whole names to ask for, in order.
    fn candidates(&self, name: &str) -> VecDeque<String> {
        if let Some(whole) = name.strip_suffix('.') {
            return VecDeque::from([whole.to_string()]);
        }
        let mut list: VecDeque<String> =
            self.search.iter().take(CANDIDATES_MAX - 1).map(|domain| format!("{name}.{domain}")).collect();
        if name.matches('.').count() >= self.dots {
            list.push_front(name.to_string());
        } else {
            list.push_back(name.to_string());
        }
        list
    }
}
