//! What the scheduler reads of volumes.

use std::rc::Rc;

use api::{Key, PersistentVolume, PersistentVolumeClaim, StorageClass};
use client::Informers;

/// Claims, volumes and classes, by name.
pub trait VolumeLister {
    /// The claim with this namespace and name.
    fn claim(&self, key: &Key) -> Option<&Rc<PersistentVolumeClaim>>;
    /// The volume with this name.
    fn volume(&self, name: &str) -> Option<&Rc<PersistentVolume>>;
    /// All volumes, by name.
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>>;
    /// The class with this name.
    fn class(&self, name: &str) -> Option<&Rc<StorageClass>>;
}

impl VolumeLister for Informers {
    fn claim(&self, key: &Key) -> Option<&Rc<PersistentVolumeClaim>> {
        self.get(key)
    }
    fn volume(&self, name: &str) -> Option<&Rc<PersistentVolume>> {
        self.get(&Key::new("", name))
    }
    fn volumes(&self) -> Vec<&Rc<PersistentVolume>> {
        self.iter().collect()
    }
    fn class(&self, name: &str) -> Option<&Rc<StorageClass>> {
        self.get(&Key::new("", name))
    }
}
