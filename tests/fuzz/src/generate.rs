//! Inputs out of a corpus: its texts, changed, and its words, put together anew.

use sim::Random;

use crate::INPUT_BYTES_MAX;

/// What stands between two texts of a corpus.
const BORDER: &str = "\n%%\n";
/// Changes of one text at most.
const CHANGES_MAX: u64 = 6;
/// Words of a text that is put together, at most.
const WORDS_MAX: u64 = 24;
/// What breaks readers of text, whatever they read.
const NASTY: [&str; 24] = [
    "",
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\\",
    "\"",
    "'",
    "`",
    "\u{feff}",
    "\u{e9}",
    "\u{1f600}",
    "\u{202e}",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e400",
    "null",
    "{}",
    "[]",
    "%",
];

/// The texts of a corpus.
pub fn seeds(corpus: &str) -> impl Iterator<Item = &str> {
    corpus.split(BORDER).map(|text| text.strip_suffix("\n%%").unwrap_or(text)).filter(|text| !text.is_empty())
}

/// Makes inputs, one after the other.
pub struct Generator {
    random: Random,
    seeds: Vec<&'static str>,
    words: Vec<&'static str>,
}

impl Generator {
    /// A stream of inputs of its own for every target and seed.
    pub fn new(target: &str, corpus: &'static str, seed: u64) -> Generator {
        let seeds: Vec<&str> = seeds(corpus).collect();
        let mut words: Vec<&str> = seeds.iter().flat_map(|seed| words(seed)).collect();
        words.extend(NASTY);
        Generator { random: Random::stream(seed, target), seeds, words }
    }

    /// The next input.
    pub fn next_input(&mut self) -> String {
        let mut text = match self.random.below(5) {
            0 | 1 => self.put_together(),
            2 => self.spliced(),
            _ => self.seed().to_owned(),
        };
        for _ in 0..self.random.below(CHANGES_MAX + 1) {
            self.change(&mut text);
        }
        text.truncate(floor(&text, INPUT_BYTES_MAX));
        text
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound.max(1) as u64) as usize
    }

    fn seed(&mut self) -> &'static str {
        let at = self.below(self.seeds.len());
        self.seeds.get(at).copied().unwrap_or("")
    }

    fn word(&mut self) -> &'static str {
        let at = self.below(self.words.len());
        self.words[at]
    }

    fn put_together(&mut self) -> String {
        (0..self.random.below(WORDS_MAX + 1)).map(|_| self.word()).collect()
    }

    /// The beginning of one text and the end of another.
    fn spliced(&mut self) -> String {
        let (first, second) = (self.seed(), self.seed());
        let (head, tail) = (self.below(first.len() + 1), self.below(second.len() + 1));
        format!("{}{}", &first[..floor(first, head)], &second[floor(second, tail)..])
    }

    fn change(&mut self, text: &mut String) {
        let at = self.place(text);
        let until = floor(text, at + self.below(12).min(text.len() - at));
        match self.random.below(6) {
            0 => text.replace_range(at..until, ""),
            1 => text.insert_str(at, self.word()),
            2 => {
                let word = self.word();
                text.replace_range(at..until.max(at), word);
            }
            3 => {
                let times = 1 + self.below(8);
                let piece = text[at..until].repeat(times);
                text.insert_str(at, &piece);
            }
            4 => {
                let to = self.place(text);
                let piece = text[at..until].to_owned();
                text.insert_str(to, &piece);
            }
            _ => {
                let letter = char::from(32 + self.below(95) as u8);
                text.insert(at, letter);
            }
        }
    }

    fn place(&mut self, text: &str) -> usize {
        floor(text, self.below(text.len() + 1))
    }
}

/// The last place between two characters that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Runs of letters and digits, runs of spaces, and every other character by itself.
fn words(text: &str) -> Vec<&str> {
    let class = |c: char| if c.is_alphanumeric() { 1 } else { 2 + u8::from(c == ' ') };
    let (mut words, mut start, mut before) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        if at > 0 && (class(c) != before || class(c) == 2) {
            words.push(&text[start..at]);
            start = at;
        }
        before = class(c);
    }
    words.push(&text[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_falls_into_texts_and_texts_into_words() {
        let texts: Vec<&str> = seeds("a\n%%\nb: c\n  d\n%%\n").collect();
        assert_eq!(texts, ["a", "b: c\n  d\n%%\n".strip_suffix("\n%%\n").unwrap()]);
        assert_eq!(words("{{.a1}}  é=="), ["{", "{", ".", "a1", "}", "}", "  ", "é", "=", "="]);
    }
}
