//! Text in one pointer, shared by its clones: names, keys, reasons and messages, of which an object holds dozens.
//!
//! Most of them are empty or equal to another one, so what counts is what a field costs, and what moving it costs. Not
//! for building text piece by piece: that is what `String` is for.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use arcstr::ArcStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Immutable text. Cloning copies a pointer; the empty text allocates nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Str(ArcStr);

impl Ord for Str {
    /// Texts that are one in memory are not read: the namespaces of keys are, and a map compares many of them per look.
    fn cmp(&self, other: &Str) -> Ordering {
        if self.same(other) { Ordering::Equal } else { self.as_str().cmp(other.as_str()) }
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Formats into a [`Str`].
#[macro_export]
macro_rules! format_str {
    ($($arguments:tt)*) => { $crate::Str::formatted(::std::format_args!($($arguments)*)) };
}

/// A constant text as a [`Str`], which no use of it allocates.
#[macro_export]
macro_rules! literal_str {
    ($text:expr) => {
        $crate::Str::of_static($crate::arcstr::literal!($text))
    };
}

#[doc(hidden)]
pub use arcstr;

impl Str {
    /// Behind [`literal_str`].
    #[doc(hidden)]
    pub const fn of_static(text: ArcStr) -> Str {
        Str(text)
    }

    /// The empty text.
    pub const fn new() -> Str {
        Str(ArcStr::new())
    }

    /// Text from a format; [`format_str`] is the usual way.
    #[inline(never)]
    pub fn formatted(arguments: fmt::Arguments<'_>) -> Str {
        Str::from(std::fmt::format(arguments))
    }

    /// The text.
    #[inline(always)]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is the empty text.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether two texts are one in memory.
    pub fn same(&self, other: &Str) -> bool {
        ArcStr::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Str {
    type Target = str;
    #[inline(always)]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl From<&str> for Str {
    #[inline(never)]
    fn from(text: &str) -> Str {
        Str(ArcStr::from(text))
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Str {
        Str::from(text.as_str())
    }
}

impl From<String> for Str {
    #[inline(never)]
    fn from(text: String) -> Str {
        Str::from(text.as_str())
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Str {
        Str::from(&*text)
    }
}

impl From<char> for Str {
    fn from(letter: char) -> Str {
        Str::from(&*letter.encode_utf8(&mut [0; 4]))
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Str {
        text.clone()
    }
}

impl From<Str> for String {
    fn from(text: Str) -> String {
        text.as_str().to_string()
    }
}

impl From<&Str> for String {
    fn from(text: &Str) -> String {
        text.as_str().to_string()
    }
}

impl FromIterator<char> for Str {
    fn from_iter<I: IntoIterator<Item = char>>(letters: I) -> Str {
        Str::from(letters.into_iter().collect::<String>())
    }
}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq<Str> for str {
    fn eq(&self, other: &Str) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Str> for &str {
    fn eq(&self, other: &Str) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Str> for String {
    fn eq(&self, other: &Str) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Str {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Str {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Str, D::Error> {
        Cow::<'de, str>::deserialize(deserializer).map(Str::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_pointer_and_so_is_none() {
        assert_eq!(size_of::<Str>(), size_of::<usize>());
        assert_eq!(size_of::<Option<Str>>(), size_of::<usize>());
    }

    #[test]
    fn a_literal_is_one_text_wherever_it_is_used() {
        let text = || literal_str!("apps/v1");
        assert!(text().same(&text()) && text() == "apps/v1");
    }

    #[test]
    fn clones_are_one_text() {
        let text = format_str!("web-{}", 0);
        assert!(text.same(&text.clone()) && !text.same(&Str::from("web-0")));
        assert_eq!((text, Str::new()), (Str::from("web-0"), Str::from("")));
    }
}
