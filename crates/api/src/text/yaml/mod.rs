//! YAML as kubectl reads and prints it: YAML 1.1 booleans and octals on the way in, one canonical form on the way out.
//!
//! [`read`] makes a [`Value`](crate::Value) of one document, [`documents`] splits a file as kubectl does, [`write`]
//! prints. Of two equal keys the last wins, as recorded. Errors are worded as users know them from kubectl, with the
//! position kept.
//!
//! Models: sigs.k8s.io/yaml v1.6 (go-yaml v2) and k8s.io/apimachinery v1.36 pkg/util/yaml. Different: nesting stops at
//! [`DEPTH_MAX`](super::DEPTH_MAX).

mod documents;
mod error;
mod keys;
mod kyaml;
mod locate;
mod read;
mod resolve;
mod write;

pub use documents::{Document, documents};
pub use error::YamlError;
pub use kyaml::write_kyaml;
pub use locate::{Place, locate};
pub use read::read;
pub use write::write;
