//! A place in an object: its path, as errors name it, and what stands there.

use api::field_error::Fault;
use api::{FieldError, Str, Value};

/// What validation finds.
pub(super) type Errors = Vec<FieldError>;

/// A field, present or not: an absent one has the value `null`.
#[derive(Clone, Debug)]
pub(super) struct Field<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
}

impl<'v> Field<'v> {
    pub(super) fn new(path: &str, value: &'v Value) -> Field<'v> {
        Field { path: path.to_owned(), value }
    }

    /// The object itself, whose fields have paths without a parent.
    pub(super) fn root(value: &'v Value) -> Field<'v> {
        Field::new("", value)
    }

    pub(super) fn child(&self, name: &str) -> Field<'v> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Field { path, value: self.value.get(name) }
    }

    pub(super) fn at(&self, names: &[&str]) -> Field<'v> {
        names.iter().fold(self.clone(), |field, name| field.child(name))
    }

    /// The value of `key` in a map: `limits[cpu]`.
    pub(super) fn key(&self, key: &str) -> Field<'v> {
        Field { path: format!("{}[{key}]", self.path), value: self.value.get(key) }
    }

    /// The same value under another path.
    pub(super) fn named(&self, path: impl Into<String>) -> Field<'v> {
        Field { path: path.into(), value: self.value }
    }

    pub(super) fn index(&self, index: usize) -> Field<'v> {
        Field { path: format!("{}[{index}]", self.path), value: self.value.element(index) }
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> impl Iterator<Item = Field<'v>> + use<'v> {
        let path = self.path.clone();
        let list = self.value.as_list().iter().enumerate();
        list.map(move |(index, value)| Field { path: format!("{path}[{index}]"), value })
    }

    /// The keys of a map, with what stands under each.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'v Str, &'v Value)> + use<'v> {
        self.value.as_map().into_iter().flatten()
    }

    pub(super) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// The field, if it is set.
    pub(super) fn set(self) -> Option<Field<'v>> {
        self.is_set().then_some(self)
    }

    pub(super) fn text(&self) -> &'v str {
        self.value.text()
    }

    /// The number; 0 if there is none.
    pub(super) fn int(&self) -> i64 {
        self.value.as_int().unwrap_or(0)
    }

    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    pub(super) fn len(&self) -> usize {
        match self.value {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            Value::Str(text) => text.len(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
        }
    }

    /// The value as an error shows it: Go has no difference between an absent text or number and an empty one.
    fn shown(&self) -> Value {
        self.value.clone()
    }

    pub(super) fn required(&self, detail: &str) -> FieldError {
        FieldError::required(self.path.as_str(), detail)
    }

    pub(super) fn invalid(&self, detail: impl Into<Str>) -> FieldError {
        FieldError::invalid(self.path.as_str(), self.shown(), detail)
    }

    pub(super) fn invalid_as(&self, value: impl Into<Value>, detail: impl Into<Str>) -> FieldError {
        FieldError::invalid(self.path.as_str(), value, detail)
    }

    /// `Invalid value` with the value in the words of the server's own types.
    pub(super) fn invalid_struct(&self, shown: String, detail: impl Into<Str>) -> FieldError {
        FieldError {
            field: self.path.as_str().into(),
            fault: Fault::InvalidStruct(shown.into()),
            detail: detail.into(),
        }
    }

    pub(super) fn forbidden(&self, detail: impl Into<Str>) -> FieldError {
        FieldError::forbidden(self.path.as_str(), detail)
    }

    pub(super) fn not_supported(&self, supported: &[&str]) -> FieldError {
        let value = if self.value.is_null() { Value::from("") } else { self.shown() };
        FieldError::not_supported(self.path.as_str(), value, supported)
    }

    /// `Unsupported value` with the value in the words of the server's own types.
    pub(super) fn not_supported_struct(&self, shown: String, supported: &[&str]) -> FieldError {
        let supported = supported.iter().map(|text| Str::from(*text)).collect();
        let fault = Fault::NotSupportedStruct { shown: shown.into(), supported };
        FieldError { field: self.path.as_str().into(), fault, detail: Str::new() }
    }

    pub(super) fn duplicate(&self) -> FieldError {
        FieldError::duplicate(self.path.as_str(), self.shown())
    }

    pub(super) fn not_found(&self) -> FieldError {
        let value = if self.value.is_null() { Value::from("") } else { self.shown() };
        FieldError::not_found(self.path.as_str(), value)
    }

    pub(super) fn too_long(&self, max: usize) -> FieldError {
        FieldError::too_long(self.path.as_str(), max)
    }

    /// One `Invalid value` per problem.
    pub(super) fn invalid_each(&self, problems: Vec<String>, errors: &mut Errors) {
        errors.extend(problems.into_iter().map(|problem| self.invalid(problem)));
    }
}
