//! Whole commands of kubectl against an API server, without controllers and kubelets.

mod commands;
mod config;
mod debug;
mod describe;
mod drain;
mod explain;
mod flags;
mod help;
mod kustomize;
mod raw;
mod recorded;
mod replacement;
mod server_side;
mod set;
mod world;
