//! `kubectl get` without `-o`: tables.
//!
//! One [`TablePrinter`] prints everything of one resource: the list first, then what a watch brings, with the columns as
//! wide as they have been and the header only once.
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/printers/tableprinter.go.

use api::table::{Column, Row, Table};
use api::{Str, StringMap};

use super::go::format_v;
use super::tabwriter::TabWriter;

/// What is shown beyond the server's columns.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// Leave the header out.
    pub no_headers: bool,
    /// Show the columns of lower priority too.
    pub wide: bool,
    /// Put the namespace first.
    pub with_namespace: bool,
    /// What goes before the name, such as `statefulset.apps`; empty for nothing.
    pub kind_prefix: Str,
    /// Show all labels, last.
    pub show_labels: bool,
    /// Show these labels in columns of their own.
    pub label_columns: Vec<Str>,
}

/// Lays tables out.
#[derive(Clone, Debug)]
pub struct TablePrinter {
    options: TableOptions,
    writer: TabWriter,
    last_columns: Vec<Column>,
    has_printed_headers: bool,
}

impl TablePrinter {
    /// A printer that has not printed yet.
    pub fn new(options: TableOptions) -> TablePrinter {
        TablePrinter { options, writer: TabWriter::for_tables(), last_columns: Vec::new(), has_printed_headers: false }
    }

    /// The lines of a table; none if it has no rows.
    pub fn print(&mut self, table: &Table) -> String {
        api::reached!("kubectl::printers::table::TablePrinter::print");
        self.print_with(table, None)
    }

    /// As [`TablePrinter::print`], with what happened (`ADDED`, …) in front: `--output-watch-events`.
    pub fn print_event(&mut self, event: &str, table: &Table) -> String {
        api::reached!("kubectl::printers::table::TablePrinter::print_event");
        self.print_with(table, Some(event))
    }

    fn print_with(&mut self, table: &Table, event: Option<&str>) -> String {
        let is_same = table.columns.is_empty() || table.columns == self.last_columns;
        if !is_same {
            self.last_columns.clone_from(&table.columns);
            self.has_printed_headers = false;
        }
        let has_header = !self.options.no_headers && !self.has_printed_headers;
        if !table.rows.is_empty() {
            self.has_printed_headers = true;
        }
        let mut text = String::new();
        if has_header && !table.rows.is_empty() {
            self.header(&mut text, event);
        }
        for row in &table.rows {
            self.row(&mut text, row, event);
        }
        if text.is_empty() { text } else { self.writer.format(&text) }
    }

    fn is_shown(&self, column: &Column) -> bool {
        self.options.wide || column.priority == 0
    }

    fn header(&self, text: &mut String, event: Option<&str>) {
        let mut names: Vec<String> = Vec::new();
        names.extend(event.map(|_| "EVENT".to_string()));
        if self.options.with_namespace {
            names.push("NAMESPACE".to_string());
        }
        let shown = self.last_columns.iter().filter(|column| self.is_shown(column));
        names.extend(shown.map(|column| column.name.to_uppercase().to_string()));
        let label_name = |key: &Str| key.rsplit('/').next().unwrap_or("").to_uppercase();
        names.extend(self.options.label_columns.iter().map(label_name));
        if self.options.show_labels {
            names.push("LABELS".to_string());
        }
        push_line(text, &names);
    }

    fn row(&self, text: &mut String, row: &Row, event: Option<&str>) {
        let mut cells: Vec<String> = Vec::new();
        cells.extend(event.map(|event| match event {
            "ADDED" | "DELETED" | "ERROR" => format!("{event:<8}"),
            _ => event.to_string(),
        }));
        if self.options.with_namespace {
            cells.push(row.metadata.namespace.to_string());
        }
        let name = self.last_columns.iter().position(|column| column.format == "name" && column.kind == "string");
        for (index, (cell, column)) in row.cells.iter().zip(&self.last_columns).enumerate() {
            if !self.is_shown(column) {
                continue;
            }
            let shown = if cell.is_null() { String::new() } else { printable(&format_v(cell)) };
            let has_prefix = name == Some(index) && !self.options.kind_prefix.is_empty();
            cells.push(if has_prefix { format!("{}/{shown}", self.options.kind_prefix) } else { shown });
        }
        let labels = &row.metadata.labels;
        cells.extend(self.options.label_columns.iter().map(|key| labels.get(key).unwrap_or("<none>").to_string()));
        if self.options.show_labels {
            cells.push(format_labels(labels));
        }
        push_line(text, &cells);
    }
}

fn push_line(text: &mut String, cells: &[String]) {
    text.push_str(&cells.join("\t"));
    text.push('\n');
}

/// A cell as a terminal may show it: its first line, without control sequences.
fn printable(cell: &str) -> String {
    let escape = |text: &str| text.replace('\u{1b}', "^[");
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(end) => format!("{}...", escape(&cell[..end])),
        None => escape(cell),
    }
}

/// `app=nginx,tier=web`, or `<none>`.
pub fn format_labels(labels: &StringMap) -> String {
    if labels.is_empty() {
        return "<none>".to_string();
    }
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}
