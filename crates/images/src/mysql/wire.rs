//! What client and server say to each other.
//!
//! The order is MySQL's: the server greets with its version and a salt, the client logs in with an answer to the salt, then
//! statements and answers take turns. Difference that was chosen: messages are lines of text with tabs, each in one packet.

use thin::Str;

use super::engine::Answer;
use super::error::{SqlError, state_of};
use crate::tsv::{self, Field};

/// The port.
pub(crate) const PORT: u16 = 3306;

/// The server's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Greeting {
    /// Such as `8.0.44`.
    pub(crate) version: Str,
    /// The connection's number.
    pub(crate) id: u32,
    /// What the answer to the password is made with.
    pub(crate) salt: Str,
}

impl Greeting {
    pub(crate) fn encode(&self) -> Vec<u8> {
        tsv::line([Some("greeting"), Some(&self.version), Some(&self.id.to_string()), Some(&self.salt)]).into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Greeting> {
        let [kind, version, id, salt] = words(bytes)?;
        (kind == "greeting").then_some(Greeting { version, id: id.parse().ok()?, salt })
    }
}

/// What a client sends first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// The user's name.
    pub(crate) user: Str,
    /// The answer to the salt; empty without a password.
    pub(crate) answer: Str,
    /// The database to use; empty for none.
    pub(crate) database: Str,
}

impl Login {
    pub(crate) fn encode(&self) -> Vec<u8> {
        tsv::line([Some("login"), Some(&self.user), Some(&self.answer), Some(&self.database)]).into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Login> {
        let [kind, user, answer, database] = words(bytes)?;
        (kind == "login").then_some(Login { user, answer, database })
    }
}

fn words<const N: usize>(bytes: &[u8]) -> Option<[Str; N]> {
    let text = std::str::from_utf8(bytes).ok()?;
    tsv::fields(text).into_iter().collect::<Option<Vec<Str>>>()?.try_into().ok()
}

/// What a statement answers, as bytes.
pub(crate) fn encode(answer: &Result<Answer, SqlError>) -> Vec<u8> {
    let mut text = match answer {
        Err(error) => tsv::line([Some("error"), Some(&error.code.to_string()), Some(&error.message)]),
        Ok(Answer::Done { affected, insert_id, info }) => {
            tsv::line([Some("done"), Some(&affected.to_string()), Some(&insert_id.to_string()), Some(info)])
        }
        Ok(Answer::Rows { columns, .. }) => {
            tsv::line(std::iter::once(Some("rows")).chain(columns.iter().map(|name| Some(name.as_str()))))
        }
    };
    if let Ok(Answer::Rows { rows, .. }) = answer {
        for row in rows {
            text.push('\n');
            text.push_str(&tsv::line(row.iter().map(Field::as_deref)));
        }
    }
    text.into_bytes()
}

/// The same, read.
pub(crate) fn decode(bytes: &[u8]) -> Option<Result<Answer, SqlError>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.split('\n');
    let mut head = tsv::fields(lines.next()?).into_iter().flatten();
    match head.next()?.as_str() {
        "error" => {
            let (code, message) = (head.next()?.parse().ok()?, head.next()?);
            Some(Err(SqlError { code, state: state_of(code), message }))
        }
        "done" => {
            let (affected, insert_id) = (head.next()?.parse().ok()?, head.next()?.parse().ok()?);
            Some(Ok(Answer::Done { affected, insert_id, info: head.next().unwrap_or_default() }))
        }
        "rows" => Some(Ok(Answer::Rows { columns: head.collect(), rows: lines.map(tsv::fields).collect() })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_are_written() {
        let rows = vec![vec![Some("a\nb".into()), None], vec![Some("".into()), Some("\\N".into())]];
        for answer in [
            Ok(Answer::Rows { columns: vec!["x".into(), "y\t".into()], rows }),
            Ok(Answer::Rows { columns: vec!["x".into()], rows: Vec::new() }),
            Ok(Answer::Done { affected: 2, insert_id: 7, info: "".into() }),
            Err(SqlError::no_database()),
        ] {
            assert_eq!(decode(&encode(&answer)), Some(answer));
        }
        let login = Login { user: "a\tb".into(), answer: "".into(), database: "".into() };
        assert_eq!(Login::decode(&login.encode()), Some(login));
        assert_eq!(Greeting::decode(b"GET / HTTP/1.1"), None);
    }
}
