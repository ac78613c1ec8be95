//! What surrounds the shell of a terminal: kubectl, curl, editors, the learner's files, the cluster's time.

use ordered::OrderedMap;

use api::Str;
use cluster::Cluster;
use cri::{ProcessId, Spawn};
use kubectl::complete::complete;
use kubectl::{Context, Env, Input, Kubectl, Step, Warnings};
use shell::fs::{Caller, Fs, Tree, normalise};
use shell::{
    Candidate, Command, Config, Host, Machine, Output, ProcessIo, Progress, Signal, SpawnError, Start, Status,
};
use sim::Time;

use crate::browser::Browser;
use crate::files::{Files, Pages, UID};
use crate::program::{KubectlRun, Program, Tool};
use crate::world::{Editing, HOME, Holding};
use crate::{curl, fault, minikube, outside, web};

const KUBECTL: &str = "kubectl";
const EDITORS: [&str; 4] = ["vi", "vim", "nano", "editor"];
const FAULT: &str = "fault";
const PROGRAMS: [&str; 8] = [KUBECTL, "curl", FAULT, "minikube", "vi", "vim", "nano", "wget"];
/// The field manager of requests for which kubectl names none.
const CLIENT: &str = "kubectl";
/// Small steps of an editor's shell in one step of kubectl.
const EDITOR_BUDGET: u64 = 10_000;
const INTERRUPTED: i32 = 130;

/// The surroundings of one terminal, for one step.
pub(crate) struct TerminalHost<'a> {
    pub(crate) cluster: &'a mut Cluster,
    pub(crate) fs: &'a mut Tree,
    pub(crate) editors: &'a mut OrderedMap<String, Editing>,
    pub(crate) kubectls: &'a mut OrderedMap<u32, Holding>,
    /// Whether there is a page that can open an editor.
    pub(crate) has_editor: bool,
    /// The terminal's number.
    pub(crate) terminal: u32,
    /// The little browser.
    pub(crate) browser: &'a mut Browser,
}

impl TerminalHost<'_> {
    fn caller(&self) -> Caller {
        Caller { uid: UID, gid: UID, now: self.cluster.now() }
    }

    fn with_kubectl<T>(&mut self, io: &mut ProcessIo, action: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let caller = self.caller();
        let (kubectl_us, object_us) = (self.cluster.timing().kubectl_us, self.cluster.timing().kubectl_object_us);
        let mut bytes = io.stdin.available().to_vec();
        let had = bytes.len();
        let is_closed = had == 0 && io.stdin.at_end();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let result = action(&mut Context {
            api: &mut self.cluster.client(CLIENT),
            fs: &mut Files { fs: self.fs, caller },
            web: &mut Pages,
            stdin: Input { bytes: &mut bytes, is_closed },
            stdout: &mut stdout,
            stderr: &mut stderr,
            kubectl_us,
            object_us,
            warnings: Warnings::default(),
        });
        io.stdin.consume(had - bytes.len());
        if !stdout.is_empty() {
            io.stdout(stdout);
        }
        if !stderr.is_empty() {
            io.stderr(stderr);
        }
        result
    }

    /// The kubeconfig in force, for completion: a broken one offers nothing.
    fn kubeconfig(&mut self) -> Option<kubectl::config::Config> {
        let env = Env {
            cwd: HOME.into(),
            home: HOME.into(),
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            ..Env::default()
        };
        let caller = self.caller();
        let (kubectl_us, object_us) = (self.cluster.timing().kubectl_us, self.cluster.timing().kubectl_object_us);
        let mut ctx = Context {
            api: &mut self.cluster.client(CLIENT),
            fs: &mut Files { fs: self.fs, caller },
            web: &mut Pages,
            stdin: Input { bytes: &mut Vec::new(), is_closed: true },
            stdout: &mut Vec::new(),
            stderr: &mut Vec::new(),
            kubectl_us,
            object_us,
            warnings: Warnings::default(),
        };
        kubectl::config::Config::read(&mut ctx, &env, "").ok()
    }

    /// The namespace of the context in force.
    fn namespace(&mut self) -> String {
        let config = self.kubeconfig();
        let set = config.map(|config| config.context(&config.current_context()).get("namespace").text().to_owned());
        set.filter(|namespace| !namespace.is_empty()).unwrap_or_else(|| "default".to_owned())
    }

    fn step_kubectl(&mut self, process: &mut KubectlRun, io: &mut ProcessIo) -> Progress {
        if std::mem::take(&mut process.is_interrupted) {
            process.editor = None;
            return self.after(process, io, |run, ctx| run.interrupt(ctx));
        }
        if let Some(editor) = &mut process.editor {
            match self.step_editor(editor, io) {
                Status::Exited(code) => {
                    process.editor = None;
                    process.run.edited(code);
                }
                Status::OutOfBudget => return Progress::Again,
                Status::Idle { wake } | Status::Blocked { wake } => return Progress::Blocked { wake },
            }
        }
        self.after(process, io, Kubectl::step)
    }

    fn after(
        &mut self,
        process: &mut KubectlRun,
        io: &mut ProcessIo,
        action: impl FnOnce(&mut Kubectl, &mut Context<'_>) -> Step,
    ) -> Progress {
        let step = self.with_kubectl(io, |ctx| action(&mut process.run, ctx));
        match step {
            Step::Done(code) => Progress::Exited(code),
            Step::Blocked { wake } => {
                let holding = if process.run.holds_terminal() { Holding::Terminal } else { Holding::Nothing };
                self.kubectls.insert(self.terminal, holding);
                Progress::Blocked { wake }
            }
            Step::Edit { editor, path } => {
                let editor = if editor.is_empty() { Str::from("vi") } else { editor };
                let start = Start::Script { text: format!("{editor} {path}"), arg0: None, args: Vec::new() };
                process.editor = Some(Machine::new(Config::terminal(), start));
                Progress::Again
            }
        }
    }

    fn step_editor(&mut self, editor: &mut Machine<Program>, io: &mut ProcessIo) -> Status {
        let status = editor.step(self, EDITOR_BUDGET);
        for output in editor.take_output() {
            match output {
                Output::Stdout(bytes) => io.stdout(bytes),
                Output::Stderr(bytes) => io.stderr(bytes),
                Output::Prompt(_) | Output::Started { .. } | Output::Ended { .. } => {}
            }
        }
        status
    }

    fn step_page_editor(&mut self, path: &str, io: &mut ProcessIo) -> Progress {
        if !self.has_editor {
            io.stderr("there is no editor without a page: set KUBE_EDITOR to a command that changes a file\n");
            return Progress::Exited(1);
        }
        match self.editors.get(path) {
            Some(Editing::Closed { code }) => {
                let code = *code;
                self.editors.remove(path);
                Progress::Exited(code)
            }
            Some(Editing::Wanted { .. } | Editing::Open { .. }) => Progress::Blocked { wake: None },
            None => {
                self.editors.insert(path.to_owned(), Editing::Wanted { terminal: self.terminal });
                Progress::Blocked { wake: None }
            }
        }
    }

    fn step_tool(&mut self, tool: &mut Tool, io: &mut ProcessIo) -> Progress {
        let owner = ProcessId { container: self.terminal as usize, pid: tool.pid };
        let caller = self.caller();
        let progress = if tool.is_interrupted {
            Progress::Exited(INTERRUPTED)
        } else {
            let mut last = Progress::Again;
            outside::until(self.cluster, self.fs, owner, caller, |system| {
                last = tool.process.step(io, system);
                matches!(last, Progress::Exited(_)).then_some(())
            });
            last
        };
        if let Progress::Exited(_) = progress {
            self.cluster.outside.sockets.close_of(owner);
            self.cluster.carry_packets();
        }
        progress
    }

    fn run_at_once(&mut self, argv: &[String], cwd: &str, io: &mut ProcessIo) -> i32 {
        let caller = self.caller();
        match argv[0].as_str() {
            "curl" => curl::curl(argv, cwd, self.fs, caller, io),
            "minikube" => minikube::minikube(argv, self.cluster, self.browser, io),
            FAULT => {
                let namespace = self.namespace();
                fault::fault(argv, &namespace, self.cluster, io)
            }
            other => {
                io.stderr(format!("{other}: not supported here: this cluster is simulated and needs no {other}\n"));
                1
            }
        }
    }
}

impl Host for TerminalHost<'_> {
    type Process = Program;

    fn now(&self) -> Time {
        self.cluster.now()
    }

    fn fs(&mut self) -> &mut dyn Fs {
        self.fs
    }

    fn spawn(&mut self, command: Command) -> Result<Program, SpawnError> {
        let name = command.argv[0].rsplit('/').next().unwrap_or_default();
        if name == KUBECTL {
            let argv: Vec<Str> = command.argv.iter().map(|word| word.as_str().into()).collect();
            let run = Kubectl::start(&argv, &kubectl_env(&command));
            return Ok(Program::Kubectl(Box::new(KubectlRun { run, editor: None, is_interrupted: false })));
        }
        if EDITORS.contains(&name) {
            let Some(file) = command.argv.iter().skip(1).rfind(|word| !word.starts_with('-')) else {
                return Err(SpawnError::Other(format!("{name}: name the file to edit")));
            };
            return Ok(Program::Editor { path: normalise(&command.cwd, file), is_interrupted: false });
        }
        let leads_outside = command.argv.iter().any(|word| web::is_known(word));
        if let Some(process) = images::tools::start(name, &spawn_of(&command)).filter(|_| !leads_outside) {
            return Ok(Program::Tool(Box::new(Tool { process, pid: command.pid, is_interrupted: false })));
        }
        if PROGRAMS.contains(&name) {
            return Ok(Program::AtOnce { argv: command.argv, cwd: command.cwd });
        }
        Err(SpawnError::NotFound)
    }

    fn step(&mut self, process: &mut Program, io: &mut ProcessIo) -> Progress {
        match process {
            Program::Kubectl(kubectl) => self.step_kubectl(kubectl, io),
            Program::Tool(tool) => self.step_tool(tool, io),
            Program::AtOnce { argv, cwd } => Progress::Exited(self.run_at_once(argv, cwd, io)),
            Program::Editor { path, is_interrupted } => {
                if *is_interrupted {
                    self.editors.remove(path);
                    return Progress::Exited(INTERRUPTED);
                }
                self.step_page_editor(path, io)
            }
        }
    }

    fn signal(&mut self, process: &mut Program, _signal: Signal) {
        match process {
            Program::Kubectl(kubectl) => kubectl.is_interrupted = true,
            Program::Editor { is_interrupted, .. } => *is_interrupted = true,
            Program::Tool(tool) => tool.is_interrupted = true,
            Program::AtOnce { .. } => {}
        }
    }

    fn which(&mut self, name: &str) -> Option<String> {
        PROGRAMS.contains(&name).then(|| format!("/usr/local/bin/{name}"))
    }

    fn programs(&mut self) -> Vec<String> {
        PROGRAMS.iter().map(|name| (*name).to_owned()).collect()
    }

    fn complete(&mut self, argv: &[String], _cwd: &str) -> Option<Vec<Candidate>> {
        match argv.first().map(String::as_str) {
            Some(KUBECTL) => {}
            Some(FAULT) => {
                let namespace = self.namespace();
                return Some(fault::complete(argv, &namespace, self.cluster));
            }
            Some(_) | None => return None,
        }
        let words: Vec<Str> = argv.iter().map(|word| word.as_str().into()).collect();
        let config = self.kubeconfig();
        let candidates = complete(&words, &config?, &self.cluster.client(CLIENT))?;
        let word = |candidate: kubectl::complete::Candidate| Candidate {
            text: candidate.text.to_string(),
            suffix: candidate.suffix,
        };
        Some(candidates.into_iter().map(word).collect())
    }
}

fn spawn_of(command: &Command) -> Spawn {
    Spawn {
        argv: command.argv.iter().map(|word| word.as_str().into()).collect(),
        env: command.env.clone(),
        cwd: command.cwd.as_str().into(),
        uid: UID,
        pid: command.pid,
        tty: command.terminal.stdout,
        stdin: true,
        ..Spawn::default()
    }
}

fn kubectl_env(command: &Command) -> Env {
    let variable = |name: &str| command.env.get(name).cloned().unwrap_or_default();
    let gates = command.env.iter().filter(|(name, _)| name.starts_with("KUBECTL_"));
    let editor = [variable("KUBE_EDITOR"), variable("EDITOR")].into_iter().find(|editor| !editor.is_empty());
    Env {
        cwd: command.cwd.as_str().into(),
        home: variable("HOME"),
        kubeconfig: variable("KUBECONFIG"),
        kuberc: variable("KUBERC"),
        editor: editor.unwrap_or_default(),
        gates: gates.map(|(name, value)| (name.as_str().into(), value.clone())).collect(),
        stdin_is_terminal: command.terminal.stdin,
        stdout_is_terminal: command.terminal.stdout,
        pid: command.pid,
    }
}
