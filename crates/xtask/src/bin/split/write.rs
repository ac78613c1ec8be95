//! What both sides of a split, and the counting build, write alike.

use crate::code::Code;
use crate::module::{Module, Outcome, in_words};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, ImportSection, MemorySection, TableSection,
    TableType, TypeSection, ValType,
};

/// The types as they are, for more to be added behind.
pub(crate) fn types(module: &Module) -> Outcome<TypeSection> {
    let mut section = TypeSection::new();
    for kind in &module.types {
        let kind = RoundtripReencoder.func_type(kind.clone()).map_err(in_words)?;
        section.ty().func_type(&kind);
    }
    Ok(section)
}

/// The imports as they are.
pub(crate) fn imports(module: &Module) -> Outcome<ImportSection> {
    let mut section = ImportSection::new();
    for import in &module.imports {
        let kind = RoundtripReencoder.entity_type(import.ty).map_err(in_words)?;
        section.import(import.module, import.name, kind);
    }
    Ok(section)
}

/// The types of these functions.
pub(crate) fn functions(kinds: impl IntoIterator<Item = u32>) -> FunctionSection {
    let mut section = FunctionSection::new();
    kinds.into_iter().for_each(|kind| {
        section.function(kind);
    });
    section
}

/// The globals as they are.
pub(crate) fn globals(module: &Module) -> Outcome<GlobalSection> {
    let mut section = GlobalSection::new();
    for global in &module.globals {
        RoundtripReencoder.parse_global(&mut section, global.clone()).map_err(in_words)?;
    }
    Ok(section)
}

/// The exports, functions renumbered.
pub(crate) fn exports(module: &Module, number: impl Fn(u32) -> u32) -> Outcome<ExportSection> {
    let mut section = ExportSection::new();
    for export in &module.exports {
        let kind = RoundtripReencoder.export_kind(export.kind).map_err(in_words)?;
        let index = if kind == ExportKind::Func { number(export.index) } else { export.index };
        section.export(export.name, kind, index);
    }
    Ok(section)
}

/// The memory as it is.
pub(crate) fn memories(module: &Module) -> Outcome<MemorySection> {
    let mut section = MemorySection::new();
    for memory in &module.memories {
        section.memory(RoundtripReencoder.memory_type(*memory).map_err(in_words)?);
    }
    Ok(section)
}

/// The types of the tables as they are.
pub(crate) fn table_types(module: &Module) -> Outcome<Vec<TableType>> {
    module.tables.iter().map(|table| RoundtripReencoder.table_type(*table).map_err(in_words)).collect()
}

/// Tables of these types.
pub(crate) fn tables(types: &[TableType]) -> TableSection {
    let mut section = TableSection::new();
    for kind in types {
        section.table(*kind);
    }
    section
}

/// A function's locals in the encoder's terms.
pub(crate) fn locals(code: &Code) -> Outcome<Vec<ValType>> {
    code.locals.iter().map(|kind| RoundtripReencoder.val_type(*kind).map_err(in_words)).collect()
}

/// A function without instructions, with the locals of this one.
pub(crate) fn function(code: &Code) -> Outcome<Function> {
    Ok(Function::new_with_locals_types(locals(code)?.split_off(code.params)))
}
