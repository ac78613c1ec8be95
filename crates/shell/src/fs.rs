//! Files as the shell and containers see them.
//!
//! [`Fs`] is the border: builtins know only it. [`Tree`] is the one file system of this crate, in memory and cheap to
//! clone. A container composes several trees by mount points; that composition implements [`Fs`] elsewhere.
//!
//! Invariants: paths given to an [`Fs`] are absolute and normal (see [`normalise`]); every call carries a [`Caller`],
//! whose rights are checked against owner and mode bits as a kernel does (uid 0 may do everything).
//! Absent: symbolic links, devices (the shell itself knows `/dev/null` and its kin), sparse files.

mod tree;

use std::fmt;
use std::rc::Rc;

use sim::Time;

pub(crate) use tree::PATH_BYTES_MAX;
pub use tree::Tree;

/// The bytes of a file, shared by everyone who reads them.
pub type Bytes = Rc<Vec<u8>>;

/// Who calls, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// User ID; 0 is root.
    pub uid: u32,
    /// Group ID.
    pub gid: u32,
    /// The virtual time, for modification times.
    pub now: Time,
}

impl Caller {
    /// Root at an instant.
    pub fn root(now: Time) -> Caller {
        Caller { uid: 0, gid: 0, now }
    }
}

/// File or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// What `stat` says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// File or directory.
    pub kind: Kind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a file; 4096 for a directory.
    pub size: u64,
    /// Last change of the contents.
    pub modified: Time,
}

impl Metadata {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == Kind::Directory
    }

    /// Whether the caller has the right `wanted` (4 read, 2 write, 1 execute or search).
    pub fn permits(&self, caller: Caller, wanted: u32) -> bool {
        if caller.uid == 0 {
            return wanted != 1 || self.is_directory() || self.mode & 0o111 != 0;
        }
        let shift = match (caller.uid == self.uid, caller.gid == self.gid) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        (self.mode >> shift) & wanted == wanted
    }
}

/// A directory's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name within the directory.
    pub name: String,
    /// Its metadata.
    pub metadata: Metadata,
}

/// Why a call failed. `Display` gives the kernel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsError {
    /// ENOENT
    NotFound,
    /// EISDIR
    IsDirectory,
    /// ENOTDIR
    NotDirectory,
    /// EACCES
    PermissionDenied,
    /// EPERM: only the owner may.
    NotPermitted,
    /// EEXIST
    Exists,
    /// ENOTEMPTY
    NotEmpty,
    /// ENOSPC
    NoSpace,
    /// EROFS
    ReadOnly,
    /// EBUSY: a mount point.
    Busy,
    /// ENAMETOOLONG
    NameTooLong,
    /// EINVAL: for example a directory moved into itself.
    Invalid,
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FsError::NotFound => "No such file or directory",
            FsError::IsDirectory => "Is a directory",
            FsError::NotDirectory => "Not a directory",
            FsError::PermissionDenied => "Permission denied",
            FsError::NotPermitted => "Operation not permitted",
            FsError::Exists => "File exists",
            FsError::NotEmpty => "Directory not empty",
            FsError::NoSpace => "No space left on device",
            FsError::ReadOnly => "Read-only file system",
            FsError::Busy => "Device or resource busy",
            FsError::NameTooLong => "File name too long",
            FsError::Invalid => "Invalid argument",
        })
    }
}

impl std::error::Error for FsError {}

/// A file system. All paths are absolute and normal.
pub trait Fs {
    /// Metadata of a path.
    fn stat(&self, path: &str, caller: Caller) -> Result<Metadata, FsError>;
    /// The bytes of a file.
    fn read(&self, path: &str, caller: Caller) -> Result<Bytes, FsError>;
    /// Replaces a file's bytes, or makes the file with mode 0644.
    fn write(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError>;
    /// Adds to a file's end, or makes the file.
    fn append(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError>;
    /// Makes a directory with mode 0755.
    fn mkdir(&mut self, path: &str, caller: Caller) -> Result<(), FsError>;
    /// Removes a file, or an empty directory.
    fn remove(&mut self, path: &str, caller: Caller) -> Result<(), FsError>;
    /// Moves a file or directory. An existing target file is replaced.
    fn rename(&mut self, from: &str, to: &str, caller: Caller) -> Result<(), FsError>;
    /// The entries of a directory, ordered by name.
    fn list(&self, path: &str, caller: Caller) -> Result<Vec<Entry>, FsError>;
    /// Sets permission bits; owner and root only.
    fn chmod(&mut self, path: &str, mode: u32, caller: Caller) -> Result<(), FsError>;
    /// Sets owner and group; root only.
    fn chown(&mut self, path: &str, uid: u32, gid: u32, caller: Caller) -> Result<(), FsError>;
    /// Sets the modification time.
    fn set_modified(&mut self, path: &str, modified: Time, caller: Caller) -> Result<(), FsError>;

    /// Whether the path exists and may be looked at.
    fn exists(&self, path: &str, caller: Caller) -> bool {
        self.stat(path, caller).is_ok()
    }

    /// The name of a user, from `/etc/passwd` if there is one; else the number (0 is root).
    fn user_name(&self, uid: u32) -> String {
        name_of(self.read("/etc/passwd", Caller::root(Time(0))).ok(), uid)
    }

    /// The name of a group, from `/etc/group` if there is one; else the number (0 is root).
    fn group_name(&self, gid: u32) -> String {
        name_of(self.read("/etc/group", Caller::root(Time(0))).ok(), gid)
    }
}

/// The name in the first column of the line whose third column is `id`.
fn name_of(table: Option<Bytes>, id: u32) -> String {
    let text = table.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let wanted = id.to_string();
    let found = text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|c| c.get(2) == Some(&&*wanted));
    match found {
        Some(columns) => columns[0].to_string(),
        None if id == 0 => "root".to_string(),
        None => wanted,
    }
}

/// The absolute path without `.`, `..` and doubled slashes that `path` means in the directory `cwd`.
pub fn normalise(cwd: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { cwd };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The directory that holds `path`; `/` for `/` itself.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// The last component of `path`.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `drwxr-xr-x` and its kin.
pub fn mode_text(metadata: &Metadata) -> String {
    let mut text = String::from(if metadata.is_directory() { "d" } else { "-" });
    for shift in [6, 3, 0] {
        let bits = metadata.mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(execute_letter(metadata.mode, shift));
    }
    text
}

fn execute_letter(mode: u32, shift: u32) -> char {
    let (special, set, unset) = match shift {
        6 => (0o4000, 's', 'S'),
        3 => (0o2000, 's', 'S'),
        _ => (0o1000, 't', 'T'),
    };
    match (mode & special != 0, (mode >> shift) & 1 != 0) {
        (true, true) => set,
        (true, false) => unset,
        (false, true) => 'x',
        (false, false) => '-',
    }
}

/// Applies `755`, `u+x`, `go-w`, `a=r`, `+x` to permission bits. `None` if the text is no mode.
pub fn apply_mode(text: &str, mode: u32, kind: Kind) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|&mode| mode <= 0o7777);
    }
    text.split(',').try_fold(mode, |mode, clause| apply_clause(clause, mode, kind))
}

fn apply_clause(clause: &str, mode: u32, kind: Kind) -> Option<u32> {
    let at = clause.find(['+', '-', '='])?;
    let mut who = 0;
    for letter in clause[..at].chars() {
        who |= match letter {
            'u' => 0o4700,
            'g' => 0o2070,
            'o' => 0o1007,
            'a' => 0o7777,
            _ => return None,
        };
    }
    let who = if who == 0 { 0o7777 } else { who };
    let mut bits = 0;
    for letter in clause[at + 1..].chars() {
        bits |= match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            'X' if kind == Kind::Directory || mode & 0o111 != 0 => 0o111,
            'X' => 0,
            's' => 0o6000,
            't' => 0o1000,
            _ => return None,
        };
    }
    Some(match &clause[at..=at] {
        "+" => mode | (bits & who),
        "-" => mode & !(bits & who),
        _ => (mode & !(who & 0o777)) | (bits & who),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_and_normal() {
        for (cwd, path, expect) in [
            ("/home/user", "a/../b", "/home/user/b"),
            ("/", "..", "/"),
            ("/a", "//b//c/.", "/b/c"),
            ("/a/b", "", "/a/b"),
        ] {
            assert_eq!(normalise(cwd, path), expect);
        }
    }

    #[test]
    fn modes_are_read_in_digits_and_letters() {
        for (text, mode, expect) in [
            ("755", 0, Some(0o755)),
            ("u+x", 0o644, Some(0o744)),
            ("+x", 0o644, Some(0o755)),
            ("go-rwx", 0o755, Some(0o700)),
            ("a=r", 0o755, Some(0o444)),
            ("u=rw,go=r", 0o777, Some(0o644)),
            ("999", 0, None),
            ("u?x", 0, None),
        ] {
            assert_eq!(apply_mode(text, mode, Kind::File), expect, "{text}");
        }
    }
}
