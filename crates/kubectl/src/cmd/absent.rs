//! Verbs of kubectl's that are not here yet. They say so; none of them does half of its work.

use super::call::Call;
use super::{Flow, PLAIN, Verb, Words};
use crate::failure::Failure;

/// A verb that only says that it is not here.
macro_rules! absent {
    ($( $name:ident $path:literal $instead:literal ),* $(,)?) => {
        $(
            #[doc = concat!("`kubectl ", $path, "`, which is not here yet.")]
            pub static $name: Verb = Verb {
                path: $path,
                summary: "Not supported in this version of the playground",
                words: Words::Unread,
                run: |call| refuse(call, $instead),
                ..PLAIN
            };
        )*
    };
}

fn refuse(call: &mut Call<'_, '_>, instead: &str) -> Result<Flow, Failure> {
    let message = format!("kubectl {} is not supported in this version of the playground", call.verb.path);
    Err(Failure::Plain(if instead.is_empty() { message } else { format!("{message}; {instead}") }))
}

absent! {
    ALPHA "alpha" "",
    KUBERC "kuberc" "there is no kuberc file here",
}
