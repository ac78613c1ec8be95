//! Kustomize within kubectl: a directory with a kustomization becomes a list of manifests.
//!
//! [`build`] reads the directory, the bases below it, its generators and its transformers, hashes the names of what was
//! generated, repairs the references to whatever got another name, and puts the result in order.
//!
//! What is absent: bases from git, plugins (`generators`, `transformers`, `validators`, Helm charts), `crds`, `openapi`,
//! `configurations`, `replacements`, `vars` and `buildMetadata`. A kustomization that has one of them is refused.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 (api/krusty, api/internal/target).

mod files;
mod generators;
mod kustomization;
mod merge;
mod names;
mod order;
mod patches;
mod pattern;
mod places;
mod resource;
pub(crate) mod sha256;
mod target;
mod transformers;

use api::text::yaml;
use api::{Str, Value};

use crate::context::{Context, Env};
use crate::failure::Failure;
use files::Files;

pub use files::Restriction;
pub use generators::hashed_suffix;

/// The final order of the manifests, where the kustomization does not say (`sortOptions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By kind: namespaces first, webhooks last.
    Legacy,
    /// As they were read.
    Read,
}

/// What the command line says about a build.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where files may come from.
    pub restriction: Restriction,
    /// The order.
    pub order: Order,
    /// Whether the order was asked for: then a kustomization that has its own is warned about.
    pub order_is_explicit: bool,
}

impl Options {
    /// Those of `-k`.
    pub const DIRECTORY: Options =
        Options { restriction: Restriction::RootOnly, order: Order::Legacy, order_is_explicit: true };
}

/// Builds the kustomization in the directory `path`, as the user wrote it. Warnings go to standard error.
pub fn build(ctx: &mut Context<'_>, env: &Env, path: &str, options: Options) -> Result<Vec<Value>, Failure> {
    let mut warnings = Vec::new();
    let files = Files { ctx, env, restriction: options.restriction };
    let built = target::build(files, path, options, &mut warnings);
    for warning in &warnings {
        ctx.err(&format!("{warning}\n"));
    }
    built.map_err(Failure::Plain)
}

/// The manifests as one text.
pub fn text(manifests: &[Value]) -> String {
    let documents: Vec<String> = manifests.iter().map(yaml::write).collect();
    documents.join("---\n")
}

/// Texts of a list.
fn texts(value: &Value) -> Vec<Str> {
    value.as_list().iter().map(|element| Str::from(element.text())).collect()
}
