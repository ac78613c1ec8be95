//! Namespace and ServiceAccount.

use ecow::EcoVec;

use crate::meta::ObjectMeta;
use crate::{Str, Value, object};

object! {
    /// A room for names.
    pub struct Namespace {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// Finalizers.
        spec: NamespaceSpec = "spec",
        /// Phase.
        status: NamespaceStatus = "status" always,
    }
}

object! {
    /// What must happen before a namespace can go.
    pub struct NamespaceSpec {
        /// `kubernetes` until its content is gone.
        finalizers: EcoVec<Str> = "finalizers",
    }
}

object! {
    /// Whether a namespace lives.
    pub struct NamespaceStatus {
        /// `Active` or `Terminating`.
        phase: Str = "phase",
        /// What its deletion waits for.
        conditions: EcoVec<Value> = "conditions",
    }
}

object! {
    /// An identity of processes.
    pub struct ServiceAccount {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
    }
}
