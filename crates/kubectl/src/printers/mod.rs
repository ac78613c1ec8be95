//! From tables and objects to text: what `kubectl get` prints under its `-o` formats.
//!
//! Nothing here asks a server or knows a kind. YAML and JSON are in [`api::text`].
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/printers, client-go/util/jsonpath, kubectl/pkg/cmd/get.

pub mod custom_columns;
pub mod go;
pub mod gotemplate;
pub mod jsonpath;
pub mod sort_by;
pub mod table;
pub mod tabwriter;
