//! One module becomes two that share memory, tables and globals: `first` with what ran in a first session, and `rest` with everything else.
//!
//! A function of one side is called from the other through its slot in table 0. The slots of `rest` are empty until it is loaded, so
//! `first` calls through a thunk, one for each type, which takes the slot as a last argument, has the host load `rest` if the slot is empty, and
//! then calls what stands there. Whatever was called indirectly before goes the same way. When `rest` has been instantiated its slots
//! are filled, for good: a wrong choice costs time, never a wrong result.

use crate::code::Code;
use crate::cut::Cut;
use crate::data::Symbols;
use crate::module::{Module, Outcome, in_words};
use crate::pieces;
use crate::write;
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind, Function,
    GlobalType, HeapType, ImportSection, Instruction, RefType, StartSection, TableType, TypeSection, ValType,
};
use wasmparser::Operator;

/// The import by which `first` asks for `rest`.
const LOAD: (&str, &str) = ("rest", "load");
/// The module that `rest` imports from: the exports of `first`.
const FIRST: &str = "first";

/// The two modules.
pub(crate) struct Parts {
    pub(crate) first: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Divides by what ran: one mark for each basic block. Exported functions are `first`'s in any case.
/// `stamp` names the pair: by it `rest` imports the sign that it is loaded, so that it does not link with another build's `first`.
pub(crate) fn divide(module: &Module, data: &Symbols, ran: &[bool], stamp: &str) -> Outcome<Parts> {
    let plan = Plan::new(module, data, ran, stamp)?;
    Ok(Parts { first: plan.first()?, rest: plan.rest()? })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Rest,
}

/// A signature.
type Signature = (Vec<ValType>, Vec<ValType>);

struct Plan<'a> {
    module: &'a Module<'a>,
    stamp: &'a str,
    side: Vec<Side>,
    /// The functions of `first` whose other piece is in `rest`.
    cuts: BTreeMap<u32, Cut>,
    /// The number of each function on its own side.
    number: Vec<u32>,
    /// Slots of functions that have one, and of second pieces.
    slot_of: BTreeMap<u32, u32>,
    piece_slots: BTreeMap<u32, u32>,
    /// Slots of the source and of `first`, and all.
    first_slots: u32,
    slots: u32,
    /// Types beyond the source's: the second pieces'.
    piece_types: Vec<Signature>,
    piece_type_of: BTreeMap<u32, u32>,
    /// The types that `first` has thunks for, in order.
    thunks: Vec<u32>,
    /// The data that only `rest` reads: `(start, end)`, in order.
    data: Vec<(u32, u32)>,
}

impl<'a> Plan<'a> {
    fn new(module: &'a Module<'a>, data: &Symbols, ran: &[bool], stamp: &'a str) -> Outcome<Plan<'a>> {
        let (side, cuts) = sides(module, ran);
        let slots = module.tables.first().map_or(0, |table| table.initial as u32);
        let mut plan = Plan {
            module,
            stamp,
            side,
            cuts,
            number: Vec::new(),
            slot_of: module.slots.iter().map(|(slot, function)| (*function, *slot)).collect(),
            piece_slots: BTreeMap::new(),
            first_slots: slots,
            slots,
            piece_types: Vec::new(),
            piece_type_of: BTreeMap::new(),
            thunks: Vec::new(),
            data: Vec::new(),
        };
        plan.number_functions();
        plan.give_slots()?;
        plan.type_pieces()?;
        plan.data = data.movable(plan.first_instructions())?;
        Ok(plan)
    }

    fn number_functions(&mut self) {
        // `load` is the last import of `first`; `rest` imports no function.
        let (mut first, mut rest) = (self.module.imported + 1, 0);
        for (function, side) in self.side.iter().enumerate() {
            let next = match side {
                Side::First if function < self.module.imported as usize => {
                    self.number.push(function as u32);
                    continue;
                }
                Side::First => &mut first,
                Side::Rest => &mut rest,
            };
            self.number.push(*next);
            *next += 1;
        }
    }

    /// The functions that are called across, and the types that are called through thunks.
    fn give_slots(&mut self) -> Outcome<()> {
        let (mut called, mut thunks) = ([BTreeSet::new(), BTreeSet::new()], BTreeSet::new());
        for (function, code) in self.bodies() {
            for (side, operator) in self.instructions(function, code) {
                match operator {
                    Operator::Call { function_index } if self.side[*function_index as usize] != side => {
                        called[usize::from(side == Side::First)].insert(*function_index);
                        if side == Side::First {
                            thunks.insert(self.module.functions[*function_index as usize]);
                        }
                    }
                    Operator::CallIndirect { type_index, table_index: 0 } if side == Side::First => {
                        thunks.insert(*type_index);
                    }
                    Operator::RefFunc { .. } | Operator::TableGet { table: 0 } | Operator::TableSet { table: 0 } => {
                        return Err("an instruction that would see the split".into());
                    }
                    _ => {}
                }
            }
        }
        self.thunks = thunks.into_iter().collect();
        // Those of `first` first: what is empty until `rest` comes need not be listed.
        let [of_first, of_rest] = called;
        self.give_slots_to(of_first);
        self.first_slots = self.slots;
        self.give_slots_to(of_rest);
        for function in self.cuts.keys() {
            self.piece_slots.insert(*function, self.slots);
            self.slots += 1;
        }
        Ok(())
    }

    fn give_slots_to(&mut self, functions: BTreeSet<u32>) {
        for function in functions {
            let next = self.slots;
            if *self.slot_of.entry(function).or_insert(next) == next {
                self.slots += 1;
            }
        }
    }

    fn type_pieces(&mut self) -> Outcome<()> {
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        for (function, cut) in &self.cuts {
            let kinds = write::locals(self.code(*function))?;
            let passed = cut.passed.iter().map(|local| kinds[*local as usize]).chain([ValType::I32]).collect();
            let signature: Signature = (passed, self.signature(self.module.functions[*function as usize])?.1);
            let next = (self.module.types.len() + self.piece_types.len()) as u32;
            let number = *known.entry(format!("{signature:?}")).or_insert(next);
            if number == next {
                self.piece_types.push(signature);
            }
            self.piece_type_of.insert(*function, number);
        }
        Ok(())
    }

    fn code(&self, function: u32) -> &'a Code<'a> {
        &self.module.bodies[(function - self.module.imported) as usize]
    }

    fn bodies(&self) -> impl Iterator<Item = (u32, &'a Code<'a>)> + use<'a> {
        let imported = self.module.imported;
        self.module.bodies.iter().enumerate().map(move |(place, code)| (imported + place as u32, code))
    }

    fn functions_of(&self, side: Side) -> impl Iterator<Item = u32> {
        let all = self.module.imported..self.module.functions.len() as u32;
        all.filter(move |function| self.side[*function as usize] == side)
    }

    /// What of a function is written on which side.
    fn instructions(&self, function: u32, code: &'a Code<'a>) -> Vec<(Side, &'a Operator<'a>)> {
        let Some(cut) = self.cuts.get(&function) else {
            return code.ops.iter().map(|operator| (self.side[function as usize], operator)).collect();
        };
        let pieces = [(Side::First, &cut.kept), (Side::Rest, &cut.moved)];
        let mut found = Vec::new();
        for (side, blocks) in pieces {
            let written = (0..code.blocks()).filter(|block| blocks[*block]).flat_map(|block| code.block(block));
            found.extend(written.map(|at| (side, &code.ops[at])));
        }
        found
    }

    fn first_instructions(&self) -> impl Iterator<Item = &'a Operator<'a>> {
        let written = self.bodies().flat_map(|(function, code)| self.instructions(function, code));
        written.filter(|(side, _)| *side == Side::First).map(|(_, operator)| operator)
    }

    /// Has `rest` loaded if the slot is empty.
    fn ensure(&self) -> u32 {
        self.module.imported + 1 + self.functions_of(Side::First).count() as u32
    }

    fn thunk(&self, kind: u32) -> u32 {
        self.ensure() + 1 + self.thunks.binary_search(&kind).expect("the types of all calls were gathered") as u32
    }

    fn loaded(&self) -> u32 {
        self.module.globals.len() as u32
    }

    fn signature(&self, kind: u32) -> Outcome<Signature> {
        let kind = RoundtripReencoder.func_type(self.module.types[kind as usize].clone()).map_err(in_words)?;
        Ok((kind.params().to_vec(), kind.results().to_vec()))
    }

    /// The types that both sides number alike.
    fn types(&self) -> Outcome<TypeSection> {
        let mut types = write::types(self.module)?;
        for (params, results) in &self.piece_types {
            types.ty().function(params.clone(), results.clone());
        }
        Ok(types)
    }

    fn table_types(&self) -> Outcome<Vec<TableType>> {
        let mut types = write::table_types(self.module)?;
        if let Some(functions) = types.first_mut() {
            (functions.minimum, functions.maximum) = (u64::from(self.slots), Some(u64::from(self.slots)));
        }
        Ok(types)
    }

    /// Slots and the functions that stand in them when everything is loaded.
    fn filled(&self) -> BTreeMap<u32, u32> {
        self.module
            .slots
            .iter()
            .copied()
            .chain(self.slot_of.iter().map(|(function, slot)| (*slot, *function)))
            .collect()
    }

    fn first(&self) -> Outcome<Vec<u8>> {
        let module = self.module;
        let mut types = self.types()?;
        let ensure_type = types.len();
        types.ty().function([ValType::I32], []);
        for kind in &self.thunks {
            let (mut params, results) = self.signature(*kind)?;
            params.push(ValType::I32);
            types.ty().function(params, results);
        }
        let mut imports = write::imports(module)?;
        imports.import(LOAD.0, LOAD.1, EntityType::Function(ensure_type));
        let kinds = self.functions_of(Side::First).map(|function| module.functions[function as usize]);
        let thunk_kinds = (0..self.thunks.len() as u32).map(|place| ensure_type + 1 + place);
        let mut out = wasm_encoder::Module::new();
        out.section(&types).section(&imports);
        out.section(&write::functions(kinds.chain([ensure_type]).chain(thunk_kinds)));
        out.section(&write::tables(&self.table_types()?)).section(&write::memories(module)?);
        out.section(&self.first_globals()?).section(&self.first_exports()?);
        out.section(&self.first_elements()).section(&self.first_code()?);
        out.section(&self.first_data());
        Ok(out.finish())
    }

    /// All data, zero where `rest` brings it.
    fn first_data(&self) -> DataSection {
        let mut section = DataSection::new();
        for (address, bytes) in &self.module.segments {
            let mut bytes = bytes.to_vec();
            for (start, end) in self.data_of(*address, bytes.len()) {
                bytes[start..end].fill(0);
            }
            section.active(0, &ConstExpr::i32_const(*address as i32), bytes);
        }
        section
    }

    fn rest_data(&self) -> DataSection {
        let mut section = DataSection::new();
        for (address, bytes) in &self.module.segments {
            for (start, end) in self.data_of(*address, bytes.len()) {
                let place = ConstExpr::i32_const((*address as usize + start) as i32);
                section.active(0, &place, bytes[start..end].iter().copied());
            }
        }
        section
    }

    /// What moves of a segment, by places in it.
    fn data_of(&self, address: u32, length: usize) -> impl Iterator<Item = (usize, usize)> {
        let inside = self.data.iter().filter(move |(start, _)| *start >= address && *start < address + length as u32);
        inside.map(move |(start, end)| ((start - address) as usize, (end - address) as usize))
    }

    fn first_globals(&self) -> Outcome<wasm_encoder::GlobalSection> {
        let mut globals = write::globals(self.module)?;
        globals.global(LOADED_TYPE, &ConstExpr::i32_const(0));
        Ok(globals)
    }

    fn first_exports(&self) -> Outcome<wasm_encoder::ExportSection> {
        let mut exports = write::exports(self.module, |function| self.number[function as usize])?;
        for index in 0..self.module.globals.len() as u32 {
            exports.export(&format!("g{index}"), ExportKind::Global, index);
        }
        for index in 0..self.module.tables.len() as u32 {
            exports.export(&format!("t{index}"), ExportKind::Table, index);
        }
        exports.export("m", ExportKind::Memory, 0);
        exports.export(self.stamp, ExportKind::Global, self.loaded());
        Ok(exports)
    }

    fn first_elements(&self) -> ElementSection {
        let mut section = ElementSection::new();
        let filled = self.filled();
        let item = |slot: u32| match filled.get(&slot) {
            Some(function) if self.side[*function as usize] == Side::First => {
                ConstExpr::ref_func(self.number[*function as usize])
            }
            _ => ConstExpr::ref_null(HeapType::FUNC),
        };
        let items: Vec<ConstExpr> = (1..self.first_slots).map(item).collect();
        section.active(None, &ConstExpr::i32_const(1), Elements::Expressions(RefType::FUNCREF, items.into()));
        section
    }

    fn first_code(&self) -> Outcome<CodeSection> {
        let mut section = CodeSection::new();
        let put = |operator: &Operator, out: &mut Function| self.put(Side::First, operator, out);
        for function in self.functions_of(Side::First) {
            section.function(&match self.cuts.get(&function) {
                Some(cut) => {
                    let slot = Instruction::I32Const(self.piece_slots[&function] as i32);
                    let call = Instruction::CallIndirect { type_index: self.piece_type_of[&function], table_index: 0 };
                    let before = [slot.clone(), Instruction::Call(self.ensure())];
                    pieces::first(self.code(function), cut, &put, [&before, &[slot, call]])?
                }
                None => self.whole(Side::First, self.code(function))?,
            });
        }
        section.function(&self.ensure_code());
        for kind in &self.thunks {
            section.function(&self.thunk_code(*kind)?);
        }
        Ok(section)
    }

    fn ensure_code(&self) -> Function {
        let mut code = Function::new([]);
        code.instruction(&Instruction::LocalGet(0))
            .instruction(&Instruction::TableGet(0))
            .instruction(&Instruction::RefIsNull);
        code.instruction(&Instruction::If(BlockType::Empty));
        code.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::Call(self.module.imported));
        code.instruction(&Instruction::End).instruction(&Instruction::End);
        code
    }

    fn thunk_code(&self, kind: u32) -> Outcome<Function> {
        let slot = self.signature(kind)?.0.len() as u32;
        let mut code = Function::new([]);
        code.instruction(&Instruction::GlobalGet(self.loaded())).instruction(&Instruction::I32Eqz);
        code.instruction(&Instruction::If(BlockType::Empty));
        code.instruction(&Instruction::LocalGet(slot)).instruction(&Instruction::Call(self.ensure()));
        code.instruction(&Instruction::End);
        for local in 0..=slot {
            code.instruction(&Instruction::LocalGet(local));
        }
        code.instruction(&Instruction::CallIndirect { type_index: kind, table_index: 0 })
            .instruction(&Instruction::End);
        Ok(code)
    }

    fn whole(&self, side: Side, code: &Code) -> Outcome<Function> {
        let mut out = write::function(code)?;
        for operator in &code.ops {
            self.put(side, operator, &mut out)?;
        }
        Ok(out)
    }

    fn put(&self, side: Side, operator: &Operator, out: &mut Function) -> Outcome<()> {
        match (side, operator) {
            (_, Operator::Call { function_index }) if self.side[*function_index as usize] != side => {
                let kind = self.module.functions[*function_index as usize];
                out.instruction(&Instruction::I32Const(self.slot_of[function_index] as i32));
                out.instruction(&match side {
                    Side::First => Instruction::Call(self.thunk(kind)),
                    Side::Rest => Instruction::CallIndirect { type_index: kind, table_index: 0 },
                });
            }
            (Side::First, Operator::CallIndirect { type_index, table_index: 0 }) => {
                out.instruction(&Instruction::Call(self.thunk(*type_index)));
            }
            _ => {
                let operator = Renumber { plan: self, side }.instruction(operator.clone()).map_err(in_words)?;
                out.instruction(&operator);
            }
        }
        Ok(())
    }

    fn rest(&self) -> Outcome<Vec<u8>> {
        let mut types = self.types()?;
        let start_type = types.len();
        types.ty().function([], []);
        let kinds = self.functions_of(Side::Rest).map(|function| self.module.functions[function as usize]);
        let kinds = kinds.chain(self.cuts.keys().map(|function| self.piece_type_of[function])).chain([start_type]);
        let mut code = CodeSection::new();
        for function in self.functions_of(Side::Rest) {
            code.function(&self.whole(Side::Rest, self.code(function))?);
        }
        let put = |operator: &Operator, out: &mut Function| self.put(Side::Rest, operator, out);
        for (function, cut) in &self.cuts {
            code.function(&pieces::rest(self.code(*function), cut, &put)?);
        }
        let start = code.len();
        code.function(&self.start_code());
        let mut out = wasm_encoder::Module::new();
        out.section(&types).section(&self.rest_imports()?).section(&write::functions(kinds));
        out.section(&StartSection { function_index: start });
        out.section(&self.rest_elements()).section(&code).section(&self.rest_data());
        Ok(out.finish())
    }

    fn rest_elements(&self) -> ElementSection {
        let of_functions =
            self.filled().into_iter().filter(|(_, function)| self.side[*function as usize] == Side::Rest);
        let mut filled: BTreeMap<u32, u32> =
            of_functions.map(|(slot, function)| (slot, self.number[function as usize])).collect();
        let first_piece = self.functions_of(Side::Rest).count() as u32;
        filled.extend(self.piece_slots.values().copied().zip(first_piece..));
        let mut section = ElementSection::new();
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for (slot, function) in filled {
            match runs.last_mut() {
                Some((start, run)) if *start + run.len() as u32 == slot => run.push(function),
                _ => runs.push((slot, vec![function])),
            }
        }
        for (start, run) in runs {
            section.active(None, &ConstExpr::i32_const(start as i32), Elements::Functions(run.into()));
        }
        section
    }

    fn start_code(&self) -> Function {
        let mut code = Function::new([]);
        code.instruction(&Instruction::I32Const(1)).instruction(&Instruction::GlobalSet(self.loaded()));
        code.instruction(&Instruction::End);
        code
    }

    fn rest_imports(&self) -> Outcome<ImportSection> {
        let mut section = ImportSection::new();
        for (index, global) in self.module.globals.iter().enumerate() {
            let kind = RoundtripReencoder.global_type(global.ty).map_err(in_words)?;
            section.import(FIRST, &format!("g{index}"), EntityType::Global(kind));
        }
        section.import(FIRST, self.stamp, EntityType::Global(LOADED_TYPE));
        for (index, kind) in self.table_types()?.into_iter().enumerate() {
            section.import(FIRST, &format!("t{index}"), EntityType::Table(kind));
        }
        let memory = RoundtripReencoder.memory_type(self.module.memories[0]).map_err(in_words)?;
        section.import(FIRST, "m", EntityType::Memory(memory));
        Ok(section)
    }
}

const LOADED_TYPE: GlobalType = GlobalType { val_type: ValType::I32, mutable: true, shared: false };

/// Where each function goes, and which functions are cut.
fn sides(module: &Module, ran: &[bool]) -> (Vec<Side>, BTreeMap<u32, Cut>) {
    let is_function = |export: &&wasmparser::Export| export.kind == wasmparser::ExternalKind::Func;
    let exported: BTreeSet<u32> = module.exports.iter().filter(is_function).map(|export| export.index).collect();
    let mut side = vec![Side::First; module.imported as usize];
    let (mut cuts, mut ran) = (BTreeMap::new(), ran);
    for (code, function) in module.bodies.iter().zip(module.imported..) {
        let (own, others) = ran.split_at(code.blocks());
        ran = others;
        side.push(if own[0] || exported.contains(&function) { Side::First } else { Side::Rest });
        if own[0] {
            cuts.extend(Cut::new(code, own).map(|cut| (function, cut)));
        }
    }
    (side, cuts)
}

/// Numbers of functions on one side.
struct Renumber<'a> {
    plan: &'a Plan<'a>,
    side: Side,
}

impl Reencode for Renumber<'_> {
    type Error = String;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<String>> {
        match self.plan.side[function as usize] == self.side {
            true => Ok(self.plan.number[function as usize]),
            false => Err(Error::UserError(format!("function {function} is on the other side"))),
        }
    }
}
