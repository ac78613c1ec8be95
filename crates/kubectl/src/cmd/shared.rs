//! Flags that several verbs have.

use crate::flags::Flag;

/// Flags of every command.
pub static GLOBAL: &[Flag] = &[
    Flag::text("as", "Name of the user to act as."),
    Flag::array("as-group", "Group to act as; may be repeated."),
    Flag::text("as-uid", "UID to act as."),
    Flag::array("as-user-extra", "More about the user to act as, key=value; may be repeated."),
    Flag::text("cache-dir", "Where discovery is cached; nothing is cached here.").default("/home/user/.kube/cache"),
    Flag::text("certificate-authority", "File with the authority's certificate."),
    Flag::text("client-certificate", "File with the client's certificate."),
    Flag::text("client-key", "File with the client's key."),
    Flag::text("cluster", "Cluster of the kubeconfig to use."),
    Flag::text("context", "Context of the kubeconfig to use."),
    Flag::bool("disable-compression", "Ask for answers that are not compressed; none are here."),
    Flag::bool("insecure-skip-tls-verify", "Do not check the server's certificate; nobody does here."),
    Flag::text("kubeconfig", "Kubeconfig file to use."),
    Flag::text("kuberc", "File with preferences; KUBERC=off reads none."),
    Flag::duration("log-flush-frequency", "5s", "Most time between two writes of the log; nothing is logged here."),
    Flag::bool("match-server-version", "Require client and server to have the same version; they have here."),
    Flag::text("namespace", "Namespace of this command.").short('n'),
    Flag::text("password", "Password for basic authentication."),
    Flag::text("profile", "Which profile to capture; none is here.").default("none"),
    Flag::text("profile-output", "File for the profile; none is captured here.").default("profile.pprof"),
    Flag::text("request-timeout", "How long one request may take; 0 is for ever.").default("0"),
    Flag::text("server", "Address of the API server.").short('s'),
    Flag::text("tls-server-name", "Name to expect in the server's certificate; nobody checks it here."),
    Flag::text("token", "Bearer token for authentication."),
    Flag::text("user", "User of the kubeconfig to use."),
    Flag::text("username", "User name for basic authentication."),
    Flag::int("v", "0", "How much to log; nothing is logged here.").short('v'),
    Flag::array("vmodule", "How much to log of which source file, pattern=N; nothing is logged here."),
    Flag::bool("warnings-as-errors", "Exit with an error if the server warned."),
];

/// `-f`, `-k`, `-R`
pub static FILES: &[Flag] = &[
    Flag::slice("filename", "File, directory or address with the resource; - is standard input.").short('f'),
    Flag::text("kustomize", "Directory with a kustomization.").short('k'),
    Flag::bool("recursive", "Read the directories below a directory of -f too.").short('R'),
];

/// `-l`
pub static SELECTOR: &[Flag] =
    &[Flag::text("selector", "Label selector: =, ==, !=, in, notin, key, !key; comma means and.").short('l')];

/// `--field-selector`
pub static FIELD_SELECTOR: &[Flag] = &[Flag::text("field-selector", "Field selector: =, ==, !=.")];

/// `-A`
pub static ALL_NAMESPACES: &[Flag] =
    &[Flag::bool("all-namespaces", "In all namespaces; -n and the context's namespace do not count.").short('A')];

/// `--all`
pub static ALL: &[Flag] = &[Flag::bool("all", "All objects of the resource in the namespace.")];

/// `-o` and what belongs to it.
pub static OUTPUT: &[Flag] = &[
    Flag::text("output", "Output format: json, yaml, kyaml, name, jsonpath=…, go-template=….").short('o'),
    Flag::bool("show-managed-fields", "Keep the managed fields in JSON and YAML."),
    Flag::text("template", "Template for -o go-template, or its file."),
    Flag::bool("allow-missing-template-keys", "Let templates name what is not there.").default("true"),
];

/// `--dry-run`
pub static DRY_RUN: &[Flag] = &[Flag::text("dry-run", "none, client (send nothing) or server (send, store nothing).")
    .default("none")
    .bare("unchanged")];

/// `--validate`
pub static VALIDATE: &[Flag] =
    &[Flag::text("validate", "strict, warn or ignore unknown and duplicate fields.").default("strict").bare("strict")];

/// `--override-type`, `--overrides`
pub static OVERRIDES: &[Flag] = &[
    Flag::text("override-type", "How the object is overridden: json, merge or strategic.").default("merge"),
    Flag::text("overrides", "JSON to put over the object that is made."),
];

/// `--record`
pub static RECORD: &[Flag] =
    &[Flag::bool("record", "Note the command on the object.").deprecated("--record will be removed in the future")];

/// `--field-manager`
pub static FIELD_MANAGER: &[Flag] = &[Flag::text("field-manager", "Who owns the fields that are set.")];

/// `--resource-version`, `--local`, `--list` of verbs that change one field of many objects.
pub static EDIT_MANY: &[Flag] = &[
    Flag::bool("list", "Show what there is after the change."),
    Flag::bool("local", "Do not ask the server; needs --filename."),
    Flag::bool("overwrite", "Replace values that are there."),
    Flag::text("resource-version", "Only if the object has this version."),
];
