//! `ps`: the processes of the container.

use cri::{Process, Spawn, System};
use ordered::Arrange;
use shell::fs::Fs;
use shell::{ProcessIo, Progress};

use crate::program::Tool;

/// As procps prints it.
pub(crate) const TOOL: Tool = Tool { name: "ps", start: start_full };
/// As busybox prints it.
pub(crate) const TOOL_BUSYBOX: Tool = Tool { name: "ps", start: start_busybox };

fn start_full(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Ps { spawn: spawn.clone(), style: Style::Full })
}

fn start_busybox(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Ps { spawn: spawn.clone(), style: Style::Busybox })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Full,
    Busybox,
}

#[derive(Clone, Debug)]
struct Ps {
    spawn: Spawn,
    style: Style,
}

impl Process for Ps {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        io.stdout(match self.style {
            Style::Full => "USER       PID COMMAND\n",
            Style::Busybox => "PID   USER     TIME  COMMAND\n",
        });
        let mut rows: Vec<(u32, u32, String)> =
            system.processes.iter().map(|row| (row.pid, row.uid, row.command.to_string())).collect();
        if !rows.iter().any(|(pid, ..)| *pid == self.spawn.pid) {
            rows.push((self.spawn.pid, self.spawn.uid, self.spawn.argv.join(" ")));
        }
        rows.arrange();
        for (pid, uid, command) in rows {
            let user = system.files.user_name(uid);
            io.stdout(match self.style {
                Style::Full => format!("{user:<8} {pid:>5} {command}\n"),
                Style::Busybox => format!("{pid:>5} {user:<8}  0:00 {command}\n"),
            });
        }
        Progress::Exited(0)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
