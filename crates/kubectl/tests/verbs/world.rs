//! A cluster without components: an API server, a few files, a clock that jumps to the next wake-up.

use ordered::OrderedMap;

use api::table::Table;
use api::{Key, Kind, Object, Status, Str, Value};
use client::{
    Access, Api, Change, DeleteOptions, ExecRequest, Forward, ForwardError, ForwardNews, ForwardRequest, LocalServer,
    LogOptions, LogRead, NodeProxy, Patch, PortInUse, SessionId, SessionOutput, User, WebAnswer, WebRequest,
    WriteOptions, Written,
};
use kube_apiserver::{ApiServer, ServerClient};
use kubectl::config::Config;
use kubectl::{Context, Env, FileError, HttpError, Input, Kubectl, KubectlFs, Step, Warnings, Web};
use sim::{Span, Time};

/// The server as kubectl sees it, without kubelets.
struct Door<'a>(ServerClient<'a>, &'a mut Web8001);

/// The one port of this machine that can be listened on.
#[derive(Default)]
pub(crate) struct Web8001 {
    pub(crate) is_open: bool,
    pub(crate) asked: Vec<WebRequest>,
    pub(crate) answers: Vec<WebAnswer>,
}

impl LocalServer for Door<'_> {
    fn serve_open(&mut self, port: u16) -> Result<u16, PortInUse> {
        if self.1.is_open {
            return Err(PortInUse);
        }
        self.1.is_open = true;
        Ok(if port == 0 { 8001 } else { port })
    }
    fn serve_read(&mut self, _port: u16) -> Option<WebRequest> {
        (!self.1.asked.is_empty()).then(|| self.1.asked.remove(0))
    }
    fn serve_answer(&mut self, _port: u16, _request: &WebRequest, answer: &WebAnswer) {
        self.1.answers.push(answer.clone());
    }
    fn serve_close(&mut self, _port: u16) {
        self.1.is_open = false;
    }
}

impl Api for Door<'_> {
    fn now(&self) -> Time {
        self.0.now()
    }
    fn get(&self, kind: Kind, key: &Key) -> Result<Object, Status> {
        self.0.get(kind, key)
    }
    fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        self.0.list(kind, namespace)
    }
    fn revision(&self) -> u64 {
        self.0.revision()
    }
    fn changes(&self, kind: Kind, after: u64, until: Time) -> Result<&[Change], Status> {
        self.0.changes(kind, after, until)
    }
    fn create(&mut self, object: Object) -> Result<Object, Status> {
        self.0.create(object)
    }
    fn update(&mut self, object: Object) -> Result<Object, Status> {
        self.0.update(object)
    }
    fn update_status(&mut self, object: Object) -> Result<Object, Status> {
        self.0.update_status(object)
    }
    fn delete(&mut self, kind: Kind, key: &Key, options: &DeleteOptions) -> Result<Object, Status> {
        self.0.delete(kind, key, options)
    }
    fn bind(&mut self, pod: &Key, uid: &str, node: &Str) -> Result<Object, Status> {
        self.0.bind(pod, uid, node)
    }
    fn create_value(&mut self, kind: Kind, ns: &str, body: Value, options: &WriteOptions) -> Result<Written, Status> {
        self.0.create_value(kind, ns, body, options)
    }
    fn update_value(&mut self, kind: Kind, key: &Key, body: Value, options: &WriteOptions) -> Result<Written, Status> {
        self.0.update_value(kind, key, body, options)
    }
    fn patch(&mut self, kind: Kind, key: &Key, patch: &Patch, options: &WriteOptions) -> Result<Written, Status> {
        self.0.patch(kind, key, patch, options)
    }
    fn evict(&mut self, pod: &Key, options: &DeleteOptions) -> Result<(), Status> {
        self.0.evict(pod, options)
    }
    fn impersonate(&mut self, user: Option<User>) {
        self.0.impersonate(user);
    }
    fn authorize(&self, access: &Access) -> Result<(), Status> {
        self.0.authorize(access)
    }
    fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        self.0.rules_of(user, namespace)
    }
    fn table(&self, kind: Kind, objects: &[Object]) -> Table {
        self.0.table(kind, objects)
    }
}

impl NodeProxy for Door<'_> {
    fn exec(&mut self, _request: &ExecRequest) -> Result<SessionId, Status> {
        Err(Status::internal("no kubelet here"))
    }
    fn session_write(&mut self, _session: SessionId, _input: &[u8]) {}
    fn session_close_stdin(&mut self, _session: SessionId) {}
    fn session_interrupt(&mut self, _session: SessionId) {}
    fn session_read(&mut self, _session: SessionId) -> SessionOutput {
        SessionOutput::default()
    }
    fn session_close(&mut self, _session: SessionId) {}
    fn logs(&self, _pod: &Key, _options: &LogOptions) -> Result<LogRead, Status> {
        Err(Status::internal("no kubelet here"))
    }
    fn forward_open(&mut self, _request: &ForwardRequest) -> Result<Forward, ForwardError> {
        Err(ForwardError::Status(Status::internal("no kubelet here")))
    }
    fn forward_read(&mut self, _local: u16) -> ForwardNews {
        ForwardNews::default()
    }
    fn forward_close(&mut self, _local: u16) {}
}

#[derive(Clone, Default)]
pub(crate) struct Files(pub(crate) OrderedMap<String, Vec<u8>>);

impl KubectlFs for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.0.get(path).cloned().ok_or(FileError::NotFound)
    }
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.0.insert(path.to_string(), bytes.to_vec());
        Ok(())
    }
    fn make_directories(&mut self, _path: &str) -> Result<(), FileError> {
        Ok(())
    }
    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.0.remove(path).map(|_| ()).ok_or(FileError::NotFound)
    }
    fn list(&self, path: &str) -> Result<Vec<Str>, FileError> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let below = self.0.keys().filter_map(|key| key.strip_prefix(&prefix));
        // A directory's name ends in a slash.
        let mut names: Vec<Str> = below.filter_map(|rest| rest.split_inclusive('/').next()).map(Str::from).collect();
        names.dedup();
        Ok(names)
    }
    fn is_directory(&self, path: &str) -> bool {
        self.0.keys().any(|key| key.starts_with(&format!("{path}/")))
    }
    fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path) || self.is_directory(path)
    }
}

struct NoWeb;

impl Web for NoWeb {
    fn fetch(&mut self, _url: &str) -> Result<String, HttpError> {
        Err(HttpError { code: 404, text: "Not Found".into() })
    }
}

/// What a command printed, and how it ended; `None` while it waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

pub(crate) struct World {
    pub(crate) server: ApiServer,
    pub(crate) files: Files,
    pub(crate) now: Time,
    /// `$KUBERC`
    pub(crate) kuberc: Str,
    /// The port that `kubectl proxy` serves.
    pub(crate) web: Web8001,
    /// The variables `KUBECTL_…`.
    pub(crate) gates: Vec<(Str, Str)>,
    /// What an editor makes of a file.
    pub(crate) editor: fn(&str) -> String,
}

/// A command that was started.
pub(crate) struct Running {
    pub(crate) kubectl: Kubectl,
    pub(crate) outcome: Outcome,
}

impl World {
    pub(crate) fn new() -> World {
        let now = Time::HEADLESS_START;
        World {
            server: ApiServer::new(1, now),
            files: Files::default(),
            now,
            kuberc: Str::new(),
            web: Web8001::default(),
            gates: Vec::new(),
            editor: str::to_string,
        }
    }

    pub(crate) fn start(&mut self, line: &str) -> Running {
        let home = "/home/user";
        let env = Env {
            cwd: home.into(),
            home: home.into(),
            gates: self.gates.clone(),
            kuberc: self.kuberc.clone(),
            ..Env::default()
        };
        Running { kubectl: Kubectl::start(&split(line), &env), outcome: Outcome::default() }
    }

    /// Steps a command until it ends or waits for an event without a time below `horizon`.
    pub(crate) fn advance(&mut self, running: &mut Running, stdin: &str, horizon: Span) {
        let until = self.now + horizon;
        let mut bytes = stdin.as_bytes().to_vec();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            let mut door = Door(self.server.client("kubectl", self.now), &mut self.web);
            let mut ctx = Context {
                api: &mut door,
                fs: &mut self.files,
                web: &mut NoWeb,
                stdin: Input { bytes: &mut bytes, is_closed: true },
                stdout: &mut stdout,
                stderr: &mut stderr,
                kubectl_us: 50_000,
                object_us: 0,
                warnings: Warnings::default(),
            };
            match running.kubectl.step(&mut ctx) {
                Step::Done(code) => running.outcome.code = Some(code),
                Step::Blocked { wake: Some(wake) } if wake <= until => {
                    self.now = wake;
                    continue;
                }
                Step::Blocked { .. } => {}
                Step::Edit { path, .. } => {
                    let text = String::from_utf8(self.files.0[path.as_str()].clone()).expect("kubectl writes UTF-8");
                    self.files.0.insert(path.to_string(), (self.editor)(&text).into_bytes());
                    running.kubectl.edited(0);
                    continue;
                }
            }
            break;
        }
        running.outcome.stdout += &String::from_utf8(stdout).expect("kubectl prints UTF-8");
        running.outcome.stderr += &String::from_utf8(stderr).expect("kubectl prints UTF-8");
    }

    /// Runs a command, a minute at most.
    pub(crate) fn run_with(&mut self, line: &str, stdin: &str) -> Outcome {
        let mut running = self.start(line);
        self.advance(&mut running, stdin, Span::from_seconds(60));
        running.outcome
    }

    pub(crate) fn run(&mut self, line: &str) -> Outcome {
        self.run_with(line, "")
    }

    /// What the Tab key offers behind a line.
    pub(crate) fn complete(&mut self, line: &str) -> Option<Vec<String>> {
        let door = Door(self.server.client("kubectl", self.now), &mut self.web);
        let found = kubectl::complete::complete(&split(line), &Config::built_in("/home/user"), &door)?;
        Some(found.into_iter().map(|candidate| candidate.text).collect())
    }

    /// Both outputs and the exit code, as a transcript shows them.
    pub(crate) fn check(&mut self, line: &str, stdin: &str, stdout: &str, stderr: &str, code: i32) {
        let outcome = self.run_with(line, stdin);
        let expect = Outcome { stdout: stdout.to_string(), stderr: stderr.to_string(), code: Some(code) };
        assert_eq!(outcome, expect, "$ {line}");
    }
}

/// Words with single and double quotes.
fn split(line: &str) -> Vec<Str> {
    let (mut words, mut word, mut quote, mut is_open) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => (quote, is_open) = (Some(c), true),
            (Some(open), c) if c == open => quote = None,
            (None, ' ') if is_open => {
                words.push(Str::from(std::mem::take(&mut word)));
                is_open = false;
            }
            (None, ' ') => {}
            (_, c) => {
                word.push(c);
                is_open = true;
            }
        }
    }
    if is_open {
        words.push(word.into());
    }
    words
}
