//! `tee`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "tee",
    usage: "tee [-a] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Tee::default())),
};

#[derive(Clone, Default)]
struct Tee {
    input: Option<Inputs>,
    files: Vec<String>,
    status: i32,
}

impl Program for Tee {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some(input) = &mut self.input else { return self.start(context) };
        match input.next_chunk(context) {
            Line::Pending => Step::Blocked(None),
            Line::End => Step::Exit(self.status),
            Line::Text(bytes) => {
                context.out(&bytes);
                let files = std::mem::take(&mut self.files);
                for file in &files {
                    let path = context.path(file);
                    if path == "/dev/null" {
                        continue;
                    }
                    if let Err(error) = context.fs.append(&path, &bytes, context.caller) {
                        self.status = context.fail(format_args!("{file}: {error}"));
                    }
                }
                self.files = files;
                Step::Again
            }
        }
    }
}

impl Tee {
    fn start(&mut self, context: &mut Context) -> Step {
        let options = match Options::parse(context.args, "ai", &[("append", 'a')]) {
            Ok(options) => options,
            Err(text) => return Step::Exit(context.fail(text)),
        };
        for file in options.operands {
            let path = context.path(&file);
            let opened = match path.as_str() {
                "/dev/null" => Ok(()),
                _ if options_append(context.args) => context.fs.append(&path, b"", context.caller),
                _ => context.fs.write(&path, b"", context.caller),
            };
            match opened {
                Ok(()) => self.files.push(file),
                Err(error) => self.status = context.fail(format_args!("{file}: {error}")),
            }
        }
        self.input = Some(Inputs::new(&[]));
        Step::Again
    }
}

fn options_append(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "-a" || arg == "--append" || arg == "-ai" || arg == "-ia")
}
