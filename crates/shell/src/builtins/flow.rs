//! `break`, `continue`, `return`, `exit`: ways out.

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::shell::Unwind;
use crate::machine::site::Reach;

pub(super) const BREAK: Builtin =
    Builtin { name: "break", usage: "break [n]", kind: Kind::Shell, runner: Runner::Shell(break_loop) };
pub(super) const CONTINUE: Builtin =
    Builtin { name: "continue", usage: "continue [n]", kind: Kind::Shell, runner: Runner::Shell(continue_loop) };
pub(super) const RETURN: Builtin =
    Builtin { name: "return", usage: "return [n]", kind: Kind::Shell, runner: Runner::Shell(return_from) };
pub(super) const EXIT: Builtin =
    Builtin { name: "exit", usage: "exit [n]", kind: Kind::Shell, runner: Runner::Shell(exit) };
pub(super) const LOGOUT: Builtin =
    Builtin { name: "logout", usage: "logout [n]", kind: Kind::Shell, runner: Runner::Shell(exit) };

/// How many loops; `None` after a complaint.
fn loops(reach: &mut dyn Reach, name: &str, args: &[String]) -> Option<u32> {
    let Some(arg) = args.first() else { return Some(1) };
    match arg.parse::<u32>() {
        Ok(n) if n > 0 => Some(n),
        Ok(_) => {
            reach.complain(&format!("{name}: {arg}: loop count out of range"));
            None
        }
        Err(_) => {
            reach.complain(&format!("{name}: {arg}: numeric argument required"));
            None
        }
    }
}

fn in_loop(reach: &mut dyn Reach, name: &str) -> bool {
    use crate::machine::shell::Frame;
    let inside = reach
        .shell()
        .frames
        .iter()
        .rev()
        .take_while(|frame| !matches!(frame, Frame::Function { .. }))
        .any(|frame| matches!(frame, Frame::While { .. } | Frame::For { .. } | Frame::ArithmeticFor { .. }));
    if !inside {
        reach.complain(&format!("{name}: only meaningful in a `for', `while', or `until' loop"));
    }
    inside
}

fn break_loop(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if !in_loop(reach, "break") {
        return Outcome::Status(0);
    }
    loops(reach, "break", args).map_or(Outcome::Status(1), |n| Outcome::Unwind(Unwind::Break(n)))
}

fn continue_loop(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if !in_loop(reach, "continue") {
        return Outcome::Status(0);
    }
    loops(reach, "continue", args).map_or(Outcome::Status(1), |n| Outcome::Unwind(Unwind::Continue(n)))
}

fn return_from(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    use crate::machine::shell::Frame;
    let inside = reach.shell().frames.iter().any(|f| matches!(f, Frame::Function { .. } | Frame::Sourced { .. }));
    if !inside {
        reach.complain("return: can only `return' from a function or sourced script");
        return Outcome::Status(2);
    }
    match status(reach, "return", args) {
        Some(status) => {
            reach.shell().status = status;
            Outcome::Unwind(Unwind::Return)
        }
        None => Outcome::Status(2),
    }
}

fn exit(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    if args.len() > 1 && args[0].parse::<i64>().is_ok() {
        reach.complain("exit: too many arguments");
        return Outcome::Status(1);
    }
    reach.shell().status = status(reach, "exit", args).unwrap_or(2);
    Outcome::Unwind(Unwind::Exit)
}

fn status(reach: &mut dyn Reach, name: &str, args: &[String]) -> Option<i32> {
    let Some(arg) = args.first() else { return Some(reach.shell().status) };
    match arg.parse::<i64>() {
        Ok(status) => Some((status & 0xff) as i32),
        Err(_) => {
            reach.complain(&format!("{name}: {arg}: numeric argument required"));
            None
        }
    }
}
