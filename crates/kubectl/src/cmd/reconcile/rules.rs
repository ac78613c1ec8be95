//! Which rules cover which: a rule is taken apart into pieces of one verb, one resource and one name, and a piece is covered
//! by one rule or by none.
//!
//! Models: kubernetes v1.36 component-helpers/auth/rbac/validation/policy_comparator.go.

use api::Value;

/// The pieces of `servant` that no rule of `owner` covers.
pub(super) fn uncovered(owner: &[Value], servant: &[Value]) -> Vec<Value> {
    let pieces = servant.iter().flat_map(pieces);
    pieces.filter(|piece| !owner.iter().any(|rule| covers(rule, piece))).collect()
}

fn texts<'v>(rule: &'v Value, field: &str) -> Vec<&'v str> {
    rule.get(field).as_list().iter().map(Value::text).collect()
}

/// A rule that names one thing of each kind.
fn piece(fields: &[(&str, &str)]) -> Value {
    let mut rule = Value::map();
    for (field, text) in fields {
        rule.set(&[field], vec![Value::from(*text)]);
    }
    rule
}

fn pieces(rule: &Value) -> Vec<Value> {
    let (verbs, names) = (texts(rule, "verbs"), texts(rule, "resourceNames"));
    let mut found = Vec::new();
    for group in texts(rule, "apiGroups") {
        for resource in texts(rule, "resources") {
            for verb in &verbs {
                let plain = [("apiGroups", group), ("resources", resource), ("verbs", *verb)];
                match names.as_slice() {
                    [] => found.push(piece(&plain)),
                    names => found.extend(names.iter().map(|name| {
                        let mut rule = piece(&plain);
                        rule.set(&["resourceNames"], vec![Value::from(*name)]);
                        rule
                    })),
                }
            }
        }
    }
    for url in texts(rule, "nonResourceURLs") {
        found.extend(verbs.iter().map(|verb| piece(&[("nonResourceURLs", url), ("verbs", *verb)])));
    }
    found
}

fn covers(rule: &Value, piece: &Value) -> bool {
    let has_all = |field: &str| {
        let own = texts(rule, field);
        texts(piece, field).iter().all(|text| own.contains(text))
    };
    let has_all_or_star = |field: &str| texts(rule, field).contains(&"*") || has_all(field);
    let own_names = texts(rule, "resourceNames");
    let names_fit = own_names.is_empty() || (!texts(piece, "resourceNames").is_empty() && has_all("resourceNames"));
    let resources = texts(rule, "resources");
    let urls = texts(rule, "nonResourceURLs");
    has_all_or_star("verbs")
        && has_all_or_star("apiGroups")
        && texts(piece, "resources").iter().all(|resource| covers_resource(&resources, resource))
        && names_fit
        && texts(piece, "nonResourceURLs").iter().all(|url| urls.iter().any(|own| covers_url(own, url)))
}

fn covers_resource(own: &[&str], resource: &str) -> bool {
    let of_all = |(_, part): (&str, &str)| own.contains(&format!("*/{part}").as_str());
    own.contains(&"*") || own.contains(&resource) || resource.split_once('/').is_some_and(of_all)
}

fn covers_url(own: &str, url: &str) -> bool {
    own == url || own.ends_with('*') && url.starts_with(own.trim_end_matches('*'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::text::json;

    /// Rules as `verbs groups resources names urls`, each split at commas; `-` is none, `core` the group without a name.
    fn rules(lines: &[&str]) -> Vec<Value> {
        let fields = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"];
        let rule = |line: &&str| {
            let mut rule = Value::map();
            for (field, words) in fields.iter().zip(line.split(' ')).filter(|(_, words)| *words != "-") {
                let text = |word: &str| Value::from(if word == "core" { "" } else { word });
                rule.set(&[field], words.split(',').map(text).collect::<Vec<Value>>());
            }
            rule
        };
        lines.iter().map(rule).collect()
    }

    fn check(owner: &[&str], servant: &[&str], expect: &[&str]) {
        let found: Vec<String> = uncovered(&rules(owner), &rules(servant)).iter().map(json::write_compact).collect();
        let expect: Vec<String> = rules(expect).iter().map(json::write_compact).collect();
        assert_eq!(found, expect, "{owner:?} {servant:?}");
    }

    #[test]
    fn rules_cover_what_they_name_and_what_stars_stand_for() {
        check(&["get,list core pods - -"], &["list core pods - -"], &[]);
        check(
            &["get core pods - -"],
            &["get,list core pods,services - -"],
            &["list core pods - -", "get core services - -", "list core services - -"],
        );
        check(&["* * * - -"], &["get,x apps,core a,b/c n -"], &[]);
        check(&["get core */scale - -"], &["get core a/scale,b - -"], &["get core b - -"]);
        check(&["get core pods a,b -"], &["get core pods a -"], &[]);
        check(
            &["get core pods a -"],
            &["get core pods a,c -", "get core pods - -"],
            &["get core pods c -", "get core pods - -"],
        );
        check(&["get - - - /a/*"], &["get - - - /a/b,/a,/c"], &["get - - - /a", "get - - - /c"]);
    }
}
