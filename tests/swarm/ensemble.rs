//! Clients of the ZooKeeper ensemble: they write znodes, and remember what was acknowledged.

use api::{Key, Str};
use client::{ExecRequest, NodeProxy, SessionId};
use cluster::Cluster;
use sim::Time;

use crate::checks::Znodes;

/// The claims of the members.
pub(crate) const CLAIMS: [&str; 3] = ["datadir-zk-0", "datadir-zk-1", "datadir-zk-2"];
/// What the path of every znode of the swarm begins with; a number follows.
pub(crate) const MARK: &str = "/swarm-";
/// The members' pods.
pub(crate) const MEMBERS: [&str; 3] = ["zk-0", "zk-1", "zk-2"];

/// Clients that wait for their answers.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    open: Vec<Session>,
    written: u32,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    number: u32,
    said: String,
}

impl Clients {
    /// Has a client of one member create the next znode.
    pub(crate) fn write(&mut self, member: u64, cluster: &mut Cluster) -> String {
        let member = MEMBERS[member as usize % MEMBERS.len()];
        let number = self.written;
        let path = format!("{MARK}{number}");
        match start(member, &["create", &path, "x"], cluster) {
            Ok(id) => {
                self.written += 1;
                self.open.push(Session { id, number, said: String::new() });
                format!("{member} is to create {path}")
            }
            Err(why) => format!("{member} cannot be asked: {why}"),
        }
    }

    /// Hears the answers.
    pub(crate) fn hear(&mut self, cluster: &mut Cluster, znodes: &mut Znodes) {
        self.open.retain_mut(|session| {
            let read = cluster.client("swarm").session_read(session.id);
            session.said.push_str(&String::from_utf8_lossy(&read.stdout));
            if read.exit.is_some() {
                cluster.client("swarm").session_close(session.id);
                if session.said.contains(&format!("Created {MARK}{}\n", session.number)) {
                    znodes.acknowledged.insert(session.number);
                }
            }
            read.exit.is_none()
        });
    }

    /// Whether nobody waits for an answer.
    pub(crate) fn are_quiet(&self) -> bool {
        self.open.is_empty()
    }
}

/// Reads the children of the root from every member: all that was acknowledged must be there.
pub(crate) fn read_all(cluster: &mut Cluster, znodes: &Znodes, until: Time) -> Result<(), String> {
    for member in MEMBERS {
        let id = start(member, &["ls", "/"], cluster)?;
        let (mut said, mut exit) = (String::new(), None);
        while let Some(at) = cluster.next_event_at().filter(|at| *at <= until) {
            let _ = cluster.advance_to(at, usize::MAX);
            let read = cluster.client("swarm").session_read(id);
            said.push_str(&String::from_utf8_lossy(&[read.stdout, read.stderr].concat()));
            exit = read.exit;
            if exit.is_some() {
                break;
            }
        }
        cluster.client("swarm").session_close(id);
        let list = said.lines().find_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        let list = list.ok_or_else(|| format!("{member} does not answer, {exit:?}: {said}"))?;
        let names: Vec<&str> = list.split(", ").collect();
        let is_missing = |number: &&u32| !names.contains(&&format!("{MARK}{number}")[1..]);
        if let Some(number) = znodes.acknowledged.iter().find(is_missing) {
            return Err(format!("{MARK}{number} was acknowledged, and {member} does not have it"));
        }
    }
    Ok(())
}

fn start(member: &str, words: &[&str], cluster: &mut Cluster) -> Result<SessionId, String> {
    let command: Vec<Str> = std::iter::once("zkCli.sh").chain(words.iter().copied()).map(Str::from).collect();
    let request =
        ExecRequest { pod: Key::new("default", member), container: "server".into(), command, stdin: false, tty: false };
    cluster.client("swarm").exec(&request).map_err(|status| status.message.to_string())
}
