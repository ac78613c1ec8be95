//! Services, names and the simulated network.
//!
//! - [`KubeProxy`] carries packets between pods: a virtual latency later, through the addresses of services to ready endpoints
//!   (as iptables rules do on every node), and answers questions to the cluster's name server.
//! - [`Names`] answers those questions from Services and EndpointSlices, as CoreDNS does.
//!
//! Both know the cluster only from their caches, which lag a little: a pod that has just become unready is still chosen for a moment.
//! Absent: loss and congestion, network policies, the internet.

mod catalogue;
mod names;
mod proxy;

pub use names::Names;
pub use proxy::KubeProxy;
