//! `tar`

use super::{Builtin, Kind, Runner};
use crate::fs::{FsError, Kind as FileKind, normalise, parent};
use crate::process::{Context, Inputs, Program, Step};
use crate::tar::{self, Member};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "tar",
    usage: "tar -c|-x|-t [-v] [-f ARCHIVE] [-C DIR] [FILE]...",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Tar::default())),
};

/// How many directories deep an archive goes.
const DEPTH_MAX: usize = 64;
const FAILED: i32 = 2;

#[derive(Clone, Default)]
struct Tar {
    task: Option<Task>,
    input: Option<Inputs>,
}

/// What the command line asks for.
#[derive(Clone, Default)]
struct Task {
    mode: char,
    archive: String,
    directory: String,
    is_verbose: bool,
    /// Modification times are those of the archive (not with `-m`).
    keeps_times: bool,
    /// Root gives files to those who owned them (not with `--no-same-owner`).
    keeps_owners: bool,
    operands: Vec<String>,
}

impl Program for Tar {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some(task) = &self.task else {
            return match parse(context) {
                Ok(task) => {
                    if task.mode != 'c' {
                        self.input = Some(Inputs::new(std::slice::from_ref(&task.archive)));
                    }
                    self.task = Some(task);
                    Step::Again
                }
                Err(text) => {
                    context.fail(text);
                    Step::Exit(FAILED)
                }
            };
        };
        let task = task.clone();
        let Some(input) = &mut self.input else { return Step::Exit(task.create(context)) };
        let Some(files) = input.gather(context) else { return Step::Blocked(None) };
        if input.failed {
            return Step::Exit(FAILED);
        }
        let bytes = files.into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default();
        match tar::read(&bytes) {
            Ok(members) => Step::Exit(task.extract(context, members)),
            Err(error) => {
                context.fail(error);
                context.fail("Exiting with failure status due to previous errors");
                Step::Exit(FAILED)
            }
        }
    }
}

/// Options come with or without a dash: `cf - dir`, `-xmf - -C /`.
fn parse(context: &Context) -> Result<Task, String> {
    let mut task =
        Task { archive: "-".into(), directory: ".".into(), keeps_times: true, keeps_owners: true, ..Task::default() };
    let mut words = context.args.iter();
    let mut is_first = true;
    while let Some(word) = words.next() {
        let letters = match word.strip_prefix("--") {
            Some("create") => "c",
            Some("extract" | "get") => "x",
            Some("list") => "t",
            Some("verbose") => "v",
            Some("touch") => "m",
            Some("no-same-owner") => "o",
            Some("no-same-permissions") => "",
            Some("") => {
                task.operands.extend(words.by_ref().cloned());
                break;
            }
            Some(other) => return Err(format!("unrecognized option '--{other}'")),
            None => match word.strip_prefix('-') {
                Some("") | None if !is_first => {
                    task.operands.push(word.clone());
                    continue;
                }
                Some(letters) => letters,
                None => word,
            },
        };
        is_first = false;
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + 1..];
            let mut value = || {
                let joined = word.starts_with('-') && !rest.is_empty();
                if joined { Some(rest.to_string()) } else { words.next().cloned() }
            };
            match letter {
                'c' | 'x' | 't' if task.mode == '\0' => task.mode = letter,
                'c' | 'x' | 't' => {
                    return Err(
                        "You may not specify more than one '-Acdtrux', '--delete' or '--test-label' option".into()
                    );
                }
                'v' => task.is_verbose = true,
                'm' => task.keeps_times = false,
                'o' => task.keeps_owners = false,
                'p' => {}
                'f' | 'C' => {
                    let value = value().ok_or_else(|| format!("option requires an argument -- '{letter}'"))?;
                    if letter == 'f' {
                        task.archive = value
                    } else {
                        task.directory = value
                    }
                    if word.starts_with('-') && !rest.is_empty() {
                        break;
                    }
                }
                'z' | 'j' | 'J' => return Err(format!("compression (-{letter}) is not supported here")),
                other => return Err(format!("invalid option -- '{other}'")),
            }
        }
    }
    match task.mode {
        '\0' => Err("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options".into()),
        'c' if task.operands.is_empty() => Err("Cowardly refusing to create an empty archive".into()),
        _ => Ok(task),
    }
}

impl Task {
    fn create(&self, context: &mut Context) -> i32 {
        let (mut archive, mut failed) = (Vec::new(), false);
        let mut has_said = false;
        for operand in &self.operands {
            let shown = operand.trim_end_matches('/');
            if operand.starts_with('/') && !std::mem::replace(&mut has_said, true) {
                context.fail("Removing leading `/' from member names");
            }
            let path = normalise(&context.path(&self.directory), operand);
            failed |= self.add(context, &mut archive, &path, if shown.is_empty() { "/" } else { shown }, 0).is_err();
        }
        tar::finish(&mut archive);
        if self.archive == "-" {
            context.out(&archive);
        } else {
            let path = context.path(&self.archive);
            if let Err(error) = context.fs.write(&path, &archive, context.caller) {
                context.fail(format_args!("{}: Cannot open: {error}", self.archive));
                context.fail("Error is not recoverable: exiting now");
                return FAILED;
            }
        }
        if failed {
            context.fail("Exiting with failure status due to previous errors");
            return FAILED;
        }
        0
    }

    /// Adds a file, or a directory with all that is in it; says what cannot be read and goes on.
    fn add(
        &self,
        context: &mut Context,
        archive: &mut Vec<u8>,
        path: &str,
        shown: &str,
        depth: usize,
    ) -> Result<(), ()> {
        let metadata = match context.fs.stat(path, context.caller) {
            Ok(metadata) => metadata,
            Err(error) => {
                context.fail(format_args!("{shown}: Cannot stat: {error}"));
                return Err(());
            }
        };
        let is_directory = metadata.is_directory();
        let read = if is_directory { Ok(Vec::new()) } else { context.read(path).map(|bytes| bytes.to_vec()) };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                context.fail(format_args!("{shown}: Cannot open: {error}"));
                return Err(());
            }
        };
        let name = format!("{}{}", shown.trim_start_matches('/'), if is_directory { "/" } else { "" });
        let (kind, mode, uid, gid, modified) =
            (metadata.kind, metadata.mode, metadata.uid, metadata.gid, metadata.modified);
        let member = Member { name, kind, mode, uid, gid, modified, bytes };
        if self.is_verbose {
            self.say(context, &member.name);
        }
        if let Err(error) = tar::append(archive, &member) {
            context.fail(format_args!("{}: {error}", member.name));
            return Err(());
        }
        let entries = if is_directory { context.fs.list(path, context.caller) } else { Ok(Vec::new()) };
        let (Ok(entries), true) = (entries, depth < DEPTH_MAX) else {
            context.fail(format_args!("{shown}: Cannot open: Permission denied"));
            return Err(());
        };
        let mut result = Ok(());
        for entry in entries {
            let shown = format!("{}/{}", shown.trim_end_matches('/'), entry.name);
            let added = self.add(context, archive, &normalise(path, &entry.name), &shown, depth + 1);
            result = result.and(added);
        }
        result
    }

    /// Names go to standard output, unless the archive goes there.
    fn say(&self, context: &mut Context, name: &str) {
        if self.mode == 'c' && self.archive == "-" {
            context.io.stderr(format!("{name}\n"));
        } else {
            context.out(format!("{name}\n"));
        }
    }

    fn extract(&self, context: &mut Context, members: Vec<Member>) -> i32 {
        let into = context.path(&self.directory);
        if !context.fs.stat(&into, context.caller).is_ok_and(|metadata| metadata.is_directory()) {
            context.fail(format_args!("{}: Cannot open: No such file or directory", self.directory));
            context.fail("Error is not recoverable: exiting now");
            return FAILED;
        }
        let mut failed = false;
        let is_wanted = |member: &Member| {
            let wants = |operand: &String| {
                let (name, operand) = (member.name.trim_end_matches('/'), operand.trim_end_matches('/'));
                name == operand || name.starts_with(&format!("{operand}/"))
            };
            self.operands.is_empty() || self.operands.iter().any(wants)
        };
        for member in members.iter().filter(|member| is_wanted(member)) {
            if self.mode == 't' || self.is_verbose {
                self.say(context, &member.name);
            }
            if self.mode == 't' {
                continue;
            }
            let path = normalise(&into, member.name.trim_start_matches('/'));
            if let Err(error) = self.make(context, member, &path) {
                context.fail(format_args!("{}: Cannot open: {error}", member.name));
                failed = true;
            }
        }
        if failed {
            context.fail("Exiting with failure status due to previous errors");
            return FAILED;
        }
        0
    }

    fn make(&self, context: &mut Context, member: &Member, path: &str) -> Result<(), FsError> {
        make_directories(context, parent(path), 0)?;
        let caller = context.caller;
        match member.kind {
            FileKind::Directory => return make_directories(context, path, 0),
            FileKind::File => context.fs.write(path, &member.bytes, caller)?,
        }
        context.fs.chmod(path, member.mode, caller)?;
        if caller.uid == 0 && self.keeps_owners {
            context.fs.chown(path, member.uid, member.gid, caller)?;
        }
        if self.keeps_times {
            context.fs.set_modified(path, member.modified, caller)?;
        }
        Ok(())
    }
}

fn make_directories(context: &mut Context, path: &str, depth: usize) -> Result<(), FsError> {
    if depth > DEPTH_MAX || context.fs.exists(path, context.caller) {
        return Ok(());
    }
    make_directories(context, parent(path), depth + 1)?;
    context.fs.mkdir(path, context.caller)
}
