//! What is said of types and fields, in our words.
//!
//! The text form is a type or `Type.field` and a sentence on each line, sorted.

static WORDS: &str = include_str!("words.txt");

/// What is said of a type.
pub(super) fn of_type(name: &str) -> Option<&'static str> {
    find(name)
}

/// What is said of a field of a type; fields of every kind are said once.
pub(super) fn of_field(type_name: &str, field: &str) -> Option<&'static str> {
    find(&format!("{type_name}.{field}")).or_else(|| find(&format!(".{field}")))
}

fn find(key: &str) -> Option<&'static str> {
    WORDS.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_something_that_exists() {
        let table = api::schema::table();
        for line in WORDS.lines() {
            let (key, words) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?} says nothing"));
            assert!(words.ends_with('.'), "{line:?} is no sentence");
            let (name, field) = key.split_once('.').unwrap_or((key, ""));
            let mut types = table.types().filter(|kind| name.is_empty() || kind.name() == name);
            let exists = types.any(|kind| field.is_empty() || kind.field(field).is_some());
            assert!(exists, "{key} does not exist");
        }
        assert!(WORDS.lines().is_sorted(), "the words are not sorted");
    }

    #[test]
    fn every_field_of_every_kind_served_is_described() {
        let table = api::schema::table();
        let fields = table.types().flat_map(|kind| kind.fields().iter().map(move |field| (kind.name(), field.name)));
        let silent: Vec<_> = fields.filter(|(kind, field)| of_field(kind, field).is_none()).collect();
        assert!(silent.is_empty(), "nothing is said of {silent:?}");
        let silent: Vec<&str> = api::schema::resources()
            .iter()
            .map(|resource| resource.kind)
            .filter(|kind| of_type(kind).is_none())
            .collect();
        assert!(silent.is_empty(), "nothing is said of {silent:?}");
    }
}
