//! client-go: how components and kubectl speak with the API server, and what they keep of its answers.
//!
//! - [`Api`] is the API server as seen by one client. Reads of components go to their [`Informer`]s, writes through here.
//! - [`Informers`] lag behind the store by a small virtual latency; [`Expectations`] exist because of it.
//! - [`WorkQueue`] holds keys, each once, with the first reason and with back-off.
//! - [`Recorder`] makes Events; nothing else does.
//! - [`LocalServer`] is the client's own machine, where `kubectl proxy` listens.
//! - [`NodeProxy`] is what the API server passes on to kubelets: exec, attach, logs, port-forward.
//!
//! What is absent: any knowledge of a component, any clock but `now`.
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/client-go (rest, tools/cache, tools/record, util/workqueue).

mod access;
mod api;
mod component;
mod expectations;
mod informer;
mod local_server;
mod node_proxy;
mod recorder;
mod work_queue;

pub use crate::api::{
    Api, Change, ChangeKind, DeleteOptions, FieldValidation, Patch, PatchKind, Propagation, Subresource, WriteOptions,
    Written,
};
pub use access::{Access, User, service_account};
pub use component::Component;
pub use expectations::Expectations;
pub use informer::{Informer, Informers};
pub use local_server::{LocalServer, PortInUse, WebAnswer, WebRequest};
pub use node_proxy::{
    ExecRequest, Forward, ForwardError, ForwardNews, ForwardRequest, LogOptions, LogRead, NodeProxy, SessionId,
    SessionOutput,
};
pub use recorder::{EventKind, Recorder, RecorderApi};
pub use work_queue::WorkQueue;
