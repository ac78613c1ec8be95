//! `expr`

use super::{Builtin, Kind, Runner};
use crate::limits::NESTING_MAX;
use crate::process::Context;
use crate::regex::{Case, Regex, Syntax};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "expr", usage: "expr EXPRESSION", kind: Kind::Program, runner: Runner::Once(expr) };

fn expr(context: &mut Context) -> i32 {
    let mut parser = Parser { words: context.args, at: 0, depth: 0 };
    let value = match parser.binary(0) {
        Ok(_) if parser.at < context.args.len() => {
            Err(format!("syntax error: unexpected argument '{}'", context.args[parser.at]))
        }
        other => other,
    };
    match value {
        Ok(value) => {
            let status = i32::from(value.is_empty() || value == "0");
            context.out(value + "\n");
            status
        }
        Err(text) => {
            context.fail(text);
            2
        }
    }
}

struct Parser<'a> {
    words: &'a [String],
    at: usize,
    depth: usize,
}

fn strength(operator: &str) -> Option<u8> {
    Some(match operator {
        "|" => 1,
        "&" => 2,
        "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" => 3,
        "+" | "-" => 4,
        "*" | "/" | "%" => 5,
        ":" => 6,
        _ => return None,
    })
}

impl Parser<'_> {
    fn binary(&mut self, above: u8) -> Result<String, String> {
        let mut left = self.primary()?;
        while let Some(operator) = self.words.get(self.at).cloned() {
            let Some(binding) = strength(&operator).filter(|binding| *binding > above) else { break };
            self.at += 1;
            let right = self.binary(binding)?;
            left = apply(&left, &operator, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<String, String> {
        let Some(word) = self.words.get(self.at).cloned() else {
            return Err(if self.words.is_empty() {
                "missing operand".into()
            } else {
                "syntax error: missing argument".into()
            });
        };
        self.at += 1;
        match word.as_str() {
            "(" => {
                self.depth += 1;
                if self.depth > NESTING_MAX {
                    return Err("syntax error: nested too deeply".into());
                }
                let value = self.binary(0)?;
                if self.words.get(self.at).map(String::as_str) != Some(")") {
                    return Err("syntax error: expecting ')'".into());
                }
                self.at += 1;
                Ok(value)
            }
            "length" if self.at < self.words.len() => Ok(self.primary()?.chars().count().to_string()),
            "match" if self.at + 1 < self.words.len() => {
                let (text, pattern) = (self.primary()?, self.primary()?);
                apply(&text, ":", &pattern)
            }
            "substr" if self.at + 2 < self.words.len() => {
                let text = self.primary()?;
                let from: usize = self.primary()?.parse().unwrap_or(0);
                let length: usize = self.primary()?.parse().unwrap_or(0);
                Ok(if from == 0 { String::new() } else { text.chars().skip(from - 1).take(length).collect() })
            }
            "index" if self.at + 1 < self.words.len() => {
                let (text, set) = (self.primary()?, self.primary()?);
                Ok(text.chars().position(|c| set.contains(c)).map_or(0, |at| at + 1).to_string())
            }
            _ => Ok(word),
        }
    }
}

fn apply(left: &str, operator: &str, right: &str) -> Result<String, String> {
    let is_null = |text: &str| text.is_empty() || text == "0";
    match operator {
        "|" => {
            return Ok(if !is_null(left) {
                left
            } else if is_null(right) {
                "0"
            } else {
                right
            }
            .to_string());
        }
        "&" => return Ok(if is_null(left) || is_null(right) { "0" } else { left }.to_string()),
        ":" => return matched(left, right),
        _ => {}
    }
    let numbers = (left.parse::<i64>(), right.parse::<i64>());
    if strength(operator) == Some(3) {
        let order = match numbers {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        let truth = match operator {
            "=" | "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        };
        return Ok(i32::from(truth).to_string());
    }
    let (Ok(left), Ok(right)) = numbers else { return Err("non-integer argument".into()) };
    let value = match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        _ if right == 0 => return Err("division by zero".into()),
        "/" => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    value.map(|value| value.to_string()).ok_or_else(|| "integer result out of range".into())
}

fn matched(text: &str, pattern: &str) -> Result<String, String> {
    let regex = Regex::new(&format!("^{pattern}"), Syntax::Basic, Case::Exact)?;
    let found = regex.find(text, 0);
    let chars: Vec<char> = text.chars().collect();
    Ok(match found {
        Some(found) if regex.group_count() > 1 => {
            found.groups[1].map(|(from, to)| chars[from..to].iter().collect()).unwrap_or_default()
        }
        None if regex.group_count() > 1 => String::new(),
        Some(found) => found.end().to_string(),
        None => "0".to_string(),
    })
}
