//! The shell's builtins: one file each, one line in the registry.
//!
//! Three sorts: those of the shell itself (`cd`, `read`) change the shell; programs of one step (`echo`, `ls`) run
//! within the shell's turn; programs that read or wait (`cat`, `sleep`) run as processes. Which of them a shell has
//! is data: a [`Builtins`] set. Models: GNU coreutils 9, grep 3, sed 4 in words and exit statuses.

mod alias;
mod basename;
mod cat;
mod cd;
mod chmod;
mod clear;
mod cp;
mod cut;
mod date;
mod diff;
mod echo;
mod env;
mod eval;
mod exec;
mod export;
mod expr;
mod find;
mod flow;
mod getopts;
mod grep;
mod head;
mod help;
mod history;
mod id;
mod jobs;
mod ls;
mod mkdir;
mod mv;
mod printf;
mod pwd;
mod read;
mod rm;
mod sed;
mod seq;
pub(crate) mod set;
mod sh;
mod sleep;
mod sort;
mod tail;
mod tar;
mod tee;
pub(crate) mod test;
mod timeout;
mod touch;
mod tr;
mod trap;
mod true_;
mod type_;
mod uniq;
mod wc;
mod xargs;

use ordered::OrderedSet;
use std::rc::Rc;

use crate::machine::shell::{Frame, Unwind};
use crate::machine::site::Reach;
use crate::process::{Context, Program};

pub use diff::unified_diff;

/// A builtin.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// The name it is called by.
    pub name: &'static str,
    /// How it is called, one line.
    pub usage: &'static str,
    /// Of the shell, or a program.
    pub kind: Kind,
    pub(crate) runner: Runner,
}

/// Of which sort a builtin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `type` says "is a shell builtin".
    Shell,
    /// A program, with a place in `/usr/bin`.
    Program,
    /// `sh` and `bash`.
    InnerShell,
}

#[derive(Clone, Copy)]
pub(crate) enum Runner {
    Shell(fn(&mut dyn Reach, &[String]) -> Outcome),
    Once(fn(&mut Context) -> i32),
    Program(fn() -> Box<dyn Program>),
}

/// What a builtin of the shell asks for.
pub(crate) enum Outcome {
    Status(i32),
    Unwind(Unwind),
    /// To go on with; the last first.
    Frames(Vec<Frame>),
    /// A text to run.
    Script(String),
    /// A command to run, functions passed by.
    Run(Vec<String>),
    /// A command to run in the shell's place.
    Exec(Vec<String>),
}

/// Every builtin, ordered by name.
const REGISTRY: [&Builtin; 88] = [
    &eval::DOT,
    &true_::COLON,
    &test::BRACKET,
    &alias::BUILTIN,
    &sh::ASH,
    &basename::BUILTIN,
    &sh::BASH,
    &jobs::BG,
    &flow::BREAK,
    &exec::BUILTIN_WORD,
    &cat::BUILTIN,
    &cd::BUILTIN,
    &chmod::BUILTIN,
    &chmod::CHOWN,
    &clear::BUILTIN,
    &exec::COMMAND,
    &flow::CONTINUE,
    &cp::BUILTIN,
    &cut::BUILTIN,
    &date::BUILTIN,
    &export::DECLARE,
    &diff::BUILTIN,
    &basename::DIRNAME,
    &echo::BUILTIN,
    &grep::EGREP,
    &env::BUILTIN,
    &eval::BUILTIN,
    &exec::BUILTIN,
    &flow::EXIT,
    &export::BUILTIN,
    &expr::BUILTIN,
    &true_::FALSE,
    &jobs::FG,
    &grep::FGREP,
    &find::BUILTIN,
    &getopts::BUILTIN,
    &grep::BUILTIN,
    &head::BUILTIN,
    &help::BUILTIN,
    &history::BUILTIN,
    &id::HOSTNAME,
    &id::BUILTIN,
    &jobs::BUILTIN,
    &jobs::KILL,
    &export::LOCAL,
    &flow::LOGOUT,
    &ls::BUILTIN,
    &mkdir::BUILTIN,
    &mv::BUILTIN,
    &env::PRINTENV,
    &printf::BUILTIN,
    &pwd::BUILTIN,
    &read::BUILTIN,
    &export::READONLY,
    &flow::RETURN,
    &rm::BUILTIN,
    &rm::RMDIR,
    &sed::BUILTIN,
    &seq::BUILTIN,
    &set::BUILTIN,
    &sh::BUILTIN,
    &set::SHIFT,
    &sleep::BUILTIN,
    &sort::BUILTIN,
    &eval::SOURCE,
    &tail::TAC,
    &tail::BUILTIN,
    &tar::BUILTIN,
    &tee::BUILTIN,
    &test::BUILTIN,
    &timeout::BUILTIN,
    &touch::BUILTIN,
    &tr::BUILTIN,
    &trap::BUILTIN,
    &true_::BUILTIN,
    &type_::BUILTIN,
    &export::TYPESET,
    &set::UMASK,
    &alias::UNALIAS,
    &id::UNAME,
    &uniq::BUILTIN,
    &export::UNSET,
    &jobs::WAIT,
    &wc::BUILTIN,
    &type_::WHICH,
    &id::WHOAMI,
    &xargs::BUILTIN,
    &seq::YES,
];

/// Which builtins a shell has; cheap to clone.
#[derive(Clone, Debug)]
pub struct Builtins(Rc<OrderedSet<&'static str>>);

impl Builtins {
    /// Every builtin.
    pub fn all() -> Builtins {
        Builtins(Rc::new(REGISTRY.iter().map(|builtin| builtin.name).collect()))
    }

    /// None at all.
    pub fn none() -> Builtins {
        Builtins(Rc::default())
    }

    /// Those of the shell itself (`cd`, `export`, `read`, …) and `echo`, `printf`, `test`, `true`, `pwd`, and these
    /// programs. Names that are not in the registry are the host's business and are left out.
    pub fn with_programs(names: &[&str]) -> Builtins {
        let wanted = |builtin: &&&Builtin| builtin.kind == Kind::Shell || names.contains(&builtin.name);
        Builtins(Rc::new(REGISTRY.iter().filter(wanted).map(|builtin| builtin.name).collect()))
    }

    /// The same set without these.
    pub fn without(&self, names: &[&str]) -> Builtins {
        Builtins(Rc::new(self.0.iter().filter(|name| !names.contains(name)).copied().collect()))
    }

    /// Whether the set has it.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Those of the set, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Builtin> {
        REGISTRY.iter().copied().filter(|builtin| self.contains(builtin.name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'static Builtin> {
        let name = *self.0.get(name)?;
        REGISTRY.iter().copied().find(|builtin| builtin.name == name)
    }
}
