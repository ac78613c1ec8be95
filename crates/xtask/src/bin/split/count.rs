//! The counting build: the same module, in which every basic block says that it ran, by a byte of its own in memory behind all that the
//! program was linked with.

use crate::code::Code;
use crate::module::{Module, Outcome, in_words};
use crate::write;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, Function, Instruction, MemArg, MemorySection, RawSection,
};

const PAGE_BYTES: u64 = 65_536;

/// The module with its marks. Behind the memory that it asked for come as many bytes as there are basic blocks.
pub(crate) fn counting(module: &Module) -> Outcome<Vec<u8>> {
    let blocks: usize = module.bodies.iter().map(Code::blocks).sum();
    let base = module.memories[0].initial * PAGE_BYTES;
    let mut memory = RoundtripReencoder.memory_type(module.memories[0]).map_err(in_words)?;
    memory.minimum += (blocks as u64).div_ceil(PAGE_BYTES);
    let mut memories = MemorySection::new();
    memories.memory(memory);
    let mut out = wasm_encoder::Module::new();
    out.section(&write::types(module)?).section(&write::imports(module)?);
    out.section(&write::functions(module.functions[module.imported as usize..].iter().copied()));
    out.section(&write::tables(&write::table_types(module)?)).section(&memories);
    out.section(&write::globals(module)?).section(&write::exports(module, |function| function)?);
    out.section(&elements(module)).section(&code(module, base)?);
    out.section(&RawSection { id: wasm_encoder::SectionId::Data as u8, data: module.data });
    Ok(out.finish())
}

/// Where the marks begin, and how many there are.
pub(crate) fn marks(module: &Module) -> (u64, usize) {
    (module.memories[0].initial * PAGE_BYTES, module.bodies.iter().map(Code::blocks).sum())
}

fn elements(module: &Module) -> ElementSection {
    let mut section = ElementSection::new();
    for (slot, function) in &module.slots {
        section.active(None, &ConstExpr::i32_const(*slot as i32), Elements::Functions((&[*function][..]).into()));
    }
    section
}

fn code(module: &Module, base: u64) -> Outcome<CodeSection> {
    let mut section = CodeSection::new();
    let mut next = base;
    for code in &module.bodies {
        let mut function = write::function(code)?;
        let mut leaders = code.leaders.iter().copied().peekable();
        for (at, operator) in code.ops.iter().enumerate() {
            if leaders.next_if_eq(&at).is_some() {
                mark(&mut function, next);
                next += 1;
            }
            function.instruction(&RoundtripReencoder.instruction(operator.clone()).map_err(in_words)?);
        }
        section.function(&function);
    }
    Ok(section)
}

fn mark(function: &mut Function, address: u64) {
    function.instruction(&Instruction::I32Const(0)).instruction(&Instruction::I32Const(1));
    function.instruction(&Instruction::I32Store8(MemArg { offset: address, align: 0, memory_index: 0 }));
}
