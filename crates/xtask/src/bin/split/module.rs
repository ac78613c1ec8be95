//! A compiled module taken apart: what the other files here look at, by index.

use wasmparser::{
    CompositeInnerType, ElementItems, ElementKind, Export, FuncType, Global, Import, Parser, Payload, TypeRef,
    ValidPayload, Validator,
};

use crate::code::Code;

/// What goes wrong, as one sentence.
pub(crate) type Outcome<T> = Result<T, String>;

/// The sections of one module. Functions are numbered as in wasm: the imported ones first.
#[derive(Default)]
pub(crate) struct Module<'a> {
    /// All types; every one is a function's.
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<Import<'a>>,
    /// How many functions are imported.
    pub(crate) imported: u32,
    /// The type of each function.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<wasmparser::TableType>,
    pub(crate) memories: Vec<wasmparser::MemoryType>,
    pub(crate) globals: Vec<Global<'a>>,
    pub(crate) exports: Vec<Export<'a>>,
    /// What stands in table 0: `(slot, function)`.
    pub(crate) slots: Vec<(u32, u32)>,
    /// The bodies of the functions that are not imported.
    pub(crate) bodies: Vec<Code<'a>>,
    /// The data section's bytes.
    pub(crate) data: &'a [u8],
    /// Where its segments lie in memory: `(address, bytes)`.
    pub(crate) segments: Vec<(u32, &'a [u8])>,
}

impl<'a> Module<'a> {
    /// Reads a module as lld and wasm-bindgen write it; whatever else a module may hold is refused.
    pub(crate) fn read(bytes: &'a [u8]) -> Outcome<Module<'a>> {
        let mut module = Module::default();
        let mut validator = Validator::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(in_words)?;
            if let ValidPayload::Func(validate, body) = validator.payload(&payload).map_err(in_words)? {
                module.bodies.push(Code::read(&body, validate)?);
            }
            module.take(payload, bytes)?;
        }
        Ok(module)
    }

    fn take(&mut self, payload: Payload<'a>, bytes: &'a [u8]) -> Outcome<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for kind in group.map_err(in_words)?.into_types() {
                        match kind.composite_type.inner {
                            CompositeInnerType::Func(function) => self.types.push(function),
                            _ => return Err("a type that is no function's".into()),
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.take_import(import.map_err(in_words)?)?;
                }
            }
            Payload::FunctionSection(section) => self.functions.extend(all(section)?),
            Payload::TableSection(section) => self.tables = all(section)?.into_iter().map(|table| table.ty).collect(),
            Payload::MemorySection(section) => self.memories = all(section)?,
            Payload::GlobalSection(section) => self.globals = all(section)?,
            Payload::ExportSection(section) => self.exports = all(section)?,
            Payload::ElementSection(section) => {
                for element in all(section)? {
                    self.take_element(element)?;
                }
            }
            Payload::DataSection(section) => {
                self.data = &bytes[section.range()];
                for segment in all(section)? {
                    self.segments.push(segment_of(&segment)?);
                }
            }
            Payload::StartSection { .. } | Payload::TagSection(_) => {
                return Err("a section that lld does not write".into());
            }
            _ => {}
        }
        Ok(())
    }

    fn take_import(&mut self, import: Import<'a>) -> Outcome<()> {
        let TypeRef::Func(kind) = import.ty else { return Err(format!("{} is imported and no function", import.name)) };
        self.functions.push(kind);
        self.imported += 1;
        self.imports.push(import);
        Ok(())
    }

    fn take_element(&mut self, element: wasmparser::Element<'a>) -> Outcome<()> {
        let (ElementKind::Active { table_index: None | Some(0), offset_expr }, ElementItems::Functions(items)) =
            (element.kind, element.items)
        else {
            return Err("elements that lld does not write".into());
        };
        let start = constant(&offset_expr)?;
        for (place, function) in all(items)?.into_iter().enumerate() {
            self.slots.push((start + place as u32, function));
        }
        Ok(())
    }
}

pub(crate) fn segment_of<'a>(segment: &wasmparser::Data<'a>) -> Outcome<(u32, &'a [u8])> {
    match &segment.kind {
        wasmparser::DataKind::Active { memory_index: 0, offset_expr } => Ok((constant(offset_expr)?, segment.data)),
        _ => Err("data that lld does not write".into()),
    }
}

fn constant(expression: &wasmparser::ConstExpr) -> Outcome<u32> {
    match expression.get_operators_reader().read().map_err(in_words)? {
        wasmparser::Operator::I32Const { value } => Ok(value as u32),
        _ => Err("an offset that is no constant".into()),
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(section: wasmparser::SectionLimited<'a, T>) -> Outcome<Vec<T>> {
    section.into_iter().collect::<Result<_, _>>().map_err(in_words)
}

/// An error of the libraries as a sentence.
pub(crate) fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
