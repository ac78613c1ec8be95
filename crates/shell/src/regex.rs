//! POSIX regular expressions, basic and extended, for grep, sed, expr and `=~`.
//!
//! A pattern is compiled to a small program and run with an explicit stack of alternatives; every pair of (place in
//! the program, place in the text) is visited once, so that a match takes at most size × length steps. Of the matches
//! at the leftmost place the longest wins, as POSIX says. Back references (`\1`) switch the memory of visits off and
//! are bounded by [`REGEX_STEPS_MAX`].

use crate::limits::{NESTING_MAX, REGEX_SIZE_MAX, REGEX_STEPS_MAX};
use crate::pattern::{Set, class};

/// Which of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `\(`, `\{`, `\|`
    Basic,
    /// `(`, `{`, `|`
    Extended,
    /// A plain text.
    Fixed,
}

/// Whether the case of letters counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// It does.
    Exact,
    /// It does not.
    Ignored,
}

#[derive(Clone, Debug)]
enum Instruction {
    Char(char),
    Any,
    Set(Set),
    Start,
    End,
    /// `\b`, `\<`, `\>`
    Boundary(Boundary),
    Save(usize),
    Back(usize),
    Split(usize, usize),
    Jump(usize),
    Match,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundary {
    Either,
    Not,
    WordStart,
    WordEnd,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regex {
    program: Vec<Instruction>,
    groups: usize,
    case: Case,
    has_back: bool,
}

/// A match: places in characters, of the whole and of the groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Start and end of group n; group 0 is the whole.
    pub groups: Vec<Option<(usize, usize)>>,
}

impl Match {
    /// Where the whole match starts.
    pub fn start(&self) -> usize {
        self.groups[0].map_or(0, |(start, _)| start)
    }

    /// Where the whole match ends.
    pub fn end(&self) -> usize {
        self.groups[0].map_or(0, |(_, end)| end)
    }
}

/// Makes every character of a text stand for itself in an extended expression.
pub(crate) fn quote(text: &str, into: &mut String) {
    for c in text.chars() {
        if !c.is_alphanumeric() && !c.is_whitespace() && c.is_ascii() {
            into.push('\\');
        }
        into.push(c);
    }
}

impl Regex {
    /// Compiles a pattern. Errors are messages as grep gives them.
    pub fn new(pattern: &str, syntax: Syntax, case: Case) -> Result<Regex, String> {
        let chars: Vec<char> = pattern.chars().collect();
        let node = match syntax {
            Syntax::Fixed => Node::Sequence(chars.iter().map(|c| Node::One(Instruction::Char(*c))).collect()),
            Syntax::Basic | Syntax::Extended => {
                let mut parser = Parser { chars: &chars, at: 0, syntax, groups: 0, depth: 0 };
                let node = parser.alternatives()?;
                if parser.at < chars.len() {
                    return Err("Unmatched ) or \\)".into());
                }
                node
            }
        };
        let mut regex = Regex { program: Vec::new(), groups: 1, case, has_back: false };
        regex.program.push(Instruction::Save(0));
        regex.emit(&node)?;
        regex.program.extend([Instruction::Save(1), Instruction::Match]);
        Ok(regex)
    }

    /// How many groups there are, the whole included.
    pub fn group_count(&self) -> usize {
        self.groups
    }

    /// The leftmost longest match at or after the character `from`.
    pub fn find(&self, text: &str, from: usize) -> Option<Match> {
        let chars: Vec<char> = text.chars().collect();
        self.find_chars(&chars, from)
    }

    /// Like [`Regex::find`], for a text that is matched many times.
    pub fn find_chars(&self, chars: &[char], from: usize) -> Option<Match> {
        let mut steps = REGEX_STEPS_MAX;
        let mut visited = vec![0u64; if self.has_back { 0 } else { (self.program.len() * (chars.len() + 1)) / 64 + 1 }];
        (from..=chars.len()).find_map(|start| {
            if !self.can_start(chars, start) {
                return None;
            }
            // What no earlier start could match from a place, this one cannot either: the visits stay.
            self.run(chars, start, &mut visited, &mut steps)
        })
    }

    /// A quick look at the first character.
    fn can_start(&self, chars: &[char], start: usize) -> bool {
        match self.program.get(1) {
            Some(Instruction::Char(c)) => chars.get(start).is_some_and(|text| self.same(*c, *text)),
            Some(Instruction::Start) => start == 0,
            _ => true,
        }
    }

    fn same(&self, a: char, b: char) -> bool {
        a == b || self.case == Case::Ignored && a.to_lowercase().eq(b.to_lowercase())
    }

    fn run(&self, chars: &[char], start: usize, visited: &mut [u64], steps: &mut usize) -> Option<Match> {
        let slots = vec![usize::MAX; self.groups * 2];
        let mut stack = vec![(0usize, start, slots)];
        let mut best: Option<Vec<usize>> = None;
        while let Some((mut pc, mut at, mut slots)) = stack.pop() {
            loop {
                if *steps == 0 {
                    return best.map(Regex::result);
                }
                *steps -= 1;
                if !self.has_back {
                    let bit = pc * (chars.len() + 1) + at;
                    if visited[bit / 64] & (1 << (bit % 64)) != 0 {
                        break;
                    }
                    visited[bit / 64] |= 1 << (bit % 64);
                }
                match &self.program[pc] {
                    Instruction::Match => {
                        if best.as_ref().is_none_or(|best| slots[1] > best[1]) {
                            best = Some(slots);
                        }
                        break;
                    }
                    Instruction::Split(first, second) => {
                        stack.push((*second, at, slots.clone()));
                        pc = *first;
                        continue;
                    }
                    Instruction::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Instruction::Save(slot) => slots[*slot] = at,
                    Instruction::Back(group) => match self.back(chars, at, &slots, *group) {
                        Some(next) => at = next,
                        None => break,
                    },
                    Instruction::Start | Instruction::End | Instruction::Boundary(_) => {
                        if !holds(&self.program[pc], chars, at) {
                            break;
                        }
                    }
                    Instruction::Char(_) | Instruction::Any | Instruction::Set(_) => {
                        if !chars.get(at).is_some_and(|c| self.takes(&self.program[pc], *c)) {
                            break;
                        }
                        at += 1;
                    }
                }
                pc += 1;
            }
        }
        best.map(Regex::result)
    }

    fn takes(&self, instruction: &Instruction, c: char) -> bool {
        match instruction {
            Instruction::Char(wanted) => self.same(*wanted, c),
            Instruction::Any => true,
            Instruction::Set(set) if self.case == Case::Ignored => set.takes_ignoring_case(c),
            Instruction::Set(set) => set.takes(c),
            _ => false,
        }
    }

    fn back(&self, chars: &[char], at: usize, slots: &[usize], group: usize) -> Option<usize> {
        let (from, to) = (*slots.get(group * 2)?, *slots.get(group * 2 + 1)?);
        let wanted = chars.get(from..to)?;
        let found = chars.get(at..at + wanted.len())?;
        wanted.iter().zip(found).all(|(a, b)| self.same(*a, *b)).then_some(at + wanted.len())
    }

    fn result(slots: Vec<usize>) -> Match {
        let pair = |pair: &[usize]| (pair[0] != usize::MAX && pair[1] != usize::MAX).then(|| (pair[0], pair[1]));
        Match { groups: slots.chunks(2).map(pair).collect() }
    }

    fn emit(&mut self, node: &Node) -> Result<(), String> {
        if self.program.len() > REGEX_SIZE_MAX {
            return Err("Regular expression too big".into());
        }
        match node {
            Node::One(instruction) => {
                self.has_back |= matches!(instruction, Instruction::Back(_));
                self.program.push(instruction.clone());
            }
            Node::Sequence(nodes) => {
                for node in nodes {
                    self.emit(node)?;
                }
            }
            Node::Group(number, inner) => {
                self.groups = self.groups.max(number + 1);
                self.program.push(Instruction::Save(number * 2));
                self.emit(inner)?;
                self.program.push(Instruction::Save(number * 2 + 1));
            }
            Node::Either(left, right) => {
                let split = self.hole();
                self.emit(left)?;
                let jump = self.hole();
                self.program[split] = Instruction::Split(split + 1, self.program.len());
                self.emit(right)?;
                self.program[jump] = Instruction::Jump(self.program.len());
            }
            Node::Repeat(inner, from, to) => self.repeat(inner, *from, *to)?,
        }
        Ok(())
    }

    fn hole(&mut self) -> usize {
        self.program.push(Instruction::Match);
        self.program.len() - 1
    }

    fn repeat(&mut self, inner: &Node, from: usize, to: Option<usize>) -> Result<(), String> {
        for _ in 0..from {
            self.emit(inner)?;
        }
        match to {
            None => {
                let split = self.hole();
                self.emit(inner)?;
                self.program.push(Instruction::Jump(split));
                self.program[split] = Instruction::Split(split + 1, self.program.len());
            }
            Some(to) => {
                let mut splits = Vec::new();
                for _ in from..to {
                    splits.push(self.hole());
                    self.emit(inner)?;
                }
                let end = self.program.len();
                for split in splits {
                    self.program[split] = Instruction::Split(split + 1, end);
                }
            }
        }
        Ok(())
    }
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn holds(instruction: &Instruction, chars: &[char], at: usize) -> bool {
    let before = at > 0 && is_word(chars.get(at - 1));
    let after = is_word(chars.get(at));
    match instruction {
        Instruction::Start => at == 0,
        Instruction::End => at == chars.len(),
        Instruction::Boundary(Boundary::Either) => before != after,
        Instruction::Boundary(Boundary::Not) => before == after,
        Instruction::Boundary(Boundary::WordStart) => !before && after,
        Instruction::Boundary(Boundary::WordEnd) => before && !after,
        _ => false,
    }
}

#[derive(Clone, Debug)]
enum Node {
    One(Instruction),
    Sequence(Vec<Node>),
    Either(Box<Node>, Box<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
    Group(usize, Box<Node>),
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    syntax: Syntax,
    groups: usize,
    depth: usize,
}

impl Parser<'_> {
    /// Whether the operator stands here: `c` in extended syntax, `\c` in basic. Passes it.
    fn operator(&mut self, c: char) -> bool {
        let found = self.sees(c);
        if found {
            self.at += if self.syntax == Syntax::Extended { 1 } else { 2 };
        }
        found
    }

    fn sees(&self, c: char) -> bool {
        match self.syntax {
            Syntax::Extended => self.chars.get(self.at) == Some(&c),
            Syntax::Basic | Syntax::Fixed => {
                self.chars.get(self.at) == Some(&'\\') && self.chars.get(self.at + 1) == Some(&c)
            }
        }
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        if self.depth > NESTING_MAX {
            return Err("Regular expression too big".into());
        }
        let mut node = self.sequence()?;
        while self.operator('|') {
            node = Node::Either(Box::new(node), Box::new(self.sequence()?));
        }
        Ok(node)
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while self.at < self.chars.len() && !self.sees('|') && !(self.sees(')') && self.depth > 0) {
            let first = nodes.is_empty();
            let node = self.one(first)?;
            nodes.push(self.repeated(node)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn one(&mut self, first: bool) -> Result<Node, String> {
        if self.operator('(') {
            self.groups += 1;
            let number = self.groups;
            self.depth += 1;
            let inner = self.alternatives()?;
            self.depth -= 1;
            return if self.operator(')') {
                Ok(Node::Group(number, Box::new(inner)))
            } else {
                Err("Unmatched ( or \\(".into())
            };
        }
        let c = self.chars[self.at];
        let extended = self.syntax == Syntax::Extended;
        self.at += 1;
        Ok(Node::One(match c {
            '.' => Instruction::Any,
            '[' => match class(self.chars, self.at - 1) {
                Some((next, set)) => {
                    self.at = next;
                    Instruction::Set(set)
                }
                None => return Err("Unmatched [, [^, [:, [., or [=".into()),
            },
            '^' if first || extended => Instruction::Start,
            '$' if extended || self.at == self.chars.len() || self.sees(')') || self.sees('|') => Instruction::End,
            '*' if !first && extended => return Err("Invalid preceding regular expression".into()),
            '\\' => return self.escaped().map(Node::One),
            c => Instruction::Char(c),
        }))
    }

    fn escaped(&mut self) -> Result<Instruction, String> {
        let Some(&c) = self.chars.get(self.at) else { return Err("Trailing backslash".into()) };
        self.at += 1;
        let word = |negated: bool| {
            let text: Vec<char> = if negated { "[^[:alnum:]_]" } else { "[[:alnum:]_]" }.chars().collect();
            class(&text, 0).map(|(_, set)| Instruction::Set(set))
        };
        let space = |negated: bool| {
            let text: Vec<char> = if negated { "[^[:space:]]" } else { "[[:space:]]" }.chars().collect();
            class(&text, 0).map(|(_, set)| Instruction::Set(set))
        };
        Ok(match c {
            'w' => word(false).unwrap_or(Instruction::Any),
            'W' => word(true).unwrap_or(Instruction::Any),
            's' => space(false).unwrap_or(Instruction::Any),
            'S' => space(true).unwrap_or(Instruction::Any),
            'b' => Instruction::Boundary(Boundary::Either),
            'B' => Instruction::Boundary(Boundary::Not),
            '<' => Instruction::Boundary(Boundary::WordStart),
            '>' => Instruction::Boundary(Boundary::WordEnd),
            'n' => Instruction::Char('\n'),
            't' => Instruction::Char('\t'),
            '1'..='9' => {
                let group = c as usize - '0' as usize;
                if group > self.groups {
                    return Err("Invalid back reference".into());
                }
                Instruction::Back(group)
            }
            c => Instruction::Char(c),
        })
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, String> {
        loop {
            let anchor = matches!(node, Node::One(Instruction::Start));
            let (from, to) = match () {
                () if self.chars.get(self.at) == Some(&'*') && !(anchor && self.syntax == Syntax::Basic) => {
                    self.at += 1;
                    (0, None)
                }
                () if self.operator('+') => (1, None),
                () if self.operator('?') => (0, Some(1)),
                () if self.sees('{') && self.counts_here() => {
                    self.operator('{');
                    self.counts()?
                }
                () => return Ok(node),
            };
            // A repetition of what may be empty would not end; the memory of visits sees to that.
            node = Node::Repeat(Box::new(node), from, to);
        }
    }

    /// Whether a `{` starts a count (in an extended expression it may be a plain brace).
    fn counts_here(&self) -> bool {
        let skip = if self.syntax == Syntax::Extended { 1 } else { 2 };
        self.syntax != Syntax::Extended || self.chars.get(self.at + skip).is_some_and(char::is_ascii_digit)
    }

    fn number(&mut self) -> Option<usize> {
        let digits: String = self.chars[self.at..].iter().take_while(|c| c.is_ascii_digit()).collect();
        self.at += digits.len();
        digits.parse().ok()
    }

    fn counts(&mut self) -> Result<(usize, Option<usize>), String> {
        let from = self.number().unwrap_or(0);
        let to = if self.chars.get(self.at) == Some(&',') {
            self.at += 1;
            self.number()
        } else {
            Some(from)
        };
        if !self.operator('}') || to.is_some_and(|to| to < from) || from.max(to.unwrap_or(0)) > 1_000 {
            return Err("Invalid content of \\{\\}".into());
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, syntax: Syntax, text: &str, expect: Option<&str>) {
        let regex = Regex::new(pattern, syntax, Case::Exact).expect("it compiles");
        let chars: Vec<char> = text.chars().collect();
        let found = regex.find(text, 0).map(|m| chars[m.start()..m.end()].iter().collect::<String>());
        assert_eq!(found.as_deref(), expect, "{pattern} in {text}");
    }

    #[test]
    fn the_leftmost_longest_match_wins() {
        use Syntax::{Basic, Extended};
        for (pattern, syntax, text, expect) in [
            ("a|ab", Extended, "xabc", Some("ab")),
            ("a*", Basic, "baa", Some("")),
            ("[0-9]+", Extended, "web-12", Some("12")),
            ("a\\{2,3\\}", Basic, "aaaa", Some("aaa")),
            ("(ab)+c", Extended, "xababc", Some("ababc")),
            ("\\(a\\)\\1", Basic, "baa", Some("aa")),
            ("^b", Basic, "ab", None),
            ("b$", Basic, "ab", Some("b")),
            ("a+", Basic, "aa+", Some("a+")),
            ("x{", Extended, "x{", Some("x{")),
            ("\\bweb\\b", Basic, "my web-0", Some("web")),
            ("(a*)*", Extended, "aaa", Some("aaa")),
            (".", Extended, "é", Some("é")),
            ("", Basic, "x", Some("")),
        ] {
            check(pattern, syntax, text, expect);
        }
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for pattern in ["(", "[", "a{3,1}", "\\", "(a)\\2"] {
            assert!(Regex::new(pattern, Syntax::Extended, Case::Exact).is_err(), "{pattern}");
        }
        assert!(Regex::new(&"(".repeat(10_000), Syntax::Extended, Case::Exact).is_err());
        assert!(Regex::new("((a{999}){999}){999}", Syntax::Extended, Case::Exact).is_err());
    }

    #[test]
    fn hostile_patterns_end() {
        let regex = Regex::new("(a*)*(a*)*(a*)*b", Syntax::Extended, Case::Exact).expect("it compiles");
        assert!(regex.find(&"a".repeat(2_000), 0).is_none());
    }
}
