//! The ring: tokens in order, whose replicas a token has, and how much of all tokens each node owns.
//!
//! Models: cassandra 3.11 SimpleStrategy, NetworkTopologyStrategy, Murmur3Partitioner.describeOwnership. Pure.

use ordered::Arrange;
use thin::Str;

use super::gossip::{Endpoint, Status};

/// How many copies there are, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replication {
    /// On so many nodes, wherever they are.
    Simple(usize),
    /// On so many nodes of each datacenter.
    ByDatacenter(Vec<(Str, usize)>),
}

/// Which nodes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that hold data now.
    Current,
    /// Those that will once everybody has joined or left.
    Pending,
}

/// Tokens in order, each with its node's place among the endpoints.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    points: Vec<(i64, usize)>,
}

/// All tokens.
pub(super) const WHOLE: u128 = 1 << 64;

impl Ring {
    pub(super) fn of(endpoints: &[Endpoint], scope: Scope) -> Ring {
        let counts = |status: Status| match status {
            Status::Normal => true,
            Status::Leaving => scope == Scope::Current,
            Status::Joining => scope == Scope::Pending,
            Status::New | Status::Left => false,
        };
        let mut points = Vec::new();
        for (at, endpoint) in endpoints.iter().enumerate().filter(|(_, endpoint)| counts(endpoint.status)) {
            points.extend(endpoint.tokens.iter().map(|token| (*token, at)));
        }
        points.arrange();
        Ring { points }
    }

    /// All tokens, in order.
    pub(super) fn tokens(&self) -> Vec<i64> {
        self.points.iter().map(|(token, _)| *token).collect()
    }

    /// The nodes that hold a token, nearest along the ring first.
    pub(super) fn replicas(&self, endpoints: &[Endpoint], replication: &Replication, token: i64) -> Vec<usize> {
        let begin = self.points.partition_point(|(its, _)| *its < token);
        let mut nodes: Vec<usize> = Vec::new();
        for step in 0..self.points.len() {
            let (_, node) = self.points[(begin + step) % self.points.len()];
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        match replication {
            Replication::Simple(count) => {
                nodes.truncate(*count);
                nodes
            }
            Replication::ByDatacenter(counts) => {
                let mut chosen = Vec::new();
                for (datacenter, count) in counts {
                    let inside: Vec<usize> =
                        nodes.iter().copied().filter(|node| endpoints[*node].datacenter == *datacenter).collect();
                    chosen.extend(across_racks(endpoints, &inside, *count));
                }
                chosen
            }
        }
    }

    /// How many tokens each endpoint holds a copy of.
    pub(super) fn ownership(&self, endpoints: &[Endpoint], replication: &Replication) -> Vec<u128> {
        let mut owned = vec![0; endpoints.len()];
        for (at, (token, _)) in self.points.iter().enumerate() {
            let before = self.points[(at + self.points.len() - 1) % self.points.len()].0;
            // One token alone has everything.
            let span = if self.points.len() == 1 { WHOLE } else { u128::from(token.wrapping_sub(before) as u64) };
            for node in self.replicas(endpoints, replication, *token) {
                owned[node] += span;
            }
        }
        owned
    }
}

/// Each rack has a copy before one has two.
fn across_racks(endpoints: &[Endpoint], nodes: &[usize], count: usize) -> Vec<usize> {
    let mut racks: Vec<&Str> = Vec::new();
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for node in nodes {
        let rack = &endpoints[*node].rack;
        if racks.contains(&rack) {
            others.push(*node);
        } else {
            racks.push(rack);
            chosen.push(*node);
        }
    }
    chosen.extend(others);
    chosen.truncate(count);
    chosen
}

/// Such as `66.7%`.
pub(super) fn percent(owned: u128) -> String {
    let tenths = (owned * 1_000 + WHOLE / 2) / WHOLE;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(tokens: &[i64], datacenter: &str, rack: &str) -> Endpoint {
        Endpoint {
            status: Status::Normal,
            tokens: tokens.to_vec(),
            datacenter: datacenter.into(),
            rack: rack.into(),
            ..Endpoint::default()
        }
    }

    #[test]
    fn copies_go_round_the_ring() {
        let nodes = [node(&[-100, 50], "a", "r"), node(&[0], "a", "r"), node(&[100], "b", "r")];
        let ring = Ring::of(&nodes, Scope::Current);
        for (token, copies, expect) in
            [(-100, 2, &[0, 1][..]), (-99, 2, &[1, 0]), (60, 2, &[2, 0]), (101, 3, &[0, 1, 2]), (0, 9, &[1, 0, 2])]
        {
            assert_eq!(ring.replicas(&nodes, &Replication::Simple(copies), token), expect, "{token}");
        }
        let by = Replication::ByDatacenter(vec![("b".into(), 1), ("a".into(), 1)]);
        assert_eq!(ring.replicas(&nodes, &by, 1), [2, 0]);
    }

    #[test]
    fn ownership_is_counted_in_tokens() {
        let half = [node(&[i64::MIN], "a", "r"), node(&[0], "a", "r")];
        let ring = Ring::of(&half, Scope::Current);
        let shown = |copies| -> Vec<String> {
            ring.ownership(&half, &Replication::Simple(copies)).into_iter().map(percent).collect()
        };
        assert_eq!(shown(1), ["50.0%", "50.0%"]);
        assert_eq!(shown(2), ["100.0%", "100.0%"]);
        let alone = [node(&[7], "a", "r")];
        let owned = Ring::of(&alone, Scope::Current).ownership(&alone, &Replication::Simple(3));
        assert_eq!(percent(owned[0]), "100.0%");
    }

    #[test]
    fn racks_share_before_one_has_two() {
        let nodes = [node(&[1], "a", "x"), node(&[2], "a", "x"), node(&[3], "a", "y")];
        let by = Replication::ByDatacenter(vec![("a".into(), 2)]);
        assert_eq!(Ring::of(&nodes, Scope::Current).replicas(&nodes, &by, 1), [0, 2]);
    }
}
