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
}

impl Page {
    fn begin(first: Command) -> Page {
        let mut conductor = Conductor::new(Pace::Speed(1));
        conductor.greeted();
        conductor.push(first);
        let state = Rc::new(State::new(Language::En, Pace::Speed(1), Panes::default()));
        let mut page = Page { engine: Engine::default(), conductor, state, journal: Vec::new() };
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
            let pace = self.conductor.pace();
            let outcome = Outcome::Frame { reset, updates: answer.updates, pace, unkept: false, start_us: 0 };
            self.state = Rc::clone(&self.state).reduce(Action::Driver(outcome));
            reset = false;
        }
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
