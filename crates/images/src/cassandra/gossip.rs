//! What nodes know of each other, and how they tell it on.
//!
//! Every second a node sends all that it knows to a peer, and gets back what the peer knows better. A state is newer if its
//! node was started later, or has counted on since. Models: cassandra 3.11 Gossiper, FailureDetector, StorageService.onChange.

use std::net::Ipv4Addr;

use sim::{Span, Time};
use thin::{Str, format_str};

use super::log::Log;
use crate::tsv;

/// Between rounds.
pub(super) const ROUND: Span = Span::from_seconds(1);
/// A peer of which nothing new was heard for so long is down: a suspicion (phi) of 8 at one message a second.
const SILENCE_MAX: Span = Span::from_millis(18_420);
/// A peer that never joined is forgotten after so long.
const STRANGER_SILENCE_MAX: Span = Span::from_seconds(30);
/// Nodes that one ring has at most.
const ENDPOINTS_MAX: usize = 256;

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Status {
    /// It has no tokens yet.
    #[default]
    New,
    /// It takes its data over.
    Joining,
    /// It holds data.
    Normal,
    /// It gives its data away.
    Leaving,
    /// It is gone for good.
    Left,
}

const STATUSES: [(Status, &str); 5] = [
    (Status::New, "NEW"),
    (Status::Joining, "BOOT"),
    (Status::Normal, "NORMAL"),
    (Status::Leaving, "LEAVING"),
    (Status::Left, "LEFT"),
];

/// A node, as one knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) ip: Ipv4Addr,
    /// When it was started, in seconds.
    pub(super) generation: u64,
    /// Counts on with every round.
    pub(super) version: u64,
    pub(super) status: Status,
    /// Whether it has said that it stops.
    pub(super) has_shut_down: bool,
    pub(super) host_id: Str,
    pub(super) datacenter: Str,
    pub(super) rack: Str,
    /// Bytes of data, once it has told.
    pub(super) load: Option<u64>,
    /// Which schema it has.
    pub(super) schema: Str,
    pub(super) tokens: Vec<i64>,
    /// Known here only: when something new was heard last, and what follows from it.
    pub(super) heard_at: Time,
    pub(super) is_alive: bool,
}

impl Default for Endpoint {
    fn default() -> Endpoint {
        Endpoint {
            ip: Ipv4Addr::UNSPECIFIED,
            generation: 0,
            version: 0,
            status: Status::New,
            has_shut_down: false,
            host_id: Str::new(),
            datacenter: Str::new(),
            rack: Str::new(),
            load: None,
            schema: Str::new(),
            tokens: Vec::new(),
            heard_at: Time(0),
            is_alive: false,
        }
    }
}

impl Endpoint {
    fn is_newer_than(&self, other: &Endpoint) -> bool {
        (self.generation, self.version) > (other.generation, other.version)
    }

    /// Whether it has tokens that count for others.
    pub(super) fn is_member(&self) -> bool {
        matches!(self.status, Status::Normal | Status::Leaving)
    }

    pub(super) fn encode(&self) -> String {
        let word = STATUSES.iter().find(|(status, _)| *status == self.status).map_or("", |(_, word)| word);
        let tokens: Vec<String> = self.tokens.iter().map(i64::to_string).collect();
        tsv::line([
            Some(format!("{}", self.ip).as_str()),
            Some(&self.generation.to_string()),
            Some(&self.version.to_string()),
            Some(word),
            Some(if self.has_shut_down { "shutdown" } else { "" }),
            Some(&self.host_id),
            Some(&self.datacenter),
            Some(&self.rack),
            self.load.map(|load| load.to_string()).as_deref(),
            Some(&self.schema),
            Some(&tokens.join(",")),
        ])
    }

    pub(super) fn decode(line: &str) -> Option<Endpoint> {
        let fields = tsv::fields(line);
        let text = |at: usize| fields.get(at).cloned().flatten();
        let status = text(3)?;
        Some(Endpoint {
            ip: text(0)?.parse().ok()?,
            generation: text(1)?.parse().ok()?,
            version: text(2)?.parse().ok()?,
            status: STATUSES.iter().find(|(_, word)| *word == status).map(|(status, _)| *status)?,
            has_shut_down: text(4)? == "shutdown",
            host_id: text(5)?,
            datacenter: text(6)?,
            rack: text(7)?,
            load: text(8).and_then(|load| load.parse().ok()),
            schema: text(9)?,
            tokens: text(10)?.split(',').filter_map(|token| token.parse().ok()).collect(),
            ..Endpoint::default()
        })
    }
}

/// All nodes that one knows; itself first.
#[derive(Clone, Debug, Default)]
pub(super) struct Gossip {
    pub(super) endpoints: Vec<Endpoint>,
    /// Nodes that were forgotten, so that nobody brings the same state back.
    forgotten: Vec<(Ipv4Addr, u64)>,
    /// Whether the set of members has changed since it was last asked.
    pub(super) has_changed: bool,
}

impl Gossip {
    pub(super) fn own(&mut self) -> &mut Endpoint {
        &mut self.endpoints[0]
    }

    fn find_mut(&mut self, ip: Ipv4Addr) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.ip == ip)
    }

    /// Everything, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.endpoints.iter().map(Endpoint::encode).collect()
    }

    /// What is known better here than it was told there.
    pub(super) fn newer_than(&self, told: &[Endpoint]) -> Vec<String> {
        let is_news =
            |own: &&Endpoint| told.iter().find(|other| other.ip == own.ip).is_none_or(|other| own.is_newer_than(other));
        self.endpoints.iter().filter(is_news).map(Endpoint::encode).collect()
    }

    /// Takes what is news.
    pub(super) fn merge(&mut self, told: &[Endpoint], now: Time, log: &mut Log) {
        let own = self.endpoints[0].ip;
        for news in told.iter().filter(|news| news.ip != own) {
            self.take(news, now, log);
        }
    }

    fn take(&mut self, news: &Endpoint, now: Time, log: &mut Log) {
        let is_forgotten = self.forgotten.iter().any(|(ip, to)| *ip == news.ip && news.generation <= *to);
        if is_forgotten || self.is_replaced(news) || self.endpoints.len() >= ENDPOINTS_MAX {
            return;
        }
        let mut known =
            Endpoint { heard_at: now, is_alive: !news.has_shut_down && news.generation > 0, ..news.clone() };
        let ip = news.ip;
        match self.endpoints.iter().position(|endpoint| endpoint.ip == ip) {
            Some(at) if !known.is_newer_than(&self.endpoints[at]) => return,
            Some(at) => {
                let before = &self.endpoints[at];
                if known.status == Status::Left {
                    known.is_alive = false;
                }
                say_change(before, &known, now, log);
                self.has_changed |= before.status != known.status || before.tokens != known.tokens;
                self.endpoints[at] = known;
            }
            None => {
                if known.status == Status::Left {
                    known.is_alive = false;
                } else if known.is_alive {
                    log.info(now, &format_str!("Node /{ip} is now part of the cluster"));
                    log.info(now, &format_str!("InetAddress /{ip} is now UP"));
                }
                self.has_changed = true;
                self.endpoints.push(known);
            }
        }
        self.drop_replaced(news, now, log);
    }

    /// Whether another node has taken this one's data over since.
    fn is_replaced(&self, news: &Endpoint) -> bool {
        let is_heir = |other: &Endpoint| {
            other.ip != news.ip && other.host_id == news.host_id && other.generation > news.generation
        };
        self.endpoints.iter().any(is_heir)
    }

    /// A node that comes back under another address is the same node.
    fn drop_replaced(&mut self, heir: &Endpoint, now: Time, log: &mut Log) {
        if !heir.is_member() {
            return;
        }
        let is_old = |other: &Endpoint| {
            other.ip != heir.ip && other.host_id == heir.host_id && other.generation < heir.generation
        };
        if let Some(at) = self.endpoints.iter().skip(1).position(is_old) {
            let old = self.endpoints.remove(at + 1);
            let (id, ip, own) = (&heir.host_id, old.ip, heir.ip);
            let text = format_str!("Host ID collision for {id} between /{ip} and /{own}; /{own} is the new owner");
            log.warn(now, &text);
            self.has_changed = true;
        }
    }

    /// Counts on, and looks who has been silent for too long.
    pub(super) fn tick(&mut self, now: Time, log: &mut Log) {
        self.own().version += 1;
        self.own().heard_at = now;
        for endpoint in self.endpoints.iter_mut().skip(1).filter(|endpoint| endpoint.is_alive) {
            if now.since(endpoint.heard_at) > SILENCE_MAX {
                endpoint.is_alive = false;
                log.info(now, &format_str!("InetAddress /{} is now DOWN", endpoint.ip));
            }
        }
        let is_stranger = |endpoint: &Endpoint| {
            matches!(endpoint.status, Status::New | Status::Joining)
                && !endpoint.is_alive
                && now.since(endpoint.heard_at) > STRANGER_SILENCE_MAX
        };
        while let Some(at) = self.endpoints.iter().skip(1).position(is_stranger) {
            let gone = self.endpoints.remove(at + 1);
            let silence = STRANGER_SILENCE_MAX.0 / 1_000;
            let text = format_str!("FatClient /{} has been silent for {silence}ms, removing from gossip", gone.ip);
            log.info(now, &text);
            self.forgotten.push((gone.ip, gone.generation));
            self.has_changed = true;
        }
    }

    /// A node has said that it stops.
    pub(super) fn shut_down(&mut self, ip: Ipv4Addr, now: Time, log: &mut Log) {
        if let Some(endpoint) = self.find_mut(ip).filter(|endpoint| endpoint.is_alive) {
            (endpoint.is_alive, endpoint.has_shut_down) = (false, true);
            log.info(now, &format_str!("InetAddress /{ip} is now DOWN"));
        }
    }
}

fn say_change(before: &Endpoint, after: &Endpoint, now: Time, log: &mut Log) {
    let ip = after.ip;
    if before.generation > 0 && after.generation > before.generation {
        log.info(now, &format_str!("Node /{ip} has restarted, now UP"));
    }
    if !before.is_alive && after.is_alive {
        log.info(now, &format_str!("InetAddress /{ip} is now UP"));
    } else if before.is_alive && !after.is_alive {
        log.info(now, &format_str!("InetAddress /{ip} is now DOWN"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(last: u8, generation: u64, version: u64, host_id: &str) -> Endpoint {
        Endpoint {
            ip: Ipv4Addr::new(10, 0, 0, last),
            generation,
            version,
            status: Status::Normal,
            host_id: host_id.into(),
            datacenter: "d".into(),
            rack: "r".into(),
            load: Some(7),
            tokens: vec![-5, 9],
            ..Endpoint::default()
        }
    }

    fn of(own: Endpoint, told: &[Endpoint]) -> Gossip {
        let mut gossip = Gossip { endpoints: vec![own], ..Gossip::default() };
        gossip.merge(told, Time(0), &mut Log::default());
        gossip
    }

    #[test]
    fn a_state_is_read_as_it_is_written() {
        let known = node(1, 5, 6, "a");
        assert_eq!(Endpoint::decode(&known.encode()), Some(known));
        assert_eq!(Endpoint::decode("10.0.0.1\t5"), None);
    }

    #[test]
    fn the_newer_state_wins_and_is_told_on() {
        let mut gossip = of(node(1, 1, 1, "a"), &[node(2, 5, 5, "b"), node(2, 5, 4, "b"), node(1, 9, 9, "z")]);
        assert_eq!((gossip.endpoints.len(), gossip.endpoints[1].version, gossip.own().generation), (2, 5, 1));
        assert_eq!(gossip.newer_than(&[node(1, 1, 1, "a"), node(2, 5, 4, "b")]), [gossip.endpoints[1].encode()]);
    }

    #[test]
    fn silence_means_down_and_a_word_means_up() {
        let mut gossip = of(node(1, 1, 1, "a"), &[node(2, 5, 5, "b")]);
        let mut log = Log::default();
        gossip.tick(Time(0) + SILENCE_MAX, &mut log);
        assert!(gossip.endpoints[1].is_alive);
        gossip.tick(Time(1) + SILENCE_MAX, &mut log);
        assert!(!gossip.endpoints[1].is_alive);
        gossip.merge(&[node(2, 5, 6, "b")], Time(30_000_000), &mut log);
        assert!(gossip.endpoints[1].is_alive && log.text.ends_with("InetAddress /10.0.0.2 is now UP\n"));
    }

    #[test]
    fn a_node_with_another_address_is_the_same_node() {
        let mut gossip = of(node(1, 1, 1, "a"), &[node(2, 5, 5, "b"), node(3, 8, 1, "b")]);
        let ips = |gossip: &Gossip| gossip.endpoints.iter().map(|known| known.ip.octets()[3]).collect::<Vec<_>>();
        assert_eq!(ips(&gossip), [1, 3]);
        gossip.merge(&[node(2, 5, 9, "b")], Time(0), &mut Log::default());
        assert_eq!(ips(&gossip), [1, 3]);
    }
}
