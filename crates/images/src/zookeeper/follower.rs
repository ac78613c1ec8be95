//! Following: the way to the leader, its history, its proposals.
//!
//! Models: ZooKeeper 3.4.10 Learner, Follower. Difference that was chosen: while the leader's name has no address, it is looked up for as
//! long as `initLimit` allows and not five times only, since a pod's name appears when the pod is ready.

use cri::{Address, Payload, System};
use sim::{Span, Time};

use super::disk;
use super::server::Server;
use super::wire::{Kind, Message, take_bytes};
use super::znodes::Znodes;
use crate::tools::resolver::{Lookup, addresses};

const RETRY: Span = Span::from_seconds(1);
const TRIES_MAX: u32 = 5;

/// A server that follows.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    leader: u64,
    link: Link,
    tries: u32,
    /// Unless something is heard from the leader until then, it is given up.
    deadline: Time,
    epoch: u64,
    pub(super) is_serving: bool,
    /// Proposals that are on disk and not committed yet.
    pending: Vec<Message>,
}

#[derive(Clone, Debug)]
enum Link {
    Looking(Lookup),
    Opening(u16),
    Open(u16, Address),
    Down { again: Time },
}

impl Follower {
    pub(super) fn next_at(&self) -> Option<Time> {
        let link = match &self.link {
            Link::Looking(lookup) => lookup.deadline(),
            Link::Down { again } => Some(*again),
            Link::Opening(_) | Link::Open(..) => None,
        };
        Some(link.map_or(self.deadline, |at| at.min(self.deadline)))
    }

    fn port(&self) -> Option<u16> {
        match self.link {
            Link::Opening(port) | Link::Open(port, _) => Some(port),
            Link::Looking(_) | Link::Down { .. } => None,
        }
    }

    pub(super) fn close(&self, system: &mut System<'_>) {
        if let Some(port) = self.port() {
            system.net.close(port);
        }
    }

    fn send(&self, message: &Message, system: &mut System<'_>) {
        if let Link::Open(port, to) = self.link {
            system.net.send_bytes(port, to, message.encode());
        }
    }
}

impl Server {
    pub(super) fn follow(&mut self, leader: u64, system: &mut System<'_>) {
        let deadline = system.now + Span(self.settings.tick.0 * self.settings.init_limit);
        let host = self.settings.member(leader).map_or("", |member| member.host.as_str());
        let link = Link::Looking(Lookup::of_name(host, system));
        let (epoch, pending) = (0, Vec::new());
        self.follower = Some(Follower { leader, link, tries: 0, deadline, epoch, is_serving: false, pending });
        self.tick_follower(system);
    }

    /// Passes a client's operation on to the leader.
    pub(super) fn pass_on(&mut self, request: &Message, system: &mut System<'_>) {
        if let Some(follower) = &self.follower {
            follower.send(request, system);
        }
    }

    pub(super) fn tick_follower(&mut self, system: &mut System<'_>) {
        let Some(mut follower) = self.follower.take() else { return };
        let now = system.now;
        let member = self.settings.member(follower.leader).cloned();
        if let (Link::Down { again }, Some(member)) = (&follower.link, &member)
            && *again <= now
        {
            follower.link = Link::Looking(Lookup::of_name(&member.host, system));
        }
        if let (Link::Looking(lookup), Some(member)) = (&mut follower.link, &member)
            && let Some(answer) = lookup.poll(system)
        {
            let ip = answer.ok().and_then(|answer| addresses(&answer).first().copied());
            let to = ip.map(|ip| Address::new(ip, member.port));
            match to.and_then(|to| system.net.connect(to)) {
                Some(port) => follower.link = Link::Opening(port),
                None => {
                    let thread = self.main_thread();
                    let message = format!("Failed to resolve address: {}", member.host);
                    self.log.warn(now, &format!("{thread}:QuorumPeer$QuorumServer@176"), &message);
                    follower.link = Link::Down { again: now + RETRY };
                }
            }
        }
        let is_lost = now >= follower.deadline;
        self.follower = Some(follower);
        if is_lost {
            self.leave("Exception when following the leader java.net.SocketTimeoutException: Read timed out", system);
        }
    }

    fn leave(&mut self, why: &str, system: &mut System<'_>) {
        let thread = self.main_thread();
        self.log.warn(system.now, &format!("{thread}:Follower@90"), why);
        self.log.info(system.now, &format!("{thread}:Follower@166"), "shutdown called");
        self.look(system);
    }

    pub(super) fn receive_from_leader(&mut self, system: &mut System<'_>) {
        while let Some(port) = self.follower.as_ref().and_then(Follower::port) {
            let Some(packet) = system.net.receive(port) else { return };
            match packet.payload {
                Payload::Accepted => self.introduce(port, packet.from, system),
                Payload::Data(bytes) => {
                    if let Some(message) = Message::decode(&bytes) {
                        self.on_leader_says(message, system);
                    }
                }
                Payload::Refused | Payload::Unreachable => self.refused(port, system),
                Payload::Close => {
                    self.leave("Exception when following the leader java.io.EOFException", system);
                }
                _ => {}
            }
        }
    }

    fn introduce(&mut self, port: u16, to: Address, system: &mut System<'_>) {
        let accepted = self.disk.epoch("acceptedEpoch", system);
        let info = Message::new(Kind::FollowerInfo, &[self.settings.id, accepted, self.znodes.last_zxid]);
        if let Some(follower) = &mut self.follower {
            follower.link = Link::Open(port, to);
            follower.send(&info, system);
        }
    }

    fn refused(&mut self, port: u16, system: &mut System<'_>) {
        system.net.close(port);
        let Some(follower) = &mut self.follower else { return };
        follower.tries += 1;
        follower.link = Link::Down { again: system.now + RETRY };
        let (tries, thread) = (follower.tries, self.main_thread());
        let message =
            format!("Unexpected exception, tries={}, java.net.ConnectException: Connection refused", tries - 1);
        self.log.warn(system.now, &format!("{thread}:Learner@236"), &message);
        if tries >= TRIES_MAX {
            self.leave("Exception when following the leader java.net.ConnectException: Connection refused", system);
        }
    }

    fn on_leader_says(&mut self, message: Message, system: &mut System<'_>) {
        let now = system.now;
        let thread = self.main_thread();
        let Some(mut follower) = self.follower.take() else { return };
        let limit = if follower.is_serving { self.settings.sync_limit } else { self.settings.init_limit };
        follower.deadline = now + Span(self.settings.tick.0 * limit);
        let mut done = Ok(());
        // What is promised to the leader, if what the promise is about could be written.
        let mut promise = None;
        match message.kind {
            Kind::LeaderInfo => {
                follower.epoch = message.number(0);
                done = self.disk.set_epoch("acceptedEpoch", follower.epoch, system);
                let current = self.disk.epoch("currentEpoch", system);
                promise = Some(Message::new(Kind::AckEpoch, &[current, self.znodes.last_zxid]));
            }
            Kind::Diff => {
                let text = format!("Getting a diff from the leader 0x{:x}", message.number(0));
                self.log.info(now, &format!("{thread}:Learner@332"), &text);
                let mut rest = message.data.as_slice();
                while let Some(entry) = take_bytes(&mut rest).and_then(Message::decode) {
                    done = done.and(self.disk.append(&entry, system));
                    disk::apply(&mut self.znodes, &entry);
                    self.disk.remember(entry);
                }
            }
            Kind::Snap => {
                let text = format!("Getting a snapshot from leader 0x{:x}", message.number(0));
                self.log.info(now, &format!("{thread}:Learner@335"), &text);
                if let Some(znodes) = Znodes::decode(&message.data) {
                    self.znodes = znodes;
                    done = self.disk.replace(&self.znodes, system);
                }
            }
            Kind::NewLeader => {
                // Whoever comes later has entries of this epoch already.
                self.znodes.last_zxid = self.znodes.last_zxid.max(message.number(0));
                done = self.take_snapshot(&thread, system);
                done = done.and(self.disk.set_epoch("currentEpoch", follower.epoch, system));
                promise = Some(Message::new(Kind::Ack, &[message.number(0)]));
            }
            Kind::UpToDate => {
                follower.is_serving = true;
            }
            Kind::Proposal => {
                if let Some(entry) = Message::decode(&message.data) {
                    done = self.disk.append(&entry, system);
                    promise = Some(Message::new(Kind::Ack, &[message.number(0)]));
                    follower.pending.push(message);
                }
            }
            Kind::Commit => {
                let at = follower.pending.iter().position(|its| its.number(0) == message.number(0));
                if let Some(proposal) = at.map(|at| follower.pending.remove(at)) {
                    self.commit(&proposal, system);
                }
            }
            Kind::Ping => follower.send(&Message::new(Kind::Pong, &self.clients.sessions()), system),
            _ => {}
        }
        if let Some(promise) = promise.filter(|_| done.is_ok()) {
            follower.send(&promise, system);
        }
        self.follower = Some(follower);
        self.check(done, system);
    }

    /// Writes a snapshot and says so.
    pub(super) fn take_snapshot(&mut self, thread: &str, system: &mut System<'_>) -> Result<(), shell::fs::FsError> {
        let file = self.disk.snapshot(&self.znodes, system)?;
        let text = format!("Snapshotting: 0x{:x} to {file}", self.znodes.last_zxid);
        self.log.info(system.now, &format!("{thread}:FileTxnSnapLog@240"), &text);
        Ok(())
    }

    /// An entry is decided: it is applied, and the client that waits for it is answered if it is ours.
    pub(super) fn commit(&mut self, proposal: &Message, system: &mut System<'_>) {
        let Some(entry) = Message::decode(&proposal.data) else { return };
        let answer = disk::apply(&mut self.znodes, &entry);
        self.disk.remember(entry);
        if proposal.number(1) == self.settings.id {
            self.answer_client(proposal.number(2), &answer, system);
        }
        if self.disk.wants_snapshot() {
            let done = self.take_snapshot("SyncThread:1", system);
            self.check(done, system);
        }
    }
}
