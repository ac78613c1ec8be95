//! What `nodetool status` and `nodetool ring` print.
//!
//! Models: cassandra 3.11 tools.nodetool.Status, Ring. Difference: datacenters come in the order of their names.

use cri::RingMember;
use ordered::Arrange;
use thin::{Str, format_str};

use super::gossip::{Endpoint, Status};
use super::ring::{Replication, Ring, Scope, percent};

/// Shown where keyspaces differ, so that no single number says who holds what.
pub(super) const MEANINGLESS: &str =
    "Non-system keyspaces don't have the same replication settings, effective ownership information is meaningless";

/// Members up to which a ring is told whole to those who look at it.
const RING_MEMBERS_MAX: usize = 16;

/// Endpoints and how much each owns.
pub(super) struct View<'a> {
    endpoints: &'a [Endpoint],
    owned: Vec<u128>,
    is_effective: bool,
}

impl View<'_> {
    /// With no replication, each token counts for its own node alone.
    pub(super) fn new<'a>(endpoints: &'a [Endpoint], replication: Option<&Replication>) -> View<'a> {
        let ring = Ring::of(endpoints, Scope::Current);
        let owned = ring.ownership(endpoints, replication.unwrap_or(&Replication::Simple(1)));
        View { endpoints, owned, is_effective: replication.is_some() }
    }

    /// Those that are shown, by datacenter, each in the order of its lowest token.
    fn datacenters(&self) -> Vec<(Str, Vec<usize>)> {
        let is_shown = |endpoint: &Endpoint| endpoint.is_member() || endpoint.status == Status::Joining;
        let mut rows: Vec<(Str, i64, usize)> = Vec::new();
        for (at, endpoint) in self.endpoints.iter().enumerate().filter(|(_, endpoint)| is_shown(endpoint)) {
            let first = endpoint.tokens.iter().min().copied().unwrap_or(i64::MAX);
            rows.push((endpoint.datacenter.clone(), first, at));
        }
        rows.arrange();
        let mut found: Vec<(Str, Vec<usize>)> = Vec::new();
        for (datacenter, _, at) in rows {
            match found.last_mut() {
                Some((name, nodes)) if *name == datacenter => nodes.push(at),
                Some(_) | None => found.push((datacenter, vec![at])),
            }
        }
        found
    }

    fn width(&self) -> usize {
        self.endpoints.iter().map(|endpoint| endpoint.ip.to_string().len()).max().unwrap_or(0)
    }

    fn owns(&self, at: usize) -> String {
        if self.endpoints[at].is_member() { percent(self.owned[at]) } else { "?".into() }
    }

    /// What `status` says of one endpoint, in short: `UN 33.3%`.
    pub(super) fn brief(&self, at: usize) -> Str {
        let (sign, state) = signs(&self.endpoints[at]);
        format_str!("{}{} {}", &sign[..1], &state[..1], self.owns(at))
    }

    /// The members with their tokens, this node first; of a ring of very many, nothing.
    pub(super) fn members(&self) -> Vec<RingMember> {
        if self.endpoints.len() > RING_MEMBERS_MAX {
            return Vec::new();
        }
        // The lowest token is at the beginning of the circle.
        let place = |token: &i64| (token.wrapping_sub(i64::MIN) as u64 >> 48) as u16;
        let member = |(at, endpoint): (usize, &Endpoint)| RingMember {
            ip: endpoint.ip,
            text: self.brief(at),
            is_up: endpoint.is_alive,
            tokens: endpoint.tokens.iter().map(place).collect(),
        };
        self.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.is_member()).map(member).collect()
    }

    fn note(&self) -> String {
        if self.is_effective { String::new() } else { format!("Note: {MEANINGLESS}") }
    }

    pub(super) fn status(&self) -> String {
        let (width, mut text) = (self.width(), String::new());
        let owns = if self.is_effective { "Owns (effective)" } else { "Owns  " };
        let wide = owns.len();
        for (datacenter, nodes) in self.datacenters() {
            let title = format!("Datacenter: {datacenter}");
            text.push_str(&format!(
                "{title}\n{}\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n",
                "=".repeat(title.chars().count())
            ));
            text.push_str(&format!(
                "--  {:<width$}  {:<9}  {:<11}  {owns}  {:<36}  Rack\n",
                "Address", "Load", "Tokens", "Host ID"
            ));
            for at in nodes {
                let Endpoint { ip, tokens, host_id, rack, .. } = &self.endpoints[at];
                let (sign, state) = signs(&self.endpoints[at]);
                let (load, share) = (load(self.endpoints[at].load), self.owns(at));
                text.push_str(&format!(
                    "{}{}  {:<width$}  {load:<9}  {:<11}  {share:<wide$}  {host_id:<36}  {rack}\n",
                    &sign[..1],
                    &state[..1],
                    ip.to_string(),
                    tokens.len(),
                ));
            }
        }
        text + "\n" + &self.note()
    }

    pub(super) fn ring(&self) -> String {
        let width = self.width();
        let row = |cells: [&str; 7]| {
            let [ip, rack, status, state, load, owns, token] = cells;
            format!("{ip:<width$}  {rack:<12}{status:<7}{state:<8}{load:<16}{owns:<20}{token:<44}\n")
        };
        let mut text = String::from("\n");
        for (datacenter, nodes) in self.datacenters() {
            let mut points: Vec<(i64, usize)> = Vec::new();
            for at in &nodes {
                points.extend(self.endpoints[*at].tokens.iter().map(|token| (*token, *at)));
            }
            points.arrange();
            text.push_str(&format!("Datacenter: {datacenter}\n==========\n"));
            text.push_str(&row(["Address", "Rack", "Status", "State", "Load", "Owns", "Token"]));
            match points.last().filter(|_| points.len() > 1) {
                Some((last, _)) => text.push_str(&row(["", "", "", "", "", "", &last.to_string()])),
                None => text.push('\n'),
            }
            for (token, at) in points {
                let endpoint = &self.endpoints[at];
                let (status, state) = signs(endpoint);
                let (ip, load, owns) = (endpoint.ip.to_string(), load(endpoint.load), self.owns(at));
                text.push_str(&row([&ip, &endpoint.rack, status, state, &load, &owns, &token.to_string()]));
            }
            text.push('\n');
        }
        text.push_str("  Warning: \"nodetool ring\" is used to output all the tokens of a node.\n");
        text.push_str("  To view status related info of a node use \"nodetool status\" instead.\n\n");
        text + "\n  " + &self.note()
    }
}

/// The words for a node, of which `status` shows the first letters.
fn signs(endpoint: &Endpoint) -> (&'static str, &'static str) {
    let status = if endpoint.is_alive { "Up" } else { "Down" };
    let state = match endpoint.status {
        Status::New | Status::Joining => "Joining",
        Status::Normal => "Normal",
        Status::Leaving | Status::Left => "Leaving",
    };
    (status, state)
}

/// Such as `83.57 KiB`.
pub(super) fn load(bytes: Option<u64>) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let Some(bytes) = bytes else { return "?".into() };
    let mut scale = 1_024;
    let Some(mut unit) = UNITS.first().filter(|_| bytes >= scale) else { return format!("{bytes} bytes") };
    for next in &UNITS[1..] {
        if bytes >= scale * 1_024 {
            (scale, unit) = (scale * 1_024, next);
        }
    }
    let hundredths = (bytes * 100 + scale / 2) / scale;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let digits = match part {
        0 => String::new(),
        part if part % 10 == 0 => format!(".{}", part / 10),
        part => format!(".{part:02}"),
    };
    format!("{whole}{digits} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn node(last: u8, status: Status, tokens: &[i64]) -> Endpoint {
        Endpoint {
            ip: Ipv4Addr::new(172, 17, 0, last),
            status,
            tokens: tokens.to_vec(),
            host_id: "e2dd09e6-d9d3-477e-96c5-45094c08db0f".into(),
            datacenter: "DC1-K8Demo".into(),
            rack: "Rack1".into(),
            load: Some(85_576),
            is_alive: status != Status::Leaving,
            ..Endpoint::default()
        }
    }

    #[test]
    fn the_table_has_the_columns_of_the_tutorial() {
        let nodes =
            [node(4, Status::Normal, &[0]), node(15, Status::Joining, &[5]), node(6, Status::Leaving, &[i64::MIN])];
        let expect = "\
Datacenter: DC1-K8Demo
======================
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address      Load       Tokens       Owns (effective)  Host ID                               Rack
DL  172.17.0.6   83.57 KiB  1            100.0%            e2dd09e6-d9d3-477e-96c5-45094c08db0f  Rack1
UN  172.17.0.4   83.57 KiB  1            100.0%            e2dd09e6-d9d3-477e-96c5-45094c08db0f  Rack1
UJ  172.17.0.15  83.57 KiB  1            ?                 e2dd09e6-d9d3-477e-96c5-45094c08db0f  Rack1

";
        assert_eq!(View::new(&nodes, Some(&Replication::Simple(2))).status(), expect);
        let other = View::new(&nodes, None).status();
        assert!(
            other.contains("Tokens       Owns    Host ID") && other.contains("1            50.0%   e2dd"),
            "{other}"
        );
        assert!(other.ends_with("is meaningless"), "{other}");
        let ring = View::new(&nodes, Some(&Replication::Simple(1))).ring();
        assert!(
            ring.contains(
                "172.17.0.6   Rack1       Down   Leaving 83.57 KiB       50.0%               -9223372036854775808"
            ),
            "{ring}"
        );
    }

    #[test]
    fn loads_have_two_decimals_at_most() {
        for (bytes, expect) in
            [(999, "999 bytes"), (1_024, "1 KiB"), (85_576, "83.57 KiB"), (1_536, "1.5 KiB"), (5 << 20, "5 MiB")]
        {
            assert_eq!(load(Some(bytes)), expect);
        }
        assert_eq!(load(None), "?");
    }
}
