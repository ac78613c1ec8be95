//! Reads and writes: the node that a client asks coordinates them among the replicas, and answers when enough of them have.
//!
//! Models: cassandra 3.11 StorageProxy, HintedHandOffManager. Difference: no read repair, hints are kept in memory.

use std::net::Ipv4Addr;

use cri::{Address, Payload, System};
use sim::{Span, Time};
use thin::{Str, format_str};

use super::cql;
use super::disk;
use super::execute::{Mind, Plan, Query, Refusal, invalid, syntax};
use super::gossip::Status;
use super::ring::{Replication, Ring, Scope};
use super::rows::Row;
use super::server::Server;
use super::settings::{CQL_PORT, DATA};
use super::ways::{Incoming, Message};
use crate::tsv;

/// How long a coordinator waits for replicas.
const READ_MAX: Span = Span::from_seconds(5);
const WRITE_MAX: Span = Span::from_seconds(2);
/// Writes that are kept for nodes that are down.
const HINTS_MAX: usize = 10_000;

/// A consistency level: name, and how many of so many replicas must answer.
type Level = (&'static str, fn(usize) -> usize);
pub(super) const LEVELS: [Level; 7] = [
    ("ONE", |_| 1),
    ("LOCAL_ONE", |_| 1),
    ("TWO", |_| 2),
    ("THREE", |_| 3),
    ("QUORUM", |copies| copies / 2 + 1),
    ("LOCAL_QUORUM", |copies| copies / 2 + 1),
    ("ALL", |copies| copies),
];

/// What waits for replicas.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    id: u64,
    peer: Address,
    level: Str,
    required: usize,
    answered: usize,
    pub(super) until: Time,
    read: Option<Reading>,
}

/// What is read, and the rows that were found, each with who has it.
#[derive(Clone, Debug)]
struct Reading {
    query: Box<Query>,
    found: Vec<(Ipv4Addr, Row)>,
}

/// A write for a node that is down.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    host_id: Str,
    table: Str,
    line: String,
}

/// What keeps a coordinator from an answer.
enum Trouble {
    Refused(Refusal),
    Unavailable { required: usize, alive: usize },
}

impl Server {
    /// Takes what clients ask.
    pub(super) fn serve(&mut self, system: &mut System<'_>) {
        while let Some(packet) = system.net.receive(CQL_PORT) {
            if let Payload::Data(bytes) = packet.payload {
                let fields: Vec<Str> = tsv::fields(&String::from_utf8_lossy(&bytes)).into_iter().flatten().collect();
                if let [level, keyspace, text] = fields.as_slice() {
                    self.ask(packet.from, level, keyspace, text, system);
                }
            }
        }
    }

    fn ask(&mut self, peer: Address, level: &Str, keyspace: &str, text: &str, system: &mut System<'_>) {
        if level == "DESCRIBE" {
            let lines = self.describe(keyspace, text);
            return answer(peer, "described", &lines, system);
        }
        let plan = cql::statement(text).map_err(|error| syntax(&error, text)).and_then(|statement| {
            let stamp = self.next_stamp(system.now);
            Mind { schema: &mut self.schema, random: &mut self.random, keyspace, stamp }.plan(statement)
        });
        let done = match plan {
            Err(refusal) => Err(Trouble::Refused(refusal)),
            Ok(Plan::Done) => Ok(Some(("void", Vec::new()))),
            Ok(Plan::Use(name)) => Ok(Some(("use", vec![name.to_string()]))),
            Ok(Plan::Changed) => {
                self.spread_schema(system);
                Ok(Some(("void", Vec::new())))
            }
            Ok(Plan::Truncate(table)) => self.truncate(&table, system),
            Ok(Plan::Write { keyspace, table, rows }) => self.write(peer, level, &keyspace, &table, &rows, system),
            Ok(Plan::Read(query)) => self.read(peer, level, query, system),
        };
        match done {
            Ok(None) => {}
            Ok(Some((kind, lines))) => answer(peer, kind, &lines, system),
            Err(Trouble::Refused(Refusal { class, text })) => {
                answer(peer, "error", &[tsv::line([Some(class), Some(&text)])], system);
            }
            Err(Trouble::Unavailable { required, alive }) => {
                let info = format_str!(
                    "{{\\'required_replicas\\': {required}, \\'alive_replicas\\': {alive}, \\'consistency\\': \\'{level}\\'}}"
                );
                let text = format_str!(
                    "Unavailable('Error from server: code=1000 [Unavailable exception] message=\"Cannot achieve consistency level {level}\" info={info}',)"
                );
                let datacenter = self.settings.datacenter.clone();
                answer(peer, "unavailable", &[tsv::line([Some(datacenter.as_str()), Some(&text)])], system);
            }
        }
    }

    /// Instants grow, so that of two writes the later one wins.
    fn next_stamp(&mut self, now: Time) -> u64 {
        self.last_stamp = now.0.max(self.last_stamp + 1);
        self.last_stamp
    }

    fn required(&self, level: &str, replication: &Replication) -> Result<usize, Trouble> {
        let copies = match replication {
            Replication::Simple(copies) => *copies,
            Replication::ByDatacenter(counts) => counts.iter().map(|(_, count)| count).sum(),
        };
        let known = LEVELS.iter().find(|(name, _)| *name == level);
        known
            .map(|(_, required)| required(copies))
            .ok_or_else(|| Trouble::Refused(invalid("unknown consistency level")))
    }

    /// The replicas of a token that are up, this node first.
    fn alive(&self, ring: &Ring, replication: &Replication, token: i64) -> Vec<usize> {
        let mut found = ring.replicas(&self.gossip.endpoints, replication, token);
        found.retain(|at| self.gossip.endpoints[*at].is_alive);
        if let Some(own) = found.iter().position(|at| *at == 0) {
            found[..=own].rotate_right(1);
        }
        found
    }

    fn write(
        &mut self,
        peer: Address,
        level: &Str,
        keyspace: &str,
        table: &str,
        rows: &[Row],
        system: &mut System<'_>,
    ) -> Result<Option<(&'static str, Vec<String>)>, Trouble> {
        let replication = self.schema.keyspace(keyspace).unwrap_or(Replication::Simple(1));
        let required = self.required(level, &replication)?;
        let ring = Ring::of(&self.gossip.endpoints, Scope::Current);
        let later = Ring::of(&self.gossip.endpoints, Scope::Pending);
        self.last_id += 1;
        let (id, until) = (self.last_id, system.now + WRITE_MAX);
        let mut pending = Pending { id, peer, level: level.clone(), required, answered: 0, until, read: None };
        for row in rows {
            let alive = self.alive(&ring, &replication, row.token);
            if alive.len() < required {
                return Err(Trouble::Unavailable { required, alive: alive.len() });
            }
            let mut all = ring.replicas(&self.gossip.endpoints, &replication, row.token);
            for extra in later.replicas(&self.gossip.endpoints, &replication, row.token) {
                if !all.contains(&extra) {
                    all.push(extra);
                }
            }
            for at in all {
                let endpoint = &self.gossip.endpoints[at];
                let (ip, is_alive, host_id) = (endpoint.ip, endpoint.is_alive, endpoint.host_id.clone());
                if at == 0 {
                    self.keep(table, std::slice::from_ref(row), system);
                    pending.answered += 1;
                } else if is_alive {
                    self.ways.send(ip, &Message::new("write", id, table, vec![row.encode()]), system);
                } else if self.hints.len() < HINTS_MAX {
                    self.hints.push(Hint { host_id, table: table.into(), line: row.encode() });
                }
            }
        }
        if pending.answered >= required {
            return Ok(Some(("void", Vec::new())));
        }
        self.pending.push(pending);
        Ok(None)
    }

    /// Takes rows into this node's own data.
    pub(super) fn keep(&mut self, table: &str, rows: &[Row], system: &mut System<'_>) {
        if self.schema.table(table).is_none() {
            return;
        }
        let kept = self.rows.put(table, rows, system);
        self.must(kept, system.now);
    }

    fn read(
        &mut self,
        peer: Address,
        level: &Str,
        query: Box<Query>,
        system: &mut System<'_>,
    ) -> Result<Option<(&'static str, Vec<String>)>, Trouble> {
        let replication = self.schema.keyspace(&query.keyspace).unwrap_or(Replication::Simple(1));
        let required = self.required(level, &replication)?;
        let ring = Ring::of(&self.gossip.endpoints, Scope::Current);
        let tokens = if query.tokens.is_empty() { ring.tokens() } else { query.tokens.clone() };
        let mut asked: Vec<usize> = Vec::new();
        for token in tokens {
            let alive = self.alive(&ring, &replication, token);
            if alive.len() < required {
                return Err(Trouble::Unavailable { required, alive: alive.len() });
            }
            asked.extend(alive[..required].iter().filter(|at| !asked.contains(at)).copied().collect::<Vec<_>>());
        }
        self.last_id += 1;
        let (id, until) = (self.last_id, system.now + READ_MAX);
        let ips: Vec<Ipv4Addr> = asked.iter().map(|at| self.gossip.endpoints[*at].ip).collect();
        let own_ip = self.own().ip;
        let mut found = Vec::new();
        for ip in &ips {
            if *ip == own_ip {
                found.extend(self.rows.of(&query.table).iter().map(|row| (own_ip, row.clone())));
            } else {
                self.ways.send(*ip, &Message::new("read", id, &query.table, Vec::new()), system);
            }
        }
        let answered = usize::from(ips.contains(&own_ip));
        let required = ips.len();
        let pending =
            Pending { id, peer, level: level.clone(), required, answered, until, read: Some(Reading { query, found }) };
        if answered >= required {
            return Ok(Some(("rows", self.result(&pending, system.now))));
        }
        self.pending.push(pending);
        Ok(None)
    }

    /// Makes copies one: of each row those count that were asked for its token.
    fn result(&self, pending: &Pending, now: Time) -> Vec<String> {
        let Some(Reading { query, found }) = &pending.read else { return Vec::new() };
        let replication = self.schema.keyspace(&query.keyspace).unwrap_or(Replication::Simple(1));
        let ring = Ring::of(&self.gossip.endpoints, Scope::Current);
        let mut rows: Vec<Row> = Vec::new();
        for (ip, row) in found {
            let replicas = ring.replicas(&self.gossip.endpoints, &replication, row.token);
            let is_replica = replicas.iter().any(|at| self.gossip.endpoints[*at].ip == *ip);
            let is_meant = query.tokens.is_empty() || query.tokens.contains(&row.token);
            if !is_replica || !is_meant {
                continue;
            }
            match rows.binary_search_by(|its| its.order(row)) {
                Ok(at) => rows[at].merge(row),
                Err(at) => rows.insert(at, row.clone()),
            }
        }
        query.answer(&rows, now.0)
    }

    fn truncate(
        &mut self,
        table: &Str,
        system: &mut System<'_>,
    ) -> Result<Option<(&'static str, Vec<String>)>, Trouble> {
        let members = || self.gossip.endpoints.iter().filter(|endpoint| endpoint.is_member());
        let (required, alive) = (members().count(), members().filter(|endpoint| endpoint.is_alive).count());
        if alive < required {
            return Err(Trouble::Unavailable { required, alive });
        }
        for ip in self.others_alive() {
            self.ways.send(ip, &Message::new("truncate", 0, table, Vec::new()), system);
        }
        self.rows.drop(table, system);
        Ok(Some(("void", Vec::new())))
    }

    pub(super) fn others_alive(&self) -> Vec<Ipv4Addr> {
        self.gossip.endpoints.iter().skip(1).filter(|other| other.is_alive).map(|other| other.ip).collect()
    }

    /// What nodes say to each other about data.
    pub(super) fn hear_data(&mut self, incoming: &Incoming, system: &mut System<'_>) {
        let message = &incoming.message;
        let rows = || message.lines.iter().filter_map(|line| Row::decode(line)).collect::<Vec<_>>();
        match message.kind.as_str() {
            "write" => {
                self.keep(&message.about, &rows(), system);
                incoming.answer(&Message::new("done", message.id, "", Vec::new()), system);
            }
            "read" => {
                let lines = self.rows.of(&message.about).iter().map(Row::encode).collect();
                incoming.answer(&Message::new("rows", message.id, &message.about, lines), system);
            }
            "done" | "rows" => self.take(incoming.from.ip, message, system),
            "removed" => {
                self.forget(&message.about);
                self.give_away(system);
            }
            "truncate" => self.rows.drop(&message.about, system),
            "stream" => {
                for table in self.rows.names() {
                    let lines = self.rows.of(&table).iter().map(Row::encode).collect();
                    incoming.answer(&Message::new("streamed", 0, &table, lines), system);
                }
            }
            "streamed" => {
                let rows = self.mine(&message.about, rows());
                self.keep(&message.about, &rows, system);
            }
            "schema?" => incoming.answer(&Message::new("schema", 0, "", self.schema.encode()), system),
            "schema" => {
                self.schema.merge(message.lines.iter().map(String::as_str));
                self.save_schema(system);
            }
            _ => {}
        }
    }

    /// Those rows that this node holds once everybody has joined or left.
    fn mine(&self, table: &str, mut rows: Vec<Row>) -> Vec<Row> {
        let keyspace = table.split('.').next().unwrap_or_default();
        let Some(replication) = self.schema.keyspace(keyspace) else { return Vec::new() };
        let ring = Ring::of(&self.gossip.endpoints, Scope::Pending);
        rows.retain(|row| ring.replicas(&self.gossip.endpoints, &replication, row.token).contains(&0));
        rows
    }

    fn take(&mut self, from: Ipv4Addr, message: &Message, system: &mut System<'_>) {
        let Some(at) = self.pending.iter().position(|pending| pending.id == message.id) else { return };
        let pending = &mut self.pending[at];
        pending.answered += 1;
        if let Some(Reading { found, .. }) = &mut pending.read {
            found.extend(message.lines.iter().filter_map(|line| Some((from, Row::decode(line)?))));
        }
        if pending.answered >= pending.required {
            let pending = self.pending.remove(at);
            let kind = if pending.read.is_some() { "rows" } else { "void" };
            answer(pending.peer, kind, &self.result(&pending, system.now), system);
        }
    }

    /// Gives up on replicas that do not answer, and hands over what was kept for those that are back.
    pub(super) fn finish_requests(&mut self, system: &mut System<'_>) {
        while let Some(at) = self.pending.iter().position(|pending| pending.until <= system.now) {
            let Pending { peer, level, required, answered, read, .. } = self.pending.remove(at);
            let (class, code, kind) = match read {
                Some(_) => ("ReadTimeout", 1200, ""),
                None => ("WriteTimeout", 1100, ", 'write_type': 'SIMPLE'"),
            };
            let text = format_str!(
                "Error from server: code={code} [Coordinator node timed out waiting for replica nodes' responses] message=\"Operation timed out - received only {answered} responses.\" info={{'received_responses': {answered}, 'required_responses': {required}, 'consistency': '{level}'{kind}}}"
            );
            answer(peer, "error", &[tsv::line([Some(class), Some(&text)])], system);
        }
        let is_back = |hint: &Hint, server: &Server| {
            server
                .gossip
                .endpoints
                .iter()
                .find(|e| e.host_id == hint.host_id && e.is_alive && e.status == Status::Normal)
                .map(|e| e.ip)
        };
        let hints = std::mem::take(&mut self.hints);
        for hint in hints {
            match is_back(&hint, self) {
                Some(ip) => self.ways.send(ip, &Message::new("write", 0, &hint.table, vec![hint.line]), system),
                None => self.hints.push(hint),
            }
        }
    }

    /// Everybody gets to know the schema as it is now.
    fn spread_schema(&mut self, system: &mut System<'_>) {
        self.save_schema(system);
        for ip in self.others_alive() {
            self.ways.send(ip, &Message::new("schema", 0, "", self.schema.encode()), system);
        }
    }

    /// Saves the schema; tables that are gone go with their rows.
    fn save_schema(&mut self, system: &mut System<'_>) {
        let version = self.schema.version();
        if self.own().schema == version {
            return;
        }
        self.gossip.own().schema = version;
        for table in self.rows.names() {
            if self.schema.table(&table).is_none() {
                self.rows.drop(&table, system);
            }
        }
        let text = self.schema.encode().join("\n");
        let saved = disk::write_text(&format!("{DATA}/data/system/schema"), &text, system);
        self.must(saved, system.now);
    }

    /// Reads what the disk has.
    pub(super) fn load_data(&mut self, system: &System<'_>) {
        let text = disk::read_text(&format!("{DATA}/data/system/schema"), system).unwrap_or_default();
        self.schema.merge(text.lines());
        let tables: Vec<Str> = self.schema.tables().map(|(name, _)| name.clone()).collect();
        for table in tables {
            self.rows.load(&table, system);
        }
        self.gossip.own().schema = self.schema.version();
    }

    /// Asks those whose schema differs.
    pub(super) fn pull_schema(&mut self, system: &mut System<'_>) {
        let own = self.own().schema.clone();
        let differs =
            |other: &&super::gossip::Endpoint| other.is_alive && other.schema != own && !other.schema.is_empty();
        let ips: Vec<Ipv4Addr> = self.gossip.endpoints.iter().skip(1).filter(differs).map(|other| other.ip).collect();
        for ip in ips {
            self.ways.send(ip, &Message::new("schema?", 0, "", Vec::new()), system);
        }
    }

    /// Gives this node's rows to those that hold them once everybody has joined or left.
    pub(super) fn give_away(&mut self, system: &mut System<'_>) {
        let ring = Ring::of(&self.gossip.endpoints, Scope::Pending);
        for table in self.rows.names() {
            let Some(replication) = self.schema.keyspace(table.split('.').next().unwrap_or_default()) else { continue };
            for row in self.rows.of(&table).to_vec() {
                for at in ring.replicas(&self.gossip.endpoints, &replication, row.token) {
                    if at == 0 {
                        continue;
                    }
                    let ip = self.gossip.endpoints[at].ip;
                    self.ways.send(ip, &Message::new("write", 0, &table, vec![row.encode()]), system);
                }
            }
        }
    }

    fn describe(&self, keyspace: &str, what: &str) -> Vec<String> {
        let words: Vec<String> = what.to_lowercase().split_whitespace().map(String::from).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["cluster"] => {
                let name = &self.settings.cluster_name;
                vec![String::new(), format!("Cluster: {name}"), "Partitioner: Murmur3Partitioner".into(), String::new()]
            }
            ["keyspaces"] => {
                let names = self.schema.keyspaces().map(|(name, _)| name.as_str());
                let all: Vec<&str> = ["system_schema", "system_auth", "system", "system_distributed", "system_traces"]
                    .into_iter()
                    .chain(names)
                    .collect();
                vec![String::new(), all.join("  "), String::new()]
            }
            ["tables"] => {
                let mut lines = vec![String::new()];
                for (name, _) in self.schema.keyspaces().filter(|(name, _)| keyspace.is_empty() || *name == keyspace) {
                    if keyspace.is_empty() {
                        lines.extend([format!("Keyspace {name}"), "-".repeat(name.len() + 9)]);
                    }
                    let inside = format!("{name}.");
                    let tables: Vec<&str> =
                        self.schema.tables().filter_map(|(full, _)| full.strip_prefix(inside.as_str())).collect();
                    lines.extend([if tables.is_empty() { "<empty>".into() } else { tables.join("  ") }, String::new()]);
                }
                lines
            }
            ["keyspace", name] => self.described_keyspace(name),
            ["table", name] | [name] => {
                let full = if name.contains('.') { (*name).to_string() } else { format!("{keyspace}.{name}") };
                match self.schema.table(&full) {
                    Some(table) => vec![String::new(), described_table(&full, table), String::new()],
                    None => self.described_keyspace(name),
                }
            }
            _ => vec!["Improper DESCRIBE command.".into()],
        }
    }

    fn described_keyspace(&self, name: &str) -> Vec<String> {
        let Some((_, options)) = self.schema.keyspaces().find(|(its, _)| *its == name) else {
            return vec![format!("'{name}' not found in keyspaces")];
        };
        let options: Vec<String> = options.iter().map(|(key, value)| format!("'{key}': '{value}'")).collect();
        let mut lines = vec![String::new()];
        lines.push(format!(
            "CREATE KEYSPACE {name} WITH replication = {{{}}}  AND durable_writes = true;",
            options.join(", ")
        ));
        lines.push(String::new());
        let inside = format!("{name}.");
        for (full, table) in self.schema.tables().filter(|(full, _)| full.starts_with(&inside)) {
            lines.extend([described_table(full, table), String::new()]);
        }
        lines
    }
}

/// A table's definition, without the options that are the same for all.
fn described_table(full: &str, table: &super::schema::Table) -> String {
    let mut lines = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let end = if table.key == 1 && at == 0 { " PRIMARY KEY" } else { "" };
        lines.push(format!("    {} {}{end}", column.name, column.kind));
    }
    if table.key > 1 {
        let names: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name.as_str()).collect();
        let (partition, clustering) = names.split_at(table.partition);
        let partition = match partition {
            [one] => (*one).to_string(),
            many => format!("({})", many.join(", ")),
        };
        let key: Vec<&str> = std::iter::once(partition.as_str()).chain(clustering.iter().copied()).collect();
        lines.push(format!("    PRIMARY KEY ({})", key.join(", ")));
    }
    format!("CREATE TABLE {full} (\n{}\n);", lines.join(",\n"))
}

fn answer(peer: Address, kind: &str, lines: &[String], system: &mut System<'_>) {
    let mut text = kind.to_string();
    for line in lines {
        text.push('\n');
        text.push_str(line);
    }
    system.net.send_bytes(CQL_PORT, peer, text.into_bytes());
}
