//! What a client of the ensemble was told is written is never lost while the disks of a quorum live.

use api::{Key, Kind, Object, PersistentVolumeClaim};
use cluster::Cluster;
use ordered::{OrderedMap, OrderedSet};

use crate::ensemble::{CLAIMS, MARK};

/// How many of the members' disks must hold what was acknowledged.
const QUORUM: usize = CLAIMS.len() / 2 + 1;

/// The znodes of the swarm, and what is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Znodes {
    /// Numbers of znodes whose creation a client was told of.
    pub(crate) acknowledged: OrderedSet<u32>,
    /// Disk → bytes of its files → the numbers on it: read again only when the files have changed.
    read: OrderedMap<&'static str, (u64, OrderedSet<u32>)>,
}

impl Znodes {
    /// Reads the disks that have changed.
    fn read_disks(&mut self, cluster: &Cluster) {
        for claim in CLAIMS {
            let volume = volume_of(claim, cluster);
            let bytes = cluster.kubelets().volume_bytes(&volume);
            if self.read.get(claim).is_none_or(|(known, _)| *known != bytes) {
                self.read.insert(claim, (bytes, numbers_on(&volume, cluster)));
            }
        }
    }

    /// Whether every disk holds all that was acknowledged: only then may one of them be lost.
    pub(crate) fn are_everywhere(&mut self, cluster: &Cluster) -> bool {
        self.read_disks(cluster);
        self.acknowledged.iter().all(|number| self.holders(*number) == CLAIMS.len())
    }

    fn holders(&self, number: u32) -> usize {
        self.read.values().filter(|(_, numbers)| numbers.contains(&number)).count()
    }

    /// Looks at the disks.
    pub(super) fn look_closely(&mut self, cluster: &Cluster) -> Result<(), String> {
        self.read_disks(cluster);
        match self.acknowledged.iter().find(|number| self.holders(**number) < QUORUM) {
            Some(number) => Err(format!("{MARK}{number} was acknowledged and is on {} disks", self.holders(*number))),
            None => Ok(()),
        }
    }
}

fn volume_of(claim: &str, cluster: &Cluster) -> String {
    let object = cluster.server().object(Kind::PersistentVolumeClaim, &Key::new("default", claim));
    let claim = object.and_then(Object::get::<PersistentVolumeClaim>);
    claim.map(|claim| claim.spec.volume_name.to_string()).unwrap_or_default()
}

/// The numbers of the znodes in snapshots and logs, read without knowing their format.
fn numbers_on(volume: &str, cluster: &Cluster) -> OrderedSet<u32> {
    let mut found = OrderedSet::new();
    for (path, _) in cluster.kubelets().volume_files(volume, usize::MAX) {
        let bytes = cluster.kubelets().volume_file(volume, &path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for part in text.split(MARK).skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            found.extend(digits.parse::<u32>().ok());
        }
    }
    found
}
