//! `metav1.Status`: how the API server refuses.

use std::fmt;

use crate::field_error::FieldError;
use crate::{Kind, Str};

/// Why a request was refused, in the API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 404
    NotFound,
    /// 409, on creation
    AlreadyExists,
    /// 409, on update
    Conflict,
    /// 422
    Invalid,
    /// 400
    BadRequest,
    /// 403
    Forbidden,
    /// 429
    TooManyRequests,
    /// 405
    MethodNotAllowed,
    /// 415
    UnsupportedMediaType,
    /// 410, a watch that is too old
    Expired,
    /// 504
    Timeout,
    /// 500
    InternalError,
    /// No reason given (an error of another kind, such as 422 of a JSON patch).
    Unknown,
}

impl Reason {
    /// The name in JSON; empty for [`Reason::Unknown`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::NotFound => "NotFound",
            Reason::AlreadyExists => "AlreadyExists",
            Reason::Conflict => "Conflict",
            Reason::Invalid => "Invalid",
            Reason::BadRequest => "BadRequest",
            Reason::Forbidden => "Forbidden",
            Reason::TooManyRequests => "TooManyRequests",
            Reason::MethodNotAllowed => "MethodNotAllowed",
            Reason::UnsupportedMediaType => "UnsupportedMediaType",
            Reason::Expired => "Expired",
            Reason::Timeout => "Timeout",
            Reason::InternalError => "InternalError",
            Reason::Unknown => "",
        }
    }

    /// The HTTP status code.
    pub const fn code(self) -> u16 {
        match self {
            Reason::NotFound => 404,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Invalid | Reason::Unknown => 422,
            Reason::BadRequest => 400,
            Reason::Forbidden => 403,
            Reason::TooManyRequests => 429,
            Reason::MethodNotAllowed => 405,
            Reason::UnsupportedMediaType => 415,
            Reason::Expired => 410,
            Reason::Timeout => 504,
            Reason::InternalError => 500,
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Why, as a word.
    pub reason: Reason,
    /// Why, as the API server says it.
    pub message: Str,
    /// What it is about.
    pub details: Option<Box<StatusDetails>>,
}

/// What a refusal is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusDetails {
    /// The object's name.
    pub name: Str,
    /// The kind's group.
    pub group: Str,
    /// The resource's plural, or the kind for Invalid.
    pub kind: Str,
    /// The single faults.
    pub causes: Vec<StatusCause>,
    /// For [`Reason::TooManyRequests`]: when to ask again.
    pub retry_after_seconds: i64,
}

/// One fault of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusCause {
    /// Such as `FieldValueInvalid` or `DisruptionBudget`.
    pub reason: Str,
    /// In a sentence.
    pub message: Str,
    /// The field's path, or empty.
    pub field: Str,
}

impl Status {
    /// A refusal without details.
    pub fn new(reason: Reason, message: impl Into<Str>) -> Status {
        Status { reason, message: message.into(), details: None }
    }

    /// `pods "x" not found`
    pub fn not_found(kind: Kind, name: &str) -> Status {
        let message = thin::format_str!("{} {} not found", kind.qualified_plural(), quoted(name));
        Status::about(Reason::NotFound, kind, name, message)
    }

    /// `services "nginx" already exists`
    pub fn already_exists(kind: Kind, name: &str) -> Status {
        let message = thin::format_str!("{} {} already exists", kind.qualified_plural(), quoted(name));
        Status::about(Reason::AlreadyExists, kind, name, message)
    }

    /// The object has been changed by someone else.
    pub fn conflict(kind: Kind, name: &str) -> Status {
        let cause = "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict_because(kind, name, cause)
    }

    /// `Operation cannot be fulfilled on …: cause`
    pub fn conflict_because(kind: Kind, name: &str, cause: &str) -> Status {
        let resource = kind.qualified_plural();
        let message = thin::format_str!("Operation cannot be fulfilled on {resource} {}: {cause}", quoted(name));
        Status::about(Reason::Conflict, kind, name, message)
    }

    /// `pods "x" is forbidden: cause`
    pub fn forbidden(kind: Kind, name: &str, cause: &str) -> Status {
        let message = match name {
            "" => thin::format_str!("{} is forbidden: {cause}", kind.qualified_plural()),
            name => thin::format_str!("{} {} is forbidden: {cause}", kind.qualified_plural(), quoted(name)),
        };
        Status::about(Reason::Forbidden, kind, name, message)
    }

    /// `StatefulSet.apps "web" is invalid: …`, with a cause per error.
    pub fn invalid(kind: Kind, name: &str, errors: &[FieldError]) -> Status {
        let mut texts: Vec<String> = Vec::with_capacity(errors.len());
        for text in errors.iter().map(ToString::to_string) {
            // What several checks found is said once, though each is a cause.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match texts.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = thin::format_str!("{} {} is invalid: {list}", kind.qualified_name(), quoted(name));
        let mut status = Status::about(Reason::Invalid, kind, name, message);
        if let Some(details) = &mut status.details {
            details.kind = kind.name().into();
            details.causes = errors.iter().map(FieldError::to_cause).collect();
        }
        status
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<Str>) -> Status {
        Status::new(Reason::BadRequest, message)
    }

    /// Something that should work did not.
    pub fn internal(message: impl Into<Str>) -> Status {
        Status::new(Reason::InternalError, message)
    }

    fn about(reason: Reason, kind: Kind, name: &str, message: Str) -> Status {
        let details = StatusDetails {
            name: name.into(),
            group: kind.group().into(),
            kind: kind.plural().into(),
            ..StatusDetails::default()
        };
        Status { reason, message, details: Some(Box::new(details)) }
    }
}

/// A name in Go's `%q`.
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}
