//! Maps from text to text: labels, annotations, selectors, resource lists.

use ecow::EcoVec;

use crate::codec::Codec;
use crate::{Str, Value};

/// A sorted map from text to text, shared by clones: labels, annotations, `matchLabels`, resource lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StringMap(EcoVec<(Str, Str)>);

/// Resource name to quantity text, such as `cpu` to `500m`; read through [`crate::quantity`].
pub type ResourceList = StringMap;

impl StringMap {
    /// An empty map.
    pub fn new() -> StringMap {
        StringMap::default()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.position(key).ok().map(|at| self.0[at].1.as_str())
    }

    /// The value of `key` as shared text.
    pub fn get_str(&self, key: &str) -> Option<&Str> {
        self.position(key).ok().map(|at| &self.0[at].1)
    }

    /// Whether `key` is there.
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// Sets `key`, copying the map first if it is shared.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Str>) {
        let (key, value) = (key.into(), value.into());
        match self.position(&key) {
            Ok(at) => self.0.make_mut()[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Str> {
        let at = self.position(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every pair of `self` stands in `other`: how a plain selector matches labels.
    pub fn is_subset_of(&self, other: &StringMap) -> bool {
        self.iter().all(|(key, value)| other.get(key) == Some(value))
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(here, _)| here.as_str().cmp(key))
    }
}

impl<K: Into<Str>, V: Into<Str>> FromIterator<(K, V)> for StringMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> StringMap {
        let mut map = StringMap::new();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }
}

impl<const N: usize> From<[(&str, &str); N]> for StringMap {
    fn from(pairs: [(&str, &str); N]) -> StringMap {
        pairs.into_iter().collect()
    }
}

impl Codec for StringMap {
    fn decode(value: Value) -> StringMap {
        let Value::Map(map) = value else { return StringMap::new() };
        let text = |value: Value| match value {
            Value::Str(text) => text,
            Value::Int(number) => number.to_string().into(),
            Value::Float(number) => number.to_string().into(),
            _ => Str::new(),
        };
        StringMap(map.into_iter().map(|(key, value)| (key, text(value))).collect())
    }
    fn encode(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), Value::Str(value.clone()))).collect())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}
