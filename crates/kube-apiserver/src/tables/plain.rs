//! The plain kinds: a cell is a function of the object's JSON.

use api::codec::Codec;
use api::meta::LabelSelector;
use api::selector::Selector;
use api::{Kind, Plain, Value};
use ordered::OrderedSet;
use sim::Time;

use super::{Always, Heading, Wide, age, or_none};

/// The longest address of an ingress that is shown in full.
const ADDRESS_MAX: usize = 16;
const HOSTS_MAX: usize = 3;
const METRICS_MAX: usize = 2;

const BINDING: &[Heading] = &[
    Heading("Name", Always),
    Heading("Role", Always),
    Heading("Age", Always),
    Heading("Users", Wide),
    Heading("Groups", Wide),
    Heading("ServiceAccounts", Wide),
];
/// Kinds without columns of their own.
const BARE: &[Heading] = &[Heading("Name", Always), Heading("Created At", Always)];

pub(super) fn headings(kind: Kind) -> &'static [Heading] {
    match kind {
        Kind::ResourceQuota => {
            &[Heading("Name", Always), Heading("Request", Always), Heading("Limit", Always), Heading("Age", Always)]
        }
        Kind::HorizontalPodAutoscaler => &[
            Heading("Name", Always),
            Heading("Reference", Always),
            Heading("Targets", Always),
            Heading("MinPods", Always),
            Heading("MaxPods", Always),
            Heading("Replicas", Always),
            Heading("Age", Always),
        ],
        Kind::Ingress => &[
            Heading("Name", Always),
            Heading("Class", Always),
            Heading("Hosts", Always),
            Heading("Address", Always),
            Heading("Ports", Always),
            Heading("Age", Always),
        ],
        Kind::IngressClass => &[
            Heading("Name", Always),
            Heading("Controller", Always),
            Heading("Parameters", Always),
            Heading("Age", Always),
        ],
        Kind::PodTemplate => &[
            Heading("Name", Always),
            Heading("Containers", Always),
            Heading("Images", Always),
            Heading("Pod Labels", Always),
        ],
        Kind::RuntimeClass => &[Heading("Name", Always), Heading("Handler", Always), Heading("Age", Always)],
        Kind::NetworkPolicy => &[Heading("Name", Always), Heading("Pod-Selector", Always), Heading("Age", Always)],
        Kind::RoleBinding | Kind::ClusterRoleBinding => BINDING,
        _ => BARE,
    }
}

pub(super) fn cells(object: &Plain, now: Time) -> Vec<Value> {
    let mut cells = vec![Value::from(object.metadata.name.clone())];
    let age = age(&object.metadata, now);
    let spec = object.body.get("spec");
    match object.kind {
        Kind::ResourceQuota => cells.extend(quota(object.body.get("status"))),
        Kind::HorizontalPodAutoscaler => cells.extend(autoscaler(spec, object.body.get("status"))),
        Kind::Ingress => cells.extend(ingress(spec, object.body.get("status"))),
        Kind::IngressClass => {
            if object.metadata.annotations.get("ingressclass.kubernetes.io/is-default-class") == Some("true") {
                cells[0] = format!("{} (default)", object.metadata.name).into();
            }
            cells.extend([spec.get("controller").text().into(), or_none(&parameters(spec.get("parameters")))]);
        }
        Kind::PodTemplate => {
            cells.extend(pod_template(object.body.get("template")));
            return cells;
        }
        Kind::RuntimeClass => cells.push(object.body.get("handler").text().into()),
        Kind::NetworkPolicy => cells.push(selector(spec.get("podSelector")).into()),
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            let role = object.body.get("roleRef");
            cells.push(format!("{}/{}", role.get("kind").text(), role.get("name").text()).into());
            cells.push(age);
            cells.extend(["User", "Group", "ServiceAccount"].map(|kind| subjects(object.body.get("subjects"), kind)));
            return cells;
        }
        _ => {
            let created = object.metadata.creation_timestamp.map(|time| time.to_rfc3339()).unwrap_or_default();
            cells.push(created.into());
            return cells;
        }
    }
    cells.push(age);
    cells
}

/// Names and images of the containers, and the labels.
fn pod_template(template: &Value) -> [Value; 3] {
    let containers = template.at(&["spec", "containers"]).as_list();
    let all =
        |field: &str| containers.iter().map(|container| container.get(field).text()).collect::<Vec<_>>().join(",");
    let labels = template.at(&["metadata", "labels"]).as_map().into_iter().flatten();
    let labels: Vec<String> = labels.map(|(key, value)| format!("{key}={}", value.text())).collect();
    [all("name").into(), all("image").into(), or_none(&labels.join(","))]
}

fn quota(status: &Value) -> [Value; 2] {
    let mut columns = [String::new(), String::new()];
    for (name, hard) in status.get("hard").as_map().into_iter().flatten() {
        let column = &mut columns[usize::from(name.starts_with("limits."))];
        let used = status.at(&["used", name]).as_str().unwrap_or("0");
        if !column.is_empty() {
            column.push_str(", ");
        }
        column.push_str(&format!("{name}: {used}/{}", hard.text()));
    }
    columns.map(Value::from)
}

fn autoscaler(spec: &Value, status: &Value) -> [Value; 5] {
    let target = spec.get("scaleTargetRef");
    let current = status.get("currentMetrics");
    let metrics: Vec<String> = spec
        .get("metrics")
        .as_list()
        .iter()
        .enumerate()
        .map(|(index, metric)| self::metric(metric, current.element(index)))
        .collect();
    let shown = metrics[..metrics.len().min(METRICS_MAX)].join(", ");
    let targets = match metrics.len() {
        0 => "<none>".to_owned(),
        count if count > METRICS_MAX => format!("{shown} + {} more...", count - METRICS_MAX),
        _ => shown,
    };
    let min = spec.get("minReplicas").as_int().map_or("<unset>".to_owned(), |min| min.to_string());
    [
        format!("{}/{}", target.get("kind").text(), target.get("name").text()).into(),
        targets.into(),
        min.into(),
        spec.get("maxReplicas").clone(),
        Value::Int(status.get("currentReplicas").as_int().unwrap_or(0)),
    ]
}

/// What a metric is and what it should be: `cpu: <unknown>/80%`.
fn metric(metric: &Value, current: &Value) -> String {
    let kind = metric.get("type").text();
    let source = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let (wanted, is) = (metric.at(&[source, "target"]), current.at(&[source, "current"]));
    let known = |value: &Value| match value {
        Value::Null => "<unknown>".to_owned(),
        Value::Int(percent) => format!("{percent}%"),
        value => value.text().to_owned(),
    };
    let average = wanted.get("averageValue");
    let is_resource = matches!(kind, "Resource" | "ContainerResource");
    let name = if is_resource { format!("{}: ", metric.at(&[source, "name"]).text()) } else { String::new() };
    match (is_resource, average.is_null()) {
        (true, true) => {
            let percent = wanted.get("averageUtilization").as_int();
            let percent = percent.map_or("<auto>".to_owned(), |percent| format!("{percent}%"));
            format!("{name}{}/{percent}", known(is.get("averageUtilization")))
        }
        (false, true) => format!("{}/{}", known(is.get("value")), wanted.get("value").text()),
        (_, false) => {
            let tail = if matches!(kind, "External" | "Object") { " (avg)" } else { "" };
            format!("{name}{}/{}{tail}", known(is.get("averageValue")), average.text())
        }
    }
}

fn ingress(spec: &Value, status: &Value) -> [Value; 4] {
    let rules = spec.get("rules").as_list();
    let hosts: Vec<&str> = rules.iter().map(|rule| rule.get("host").text()).filter(|host| !host.is_empty()).collect();
    let shown = hosts[..hosts.len().min(HOSTS_MAX)].join(",");
    let hosts = match hosts.len() {
        0 => "*".to_owned(),
        count if count > HOSTS_MAX => format!("{shown} + {} more...", rules.len() - HOSTS_MAX),
        _ => shown,
    };
    let entries = status.at(&["loadBalancer", "ingress"]).as_list().iter();
    let addresses: OrderedSet<&str> = entries
        .map(|entry| if entry.get("ip").is_null() { entry.get("hostname").text() } else { entry.get("ip").text() })
        .filter(|address| !address.is_empty())
        .collect();
    let mut address = addresses.into_iter().collect::<Vec<_>>().join(",");
    if address.len() > ADDRESS_MAX && address.is_ascii() {
        address.truncate(ADDRESS_MAX - 3);
        address.push_str("...");
    }
    let ports = if spec.get("tls").as_list().is_empty() { "80" } else { "80, 443" };
    [or_none(spec.get("ingressClassName").text()), hosts.into(), address.into(), ports.into()]
}

fn parameters(parameters: &Value) -> String {
    let (kind, name) = (parameters.get("kind").text(), parameters.get("name").text());
    match parameters.get("apiGroup").text() {
        _ if parameters.is_null() => String::new(),
        "" => format!("{kind}/{name}"),
        group => format!("{kind}.{group}/{name}"),
    }
}

/// A label selector on one line.
fn selector(selector: &Value) -> String {
    match Selector::from_label_selector(&LabelSelector::decode(selector.clone())) {
        Ok(selector) if selector.is_everything() => "<none>".to_owned(),
        Ok(selector) => selector.to_string(),
        Err(_) => "<error>".to_owned(),
    }
}

fn subjects(subjects: &Value, kind: &str) -> Value {
    let of_kind = subjects.as_list().iter().filter(|subject| subject.get("kind").text() == kind);
    let names = of_kind.map(|subject| match (kind, subject.get("namespace").text(), subject.get("name").text()) {
        ("ServiceAccount", namespace, name) if !namespace.is_empty() => format!("{namespace}/{name}"),
        (_, _, name) => name.to_owned(),
    });
    names.collect::<Vec<_>>().join(", ").into()
}
