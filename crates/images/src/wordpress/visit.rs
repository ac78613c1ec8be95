//! One request: with a connection of its own to the database, as PHP has.
//!
//! What answers a request is written as if the database answered at once. It is run from the start again each time an answer
//! has come, and finds the earlier ones there; it does nothing else that could be seen twice.

use cri::{Address, System};
use sim::Time;

use super::config::Config;
use super::page::{self, Wish};
use super::site;
use crate::mysql::connection::{Connection, Failure};
use crate::mysql::engine::Answer;
use crate::mysql::error::SqlError;
use crate::tools::http::{Request, Response};

/// The database has not answered yet: the page is not made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting;

/// The database, as a page sees it.
pub(crate) struct Database<'a> {
    answers: &'a [Result<Answer, SqlError>],
    next: usize,
    wanted: Option<String>,
    /// What tables' names begin with.
    pub(crate) prefix: &'a str,
}

impl Database<'_> {
    /// What a statement answers; `wp_` at the front of a table's name in backquotes is replaced by the site's prefix.
    pub(crate) fn ask(&mut self, statement: &str) -> Result<Result<Answer, SqlError>, Waiting> {
        if let Some(answer) = self.answers.get(self.next) {
            self.next += 1;
            return Ok(answer.clone());
        }
        self.wanted = Some(statement.replace("`wp_", &format!("`{}", self.prefix)));
        Err(Waiting)
    }

    /// The rows of a query as texts; none if it fails.
    pub(crate) fn rows(&mut self, statement: &str) -> Result<Option<Vec<Vec<String>>>, Waiting> {
        Ok(match self.ask(statement)? {
            Ok(Answer::Rows { rows, .. }) => {
                let text = |field: Option<thin::Str>| field.unwrap_or_default().to_string();
                Some(rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
            }
            Ok(Answer::Done { .. }) => Some(Vec::new()),
            Err(_) => None,
        })
    }
}

/// Text as it stands in a statement.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A request that is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Who asks.
    pub(crate) client: Address,
    /// What for.
    pub(crate) request: Request,
    config: Config,
    connection: Connection,
    answers: Vec<Result<Answer, SqlError>>,
    stage: Stage,
    misses_database: bool,
    /// A page is made at one instant, however long its answers take.
    begun: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Thinking,
    Asking,
}

impl Visit {
    pub(crate) fn new(client: Address, request: Request, config: Config, begun: Time) -> Visit {
        let connection = Connection::new(config.target.clone());
        Visit {
            client,
            request,
            config,
            connection,
            answers: Vec::new(),
            stage: Stage::Connecting,
            misses_database: false,
            begun,
        }
    }

    /// Until when it waits.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.connection.deadline()
    }

    /// Whether it has ended without the database.
    pub(crate) fn misses_database(&self) -> bool {
        self.misses_database
    }

    /// Goes on; answers once the page is there.
    pub(crate) fn poll(&mut self, system: &mut System<'_>) -> Option<Response> {
        loop {
            match self.stage {
                Stage::Connecting => match self.connection.poll_login(system)? {
                    Ok(()) => self.stage = Stage::Thinking,
                    Err(_) => return Some(self.give_up()),
                },
                Stage::Thinking => {
                    if let Some(response) = self.think(system) {
                        self.connection.close(system);
                        return Some(response);
                    }
                }
                Stage::Asking => match self.connection.poll_answer(system)? {
                    Ok(answer) => self.take(Ok(answer)),
                    Err(Failure::Server(error)) => self.take(Err(error)),
                    Err(_) => return Some(self.give_up()),
                },
            }
        }
    }

    fn give_up(&mut self) -> Response {
        self.misses_database = true;
        no_database()
    }

    fn take(&mut self, answer: Result<Answer, SqlError>) {
        self.answers.push(answer);
        self.stage = Stage::Thinking;
    }

    fn think(&mut self, system: &mut System<'_>) -> Option<Response> {
        let mut database =
            Database { answers: &self.answers, next: 0, wanted: None, prefix: self.config.prefix.as_str() };
        let wish = Wish::of(&self.request);
        let outcome = site::answer(&wish, &self.config, &mut database, self.begun);
        let wanted = database.wanted.take();
        match (outcome, wanted) {
            (Ok(response), _) => Some(response),
            (Err(Waiting), wanted) => {
                self.connection.ask(&wanted.unwrap_or_default(), system);
                self.stage = Stage::Asking;
                None
            }
        }
    }
}

/// The page that everyone knows.
pub(crate) fn no_database() -> Response {
    page::page(500, "Database Error", "<h1>Error establishing a database connection</h1>")
}
