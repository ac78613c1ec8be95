//! The wasm-bindgen step: one compiled `.wasm` in, one `.js` and one `_bg.wasm` out.
//!
//! Usage: `bindgen OUT_DIR (web|no-modules|nodejs NAME INPUT.wasm)…`. It is not a replacement for wasm-bindgen's own
//! command line: it knows the three targets that this project uses and has no options.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;
use wasm_encoder::{RawSection, Section};
use wasmparser::{Parser, Payload};

fn generate(out_dir: &str, target: &str, name: &str, input: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    // Without the default path, `init()` called with no argument would not find the wasm beside the script.
    bindgen
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .omit_default_module_path(false);
    let chosen = match target {
        "web" => bindgen.web(true),
        "no-modules" => bindgen.no_modules(true),
        "nodejs" => bindgen.nodejs(true),
        other => return Err(format!("unknown target {other:?}")),
    };
    chosen.and_then(|bindgen| bindgen.generate(out_dir)).map_err(|error| format!("{input}: {error:#}"))?;
    let wasm = Path::new(out_dir).join(format!("{name}_bg.wasm"));
    let bytes = fs::read(&wasm).and_then(|bytes| fs::write(&wasm, without_relocations(&bytes)?));
    bytes.map_err(|error| format!("{}: {error}", wasm.display()))
}

/// The module without what the linker notes for `split`, which reads it from the linker's own output.
fn without_relocations(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = bytes[..8].to_vec();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(std::io::Error::other)?;
        let is_noted = |name: &str| name == "linking" || name.starts_with("reloc.");
        let is_kept = !matches!(&payload, Payload::CustomSection(section) if is_noted(section.name()));
        if let (Some((id, range)), true) = (payload.as_section(), is_kept) {
            RawSection { id, data: &bytes[range] }.append_to(&mut out);
        }
    }
    Ok(out)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((out_dir, jobs)) = arguments.split_first() else {
        eprintln!("usage: bindgen OUT_DIR (web|no-modules|nodejs NAME INPUT.wasm)…");
        return ExitCode::from(2);
    };
    for job in jobs.chunks(3) {
        let outcome = match job {
            [target, name, input] => generate(out_dir, target, name, input),
            _ => Err("a job is three arguments: target, name, input".into()),
        };
        if let Err(error) = outcome {
            eprintln!("bindgen: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
