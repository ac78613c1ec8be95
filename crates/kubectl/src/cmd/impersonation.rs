//! `--as`: requests in somebody else's name.
//!
//! Models: kubernetes v1.36 cli-runtime/pkg/genericclioptions (the flags), client-go/tools/clientcmd/validation.go.

use api::Str;
use client::User;

use crate::failure::Failure;
use crate::flags::Parsed;

/// Who asks if nobody else is named.
pub const ADMINISTRATOR: (&str, [&str; 2]) = ("minikube-user", ["system:masters", "system:authenticated"]);

/// The user that the flags name, if they name one.
pub fn user_of(flags: &Parsed) -> Result<Option<User>, Failure> {
    let (name, uid, groups) = (flags.text("as"), flags.text("as-uid"), flags.texts("as-group"));
    let mut extra: Vec<(Str, Vec<Str>)> = Vec::new();
    for pair in flags.texts("as-user-extra") {
        // As upstream, what is no pair says nothing.
        let Some((key, value)) = pair.split_once('=') else { continue };
        match extra.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => values.push(value.into()),
            None => extra.push((key.into(), vec![value.into()])),
        }
    }
    if !name.is_empty() {
        return Ok(Some(User { uid, extra, ..User::impersonated(&name, groups) }));
    }
    if uid.is_empty() && groups.is_empty() && extra.is_empty() {
        return Ok(None);
    }
    let name = "minikube";
    Err(Failure::Verbatim(format!(
        "error: invalid configuration: requesting uid, groups or user-extra for {name} without impersonating a user"
    )))
}

/// Whoever asks: that user, or the administrator.
pub fn present(user: Option<User>) -> User {
    let (name, groups) = ADMINISTRATOR;
    user.unwrap_or_else(|| User { name: name.into(), groups: groups.map(Str::from).to_vec(), ..User::default() })
}
