//! Splits a finished program in two: what a first session runs, and the rest, which is loaded when it is first called
//! (docs/decisions/0007).
//!
//! Usage: `split DIR NAME SCRATCH`. In DIR stand `NAME.js` and `NAME_bg.wasm` as wasm-bindgen wrote them; afterwards `NAME_bg.wasm` is the first part,
//! `NAME_rest.wasm` the other, and `NAME.js` knows where it is. What a first session runs is found out by running one, in Node, with the same program
//! made to count. A longer one must get the same answers, byte for byte, from the two parts as from the whole.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "runs in the real world, and is not part of the wasm"
)]

mod code;
mod count;
mod cut;
mod divide;
mod module;
mod pieces;
mod session;
mod write;

use module::{Module, Outcome};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs a session.
const SESSION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/js/session.mjs");

fn split(folder: &Path, name: &str, scratch: &Path) -> Outcome<()> {
    std::fs::create_dir_all(scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let [script, program, rest] = ["js", "bg.wasm", "rest.wasm"].map(|end| {
        let point = if end == "js" { "." } else { "_" };
        folder.join(format!("{name}{point}{end}"))
    });
    let bytes = read(&program)?;
    let module = Module::read(&bytes)?;
    let ran = profile(&module, &script, scratch)?;
    let long = scratch.join("long");
    write(&long, session::long_requests().as_bytes())?;
    let expected = run(&[&script, &program, &long], &[])?;
    let stamp = stamp(&bytes, &ran);
    let parts = divide::divide(&module, &ran, &stamp)?;
    let text = String::from_utf8(read(&script)?).map_err(module::in_words)?;
    write(&program, &parts.first)?;
    write(&rest, &parts.rest)?;
    write(&script, aware(&text, &format!("{name}_rest.wasm?{stamp}"))?.as_bytes())?;
    match run(&[&script, &program, &long], &[OsStr::new("--rest"), rest.as_os_str()])? == expected {
        true => Ok(()),
        false => Err("the two parts do not answer as the whole did".into()),
    }
}

/// What of the module ran in the session, one mark for each basic block.
fn profile(module: &Module, script: &Path, scratch: &Path) -> Outcome<Vec<bool>> {
    let [counting, requests, marks] = ["counting.wasm", "requests", "marks"].map(|name| scratch.join(name));
    write(&counting, &count::counting(module)?)?;
    write(&requests, session::requests().as_bytes())?;
    let (base, blocks) = count::marks(module);
    let (base, count) = (base.to_string(), blocks.to_string());
    let options = [OsStr::new("--marks"), marks.as_os_str(), OsStr::new(&base), OsStr::new(&count)];
    session::check(&run(&[script, &counting, &requests], &options)?)?;
    let ran: Vec<bool> = read(&marks)?.iter().map(|mark| *mark != 0).collect();
    if ran.len() == blocks { Ok(ran) } else { Err("the session left marks of another program".into()) }
}

/// What the worker of these files (script, wasm, requests) answers.
fn run(files: &[&Path], options: &[&OsStr]) -> Outcome<String> {
    let output = Command::new("node").arg(SESSION).args(files).args(options).output();
    let output = output.map_err(|error| format!("cannot start node: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Both parts carry it: a part of one build does not fit to one of another.
fn stamp(program: &[u8], ran: &[bool]) -> String {
    let marks = ran.iter().map(|mark| u8::from(*mark));
    // FNV-1a; nobody is to be kept from making two builds with one stamp.
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = program.iter().copied().chain(marks).fold(0xcbf2_9ce4_8422_2325, mix);
    format!("{hash:016x}")
}

/// The script with the import by which the first part asks for the rest. `loadRest` is the loader's.
fn aware(script: &str, address: &str) -> Outcome<String> {
    const IMPORTS: &str = "return {\n            __proto__: null,\n";
    if script.matches(IMPORTS).count() != 1 {
        return Err("wasm-bindgen writes its imports in another way than before".into());
    }
    let import = format!("{IMPORTS}            \"rest\": {{ load: () => self.loadRest(wasm) }},\n");
    Ok(format!("self.restAddress = {address:?};\n{}", script.replace(IMPORTS, &import)))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let outcome = match arguments.as_slice() {
        [folder, name, scratch] => split(folder, &name.to_string_lossy(), scratch),
        _ => Err("usage: split DIR NAME SCRATCH".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("split: {error}");
            ExitCode::FAILURE
        }
    }
}
