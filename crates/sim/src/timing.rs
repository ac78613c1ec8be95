//! How long things take.

use serde::{Deserialize, Serialize};

/// A timing profile. All values are microseconds of virtual time; a profile is a file of data, and the engine asks
/// for values, never for a profile's name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// From a write until the caches of controllers, scheduler and kubelets have seen it.
    pub watch_latency_us: u64,
    /// From the scheduler's look at a pod until its binding is written.
    pub binding_latency_us: u64,
    /// From one pod's binding until the next one's, where several have been given a node at once.
    pub scheduling_us: u64,
    /// From a pod's binding until its kubelet's first status (ContainerCreating).
    pub kubelet_sync_us: u64,
    /// Pulling an image that the node does not have: the base, and what is added per MiB.
    pub image_pull_us: u64,
    /// Added to `image_pull_us` for every MiB of the image.
    pub image_pull_per_mib_us: u64,
    /// Whether a pull of an image that the node has (pull policy `Always`) takes the base alone.
    pub pulls_reuse_images: bool,
    /// From a refused pull's start until the refusal.
    pub image_pull_failure_us: u64,
    /// From ContainerCreating until Running; a pull that takes longer is waited for.
    pub container_start_us: u64,
    /// How long the second restart of a container waits after its end; each later one waits twice as long, five minutes at most. None
    /// waits if this is zero.
    pub restart_back_off_us: u64,
    /// Whether the registry is asked about the image (pull policy `Always`) when a container is started again, too.
    pub restarts_ask_registry: bool,
    /// From the end of a container's process, killed from outside, until the kubelet knows.
    pub exit_notice_us: u64,
    /// Whether probes are run against the process. If not, they are answered from the process's health, `ready_after_probe_us` after the start.
    pub probes_are_run: bool,
    /// From Running until Ready where a readiness probe stands and probes are not run.
    pub ready_after_probe_us: u64,
    /// From a change of a container's health until a probe tells, where probes are not run.
    pub health_notice_us: u64,
    /// From the deletion of a running pod until its containers have stopped, if their process does not take its own time.
    pub container_stop_us: u64,
    /// Whether containers end by themselves when they are told to stop, whatever their process does about the signal. If not, one that
    /// ignores it (a shell as the first process, say) runs until its grace is over.
    pub stops_are_heeded: bool,
    /// From the deletion of a pod that never ran until it is gone.
    pub pod_stop_before_running_us: u64,
    /// From containers stopped until the pod object is gone.
    pub pod_cleanup_us: u64,
    /// From a claim until its volume is provisioned.
    pub provisioning_us: u64,
    /// From a provisioned volume until its claim is bound.
    pub volume_binding_us: u64,
    /// What a kubectl command takes that waits for nothing.
    pub kubectl_us: u64,
    /// What each further object adds, where kubectl writes several.
    pub kubectl_object_us: u64,
    /// How long the cluster has been there when a session begins.
    pub cluster_age_us: u64,
    /// From a packet's sending until its arrival in the simulated network.
    pub network_latency_us: u64,
}
