//! kubelet (under construction)
#![allow(missing_docs)]
pub mod conditions;
mod qos;
pub mod status;
