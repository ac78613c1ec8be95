//! Files that most images have.

use shell::fs::{Caller, Tree};
use sim::Time;

/// A root file system under construction.
pub(crate) struct Root {
    tree: Tree,
}

const BUILDER: Caller = Caller { uid: 0, gid: 0, now: Time::HEADLESS_START };
/// Bytes that a container may write into its own file system.
const CONTAINER_BYTES_MAX: u64 = 64 << 20;

impl Root {
    /// The directories of every Linux, and its users.
    pub(crate) fn new(users: &[(&str, u32)]) -> Root {
        let mut root = Root { tree: Tree::new(CONTAINER_BYTES_MAX) };
        for directory in [
            "/bin",
            "/dev",
            "/etc",
            "/home",
            "/lib",
            "/proc",
            "/root",
            "/run",
            "/sbin",
            "/sys",
            "/usr/bin",
            "/usr/sbin",
            "/var/log",
            "/var/run",
        ] {
            root = root.directory(directory, 0o755);
        }
        root = root.directory("/tmp", 0o1777);
        let mut passwd = String::from("root:x:0:0:root:/root:/bin/sh\n");
        let mut group = String::from("root:x:0:\n");
        for (name, id) in users {
            passwd.push_str(&format!("{name}:x:{id}:{id}:{name}:/nonexistent:/bin/false\n"));
            group.push_str(&format!("{name}:x:{id}:\n"));
        }
        root.file("/etc/passwd", &passwd, 0o644).file("/etc/group", &group, 0o644)
    }

    /// Adds a directory.
    pub(crate) fn directory(mut self, path: &str, mode: u32) -> Root {
        self.tree.place_directory(path, mode, BUILDER).expect("an image's directories fit");
        self
    }

    /// Adds a file.
    pub(crate) fn file(mut self, path: &str, text: &str, mode: u32) -> Root {
        self.tree.place(path, text.as_bytes(), mode, BUILDER).expect("an image's files fit");
        self
    }

    /// Adds a directory of a user and the group of the same number.
    pub(crate) fn owned_directory(mut self, path: &str, id: u32) -> Root {
        let owner = Caller { uid: id, gid: id, ..BUILDER };
        self = self.directory(shell::fs::parent(path), 0o755);
        self.tree.place_directory(path, 0o755, owner).expect("an image's directories fit");
        self
    }

    /// Adds a file of a user and the group of the same number.
    pub(crate) fn owned_file(mut self, path: &str, text: &str, mode: u32, id: u32) -> Root {
        let owner = Caller { uid: id, gid: id, ..BUILDER };
        self.tree.place(path, text.as_bytes(), mode, owner).expect("an image's files fit");
        self
    }

    /// Adds empty executables, so that they can be seen.
    pub(crate) fn programs(mut self, directory: &str, names: &[&str]) -> Root {
        for name in names {
            self = self.file(&format!("{directory}/{name}"), "", 0o755);
        }
        self
    }

    /// The files.
    pub(crate) fn tree(self) -> Tree {
        self.tree
    }
}

/// A size that depends on the image's name alone, between 20 and 220 MB: registries are not asked here.
pub(crate) fn plausible_size(name: &str) -> u64 {
    20_000_000 + sim::Random::stream(0, name).below(200_000_000)
}
