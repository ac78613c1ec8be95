//! `kubectl cp`: files to and from a container, through the `tar` that is in it.
//!
//! Absent: `--retries` (nothing breaks off here), symbolic links (no file system here has any).
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/cp.

use api::{Key, Kind, Pod, Str};
use shell::fs::{Kind as FileKind, file_name, parent};
use shell::tar::{self, Member};

use super::call::{Held, refuse, unsupported};
use super::exec;
use super::pods::Voice;
use super::session::Session;
use super::{Call, Flow, PLAIN, Progress, Verb};
use crate::context::{Context, FileError};
use crate::failure::Failure;
use crate::flags::Flag;

/// Directories below one that is copied.
const DEPTH_MAX: usize = 64;
/// Who owns files on the user's machine.
const USER: u32 = 1_000;

/// The verb.
pub static CP: Verb = Verb {
    path: "cp",
    summary: "Copy files and directories to and from containers",
    usage: "<file-spec-src> <file-spec-dest> [options]",
    flags: &[&[Flag::text("container").short('c'), Flag::bool("no-preserve"), Flag::int("retries", "0")]],
    run,
    ..PLAIN
};

/// `[[NAMESPACE/]POD:]PATH`
#[derive(Clone, Debug)]
struct Spec {
    pod: Option<(Option<Str>, Str)>,
    path: String,
}

impl Spec {
    fn read(text: &str) -> Result<Spec, Failure> {
        let malformed = || Failure::plain("filespec must match the canonical format: [[namespace/]pod:]file/path");
        let Some((pod, path)) = text.split_once(':') else {
            return Ok(Spec { pod: None, path: without_slash(text) });
        };
        let pod = match pod.split('/').collect::<Vec<_>>().as_slice() {
            [""] => return Err(malformed()),
            [pod] => (None, Str::from(*pod)),
            [namespace, pod] => (Some(Str::from(*namespace)), Str::from(*pod)),
            _ => return Err(malformed()),
        };
        Ok(Spec { pod: Some(pod), path: without_slash(&path.replace('\\', "/")) })
    }
}

/// Paths are compared without their last slash; `/` itself becomes nothing, as upstream has it.
fn without_slash(path: &str) -> String {
    path.strip_suffix('/').unwrap_or(path).to_string()
}

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let args = call.flags.args.clone();
    let [source, target] = args.as_slice() else { return Err(Failure::plain("source and destination are required")) };
    let (source, target) = (Spec::read(source)?, Spec::read(target)?);
    refuse(&[
        (source.pod.is_some() && target.pod.is_some(), "one of src or dest must be a local file specification"),
        (source.path.is_empty() || target.path.is_empty(), "filepath can not be empty"),
    ])?;
    if call.flags.int("retries") != 0 {
        return Err(unsupported("copies that are tried again (--retries)"));
    }
    match (source.pod, target.pod) {
        (Some(pod), _) => from_pod(call, pod, &source.path, &target.path),
        (None, Some(pod)) => to_pod(call, pod, &source.path, &target.path),
        (None, None) => Err(Failure::plain("one of src or dest must be a remote file specification")),
    }
}

/// Starts a command in the pod that is meant.
fn start(
    call: &mut Call<'_, '_>,
    pod: &(Option<Str>, Str),
    command: &[&str],
    stdin: bool,
    voice: Voice,
) -> Result<Session, Failure> {
    let namespace = pod.0.clone().unwrap_or_else(|| call.namespace.clone());
    let object = call.ctx.api.get(Kind::Pod, &Key::new(namespace, pod.1.clone()))?;
    let live = object.get::<Pod>().ok_or_else(|| Failure::plain("the server answered with another kind"))?;
    let mut request = exec::request(call, live, voice)?;
    request.command = command.iter().map(|word| Str::from(*word)).collect();
    request.stdin = stdin;
    Session::start(call.ctx, &request)
}

fn to_pod(call: &mut Call<'_, '_>, pod: (Option<Str>, Str), source: &str, target: &str) -> Result<Flow, Failure> {
    let path = call.env.absolute(source);
    if !call.ctx.fs.exists(&path) {
        return Err(Failure::Plain(format!("{source} doesn't exist in local filesystem")));
    }
    // Whatever goes wrong with this question goes wrong again, and is told then.
    let asking = start(call, &pod, &["test", "-d", target], false, Voice::Quiet).ok();
    let (target, held) = (target.to_string(), call.hold());
    Ok(Copying { call: held, pod, stage: Stage::Asking { asking, path, target } }.into())
}

fn from_pod(call: &mut Call<'_, '_>, pod: (Option<Str>, Str), source: &str, target: &str) -> Result<Flow, Failure> {
    // What the container and kubectl say beside the archive goes to standard output, as upstream has it.
    let said = call.ctx.stderr.len();
    let session = start(call, &pod, &["tar", "cf", "-", source], false, Voice::Normal)?;
    let words = call.ctx.stderr.split_off(said);
    call.ctx.stdout.extend(words);
    let (source, target, held) = (source.to_string(), target.to_string(), call.hold());
    Ok(Copying { call: held, pod, stage: Stage::Receiving { session, archive: Vec::new(), source, target } }.into())
}

/// A copy under way.
#[derive(Clone, Debug)]
pub struct Copying {
    call: Held,
    pod: (Option<Str>, Str),
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Whether the target is a directory.
    Asking { asking: Option<Session>, path: String, target: String },
    /// The archive goes into the container.
    Sending { session: Session },
    /// The archive comes out of the container.
    Receiving { session: Session, archive: Vec<u8>, source: String, target: String },
}

impl Copying {
    /// Goes on as far as possible.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        const WAITS: Progress = Progress::Blocked { wake: None };
        if let Stage::Asking { asking, path, target } = &mut self.stage {
            let answer = asking.as_mut().map(|asking| asking.read(ctx).exit);
            if answer == Some(None) {
                return Ok(WAITS);
            }
            let target = if answer == Some(Some(0)) { join(target, file_name(path)) } else { clean(target) };
            let path = path.clone();
            let (pod, held) = (&self.pod, &mut self.call);
            let session = held.resume(ctx, |call| send(call, pod, &path, &target))?;
            self.stage = Stage::Sending { session };
        }
        match &mut self.stage {
            Stage::Asking { .. } => Ok(WAITS),
            Stage::Sending { session } => {
                let output = session.read(ctx);
                ctx.stdout.extend(output.stdout);
                ctx.stderr.extend(output.stderr);
                output.exit.map_or(Ok(WAITS), exec::ended)
            }
            Stage::Receiving { session, archive, source, target } => {
                let output = session.read(ctx);
                archive.extend(output.stdout);
                ctx.stdout.extend(output.stderr);
                match output.exit {
                    None => Ok(WAITS),
                    Some(0) => {
                        let (archive, source, target) = (std::mem::take(archive), source.clone(), target.clone());
                        self.call.resume(ctx, |call| unpack(call, &archive, &source, &target))?;
                        Ok(Progress::Done(0))
                    }
                    Some(code) => exec::ended(code),
                }
            }
        }
    }

    /// Ctrl-C: the session is left.
    pub fn interrupt(&mut self, ctx: &mut Context<'_>) {
        match &mut self.stage {
            Stage::Asking { asking: None, .. } => {}
            Stage::Asking { asking: Some(session), .. }
            | Stage::Sending { session }
            | Stage::Receiving { session, .. } => {
                session.interrupt(ctx);
            }
        }
    }
}

/// Sends a file or directory to a path in the container.
fn send(call: &mut Call<'_, '_>, pod: &(Option<Str>, Str), path: &str, target: &str) -> Result<Session, Failure> {
    let (directory, name) = match target.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((directory, name)) => (directory, name),
        None => (".", target),
    };
    let mut archive = Vec::new();
    pack(call.ctx, path, name, &mut archive, 0)?;
    tar::finish(&mut archive);
    let mut command = vec!["tar"];
    if call.flags.is_on("no-preserve") {
        command.extend(["--no-same-permissions", "--no-same-owner"]);
    }
    command.extend(["-xmf", "-"]);
    // The root has no name left once its slash is gone.
    if directory != "/" {
        command.extend(["-C", directory]);
    }
    let session = start(call, pod, &command, true, Voice::Normal)?;
    session.send_all(call.ctx, &archive);
    Ok(session)
}

/// Puts a file, or all files of a directory, into an archive. Only empty directories have a place of their own in it.
fn pack(ctx: &Context<'_>, path: &str, name: &str, archive: &mut Vec<u8>, depth: usize) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::Plain(format!("open {path}: {error}"));
    let is_directory = ctx.fs.is_directory(path);
    let entries = if is_directory { ctx.fs.list(path).map_err(failed)? } else { Vec::new() };
    if entries.is_empty() {
        let (kind, mode) = if is_directory { (FileKind::Directory, 0o755) } else { (FileKind::File, 0o644) };
        let bytes = if is_directory { Vec::new() } else { ctx.fs.read(path).map_err(failed)? };
        let name = if is_directory { format!("{name}/") } else { name.to_string() };
        let member = Member { name, kind, mode, uid: USER, gid: USER, modified: ctx.now(), bytes };
        return tar::append(archive, &member).map_err(|error| Failure::Plain(format!("{}: {error}", member.name)));
    }
    if depth > DEPTH_MAX {
        return Err(Failure::Plain(format!("{path}: directories are nested too deeply")));
    }
    for entry in entries {
        let entry = entry.trim_end_matches('/');
        pack(ctx, &format!("{path}/{entry}"), &format!("{name}/{entry}"), archive, depth + 1)?;
    }
    Ok(())
}

/// Writes the files of an archive below a path of the user's machine.
fn unpack(call: &mut Call<'_, '_>, archive: &[u8], source: &str, target: &str) -> Result<(), Failure> {
    let prefix = without_shortcuts(&clean(source.trim_start_matches('/')));
    let members = tar::read(archive).map_err(|error| Failure::Plain(error.to_string()))?;
    for member in members {
        let Some(rest) = member.name.strip_prefix(&prefix) else {
            return Err(Failure::plain("tar contents corrupted"));
        };
        let shown = join(target, rest);
        let path = call.env.absolute(&shown);
        if !is_below(&call.env.absolute(target), &path) {
            call.ctx.err(&format!("warning: file {shown:?} is outside target destination, skipping\n"));
            continue;
        }
        let failed = |error: FileError| Failure::Plain(format!("open {shown}: {error}"));
        let directory = if member.kind == FileKind::Directory { path.as_str() } else { parent(&path) };
        call.ctx.fs.make_directories(directory).map_err(failed)?;
        if member.kind == FileKind::File {
            call.ctx.fs.write(&path, &member.bytes).map_err(failed)?;
        }
    }
    Ok(())
}

fn is_below(directory: &str, path: &str) -> bool {
    path == directory || path.starts_with(&format!("{}/", directory.trim_end_matches('/')))
}

/// A path without `.`, doubled slashes, and `..` where there is something to leave.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            name => parts.push(name),
        }
    }
    match (path.starts_with('/'), parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_string(),
        (false, rest) => rest,
    }
}

fn join(path: &str, name: &str) -> String {
    clean(&format!("{path}/{name}"))
}

/// What an archive calls a path that begins outside of it.
fn without_shortcuts(path: &str) -> String {
    let mut rest = path;
    while let Some(below) = rest.strip_prefix("../") {
        rest = below;
    }
    if matches!(rest, "." | "..") { String::new() } else { rest.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_name_a_pod_and_a_path() {
        let read =
            |text: &str| Spec::read(text).map(|spec| (spec.pod.map(|(ns, pod)| format!("{ns:?} {pod}")), spec.path));
        assert_eq!(read("./dir/"), Ok((None, "./dir".into())));
        assert_eq!(read("web-0:/tmp/x"), Ok((Some("None web-0".into()), "/tmp/x".into())));
        assert_eq!(read("prod/web-0:x"), Ok((Some("Some(\"prod\") web-0".into()), "x".into())));
        let malformed = "filespec must match the canonical format: [[namespace/]pod:]file/path";
        for text in [":x", "a/b/c:x"] {
            assert_eq!(read(text), Err(Failure::plain(malformed)), "{text}");
        }
    }

    #[test]
    fn paths_are_cleaned() {
        for (path, expect) in
            [("a//b/./c/", "a/b/c"), ("../x", "../x"), ("/../x", "/x"), ("a/../..", ".."), ("./", ".")]
        {
            assert_eq!(clean(path), expect, "{path}");
        }
        assert_eq!(without_shortcuts("../../etc/passwd"), "etc/passwd");
        assert!(is_below("/home", "/home/x") && !is_below("/home", "/homework"));
    }
}
