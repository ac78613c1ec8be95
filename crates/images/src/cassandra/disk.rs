//! What a node keeps of itself and of its peers: two files below its data directory.
//!
//! Models: cassandra 3.11 SystemKeyspace (`system.local`, `system.peers`). Difference: files of text.

use cri::{Caller, Fs, System};
use shell::fs::FsError;
use thin::{Str, format_str};

use super::gossip::Endpoint;
use super::settings::{DATA, Settings};
use crate::tsv;

/// How far a node has come in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Bootstrapped {
    #[default]
    NeedsBootstrap,
    Completed,
    Decommissioned,
}

const BOOTSTRAPPED: [(Bootstrapped, &str); 3] = [
    (Bootstrapped::NeedsBootstrap, "NEEDS_BOOTSTRAP"),
    (Bootstrapped::Completed, "COMPLETED"),
    (Bootstrapped::Decommissioned, "DECOMMISSIONED"),
];

/// What stands in `system.local`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) cluster_name: Str,
    pub(super) host_id: Str,
    pub(super) datacenter: Str,
    pub(super) rack: Str,
    pub(super) tokens: Vec<i64>,
    pub(super) bootstrapped: Bootstrapped,
    pub(super) generation: u64,
}

fn path(table: &str) -> String {
    format!("{DATA}/data/system/{table}")
}

fn caller(system: &System<'_>) -> Caller {
    system.caller
}

/// `mkdir -p` of everything that the server writes to.
pub(super) fn prepare(system: &mut System<'_>) -> Result<(), FsError> {
    let caller = caller(system);
    for directory in ["", "/commitlog", "/hints", "/saved_caches", "/data", "/data/system"] {
        let path = format!("{DATA}{directory}");
        if !system.files.exists(&path, caller) {
            system.files.mkdir(&path, caller)?;
        }
    }
    Ok(())
}

pub(super) fn read_text(path: &str, system: &System<'_>) -> Option<String> {
    let bytes = system.files.read(path, caller(system)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn write_text(path: &str, text: &str, system: &mut System<'_>) -> Result<(), FsError> {
    let caller = caller(system);
    system.files.write(path, text.as_bytes(), caller)
}

impl Local {
    /// What was saved; none on an empty disk.
    pub(super) fn read(system: &System<'_>) -> Option<Local> {
        let text = read_text(&path("local"), system)?;
        let value = |key: &str| {
            let fields = text.lines().map(tsv::fields).find(|fields| fields[0].as_deref() == Some(key))?;
            fields.into_iter().nth(1).flatten()
        };
        let bootstrapped = value("bootstrapped")?;
        Some(Local {
            cluster_name: value("cluster_name")?,
            host_id: value("host_id")?,
            datacenter: value("data_center")?,
            rack: value("rack")?,
            tokens: value("tokens")?.split(',').filter_map(|token| token.parse().ok()).collect(),
            bootstrapped: BOOTSTRAPPED.iter().find(|(_, word)| *word == bootstrapped).map(|(state, _)| *state)?,
            generation: value("gossip_generation")?.parse().ok()?,
        })
    }

    pub(super) fn write(&self, system: &mut System<'_>) -> Result<(), FsError> {
        let tokens: Vec<String> = self.tokens.iter().map(i64::to_string).collect();
        let state = BOOTSTRAPPED.iter().find(|(state, _)| *state == self.bootstrapped).map_or("", |(_, word)| word);
        let rows = [
            ("bootstrapped", state),
            ("cluster_name", &self.cluster_name),
            ("data_center", &self.datacenter),
            ("gossip_generation", &self.generation.to_string()),
            ("host_id", &self.host_id),
            ("rack", &self.rack),
            ("release_version", super::VERSION),
            ("tokens", &tokens.join(",")),
        ];
        let text: String = rows.iter().map(|(key, value)| tsv::line([Some(*key), Some(value)]) + "\n").collect();
        write_text(&path("local"), &text, system)
    }

    /// Why a server with this configuration may not start on this disk.
    pub(super) fn refuses(&self, settings: &Settings) -> Option<Str> {
        let Settings { cluster_name, datacenter, rack, .. } = settings;
        let differs = |what: &str, flag: &str, now: &str, before: &str| {
            format_str!(
                "Cannot start node if snitch's {what} ({now}) differs from previous {what} ({before}). Please fix the snitch \
                 configuration, decommission and rebootstrap this node or use the flag -Dcassandra.{flag}=true."
            )
        };
        if self.cluster_name != *cluster_name {
            return Some(format_str!("Saved cluster name {} != configured name {cluster_name}", self.cluster_name));
        }
        if self.datacenter != *datacenter {
            return Some(differs("data center", "ignore_dc", datacenter, &self.datacenter));
        }
        (self.rack != *rack).then(|| differs("rack", "ignore_rack", rack, &self.rack))
    }
}

/// The members of the ring that were known before.
pub(super) fn read_peers(system: &System<'_>) -> Vec<Endpoint> {
    let text = read_text(&path("peers"), system).unwrap_or_default();
    // Of what they are now nothing is known.
    text.lines().filter_map(Endpoint::decode).map(|peer| Endpoint { generation: 0, version: 0, ..peer }).collect()
}

pub(super) fn write_peers(peers: &[Endpoint], system: &mut System<'_>) -> Result<(), FsError> {
    let text: String = peers.iter().map(|peer| peer.encode() + "\n").collect();
    write_text(&path("peers"), &text, system)
}

/// The bytes of data below a directory.
pub(super) fn size_of(directory: &str, system: &System<'_>) -> u64 {
    let entries = system.files.list(directory, caller(system)).unwrap_or_default();
    let size = |entry: &shell::fs::Entry| match entry.metadata.is_directory() {
        true => size_of(&format!("{directory}/{}", entry.name), system),
        false => entry.metadata.size,
    };
    entries.iter().map(size).sum()
}
