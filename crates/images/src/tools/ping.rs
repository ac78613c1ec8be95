//! `ping` of busybox.

use std::net::Ipv4Addr;

use cri::{Address, Disposition, Payload, Process, Spawn, System};
use shell::{ProcessIo, Progress, Signal};
use sim::{Span, Time};

use super::resolver::{Lookup, addresses};
use crate::program::Tool;

pub(crate) const TOOL: Tool = Tool { name: "ping", start };

const PERIOD: Span = Span::from_seconds(1);
/// After the last question, how long it waits for the answer.
const PATIENCE: Span = Span::from_seconds(10);

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let (mut host, mut count) = (String::new(), None);
    let mut words = spawn.argv.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-c" => count = words.next().and_then(|count| count.parse().ok()),
            "-w" | "-W" | "-i" | "-s" => drop(words.next()),
            flag if flag.starts_with("-c") => count = flag[2..].parse().ok(),
            flag if flag.starts_with('-') => {}
            name => host = name.into(),
        }
    }
    Box::new(Ping { host, count, state: State::New, sent: Vec::new(), spans: Vec::new(), is_interrupted: false })
}

#[derive(Clone, Debug)]
struct Ping {
    host: String,
    count: Option<u16>,
    state: State,
    sent: Vec<Time>,
    spans: Vec<Span>,
    is_interrupted: bool,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Looking(Lookup),
    Asking { ip: Ipv4Addr, port: u16 },
}

impl Process for Ping {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if self.host.is_empty() {
            io.stderr("BusyBox v1.28.4 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n");
            return Progress::Exited(1);
        }
        if let State::New = self.state {
            self.state = State::Looking(Lookup::of_name(&self.host, system));
        }
        if let State::Looking(lookup) = &mut self.state {
            let Some(answer) = lookup.poll(system) else { return Progress::Blocked { wake: lookup.deadline() } };
            let ip = answer.ok().and_then(|answer| addresses(&answer).first().copied());
            let (Some(ip), Some(port)) = (ip, system.net.bind()) else {
                io.stderr(format!("ping: bad address '{}'\n", self.host));
                return Progress::Exited(1);
            };
            io.stdout(format!("PING {} ({ip}): 56 data bytes\n", self.host));
            self.state = State::Asking { ip, port };
        }
        let State::Asking { ip, port } = self.state else { return Progress::Exited(1) };
        self.receive(ip, port, io, system);
        if self.is_done(system.now) {
            return Progress::Exited(self.finish(io));
        }
        if self.sent.last().is_none_or(|last| *last + PERIOD <= system.now) && self.has_more() {
            let sequence = self.sent.len() as u16;
            self.sent.push(system.now);
            system.net.send(port, Address::new(ip, port), Payload::Ping(sequence));
        }
        let last = self.sent.last().copied().unwrap_or(system.now);
        Progress::Blocked { wake: Some(last + if self.has_more() { PERIOD } else { PATIENCE }) }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        if signal != Signal::Int {
            return Disposition::Default;
        }
        self.is_interrupted = true;
        Disposition::Handled
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Ping {
    fn has_more(&self) -> bool {
        self.sent.len() < usize::from(self.count.unwrap_or(u16::MAX))
    }

    fn is_done(&self, now: Time) -> bool {
        let all_are_back = !self.has_more() && self.spans.len() >= self.sent.len();
        let is_late = !self.has_more() && self.sent.last().is_some_and(|last| *last + PATIENCE <= now);
        self.is_interrupted || all_are_back || is_late
    }

    fn receive(&mut self, ip: Ipv4Addr, port: u16, io: &mut ProcessIo, system: &mut System<'_>) {
        while let Some(packet) = system.net.receive(port) {
            let Payload::Pong(sequence) = packet.payload else { continue };
            let Some(sent) = self.sent.get(usize::from(sequence)) else { continue };
            let took = system.now.since(*sent);
            self.spans.push(took);
            io.stdout(format!("64 bytes from {ip}: seq={sequence} ttl=62 time={} ms\n", millis(took)));
        }
    }

    fn finish(&self, io: &mut ProcessIo) -> i32 {
        let (sent, back) = (self.sent.len(), self.spans.len());
        let lost = ((sent - back.min(sent)) * 100).checked_div(sent).unwrap_or(0);
        io.stdout(format!(
            "\n--- {} ping statistics ---\n{sent} packets transmitted, {back} packets received, {lost}% packet loss\n",
            self.host
        ));
        let Some(least) = self.spans.iter().min() else { return 1 };
        let most = self.spans.iter().max().unwrap_or(least);
        let mean = Span(self.spans.iter().map(|span| span.0).sum::<u64>() / back.max(1) as u64);
        io.stdout(format!("round-trip min/avg/max = {}/{}/{} ms\n", millis(*least), millis(mean), millis(*most)));
        0
    }
}

fn millis(span: Span) -> String {
    format!("{}.{:03}", span.0 / 1_000, span.0 % 1_000)
}
