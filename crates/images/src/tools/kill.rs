//! `pkill`: signals processes by name.

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress, Signal};

use crate::program::Tool;

/// `pkill [-SIGNAL] NAME`
pub(crate) const PKILL: Tool = Tool { name: "pkill", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Pkill { spawn: spawn.clone() })
}

#[derive(Clone, Debug)]
struct Pkill {
    spawn: Spawn,
}

impl Process for Pkill {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let mut signal = Signal::Term;
        let mut name = None;
        for word in self.spawn.argv.iter().skip(1) {
            match word.strip_prefix('-') {
                Some("f" | "x") => {}
                Some(text) => signal = Signal::parse(text).unwrap_or(signal),
                None => name = Some(word.as_str()),
            }
        }
        let Some(name) = name else {
            io.stderr("pkill: no matching criteria specified\nTry `pkill --help' for more information.\n");
            return Progress::Exited(2);
        };
        let found: Vec<u32> = system
            .processes
            .iter()
            .filter(|row| row.command.contains(name) && row.pid != self.spawn.pid)
            .map(|row| row.pid)
            .collect();
        let code = i32::from(found.is_empty());
        system.kills.extend(found.into_iter().map(|pid| (pid, signal)));
        Progress::Exited(code)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}
