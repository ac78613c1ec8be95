//! The cluster's name server.
//!
//! Models: CoreDNS 1.12, plugin kubernetes (schema version 1.1.0): services, headless services, endpoints by host name or by
//! dashed address, SRV, PTR. Records follow the endpoints at once; nothing of cluster.local is cached, as kubeadm configures it.
//! Difference that was chosen: names outside of cluster.local do not exist, since nothing leaves the simulation.

use ordered::Arrange;
use std::net::Ipv4Addr;

use api::{Key, Service, Str};
use cri::{Answer, Question, Record, RecordKind, ResponseCode};
use thin::format_str;

use crate::catalogue::{Catalogue, Target};

const ZONE: &str = ".svc.cluster.local";
const REVERSE_ZONE: &str = ".in-addr.arpa";
/// Records of one answer.
const RECORDS_MAX: usize = 1_000;

/// Answers questions from what the catalogue knows.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub(crate) catalogue: &'a Catalogue,
}

impl Names<'_> {
    /// The answer to a question.
    pub fn answer(&self, question: &Question) -> Answer {
        let name = question.name.to_lowercase();
        let found = match name.strip_suffix(REVERSE_ZONE) {
            Some(reversed) => self.reverse(reversed),
            None => name.strip_suffix(ZONE).and_then(|inner| self.forward(inner, question.kind)),
        };
        let code = if found.is_some() { ResponseCode::NoError } else { ResponseCode::NxDomain };
        let mut records = found.unwrap_or_default();
        records.truncate(RECORDS_MAX);
        Answer { question: question.clone(), code, records }
    }

    /// The records of a name below the zone; none if there is no such name.
    fn forward(&self, inner: &str, kind: RecordKind) -> Option<Vec<Record>> {
        let labels: Vec<&str> = inner.split('.').collect();
        match labels.as_slice() {
            [service, namespace] => self.of_service(namespace, service, kind),
            [host, service, namespace] => self.of_endpoint(namespace, service, host, kind),
            [port, protocol, service, namespace] => self.of_port(namespace, service, port, protocol, kind),
            _ => None,
        }
    }

    fn of_service(&self, namespace: &str, name: &str, kind: RecordKind) -> Option<Vec<Record>> {
        let service = self.catalogue.service(namespace, name)?;
        if service.spec.kind == "ExternalName" {
            return Some(vec![Record::Cname(service.spec.external_name.clone())]);
        }
        let is_headless = service.spec.is_headless();
        let targets = if is_headless { self.catalogue.targets(namespace, name) } else { Vec::new() };
        Some(match kind {
            RecordKind::A if is_headless => targets.iter().map(|target| Record::A(target.ip)).collect(),
            RecordKind::A => service.spec.cluster_ip.parse().map(Record::A).into_iter().collect(),
            RecordKind::Srv => self.service_records(service, &targets, |_, _| true),
            RecordKind::Aaaa | RecordKind::Ptr | RecordKind::Cname => Vec::new(),
        })
    }

    fn of_port(
        &self,
        namespace: &str,
        name: &str,
        port: &str,
        protocol: &str,
        kind: RecordKind,
    ) -> Option<Vec<Record>> {
        let service = self.catalogue.service(namespace, name)?;
        let (port, protocol) = (port.strip_prefix('_')?, protocol.strip_prefix('_')?);
        let targets = self.catalogue.targets(namespace, name);
        let records = self.service_records(service, &targets, |its_port, its_protocol| {
            its_port == port && its_protocol.eq_ignore_ascii_case(protocol)
        });
        if records.is_empty() {
            return None;
        }
        Some(if kind == RecordKind::Srv { records } else { Vec::new() })
    }

    fn service_records(
        &self,
        service: &Service,
        targets: &[Target],
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Vec<Record> {
        let domain = format_str!("{}.{}{ZONE}", service.metadata.name, service.metadata.namespace);
        let mut found: Vec<(u16, Str)> = Vec::new();
        if service.spec.is_headless() {
            for target in targets {
                let ports = target.ports.iter().filter(|(name, protocol, _)| wanted(name, protocol));
                found.extend(ports.map(|(_, _, port)| (*port, format_str!("{}.{domain}", host_label(target)))));
            }
        } else {
            let ports = service.spec.ports.iter().filter(|port| wanted(&port.name, &port.protocol));
            found.extend(ports.filter_map(|port| Some((u16::try_from(port.port).ok()?, domain.clone()))));
        }
        let weight = 100 / found.len().max(1) as u16;
        found.into_iter().map(|(port, target)| Record::Srv { priority: 0, weight, port, target }).collect()
    }

    fn of_endpoint(&self, namespace: &str, service: &str, host: &str, kind: RecordKind) -> Option<Vec<Record>> {
        self.catalogue.service(namespace, service)?;
        let targets = self.catalogue.targets(namespace, service);
        let found: Vec<Record> =
            targets.iter().filter(|target| host_label(target) == host).map(|target| Record::A(target.ip)).collect();
        match (found.is_empty(), kind) {
            (true, _) => None,
            (false, RecordKind::A) => Some(found),
            (false, RecordKind::Aaaa | RecordKind::Srv | RecordKind::Ptr | RecordKind::Cname) => Some(Vec::new()),
        }
    }

    fn reverse(&self, reversed: &str) -> Option<Vec<Record>> {
        let ip: Ipv4Addr = reversed.split('.').rev().collect::<Vec<_>>().join(".").parse().ok()?;
        if let Some(service) = self.catalogue.service_at(ip) {
            let (name, namespace) = (&service.metadata.name, &service.metadata.namespace);
            return Some(vec![Record::Ptr(format_str!("{name}.{namespace}{ZONE}"))]);
        }
        let name = |(service, target): (Key, Target)| {
            Record::Ptr(format_str!("{}.{}.{}{ZONE}", host_label(&target), service.name, service.namespace))
        };
        // The names that pods chose come before those made from addresses.
        let mut targets = self.catalogue.services_with(ip);
        targets.arrange_by_key(|(_, target)| target.hostname.is_none());
        let found: Vec<Record> = targets.into_iter().map(name).collect();
        (!found.is_empty()).then_some(found)
    }
}

/// The label of an endpoint within its service: its host name, or its address with dashes.
fn host_label(target: &Target) -> Str {
    match &target.hostname {
        Some(name) if !name.is_empty() => name.clone(),
        Some(_) | None => target.ip.to_string().replace('.', "-").into(),
    }
}
