//! What is special about each kind: what is reset and completed on the way in, when its generation moves, when it may go.
//!
//! Models: kubernetes v1.36 pkg/registry/*/*/strategy.go.

mod job;
mod plain;
mod pod;
pub(crate) mod service;
pub(crate) mod validation;

use std::rc::Rc;

use api::core::container::Container;
use api::{Kind, Object};
use sim::Time;

/// Whether objects of this kind count changes of their desired state.
pub(crate) fn has_generation(kind: Kind) -> bool {
    match kind {
        Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::PodTemplate
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob
        | Kind::PodDisruptionBudget
        | Kind::PriorityClass
        | Kind::Pod
        | Kind::EndpointSlice
        | Kind::Ingress
        | Kind::IngressClass
        | Kind::NetworkPolicy => true,
        Kind::ConfigMap
        | Kind::RuntimeClass
        | Kind::Endpoints
        | Kind::Event
        | Kind::Namespace
        | Kind::Node
        | Kind::PersistentVolumeClaim
        | Kind::PersistentVolume
        | Kind::Secret
        | Kind::ServiceAccount
        | Kind::Service
        | Kind::ControllerRevision
        | Kind::Lease
        | Kind::StorageClass
        | Kind::LimitRange
        | Kind::ResourceQuota
        | Kind::HorizontalPodAutoscaler
        | Kind::ClusterRole
        | Kind::ClusterRoleBinding
        | Kind::Role
        | Kind::RoleBinding => false,
    }
}

/// Drops what a client may not set and sets what every new object has.
pub(crate) fn prepare_for_create(object: &mut Object, now: Time) {
    match object {
        Object::Pod(pod) => pod::prepare_for_create(Rc::make_mut(pod)),
        Object::Plain(object) => plain::prepare_for_create(Rc::make_mut(object)),
        Object::StatefulSet(set) => Rc::make_mut(set).status = Default::default(),
        Object::Deployment(deployment) => Rc::make_mut(deployment).status = Default::default(),
        Object::ReplicaSet(set) => Rc::make_mut(set).status = Default::default(),
        Object::ReplicationController(set) => Rc::make_mut(set).status = Default::default(),
        Object::DaemonSet(set) => {
            let set = Rc::make_mut(set);
            set.status = Default::default();
            set.metadata.annotations.insert(TEMPLATE_GENERATION, "1");
        }
        Object::Job(job) => Rc::make_mut(job).status = Default::default(),
        Object::CronJob(job) => Rc::make_mut(job).status = Default::default(),
        Object::PodDisruptionBudget(budget) => Rc::make_mut(budget).status = Default::default(),
        Object::Service(service) => Rc::make_mut(service).status = Default::default(),
        Object::PersistentVolumeClaim(claim) => {
            let claim = Rc::make_mut(claim);
            claim.status = Default::default();
            claim.status.phase = "Pending".into();
            claim.spec.volume_mode.get_or_insert("Filesystem".into());
        }
        Object::PersistentVolume(volume) => {
            let volume = Rc::make_mut(volume);
            volume.status = Default::default();
            volume.status.phase = "Pending".into();
            volume.status.last_phase_transition_time = Some(now.truncate_to_second());
            volume.spec.volume_mode.get_or_insert("Filesystem".into());
        }
        Object::Namespace(namespace) => {
            let namespace = Rc::make_mut(namespace);
            namespace.status = Default::default();
            namespace.status.phase = "Active".into();
            namespace.spec.finalizers = ["kubernetes".into()].into();
            let name = namespace.metadata.name.clone();
            namespace.metadata.labels.insert("kubernetes.io/metadata.name", name);
        }
        _ => {}
    }
}

/// What depends on admission: the quality-of-service class of a pod.
pub(crate) fn finish_create(object: &mut Object) {
    if let Object::Pod(pod) = object {
        pod::set_qos_class(Rc::make_mut(pod));
    }
}

/// What depends on the UID: the selector of a Job.
pub(crate) fn complete_with_uid(object: &mut Object) {
    if let Object::Job(job) = object {
        job::generate_selector(Rc::make_mut(job));
    }
}

pub(crate) use pod::qos_class;

/// Whether a pod's containers ask for something else than before.
pub(crate) fn is_resized(object: &Object, old: &Object) -> bool {
    let (Object::Pod(pod), Object::Pod(old)) = (object, old) else { return false };
    let differ =
        |new: &[Container], old: &[Container]| new.iter().zip(old).any(|(new, old)| new.resources != old.resources);
    !Rc::ptr_eq(&pod.spec, &old.spec)
        && (differ(&pod.spec.containers, &old.spec.containers)
            || differ(&pod.spec.init_containers, &old.spec.init_containers))
}

/// An update of the desired state leaves the status alone.
pub(crate) fn prepare_for_update(object: &mut Object, old: &Object) {
    match (object, old) {
        (Object::Pod(pod), Object::Pod(old)) => Rc::make_mut(pod).status = old.status.clone(),
        (Object::StatefulSet(set), Object::StatefulSet(old)) => {
            Rc::make_mut(set).status = old.status.clone();
        }
        (Object::Deployment(deployment), Object::Deployment(old)) => {
            Rc::make_mut(deployment).status = old.status.clone();
        }
        (Object::ReplicaSet(set), Object::ReplicaSet(old)) => Rc::make_mut(set).status = old.status.clone(),
        (Object::ReplicationController(set), Object::ReplicationController(old)) => {
            Rc::make_mut(set).status = old.status.clone();
        }
        (Object::DaemonSet(set), Object::DaemonSet(old)) => {
            let set = Rc::make_mut(set);
            set.status = old.status.clone();
            set_template_generation(set, old);
        }
        (Object::Job(job), Object::Job(old)) => Rc::make_mut(job).status = old.status.clone(),
        (Object::CronJob(job), Object::CronJob(old)) => Rc::make_mut(job).status = old.status.clone(),
        (Object::PodDisruptionBudget(budget), Object::PodDisruptionBudget(old)) => {
            Rc::make_mut(budget).status = old.status.clone();
        }
        (Object::Service(service), Object::Service(old)) => Rc::make_mut(service).status = old.status.clone(),
        (Object::PersistentVolumeClaim(claim), Object::PersistentVolumeClaim(old)) => {
            Rc::make_mut(claim).status = old.status.clone();
        }
        (Object::PersistentVolume(volume), Object::PersistentVolume(old)) => {
            Rc::make_mut(volume).status = old.status.clone();
        }
        (Object::Namespace(namespace), Object::Namespace(old)) => {
            Rc::make_mut(namespace).status = old.status.clone();
        }
        (Object::Node(node), Object::Node(old)) => Rc::make_mut(node).status = old.status.clone(),
        (Object::Plain(object), Object::Plain(old)) => plain::keep_status(Rc::make_mut(object), old),
        _ => {}
    }
}

/// An update of the status leaves all else alone.
pub(crate) fn prepare_for_status_update(object: &mut Object, old: &Object) {
    let mut metadata = old.metadata().clone();
    match (&mut *object, old) {
        (Object::Pod(pod), Object::Pod(old)) => Rc::make_mut(pod).spec = old.spec.clone(),
        (Object::StatefulSet(set), Object::StatefulSet(old)) => Rc::make_mut(set).spec = old.spec.clone(),
        (Object::Deployment(deployment), Object::Deployment(old)) => {
            let deployment = Rc::make_mut(deployment);
            deployment.spec = old.spec.clone();
            // Its controller writes the revision along with the status.
            metadata.annotations = deployment.metadata.annotations.clone();
        }
        (Object::ReplicaSet(set), Object::ReplicaSet(old)) => Rc::make_mut(set).spec = old.spec.clone(),
        (Object::ReplicationController(set), Object::ReplicationController(old)) => {
            Rc::make_mut(set).spec = old.spec.clone();
        }
        (Object::DaemonSet(set), Object::DaemonSet(old)) => Rc::make_mut(set).spec = old.spec.clone(),
        (Object::Job(job), Object::Job(old)) => Rc::make_mut(job).spec = old.spec.clone(),
        (Object::CronJob(job), Object::CronJob(old)) => Rc::make_mut(job).spec = old.spec.clone(),
        (Object::PodDisruptionBudget(budget), Object::PodDisruptionBudget(old)) => {
            Rc::make_mut(budget).spec = old.spec.clone();
        }
        (Object::Service(service), Object::Service(old)) => Rc::make_mut(service).spec = old.spec.clone(),
        (Object::PersistentVolumeClaim(claim), Object::PersistentVolumeClaim(old)) => {
            Rc::make_mut(claim).spec = old.spec.clone();
        }
        (Object::PersistentVolume(volume), Object::PersistentVolume(old)) => {
            Rc::make_mut(volume).spec = old.spec.clone()
        }
        (Object::Namespace(namespace), Object::Namespace(old)) => {
            Rc::make_mut(namespace).spec = old.spec.clone();
        }
        (Object::Node(node), Object::Node(old)) => Rc::make_mut(node).spec = old.spec.clone(),
        (Object::Plain(object), Object::Plain(old)) => plain::keep_all_but_status(Rc::make_mut(object), old),
        _ => {}
    }
    *object.metadata_mut() = metadata;
}

/// Counts the templates of a DaemonSet; kept as an annotation since the field is gone.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn set_template_generation(set: &mut api::DaemonSet, old: &api::DaemonSet) {
    let before: i64 = old.metadata.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse().ok()).unwrap_or(1);
    let count = if set.spec.template == old.spec.template { before } else { before + 1 };
    set.metadata.annotations.insert(TEMPLATE_GENERATION, thin::format_str!("{count}"));
}

/// What the server adds to a new status; it belongs to nobody.
pub(crate) fn finish_status_update(object: &mut Object, old: &Object, now: Time) {
    if let (Object::PersistentVolume(volume), Object::PersistentVolume(old)) = (object, old)
        && volume.status.phase != old.status.phase
    {
        Rc::make_mut(volume).status.last_phase_transition_time = Some(now.truncate_to_second());
    }
}

/// Whether an update changed what makes the generation move.
pub(crate) fn desired_state_differs(object: &Object, old: &Object) -> bool {
    match (object, old) {
        (Object::StatefulSet(set), Object::StatefulSet(old)) => {
            !Rc::ptr_eq(&set.spec, &old.spec) && set.spec != old.spec
        }
        (Object::Deployment(new), Object::Deployment(old)) => {
            let is_annotated_anew = new.metadata.annotations != old.metadata.annotations;
            is_annotated_anew || !Rc::ptr_eq(&new.spec, &old.spec) && new.spec != old.spec
        }
        (Object::ReplicaSet(set), Object::ReplicaSet(old)) => !Rc::ptr_eq(&set.spec, &old.spec) && set.spec != old.spec,
        (Object::ReplicationController(set), Object::ReplicationController(old)) => {
            !Rc::ptr_eq(&set.spec, &old.spec) && set.spec != old.spec
        }
        (Object::DaemonSet(set), Object::DaemonSet(old)) => !Rc::ptr_eq(&set.spec, &old.spec) && set.spec != old.spec,
        (Object::Job(job), Object::Job(old)) => !Rc::ptr_eq(&job.spec, &old.spec) && job.spec != old.spec,
        (Object::CronJob(job), Object::CronJob(old)) => !Rc::ptr_eq(&job.spec, &old.spec) && job.spec != old.spec,
        (Object::Pod(pod), Object::Pod(old)) => !Rc::ptr_eq(&pod.spec, &old.spec) && pod.spec != old.spec,
        (Object::PodDisruptionBudget(budget), Object::PodDisruptionBudget(old)) => budget.spec != old.spec,
        (Object::EndpointSlice(slice), Object::EndpointSlice(old)) => {
            slice.endpoints != old.endpoints || slice.ports != old.ports || slice.address_type != old.address_type
        }
        (Object::Plain(object), Object::Plain(old)) => {
            let wanted = if object.kind == Kind::PodTemplate { "template" } else { "spec" };
            object.body.get(wanted) != old.body.get(wanted) && has_generation(object.kind)
        }
        _ => false,
    }
}

/// Whether an object that is being deleted has nothing left that holds it.
pub(crate) fn may_go(object: &Object) -> bool {
    let metadata = object.metadata();
    if !metadata.is_terminating() || !metadata.finalizers.is_empty() {
        return false;
    }
    match object {
        Object::Namespace(namespace) => namespace.spec.finalizers.is_empty(),
        _ => metadata.deletion_grace_period_seconds.is_none_or(|seconds| seconds == 0),
    }
}
