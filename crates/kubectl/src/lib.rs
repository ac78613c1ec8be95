//! kubectl: from a command line to requests, and from answers to what it prints.
//!
//! [`Kubectl`] is one invocation, stepped by whoever owns the terminal. It knows the cluster only through
//! [`ClusterApi`], files through [`KubectlFs`], and never waits by itself.
//!
//! - [`cmd`] has a file per verb; [`cmd::VERBS`] lists them.
//! - [`builder`] turns `sts/web`, `-f web.yaml`, `-l app=nginx` into objects.
//! - [`printers`] lay out what `get` shows; [`failure`] frames errors.
//!
//! What is absent: any knowledge of how a component behaves, and any text that is not kubectl's own. The Status messages
//! are the server's.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/kubectl and cli-runtime.

pub mod builder;
pub mod cmd;
pub mod complete;
pub mod config;
#[cfg(feature = "conform")]
pub mod conform;
mod context;
pub mod describe;
pub mod explain;
pub mod failure;
pub mod files;
pub mod flags;
mod kubectl;
mod kuberc;
pub mod kustomize;
pub mod mapping;
pub mod output;
pub mod printers;
pub mod rest;
pub mod selection;
pub mod unified_diff;

pub use context::{ClusterApi, Context, Env, FileError, HttpError, Input, KubectlFs, Warnings, Web};
pub use kubectl::{Kubectl, Step};
