//! Binds the recording's node names, UIDs, generated names to ours at first sight, one to one, and rewrites the commands
//! that come later.

use ordered::OrderedMap;
use regex::Regex;

/// What looks like a generated token, the most specific first. The last pattern binds names but rewrites nothing.
const TOKENS: [&str; 4] = [
    r"\bnode-\d+\b",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    r"\b[a-z0-9.-]*-[bcdf456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
    r"\b[a-z][a-z0-9-]*-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
];
const REWRITTEN: usize = 3;

/// Theirs to ours.
pub(crate) struct Binding {
    tokens: Vec<Regex>,
    ours: OrderedMap<String, String>,
}

impl Binding {
    /// Nothing bound yet.
    pub(crate) fn new() -> Binding {
        let tokens = TOKENS.iter().map(|pattern| Regex::new(pattern).expect("the patterns are constants"));
        Binding { tokens: tokens.collect(), ours: OrderedMap::new() }
    }

    /// Binds the tokens of two outputs in their order, pattern by pattern, where both hold equally many.
    pub(crate) fn bind(&mut self, theirs: &str, ours: &str) {
        for pattern in &self.tokens {
            let find = |text: &str| pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>();
            let (theirs, ours) = (find(theirs), find(ours));
            if theirs.len() != ours.len() {
                continue;
            }
            for (their, our) in theirs.into_iter().zip(ours) {
                if !self.ours.contains_key(&their) && !self.ours.values().any(|bound| *bound == our) {
                    self.ours.insert(their, our);
                }
            }
        }
    }

    /// A recorded command or input in our names.
    pub(crate) fn rewrite(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for pattern in &self.tokens[..REWRITTEN] {
            let ours = |found: &regex::Captures| self.ours.get(&found[0]).cloned().unwrap_or(found[0].to_owned());
            text = pattern.replace_all(&text, ours).into_owned();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Binding;

    #[test]
    fn names_are_bound_one_to_one_at_first_sight() {
        let mut binding = Binding::new();
        binding.bind("zk-0 node-2\nzk-1 node-1", "zk-0 node-1\nzk-1 node-3");
        binding.bind("zk-0 node-2", "zk-0 node-4");
        binding.bind("node-9", "node-3");
        assert_eq!(binding.rewrite("kubectl drain node-2 node-1 node-9"), "kubectl drain node-1 node-3 node-9");
    }

    #[test]
    fn outputs_with_unequal_counts_bind_nothing() {
        let mut binding = Binding::new();
        binding.bind("node-1 node-2", "node-2");
        assert_eq!(binding.rewrite("node-1"), "node-1");
    }
}
