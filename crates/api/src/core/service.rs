//! Service.

use ecow::EcoVec;

use crate::int_or_string::IntOrString;
use crate::meta::ObjectMeta;
use crate::string_map::StringMap;
use crate::{Str, Value, object};

object! {
    /// A name and perhaps an address for a set of pods.
    pub struct Service {
        /// Name and labels.
        metadata: ObjectMeta = "metadata" always,
        /// What it offers.
        spec: ServiceSpec = "spec" always,
        /// What a load balancer says.
        status: ServiceStatus = "status" always,
    }
}

object! {
    /// What a service offers.
    pub struct ServiceSpec {
        /// What it listens on.
        ports: EcoVec<ServicePort> = "ports",
        /// The pods behind it; empty means that someone else writes the endpoints.
        selector: StringMap = "selector",
        /// Its address; `None` for a headless service.
        cluster_ip: Str = "clusterIP",
        /// The same as a list.
        cluster_ips: EcoVec<Str> = "clusterIPs",
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        kind: Str = "type",
        /// The name that an `ExternalName` service stands for.
        external_name: Str = "externalName",
        /// `None` or `ClientIP`.
        session_affinity: Str = "sessionAffinity",
        /// Whether unready pods are published in DNS.
        publish_not_ready_addresses: bool = "publishNotReadyAddresses",
        /// More addresses, routed by someone else.
        external_ips: EcoVec<Str> = "externalIPs",
    }
}

impl ServiceSpec {
    /// Whether it has no address of its own.
    pub fn is_headless(&self) -> bool {
        self.cluster_ip == "None"
    }
}

object! {
    /// A port of a service.
    pub struct ServicePort {
        /// Required if there are several.
        name: Str = "name",
        /// `TCP`, `UDP` or `SCTP`.
        protocol: Str = "protocol",
        /// The port of the service.
        port: i32 = "port" always,
        /// The port of the pods, by number or name.
        target_port: IntOrString = "targetPort",
        /// The port of the nodes, or 0.
        node_port: i32 = "nodePort",
        /// A hint for the protocol above.
        app_protocol: Option<Str> = "appProtocol",
    }
}

object! {
    /// What a load balancer says.
    pub struct ServiceStatus {
        /// Addresses from outside.
        load_balancer: LoadBalancerStatus = "loadBalancer" always,
    }
}

object! {
    /// Addresses from outside.
    pub struct LoadBalancerStatus {
        /// The addresses.
        ingress: EcoVec<Value> = "ingress",
    }
}
