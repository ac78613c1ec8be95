//! Leading: a new epoch, the followers' histories, proposals and their acknowledgements.
//!
//! One proposal is outstanding at a time; what clients ask for meanwhile waits. An entry is decided when a majority has it on disk,
//! the leader included.
//! Models: ZooKeeper 3.4.10 Leader, LearnerHandler, SessionTrackerImpl.

use std::collections::VecDeque;

use cri::{Address, Payload, System};
use ordered::Arrange;
use sim::{Span, Time};

use super::server::Server;
use super::settings::Settings;
use super::wire::{Kind, Message, put_bytes};

/// Requests that wait at most; further ones are refused by silence, as a client's timeout.
const QUEUE_MAX: usize = 1_000;

/// How far a follower has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It has said who it is.
    Known,
    /// It has accepted the epoch.
    Accepted,
    /// It was sent the history.
    Sent,
    /// It has the history, and counts.
    Synced,
}

#[derive(Clone, Debug)]
struct Learner {
    address: Address,
    id: u64,
    accepted_epoch: u64,
    zxid: u64,
    stage: Stage,
    heard: Time,
}

/// A server that leads.
#[derive(Clone, Debug)]
pub(super) struct Leader {
    learners: Vec<Learner>,
    /// 0 until a majority has said which epochs it knows.
    epoch: u64,
    pub(super) is_serving: bool,
    /// Until then a majority must have been found.
    deadline: Time,
    next_tick: Time,
    queue: VecDeque<Message>,
    /// The proposal that is not decided yet, and who has it.
    outstanding: Option<(Message, Vec<u64>)>,
    /// When sessions end that nobody speaks for.
    expiries: Vec<(u64, Time)>,
}

impl Leader {
    fn new(deadline: Time, next_tick: Time) -> Leader {
        Leader {
            learners: Vec::new(),
            epoch: 0,
            is_serving: false,
            deadline,
            next_tick,
            queue: VecDeque::new(),
            outstanding: None,
            expiries: Vec::new(),
        }
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        match (self.is_serving, self.epoch == 0 && self.expiries.is_empty()) {
            (false, _) => Some(self.deadline),
            // A server alone without sessions has nobody to look after.
            (true, true) => None,
            (true, false) => Some(self.next_tick),
        }
    }

    pub(super) fn close(&self, settings: &Settings, system: &mut System<'_>) {
        if let Some(own) = settings.member(settings.id) {
            system.net.close(own.port);
        }
    }

    /// Followers, and those of them that count.
    pub(super) fn followers(&self) -> (usize, usize) {
        (self.learners.len(), self.count(Stage::Synced))
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len() + usize::from(self.outstanding.is_some())
    }

    fn count(&self, stage: Stage) -> usize {
        self.learners.iter().filter(|learner| learner.stage >= stage).count()
    }

    /// The servers that have come so far, ourselves included, as the log lists them.
    fn supporters(&self, own: u64, stage: Stage) -> String {
        let learners = self.learners.iter().filter(|learner| learner.stage >= stage).map(|learner| learner.id);
        let mut ids: Vec<u64> = learners.chain([own]).collect();
        ids.arrange();
        ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
    }
}

impl Server {
    pub(super) fn lead(&mut self, system: &mut System<'_>) {
        let deadline = system.now + Span(self.settings.tick.0 * self.settings.init_limit);
        self.leader = Some(Leader::new(deadline, system.now + self.settings.tick));
        let port = self.settings.member(self.settings.id).map_or(0, |own| own.port);
        // If another container of the pod has the port, nobody comes, and the deadline passes.
        let _ = system.net.listen(port);
    }

    /// A server without others serves at once.
    pub(super) fn lead_alone(&mut self, system: &mut System<'_>) {
        self.znodes = self.disk.load(system);
        let mut leader = Leader::new(system.now, system.now + self.settings.tick);
        leader.is_serving = true;
        self.leader = Some(leader);
    }

    fn tell(&self, to: Address, message: &Message, system: &mut System<'_>) {
        if let Some(own) = self.settings.member(self.settings.id) {
            system.net.send_bytes(own.port, to, message.encode());
        }
    }

    fn tell_all(&self, stage: Stage, message: &Message, system: &mut System<'_>) {
        let learners = self.leader.iter().flat_map(|leader| &leader.learners);
        for learner in learners.filter(|learner| learner.stage >= stage) {
            self.tell(learner.address, message, system);
        }
    }

    pub(super) fn receive_from_followers(&mut self, system: &mut System<'_>) {
        let Some(port) = self.settings.member(self.settings.id).map(|own| own.port) else { return };
        while self.leader.is_some() {
            let Some(packet) = system.net.receive(port) else { return };
            match packet.payload {
                Payload::Data(bytes) => {
                    if let Some(message) = Message::decode(&bytes) {
                        self.on_follower_says(packet.from, &message, system);
                    }
                }
                Payload::Close | Payload::Refused | Payload::Unreachable => {
                    if let Some(leader) = &mut self.leader {
                        leader.learners.retain(|learner| learner.address != packet.from);
                    }
                }
                _ => {}
            }
        }
    }

    fn on_follower_says(&mut self, from: Address, message: &Message, system: &mut System<'_>) {
        let Some(leader) = &mut self.leader else { return };
        if message.kind == Kind::FollowerInfo {
            let (id, accepted_epoch, zxid) = (message.number(0), message.number(1), message.number(2));
            leader.learners.retain(|learner| learner.id != id);
            let stage = Stage::Known;
            leader.learners.push(Learner { address: from, id, accepted_epoch, zxid, stage, heard: system.now });
            let place = format!("LearnerHandler-/{from}:LearnerHandler@329");
            self.log.info(system.now, &place, &format!("Follower sid: {id} : info : {from}"));
            return self.begin_epoch(from, system);
        }
        let Some(learner) = leader.learners.iter_mut().find(|learner| learner.address == from) else { return };
        learner.heard = system.now;
        match message.kind {
            Kind::AckEpoch => {
                learner.zxid = message.number(1);
                learner.stage = Stage::Accepted;
                self.send_histories(message.number(0), system);
            }
            Kind::Ack => self.on_ack(from, message.number(0), system),
            Kind::Request => self.request(message.clone(), system),
            Kind::Pong => self.touch(&message.numbers, system.now),
            _ => {}
        }
    }

    /// The epoch after all that a majority knows.
    fn begin_epoch(&mut self, from: Address, system: &mut System<'_>) {
        let own = self.disk.epoch("acceptedEpoch", system);
        let quorum = self.settings.quorum();
        let Some(leader) = &mut self.leader else { return };
        if leader.epoch != 0 {
            let info = Message::new(Kind::LeaderInfo, &[leader.epoch]);
            return self.tell(from, &info, system);
        }
        if leader.learners.len() + 1 < quorum {
            return;
        }
        let known = leader.learners.iter().map(|learner| learner.accepted_epoch);
        let epoch = known.chain([own]).max().unwrap_or(0) + 1;
        leader.epoch = epoch;
        let done = self.disk.set_epoch("acceptedEpoch", epoch, system);
        if !self.check(done, system) {
            return;
        }
        self.tell_all(Stage::Known, &Message::new(Kind::LeaderInfo, &[epoch]), system);
    }

    fn send_histories(&mut self, current_epoch: u64, system: &mut System<'_>) {
        let own_epoch = self.disk.epoch("currentEpoch", system);
        let (last, quorum) = (self.znodes.last_zxid, self.settings.quorum());
        let Some(leader) = &self.leader else { return };
        let waiting = leader.learners.iter().filter(|learner| learner.stage == Stage::Accepted);
        let waiting: Vec<(Address, u64)> = waiting.map(|learner| (learner.address, learner.zxid)).collect();
        let is_ahead = waiting.iter().any(|(_, zxid)| (current_epoch, *zxid) > (own_epoch, last));
        if is_ahead && !leader.is_serving {
            return self.step_down("Follower is ahead of the leader", system);
        }
        if leader.count(Stage::Accepted) + 1 < quorum {
            return;
        }
        let epoch = leader.epoch;
        let outstanding = leader.outstanding.as_ref().map(|(proposal, _)| proposal.clone());
        for (address, zxid) in waiting {
            let history = self.history_after(zxid);
            let place = format!("LearnerHandler-/{address}:LearnerHandler@441");
            let word = if history.kind == Kind::Diff { "DIFF" } else { "SNAP" };
            self.log.info(system.now, &place, &format!("Sending {word}"));
            self.tell(address, &history, system);
            self.tell(address, &Message::new(Kind::NewLeader, &[epoch << 32]), system);
            if let Some(proposal) = &outstanding {
                self.tell(address, proposal, system);
            }
            let learners = self.leader.iter_mut().flat_map(|leader| &mut leader.learners);
            learners.filter(|learner| learner.address == address).for_each(|learner| learner.stage = Stage::Sent);
        }
    }

    /// The entries after a zxid if the follower's last is one of ours, else everything.
    fn history_after(&self, zxid: u64) -> Message {
        let last = self.znodes.last_zxid;
        let known = &self.disk.remembered;
        let start = match known.iter().position(|entry| entry.number(0) == zxid) {
            _ if zxid == last => known.len(),
            Some(at) => at + 1,
            None => return Message::with(Kind::Snap, &[last], self.znodes.encode()),
        };
        let mut entries = Vec::new();
        known[start..].iter().for_each(|entry| put_bytes(&mut entries, &entry.encode()));
        Message::with(Kind::Diff, &[last], entries)
    }

    fn on_ack(&mut self, from: Address, zxid: u64, system: &mut System<'_>) {
        let quorum = self.settings.quorum();
        let Some(leader) = &mut self.leader else { return };
        let begins = leader.epoch << 32;
        let Some(learner) = leader.learners.iter_mut().find(|learner| learner.address == from) else { return };
        let id = learner.id;
        if zxid == begins && learner.stage == Stage::Sent {
            learner.stage = Stage::Synced;
            let place = format!("LearnerHandler-/{from}:LearnerHandler@518");
            self.log.info(system.now, &place, &format!("Received NEWLEADER-ACK message from {id}"));
            if leader.is_serving {
                self.tell(from, &Message::new(Kind::UpToDate, &[]), system);
            } else if leader.count(Stage::Synced) + 1 >= quorum {
                self.start_serving(system);
            }
        } else if let Some((proposal, acks)) = &mut leader.outstanding
            && proposal.number(0) == zxid
            && !acks.contains(&id)
        {
            acks.push(id);
            self.decide(system);
        }
    }

    fn start_serving(&mut self, system: &mut System<'_>) {
        let (now, thread) = (system.now, self.main_thread());
        let Some(leader) = &mut self.leader else { return };
        leader.is_serving = true;
        leader.next_tick = now + self.settings.tick;
        let begins = leader.epoch << 32;
        let sids = leader.supporters(self.settings.id, Stage::Synced);
        let (epoch, grace) = (leader.epoch, self.settings.tick);
        leader.expiries = self.znodes.sessions.iter().map(|(id, ms)| (*id, now + Span(ms * 1_000) + grace)).collect();
        let text = format!(
            "Have quorum of supporters, sids: [ {sids} ]; starting up and setting last processed zxid: 0x{begins:x}"
        );
        self.log.info(now, &format!("{thread}:Leader@962"), &text);
        self.znodes.last_zxid = begins;
        let done = self.take_snapshot(&thread, system).and(self.disk.set_epoch("currentEpoch", epoch, system));
        if !self.check(done, system) {
            return;
        }
        self.tell_all(Stage::Synced, &Message::new(Kind::UpToDate, &[]), system);
    }

    /// Takes a client's operation, from here or from a follower.
    pub(super) fn request(&mut self, request: Message, system: &mut System<'_>) {
        if let Some(leader) = self.leader.as_mut().filter(|leader| leader.queue.len() < QUEUE_MAX) {
            leader.queue.push_back(request);
            self.propose(system);
        }
    }

    fn propose(&mut self, system: &mut System<'_>) {
        let Some(leader) = self.leader.as_mut().filter(|its| its.is_serving && its.outstanding.is_none()) else {
            return;
        };
        let Some(request) = leader.queue.pop_front() else { return };
        let Some(operation) = Message::decode(&request.data) else { return self.propose(system) };
        let (zxid, session) = (self.znodes.last_zxid + 1, request.number(2));
        let decided = self.znodes.prepare(&operation, session);
        let entry = Message::with(Kind::Proposal, &[zxid, system.now.0 / 1_000, session], decided.encode());
        let done = self.disk.append(&entry, system);
        if !self.check(done, system) {
            return;
        }
        let proposal = Message::with(Kind::Proposal, &[zxid, request.number(0), request.number(1)], entry.encode());
        self.tell_all(Stage::Sent, &proposal, system);
        if let Some(leader) = &mut self.leader {
            leader.outstanding = Some((proposal, vec![self.settings.id]));
            leader.follow_session(session, &operation, system.now);
        }
        self.decide(system);
    }

    /// A proposal that a majority has is committed, and the next one made.
    fn decide(&mut self, system: &mut System<'_>) {
        let quorum = self.settings.quorum();
        let Some(leader) = &mut self.leader else { return };
        let Some((proposal, _)) = leader.outstanding.take_if(|(_, acks)| acks.len() >= quorum) else { return };
        self.tell_all(Stage::Sent, &Message::new(Kind::Commit, &[proposal.number(0)]), system);
        self.commit(&proposal, system);
        self.propose(system);
    }

    fn step_down(&mut self, why: &str, system: &mut System<'_>) {
        let thread = self.main_thread();
        let message = format!("Shutdown called java.lang.Exception: shutdown Leader! reason: {why}");
        self.log.info(system.now, &format!("{thread}:Leader@496"), &message);
        self.look(system);
    }

    fn touch(&mut self, sessions: &[u64], now: Time) {
        let Some(leader) = &mut self.leader else { return };
        for (id, at) in leader.expiries.iter_mut().filter(|(id, _)| sessions.contains(id)) {
            let known = self.znodes.sessions.iter().find(|(session, _)| session == id);
            *at = now + Span(known.map_or(0, |(_, ms)| ms * 1_000)) + self.settings.tick;
        }
    }

    pub(super) fn tick_leader(&mut self, system: &mut System<'_>) {
        let now = system.now;
        let Some(leader) = &mut self.leader else { return };
        if !leader.is_serving {
            if now >= leader.deadline {
                self.step_down("Timeout while waiting for epoch from quorum", system);
            }
            return;
        }
        if now < leader.next_tick {
            return;
        }
        leader.next_tick = now + self.settings.tick;
        let patience = self.settings.tick.0 * self.settings.sync_limit;
        leader.learners.retain(|learner| now.since(learner.heard).0 <= patience);
        let sids = leader.supporters(self.settings.id, Stage::Synced);
        if leader.count(Stage::Synced) + 1 < self.settings.quorum() {
            let why = format!("Not sufficient followers synced, only synced with sids: [ {sids} ]");
            return self.step_down(&why, system);
        }
        self.tell_all(Stage::Sent, &Message::new(Kind::Ping, &[]), system);
        self.touch(&self.clients.sessions(), now);
        self.expire(system);
    }

    fn expire(&mut self, system: &mut System<'_>) {
        let now = system.now;
        let Some(leader) = &mut self.leader else { return };
        let expired: Vec<u64> = leader.expiries.iter().filter(|(_, at)| *at <= now).map(|(id, _)| *id).collect();
        leader.expiries.retain(|(_, at)| *at > now);
        for session in expired {
            let known = self.znodes.sessions.iter().find(|(id, _)| *id == session);
            let Some((_, ms)) = known else { continue };
            let text = format!("Expiring session 0x{session:x}, timeout of {ms}ms exceeded");
            self.log.info(now, "SessionTracker:ZooKeeperServer@355", &text);
            let close = Message::new(Kind::CloseSession, &[]).encode();
            self.request(Message::with(Kind::Request, &[u64::MAX, 0, session], close), system);
        }
    }
}

impl Leader {
    /// A session that begins is looked after, one that ends no more.
    fn follow_session(&mut self, session: u64, operation: &Message, now: Time) {
        match operation.kind {
            Kind::Connect => self.expiries.push((session, now + Span(operation.number(0) * 1_000))),
            Kind::CloseSession => self.expiries.retain(|(id, _)| *id != session),
            _ => {}
        }
    }
}
