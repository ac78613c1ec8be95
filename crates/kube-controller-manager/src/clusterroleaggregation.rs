//! Gives ClusterRoles that are made of others the rules of these.
//!
//! The roles that every cluster has are in no log before somebody writes to one of them, so roles are read from the server, and
//! only when one has changed.
//!
//! Models: kubernetes v1.36 pkg/controller/clusterroleaggregation. Different: the rules are written by an update, not applied.

use std::rc::Rc;

use api::codec::Codec;
use api::meta::LabelSelector;
use api::{Kind, Object, Plain, Value};
use client::Change;

use crate::context::Context;

/// Whether any role has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterRoleAggregationController {
    is_due: bool,
}

impl ClusterRoleAggregationController {
    pub(crate) fn on_change(&mut self, change: &Change) {
        self.is_due |= change.object.kind() == Kind::ClusterRole;
    }

    pub(crate) fn run(&mut self, context: &mut Context<'_>) {
        if !std::mem::take(&mut self.is_due) {
            return;
        }
        let roles = context.api.list(Kind::ClusterRole, None);
        let roles: Vec<&Plain> = roles.iter().filter_map(Object::plain).collect();
        for role in &roles {
            let Some(rules) = decide_rules(role, &roles).filter(|rules| *rules != *role.body.get("rules")) else {
                continue;
            };
            context.counters.syncs += 1;
            let mut changed = (*role).clone();
            changed.body.set("rules", rules);
            // Whoever has changed the role meanwhile has made it due again.
            drop(context.update(Object::Plain(Rc::new(changed))));
        }
    }
}

/// The rules of a role that is made of others: those of each, by name, once.
fn decide_rules(role: &Plain, roles: &[&Plain]) -> Option<Value> {
    let selectors = role.body.get("aggregationRule").get("clusterRoleSelectors");
    if role.body.get("aggregationRule").is_null() {
        return None;
    }
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors.as_list().iter().cloned().map(LabelSelector::decode) {
        let parts = roles
            .iter()
            .filter(|part| part.metadata.name != role.metadata.name && selector.matches(&part.metadata.labels));
        for rule in parts.flat_map(|part| part.body.get("rules").as_list()) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    Some(if rules.is_empty() { Value::Null } else { rules.into() })
}
