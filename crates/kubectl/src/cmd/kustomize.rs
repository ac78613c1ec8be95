//! `kubectl kustomize`: prints what a kustomization makes, or writes it to a file.
//!
//! Models: sigs.k8s.io/kustomize v5.8.1 kustomize/commands/build, as kubectl v1.36 embeds it.

use super::call::unsupported;
use super::{Call, Flow, PLAIN, Verb};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::kustomize::{self, Options, Order, Restriction};

/// The verb.
pub static KUSTOMIZE: Verb = Verb {
    path: "kustomize",
    summary: "Build manifests from a directory with a kustomization",
    usage: "DIR [flags] [options]",
    flags: &[&[
        Flag::bool("as-current-user"),
        Flag::bool("enable-alpha-plugins"),
        Flag::bool("enable-helm"),
        Flag::array("env").short('e'),
        Flag::array("helm-api-versions"),
        Flag::text("helm-command").default("helm"),
        Flag::bool("helm-debug"),
        Flag::text("helm-kube-version"),
        Flag::text("load-restrictor").default("LoadRestrictionsRootOnly"),
        Flag::array("mount"),
        Flag::bool("network"),
        Flag::text("network-name").default("bridge"),
        Flag::text("output").short('o'),
        Flag::text("reorder")
            .default("legacy")
            .deprecated("use the new 'sortOptions' field in kustomization.yaml instead."),
    ]],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    for flag in ["enable-alpha-plugins", "enable-helm"] {
        if call.flags.is_on(flag) {
            return Err(unsupported(&format!("plugins and charts (--{flag})")));
        }
    }
    if call.flags.args.len() > 1 {
        return Err(Failure::plain("specify one path to kustomization.yaml"));
    }
    let options = options(call)?;
    let path = call.flags.args.first().cloned().unwrap_or_else(|| ".".into());
    let manifests = kustomize::build(call.ctx, call.env, &path, options)?;
    let text = kustomize::text(&manifests);
    let output = call.flags.text("output");
    if output.is_empty() {
        call.ctx.out(&text);
        return Ok(Flow::Done(0));
    }
    let file = call.env.absolute(&output);
    if call.ctx.fs.is_directory(&file) {
        return Err(unsupported("directories as output (--output)"));
    }
    let written = call.ctx.fs.write(&file, text.as_bytes());
    written.map_err(|error| Failure::Plain(format!("open {output}: {error}")))?;
    Ok(Flow::Done(0))
}

fn options(call: &mut Call<'_, '_>) -> Result<Options, Failure> {
    let restrictor = call.flags.text("load-restrictor");
    let restriction = match restrictor.as_str() {
        "" | "LoadRestrictionsRootOnly" => Restriction::RootOnly,
        "LoadRestrictionsNone" => Restriction::None,
        other => {
            return Err(Failure::Plain(format!(
                "illegal flag value --load-restrictor {other}; legal values: [LoadRestrictionsRootOnly \
                 LoadRestrictionsNone]"
            )));
        }
    };
    let order_is_explicit = call.flags.is_set("reorder");
    let order = match call.flags.text("reorder").as_str() {
        "legacy" => Order::Legacy,
        "none" => Order::Read,
        other => {
            return Err(Failure::Plain(format!("illegal flag value --reorder {other}; legal values: [legacy none]")));
        }
    };
    Ok(Options { restriction, order, order_is_explicit })
}
