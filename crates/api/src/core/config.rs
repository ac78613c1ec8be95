//! ConfigMap and Secret.

use ordered::OrderedMap;

use crate::meta::ObjectMeta;
use crate::string_map::StringMap;
use crate::{Str, object};

object! {
    /// Settings for pods.
    pub struct ConfigMap {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
        /// Keys and texts.
        data: StringMap = "data",
        /// Keys and base64.
        binary_data: StringMap = "binaryData",
        /// Whether it may not change.
        immutable: Option<bool> = "immutable",
    }
}

object! {
    /// Secret settings for pods.
    pub struct Secret {
        /// Name and namespace.
        metadata: ObjectMeta = "metadata" always,
        /// Keys and base64.
        data: OrderedMap<Str, Str> = "data",
        /// `Opaque` and others.
        kind: Str = "type",
        /// Whether it may not change.
        immutable: Option<bool> = "immutable",
    }
}
