//! Which crate may depend on which: the table of ARCHITECTURE.md, as data.
//!
//! Dependencies for tests are free; what is built into the program is not.

use crate::tree::File;

/// A room and the rooms that it may build on, besides `ordered`, `sim`, `thin` and what is not ours.
type Room = (&'static str, &'static [&'static str]);

/// From the ground up. A crate that stands in no line may depend on nothing of ours.
const ROOMS: [Room; 22] = [
    ("ordered", &[]),
    ("sim", &[]),
    ("thin", &[]),
    ("api", &[]),
    ("view", &[]),
    ("shell", &[]),
    ("cri", &["shell"]),
    ("client", &["api"]),
    ("images", &["cri", "shell"]),
    ("kube-apiserver", &["api", "client"]),
    ("kube-controller-manager", &["api", "client"]),
    ("kube-scheduler", &["api", "client"]),
    ("kubelet", &["api", "client", "cri"]),
    ("kube-proxy", &["api", "client", "cri"]),
    ("kubectl", &["api", "client", "shell"]),
    ("lesson", &["shell"]),
    // The site's pages come out of the lessons' own parser.
    ("xtask", &["lesson", "view"]),
    (
        "cluster",
        &[
            "api",
            "client",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "cri",
            "images",
            "shell",
        ],
    ),
    // The only room that sees all others.
    (
        "playground",
        &[
            "api",
            "client",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "cri",
            "images",
            "shell",
            "kubectl",
            "lesson",
            "cluster",
            "view",
        ],
    ),
    // What users hold in their hands: the engine through `playground`, its answers through `view`.
    ("ordinal", &["cluster", "kubectl", "lesson", "playground", "shell", "view"]),
    ("ordinal-web", &["playground", "view", "lesson"]),
    ("widget", &["playground", "view"]),
];

/// Packages that measure and test; they may see everything, and nothing sees them.
const TESTS: [&str; 3] = ["ordinal-tests", "ordinal-bench", "ordinal-fuzz"];

/// What only a page knows.
const BROWSER: [&str; 6] = ["wasm-bindgen", "web-sys", "js-sys", "gloo", "yew", "serde-wasm-bindgen"];
const IN_BROWSER: [&str; 4] = ["ordinal-web", "widget", "ordinal-tests", "ordinal-bench"];

/// What is wrong in the manifests of the packages, in sentences.
pub(crate) fn complaints(manifests: &[File]) -> Vec<String> {
    let packages: Vec<(&str, Vec<&str>)> =
        manifests.iter().map(|file| (name(&file.text), dependencies(&file.text))).collect();
    let ours: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    let judged = packages.iter().flat_map(|(package, dependencies)| {
        dependencies.iter().filter_map(|dependency| complaint(package, dependency, &ours)).collect::<Vec<_>>()
    });
    judged.collect()
}

fn complaint(package: &str, dependency: &str, ours: &[&str]) -> Option<String> {
    let is_browser = BROWSER.iter().any(|name| dependency.starts_with(name));
    if is_browser && !IN_BROWSER.contains(&package) && package != "xtask" {
        return Some(format!("{package} depends on {dependency}: only the page and the widget know the browser"));
    }
    if !ours.contains(&dependency) || ["ordered", "sim", "thin"].contains(&dependency) || TESTS.contains(&package) {
        return None;
    }
    let allowed = ROOMS.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, allowed)| allowed);
    (!allowed.contains(&dependency)).then(|| format!("{package} must not depend on {dependency}"))
}

/// The package's name.
fn name(manifest: &str) -> &str {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = \""));
    line.map_or("", |rest| rest.trim_end_matches('"'))
}

/// What is built in: the entries of every `dependencies` section but those for tests.
fn dependencies(manifest: &str) -> Vec<&str> {
    let (mut names, mut inside) = (Vec::new(), false);
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies") && !section.ends_with("dev-dependencies");
            names.extend(section.strip_prefix("dependencies."));
        } else if inside && !line.starts_with('#') {
            names.extend(line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a package may have these lines in its manifest.
    fn check(package: &str, lines: &str, expect: &str) {
        let manifest = |name: &str, lines: &str| File {
            path: format!("crates/{name}/Cargo.toml"),
            text: format!("[package]\nname = \"{name}\"\n{lines}\n"),
        };
        let others = ["sim", "api", "kubelet", "kube-scheduler", "view"].map(|name| manifest(name, ""));
        let mut manifests = Vec::from(others);
        manifests.push(manifest(package, lines));
        assert_eq!(complaints(&manifests).join("; "), expect, "{package}: {lines}");
    }

    #[test]
    fn a_short_cut_is_found_however_it_is_written() {
        let refused = "kube-scheduler must not depend on kubelet";
        check("kube-scheduler", "[dependencies]\nsim.workspace = true\napi.workspace = true", "");
        check("kube-scheduler", "[dependencies]\nkubelet.workspace = true", refused);
        check("kube-scheduler", "[dependencies]\nkubelet = { path = \"../kubelet\" }", refused);
        check("kube-scheduler", "[dependencies.kubelet]\nworkspace = true", refused);
        check("kube-scheduler", "[target.'cfg(unix)'.dependencies]\nkubelet.workspace = true", refused);
        check("kube-scheduler", "[dev-dependencies]\nkubelet.workspace = true", "");
        check("ordinal-web", "[dependencies]\nview.workspace = true\nyew.workspace = true", "");
        check("ordinal-web", "[dependencies]\napi.workspace = true", "ordinal-web must not depend on api");
        check(
            "sim",
            "[dependencies]\nweb-sys.workspace = true",
            "sim depends on web-sys: only the page and the widget know the browser",
        );
    }
}
