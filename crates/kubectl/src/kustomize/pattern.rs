//! Patterns of targets and image names: regular expressions that have to match a whole text.
//!
//! Groups, alternatives, classes, `.`, `*`, `+`, `?` and escapes; no counts, no look-around, no captures. A pattern that
//! cannot be read is refused, and one that would take more than [`STEPS_MAX`] steps does not match.
//!
//! Models: Go's regexp as kustomize v5.8.1 uses it (types.Selector, internal/image).

/// Steps of one match.
const STEPS_MAX: usize = 100_000;
/// Characters of a text: more than any name or image has.
const TEXT_MAX: usize = 1_000;
/// Groups within groups.
const DEPTH_MAX: usize = 50;

#[derive(Clone, Debug)]
enum Node {
    Any,
    Char(char),
    /// Ranges, and whether they are excluded.
    Class(Vec<(char, char)>, bool),
    Group(Vec<Vec<Node>>),
    /// The node, at least so often, and whether more often.
    Repeat(Box<Node>, usize, bool),
}

/// Whether the whole of `text` is matched; the error says what is wrong with the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let mut reader = Reader { left: pattern.chars().collect(), at: 0, depth: 0 };
    let branches = reader.branches(pattern)?;
    if reader.at < reader.left.len() {
        return Err(format!("error parsing regexp: unexpected ): `{pattern}`"));
    }
    let text: Vec<char> = text.chars().collect();
    if text.len() > TEXT_MAX {
        return Ok(false);
    }
    let mut steps = 0;
    let ends = |at: usize, _: &mut usize| at == text.len();
    Ok(branches.iter().any(|branch| sequence(branch, &text, 0, &mut steps, &ends)))
}

type Then<'t> = &'t dyn Fn(usize, &mut usize) -> bool;

fn sequence(nodes: &[Node], text: &[char], at: usize, steps: &mut usize, then: Then<'_>) -> bool {
    *steps += 1;
    let Some((first, rest)) = nodes.split_first() else { return then(at, steps) };
    *steps < STEPS_MAX && one(first, text, at, steps, &|at, steps| sequence(rest, text, at, steps, then))
}

fn one(node: &Node, text: &[char], at: usize, steps: &mut usize, then: Then<'_>) -> bool {
    match node {
        Node::Any => text.get(at).is_some_and(|c| *c != '\n') && then(at + 1, steps),
        Node::Char(wanted) => text.get(at) == Some(wanted) && then(at + 1, steps),
        Node::Class(ranges, excluded) => {
            let is_in = |c: &char| ranges.iter().any(|(low, high)| (low..=high).contains(&c));
            text.get(at).is_some_and(|c| is_in(c) != *excluded) && then(at + 1, steps)
        }
        Node::Group(branches) => branches.iter().any(|branch| sequence(branch, text, at, steps, then)),
        Node::Repeat(inner, least, more) => repeat(inner, *least, *more, text, at, steps, then),
    }
}

fn repeat(inner: &Node, least: usize, more: bool, text: &[char], at: usize, steps: &mut usize, then: Then<'_>) -> bool {
    let again = |next: usize, steps: &mut usize| {
        *steps += 1;
        if *steps >= STEPS_MAX || (next == at && least == 0) {
            return false;
        }
        if more { repeat(inner, least.saturating_sub(1), more, text, next, steps, then) } else { then(next, steps) }
    };
    one(inner, text, at, steps, &again) || (least == 0 && then(at, steps))
}

struct Reader {
    left: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.left.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn branches(&mut self, pattern: &str) -> Result<Vec<Vec<Node>>, String> {
        let mut branches = vec![Vec::new()];
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    branches.push(Vec::new());
                }
                // Everything is anchored already.
                '^' | '$' => self.at += 1,
                _ => {
                    let node = self.node(pattern)?;
                    if let Some(last) = branches.last_mut() {
                        last.push(node);
                    }
                }
            }
        }
        Ok(branches)
    }

    fn node(&mut self, pattern: &str) -> Result<Node, String> {
        let node = match self.next() {
            Some('.') => Node::Any,
            Some('(') => self.group(pattern)?,
            Some('[') => self.class(pattern)?,
            Some('\\') => self.escape(pattern)?,
            Some(c @ ('*' | '+' | '?')) => {
                return Err(format!("error parsing regexp: missing argument to repetition operator: `{c}`"));
            }
            Some(c) => Node::Char(c),
            None => Node::Group(vec![Vec::new()]),
        };
        let (least, more) = match self.peek() {
            Some('*') => (0, true),
            Some('+') => (1, true),
            Some('?') => (0, false),
            _ => return Ok(node),
        };
        self.at += 1;
        Ok(Node::Repeat(Box::new(node), least, more))
    }

    fn group(&mut self, pattern: &str) -> Result<Node, String> {
        if self.left[self.at..].starts_with(&['?', ':']) {
            self.at += 2;
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("error parsing regexp: expression nests too deeply: `{pattern}`"));
        }
        let branches = self.branches(pattern)?;
        self.depth -= 1;
        match self.next() {
            Some(')') => Ok(Node::Group(branches)),
            _ => Err(format!("error parsing regexp: missing closing ): `{pattern}`")),
        }
    }

    fn class(&mut self, pattern: &str) -> Result<Node, String> {
        let start = self.at - 1;
        let excluded = self.peek() == Some('^');
        self.at += usize::from(excluded);
        let mut ranges = Vec::new();
        loop {
            let low = match self.next() {
                None => {
                    let rest: String = self.left[start..].iter().collect();
                    return Err(format!("error parsing regexp: missing closing ]: `{rest}`"));
                }
                Some(']') if !ranges.is_empty() => return Ok(Node::Class(ranges, excluded)),
                Some('\\') => match self.escape(pattern)? {
                    Node::Class(more, _) => {
                        ranges.extend(more);
                        continue;
                    }
                    Node::Char(c) => c,
                    Node::Any | Node::Group(_) | Node::Repeat(..) => continue,
                },
                Some(c) => c,
            };
            let is_range = self.peek() == Some('-') && self.left.get(self.at + 1).is_some_and(|c| *c != ']');
            let high = if is_range { self.left[self.at + 1] } else { low };
            self.at += if is_range { 2 } else { 0 };
            ranges.push((low, high));
        }
    }

    fn escape(&mut self, pattern: &str) -> Result<Node, String> {
        let word = || vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
        let space = || vec![('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')];
        match self.next() {
            Some('d') => Ok(Node::Class(vec![('0', '9')], false)),
            Some('D') => Ok(Node::Class(vec![('0', '9')], true)),
            Some('w') => Ok(Node::Class(word(), false)),
            Some('W') => Ok(Node::Class(word(), true)),
            Some('s') => Ok(Node::Class(space(), false)),
            Some('S') => Ok(Node::Class(space(), true)),
            Some(c) if c.is_ascii_alphanumeric() => {
                Err(format!("error parsing regexp: invalid escape sequence: `\\{c}`"))
            }
            Some(c) => Ok(Node::Char(c)),
            None => Err(format!("error parsing regexp: trailing backslash at end of expression: `{pattern}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expect) in [
            ("web", "web", true),
            ("web", "web-0", false),
            ("web.*", "web-0", true),
            ("a|bc", "bc", true),
            ("(?:a|b)+c?", "abab", true),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("[a-c_-]+", "b-_a", true),
            ("[^a-c]", "b", false),
            (r"\d+\.\d", "10.4", true),
            ("nginx(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?", "nginx:1.2@sha256:aa", true),
            ("nginx(:[a-zA-Z0-9_.{}-]*)?", "nginx-slim:1", false),
        ] {
            assert_eq!(matches(pattern, text), Ok(expect), "{pattern} on {text}");
        }
        for pattern in ["[", "(a", "a)", "*", r"\"] {
            assert!(matches(pattern, "a").is_err(), "{pattern}");
        }
    }
}
