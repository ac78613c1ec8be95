//! What operators ask of a server with `nodetool`, and what takes its time of it.
//!
//! Models: cassandra 3.11 StorageService.drain, decommission, removeNode; tools.nodetool.Info.

use cri::{Address, System};
use sim::{Span, Time};
use thin::{Str, format_str};

use super::disk::Bootstrapped;
use super::gossip::Status;
use super::ring::Replication;
use super::server::{ANNOUNCE, Server};
use super::status::{MEANINGLESS, View, load};
use super::ways::Message;
use crate::tsv;

/// What an operator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Drain,
    /// Everybody gets to know that this node leaves.
    Leave,
    /// Everybody gets to know that it has left.
    Left,
}

/// A `nodetool` that waits.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    pub(super) peer: Address,
    pub(super) operation: Operation,
    pub(super) until: Time,
}

/// What a command prints, or why it does nothing.
type Outcome = Result<String, Str>;

/// The keyspaces that every cluster has.
const SYSTEM_KEYSPACES: [(&str, usize); 3] = [("system_auth", 1), ("system_distributed", 3), ("system_traces", 2)];

impl Server {
    /// Does what a `nodetool` asks.
    pub(super) fn operate(&mut self, peer: Address, line: &str, system: &mut System<'_>) {
        let words: Vec<Str> = tsv::fields(line).into_iter().flatten().collect();
        let words: Vec<&str> = words.iter().map(Str::as_str).collect();
        let outcome = match words.as_slice() {
            ["drain"] => self.drain(peer, system),
            ["decommission"] => self.decommission(peer, system),
            _ => Some(self.report(&words, system)),
        };
        if let Some(outcome) = outcome {
            reply(peer, &outcome, system);
        }
    }

    fn report(&mut self, words: &[&str], system: &mut System<'_>) -> Outcome {
        match words {
            ["status", rest @ ..] => self.view(rest.first().copied()).map(|view| view.status()),
            ["ring", rest @ ..] => self.view(rest.first().copied()).map(|view| view.ring()),
            ["info", rest @ ..] => Ok(self.info(!rest.is_empty(), system)),
            ["version"] => Ok(format!("ReleaseVersion: {}\n", super::VERSION)),
            ["flush"] => Ok(String::new()),
            ["removenode", id] => self.remove_node(id, system),
            _ => Err("not supported".into()),
        }
    }

    fn view(&self, keyspace: Option<&str>) -> Result<View<'_>, Str> {
        let endpoints = &self.gossip.endpoints;
        match self.replication(keyspace) {
            Ok(replication) => Ok(View::new(endpoints, Some(&replication))),
            Err(reason) if reason == MEANINGLESS => Ok(View::new(endpoints, None)),
            Err(reason) => Err(reason),
        }
    }

    /// How a keyspace is copied; without a name, how all of the users' are.
    fn replication(&self, keyspace: Option<&str>) -> Result<Replication, Str> {
        let mut of_users = self.schema.keyspaces().filter_map(|(name, _)| self.schema.keyspace(name));
        if let (None, Some(first)) = (keyspace, of_users.next()) {
            return if of_users.all(|other| other == first) { Ok(first) } else { Err(MEANINGLESS.into()) };
        }
        let name = keyspace.unwrap_or("system_traces");
        if let Some(replication) = self.schema.keyspace(name) {
            return Ok(replication);
        }
        let system = SYSTEM_KEYSPACES.iter().find(|(its, _)| *its == name);
        let missing = || format_str!("The keyspace {name}, does not exist");
        system.map(|(_, copies)| Replication::Simple(*copies)).ok_or_else(missing)
    }

    fn info(&self, shows_tokens: bool, system: &System<'_>) -> String {
        let own = self.own();
        let uptime = system.now.since(self.started).0 / 1_000_000;
        let mut text = String::new();
        let mut row = |name: &str, value: &str| text.push_str(&format!("{name:<23}: {value}\n"));
        row("ID", &own.host_id);
        row("Gossip active", if self.round_at.is_some() { "true" } else { "false" });
        row("Thrift active", "false");
        row("Native Transport active", if self.is_serving() { "true" } else { "false" });
        row("Load", &load(own.load));
        row("Generation No", &own.generation.to_string());
        row("Uptime (seconds)", &uptime.to_string());
        row("Data Center", &own.datacenter);
        row("Rack", &own.rack);
        row("Exceptions", "0");
        match own.tokens.as_slice() {
            [] => row("Token", "(node is not joined to the cluster)"),
            tokens if tokens.len() == 1 || shows_tokens => {
                tokens.iter().for_each(|token| row("Token", &token.to_string()));
            }
            tokens => row("Token", &format!("(invoke with -T/--tokens to see all {} tokens)", tokens.len())),
        }
        text
    }

    fn drain(&mut self, peer: Address, system: &mut System<'_>) -> Option<Outcome> {
        let now = system.now;
        if self.is_drained {
            self.log.warn(now, "Cannot drain node (did it already happen?)");
            return Some(Ok(String::new()));
        }
        self.log.info(now, "DRAINING: starting drain process");
        self.close_clients(system);
        self.announce_shutdown(system);
        self.is_drained = true;
        self.wait(peer, Operation::Drain, now + ANNOUNCE);
        None
    }

    fn wait(&mut self, peer: Address, operation: Operation, until: Time) {
        self.operators.push(Operator { peer, operation, until });
    }

    fn decommission(&mut self, peer: Address, system: &mut System<'_>) -> Option<Outcome> {
        let (now, delay) = (system.now, self.settings.ring_delay);
        let is_leaving = self.operators.iter().any(|operator| operator.operation != Operation::Drain);
        let others = self.gossip.endpoints.iter().skip(1).filter(|other| other.status == Status::Normal).count();
        let refusal = match self.own().status {
            Status::Normal if is_leaving => "Node is still decommissioning. Can not decommission.",
            Status::Leaving => "Node is still decommissioning. Can not decommission.",
            Status::Normal if self.round_at.is_none() => {
                "Node in DRAINED state; wait for status to become normal or restart"
            }
            Status::Normal if others == 0 => "no other normal nodes in the ring; decommission would be pointless",
            Status::Normal => "",
            Status::New | Status::Joining | Status::Left => "local node is not a member of the token ring yet",
        };
        if !refusal.is_empty() {
            return Some(Err(refusal.into()));
        }
        self.gossip.own().status = Status::Leaving;
        let text = format_str!("LEAVING: sleeping {} ms for batch processing and pending range setup", delay.0 / 1_000);
        self.log.info(now, &text);
        self.wait(peer, Operation::Leave, now + delay);
        None
    }

    /// Answers those whose time has come.
    pub(super) fn finish_operations(&mut self, system: &mut System<'_>) -> Result<(), i32> {
        while let Some(at) = self.operators.iter().position(|operator| operator.until <= system.now) {
            let Operator { peer, operation, .. } = self.operators.remove(at);
            match operation {
                Operation::Drain => {
                    self.log.info(system.now, "DRAINED");
                    reply(peer, &Ok(String::new()), system);
                }
                Operation::Leave => self.leave(peer, system),
                Operation::Left => self.have_left(peer, system),
            }
        }
        Ok(())
    }

    fn leave(&mut self, peer: Address, system: &mut System<'_>) {
        let (now, delay): (Time, Span) = (system.now, self.settings.ring_delay);
        self.log.info(now, "LEAVING: streaming data to other nodes");
        self.give_away(system);
        self.gossip.own().status = Status::Left;
        self.local.bootstrapped = Bootstrapped::Decommissioned;
        let saved = self.local.write(system);
        self.must(saved, now);
        let text = format_str!("Announcing that I have left the ring for {}ms", delay.0 / 1_000);
        self.log.info(now, &text);
        self.wait(peer, Operation::Left, now + delay);
    }

    fn have_left(&mut self, peer: Address, system: &mut System<'_>) {
        self.close_clients(system);
        self.announce_shutdown(system);
        self.is_drained = true;
        self.log.info(system.now, "DECOMMISSIONED");
        reply(peer, &Ok(String::new()), system);
    }

    /// Takes a node that is down out of the ring.
    fn remove_node(&mut self, id: &str, system: &mut System<'_>) -> Outcome {
        let now = system.now;
        let found = self.gossip.endpoints.iter().position(|endpoint| endpoint.host_id == id && endpoint.is_member());
        match found {
            None => Err("Host ID not found.".into()),
            Some(0) => Err("Cannot remove self".into()),
            Some(at) if self.gossip.endpoints[at].is_alive => {
                let ip = self.gossip.endpoints[at].ip;
                Err(format_str!(
                    "Node /{ip} is alive and owns this ID. Use decommission command to remove it from the ring"
                ))
            }
            Some(at) => {
                let ip = self.gossip.endpoints[at].ip;
                self.log.info(now, &format_str!("Removing tokens of /{ip}"));
                self.forget(id);
                // Who is left gives what it has to those that hold it now.
                for ip in self.others_alive() {
                    self.ways.send(ip, &Message::new("removed", 0, id, Vec::new()), system);
                }
                self.give_away(system);
                Ok(String::new())
            }
        }
    }

    /// A node that is down is no member any more.
    pub(super) fn forget(&mut self, host_id: &str) {
        let found =
            self.gossip.endpoints.iter_mut().find(|endpoint| endpoint.host_id == host_id && endpoint.is_member());
        if let Some(endpoint) = found {
            (endpoint.status, endpoint.version) = (Status::Left, endpoint.version + 1_000);
            self.gossip.has_changed = true;
        }
    }
}

fn reply(peer: Address, outcome: &Outcome, system: &mut System<'_>) {
    let text = match outcome {
        Ok(text) => tsv::line([Some("0"), Some(text)]),
        Err(reason) => tsv::line([Some("1"), Some(reason)]),
    };
    system.net.send_bytes(super::settings::JMX_PORT, peer, text.into_bytes());
}
