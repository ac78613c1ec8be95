//! The session that decides what of a program is loaded first, and a longer one that runs through the rest.

use crate::module::Outcome;
use crate::requests;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How long a session is.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    /// What a first session does.
    First,
    /// That, and what most first sessions do not do.
    Long,
}

/// The sessions of one program.
pub(crate) struct Session {
    script: PathBuf,
    folder: PathBuf,
    /// What is given to the script for the two lengths.
    plans: [PathBuf; 2],
    check: fn(&str) -> Outcome<()>,
    has_chance: bool,
}

impl Session {
    /// Of the program of this name in this folder.
    pub(crate) fn of(name: &str, folder: &Path, scratch: &Path) -> Outcome<Session> {
        let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/js")).join(format!("{name}-session.mjs"));
        if !script.is_file() {
            return Err(format!("there is no session for {name}"));
        }
        let (plans, check): (_, fn(&str) -> Outcome<()>) = match name {
            "worker" => {
                let [first, long] = ["requests", "long-requests"].map(|file| scratch.join(file));
                crate::write(&first, requests::requests().as_bytes())?;
                crate::write(&long, requests::long_requests().as_bytes())?;
                ([first, long], requests::check)
            }
            // The script knows what to do, and fails if that fails.
            _ => (["first", "long"].map(PathBuf::from), |_| Ok(())),
        };
        Ok(Session { script, folder: folder.into(), plans, check, has_chance: name == "page" })
    }

    /// Whether the program's ways depend on where things lie in memory: Yew's hash maps do. The engine has none.
    pub(crate) fn has_chance(&self) -> bool {
        self.has_chance
    }

    /// What the program, in this wasm, answers.
    pub(crate) fn run(&self, length: Length, wasm: &Path, options: &[&OsStr]) -> Outcome<String> {
        let plan = &self.plans[length as usize];
        let output = Command::new("node").arg(&self.script).arg(&self.folder).args([wasm, plan]).args(options).output();
        let output = output.map_err(|error| format!("cannot start node: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Whether these are the answers of a session that went well.
    pub(crate) fn check(&self, answers: &str) -> Outcome<()> {
        (self.check)(answers)
    }
}
