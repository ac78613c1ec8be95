//! Redirections: first expanded, then opened in order.

use std::rc::Rc;

use super::io::{Fds, OpenId, Target};
use super::shell::{SetOptions, Shell};
use super::turn::caller;
use super::{Machine, Task};
use crate::ast::{Redirect, RedirectKind, Word};
use crate::expand::{Expanded, Scope, Stop};
use crate::fs::{Bytes, normalise};
use crate::host::Host;
use crate::limits::DESCRIPTORS_MAX;

/// A redirection whose words have been expanded.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub fd: u32,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Read(String),
    Write(String),
    Append(String),
    ReadWrite(String),
    Duplicate(u32),
    Close,
    Text(Bytes),
    /// Descriptors 1 and 2.
    Both(String),
    BothAppend(String),
}

pub(crate) fn resolve(scope: &mut Scope, redirects: &[Redirect]) -> Expanded<Vec<Resolved>> {
    redirects.iter().map(|redirect| resolve_one(scope, redirect)).collect()
}

fn resolve_one(scope: &mut Scope, redirect: &Redirect) -> Expanded<Resolved> {
    let (standard, action) = match &redirect.kind {
        RedirectKind::Read(word) => (0, Action::Read(path(scope, word)?)),
        RedirectKind::Write(word) => (1, Action::Write(path(scope, word)?)),
        RedirectKind::Append(word) => (1, Action::Append(path(scope, word)?)),
        RedirectKind::ReadWrite(word) => (0, Action::ReadWrite(path(scope, word)?)),
        RedirectKind::Both(word) => (1, Action::Both(path(scope, word)?)),
        RedirectKind::BothAppend(word) => (1, Action::BothAppend(path(scope, word)?)),
        RedirectKind::Duplicate(word) => (0, duplicate(scope.text(word)?)?),
        RedirectKind::HereDocument(body) => {
            let text = match body.get() {
                Some(word) => scope.text(word)?,
                None => String::new(),
            };
            (0, Action::Text(Rc::new(text.into_bytes())))
        }
        RedirectKind::HereString(word) => (0, Action::Text(Rc::new(format!("{}\n", scope.text(word)?).into_bytes()))),
    };
    Ok(Resolved { fd: redirect.fd.unwrap_or(standard), action })
}

fn duplicate(text: String) -> Expanded<Action> {
    match text.as_str() {
        "-" => Ok(Action::Close),
        digits => match digits.parse() {
            Ok(fd) => Ok(Action::Duplicate(fd)),
            Err(_) => Err(Stop::Fail(format!("{text}: ambiguous redirect"))),
        },
    }
}

/// The one path that the word means.
fn path(scope: &mut Scope, word: &Word) -> Expanded<String> {
    let mut fields = scope.fields(std::slice::from_ref(word))?;
    match fields.len() {
        1 => Ok(fields.remove(0)),
        _ => {
            let source = scope.text(word)?;
            Err(Stop::Fail(format!("{source}: ambiguous redirect")))
        }
    }
}

impl<P: Clone> Machine<P> {
    /// Opens redirections on the task's own descriptors. Returns what they were, for [`Machine::restore_fds`]; an
    /// error is a message, and everything is as it was before.
    pub(crate) fn apply_redirects<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        task: &mut Task<P>,
        shell: &Shell,
        redirects: Vec<Resolved>,
    ) -> Result<Vec<(u32, Option<OpenId>)>, String> {
        let mut saved = Vec::new();
        let (cwd, options) = (shell.cwd.as_str(), &shell.options);
        for redirect in redirects {
            let mut fds = std::mem::take(&mut task.fds);
            let result = self.redirect(host, &mut fds, cwd, options, redirect, &mut saved);
            task.fds = fds;
            if let Err(text) = result {
                self.restore_fds(task, saved);
                return Err(text);
            }
        }
        Ok(saved)
    }

    pub(crate) fn restore_fds(&mut self, task: &mut Task<P>, saved: Vec<(u32, Option<OpenId>)>) {
        for (fd, old) in saved.into_iter().rev() {
            let current = match old {
                Some(old) => task.fds.insert(fd, old),
                None => task.fds.remove(&fd),
            };
            if let Some(current) = current {
                self.opens.release(current);
            }
        }
    }

    /// Performs one redirection. The descriptors that it replaces are kept in `saved`.
    fn redirect<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        fds: &mut Fds,
        cwd: &str,
        options: &SetOptions,
        redirect: Resolved,
        saved: &mut Vec<(u32, Option<OpenId>)>,
    ) -> Result<(), String> {
        if fds.len() + saved.len() > DESCRIPTORS_MAX {
            return Err("Too many open files".into());
        }
        let opened = match &redirect.action {
            Action::Read(path) => self.open_read(host, fds, cwd, path)?,
            Action::Write(path) | Action::Both(path) => {
                let clobbers = options.noclobber && matches!(redirect.action, Action::Write(_));
                let absolute = normalise(cwd, path);
                let caller = caller(self, host);
                if clobbers && !absolute.starts_with("/dev/") && host.fs().exists(&absolute, caller) {
                    return Err(format!("{path}: cannot overwrite existing file"));
                }
                self.open_write(host, fds, cwd, path, WriteMode::Truncate)?
            }
            Action::Append(path) | Action::BothAppend(path) => {
                self.open_write(host, fds, cwd, path, WriteMode::Append)?
            }
            Action::ReadWrite(path) => self.open_write(host, fds, cwd, path, WriteMode::Append)?,
            Action::Duplicate(from) => match fds.get(from) {
                Some(id) => self.opens.retain(*id),
                None => return Err(format!("{from}: Bad file descriptor")),
            },
            Action::Text(bytes) => self.opens.open(Target::Text { bytes: bytes.clone(), offset: 0 }),
            Action::Close => {
                saved.push((redirect.fd, fds.remove(&redirect.fd)));
                return Ok(());
            }
        };
        saved.push((redirect.fd, fds.insert(redirect.fd, opened)));
        if let Action::Both(_) | Action::BothAppend(_) = redirect.action {
            let second = self.opens.retain(opened);
            saved.push((2, fds.insert(2, second)));
        }
        Ok(())
    }

    fn open_read<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        fds: &Fds,
        cwd: &str,
        path: &str,
    ) -> Result<OpenId, String> {
        let absolute = normalise(cwd, path);
        if let Some(id) = self.open_device(fds, &absolute) {
            return Ok(id);
        }
        let caller = caller(self, host);
        match host.fs().read(&absolute, caller) {
            Ok(_) => Ok(self.opens.open(Target::File { path: absolute, offset: 0 })),
            Err(error) => Err(format!("{path}: {error}")),
        }
    }

    fn open_write<H: Host<Process = P>>(
        &mut self,
        host: &mut H,
        fds: &Fds,
        cwd: &str,
        path: &str,
        mode: WriteMode,
    ) -> Result<OpenId, String> {
        let absolute = normalise(cwd, path);
        if let Some(id) = self.open_device(fds, &absolute) {
            return Ok(id);
        }
        let caller = caller(self, host);
        let result = match mode {
            WriteMode::Truncate => host.fs().write(&absolute, b"", caller),
            WriteMode::Append => host.fs().append(&absolute, b"", caller),
        };
        match result {
            Ok(()) if path.ends_with('/') => Err(format!("{path}: Is a directory")),
            Ok(()) => Ok(self.opens.open(Target::File { path: absolute, offset: 0 })),
            Err(error) => Err(format!("{path}: {error}")),
        }
    }

    fn open_device(&mut self, fds: &Fds, path: &str) -> Option<OpenId> {
        let inherited = |fd: u32| fds.get(&fd).copied();
        match path {
            "/dev/null" => Some(self.opens.open(Target::Null)),
            "/dev/tty" => Some(self.opens.open(Target::TerminalIn)),
            "/dev/stdin" => inherited(0).map(|id| self.opens.retain(id)),
            "/dev/stdout" => inherited(1).map(|id| self.opens.retain(id)),
            "/dev/stderr" => inherited(2).map(|id| self.opens.retain(id)),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteMode {
    Truncate,
    Append,
}
