//! All controllers as one program.

use std::rc::Rc;

use api::{Key, Kind};
use client::{Api, Component, Informers};
use sim::{Span, Time, Timing};

use crate::clusterroleaggregation::ClusterRoleAggregationController;
use crate::context::Context;
use crate::counters::Counters;
use crate::cronjob::CronJobController;
use crate::daemonset::DaemonSetController;
use crate::deployment::DeploymentController;
use crate::disruption::DisruptionController;
use crate::endpoints::EndpointsController;
use crate::endpointslice::EndpointSliceController;
use crate::garbagecollector::GarbageCollector;
use crate::indexes::Indexes;
use crate::job::JobController;
use crate::namespace::NamespaceController;
use crate::nodelifecycle::NodeLifecycleController;
use crate::persistentvolume::PersistentVolumeController;
use crate::podgc::PodGarbageCollector;
use crate::replicaset::ReplicaSetController;
use crate::resourcequota::ResourceQuotaController;
use crate::statefulset::StatefulSetController;
use crate::tainteviction::TaintEvictionController;
use crate::ttlafterfinished::TtlAfterFinishedController;
use crate::volumeexpand::VolumeExpandController;
use crate::volumeprotection::VolumeProtectionController;
use crate::why::{Why, Whys};

/// The kinds that controllers read or collect.
pub(crate) const WATCHED: &[Kind] = &[
    Kind::ConfigMap,
    Kind::Lease,
    Kind::Endpoints,
    Kind::Namespace,
    Kind::Node,
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Secret,
    Kind::ServiceAccount,
    Kind::Service,
    Kind::ControllerRevision,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::CronJob,
    Kind::Job,
    Kind::EndpointSlice,
    Kind::PodDisruptionBudget,
    Kind::StorageClass,
    Kind::LimitRange,
    Kind::ResourceQuota,
    Kind::HorizontalPodAutoscaler,
    Kind::Ingress,
    Kind::NetworkPolicy,
    Kind::ClusterRole,
    Kind::RoleBinding,
    Kind::Role,
];

/// The controllers, their caches and indexes.
#[derive(Clone, Debug)]
pub struct ControllerManager {
    timing: Rc<Timing>,
    cache: Informers,
    indexes: Indexes,
    counters: Counters,
    whys: Whys,
    controllers: Controllers,
}

/// One field and, in each of the three functions below, one line per controller.
#[derive(Clone, Debug)]
struct Controllers {
    namespace: NamespaceController,
    nodelifecycle: NodeLifecycleController,
    tainteviction: TaintEvictionController,
    endpoints: EndpointsController,
    endpointslice: EndpointSliceController,
    statefulset: StatefulSetController,
    deployment: DeploymentController,
    replicaset: ReplicaSetController,
    replication: ReplicaSetController,
    clusterroleaggregation: ClusterRoleAggregationController,
    resourcequota: ResourceQuotaController,
    daemonset: DaemonSetController,
    job: JobController,
    cronjob: CronJobController,
    ttlafterfinished: TtlAfterFinishedController,
    disruption: DisruptionController,
    persistentvolume: PersistentVolumeController,
    volumeexpand: VolumeExpandController,
    volumeprotection: VolumeProtectionController,
    garbagecollector: GarbageCollector,
    podgc: PodGarbageCollector,
}

impl Controllers {
    fn new(timing: &Timing) -> Controllers {
        Controllers {
            namespace: NamespaceController::default(),
            nodelifecycle: NodeLifecycleController::new(),
            tainteviction: TaintEvictionController::new(),
            endpoints: EndpointsController::default(),
            endpointslice: EndpointSliceController::default(),
            statefulset: StatefulSetController::new(),
            deployment: DeploymentController::new(),
            replicaset: ReplicaSetController::new(),
            replication: ReplicaSetController::of_replication_controllers(),
            clusterroleaggregation: ClusterRoleAggregationController::default(),
            resourcequota: ResourceQuotaController::default(),
            daemonset: DaemonSetController::new(),
            job: JobController::new(),
            cronjob: CronJobController::new(),
            ttlafterfinished: TtlAfterFinishedController::default(),
            disruption: DisruptionController::new(),
            persistentvolume: PersistentVolumeController::new(Span(timing.volume_binding_us)),
            volumeexpand: VolumeExpandController::new(),
            volumeprotection: VolumeProtectionController::default(),
            garbagecollector: GarbageCollector::default(),
            podgc: PodGarbageCollector::default(),
        }
    }

    fn on_change(&mut self, change: &client::Change, context: &mut Context<'_>) {
        self.namespace.on_change(change, context.now);
        self.nodelifecycle.on_change(change, context);
        self.tainteviction.on_change(change, context);
        self.endpoints.on_change(change, context);
        self.endpointslice.on_change(change, context);
        self.statefulset.on_change(change, context);
        self.deployment.on_change(change, context);
        self.replicaset.on_change(change, context);
        self.replication.on_change(change, context);
        self.clusterroleaggregation.on_change(change);
        self.resourcequota.on_change(change, context);
        self.daemonset.on_change(change, context);
        self.job.on_change(change, context);
        self.cronjob.on_change(change, context);
        self.ttlafterfinished.on_change(change, context);
        self.disruption.on_change(change, context);
        self.persistentvolume.on_change(change);
        self.volumeexpand.on_change(change);
        self.volumeprotection.on_change(change);
        self.garbagecollector.on_change(change, context);
        self.podgc.on_change(change, context);
    }

    fn run(&mut self, context: &mut Context<'_>) {
        self.namespace.run(context);
        self.nodelifecycle.run(context);
        self.tainteviction.run(context);
        self.endpoints.run(context);
        self.endpointslice.run(context);
        self.statefulset.run(context);
        self.deployment.run(context);
        self.replicaset.run(context);
        self.replication.run(context);
        self.clusterroleaggregation.run(context);
        self.resourcequota.run(context);
        self.daemonset.run(context);
        self.job.run(context);
        self.cronjob.run(context);
        self.ttlafterfinished.run(context);
        self.disruption.run(context);
        self.persistentvolume.run(context);
        self.volumeexpand.run(context);
        self.volumeprotection.run(context);
        self.garbagecollector.run(context);
        self.podgc.run(context);
    }

    fn next_at(&self) -> Option<Time> {
        let wishes = [
            self.namespace.next_at(),
            self.nodelifecycle.next_at(),
            self.tainteviction.next_at(),
            self.endpoints.next_at(),
            self.endpointslice.next_at(),
            self.statefulset.next_at(),
            self.deployment.next_at(),
            self.replicaset.next_at(),
            self.replication.next_at(),
            self.resourcequota.next_at(),
            self.daemonset.next_at(),
            self.job.next_at(),
            self.cronjob.next_at(),
            self.ttlafterfinished.next_at(),
            self.disruption.next_at(),
            self.persistentvolume.next_at(),
            self.volumeprotection.next_at(),
            self.garbagecollector.next_at(),
            self.podgc.next_at(),
        ];
        wishes.into_iter().flatten().min()
    }
}

impl ControllerManager {
    /// Controllers that have seen nothing yet.
    pub fn new(timing: Rc<Timing>) -> ControllerManager {
        ControllerManager {
            controllers: Controllers::new(&timing),
            timing,
            cache: Informers::new(WATCHED),
            indexes: Indexes::default(),
            counters: Counters::default(),
            whys: Whys::default(),
        }
    }

    /// What has been done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether the indexes are what a full scan of the caches gives.
    pub fn indexes_are_true(&self) -> bool {
        self.indexes == Indexes::scanned(&self.cache, WATCHED)
    }

    /// The last decision about an object, if it is remembered.
    pub fn why(&self, kind: Kind, key: &Key) -> Option<&Why> {
        self.whys.get(kind, key)
    }
}

impl Component for ControllerManager {
    fn watched_kinds(&self) -> &'static [Kind] {
        WATCHED
    }

    fn wake(&mut self, api: &mut dyn Api) -> Option<Time> {
        let now = api.now();
        let watch_latency = Span(self.timing.watch_latency_us);
        let changes = self.cache.update(api, now - watch_latency);
        for change in &changes {
            self.indexes.apply(change, &self.cache);
        }
        let mut context = Context {
            api,
            cache: &self.cache,
            indexes: &self.indexes,
            now,
            watch_latency,
            counters: &mut self.counters,
            whys: &mut self.whys,
        };
        for change in &changes {
            self.controllers.on_change(change, &mut context);
        }
        self.controllers.run(&mut context);
        self.controllers.next_at()
    }
}
