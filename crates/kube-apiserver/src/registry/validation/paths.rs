//! Files of a volume that stand in each other's way.
//!
//! Models: kubernetes v1.36 pkg/api/pod/warnings.go (warningsForOverlappingVirtualPaths). Different: of several files that a
//! path collides with the first is named, where upstream names any.

use ordered::Arrange;

use super::field::Field;

/// Warns of a volume whose files overlap.
pub(super) fn overlaps(volume: &Field<'_>, warnings: &mut Vec<String>) {
    let name = volume.child("name").text();
    for (source, what, named) in
        [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")]
    {
        let source = volume.child(source);
        let head = head(name, "", what, source.child(named).text());
        collisions(&paths(&source), &head, warnings);
    }
    let (mut all, mut last) = (Vec::new(), (Vec::new(), String::new()));
    for source in volume.at(&["projected", "sources"]).items() {
        if source.len() == 0 {
            warnings.push(format!("volume {name:?} (Projected) has no sources provided"));
            continue;
        }
        // As upstream: a source without paths of its own is looked at under the name of the one before.
        last = of_source(name, &source).unwrap_or(last);
        let (own, head) = &last;
        if own.is_empty() {
            continue;
        }
        collisions(own, head, warnings);
        let mut unique: Vec<&str> = Vec::new();
        for path in own {
            if !unique.contains(path) {
                unique.push(path);
            }
        }
        let mut together: Vec<&str> = unique.iter().chain(&all).copied().collect();
        together.arrange();
        collisions(&together, head, warnings);
        all.extend(unique.into_iter().filter(|path| !all.contains(path)).collect::<Vec<_>>());
    }
}

fn of_source<'v>(volume: &str, source: &Field<'v>) -> Option<(Vec<&'v str>, String)> {
    for (field, what) in [("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")] {
        let of = source.child(field);
        if of.child("items").is_set() {
            return Some((paths(&of), head(volume, "Projected ", what, of.child("name").text())));
        }
    }
    let token = source.child("serviceAccountToken").set()?;
    let path = token.value.get("path").text();
    Some((vec![path], head(volume, "Projected ", "ServiceAccountToken", "")))
}

fn head(volume: &str, kind: &str, what: &str, name: &str) -> String {
    let name = if name.is_empty() && matches!(what, "DownwardAPI" | "ServiceAccountToken") {
        String::new()
    } else {
        format!(" {name:?}")
    };
    format!("volume {volume:?} ({kind}{what}{name}): overlapping paths")
}

fn paths<'v>(source: &Field<'v>) -> Vec<&'v str> {
    source.child("items").value.as_list().iter().map(|item| item.get("path").text()).collect()
}

fn collisions(paths: &[&str], head: &str, warnings: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for path in paths.iter().map(|path| path.trim_end_matches('/')) {
        let collides = |other: &&&str| {
            let is_below = |longer: &str, shorter: &str| format!("{longer}/").starts_with(shorter);
            is_below(other, path) || is_below(path, other)
        };
        let other = seen.iter().find(collides).filter(|other| !path.is_empty() && !other.is_empty());
        if let Some(other) = other {
            warnings.push(format!("{head}: {path:?} with {other:?}"));
        }
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
}
