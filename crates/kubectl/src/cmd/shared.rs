//! Flags that several verbs have.

use crate::flags::Flag;

/// Flags of every command.
pub static GLOBAL: &[Flag] = &[
    Flag::text("as"),
    Flag::array("as-group"),
    Flag::text("as-uid"),
    Flag::array("as-user-extra"),
    Flag::text("cache-dir").default("/home/user/.kube/cache"),
    Flag::text("certificate-authority"),
    Flag::text("client-certificate"),
    Flag::text("client-key"),
    Flag::text("cluster"),
    Flag::text("context"),
    Flag::bool("disable-compression"),
    Flag::bool("insecure-skip-tls-verify"),
    Flag::text("kubeconfig"),
    Flag::text("kuberc"),
    Flag::duration("log-flush-frequency", "5s"),
    Flag::bool("match-server-version"),
    Flag::text("namespace").short('n'),
    Flag::text("password"),
    Flag::text("profile").default("none"),
    Flag::text("profile-output").default("profile.pprof"),
    Flag::text("request-timeout").default("0"),
    Flag::text("server").short('s'),
    Flag::text("tls-server-name"),
    Flag::text("token"),
    Flag::text("user"),
    Flag::text("username"),
    Flag::int("v", "0").short('v'),
    Flag::array("vmodule"),
    Flag::bool("warnings-as-errors"),
];

/// `-f`, `-k`, `-R`
pub static FILES: &[Flag] =
    &[Flag::slice("filename").short('f'), Flag::text("kustomize").short('k'), Flag::bool("recursive").short('R')];

/// `-l`
pub static SELECTOR: &[Flag] = &[Flag::text("selector").short('l')];

/// `--field-selector`
pub static FIELD_SELECTOR: &[Flag] = &[Flag::text("field-selector")];

/// `-A`
pub static ALL_NAMESPACES: &[Flag] = &[Flag::bool("all-namespaces").short('A')];

/// `--all`
pub static ALL: &[Flag] = &[Flag::bool("all")];

/// `-o` and what belongs to it.
pub static OUTPUT: &[Flag] = &[
    Flag::text("output").short('o'),
    Flag::bool("show-managed-fields"),
    Flag::text("template"),
    Flag::bool("allow-missing-template-keys").default("true"),
];

/// `--dry-run`
pub static DRY_RUN: &[Flag] = &[Flag::text("dry-run").default("none").bare("unchanged")];

/// `--validate`
pub static VALIDATE: &[Flag] = &[Flag::text("validate").default("strict").bare("strict")];

/// `--override-type`, `--overrides`
pub static OVERRIDES: &[Flag] = &[Flag::text("override-type").default("merge"), Flag::text("overrides")];

/// `--record`
pub static RECORD: &[Flag] = &[Flag::bool("record").deprecated("--record will be removed in the future")];

/// `--field-manager`
pub static FIELD_MANAGER: &[Flag] = &[Flag::text("field-manager")];

/// `--resource-version`, `--local`, `--list` of verbs that change one field of many objects.
pub static EDIT_MANY: &[Flag] =
    &[Flag::bool("list"), Flag::bool("local"), Flag::bool("overwrite"), Flag::text("resource-version")];
