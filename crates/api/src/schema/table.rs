//! The table of types: its text form and how it is walked.
//!
//! Text form, a type and then its fields, one a line:
//! ```text
//! PodSpec
//!  containers []Container ! + p=merge:name l=map:name
//! ```
//! After a field's name stands its shape (`*` pointer, `[]` list, `{}` map, a scalar, `=Name` a named string, or a
//! type), then `!` required, `+` written even when empty, `~` left out when zero, `p=` patch strategies and merge key,
//! `l=` list type and keys, `m=` map type, `e=` allowed values, `d=` default of a list-map key. After a type's name may
//! stand `group/version/Kind` and `atomic`.

use ordered::OrderedMap;

/// A parsed table. It borrows its text.
#[derive(Clone, Debug)]
pub struct Table<'t> {
    types: Vec<TypeData<'t>>,
    kinds: Vec<(&'t str, u16)>,
}

#[derive(Clone, Debug)]
struct TypeData<'t> {
    name: &'t str,
    atomic: bool,
    fields: Vec<Field<'t>>,
}

/// A struct of the API: a cheap handle into its table.
#[derive(Clone, Copy, Debug)]
pub struct Type<'t> {
    table: &'t Table<'t>,
    index: u16,
}

/// A field of a [`Type`].
#[derive(Clone, PartialEq, Debug)]
pub struct Field<'t> {
    /// Its name in JSON.
    pub name: &'t str,
    /// What it holds.
    pub shape: Shape<'t>,
    /// Whether Go keeps it behind a pointer: its zero value differs from its absence.
    pub pointer: bool,
    /// Whether the API documents it as required.
    pub required: bool,
    /// When Go's encoder leaves it out.
    pub omit: Omit,
    /// `x-kubernetes-patch-strategy`: any of `merge`, `replace`, `retainKeys`.
    pub strategies: Vec<&'t str>,
    /// `x-kubernetes-patch-merge-key`, or "".
    pub merge_key: &'t str,
    /// How server-side apply sees the list.
    pub list: ListType<'t>,
    /// How server-side apply sees the map or struct; `None` if its type decides.
    pub map: Option<MapType>,
    /// The values the API documents, if it documents any.
    pub values: Vec<&'t str>,
    /// The value a list-map key has when it is left out.
    pub key_default: Option<&'t str>,
}

/// What a place in a document holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape<'t> {
    /// A leaf; for named strings the Go name of the type (`v1.PullPolicy`), else "".
    Scalar(Scalar, &'t str),
    /// A struct: its place in the table, see [`Table::type_at`].
    Object(u16),
    /// A list of one shape.
    List(Box<Shape<'t>>),
    /// A map from strings to one shape.
    Map(Box<Shape<'t>>),
}

/// The leaves of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scalar {
    /// Text.
    String,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// `true` or `false`.
    Bool,
    /// A double.
    Float,
    /// `500m`, `1Gi`
    Quantity,
    /// `1` or `"25%"`
    IntOrString,
    /// RFC 3339, seconds.
    Time,
    /// RFC 3339, microseconds.
    MicroTime,
    /// base64
    Bytes,
    /// Any JSON, kept as it is.
    Any,
}

/// When Go's encoder leaves a field out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Omit {
    /// When it is empty; a struct never is (`omitempty`).
    Empty,
    /// When it has its zero value, structs too (`omitzero`).
    Zero,
    /// Never.
    Never,
}

/// `x-kubernetes-list-type`
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListType<'t> {
    /// One value, changed as a whole.
    Atomic,
    /// Scalars, each of which belongs to somebody.
    Set,
    /// Elements found by the keys named here.
    Map(Vec<&'t str>),
}

/// `x-kubernetes-map-type`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapType {
    /// Each key belongs to somebody.
    Granular,
    /// One value, changed as a whole.
    Atomic,
}

/// A table's text that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("schema table, line {line}: {problem}")]
pub struct TableError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl<'t> Table<'t> {
    /// Reads the text form described above.
    pub fn parse(text: &'t str) -> Result<Table<'t>, TableError> {
        let heads = text.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
        let names: OrderedMap<&str, u16> = heads.zip(0..).collect();
        let mut table = Table { types: Vec::with_capacity(names.len()), kinds: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            let read = match line.strip_prefix(' ') {
                Some(field) => parse_field(field, &names).and_then(|field| table.add_field(field)),
                None => table.add_type(line),
            };
            read.map_err(|problem| TableError { line: number + 1, problem })?;
        }
        Ok(table)
    }

    fn add_type(&mut self, line: &'t str) -> Result<(), &'static str> {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let index = u16::try_from(self.types.len()).map_err(|_| "too many types")?;
        let mut atomic = false;
        for word in words {
            match word {
                "atomic" => atomic = true,
                root => self.kinds.push((root, index)),
            }
        }
        self.types.push(TypeData { name, atomic, fields: Vec::new() });
        Ok(())
    }

    fn add_field(&mut self, field: Field<'t>) -> Result<(), &'static str> {
        self.types.last_mut().ok_or("a field before the first type")?.fields.push(field);
        Ok(())
    }

    /// The type of a kind.
    pub fn kind(&'t self, group: &str, version: &str, kind: &str) -> Option<Type<'t>> {
        let matches = |root: &str| {
            let mut parts = root.split('/');
            parts.next() == Some(group) && parts.next() == Some(version) && parts.next() == Some(kind)
        };
        self.kinds.iter().find(|(root, _)| matches(root)).map(|(_, index)| self.type_at(*index))
    }

    /// All types, in alphabetical order.
    pub fn types(&'t self) -> impl Iterator<Item = Type<'t>> {
        (0..).take(self.types.len()).map(|index| self.type_at(index))
    }

    /// The type a [`Shape::Object`] of this table names.
    pub fn type_at(&'t self, index: u16) -> Type<'t> {
        Type { table: self, index }
    }

    /// The type with this name in the table, such as `PodSpec`.
    pub fn type_named(&'t self, name: &str) -> Option<Type<'t>> {
        self.types().find(|candidate| candidate.data().name == name)
    }
}

impl<'t> Type<'t> {
    fn data(self) -> &'t TypeData<'t> {
        &self.table.types[usize::from(self.index)]
    }

    /// The Go name of the struct, without its package.
    pub fn name(self) -> &'t str {
        let name = self.data().name;
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The table this type stands in.
    pub fn table(self) -> &'t Table<'t> {
        self.table
    }

    /// The fields in Go's order, which is that of Go's encoder.
    pub fn fields(self) -> &'t [Field<'t>] {
        &self.data().fields
    }

    /// The field with this name; letters count by case.
    pub fn field(self, name: &str) -> Option<&'t Field<'t>> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// Whether server-side apply sees a value of this type as one (`LabelSelector`, references).
    pub fn is_atomic(self) -> bool {
        self.data().atomic
    }

    /// The type of a field's value, or of the elements of its list or map, if it is a struct.
    pub fn child(self, name: &str) -> Option<Type<'t>> {
        self.field(name).and_then(|field| self.type_of(&field.shape))
    }

    /// The struct a shape holds or lists.
    pub fn type_of(self, shape: &Shape<'t>) -> Option<Type<'t>> {
        match shape {
            Shape::Object(index) => Some(self.table.type_at(*index)),
            Shape::List(inner) | Shape::Map(inner) => self.type_of(inner),
            Shape::Scalar(..) => None,
        }
    }
}

impl Field<'_> {
    /// Whether a strategic merge patch merges the list or map.
    pub fn merges(&self) -> bool {
        self.strategies.contains(&"merge")
    }

    /// Whether a strategic merge patch replaces the map.
    pub fn replaces(&self) -> bool {
        self.strategies.contains(&"replace")
    }

    /// Whether a patch made from two objects names the keys that stay.
    pub fn retains_keys(&self) -> bool {
        self.strategies.contains(&"retainKeys")
    }
}

fn parse_field<'t>(line: &'t str, names: &OrderedMap<&'t str, u16>) -> Result<Field<'t>, &'static str> {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let shape = words.next().ok_or("a field without a shape")?;
    let bare = shape.strip_prefix('*');
    let mut field = Field {
        name,
        shape: parse_shape(bare.unwrap_or(shape), names)?,
        pointer: bare.is_some(),
        required: false,
        omit: Omit::Empty,
        strategies: Vec::new(),
        merge_key: "",
        list: ListType::Atomic,
        map: None,
        values: Vec::new(),
        key_default: None,
    };
    words.try_for_each(|word| parse_mark(&mut field, word))?;
    Ok(field)
}

fn parse_mark<'t>(field: &mut Field<'t>, word: &'t str) -> Result<(), &'static str> {
    match word.split_once('=').unwrap_or((word, "")) {
        ("!", _) => field.required = true,
        ("+", _) => field.omit = Omit::Never,
        ("~", _) => field.omit = Omit::Zero,
        ("p", patch) => {
            let (strategies, key) = patch.split_once(':').unwrap_or((patch, ""));
            field.strategies = strategies.split(',').collect();
            field.merge_key = key;
        }
        ("l", "set") => field.list = ListType::Set,
        ("l", list) => field.list = ListType::Map(list.trim_start_matches("map:").split(',').collect()),
        ("m", "atomic") => field.map = Some(MapType::Atomic),
        ("m", _) => field.map = Some(MapType::Granular),
        ("e", values) => field.values = values.split('|').collect(),
        ("d", value) => field.key_default = Some(value),
        _ => return Err("an unknown mark"),
    }
    Ok(())
}

fn parse_shape<'t>(word: &'t str, names: &OrderedMap<&'t str, u16>) -> Result<Shape<'t>, &'static str> {
    if let Some(inner) = word.strip_prefix("[]") {
        return Ok(Shape::List(Box::new(parse_shape(inner, names)?)));
    }
    if let Some(inner) = word.strip_prefix("{}") {
        return Ok(Shape::Map(Box::new(parse_shape(inner, names)?)));
    }
    if let Some(name) = word.strip_prefix('=') {
        return Ok(Shape::Scalar(Scalar::String, name));
    }
    let scalar = match word {
        "string" => Scalar::String,
        "int32" => Scalar::Int32,
        "int64" => Scalar::Int64,
        "bool" => Scalar::Bool,
        "float64" => Scalar::Float,
        "Quantity" => Scalar::Quantity,
        "IntOrString" => Scalar::IntOrString,
        "Time" => Scalar::Time,
        "MicroTime" => Scalar::MicroTime,
        "bytes" => Scalar::Bytes,
        "any" => Scalar::Any,
        name => return names.get(name).map(|index| Shape::Object(*index)).ok_or("an unknown type"),
    };
    Ok(Shape::Scalar(scalar, ""))
}
