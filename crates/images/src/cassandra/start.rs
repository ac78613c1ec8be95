//! How a node finds its way into the ring.
//!
//! It looks its seeds up, asks them who is there, waits until that is known everywhere, takes tokens and the data that belongs to
//! them, and only then counts. A seed, and a node that has been there before, goes at once.
//! Models: cassandra 3.11.2 StorageService.prepareToJoin and joinTokenRing (a node asks its seeds at every start), DatabaseDescriptor.

use std::net::Ipv4Addr;

use cri::System;
use ordered::Arrange;
use shell::ProcessIo;
use sim::{Span, Time};
use thin::{Str, format_str};

use super::disk::{self, Bootstrapped, Local};
use super::gossip::{Endpoint, Status};
use super::server::Server;
use super::settings::{CQL_PORT, DATA, JMX_PORT, STORAGE_PORT};
use super::ways::Message;
use crate::tools::resolver::{Lookup, addresses};

/// How long the JVM takes until the server begins.
const JVM: Span = Span::from_seconds(5);
/// How long a node waits for gossip to settle before it takes clients.
const SETTLE: Span = Span::from_seconds(8);
/// How long a new node waits for the data of its tokens.
const STREAM: Span = Span::from_seconds(2);
/// A node that looks around asks again after so long.
const ASK_AGAIN: Span = Span::from_seconds(1);

/// Where a server is on its way.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    New,
    /// The JVM starts.
    Booting(Time),
    /// Its seeds are being looked up.
    Seeds(Vec<(Str, Lookup)>),
    /// It asks its seeds who is there: again at, until.
    Asking(Time, Time),
    /// It waits until it knows the ring.
    Waiting(Time),
    /// It has chosen tokens, and waits until everybody knows.
    Joining(Time),
    /// It takes the data that belongs to its tokens.
    Streaming(Time),
    /// It is in the ring, and takes no clients yet.
    Settling(Time),
    Serving,
    Stopping(Time),
}

impl PartialEq for Phase {
    fn eq(&self, other: &Phase) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Phase {
    /// Whether the server listens to others.
    pub(super) fn is_up(&self) -> bool {
        !matches!(self, Phase::New | Phase::Booting(_) | Phase::Seeds(_))
    }
}

/// Goes on: the next phase, or until when to wait; an error ends the server with this status.
type Advance = Result<Option<Time>, i32>;

impl Server {
    /// Goes on as far as it can; answers until when it has nothing to do.
    pub(super) fn advance(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Advance {
        loop {
            let now = system.now;
            match &mut self.phase {
                Phase::New => {
                    self.configure(io, system);
                    self.phase = Phase::Booting(now + JVM);
                }
                Phase::Booting(at) if *at <= now => self.begin(system)?,
                Phase::Seeds(_) => {
                    if let Some(wait) = self.look_up(io, system)? {
                        return Ok(wait);
                    }
                }
                Phase::Asking(_, until) if *until <= now => self.unanswered(io, system)?,
                Phase::Asking(again, until) => {
                    let until = *until;
                    if *again <= now {
                        *again = now + ASK_AGAIN;
                        self.ask_seeds(system);
                    }
                    return Ok(Some(until.min(now + ASK_AGAIN)));
                }
                Phase::Waiting(at) if *at <= now => self.choose_tokens(io, system)?,
                Phase::Joining(at) if *at <= now => self.stream(system),
                Phase::Streaming(at) if *at <= now => self.join(system),
                Phase::Settling(at) if *at <= now => self.open(io, system)?,
                Phase::Stopping(at) if *at <= now => return Err(143),
                Phase::Serving => return Ok(None),
                Phase::Booting(at)
                | Phase::Waiting(at)
                | Phase::Joining(at)
                | Phase::Streaming(at)
                | Phase::Settling(at)
                | Phase::Stopping(at) => return Ok(Some(*at)),
            }
        }
    }

    /// Ends the server before it has begun.
    fn fatal(&mut self, exception: &str, message: &str, io: &mut ProcessIo, now: Time) -> i32 {
        self.log.error(now, "Exception encountered during startup");
        self.log.text.push_str(&format_str!("{exception}: {message}\n"));
        io.stdout(std::mem::take(&mut self.log.text));
        io.stderr(format!("Exception ({exception}) encountered during startup: {message}\n"));
        3
    }

    fn begin(&mut self, system: &mut System<'_>) -> Result<(), i32> {
        let (now, settings) = (system.now, self.settings.clone());
        self.log.info(now, &format_str!("Cassandra version: {}", super::VERSION));
        if disk::prepare(system).is_err() {
            self.log.error(now, &format_str!("Insufficient permissions on directory {DATA}"));
            return Err(3);
        }
        if let Some(saved) = Local::read(system) {
            if let Some(reason) = saved.refuses(&settings) {
                self.log.error(now, &reason);
                return Err(100);
            }
            self.local = saved;
        } else {
            let host_id = self.random.uuid().as_str().into();
            let (cluster_name, datacenter, rack) =
                (settings.cluster_name.clone(), settings.datacenter.clone(), settings.rack.clone());
            self.local = Local { cluster_name, host_id, datacenter, rack, ..Local::default() };
        }
        let lookups = settings.seeds.iter().map(|seed| (seed.clone(), Lookup::of_name(seed, system))).collect();
        self.phase = Phase::Seeds(lookups);
        Ok(())
    }

    /// Answers until when it waits, or nothing once all seeds are known.
    fn look_up(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<Option<Option<Time>>, i32> {
        let Phase::Seeds(lookups) = &mut self.phase else { return Ok(None) };
        let (mut found, mut unknown, mut wait) = (Vec::new(), Vec::new(), None);
        for (name, lookup) in lookups.iter_mut() {
            match lookup.poll(system) {
                None => wait = Some(lookup.deadline()),
                Some(Ok(answer)) => found.extend(addresses(&answer).first().copied()),
                Some(Err(_)) => unknown.push(name.clone()),
            }
        }
        if wait.is_some() {
            return Ok(wait);
        }
        for name in unknown {
            self.log.warn(system.now, &format_str!("Seed provider couldn't lookup host {name}"));
        }
        if found.is_empty() {
            let exception = "org.apache.cassandra.exceptions.ConfigurationException";
            return Err(self.fatal(exception, "The seed provider lists no seeds.", io, system.now));
        }
        self.listen(&found, io, system)?;
        Ok(None)
    }

    fn listen(&mut self, seeds: &[Ipv4Addr], io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        let (now, ip) = (system.now, system.net.sockets.ip());
        let exception = "org.apache.cassandra.exceptions.ConfigurationException";
        let listen = self.settings.listen.clone();
        let is_own = listen.parse() == Ok(ip) || listen == system.hostname;
        if !is_own || system.net.listen(STORAGE_PORT).is_err() || system.net.listen(JMX_PORT).is_err() {
            let message = match is_own {
                false => format_str!(
                    "Unable to bind to address /{listen}:{STORAGE_PORT}. Set listen_address in cassandra.yaml to an interface you \
                     can bind to, e.g., your private IP address on EC2"
                ),
                true => format_str!(
                    "/{ip}:{STORAGE_PORT} is in use by another process.  Change listen_address:storage_port in cassandra.yaml to values that do not conflict with other services"
                ),
            };
            return Err(self.fatal(exception, &message, io, now));
        }
        if self.local.bootstrapped == Bootstrapped::Decommissioned {
            let message = "This node was decommissioned and will not rejoin the ring unless cassandra.override_decommission=true has been set, or all existing data is removed and the node is bootstrapped again";
            return Err(self.fatal(exception, message, io, now));
        }
        self.is_seed = seeds.contains(&ip);
        self.seeds = seeds.iter().copied().filter(|seed| *seed != ip).collect();
        self.local.generation = (now.0 / 1_000_000).max(self.local.generation + 1);
        let saved = self.local.write(system);
        self.must(saved, now);
        let Local { host_id, datacenter, rack, generation, .. } = self.local.clone();
        let own = Endpoint {
            ip,
            generation,
            host_id,
            datacenter,
            rack,
            is_alive: true,
            heard_at: now,
            ..Endpoint::default()
        };
        self.gossip.endpoints = vec![own];
        self.log.info(now, &format_str!("Starting Messaging Service on /{ip}:{STORAGE_PORT}"));
        self.load_data(system);
        self.load_peers(system);
        if self.seeds.is_empty() {
            self.start_gossip(system);
        } else {
            self.phase = Phase::Asking(now, now + self.settings.ring_delay);
        }
        Ok(())
    }

    fn load_peers(&mut self, system: &System<'_>) {
        let own = self.own().clone();
        if self.local.bootstrapped == Bootstrapped::Completed {
            self.log.info(system.now, "Loading persisted ring state");
            let peers = disk::read_peers(system);
            let others = peers.into_iter().filter(|peer| peer.ip != own.ip && peer.host_id != own.host_id);
            self.gossip.endpoints.extend(others);
        }
    }

    fn ask_seeds(&mut self, system: &mut System<'_>) {
        let message = Message::new("syn", 0, &self.settings.cluster_name, Vec::new());
        for seed in self.seeds.clone() {
            self.ways.send(seed, &message, system);
        }
    }

    fn unanswered(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        if self.is_seed {
            let text = "Unable to contact any seeds but continuing since node is in its own seed list";
            self.log.warn(system.now, text);
            self.start_gossip(system);
            return Ok(());
        }
        Err(self.fatal("java.lang.RuntimeException", "Unable to gossip with any seeds", io, system.now))
    }

    /// The first answer of a seed: now it is known who is there.
    pub(super) fn look_around(&mut self, told: &[Endpoint], system: &mut System<'_>) {
        if !matches!(self.phase, Phase::Asking(..)) {
            return;
        }
        self.gossip.merge(told, system.now, &mut self.log);
        self.start_gossip(system);
    }

    fn start_gossip(&mut self, system: &mut System<'_>) {
        let now = system.now;
        self.log.info(now, "Starting up server gossip");
        self.round_at = Some(now);
        let is_new = self.local.bootstrapped == Bootstrapped::NeedsBootstrap;
        if is_new && self.settings.bootstraps && !self.is_seed {
            self.log.info(now, "JOINING: waiting for ring information");
            self.phase = Phase::Waiting(now + self.settings.ring_delay);
            return;
        }
        if is_new {
            let text = "This node will not auto bootstrap because it is configured to be a seed node.";
            self.log.info(now, text);
            self.take_tokens(now);
        } else {
            self.log.info(now, &format_str!("Using saved tokens {}", shown(&self.local.tokens)));
        }
        self.join(system);
    }

    fn take_tokens(&mut self, now: Time) {
        let mut tokens: Vec<i64> = Vec::new();
        while tokens.len() < self.settings.tokens {
            let token = self.random.next_u64() as i64;
            let is_taken = self.gossip.endpoints.iter().any(|endpoint| endpoint.tokens.contains(&token));
            if !is_taken && !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        tokens.arrange();
        self.log.info(now, &format_str!("Generated random tokens. tokens are {}", shown(&tokens)));
        self.local.tokens = tokens;
    }

    fn choose_tokens(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        let (now, own) = (system.now, self.own().clone());
        let others = || self.gossip.endpoints.iter().skip(1);
        if others()
            .any(|other| matches!(other.status, Status::Joining | Status::Leaving) && other.host_id != own.host_id)
        {
            let message = "Other bootstrapping/leaving/moving nodes detected, cannot bootstrap while cassandra.consistent.rangemovement is true";
            return Err(self.fatal("java.lang.UnsupportedOperationException", message, io, now));
        }
        self.log.info(now, "JOINING: schema complete, ready to bootstrap");
        self.log.info(now, "JOINING: getting bootstrap token");
        self.take_tokens(now);
        let delay = self.settings.ring_delay;
        self.log.info(now, &format_str!("JOINING: sleeping {} ms for pending range setup", delay.0 / 1_000));
        let tokens = self.local.tokens.clone();
        let own = self.gossip.own();
        (own.status, own.tokens) = (Status::Joining, tokens);
        self.phase = Phase::Joining(now + delay);
        Ok(())
    }

    fn stream(&mut self, system: &mut System<'_>) {
        self.log.info(system.now, "JOINING: Starting to bootstrap...");
        for ip in self.others_alive() {
            self.ways.send(ip, &Message::new("stream", 0, "", Vec::new()), system);
        }
        self.phase = Phase::Streaming(system.now + STREAM);
    }

    fn join(&mut self, system: &mut System<'_>) {
        let now = system.now;
        if self.own().status == Status::Joining {
            self.log.info(now, "JOINING: Finish joining ring");
        }
        self.local.bootstrapped = Bootstrapped::Completed;
        let saved = self.local.write(system);
        self.must(saved, now);
        let tokens = self.local.tokens.clone();
        let own = self.gossip.own();
        (own.status, own.tokens) = (Status::Normal, tokens);
        let ip = own.ip;
        self.gossip.has_changed = true;
        self.tell_load(system);
        self.log.info(now, &format_str!("Node /{ip} state jump to NORMAL"));
        self.log.info(now, "Waiting for gossip to settle before accepting client requests...");
        self.phase = Phase::Settling(now + SETTLE);
    }

    fn open(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Result<(), i32> {
        let now = system.now;
        self.log.info(now, "No gossip backlog; proceeding");
        if system.net.listen(CQL_PORT).is_err() {
            let message = format_str!("Failed to bind port {CQL_PORT} on 0.0.0.0.");
            return Err(self.fatal("java.lang.IllegalStateException", &message, io, now));
        }
        let text = format_str!("Starting listening for CQL clients on /0.0.0.0:{CQL_PORT} (unencrypted)...");
        self.log.info(now, &text);
        self.phase = Phase::Serving;
        Ok(())
    }
}

fn shown(tokens: &[i64]) -> Str {
    let list: Vec<String> = tokens.iter().map(i64::to_string).collect();
    format_str!("[{}]", list.join(", "))
}
