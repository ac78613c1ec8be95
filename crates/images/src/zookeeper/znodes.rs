//! The data tree: znodes with their stat, and sessions.
//!
//! Models: ZooKeeper 3.4.10 DataTree, PrepRequestProcessor. Absent: watches, access lists (everything is world:anyone), quotas.

use ordered::Arrange;
use thin::{Str, format_str};

use super::wire::{Kind, Message, put_bytes, take_bytes};

/// Errors of operations, by ZooKeeper's numbers without their sign.
pub(super) mod error {
    pub(in crate::zookeeper) const NO_NODE: u64 = 101;
    pub(in crate::zookeeper) const BAD_VERSION: u64 = 103;
    pub(in crate::zookeeper) const NO_CHILDREN_FOR_EPHEMERALS: u64 = 108;
    pub(in crate::zookeeper) const NODE_EXISTS: u64 = 110;
    pub(in crate::zookeeper) const NOT_EMPTY: u64 = 111;
    pub(in crate::zookeeper) const BAD_ARGUMENTS: u64 = 8;
}

/// Numbers of a stat: czxid, ctime, mzxid, mtime, pzxid, cversion, version, owner.
pub(super) const STAT: usize = 8;
const CVERSION: usize = 5;
const VERSION: usize = 6;
const OWNER: usize = 7;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Znode {
    pub(super) path: Str,
    pub(super) data: Vec<u8>,
    pub(super) stat: [u64; STAT],
}

/// All nodes, ordered by path, and the sessions with their timeouts in ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Znodes {
    nodes: Vec<Znode>,
    pub(super) sessions: Vec<(u64, u64)>,
    pub(super) last_zxid: u64,
}

impl Default for Znodes {
    fn default() -> Self {
        let node = |path: &str| Znode { path: path.into(), data: Vec::new(), stat: [0; STAT] };
        let nodes = vec![node("/"), node("/zookeeper"), node("/zookeeper/quota")];
        let mut znodes = Znodes { nodes, sessions: Vec::new(), last_zxid: 0 };
        // The child's birth counts, as the tree's constructor has it.
        znodes.nodes[0].stat[CVERSION] = u64::MAX;
        znodes
    }
}

fn parent(path: &str) -> &str {
    shell::fs::parent(path)
}

impl Znodes {
    fn place(&self, path: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|node| node.path.as_str().cmp(path))
    }

    pub(super) fn get(&self, path: &str) -> Option<&Znode> {
        self.place(path).ok().map(|at| &self.nodes[at])
    }

    /// Nodes that there are; the root counts twice, as it does in the real tree.
    pub(super) fn count(&self) -> usize {
        self.nodes.len() + 1
    }

    /// Bytes of paths and data.
    pub(super) fn size(&self) -> usize {
        self.nodes.iter().map(|node| node.path.len() + node.data.len()).sum()
    }

    pub(super) fn ephemerals(&self) -> usize {
        self.nodes.iter().filter(|node| node.stat[OWNER] != 0).count()
    }

    /// The names of a node's children, in the order of the hash set that the real server keeps them in.
    pub(super) fn children(&self, path: &str) -> Vec<Str> {
        let mut names: Vec<Str> = self.below(path).map(|node| shell::fs::file_name(&node.path).into()).collect();
        let mut slots = 8;
        while names.len() > slots * 3 / 4 {
            slots *= 2;
        }
        names.arrange_by_key(|name| hash(name) as usize & (slots - 1));
        names
    }

    fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Znode> {
        self.nodes.iter().filter(move |node| node.path != "/" && parent(&node.path) == path)
    }

    /// The answer about a node: its stat and number of children.
    pub(super) fn answer(&self, path: &str, data: &[u8]) -> Message {
        let Some(node) = self.get(path) else { return failure(error::NO_NODE, path) };
        let mut numbers = node.stat.to_vec();
        numbers.extend([node.data.len() as u64, self.below(path).count() as u64]);
        Message::about(Kind::Node, &numbers, path, data)
    }

    /// What a read answers.
    pub(super) fn read(&self, operation: &Message) -> Message {
        let path = operation.path.as_str();
        let Some(node) = self.get(path) else { return failure(error::NO_NODE, path) };
        match operation.kind {
            Kind::Get => self.answer(path, &node.data),
            Kind::Children => self.answer(path, self.children(path).join("\n").as_bytes()),
            _ => self.answer(path, b""),
        }
    }

    /// What a write becomes as an entry of the log: the operation with everything decided, or its refusal.
    pub(super) fn prepare(&self, operation: &Message, session: u64) -> Message {
        let refused = |error| Message::about(Kind::Failed, &[error], &operation.path, b"");
        let path = operation.path.as_str();
        match operation.kind {
            Kind::Create => self.prepare_create(operation, session),
            Kind::Delete | Kind::Set => {
                let Some(node) = self.get(path) else { return refused(error::NO_NODE) };
                let wanted = operation.number(0);
                if wanted != 0 && wanted - 1 != node.stat[VERSION] {
                    return refused(error::BAD_VERSION);
                }
                if operation.kind == Kind::Set {
                    return operation.clone();
                }
                match path {
                    "/" => refused(error::BAD_ARGUMENTS),
                    _ if self.below(path).next().is_some() => refused(error::NOT_EMPTY),
                    _ => operation.clone(),
                }
            }
            _ => operation.clone(),
        }
    }

    fn prepare_create(&self, operation: &Message, session: u64) -> Message {
        let refused = |error| Message::about(Kind::Failed, &[error], &operation.path, b"");
        let mut path = operation.path.clone();
        let Some(above) = self.get(parent(&path)).filter(|_| path != "/") else {
            return refused(if path == "/" { error::NODE_EXISTS } else { error::NO_NODE });
        };
        if operation.number(1) != 0 {
            path = format_str!("{path}{:010}", above.stat[CVERSION] as i32);
        }
        match self.get(&path) {
            Some(_) => refused(error::NODE_EXISTS),
            None if above.stat[OWNER] != 0 => refused(error::NO_CHILDREN_FOR_EPHEMERALS),
            None => {
                let owner = if operation.number(0) != 0 { session } else { 0 };
                Message::about(Kind::Create, &[owner], &path, &operation.data)
            }
        }
    }

    /// Applies an entry; answers what the client is told.
    pub(super) fn apply(&mut self, zxid: u64, time_ms: u64, session: u64, entry: &Message) -> Message {
        self.last_zxid = zxid;
        let path = entry.path.as_str();
        match entry.kind {
            Kind::Connect => {
                self.sessions.push((session, entry.number(0)));
                Message::new(Kind::Connected, &[session, entry.number(0)])
            }
            Kind::CloseSession => {
                self.sessions.retain(|(id, _)| *id != session);
                let owned: Vec<Str> =
                    self.nodes.iter().filter(|n| n.stat[OWNER] == session).map(|n| n.path.clone()).collect();
                owned.iter().for_each(|path| self.remove(path, zxid));
                Message::new(Kind::CloseSession, &[])
            }
            Kind::Create => {
                let stat = [zxid, time_ms, zxid, time_ms, zxid, 0, 0, entry.number(0)];
                if let Err(at) = self.place(path) {
                    self.nodes.insert(at, Znode { path: path.into(), data: entry.data.clone(), stat });
                }
                self.touch_parent(path, zxid);
                self.answer(path, b"")
            }
            Kind::Set => {
                if let Ok(at) = self.place(path) {
                    let node = &mut self.nodes[at];
                    node.data = entry.data.clone();
                    (node.stat[2], node.stat[3]) = (zxid, time_ms);
                    node.stat[VERSION] += 1;
                }
                self.answer(path, b"")
            }
            Kind::Delete => {
                self.remove(path, zxid);
                Message::about(Kind::Node, &[], path, b"")
            }
            _ => failure(entry.number(0), path),
        }
    }

    fn remove(&mut self, path: &str, zxid: u64) {
        if let Ok(at) = self.place(path) {
            self.nodes.remove(at);
            self.touch_parent(path, zxid);
        }
    }

    fn touch_parent(&mut self, path: &str, zxid: u64) {
        if let Ok(at) = self.place(parent(path)) {
            let stat = &mut self.nodes[at].stat;
            stat[4] = zxid;
            stat[CVERSION] = stat[CVERSION].wrapping_add(1);
        }
    }

    /// A snapshot.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.last_zxid.to_be_bytes().to_vec();
        for (id, timeout) in &self.sessions {
            put_bytes(&mut bytes, &Message::new(Kind::Connect, &[*id, *timeout]).encode());
        }
        for node in &self.nodes {
            put_bytes(&mut bytes, &Message::about(Kind::Node, &node.stat, &node.path, &node.data).encode());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Znodes> {
        let (zxid, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut znodes = Znodes { nodes: Vec::new(), sessions: Vec::new(), last_zxid: u64::from_be_bytes(*zxid) };
        while !rest.is_empty() {
            let message = Message::decode(take_bytes(&mut rest)?)?;
            match message.kind {
                Kind::Connect => znodes.sessions.push((message.number(0), message.number(1))),
                _ => {
                    let stat = message.numbers.try_into().ok()?;
                    znodes.nodes.push(Znode { path: message.path, data: message.data, stat });
                }
            }
        }
        Some(znodes)
    }
}

fn failure(error: u64, path: &str) -> Message {
    Message::about(Kind::Error, &[error], path, b"")
}

/// The hash of a text as Java spreads it over the slots of a set.
fn hash(text: &str) -> u32 {
    let hash = text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(znodes: &mut Znodes, zxid: u64, operation: &Message) -> Message {
        let entry = znodes.prepare(operation, 9);
        znodes.apply(zxid, 1_000, 9, &entry)
    }

    #[test]
    fn operations_change_nodes_or_are_refused() {
        let mut znodes = Znodes::default();
        let create = |path: &str, flags: &[u64]| Message::about(Kind::Create, flags, path, b"x");
        let delete = |path: &str, version| Message::about(Kind::Delete, &[version], path, b"");
        let cases = [
            (create("/a", &[]), Ok("/a")),
            (create("/a", &[]), Err(error::NODE_EXISTS)),
            (create("/b/c", &[]), Err(error::NO_NODE)),
            (create("/a/n-", &[1, 1]), Ok("/a/n-0000000000")),
            (create("/a/n-0000000000/x", &[]), Err(error::NO_CHILDREN_FOR_EPHEMERALS)),
            (delete("/a", 0), Err(error::NOT_EMPTY)),
            (Message::about(Kind::Set, &[8], "/a", b"y"), Err(error::BAD_VERSION)),
            (Message::about(Kind::Set, &[1], "/a", b"y"), Ok("/a")),
            (Message::new(Kind::CloseSession, &[]), Ok("")),
            (delete("/a", 2), Ok("/a")),
        ];
        for (at, (operation, expect)) in cases.into_iter().enumerate() {
            let answer = write(&mut znodes, at as u64 + 1, &operation);
            let got = if answer.kind == Kind::Error { Err(answer.number(0)) } else { Ok(answer.path.as_str()) };
            assert_eq!(got, expect, "{operation:?}");
        }
        assert_eq!(znodes.count(), 4);
        assert_eq!(Znodes::decode(&znodes.encode()), Some(znodes));
    }

    #[test]
    fn children_come_in_the_order_of_their_hashes() {
        let mut znodes = Znodes::default();
        write(&mut znodes, 1, &Message::about(Kind::Create, &[], "/hello", b""));
        assert_eq!(znodes.children("/"), ["hello", "zookeeper"]);
    }
}
