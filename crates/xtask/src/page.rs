//! Builds the page into `dist/`: two wasm programs (the page and the worker with the engine), their loaders, and
//! everything under `www/`. The same result as Trunk's, from the same `www/index.html`, without Trunk.
//!
//! Every address in the output is relative, so the folder works under any base path; nothing is inline, so it works
//! under the strict content security policy that `index.html` states.

use crate::install;
use crate::site;
use crate::size;
use crate::tool::{self, Outcome, say};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds, and answers the folder.
pub(crate) fn build() -> Outcome<PathBuf> {
    install::wasm_target()?;
    say("compiling the page and the worker (release, wasm32)");
    compile(&["--package", "ordinal-web", "--bin", "page", "--bin", "worker"])?;

    // Put together aside and then moved, so that two builds at a time leave one whole page.
    let staging = tool::target_dir().join(format!("page-{}", std::process::id()));
    assemble(&staging)?;
    let dist = tool::root().join("dist");
    clear(&dist)?;
    copy_folder(&staging, &dist)?;
    remove(&staging)?;
    say(&format!("built {}", dist.display()));
    Ok(dist)
}

/// Compiles for the page. The linker's relocations stay in the wasm: they tell `split` which data belongs to which code.
pub(crate) fn compile(what: &[&str]) -> Outcome<()> {
    const RELOCATIONS: &str = "target.wasm32-unknown-unknown.rustflags=['-Clink-arg=--emit-relocs']";
    let mut compile = tool::cargo();
    compile.arg("build").args(what).args(["--profile", "wasm", "--target", "wasm32-unknown-unknown"]);
    tool::run(compile.args(["--config", RELOCATIONS]))
}

/// Where [`compile`] leaves the program of this name.
pub(crate) fn compiled(name: &str) -> PathBuf {
    tool::target_dir().join(format!("wasm32-unknown-unknown/wasm/{name}.wasm"))
}

fn assemble(page: &Path) -> Outcome<()> {
    clear(page)?;
    copy_folder(&tool::root().join("www"), page)?;
    bindgen(page, &[("web", "page", compiled("page")), ("no-modules", "worker", compiled("worker"))])?;
    // The page's session has the whole worker beside it.
    split(page, "page", &compiled("page"))?;
    split(page, "worker", &compiled("worker"))?;
    bundle_editor(page)?;
    let index = read(&page.join("index.html"))?;
    write(&page.join("index.html"), &without_trunk_links(&index))?;
    site::write(page)?;
    size::write_list(page)
}

/// The editor, which the page loads when it is asked for: bundled by esbuild from the packages pinned in its lock file.
fn bundle_editor(page: &Path) -> Outcome<()> {
    install::node()?;
    let folder = install::editor_folder();
    install::node_modules(&folder)?;
    tool::run(Command::new("node").arg(folder.join("bundle.mjs")).arg(page))
}

/// Runs the wasm-bindgen step over `(target, name, compiled wasm)`.
pub(crate) fn bindgen(out: &Path, jobs: &[(&str, &str, PathBuf)]) -> Outcome<()> {
    let is_first = !tool::target_dir().join("debug/bindgen").is_file();
    say(if is_first { "wasm-bindgen (its first compilation takes a minute or two)" } else { "wasm-bindgen" });
    let mut command = tool::cargo();
    command.args(["run", "--quiet", "--package", "xtask", "--features", "bindgen", "--bin", "bindgen", "--"]).arg(out);
    for (target, name, input) in jobs {
        command.args([target, name]).arg(input);
    }
    tool::run(&mut command)
}

/// Splits a program into what a first session runs and the rest (docs/decisions/0007).
pub(crate) fn split(folder: &Path, name: &str, linked: &Path) -> Outcome<()> {
    install::node()?;
    install::node_modules(&install::sessions_folder())?;
    say(&format!("splitting {name}_bg.wasm"));
    let scratch = tool::target_dir().join(format!("split-{}", std::process::id()));
    let mut command = tool::cargo();
    command.args(["run", "--quiet", "--package", "xtask", "--features", "bindgen", "--bin", "split", "--"]);
    tool::run(command.arg(folder).arg(name).args([linked, &scratch]))?;
    remove(&scratch)
}

/// `index.html` without the lines that only Trunk reads: they name sources, not files of the finished page.
fn without_trunk_links(html: &str) -> String {
    let kept = html.lines().filter(|line| !line.contains("data-trunk"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// An empty folder, whatever stood there before.
pub(crate) fn clear(folder: &Path) -> Outcome<()> {
    remove(folder)?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn remove(folder: &Path) -> Outcome<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    copy_some(from, to, |_| true)
}

/// Copies the files whose path below the folder is wanted.
pub(crate) fn copy_some(from: &Path, to: &Path, is_wanted: impl Fn(&str) -> bool) -> Outcome<()> {
    for file in files_under(from)? {
        let below = file.strip_prefix(from).expect("a file under the folder starts with its path");
        if !is_wanted(&below.to_string_lossy().replace('\\', "/")) {
            continue;
        }
        let target = to.join(below);
        let parent = target.parent().expect("the target lies in a folder");
        let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(&file, &target));
        copied.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// Every file below a folder, in order of its path.
pub(crate) fn files_under(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a file; the error names it.
pub(crate) fn read(file: &Path) -> Outcome<String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Writes a text; the error names the file.
pub(crate) fn write(file: &Path, text: &str) -> Outcome<()> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

/// What Trunk builds from the same sources, where Trunk is present: the check that Trunk.toml stays valid.
pub(crate) fn trunk() -> Option<Command> {
    let trunk = tool::find("trunk")?;
    let mut command = Command::new(trunk);
    command.current_dir(tool::root()).env("CARGO_TARGET_DIR", tool::target_dir());
    command.args(["build", "--release", "--offline", "--dist"]).arg(tool::target_dir().join("trunk-dist"));
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finished_page_names_no_sources_and_only_relative_addresses() {
        let html = read(&tool::root().join("www/index.html")).unwrap();
        let page = without_trunk_links(&html);
        assert!(html.contains("data-trunk") && !page.contains("data-trunk"));
        assert!(
            !page.contains("href=\"/") && !page.contains("src=\"/"),
            "an absolute address breaks under a base path"
        );
        assert!(!page.contains("<script>") && !page.contains("<style"), "the policy forbids what is inline");
    }

    #[test]
    fn trunk_copies_every_file_of_www() {
        let www = tool::root().join("www");
        let html = read(&www.join("index.html")).unwrap();
        for entry in fs::read_dir(&www).unwrap().map(|entry| entry.unwrap().file_name()) {
            let name = entry.to_string_lossy();
            let link = format!("href=\"{name}\"");
            let named = html.lines().any(|line| line.contains("data-trunk") && line.contains(&link));
            assert!(named || name == "index.html", "www/index.html has no data-trunk link that copies {name}");
        }
    }
}
