//! One shell (the main one or a subshell): its state, and the frames that say where in its script it is.

use ordered::OrderedMap;
use std::rc::Rc;

use thin::Str;

use super::Config;
use super::io::OpenId;
use super::reader::{Prompting, Reader};
use crate::ast::{Command, Item, List};
use crate::fs::Caller;
use crate::fs::Fs;
use crate::parse::Aliases;
use crate::variables::{Variable, Variables};

/// The options of `set`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetOptions {
    /// `-e`
    pub errexit: bool,
    /// `-u`
    pub nounset: bool,
    /// `-x`
    pub xtrace: bool,
    /// `-f`
    pub noglob: bool,
    /// `-o pipefail`
    pub pipefail: bool,
    /// `-a`
    pub allexport: bool,
    /// `-C`
    pub noclobber: bool,
}

/// What happens when a shell has nothing more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It waits for the next script.
    Never,
    /// It ends.
    WithScript,
}

/// Where a shell's commands come from. Messages about scripts name the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Typed,
    /// `-c`
    Argument,
    File,
}

/// A way out of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwind {
    Break(u32),
    Continue(u32),
    Return,
    Exit,
    /// Ctrl-C or a fatal error: back to the prompt, or out.
    Abort,
}

#[derive(Clone)]
pub(crate) struct Shell {
    pub variables: Variables,
    pub functions: Rc<OrderedMap<Str, Rc<Command>>>,
    pub aliases: Rc<Aliases>,
    pub positional: Rc<Vec<Str>>,
    pub arg0: Str,
    pub cwd: String,
    pub options: SetOptions,
    pub status: i32,
    /// `$$`: the main shell's PID, in subshells too.
    pub shell_pid: u32,
    pub last_background: Option<u32>,
    pub traps: Rc<OrderedMap<Str, Str>>,
    /// Traps of signals that came, not yet run.
    pub pending_traps: Vec<Str>,
    pub frames: Vec<Frame>,
    pub unwind: Option<Unwind>,
    pub ends: Ends,
    /// The line of the script, for messages.
    pub line: usize,
    /// Where its commands come from, for messages.
    pub origin: Origin,
    /// SIGINT came while a foreground program ran; decided when that ends.
    pub interrupted: bool,
    /// The result of an arithmetic `for`'s expression.
    pub value: i64,
    /// The position within a cluster of options, for `getopts`.
    pub getopts_at: usize,
}

/// Where a shell is. The last frame of the stack is the innermost.
#[derive(Clone)]
pub(crate) enum Frame {
    Script(Script),
    Reader(Reader),
    /// A complete command of the main shell ends here.
    Record,
    List {
        list: Rc<List>,
        next: usize,
    },
    Item {
        item: Rc<Item>,
        next: usize,
        ran: bool,
    },
    /// Negates or times the pipeline that has just ended.
    PipelineEnd {
        negated: bool,
        timed_from: Option<sim::Time>,
    },
    WaitAll {
        pids: Vec<u32>,
        statuses: Vec<Option<i32>>,
    },
    Wait {
        pid: u32,
    },
    Command(Rc<Command>),
    Compound(Rc<Command>),
    Expand(Expansion),
    If {
        command: Rc<Command>,
        branch: usize,
    },
    While {
        command: Rc<Command>,
        stage: Stage,
        status: i32,
    },
    For {
        command: Rc<Command>,
        values: Rc<Vec<String>>,
        next: usize,
        status: i32,
    },
    ArithmeticFor {
        command: Rc<Command>,
        stage: ForStage,
        status: i32,
    },
    /// A list whose failure `set -e` ignores ends here.
    Tested,
    Restore {
        fds: Vec<(u32, Option<OpenId>)>,
    },
    RestoreVariables {
        saved: Vec<(Str, Option<Variable>)>,
    },
    Function {
        positional: Rc<Vec<Str>>,
        locals: Vec<(Str, Option<Variable>)>,
    },
    Sourced {
        positional: Option<Rc<Vec<Str>>>,
    },
    /// Puts `$?` back after a trap.
    TrapEnd {
        status: i32,
    },
    Read(super::reader::ReadLine),
    WaitJobs {
        pids: Vec<u32>,
    },
    /// The shell ends after the command that replaced it.
    ExitAfter,
}

/// A text that is run one complete command after the other.
#[derive(Clone)]
pub(crate) struct Script {
    pub text: Rc<str>,
    pub at: usize,
    pub line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Start,
    Condition,
    Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForStage {
    Init,
    Condition,
    Checked,
    Body,
    Stepped,
}

/// An expansion that may wait for the substitutions in it.
#[derive(Clone)]
pub(crate) struct Expansion {
    pub goal: Goal,
    pub results: Vec<Str>,
    /// The status of the last substitution.
    pub status: Option<i32>,
    pub child: Option<Capture>,
}

/// A substitution that runs.
#[derive(Clone)]
pub(crate) struct Capture {
    pub pid: u32,
    pub reader: OpenId,
    pub bytes: Vec<u8>,
    pub status: Option<i32>,
}

/// What an expansion is for.
#[derive(Clone)]
pub(crate) enum Goal {
    Simple(Rc<Command>),
    /// The redirections of a compound command.
    Redirects(Rc<Command>),
    ForWords(Rc<Command>),
    Case {
        command: Rc<Command>,
        from: usize,
    },
    Test(Rc<Command>),
    Arithmetic(Rc<Command>),
    ArithmeticFor {
        command: Rc<Command>,
        stage: ForStage,
    },
}

impl Frame {
    pub(crate) fn expand(goal: Goal) -> Frame {
        Frame::Expand(Expansion { goal, results: Vec::new(), status: None, child: None })
    }

    pub(crate) fn reader(prompting: Prompting) -> Frame {
        Frame::Reader(Reader::new(prompting))
    }

    pub(crate) fn list(list: &Rc<List>) -> Frame {
        Frame::List { list: list.clone(), next: 0 }
    }
}

impl Shell {
    /// A shell that knows nothing but its environment.
    pub(crate) fn new(config: &Config, env: &OrderedMap<Str, Str>, cwd: &str, pid: u32) -> Shell {
        let mut variables = Variables::default();
        for (name, value) in env {
            variables.restore(name, Some(Variable { value: Some(value.clone()), exported: true, readonly: false }));
        }
        let standard = [("PWD", cwd, true), ("IFS", " \t\n", false), ("OPTIND", "1", false)];
        for (name, value, exported) in standard {
            variables.restore(name, Some(Variable { value: Some(value.into()), exported, readonly: false }));
        }
        Shell {
            variables,
            functions: Rc::default(),
            aliases: Rc::default(),
            positional: Rc::default(),
            arg0: config.name.clone(),
            cwd: cwd.to_string(),
            options: SetOptions::default(),
            status: 0,
            shell_pid: pid,
            last_background: None,
            traps: Rc::default(),
            pending_traps: Vec::new(),
            frames: Vec::new(),
            unwind: None,
            ends: Ends::Never,
            line: 1,
            origin: Origin::Typed,
            interrupted: false,
            value: 0,
            getopts_at: 0,
        }
    }

    /// A copy that runs `frame` and ends: a subshell.
    pub(crate) fn fork(&self, frame: Frame) -> Shell {
        let frames = vec![frame];
        // Traps are the parent's; ignored signals stay ignored.
        let traps: OrderedMap<_, _> =
            self.traps.iter().filter(|(_, action)| action.is_empty()).map(|(n, a)| (n.clone(), a.clone())).collect();
        Shell {
            frames,
            traps: Rc::new(traps),
            pending_traps: Vec::new(),
            unwind: None,
            ends: Ends::WithScript,
            interrupted: false,
            variables: self.variables.clone(),
            functions: self.functions.clone(),
            aliases: self.aliases.clone(),
            positional: self.positional.clone(),
            arg0: self.arg0.clone(),
            cwd: self.cwd.clone(),
            ..*self
        }
    }

    pub(crate) fn push_script(&mut self, text: &str, line: Option<usize>) {
        self.frames.push(Frame::Script(Script { text: text.into(), at: 0, line: line.unwrap_or(1) }));
    }

    /// Bytes of the scripts that it is in the middle of.
    pub(crate) fn script_bytes(&self) -> usize {
        let bytes = |frame: &Frame| if let Frame::Script(script) = frame { script.text.len() } else { 0 };
        self.frames.iter().map(bytes).sum()
    }

    /// The letters of `$-`.
    pub(crate) fn flags(&self) -> String {
        let o = &self.options;
        let letters = [(o.allexport, 'a'), (o.errexit, 'e'), (o.noglob, 'f'), (o.nounset, 'u'), (o.xtrace, 'x')];
        letters.into_iter().filter(|(on, _)| *on).map(|(_, letter)| letter).collect()
    }

    pub(crate) fn scope<'a>(
        &'a mut self,
        fs: &'a dyn Fs,
        caller: Caller,
        flags: &'a str,
        results: &'a [Str],
    ) -> crate::expand::Scope<'a> {
        crate::expand::Scope {
            variables: &mut self.variables,
            positional: &self.positional,
            arg0: &self.arg0,
            status: self.status,
            shell_pid: self.shell_pid,
            last_background: self.last_background,
            flags,
            cwd: &self.cwd,
            fs,
            caller,
            globbing: !self.options.noglob,
            unset_is_error: self.options.nounset,
            results,
            used: 0,
            bytes: 0,
        }
    }

    /// Whether `set -e` ignores failures here: in a condition, before `&&`, after `!`.
    pub(crate) fn is_tested(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::Tested => true,
            Frame::If { .. } => false,
            Frame::While { stage, .. } => *stage == Stage::Condition,
            Frame::Item { item, next, .. } => *next < item.pipelines.len(),
            Frame::PipelineEnd { negated, .. } => *negated,
            _ => false,
        })
    }

    /// Whether a function runs.
    pub(crate) fn in_function(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Function { .. }))
    }

    /// Remembers a variable for the end of the function that runs.
    pub(crate) fn make_local(&mut self, name: &str) {
        let old = self.variables.variable(name).cloned();
        let innermost = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Function { locals, .. } => Some(locals),
            _ => None,
        });
        if let Some(locals) = innermost
            && !locals.iter().any(|(local, _)| local == name)
        {
            locals.push((name.into(), old));
        }
    }
}
