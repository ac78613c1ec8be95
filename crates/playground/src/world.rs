//! A cluster with terminals and files, in virtual time.

use ordered::OrderedMap;

use cluster::{Cluster, Progress};
use shell::fs::{Caller, Fs, Tree};
use shell::{Config, InputTooLong, Machine, MoreInput, Output, Start, Status};
use sim::{Span, Time};

use crate::browser::{Browser, Page};
use crate::files::UID;
use crate::host::TerminalHost;
use crate::program::Program;
use crate::web;

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster.
    pub cluster: cluster::Options,
    /// Files of the learner: path (relative to the home directory, or absolute) and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Whether somebody can open an editor. Without, `kubectl edit` needs `KUBE_EDITOR`.
    pub has_editor: bool,
}

/// A file that a program wants the reader to edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Editing {
    /// Nobody has opened it yet.
    Wanted {
        /// The terminal whose program waits.
        terminal: u32,
    },
    /// The reader has it.
    Open {
        /// The terminal whose program waits.
        terminal: u32,
    },
    /// The reader is done with it.
    Closed {
        /// The editor's exit code.
        code: i32,
    },
}

/// A terminal: a shell with what it runs, and what it has put out.
#[derive(Clone)]
pub struct Terminal {
    machine: Machine<Program>,
    status: Status,
    output: Vec<(Time, Output)>,
    /// Turns in a row that did not suffice.
    busy_turns: u32,
    /// A busy shell has had its turn until then.
    rests_until: Time,
}

impl Terminal {
    /// Notes how a turn at `now` ended.
    fn turned(&mut self, status: Status, now: Time) {
        self.status = status;
        self.busy_turns = if status == Status::OutOfBudget { self.busy_turns.saturating_add(1) } else { 0 };
        self.rests_until = if status == Status::OutOfBudget { now + busy_pause(self.busy_turns) } else { now };
    }

    /// Lets the shell have its next turn at once: there is something new for it.
    fn rouse(&mut self) {
        self.busy_turns = 0;
        self.rests_until = Time(0);
    }
}

fn busy_pause(turns: u32) -> Span {
    let doublings = turns.saturating_sub(BUSY_TURNS).min(16);
    Span(BUSY.0 << doublings).min(BUSY_MAX)
}

/// The world. It is `Clone`: a checkpoint is a clone.
#[derive(Clone)]
pub struct World {
    cluster: Cluster,
    fs: Tree,
    terminals: OrderedMap<u32, Terminal>,
    editors: OrderedMap<String, Editing>,
    /// Terminals in which a kubectl runs, and whether it has taken the terminal for itself.
    kubectls: OrderedMap<u32, Holding>,
    has_editor: bool,
    browser: Browser,
    start: Time,
}

/// Whether a running kubectl reads what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    /// It passes on what is typed to a container.
    Terminal,
    /// It reads nothing.
    Nothing,
}

/// The home directory.
pub const HOME: &str = "/home/user";
/// Files that [`World::files`] tells of at most.
const FILES_LISTED_MAX: usize = 500;
/// Bytes that all files together may take.
const FILES_BYTES_MAX: u64 = 64 << 20;
/// Small steps of a shell at one instant. A shell that needs more (`while true; do :; done`) goes on later, so that time
/// passes and everyone else lives on.
const STEP_BUDGET: u64 = 10_000;
/// The pause of a busy shell, for the first [`BUSY_TURNS`] turns; it then doubles up to [`BUSY_MAX`]. A loop without end
/// costs little then, however much virtual time passes.
const BUSY: Span = Span::from_millis(10);
const BUSY_TURNS: u32 = 100;
const BUSY_MAX: Span = Span::from_seconds(1);
/// How often terminals can answer one another within one instant.
const ROUNDS_MAX: usize = 16;

impl World {
    /// A new world at its first instant, without terminals.
    pub fn new(options: &Options) -> World {
        let start = options.cluster.start;
        let mut world = World {
            cluster: Cluster::new(&options.cluster),
            fs: Tree::new(FILES_BYTES_MAX),
            terminals: OrderedMap::new(),
            editors: OrderedMap::new(),
            kubectls: OrderedMap::new(),
            has_editor: options.has_editor,
            browser: Browser::default(),
            start,
        };
        world.place_directories();
        for (path, bytes) in &options.files {
            // A file that has no room or a bad name is left out: the shell says so when it is asked for.
            let _left_out = world.write_file(path, bytes).is_err();
        }
        world
    }

    /// The files of a new session that names none: the tutorials' manifests.
    pub fn tutorial_files() -> Vec<(String, Vec<u8>)> {
        web::tutorial_files().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn place_directories(&mut self) {
        const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n";
        const GROUP: &[u8] = b"root:x:0:\nuser:x:1000:\n";
        const EMPTY: &str = "a new file system has room for its first files";
        let root = Caller::root(self.start);
        for (path, mode) in [("/tmp", 0o1777), ("/home", 0o755), (HOME, 0o755)] {
            self.fs.place_directory(path, mode, root).expect(EMPTY);
        }
        self.fs.chown(HOME, UID, UID, root).expect(EMPTY);
        self.fs.place("/etc/passwd", PASSWD, 0o644, root).expect(EMPTY);
        self.fs.place("/etc/group", GROUP, 0o644, root).expect(EMPTY);
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }

    /// The first instant.
    pub fn start(&self) -> Time {
        self.start
    }

    /// The cluster, to look at.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The cluster, for a client that is not a terminal.
    pub fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// Puts a file into the learner's file system.
    ///
    /// # Errors
    /// If there is no room, or the path is that of a directory.
    pub fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<(), shell::fs::FsError> {
        let caller = Caller { uid: UID, gid: UID, now: self.now() };
        let path = shell::fs::normalise(HOME, path);
        let parents: Vec<usize> = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at).collect();
        for at in parents {
            if !self.fs.exists(&path[..at], caller) {
                self.fs.mkdir(&path[..at], caller)?;
            }
        }
        self.fs.write(&path, bytes, caller)
    }

    /// The content of a file.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, shell::fs::FsError> {
        let caller = Caller { uid: UID, gid: UID, now: self.now() };
        Ok(self.fs.read(&shell::fs::normalise(HOME, path), caller)?.to_vec())
    }

    /// The files of the learner's home directory, relative to it, at most [`FILES_LISTED_MAX`], in order.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_files(HOME, &mut found);
        found
    }

    fn collect_files(&self, folder: &str, found: &mut Vec<String>) {
        let caller = Caller { uid: UID, gid: UID, now: self.now() };
        for entry in self.fs.list(folder, caller).unwrap_or_default() {
            let path = format!("{folder}/{}", entry.name);
            if entry.metadata.is_directory() {
                self.collect_files(&path, found);
            } else if found.len() < FILES_LISTED_MAX {
                found.push(path[HOME.len() + 1..].to_owned());
            }
        }
    }

    /// Opens a terminal with a shell of its own; an open one of this number is replaced.
    pub fn open_terminal(&mut self, terminal: u32, config: Config, start: Start) {
        let machine = Machine::new(config, start);
        let status = Status::OutOfBudget;
        self.terminals
            .insert(terminal, Terminal { machine, status, output: Vec::new(), busy_turns: 0, rests_until: Time(0) });
    }

    /// Closes a terminal with all that runs in it.
    pub fn close_terminal(&mut self, terminal: u32) {
        self.terminals.remove(&terminal);
    }

    /// Gives a terminal's shell a script to run, before anything else it would do.
    ///
    /// # Errors
    /// If the script is too long.
    pub fn run(&mut self, terminal: u32, script: &str) -> Result<(), InputTooLong> {
        self.machine(terminal).map_or(Ok(()), |machine| machine.run(script))
    }

    /// Types bytes into a terminal, for whoever reads it.
    ///
    /// # Errors
    /// If too much waits already.
    pub fn feed(&mut self, terminal: u32, bytes: &[u8]) -> Result<(), InputTooLong> {
        self.machine(terminal).map_or(Ok(()), |machine| machine.feed(bytes))
    }

    /// Replaces what waits on a terminal's standard input.
    pub fn set_stdin(&mut self, terminal: u32, bytes: &[u8], more: MoreInput) {
        if let Some(machine) = self.machine(terminal) {
            machine.set_stdin(bytes, more);
        }
    }

    /// Ctrl-D.
    pub fn eof(&mut self, terminal: u32) {
        if let Some(machine) = self.machine(terminal) {
            machine.eof();
        }
    }

    /// The exit status of the last command of a terminal's shell.
    pub fn last_status(&self, terminal: u32) -> i32 {
        self.terminals.get(&terminal).map_or(0, |terminal| terminal.machine.last_status())
    }

    /// Whether a terminal's shell waits for a command.
    pub fn is_at_prompt(&self, terminal: u32) -> bool {
        self.terminals.get(&terminal).is_some_and(|terminal| terminal.machine.is_at_prompt())
    }

    /// Whether a program in the foreground of a terminal reads what is typed: an inner shell, `cat`.
    pub fn reads_terminal(&self, terminal: u32) -> bool {
        let waits_for_input = matches!(self.status(terminal), Some(Status::Blocked { wake: None }));
        match self.kubectls.get(&terminal) {
            Some(Holding::Terminal) => true,
            Some(Holding::Nothing) => false,
            None => waits_for_input && self.editors.is_empty(),
        }
    }

    /// The prompt of a terminal's shell.
    pub fn prompt(&self, terminal: u32) -> String {
        self.terminals.get(&terminal).map(|terminal| terminal.machine.prompt()).unwrap_or_default()
    }

    /// The working directory of a terminal's shell.
    pub fn cwd(&self, terminal: u32) -> &str {
        self.terminals.get(&terminal).map_or(HOME, |terminal| terminal.machine.cwd())
    }

    fn machine(&mut self, terminal: u32) -> Option<&mut Machine<Program>> {
        let terminal = self.terminals.get_mut(&terminal)?;
        // Whoever asks for the machine has something for it.
        terminal.rouse();
        Some(&mut terminal.machine)
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, terminal: u32) {
        if let Some(terminal) = self.terminals.get_mut(&terminal) {
            terminal.rouse();
        }
        self.with_host(terminal, |machine, host| machine.interrupt(host));
    }

    /// What Tab offers.
    pub fn complete(&mut self, terminal: u32, line: &str, cursor: usize) -> Option<shell::Completions> {
        self.with_host(terminal, |machine, host| machine.complete(line, cursor, host))
    }

    /// What a terminal has put out since the last call, with the instants.
    pub fn take_output(&mut self, terminal: u32) -> Vec<(Time, Output)> {
        self.terminals.get_mut(&terminal).map(|terminal| std::mem::take(&mut terminal.output)).unwrap_or_default()
    }

    /// Puts back what [`World::take_output`] took, before anything newer.
    pub(crate) fn keep_output(&mut self, terminal: u32, output: Vec<(Time, Output)>) {
        if let Some(terminal) = self.terminals.get_mut(&terminal) {
            terminal.output.splice(0..0, output);
        }
    }

    /// How a terminal's shell stands.
    pub fn status(&self, terminal: u32) -> Option<Status> {
        self.terminals.get(&terminal).map(|terminal| terminal.status)
    }

    /// The numbers of the open terminals.
    pub fn terminals(&self) -> Vec<u32> {
        self.terminals.keys().copied().collect()
    }

    /// The files that programs want edited, and that nobody has opened yet; they count as open from now on.
    pub fn open_editors(&mut self) -> Vec<(u32, String)> {
        let mut opened = Vec::new();
        for (path, editing) in self.editors.iter_mut() {
            if let Editing::Wanted { terminal } = *editing {
                *editing = Editing::Open { terminal };
                opened.push((terminal, path.clone()));
            }
        }
        opened
    }

    /// The reader has closed the editor of a file; `text` is what was saved, if anything.
    pub fn close_editor(&mut self, path: &str, text: Option<&str>) {
        let saved = text.map_or(Ok(()), |text| self.write_file(path, text.as_bytes()));
        if let Some(editing) = self.editors.get_mut(path) {
            *editing = Editing::Closed { code: i32::from(saved.is_err()) };
        }
    }

    /// Lets every terminal do what it can at this instant.
    pub fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let seen = |world: &World| (world.cluster.server().revision(), world.cluster.outside.arrived());
            let before = seen(self);
            for terminal in self.terminals() {
                self.step_terminal(terminal);
            }
            self.step_browser();
            if seen(self) == before {
                return;
            }
        }
    }

    /// When something happens next by itself: in the cluster or in a terminal.
    pub fn next_at(&self) -> Option<Time> {
        let now = self.now();
        let wakes = self.terminals.values().filter_map(|terminal| match terminal.status {
            Status::Idle { wake } | Status::Blocked { wake } => wake,
            Status::OutOfBudget => Some(terminal.rests_until),
            Status::Exited(_) => None,
        });
        wakes.chain(self.browser.deadline()).chain(self.cluster.next_event_at()).min().map(|at| at.max(now))
    }

    /// Moves on to the next instant at which something happens, if that is not after `limit`. Answers whether it did.
    pub fn step(&mut self, limit: Time) -> bool {
        self.settle();
        let Some(at) = self.next_at().filter(|at| *at <= limit) else { return false };
        while self.cluster.advance_to(at, usize::MAX) == Progress::OutOfBudget {}
        self.settle();
        true
    }

    /// Moves the clock to `to`, in at most `steps_max` steps.
    pub fn advance_to(&mut self, to: Time, steps_max: usize) -> Progress {
        for _ in 0..steps_max {
            if !self.step(to) {
                while self.cluster.advance_to(to, usize::MAX) == Progress::OutOfBudget {}
                self.settle();
                return Progress::Reached;
            }
        }
        Progress::OutOfBudget
    }

    /// Asks the little browser for a page: an address, or a reference in the page `base`. `form` is what a form sends.
    pub fn browse(&mut self, visit: u32, address: &str, base: &str, form: Option<String>) {
        self.browser.go(visit, address, base, form);
    }

    /// The little browser.
    pub fn browser(&mut self) -> &mut Browser {
        &mut self.browser
    }

    /// The pages that the little browser has had since the last time.
    pub fn take_pages(&mut self) -> Vec<Page> {
        self.browser.take_pages()
    }

    fn step_browser(&mut self) {
        let caller = Caller { uid: UID, gid: UID, now: self.now() };
        self.browser.step(&mut self.cluster, &mut self.fs, caller);
    }

    fn step_terminal(&mut self, number: u32) {
        let now = self.now();
        if self.terminals.get(&number).is_some_and(|terminal| terminal.rests_until > now) {
            return;
        }
        self.kubectls.remove(&number);
        let stepped = self.with_host(number, |machine, host| {
            let status = machine.step(host, STEP_BUDGET);
            (status, machine.take_output())
        });
        if let (Some((status, output)), Some(terminal)) = (stepped, self.terminals.get_mut(&number)) {
            terminal.turned(status, now);
            terminal.output.extend(output.into_iter().map(|output| (now, output)));
        }
    }

    fn with_host<T>(
        &mut self,
        number: u32,
        action: impl FnOnce(&mut Machine<Program>, &mut TerminalHost<'_>) -> T,
    ) -> Option<T> {
        let World { cluster, fs, terminals, editors, kubectls, has_editor, browser, .. } = self;
        let terminal = terminals.get_mut(&number)?;
        let mut host =
            TerminalHost { cluster, fs, editors, kubectls, has_editor: *has_editor, terminal: number, browser };
        Some(action(&mut terminal.machine, &mut host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(script: &str) -> World {
        let timing = cluster::timing::named("recorded").expect("it is built in");
        let cluster = cluster::Options { nodes: 1, seed: 1, timing, start: Time::HEADLESS_START };
        let mut world = World::new(&Options { cluster, files: Vec::new(), has_editor: false });
        world.open_terminal(0, Config::terminal(), Start::Commands);
        world.run(0, script).expect("it is short");
        world
    }

    #[test]
    fn an_endless_loop_costs_little_however_long_it_runs() {
        let mut world = world("while true; do :; done");
        let limit = world.now() + Span::from_seconds(600);
        let mut steps = 0;
        while world.step(limit) {
            steps += 1;
        }
        assert!(steps < 2_000, "{steps}");
        world.interrupt(0);
        world.settle();
        assert!(world.is_at_prompt(0));
        assert_eq!(world.last_status(0), 130);
    }

    #[test]
    fn a_long_script_comes_to_its_end() {
        let mut world = world("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo $i");
        let limit = world.now() + Span::from_seconds(60);
        while world.step(limit) {}
        let output = world.take_output(0);
        assert!(output.iter().any(|(_, output)| *output == Output::Stdout(b"30000\n".to_vec())), "{output:?}");
    }
}
