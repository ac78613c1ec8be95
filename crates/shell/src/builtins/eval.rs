//! `eval`, `source`, `.`: texts that become commands.

use std::rc::Rc;

use super::{Builtin, Kind, Outcome, Runner};
use crate::fs::normalise;
use crate::machine::shell::Frame;
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "eval", usage: "eval [arg ...]", kind: Kind::Shell, runner: Runner::Shell(eval) };
pub(super) const SOURCE: Builtin =
    Builtin { name: "source", usage: "source filename [arguments]", kind: Kind::Shell, runner: Runner::Shell(source) };
pub(super) const DOT: Builtin =
    Builtin { name: ".", usage: ". filename [arguments]", kind: Kind::Shell, runner: Runner::Shell(source) };

fn eval(_: &mut dyn Reach, args: &[String]) -> Outcome {
    Outcome::Script(args.join(" "))
}

fn source(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let Some(name) = args.first() else {
        reach.complain("source: filename argument required");
        return Outcome::Status(2);
    };
    let mut candidates = vec![name.clone()];
    if !name.contains('/') {
        let path = reach.shell().variables.get("PATH").cloned().unwrap_or_default();
        candidates.extend(path.split(':').map(|directory| normalise(directory, name)));
    }
    let mut problem = "No such file or directory".to_string();
    for candidate in candidates {
        match reach.read(&candidate) {
            Ok(bytes) => {
                let shell = reach.shell();
                shell.status = 0;
                let positional = (args.len() > 1).then(|| {
                    let new = Rc::new(args[1..].iter().map(Into::into).collect());
                    std::mem::replace(&mut shell.positional, new)
                });
                let text = String::from_utf8_lossy(&bytes);
                return Outcome::Frames(vec![Frame::Sourced { positional }, crate::machine::script_frame(&text)]);
            }
            Err(crate::fs::FsError::NotFound) => {}
            Err(error) => problem = error.to_string(),
        }
    }
    reach.complain(&format!("{name}: {problem}"));
    Outcome::Status(1)
}
