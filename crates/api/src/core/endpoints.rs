//! Endpoints and EndpointSlice.

use ecow::EcoVec;

use crate::meta::{ObjectMeta, ObjectReference};
use crate::{Str, Value, object};

object! {
    /// The pods behind a service, in today's form.
    pub struct EndpointSlice {
        /// Owned by the service.
        metadata: ObjectMeta = "metadata" always,
        /// `IPv4`.
        address_type: Str = "addressType" always,
        /// The pods.
        endpoints: EcoVec<Endpoint> = "endpoints" nullable,
        /// The ports, the same for all of them.
        ports: EcoVec<EndpointPort> = "ports" nullable,
    }
}

object! {
    /// One pod behind a service.
    pub struct Endpoint {
        /// One address.
        addresses: EcoVec<Str> = "addresses" always,
        /// Whether it serves.
        conditions: EndpointConditions = "conditions" always,
        /// The pod's host name, if it stands in the service's domain.
        hostname: Option<Str> = "hostname",
        /// The pod's node.
        node_name: Option<Str> = "nodeName",
        /// The pod.
        target_ref: Option<ObjectReference> = "targetRef",
        /// The node's zone.
        zone: Option<Str> = "zone",
        /// Where it should be used.
        hints: Value = "hints",
    }
}

object! {
    /// Whether an endpoint serves.
    pub struct EndpointConditions {
        /// Serving and not terminating, or published all the same.
        ready: Option<bool> = "ready",
        /// The pod is Ready.
        serving: Option<bool> = "serving",
        /// The pod is being deleted.
        terminating: Option<bool> = "terminating",
    }
}

object! {
    /// A port of endpoints.
    pub struct EndpointPort {
        /// The service's name for it.
        name: Option<Str> = "name",
        /// Number.
        port: Option<i32> = "port",
        /// `TCP`, `UDP` or `SCTP`.
        protocol: Option<Str> = "protocol",
        /// A hint for the protocol above.
        app_protocol: Option<Str> = "appProtocol",
    }
}

object! {
    /// The pods behind a service, in the old form.
    pub struct Endpoints {
        /// Named as the service.
        metadata: ObjectMeta = "metadata" always,
        /// Addresses with the same ports.
        subsets: EcoVec<EndpointSubset> = "subsets",
    }
}

object! {
    /// Addresses with the same ports.
    pub struct EndpointSubset {
        /// Those that serve.
        addresses: EcoVec<EndpointAddress> = "addresses",
        /// Those that do not.
        not_ready_addresses: EcoVec<EndpointAddress> = "notReadyAddresses",
        /// The ports.
        ports: EcoVec<EndpointPort> = "ports",
    }
}

object! {
    /// One address.
    pub struct EndpointAddress {
        /// The address.
        ip: Str = "ip" always,
        /// Host name of the pod.
        hostname: Str = "hostname",
        /// Node of the pod.
        node_name: Option<Str> = "nodeName",
        /// The pod.
        target_ref: Option<ObjectReference> = "targetRef",
    }
}
