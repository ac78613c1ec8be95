//! Rows of values as lines of text with tabs: how tables lie in files, and how values travel.

use thin::Str;

/// A value, or NULL.
pub(crate) type Field = Option<Str>;

/// One line without its newline. NULL is `\N`.
pub(crate) fn line<'a>(fields: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut line = String::new();
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            line.push('\t');
        }
        match field {
            None => line.push_str("\\N"),
            Some(text) => escape(text, &mut line),
        }
    }
    line
}

fn escape(text: &str, line: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            c => line.push(c),
        }
    }
}

/// The fields of a line.
pub(crate) fn fields(line: &str) -> Vec<Field> {
    line.split('\t').map(|field| if field == "\\N" { None } else { Some(unescape(field)) }).collect()
}

fn unescape(field: &str) -> Str {
    if !field.contains('\\') {
        return field.into();
    }
    let (mut text, mut chars) = (String::new(), field.chars());
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        let row = [Some("a\tb\\N\n"), None, Some(""), Some("\\N")];
        let text = line(row);
        assert!(!text.contains('\n'));
        let back = fields(&text);
        assert_eq!(back.iter().map(|field| field.as_deref()).collect::<Vec<_>>(), row);
    }
}
