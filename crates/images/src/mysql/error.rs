//! MySQL's errors: number, state and words.

use thin::{Str, format_str};

use crate::sql::evaluate::EvaluationError;
use crate::sql::parse::SyntaxError;

/// Why a statement was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlError {
    /// Such as 1045.
    pub(crate) code: u16,
    /// Such as `28000`.
    pub(crate) state: &'static str,
    /// In MySQL's words.
    pub(crate) message: Str,
}

/// The states of the errors that there are here; `HY000` for any other.
const STATES: &[(u16, &str)] = &[
    (1044, "42000"),
    (1045, "28000"),
    (1046, "3D000"),
    (1048, "23000"),
    (1049, "42000"),
    (1050, "42S01"),
    (1051, "42S02"),
    (1054, "42S22"),
    (1062, "23000"),
    (1060, "42S21"),
    (1064, "42000"),
    (1072, "42000"),
    (1075, "42000"),
    (1110, "42000"),
    (1113, "42000"),
    (1136, "21S01"),
    (1140, "42000"),
    (1142, "42000"),
    (1146, "42S02"),
    (1193, "HY000"),
    (1227, "42000"),
    (1235, "42000"),
    (1264, "22003"),
    (1305, "42000"),
    (1406, "22001"),
    (1582, "42000"),
];

/// The state that belongs to a number.
pub(crate) fn state_of(code: u16) -> &'static str {
    STATES.iter().find(|(known, _)| *known == code).map_or("HY000", |(_, state)| state)
}

impl SqlError {
    pub(crate) fn new(code: u16, message: impl Into<Str>) -> SqlError {
        SqlError { code, state: state_of(code), message: message.into() }
    }

    /// As a client shows it.
    pub(crate) fn text(&self) -> String {
        format!("ERROR {} ({}): {}", self.code, self.state, self.message)
    }

    /// A statement that cannot be read.
    pub(crate) fn syntax(error: &SyntaxError, statement: &str) -> SqlError {
        match error {
            SyntaxError::At(at) => {
                let statement = statement.trim_end().trim_end_matches(';');
                let rest: String = statement.get(*at..).unwrap_or_default().chars().take(80).collect();
                let line = statement.get(..*at).unwrap_or(statement).matches('\n').count() + 1;
                SqlError::new(
                    1064,
                    format_str!(
                        "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server \
                         version for the right syntax to use near '{rest}' at line {line}"
                    ),
                )
            }
            SyntaxError::Unsupported(what) => SqlError::unsupported(what),
        }
    }

    /// Real MySQL can do it; this one says that it cannot, as MySQL says of what it cannot do.
    pub(crate) fn unsupported(what: &str) -> SqlError {
        SqlError::new(1235, format_str!("This version of MySQL doesn't yet support '{what}'"))
    }

    pub(crate) fn evaluation(error: EvaluationError, place: &str) -> SqlError {
        match error {
            EvaluationError::Column(name) => SqlError::new(1054, format_str!("Unknown column '{name}' in '{place}'")),
            EvaluationError::Function(name) => SqlError::new(1305, format_str!("FUNCTION {name} does not exist")),
            EvaluationError::Variable(name) => SqlError::new(1193, format_str!("Unknown system variable '{name}'")),
            EvaluationError::Arguments(name) => {
                SqlError::new(1582, format_str!("Incorrect parameter count in the call to native function '{name}'"))
            }
        }
    }

    pub(crate) fn no_database() -> SqlError {
        SqlError::new(1046, "No database selected")
    }

    pub(crate) fn unknown_database(name: &str) -> SqlError {
        SqlError::new(1049, format_str!("Unknown database '{name}'"))
    }

    pub(crate) fn no_table(database: &str, table: &str) -> SqlError {
        SqlError::new(1146, format_str!("Table '{database}.{table}' doesn't exist"))
    }
}
