//! The server: the JVM behind `/run.sh` as a process, what it does when, and when it wants to be stepped.
//!
//! [`super::start`] is its way into the ring, [`super::operations`] what `nodetool` asks of it.
//! Models: cassandra 3.11 CassandraDaemon, StorageService.

use std::net::Ipv4Addr;
use std::rc::Rc;

use cri::{Caption, Disposition, Payload, Process, Spawn, System, Worker};
use shell::{ProcessIo, Progress, Signal};
use sim::{Random, Span, Time};
use thin::{Str, format_str};

use super::coordinate::{Hint, Pending};
use super::disk::{self, Local};
use super::gossip::{Endpoint, Gossip, ROUND, Status};
use super::log::Log;
use super::operations::Operator;
use super::rows::Rows;
use super::schema::Schema;
use super::settings::{CQL_PORT, DATA, JMX_PORT, Settings};
use super::start::Phase;
use super::status::View;
use super::ways::{Incoming, Message, Ways};

/// How often a node tells how much data it has.
const LOAD_EVERY: Span = Span::from_seconds(60);
/// How long a node that stops waits for its words to arrive.
pub(super) const ANNOUNCE: Span = Span::from_seconds(2);

/// See the module.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) settings: Rc<Settings>,
    spawn: Spawn,
    pub(super) phase: Phase,
    pub(super) log: Log,
    pub(super) local: Local,
    pub(super) gossip: Gossip,
    pub(super) ways: Ways,
    pub(super) random: Random,
    /// Addresses of seeds, this node's own not among them.
    pub(super) seeds: Vec<Ipv4Addr>,
    /// Whether this node is one itself.
    pub(super) is_seed: bool,
    pub(super) round_at: Option<Time>,
    load_at: Time,
    pub(super) started: Time,
    /// `nodetool`s that wait for something to be done.
    pub(super) operators: Vec<Operator>,
    pub(super) is_drained: bool,
    pub(super) schema: Schema,
    pub(super) rows: Rows,
    /// Requests that wait for replicas.
    pub(super) pending: Vec<Pending>,
    pub(super) hints: Vec<Hint>,
    pub(super) last_id: u64,
    pub(super) last_stamp: u64,
    ends: bool,
}

impl Server {
    pub(super) fn new(spawn: &Spawn) -> Server {
        Server {
            settings: Rc::new(Settings::of(spawn, Ipv4Addr::UNSPECIFIED)),
            spawn: spawn.clone(),
            phase: Phase::New,
            log: Log::default(),
            local: Local::default(),
            gossip: Gossip::default(),
            ways: Ways::default(),
            random: Random::stream(0, ""),
            seeds: Vec::new(),
            is_seed: false,
            round_at: None,
            load_at: Time(0),
            started: Time(0),
            operators: Vec::new(),
            is_drained: false,
            schema: Schema::default(),
            rows: Rows::default(),
            pending: Vec::new(),
            hints: Vec::new(),
            last_id: 0,
            last_stamp: 0,
            ends: false,
        }
    }

    /// What the environment says, once the pod's address is known.
    pub(super) fn configure(&mut self, io: &mut ProcessIo, system: &System<'_>) {
        self.settings = Rc::new(Settings::of(&self.spawn, system.net.sockets.ip()));
        self.started = system.now;
        let ip = system.net.sockets.ip();
        self.random = Random::stream(system.now.0, &format_str!("cassandra {} {ip}", system.hostname));
        io.stdout(self.settings.announced());
    }

    pub(super) fn own(&self) -> &Endpoint {
        &self.gossip.endpoints[0]
    }

    /// Whether clients are served.
    pub(super) fn is_serving(&self) -> bool {
        self.phase == Phase::Serving && !self.is_drained
    }

    fn receive(&mut self, system: &mut System<'_>) {
        for incoming in self.ways.receive(system) {
            self.hear(&incoming, system);
        }
        while let Some(packet) = system.net.receive(JMX_PORT) {
            match packet.payload {
                Payload::Data(bytes) => self.operate(packet.from, &String::from_utf8_lossy(&bytes), system),
                Payload::Close => self.operators.retain(|operator| operator.peer != packet.from),
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
    }

    fn hear(&mut self, incoming: &Incoming, system: &mut System<'_>) {
        let (now, message) = (system.now, &incoming.message);
        let told = || message.lines.iter().filter_map(|line| Endpoint::decode(line)).collect::<Vec<_>>();
        match message.kind.as_str() {
            "syn" if message.about != self.settings.cluster_name => {
                let (ip, theirs, own) = (incoming.from.ip, &message.about, &self.settings.cluster_name);
                self.log.warn(now, &format_str!("ClusterName mismatch from /{ip} {theirs}!={own}"));
            }
            // A node that looks around itself before it starts has nothing to tell.
            "syn" if self.round_at.is_some() => {
                let told = told();
                let news = self.gossip.newer_than(&told);
                self.gossip.merge(&told, now, &mut self.log);
                incoming.answer(&Message::new("ack", 0, "", news), system);
            }
            "ack" if self.round_at.is_some() => self.gossip.merge(&told(), now, &mut self.log),
            "ack" => self.look_around(&told(), system),
            "shutdown" => self.gossip.shut_down(incoming.from.ip, now, &mut self.log),
            _ => self.hear_data(incoming, system),
        }
    }

    /// A round of gossip: a peer that is up, and now and then one that is not, or a seed.
    fn gossip_round(&mut self, system: &mut System<'_>) {
        let now = system.now;
        self.gossip.tick(now, &mut self.log);
        if now >= self.load_at && self.own().is_member() {
            self.tell_load(system);
        }
        let (mut live, mut lost) = (Vec::new(), Vec::new());
        for endpoint in self.gossip.endpoints.iter().skip(1) {
            match endpoint.status {
                Status::Left => {}
                _ if endpoint.is_alive => live.push(endpoint.ip),
                _ => lost.push(endpoint.ip),
            }
        }
        let mut chosen = Vec::new();
        if !live.is_empty() {
            chosen.push(live[self.random.below(live.len() as u64) as usize]);
        }
        if !lost.is_empty() && self.random.below(live.len() as u64 + 1) < lost.len() as u64 {
            chosen.push(lost[self.random.below(lost.len() as u64) as usize]);
        }
        let asks_seed = live.is_empty() || self.random.below((live.len() + lost.len()) as u64) == 0;
        if !self.seeds.is_empty() && asks_seed && !self.seeds.iter().any(|seed| chosen.contains(seed)) {
            chosen.push(self.seeds[self.random.below(self.seeds.len() as u64) as usize]);
        }
        let message = Message::new("syn", 0, &self.settings.cluster_name, self.gossip.lines());
        for ip in chosen {
            self.ways.send(ip, &message, system);
        }
        self.pull_schema(system);
        self.round_at = Some(now + ROUND);
    }

    pub(super) fn tell_load(&mut self, system: &System<'_>) {
        let load = disk::size_of(&format!("{DATA}/data"), system);
        self.gossip.own().load = Some(load);
        self.load_at = system.now + LOAD_EVERY;
    }

    /// Saves who belongs to the ring, if that has changed.
    fn save_peers(&mut self, system: &mut System<'_>) {
        if !std::mem::take(&mut self.gossip.has_changed) {
            return;
        }
        let peers: Vec<Endpoint> =
            self.gossip.endpoints.iter().skip(1).filter(|peer| peer.is_member()).cloned().collect();
        let saved = disk::write_peers(&peers, system);
        self.must(saved, system.now);
    }

    /// A disk that cannot be written is said; the server goes on with what it has in memory.
    pub(super) fn must(&mut self, done: Result<(), shell::fs::FsError>, now: Time) {
        if let Err(error) = done {
            self.log.error(now, &format_str!("Exception in thread Thread[MutationStage,5,main] FSWriteError: {error}"));
        }
    }

    /// Tells everybody that this node stops.
    pub(super) fn announce_shutdown(&mut self, system: &mut System<'_>) {
        if self.round_at.take().is_none() {
            return;
        }
        self.log.info(system.now, "Announcing shutdown");
        self.gossip.own().has_shut_down = true;
        let live: Vec<Ipv4Addr> = self.gossip.endpoints.iter().skip(1).filter(|e| e.is_alive).map(|e| e.ip).collect();
        for ip in live {
            self.ways.send(ip, &Message::new("shutdown", 0, "", Vec::new()), system);
        }
    }

    /// Clients are not served any more.
    pub(super) fn close_clients(&mut self, system: &mut System<'_>) {
        if self.is_serving() {
            self.log.info(system.now, "Stop listening for CQL clients");
            system.net.close(CQL_PORT);
        }
    }

    fn stop(&mut self, system: &mut System<'_>) {
        self.ends = false;
        let is_announced = self.round_at.is_none();
        self.close_clients(system);
        self.announce_shutdown(system);
        self.phase = Phase::Stopping(if is_announced { system.now } else { system.now + ANNOUNCE });
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Option<Time>, i32> {
        if self.ends && !matches!(self.phase, Phase::Stopping(_)) {
            self.stop(system);
        }
        let mut wake = self.advance(io, system)?;
        if self.phase.is_up() {
            self.receive(system);
            // What was heard may have opened the way on.
            wake = self.advance(io, system)?;
            if self.round_at.is_some_and(|at| at <= system.now) {
                self.gossip_round(system);
            }
            self.save_peers(system);
            if self.is_serving() {
                self.serve(system);
            }
            self.finish_requests(system);
            self.finish_operations(system)?;
        }
        let waits = self.operators.iter().map(|operator| operator.until);
        let requests = self.pending.iter().map(|pending| pending.until);
        Ok(waits.chain(requests).chain(wake).chain(self.round_at).min())
    }
}

impl Process for Server {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let done = self.go_on(io, system);
        if !self.log.text.is_empty() {
            io.stdout(std::mem::take(&mut self.log.text));
        }
        match done {
            Ok(wake) => Progress::Blocked { wake },
            Err(code) => Progress::Exited(code),
        }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        if matches!(signal, Signal::Term | Signal::Int | Signal::Hup) {
            self.ends = true;
            return Disposition::Handled;
        }
        Disposition::Default
    }

    fn workers(&self) -> Vec<Worker> {
        let Spawn { pid, parent, uid, tty, .. } = self.spawn;
        let command: Str = self.settings.command_line();
        vec![Worker { pid, parent, uid, started: self.started, pages: self.settings.pages(), tty, command }]
    }

    fn caption(&self) -> Option<Caption> {
        let endpoints = &self.gossip.endpoints;
        if endpoints.is_empty() {
            return Some(Caption::new("starts", self.is_serving()));
        }
        let view = View::new(endpoints, None);
        let text = if self.is_drained { "drained".into() } else { view.brief(0) };
        Some(Caption { text, serves: self.is_serving(), ring: view.members() })
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
