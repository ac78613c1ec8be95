//! `nodetool`: asks a server over JMX's port, and prints what it answers.
//!
//! Models: cassandra 3.11 tools.NodeTool. Difference: the server makes the text. Absent: commands that tune or repair; they are refused.

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress};
use thin::Str;

use super::link::{Failure, Link};
use super::settings::JMX_PORT;
use crate::program::Tool;
use crate::tsv;

pub(super) const TOOL: Tool = Tool { name: "nodetool", start };

/// Command, arguments at least and at most.
const COMMANDS: [(&str, usize, usize); 8] = [
    ("status", 0, 1),
    ("ring", 0, 1),
    ("info", 0, 1),
    ("version", 0, 0),
    ("drain", 0, 0),
    ("decommission", 0, 0),
    ("flush", 0, 9),
    ("removenode", 1, 1),
];
/// Commands of the real tool that are not here.
const ABSENT: [&str; 16] = [
    "assassinate",
    "bootstrap",
    "cleanup",
    "compact",
    "compactionstats",
    "describecluster",
    "gossipinfo",
    "move",
    "netstats",
    "proxyhistograms",
    "rebuild",
    "repair",
    "scrub",
    "snapshot",
    "tablestats",
    "tpstats",
];
const SEE: &str = "See 'nodetool help' or 'nodetool help <command>'.";

fn start(spawn: &Spawn) -> Box<dyn Process> {
    let words = spawn.argv.iter().skip(1).map(Str::to_string).collect();
    Box::new(Nodetool { words, host: "127.0.0.1".into(), port: JMX_PORT, link: None, has_asked: false })
}

#[derive(Clone, Debug)]
struct Nodetool {
    words: Vec<String>,
    host: String,
    port: u16,
    link: Option<Link>,
    has_asked: bool,
}

impl Nodetool {
    /// Takes host and port from before the command; an error is what is printed.
    fn read(&mut self) -> Result<(), String> {
        while let Some(flag) = self.words.first().filter(|word| word.starts_with('-')).cloned() {
            let value = self.words.get(1).cloned().unwrap_or_default();
            match flag.as_str() {
                "-h" | "--host" => self.host = value,
                "-p" | "--port" => self.port = value.parse().unwrap_or(JMX_PORT),
                _ => return Err(unexpected(&self.words)),
            }
            self.words.drain(..self.words.len().min(2));
        }
        let names: Vec<&str> = COMMANDS.iter().map(|(name, ..)| *name).collect();
        match self.words.first().map(String::as_str) {
            None | Some("help") => Err(format!(
                "usage: nodetool [(-h <host> | --host <host>)] [(-p <port> | --port <port>)] <command> [<args>]\n\n\
                 The commands that are supported here are: {}\n",
                names.join(", ")
            )),
            Some(name) if ABSENT.contains(&name) => {
                Err(format!("nodetool: {name} is not supported here; there are: {}\n", names.join(", ")))
            }
            Some(name) => match COMMANDS.iter().find(|(its, ..)| *its == name) {
                None => Err(unexpected(&self.words)),
                Some((_, least, _)) if self.words.len() <= *least => {
                    Err("nodetool: Required parameters 'remove operation' are missing\n".to_string() + SEE + "\n")
                }
                Some((_, _, most)) if self.words.len() > most + 1 => Err(unexpected(&self.words[most + 1..])),
                Some(_) => Ok(()),
            },
        }
    }

    fn go_on(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Option<i32> {
        if self.link.is_none() {
            if let Err(text) = self.read() {
                let is_help = text.starts_with("usage");
                if is_help {
                    io.stdout(text)
                } else {
                    io.stderr(text)
                }
                return Some(if is_help { 0 } else { 1 });
            }
            self.link = Some(Link::new(&self.host, self.port, system));
        }
        let link = self.link.as_mut()?;
        if !self.has_asked {
            if let Err(failure) = link.open(system)? {
                io.stderr(refusal(failure, &self.host, self.port));
                return Some(1);
            }
            link.ask(&tsv::line(self.words.iter().map(|word| Some(word.as_str()))), system);
            self.has_asked = true;
        }
        let answer = link.answer(system)?;
        link.close(system);
        let Ok(answer) = answer else {
            io.stderr("error: null\n-- StackTrace --\njava.io.EOFException\n");
            return Some(2);
        };
        let fields: Vec<Str> = tsv::fields(&answer).into_iter().flatten().collect();
        match fields.as_slice() {
            [code, text] if code == "0" => {
                io.stdout(text.as_str());
                Some(0)
            }
            [_, reason] => {
                io.stderr(format!("nodetool: {reason}\n{SEE}\n"));
                Some(1)
            }
            _ => Some(2),
        }
    }
}

fn unexpected(words: &[String]) -> String {
    format!("nodetool: Found unexpected parameters: [{}]\n{SEE}\n", words.join(", "))
}

fn refusal(failure: Failure, host: &str, port: u16) -> String {
    let reason = match failure {
        Failure::Lookup => {
            return format!("nodetool: Failed to connect to '{host}:{port}' - UnknownHostException: '{host}'.\n");
        }
        Failure::Refused => "Connection refused (Connection refused)",
        Failure::TimedOut => "Connection timed out (Connection timed out)",
        Failure::Lost => "Connection reset",
    };
    format!("nodetool: Failed to connect to '{host}:{port}' - ConnectException: '{reason}'.\n")
}

impl Process for Nodetool {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        match self.go_on(io, system) {
            Some(code) => Progress::Exited(code),
            None => Progress::Blocked { wake: self.link.as_ref().and_then(Link::deadline) },
        }
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
