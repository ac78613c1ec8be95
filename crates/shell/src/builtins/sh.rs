//! `sh`, `bash`, `ash`: a shell within the shell. The machine starts it as a process of its own.

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Program, Step};

const USAGE: &str = "sh [-eux] [-c string [name [arg ...]] | file [arg ...]]";

pub(super) const BUILTIN: Builtin =
    Builtin { name: "sh", usage: USAGE, kind: Kind::InnerShell, runner: Runner::Program(|| Box::new(Marker)) };
pub(super) const BASH: Builtin = Builtin { name: "bash", ..BUILTIN };
pub(super) const ASH: Builtin = Builtin { name: "ash", ..BUILTIN };

/// Stands in the registry; the machine knows an inner shell by its kind and never steps this.
#[derive(Clone)]
struct Marker;

impl Program for Marker {
    fn step(&mut self, _: &mut Context) -> Step {
        Step::Exit(126)
    }
}
