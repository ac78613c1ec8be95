//! The worker's session that decides what is loaded first: a new cluster, and the first commands of the first lesson, as the page sends it.
//!
//! What a reader does next is loaded meanwhile: the rest comes when the reader has first touched the page.

use crate::module::{Outcome, in_words};
use view::{Answer, Command, File, Goal, Name, Request, Start, Update, from_bytes, to_bytes};

const LESSON: &str = "statefulset-basics";
const MANIFEST: &str = include_str!("../../../../../www/lessons/statefulset-basics/web.yaml");
const NODES: u32 = 4;
/// A page begins with a seed that nobody has had before, at today's date. So many are tried, up to the prompt, and through the lesson.
const STARTS: u64 = 96;
const LESSONS: u64 = 8;
/// Their dates lie some weeks apart, and at odd microseconds.
const APART_US: u64 = 2_345_678_901_233;
const START_US: u64 = 1_767_225_600_000_000;
const SECOND_US: u64 = 1_000_000;
const FRAME_US: u64 = 16_667;
const WATCHING: u32 = 2;

/// What comes later than so long after the first commands finds the rest there: it has been on its way since the first touch.
const FIRST_SECONDS: usize = 3;

/// What is typed into the first terminal, and what of the lesson follows when two pods run.
const FIRST_LINES: [&str; 3] =
    ["kubectl apply -f web.yaml", "kubectl get service nginx", "kubectl get statefulset web"];
const LATER_LINES: [&str; 3] = [
    "kubectl get pods -l app=nginx",
    "for i in 0 1; do kubectl exec \"web-$i\" -- sh -c 'hostname'; done",
    "kubectl scale statefulset web --replicas=3",
];
/// What the lesson asks about.
const PROBES: [&str; 2] = [
    "kubectl wait statefulset/web --for=jsonpath={.status.readyReplicas}=2 --timeout=0s",
    "kubectl get statefulset web -o jsonpath={.status.readyReplicas}",
];
/// What shows that the session went as it should.
const SEEN: [&str; 3] = ["statefulset.apps/web created", "nginx   ClusterIP", "web-0   0/1     ContainerCreating"];

/// What the longer session goes on with: what most first sessions do not do.
const MORE_LINES: [&str; 16] = [
    "kubectl get all -o wide",
    "kubectl get statefulset web -o yaml",
    "kubectl describe pod web-0",
    "kubectl explain statefulset.spec",
    "kubectl create deployment d --image=nginx --replicas=3",
    "kubectl rollout restart deployment d",
    "kubectl rollout status deployment d",
    "kubectl delete pod web-0",
    "kubectl get events",
    "kubectl get nope",
    "kubectl patch statefulset web -p '{\"spec\":{\"replicas\":4}}'",
    "kubectl wait --for=condition=Ready pod/web-0 --timeout=60s",
    "kubectl exec web-0 -- curl -s localhost",
    "kubectl drain node-1 --ignore-daemonsets --force",
    "for i in 1 2 3; do echo $i; done | sort -r > note.txt; cat note.txt",
    "kubectl delete statefulset web",
];

/// The session's messages, one a line, in hex.
pub(crate) fn requests() -> String {
    lines(commands())
}

/// Those of the longer session.
pub(crate) fn long_requests() -> String {
    let mut commands = Vec::new();
    lesson(&mut commands, 1);
    lesson_goes_on(&mut commands, 1);
    for line in MORE_LINES {
        typed(&mut commands, 1, line);
        commands.extend((0..20).map(|_| Command::Advance { dt_us: SECOND_US }));
    }
    lines(commands)
}

fn lines(commands: Vec<Command>) -> String {
    let messages = commands.into_iter().zip(1..).map(|(command, sequence)| to_bytes(&Request { sequence, command }));
    messages.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n").collect()
}

fn commands() -> Vec<Command> {
    let mut commands = Vec::new();
    for number in 0..STARTS {
        commands.extend([start(number, None), Command::OpenTerminal { terminal: WATCHING }]);
        frames(&mut commands, 20);
        commands.push(Command::Advance { dt_us: 5 * SECOND_US });
    }
    (0..LESSONS).for_each(|number| lesson(&mut commands, number));
    commands
}

fn lesson(commands: &mut Vec<Command>, number: u64) {
    commands.extend([start(number, Some(LESSON)), Command::OpenTerminal { terminal: WATCHING }, Command::ListFiles]);
    frames(commands, 20);
    typed(commands, WATCHING, "kubectl get pods -w -l app=nginx");
    commands.push(Command::WriteFile { path: "web.yaml".into(), text: MANIFEST.into() });
    FIRST_LINES.iter().for_each(|line| typed(commands, 1, line));
    commands.extend((0..FIRST_SECONDS).map(|_| Command::Advance { dt_us: SECOND_US }));
}

fn lesson_goes_on(commands: &mut Vec<Command>, number: u64) {
    let limit_us = START_US + number * APART_US + 300 * SECOND_US;
    commands.extend((0..30).map(|_| Command::Advance { dt_us: SECOND_US }));
    commands.push(Command::Probe { id: 1, lines: PROBES.map(String::from).to_vec() });
    commands.push(Command::RunUntil { goal: Goal::Settled, limit_us, events_max: 5_000 });
    LATER_LINES.iter().for_each(|line| typed(commands, 1, line));
    commands.push(Command::Complete { terminal: 1, line: "kubectl get po".into(), cursor: 14 });
    commands.push(Command::Look(Name { kind: "Pod".into(), namespace: "default".into(), name: "web-0".into() }));
    commands.push(Command::Interrupt { terminal: WATCHING, pending: String::new() });
    frames(commands, 20);
}

fn start(number: u64, lesson: Option<&str>) -> Command {
    let files = lesson.map(|_| File { path: "web.yaml".into(), text: MANIFEST.into() });
    Command::Start(Start {
        seed: number.wrapping_mul(0x9e37_79b9) % (1 << 32),
        nodes: NODES,
        timing: "realistic".into(),
        start_us: START_US + number * APART_US,
        lesson: lesson.map(String::from),
        files: files.into_iter().collect(),
    })
}

fn frames(commands: &mut Vec<Command>, count: usize) {
    commands.extend((0..count).map(|_| Command::Advance { dt_us: FRAME_US }));
}

fn typed(commands: &mut Vec<Command>, terminal: u32, line: &str) {
    commands.push(Command::Input { terminal, text: format!("{line}\n") });
    frames(commands, 1);
    if terminal != WATCHING {
        let goal = Goal::Prompt { terminal };
        commands.push(Command::RunUntil { goal, limit_us: u64::MAX, events_max: 5_000 });
    }
}

/// Whether the answers, one a line, in hex, are those of a session that went well.
pub(crate) fn check(answers: &str) -> Outcome<()> {
    let mut shown = String::new();
    for line in answers.lines() {
        let answer: Answer = from_bytes(&bytes(line)?).map_err(in_words)?;
        for update in answer.updates {
            match update {
                Update::Output { text, .. } => shown.push_str(&text),
                Update::Refused { message } => return Err(format!("the session was refused: {message}")),
                Update::Report { text } => return Err(format!("the engine stopped: {text}")),
                _ => {}
            }
        }
    }
    match SEEN.iter().find(|text| !shown.contains(**text)) {
        Some(text) => Err(format!("the session did not show {text:?}, but:\n{shown}")),
        None => Ok(()),
    }
}

fn bytes(line: &str) -> Outcome<Vec<u8>> {
    let pairs = line.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16).map_err(in_words)).collect()
}
