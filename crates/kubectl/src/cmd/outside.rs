//! Verbs about what stands beside this cluster: metrics, certificates, shells, plugins. Each says what is there.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/{top,certificates,completion,plugin}.

use api::Str;

use super::call::refuse;
use super::rollout::parent;
use super::{Call, Flow, PLAIN, Verb, shared};
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;

/// `kubectl top`: no metrics server runs here.
pub static TOP: Verb = Verb {
    path: "top",
    summary: "Show what nodes and pods use; needs a metrics server, which this cluster has not",
    usage: "[flags] [options]",
    run: parent,
    ..PLAIN
};

static TOP_FLAGS: &[Flag] = &[
    Flag::bool("no-headers"),
    Flag::text("sort-by"),
    Flag::bool("show-swap"),
    Flag::bool("use-protocol-buffers").default("true"),
];

/// `kubectl top node`
pub static TOP_NODE: Verb = Verb {
    path: "top node",
    aliases: &["nodes", "no"],
    summary: "Show what nodes use",
    usage: "[NAME | -l label] [options]",
    flags: &[TOP_FLAGS, &[Flag::bool("show-capacity")], shared::SELECTOR],
    run: top,
    ..PLAIN
};

/// `kubectl top pod`
pub static TOP_POD: Verb = Verb {
    path: "top pod",
    aliases: &["pods", "po"],
    summary: "Show what pods use",
    usage: "[NAME | -l label] [options]",
    flags: &[
        TOP_FLAGS,
        &[Flag::bool("containers"), Flag::bool("sum")],
        shared::SELECTOR,
        shared::FIELD_SELECTOR,
        shared::ALL_NAMESPACES,
    ],
    run: top,
    ..PLAIN
};

fn top(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    let count = call.flags.args.len();
    let has_selector = !call.flags.text("selector").is_empty();
    let kind = call.verb.path.trim_start_matches("top ");
    if count > 1 {
        return Err(call.usage(format!("{kind} [NAME | -l label]")));
    }
    if !matches!(call.flags.text("sort-by").as_str(), "" | "cpu" | "memory") {
        return Err(Failure::plain("--sort-by accepts only cpu or memory"));
    }
    refuse(&[
        (count == 1 && has_selector && kind == "pod", "only one of NAME or selector can be provided"),
        (count == 1 && has_selector, "only one of NAME or --selector can be provided"),
        (true, "Metrics API not available"),
    ])?;
    Ok(Flow::Done(0))
}

/// `kubectl certificate`
pub static CERTIFICATE: Verb = Verb {
    path: "certificate",
    summary: "Approve or deny requests for certificates",
    usage: "SUBCOMMAND [options]",
    run: parent,
    ..PLAIN
};

static CERTIFICATE_FLAGS: &[&[Flag]] = &[&[Flag::bool("force")], shared::OUTPUT, shared::FILES];

/// `kubectl certificate approve`
pub static CERTIFICATE_APPROVE: Verb = Verb {
    path: "certificate approve",
    summary: "Approve a request for a certificate",
    usage: "(-f FILENAME | NAME) [options]",
    flags: CERTIFICATE_FLAGS,
    run: certificate,
    ..PLAIN
};

/// `kubectl certificate deny`
pub static CERTIFICATE_DENY: Verb = Verb {
    path: "certificate deny",
    summary: "Deny a request for a certificate",
    usage: "(-f FILENAME | NAME) [options]",
    flags: CERTIFICATE_FLAGS,
    run: certificate,
    ..PLAIN
};

/// The server does not serve such requests, and says so.
fn certificate(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if call.flags.args.is_empty() && !call.has_files() {
        return Err(Failure::plain("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    let mut builder = call.builder();
    let names: Vec<Str> = builder.args.iter().map(|name| thin::format_str!("csr/{name}")).collect();
    builder.args = names;
    if !call.has_files() {
        Mapping::find("csr")?;
    }
    let (_, failures) = builder.visit(call.ctx, call.env)?.into_infos();
    let other = || Failure::plain("can only handle certificates.k8s.io CertificateSigningRequest objects");
    Err(Failure::of(failures).unwrap_or_else(other))
}

/// `kubectl completion`: the terminal completes by itself.
pub static COMPLETION: Verb = Verb {
    path: "completion",
    summary: "Print the script that completes kubectl in a shell; here none is needed",
    usage: "SHELL",
    run: completion,
    ..PLAIN
};

/// A comment in every one of the four shells, so that whoever sources it comes to no harm.
fn completion(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    match call.flags.args.as_slice() {
        [] => Err(call.usage("Shell not specified.")),
        [shell] if !matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            Err(call.usage(format!("Unsupported shell type {:?}.", shell.as_str())))
        }
        [_] => {
            call.ctx.out("# In this playground the Tab key completes kubectl without a script.\n");
            Ok(Flow::Done(0))
        }
        [_, _, ..] => Err(call.usage("Too many arguments. Expected only the shell type.")),
    }
}

/// `kubectl plugin`
pub static PLUGIN: Verb = Verb {
    path: "plugin",
    summary: "Work with plugins: programs called kubectl-NAME",
    usage: "[flags] [options]",
    run: parent,
    ..PLAIN
};

/// `kubectl plugin list`: no program that lies in the path here is one.
pub static PLUGIN_LIST: Verb = Verb {
    path: "plugin list",
    summary: "List the plugins in the path",
    flags: &[&[Flag::bool("name-only")]],
    run: |_| Err(Failure::plain("unable to find any kubectl plugins in your PATH")),
    ..PLAIN
};
