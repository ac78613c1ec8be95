//! The web as it is known here: the manifests of the tutorials, under the addresses that the tutorials name.

/// The pages, by path below `/examples/`.
const PAGES: &[(&str, &str)] = &[
    ("application/web/web.yaml", include_str!("../examples/application/web/web.yaml")),
    ("application/web/web-parallel.yaml", include_str!("../examples/application/web/web-parallel.yaml")),
    ("application/zookeeper/zookeeper.yaml", include_str!("../examples/application/zookeeper/zookeeper.yaml")),
    (
        "application/cassandra/cassandra-service.yaml",
        include_str!("../examples/application/cassandra/cassandra-service.yaml"),
    ),
    (
        "application/cassandra/cassandra-statefulset.yaml",
        include_str!("../examples/application/cassandra/cassandra-statefulset.yaml"),
    ),
    (
        "application/wordpress/mysql-deployment.yaml",
        include_str!("../examples/application/wordpress/mysql-deployment.yaml"),
    ),
    (
        "application/wordpress/wordpress-deployment.yaml",
        include_str!("../examples/application/wordpress/wordpress-deployment.yaml"),
    ),
];

/// Hosts that serve `/examples/`.
const HOSTS: [&str; 3] = ["k8s.io", "kubernetes.io", "www.kubernetes.io"];

/// Why a page cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebError {
    /// There is no such host in this simulated network.
    NoSuchHost,
    /// The host has no such page.
    NotFound,
}

/// Whether this is an address of a page that is known here.
pub(crate) fn is_known(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| HOSTS.contains(&rest.split('/').next().unwrap_or_default()))
}

/// The text of a page.
///
/// # Errors
/// If the host or the page is not known here.
pub fn page(url: &str) -> Result<&'static str, WebError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !HOSTS.contains(&host) {
        return Err(WebError::NoSuchHost);
    }
    let name = path.strip_prefix("examples/").or_else(|| path.strip_prefix("docs/examples/"));
    let found = name.and_then(|name| PAGES.iter().find(|(known, _)| *known == name));
    found.map(|(_, text)| *text).ok_or(WebError::NotFound)
}

/// The files that a new home directory holds: the tutorial's manifests by their last name.
pub fn tutorial_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGES.iter().filter_map(|(path, text)| Some((path.rsplit('/').next()?, *text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_addresses_lead_to_manifests() {
        assert!(
            page("https://k8s.io/examples/application/web/web.yaml").is_ok_and(|text| text.contains("StatefulSet"))
        );
        assert_eq!(page("https://k8s.io/examples/none.yaml"), Err(WebError::NotFound));
        assert_eq!(page("https://example.com/web.yaml"), Err(WebError::NoSuchHost));
    }
}
