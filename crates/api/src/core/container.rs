//! Containers, probes and hooks.

use std::rc::Rc;

use ecow::EcoVec;

use crate::int_or_string::IntOrString;
use crate::string_map::ResourceList;
use crate::{Str, Value, object, string_enum};

object! {
    /// A container of a pod.
    pub struct Container {
        /// Unique within the pod.
        name: Str = "name" always,
        /// Such as `registry.k8s.io/nginx-slim:0.8`.
        image: Str = "image",
        /// When the image is pulled.
        image_pull_policy: Str = "imagePullPolicy",
        /// Replaces the image's entry point.
        command: EcoVec<Str> = "command",
        /// Replaces the image's arguments.
        args: EcoVec<Str> = "args",
        /// Where it starts; empty for the image's own.
        working_dir: Str = "workingDir",
        /// What it listens on.
        ports: EcoVec<ContainerPort> = "ports",
        /// Environment variables.
        env: EcoVec<EnvVar> = "env",
        /// Whole ConfigMaps and Secrets as environment.
        env_from: EcoVec<EnvFromSource> = "envFrom",
        /// What it needs and may use.
        resources: ResourceRequirements = "resources" always,
        /// Where volumes appear.
        volume_mounts: EcoVec<VolumeMount> = "volumeMounts",
        /// Restart if it fails.
        liveness_probe: Option<Rc<Probe>> = "livenessProbe",
        /// Out of service while it fails.
        readiness_probe: Option<Rc<Probe>> = "readinessProbe",
        /// The other probes wait for it.
        startup_probe: Option<Rc<Probe>> = "startupProbe",
        /// Hooks after the start and before the stop.
        lifecycle: Option<Rc<Lifecycle>> = "lifecycle",
        /// Users and groups.
        security_context: Option<Rc<SecurityContext>> = "securityContext",
        /// `Always` makes an init container a sidecar.
        restart_policy: Option<Str> = "restartPolicy",
        /// Whether standard input is kept open.
        stdin: bool = "stdin",
        /// Whether standard input closes with its first client.
        stdin_once: bool = "stdinOnce",
        /// Whether it has a terminal.
        tty: bool = "tty",
    }
}

impl Container {
    /// Whether this init container keeps running beside the others.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

object! {
    /// A port that a container listens on.
    pub struct ContainerPort {
        /// For `targetPort` and probes by name.
        name: Str = "name",
        /// 1 to 65535.
        container_port: i32 = "containerPort" always,
        /// Port of the node, or 0.
        host_port: i32 = "hostPort",
        /// `TCP`, `UDP` or `SCTP`.
        protocol: Str = "protocol",
    }
}

object! {
    /// One environment variable.
    pub struct EnvVar {
        /// Its name.
        name: Str = "name" always,
        /// Its value, where `$(NAME)` stands for an earlier variable.
        value: Str = "value",
        /// Where the value comes from instead.
        value_from: Option<Rc<EnvVarSource>> = "valueFrom",
    }
}

object! {
    /// Where an environment variable's value comes from; one of these.
    pub struct EnvVarSource {
        /// A field of the pod.
        field_ref: Option<ObjectFieldSelector> = "fieldRef",
        /// A key of a ConfigMap.
        config_map_key_ref: Option<KeySelector> = "configMapKeyRef",
        /// A key of a Secret.
        secret_key_ref: Option<KeySelector> = "secretKeyRef",
        /// A resource of a container.
        resource_field_ref: Value = "resourceFieldRef",
    }
}

object! {
    /// A field of a pod.
    pub struct ObjectFieldSelector {
        /// `v1`.
        api_version: Str = "apiVersion",
        /// Such as `metadata.name`.
        field_path: Str = "fieldPath" always,
    }
}

object! {
    /// A key of a ConfigMap or Secret of the namespace.
    pub struct KeySelector {
        /// The object.
        name: Str = "name",
        /// The key.
        key: Str = "key" always,
        /// Whether it may be missing.
        optional: Option<bool> = "optional",
    }
}

object! {
    /// A whole ConfigMap or Secret as environment.
    pub struct EnvFromSource {
        /// Put before every key.
        prefix: Str = "prefix",
        /// The ConfigMap.
        config_map_ref: Option<LocalReference> = "configMapRef",
        /// The Secret.
        secret_ref: Option<LocalReference> = "secretRef",
    }
}

object! {
    /// A reference by name within the namespace.
    pub struct LocalReference {
        /// The name.
        name: Str = "name",
        /// Whether it may be missing.
        optional: Option<bool> = "optional",
    }
}

object! {
    /// What a container asks for and may use at most.
    pub struct ResourceRequirements {
        /// At most this.
        limits: ResourceList = "limits",
        /// At least this; what the scheduler counts.
        requests: ResourceList = "requests",
    }
}

object! {
    /// Where a volume appears in a container.
    pub struct VolumeMount {
        /// Absolute path in the container.
        mount_path: Str = "mountPath" always,
        /// The volume.
        name: Str = "name" always,
        /// Whether writing is refused.
        read_only: bool = "readOnly",
        /// A folder of the volume instead of its root.
        sub_path: Str = "subPath",
    }
}

object! {
    /// A question that the kubelet asks a container again and again.
    pub struct Probe {
        /// Run a command; exit code 0 is success.
        exec: Option<ExecAction> = "exec",
        /// Ask by HTTP; 200 to 399 is success.
        http_get: Option<HttpGetAction> = "httpGet",
        /// Open a connection.
        tcp_socket: Option<TcpSocketAction> = "tcpSocket",
        /// Ask by gRPC.
        grpc: Option<GrpcAction> = "grpc",
        /// Seconds after the start before the first question.
        initial_delay_seconds: i32 = "initialDelaySeconds",
        /// Seconds until a question counts as failed.
        timeout_seconds: i32 = "timeoutSeconds",
        /// Seconds between questions.
        period_seconds: i32 = "periodSeconds",
        /// So many successes in a row make it succeed.
        success_threshold: i32 = "successThreshold",
        /// So many failures in a row make it fail.
        failure_threshold: i32 = "failureThreshold",
        /// Grace of the restart that it causes.
        termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
    }
}

object! {
    /// A command in a container, without a shell around it.
    pub struct ExecAction {
        /// Program and arguments.
        command: EcoVec<Str> = "command",
    }
}

object! {
    /// A question by HTTP.
    pub struct HttpGetAction {
        /// Path of the request.
        path: Str = "path",
        /// Number or name of the port.
        port: IntOrString = "port" always,
        /// Instead of the pod's address.
        host: Str = "host",
        /// `HTTP` or `HTTPS`.
        scheme: Str = "scheme",
    }
}

object! {
    /// A connection to a port.
    pub struct TcpSocketAction {
        /// Number or name of the port.
        port: IntOrString = "port" always,
        /// Instead of the pod's address.
        host: Str = "host",
    }
}

object! {
    /// A question by gRPC.
    pub struct GrpcAction {
        /// Number of the port.
        port: i32 = "port" always,
        /// Name of the service asked about.
        service: Option<Str> = "service",
    }
}

object! {
    /// Hooks of a container.
    pub struct Lifecycle {
        /// After the start; the container is not Running before it is done.
        post_start: Option<LifecycleHandler> = "postStart",
        /// Before the stop signal, within the grace period.
        pre_stop: Option<LifecycleHandler> = "preStop",
        /// The signal instead of the image's.
        stop_signal: Option<Str> = "stopSignal",
    }
}

object! {
    /// What a hook does; one of these.
    pub struct LifecycleHandler {
        /// Run a command.
        exec: Option<ExecAction> = "exec",
        /// Ask by HTTP.
        http_get: Option<HttpGetAction> = "httpGet",
        /// Wait.
        sleep: Option<SleepAction> = "sleep",
    }
}

object! {
    /// A pause.
    pub struct SleepAction {
        /// Its length.
        seconds: i64 = "seconds" always,
    }
}

object! {
    /// Users and groups of one container.
    pub struct SecurityContext {
        /// User id of processes.
        run_as_user: Option<i64> = "runAsUser",
        /// Group id of processes.
        run_as_group: Option<i64> = "runAsGroup",
        /// Whether the root file system is read-only.
        read_only_root_filesystem: Option<bool> = "readOnlyRootFilesystem",
    }
}

string_enum! {
    /// When an image is pulled.
    pub enum PullPolicy {
        /// If the node does not have it.
        IfNotPresent = "IfNotPresent",
        /// At every start.
        Always = "Always",
        /// Not at all.
        Never = "Never",
    }
}
