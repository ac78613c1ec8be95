//! What a container's program is started with: arguments, environment, user.
//!
//! Models: kubernetes v1.36 pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), third_party/forked/golang/expansion.

use ordered::OrderedMap;

use api::core::container::{Container, EnvVar};
use api::core::service::ServicePort;
use api::quantity::Quantity;
use api::{Key, Kind, Object, Pod, Str, Value};
use client::Api;
use cri::{ImageConfig, Reference, Spawn};
use thin::format_str;

use crate::kubelets::Kubelets;
use crate::mounts::{config_map_files, secret_files};
use crate::status::StartError;
use crate::worker::PodWorker;

/// Environment variables by name.
pub(crate) type Env = OrderedMap<Str, Str>;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const KUBERNETES: [(&str, &str); 8] = [
    ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
    ("KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"),
    ("KUBERNETES_PORT_443_TCP_ADDR", "10.96.0.1"),
    ("KUBERNETES_PORT_443_TCP_PORT", "443"),
    ("KUBERNETES_PORT_443_TCP_PROTO", "tcp"),
    ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
    ("KUBERNETES_SERVICE_PORT", "443"),
    ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
];

impl Kubelets {
    /// What a container's first process is started with, or why it cannot be said.
    pub(crate) fn spawn_of(&mut self, worker: &mut PodWorker, at: usize, api: &dyn Api) -> Result<Spawn, StartError> {
        let refused = |message: Str| StartError { reason: "CreateContainerConfigError".into(), message };
        let own = own_environment(worker, at, self.node_of(worker).map(|node| &node.ip_text), api).map_err(refused)?;
        let pids = worker.pid_namespace(at)?;
        worker.containers[at].env = (!own.is_empty()).then(|| self.shares.env(own));
        let config = self.registry.image(worker.containers[at].image).config();
        let env = self.environment(worker, at);
        let container = worker.container(at);
        Ok(Spawn {
            argv: arguments(container, &config, &env),
            tag: tag(container),
            env,
            cwd: working_dir(container, &config),
            hostname: hostname(&worker.pod),
            uid: user(&worker.pod, container, &config),
            gid: group(&worker.pod, container, &config),
            pid: worker.sandbox.as_ref().map_or(1, |sandbox| sandbox.first_pid(at, pids)),
            is_first: true,
            parent: 0,
            tty: container.tty,
            stdin: container.stdin,
            ports: declared_ports(container),
        })
    }

    /// The environment of any process of a container that runs.
    pub(crate) fn environment(&self, worker: &PodWorker, at: usize) -> Env {
        let config = self.registry.image(worker.containers[at].image).config();
        let mut env: Env = KUBERNETES.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        env.insert("PATH".into(), PATH.into());
        env.insert("HOSTNAME".into(), hostname(&worker.pod));
        env.insert("HOME".into(), "/root".into());
        env.extend(config.env.iter().map(|&(name, value)| (name.into(), value.into())));
        if let Some(own) = &worker.containers[at].env {
            env.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        env
    }

    /// A further program of a container that runs.
    pub(crate) fn spawn_exec(&self, worker: &PodWorker, at: usize, argv: Vec<Str>, tty: bool, stdin: bool) -> Spawn {
        let config = self.registry.image(worker.containers[at].image).config();
        let container = worker.container(at);
        Spawn {
            argv,
            tag: tag(container),
            env: self.environment(worker, at),
            cwd: working_dir(container, &config),
            hostname: hostname(&worker.pod),
            uid: user(&worker.pod, container, &config),
            gid: group(&worker.pod, container, &config),
            parent: 0,
            is_first: false,
            pid: worker.sandbox.as_ref().map_or(1, |sandbox| sandbox.next_pid(at)),
            tty,
            stdin,
            ports: Vec::new(),
        }
    }
}

fn tag(container: &Container) -> Str {
    Reference::parse(&container.image).map(|reference| reference.tag.as_str().into()).unwrap_or_default()
}

/// The host name of a pod: its own, or its name, cut to what Linux allows.
pub(crate) fn hostname(pod: &Pod) -> Str {
    let name = if pod.spec.hostname.is_empty() { &pod.metadata.name } else { &pod.spec.hostname };
    if pod.spec.host_network {
        return pod.spec.node_name.clone();
    }
    name.chars().take(63).collect::<Str>()
}

fn arguments(container: &Container, config: &ImageConfig, env: &Env) -> Vec<Str> {
    let expand_all = |list: &[Str]| list.iter().map(|text| expand(text, env)).collect::<Vec<_>>();
    let given = |list: &'static [&'static str]| list.iter().map(|&text| text.into()).collect::<Vec<Str>>();
    match (container.command.is_empty(), container.args.is_empty()) {
        (true, true) => [given(config.entrypoint), given(config.command)].concat(),
        (true, false) => [given(config.entrypoint), expand_all(&container.args)].concat(),
        (false, _) => [expand_all(&container.command), expand_all(&container.args)].concat(),
    }
}

fn working_dir(container: &Container, config: &ImageConfig) -> Str {
    match (container.working_dir.as_str(), config.working_dir) {
        ("", "") => "/".into(),
        ("", own) => own.into(),
        (given, _) => cri::normalise("/", given).into(),
    }
}

fn user(pod: &Pod, container: &Container, config: &ImageConfig) -> u32 {
    let own = container.security_context.as_ref().and_then(|context| context.run_as_user);
    let of_pod = pod.spec.security_context.as_ref().and_then(|context| context.run_as_user);
    own.or(of_pod).and_then(|uid| u32::try_from(uid).ok()).unwrap_or(config.uid)
}

/// The group that was asked for, or the user's own in the image, or root's.
fn group(pod: &Pod, container: &Container, config: &ImageConfig) -> u32 {
    let own = container.security_context.as_ref().and_then(|context| context.run_as_group);
    let of_pod = pod.spec.security_context.as_ref().and_then(|context| context.run_as_group);
    let uid = user(pod, container, config);
    let of_user = config.users.iter().any(|(_, id)| *id == uid).then_some(uid);
    own.or(of_pod).and_then(|gid| u32::try_from(gid).ok()).or(of_user).unwrap_or(0)
}

/// The further group of all processes of a pod, which its volumes belong to.
pub(crate) fn fs_group(pod: &Pod) -> Option<u32> {
    pod.spec.security_context.as_ref()?.fs_group.and_then(|gid| u32::try_from(gid).ok())
}

fn declared_ports(container: &Container) -> Vec<u16> {
    container.ports.iter().filter_map(|port| u16::try_from(port.container_port).ok()).collect()
}

/// The variables that name the services of the pod's namespace, as they are now: later ones are not seen.
///
/// Models: kubernetes v1.36 pkg/kubelet/envvars/envvars.go.
fn service_environment(pod: &Pod, api: &dyn Api) -> Env {
    let mut env = Env::new();
    if pod.spec.enable_service_links == Some(false) {
        return env;
    }
    for object in api.list(Kind::Service, Some(&pod.metadata.namespace)) {
        let Object::Service(service) = &object else { continue };
        let (spec, name) = (&service.spec, &service.metadata.name);
        let is_api_server = name == "kubernetes" && service.metadata.namespace == "default";
        if is_api_server || spec.is_headless() || spec.cluster_ip.is_empty() {
            continue;
        }
        let (ip, name) = (&spec.cluster_ip, variable_name(name));
        let Some(first) = spec.ports.first() else { continue };
        env.insert(format_str!("{name}_SERVICE_HOST"), ip.clone());
        env.insert(format_str!("{name}_SERVICE_PORT"), format_str!("{}", first.port));
        let url = |port: &ServicePort| format_str!("{}://{ip}:{}", port.protocol.to_lowercase(), port.port);
        env.insert(format_str!("{name}_PORT"), url(first));
        for port in &spec.ports {
            if !port.name.is_empty() {
                let port_name = variable_name(&port.name);
                env.insert(format_str!("{name}_SERVICE_PORT_{port_name}"), format_str!("{}", port.port));
            }
            let prefix = format_str!("{name}_PORT_{}_{}", port.port, port.protocol.to_uppercase());
            env.insert(prefix.clone(), url(port));
            env.insert(format_str!("{prefix}_PROTO"), port.protocol.to_lowercase().into());
            env.insert(format_str!("{prefix}_PORT"), format_str!("{}", port.port));
            env.insert(format_str!("{prefix}_ADDR"), ip.clone());
        }
    }
    env
}

fn variable_name(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// The variables that the pod gives the container.
fn own_environment(worker: &PodWorker, at: usize, node_ip: Option<&Str>, api: &dyn Api) -> Result<Env, Str> {
    let (pod, container) = (&worker.pod, worker.container(at));
    let mut env = service_environment(pod, api);
    for source in &container.env_from {
        let reference = source.config_map_ref.as_ref().or(source.secret_ref.as_ref());
        let Some(reference) = reference else { continue };
        let kind = if source.config_map_ref.is_some() { Kind::ConfigMap } else { Kind::Secret };
        match files_of(kind, pod, &reference.name, api) {
            Some(files) => env.extend(files.into_iter().map(|(key, bytes)| {
                (format_str!("{}{key}", source.prefix), String::from_utf8_lossy(&bytes).into_owned().into())
            })),
            None if reference.optional == Some(true) => {}
            None => return Err(not_found(kind, &reference.name)),
        }
    }
    let pod_ip = worker.ip.map(|ip| format_str!("{ip}")).unwrap_or_default();
    for variable in &container.env {
        if let Some(value) = value_of(pod, container, (&pod_ip, node_ip), variable, &env, api)? {
            env.insert(variable.name.clone(), value);
        }
    }
    Ok(env)
}

fn value_of(
    pod: &Pod,
    own: &Container,
    (pod_ip, node_ip): (&Str, Option<&Str>),
    variable: &EnvVar,
    env: &Env,
    api: &dyn Api,
) -> Result<Option<Str>, Str> {
    let Some(source) = &variable.value_from else { return Ok(Some(expand(&variable.value, env))) };
    if let Some(field) = &source.field_ref {
        return Ok(match field.field_path.as_str() {
            "status.podIP" | "status.podIPs" => Some(pod_ip.clone()),
            "status.hostIP" | "status.hostIPs" => node_ip.cloned(),
            path => field_of(pod, path),
        });
    }
    if !source.resource_field_ref.is_null() {
        return Ok(Some(resource_of(pod, &source.resource_field_ref, Some(own))));
    }
    let (kind, selector) = match (&source.config_map_key_ref, &source.secret_key_ref) {
        (Some(selector), _) => (Kind::ConfigMap, selector),
        (None, Some(selector)) => (Kind::Secret, selector),
        (None, None) => return Ok(Some(Str::new())),
    };
    let is_optional = selector.optional == Some(true);
    let Some(files) = files_of(kind, pod, &selector.name, api) else {
        return if is_optional { Ok(None) } else { Err(not_found(kind, &selector.name)) };
    };
    match files.get(&selector.key) {
        Some(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned().into())),
        None if is_optional => Ok(None),
        None => {
            let (namespace, name, key) = (&pod.metadata.namespace, &selector.name, &selector.key);
            Err(format_str!("couldn't find key {key} in {} {namespace}/{name}", kind.name()))
        }
    }
}

fn not_found(kind: Kind, name: &str) -> Str {
    format_str!("{} \"{name}\" not found", kind.name().to_lowercase())
}

fn files_of(kind: Kind, pod: &Pod, name: &str, api: &dyn Api) -> Option<OrderedMap<Str, Vec<u8>>> {
    match api.get(kind, &Key::new(pod.metadata.namespace.clone(), name)) {
        Ok(Object::ConfigMap(map)) => Some(config_map_files(&map)),
        Ok(Object::Secret(secret)) => Some(secret_files(&secret)),
        Ok(_) | Err(_) => None,
    }
}

/// A resource of a container of the pod (`limits.cpu`, …) in units of its divisor, rounded up, for the downward API. What has
/// no limit has the node's: of that, the sizes of every machine here.
pub(crate) fn resource_of(pod: &Pod, selector: &Value, own: Option<&Container>) -> Str {
    let name = selector.get("containerName").text();
    let mut all = pod.spec.containers.iter().chain(pod.spec.init_containers.iter());
    let Some(container) = all.find(|container| container.name == name).or(own) else { return Str::new() };
    let (list, resource) = selector.get("resource").text().split_once('.').unwrap_or_default();
    let machine = crate::node::Machine::default();
    let asked = match list {
        "limits" => container.resources.limits.get(resource).or(match resource {
            "cpu" => Some(machine.cpu.as_str()),
            "memory" => Some(machine.memory.as_str()),
            _ => None,
        }),
        _ => container.resources.requests.get(resource),
    };
    let divisor = selector.get("divisor").text();
    let milli = |text: &str| Quantity::parse(text).map_or(0, |quantity| i128::from(quantity.milli_value()));
    let unit = match milli(divisor) {
        0 => 1_000,
        unit => unit,
    };
    format_str!("{}", (milli(asked.unwrap_or("0")) + unit - 1).div_euclid(unit))
}

/// A field of the pod as text, for the downward API.
pub(crate) fn field_of(pod: &Pod, path: &str) -> Option<Str> {
    let metadata = &pod.metadata;
    let keyed = |prefix: &str| path.strip_prefix(prefix).and_then(|rest| rest.strip_suffix("']"));
    if let Some(key) = keyed("metadata.labels['") {
        return Some(metadata.labels.get(key).unwrap_or_default().into());
    }
    if let Some(key) = keyed("metadata.annotations['") {
        return Some(metadata.annotations.get(key).unwrap_or_default().into());
    }
    let lines = |map: &api::StringMap| -> Str {
        map.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join("\n").into()
    };
    match path {
        "metadata.name" => Some(metadata.name.clone()),
        "metadata.namespace" => Some(metadata.namespace.clone()),
        "metadata.uid" => Some(metadata.uid.clone()),
        "metadata.labels" => Some(lines(&metadata.labels)),
        "metadata.annotations" => Some(lines(&metadata.annotations)),
        "spec.nodeName" => Some(pod.spec.node_name.clone()),
        "spec.serviceAccountName" => Some(pod.spec.service_account_name.clone()),
        _ => None,
    }
}

/// Replaces `$(NAME)` by the variable, `$$` by `$`; an unknown name stays as it is.
fn expand(text: &str, env: &Env) -> Str {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('(').and_then(|inner| inner.find(')').map(|end| &inner[..end]));
        match name {
            Some(name) => {
                match env.get(name) {
                    Some(value) => out.push_str(value),
                    None => out.push_str(&format!("$({name})")),
                }
                rest = &rest[name.len() + 2..];
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_variables_are_replaced() {
        let env = Env::from([("A".into(), "x".into())]);
        for (text, expect) in
            [("$(A)-$(B)", "x-$(B)"), ("$$(A)", "$(A)"), ("$A $", "$A $"), ("$(A", "$(A"), ("plain", "plain")]
        {
            assert_eq!(expand(text, &env), expect, "{text}");
        }
    }
}
