//! The engine behind bytes: what the worker runs, and what tests run on their own thread.
//!
//! Bytes that are no request are answered with [`Update::Refused`], never with a panic.

use playground::{Session, SessionError};
use view::{Answer, Command, Request, Update, from_bytes, to_bytes};

/// At most one session.
#[derive(Default)]
pub struct Engine {
    session: Option<Session>,
    is_used: bool,
}

impl Engine {
    /// Answers the bytes of one [`Request`] with the bytes of one [`Answer`].
    pub fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let answer = match from_bytes::<Request>(request) {
            Ok(Request { sequence, command }) => Answer { sequence, updates: self.handle(command) },
            Err(error) => Answer { sequence: 0, updates: vec![Update::Refused { message: error.to_string() }] },
        };
        to_bytes(&answer)
    }

    /// Whether a reader has given a command.
    pub fn is_used(&self) -> bool {
        self.is_used
    }

    fn handle(&mut self, command: Command) -> Vec<Update> {
        self.is_used |= matches!(command, Command::Input { .. } | Command::Run { .. });
        match command {
            Command::Start(start) => self.begin(Session::new(start)),
            Command::Restore { lines, until_us } => self.begin(Session::restore(&lines, until_us)),
            command => match &mut self.session {
                Some(session) => session.handle(command),
                None => {
                    vec![Update::Refused { message: "there is no session: it starts with Start or Restore".into() }]
                }
            },
        }
    }

    /// A session that cannot be had leaves the one before as it is.
    fn begin(&mut self, session: Result<Session, SessionError>) -> Vec<Update> {
        match session {
            Ok(session) => self.session.insert(session).take_updates(),
            Err(error) => vec![Update::Refused { message: error.to_string() }],
        }
    }
}
