//! `cd`

use super::{Builtin, Kind, Outcome, Runner};
use crate::fs::normalise;
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "cd", usage: "cd [dir]", kind: Kind::Shell, runner: Runner::Shell(cd) };

fn cd(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let operands: Vec<&String> = args.iter().filter(|arg| !matches!(arg.as_str(), "-P" | "-L")).collect();
    if operands.len() > 1 {
        reach.complain("cd: too many arguments");
        return Outcome::Status(1);
    }
    let back = operands.first().is_some_and(|operand| *operand == "-");
    let (variable, missing) = if back { ("OLDPWD", "cd: OLDPWD not set") } else { ("HOME", "cd: HOME not set") };
    let target = match operands.first() {
        Some(operand) if !back => (*operand).clone(),
        _ => match reach.shell().variables.get(variable) {
            Some(value) => value.to_string(),
            None => {
                reach.complain(missing);
                return Outcome::Status(1);
            }
        },
    };
    let path = normalise(&reach.shell().cwd, &target);
    let caller = reach.caller();
    let problem = match reach.fs().stat(&path, caller) {
        Ok(metadata) if !metadata.is_directory() => Some("Not a directory".to_string()),
        Ok(metadata) if !metadata.permits(caller, 1) => Some("Permission denied".to_string()),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    if let Some(problem) = problem {
        reach.complain(&format!("cd: {target}: {problem}"));
        return Outcome::Status(1);
    }
    if back {
        reach.out(&format!("{path}\n"));
    }
    let shell = reach.shell();
    let old = std::mem::replace(&mut shell.cwd, path.clone());
    let set = shell.variables.set("OLDPWD", old).and_then(|()| shell.variables.set("PWD", path));
    shell.variables.export("OLDPWD");
    Outcome::Status(i32::from(set.is_err()))
}
