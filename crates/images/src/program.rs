//! Starting the programs of an image: its own, or the shell's.

use cri::{Process, Spawn};
use shell::{Builtins, Dialect};

use crate::shell_process::ShellProcess;

/// A program of an image beside the shell's.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    /// The name it is called by.
    pub(crate) name: &'static str,
    /// Starts it.
    pub(crate) start: fn(&Spawn) -> Box<dyn Process>,
}

/// What can be executed in an image with a shell.
#[derive(Clone, Copy)]
pub(crate) struct Userland {
    /// In whose words the shell speaks.
    pub(crate) dialect: Dialect,
    /// Programs of its own.
    pub(crate) tools: &'static [Tool],
    /// Which of the shell's programs there are.
    pub(crate) builtins: &'static [&'static str],
}

const DIRECTORIES: &[&str] = &[
    "/bin/",
    "/usr/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/opt/zookeeper/bin/",
    "/usr/local/apache-cassandra-3.11.2/bin/",
];

impl Userland {
    /// Starts a program; none if there is no such one.
    pub(crate) fn start(&'static self, spawn: &Spawn) -> Option<Box<dyn Process>> {
        let name = program_name(spawn.argv.first()?)?;
        if let Some(tool) = self.tool(name) {
            return Some((tool.start)(spawn));
        }
        // Images of Debian's kin have bash beside the rest.
        let is_bash = name == "bash" && self.dialect != Dialect::Busybox;
        if is_bash || self.builtins.contains(&name) {
            return Some(Box::new(ShellProcess::new(spawn, name, self)));
        }
        None
    }

    /// Starts a script of the file system, or says that it is not there.
    pub(crate) fn script(&'static self, spawn: &Spawn) -> Box<dyn Process> {
        Box::new(ShellProcess::new(spawn, "", self))
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&'static Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    pub(crate) fn builtins(&self) -> Builtins {
        Builtins::with_programs(self.builtins)
    }
}

/// The name of a program given by name or by a path to where programs lie.
pub(crate) fn program_name(program: &str) -> Option<&str> {
    if !program.contains('/') {
        return Some(program);
    }
    DIRECTORIES.iter().find_map(|directory| program.strip_prefix(directory)).filter(|name| !name.contains('/'))
}
