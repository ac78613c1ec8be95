//! The site's files: what the entrypoint copies, and `wp-config.php`, which says where the database is.
//!
//! Models: docker-library/wordpress 4.8 docker-entrypoint.sh.

use cri::{Caller, Fs, Spawn, System};
use shell::fs::FsError;
use sim::Random;
use thin::Str;

use crate::mysql::PORT;
use crate::mysql::connection::Target;

/// Where the site lies.
pub(crate) const ROOT: &str = "/var/www/html";
/// Its configuration.
const CONFIG: &str = "/var/www/html/wp-config.php";
const OWNER: u32 = 33;

/// What is copied: a few files that stand for the many of the real thing.
const FILES: [(&str, &str); 12] = [
    ("index.php", "<?php\n// The front door.\nrequire __DIR__ . '/wp-blog-header.php';\n"),
    ("wp-blog-header.php", "<?php\nrequire_once __DIR__ . '/wp-load.php';\n"),
    ("wp-load.php", "<?php\nrequire_once __DIR__ . '/wp-config.php';\n"),
    ("wp-login.php", "<?php\nrequire __DIR__ . '/wp-load.php';\n"),
    ("wp-config-sample.php", "<?php\n// The settings go into wp-config.php.\n"),
    ("readme.html", "<!DOCTYPE html>\n<title>WordPress</title>\n<h1>WordPress</h1>\n"),
    ("wp-admin/index.php", "<?php\nrequire_once __DIR__ . '/admin.php';\n"),
    ("wp-admin/install.php", "<?php\nrequire_once dirname(__DIR__) . '/wp-load.php';\n"),
    ("wp-includes/version.php", "<?php\n$wp_version = '@VERSION@';\n"),
    ("wp-content/index.php", "<?php\n"),
    ("wp-content/plugins/index.php", "<?php\n"),
    ("wp-content/themes/twentyseventeen/style.css", "/*\nTheme Name: Twenty Seventeen\n*/\n"),
];

/// Whether the site's files are there.
pub(crate) fn is_copied(system: &System<'_>) -> bool {
    let root = Caller::root(system.now);
    system.files.exists(&format!("{ROOT}/index.php"), root)
        && system.files.exists(&format!("{ROOT}/wp-includes/version.php"), root)
}

/// Copies the site's files, as root for the web server's user.
pub(crate) fn copy(version: &str, system: &mut System<'_>) -> Result<(), FsError> {
    let root = Caller::root(system.now);
    system.files.chown(ROOT, OWNER, OWNER, root)?;
    system.files.chmod(ROOT, 0o755, root)?;
    for (name, text) in FILES {
        let path = format!("{ROOT}/{name}");
        for (at, _) in name.match_indices('/') {
            make_directory(&format!("{ROOT}/{}", &name[..at]), root, system)?;
        }
        if !system.files.exists(&path, root) {
            system.files.write(&path, text.replace("@VERSION@", version).as_bytes(), root)?;
            system.files.chown(&path, OWNER, OWNER, root)?;
        }
    }
    make_directory(&format!("{ROOT}/wp-content/uploads"), root, system)
}

fn make_directory(path: &str, root: Caller, system: &mut System<'_>) -> Result<(), FsError> {
    if system.files.exists(path, root) {
        return Ok(());
    }
    system.files.mkdir(path, root)?;
    system.files.chown(path, OWNER, OWNER, root)
}

/// The settings of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// Where the database is, and whose it is.
    pub(crate) target: Target,
    /// What tables' names begin with.
    pub(crate) prefix: Str,
    /// What cookies are signed with.
    pub(crate) key: Str,
}

/// The environment's settings: constant, variable, default.
const SETTINGS: [(&str, &str, &str); 4] = [
    ("DB_NAME", "WORDPRESS_DB_NAME", "wordpress"),
    ("DB_USER", "WORDPRESS_DB_USER", "root"),
    ("DB_PASSWORD", "WORDPRESS_DB_PASSWORD", ""),
    ("DB_HOST", "WORDPRESS_DB_HOST", "mysql"),
];

fn constant(text: &str, name: &str) -> Option<Str> {
    let head = format!("define('{name}', '");
    let rest = &text[text.find(&head)? + head.len()..];
    let end = rest.find("');")?;
    Some(rest[..end].replace("\\'", "'").replace("\\\\", "\\").into())
}

fn define(name: &str, value: &str) -> String {
    format!("define('{name}', '{}');\n", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Writes the configuration. What stood there stays, but for what the environment gives.
pub(crate) fn write(spawn: &Spawn, system: &mut System<'_>) -> Result<(), FsError> {
    let root = Caller::root(system.now);
    let old = system.files.read(CONFIG, root).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok();
    let old = old.unwrap_or_default();
    let mut text = String::from("<?php\n");
    for (name, variable, default) in SETTINGS {
        let given = spawn.env.get(variable).cloned().or_else(|| constant(&old, name));
        text.push_str(&define(name, &given.unwrap_or_else(|| default.into())));
    }
    let fresh = || {
        let mut random = Random::stream(system.now.0, system.hostname);
        format!("{:016x}{:016x}", random.below(u64::MAX), random.below(u64::MAX))
    };
    let key = spawn.env.get("WORDPRESS_AUTH_KEY").cloned().or_else(|| constant(&old, "AUTH_KEY"));
    text.push_str(&define("AUTH_KEY", &key.unwrap_or_else(|| fresh().into())));
    let prefix = spawn.env.get("WORDPRESS_TABLE_PREFIX").cloned().unwrap_or_else(|| "wp_".into());
    text.push_str(&format!("$table_prefix = '{prefix}';\n"));
    if text != old {
        system.files.write(CONFIG, text.as_bytes(), root)?;
        system.files.chown(CONFIG, OWNER, OWNER, root)?;
    }
    Ok(())
}

/// Reads the configuration; none if there is no such file.
pub(crate) fn read(system: &System<'_>) -> Option<Config> {
    let bytes = system.files.read(CONFIG, Caller::root(system.now)).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let given = |name: &str| constant(&text, name).unwrap_or_default();
    let host = given("DB_HOST");
    let (host, port) =
        host.split_once(':').map_or((host.clone(), PORT), |(host, port)| (host.into(), port.parse().unwrap_or(PORT)));
    let target =
        Target { host, port, user: given("DB_USER"), password: given("DB_PASSWORD"), database: given("DB_NAME") };
    let prefix = text.split_once("$table_prefix = '").and_then(|(_, rest)| rest.split('\'').next());
    Some(Config { target, prefix: prefix.unwrap_or("wp_").into(), key: given("AUTH_KEY") })
}
