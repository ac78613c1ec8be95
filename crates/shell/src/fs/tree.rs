//! A file system in memory.
//!
//! One ordered map from absolute path to node behind an `Rc`: a clone costs a pointer until one of the two changes.
//! Bytes of files are shared likewise. The whole is bounded by [`Tree::limit`] bytes (a node counts [`NODE_BYTES`]).

use ordered::{Arrange, OrderedMap};
use std::rc::Rc;

use sim::Time;
use thin::Str;

use super::{Bytes, Caller, Entry, Fs, FsError, Kind, Metadata, file_name, parent};

/// What a file or directory costs beside its bytes.
pub(super) const NODE_BYTES: u64 = 128;
/// The limit of a tree that was given none.
pub(super) const TREE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest path.
pub(crate) const PATH_BYTES_MAX: usize = 4096;

#[derive(Clone, Debug)]
struct Node {
    /// `None` for a directory.
    bytes: Option<Bytes>,
    mode: u32,
    uid: u32,
    gid: u32,
    modified: Time,
}

/// Files in memory; see the module.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Rc<OrderedMap<Str, Node>>,
    used: u64,
    limit: u64,
}

impl Default for Tree {
    fn default() -> Self {
        Tree::new(TREE_BYTES_MAX)
    }
}

impl Tree {
    /// An empty tree with `/` (root's, mode 0755) that holds at most `limit` bytes.
    pub fn new(limit: u64) -> Tree {
        let root = Node { bytes: None, mode: 0o755, uid: 0, gid: 0, modified: Time::HEADLESS_START };
        Tree { nodes: Rc::new(OrderedMap::from([("/".into(), root)])), used: NODE_BYTES, limit }
    }

    /// The most bytes it may hold.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Sets the most bytes it may hold. What it holds already stays.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Takes out everything but the root directory itself.
    pub fn wipe(&mut self) {
        Rc::make_mut(&mut self.nodes).retain(|path, _| path == "/");
        self.used = NODE_BYTES;
    }

    /// The bytes it holds.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Puts a file there with its directories, as the tree's builder (image, lesson): no rights are checked.
    pub fn place(&mut self, path: &str, data: &[u8], mode: u32, caller: Caller) -> Result<(), FsError> {
        self.place_directory(parent(path), 0o755, caller)?;
        let root = Caller { uid: 0, ..caller };
        self.write(path, data, root)?;
        self.own(path, mode, caller);
        Ok(())
    }

    /// Makes a directory and its parents, as the tree's builder; leaves those that exist.
    pub fn place_directory(&mut self, path: &str, mode: u32, caller: Caller) -> Result<(), FsError> {
        let root = Caller { uid: 0, ..caller };
        for (at, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
            let prefix = &path[..at];
            if prefix.len() > 1 && !self.nodes.contains_key(prefix) {
                self.mkdir(prefix, root)?;
                self.own(prefix, if prefix == path { mode } else { 0o755 }, caller);
            }
        }
        Ok(())
    }

    fn own(&mut self, path: &str, mode: u32, caller: Caller) {
        if let Some(node) = Rc::make_mut(&mut self.nodes).get_mut(path) {
            (node.mode, node.uid, node.gid) = (mode, caller.uid, caller.gid);
        }
    }

    /// The node, if the caller may walk to it.
    fn walk(&self, path: &str, caller: Caller) -> Result<&Node, FsError> {
        for (at, _) in path.match_indices('/').filter(|_| path.len() > 1) {
            let prefix = if at == 0 { "/" } else { &path[..at] };
            let node = self.nodes.get(prefix).ok_or(FsError::NotFound)?;
            if node.bytes.is_some() {
                return Err(FsError::NotDirectory);
            }
            if !node.metadata().permits(caller, 1) {
                return Err(FsError::PermissionDenied);
            }
        }
        self.nodes.get(path).ok_or(FsError::NotFound)
    }

    /// Whether the caller may add or remove entries beside `path`.
    fn change_parent(&self, path: &str, caller: Caller) -> Result<(), FsError> {
        if path.len() > PATH_BYTES_MAX || file_name(path).len() > 255 {
            return Err(FsError::NameTooLong);
        }
        let directory = self.walk(parent(path), caller)?;
        match directory.bytes {
            Some(_) => Err(FsError::NotDirectory),
            None if directory.metadata().permits(caller, 3) => Ok(()),
            None => Err(FsError::PermissionDenied),
        }
    }

    fn store(&mut self, path: &str, caller: Caller, size: u64, edit: impl FnOnce(&mut Vec<u8>)) -> Result<(), FsError> {
        let (old, created) = match self.walk(path, caller) {
            Ok(node) => match &node.bytes {
                None => return Err(FsError::IsDirectory),
                Some(_) if !node.metadata().permits(caller, 2) => return Err(FsError::PermissionDenied),
                Some(bytes) => (bytes.len() as u64, false),
            },
            Err(FsError::NotFound) => {
                self.change_parent(path, caller)?;
                (0, true)
            }
            Err(error) => return Err(error),
        };
        let used = self.used - old + size + if created { NODE_BYTES } else { 0 };
        if used > self.limit && size > old {
            return Err(FsError::NoSpace);
        }
        self.used = used;
        let heir = self.heir(path, caller);
        let nodes = Rc::make_mut(&mut self.nodes);
        let node = nodes.entry(path.into()).or_insert_with(|| Node::new(Some(Bytes::default()), 0o644, heir.0));
        node.modified = caller.now;
        edit(Rc::make_mut(node.bytes.get_or_insert_default()));
        Ok(())
    }

    /// What a directory with the set-group-ID bit hands down: its group to all, the bit itself to directories.
    fn heir(&self, path: &str, caller: Caller) -> (Caller, u32) {
        match self.nodes.get(parent(path)).filter(|directory| directory.mode & 0o2000 != 0) {
            Some(directory) => (Caller { gid: directory.gid, ..caller }, 0o2000),
            None => (caller, 0),
        }
    }

    /// Gives everything to a group that may read and write it, and whatever will be made in it: what a kubelet does for `fsGroup`.
    pub fn give_to_group(&mut self, gid: u32) {
        for node in Rc::make_mut(&mut self.nodes).values_mut() {
            node.gid = gid;
            node.mode |= if node.bytes.is_none() { 0o2770 } else { 0o660 };
        }
    }

    fn size_of(&self, path: &str) -> u64 {
        self.nodes.get(path).and_then(|node| node.bytes.as_ref()).map_or(0, |bytes| bytes.len() as u64)
    }

    /// The paths strictly below a directory, in order.
    fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a Str, &'a Node)> {
        let prefix = if path == "/" { String::from("/") } else { format!("{path}/") };
        let from = Str::from(prefix.as_str());
        self.nodes
            .range(from..)
            .filter(|(key, _)| *key != prefix.as_str())
            .take_while(|(key, _)| key.starts_with(prefix.as_str()))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

impl Node {
    fn new(bytes: Option<Bytes>, mode: u32, caller: Caller) -> Node {
        Node { bytes, mode, uid: caller.uid, gid: caller.gid, modified: caller.now }
    }

    fn metadata(&self) -> Metadata {
        let (kind, size) = match &self.bytes {
            Some(bytes) => (Kind::File, bytes.len() as u64),
            None => (Kind::Directory, 4096),
        };
        Metadata { kind, mode: self.mode, uid: self.uid, gid: self.gid, size, modified: self.modified }
    }
}

impl Fs for Tree {
    fn stat(&self, path: &str, caller: Caller) -> Result<Metadata, FsError> {
        self.walk(path, caller).map(Node::metadata)
    }

    fn read(&self, path: &str, caller: Caller) -> Result<Bytes, FsError> {
        let node = self.walk(path, caller)?;
        let bytes = node.bytes.as_ref().ok_or(FsError::IsDirectory)?;
        if node.metadata().permits(caller, 4) { Ok(bytes.clone()) } else { Err(FsError::PermissionDenied) }
    }

    fn write(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError> {
        self.store(path, caller, data.len() as u64, |bytes| {
            bytes.clear();
            bytes.extend_from_slice(data);
        })
    }

    fn append(&mut self, path: &str, data: &[u8], caller: Caller) -> Result<(), FsError> {
        let size = self.size_of(path) + data.len() as u64;
        self.store(path, caller, size, |bytes| bytes.extend_from_slice(data))
    }

    fn mkdir(&mut self, path: &str, caller: Caller) -> Result<(), FsError> {
        if self.nodes.contains_key(path) {
            return Err(FsError::Exists);
        }
        self.change_parent(path, caller)?;
        if self.used + NODE_BYTES > self.limit {
            return Err(FsError::NoSpace);
        }
        self.used += NODE_BYTES;
        let (heir, bit) = self.heir(path, caller);
        Rc::make_mut(&mut self.nodes).insert(path.into(), Node::new(None, 0o755 | bit, heir));
        Ok(())
    }

    fn remove(&mut self, path: &str, caller: Caller) -> Result<(), FsError> {
        let node = self.walk(path, caller)?;
        if path == "/" {
            return Err(FsError::Busy);
        }
        if node.bytes.is_none() && self.below(path).next().is_some() {
            return Err(FsError::NotEmpty);
        }
        self.change_parent(path, caller)?;
        self.used -= self.size_of(path) + NODE_BYTES;
        Rc::make_mut(&mut self.nodes).remove(path);
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str, caller: Caller) -> Result<(), FsError> {
        let is_directory = self.walk(from, caller)?.bytes.is_none();
        if from == to {
            return Ok(());
        }
        if from == "/" || to.starts_with(&format!("{from}/")) {
            return Err(FsError::Invalid);
        }
        self.change_parent(from, caller)?;
        self.change_parent(to, caller)?;
        match self.nodes.get(to).map(|node| node.bytes.is_none()) {
            Some(true) if !is_directory => return Err(FsError::IsDirectory),
            Some(false) if is_directory => return Err(FsError::NotDirectory),
            Some(_) => self.remove(to, caller)?,
            None => {}
        }
        let moved: Vec<Str> = [from.into()].into_iter().chain(self.below(from).map(|(key, _)| key.clone())).collect();
        let nodes = Rc::make_mut(&mut self.nodes);
        for key in moved {
            if let Some(node) = nodes.remove(&key) {
                nodes.insert(format!("{to}{}", &key[from.len()..]).into(), node);
            }
        }
        Ok(())
    }

    fn list(&self, path: &str, caller: Caller) -> Result<Vec<Entry>, FsError> {
        let node = self.walk(path, caller)?;
        if node.bytes.is_some() {
            return Err(FsError::NotDirectory);
        }
        if !node.metadata().permits(caller, 4) {
            return Err(FsError::PermissionDenied);
        }
        let start = if path == "/" { 1 } else { path.len() + 1 };
        let children = self.below(path).filter(|(key, _)| !key[start..].contains('/'));
        let mut entries: Vec<Entry> =
            children.map(|(key, node)| Entry { name: key[start..].into(), metadata: node.metadata() }).collect();
        entries.arrange_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn chmod(&mut self, path: &str, mode: u32, caller: Caller) -> Result<(), FsError> {
        if caller.uid != 0 && self.walk(path, caller)?.uid != caller.uid {
            return Err(FsError::NotPermitted);
        }
        self.walk(path, caller)?;
        if let Some(node) = Rc::make_mut(&mut self.nodes).get_mut(path) {
            node.mode = mode & 0o7777;
        }
        Ok(())
    }

    fn chown(&mut self, path: &str, uid: u32, gid: u32, caller: Caller) -> Result<(), FsError> {
        let node = self.walk(path, caller)?;
        if caller.uid != 0 && (node.uid != caller.uid || uid != node.uid) {
            return Err(FsError::NotPermitted);
        }
        if let Some(node) = Rc::make_mut(&mut self.nodes).get_mut(path) {
            (node.uid, node.gid) = (uid, gid);
        }
        Ok(())
    }

    fn set_modified(&mut self, path: &str, modified: Time, caller: Caller) -> Result<(), FsError> {
        if !self.walk(path, caller)?.metadata().permits(caller, 2) {
            return Err(FsError::PermissionDenied);
        }
        if let Some(node) = Rc::make_mut(&mut self.nodes).get_mut(path) {
            node.modified = modified;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Caller = Caller { uid: 0, gid: 0, now: Time(0) };
    const NGINX: Caller = Caller { uid: 101, gid: 101, now: Time(0) };

    fn tree() -> Tree {
        let mut tree = Tree::new(10_000);
        tree.place("/srv/html/index.html", b"hello", 0o644, ROOT).expect("there is room");
        tree
    }

    #[test]
    fn rights_follow_owner_and_mode() {
        let mut tree = tree();
        assert!(tree.read("/srv/html/index.html", NGINX).is_ok());
        tree.chmod("/srv/html", 0o700, ROOT).expect("root may");
        assert_eq!(tree.read("/srv/html/index.html", NGINX), Err(FsError::PermissionDenied));
        tree.chmod("/srv/html", 0o755, ROOT).expect("root may");
        tree.chmod("/srv/html/index.html", 0o600, ROOT).expect("root may");
        assert_eq!(tree.read("/srv/html/index.html", NGINX), Err(FsError::PermissionDenied));
        assert_eq!(tree.write("/srv/x", b"", NGINX), Err(FsError::PermissionDenied));
        assert_eq!(tree.chmod("/srv", 0o777, NGINX), Err(FsError::NotPermitted));
    }

    #[test]
    fn a_directory_hands_down_its_group() {
        let mut tree = tree();
        tree.give_to_group(7);
        tree.mkdir("/srv/data", Caller { gid: 7, ..NGINX }).expect("the group may");
        tree.write("/srv/data/x", b"1", NGINX).expect("it is its own");
        let seen = |path: &str| tree.stat(path, ROOT).map(|found| (found.mode, found.uid, found.gid));
        assert_eq!(seen("/srv/data"), Ok((0o2755, 101, 7)));
        assert_eq!(seen("/srv/data/x"), Ok((0o644, 101, 7)));
        assert_eq!(seen("/srv/html/index.html"), Ok((0o664, 0, 7)));
    }

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut tree = tree();
        let before = tree.clone();
        tree.append("/srv/html/index.html", b" world", ROOT).expect("there is room");
        assert_eq!(before.read("/srv/html/index.html", ROOT).map(|b| b.len()), Ok(5));
        assert_eq!(tree.read("/srv/html/index.html", ROOT).map(|b| b.len()), Ok(11));
    }

    #[test]
    fn the_limit_holds_and_removal_gives_room_back() {
        let mut tree = tree();
        assert_eq!(tree.write("/big", &[0; 20_000], ROOT), Err(FsError::NoSpace));
        let used = tree.used();
        tree.write("/a", &[0; 5_000], ROOT).expect("there is room");
        tree.remove("/a", ROOT).expect("it is there");
        assert_eq!(tree.used(), used);
    }

    #[test]
    fn directories_move_with_what_they_hold() {
        let mut tree = tree();
        tree.write("/srv/html-old", b"x", ROOT).expect("there is room");
        tree.rename("/srv/html", "/web", ROOT).expect("it is there");
        assert!(tree.exists("/web/index.html", ROOT) && tree.exists("/srv/html-old", ROOT));
        assert!(!tree.exists("/srv/html", ROOT));
        assert_eq!(tree.rename("/web", "/web/in", ROOT), Err(FsError::Invalid));
        assert_eq!(tree.remove("/web", ROOT), Err(FsError::NotEmpty));
    }

    #[test]
    fn a_directory_lists_its_own_entries_in_order() {
        let mut tree = tree();
        tree.write("/srv/a", b"", ROOT).expect("there is room");
        let names: Vec<String> = tree.list("/srv", ROOT).expect("it is one").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["a", "html"]);
        assert_eq!(tree.list("/srv/a", ROOT), Err(FsError::NotDirectory));
        assert_eq!(tree.stat("/srv/a/b", ROOT), Err(FsError::NotDirectory));
    }
}
