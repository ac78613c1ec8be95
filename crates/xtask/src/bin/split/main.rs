//! Splits a finished program in two: what a first session runs, and the rest, which is loaded when it is first called
//! (docs/decisions/0007).
//!
//! Usage: `split DIR NAME LINKED SCRATCH`. In DIR stand `NAME.js` and `NAME_bg.wasm` as wasm-bindgen wrote them from LINKED, which was linked with
//! `--emit-relocs`; afterwards `NAME_bg.wasm` is the first part, `NAME_rest.wasm` the other, and `NAME.js` knows where it is. What a first session runs is
//! found out by running one, in Node, with the same program made to count. A longer one must get the same answers, byte for byte, from the two parts
//! as from the whole. NAME is one of those for which there are sessions: `worker` and `engine`.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "runs in the real world, and is not part of the wasm"
)]

mod code;
mod count;
mod cut;
mod data;
mod divide;
mod module;
mod pieces;
mod requests;
mod session;
mod write;

use data::Symbols;
use module::{Module, Outcome};
use session::{Length, Session};
use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wasmparser::Operator;

/// What stands in front of a program in two parts.
const REST: &str = include_str!("../../../js/rest.js");

fn split(folder: &Path, name: &str, linked: &Path, scratch: &Path) -> Outcome<()> {
    std::fs::create_dir_all(scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let [script, program, rest] = ["js", "bg.wasm", "rest.wasm"].map(|end| {
        let point = if end == "js" { "." } else { "_" };
        folder.join(format!("{name}{point}{end}"))
    });
    let session = Session::of(name, folder, scratch)?;
    let bytes = read(&program)?;
    let module = Module::read(&bytes)?;
    let mut ran = profile(&module, &session, scratch)?;
    if session.has_chance() {
        keep_leaves(&module, &mut ran);
    }
    let expected = session.run(Length::Long, &program, &[])?;
    let stamp = stamp(&bytes, &ran);
    let parts = divide::divide(&module, &Symbols::read(&read(linked)?)?, &ran, &stamp)?;
    // Bundlers, which the package is for, name files by their content themselves.
    let query = if name == "engine" { String::new() } else { format!("?{stamp}") };
    let address = format!("{name}_rest.wasm{query}");
    let text = String::from_utf8(read(&script)?).map_err(module::in_words)?;
    write(&program, &parts.first)?;
    write(&rest, &parts.rest)?;
    write(&script, aware(&text, &address)?.as_bytes())?;
    match session.run(Length::Long, &program, &[OsStr::new("--rest"), rest.as_os_str()])? == expected {
        true => Ok(()),
        false => Err("the two parts do not answer as the whole did".into()),
    }
}

/// What of the module ran in the session, one mark for each basic block.
fn profile(module: &Module, session: &Session, scratch: &Path) -> Outcome<Vec<bool>> {
    let [counting, marks] = ["counting.wasm", "marks"].map(|name| scratch.join(name));
    write(&counting, &count::counting(module)?)?;
    let (base, blocks) = count::marks(module);
    let (base, count) = (base.to_string(), blocks.to_string());
    let options = [OsStr::new("--marks"), marks.as_os_str(), OsStr::new(&base), OsStr::new(&count)];
    session.check(&session.run(Length::First, &counting, &options)?)?;
    let ran: Vec<bool> = read(&marks)?.iter().map(|mark| *mark != 0).collect();
    if ran.len() == blocks { Ok(ran) } else { Err("the session left marks of another program".into()) }
}

/// Functions of so many bytes that are called by their address are kept, if they call nothing else that did not run.
const LEAF_BYTES_MAX: u32 = 96;

/// To what ran, adds the small functions that might as well have: whether a hash map compares two keys, for one, is a matter of where things lie
/// in memory.
fn keep_leaves(module: &Module, ran: &mut [bool]) {
    let blocks: Vec<Range<usize>> = module
        .bodies
        .iter()
        .scan(0, |next, code| {
            let start = *next;
            *next += code.blocks();
            Some(start..*next)
        })
        .collect();
    let is_run: Vec<bool> = blocks.iter().map(|blocks| ran[blocks.clone()].contains(&true)).collect();
    let is_kept = |operator: &Operator| match operator {
        Operator::Call { function_index } => {
            function_index.checked_sub(module.imported).is_none_or(|place| is_run[place as usize])
        }
        Operator::CallIndirect { .. } => false,
        _ => true,
    };
    for (_, function) in &module.slots {
        let Some(place) = function.checked_sub(module.imported) else { continue };
        let code = &module.bodies[place as usize];
        if code.sizes.iter().sum::<u32>() <= LEAF_BYTES_MAX && code.ops.iter().all(is_kept) {
            ran[blocks[place as usize].clone()].fill(true);
        }
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

/// The script that knows of the second part. A module exports what its loader needs; a classic script leaves it where all see it.
fn aware(script: &str, file: &str) -> Outcome<String> {
    const IMPORTS: &str = "return {\n";
    const FIRST: &str = "__proto__: null,\n";
    let is_module = script.contains("\nexport { ");
    let address = match is_module {
        true => format!("new URL('{file}', import.meta.url).href"),
        false => format!("'{file}'"),
    };
    let place = script.match_indices(FIRST).filter(|(at, _)| script[..*at].trim_end_matches(' ').ends_with(IMPORTS));
    let [(at, _)] = place.collect::<Vec<_>>()[..] else {
        return Err("wasm-bindgen writes its imports in another way than before".into());
    };
    let (before, after) = script.split_at(at + FIRST.len());
    let export = if is_module { "\nexport { rest };\n" } else { "" };
    let rest = REST.replace("ADDRESS", &address);
    Ok(format!("{rest}{before}\"rest\": {{ load: () => rest.load(wasm) }},\n{after}{export}"))
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
        [folder, name, linked, scratch] => split(folder, &name.to_string_lossy(), linked, scratch),
        _ => Err("usage: split DIR NAME LINKED SCRATCH".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("split: {error}");
            ExitCode::FAILURE
        }
    }
}
