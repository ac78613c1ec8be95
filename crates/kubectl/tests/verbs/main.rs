//! Whole commands of kubectl against an API server, without controllers and kubelets.

mod commands;
mod config;
mod describe;
mod drain;
mod drain_cases;
mod explain;
mod help;
mod kustomize;
mod raw;
mod recorded;
mod replacement;
mod set;
mod tables;
mod world;
