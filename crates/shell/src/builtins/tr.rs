//! `tr`

use super::{Builtin, Kind, Runner};
use crate::process::{Context, Inputs, Line, Options, Program, Step};

pub(super) const BUILTIN: Builtin = Builtin {
    name: "tr",
    usage: "tr [-cds] SET1 [SET2]",
    kind: Kind::Program,
    runner: Runner::Program(|| Box::new(Tr::default())),
};

#[derive(Clone, Default)]
struct Tr {
    input: Option<Inputs>,
    from: Vec<char>,
    to: Vec<char>,
    complement: bool,
    delete: bool,
    squeeze: bool,
    last: Option<char>,
    /// The bytes of a character that has not come whole.
    rest: Vec<u8>,
}

impl Program for Tr {
    fn step(&mut self, context: &mut Context) -> Step {
        let Some(input) = &mut self.input else {
            return match self.start(context.args) {
                Ok(()) => Step::Again,
                Err(text) => Step::Exit(context.fail(text)),
            };
        };
        match input.next_chunk(context) {
            Line::Pending => Step::Blocked(None),
            Line::End => {
                let rest = std::mem::take(&mut self.rest);
                context.out(rest);
                Step::Exit(0)
            }
            Line::Text(bytes) => {
                self.rest.extend(bytes);
                let whole = match std::str::from_utf8(&self.rest) {
                    Ok(text) => text.len(),
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    Err(_) => self.rest.len(),
                };
                let text = String::from_utf8_lossy(&self.rest[..whole]).into_owned();
                self.rest.drain(..whole);
                let text = self.translate(&text);
                context.out(text);
                Step::Again
            }
        }
    }
}

impl Tr {
    fn start(&mut self, args: &[String]) -> Result<(), String> {
        let long = [("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c')];
        let options = Options::parse_leading(args, "cCdst", &long)?;
        let sets = &options.operands;
        self.complement = options.has('c') || options.has('C');
        self.delete = options.has('d');
        self.squeeze = options.has('s');
        let Some(first) = sets.first() else { return Err("missing operand".into()) };
        self.from = set(first)?;
        self.to = sets.get(1).map_or(Ok(Vec::new()), |second| set(second))?;
        if sets.len() > 2 || (self.delete && !self.squeeze && sets.len() > 1) {
            return Err(format!("extra operand \u{2018}{}\u{2019}", sets[sets.len() - 1]));
        }
        if !self.delete && !self.squeeze && self.to.is_empty() {
            return Err(format!("missing operand after \u{2018}{first}\u{2019}"));
        }
        self.input = Some(Inputs::new(&[]));
        Ok(())
    }

    fn translate(&mut self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        for c in text.chars() {
            let place = if self.complement {
                (!self.from.contains(&c)).then_some(usize::MAX)
            } else {
                self.from.iter().rposition(|from| *from == c)
            };
            let (new, squeezable) = match place {
                Some(_) if self.delete => continue,
                Some(place) if !self.to.is_empty() => {
                    let new = self.to.get(place).or(self.to.last()).copied().unwrap_or(c);
                    (new, self.squeeze)
                }
                Some(_) => (c, self.squeeze),
                None => (c, self.squeeze && self.delete && self.to.contains(&c)),
            };
            if squeezable && self.last == Some(new) {
                continue;
            }
            self.last = squeezable.then_some(new);
            result.push(new);
        }
        result
    }
}

/// The characters of `a-z`, `[:digit:]`, `\n`.
fn set(text: &str) -> Result<Vec<char>, String> {
    let mut chars: Vec<(char, bool)> = Vec::new();
    let source: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut result = Vec::new();
    while at < source.len() {
        if source[at] == '[' && source.get(at + 1) == Some(&':') {
            let rest: String = source[at + 2..].iter().collect();
            if let Some(end) = rest.find(":]") {
                let class = &rest[..end];
                let members: Vec<char> =
                    (0u8..128).map(char::from).filter(|c| crate::pattern::in_class(class, *c)).collect();
                if members.is_empty() {
                    return Err(format!("invalid character class \u{2018}{class}\u{2019}"));
                }
                chars.extend(members.into_iter().map(|c| (c, true)));
                at += class.chars().count() + 4;
                continue;
            }
        }
        if source[at] == '\\' && at + 1 < source.len() {
            let octal: String = source[at + 1..].iter().take(3).take_while(|c| c.is_digit(8)).collect();
            if let Some(c) = u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32) {
                chars.push((c, true));
                at += 1 + octal.len();
            } else {
                chars.push((crate::parse::simple_escape(source[at + 1]).unwrap_or(source[at + 1]), true));
                at += 2;
            }
            continue;
        }
        chars.push((source[at], false));
        at += 1;
    }
    let mut at = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1), chars.get(at + 2)) {
            ((from, _), Some(('-', false)), Some((to, _))) => {
                if from > *to {
                    return Err(format!(
                        "range-endpoints of \u{2018}{from}-{to}\u{2019} are in reverse collating sequence order"
                    ));
                }
                result.extend(from..=*to);
                at += 3;
            }
            ((c, _), ..) => {
                result.push(c);
                at += 1;
            }
        }
    }
    Ok(result)
}
