//! `{a,b}` and `{1..3}`: one word becomes several before anything else happens.

use crate::ast::{Part, Word};
use crate::limits::{EXPANSION_BYTES_MAX, EXPANSION_WORDS_MAX, NESTING_MAX};

/// An element of a word, so that braces can be found among quoted parts.
#[derive(Clone, Debug)]
enum Element {
    Char(char),
    Part(Part),
}

/// The words that a word stands for; itself if it has no braces.
pub(super) fn expand(word: &Word) -> Result<Vec<Word>, String> {
    if !word.parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('{'))) {
        return Ok(vec![word.clone()]);
    }
    let mut elements = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text) => elements.extend(text.chars().map(Element::Char)),
            other => elements.push(Element::Part(other.clone())),
        }
    }
    Ok(expand_elements(&elements, 0)?.into_iter().map(|elements| word_of(&elements)).collect())
}

fn word_of(elements: &[Element]) -> Word {
    let mut parts: Vec<Part> = Vec::new();
    let mut text = String::new();
    for element in elements {
        match element {
            Element::Char(c) => text.push(*c),
            Element::Part(part) => {
                close(&mut text, &mut parts);
                parts.push(part.clone());
            }
        }
    }
    close(&mut text, &mut parts);
    Word { parts }
}

fn close(text: &mut String, parts: &mut Vec<Part>) {
    if !text.is_empty() {
        parts.push(Part::Literal(std::mem::take(text).into()));
    }
}

fn is(element: &Element, sign: char) -> bool {
    matches!(element, Element::Char(c) if *c == sign)
}

fn expand_elements(elements: &[Element], depth: usize) -> Result<Vec<Vec<Element>>, String> {
    if depth > NESTING_MAX {
        return Err("braces are nested too deeply".into());
    }
    let mut from = 0;
    while let Some(open) = elements[from..].iter().position(|e| is(e, '{')).map(|at| from + at) {
        if let Some((close, alternatives)) = alternatives(elements, open) {
            return combine(elements, open, close, alternatives, depth);
        }
        from = open + 1;
    }
    Ok(vec![elements.to_vec()])
}

fn combine(
    elements: &[Element],
    open: usize,
    close: usize,
    alternatives: Vec<Vec<Element>>,
    depth: usize,
) -> Result<Vec<Vec<Element>>, String> {
    let tails = expand_elements(&elements[close + 1..], depth + 1)?;
    let (mut words, mut size) = (Vec::new(), 0);
    for alternative in alternatives {
        for middle in expand_elements(&alternative, depth + 1)? {
            for tail in &tails {
                let word = [&elements[..open], &middle, tail].concat();
                size += word.len();
                words.push(word);
                if size > EXPANSION_BYTES_MAX {
                    return Err(format!("brace expansion makes more than {EXPANSION_BYTES_MAX} bytes"));
                }
                if words.len() > EXPANSION_WORDS_MAX {
                    return Err(format!("brace expansion makes more than {EXPANSION_WORDS_MAX} words"));
                }
            }
        }
    }
    Ok(words)
}

/// The alternatives of the brace at `open` and where it closes; `None` if it is an ordinary brace.
fn alternatives(elements: &[Element], open: usize) -> Option<(usize, Vec<Vec<Element>>)> {
    let (mut depth, mut commas, mut close) = (0usize, vec![open], None);
    for (at, element) in elements.iter().enumerate().skip(open) {
        match element {
            Element::Char('{') => depth += 1,
            Element::Char(',') if depth == 1 => commas.push(at),
            Element::Char('}') => {
                depth -= 1;
                if depth == 0 {
                    close = Some(at);
                    break;
                }
            }
            Element::Char(_) | Element::Part(_) => {}
        }
    }
    let close = close?;
    if commas.len() == 1 {
        return range(&elements[open + 1..close]).map(|alternatives| (close, alternatives));
    }
    commas.push(close);
    let alternatives = commas.windows(2).map(|pair| elements[pair[0] + 1..pair[1]].to_vec()).collect();
    Some((close, alternatives))
}

/// `1..5`, `a..e`, `1..9..2`
fn range(elements: &[Element]) -> Option<Vec<Vec<Element>>> {
    let text: Option<String> =
        elements.iter().map(|e| if let Element::Char(c) = e { Some(*c) } else { None }).collect();
    let text = text?;
    let bounds: Vec<&str> = text.split("..").collect();
    let (from, to) = (*bounds.first()?, *bounds.get(1)?);
    let step: i64 = match bounds.get(2) {
        Some(step) => step.parse::<i64>().ok()?.checked_abs()?.max(1),
        None => 1,
    };
    if bounds.len() > 3 {
        return None;
    }
    let words: Vec<String> = if let (Ok(from_number), Ok(to_number)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let padded =
            |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
        let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
        series(from_number, to_number, step).map(|n| format!("{n:0width$}")).collect()
    } else {
        let (mut from, mut to) = (from.chars(), to.chars());
        let (a, b) = (from.next()?, to.next()?);
        if from.next().is_some() || to.next().is_some() || !a.is_ascii_alphabetic() || !b.is_ascii_alphabetic() {
            return None;
        }
        series(a as i64, b as i64, step).map(|n| char::from(n as u8).to_string()).collect()
    };
    Some(words.into_iter().map(|word| word.chars().map(Element::Char).collect()).collect())
}

/// From `from` to `to` in either direction, one more than the limit at most.
fn series(from: i64, to: i64, step: i64) -> impl Iterator<Item = i64> {
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let now = next?;
        next = if from <= to {
            now.checked_add(step).filter(|n| *n <= to)
        } else {
            now.checked_sub(step).filter(|n| *n >= to)
        };
        Some(now)
    })
    .take(EXPANSION_WORDS_MAX + 1)
}
