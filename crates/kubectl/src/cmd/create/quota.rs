//! `kubectl create quota`, `token`.

use api::quantity::Quantity;
use api::{Key, Kind, Value};

use super::super::call::refuse;
use super::super::{Call, Flow, PLAIN, Verb, shared};
use super::{CREATE_FLAGS, Framing, create_object, name_argument};
use crate::failure::Failure;
use crate::flags::Flag;

/// `create quota`
pub static QUOTA: Verb = Verb {
    path: "create quota",
    aliases: &["resourcequota"],
    summary: "Create a resource quota",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]",
    flags: &[
        &[Flag::text("hard"), Flag::text("scopes")],
        CREATE_FLAGS,
        shared::OUTPUT,
        shared::DRY_RUN,
        shared::VALIDATE,
        shared::FIELD_MANAGER,
    ],
    run: quota,
    ..PLAIN
};

fn quota(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let name = name_argument(call)?;
    let (hard, scopes) = (call.flags.text("hard"), call.flags.text("scopes"));
    let mut body = Value::map();
    for statement in hard.split(',').filter(|_| !hard.is_empty()) {
        let parts: Vec<&str> = statement.split('=').collect();
        let [resource, amount] = parts[..] else {
            let message = format!("Invalid argument syntax {statement}, expected <resource>=<value>");
            return Err(Failure::Plain(message));
        };
        let amount = Quantity::parse(amount).map_err(|error| Failure::Plain(error.to_string()))?;
        body.set(&["spec", "hard", resource], amount.to_string());
    }
    if !scopes.is_empty() {
        let list: Vec<Value> = scopes.split(',').map(Value::from).collect();
        if list.iter().any(|scope| scope.text().is_empty()) {
            return Err(Failure::plain("invalid resource quota scope \"\""));
        }
        body.set(&["spec", "scopes"], list);
    }
    create_object(call, "resourcequotas", &name, body, Framing::Named("quota"))
}

/// `create token`: nobody here would read a token, so none is signed.
pub static TOKEN: Verb = Verb {
    path: "create token",
    summary: "Ask for a token of a service account; not signed in this playground",
    usage: "SERVICE_ACCOUNT_NAME [options]",
    flags: &[
        &[
            Flag::array("audience"),
            Flag::text("bound-object-kind"),
            Flag::text("bound-object-name"),
            Flag::text("bound-object-uid"),
            Flag::duration("duration", "0s"),
        ],
        shared::OUTPUT,
    ],
    run: |call| {
        let name = name_argument(call)?;
        check_token(call)?;
        let key = Key::new(call.namespace.clone(), name);
        let failed = |status: api::Status| Failure::Plain(format!("failed to create token: {}", status.message));
        call.ctx.api.get(Kind::ServiceAccount, &key).map_err(failed)?;
        Err(Failure::plain("failed to create token: this playground has no key to sign one with, and asks for none"))
    },
    ..PLAIN
};

fn check_token(call: &Call<'_, '_>) -> Result<(), Failure> {
    let nanos = api::duration::parse_go(&call.flags.text("duration")).unwrap_or_default();
    let [kind, name, uid] =
        ["bound-object-kind", "bound-object-name", "bound-object-uid"].map(|flag| call.flags.text(flag));
    let is_known = matches!(kind.as_str(), "Pod" | "Secret" | "Node");
    refuse(&[
        (nanos < 0, "--duration must be greater than or equal to 0"),
        (nanos % 1_000_000_000 != 0, "--duration cannot be expressed in units less than seconds"),
        (call.flags.texts("audience").iter().any(|one| one.is_empty()), "--audience must not be an empty string"),
        (kind.is_empty() && !name.is_empty(), "--bound-object-name can only be set if --bound-object-kind is provided"),
        (kind.is_empty() && !uid.is_empty(), "--bound-object-uid can only be set if --bound-object-kind is provided"),
        (!kind.is_empty() && !is_known, "supported --bound-object-kind values are Node, Pod, Secret"),
        (is_known && name.is_empty(), "--bound-object-name is required if --bound-object-kind is provided"),
    ])
}
