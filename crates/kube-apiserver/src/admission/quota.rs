//! ResourceQuota: what would use more than a quota allows is refused; what fits is added to what is used.
//!
//! Works on JSON, and only in namespaces that have a quota.
//!
//! Models: kubernetes v1.36 apiserver/pkg/admission/plugin/resourcequota.

use api::pod_resources::{Amounts, amounts, encode};
use api::quantity::Quantity;
use api::{Kind, Object, Plain, Status, quota};
use sim::Time;

use crate::ApiServer;

/// Checks a new object, or a changed one against what it used before, and books what it uses.
pub(crate) fn charge(server: &mut ApiServer, object: &Object, old: Option<&Object>, now: Time) -> Result<(), Status> {
    let (kind, namespace) = (object.kind(), &object.metadata().namespace);
    let is_resized = |old| crate::registry::is_resized(object, old);
    let is_checked = old.is_none_or(is_resized) || matches!(kind, Kind::Service | Kind::PersistentVolumeClaim);
    let quotas = server.etcd.in_namespace(Kind::ResourceQuota, namespace).filter_map(Object::plain);
    let quotas: Vec<Plain> = quotas.cloned().collect();
    if quotas.is_empty() || !is_checked {
        return Ok(());
    }
    let refuse = |cause: String| Status::forbidden(kind, &object.metadata().name, &cause);
    let value = object.encode();
    let usage = quota::usage(kind, &value);
    let before = old.map(|old| quota::usage(kind, &old.encode())).unwrap_or_default();
    let mut booked = Vec::new();
    for quota in quotas {
        if !quota::counts(quota.body.get("spec"), kind, &value) {
            continue;
        }
        let ledger = Ledger::read(&quota, kind);
        let name = &quota.metadata.name;
        if let Some(unnamed) = ledger.unnamed(kind, &value) {
            return Err(refuse(format!("failed quota: {name}: must specify {unnamed}")));
        }
        if ledger.counted.iter().any(|resource| !ledger.used.contains_key(resource)) {
            let resources = ledger.counted.join(",");
            return Err(refuse(format!("status unknown for quota: {name}, resources: {resources}")));
        }
        let sums =
            ledger.charged(&usage, &before).map_err(|excess| refuse(format!("exceeded quota: {name}, {excess}")))?;
        booked.push((quota, sums));
    }
    for (quota, sums) in booked {
        book(server, quota, &sums, now);
    }
    Ok(())
}

/// Writes what is used now.
fn book(server: &mut ApiServer, mut quota: Plain, sums: &Amounts, now: Time) {
    let mut status = quota.body.get("status").clone();
    status.set(&["used"], encode(sums));
    if status == *quota.body.get("status") {
        return;
    }
    quota.body.set("status", status);
    // Nobody else writes between reading and this.
    let _ = server.update_status(quota.into(), crate::bootstrap::MANAGER, now);
}

/// What a quota allows, and what is used of it.
struct Ledger {
    hard: Amounts,
    used: Amounts,
    /// The resources that objects of the kind in question use.
    counted: Vec<String>,
}

impl Ledger {
    fn read(quota: &Plain, kind: Kind) -> Ledger {
        let status = quota.body.get("status");
        let (hard, used) = (amounts(status.get("hard")), amounts(status.get("used")));
        // Until the controller has looked at a quota, it counts what is wanted.
        let wanted = if hard.is_empty() { amounts(quota.body.get("spec").get("hard")) } else { hard.clone() };
        let counted = wanted.keys().filter(|name| quota::is_used_by(kind, name)).cloned().collect();
        Ledger { hard, used, counted }
    }

    fn unnamed(&self, kind: Kind, object: &api::Value) -> Option<String> {
        let counted: Vec<&str> = self.counted.iter().map(String::as_str).collect();
        if kind == Kind::Pod { quota::unnamed(&counted, object) } else { None }
    }

    /// What is used with the object, or what is too much.
    fn charged(&self, usage: &Amounts, before: &Amounts) -> Result<Amounts, String> {
        let mut sums = self.used.clone();
        let (mut requested, mut used, mut limited) = (Vec::new(), Vec::new(), Vec::new());
        for name in &self.counted {
            let Some(amount) = usage.get(name) else { continue };
            let more = *amount - before.get(name).copied().unwrap_or_default();
            let (had, most) = (self.used.get(name).copied().unwrap_or_default(), self.hard.get(name).copied());
            if more <= Quantity::ZERO {
                continue;
            }
            let sum = had + more;
            let most = most.unwrap_or_default();
            if sum > most {
                requested.push(format!("{name}={more}"));
                used.push(format!("{name}={had}"));
                limited.push(format!("{name}={most}"));
            }
            sums.insert(name.clone(), sum);
        }
        if requested.is_empty() {
            return Ok(sums);
        }
        let list = |parts: Vec<String>| parts.join(",");
        Err(format!("requested: {}, used: {}, limited: {}", list(requested), list(used), list(limited)))
    }
}
