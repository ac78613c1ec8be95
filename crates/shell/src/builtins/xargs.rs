//! `xargs`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Options, Program, Spawn, SpawnInput, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "xargs",
    usage: "xargs [-0rt] [-n MAX] [-L MAX] [-I REPLACE] [-d DELIM] [COMMAND [ARG]...]",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Xargs::default())),
};

/// Arguments of one command.
const ARGUMENTS_MAX: usize = 5_000;

#[derive(Clone, Default)]
struct Xargs {
    input: Option<(Inputs, Options)>,
    batches: Option<Vec<Vec<String>>>,
    status: i32,
}

impl Program for Xargs {
    fn step(&mut self, context: &mut Context) -> Step {
        if context.child_runs {
            return Step::Blocked(None);
        }
        match context.child {
            Some(255) => return Step::Exit(124),
            Some(status @ (126 | 127)) => return Step::Exit(status),
            Some(0) | None => {}
            Some(_) => self.status = 123,
        }
        if let Some(batches) = &mut self.batches {
            if batches.is_empty() {
                return Step::Exit(self.status);
            }
            let argv = batches.remove(0);
            if self.input.as_ref().is_some_and(|(_, options)| options.has('t')) {
                context.io.stderr(argv.join(" ") + "\n");
            }
            return Step::Spawn(Spawn { argv, env: context.env.clone(), stdin: SpawnInput::Null });
        }
        let Some((input, options)) = &mut self.input else {
            return match Options::parse_leading(
                context.args,
                "0rtn:L:I:d:P:",
                &[("null", '0'), ("no-run-if-empty", 'r'), ("max-args", 'n')],
            ) {
                Ok(options) => {
                    self.input = Some((Inputs::new(&[]), options));
                    Step::Again
                }
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        let Some(files) = input.gather(context) else { return Step::Blocked(None) };
        let bytes: Vec<u8> = files.into_iter().flat_map(|(_, bytes)| bytes).collect();
        match batches(&String::from_utf8_lossy(&bytes), options) {
            Ok(batches) => {
                self.batches = Some(batches);
                Step::Again
            }
            Err(text) => Step::Exit(context.fail(text)),
        }
    }
}

fn batches(text: &str, options: &Options) -> Result<Vec<Vec<String>>, String> {
    let command = if options.operands.is_empty() { vec!["echo".to_string()] } else { options.operands.clone() };
    let number = |letter: char| match options.value(letter) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(format!("invalid number \"{text}\" for -{letter} option")),
        },
    };
    if let Some(replace) = options.value('I') {
        let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
        return Ok(lines.map(|line| command.iter().map(|word| word.replace(replace, line)).collect()).collect());
    }
    let words: Vec<String> = match options.value('d') {
        _ if options.has('0') => text.split_terminator('\0').map(String::from).collect(),
        Some("\\n") => text.lines().map(String::from).collect(),
        Some(delimiter) => text.trim_end_matches('\n').split(delimiter).map(String::from).collect(),
        None => words(text)?,
    };
    if words.is_empty() && options.has('r') {
        return Ok(Vec::new());
    }
    let count = match (number('n')?, number('L')?) {
        (Some(count), _) | (None, Some(count)) => count,
        (None, None) => ARGUMENTS_MAX,
    };
    if words.is_empty() {
        return Ok(vec![command]);
    }
    Ok(words.chunks(count.min(ARGUMENTS_MAX)).map(|chunk| [command.clone(), chunk.to_vec()].concat()).collect())
}

/// Words between blanks; quotes and backslashes keep blanks.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\n') | None => {
                            let kind = if c == '"' { "double" } else { "single" };
                            return Err(format!(
                                "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                            ));
                        }
                        Some(inner) => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
