//! What belongs to what: lit up together when the reader points at one of them.

use ordered::Arrange;
use view::{Owner, PodRow, Uid, WorkloadRow};

use super::picture::root_of;
use super::{PictureState, Shared};

impl PictureState {
    /// What belongs to an object, in order of UID.
    pub fn related(&self, uid: Uid) -> Vec<Uid> {
        let mut found = if let Some(pod) = self.pods.get(uid) {
            self.of_pod(pod)
        } else if let Some(claim) = self.claims.get(uid) {
            self.pods_of_claim(claim).flat_map(|pod| [Some(pod.uid), self.node_of(pod)]).flatten().collect()
        } else {
            self.pods_of(uid).into_iter().map(|pod| pod.uid).collect()
        };
        found.arrange();
        found.dedup();
        found
    }

    /// The UID of an object that a program has named: `web-0`, `pod/web-0`, `www-web-0`, `node-1`.
    pub fn find(&self, word: &str) -> Option<Uid> {
        let (kind, name) = word.rsplit_once('/').unwrap_or(("", word));
        let kind = kind.split('.').next().unwrap_or_default();
        let fits = |kinds: &[&str]| kind.is_empty() || kinds.contains(&kind);
        let pod = || self.pods.values().find(|row| row.name == name).map(|row| row.uid);
        let node = || self.nodes.values().find(|row| row.name == name).map(|row| row.uid);
        let claim = || self.claims.values().find(|row| row.name == name || row.volume == name).map(|row| row.uid);
        let workload = || {
            let named = |kind: &str| kind.is_empty() || kind == "sts" || kind == "deploy";
            let fits = |row_kind: &str| named(kind) || row_kind.eq_ignore_ascii_case(kind.trim_end_matches('s'));
            self.workloads.values().find(|row| row.name == name && fits(&row.kind)).map(|row| row.uid)
        };
        let service = || self.services.values().find(|row| row.name == name).map(|row| row.uid);
        let budget = || self.budgets.values().find(|row| row.name == name).map(|row| row.uid);
        let first = fits(&["pod", "pods", "po"]).then(pod).flatten();
        first
            .or_else(|| fits(&["node", "nodes", "no"]).then(node).flatten())
            .or_else(|| fits(&["persistentvolumeclaim", "pvc", "persistentvolume", "pv"]).then(claim).flatten())
            .or_else(workload)
            .or_else(|| fits(&["service", "services", "svc"]).then(service).flatten())
            .or_else(|| fits(&["poddisruptionbudget", "pdb"]).then(budget).flatten())
    }

    fn of_pod(&self, pod: &PodRow) -> Vec<Uid> {
        let claims = self
            .claims
            .values()
            .filter(|claim| claim.namespace == pod.namespace && pod.claims.iter().any(|used| used.name == claim.name));
        let services = self.services.values().filter(|service| {
            service.namespace == pod.namespace && service.endpoints.iter().any(|endpoint| endpoint.pod == pod.name)
        });
        let budgets =
            self.budgets.values().filter(|budget| budget.namespace == pod.namespace && budget.pods.contains(&pod.name));
        let mut found: Vec<Uid> = claims.map(|row| row.uid).collect();
        found.extend(services.map(|row| row.uid));
        found.extend(budgets.map(|row| row.uid));
        found.extend(self.workload_of(pod).map(|row| row.uid));
        found.extend(self.node_of(pod));
        found
    }

    fn node_of(&self, pod: &PodRow) -> Option<Uid> {
        self.nodes.values().find(|node| node.name == pod.node).map(|node| node.uid)
    }

    /// The pods of a node, workload, service or budget.
    fn pods_of(&self, uid: Uid) -> Vec<&Shared<PodRow>> {
        if let Some(node) = self.nodes.get(uid) {
            return self.pods.values().filter(|pod| pod.node == node.name).collect();
        }
        if let Some(row) = self.workloads.get(uid) {
            let is_owner = |pod: &&Shared<PodRow>| pod.namespace == row.namespace && owns(row, pod);
            return self.pods.values().filter(is_owner).collect();
        }
        let service = self.services.get(uid);
        let budget = self.budgets.get(uid);
        let is_chosen = |pod: &&Shared<PodRow>| {
            let by_service = service.is_some_and(|row| {
                row.namespace == pod.namespace && row.endpoints.iter().any(|endpoint| endpoint.pod == pod.name)
            });
            by_service || budget.is_some_and(|row| row.namespace == pod.namespace && row.pods.contains(&pod.name))
        };
        self.pods.values().filter(is_chosen).collect()
    }
}

/// Whether a pod is a workload's, or that of a ReplicaSet which a Deployment has made for it.
fn owns(row: &WorkloadRow, pod: &PodRow) -> bool {
    let is_row = |owner: &Owner| owner.kind == row.kind && owner.name == row.name;
    pod.workload.as_ref().is_some_and(|owner| is_row(owner) || is_row(&root_of(owner, &pod.revision)))
}

#[cfg(test)]
mod tests {
    use view::{BudgetRow, Change, ClaimPhase, ClaimRow, ClaimUse, Picture, Why};

    use super::super::picture::tests::pod;
    use super::*;

    fn state() -> PictureState {
        let mut web = pod(1, "web-0", "node-1");
        web.claims = vec![ClaimUse { name: "www-web-0".into(), mount_path: String::new() }];
        let claim = ClaimRow {
            uid: Uid(5),
            namespace: "default".into(),
            name: "www-web-0".into(),
            phase: ClaimPhase::Bound,
            volume: "pvc-5".into(),
            capacity: "1Gi".into(),
            class: String::new(),
            access_modes: String::new(),
            used_bytes: 0,
            why: Why::default(),
            files: Vec::new(),
        };
        let budget = BudgetRow {
            uid: Uid(7),
            namespace: "default".into(),
            name: "web".into(),
            min_available: "1".into(),
            max_unavailable: "N/A".into(),
            allowed: 0,
            healthy: 1,
            desired_healthy: 1,
            expected: 1,
            pods: vec!["web-0".into()],
            refused: String::new(),
        };
        let mut state = PictureState::default();
        state.apply(Picture {
            pods: Change { changed: vec![web, pod(2, "other", "node-1")], removed: vec![] },
            claims: Change { changed: vec![claim], removed: vec![] },
            budgets: Change { changed: vec![budget], removed: vec![] },
            ..Picture::default()
        });
        state
    }

    #[test]
    fn what_belongs_together_is_found_from_either_side() {
        let state = state();
        assert_eq!(state.related(Uid(1)), [Uid(5), Uid(7)]);
        assert_eq!(state.related(Uid(5)), [Uid(1)]);
        assert_eq!(state.related(Uid(7)), [Uid(1)]);
        assert_eq!(state.related(Uid(99)), []);
    }

    #[test]
    fn a_name_that_a_program_prints_leads_to_its_object() {
        let state = state();
        let find = |word: &str| state.find(word).map(|uid| uid.0);
        assert_eq!(
            (find("web-0"), find("pod/web-0"), find("pvc-5"), find("www-web-0")),
            (Some(1), Some(1), Some(5), Some(5))
        );
        assert_eq!(
            (find("poddisruptionbudget.policy/web"), find("node/web-0"), find("nothing")),
            (Some(7), None, None)
        );
    }
}
