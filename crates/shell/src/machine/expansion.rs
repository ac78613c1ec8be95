//! Expansion of commands, and what is done with the result.

use std::rc::Rc;

use thin::Str;

use super::redirect::{Resolved, resolve};
use super::shell::{Capture, Expansion, ForStage, Frame, Goal, Shell, Unwind};
use super::turn::{Turn, caller};
use super::{Machine, Task, launch};
use crate::ast::{ArmEnd, Command, Compound, List, Test};
use crate::expand::{Expanded, Scope, Stop};
use crate::host::Host;
use crate::limits::{BYTES_PER_STEP, CAPTURE_BYTES_MAX};
use crate::pattern;

/// A simple command, expanded.
pub(crate) struct Ready {
    pub assignments: Vec<(Str, String)>,
    pub argv: Vec<String>,
    pub redirects: Vec<Resolved>,
}

/// What an expansion came to.
enum Done {
    Simple(Ready),
    Redirects(Vec<Resolved>),
    Values(Vec<String>),
    /// The arm of a case that matches.
    Arm(Option<usize>),
    Number(i64),
    Truth(Result<bool, String>),
}

pub(super) fn expand_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    mut state: Expansion,
) -> Turn {
    if let Some(capture) = state.child.take() {
        match capture_step(machine, host, task, shell, capture) {
            Captured::Waiting(capture, moved) => {
                state.child = Some(capture);
                shell.frames.push(Frame::Expand(state));
                return if moved { Turn::Moved } else { Turn::Blocked(None) };
            }
            Captured::Done(text, status) => {
                state.results.push(text);
                state.status = Some(status);
                shell.status = status;
            }
            Captured::Aborted => return Turn::Moved,
        }
    }
    let caller = caller(machine, host);
    let flags = shell.flags();
    let before = shell.variables.clone();
    let mut scope = shell.scope(host.fs(), caller, &flags, &state.results);
    let evaluated = evaluate(&mut scope, &state.goal);
    machine.spent += (scope.bytes / BYTES_PER_STEP) as u64;
    match evaluated {
        Ok(done) => perform(machine, host, task, shell, state, done),
        Err(Stop::Need(list)) => {
            // The child sees what the words before it assigned; this shell expands them again afterwards.
            start_capture(machine, host, task, shell, &mut state, &list);
            shell.variables = before;
            if state.child.is_some() {
                shell.frames.push(Frame::Expand(state));
            }
        }
        Err(Stop::Fail(text)) => {
            machine.complain(host, task, shell, &text);
            shell.status = 1;
            if shell.options.errexit && !shell.is_tested() {
                shell.unwind = Some(Unwind::Exit);
            }
        }
        Err(stop @ (Stop::Fatal(_) | Stop::Discard(_))) => {
            let (text, script_status) = match stop {
                Stop::Discard(text) | Stop::Fail(text) => (text, 1),
                Stop::Fatal(text) => (text, 127),
                Stop::Need(_) => (String::new(), 1),
            };
            machine.complain(host, task, shell, &text);
            shell.status = if machine.interactive { 1 } else { script_status };
            let main = task.pid == machine.config.pid;
            let stays = main && (machine.interactive || shell.ends == super::shell::Ends::Never);
            shell.unwind = Some(if stays { Unwind::Abort } else { Unwind::Exit });
        }
    }
    Turn::Moved
}

enum Captured {
    Waiting(Capture, bool),
    Done(Str, i32),
    Aborted,
}

fn start_capture<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    state: &mut Expansion,
    list: &Rc<List>,
) {
    let (reader, writer) = machine.opens.pipe();
    let mut fds = machine.opens.retain_all(&task.fds);
    if let Some(old) = fds.insert(1, writer) {
        machine.opens.release(old);
    }
    match launch::fork(machine, host, task, shell, Frame::list(list), fds, task.job) {
        Some(pid) => state.child = Some(Capture { pid, reader, bytes: Vec::new(), status: None }),
        None => machine.opens.release(reader),
    }
}

/// Takes what a substitution has written.
fn capture_step<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &Task<P>,
    shell: &mut Shell,
    mut capture: Capture,
) -> Captured {
    let fds = super::io::Fds::from([(0, capture.reader)]);
    let mut input = machine.opens.input(&fds, 0, host.fs(), crate::fs::Caller::root(sim::Time(0)));
    let bytes = input.take_all();
    let moved = !bytes.is_empty();
    capture.bytes.extend(bytes);
    let at_end = input.at_end();
    if capture.bytes.len() > CAPTURE_BYTES_MAX {
        machine.opens.release(capture.reader);
        let text = format!("command substitution: output is longer than {CAPTURE_BYTES_MAX} bytes");
        machine.complain(host, task, shell, &text);
        shell.status = 1;
        super::control::signal_tree(machine, host, capture.pid, crate::host::Signal::Pipe);
        return Captured::Aborted;
    }
    if capture.status.is_none() {
        capture.status = machine.ended.remove(&capture.pid).map(|ended| ended.status);
    }
    let Some(status) = capture.status.filter(|_| at_end) else { return Captured::Waiting(capture, moved) };
    machine.opens.release(capture.reader);
    if std::mem::take(&mut shell.interrupted) && status == 130 {
        shell.status = status;
        shell.unwind = Some(Unwind::Abort);
        return Captured::Aborted;
    }
    capture.bytes.retain(|&byte| byte != 0);
    let text = String::from_utf8_lossy(&capture.bytes);
    Captured::Done(text.trim_end_matches('\n').into(), status)
}

fn evaluate(scope: &mut Scope, goal: &Goal) -> Expanded<Done> {
    match goal {
        Goal::Simple(command) => evaluate_simple(scope, command),
        Goal::Redirects(command) => match &**command {
            Command::Compound(_, redirects) => Ok(Done::Redirects(resolve(scope, redirects)?)),
            Command::Simple(_) | Command::Function { .. } => Ok(Done::Redirects(Vec::new())),
        },
        Goal::ForWords(command) => match &**command {
            Command::Compound(Compound::For { words: Some(words), .. }, _) => Ok(Done::Values(scope.fields(words)?)),
            _ => Ok(Done::Values(scope.positional.iter().map(ToString::to_string).collect())),
        },
        Goal::Case { command, from } => evaluate_case(scope, command, *from),
        Goal::Test(command) => match &**command {
            Command::Compound(Compound::Test(test), _) => Ok(Done::Truth(evaluate_test(scope, test)?)),
            _ => Ok(Done::Truth(Ok(false))),
        },
        Goal::Arithmetic(command) => match &**command {
            Command::Compound(Compound::Arithmetic(word), _) => Ok(Done::Number(scope.arithmetic(word)?)),
            _ => Ok(Done::Number(0)),
        },
        Goal::ArithmeticFor { command, stage } => {
            let Command::Compound(Compound::ArithmeticFor { init, condition, step, .. }, _) = &**command else {
                return Ok(Done::Number(0));
            };
            let word = match stage {
                ForStage::Init => init,
                ForStage::Body => step,
                ForStage::Condition | ForStage::Checked | ForStage::Stepped => condition,
            };
            Ok(Done::Number(scope.arithmetic(word)?))
        }
    }
}

fn evaluate_simple(scope: &mut Scope, command: &Command) -> Expanded<Done> {
    let Command::Simple(simple) = command else { return Ok(Done::Values(Vec::new())) };
    // `export A=~/x b=$c`: what looks like an assignment to these is not split.
    let declares = simple.words.first().and_then(|word| word.as_literal());
    let declares = matches!(declares, Some("export" | "local" | "readonly" | "declare" | "typeset"));
    let argv = if declares {
        let mut argv = Vec::new();
        for word in &simple.words {
            match word.parts.first() {
                Some(crate::ast::Part::Literal(text)) if text.contains('=') => argv.push(scope.text(word)?),
                _ => argv.extend(scope.fields(std::slice::from_ref(word))?),
            }
        }
        argv
    } else {
        scope.fields(&simple.words)?
    };
    let redirects = resolve(scope, &simple.redirects)?;
    let mut assignments: Vec<(Str, String)> = Vec::new();
    for assignment in &simple.assignments {
        let mut value = scope.text(&assignment.value)?;
        if assignment.append {
            value.insert_str(0, scope.variables.get(&assignment.name).map_or("", |old| old));
        }
        // The next assignment sees this one.
        if argv.is_empty() {
            scope.variables.set(&assignment.name, value.as_str())?;
        }
        assignments.push((assignment.name.clone(), value));
    }
    Ok(Done::Simple(Ready { assignments, argv, redirects }))
}

fn evaluate_case(scope: &mut Scope, command: &Command, from: usize) -> Expanded<Done> {
    let Command::Compound(Compound::Case { word, arms }, _) = command else { return Ok(Done::Arm(None)) };
    let text = scope.text(word)?;
    for (index, arm) in arms.iter().enumerate().skip(from) {
        for pattern in &arm.patterns {
            let pattern = scope.pattern(pattern)?;
            if pattern::matches(&pattern, &text) {
                return Ok(Done::Arm(Some(index)));
            }
        }
    }
    Ok(Done::Arm(None))
}

/// The truth of `[[ … ]]`, or what is wrong with it.
fn evaluate_test(scope: &mut Scope, test: &Test) -> Expanded<Result<bool, String>> {
    Ok(match test {
        Test::Not(inner) => evaluate_test(scope, inner)?.map(|truth| !truth),
        Test::And(left, right) => match evaluate_test(scope, left)? {
            Ok(true) => evaluate_test(scope, right)?,
            other => other,
        },
        Test::Or(left, right) => match evaluate_test(scope, left)? {
            Ok(false) => evaluate_test(scope, right)?,
            other => other,
        },
        Test::Unary(operator, word) => {
            let text = scope.text(word)?;
            if operator == "-v" {
                return Ok(Ok(scope.variables.get(&text).is_some()));
            }
            crate::builtins::test::unary(operator, &text, scope.fs, scope.caller, scope.cwd)
        }
        Test::Binary(left, operator, right) => {
            let left = scope.text(left)?;
            match operator.as_str() {
                "=" | "==" | "!=" => {
                    let pattern = scope.pattern(right)?;
                    Ok(pattern::matches(&pattern, &left) == (operator != "!="))
                }
                "=~" => {
                    let pattern = scope.regex(right)?;
                    match crate::regex::Regex::new(&pattern, crate::regex::Syntax::Extended, crate::regex::Case::Exact)
                    {
                        Ok(regex) => Ok(regex.find(&left, 0).is_some()),
                        Err(error) => Err(error),
                    }
                }
                _ => {
                    let right = scope.text(right)?;
                    if operator.starts_with('-')
                        && operator.len() == 3
                        && !matches!(operator.as_str(), "-nt" | "-ot" | "-ef")
                    {
                        let left = crate::expand::arithmetic::evaluate(&left, scope).map_err(Stop::Fail)?;
                        let right = crate::expand::arithmetic::evaluate(&right, scope).map_err(Stop::Fail)?;
                        return Ok(Ok(crate::builtins::test::compare(operator, left, right)));
                    }
                    crate::builtins::test::binary(&left, operator, &right, scope.fs, scope.caller, scope.cwd)
                }
            }
        }
    })
}

fn perform<P: Clone, H: Host<Process = P>>(
    machine: &mut Machine<P>,
    host: &mut H,
    task: &mut Task<P>,
    shell: &mut Shell,
    state: Expansion,
    done: Done,
) {
    match (state.goal, done) {
        (Goal::Simple(_), Done::Simple(ready)) => launch::simple(machine, host, task, shell, ready, state.status),
        (Goal::Redirects(command), Done::Redirects(redirects)) => {
            match machine.apply_redirects(host, task, shell, redirects) {
                Ok(fds) => {
                    shell.frames.push(Frame::Restore { fds });
                    shell.frames.push(Frame::Compound(command));
                }
                Err(text) => {
                    machine.complain(host, task, shell, &text);
                    shell.status = 1;
                }
            }
        }
        (Goal::ForWords(command), Done::Values(values)) => {
            shell.frames.push(Frame::For { command, values: Rc::new(values), next: 0, status: 0 });
        }
        (Goal::Case { command, .. }, Done::Arm(arm)) => perform_case(shell, command, arm),
        (Goal::Test(_), Done::Truth(Ok(truth))) => shell.status = i32::from(!truth),
        (Goal::Test(_), Done::Truth(Err(text))) => {
            machine.complain(host, task, shell, &text);
            shell.status = 2;
        }
        (Goal::Arithmetic(_), Done::Number(value)) => shell.status = i32::from(value == 0),
        (Goal::ArithmeticFor { .. }, Done::Number(value)) => shell.value = value,
        _ => {}
    }
}

fn perform_case(shell: &mut Shell, command: Rc<Command>, arm: Option<usize>) {
    let Command::Compound(Compound::Case { arms, .. }, _) = &*command else { return };
    shell.status = 0;
    let Some(first) = arm else { return };
    // The bodies that run one after the other because of `;&`.
    let count = arms[first..].iter().take_while(|arm| arm.end == ArmEnd::FallThrough).count() + 1;
    let last = (first + count - 1).min(arms.len() - 1);
    if arms[last].end == ArmEnd::Continue {
        shell.frames.push(Frame::expand(Goal::Case { command: command.clone(), from: last + 1 }));
    }
    for arm in arms[first..=last].iter().rev() {
        shell.frames.push(Frame::list(&arm.body));
    }
}
