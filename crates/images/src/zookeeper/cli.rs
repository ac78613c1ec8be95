//! `zkCli.sh`: the command line client, for one command or as a prompt.
//!
//! Models: ZooKeeper 3.4.10 ZooKeeperMain. As there, one command ends without closing its session, which expires. Difference: what
//! goes to standard error there (the stat, `Created`) goes to standard output, since two streams lose their order on the way.

use cri::{Address, Payload, Process, Spawn, System};
use shell::{ProcessIo, Progress};
use sim::{Span, Time};
use thin::Str;

use super::log4j::{Level, Log, date};
use super::wire::{Kind, Message};
use super::znodes::{STAT, error};
use crate::program::Tool;
use crate::tools::resolver::{Lookup, addresses};

pub(super) const TOOL: Tool = Tool { name: "zkCli.sh", start };

const TIMEOUT_MS: u64 = 30_000;
/// Without an answer for so long the client gives its connection up.
const PATIENCE: Span = Span::from_seconds(20);

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let mut words: Vec<String> = spawn.argv.iter().skip(1).map(Str::to_string).collect();
    let (mut server, mut timeout_ms) = ("localhost:2181".to_string(), TIMEOUT_MS);
    while words.first().is_some_and(|word| word.starts_with('-')) {
        let value = words.get(1).cloned().unwrap_or_default();
        match words[0].as_str() {
            "-server" => server = value,
            "-timeout" => timeout_ms = value.parse().unwrap_or(timeout_ms),
            _ => {}
        }
        words.drain(..words.len().min(if words[0] == "-r" { 1 } else { 2 }));
    }
    let command = (!words.is_empty()).then_some(words);
    Box::new(Cli {
        server,
        timeout_ms,
        is_prompt: command.is_none(),
        command,
        state: State::New,
        deadline: Time(0),
        count: 0,
    })
}

#[derive(Clone, Debug)]
struct Cli {
    server: String,
    timeout_ms: u64,
    is_prompt: bool,
    /// What is to be done next.
    command: Option<Vec<String>>,
    state: State,
    deadline: Time,
    /// Commands so far, for the prompt.
    count: u32,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Looking(Lookup),
    /// Connected or about to be; the command that waits for its answer.
    Talking {
        port: u16,
        to: Address,
        asked: Option<Vec<String>>,
        has_session: bool,
    },
}

impl Process for Cli {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        if let State::New = self.state {
            io.stdout(format!("Connecting to {}\n", self.server));
            let text = format!(
                "Initiating client connection, connectString={} sessionTimeout={} watcher=org.apache.zookeeper.ZooKeeperMain$MyWatcher@22d8cfe0",
                self.server, self.timeout_ms
            );
            say(system.now, "main:ZooKeeper@438", &text, io);
            let (host, _) = self.server.rsplit_once(':').unwrap_or((&self.server, ""));
            self.state = State::Looking(Lookup::of_name(host, system));
        }
        if let State::Looking(lookup) = &mut self.state {
            let Some(answer) = lookup.poll(system) else { return Progress::Blocked { wake: lookup.deadline() } };
            let ip = answer.ok().and_then(|answer| addresses(&answer).first().copied());
            let number = self.server.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(2181);
            let to = ip.map(|ip| Address::new(ip, number));
            let Some((to, port)) = to.and_then(|to| Some((to, system.net.connect(to)?))) else {
                io.stderr(format!(
                    "Exception in thread \"main\" java.net.UnknownHostException: {}: Name or service not known\n",
                    self.server.split(':').next().unwrap_or_default()
                ));
                return Progress::Exited(1);
            };
            let text = format!(
                "Opening socket connection to server {}. Will not attempt to authenticate using SASL (unknown error)",
                self.shown(to)
            );
            say(system.now, &self.thread("1032"), &text, io);
            self.deadline = system.now + PATIENCE;
            self.state = State::Talking { port, to, asked: None, has_session: false };
        }
        self.talk(io, system)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn say(now: Time, place: &str, text: &str, io: &mut ProcessIo) {
    let mut log = Log::new(Level::Info);
    log.info(now, place, text);
    io.stdout(log.text);
}

impl Cli {
    fn shown(&self, to: Address) -> String {
        format!("{}/{to}", self.server.split(':').next().unwrap_or_default())
    }

    fn thread(&self, line: &str) -> String {
        format!("main-SendThread({}):ClientCnxn$SendThread@{line}", self.server)
    }

    fn talk(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        loop {
            let State::Talking { port, to, .. } = self.state else { return Progress::Exited(1) };
            match system.net.receive(port).map(|packet| packet.payload) {
                Some(Payload::Accepted) => {
                    let text = format!("Socket connection established to {}, initiating session", self.shown(to));
                    say(system.now, &self.thread("876"), &text, io);
                    system.net.send_bytes(port, to, Message::new(Kind::Connect, &[self.timeout_ms]).encode());
                }
                Some(Payload::Data(bytes)) => {
                    let Some(answer) = Message::decode(&bytes) else { continue };
                    if let Some(code) = self.answered(&answer, io, system) {
                        return Progress::Exited(code);
                    }
                }
                Some(Payload::Close | Payload::Refused | Payload::Unreachable) => return self.lost(io),
                Some(_) => {}
                None => break,
            }
        }
        self.go_on(io, system)
    }

    /// Reads typed commands, and sends what is to be done once there is a session.
    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let State::Talking { port, to, asked, has_session } = &mut self.state else { return Progress::Exited(1) };
        if !*has_session || asked.is_some() {
            if system.now >= self.deadline {
                return self.lost(io);
            }
            return Progress::Blocked { wake: Some(self.deadline) };
        }
        if self.command.is_none() && self.is_prompt {
            let Some(line) = io.stdin.take_line() else {
                if io.stdin.at_end() {
                    return Progress::Exited(0);
                }
                return Progress::Blocked { wake: None };
            };
            let line = String::from_utf8_lossy(&line).into_owned();
            self.command = Some(line.split_whitespace().map(String::from).collect());
        }
        let Some(words) = self.command.take() else { return Progress::Exited(0) };
        match operation(&words) {
            Ok(message) => {
                system.net.send_bytes(*port, *to, message.encode());
                *asked = Some(words);
                self.deadline = system.now + PATIENCE;
                Progress::Blocked { wake: Some(self.deadline) }
            }
            Err(text) => {
                io.stderr(text);
                if !self.is_prompt {
                    return Progress::Exited(0);
                }
                self.prompt(io);
                Progress::Again
            }
        }
    }

    fn prompt(&mut self, io: &mut ProcessIo) {
        io.stdout(format!("[zk: {}(CONNECTED) {}] ", self.server, self.count));
        self.count += 1;
    }

    /// Takes an answer; `Some` is the exit code if that was all.
    fn answered(&mut self, answer: &Message, io: &mut ProcessIo, system: &System<'_>) -> Option<i32> {
        if answer.kind == Kind::Connected {
            let State::Talking { to, .. } = self.state else { return Some(1) };
            let (id, timeout) = (answer.number(0), answer.number(1));
            let text = format!(
                "Session establishment complete on server {}, sessionid = 0x{id:x}, negotiated timeout = {timeout}",
                self.shown(to)
            );
            say(system.now, &self.thread("1299"), &text, io);
            io.stdout("\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n");
            if let State::Talking { has_session, .. } = &mut self.state {
                *has_session = true;
            }
            if self.is_prompt {
                self.prompt(io);
            }
            return None;
        }
        let State::Talking { asked, .. } = &mut self.state else { return Some(1) };
        let words = asked.take()?;
        match answer.kind {
            Kind::Error => io.stderr(refusal(answer)),
            _ => io.stdout(result(&words, answer)),
        }
        if !self.is_prompt || answer.kind == Kind::CloseSession {
            return Some(0);
        }
        self.prompt(io);
        None
    }

    fn lost(&self, io: &mut ProcessIo) -> Progress {
        let asked = match &self.state {
            State::Talking { asked: Some(words), .. } => Some(words),
            State::New | State::Looking(_) | State::Talking { .. } => self.command.as_ref(),
        };
        let path = asked.and_then(|words| words.iter().skip(1).find(|word| word.starts_with('/')));
        let path = path.map(|path| format!(" for {path}")).unwrap_or_default();
        io.stderr(format!(
            "Exception in thread \"main\" org.apache.zookeeper.KeeperException$ConnectionLossException: KeeperErrorCode = ConnectionLoss{path}\n"
        ));
        Progress::Exited(1)
    }
}

const USAGE: &str = "ZooKeeper -server host:port cmd args\n\tstat path [watch]\n\tset path data [version]\n\tls path [watch]\n\
    \tls2 path [watch]\n\tdelete path [version]\n\tget path [watch]\n\tcreate [-s] [-e] path data acl\n\tclose \n\tquit \n";
const NOT_SUPPORTED: &str = "is not supported here; there are: create, delete, get, set, stat, ls, ls2, quit\n";

/// What a command asks the server; an error is what is printed instead.
fn operation(words: &[String]) -> Result<Message, String> {
    let plain: Vec<&str> = words.iter().skip(1).map(String::as_str).filter(|word| !is_flag(word)).collect();
    let has = |flag: char| u64::from(words.iter().skip(1).any(|word| is_flag(word) && word.contains(flag)));
    let version =
        |at: usize| plain.get(at).and_then(|text| text.parse::<i64>().ok()).map_or(0, |number| (number + 1) as u64);
    let command = words.first().map_or("", String::as_str);
    let path = plain.first().copied().unwrap_or_default();
    let message = match (command, plain.len()) {
        ("create", 2..) => Message::about(Kind::Create, &[has('e'), has('s')], path, plain[1].as_bytes()),
        ("set", 2..) => Message::about(Kind::Set, &[version(2)], path, plain[1].as_bytes()),
        ("delete", 1..) => Message::about(Kind::Delete, &[version(1)], path, b""),
        ("get", 1..) => Message::about(Kind::Get, &[], path, b""),
        ("stat", 1..) => Message::about(Kind::Exists, &[], path, b""),
        ("ls" | "ls2", 1..) => Message::about(Kind::Children, &[], path, b""),
        ("quit" | "close", _) => return Ok(Message::new(Kind::CloseSession, &[])),
        ("", _) => return Err(String::new()),
        (
            "setquota" | "listquota" | "delquota" | "getAcl" | "setAcl" | "addauth" | "sync" | "rmr" | "history"
            | "redo" | "printwatches" | "connect",
            _,
        ) => {
            return Err(format!("{command} {NOT_SUPPORTED}"));
        }
        _ => return Err(USAGE.to_string()),
    };
    if !path.starts_with('/') || (path.len() > 1 && path.ends_with('/')) {
        let why = if path.starts_with('/') {
            "Path must not end with / character"
        } else {
            "Path must start with / character"
        };
        return Err(format!("Command failed: java.lang.IllegalArgumentException: {why}\n"));
    }
    Ok(message)
}

fn is_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && word[1..].chars().all(|letter| "se".contains(letter))
}

fn refusal(answer: &Message) -> String {
    let path = &answer.path;
    match answer.number(0) {
        error::NO_NODE => format!("Node does not exist: {path}\n"),
        error::NODE_EXISTS => format!("Node already exists: {path}\n"),
        error::NOT_EMPTY => format!("Node not empty: {path}\n"),
        error::BAD_VERSION => format!("version No is not valid : {path}\n"),
        error::NO_CHILDREN_FOR_EPHEMERALS => format!("Ephemerals cannot have children: {path}\n"),
        _ => format!("Command failed: java.lang.IllegalArgumentException: Invalid path {path}\n"),
    }
}

fn result(words: &[String], answer: &Message) -> String {
    let data = String::from_utf8_lossy(&answer.data);
    let children = || format!("[{}]\n", data.replace('\n', ", "));
    match words.first().map(String::as_str) {
        Some("create") => format!("Created {}\n", answer.path),
        Some("get") => format!("{data}\n{}", stat(answer)),
        Some("set" | "stat") => stat(answer),
        Some("ls") => children(),
        Some("ls2") => children() + &stat(answer),
        _ => String::new(),
    }
}

/// The block that the client prints of a node's stat.
fn stat(answer: &Message) -> String {
    let number = |at: usize| answer.number(at);
    format!(
        "cZxid = 0x{:x}\nctime = {}\nmZxid = 0x{:x}\nmtime = {}\npZxid = 0x{:x}\ncversion = {}\ndataVersion = {}\naclVersion = 0\n\
         ephemeralOwner = 0x{:x}\ndataLength = {}\nnumChildren = {}\n",
        number(0),
        date(number(1)),
        number(2),
        date(number(3)),
        number(4),
        number(5) as i32,
        number(6) as i32,
        number(7),
        number(STAT),
        number(STAT + 1)
    )
}
