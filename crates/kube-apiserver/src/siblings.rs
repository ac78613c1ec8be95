//! Replicas hold in common what they were created with in common: their owner and the stem of their names.

use api::Str;
use api::meta::{ObjectMeta, OwnerReference};
use ecow::EcoVec;

/// What the object created last was created with: a controller creates its replicas one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Siblings {
    owners: EcoVec<OwnerReference>,
    generate_name: Str,
}

impl Siblings {
    /// Lets a new object share what it has in common with the one before it.
    pub(crate) fn share(&mut self, metadata: &mut ObjectMeta) {
        if self.owners == metadata.owner_references {
            metadata.owner_references = self.owners.clone();
        } else {
            self.owners = metadata.owner_references.clone();
        }
        if self.generate_name == metadata.generate_name {
            metadata.generate_name = self.generate_name.clone();
        } else {
            self.generate_name = metadata.generate_name.clone();
        }
    }
}
