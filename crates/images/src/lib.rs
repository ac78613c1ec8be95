//! The images that can be pulled: one file each, one line in the registry.
//!
//! An image says what it is called, how large it is, which files and programs it has; its programs are small machines that
//! implement [`cri::Process`]. Shells are the same machine as the terminal's; what else `sh` can start in a container stands in
//! [`tools`].
//!
//! Absent: layers, registries, the real software. What an image does not do is said by its program, not passed over.

mod busybox;
mod cassandra;
mod files;
mod inert;
mod mysql;
mod nginx;
mod pause;
mod practice;
mod program;
mod shell_process;
mod shells;
mod sql;
pub mod tools;
mod tsv;
mod wordpress;
mod zookeeper;

use cri::{Image, Registry};

/// All images. The last takes every name that no other takes.
const IMAGES: &[&dyn Image] = &[
    &mysql::Mysql,
    &nginx::Nginx,
    &wordpress::Wordpress,
    &busybox::Busybox,
    &shells::ALPINE,
    &shells::DEBIAN,
    &shells::UBUNTU,
    &shells::NETSHOOT,
    &cassandra::Cassandra,
    &pause::Pause,
    &zookeeper::Zookeeper,
    &practice::Crash,
    &practice::Job,
    &practice::JobFail,
    &practice::SlowStop,
    &practice::Broken,
    &inert::Inert,
];

/// The registry that every kubelet pulls from.
pub fn registry() -> Registry {
    Registry(IMAGES)
}

/// Whether containers of this image only pretend: they run, listen on their declared ports, and do nothing else.
pub fn is_simulated(image: &str) -> bool {
    cri::Reference::parse(image).is_ok_and(|reference| registry().find(&reference) == IMAGES.len() - 1)
}
