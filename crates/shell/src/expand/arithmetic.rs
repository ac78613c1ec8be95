//! `$((…))`: 64-bit integers that wrap, C's operators, assignments included.
//!
//! A value that is itself an expression is evaluated (`x=y+1; echo $((x))`), to a limited depth.

use crate::limits::NESTING_MAX;

/// Where an expression reads and writes variables.
pub(crate) trait Cells {
    /// The text of a variable; empty if unset.
    fn get(&mut self, name: &str) -> Result<String, String>;
    /// Assigns.
    fn set(&mut self, name: &str, value: i64) -> Result<(), String>;
}

/// The value of an expression; an empty one is 0. Errors are messages in bash's words.
pub(crate) fn evaluate(text: &str, cells: &mut dyn Cells) -> Result<i64, String> {
    evaluate_at(text, cells, 0)
}

fn evaluate_at(text: &str, cells: &mut dyn Cells, depth: usize) -> Result<i64, String> {
    let mut evaluation = Evaluation { text, at: 0, cells, depth, live: Live::Yes };
    evaluation.blanks();
    if evaluation.at == text.len() {
        return Ok(0);
    }
    let value = evaluation.comma()?;
    if evaluation.at < text.len() {
        let rest = &text[evaluation.at..];
        return Err(format!("{}: syntax error in expression (error token is \"{rest}\")", text.trim_start()));
    }
    Ok(value)
}

/// Whether side effects happen (they do not in the part that `&&`, `||` or `?:` skips).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Live {
    Yes,
    No,
}

struct Evaluation<'a> {
    text: &'a str,
    at: usize,
    cells: &'a mut dyn Cells,
    depth: usize,
    live: Live,
}

/// Binary operators with their binding strength.
const OPERATORS: [(&str, u8); 19] = [
    ("**", 12),
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

impl Evaluation<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
            self.blanks();
        }
        found
    }

    fn fail<T>(&self, why: &str) -> Result<T, String> {
        Err(format!("{}: {why} (error token is \"{}\")", self.text.trim_start(), self.rest()))
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        if self.depth >= NESTING_MAX {
            return Err("expression recursion level exceeded".into());
        }
        self.depth += 1;
        let value = parse(self);
        self.depth -= 1;
        value
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.deeper(Self::assignment)?;
        while self.take(",") {
            value = self.deeper(Self::assignment)?;
        }
        Ok(value)
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        let name = rest[..length].to_string();
        if name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
            return None;
        }
        self.at += length;
        self.blanks();
        Some(name)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        let start = self.at;
        if let Some(name) = self.name() {
            for operator in ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|="] {
                if self.rest().starts_with(operator) && !self.rest().starts_with("==") {
                    self.take(operator);
                    let right = self.deeper(Self::assignment)?;
                    let value = match operator.strip_suffix('=') {
                        Some("") | None => right,
                        Some(operator) => {
                            let left = self.read(&name)?;
                            self.apply(operator, left, right)?
                        }
                    };
                    self.write(&name, value)?;
                    return Ok(value);
                }
            }
        }
        self.at = start;
        self.conditional()
    }

    fn conditional(&mut self) -> Result<i64, String> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let live = self.live;
        self.live = if condition != 0 { live } else { Live::No };
        let yes = self.deeper(Self::assignment)?;
        if !self.take(":") {
            return self.fail("`:' expected for conditional expression");
        }
        self.live = if condition == 0 { live } else { Live::No };
        let no = self.deeper(Self::assignment)?;
        self.live = live;
        Ok(if condition != 0 { yes } else { no })
    }

    fn operator(&self, strength: u8) -> Option<(&'static str, u8)> {
        let rest = self.rest();
        let (operator, binding) = OPERATORS.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        let assigns = rest[operator.len()..].starts_with('=') && !["==", "!=", "<=", ">="].contains(&operator);
        (binding > strength && (!assigns || rest[operator.len()..].starts_with("=="))).then_some((operator, binding))
    }

    fn binary(&mut self, strength: u8) -> Result<i64, String> {
        let mut left = self.unary()?;
        while let Some((operator, binding)) = self.operator(strength) {
            self.take(operator);
            let live = self.live;
            if (operator == "&&" && left == 0) || (operator == "||" && left != 0) {
                self.live = Live::No;
            }
            // `**` binds to the right.
            let right = self.deeper(|inner| inner.binary(if operator == "**" { binding - 1 } else { binding }))?;
            left = self.apply(operator, left, right)?;
            self.live = live;
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        if self.live == Live::No {
            return Ok(i64::from(operator == "||" && left != 0));
        }
        Ok(match operator {
            "**" if right < 0 => return self.fail("exponent less than 0"),
            "**" => left.wrapping_pow(u32::try_from(right).unwrap_or(u32::MAX)),
            "/" | "%" if right == 0 => {
                return Err(format!("{}: division by 0 (error token is \"{}\")", self.text.trim_start(), self.tail()));
            }
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
            "*" => left.wrapping_mul(right),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "&" => left & right,
            "^" => left ^ right,
            "|" => left | right,
            "&&" => i64::from(left != 0 && right != 0),
            _ => i64::from(left != 0 || right != 0),
        })
    }

    /// The last operand passed, which bash names in an error.
    fn tail(&self) -> &str {
        let passed = self.text[..self.at].trim_end();
        let start = passed.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        &self.text[start..]
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.blanks();
        for sign in ["++", "--"] {
            if self.rest().starts_with(sign) && self.rest()[2..].trim_start().starts_with(is_name_start) {
                self.take(sign);
                let name = self.name().unwrap_or_default();
                let value = self.read(&name)?.wrapping_add(if sign == "++" { 1 } else { -1 });
                self.write(&name, value)?;
                return Ok(value);
            }
        }
        let value = match () {
            () if self.take("!") => i64::from(self.deeper(Self::unary)? == 0),
            () if self.take("~") => !self.deeper(Self::unary)?,
            () if self.take("-") => self.deeper(Self::unary)?.wrapping_neg(),
            () if self.take("+") => self.deeper(Self::unary)?,
            () => self.primary()?,
        };
        Ok(value)
    }

    fn primary(&mut self) -> Result<i64, String> {
        if self.take("(") {
            let value = self.deeper(Self::comma)?;
            return if self.take(")") { Ok(value) } else { self.fail("missing `)'") };
        }
        if let Some(name) = self.name() {
            let value = self.read(&name)?;
            for (sign, change) in [("++", 1), ("--", -1)] {
                if self.take(sign) {
                    self.write(&name, value.wrapping_add(change))?;
                    break;
                }
            }
            return Ok(value);
        }
        self.number()
    }

    fn number(&mut self) -> Result<i64, String> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
        let text = &rest[..length];
        if text.is_empty() || !text.as_bytes()[0].is_ascii_digit() {
            return self.fail("syntax error: operand expected");
        }
        let parsed = match text {
            _ if text.starts_with("0x") || text.starts_with("0X") => i64::from_str_radix(&text[2..], 16).ok(),
            _ if text.contains('#') => text.split_once('#').and_then(|(base, digits)| {
                let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
                i64::from_str_radix(digits, base).ok()
            }),
            _ if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(text, 8).ok(),
            _ => text.parse().ok(),
        };
        let Some(value) = parsed else { return self.fail("value too great for base") };
        self.at += length;
        self.blanks();
        Ok(value)
    }

    fn read(&mut self, name: &str) -> Result<i64, String> {
        let text = self.cells.get(name)?;
        if let Ok(value) = text.parse() {
            return Ok(value);
        }
        if self.depth >= NESTING_MAX {
            return Err(format!("{text}: expression recursion level exceeded (error token is \"{text}\")"));
        }
        evaluate_at(&text, self.cells, self.depth + 4)
    }

    fn write(&mut self, name: &str, value: i64) -> Result<(), String> {
        match self.live {
            Live::Yes => self.cells.set(name, value),
            Live::No => Ok(()),
        }
    }
}

fn is_name_start(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use ordered::OrderedMap;

    use super::*;

    impl Cells for OrderedMap<String, String> {
        fn get(&mut self, name: &str) -> Result<String, String> {
            Ok(OrderedMap::get(self, name).cloned().unwrap_or_default())
        }
        fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
            self.insert(name.to_string(), value.to_string());
            Ok(())
        }
    }

    #[test]
    fn expressions_have_c_precedence() {
        for (text, expect) in [
            ("", 0),
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("2**3**2", 512),
            ("-2**2", 4),
            ("7/2", 3),
            ("-7%3", -1),
            ("1<2 && 2<1", 0),
            ("1 ? 2 : 3", 2),
            ("x=5, x+1", 6),
            ("x++ + ++x", 12),
            ("0x1f + 010 + 2#101", 44),
            ("!0 + ~0", 0),
            ("1 || 1/0", 1),
            ("y += 3", 3),
            ("5 & 3 | 8 ^ 1", 9),
            ("1 << 4 >> 2", 4),
        ] {
            let mut cells = OrderedMap::from([("x".to_string(), "5".to_string())]);
            assert_eq!(evaluate(text, &mut cells), Ok(expect), "{text}");
        }
    }

    #[test]
    fn wrong_expressions_are_refused() {
        for text in ["1/0", "1+", "(1", "1 2", "09", "x", "a b"] {
            let mut cells = OrderedMap::from([("x".to_string(), "x".to_string())]);
            assert!(evaluate(text, &mut cells).is_err(), "{text}");
        }
        let deep = "(".repeat(10_000);
        assert!(evaluate(&deep, &mut OrderedMap::new()).is_err());
    }
}
