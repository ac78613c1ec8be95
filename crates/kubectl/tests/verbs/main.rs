//! Whole commands of kubectl against an API server, without controllers and kubelets.

mod applyset;
mod cluster_info;
mod commands;
mod config;
mod debug;
mod describe;
mod drain;
mod edit;
mod explain;
mod flag_reads;
mod flags;
mod help;
mod impersonation;
mod kuberc;
mod kustomize;
mod output;
mod proxy;
mod raw;
mod reconcile;
mod recorded;
mod replacement;
mod server_side;
mod set;
mod world;
