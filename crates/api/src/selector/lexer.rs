//! The words of a selector.

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    End,
    Identifier,
    Comma,
    Open,
    Close,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Greater,
    Less,
}

/// Takes a selector apart; the last word is [`Token::End`].
pub(crate) fn words(text: &str) -> Vec<(Token, &str)> {
    crate::reached!("api::selector::lexer::words");
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let length = symbol_length(rest).unwrap_or_else(|| rest.find(ends_word).unwrap_or(rest.len()));
        let (word, after) = rest.split_at(length);
        words.push((token(word), word));
        rest = after.trim_start_matches(is_space);
    }
    words.push((Token::End, ""));
    words
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn ends_word(c: char) -> bool {
    is_space(c) || matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn symbol_length(text: &str) -> Option<usize> {
    if text.starts_with("==") || text.starts_with("!=") {
        return Some(2);
    }
    text.starts_with(ends_word).then_some(1)
}

fn token(word: &str) -> Token {
    match word {
        "," => Token::Comma,
        "(" => Token::Open,
        ")" => Token::Close,
        "!" => Token::Not,
        "=" => Token::Equals,
        "==" => Token::DoubleEquals,
        "!=" => Token::NotEquals,
        "in" => Token::In,
        "notin" => Token::NotIn,
        ">" => Token::Greater,
        "<" => Token::Less,
        _ => Token::Identifier,
    }
}

#[cfg(test)]
mod tests {
    use super::Token::*;
    use super::*;

    fn check(text: &str, expect: &[Token]) {
        let found: Vec<Token> = words(text).into_iter().map(|(token, _)| token).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn selectors_are_taken_apart() {
        check("", &[End]);
        check("key in ( value )", &[Identifier, In, Open, Identifier, Close, End]);
        check("!key", &[Not, Identifier, End]);
        check("== != (), = notin", &[DoubleEquals, NotEquals, Open, Close, Comma, Equals, NotIn, End]);
        check("key>2", &[Identifier, Greater, Identifier, End]);
        check("~", &[Identifier, End]);
        check("||", &[Identifier, End]);
    }
}
