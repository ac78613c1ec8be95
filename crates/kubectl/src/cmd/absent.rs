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
                summary: concat!("Not supported in this version of the playground. ", $instead),
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
    CERTIFICATE "certificate" "",
    SET_SUBJECT "set subject" "the one user here may do everything",
    COMPLETION "completion" "the Tab key completes here by itself",
    CP "cp" "use kubectl exec POD -- cat FILE",
    DEBUG "debug" "use kubectl exec or kubectl run",
    PLUGIN "plugin" "",
    PROXY "proxy" "",
}

/// `kubectl top`: no metrics server runs here.
pub static TOP: Verb = Verb {
    path: "top",
    summary: "Show what nodes and pods use; needs a metrics server, which this cluster has not",
    usage: "(node | pod) [options]",
    words: Words::Unread,
    run: |_| Err(Failure::plain("Metrics API not available")),
    ..PLAIN
};
