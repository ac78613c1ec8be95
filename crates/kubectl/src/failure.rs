//! How a kubectl ends badly, and how it says so.
//!
//! Invariant: a [`Failure`] is shown once, by [`Failure::render`]; what has been printed already is [`Failure::Silent`].
//!
//! Models: kubernetes v1.36 staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (CheckErr).

use ordered::OrderedSet;

use api::status::{Status, StatusCause};
use api::{FieldError, Reason};

use crate::context::Context;

/// An error of kubectl's.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server refused.
    Server(Box<Status>),
    /// Anything of kubectl's own; printed after `error: `.
    Plain(String),
    /// The command line makes no sense: the sentence, and the command's path such as `kubectl get`.
    Usage(String, String),
    /// Printed as it stands.
    Verbatim(String),
    /// Something for standard output, and then an error of kubectl's own.
    AfterOutput(String, String),
    /// A process ended so: what to say, as it stands, and the exit code.
    Exited(String, i32),
    /// Several at once.
    Many(Vec<Failure>),
    /// Everything has been said; the exit code.
    Silent(i32),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Server(Box::new(status))
    }
}

impl Failure {
    /// An error of kubectl's own.
    pub fn plain(message: impl Into<String>) -> Failure {
        Failure::Plain(message.into())
    }

    /// One failure of a list; none for an empty list.
    pub fn of(mut failures: Vec<Failure>) -> Option<Failure> {
        match failures.len() {
            0 => None,
            1 => failures.pop(),
            _ => Some(Failure::Many(failures)),
        }
    }

    /// The same, saying what was being done with which file: `error when creating "web.yaml": …`.
    pub fn with_source(self, doing: &str, source: &str) -> Failure {
        if source.is_empty() {
            return self;
        }
        match self {
            Failure::Server(mut status) => {
                status.message = thin::format_str!("error when {doing} {source:?}: {}", status.message);
                Failure::Server(status)
            }
            Failure::Plain(message) => Failure::Plain(format!("error when {doing} {source:?}: {message}")),
            other @ (Failure::Usage(..)
            | Failure::Verbatim(_)
            | Failure::AfterOutput(..)
            | Failure::Exited(..)
            | Failure::Many(_)
            | Failure::Silent(_)) => other,
        }
    }

    /// Whether the server knows no such object.
    pub fn is_not_found(&self) -> bool {
        self.reason() == Some(Reason::NotFound)
    }

    /// The server's reason.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Failure::Server(status) => Some(status.reason),
            Failure::Plain(_)
            | Failure::Usage(..)
            | Failure::Verbatim(_)
            | Failure::AfterOutput(..)
            | Failure::Exited(..)
            | Failure::Many(_)
            | Failure::Silent(_) => None,
        }
    }

    /// Says it; answers with the exit code.
    pub fn show(&self, ctx: &mut Context<'_>) -> i32 {
        if let Failure::AfterOutput(text, _) = self {
            ctx.out(text);
        }
        let (text, code) = self.render();
        ctx.err(&text);
        code
    }

    /// The text for standard error, and the exit code.
    pub fn render(&self) -> (String, i32) {
        api::reached!("kubectl::failure::Failure::render");
        let (mut text, code) = match self {
            Failure::Silent(code) => return (String::new(), *code),
            Failure::Server(status) if status.reason == Reason::Invalid => (invalid(status), 1),
            Failure::Many(failures) => match failures.as_slice() {
                [only] => return only.render(),
                several => (several.iter().map(|failure| failure.line() + "\n").collect(), 1),
            },
            Failure::AfterOutput(_, message) => (format!("error: {message}"), 1),
            Failure::Plain(message) if !message.starts_with("error: ") => (format!("error: {message}"), 1),
            Failure::Usage(message, path) => (format!("error: {message}\nSee '{path} -h' for help and examples"), 1),
            Failure::Exited(message, code) => (message.clone(), *code),
            Failure::Plain(_) | Failure::Server(_) | Failure::Verbatim(_) => (self.line(), 1),
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        (text, code)
    }

    /// The failure as one of several.
    pub fn line(&self) -> String {
        match self {
            Failure::Server(status) => server_line(status),
            Failure::Plain(message)
            | Failure::Verbatim(message)
            | Failure::Usage(message, _)
            | Failure::AfterOutput(_, message)
            | Failure::Exited(message, _) => message.clone(),
            Failure::Many(failures) => {
                let lines: Vec<String> = failures.iter().map(Failure::message).collect();
                format!("[{}]", lines.join(", "))
            }
            Failure::Silent(_) => String::new(),
        }
    }

    /// What is wrong, without any framing.
    pub fn message(&self) -> String {
        match self {
            Failure::Server(status) => status.message.to_string(),
            Failure::Plain(_)
            | Failure::Usage(..)
            | Failure::Verbatim(_)
            | Failure::AfterOutput(..)
            | Failure::Exited(..)
            | Failure::Many(_)
            | Failure::Silent(_) => self.line(),
        }
    }
}

fn server_line(status: &Status) -> String {
    match status.reason.as_str() {
        "" => format!("Error from server: {}", status.message),
        reason => format!("Error from server ({reason}): {}", status.message),
    }
}

/// `The StatefulSet "web" is invalid: …`; the message stands in only if there are no details.
fn invalid(status: &Status) -> String {
    let Some(details) = &status.details else {
        return format!("The request is invalid: {}", status.message);
    };
    let head = match (details.kind.as_str(), details.name.as_str()) {
        ("", "") if details.causes.is_empty() => return format!("The request is invalid: {}", status.message),
        ("", "") => "The request is invalid".to_string(),
        (kind, name) => format!("The {kind} {name:?} is invalid"),
    };
    match cause_lines(&details.causes).as_slice() {
        [] => head,
        // The line ends even after a text that ends with a line, as differences of specs do.
        [only] => format!("{head}: {only}\n"),
        several => format!("{head}: \n{}", several.iter().map(|line| format!("* {line}\n")).collect::<String>()),
    }
}

/// `field: message` of each cause, each once.
pub fn cause_lines(causes: &[StatusCause]) -> Vec<String> {
    let mut seen = OrderedSet::new();
    let line = |cause: &StatusCause| format!("{}: {}", cause.field, cause.message);
    causes.iter().map(line).filter(|line| seen.insert(line.clone())).collect()
}

/// The failures of fields, as kubectl prints its own: one bare, several in brackets.
pub fn field_errors(errors: &[FieldError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::Kind;

    fn check(failure: Failure, expect: &str) {
        assert_eq!(failure.render().0, expect);
    }

    #[test]
    fn failures_are_framed_as_kubectl_frames_them() {
        let missing = || Failure::from(Status::not_found(Kind::Pod, "x"));
        check(missing(), "Error from server (NotFound): pods \"x\" not found\n");
        check(Failure::plain("no objects passed to apply"), "error: no objects passed to apply\n");
        check(
            Failure::Usage("exactly one NAME is required, got 0".into(), "kubectl run".into()),
            "error: exactly one NAME is required, got 0\nSee 'kubectl run -h' for help and examples\n",
        );
        check(
            Failure::Many(vec![missing(), Failure::plain("y")]),
            "Error from server (NotFound): pods \"x\" not found\ny\n",
        );
        check(
            missing().with_source("deleting", "web.yaml"),
            "Error from server (NotFound): error when deleting \"web.yaml\": pods \"x\" not found\n",
        );
    }

    #[test]
    fn an_invalid_object_lists_its_faults_once() {
        let cause = |field: &str, message: &str| StatusCause {
            field: field.into(),
            message: message.into(),
            ..StatusCause::default()
        };
        let mut status = Status::invalid(Kind::StatefulSet, "web", &[]);
        status.details.as_mut().unwrap().causes = vec![cause("spec.a", "Required value")];
        check(status.clone().into(), "The StatefulSet \"web\" is invalid: spec.a: Required value\n");
        status.details.as_mut().unwrap().causes.extend([cause("spec.b", "Bad"), cause("spec.b", "Bad")]);
        check(status.into(), "The StatefulSet \"web\" is invalid: \n* spec.a: Required value\n* spec.b: Bad\n");
    }
}
