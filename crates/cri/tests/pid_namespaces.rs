//! Which processes containers of one sandbox see, and what becomes of those that share a namespace.

use std::net::Ipv4Addr;

use cri::sandbox::Ended;
use cri::{
    NewContainer, NewProcess, PidNamespace, Process, Sandbox, Sessions, Signal, System, Terminal, Tree, Volumes, World,
};
use shell::{ProcessIo, Progress};
use sim::Time;

const NOW: Time = Time::HEADLESS_START;

/// Waits; before that it may send a signal.
#[derive(Clone)]
struct Waiting {
    kills: Option<(u32, Signal)>,
}

impl Process for Waiting {
    fn step(&mut self, _io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        system.kills.extend(self.kills.take());
        Progress::Blocked { wake: None }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn process(command: &str, kills: Option<(u32, Signal)>) -> NewProcess {
    NewProcess {
        process: Box::new(Waiting { kills }),
        command: command.into(),
        uid: 0,
        gid: 0,
        terminal: Terminal::default(),
        stdin_is_open: false,
        session: None,
    }
}

/// A sandbox with one container per namespace; the commands are `c0`, `c1`, ….
fn sandbox(namespaces: &[PidNamespace]) -> Sandbox {
    let mut sandbox = Sandbox::new(Ipv4Addr::LOCALHOST, 0);
    sandbox.grow(namespaces.len());
    for (at, &pids) in namespaces.iter().enumerate() {
        let new =
            NewContainer { root: Tree::default(), mounts: [].into(), hostname: "pod".into(), fs_group: None, pids };
        with_world(|world| sandbox.start(at, new, process(&format!("c{at}"), None), world));
    }
    sandbox
}

fn with_world<T>(act: impl FnOnce(&mut World<'_>) -> T) -> T {
    act(&mut World { now: NOW, volumes: &mut Volumes::default(), sessions: &mut Sessions::new() })
}

fn seen(sandbox: &Sandbox, at: usize) -> Vec<String> {
    sandbox.table(at).iter().map(|row| format!("{} {}", row.pid, row.command)).collect()
}

#[test]
fn a_container_sees_those_of_its_namespace() {
    let own = PidNamespace::Container;
    let sandbox = sandbox(&[own(0), own(1), own(0)]);
    assert_eq!(seen(&sandbox, 0), ["1 c0", "7 c2"]);
    assert_eq!(seen(&sandbox, 1), ["1 c1"]);
    assert_eq!(seen(&sandbox, 2), ["1 c0", "7 c2"]);
    assert_eq!((sandbox.next_pid(2), sandbox.next_pid(1)), (8, 7));
}

#[test]
fn in_the_pods_namespace_the_first_is_the_pause_process() {
    let sandbox = sandbox(&[PidNamespace::Pod, PidNamespace::Pod]);
    assert_eq!(seen(&sandbox, 1), ["1 /pause", "7 c0", "8 c1"]);
}

#[test]
fn with_the_first_process_of_a_namespace_all_others_end() {
    let own = PidNamespace::Container;
    let mut sandbox = sandbox(&[own(0), own(1), own(0)]);
    with_world(|world| sandbox.end_container(2, 3, world));
    assert_eq!(sandbox.container(0).and_then(|container| container.ended()), None, "a guest may go");
    let mut sandbox = self::sandbox(&[own(0), own(1), own(0)]);
    with_world(|world| sandbox.end_container(0, 3, world));
    let ended = |at: usize| sandbox.container(at).and_then(|container| container.ended());
    assert_eq!(ended(0), Some(Ended { code: 3, at: NOW }));
    assert_eq!(ended(1), None);
    assert_eq!(ended(2), Some(Ended { code: 137, at: NOW }));
    let mut sandbox = self::sandbox(&[PidNamespace::Pod, PidNamespace::Pod]);
    with_world(|world| sandbox.end_container(0, 0, world));
    assert_eq!(sandbox.container(1).and_then(|container| container.ended()), None, "the pause process is the first");
}

#[test]
fn a_signal_reaches_what_is_seen() {
    let own = PidNamespace::Container;
    let check = |namespaces: &[PidNamespace], pid: u32, expect: [bool; 2]| {
        let mut sandbox = sandbox(namespaces);
        sandbox.exec(1, process("kill", Some((pid, Signal::Term))), NOW).expect("it runs");
        with_world(|world| sandbox.run(world));
        let runs = [0, 1].map(|at| sandbox.container(at).is_some_and(|container| container.ended().is_none()));
        assert_eq!(runs, expect, "{namespaces:?} {pid}");
    };
    check(&[own(0), own(0)], 7, [true, false]);
    check(&[own(0), own(0)], 1, [true, true]);
    check(&[own(0), own(1)], 1, [true, true]);
    check(&[PidNamespace::Pod, PidNamespace::Pod], 7, [false, true]);
}
