//! Startup, readiness and liveness probes.
//!
//! A probe has a grid: the container's start plus multiples of its period; points before the initial delay are passed over. It is
//! asked at each point, but for processes that declare constant health: those are asked once. Where the timing profile says that
//! probes are not run, they succeed a while after the start.
//!
//! Models: kubernetes v1.36 pkg/kubelet/prober (worker.go, prober.go). Difference that was chosen: an open port is not asked again
//! while its process lives.

use std::net::Ipv4Addr;
use std::rc::Rc;

use api::core::container::Probe;
use api::int_or_string::IntOrString;
use client::{Api, EventKind};
use cri::{Address, Health, Packet, Payload, ProcessId, SessionBuffer, World};
use sim::{Span, Time};
use thin::{Str, format_str};

use crate::kubelets::Kubelets;
use crate::status::ProbeResult;
use crate::worker::PodWorker;

/// Where the kubelet asks from; one question at a time, so one port does.
const PROBE_PORT: u16 = 61_000;

/// The probes of a container that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probing {
    /// Where probes are not run: when they are answered.
    pub(crate) answer_at: Option<Time>,
    probes: Vec<Asked>,
}

impl Probing {
    /// The sessions of questions without an answer.
    pub(crate) fn sessions(&self) -> Vec<u64> {
        self.probes.iter().filter_map(|asked| Some(asked.under_way?.session)).collect()
    }
}

/// One probe.
#[derive(Clone, Debug)]
struct Asked {
    kind: ProbeKind,
    probe: Rc<Probe>,
    /// When it is asked next; none if never again.
    next: Option<Time>,
    /// The last answer, and how often it came in a row.
    run: Option<(bool, i32)>,
    under_way: Option<UnderWay>,
}

/// A question without an answer yet.
#[derive(Clone, Copy, Debug)]
struct UnderWay {
    process: ProcessId,
    session: u64,
    deadline: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

impl ProbeKind {
    const fn word(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Liveness => "Liveness",
        }
    }
}

/// What came of a question.
enum Outcome {
    Success,
    /// With what the probe said.
    Failure(Str),
    /// The question could not be asked.
    Errored(Str),
    Pending(UnderWay),
}

/// What one probe is about, copied out so that the worker can be changed while it is asked.
struct Question {
    at: usize,
    place: usize,
    kind: ProbeKind,
    probe: Rc<Probe>,
    under_way: Option<UnderWay>,
}

impl Kubelets {
    /// A container has started: its probes begin.
    pub(crate) fn begin_probes(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let container = worker.container(at);
        let kinds = [
            (ProbeKind::Startup, container.startup_probe.clone()),
            (ProbeKind::Readiness, container.readiness_probe.clone()),
            (ProbeKind::Liveness, container.liveness_probe.clone()),
        ];
        let mut probing = Probing::default();
        if self.timing.probes_are_run {
            for (kind, probe) in kinds.into_iter().filter_map(|(kind, probe)| Some((kind, probe?))) {
                let next = Some(first_point(&probe, now));
                probing.probes.push(Asked { kind, probe, next, run: None, under_way: None });
            }
        } else if kinds[..2].iter().any(|(_, probe)| probe.is_some()) {
            probing.answer_at = Some(now + Span(self.timing.ready_after_probe_us));
        }
        let has_any = probing.answer_at.is_some() || !probing.probes.is_empty();
        worker.containers[at].probing = has_any.then(|| Box::new(probing));
        self.ask_due(worker, at, now);
    }

    /// A running container's answers may have changed: probes that were asked no more are asked again.
    pub(crate) fn ask_again(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let Some(started_at) = worker.containers[at].started_at.filter(|_| worker.is_running(at)) else { return };
        let old = worker.containers[at].probing.take().unwrap_or_default();
        let container = worker.container(at);
        let kinds = [
            (ProbeKind::Readiness, container.readiness_probe.clone()),
            (ProbeKind::Liveness, container.liveness_probe.clone()),
        ];
        let mut probing = Probing::default();
        if !self.timing.probes_are_run {
            probing.answer_at = Some(now + Span(self.timing.health_notice_us));
        } else {
            probing.probes.extend(old.probes.iter().filter(|asked| asked.kind == ProbeKind::Startup).cloned());
            for (kind, probe) in kinds.into_iter().filter_map(|(kind, probe)| Some((kind, probe?))) {
                let known = old.probes.iter().find(|asked| asked.kind == kind);
                let mut asked = known.cloned().unwrap_or(Asked { kind, probe, next: None, run: None, under_way: None });
                if asked.next.is_none() && asked.under_way.is_none() {
                    asked.next = Some(next_point(&asked.probe, started_at, now));
                }
                probing.probes.push(asked);
            }
        }
        worker.containers[at].probing = Some(Box::new(probing));
    }

    /// Asks and answers the probes that are due.
    pub(crate) fn answer_probes(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        for at in 0..worker.containers.len() {
            let Some(probing) = worker.containers[at].probing.as_deref_mut() else { continue };
            if probing.answer_at.is_some_and(|answer_at| answer_at <= now) {
                probing.answer_at = None;
                self.answer_for(worker, at, api);
                continue;
            }
            self.run_probes(worker, at, api);
        }
        self.note_ends(worker, now);
    }

    fn run_probes(&mut self, worker: &mut PodWorker, at: usize, api: &mut dyn Api) {
        let now = api.now();
        let count = worker.containers[at].probing.as_ref().map_or(0, |probing| probing.probes.len());
        for place in 0..count {
            let Some(question) = worker.due_question(at, place, now) else { continue };
            let outcome = self.ask(worker, &question, now);
            self.take_outcome(worker, &question, outcome, api);
        }
    }

    /// Questions to a process of constant health need no event: their answer is known at the start.
    fn ask_due(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let health =
            worker.sandbox.as_ref().and_then(|sandbox| sandbox.container(at)).map(|container| container.health());
        let Some(probing) = worker.containers[at].probing.as_deref_mut() else { return };
        if health != Some(Health::ConstantlyGood) || probing.answer_at.is_some() {
            return;
        }
        probing.probes.retain(|asked| asked.kind != ProbeKind::Liveness);
        if probing.probes.iter().all(|asked| asked.next.is_some_and(|next| next <= now)) {
            let record = &mut worker.containers[at];
            record.startup = record.startup.map(|_| ProbeResult::Success);
            record.readiness = record.readiness.map(|_| ProbeResult::Success);
            record.probing = None;
        }
    }

    fn ask(&mut self, worker: &mut PodWorker, question: &Question, now: Time) -> Outcome {
        let at = question.at;
        let health =
            worker.sandbox.as_ref().and_then(|sandbox| sandbox.container(at)).map(|container| container.health());
        if question.kind == ProbeKind::Readiness && worker.containers[at].is_unready {
            return Outcome::Failure(Str::new());
        }
        if health == Some(Health::ConstantlyGood) {
            return Outcome::Success;
        }
        let probe = &question.probe;
        if let Some(under_way) = question.under_way {
            return self.look_at_exec(worker, probe, under_way, now);
        }
        if let Some(exec) = &probe.exec {
            return self.begin_exec(worker, at, exec.command.iter().cloned().collect(), probe, now);
        }
        if let Some(http) = &probe.http_get {
            let (Some(port), Some(ip)) = (port_number(worker, at, &http.port), worker.ip) else {
                return Outcome::Errored(format_str!("couldn't find port: {}", port_text(&http.port)));
            };
            let path = if http.path.starts_with('/') { http.path.clone() } else { format_str!("/{}", http.path) };
            return self.ask_http(worker, Address::new(ip, port), &path, &http.host, now);
        }
        let tcp = probe.tcp_socket.as_ref().map(|tcp| &tcp.port).and_then(|port| port_number(worker, at, port));
        let grpc = probe.grpc.as_ref().and_then(|grpc| u16::try_from(grpc.port).ok());
        match (tcp.or(grpc), worker.ip) {
            (Some(port), Some(ip)) => ask_tcp(worker, Address::new(ip, port)),
            _ => Outcome::Errored("missing probe handler".into()),
        }
    }

    fn begin_exec(&mut self, worker: &mut PodWorker, at: usize, argv: Vec<Str>, probe: &Probe, now: Time) -> Outcome {
        let session = self.session_table.next_number();
        self.sessions.insert(session, SessionBuffer::default());
        let text = argv.first().cloned().unwrap_or_default();
        let Some(pid) = self.start_process(worker, at, argv, Some(session), Default::default(), now) else {
            self.sessions.remove(&session);
            return Outcome::Errored(format_str!(
                "rpc error: code = Unknown desc = failed to exec in container: failed to start exec: OCI runtime exec failed: \
                 exec failed: unable to start container process: exec: \"{text}\": executable file not found in $PATH"
            ));
        };
        let process = ProcessId { container: at, pid };
        let deadline = now + Span::from_seconds(i64::from(probe.timeout_seconds.max(1)));
        self.run_and_collect(worker, now);
        self.look_at_exec(worker, probe, UnderWay { process, session, deadline }, now)
    }

    fn look_at_exec(&mut self, worker: &mut PodWorker, probe: &Probe, under_way: UnderWay, now: Time) -> Outcome {
        let exit = self.sessions.get(&under_way.session).map(|buffer| buffer.exit);
        match exit {
            Some(None) if now < under_way.deadline => return Outcome::Pending(under_way),
            Some(None) => {
                if let Some(sandbox) = &mut worker.sandbox {
                    let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
                    sandbox.signal(under_way.process, cri::Signal::Kill, &mut world);
                }
                self.sessions.remove(&under_way.session);
                let command = probe.exec.as_ref().map(|exec| exec.command.join(" ")).unwrap_or_default();
                let seconds = probe.timeout_seconds.max(1);
                return Outcome::Failure(format_str!("command timed out: \"{command}\" timed out after {seconds}s"));
            }
            Some(Some(_)) | None => {}
        }
        let buffer = self.sessions.remove(&under_way.session).unwrap_or_default();
        match buffer.exit {
            Some(0) => Outcome::Success,
            _ => {
                let text = [buffer.stdout, buffer.stderr].concat();
                Outcome::Failure(String::from_utf8_lossy(&text).into_owned().into())
            }
        }
    }

    /// Steps the pod's processes, and sends on what they have sent.
    fn run_and_collect(&mut self, worker: &mut PodWorker, now: Time) {
        if let Some(sandbox) = &mut worker.sandbox {
            let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
            sandbox.run(&mut world);
            self.packets.extend(sandbox.take_packets());
        }
    }

    fn ask_http(&mut self, worker: &mut PodWorker, to: Address, path: &str, host: &str, now: Time) -> Outcome {
        let node = self.node_of(worker).map_or(Ipv4Addr::UNSPECIFIED, |node| node.ip);
        let from = Address::new(node, PROBE_PORT);
        let shown = if host.is_empty() { to.ip.to_string() } else { host.to_string() };
        let url = format!("http://{shown}:{}{path}", to.port);
        let Some(sandbox) = &mut worker.sandbox else { return Outcome::Failure("no sandbox".into()) };
        if !sandbox.sockets().is_listening(to.port) {
            return Outcome::Failure(format_str!("Get \"{url}\": dial tcp {to}: connect: connection refused"));
        }
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {shown}:{}\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            to.port
        );
        sandbox.deliver(Packet { from, to, payload: Payload::Open });
        sandbox.deliver(Packet { from, to, payload: Payload::Data(Rc::new(text.into_bytes())) });
        let mut world = World { now, volumes: &mut self.volumes, sessions: &mut self.sessions };
        sandbox.run(&mut world);
        let (answers, others): (Vec<Packet>, Vec<Packet>) =
            sandbox.take_packets().into_iter().partition(|packet| packet.to == from);
        self.packets.extend(others);
        let first = answers.iter().find_map(|packet| match &packet.payload {
            Payload::Data(bytes) => Some(bytes.clone()),
            _ => None,
        });
        match first.as_deref().map(|bytes| status_code(bytes)) {
            Some(Some(200..=399)) => Outcome::Success,
            Some(Some(code)) => Outcome::Failure(format_str!("HTTP probe failed with statuscode: {code}")),
            Some(None) => {
                Outcome::Failure(format_str!("Get \"{url}\": net/http: HTTP/1.x transport connection broken"))
            }
            None if answers.iter().any(|packet| packet.payload == Payload::Close) => {
                Outcome::Failure(format_str!("Get \"{url}\": EOF"))
            }
            None => Outcome::Failure(format_str!(
                "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            )),
        }
    }

    fn take_outcome(&mut self, worker: &mut PodWorker, question: &Question, outcome: Outcome, api: &mut dyn Api) {
        let (at, now) = (question.at, api.now());
        let word = question.kind.word();
        let (is_good, message) = match outcome {
            Outcome::Success => (true, None),
            Outcome::Failure(text) => (false, Some(format_str!("{word} probe failed: {text}"))),
            Outcome::Errored(text) => {
                (false, Some(format_str!("{word} probe errored and resulted in unknown state: {text}")))
            }
            Outcome::Pending(under_way) => {
                worker.with_asked(question, |asked| asked.under_way = Some(under_way));
                return;
            }
        };
        if let Some(message) = message {
            self.record(worker, api, Some(at), EventKind::Warning, "Unhealthy", message);
        }
        let is_for_good = is_good && self.stays_good(worker, question);
        let Some(decided) = worker.count_answer(question, is_good, is_for_good, now) else { return };
        worker.decide(question, decided);
        if !is_good && matches!(question.kind, ProbeKind::Liveness | ProbeKind::Startup) {
            self.kill_unhealthy(worker, question, api);
        }
    }

    /// Whether an answer will not change while the process lives.
    fn stays_good(&self, worker: &PodWorker, question: &Question) -> bool {
        let container = worker.sandbox.as_ref().and_then(|sandbox| sandbox.container(question.at));
        question.probe.tcp_socket.is_some()
            || question.probe.grpc.is_some()
            || container.is_some_and(|container| container.health() == Health::ConstantlyGood)
    }

    fn kill_unhealthy(&mut self, worker: &mut PodWorker, question: &Question, api: &mut dyn Api) {
        let word = question.kind.word().to_lowercase();
        self.kill_failed(worker, question.at, &question.probe, &word, api);
    }

    /// A probe has failed for good: the container is to be started again, if failures are followed by a start at all.
    pub(crate) fn kill_failed(
        &mut self,
        worker: &mut PodWorker,
        at: usize,
        probe: &Probe,
        word: &str,
        api: &mut dyn Api,
    ) {
        let now = api.now();
        let name = &worker.container(at).name;
        let is_last = !worker.restarts(at, 1);
        let what_next = if is_last { "" } else { ", will be restarted" };
        let message = format_str!("Container {name} failed {word} probe{what_next}");
        self.record(worker, api, Some(at), EventKind::Normal, "Killing", message);
        let own = probe.termination_grace_period_seconds;
        let grace = own.or(worker.pod.spec.termination_grace_period_seconds).unwrap_or(30).max(1);
        worker.containers[at].probing = None;
        worker.containers[at].stays_ended = is_last;
        self.end_container(worker, at, grace, now);
    }
}

impl PodWorker {
    /// When the container's next probe is due.
    pub(crate) fn next_probe(&self, at: usize) -> Option<Time> {
        let probing = self.containers[at].probing.as_deref()?;
        let asked = probing.probes.iter().filter_map(|asked| match asked.under_way {
            Some(under_way) => Some(under_way.deadline),
            None => asked.next,
        });
        asked.chain(probing.answer_at).min()
    }

    /// The question of a probe, if it is due.
    fn due_question(&mut self, at: usize, place: usize, now: Time) -> Option<Question> {
        let has_started = self.containers[at].startup.is_none_or(|result| result == ProbeResult::Success);
        let asked = self.containers[at].probing.as_deref_mut()?.probes.get_mut(place)?;
        if asked.under_way.is_none() && asked.next.is_none_or(|next| next > now) {
            return None;
        }
        let waits_for_startup = asked.kind != ProbeKind::Startup && !has_started;
        let is_over = asked.kind == ProbeKind::Startup && has_started;
        if waits_for_startup || is_over {
            asked.next = (!is_over).then(|| now + period(&asked.probe));
            return None;
        }
        Some(Question { at, place, kind: asked.kind, probe: asked.probe.clone(), under_way: asked.under_way })
    }

    fn with_asked(&mut self, question: &Question, change: impl FnOnce(&mut Asked)) {
        let probing = self.containers[question.at].probing.as_deref_mut();
        if let Some(asked) = probing.and_then(|probing| probing.probes.get_mut(question.place)) {
            change(asked);
        }
    }

    /// Counts an answer; answers with the verdict once its threshold is reached.
    fn count_answer(
        &mut self,
        question: &Question,
        is_good: bool,
        is_for_good: bool,
        now: Time,
    ) -> Option<ProbeResult> {
        let probe = &question.probe;
        let mut count = 1;
        self.with_asked(question, |asked| {
            count = asked.run.filter(|(last, _)| *last == is_good).map_or(1, |(_, count)| count.saturating_add(1));
            asked.run = Some((is_good, count));
            asked.under_way = None;
            let goes_on = !(is_for_good && count >= probe.success_threshold.max(1));
            asked.next = goes_on.then(|| asked.next.unwrap_or(now).max(now) + period(probe));
        });
        let threshold = if is_good { probe.success_threshold } else { probe.failure_threshold };
        let verdict = if is_good { ProbeResult::Success } else { ProbeResult::Failure };
        (count >= threshold.max(1)).then_some(verdict)
    }

    fn decide(&mut self, question: &Question, verdict: ProbeResult) {
        let record = &mut self.containers[question.at];
        let slot = match question.kind {
            ProbeKind::Startup => &mut record.startup,
            ProbeKind::Readiness => &mut record.readiness,
            ProbeKind::Liveness => return,
        };
        if *slot == Some(verdict) {
            return;
        }
        // A first failure changes nothing that can be seen: the container was not ready before.
        self.is_changed |= verdict == ProbeResult::Success || *slot == Some(ProbeResult::Success);
        *slot = Some(verdict);
        if question.kind == ProbeKind::Startup && verdict == ProbeResult::Success {
            self.hurry_probes(question.at);
        }
    }

    /// The container counts as started: the other probes are asked at once.
    fn hurry_probes(&mut self, at: usize) {
        let Some(probing) = self.containers[at].probing.as_deref_mut() else { return };
        for asked in probing.probes.iter_mut().filter(|asked| asked.kind != ProbeKind::Startup) {
            asked.next = asked.next.map(|_| Time(0));
        }
    }
}

fn ask_tcp(worker: &PodWorker, to: Address) -> Outcome {
    let is_open = worker.sandbox.as_ref().is_some_and(|sandbox| sandbox.sockets().is_listening(to.port));
    if is_open { Outcome::Success } else { Outcome::Failure(format_str!("dial tcp {to}: connect: connection refused")) }
}

fn period(probe: &Probe) -> Span {
    Span::from_seconds(i64::from(probe.period_seconds.max(1)))
}

/// The first point of the grid that is not before the initial delay.
fn first_point(probe: &Probe, start: Time) -> Time {
    let delay = u64::try_from(probe.initial_delay_seconds).unwrap_or(0);
    let period_seconds = u64::try_from(probe.period_seconds.max(1)).unwrap_or(1);
    start + Span(delay.div_ceil(period_seconds) * period_seconds * 1_000_000)
}

/// The first point of the grid after `now`.
fn next_point(probe: &Probe, start: Time, now: Time) -> Time {
    let first = first_point(probe, start);
    if first > now {
        return first;
    }
    first + Span((now.since(first).0 / period(probe).0 + 1) * period(probe).0)
}

fn port_number(worker: &PodWorker, at: usize, port: &IntOrString) -> Option<u16> {
    match port {
        IntOrString::Int(number) => u16::try_from(*number).ok(),
        IntOrString::Str(name) => {
            let ports = &worker.container(at).ports;
            let found = ports.iter().find(|port| port.name == *name).map(|port| port.container_port);
            found.and_then(|number| u16::try_from(number).ok()).or_else(|| name.parse().ok())
        }
    }
}

fn port_text(port: &IntOrString) -> Str {
    match port {
        IntOrString::Int(number) => format_str!("{number}"),
        IntOrString::Str(name) => name.clone(),
    }
}

/// The code of an HTTP response.
fn status_code(bytes: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(bytes.get(..32.min(bytes.len()))?);
    text.strip_prefix("HTTP/")?.split_whitespace().nth(1)?.parse().ok()
}
