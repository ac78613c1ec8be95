//! `id`, `whoami`, `hostname`, `uname`: who and where.

use super::{Builtin, Kind, Runner};
use crate::process::Context;

pub(super) const BUILTIN: Builtin =
    Builtin { name: "id", usage: "id [-u|-g] [-n]", kind: Kind::Program, runner: Runner::Once(id) };
pub(super) const WHOAMI: Builtin =
    Builtin { name: "whoami", usage: "whoami", kind: Kind::Program, runner: Runner::Once(whoami) };
pub(super) const HOSTNAME: Builtin =
    Builtin { name: "hostname", usage: "hostname [-f|-s|-i]", kind: Kind::Program, runner: Runner::Once(hostname) };
pub(super) const UNAME: Builtin =
    Builtin { name: "uname", usage: "uname [-asnrm]", kind: Kind::Program, runner: Runner::Once(uname) };

fn user_name(context: &Context) -> String {
    let name = context.fs.user_name(context.caller.uid);
    match context.env.get("USER") {
        Some(user) if name.parse::<u32>().is_ok() => user.to_string(),
        _ => name,
    }
}

fn id(context: &mut Context) -> i32 {
    let (uid, gid) = (context.caller.uid, context.caller.gid);
    let letters: String = context.args.iter().flat_map(|arg| arg.chars()).filter(|c| *c != '-').collect();
    let named = |c: &Context, group: bool| if group { c.fs.group_name(gid) } else { user_name(c) };
    let text = match letters.as_str() {
        "" => {
            let group = match named(context, true) {
                name if name.parse::<u32>().is_ok() && gid == uid => user_name(context),
                name => name,
            };
            format!("uid={uid}({}) gid={gid}({group}) groups={gid}({group})", user_name(context))
        }
        "u" => uid.to_string(),
        "g" | "G" => gid.to_string(),
        "un" | "nu" => named(context, false),
        "gn" | "ng" | "Gn" => named(context, true),
        other => return context.fail(format_args!("invalid option -- '{}'", other.chars().next().unwrap_or('-'))),
    };
    context.out(text + "\n");
    0
}

fn whoami(context: &mut Context) -> i32 {
    let name = user_name(context) + "\n";
    context.out(name);
    0
}

/// The line of `/etc/hosts` that names this machine: its address and names.
fn hosts_line(context: &Context) -> Option<(String, Vec<String>)> {
    let bytes = context.read("/etc/hosts").ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace().map(String::from);
        let address = words.next().filter(|address| !address.starts_with('#'))?;
        let names: Vec<String> = words.collect();
        names.iter().any(|name| name == context.hostname).then_some((address, names))
    })
}

fn hostname(context: &mut Context) -> i32 {
    let line = match context.args.first().map(String::as_str) {
        None => context.hostname.to_string(),
        Some("-s") => context.hostname.split('.').next().unwrap_or_default().to_string(),
        // The canonical name is the first of the hosts file's line.
        Some("-f" | "--fqdn") => match hosts_line(context) {
            Some((_, names)) => names[0].clone(),
            None => context.hostname.to_string(),
        },
        Some("-i" | "-I") => match hosts_line(context) {
            Some((address, _)) => address,
            None => return context.fail("Name or service not known"),
        },
        Some("-d") => match hosts_line(context) {
            Some((_, names)) => names[0].split_once('.').map(|(_, domain)| domain.to_string()).unwrap_or_default(),
            None => String::new(),
        },
        Some(option) if option.starts_with('-') => {
            return context.fail(format_args!("invalid option -- '{}'", option.trim_start_matches('-')));
        }
        Some(_) => return context.fail("you must be root to change the host name"),
    };
    context.out(line + "\n");
    0
}

fn uname(context: &mut Context) -> i32 {
    let letters: String = context.args.iter().flat_map(|arg| arg.trim_start_matches('-').chars()).collect();
    let letters = if letters.is_empty() { "s" } else { &letters };
    let parts = [
        ('s', "Linux".to_string()),
        ('n', context.hostname.to_string()),
        ('r', "6.1.0".to_string()),
        ('v', "#1 SMP".to_string()),
        ('m', "x86_64".to_string()),
        ('o', "GNU/Linux".to_string()),
    ];
    let all = letters.contains('a');
    let chosen: Vec<String> = parts.into_iter().filter(|(l, _)| all || letters.contains(*l)).map(|(_, t)| t).collect();
    context.out(chosen.join(" ") + "\n");
    0
}
