//! Columns out of text with tabs.
//!
//! A cell is text that a tab ends; what follows the last tab of a line is not a cell and is not padded. Cells under one
//! another form a column as long as no line is missing one.
//!
//! Models: Go's text/tabwriter with spaces for padding, and the fork of it that remembers widths.

/// Makes columns.
#[derive(Clone, Debug)]
pub struct TabWriter {
    width_min: usize,
    padding: usize,
    memory: Memory,
}

/// Whether columns start as wide as they have been.
#[derive(Clone, Debug)]
enum Memory {
    None,
    /// The widths so far, from left to right.
    Widths(Vec<usize>),
}

/// What stands between two tabs.
struct Cell<'a> {
    text: &'a str,
    /// Its characters, if it is padded.
    width: usize,
    /// The block that it is padded with; none for what follows the last tab of a line.
    block: Option<usize>,
    /// Whether a line ends before it.
    starts_line: bool,
}

/// Columns past this one are not aligned any more.
const COLUMNS_MAX: usize = 256;

impl TabWriter {
    /// For tables: columns of at least six characters, three between them, that never get narrower.
    pub fn for_tables() -> TabWriter {
        TabWriter { width_min: 6, padding: 3, memory: Memory::Widths(Vec::new()) }
    }

    /// For descriptions: columns as wide as they need, two between them.
    pub fn for_descriptions() -> TabWriter {
        TabWriter { width_min: 0, padding: 2, memory: Memory::None }
    }

    /// Forgets the widths, as when rows of another kind follow.
    pub fn forget(&mut self) {
        if let Memory::Widths(widths) = &mut self.memory {
            widths.clear();
        }
    }

    /// Aligns a text whose lines hold cells that end in tabs.
    pub fn format(&mut self, text: &str) -> String {
        let (body, end) = match text.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (text, ""),
        };
        let (cells, widths) = self.measure(body);
        let padding = |cell: &Cell<'_>| cell.block.map_or(0, |block| widths[block] - cell.width);
        let aligned = cells.iter().map(|cell| cell.text.len() + padding(cell) + usize::from(cell.starts_line));
        let mut out = String::with_capacity(aligned.sum::<usize>() + end.len());
        for cell in &cells {
            if cell.starts_line {
                out.push('\n');
            }
            out.push_str(cell.text);
            push_spaces(&mut out, padding(cell));
        }
        out.push_str(end);
        out
    }

    /// All cells in their order, and the widths of the blocks that they are in. A block is the cells of one column in
    /// neighbouring lines; it is open until a line has no cell there. Every byte is looked at once: tables are long.
    fn measure<'a>(&mut self, body: &'a str) -> (Vec<Cell<'a>>, Vec<usize>) {
        let (mut cells, mut widths, mut open) = (Vec::new(), Vec::new(), Vec::new());
        let (mut start, mut column, mut width, mut is_first_line) = (0, 0, 0, true);
        for (at, byte) in body.bytes().enumerate() {
            let starts_line = !is_first_line && column == 0;
            match byte {
                b'\t' if column + 1 < COLUMNS_MAX => {
                    if open.len() == column {
                        open.push(widths.len());
                        widths.push(self.narrowest(column));
                    }
                    let block: usize = open[column];
                    widths[block] = widths[block].max(width + self.padding);
                    self.remember(column, widths[block]);
                    cells.push(Cell { text: &body[start..at], width, block: Some(block), starts_line });
                    (start, column, width) = (at + 1, column + 1, 0);
                }
                b'\n' => {
                    cells.push(Cell { text: &body[start..at], width: 0, block: None, starts_line });
                    open.truncate(column);
                    (start, column, width, is_first_line) = (at + 1, 0, 0, false);
                }
                byte => width += usize::from(starts_char(byte)),
            }
        }
        let starts_line = !is_first_line && column == 0;
        cells.push(Cell { text: &body[start..], width: 0, block: None, starts_line });
        (cells, widths)
    }

    fn remember(&mut self, column: usize, width: usize) {
        let Memory::Widths(widths) = &mut self.memory else { return };
        if widths.len() <= column {
            widths.resize(column + 1, 0);
        }
        widths[column] = width;
    }

    fn narrowest(&self, column: usize) -> usize {
        match &self.memory {
            Memory::None => self.width_min,
            Memory::Widths(widths) => widths.get(column).copied().unwrap_or(0).max(self.width_min),
        }
    }
}

/// Whether a byte of UTF-8 begins a character.
fn starts_char(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn push_spaces(out: &mut String, count: usize) {
    const SPACES: &str = "                                ";
    let mut left = count;
    while left > SPACES.len() {
        out.push_str(SPACES);
        left -= SPACES.len();
    }
    out.push_str(&SPACES[..left]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_grow_and_do_not_shrink() {
        let mut writer = TabWriter::for_tables();
        assert_eq!(writer.format("NAME\tREADY\tAGE\n"), "NAME   READY   AGE\n");
        assert_eq!(writer.format("web-10\t1/1\t5s\n"), "web-10   1/1     5s\n");
        assert_eq!(writer.format("web-0\t1/1\t5s\n"), "web-0    1/1     5s\n");
        writer.forget();
        assert_eq!(writer.format("a\tb\tc\n"), "a     b     c\n");
    }

    #[test]
    fn blocks_of_a_description_are_aligned_on_their_own() {
        let text = "Name:\tweb-0\nNamespace:\tdefault\nContainers:\n  nginx:\n    Image:\tx\n    Ports:\t80/TCP\nlast";
        let expect =
            "Name:       web-0\nNamespace:  default\nContainers:\n  nginx:\n    Image:  x\n    Ports:  80/TCP\nlast";
        assert_eq!(TabWriter::for_descriptions().format(text), expect);
    }

    #[test]
    fn a_blocks_columns_are_measured_again_after_a_line_without_them() {
        let text = "long name\tb\tc\nx\ny\tlonger\tz\n";
        assert_eq!(TabWriter::for_descriptions().format(text), "long name  b  c\nx\ny  longer  z\n");
        let as_wide_as_before = "long name   b        c\nx\ny           longer   z\n";
        assert_eq!(TabWriter::for_tables().format(text), "long name   b     c\nx\ny           longer   z\n");
        let mut twice = TabWriter::for_tables();
        twice.format(text);
        assert_eq!(twice.format(text), as_wide_as_before);
    }

    #[test]
    fn what_is_laid_out_is_allocated_once() {
        let text =
            "NAME\tÄGE\tLAST\n".to_string() + &"web-0\t5s\t<none>\n".repeat(1_000) + "a much longer name\t1\t2\n";
        let out = TabWriter::for_tables().format(&text);
        assert_eq!(out.capacity(), out.len());
    }

    #[test]
    fn an_empty_last_cell_leaves_the_padding_before_it() {
        assert_eq!(TabWriter::for_tables().format("a\tb\t\n"), "a     b     \n");
        assert_eq!(TabWriter::for_descriptions().format("\n\n"), "\n\n");
    }

    #[test]
    fn long_lines_of_tabs_are_cut_short() {
        let tabs = "\t".repeat(100_000);
        assert!(TabWriter::for_tables().format(&tabs).len() < 300_000);
    }
}
