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
        let lines: Vec<Vec<&str>> = body.split('\n').map(|line| line.splitn(COLUMNS_MAX, '\t').collect()).collect();
        let mut widths: Vec<Vec<usize>> = lines.iter().map(|line| Vec::with_capacity(line.len())).collect();
        let columns = lines.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
        for column in 0..columns {
            self.measure(column, &lines, &mut widths);
        }
        let mut out = String::with_capacity(text.len() * 2);
        for (index, (line, widths)) in lines.iter().zip(&widths).enumerate() {
            if index > 0 {
                out.push('\n');
            }
            for (place, cell) in line.iter().enumerate() {
                out.push_str(cell);
                let width = widths.get(place).copied().unwrap_or(0);
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
            }
        }
        out.push_str(end);
        out
    }

    /// Appends the width of one column to every line that has a cell in it.
    fn measure(&mut self, column: usize, lines: &[Vec<&str>], widths: &mut [Vec<usize>]) {
        let mut start = 0;
        while start < lines.len() {
            let block = lines[start..].iter().take_while(|line| line.len() > column + 1).count();
            if block == 0 {
                start += 1;
                continue;
            }
            let cells = lines[start..start + block].iter().map(|line| line[column].chars().count() + self.padding);
            let width = cells.max().unwrap_or(0).max(self.narrowest(column));
            if let Memory::Widths(widths) = &mut self.memory {
                if widths.len() <= column {
                    widths.resize(column + 1, 0);
                }
                widths[column] = width;
            }
            widths[start..start + block].iter_mut().for_each(|widths| widths.push(width));
            start += block;
        }
    }

    fn narrowest(&self, column: usize) -> usize {
        match &self.memory {
            Memory::None => self.width_min,
            Memory::Widths(widths) => widths.get(column).copied().unwrap_or(0).max(self.width_min),
        }
    }
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
