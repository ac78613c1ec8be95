//! `test`, `[`, and the primaries of `[[ ]]`.

use super::{Builtin, Kind, Runner};
use crate::fs::{Caller, Fs, normalise};
use crate::limits::NESTING_MAX;
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "test", usage: "test [expr]", kind: Kind::Shell, runner: Runner::Once(test) };
pub(super) const BRACKET: Builtin =
    Builtin { name: "[", usage: "[ arg... ]", kind: Kind::Shell, runner: Runner::Once(test) };

fn test(context: &mut Context) -> i32 {
    let mut args = context.args;
    if context.name == "[" {
        match args.split_last() {
            Some((last, rest)) if last == "]" => args = rest,
            _ => {
                context.fail("missing `]'");
                return 2;
            }
        }
    }
    let mut parser = Parser { args, at: 0, depth: 0, fs: &*context.fs, caller: context.caller, cwd: context.cwd };
    match parser.whole() {
        Ok(truth) => i32::from(!truth),
        Err(text) => {
            context.fail(text);
            2
        }
    }
}

struct Parser<'a> {
    args: &'a [String],
    at: usize,
    depth: usize,
    fs: &'a dyn Fs,
    caller: Caller,
    cwd: &'a str,
}

const BINARY: [&str; 15] =
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "=~"];

impl Parser<'_> {
    fn arg(&self, offset: usize) -> Option<&str> {
        self.args.get(self.at + offset).map(String::as_str)
    }

    fn whole(&mut self) -> Result<bool, String> {
        if self.args.is_empty() {
            return Ok(false);
        }
        // POSIX decides short forms by the number of arguments alone.
        match self.args {
            [one] => return Ok(!one.is_empty()),
            [not, one] if not == "!" => return Ok(one.is_empty()),
            [left, operator, right] if BINARY.contains(&operator.as_str()) => {
                return binary(left, operator, right, self.fs, self.caller, self.cwd);
            }
            _ => {}
        }
        let truth = self.or()?;
        match self.arg(0) {
            None => Ok(truth),
            Some(_) if self.args.len() == 2 => Err(format!("{}: unary operator expected", self.args[0])),
            Some(_) if self.args.len() == 3 => Err(format!("{}: binary operator expected", self.args[1])),
            Some(_) => Err("too many arguments".into()),
        }
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut truth = self.and()?;
        while self.arg(0) == Some("-o") {
            self.at += 1;
            truth |= self.and()?;
        }
        Ok(truth)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut truth = self.not()?;
        while self.arg(0) == Some("-a") {
            self.at += 1;
            truth &= self.not()?;
        }
        Ok(truth)
    }

    fn not(&mut self) -> Result<bool, String> {
        let mut negated = false;
        while self.arg(0) == Some("!") && self.arg(1).is_some() {
            negated = !negated;
            self.at += 1;
        }
        Ok(self.primary()? != negated)
    }

    fn primary(&mut self) -> Result<bool, String> {
        let Some(first) = self.arg(0).map(String::from) else { return Err("argument expected".into()) };
        if let (Some(operator), Some(right)) = (self.arg(1), self.arg(2))
            && BINARY.contains(&operator)
        {
            let (operator, right) = (operator.to_string(), right.to_string());
            self.at += 3;
            return binary(&first, &operator, &right, self.fs, self.caller, self.cwd);
        }
        if first == "(" {
            self.depth += 1;
            if self.depth > NESTING_MAX {
                return Err("expressions are nested too deeply".into());
            }
            self.at += 1;
            let truth = self.or()?;
            if self.arg(0) != Some(")") {
                return Err("`)' expected".into());
            }
            self.at += 1;
            self.depth -= 1;
            return Ok(truth);
        }
        if is_unary(&first)
            && let Some(operand) = self.arg(1).map(String::from)
        {
            self.at += 2;
            return unary(&first, &operand, self.fs, self.caller, self.cwd);
        }
        self.at += 1;
        Ok(!first.is_empty())
    }
}

fn is_unary(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', letter] if b"bcdefghknprstuwxzLOGNSv".contains(letter))
}

/// `-f file` and its like.
pub(crate) fn unary(operator: &str, operand: &str, fs: &dyn Fs, caller: Caller, cwd: &str) -> Result<bool, String> {
    let metadata = || {
        let path = normalise(cwd, operand);
        if operand.is_empty() { None } else { fs.stat(&path, caller).ok() }
    };
    let device = operand == "/dev/null" || operand == "/dev/tty";
    Ok(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" => device || metadata().is_some(),
        "-c" => device,
        "-f" => metadata().is_some_and(|m| !m.is_directory()),
        "-d" => metadata().is_some_and(|m| m.is_directory()),
        "-s" => metadata().is_some_and(|m| m.size > 0),
        "-r" => device || metadata().is_some_and(|m| m.permits(caller, 4)),
        "-w" => device || metadata().is_some_and(|m| m.permits(caller, 2)),
        "-x" => metadata().is_some_and(|m| m.permits(caller, 1)),
        "-O" => metadata().is_some_and(|m| m.uid == caller.uid),
        "-G" => metadata().is_some_and(|m| m.gid == caller.gid),
        // There are no links, pipes, sockets or block devices here, and no way to see a terminal from here.
        "-L" | "-h" | "-b" | "-p" | "-S" | "-u" | "-g" | "-k" | "-t" | "-N" => false,
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

/// `-eq` and its like on numbers.
pub(crate) fn compare(operator: &str, left: i64, right: i64) -> bool {
    match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        _ => left >= right,
    }
}

/// `a = b` and its like.
pub(crate) fn binary(
    left: &str,
    operator: &str,
    right: &str,
    fs: &dyn Fs,
    caller: Caller,
    cwd: &str,
) -> Result<bool, String> {
    let modified = |file: &str| fs.stat(&normalise(cwd, file), caller).ok().map(|m| m.modified);
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("{text}: integer expression expected"));
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-nt" => modified(left) > modified(right),
        "-ot" => modified(left) < modified(right),
        "-ef" => normalise(cwd, left) == normalise(cwd, right) && modified(left).is_some(),
        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => compare(operator, number(left)?, number(right)?),
        _ => return Err(format!("{operator}: binary operator expected")),
    })
}
