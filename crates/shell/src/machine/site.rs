//! What a builtin of the shell can reach, without knowing the host's type.

use ordered::Arrange;
use sim::Time;
use thin::Str;

use super::control::Job;
use super::shell::Shell;
use super::turn::caller;
use super::{Machine, Task};
use crate::builtins::Kind;
use crate::fs::{Bytes, Caller, Fs, FsError, normalise};
use crate::host::{Host, KillError, Signal};

/// The place where a builtin of the shell runs.
pub(crate) struct Site<'a, P: Clone, H: Host<Process = P>> {
    pub machine: &'a mut Machine<P>,
    pub host: &'a mut H,
    pub task: &'a Task<P>,
    pub shell: &'a mut Shell,
}

/// What a name stands for.
pub(crate) enum Found {
    Alias(Str),
    Keyword,
    Function,
    Builtin,
    File(String),
    None,
}

/// The reach of a builtin of the shell.
pub(crate) trait Reach {
    fn shell(&mut self) -> &mut Shell;
    fn out(&mut self, text: &str);
    /// Writes `bash: text`.
    fn complain(&mut self, text: &str);
    fn fs(&mut self) -> &mut dyn Fs;
    fn caller(&self) -> Caller;
    fn now(&self) -> Time;
    fn jobs(&self) -> Vec<Job>;
    fn job(&self, text: &str) -> Option<Job>;
    fn job_line(&self, job: &Job) -> String;
    fn forget_finished_jobs(&mut self);
    fn kill(&mut self, pid: u32, signal: Signal) -> Result<(), KillError>;
    /// Brings a job to the foreground.
    fn foreground(&mut self, job: &Job);
    fn find(&mut self, name: &str) -> Found;
    fn history(&self) -> Vec<String>;
    fn clear_history(&mut self);
    /// The PIDs of this shell's children that live or have ended unseen.
    fn children(&self) -> Vec<u32>;
    fn builtin_names(&self) -> Vec<(&'static str, &'static str)>;
    fn is_child(&self, pid: u32) -> bool;
    fn is_alive(&self, pid: u32) -> bool;
    /// Shows a prompt of `read -p`.
    fn prompt(&mut self, text: &str);

    fn read(&mut self, path: &str) -> Result<Bytes, FsError> {
        let (path, caller) = (normalise(&self.shell().cwd, path), self.caller());
        if path == "/dev/null" {
            return Ok(Bytes::default());
        }
        self.fs().read(&path, caller)
    }
}

impl<P: Clone, H: Host<Process = P>> Reach for Site<'_, P, H> {
    fn shell(&mut self) -> &mut Shell {
        self.shell
    }

    fn out(&mut self, text: &str) {
        self.machine.write(self.host, self.task, 1, text.as_bytes());
    }

    fn complain(&mut self, text: &str) {
        self.machine.complain(self.host, self.task, self.shell, text);
    }

    fn fs(&mut self) -> &mut dyn Fs {
        self.host.fs()
    }

    fn caller(&self) -> Caller {
        caller(self.machine, self.host)
    }

    fn now(&self) -> Time {
        self.host.now()
    }

    fn jobs(&self) -> Vec<Job> {
        self.machine.jobs.iter().filter(|job| job.parent == self.task.pid).cloned().collect()
    }

    fn job(&self, text: &str) -> Option<Job> {
        self.machine.find_job(text).cloned()
    }

    fn job_line(&self, job: &Job) -> String {
        self.machine.job_line(job)
    }

    fn forget_finished_jobs(&mut self) {
        self.machine.jobs.retain(|job| job.state == super::control::JobState::Running);
    }

    fn kill(&mut self, pid: u32, signal: Signal) -> Result<(), KillError> {
        super::control::kill(self.machine, self.host, pid, signal)
    }

    fn foreground(&mut self, job: &Job) {
        let id = job.id;
        for task in self.machine.tasks.values_mut().filter(|task| task.job == id) {
            task.job = 0;
        }
        self.machine.jobs.retain(|job| job.id != id);
    }

    fn find(&mut self, name: &str) -> Found {
        if let Some(value) = self.shell.aliases.get(name) {
            return Found::Alias(value.clone());
        }
        if KEYWORDS.contains(&name) {
            return Found::Keyword;
        }
        if self.shell.functions.contains_key(name) {
            return Found::Function;
        }
        match self.machine.own_program(name) {
            Some(builtin) if builtin.kind == Kind::Shell => return Found::Builtin,
            Some(_) if name.contains('/') => return Found::File(name.to_string()),
            Some(_) => return Found::File(format!("/usr/bin/{name}")),
            None => {}
        }
        if let Some(path) = self.host.which(name) {
            return Found::File(path);
        }
        let caller = self.caller();
        let path = self.shell.variables.get("PATH").cloned().unwrap_or_default();
        let candidates: Vec<String> = if name.contains('/') {
            vec![normalise(&self.shell.cwd, name)]
        } else {
            path.split(':').map(|directory| normalise(directory, name)).collect()
        };
        let fs = self.host.fs();
        let runs = |path: &String| {
            fs.stat(path, caller).is_ok_and(|metadata| !metadata.is_directory() && metadata.permits(caller, 1))
        };
        candidates.into_iter().find(runs).map_or(Found::None, Found::File)
    }

    fn history(&self) -> Vec<String> {
        self.machine.history.iter().map(ToString::to_string).collect()
    }

    fn clear_history(&mut self) {
        self.machine.history.clear();
    }

    fn children(&self) -> Vec<u32> {
        let alive = self.machine.tasks.values().filter(|task| task.parent == self.task.pid).map(|task| task.pid);
        let ended = self.machine.ended.iter().filter(|(_, ended)| ended.parent == self.task.pid).map(|(pid, _)| *pid);
        let mut pids: Vec<u32> = alive.chain(ended).collect();
        pids.arrange();
        pids
    }

    fn builtin_names(&self) -> Vec<(&'static str, &'static str)> {
        self.machine.config.builtins.iter().map(|builtin| (builtin.name, builtin.usage)).collect()
    }

    fn is_child(&self, pid: u32) -> bool {
        self.children().contains(&pid)
    }

    fn is_alive(&self, pid: u32) -> bool {
        pid == self.task.pid || self.machine.tasks.contains_key(&pid)
    }

    fn prompt(&mut self, text: &str) {
        if self.machine.opens.is_terminal(&self.task.fds, 0) {
            self.machine.write(self.host, self.task, 2, text.as_bytes());
        }
    }
}

/// Words that mean something to the grammar.
pub(crate) const KEYWORDS: [&str; 17] = [
    "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac", "{", "}", "!",
    "[[",
];

/// A word as one could type it: quoted if it has to be.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c) || !c.is_ascii();
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
