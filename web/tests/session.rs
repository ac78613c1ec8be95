//! Page and engine together on one thread, over bytes, without a browser: what the reader does comes back on the screen,
//! and a replay of the journal gives the same screen.

use std::rc::Rc;

use ordinal_web::driver::{Conductor, Outcome, Pace};
use ordinal_web::engine::Engine;
use ordinal_web::i18n::Language;
use ordinal_web::store::{Action, Panes, State, Terminal};
use view::{Answer, Command, Start, Update, from_bytes, to_bytes};
use yew::Reducible;

/// The driver's work, by hand.
struct Page {
    engine: Engine,
    conductor: Conductor,
    state: Rc<State>,
    journal: Vec<String>,
    heard: Vec<Update>,
}

impl Page {
    fn begin(first: Command) -> Page {
        let mut conductor = Conductor::new(Pace::Speed(1));
        conductor.greeted();
        conductor.push(first);
        let state = Rc::new(State::new(Language::En, Pace::Speed(1), Panes::default()));
        let mut page = Page { engine: Engine::default(), conductor, state, journal: Vec::new(), heard: Vec::new() };
        page.settle(true);
        page
    }

    fn send(&mut self, command: Command) {
        self.conductor.push(command);
        self.settle(false);
    }

    fn frames(&mut self, count: u32) {
        for _ in 0..count {
            self.conductor.frame(16_000);
            self.settle(false);
        }
    }

    fn settle(&mut self, mut reset: bool) {
        while let Some(request) = self.conductor.next_request() {
            let answer: Answer = from_bytes(&self.engine.answer(&to_bytes(&request))).expect("an answer of this build");
            assert_eq!(answer.sequence, request.sequence);
            self.conductor.answered(&answer);
            for update in &answer.updates {
                if let Update::Journal { line, .. } = update {
                    self.journal.push(line.clone());
                }
            }
            self.heard.extend(answer.updates.iter().cloned());
            let pace = self.conductor.pace();
            let outcome = Outcome::Frame { reset, updates: answer.updates, pace, unkept: false, start_us: 0 };
            self.state = Rc::clone(&self.state).reduce(Action::Driver(outcome));
            reset = false;
        }
    }

    fn run(&mut self, id: u32, text: &str, limit_us: u64) {
        self.send(Command::Run { id, terminal: 1, text: format!("{text}\n"), limit_us });
    }

    /// What runs have come to, by their numbers, in the order of their ends.
    fn ran(&self) -> Vec<(u32, &str, &str, Option<i32>)> {
        let ran = |update| match update {
            &Update::Ran { id, ref stdout, ref stderr, status } => Some((id, stdout.as_str(), stderr.as_str(), status)),
            _ => None,
        };
        self.heard.iter().filter_map(ran).collect()
    }

    fn screen(&self) -> String {
        let terminal: &Terminal = &self.state.terminals[&1];
        let lines = terminal.chunks.iter().flat_map(|chunk| chunk.runs.iter());
        lines.chain(&terminal.tail).map(|run| run.text.as_str()).chain([terminal.prompt.as_str()]).collect()
    }
}

fn start() -> Start {
    Start {
        seed: 7,
        nodes: 4,
        timing: "realistic".into(),
        start_us: 1_767_225_600_000_000,
        lesson: None,
        files: Vec::new(),
    }
}

fn input(text: &str) -> Command {
    Command::Input { terminal: 1, text: text.into() }
}

#[test]
fn a_new_session_has_nodes_a_prompt_and_a_header() {
    let page = Page::begin(Command::Start(start()));
    assert_eq!(page.state.picture.nodes.len(), 4);
    assert!(page.state.ready && !page.screen().is_empty());
    assert_eq!(page.journal.len(), 1);
    assert_eq!(page.state.now_us, start().start_us);
}

#[test]
fn a_replay_gives_the_same_screen() {
    let mut page = Page::begin(Command::Start(start()));
    page.frames(5);
    page.send(input("nothing-of-this-name\n"));
    page.frames(200);
    page.send(input("also-nothing\n"));
    page.frames(200);
    assert!(page.screen().contains("nothing-of-this-name"), "{}", page.screen());
    let until_us = page.conductor.now_us();
    let again = Page::begin(Command::Restore { lines: page.journal.clone(), until_us });
    assert_eq!(again.screen(), page.screen());
    assert_eq!(again.journal, page.journal);
    assert_eq!(again.state.now_us, page.state.now_us);
}

#[test]
fn bytes_of_another_version_are_refused_and_nothing_is_harmed() {
    let mut engine = Engine::default();
    for bytes in [&[][..], &[0], &[255, 1, 2, 3], &[1]] {
        let answer: Answer = from_bytes(&engine.answer(bytes)).expect("an answer");
        assert!(matches!(answer.updates.as_slice(), [Update::Refused { .. }]), "{answer:?}");
    }
    let request = view::Request { sequence: 1, command: input("ls\n") };
    let answer: Answer = from_bytes(&engine.answer(&to_bytes(&request))).expect("an answer");
    assert!(matches!(answer.updates.as_slice(), [Update::Refused { .. }]), "no session yet: {answer:?}");
}

#[test]
fn an_inner_shell_reads_what_is_typed() {
    let mut page = Page::begin(Command::Start(start()));
    page.send(input("kubectl run -i --tty --image busybox:1.28 dns-test --restart=Never --rm\n"));
    page.frames(1_000);
    assert!(page.screen().ends_with("\n/ # "), "{}", page.screen());
    page.send(input("hostname\n"));
    page.frames(100);
    assert!(page.screen().contains("/ # hostname\ndns-test\n"), "{}", page.screen());
    page.send(input("exit\n"));
    page.frames(1_000);
    assert!(page.screen().ends_with("pod \"dns-test\" deleted from default namespace\n$ "), "{}", page.screen());
}

#[test]
fn a_run_answers_with_what_the_reader_sees_and_what_comes_meanwhile_waits() {
    let mut page = Page::begin(Command::Start(start()));
    page.run(1, "echo one; sleep 2; echo two >&2; false", u64::MAX);
    page.run(2, "cat <<E\na b\nE", u64::MAX);
    page.send(input("echo typed\n"));
    assert_eq!(page.ran(), [], "it takes two seconds");
    page.frames(300);
    assert_eq!(page.ran(), [(1, "one\n", "two\n", Some(1)), (2, "a b\n", "", Some(0))]);
    let lines: Vec<String> = page.screen().lines().map(str::to_owned).collect();
    assert!(lines.contains(&"typed".to_owned()) && lines.contains(&"$ cat <<E".to_owned()), "{lines:?}");
    let until_us = page.conductor.now_us();
    let again = Page::begin(Command::Restore { lines: page.journal.clone(), until_us });
    assert_eq!(again.screen(), page.screen());
}

#[test]
fn a_run_that_does_not_end_by_itself_is_ended() {
    let mut page = Page::begin(Command::Start(start()));
    page.run(1, "echo 'open", u64::MAX);
    page.run(2, "sleep 1000", 3_000_000);
    page.frames(400);
    page.run(3, "sleep 1000", u64::MAX);
    page.send(Command::Interrupt { terminal: 1, pending: String::new() });
    page.run(4, "exit 3", u64::MAX);
    page.run(5, "echo never", u64::MAX);
    page.frames(10);
    let ended: Vec<(u32, Option<i32>)> = page.ran().iter().map(|&(id, _, _, status)| (id, status)).collect();
    assert_eq!(ended, [(1, Some(2)), (2, Some(124)), (3, Some(130)), (4, Some(3)), (5, None)]);
    assert!(page.ran()[0].2.contains("unexpected end of the command"));
    page.send(Command::Run { id: 6, terminal: 9, text: "true\n".into(), limit_us: 0 });
    assert_eq!(page.ran().last(), Some(&(6, "", "", None)), "there is no such terminal");
}

#[test]
fn a_watch_tells_what_happens_until_it_is_ended() {
    let mut page = Page::begin(Command::Start(start()));
    let watch =
        |id, resource: &str| Command::Watch { id, resource: resource.into(), namespace: Some("default".into()) };
    page.send(watch(1, "secret"));
    page.send(watch(2, "foos"));
    page.run(1, "kubectl create secret generic one; kubectl create secret generic two -n kube-public", u64::MAX);
    page.frames(100);
    page.send(Command::Unwatch { id: 1 });
    page.run(2, "kubectl delete secret one", u64::MAX);
    page.frames(100);
    assert_eq!(page.ran().len(), 2);
    let told: Vec<(u32, usize, Option<&str>)> = page
        .heard
        .iter()
        .filter_map(|update| match update {
            Update::Watched { id, events, refused } => {
                assert!(events.iter().all(|event| event.starts_with(r#"{"type":"ADDED","object":{"apiVersion":"v1""#)));
                Some((*id, events.len(), refused.as_ref().map(|why| why.reason.as_str())))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, [(2, 0, Some("UnknownResource")), (1, 1, None)]);
    (10..=10 + view::WATCHES_MAX as u32).for_each(|id| page.send(watch(id, "pods")));
    let last = page.heard.iter().rev().find(|update| matches!(update, Update::Watched { .. }));
    assert!(matches!(last, Some(Update::Watched { refused: Some(why), .. }) if why.reason == "Refused"), "{last:?}");
}
