//! Which constant data only the rest can read: proved by the linker's relocations, symbol by symbol.
//!
//! Code names data by address, in a constant or in the offset of an instruction; data names data by address too, and the linker lists where. So
//! whatever the code of `first` can read is named by that code, or by data that is. All other data goes with `rest`, and stands at its place before
//! any code of `rest` runs.

use crate::module::{Outcome, in_words};
use std::collections::BTreeSet;
use std::convert::Infallible;
use wasm_encoder::MemArg;
use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasmparser::{BinaryReader, KnownCustom, Linking, Operator, Parser, Payload, RelocationType, SymbolInfo};

/// The linker's name for constant data.
const CONSTANT: &str = ".rodata";
/// The number of the section of code.
const CODE: u8 = 10;
/// A run that is shorter is not worth the words that would say where it goes.
const RUN_BYTES_MIN: u32 = 8;

/// The constant data of a program as the linker wrote it, in order of address.
#[derive(Default)]
pub(crate) struct Symbols {
    spans: Vec<Span>,
    /// What is read in ways that the relocations do not bound.
    pinned: BTreeSet<usize>,
}

struct Span {
    start: u32,
    end: u32,
    /// What it names: other spans.
    names: Vec<usize>,
}

impl Symbols {
    /// Reads a program that was linked with `--emit-relocs`. Without relocations nothing is known, and nothing will move.
    pub(crate) fn read(bytes: &[u8]) -> Outcome<Symbols> {
        let (mut segments, mut constant) = (Vec::new(), None);
        // Of each symbol of the linker's table: where it lies, if it is data.
        let mut places: Vec<Option<(u32, u32)>> = Vec::new();
        let mut relocations = Vec::new();
        let mut sections = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(in_words)?;
            if let Some((id, range)) = payload.as_section() {
                sections.push((id, range.start));
            }
            match payload {
                Payload::DataSection(section) => {
                    for segment in section {
                        let segment = segment.map_err(in_words)?;
                        let address = crate::module::segment_of(&segment)?.0;
                        segments.push((segment.range.end - segment.data.len(), address, segment.data.len() as u32));
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            match part.map_err(in_words)? {
                                Linking::SegmentInfo(infos) => {
                                    let names: Vec<_> =
                                        infos.into_iter().collect::<Result<_, _>>().map_err(in_words)?;
                                    constant = names.iter().position(|info| info.name == CONSTANT);
                                }
                                Linking::SymbolTable(symbols) => {
                                    for symbol in symbols {
                                        places.push(place(&symbol.map_err(in_words)?, &segments));
                                    }
                                }
                                _ => {}
                            }
                        }
                    }
                    KnownCustom::Reloc(section) => {
                        let of = section.section_index();
                        for entry in section.entries() {
                            relocations.push((of, entry.map_err(in_words)?));
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let Some((_, start, length)) = constant.map(|index| segments[index]) else { return Ok(Symbols::default()) };
        let is_constant = |place: &&(u32, u32)| place.0 >= start && place.0 < start + length;
        let ends: BTreeSet<(u32, u32)> = places.iter().flatten().filter(is_constant).copied().collect();
        let mut found = Symbols::default();
        // Symbols that lie in one another are one span.
        for (start, end) in ends {
            match found.spans.last_mut() {
                Some(last) if start < last.end => last.end = last.end.max(end),
                _ => found.spans.push(Span { start, end, names: Vec::new() }),
            }
        }
        for (section, entry) in relocations {
            let Some((from, to)) = places.get(entry.index as usize).copied().flatten() else { continue };
            let Some((id, start)) = sections.get(section as usize) else { continue };
            let at = start + entry.offset as usize;
            let named = written(bytes, at, entry.ty).ok_or("a relocation that lld does not write")?;
            let target = found.at(from);
            if *id == CODE {
                // Code that names an address beside what it means to read, to come back from there.
                found.pinned.extend(target.filter(|_| named < from || named > to));
                continue;
            }
            let of = segments.iter().find(|(start, _, length)| (*start..start + *length as usize).contains(&at));
            let source = of.and_then(|(start, address, _)| found.at(address + (at - start) as u32));
            let named = [target, found.at(named)].into_iter().flatten();
            match source {
                Some(source) => found.spans[source].names.extend(named),
                // Named by what stays in any case.
                None => found.pinned.extend(named),
            }
        }
        Ok(found)
    }

    fn at(&self, address: u32) -> Option<usize> {
        let place = self.spans.partition_point(|span| span.start <= address).checked_sub(1)?;
        (address < self.spans[place].end).then_some(place)
    }

    /// The runs of constant data that are read by no such instruction, nor by data that one can read: `(start, end)`, in order.
    pub(crate) fn movable<'a>(&self, code: impl Iterator<Item = &'a Operator<'a>>) -> Outcome<Vec<(u32, u32)>> {
        let mut open: Vec<usize> = self.pinned.iter().copied().collect();
        for operator in code {
            for address in Addresses::of(operator)? {
                // One that lies between two spans may be the end of the one before.
                open.extend(self.at(address));
                open.extend(address.checked_sub(1).and_then(|before| self.at(before)));
            }
        }
        let mut stays = vec![false; self.spans.len()];
        while let Some(span) = open.pop() {
            if !std::mem::replace(&mut stays[span], true) {
                open.extend(&self.spans[span].names);
            }
        }
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (span, _) in self.spans.iter().zip(&stays).filter(|(_, stays)| !**stays) {
            match runs.last_mut() {
                Some(run) if run.1 == span.start => run.1 = span.end,
                _ => runs.push((span.start, span.end)),
            }
        }
        runs.retain(|(start, end)| end - start >= RUN_BYTES_MIN);
        Ok(runs)
    }
}

fn place(symbol: &SymbolInfo, segments: &[(usize, u32, u32)]) -> Option<(u32, u32)> {
    let SymbolInfo::Data { symbol: Some(symbol), .. } = symbol else { return None };
    let start = segments.get(symbol.index as usize)?.1 + symbol.offset;
    (symbol.size > 0).then_some((start, start + symbol.size))
}

/// The number that the linker wrote at this place of the file.
fn written(bytes: &[u8], at: usize, kind: RelocationType) -> Option<u32> {
    let five = || bytes.get(at..at + 5);
    match kind {
        RelocationType::MemoryAddrI32 => Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)),
        RelocationType::MemoryAddrLeb => BinaryReader::new(five()?, 0).read_var_u32().ok(),
        RelocationType::MemoryAddrSleb => BinaryReader::new(five()?, 0).read_var_i32().ok().map(|number| number as u32),
        _ => None,
    }
}

/// The numbers in an instruction that may be addresses.
#[derive(Default)]
struct Addresses(Vec<u32>);

impl Addresses {
    fn of(operator: &Operator) -> Outcome<Vec<u32>> {
        let mut found = Addresses::default();
        if let Operator::I32Const { value } = operator {
            found.0.push(*value as u32);
        }
        found.instruction(operator.clone()).map_err(in_words)?;
        Ok(found.0)
    }
}

impl Reencode for Addresses {
    type Error = Infallible;

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, Error> {
        self.0.push(arg.offset as u32);
        RoundtripReencoder.mem_arg(arg)
    }
}
