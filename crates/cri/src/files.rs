//! The files of a container: its image's, with volumes mounted over them.
//!
//! Volumes live outside of containers, in [`Volumes`], by key; a [`Mount`] says where one appears. [`Files`] composes both
//! into one [`Fs`] and holds nothing itself.
//!
//! Rights are those of owner and mode bits. A volume's root directory has the mode it was made with, whatever the image
//! has at the mount point: that is how a volume that its provisioner made with mode 0700 makes nginx answer 403.
//! Difference from Linux that was chosen: a mount point that the image lacks is shown by `ls` but costs no copy of the
//! image's files.

use ordered::{Arrange, OrderedMap};

use shell::fs::{Bytes, Caller, Entry, Fs, FsError, Kind, Metadata, Tree, file_name, parent};
use sim::Time;
use thin::Str;

/// Files that outlive containers, by key.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    trees: OrderedMap<Str, Tree>,
}

impl Volumes {
    /// The volume with this key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.trees.get(key)
    }

    /// The volume with this key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.trees.get_mut(key)
    }

    /// All volumes with their keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Tree)> {
        self.trees.iter()
    }

    /// All volumes with their keys, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Str, &mut Tree)> {
        self.trees.iter_mut()
    }

    /// Adds a volume, or replaces its files.
    pub fn insert(&mut self, key: impl Into<Str>, tree: Tree) {
        self.trees.insert(key.into(), tree);
    }

    /// Whether there is a volume with this key.
    pub fn contains(&self, key: &str) -> bool {
        self.trees.contains_key(key)
    }

    /// Drops a volume and its bytes.
    pub fn remove(&mut self, key: &str) {
        self.trees.remove(key);
    }

    /// Drops all volumes whose key starts so.
    pub fn remove_all(&mut self, prefix: &str) {
        let from = Str::from(prefix);
        let keys: Vec<Str> =
            self.trees.range(from..).map(|(key, _)| key.clone()).take_while(|key| key.starts_with(prefix)).collect();
        for key in keys {
            self.trees.remove(&key);
        }
    }
}

/// Whether a mount may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    ReadWrite,
    /// It may not.
    ReadOnly,
}

/// Where a volume appears in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The absolute, normal path in the container.
    pub path: Str,
    /// The volume's key.
    pub volume: Str,
    /// The path within the volume; `/` for all of it.
    pub sub_path: Str,
    /// Whether it may be written.
    pub access: Access,
}

/// The files that a process sees.
pub struct Files<'a> {
    /// The container's own files.
    pub root: &'a mut Tree,
    /// What is mounted over them.
    pub mounts: &'a [Mount],
    /// The volumes.
    pub volumes: &'a mut Volumes,
    /// A further group of all processes, which volumes belong to.
    pub fs_group: Option<u32>,
}

/// Which tree a path lies in, and where.
enum Place {
    Root,
    Mount { at: usize, inner: String },
}

impl Files<'_> {
    /// The caller as a volume sees it: a member of the group that it belongs to.
    fn member(&self, path: &str, caller: Caller) -> Caller {
        match self.fs_group {
            Some(gid) if matches!(self.place(path), Place::Mount { .. }) => Caller { gid, ..caller },
            Some(_) | None => caller,
        }
    }

    fn place(&self, path: &str) -> Place {
        let mut found: Option<(usize, &str)> = None;
        for (at, mount) in self.mounts.iter().enumerate() {
            let rest = match path.strip_prefix(mount.path.as_str()) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
                _ => continue,
            };
            if found.is_none_or(|(best, _)| self.mounts[best].path.len() <= mount.path.len()) {
                found = Some((at, rest));
            }
        }
        match found {
            None => Place::Root,
            Some((at, rest)) => Place::Mount { at, inner: join(&self.mounts[at].sub_path, rest) },
        }
    }

    fn read_tree<T>(&self, path: &str, read: impl FnOnce(&Tree, &str) -> Result<T, FsError>) -> Result<T, FsError> {
        match self.place(path) {
            Place::Root => read(self.root, path),
            Place::Mount { at, inner } => {
                let tree = self.volumes.get(&self.mounts[at].volume).ok_or(FsError::NotFound)?;
                read(tree, &inner)
            }
        }
    }

    fn write_tree<T>(
        &mut self,
        path: &str,
        write: impl FnOnce(&mut Tree, &str) -> Result<T, FsError>,
    ) -> Result<T, FsError> {
        match self.place(path) {
            Place::Root => write(self.root, path),
            Place::Mount { at, inner } => {
                let mount = &self.mounts[at];
                if mount.access == Access::ReadOnly {
                    return Err(FsError::ReadOnly);
                }
                let tree = self.volumes.get_mut(&mount.volume).ok_or(FsError::NotFound)?;
                write(tree, &inner)
            }
        }
    }

    fn is_mount_point(&self, path: &str) -> bool {
        self.mounts.iter().any(|mount| mount.path == path)
    }

    /// Whether a mount lies below this path, so that the directory exists though the image lacks it.
    fn leads_to_mount(&self, path: &str) -> bool {
        let prefix = if path == "/" { String::from("/") } else { format!("{path}/") };
        self.mounts.iter().any(|mount| mount.path.starts_with(prefix.as_str()))
    }

    /// A caller must be able to walk to a mount point through the container's own directories.
    fn walk_to(&self, path: &str, caller: Caller) -> Result<(), FsError> {
        if let Place::Mount { at, .. } = self.place(path) {
            let outside = parent(&self.mounts[at].path);
            match self.root.stat(outside, caller) {
                Ok(metadata) if !metadata.permits(caller, 1) => return Err(FsError::PermissionDenied),
                Err(FsError::PermissionDenied) => return Err(FsError::PermissionDenied),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

fn join(base: &str, rest: &str) -> String {
    let joined = format!("{}{rest}", base.trim_end_matches('/'));
    if joined.is_empty() { "/".into() } else { joined }
}

fn plain_directory() -> Metadata {
    Metadata { kind: Kind::Directory, mode: 0o755, uid: 0, gid: 0, size: 4096, modified: Time::HEADLESS_START }
}

impl Fs for Files<'_> {
    fn stat(&self, path: &str, caller: Caller) -> Result<Metadata, FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        match self.read_tree(path, |tree, inner| tree.stat(inner, caller)) {
            Err(FsError::NotFound) if self.leads_to_mount(path) => Ok(plain_directory()),
            answer => answer,
        }
    }

    fn read(&self, path: &str, caller: Caller) -> Result<Bytes, FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.read_tree(path, |tree, inner| tree.read(inner, caller))
    }

    fn write(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.write_tree(path, |tree, inner| tree.write(inner, data, caller))
    }

    fn append(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.write_tree(path, |tree, inner| tree.append(inner, data, caller))
    }

    fn mkdir(&mut self, path: &str, caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        if self.is_mount_point(path) || self.leads_to_mount(path) {
            return Err(FsError::Exists);
        }
        self.write_tree(path, |tree, inner| tree.mkdir(inner, caller))
    }

    fn remove(&mut self, path: &str, caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        if self.is_mount_point(path) || self.leads_to_mount(path) {
            return Err(FsError::Busy);
        }
        self.write_tree(path, |tree, inner| tree.remove(inner, caller))
    }

    fn rename(&mut self, from: &str, to: &str, caller: Caller) -> Result<(), FsError> {
        self.walk_to(from, caller)?;
        self.walk_to(to, caller)?;
        let caller = self.member(from, caller);
        if self.is_mount_point(from) || self.leads_to_mount(from) || self.is_mount_point(to) {
            return Err(FsError::Busy);
        }
        let target = match (self.place(from), self.place(to)) {
            (Place::Root, Place::Root) => to.to_string(),
            (Place::Mount { at: left, .. }, Place::Mount { at: right, inner }) if left == right => inner,
            (Place::Root | Place::Mount { .. }, Place::Root | Place::Mount { .. }) => {
                return self.move_across(from, to, caller);
            }
        };
        self.write_tree(from, |tree, inner| tree.rename(inner, &target, caller))
    }

    fn list(&self, path: &str, caller: Caller) -> Result<Vec<Entry>, FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        let listed = self.read_tree(path, |tree, inner| tree.list(inner, caller));
        let mut entries = match listed {
            Err(FsError::NotFound) if self.leads_to_mount(path) => Vec::new(),
            answer => answer?,
        };
        for mount in self.mounts.iter().filter(|mount| parent(&mount.path) == path && mount.path != "/") {
            let name = file_name(&mount.path);
            let metadata = self.stat(&mount.path, Caller::root(caller.now)).unwrap_or_else(|_| plain_directory());
            match entries.iter_mut().find(|entry| entry.name == name) {
                Some(entry) => entry.metadata = metadata,
                None => entries.push(Entry { name: name.into(), metadata }),
            }
        }
        entries.arrange_by(|left, right| left.name.cmp(&right.name));
        Ok(entries)
    }

    fn chmod(&mut self, path: &str, mode: u32, caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.write_tree(path, |tree, inner| tree.chmod(inner, mode, caller))
    }

    fn chown(&mut self, path: &str, uid: u32, gid: u32, caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.write_tree(path, |tree, inner| tree.chown(inner, uid, gid, caller))
    }

    fn set_modified(&mut self, path: &str, modified: Time, caller: Caller) -> Result<(), FsError> {
        self.walk_to(path, caller)?;
        let caller = self.member(path, caller);
        self.write_tree(path, |tree, inner| tree.set_modified(inner, modified, caller))
    }
}

impl Files<'_> {
    /// A file moved from one file system to another is copied and removed, as `mv` does.
    fn move_across(&mut self, from: &str, to: &str, caller: Caller) -> Result<(), FsError> {
        let metadata = self.stat(from, caller)?;
        if metadata.is_directory() {
            return Err(FsError::Invalid);
        }
        let bytes = self.read(from, caller)?;
        self.write(to, &bytes, caller)?;
        self.chmod(to, metadata.mode, caller)?;
        self.remove(from, caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Caller = Caller { uid: 0, gid: 0, now: Time(0) };
    const NGINX: Caller = Caller { uid: 101, gid: 101, now: Time(0) };

    fn mounts() -> Vec<Mount> {
        let mount = |path: &str, volume: &str, sub_path: &str, access| Mount {
            path: path.into(),
            volume: volume.into(),
            sub_path: sub_path.into(),
            access,
        };
        vec![
            mount("/srv/html", "data", "/", Access::ReadWrite),
            mount("/etc/hosts", "etc", "/hosts", Access::ReadOnly),
            mount("/srv/html/inner", "etc", "/", Access::ReadWrite),
        ]
    }

    fn volumes() -> Volumes {
        let mut volumes = Volumes::default();
        volumes.insert("data", Tree::default());
        let mut etc = Tree::default();
        etc.write("/hosts", b"127.0.0.1 localhost\n", ROOT).expect("there is room");
        volumes.insert("etc", etc);
        volumes
    }

    #[test]
    fn the_longest_mount_wins_and_volumes_keep_their_bytes() {
        let (mut root, mut volumes, mounts) = (Tree::default(), volumes(), mounts());
        let mut files = Files { root: &mut root, mounts: &mounts, volumes: &mut volumes, fs_group: None };
        files.write("/srv/html/index.html", b"hi", ROOT).expect("it is mounted");
        assert!(files.exists("/srv/html/inner/hosts", ROOT));
        assert_eq!(files.write("/etc/hosts", b"", ROOT), Err(FsError::ReadOnly));
        let names: Vec<String> =
            files.list("/srv/html", ROOT).expect("it is there").into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["index.html", "inner"]);
        assert_eq!(files.remove("/srv/html", ROOT), Err(FsError::Busy));
        assert!(files.stat("/srv", ROOT).is_ok_and(|metadata| metadata.is_directory()));
        assert!(volumes.get("data").is_some_and(|tree| tree.exists("/index.html", ROOT)));
        assert!(!root.exists("/srv/html/index.html", ROOT));
    }

    #[test]
    fn a_volume_of_mode_0700_is_closed_to_others() {
        let (mut root, mut volumes, mounts) = (Tree::default(), volumes(), mounts());
        let mut files = Files { root: &mut root, mounts: &mounts, volumes: &mut volumes, fs_group: None };
        files.write("/srv/html/index.html", b"hi", ROOT).expect("it is mounted");
        files.chmod("/srv/html", 0o700, ROOT).expect("root may");
        assert_eq!(files.read("/srv/html/index.html", NGINX), Err(FsError::PermissionDenied));
        files.chmod("/srv/html", 0o755, ROOT).expect("root may");
        assert!(files.read("/srv/html/index.html", NGINX).is_ok());
    }

    #[test]
    fn files_move_between_volumes() {
        let (mut root, mut volumes, mounts) = (Tree::default(), volumes(), mounts());
        let mut files = Files { root: &mut root, mounts: &mounts, volumes: &mut volumes, fs_group: None };
        files.write("/a", b"x", ROOT).expect("there is room");
        files.rename("/a", "/srv/html/a", ROOT).expect("both may be written");
        assert!(files.exists("/srv/html/a", ROOT) && !files.exists("/a", ROOT));
    }
}
