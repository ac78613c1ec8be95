//! The loop: one queue, one closed set of events, handlers that run to completion.

use std::rc::Rc;

use api::Kind;
use client::Component;
use kube_apiserver::ApiServer;
use kube_controller_manager::{ControllerManager, HostPathProvisioner};
use kube_proxy::KubeProxy;
use kube_scheduler::Scheduler;
use kubelet::Kubelets;
use sim::{Fault, Queue, Span, Time, Timing};

use crate::ClusterClient;
use crate::outside::{self, Outside};

/// What a new cluster is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many nodes, from node-1 on.
    pub nodes: u32,
    /// All chance comes from it.
    pub seed: u64,
    /// How long things take.
    pub timing: Timing,
    /// The instant at which the cluster begins.
    pub start: Time,
}

/// The programs of a cluster, in the order in which they are woken when they are due at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    ControllerManager,
    Provisioner,
    Scheduler,
    Kubelets,
    KubeProxy,
}

const PROGRAMS: [Program; 5] =
    [Program::ControllerManager, Program::Provisioner, Program::Scheduler, Program::Kubelets, Program::KubeProxy];

/// What the default class calls its provisioner, and what completes that name as a source of Events: an arbitrary
/// identity, that of the recorded clusters.
const PROVISIONER: &str = "k8s.io/minikube-hostpath";
const PROVISIONER_INSTANCE: &str = "minikube_0b1e6f5c-0000-4000-8000-000000000000";

/// Everything that can happen by itself. Commands of users come from outside, between events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A write has become visible to a program that watches its kind.
    Changed(Program),
    /// The instant has come that a program asked for; stale if it has asked for another one since.
    Due(Program),
    /// Events of the API are an hour old; stale if others go earlier or later by now.
    Expiry,
}

/// How far [`Cluster::advance_to`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The clock stands at the instant asked for.
    Reached,
    /// The budget of events is used up; there is more to do before that instant.
    OutOfBudget,
}

/// A cluster. Its state changes only through [`Cluster::advance_to`] and [`Cluster::client`].
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(crate) server: ApiServer,
    controllers: ControllerManager,
    provisioner: HostPathProvisioner,
    scheduler: Scheduler,
    pub(crate) kubelets: Kubelets,
    pub(crate) proxy: KubeProxy,
    /// The machine on which the user sits.
    pub outside: Outside,
    queue: Queue<Event>,
    timing: Rc<Timing>,
    /// When each program wants to be woken, by place in [`PROGRAMS`].
    due: [Option<Time>; PROGRAMS.len()],
    /// The latest instant at which each program will be shown changes.
    shown_at: [Time; PROGRAMS.len()],
    /// When the next Events of the API go.
    expiry: Option<Time>,
    /// The store's revision per kind up to which watchers have been told.
    told: u64,
    events: u64,
}

impl Cluster {
    /// A new cluster when a session begins: nodes registered, nothing running yet. It has been there for as long as the timing says.
    pub fn new(options: &Options) -> Cluster {
        let birth = options.start - Span(options.timing.cluster_age_us);
        let timing = Rc::new(options.timing.clone());
        let mut cluster = Cluster {
            server: ApiServer::new(options.seed, birth),
            controllers: ControllerManager::new(timing.clone()),
            provisioner: HostPathProvisioner::new(PROVISIONER, PROVISIONER_INSTANCE, timing.clone()),
            scheduler: Scheduler::new(timing.clone()),
            kubelets: Kubelets::new(timing.clone(), images::registry()),
            proxy: KubeProxy::new(options.seed, timing.clone()),
            outside: Outside::new(),
            queue: Queue::new(birth),
            timing,
            due: [None; PROGRAMS.len()],
            shown_at: [birth; PROGRAMS.len()],
            expiry: None,
            told: 0,
            events: 0,
        };
        let Cluster { server, kubelets, .. } = &mut cluster;
        kubelets.register(options.nodes, &mut server.client("kubelet", birth));
        cluster.tell_watchers();
        cluster.advance_to(options.start, usize::MAX);
        cluster
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.queue.now()
    }

    /// How long things take here.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// When something may happen next by itself; none if nothing will.
    pub fn next_event_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    /// Moves the clock to `to`, handling at most `events_max` events on the way.
    pub fn advance_to(&mut self, to: Time, events_max: usize) -> Progress {
        for _ in 0..events_max {
            let Some((at, event)) = self.queue.pop_until(to) else {
                self.queue.advance_to(to);
                self.server.compact(to);
                return Progress::Reached;
            };
            match event {
                Event::Changed(program) => self.wake(program),
                Event::Due(program) if self.due[program as usize] == Some(at) => {
                    self.due[program as usize] = None;
                    self.wake(program);
                }
                Event::Due(_) => {}
                Event::Expiry if self.expiry == Some(at) => {
                    self.server.expire(at);
                    self.kubelets.forget_events(at);
                    self.scheduler.forget_events(at);
                    self.tell_watchers();
                    // Events that were written again since have only changed places: there may be no write to tell of.
                    self.plan_expiry();
                }
                Event::Expiry => {}
            }
        }
        Progress::OutOfBudget
    }

    /// The cluster as a client of this name sees it now.
    pub fn client<'a>(&'a mut self, manager: &'a str) -> ClusterClient<'a> {
        ClusterClient { cluster: self, manager, user: None }
    }

    /// Breaks something, or mends it.
    ///
    /// # Errors
    /// If there is no such thing, or it is as asked for already; in a sentence.
    pub fn inject(&mut self, fault: &Fault) -> Result<(), String> {
        let now = self.now();
        let answer = self.kubelets.inject(fault, &mut self.server.client("kubelet", now));
        self.carry_packets();
        self.tell_watchers();
        answer
    }

    /// What is broken now: the thing, and how.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        self.kubelets.faults()
    }

    /// The API server, to look at.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    /// The scheduler, to look at: why a pod waits.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The controllers, to look at: why they did what they did.
    pub fn controllers(&self) -> &ControllerManager {
        &self.controllers
    }

    /// The nodes' agents, to look at: files on volumes, processes.
    pub fn kubelets(&self) -> &Kubelets {
        &self.kubelets
    }

    /// A number that depends on every write since the beginning: equal for equal runs.
    pub fn digest(&self) -> u64 {
        self.server.digest()
    }

    /// How many events have been handled.
    pub fn events(&self) -> u64 {
        self.events
    }

    fn wake(&mut self, program: Program) {
        let now = self.now();
        self.events += 1;
        let next = match program {
            Program::ControllerManager => {
                self.controllers.wake(&mut self.server.client("kube-controller-manager", now))
            }
            Program::Provisioner => self.provisioner.wake(&mut self.server.client("hostpath-provisioner", now)),
            Program::Scheduler => self.scheduler.wake(&mut self.server.client("kube-scheduler", now)),
            Program::Kubelets => self.kubelets.wake(&mut self.server.client("kubelet", now)),
            Program::KubeProxy => {
                let next = self.proxy.wake(&mut self.server.client("kube-proxy", now));
                for packet in self.proxy.take_arrived(now) {
                    if packet.to.ip == outside::ADDRESS {
                        self.outside.deliver(packet);
                    } else {
                        self.kubelets.deliver(packet, now);
                    }
                }
                next
            }
        };
        self.set_due(program, next);
        self.carry_packets();
        self.tell_watchers();
    }

    /// Hands what pods and the user's machine have sent to the network, which delivers it later.
    pub fn carry_packets(&mut self) {
        let now = self.now();
        for packet in self.outside.take_packets().into_iter().chain(self.kubelets.take_packets()) {
            self.proxy.send(packet, now);
        }
        self.set_due(Program::KubeProxy, self.proxy.next_at());
        self.set_due(Program::Kubelets, self.kubelets.next_at());
    }

    /// Makes a program due at an instant in the future; at once means a microsecond later.
    fn set_due(&mut self, program: Program, at: Option<Time>) {
        let at = at.map(|at| at.max(self.now() + Span(1)));
        if at != self.due[program as usize] {
            self.due[program as usize] = at;
            if let Some(at) = at {
                self.queue.push(at, Event::Due(program));
            }
        }
    }

    /// Everyone who watches a kind that was written to is due a watch latency later.
    pub(crate) fn tell_watchers(&mut self) {
        if self.told == self.server.revision() {
            return;
        }
        let at = self.now() + Span(self.timing.watch_latency_us.max(1));
        for program in PROGRAMS {
            let concerns = self.watched_kinds(program).iter().any(|kind| self.server.last_change(*kind) > self.told);
            if concerns && self.shown_at[program as usize] < at {
                self.shown_at[program as usize] = at;
                self.queue.push(at, Event::Changed(program));
            }
        }
        self.told = self.server.revision();
        self.plan_expiry();
    }

    fn plan_expiry(&mut self) {
        let expiry = self.server.next_expiry();
        if expiry != self.expiry {
            self.expiry = expiry;
            if let Some(at) = expiry {
                self.queue.push(at, Event::Expiry);
            }
        }
    }

    fn watched_kinds(&self, program: Program) -> &'static [Kind] {
        match program {
            Program::ControllerManager => self.controllers.watched_kinds(),
            Program::Provisioner => self.provisioner.watched_kinds(),
            Program::Scheduler => self.scheduler.watched_kinds(),
            Program::Kubelets => self.kubelets.watched_kinds(),
            Program::KubeProxy => self.proxy.watched_kinds(),
        }
    }
}
