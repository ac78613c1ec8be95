//! How a shell goes on: one transition per frame.
//!
//! A frame is taken off the stack, does one thing, and puts back what comes next. `set -e`, `break`, `return`, `exit`
//! and Ctrl-C unwind the stack frame by frame, so that descriptors and variables are restored on the way.

use std::rc::Rc;

use super::io::Room;
use super::shell::{Ends, ForStage, Frame, Goal, Shell, Stage, Unwind};
use super::turn::Turn;
use super::{Body, Machine, Output, Task, expansion, launch, reader};
use crate::ast::{Command, Compound, Connector, Item, List, Loop, Pipeline};
use crate::host::{Host, Signal};
use crate::limits::{FRAMES_MAX, TURN_STEPS};

/// A shell's turn: transitions until it waits, its share is used, or it ends.
pub(super) fn turn<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    left: &mut u64,
) -> Turn {
    let mut shell = match std::mem::replace(&mut task.body, Body::Away) {
        Body::Shell(shell) => shell,
        other => {
            task.body = other;
            return Turn::Blocked(None);
        }
    };
    let mut result = Turn::Moved;
    let mut moved = false;
    let mut cost = 0;
    while cost < TURN_STEPS {
        match machine.opens.has_room(&task.fds) {
            Room::Yes => {}
            Room::PipeFull => {
                result = Turn::Blocked(None);
                break;
            }
            Room::OutputFull => {
                result = Turn::Stalled;
                break;
            }
        }
        result = advance(machine, host, task, &mut shell);
        let step = 1 + std::mem::take(&mut machine.spent);
        cost += step;
        *left = left.saturating_sub(step);
        match result {
            Turn::Moved => moved = true,
            Turn::Blocked(_) | Turn::Stalled | Turn::Ended(_) => break,
        }
    }
    task.body = Body::Shell(shell);
    match result {
        // What it did before it had to wait may let others go on.
        Turn::Blocked(_) if moved => Turn::Moved,
        result => result,
    }
}

fn advance<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
) -> Turn {
    if let Some(unwind) = shell.unwind {
        return unwind_one(machine, host, task, shell, unwind);
    }
    if let Some(action) = shell.pending_traps.pop() {
        shell.frames.push(Frame::TrapEnd { status: shell.status });
        shell.push_script(&action, None);
        return Turn::Moved;
    }
    if shell.frames.len() > FRAMES_MAX {
        let text = format!("maximum nesting level exceeded ({FRAMES_MAX})");
        machine.complain(host, task, shell, &text);
        shell.status = 1;
        shell.unwind = Some(Unwind::Abort);
        return Turn::Moved;
    }
    match shell.frames.pop() {
        Some(frame) => frame_step(machine, host, task, shell, frame),
        None => finished(machine, task, shell),
    }
}

/// The stack is empty.
fn finished<P: Clone>(machine: &mut Machine<P>, task: &Task<P>, shell: &mut Shell) -> Turn {
    let main = task.pid == machine.config.pid;
    if main && shell.ends == Ends::Never {
        machine.idle = true;
        return Turn::Blocked(None);
    }
    if let Some(action) = Rc::make_mut(&mut shell.traps).remove("EXIT").filter(|action| !action.is_empty()) {
        shell.frames.push(Frame::TrapEnd { status: shell.status });
        shell.push_script(&action, None);
        return Turn::Moved;
    }
    Turn::Ended(shell.status & 0xff)
}

fn frame_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    frame: Frame,
) -> Turn {
    match frame {
        Frame::Script(script) => return reader::script_step(machine, host, task, shell, script),
        Frame::Reader(state) => return reader::reader_step(machine, host, task, shell, state),
        Frame::Read(state) => return reader::read_step(machine, host, task, shell, state),
        Frame::Expand(state) => return expansion::expand_step(machine, host, task, shell, state),
        Frame::Wait { pid } => return wait_step(machine, shell, pid),
        Frame::WaitAll { pids, statuses } => return wait_all_step(machine, shell, pids, statuses),
        Frame::WaitJobs { pids } => return machine.wait_jobs_step(shell, pids),
        Frame::List { list, next } => list_step(machine, host, task, shell, list, next),
        Frame::Item { item, next, ran } => item_step(machine, host, task, shell, item, next, ran),
        Frame::PipelineEnd { negated, timed_from } => {
            if negated {
                shell.status = i32::from(shell.status == 0);
            }
            if let Some(from) = timed_from {
                let seconds = host.now().since(from).as_seconds();
                let (minutes, rest) = ((seconds / 60.0) as u64, seconds % 60.0);
                let text = format!("\nreal\t{minutes}m{rest:.3}s\nuser\t0m0.000s\nsys\t0m0.000s\n");
                machine.write(host, task, 2, text.as_bytes());
            }
        }
        Frame::Command(command) => command_step(shell, command),
        Frame::Compound(command) => compound_step(machine, host, task, shell, command),
        Frame::If { command, branch } => if_step(shell, command, branch),
        Frame::While { command, stage, status } => while_step(shell, command, stage, status),
        Frame::For { command, values, next, status } => {
            for_step(machine, host, task, shell, command, values, next, status)
        }
        Frame::ArithmeticFor { command, stage, status } => arithmetic_for_step(shell, command, stage, status),
        Frame::ExitAfter => shell.unwind = Some(Unwind::Exit),
        Frame::Record
        | Frame::Tested
        | Frame::Restore { .. }
        | Frame::RestoreVariables { .. }
        | Frame::Function { .. }
        | Frame::Sourced { .. }
        | Frame::TrapEnd { .. } => clean_up(machine, host, task, shell, frame),
    }
    Turn::Moved
}

/// What a frame owes when it leaves the stack.
fn clean_up<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    frame: Frame,
) {
    match frame {
        Frame::Record => {
            let ended = Output::Ended { status: shell.status, at: host.now() };
            machine.opens.output.push(ended);
        }
        Frame::Restore { fds } => machine.restore_fds(task, fds),
        Frame::RestoreVariables { saved } => restore_variables(shell, saved),
        Frame::Function { positional, locals } => {
            shell.positional = positional;
            restore_variables(shell, locals);
        }
        Frame::Sourced { positional: Some(positional) } => shell.positional = positional,
        Frame::TrapEnd { status } => shell.status = status,
        Frame::Expand(state) => {
            if let Some(capture) = state.child {
                machine.opens.release(capture.reader);
                super::control::signal_tree(machine, host, capture.pid, Signal::Int);
            }
        }
        _ => {}
    }
}

fn restore_variables(shell: &mut Shell, saved: Vec<(thin::Str, Option<crate::variables::Variable>)>) {
    for (name, old) in saved.into_iter().rev() {
        shell.variables.restore(&name, old);
    }
}

fn unwind_one<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    unwind: Unwind,
) -> Turn {
    let Some(frame) = shell.frames.pop() else {
        shell.unwind = None;
        if unwind == Unwind::Exit {
            shell.ends = Ends::WithScript;
        }
        return Turn::Moved;
    };
    match (unwind, &frame) {
        (
            Unwind::Break(n) | Unwind::Continue(n),
            Frame::While { .. } | Frame::For { .. } | Frame::ArithmeticFor { .. },
        ) => {
            loop_unwind(shell, unwind, n, frame);
        }
        (Unwind::Break(_) | Unwind::Continue(_), Frame::Function { .. } | Frame::Script(_) | Frame::Reader(_)) => {
            shell.unwind = None;
            shell.frames.push(frame);
        }
        (Unwind::Return, Frame::Function { .. } | Frame::Sourced { .. }) => {
            shell.unwind = None;
            shell.frames.push(frame);
        }
        (Unwind::Abort, Frame::Reader(_)) => {
            shell.unwind = None;
            shell.frames.push(frame);
        }
        (Unwind::Exit, Frame::TrapEnd { .. }) => {}
        _ => clean_up(machine, host, task, shell, frame),
    }
    Turn::Moved
}

fn loop_unwind(shell: &mut Shell, unwind: Unwind, n: u32, frame: Frame) {
    let again = match frame {
        _ if n > 1 => {
            shell.unwind = Some(match unwind {
                Unwind::Break(_) => Unwind::Break(n - 1),
                _ => Unwind::Continue(n - 1),
            });
            return;
        }
        Frame::While { command, .. } => Frame::While { command, stage: Stage::Start, status: 0 },
        Frame::ArithmeticFor { command, .. } => Frame::ArithmeticFor { command, stage: ForStage::Body, status: 0 },
        other => other,
    };
    shell.unwind = None;
    shell.status = 0;
    if let Unwind::Continue(_) = unwind {
        shell.frames.push(again);
    }
}

fn wait_step<P: Clone>(machine: &mut Machine<P>, shell: &mut Shell, pid: u32) -> Turn {
    let Some(ended) = machine.ended.remove(&pid) else {
        shell.frames.push(Frame::Wait { pid });
        return Turn::Blocked(None);
    };
    shell.status = ended.status;
    after_wait(shell);
    Turn::Moved
}

/// Decides what a SIGINT means that came while a program ran: if the program died of it, so does the command.
fn after_wait(shell: &mut Shell) {
    if std::mem::take(&mut shell.interrupted) && shell.status == 128 + Signal::Int.number() {
        match shell.traps.get("INT") {
            Some(action) if !action.is_empty() => shell.pending_traps.push(action.clone()),
            Some(_) => {}
            None => shell.unwind = Some(Unwind::Abort),
        }
    }
}

fn wait_all_step<P: Clone>(
    machine: &mut Machine<P>,
    shell: &mut Shell,
    pids: Vec<u32>,
    mut statuses: Vec<Option<i32>>,
) -> Turn {
    for (pid, status) in pids.iter().zip(&mut statuses) {
        if status.is_none() {
            *status = machine.ended.remove(pid).map(|ended| ended.status);
        }
    }
    if statuses.iter().any(Option::is_none) {
        shell.frames.push(Frame::WaitAll { pids, statuses });
        return Turn::Blocked(None);
    }
    let last = statuses.last().copied().flatten().unwrap_or(0);
    let failed = statuses.iter().rev().flatten().copied().find(|status| *status != 0);
    shell.status = if shell.options.pipefail { failed.unwrap_or(0) } else { last };
    after_wait(shell);
    Turn::Moved
}

fn list_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    list: Rc<List>,
    next: usize,
) {
    let Some(item) = list.items.get(next).cloned() else { return };
    if next + 1 < list.items.len() {
        shell.frames.push(Frame::List { list, next: next + 1 });
    }
    if item.background {
        launch::background(machine, host, task, shell, &item);
    } else {
        shell.frames.push(Frame::Item { item, next: 0, ran: false });
    }
}

fn item_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    item: Rc<Item>,
    next: usize,
    ran: bool,
) {
    let Some((connector, pipeline)) = item.pipelines.get(next).cloned() else {
        let last = item.pipelines.last().map(|(_, pipeline)| pipeline);
        let counts = ran && last.is_some_and(|pipeline| counts_for_errexit(pipeline));
        if counts && shell.status != 0 && shell.options.errexit && !shell.is_tested() {
            shell.unwind = Some(Unwind::Exit);
        }
        return;
    };
    let run = match connector {
        Connector::And => next == 0 || shell.status == 0,
        Connector::Or => shell.status != 0,
    };
    shell.frames.push(Frame::Item { item, next: next + 1, ran: run });
    if run {
        start_pipeline(machine, host, task, shell, &pipeline);
    }
}

/// Whether the failure of this pipeline can end a shell: not that of a group, whose parts have been judged already.
fn counts_for_errexit(pipeline: &Pipeline) -> bool {
    !pipeline.negated
        && (pipeline.commands.len() > 1
            || match &*pipeline.commands[0] {
                Command::Simple(_) => true,
                Command::Compound(Compound::Subshell(_) | Compound::Test(_) | Compound::Arithmetic(_), _) => true,
                Command::Compound(..) | Command::Function { .. } => false,
            })
}

fn start_pipeline<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    pipeline: &Pipeline,
) {
    if pipeline.negated || pipeline.timed {
        let timed_from = pipeline.timed.then(|| host.now());
        shell.frames.push(Frame::PipelineEnd { negated: pipeline.negated, timed_from });
    }
    match pipeline.commands.as_slice() {
        [command] => shell.frames.push(Frame::Command(command.clone())),
        commands => launch::pipeline(machine, host, task, shell, commands),
    }
}

fn command_step(shell: &mut Shell, command: Rc<Command>) {
    match &*command {
        Command::Simple(simple) => {
            shell.line = simple.line;
            shell.frames.push(Frame::expand(Goal::Simple(command)));
        }
        Command::Compound(_, redirects) if redirects.is_empty() => shell.frames.push(Frame::Compound(command)),
        Command::Compound(..) => shell.frames.push(Frame::expand(Goal::Redirects(command))),
        Command::Function { name, body } => {
            Rc::make_mut(&mut shell.functions).insert(name.clone(), body.clone());
            shell.status = 0;
        }
    }
}

fn compound_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    command: Rc<Command>,
) {
    let Command::Compound(compound, _) = &*command else { return };
    match compound {
        Compound::Group(list) => shell.frames.push(Frame::list(list)),
        Compound::Subshell(list) => launch::subshell(machine, host, task, shell, list),
        Compound::If { branches, .. } => {
            shell.frames.push(Frame::If { command: command.clone(), branch: 0 });
            push_condition(shell, &branches[0].0);
        }
        Compound::For { .. } => shell.frames.push(Frame::expand(Goal::ForWords(command.clone()))),
        Compound::ArithmeticFor { .. } => {
            shell.frames.push(Frame::ArithmeticFor { command: command.clone(), stage: ForStage::Init, status: 0 });
        }
        Compound::While { .. } => {
            shell.frames.push(Frame::While { command: command.clone(), stage: Stage::Start, status: 0 });
        }
        Compound::Case { .. } => shell.frames.push(Frame::expand(Goal::Case { command: command.clone(), from: 0 })),
        Compound::Test(_) => shell.frames.push(Frame::expand(Goal::Test(command.clone()))),
        Compound::Arithmetic(_) => shell.frames.push(Frame::expand(Goal::Arithmetic(command.clone()))),
    }
}

fn push_condition(shell: &mut Shell, condition: &Rc<List>) {
    shell.frames.push(Frame::Tested);
    shell.frames.push(Frame::list(condition));
}

/// A condition has ended.
fn if_step(shell: &mut Shell, command: Rc<Command>, branch: usize) {
    let Command::Compound(Compound::If { branches, otherwise }, _) = &*command else { return };
    if shell.status == 0 {
        shell.frames.push(Frame::list(&branches[branch].1));
    } else if let Some((condition, _)) = branches.get(branch + 1) {
        let condition = condition.clone();
        shell.frames.push(Frame::If { command: command.clone(), branch: branch + 1 });
        push_condition(shell, &condition);
    } else {
        shell.status = 0;
        shell.frames.extend(otherwise.as_ref().map(Frame::list));
    }
}

fn while_step(shell: &mut Shell, command: Rc<Command>, stage: Stage, status: i32) {
    let Command::Compound(Compound::While { kind, condition, body }, _) = &*command else { return };
    match stage {
        Stage::Start | Stage::Body => {
            let status = if stage == Stage::Body { shell.status } else { status };
            shell.frames.push(Frame::While { command: command.clone(), stage: Stage::Condition, status });
            shell.frames.push(Frame::list(condition));
        }
        Stage::Condition => {
            let goes_on = (shell.status == 0) == (*kind == Loop::While);
            if goes_on {
                shell.frames.push(Frame::While { command: command.clone(), stage: Stage::Body, status });
                shell.frames.push(Frame::list(body));
            } else {
                shell.status = status;
            }
        }
    }
}

fn for_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    command: Rc<Command>,
    values: Rc<Vec<String>>,
    next: usize,
    status: i32,
) {
    let Command::Compound(Compound::For { name, body, .. }, _) = &*command else { return };
    if next > 0 && next >= values.len() {
        return;
    }
    let Some(value) = values.get(next) else {
        shell.status = status;
        return;
    };
    if let Err(crate::variables::ReadOnly(name)) = shell.variables.set(name, value.as_str()) {
        machine.complain(host, task, shell, &format!("{name}: readonly variable"));
        shell.status = 1;
        return;
    }
    shell.frames.push(Frame::For { command: command.clone(), values, next: next + 1, status: 0 });
    shell.frames.push(Frame::list(body));
}

fn arithmetic_for_step(shell: &mut Shell, command: Rc<Command>, stage: ForStage, status: i32) {
    let Command::Compound(Compound::ArithmeticFor { condition, body, .. }, _) = &*command else { return };
    let next = match stage {
        ForStage::Init | ForStage::Body => stage,
        ForStage::Condition | ForStage::Stepped => ForStage::Condition,
        ForStage::Checked => {
            if condition.parts.is_empty() || shell.value != 0 {
                shell.frames.push(Frame::ArithmeticFor { command: command.clone(), stage: ForStage::Body, status });
                shell.frames.push(Frame::list(body));
            } else {
                shell.status = status;
            }
            return;
        }
    };
    let (after, status) = match next {
        ForStage::Init => (ForStage::Condition, 0),
        ForStage::Body => (ForStage::Stepped, shell.status),
        ForStage::Condition | ForStage::Checked | ForStage::Stepped => (ForStage::Checked, status),
    };
    shell.frames.push(Frame::ArithmeticFor { command: command.clone(), stage: after, status });
    shell.frames.push(Frame::expand(Goal::ArithmeticFor { command, stage: next }));
}
