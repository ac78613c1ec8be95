//! `tail`, `tac`

use sim::Span;

use super::head::with_number_option;
use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "tail",
    usage: "tail [-n [+]LINES] [-c BYTES] [-f] [-q] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Tail::default())),
};
pub(super) const TAC: Builtin = Builtin {
    name: "tac",
    usage: "tac [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Tac::default())),
};

/// How often `-f` looks whether a file has grown.
const FOLLOW_SPAN: Span = Span::from_seconds(1);

#[derive(Clone, Default)]
struct Tail {
    inputs: Option<(Inputs, Options)>,
    /// The files that are followed, and how much of each has been shown.
    followed: Option<Vec<(String, usize)>>,
    shown: String,
}

impl Program for Tail {
    fn step(&mut self, context: &mut Context) -> Step {
        if self.followed.is_some() {
            return self.follow(context);
        }
        let Some((inputs, options)) = &mut self.inputs else {
            let args = with_number_option(context.args);
            let long = [("lines", 'n'), ("bytes", 'c'), ("follow", 'f'), ("quiet", 'q')];
            return match Options::parse(&args, "n:c:fFqv", &long) {
                Ok(options) => {
                    self.inputs = Some((Inputs::new(&options.operands), options));
                    Step::Again
                }
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        let Some(files) = inputs.gather(context) else { return Step::Blocked(None) };
        let (options, failed) = (options.clone(), inputs.failed);
        if let Err(text) = self.show(context, &options, &files) {
            return Step::Exit(context.fail(text));
        }
        let follow = options.has('f') || options.has('F');
        let named: Vec<(String, usize)> =
            files.iter().filter(|(name, _)| name != "-").map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        if follow && !named.is_empty() {
            self.shown = named.last().map(|(name, _)| name.clone()).unwrap_or_default();
            self.followed = Some(named);
            return Step::Again;
        }
        Step::Exit(i32::from(failed))
    }
}

impl Tail {
    fn show(&self, context: &mut Context, options: &Options, files: &[(String, Vec<u8>)]) -> Result<(), String> {
        let (text, what) =
            options.value('c').map_or((options.value('n').unwrap_or("10"), "lines"), |text| (text, "bytes"));
        let (from_start, digits) =
            text.strip_prefix('+').map_or((false, text.trim_start_matches('-')), |rest| (true, rest));
        let count: usize = digits.parse().map_err(|_| format!("invalid number of {what}: \u{2018}{text}\u{2019}"))?;
        let titles = (files.len() > 1 && !options.has('q')) || options.has('v');
        for (index, (name, bytes)) in files.iter().enumerate() {
            if titles {
                let name = if name == "-" { "standard input" } else { name };
                context.out(format!("{}==> {name} <==\n", if index > 0 { "\n" } else { "" }));
            }
            let pieces: Vec<&[u8]> = if what == "bytes" {
                bytes.chunks(1).collect()
            } else {
                bytes.split_inclusive(|b| *b == b'\n').collect()
            };
            let start = if from_start { count.saturating_sub(1) } else { pieces.len().saturating_sub(count) };
            context.out(pieces.get(start..).unwrap_or(&[]).concat());
        }
        Ok(())
    }

    fn follow(&mut self, context: &mut Context) -> Step {
        let mut followed = self.followed.take().unwrap_or_default();
        let many = followed.len() > 1;
        for (name, shown) in &mut followed {
            let Ok(bytes) = context.read(name) else { continue };
            if bytes.len() < *shown {
                context.fail(format_args!("{name}: file truncated"));
                *shown = 0;
            }
            if bytes.len() > *shown {
                if many && self.shown != *name {
                    context.out(format!("\n==> {name} <==\n"));
                    self.shown.clone_from(name);
                }
                context.out(&bytes[*shown..]);
                *shown = bytes.len();
            }
        }
        self.followed = Some(followed);
        Step::Blocked(Some(context.caller.now + FOLLOW_SPAN))
    }
}

#[derive(Clone, Default)]
struct Tac {
    inputs: Option<Inputs>,
}

impl Program for Tac {
    fn step(&mut self, context: &mut Context) -> Step {
        let inputs = self.inputs.get_or_insert_with(|| Inputs::new(context.args));
        let Some(files) = inputs.gather(context) else { return Step::Blocked(None) };
        for (_, bytes) in files {
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').rev().collect();
            context.out(lines.concat());
        }
        Step::Exit(i32::from(self.inputs.as_ref().is_some_and(|inputs| inputs.failed)))
    }
}
