//! What a server keeps on its volumes: write-ahead log, snapshots, epochs.
//!
//! `dataLogDir/version-2/log.ZXID` holds entries from that zxid on, `dataDir/version-2/snapshot.ZXID` a whole tree, `acceptedEpoch` and
//! `currentEpoch` the numbers of Zab. An entry is on disk before anybody hears of it.
//! Models: ZooKeeper 3.4.10 FileTxnSnapLog, QuorumPeer. Absent: preallocation, checksums.

use cri::System;
use ordered::Arrange;
use shell::fs::{Fs, FsError};

use super::settings::Settings;
use super::wire::{Message, put_bytes, take_bytes};
use super::znodes::Znodes;

/// Entries between two snapshots.
const SNAPSHOT_ENTRIES: usize = 100_000;
/// Committed entries that are remembered for followers that come back.
const REMEMBERED_MAX: usize = 500;

/// Where a server's files are, and which one is written.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    log_dir: String,
    snap_dir: String,
    /// The log that is written, if one is.
    log: Option<String>,
    entries: usize,
    /// The last entries, for followers that come back.
    pub(super) remembered: Vec<Message>,
}

impl Disk {
    pub(super) fn new(settings: &Settings) -> Disk {
        let folder = |base: &str| format!("{}/version-2", base.trim_end_matches('/'));
        Disk {
            log_dir: folder(&settings.data_log_dir),
            snap_dir: folder(&settings.data_dir),
            log: None,
            entries: 0,
            remembered: Vec::new(),
        }
    }

    /// The folder of snapshots, and that of logs.
    pub(super) fn folders(&self) -> (&str, &str) {
        (&self.snap_dir, &self.log_dir)
    }

    /// Makes the folders.
    pub(super) fn prepare(&self, system: &mut System<'_>) -> Result<(), FsError> {
        for folder in [&self.snap_dir, &self.log_dir] {
            for path in [shell::fs::parent(folder), folder] {
                match system.files.mkdir(path, system.caller) {
                    Ok(()) | Err(FsError::Exists) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// The tree as the last snapshot and all entries after it make it.
    pub(super) fn load(&mut self, system: &System<'_>) -> Znodes {
        self.log = None;
        let mut znodes = self.last_snapshot(system).unwrap_or_default();
        self.remembered.clear();
        for (_, file) in numbered(&self.log_dir, "log.", system) {
            let Ok(bytes) = system.files.read(&file, system.caller) else { continue };
            let mut rest = bytes.as_slice();
            while let Some(entry) = take_bytes(&mut rest).and_then(Message::decode) {
                if entry.number(0) > znodes.last_zxid {
                    apply(&mut znodes, &entry);
                    self.remember(entry);
                }
            }
        }
        znodes
    }

    fn last_snapshot(&self, system: &System<'_>) -> Option<Znodes> {
        let files = numbered(&self.snap_dir, "snapshot.", system);
        files.iter().rev().find_map(|(_, file)| Znodes::decode(&system.files.read(file, system.caller).ok()?))
    }

    /// Keeps an entry in memory for followers that come back.
    pub(super) fn remember(&mut self, entry: Message) {
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.remove(0);
        }
        self.remembered.push(entry);
    }

    /// Writes an entry to the log.
    pub(super) fn append(&mut self, entry: &Message, system: &mut System<'_>) -> Result<(), FsError> {
        let file = match &self.log {
            Some(file) => file.clone(),
            None => format!("{}/log.{:x}", self.log_dir, entry.number(0)),
        };
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, &entry.encode());
        system.files.append(&file, &bytes, system.caller)?;
        self.log = Some(file);
        self.entries += 1;
        Ok(())
    }

    /// Whether so much was logged that a snapshot is due.
    pub(super) fn wants_snapshot(&self) -> bool {
        self.entries >= SNAPSHOT_ENTRIES
    }

    /// Writes a snapshot; further entries go to another log. Answers its file.
    pub(super) fn snapshot(&mut self, znodes: &Znodes, system: &mut System<'_>) -> Result<String, FsError> {
        let file = format!("{}/snapshot.{:x}", self.snap_dir, znodes.last_zxid);
        system.files.write(&file, &znodes.encode(), system.caller)?;
        self.log = None;
        self.entries = 0;
        Ok(file)
    }

    /// The leader's snapshot replaces everything: what was logged here and not there never happened.
    ///
    /// It is on disk before anything goes: a disk that is full must not cost what was promised.
    pub(super) fn replace(&mut self, znodes: &Znodes, system: &mut System<'_>) -> Result<(), FsError> {
        self.snapshot(znodes, system)?;
        for (dir, prefix) in [(self.log_dir.clone(), "log."), (self.snap_dir.clone(), "snapshot.")] {
            for (zxid, file) in numbered(&dir, prefix, system) {
                if prefix == "log." || zxid > znodes.last_zxid {
                    system.files.remove(&file, system.caller)?;
                }
            }
        }
        self.remembered.clear();
        Ok(())
    }

    /// `acceptedEpoch` or `currentEpoch`; 0 if it was never written.
    pub(super) fn epoch(&self, name: &str, system: &System<'_>) -> u64 {
        let bytes = system.files.read(&format!("{}/{name}", self.snap_dir), system.caller);
        bytes.ok().and_then(|bytes| std::str::from_utf8(&bytes).ok()?.trim().parse().ok()).unwrap_or(0)
    }

    pub(super) fn set_epoch(&self, name: &str, epoch: u64, system: &mut System<'_>) -> Result<(), FsError> {
        system.files.write(&format!("{}/{name}", self.snap_dir), epoch.to_string().as_bytes(), system.caller)
    }
}

/// Applies an entry (zxid, time in ms, session; the operation as data); answers what its client is told.
pub(super) fn apply(znodes: &mut Znodes, entry: &Message) -> Message {
    let (zxid, time_ms, session) = (entry.number(0), entry.number(1), entry.number(2));
    match Message::decode(&entry.data) {
        Some(operation) => znodes.apply(zxid, time_ms, session, &operation),
        None => Message::new(super::wire::Kind::Error, &[]),
    }
}

/// Files whose names are a prefix and a number in hexadecimal, by number.
fn numbered(folder: &str, prefix: &str, system: &System<'_>) -> Vec<(u64, String)> {
    let entries = system.files.list(folder, system.caller).unwrap_or_default();
    let mut found: Vec<(u64, String)> = entries
        .iter()
        .filter_map(|entry| {
            let number = u64::from_str_radix(entry.name.strip_prefix(prefix)?, 16).ok()?;
            Some((number, format!("{folder}/{}", entry.name)))
        })
        .collect();
    found.arrange();
    found
}
