//! Images: what can be pulled, and what runs in it.

use ordered::OrderedMap;

use shell::fs::Tree;
use thin::Str;

use crate::process::Process;
use crate::reference::Reference;

/// An image, or a family of them (all tags of one repository).
pub trait Image {
    /// Whether this reference is one of its names.
    fn is_named(&self, reference: &Reference) -> bool;

    /// What a registry says of it: its size in bytes, or why it cannot be pulled.
    fn pull(&self, reference: &Reference) -> Result<u64, String>;

    /// What users should know of its containers, such as that they only pretend; shown as an event.
    fn note(&self) -> Option<&'static str> {
        None
    }

    /// How its containers start unless the pod says otherwise.
    fn config(&self) -> ImageConfig;

    /// The files of a new container.
    fn root(&self) -> Tree;

    /// The programs that can be executed in it, by name; those of the shell included.
    fn programs(&self) -> &'static [&'static str];

    /// Starts a program. `None`: there is none of that name.
    fn start(&self, spawn: &Spawn) -> Option<Box<dyn Process>>;
}

/// What an image's configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Program and first arguments; a container's `command` replaces it.
    pub entrypoint: &'static [&'static str],
    /// Further arguments; a container's `args` replaces it.
    pub command: &'static [&'static str],
    /// The working directory; empty for `/`.
    pub working_dir: &'static str,
    /// Environment variables.
    pub env: &'static [(&'static str, &'static str)],
    /// The user that processes run as.
    pub uid: u32,
    /// Users and groups of the same number, by name; beside root.
    pub users: &'static [(&'static str, u32)],
    /// Whether its first process may look at `/etc/hosts` and `/etc/resolv.conf`. Those that do not need none of their own.
    pub resolves_names: bool,
}

/// A program to start in a container.
#[derive(Clone, Debug, Default)]
pub struct Spawn {
    /// Name and arguments; never empty.
    pub argv: Vec<Str>,
    /// The image's tag: which version of its software is meant.
    pub tag: Str,
    /// Environment variables.
    pub env: OrderedMap<Str, Str>,
    /// The absolute working directory.
    pub cwd: Str,
    /// The container's host name.
    pub hostname: Str,
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// The process's number.
    pub pid: u32,
    /// Whether it is the container's first process, with whose end the container ends.
    pub is_first: bool,
    /// The number of the process that starts it; 0 from outside.
    pub parent: u32,
    /// Whether input and output are a terminal.
    pub tty: bool,
    /// Whether somebody may send input.
    pub stdin: bool,
    /// The ports that the pod declares, for images that only pretend to serve.
    pub ports: Vec<u16>,
}

/// All images that there are. The last one takes every name that no other takes.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [&'static dyn Image]);

impl Registry {
    /// The image with this name, as its place in the list.
    pub fn find(self, reference: &Reference) -> usize {
        let found = self.0.iter().position(|image| image.is_named(reference));
        found.unwrap_or(self.0.len() - 1)
    }

    /// The image at this place.
    pub fn image(self, at: usize) -> &'static dyn Image {
        self.0[at]
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registry({} images)", self.0.len())
    }
}
