//! Every variant goes out and comes back; what is not ours is refused by name.

use crate::*;

fn pod() -> PodRow {
    PodRow {
        uid: Uid::parse("0d1c9b5e-8d8f-4c2f-9d59-7bbd40a3a8e1").expect("a UID"),
        namespace: "default".into(),
        name: "web-0".into(),
        node: "node-1".into(),
        status: "CrashLoopBackOff".into(),
        state: PodState::Failing,
        ready: 0,
        containers: 2,
        restarts: 300,
        ordinal: Some(0),
        workload: Some(Owner { kind: "StatefulSet".into(), name: "web".into() }),
        revision: "web-847b47bbbc".into(),
        claims: vec![ClaimUse { name: "www-web-0".into(), mount_path: "/usr/share/nginx/html".into() }],
        ip: "10.244.1.2".into(),
        images: vec!["nginx".into()],
        created_us: 1_767_225_600_000_000,
        deletion_us: Some(u64::MAX),
        why: Why::new(Fact::ContainerWaits, ["back-off 40s"]),
        caption: Some(Caption { text: "leader".into(), serves: true, ring: Vec::new() }),
        verdicts: vec![Verdict { node: "node-1".into(), reason: "Insufficient cpu".into() }],
    }
}

fn change<R>(row: R) -> Change<R> {
    Change { changed: vec![row], removed: vec![Uid(0), Uid(u128::MAX)] }
}

fn picture() -> Picture {
    let (uid, namespace, name) = (Uid(7), String::from("default"), String::from("x"));
    let phase = ClaimPhase::Released;
    Picture {
        nodes: change(NodeRow {
            uid,
            name: name.clone(),
            status: "Ready,SchedulingDisabled".into(),
            ready: true,
            schedulable: false,
            cpu_milli: 2_000,
            memory_bytes: 4 << 30,
            cpu_requested_milli: 1,
            memory_requested_bytes: u64::MAX,
            pods_max: 110,
            taints: vec!["a=b:NoSchedule".into()],
        }),
        pods: change(pod()),
        claims: change(ClaimRow {
            uid,
            namespace: namespace.clone(),
            name: name.clone(),
            phase,
            volume: String::new(),
            capacity: "1Gi".into(),
            class: "standard".into(),
            access_modes: "RWO".into(),
            used_bytes: 12,
            why: Why::new(Fact::Claim, ["www-web-0", "waiting"]),
            files: vec![FileUse { path: "/index.html".into(), bytes: 6 }],
        }),
        volumes: change(VolumeRow {
            uid,
            name: name.clone(),
            phase,
            capacity: "1Gi".into(),
            class: "standard".into(),
            claim: "default/x".into(),
            reclaim_policy: "Delete".into(),
        }),
        workloads: change(WorkloadRow {
            uid,
            kind: "StatefulSet".into(),
            namespace: namespace.clone(),
            name: name.clone(),
            replicas: 3,
            ready: 2,
            updated: 1,
            current_revision: "a".into(),
            update_revision: "b".into(),
            why: Why::new(Fact::CreatedAfter, ["web-1", "日本語"]),
        }),
        budgets: change(BudgetRow {
            uid,
            namespace: namespace.clone(),
            name: name.clone(),
            min_available: "50%".into(),
            max_unavailable: "N/A".into(),
            allowed: 1,
            healthy: 3,
            desired_healthy: 2,
            expected: 3,
            pods: vec!["zk-0".into()],
            refused: "web-0".into(),
        }),
        services: change(ServiceRow {
            uid,
            namespace: namespace.clone(),
            name: name.clone(),
            kind: "ClusterIP".into(),
            cluster_ip: "None".into(),
            ports: "80/TCP".into(),
            endpoints: vec![Endpoint { pod: "web-0".into(), ip: "10.244.1.2".into(), ready: true }],
        }),
        events: change(EventRow {
            uid,
            namespace,
            at_us: 1,
            warning: true,
            reason: "BackOff".into(),
            object: "pod/web-0".into(),
            message: "…".into(),
            count: 9,
        }),
    }
}

fn start() -> Start {
    let files = vec![File { path: "web.yaml".into(), text: "kind: Service\n".into() }];
    Start { seed: u64::MAX, nodes: 4, timing: "realistic".into(), start_us: 5, lesson: Some("a".into()), files }
}

fn commands() -> Vec<Command> {
    let (terminal, path, text) = (1, String::from("/tmp/x"), String::from("echo '\u{0}é'\n"));
    let mut commands = vec![
        Command::Start(start()),
        Command::Restore { lines: vec!["{}".into(), String::new()], until_us: 9 },
        Command::OpenTerminal { terminal: 2 },
        Command::CloseTerminal { terminal: 2 },
        Command::Input { terminal, text: text.clone() },
        Command::Run { id: 9, terminal, text: text.clone(), limit_us: u64::MAX },
        Command::Watch { id: 3, resource: "pods".into(), namespace: Some("default".into()) },
        Command::Unwatch { id: 3 },
        Command::Interrupt { terminal, pending: "kub".into() },
        Command::Eof { terminal },
        Command::Complete { terminal, line: "kubectl ge".into(), cursor: 10 },
        Command::Probe { id: 7, lines: vec!["kubectl get pods".into()] },
        Command::EditorResult { terminal, path: path.clone(), text: Some(text.clone()) },
        Command::EditorResult { terminal, path: path.clone(), text: None },
        Command::WriteFile { path, text },
        Command::Advance { dt_us: 16_000 },
    ];
    for goal in [Goal::NextEvent, Goal::Settled, Goal::Prompt { terminal }, Goal::Limit] {
        commands.push(Command::RunUntil { goal, limit_us: u64::MAX, events_max: 5_000 });
    }
    commands
}

fn updates() -> Vec<Update> {
    let terminal = 1;
    let mut updates = vec![
        Update::Output { terminal, stream: Stream::Stdout, text: "a\n".into() },
        Update::Output { terminal, stream: Stream::Stderr, text: "b".into() },
        Update::Clear { terminal },
        Update::Completions {
            terminal,
            line: "kubectl ge".into(),
            from: 8,
            candidates: vec![Candidate { text: "get ".into(), note: "verb".into() }],
        },
        Update::Probed { id: 7, answers: vec![Probed { stdout: "web-0\n".into(), ok: true }] },
        Update::Clock { now_us: 3 },
        Update::Reached { goal: Goal::Settled, is_met: true },
        Update::Ran { id: 9, stdout: "a\n".into(), stderr: String::new(), status: Some(0) },
        Update::Watched {
            id: 3,
            events: vec![r#"{"type":"ADDED"}"#.into()],
            refused: Some(Refusal { reason: "Expired".into(), message: "too old".into() }),
        },
        Update::Journal { at_us: 3, line: Header::of(&start()).to_line() },
        Update::Picture(Box::new(picture())),
        Update::OpenEditor { terminal, path: "web.yaml".into(), text: "x".into() },
        Update::Refused { message: "no".into() },
        Update::Report { text: "panicked".into() },
    ];
    for mode in [Mode::Shell, Mode::More, Mode::Program, Mode::Busy, Mode::Closed] {
        updates.push(Update::Prompt { terminal, mode, prompt: "$ ".into() });
        updates.push(Update::Echo { terminal, mode, prompt: "$ ".into(), text: "ls".into() });
    }
    updates
}

#[test]
fn every_command_comes_back() {
    for (index, command) in commands().into_iter().enumerate() {
        let request = Request { sequence: index as u64, command };
        assert_eq!(from_bytes(&to_bytes(&request)), Ok(request));
    }
}

#[test]
fn every_update_comes_back() {
    let answer = Answer { sequence: u64::MAX, updates: updates() };
    assert_eq!(from_bytes(&to_bytes(&answer)), Ok(answer));
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    let bytes = to_bytes(&Request { sequence: 1, command: Command::Advance { dt_us: 5 } });
    let of_version = |version: u8| [&[version], &bytes[1..]].concat();
    let read = |bytes: &[u8]| from_bytes::<Request>(bytes).map(|_| ());
    assert_eq!(read(&[]), Err(DecodeError::Empty));
    assert_eq!(read(&of_version(VERSION + 1)), Err(DecodeError::Version { found: VERSION + 1 }));
    assert_eq!(read(&of_version(0)), Err(DecodeError::Version { found: 0 }));
    assert_eq!(read(&[&bytes[..], &[0, 0]].concat()), Err(DecodeError::Trailing { bytes: 2 }));
    for cut in 1..bytes.len() {
        assert!(matches!(read(&bytes[..cut]), Err(DecodeError::Malformed { .. })), "cut at {cut}");
    }
    assert!(matches!(read(&[VERSION, 1, 255, 0]), Err(DecodeError::Malformed { .. })), "an unknown variant");
}

#[test]
fn bytes_that_were_tampered_with_never_panic() {
    let bytes = to_bytes(&Answer { sequence: 1, updates: updates() });
    for index in 1..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[index] ^= flip;
            let _ = from_bytes::<Answer>(&changed);
        }
    }
}

#[test]
fn a_quiet_frame_is_a_few_bytes() {
    let quiet = Answer { sequence: 100_000, updates: vec![Update::Clock { now_us: 1_767_225_600_000_000 }] };
    assert!(to_bytes(&quiet).len() <= 16, "{}", to_bytes(&quiet).len());
    let nodes = Picture { pods: Change { changed: vec![pod()], removed: vec![] }, ..Picture::default() };
    let one_pod = Answer { sequence: 1, updates: vec![Update::Picture(Box::new(nodes))] };
    assert!(to_bytes(&one_pod).len() <= 256, "{}", to_bytes(&one_pod).len());
}

#[test]
fn uids_read_and_print() {
    let text = "0d1c9b5e-8d8f-4c2f-9d59-7bbd40a3a8e1";
    assert_eq!(Uid::parse(text).map(|uid| uid.to_string()).as_deref(), Some(text));
    assert_eq!(Uid(0).to_string(), "00000000-0000-0000-0000-000000000000");
    for wrong in ["", "0d1c9b5e8d8f4c2f9d597bbd40a3a8e1", "0d1c9b5e-8d8f-4c2f-9d59-7bbd40a3a8eg", "é-8d8f-4c2f-9d59-7"]
    {
        assert_eq!(Uid::parse(wrong), None, "{wrong}");
    }
}

fn acts() -> Vec<Input> {
    let file = File { path: "a".into(), text: "b".into() };
    vec![
        Input::Text("kubectl get pods\n".into()),
        Input::Act(Act::Interrupt("kub".into())),
        Input::Act(Act::Eof {}),
        Input::Act(Act::Open {}),
        Input::Act(Act::Close {}),
        Input::Act(Act::Edited { path: "web.yaml".into(), text: None }),
        Input::Act(Act::Edited { path: "web.yaml".into(), text: Some("\"\n".into()) }),
        Input::Act(Act::File(file)),
    ]
}

#[test]
fn a_journal_comes_back() {
    let entries: Vec<Entry> =
        acts().into_iter().enumerate().map(|(at, input)| Entry { t_us: at as u64, terminal: 1, input }).collect();
    let lines: Vec<String> =
        [Header::of(&start()).to_line()].into_iter().chain(entries.iter().map(Entry::to_line)).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')), "one line each");
    assert_eq!(Entry::read_all(lines.iter().map(String::as_str)), Ok((start(), entries)));
}

#[test]
fn typed_lines_stand_in_the_journal_as_they_were_typed() {
    let entry = Entry { t_us: 3, terminal: 1, input: Input::Text("ls\n".into()) };
    assert_eq!(entry.to_line(), r#"{"t_us":3,"terminal":1,"input":"ls\n"}"#);
}

#[test]
fn what_is_no_journal_is_refused_with_its_line() {
    let header = Header::of(&start()).to_line();
    let read = |lines: &[&str]| Entry::read_all(lines.iter().copied()).expect_err("refused");
    assert_eq!(read(&[]), JournalError::Empty);
    assert_eq!(read(&[r#"{"v":2,"new":1}"#]), JournalError::Version { found: 2 });
    for (lines, line) in [(vec!["{"], 1), (vec![&header, "", "nonsense"], 3), (vec![&header, r#"{"t_us":-1}"#], 2)] {
        assert!(matches!(read(&lines), JournalError::Line { line: at, .. } if at == line), "{lines:?}");
    }
}
