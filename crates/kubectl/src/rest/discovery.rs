//! What the server says of itself: `/api`, `/apis/apps/v1`.

use api::schema::{self, Resource};
use api::text::base64;
use ordered::OrderedSet;

use crate::kustomize::sha256;

/// Group and version (empty for those of the resource), kind (empty likewise) and verbs of a subresource.
const SUBRESOURCES: [(&str, &str, &str, &[&str]); 13] = [
    ("attach", "", "PodAttachOptions", &["create", "get"]),
    ("binding", "", "Binding", &["create"]),
    ("ephemeralcontainers", "", "", &["get", "patch", "update"]),
    ("eviction", "policy/v1", "Eviction", &["create"]),
    ("exec", "", "PodExecOptions", &["create", "get"]),
    ("finalize", "", "", &["update"]),
    ("log", "", "", &["get"]),
    ("portforward", "", "PodPortForwardOptions", &["create", "get"]),
    ("resize", "", "", &["get", "patch", "update"]),
    ("scale", "autoscaling/v1", "Scale", &["get", "patch", "update"]),
    ("status", "", "", &["get", "patch", "update"]),
    ("token", "authentication.k8s.io/v1", "TokenRequest", &["create"]),
    ("proxy", "", "ProxyOptions", &["create", "delete", "get", "patch", "update"]),
];

/// The document at a path, if it is one of discovery's.
pub(super) fn document(parts: &[&str]) -> Option<String> {
    let text = match parts {
        [] => paths(),
        ["api"] => versions(),
        ["apis"] => {
            let groups: Vec<String> = groups().into_iter().map(group).collect();
            format!("{{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{}]}}", groups.join(","))
        }
        ["api", "v1"] => format!("{{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",{}}}", resources("", "v1")?),
        ["apis", name] if groups().contains(name) => {
            let group = group(name);
            format!("{{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",{}", &group[1..])
        }
        ["apis", group, version] => format!(
            "{{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"{group}/{version}\",{}}}",
            resources(group, version)?
        ),
        _ => return None,
    };
    Some(text + "\n")
}

fn groups() -> OrderedSet<&'static str> {
    schema::resources().iter().map(|resource| resource.group).filter(|group| !group.is_empty()).collect()
}

fn paths() -> String {
    let mut paths = vec!["/api".to_string(), "/api/v1".to_string(), "/apis".to_string()];
    for group in groups() {
        paths.push(format!("/apis/{group}"));
        paths.push(format!("/apis/{group}/{}", version(group)));
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(str::to_string));
    let lines: Vec<String> = paths.iter().map(|path| format!("    \"{path}\"")).collect();
    format!("{{\n  \"paths\": [\n{}\n  ]\n}}", lines.join(",\n"))
}

fn versions() -> String {
    let address = "{\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"192.168.49.2:6443\"}";
    format!("{{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":[{address}]}}")
}

/// The one version of a group here.
fn version(group: &str) -> &'static str {
    schema::resources().iter().find(|resource| resource.group == group).map_or("", |resource| resource.version)
}

fn group(name: &str) -> String {
    let version = version(name);
    let one = format!("{{\"groupVersion\":\"{name}/{version}\",\"version\":\"{version}\"}}");
    format!("{{\"name\":\"{name}\",\"versions\":[{one}],\"preferredVersion\":{one}}}")
}

fn resources(group: &str, version: &str) -> Option<String> {
    let mut rows = Vec::new();
    for found in schema::resources().iter().filter(|found| (found.group, found.version) == (group, version)) {
        rows.push(resource(found, ""));
        rows.extend(found.subresources.iter().filter_map(|name| subresource(found, name)));
    }
    (!rows.is_empty()).then(|| format!("\"resources\":[{}]", rows.join(",")))
}

/// Resources of any groups as one list, each with its group and version.
pub fn flat_list(of: &[&Resource]) -> String {
    let row = |of: &&Resource| {
        let group = if of.group.is_empty() { String::new() } else { format!("\"group\":\"{}\",", of.group) };
        resource(of, &format!("{group}\"version\":\"{}\",", of.version))
    };
    let rows: Vec<String> = of.iter().map(row).collect();
    let head = "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"\",\"resources\":[";
    format!("{head}{}]}}", rows.join(","))
}

/// A resource; where it stands in no list of its group, `place` tells of group and version.
fn resource(of: &Resource, place: &str) -> String {
    let list = |name: &str, values: &[&str]| {
        if values.is_empty() { String::new() } else { format!(",\"{name}\":{}", strings(values)) }
    };
    let Resource { plural, singular, namespaced, kind, .. } = of;
    format!(
        "{{\"name\":\"{plural}\",\"singularName\":\"{singular}\",\"namespaced\":{namespaced},{place}\"kind\":\"{kind}\",\
         \"verbs\":{}{}{},\"storageVersionHash\":\"{}\"}}",
        strings(&of.verbs),
        list("shortNames", &of.short_names),
        list("categories", &of.categories),
        storage_version_hash(of)
    )
}

/// Events are stored in their first form, whatever version they are written in.
fn storage_version_hash(of: &Resource) -> String {
    let (group, version) = if of.kind == "Event" { ("", "v1") } else { (of.group, of.version) };
    let digest = sha256::digest(format!("{group}/{version}/{}", of.kind).as_bytes());
    let bytes: Vec<u8> = digest[..2].iter().flat_map(|word| word.to_be_bytes()).collect();
    base64::encode(&bytes)
}

fn subresource(of: &Resource, name: &str) -> Option<String> {
    let (_, group, kind, verbs) = SUBRESOURCES.iter().find(|(known, ..)| *known == name)?;
    let group = match group.split_once('/') {
        Some((group, version)) => format!("\"group\":\"{group}\",\"version\":\"{version}\","),
        None => String::new(),
    };
    let kind = match *kind {
        "" => of.kind.to_string(),
        "ProxyOptions" => format!("{}ProxyOptions", of.kind),
        kind => kind.to_string(),
    };
    let (plural, namespaced) = (of.plural, of.namespaced);
    Some(format!(
        "{{\"name\":\"{plural}/{name}\",\"singularName\":\"\",\"namespaced\":{namespaced},{group}\"kind\":\"{kind}\",\"verbs\":{}}}",
        strings(verbs)
    ))
}

fn strings(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("[{}]", quoted.join(","))
}
