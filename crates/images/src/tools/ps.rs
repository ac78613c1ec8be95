//! `ps`: the processes of the container.

use cri::{Process, Spawn, System, Worker};
use ordered::Arrange;
use shell::fs::Fs;
use shell::{ProcessIo, Progress};

use crate::program::Tool;

/// As procps prints it.
pub(crate) const TOOL: Tool = Tool { name: "ps", start: start_procps };
/// As busybox prints it.
pub(crate) const TOOL_BUSYBOX: Tool = Tool { name: "ps", start: start_busybox };

fn start_procps(spawn: &Spawn) -> Box<dyn Process> {
    let mut words = spawn.argv.iter().skip(1);
    let has = |letters: &str| words.clone().any(|word| word.contains(|c| letters.contains(c)));
    let style = match () {
        () if has("u") => Style::User,
        () if has("fF") && has("l") => Style::Long,
        () if has("fF") => Style::Full,
        () => Style::Short,
    };
    // Without a terminal of its own, `ps` alone shows what shares none either; with one, what shares it.
    let all = words.any(|word| word.contains(['e', 'A', 'a', 'x']));
    Box::new(Ps { spawn: spawn.clone(), style, all })
}

fn start_busybox(spawn: &Spawn) -> Box<dyn Process> {
    Box::new(Ps { spawn: spawn.clone(), style: Style::Busybox, all: true })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Short,
    Full,
    Long,
    User,
    Busybox,
}

impl Style {
    const fn header(self) -> &'static str {
        match self {
            Style::Short => "  PID TTY          TIME CMD\n",
            Style::Full => "UID        PID  PPID  C STIME TTY          TIME CMD\n",
            Style::Long => "F S UID        PID  PPID  C PRI  NI ADDR SZ WCHAN  STIME TTY          TIME CMD\n",
            Style::User => "USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n",
            Style::Busybox => "PID   USER     TIME  COMMAND\n",
        }
    }
}

#[derive(Clone, Debug)]
struct Ps {
    spawn: Spawn,
    style: Style,
    all: bool,
}

impl Process for Ps {
    fn step(&mut self, io: &mut ProcessIo, system: &mut System<'_>) -> Progress {
        io.stdout(self.style.header());
        let mut rows: Vec<Worker> = system.processes.to_vec();
        if !rows.iter().any(|row| row.pid == self.spawn.pid) {
            rows.push(self.own_row(system));
        }
        rows.arrange_by_key(|row| row.pid);
        for row in rows.iter().filter(|row| self.all || row.tty == self.spawn.tty) {
            let user = system.files.user_name(row.uid);
            io.stdout(self.line(row, &user));
        }
        Progress::Exited(0)
    }

    fn boxed_clone(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

impl Ps {
    fn own_row(&self, system: &System<'_>) -> Worker {
        Worker {
            pid: self.spawn.pid,
            parent: self.spawn.parent,
            uid: self.spawn.uid,
            started: system.now,
            pages: cri::SMALL_PAGES,
            tty: self.spawn.tty,
            command: self.spawn.argv.join(" ").into(),
        }
    }

    fn line(&self, row: &Worker, user: &str) -> String {
        let Worker { pid, parent, pages, command, .. } = row;
        let (clock, tty) = (row.started.calendar(), if row.tty { "pts/0" } else { "?" });
        let (hour, minute) = (clock.hour, clock.minute);
        // The table of a container has no running process but the one that looks.
        let state = if *pid == self.spawn.pid { 'R' } else { 'S' };
        let user = &cut(user);
        match self.style {
            Style::Short => {
                let program = command.split(' ').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                format!("{pid:>5} {tty:<8} 00:00:00 {program}\n")
            }
            Style::Full => {
                format!("{user:<8} {pid:>5} {parent:>5}  0 {hour:02}:{minute:02} {tty:<8} 00:00:00 {command}\n")
            }
            Style::Long => format!(
                "4 {state} {user:<8} {pid:>5} {parent:>5}  0  80   0 - {pages:>5} -      {hour:02}:{minute:02} {tty:<8} 00:00:00 {command}\n"
            ),
            Style::User => {
                let kib = pages * 4;
                format!(
                    "{user:<8} {pid:>5}  0.0  0.0 {kib:>6} {:>5} {tty:<8} {state}    {hour:02}:{minute:02}   0:00 {command}\n",
                    kib / 8
                )
            }
            Style::Busybox => format!("{pid:>5} {user:<8}  0:00 {command}\n"),
        }
    }
}

/// A name that is too long for its column ends in a plus sign.
fn cut(user: &str) -> String {
    if user.len() <= 8 { user.to_string() } else { format!("{}+", user.chars().take(7).collect::<String>()) }
}
