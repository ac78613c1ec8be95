//! Open files, pipes and the terminal: what descriptors mean.
//!
//! Descriptors of processes are numbers into one table of open files, which counts their holders, so that a pipe
//! knows when its last writer or reader has gone and that `{ read a; read b; } <file` shares one offset.

use ordered::OrderedMap;
use std::rc::Rc;

use crate::fs::{Bytes, Caller, Fs, FsError};
use crate::limits::{OUTPUT_BYTES_MAX, PIPE_BYTES_MAX};
use crate::machine::Output;
use crate::process::{Input, Stream};

pub(crate) type OpenId = u32;
pub(crate) type Fds = OrderedMap<u32, OpenId>;

#[derive(Clone, Debug)]
pub(crate) enum Target {
    TerminalIn,
    TerminalOut(Stream),
    Null,
    PipeReader(u32),
    PipeWriter(u32),
    /// Reads from `offset`; writes go to the end.
    File {
        path: String,
        offset: usize,
    },
    /// A here-document.
    Text {
        bytes: Bytes,
        offset: usize,
    },
}

#[derive(Clone, Debug)]
struct Open {
    holders: u32,
    target: Target,
}

#[derive(Clone, Debug, Default)]
struct Pipe {
    data: Vec<u8>,
    readers: u32,
    writers: u32,
}

/// The terminal's input, or whatever the machine was given as standard input.
#[derive(Clone, Debug, Default)]
pub(crate) struct TerminalIn {
    pub buffer: Vec<u8>,
    /// Nothing will follow.
    pub closed: bool,
    /// Ctrl-D was typed and nobody has seen it.
    pub end_typed: bool,
    pub is_terminal: bool,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Nobody reads the pipe.
    Broken,
    /// The descriptor is closed.
    BadDescriptor,
    Failed(FsError),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Opens {
    table: OrderedMap<OpenId, Open>,
    pipes: OrderedMap<u32, Pipe>,
    next: u32,
    pub terminal: TerminalIn,
    pub output: Vec<Output>,
    pub output_bytes: usize,
    pub output_is_terminal: bool,
}

impl Opens {
    pub(crate) fn open(&mut self, target: Target) -> OpenId {
        match &target {
            Target::PipeReader(pipe) => self.pipes.entry(*pipe).or_default().readers += 1,
            Target::PipeWriter(pipe) => self.pipes.entry(*pipe).or_default().writers += 1,
            _ => {}
        }
        self.next += 1;
        self.table.insert(self.next, Open { holders: 1, target });
        self.next
    }

    /// A new pipe: its reading and its writing end.
    pub(crate) fn pipe(&mut self) -> (OpenId, OpenId) {
        self.next += 1;
        let pipe = self.next;
        (self.open(Target::PipeReader(pipe)), self.open(Target::PipeWriter(pipe)))
    }

    pub(crate) fn retain(&mut self, id: OpenId) -> OpenId {
        if let Some(open) = self.table.get_mut(&id) {
            open.holders += 1;
        }
        id
    }

    pub(crate) fn retain_all(&mut self, fds: &Fds) -> Fds {
        fds.iter().map(|(fd, id)| (*fd, self.retain(*id))).collect()
    }

    pub(crate) fn release(&mut self, id: OpenId) {
        let Some(open) = self.table.get_mut(&id) else { return };
        open.holders -= 1;
        if open.holders > 0 {
            return;
        }
        let pipe = match self.table.remove(&id).map(|open| open.target) {
            Some(Target::PipeReader(id)) => {
                if let Some(pipe) = self.pipes.get_mut(&id) {
                    pipe.readers -= 1;
                    pipe.data.clear();
                }
                id
            }
            Some(Target::PipeWriter(id)) => {
                if let Some(pipe) = self.pipes.get_mut(&id) {
                    pipe.writers -= 1;
                }
                id
            }
            _ => return,
        };
        if self.pipes.get(&pipe).is_some_and(|pipe| pipe.readers == 0 && pipe.writers == 0) {
            self.pipes.remove(&pipe);
        }
    }

    pub(crate) fn release_all(&mut self, fds: Fds) {
        for id in fds.into_values() {
            self.release(id);
        }
    }

    pub(crate) fn target(&self, id: OpenId) -> Option<&Target> {
        self.table.get(&id).map(|open| &open.target)
    }

    pub(crate) fn is_terminal(&self, fds: &Fds, fd: u32) -> bool {
        match fds.get(&fd).and_then(|id| self.target(*id)) {
            Some(Target::TerminalIn) => self.terminal.is_terminal,
            Some(Target::TerminalOut(_)) => self.output_is_terminal,
            _ => false,
        }
    }

    /// What can be read from a descriptor now. [`Opens::give_back`] must follow.
    pub(crate) fn input(&mut self, fds: &Fds, fd: u32, fs: &dyn Fs, caller: Caller) -> Input {
        let Some(open) = fds.get(&fd).and_then(|id| self.table.get(id)) else {
            return Input::new(Bytes::default(), 0, true);
        };
        match &open.target {
            Target::TerminalIn => {
                let terminal = &mut self.terminal;
                let end = terminal.closed || terminal.end_typed;
                Input::new(Rc::new(std::mem::take(&mut terminal.buffer)), 0, end)
            }
            Target::PipeReader(pipe) => match self.pipes.get_mut(pipe) {
                Some(pipe) => Input::new(Rc::new(std::mem::take(&mut pipe.data)), 0, pipe.writers == 0),
                None => Input::new(Bytes::default(), 0, true),
            },
            Target::File { path, offset } => {
                let bytes = fs.read(path, caller).unwrap_or_default();
                let offset = (*offset).min(bytes.len());
                Input::new(bytes, offset, true)
            }
            Target::Text { bytes, offset } => Input::new(bytes.clone(), *offset, true),
            Target::TerminalOut(_) | Target::Null | Target::PipeWriter(_) => Input::new(Bytes::default(), 0, true),
        }
    }

    /// Puts back what was not read.
    pub(crate) fn give_back(&mut self, fds: &Fds, fd: u32, input: &Input) {
        let Some(open) = fds.get(&fd).and_then(|id| self.table.get_mut(id)) else { return };
        match &mut open.target {
            Target::TerminalIn => {
                self.terminal.buffer = input.available().to_vec();
                if input.end_seen() {
                    self.terminal.end_typed = false;
                }
            }
            Target::PipeReader(pipe) => {
                if let Some(pipe) = self.pipes.get_mut(pipe) {
                    pipe.data = input.available().to_vec();
                }
            }
            Target::File { offset, .. } | Target::Text { offset, .. } => *offset = input.position(),
            Target::TerminalOut(_) | Target::Null | Target::PipeWriter(_) => {}
        }
    }

    /// Whether a writer may go on: pipes and the terminal's buffer have a limit.
    pub(crate) fn has_room(&self, fds: &Fds) -> Room {
        for fd in [1, 2] {
            match fds.get(&fd).and_then(|id| self.target(*id)) {
                Some(Target::PipeWriter(pipe)) => {
                    let full = |pipe: &Pipe| pipe.readers > 0 && pipe.data.len() >= PIPE_BYTES_MAX;
                    if self.pipes.get(pipe).is_some_and(full) {
                        return Room::PipeFull;
                    }
                }
                Some(Target::TerminalOut(_)) if self.output_bytes >= OUTPUT_BYTES_MAX => return Room::OutputFull,
                _ => {}
            }
        }
        Room::Yes
    }

    pub(crate) fn write(&mut self, fds: &Fds, fd: u32, bytes: &[u8], fs: &mut dyn Fs, caller: Caller) -> Written {
        if bytes.is_empty() {
            return Written::Done;
        }
        let Some(open) = fds.get(&fd).and_then(|id| self.table.get_mut(id)) else { return Written::BadDescriptor };
        match &mut open.target {
            Target::TerminalOut(stream) => {
                let stream = *stream;
                self.emit(stream, bytes);
                Written::Done
            }
            Target::TerminalIn => {
                self.emit(Stream::Stdout, bytes);
                Written::Done
            }
            Target::Null => Written::Done,
            Target::PipeWriter(pipe) => match self.pipes.get_mut(pipe) {
                Some(pipe) if pipe.readers > 0 => {
                    pipe.data.extend_from_slice(bytes);
                    Written::Done
                }
                _ => Written::Broken,
            },
            Target::File { path, .. } => match fs.append(path, bytes, caller) {
                Ok(()) => Written::Done,
                Err(error) => Written::Failed(error),
            },
            Target::PipeReader(_) | Target::Text { .. } => Written::BadDescriptor,
        }
    }

    fn emit(&mut self, stream: Stream, bytes: &[u8]) {
        self.output_bytes += bytes.len();
        match (self.output.last_mut(), stream) {
            (Some(Output::Stdout(buffer)), Stream::Stdout) | (Some(Output::Stderr(buffer)), Stream::Stderr) => {
                buffer.extend_from_slice(bytes);
            }
            (_, Stream::Stdout) => self.output.push(Output::Stdout(bytes.to_vec())),
            (_, Stream::Stderr) => self.output.push(Output::Stderr(bytes.to_vec())),
        }
    }
}

/// Whether a process may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Yes,
    PipeFull,
    /// The machine's owner has to take output first.
    OutputFull,
}
