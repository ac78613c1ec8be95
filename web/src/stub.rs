//! A stand-in for the engine until the playground's session is there: it keeps the protocol, and plays one StatefulSet's
//! life, so that the page can be seen and tested. Not Kubernetes.

use view::{
    Act, BudgetRow, Candidate, Change, ClaimPhase, ClaimRow, ClaimUse, Command, Endpoint, Entry, EventRow, Goal,
    Header, Input, JournalError, Mode, NodeRow, Owner, Picture, PodRow, PodState, ServiceRow, Start, Stream, Uid,
    Update, WorkloadRow,
};

const STEP_US: u64 = 1_500_000;
const PROMPT: &str = "user@ordinal:~$ ";

/// See the module.
pub(crate) struct Session {
    now_us: u64,
    start_us: u64,
    wanted: u32,
    every_state: bool,
    pods: Vec<PodRow>,
    updates: Vec<Update>,
}

impl Session {
    pub(crate) fn new(start: Start) -> Session {
        let mut session = Session {
            now_us: start.start_us,
            start_us: start.start_us,
            wanted: 0,
            every_state: false,
            pods: Vec::new(),
            updates: Vec::new(),
        };
        session.updates.push(Update::Journal { at_us: start.start_us, line: Header::of(&start).to_line() });
        session.updates.push(Update::Prompt { terminal: 1, mode: Mode::Shell, prompt: PROMPT.into() });
        let nodes = Change { changed: (1..=start.nodes).map(node).collect(), removed: Vec::new() };
        session.updates.push(Update::Picture(Box::new(Picture { nodes, ..Picture::default() })));
        session
    }

    pub(crate) fn restore(lines: &[String], until_us: u64) -> Result<Session, JournalError> {
        let (start, entries) = Entry::read_all(lines.iter().map(String::as_str))?;
        let mut session = Session::new(start);
        for entry in entries {
            session.advance_to(entry.t_us);
            match entry.input {
                Input::Text(text) => session.input(entry.terminal, &text),
                Input::Act(_) => {}
            }
        }
        session.advance_to(until_us);
        Ok(session)
    }

    pub(crate) fn take_updates(&mut self) -> Vec<Update> {
        self.updates.push(Update::Clock { now_us: self.now_us });
        std::mem::take(&mut self.updates)
    }

    pub(crate) fn handle(&mut self, command: Command) -> Vec<Update> {
        match command {
            Command::Advance { dt_us } => self.advance_to(self.now_us + dt_us),
            Command::Input { terminal, text } => self.input(terminal, &text),
            Command::Interrupt { terminal, pending } => {
                let prompt = PROMPT.into();
                let text = format!("{pending}^C");
                self.updates.push(Update::Echo { terminal, mode: Mode::Program, prompt, text });
            }
            Command::RunUntil { goal, limit_us, .. } => {
                match goal {
                    Goal::NextEvent => self.advance_to((self.now_us / STEP_US + 1) * STEP_US),
                    Goal::Settled => self.advance_to((self.now_us + 60_000_000).min(limit_us)),
                    Goal::Prompt { .. } => self.advance_to(self.now_us + 50_000),
                    Goal::Limit => self.advance_to(limit_us),
                }
                self.updates.push(Update::Reached { goal });
            }
            Command::Complete { terminal, line, cursor } => {
                let from = line[..cursor as usize].rfind(' ').map_or(0, |at| at + 1);
                let word = line[from..cursor as usize].to_string();
                let words = [
                    "apply ",
                    "delete ",
                    "describe ",
                    "edit ",
                    "exec ",
                    "explain ",
                    "get ",
                    "kubectl ",
                    "label ",
                    "logs ",
                ];
                let candidates = words
                    .iter()
                    .filter(|text| text.starts_with(&word))
                    .map(|&text| Candidate { text: text.into(), note: String::new() })
                    .collect();
                self.updates.push(Update::Completions { terminal, line, from: from as u32, candidates });
            }
            Command::EditorResult { terminal, path, text } => {
                let line =
                    Entry { t_us: self.now_us, terminal, input: Input::Act(Act::Edited { path, text }) }.to_line();
                self.updates.push(Update::Journal { at_us: self.now_us, line });
            }
            Command::Start(_)
            | Command::Restore { .. }
            | Command::OpenTerminal { .. }
            | Command::CloseTerminal { .. }
            | Command::Eof { .. }
            | Command::WriteFile { .. } => {}
        }
        self.take_updates()
    }

    fn input(&mut self, terminal: u32, text: &str) {
        let line = Entry { t_us: self.now_us, terminal, input: Input::Text(text.into()) }.to_line();
        self.updates.push(Update::Journal { at_us: self.now_us, line });
        for line in text.lines() {
            let echo = Update::Echo { terminal, mode: Mode::Shell, prompt: PROMPT.into(), text: line.into() };
            self.updates.push(echo);
            self.run(terminal, line);
        }
    }

    fn run(&mut self, terminal: u32, line: &str) {
        let mut say = |stream, text: String| self.updates.push(Update::Output { terminal, stream, text });
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["scale", number] => {
                self.wanted = number.parse().unwrap_or(0);
                say(Stream::Stdout, "statefulset.apps/web scaled\n".into());
            }
            ["states"] => {
                self.every_state = true;
                self.wanted = 9;
                say(Stream::Stdout, "one pod in every state\n".into());
            }
            ["lines", number] => {
                let number = number.parse::<u32>().unwrap_or(0).min(200_000);
                let row = |n| format!("web-{n:<8} 1/1     Running   0          {n}s   10.244.1.{}   node-1\n", n % 255);
                say(Stream::Stdout, (0..number).map(row).collect());
            }
            ["panic"] => panic!("planted by the reader"),
            ["edit"] => {
                let text = "replicas: 3\n".into();
                self.updates.push(Update::OpenEditor { terminal, path: "web.yaml".into(), text });
            }
            [word, ..] => say(Stream::Stderr, format!("{word}: command not found (this is a stand-in)\n")),
        }
    }

    fn advance_to(&mut self, to_us: u64) {
        while self.now_us / STEP_US < to_us / STEP_US {
            self.now_us = (self.now_us / STEP_US + 1) * STEP_US;
            self.step();
        }
        self.now_us = self.now_us.max(to_us);
    }

    /// One pod moves on by one state.
    fn step(&mut self) {
        let mut picture = Picture::default();
        let unready = self.pods.iter_mut().find(|pod| pod.state < PodState::Ready);
        if let Some(pod) = unready.filter(|_| !self.every_state) {
            move_on(pod);
            picture.pods.changed.push(pod.clone());
            picture.claims.changed.push(claim(&pod.name, pod.uid));
        } else if (self.pods.len() as u32) < self.wanted {
            let ordinal = self.pods.len() as u32;
            let mut pod = pod(ordinal, self.now_us);
            if self.every_state {
                make_state(&mut pod, ordinal);
                picture.claims.changed.push(claim(&pod.name, pod.uid));
            }
            picture.pods.changed.push(pod.clone());
            picture.events.changed.push(event(&pod, self.now_us - self.start_us));
            self.pods.push(pod);
        } else if self.pods.len() as u32 > self.wanted {
            picture.pods.removed.extend(self.pods.pop().map(|pod| pod.uid));
        } else {
            return;
        }
        let ready = self.pods.iter().filter(|pod| pod.state == PodState::Ready).count() as u32;
        picture.workloads.changed.push(workload(self.wanted, ready));
        picture.budgets.changed.push(budget(ready));
        picture.services.changed.push(service(&self.pods));
        self.updates.push(Update::Picture(Box::new(picture)));
    }
}

fn node(number: u32) -> NodeRow {
    NodeRow {
        uid: Uid(u128::from(number)),
        name: format!("node-{number}"),
        status: if number == 3 { "Ready,SchedulingDisabled".into() } else { "Ready".into() },
        ready: true,
        schedulable: number != 3,
        cpu_milli: 2_000,
        memory_bytes: 4 << 30,
        cpu_requested_milli: u64::from(number) * 300,
        memory_requested_bytes: u64::from(number) << 28,
        pods_max: 110,
        taints: Vec::new(),
    }
}

fn pod(ordinal: u32, now_us: u64) -> PodRow {
    PodRow {
        uid: Uid(u128::from(ordinal) + (u128::from(now_us) << 16)),
        namespace: "default".into(),
        name: format!("web-{ordinal}"),
        node: String::new(),
        status: "Pending".into(),
        state: PodState::Pending,
        ready: 0,
        containers: 1,
        restarts: 0,
        ordinal: Some(ordinal),
        workload: Some(Owner { kind: "StatefulSet".into(), name: "web".into() }),
        revision: if ordinal.is_multiple_of(2) { "web-847b47bbbc".into() } else { "web-5fd6c7d9c4".into() },
        claims: vec![ClaimUse { name: format!("www-web-{ordinal}"), mount_path: "/usr/share/nginx/html".into() }],
        ip: String::new(),
        images: vec!["registry.k8s.io/nginx-slim:0.24".into()],
        created_us: now_us,
        deletion_us: None,
        reason: "0/4 nodes are available: 3 Insufficient cpu, 1 node(s) were unschedulable.".into(),
    }
}

fn move_on(pod: &mut PodRow) {
    let ordinal = pod.ordinal.unwrap_or(0);
    pod.node = format!("node-{}", ordinal % 4 + 1);
    pod.reason.clear();
    (pod.state, pod.status) = match pod.state {
        PodState::Pending => (PodState::Pulling, "ContainerCreating".into()),
        PodState::Pulling => (PodState::Creating, "ContainerCreating".into()),
        PodState::Creating => (PodState::Running, "Running".into()),
        _ => (PodState::Ready, "Running".into()),
    };
    if pod.state == PodState::Ready {
        pod.ready = 1;
        pod.ip = format!("10.244.{}.{}", ordinal % 4 + 1, ordinal + 2);
    }
}

fn make_state(pod: &mut PodRow, ordinal: u32) {
    use PodState::{Creating, Failing, Pending, Pulling, Ready, Running, Succeeded, Terminating, Unknown};
    let states = [
        (Ready, "Running"),
        (Pulling, "ContainerCreating"),
        (Creating, "ContainerCreating"),
        (Running, "Running"),
        (Ready, "Running"),
        (Failing, "CrashLoopBackOff"),
        (Succeeded, "Completed"),
        (Terminating, "Terminating"),
        (Pending, "Pending"),
        (Unknown, "Unknown"),
    ];
    let (state, status) = states[ordinal as usize % states.len()];
    move_on(pod);
    pod.state = state;
    pod.status = status.into();
    match state {
        Pending => {
            pod.node.clear();
            pod.reason = "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu.".into();
        }
        Failing => pod.reason = "back-off 40s restarting failed container=nginx pod=web-5_default".into(),
        Ready | Pulling | Creating | Running | Succeeded | Terminating | Unknown => {}
    }
}

fn claim(pod: &str, uid: Uid) -> ClaimRow {
    let pending = pod.ends_with('8');
    ClaimRow {
        uid: Uid(uid.0 | 1 << 100),
        namespace: "default".into(),
        name: format!("www-{pod}"),
        phase: if pending { ClaimPhase::Pending } else { ClaimPhase::Bound },
        volume: if pending { String::new() } else { "pvc-0d1c9b5e-8d8f-4c2f-9d59-7bbd40a3a8e1".into() },
        capacity: "1Gi".into(),
        class: "standard".into(),
        access_modes: "RWO".into(),
        used_bytes: 0,
        reason: String::new(),
    }
}

fn event(pod: &PodRow, at_us: u64) -> EventRow {
    EventRow {
        uid: Uid(pod.uid.0 | 1 << 101),
        namespace: "default".into(),
        at_us,
        warning: pod.state == PodState::Failing,
        reason: "SuccessfulCreate".into(),
        object: "statefulset/web".into(),
        message: format!("create Pod {} in StatefulSet web successful", pod.name),
        count: 1,
    }
}

fn workload(replicas: u32, ready: u32) -> WorkloadRow {
    WorkloadRow {
        uid: Uid(1_000),
        kind: "StatefulSet".into(),
        namespace: "default".into(),
        name: "web".into(),
        replicas,
        ready,
        updated: ready / 2,
        current_revision: "web-847b47bbbc".into(),
        update_revision: "web-5fd6c7d9c4".into(),
        reason: String::new(),
    }
}

fn budget(healthy: u32) -> BudgetRow {
    BudgetRow {
        uid: Uid(1_001),
        namespace: "default".into(),
        name: "web-pdb".into(),
        min_available: "2".into(),
        max_unavailable: "N/A".into(),
        allowed: healthy.saturating_sub(2),
        healthy,
        desired_healthy: 2,
        expected: healthy,
    }
}

fn service(pods: &[PodRow]) -> ServiceRow {
    let endpoint =
        |pod: &PodRow| Endpoint { pod: pod.name.clone(), ip: pod.ip.clone(), ready: pod.state == PodState::Ready };
    ServiceRow {
        uid: Uid(1_002),
        namespace: "default".into(),
        name: "nginx".into(),
        kind: "ClusterIP".into(),
        cluster_ip: "None".into(),
        ports: "80/TCP".into(),
        endpoints: pods.iter().filter(|pod| !pod.ip.is_empty()).map(endpoint).collect(),
    }
}
