//! What a kubelet knows of one pod.

use std::net::Ipv4Addr;
use std::rc::Rc;

use api::core::container::Container;
use api::core::pod_status::ContainerStateTerminated;
use api::{Object, Pod, Str};
use cri::{Mount, Sandbox};
use sim::Time;

use crate::back_off::BackOff;
use crate::probes::Probing;
use crate::report::ImageNames;
use crate::resize::Resizing;
use crate::spawn::Env;
use crate::status::{ProbeResult, StartError};
use crate::stop::StopWait;

/// One pod on one node.
#[derive(Clone, Debug)]
pub(crate) struct PodWorker {
    /// The pod as the API server last showed it.
    pub(crate) pod: Rc<Pod>,
    /// Where it stands.
    pub(crate) stage: Stage,
    /// Its address, once it has one.
    pub(crate) ip: Option<Ipv4Addr>,
    /// Before this instant no container starts.
    pub(crate) start_at: Time,
    /// One per init container, then one per container, then one per ephemeral container.
    pub(crate) containers: Vec<ContainerRecord>,
    /// Its ephemeral containers, in the order in which they came.
    pub(crate) ephemeral: Vec<Container>,
    /// The keys of its volumes' bytes, in the order of `spec.volumes`.
    pub(crate) volumes: Vec<Str>,
    /// Its processes and sockets.
    pub(crate) sandbox: Option<Box<Sandbox>>,
    /// When it is to be looked at.
    pub(crate) wake: Option<Time>,
    /// Whether its status differs from the one that was written.
    pub(crate) is_changed: bool,
    /// Whether ephemeral containers have come that no status tells of yet.
    pub(crate) has_untold: bool,
    /// Its resize, while one goes on.
    pub(crate) resizing: Option<Box<Resizing>>,
}

/// Where a pod stands on its node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// Bound, not looked at yet.
    New,
    /// Its volumes are not there yet.
    Mounting,
    /// Containers are started, and started again.
    Active,
    /// Its containers are told to stop.
    Stopping {
        /// Not before this instant does the kubelet see the end.
        not_before: Time,
        /// How long each of them may take.
        grace_seconds: i64,
    },
    /// All has ended; the object goes at this instant, if it is being deleted.
    Stopped {
        /// When the object is deleted; none while nobody has asked for it.
        delete_at: Option<Time>,
    },
}

/// What a kubelet knows of one container.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerRecord {
    /// Where it stands.
    pub(crate) step: Step,
    /// How often it was started before.
    pub(crate) restart_count: i32,
    /// The last start.
    pub(crate) started_at: Option<Time>,
    /// What the runtime calls its image, shared by all its containers.
    pub(crate) image_names: ImageNames,
    /// The image's place in the registry.
    pub(crate) image: usize,
    /// How it ended, if it did.
    pub(crate) ended: Option<Rc<ContainerStateTerminated>>,
    /// How the one before it ended.
    pub(crate) previous: Option<Rc<ContainerStateTerminated>>,
    /// Why it could not be started.
    pub(crate) error: Option<Rc<StartError>>,
    /// The back-off of restarts.
    pub(crate) restarts: BackOff,
    /// The pulls of its image that failed, if any did.
    pub(crate) failed_pulls: Option<Box<FailedPulls>>,
    /// The startup probe's last answer; none without such a probe.
    pub(crate) startup: Option<ProbeResult>,
    /// The readiness probe's last answer; none without such a probe.
    pub(crate) readiness: Option<ProbeResult>,
    /// The probes, while it runs and they are run.
    pub(crate) probing: Option<Box<Probing>>,
    /// Until when its signal waits for its hook, if it is to stop; after the signal: when SIGKILL follows.
    pub(crate) kill_at: Option<Time>,
    /// What its stop signal waits for.
    pub(crate) stop_wait: Option<StopWait>,
    /// The log of the container before this one.
    pub(crate) previous_log: Option<Rc<cri::log::Log>>,
    /// The log of a container whose sandbox is gone.
    pub(crate) last_log: Option<Rc<cri::log::Log>>,
    /// The variables that the pod gives it, if it gives any.
    pub(crate) env: Option<Rc<Env>>,
    /// It was ended for a probe that failed, and nothing follows a failure.
    pub(crate) stays_ended: bool,
    /// Its first process hangs: somebody has seen to it.
    pub(crate) is_hung: bool,
    /// It says that it is not ready: somebody has seen to it.
    pub(crate) is_unready: bool,
    /// What is mounted.
    pub(crate) mounts: Option<Rc<[Mount]>>,
}

/// Pulls of a container's image that failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailedPulls {
    /// How long the next one waits.
    pub(crate) back_off: BackOff,
    /// When the last one failed; none if one has succeeded since.
    pub(crate) last: Option<Time>,
}

/// Where a container stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Step {
    /// It has not been started (again) yet.
    #[default]
    Waiting,
    /// Its image is being pulled.
    Pulling {
        /// When that began.
        since: Time,
        /// When it will be there, or have failed.
        until: Time,
    },
    /// Its image has been pulled.
    Pulled,
    /// Its image was there already.
    Present,
    /// It could not be started, and is looked at again at this instant.
    Held {
        /// When it is tried again.
        look_at: Time,
    },
    /// It runs.
    Running,
    /// It has ended, and is looked at again at this instant.
    Exited {
        /// When it is started again, if it is.
        look_at: Time,
    },
}

impl Step {
    /// Whether it is on its way from its image to its start; the containers after it wait.
    pub(crate) fn is_about_to_start(self) -> bool {
        match self {
            Step::Pulling { .. } | Step::Pulled | Step::Present => true,
            Step::Waiting | Step::Held { .. } | Step::Running | Step::Exited { .. } => false,
        }
    }
}

impl PodWorker {
    pub(crate) fn new(pod: Rc<Pod>, first_look: Time) -> PodWorker {
        let count = pod.spec.init_containers.len() + pod.spec.containers.len();
        let mut worker = PodWorker {
            pod: pod.clone(),
            stage: Stage::New,
            ip: None,
            start_at: first_look,
            containers: vec![ContainerRecord::default(); count],
            ephemeral: Vec::new(),
            volumes: Vec::new(),
            sandbox: None,
            wake: None,
            is_changed: false,
            has_untold: false,
            resizing: None,
        };
        worker.take_ephemeral(&pod);
        worker
    }

    /// The pod for the recorder.
    pub(crate) fn object(&self) -> Object {
        Object::Pod(self.pod.clone())
    }

    pub(crate) fn init_count(&self) -> usize {
        self.pod.spec.init_containers.len()
    }

    /// The container of a record: init containers first, ephemeral ones last.
    pub(crate) fn container(&self, at: usize) -> &Container {
        let (init, ephemeral) = (self.init_count(), self.first_ephemeral());
        if at >= ephemeral {
            return &self.ephemeral[at - ephemeral];
        }
        if at < init { &self.pod.spec.init_containers[at] } else { &self.pod.spec.containers[at - init] }
    }

    /// The place of the container with this name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        (0..self.containers.len()).find(|&at| self.container(at).name == name)
    }

    /// Such as `spec.containers{nginx}`.
    pub(crate) fn field_path(&self, at: usize) -> Str {
        let list = match at {
            at if at < self.init_count() => "initContainers",
            at if self.is_ephemeral(at) => "ephemeralContainers",
            _ => "containers",
        };
        thin::format_str!("spec.{list}{{{}}}", self.container(at).name)
    }

    /// Whether any container has ever been started.
    pub(crate) fn has_run(&self) -> bool {
        self.containers.iter().any(|record| record.started_at.is_some())
    }

    pub(crate) fn is_running(&self, at: usize) -> bool {
        self.containers[at].step == Step::Running
    }

    pub(crate) fn runs_anything(&self) -> bool {
        self.containers.iter().any(|record| record.step == Step::Running)
    }
}
