//! A refusal as JavaScript sees it: an `Error` with a `code`.

use js_sys::{Error, Reflect};
use playground::{ObjectsError, SessionError};
use wasm_bindgen::JsValue;

/// Why a call was refused.
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    /// `code` is one of those that `index.d.ts` lists.
    pub(crate) fn new(code: &'static str, message: impl ToString) -> Refusal {
        Refusal { code, message: message.to_string() }
    }
}

impl From<SessionError> for Refusal {
    fn from(error: SessionError) -> Refusal {
        let code = match error {
            SessionError::Journal(_) => "InvalidSession",
            SessionError::Timing(_) | SessionError::Nodes => "InvalidOption",
        };
        Refusal::new(code, error)
    }
}

impl From<ObjectsError> for Refusal {
    fn from(error: ObjectsError) -> Refusal {
        Refusal::new(error.reason(), error)
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> JsValue {
        let error = Error::new(&refusal.message);
        // A plain `Error` object takes any property.
        let _ = Reflect::set(&error, &"code".into(), &refusal.code.into());
        error.into()
    }
}
