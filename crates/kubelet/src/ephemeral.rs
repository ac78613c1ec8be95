//! Ephemeral containers: they are added to a pod that runs, start once, and go with it.
//!
//! The pod does not depend on them: neither its phase nor its readiness nor its end looks at them. One that names a target is in
//! its target's PID namespace, and ends with it.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kuberuntime (computePodActions, SyncPod, getTargetID), and containerd's checks of a target.

use api::codec::Codec;
use api::core::container::Container;
use api::core::pod::PodSpec;
use api::{Pod, Str};
use cri::PidNamespace;
use thin::format_str;

use crate::start::container_id;
use crate::status::StartError;
use crate::worker::{ContainerRecord, PodWorker};

/// The ephemeral containers of a pod, as its object has them.
pub(crate) fn ephemeral_containers(spec: &PodSpec) -> Vec<Container> {
    spec.rest.get("ephemeralContainers").as_list().iter().cloned().map(Container::decode).collect()
}

impl PodWorker {
    /// Takes note of ephemeral containers that have come. Those that are known keep their places: a patch may change the order.
    pub(crate) fn take_ephemeral(&mut self, pod: &Pod) {
        for container in ephemeral_containers(&pod.spec) {
            if self.position(&container.name).is_none() {
                self.ephemeral.push(container);
                self.containers.push(ContainerRecord::default());
                self.has_untold = true;
            }
        }
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.grow(self.containers.len());
        }
    }

    /// The place of the first ephemeral container, if there is one.
    pub(crate) fn first_ephemeral(&self) -> usize {
        self.init_count() + self.pod.spec.containers.len()
    }

    /// Whether a container was added for debugging.
    pub(crate) fn is_ephemeral(&self, at: usize) -> bool {
        at >= self.first_ephemeral()
    }

    /// Which processes a container sees, or why that cannot be said.
    pub(crate) fn pid_namespace(&self, at: usize) -> Result<PidNamespace, StartError> {
        let target = self.container(at).rest.get("targetContainerName").text();
        if self.is_ephemeral(at) && !target.is_empty() {
            return self.pids_of_target(target);
        }
        let is_shared = self.pod.spec.rest.get("shareProcessNamespace").as_bool() == Some(true);
        let own = u16::try_from(at).map_or(PidNamespace::Pod, PidNamespace::Container);
        Ok(if is_shared { PidNamespace::Pod } else { own })
    }

    fn pids_of_target(&self, target: &str) -> Result<PidNamespace, StartError> {
        let refused = |reason: &'static str, message: Str| StartError { reason: reason.into(), message };
        let Some(at) = self.position(target).filter(|at| self.containers[*at].started_at.is_some()) else {
            let message = format_str!("unable to find target container {target}");
            return Err(refused("CreateContainerConfigError", message));
        };
        let pids = self.sandbox.as_ref().and_then(|sandbox| sandbox.pids_of(at));
        pids.ok_or_else(|| {
            let id = container_id(self, at);
            let id = id.trim_start_matches("containerd://");
            let message =
                format_str!("invalid target container: container \"{id}\" is not running - in state CONTAINER_EXITED");
            refused("CreateContainerError", message)
        })
    }
}
