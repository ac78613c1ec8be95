//! Startup, readiness and liveness probes.
//!
//! Models: kubernetes v1.36 pkg/kubelet/prober (worker.go, prober.go).

use client::Api;
use sim::{Span, Time};

use crate::kubelets::Kubelets;
use crate::status::ProbeResult;
use crate::worker::PodWorker;

/// The probes of a container that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probing {
    /// Where probes are not run: when they are answered.
    pub(crate) answer_at: Option<Time>,
}

impl Kubelets {
    /// A container has started: its probes begin.
    pub(crate) fn begin_probes(&mut self, worker: &mut PodWorker, at: usize, now: Time) {
        let record = &mut worker.containers[at];
        let has_probe = record.startup.is_some() || record.readiness.is_some();
        let answer_at = Some(now + Span(self.timing.ready_after_probe_us)).filter(|_| has_probe);
        record.probing = answer_at.is_some().then(|| Box::new(Probing { answer_at }));
    }

    /// Answers the probes that are due.
    pub(crate) fn answer_probes(&mut self, worker: &mut PodWorker, api: &mut dyn Api) {
        let now = api.now();
        for record in &mut worker.containers {
            let Some(probing) = &mut record.probing else { continue };
            if probing.answer_at.is_some_and(|at| at <= now) {
                probing.answer_at = None;
                record.startup = record.startup.map(|_| ProbeResult::Success);
                record.readiness = record.readiness.map(|_| ProbeResult::Success);
                worker.is_changed = true;
            }
        }
    }
}

impl PodWorker {
    /// When the container's next probe is due.
    pub(crate) fn next_probe(&self, at: usize) -> Option<Time> {
        self.containers[at].probing.as_ref().and_then(|probing| probing.answer_at)
    }
}
