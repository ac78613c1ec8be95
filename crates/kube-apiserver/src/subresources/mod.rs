//! Parts of objects with endpoints of their own.

pub(crate) mod binding;
pub(crate) mod ephemeral_containers;
pub(crate) mod eviction;
