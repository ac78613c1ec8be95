//! Shell patterns: `*`, `?`, `[…]`, `\x`.
//!
//! Matching remembers only the last `*`, so that it takes at most pattern × text steps and no recursion.

/// Whether the whole text matches the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    matches_chars(&pattern, &text)
}

pub(crate) fn matches_chars(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some(next) = one(pattern, p, text[t]) {
            p = next;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            p = star_p + 1;
            t = star_t + 1;
            star = Some((star_p, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// If the element at `p` takes `c`, where the next element is.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' if p + 1 < pattern.len() => (pattern[p + 1] == c).then_some(p + 2),
        '[' => match class(pattern, p) {
            Some((next, set)) => set.takes(c).then_some(next),
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// A bracket expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
    classes: Vec<String>,
}

impl Set {
    pub(crate) fn takes(&self, c: char) -> bool {
        let inside = self.ranges.iter().any(|&(from, to)| from <= c && c <= to)
            || self.classes.iter().any(|class| in_class(class, c));
        inside != self.negated
    }

    /// The same set for either case of letters.
    pub(crate) fn takes_ignoring_case(&self, c: char) -> bool {
        let lower = c.to_lowercase().next().unwrap_or(c);
        let upper = c.to_uppercase().next().unwrap_or(c);
        if self.negated { self.takes(lower) && self.takes(upper) } else { self.takes(lower) || self.takes(upper) }
    }
}

pub(crate) fn in_class(class: &str, c: char) -> bool {
    match class {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_control(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && c != ' ',
        _ => false,
    }
}

/// Reads `[…]` at `p`: the set, and where it ends. `None` if it is not closed.
pub(crate) fn class(pattern: &[char], p: usize) -> Option<(usize, Set)> {
    let mut at = p + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let mut set = Set { negated, ranges: Vec::new(), classes: Vec::new() };
    let first = at;
    loop {
        let mut c = *pattern.get(at)?;
        if c == ']' && at > first {
            return Some((at + 1, set));
        }
        if c == '[' && pattern.get(at + 1) == Some(&':') {
            let length = pattern[at + 2..].windows(2).position(|pair| pair == [':', ']'])?;
            set.classes.push(pattern[at + 2..at + 2 + length].iter().collect());
            at += length + 4;
            continue;
        }
        if c == '\\' && pattern.get(at + 1).is_some() {
            at += 1;
            c = pattern[at];
        }
        at += 1;
        let end = pattern.get(at + 1).copied();
        match (pattern.get(at), end) {
            (Some('-'), Some(end)) if end != ']' => {
                set.ranges.push((c, end));
                at += 2;
            }
            _ => set.ranges.push((c, c)),
        }
    }
}

/// Whether a pattern has anything live in it.
pub(crate) fn is_live(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// Makes every character of a text stand for itself.
pub(crate) fn quote(text: &str, into: &mut String) {
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
            into.push('\\');
        }
        into.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expect) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("*.yaml", "web.yaml", true),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[[:digit:]]*", "9a", true),
            ("web-[0-9]", "web-3", true),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_cost_little() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150).replace("aa", "ab")));
    }
}
