//! Claims and volumes belong to each other alone.

use api::{Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Str};
use cluster::Cluster;
use ordered::OrderedSet;

use super::typed;

/// A bound claim has one volume, and that volume this claim.
pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    let mut taken: OrderedSet<Str> = OrderedSet::new();
    for claim in typed::<PersistentVolumeClaim>(cluster).into_iter().filter(|claim| claim.status.phase == "Bound") {
        let name = &claim.spec.volume_name;
        let found = cluster.server().object(Kind::PersistentVolume, &Key::new("", name.clone()));
        let volume = found.and_then(Object::get::<PersistentVolume>);
        let back = volume.and_then(|volume| volume.spec.claim_ref.as_ref()).map(|back| back.uid.clone());
        if back.as_ref() != Some(&claim.metadata.uid) || !taken.insert(name.clone()) {
            return Err(format!("claim {} and volume {name} are not each other's alone", claim.metadata.name));
        }
    }
    Ok(())
}
