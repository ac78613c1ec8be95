//! Puts the package `ordinal-playground` together in `dist/npm`: the engine, its JavaScript, its types, and the page that
//! `createPlayground` shows.

use crate::install;
use crate::page;
use crate::size;
use crate::tool::{self, Outcome, say};
use std::fs;
use std::path::{Path, PathBuf};

/// What stands beside the engine in the package.
const TEXTS: [&str; 6] = ["index.js", "options.js", "playground.js", "surface.js", "index.d.ts", "README.md"];

/// Parts of the built page that the package does not need.
const NOT_PACKED: [&str; 4] = ["npm/", "site/", "sitemap.xml", "first-load.json"];

/// Builds the package around a built page, and answers the folder.
pub(crate) fn build(dist: &Path) -> Outcome<PathBuf> {
    install::wasm_target()?;
    say("compiling the library (release, wasm32)");
    page::compile(&["--package", "widget"])?;
    let folder = dist.join("npm");
    page::clear(&folder)?;
    page::bindgen(&folder, &[("web", "engine", page::compiled("widget"))])?;
    let sources = tool::root().join("crates/widget/npm");
    for name in TEXTS {
        page::write(&folder.join(name), &page::read(&sources.join(name))?)?;
    }
    page::split(&folder, "engine", &page::compiled("widget"))?;
    let licence = tool::root().join("LICENSE");
    fs::copy(&licence, folder.join("LICENSE")).map_err(|error| format!("{}: {error}", licence.display()))?;
    page::write(&folder.join("package.json"), &manifest())?;
    let is_packed = |name: &str| !NOT_PACKED.iter().any(|start| name.starts_with(start));
    page::copy_some(dist, &folder.join("page"), is_packed)?;
    say(&format!("built {}", folder.display()));
    print!("{}", size::engine(dist)?.0);
    Ok(folder)
}

fn manifest() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"{{
  "name": "ordinal-playground",
  "version": "{version}",
  "description": "Kubernetes for stateful applications, as a library in WebAssembly",
  "license": "Apache-2.0",
  "type": "module",
  "exports": {{ ".": {{ "types": "./index.d.ts", "default": "./index.js" }}, "./engine_bg.wasm": "./engine_bg.wasm", "./engine_rest.wasm": "./engine_rest.wasm", "./page/*": "./page/*" }},
  "files": ["index.js", "options.js", "playground.js", "surface.js", "index.d.ts", "engine.js", "engine_bg.wasm", "engine_rest.wasm", "page"],
  "sideEffects": false,
  "engines": {{ "node": ">=20" }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manifest_is_json_and_names_what_is_built() {
        let manifest = super::manifest();
        assert_eq!(manifest.matches('{').count(), manifest.matches('}').count());
        for name in [
            "index.js",
            "options.js",
            "playground.js",
            "surface.js",
            "index.d.ts",
            "engine.js",
            "engine_bg.wasm",
            "engine_rest.wasm",
            "page",
        ] {
            assert!(manifest.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
