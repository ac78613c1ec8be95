//! How `mysql` shows rows: in a box, with tabs, or one value a line.

use crate::tsv::Field;
use thin::Str;

/// How rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// In a box.
    Table,
    /// With tabs.
    Tabs,
    /// One value a line (`\G`).
    Vertical,
}

/// Rows as text.
pub(crate) fn rows(style: Style, names: bool, columns: &[Str], rows: &[Vec<Field>]) -> String {
    match style {
        Style::Tabs => with_tabs(names, columns, rows),
        Style::Table => in_a_box(names, columns, rows),
        Style::Vertical => vertical(columns, rows),
    }
}

fn shown(field: &Field) -> &str {
    field.as_deref().unwrap_or("NULL")
}

fn with_tabs(names: bool, columns: &[Str], rows: &[Vec<Field>]) -> String {
    let mut text = String::new();
    if names && !rows.is_empty() {
        text.push_str(&columns.join("\t"));
        text.push('\n');
    }
    for row in rows {
        let values: Vec<String> = row
            .iter()
            .map(|field| shown(field).replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"))
            .collect();
        text.push_str(&values.join("\t"));
        text.push('\n');
    }
    text
}

/// Cells are as wide as their widest line of text; wide characters count twice.
fn width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}') { 2 } else { 1 }).sum()
}

fn in_a_box(names: bool, columns: &[Str], rows: &[Vec<Field>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widest = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|field| width(shown(field)));
        cells.chain([if names { width(&columns[at]) } else { 0 }]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let is_number = |at: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(at)?.as_deref());
        cells.all(crate::sql::value::is_number) && rows.iter().any(|row| row.get(at).is_some_and(Option::is_some))
    };
    let numbers: Vec<bool> = (0..columns.len()).map(is_number).collect();
    let edge: String = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect::<String>() + "+\n";
    let line = |cells: Vec<&str>, rights: bool| {
        let mut text = String::new();
        for (at, cell) in cells.into_iter().enumerate() {
            let pad = " ".repeat(widths[at].saturating_sub(width(cell)));
            let (before, after) = if rights && numbers[at] { (pad.as_str(), "") } else { ("", pad.as_str()) };
            text.push_str(&format!("| {before}{cell}{after} "));
        }
        text + "|\n"
    };
    let mut text = edge.clone();
    if names {
        text.push_str(&line(columns.iter().map(Str::as_str).collect(), false));
        text.push_str(&edge);
    }
    for row in rows {
        text.push_str(&line(row.iter().map(shown).collect(), true));
    }
    text + &edge
}

fn vertical(columns: &[Str], rows: &[Vec<Field>]) -> String {
    let widest = columns.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&format!("*************************** {}. row ***************************\n", number + 1));
        for (name, field) in columns.iter().zip(row) {
            text.push_str(&format!("{name:>widest$}: {}\n", shown(field)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shown_in_each_style() {
        let columns: [Str; 2] = ["id".into(), "name".into()];
        let data = [vec![Some("1".into()), Some("Ann".into())], vec![Some("10".into()), None]];
        assert_eq!(
            rows(Style::Table, true, &columns, &data),
            "+----+------+\n| id | name |\n+----+------+\n|  1 | Ann  |\n| 10 | NULL |\n+----+------+\n"
        );
        assert_eq!(rows(Style::Tabs, true, &columns, &data), "id\tname\n1\tAnn\n10\tNULL\n");
        assert_eq!(rows(Style::Tabs, false, &columns, &data[..1]), "1\tAnn\n");
        assert_eq!(
            rows(Style::Vertical, true, &columns, &data[..1]),
            "*************************** 1. row ***************************\n  id: 1\nname: Ann\n"
        );
        assert_eq!(rows(Style::Tabs, true, &columns, &[]), "");
    }
}
