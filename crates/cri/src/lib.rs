//! The container runtime: images, containers with files and processes, and the sockets of a pod.
//!
//! - [`Image`] and [`Process`] are what an application implements; both are small and synchronous.
//! - [`Sandbox`] is a pod: one network namespace, containers with a process table, logs and sessions.
//! - [`Files`] mounts [`Volumes`] over a container's own files. Volumes outlive containers; who drops them is not decided here.
//! - [`Packet`]s are values: a sandbox hands them out, and whoever plays the network hands them in.
//!
//! What is absent: pods as API objects, restarts, probes (the kubelet's), names and addresses of services (kube-proxy's).
//!
//! Models: the interface k8s.io/cri-api as far as a learner can see it, and Linux where a process can.

pub mod files;
pub mod image;
pub mod log;
pub mod packet;
pub mod process;
pub mod reference;
pub mod sandbox;
mod small_map;
pub mod socket;

pub use files::{Access, Files, Mount, Volumes};
pub use image::{Image, ImageConfig, Registry, Spawn};
// What a kubelet needs of files and signals: it knows containers through this crate alone.
pub use packet::{Address, Answer, Packet, Payload, Question, Record, RecordKind, ResponseCode};
pub use process::{Caption, Disposition, Health, Process, RingMember, SMALL_PAGES, System, Worker};
pub use reference::{Reference, ReferenceError};
pub use sandbox::{NewContainer, NewProcess, PidNamespace, Sandbox, SessionBuffer, Sessions, World};
pub use shell::fs::{Caller, Fs, Tree, normalise};
pub use shell::{Signal, Terminal};
pub use socket::{Net, ProcessId, Sockets};
