//! `pkill`: signals processes by the name of their program (`-f`: by the whole command line, `-x`: by all of it).

use cri::{Process, Spawn, System};
use shell::{ProcessIo, Progress, Signal};

use crate::program::Tool;

/// `pkill [-SIGNAL] NAME`
pub(crate) const PKILL: Tool = Tool { name: "pkill", start };

fn start(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Pkill { spawn: spawn.clone() })
}

/// What the kernel calls a process: its program's file, cut.
fn program(command: &str) -> &str {
    let file = command.split(' ').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    file.get(..15).unwrap_or(file)
}

#[derive(Clone, Debug)]
struct Pkill {
    spawn: Spawn,
}

impl Process for Pkill {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        let (mut signal, mut whole, mut exact) = (Signal::Term, false, false);
        let mut name = None;
        for word in self.spawn.argv.iter().skip(1) {
            match word.strip_prefix('-') {
                Some("f") => whole = true,
                Some("x") => exact = true,
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
            .filter(|row| {
                let text = if whole { row.command.as_str() } else { program(&row.command) };
                let is_meant = if exact { text == name } else { text.contains(name) };
                is_meant && row.pid != self.spawn.pid
            })
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
