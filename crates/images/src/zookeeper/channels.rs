//! Connections between members for notifications: one of them is enough for both directions.
//!
//! A member's name may have no address yet (its pod is not ready): then it is looked up again with the next notification.
//! Models: ZooKeeper 3.4.10 QuorumCnxManager. Difference: which side has opened a connection does not matter.

use cri::{Address, Payload, System};

use super::election::Notice;
use super::log4j::Log;
use super::settings::{Member, Settings};
use crate::tools::resolver::{Lookup, addresses};

/// A way to a member.
#[derive(Clone, Debug)]
struct Channel {
    id: u64,
    stage: Stage,
    /// What is to be said once it stands.
    next: Option<Notice>,
    /// Whether something was said and nothing heard since.
    is_silent: bool,
}

#[derive(Clone, Debug)]
enum Stage {
    Looking(Lookup),
    Opening(u16, Address),
    Open(u16, Address),
}

/// The ways to the other members.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels {
    ways: Vec<Channel>,
}

impl Channels {
    /// Sends a notification to a member.
    pub(super) fn send(&mut self, member: &Member, notice: Notice, log: &mut Log, system: &mut System<'_>) {
        let at = match self.ways.iter().position(|way| way.id == member.id) {
            Some(at) => at,
            None => {
                let stage = Stage::Looking(Lookup::of_name(&member.host, system));
                self.ways.push(Channel { id: member.id, stage, next: None, is_silent: false });
                self.ways.len() - 1
            }
        };
        self.ways[at].next = Some(notice);
        self.go_on(at, member, log, system);
    }

    /// Goes on with ways that are being looked up, and takes what has arrived. `own` is the port that others connect to.
    pub(super) fn receive(
        &mut self,
        own: u16,
        settings: &Settings,
        log: &mut Log,
        system: &mut System<'_>,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut ports: Vec<u16> = self.ways.iter().filter_map(Channel::port).filter(|port| *port != own).collect();
        ports.push(own);
        for port in ports {
            while let Some(packet) = system.net.receive(port) {
                match &packet.payload {
                    Payload::Data(bytes) => {
                        let Some(notice) = Notice::decode(bytes) else { continue };
                        self.learn(notice.from, port, packet.from);
                        notices.push(notice);
                    }
                    Payload::Accepted => self.opened(port),
                    Payload::Close | Payload::Refused | Payload::Unreachable => {
                        self.lost(port, packet.from, settings, log, system);
                    }
                    _ => {}
                }
            }
        }
        for at in (0..self.ways.len()).rev() {
            if let Some(member) = self.ways.get(at).and_then(|way| settings.member(way.id)) {
                self.go_on(at, member, log, system);
            }
        }
        notices
    }

    /// Until when a lookup waits.
    pub(super) fn deadline(&self) -> Option<sim::Time> {
        let waiting = self.ways.iter().filter_map(|way| match &way.stage {
            Stage::Looking(lookup) => lookup.deadline(),
            Stage::Opening(..) | Stage::Open(..) => None,
        });
        waiting.min()
    }

    fn go_on(&mut self, at: usize, member: &Member, log: &mut Log, system: &mut System<'_>) {
        let way = &mut self.ways[at];
        if let Stage::Looking(lookup) = &mut way.stage {
            let Some(answer) = lookup.poll(system) else { return };
            let ip = answer.ok().and_then(|answer| addresses(&answer).first().copied());
            let to = ip.map(|ip| Address::new(ip, member.election_port));
            let port = to.and_then(|to| system.net.connect(to));
            match (to, port) {
                (Some(to), Some(port)) => way.stage = Stage::Opening(port, to),
                _ => {
                    let place = format!("WorkerSender[myid={}]:QuorumPeer$QuorumServer@176", log.id);
                    log.warn(system.now, &place, &format!("Failed to resolve address: {}", member.host));
                    self.ways.remove(at);
                }
            }
        } else if let Stage::Open(port, to) = way.stage
            && let Some(notice) = way.next.take()
        {
            system.net.send_bytes(port, to, notice.encode());
            way.is_silent = true;
        }
    }

    /// Gives up the ways on which nobody answers: the other end may be gone without a word, as its machine is. A connection of
    /// TCP would end by its own timeouts.
    pub(super) fn drop_silent(&mut self, own: u16, system: &mut System<'_>) {
        self.ways.retain(|way| match way.stage {
            Stage::Open(port, _) if way.is_silent => {
                if port != own {
                    system.net.close(port);
                }
                false
            }
            Stage::Open(..) | Stage::Opening(..) | Stage::Looking(_) => true,
        });
    }

    fn opened(&mut self, port: u16) {
        for way in &mut self.ways {
            if let Stage::Opening(its, to) = way.stage
                && its == port
            {
                way.stage = Stage::Open(port, to);
            }
        }
    }

    /// Somebody has spoken: the way to it is the way it came.
    fn learn(&mut self, id: u64, port: u16, from: Address) {
        match self.ways.iter_mut().find(|way| way.id == id) {
            Some(way) => (way.stage, way.is_silent) = (Stage::Open(port, from), false),
            None => self.ways.push(Channel { id, stage: Stage::Open(port, from), next: None, is_silent: false }),
        }
    }

    fn lost(&mut self, port: u16, from: Address, settings: &Settings, log: &mut Log, system: &mut System<'_>) {
        let found = self.ways.iter().position(|way| match way.stage {
            Stage::Opening(its, to) | Stage::Open(its, to) => its == port && to == from,
            Stage::Looking(_) => false,
        });
        let Some(way) = found.map(|at| self.ways.remove(at)) else { return };
        if let (Stage::Opening(..), Some(member)) = (&way.stage, settings.member(way.id)) {
            let place = format!("WorkerSender[myid={}]:QuorumCnxManager@588", log.id);
            let Member { id, host, .. } = member;
            log.warn(system.now, &place, &format!("Cannot open channel to {id} at election address {host}/{from}"));
        }
        if !settings.members.iter().any(|member| member.election_port == port) {
            system.net.close(port);
        }
    }
}

impl Channel {
    fn port(&self) -> Option<u16> {
        match self.stage {
            Stage::Opening(port, _) | Stage::Open(port, _) => Some(port),
            Stage::Looking(_) => None,
        }
    }
}
