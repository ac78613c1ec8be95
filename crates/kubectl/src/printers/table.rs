//! `kubectl get` without `-o`: tables.
//!
//! One [`TablePrinter`] prints everything of one resource: the list first, then what a watch brings, with the columns as
//! wide as they have been and the header only once.
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/printers/tableprinter.go.

use api::table::{Column, Row, Table};
use api::{Str, StringMap, Value};

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
        let mut line = Line::new(text);
        if event.is_some() {
            line.cell("EVENT");
        }
        if self.options.with_namespace {
            line.cell("NAMESPACE");
        }
        for column in self.last_columns.iter().filter(|column| self.is_shown(column)) {
            line.cell(&column.name.to_uppercase());
        }
        for key in &self.options.label_columns {
            line.cell(&key.rsplit('/').next().unwrap_or("").to_uppercase());
        }
        if self.options.show_labels {
            line.cell("LABELS");
        }
        text.push('\n');
    }

    fn row(&self, text: &mut String, row: &Row, event: Option<&str>) {
        let mut line = Line::new(text);
        match event {
            Some(event @ ("ADDED" | "DELETED" | "ERROR")) => line.cell(&format!("{event:<8}")),
            Some(event) => line.cell(event),
            None => {}
        }
        if self.options.with_namespace {
            line.cell(&row.namespace);
        }
        let name = self.last_columns.iter().position(|column| column.format == "name" && column.kind == "string");
        for (index, (cell, column)) in row.cells.iter().zip(&self.last_columns).enumerate() {
            if !self.is_shown(column) {
                continue;
            }
            let text = line.next_cell();
            if name == Some(index) && !self.options.kind_prefix.is_empty() {
                text.push_str(&self.options.kind_prefix);
                text.push('/');
            }
            match cell {
                Value::Null => {}
                Value::Str(cell) => push_printable(text, cell),
                cell => push_printable(text, &format_v(cell)),
            }
        }
        for key in &self.options.label_columns {
            line.cell(row.labels.get(key).unwrap_or("<none>"));
        }
        if self.options.show_labels {
            line.cell(&format_labels(&row.labels));
        }
        text.push('\n');
    }
}

/// A line that is written cell after cell, straight into the text that is laid out: a long table is many cells.
struct Line<'a> {
    text: &'a mut String,
    has_cells: bool,
}

impl Line<'_> {
    fn new(text: &mut String) -> Line<'_> {
        Line { text, has_cells: false }
    }

    /// Where the next cell is written.
    fn next_cell(&mut self) -> &mut String {
        if self.has_cells {
            self.text.push('\t');
        }
        self.has_cells = true;
        self.text
    }

    fn cell(&mut self, cell: &str) {
        self.next_cell().push_str(cell);
    }
}

/// Appends a cell as a terminal may show it: its first line, without control sequences.
fn push_printable(text: &mut String, cell: &str) {
    // As nearly all cells.
    if cell.bytes().all(|byte| byte >= b' ') {
        text.push_str(cell);
        return;
    }
    let end = cell.find(['\n', '\r', '\u{c}']);
    let first_line = end.map_or(cell, |end| &cell[..end]);
    for (index, piece) in first_line.split('\u{1b}').enumerate() {
        if index > 0 {
            text.push_str("^[");
        }
        text.push_str(piece);
    }
    if end.is_some() {
        text.push_str("...");
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
