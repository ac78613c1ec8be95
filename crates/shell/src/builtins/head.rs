//! `head`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "head",
    usage: "head [-n LINES] [-c BYTES] [-q] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Head::default())),
};

#[derive(Clone, Default)]
struct Head {
    inputs: Option<Inputs>,
    /// One file at a time, so that each starts its count anew.
    operands: Vec<String>,
    next: usize,
    lines: i64,
    bytes: Option<usize>,
    titles: bool,
    left: usize,
    failed: bool,
    titled: bool,
}

/// `head -5` is `head -n 5`.
pub(super) fn with_number_option(args: &[String]) -> Vec<String> {
    let mut args = args.to_vec();
    if let Some(first) = args.first_mut()
        && let Some(digits) = first.strip_prefix('-')
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        *first = format!("-n{digits}");
    }
    args
}

impl Program for Head {
    fn step(&mut self, context: &mut Context) -> Step {
        if self.operands.is_empty() {
            return match self.start(context) {
                Ok(()) => Step::Again,
                Err(text) => Step::Exit(context.fail(text)),
            };
        }
        let Some(inputs) = &mut self.inputs else {
            let Some(operand) = self.operands.get(self.next) else { return Step::Exit(i32::from(self.failed)) };
            self.inputs = Some(Inputs::new(std::slice::from_ref(operand)));
            self.next += 1;
            self.titled = false;
            self.left = self.bytes.unwrap_or(self.lines.max(0) as usize);
            return Step::Again;
        };
        if self.lines < 0 {
            return match inputs.gather(context) {
                None => Step::Blocked(None),
                Some(files) => {
                    self.all_but(context, files);
                    self.failed |= self.inputs.take().is_some_and(|inputs| inputs.failed);
                    Step::Again
                }
            };
        }
        if self.left == 0 {
            self.title(context);
            self.inputs = None;
            return Step::Again;
        }
        let line = if self.bytes.is_some() { inputs.next_chunk(context) } else { inputs.next_line(context) };
        match line {
            Line::Pending => Step::Blocked(None),
            Line::End => {
                self.failed |= inputs.failed;
                if !inputs.failed {
                    self.title(context);
                }
                self.inputs = None;
                Step::Again
            }
            Line::Text(mut text) => {
                self.title(context);
                match self.bytes {
                    Some(_) => {
                        text.truncate(self.left);
                        self.left -= text.len();
                    }
                    None => {
                        self.left -= 1;
                        text.push(b'\n');
                    }
                }
                context.out(text);
                Step::Again
            }
        }
    }
}

impl Head {
    fn start(&mut self, context: &Context) -> Result<(), String> {
        let args = with_number_option(context.args);
        let options = Options::parse(&args, "n:c:qv", &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q')])?;
        self.lines = match options.value('n') {
            None => 10,
            Some(text) => text.parse().map_err(|_| format!("invalid number of lines: '{text}'"))?,
        };
        self.bytes = match options.value('c') {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| format!("invalid number of bytes: '{text}'"))?),
        };
        self.operands = if options.operands.is_empty() { vec!["-".into()] } else { options.operands.clone() };
        self.titles = (self.operands.len() > 1 && !options.has('q')) || options.has('v');
        Ok(())
    }

    fn title(&mut self, context: &mut Context) {
        if !self.titles || std::mem::replace(&mut self.titled, true) {
            return;
        }
        let name = match self.operands[self.next - 1].as_str() {
            "-" => "standard input",
            name => name,
        };
        let space = if self.next > 1 { "\n" } else { "" };
        context.out(format!("{space}==> {name} <==\n"));
    }

    fn all_but(&mut self, context: &mut Context, files: Vec<(String, Vec<u8>)>) {
        for (_, bytes) in files {
            self.title(context);
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let keep = lines.len().saturating_sub(self.lines.unsigned_abs() as usize);
            context.out(lines[..keep].concat());
        }
    }
}
