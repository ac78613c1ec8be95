//! The server: the JVM as a process, what it does in which state, and when it wants to be stepped.
//!
//! A server looks for a leader, follows one, or leads; alone it leads itself. [`super::follower`] and [`super::leader`] are the two
//! sides of Zab, [`super::clients`] serves clients in either.
//! Models: ZooKeeper 3.4.10 QuorumPeer, QuorumPeerMain.

use std::rc::Rc;

use cri::{Caption, Disposition, Process, Spawn, System, Worker};
use shell::fs::FsError;
use shell::{ProcessIo, Progress, Signal};
use sim::Time;
use thin::{Str, format_str};

use super::channels::Channels;
use super::clients::Clients;
use super::disk::Disk;
use super::election::{Answer, Election, Notice, State, Vote};
use super::follower::Follower;
use super::leader::Leader;
use super::log4j::{Level, Log};
use super::settings::Settings;
use super::znodes::Znodes;

pub(super) const VERSION: &str = "3.4.10-39d3a4f269333c922ed3db283be479f9deacaa0f, built on 03/23/2017 10:13 GMT";

/// A server; see the module.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) settings: Rc<Settings>,
    row: Worker,
    pub(super) log: Log,
    pub(super) znodes: Znodes,
    pub(super) disk: Disk,
    pub(super) election: Election,
    channels: Channels,
    pub(super) follower: Option<Follower>,
    pub(super) leader: Option<Leader>,
    pub(super) clients: Clients,
    has_begun: bool,
    ends: Option<i32>,
}

impl Server {
    /// A server that has not begun yet, as the program with this number.
    pub(super) fn new(settings: Settings, spawn: &Spawn, log: Log, now: Time) -> Server {
        let row = Worker {
            pid: spawn.pid,
            parent: spawn.parent,
            uid: spawn.uid,
            started: now,
            pages: settings.pages(),
            tty: spawn.tty,
            command: command_line(&settings),
        };
        Server {
            disk: Disk::new(&settings),
            settings: Rc::new(settings),
            row,
            log,
            znodes: Znodes::default(),
            election: Election::default(),
            channels: Channels::default(),
            follower: None,
            leader: None,
            clients: Clients::default(),
            has_begun: false,
            ends: None,
        }
    }

    /// The thread's name of the server's main loop, as its log lines have it.
    pub(super) fn main_thread(&self) -> String {
        format!("QuorumPeer[myid={}]/0.0.0.0:{}", self.log.id, self.settings.client_port)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.settings.members.is_empty()
    }

    /// Whether clients are served.
    pub(super) fn is_serving(&self) -> bool {
        let follows = self.follower.as_ref().is_some_and(|follower| follower.is_serving);
        follows || self.leader.as_ref().is_some_and(|leader| leader.is_serving)
    }

    fn state(&self) -> State {
        match (&self.leader, &self.follower) {
            (Some(_), _) => State::Leading,
            (None, Some(_)) => State::Following,
            (None, None) => State::Looking,
        }
    }

    fn begin(&mut self, system: &mut System<'_>) {
        let now = system.now;
        let settings = self.settings.clone();
        let ports = [Some(settings.client_port), settings.member(settings.id).map(|own| own.election_port)];
        for port in ports.into_iter().flatten() {
            if system.net.listen(port).is_err() {
                let message = "Unexpected exception, exiting abnormally java.net.BindException: Address already in use";
                self.fatal(now, message);
                return;
            }
        }
        if !self.is_alone() {
            self.log.info(now, "main:QuorumPeerMain@127", "Starting quorum peer");
        }
        let address = format!("binding to port 0.0.0.0/0.0.0.0:{}", settings.client_port);
        self.log.info(now, "main:NIOServerCnxnFactory@89", &address);
        let prepared = self.disk.prepare(system);
        if !self.check(prepared, system) {
            return;
        }
        match self.is_alone() {
            true => self.lead_alone(system),
            false => self.look(system),
        }
    }

    /// Whether it is done. If not the program ends: what it cannot write it must not promise.
    pub(super) fn check(&mut self, done: Result<(), FsError>, system: &System<'_>) -> bool {
        if let Err(error) = &done {
            let message = format!("Severe unrecoverable error, exiting: java.io.IOException: {error}");
            self.fatal(system.now, &message);
        }
        done.is_ok()
    }

    fn fatal(&mut self, now: Time, message: &str) {
        self.log.line(now, Level::Fatal, "SyncThread:SyncRequestProcessor@183", message);
        self.ends = Some(1);
    }

    /// Looks for a leader, from what is on disk.
    pub(super) fn look(&mut self, system: &mut System<'_>) {
        let now = system.now;
        if let Some(leader) = self.leader.take() {
            leader.close(&self.settings, system);
        }
        if let Some(follower) = self.follower.take() {
            follower.close(system);
        }
        self.clients.drop_all(&mut self.log, self.settings.client_port, system);
        self.znodes = self.disk.load(system);
        let own = self.own_vote(system);
        self.election.begin(own, now);
        let thread = self.main_thread();
        self.log.info(now, &format!("{thread}:QuorumPeer@865"), "LOOKING");
        let message = format!("New election. My id =  {}, proposed zxid=0x{:x}", own.leader, own.zxid);
        self.log.info(now, &format!("{thread}:FastLeaderElection@818"), &message);
        self.broadcast(system);
    }

    fn own_vote(&self, system: &System<'_>) -> Vote {
        let epoch = self.disk.epoch("currentEpoch", system);
        Vote { leader: self.settings.id, zxid: self.znodes.last_zxid, epoch }
    }

    fn broadcast(&mut self, system: &mut System<'_>) {
        let settings = self.settings.clone();
        let notice = self.election.own_notice(settings.id, self.state());
        // Our own vote comes back to us, as the real server's does.
        self.note(notice, system);
        for member in settings.members.iter().filter(|member| member.id != settings.id) {
            self.channels.send(member, notice, &mut self.log, system);
        }
    }

    fn note(&mut self, notice: Notice, system: &System<'_>) {
        let Notice { from, vote, round, state } = notice;
        let message = format!(
            "Notification: 1 (message format version), {} (n.leader), 0x{:x} (n.zxid), 0x{round:x} (n.round), {} (n.state), \
             {from} (n.sid), 0x{:x} (n.peerEpoch) {} (my state)",
            vote.leader,
            vote.zxid,
            state.word(),
            vote.epoch,
            self.state().word()
        );
        let place = format!("WorkerReceiver[myid={}]:FastLeaderElection@600", self.log.id);
        self.log.info(system.now, &place, &message);
    }

    fn hear(&mut self, notice: Notice, system: &mut System<'_>) {
        self.note(notice, system);
        let settings = self.settings.clone();
        let Some(sender) = settings.member(notice.from) else { return };
        if self.state() != State::Looking {
            if notice.state == State::Looking {
                let answer = self.election.own_notice(settings.id, self.state());
                self.channels.send(sender, answer, &mut self.log, system);
            }
            return;
        }
        let own = self.own_vote(system);
        match self.election.take(notice, own, settings.quorum(), system.now) {
            Answer::Nothing => {}
            Answer::Reply => {
                let answer = self.election.own_notice(settings.id, State::Looking);
                self.channels.send(sender, answer, &mut self.log, system);
            }
            Answer::Broadcast => self.broadcast(system),
            Answer::Join => self.settle(system),
        }
    }

    /// The election is over: we lead, or follow the one that does.
    fn settle(&mut self, system: &mut System<'_>) {
        let now = system.now;
        (self.election.decide_at, self.election.resend_at) = (None, None);
        let (thread, took) = (self.main_thread(), now.since(self.election.since).0 / 1_000);
        if self.election.vote.leader == self.settings.id {
            self.log.info(now, &format!("{thread}:QuorumPeer@947"), "LEADING");
            let message = format!("LEADING - LEADER ELECTION TOOK - {took}");
            self.log.info(now, &format!("{thread}:Leader@361"), &message);
            self.lead(system);
        } else {
            self.log.info(now, &format!("{thread}:QuorumPeer@935"), "FOLLOWING");
            let message = format!("FOLLOWING - LEADER ELECTION TOOK - {took}");
            self.log.info(now, &format!("{thread}:Follower@64"), &message);
            self.follow(self.election.vote.leader, system);
        }
    }

    fn receive(&mut self, system: &mut System<'_>) {
        let settings = self.settings.clone();
        if let Some(own) = settings.member(settings.id) {
            let notices = self.channels.receive(own.election_port, &settings, &mut self.log, system);
            for notice in notices {
                self.hear(notice, system);
            }
        }
        self.receive_from_leader(system);
        self.receive_from_followers(system);
        self.receive_from_clients(system);
    }

    fn tick(&mut self, system: &mut System<'_>) {
        let now = system.now;
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if self.state() == State::Looking && is_due(self.election.decide_at) {
            self.settle(system);
        } else if self.state() == State::Looking && is_due(self.election.resend_at) {
            self.election.resend(now);
            let own = self.settings.member(self.settings.id).map_or(0, |own| own.election_port);
            self.channels.drop_silent(own, system);
            self.broadcast(system);
        }
        self.tick_follower(system);
        self.tick_leader(system);
    }

    fn wake(&self) -> Option<Time> {
        let election = [self.election.decide_at, self.election.resend_at, self.channels.deadline()];
        let follower = self.follower.as_ref().and_then(Follower::next_at);
        let leader = self.leader.as_ref().and_then(Leader::next_at);
        election.into_iter().chain([follower, leader]).flatten().min()
    }
}

impl Process for Server {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if !self.has_begun {
            self.has_begun = true;
            self.begin(system);
        }
        if self.ends.is_none() {
            self.receive(system);
            self.tick(system);
        }
        if !self.log.text.is_empty() {
            io.stdout(std::mem::take(&mut self.log.text));
        }
        match self.ends {
            Some(code) => Progress::Exited(code),
            None => Progress::Blocked { wake: self.wake() },
        }
    }

    fn signal(&mut self, signal: Signal, _system: &mut System<'_>) -> Disposition {
        // The JVM ends with the signal's status.
        if matches!(signal, Signal::Term | Signal::Int | Signal::Hup) {
            self.ends = Some(128 + signal.number());
            return Disposition::Handled;
        }
        Disposition::Default
    }

    fn workers(&self) -> Vec<Worker> {
        vec![self.row.clone()]
    }

    /// `zkServer.sh status` calls it the mode.
    fn caption(&self) -> Option<Caption> {
        let mode = match self.state() {
            State::Looking => "looking",
            State::Leading if self.is_alone() => "standalone",
            State::Leading => "leader",
            State::Following => "follower",
        };
        Some(Caption::new(mode, self.is_serving()))
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn command_line(settings: &Settings) -> Str {
    let lib = "/usr/bin/../share/zookeeper";
    let heap = &settings.heap;
    format_str!(
        "/usr/lib/jvm/java-8-openjdk-amd64/bin/java -Dzookeeper.log.dir=/var/log/zookeeper \
         -Dzookeeper.root.logger=INFO,CONSOLE -cp /usr/bin/../build/classes:/usr/bin/../build/lib/*.jar:\
         {lib}/zookeeper-3.4.10.jar:{lib}/slf4j-log4j12-1.6.1.jar:{lib}/slf4j-api-1.6.1.jar:{lib}/netty-3.10.5.Final.jar:\
         {lib}/log4j-1.2.16.jar:{lib}/jline-0.9.94.jar:/usr/bin/../src/java/lib/*.jar:/usr/bin/../etc/zookeeper: \
         -Xmx{heap} -Xms{heap} -Dcom.sun.management.jmxremote -Dcom.sun.management.jmxremote.local.only=false \
         org.apache.zookeeper.server.quorum.QuorumPeerMain /usr/bin/../etc/zookeeper/zoo.cfg"
    )
}
