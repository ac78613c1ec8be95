//! `ls`

use ordered::Arrange;
use sim::Time;

use super::{Builtin, Kind, Runner};
use crate::fs::{Caller, Entry, mode_text, normalise};
use crate::process::{Context, Options};

pub(super) const BUILTIN: Builtin =
    Builtin { name: "ls", usage: "ls [-1aAdhlrRtSF] [FILE]...", kind: Kind::Program, runner: Runner::Once(ls) };

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Files older than half a year show their year.
const RECENT_SECONDS: i64 = 15_778_476;
/// How many directories deep `-R` goes.
const DEPTH_MAX: usize = 32;
/// The width that columns are fitted to.
const COLUMNS: usize = 80;

fn ls(context: &mut Context) -> i32 {
    let long = [
        ("all", 'a'),
        ("almost-all", 'A'),
        ("directory", 'd'),
        ("human-readable", 'h'),
        ("reverse", 'r'),
        ("recursive", 'R'),
        ("color", 'K'),
        ("full-time", 'T'),
    ];
    let options = match Options::parse(context.args, "1aAdhlrRtSFgonisKTpC", &long) {
        Ok(options) => options,
        Err(text) => {
            context.fail(text);
            return 2;
        }
    };
    let operands = if options.operands.is_empty() { vec![".".to_string()] } else { options.operands.clone() };
    let (mut files, mut directories, mut status) = (Vec::new(), Vec::new(), 0);
    for operand in &operands {
        match context.fs.stat(&context.path(operand), context.caller) {
            Ok(metadata) if metadata.is_directory() && !options.has('d') => directories.push(operand.clone()),
            Ok(metadata) => files.push(Entry { name: operand.clone(), metadata }),
            Err(error) => {
                context.fail(format_args!("cannot access '{operand}': {error}"));
                status = 2;
            }
        }
    }
    sort(&mut files, &options);
    print(context, "", &files, &options);
    let titles = operands.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    for directory in directories {
        status = status.max(list(context, &directory, &options, titles, &mut first, 0));
    }
    status
}

fn list(context: &mut Context, operand: &str, options: &Options, titles: bool, first: &mut bool, depth: usize) -> i32 {
    let path = context.path(operand);
    let mut entries = match context.fs.list(&path, context.caller) {
        Ok(entries) => entries,
        Err(error) => {
            context.fail(format_args!("cannot open directory '{operand}': {error}"));
            return 2;
        }
    };
    if titles {
        let space = if std::mem::take(first) { "" } else { "\n" };
        context.out(format!("{space}{operand}:\n"));
    }
    let hidden = options.has('a') || options.has('A');
    entries.retain(|entry| hidden || !entry.name.starts_with('.'));
    if options.has('a') {
        for name in [".", ".."] {
            if let Ok(metadata) = context.fs.stat(&normalise(&path, name), context.caller) {
                entries.push(Entry { name: name.into(), metadata });
            }
        }
    }
    sort(&mut entries, options);
    if options.has('l') || options.has('s') {
        let blocks: u64 = entries.iter().map(blocks).sum();
        context.out(format!("total {blocks}\n"));
    }
    print(context, &path, &entries, options);
    let mut status = 0;
    if options.has('R') && depth < DEPTH_MAX {
        for entry in entries.iter().filter(|e| e.metadata.is_directory() && e.name != "." && e.name != "..") {
            let below = format!("{}/{}", operand.trim_end_matches('/'), entry.name);
            status = status.max(list(context, &below, options, true, first, depth + 1));
        }
    }
    status
}

/// Kibibytes on disk, in blocks of four.
fn blocks(entry: &Entry) -> u64 {
    entry.metadata.size.div_ceil(4096) * 4
}

fn sort(entries: &mut [Entry], options: &Options) {
    entries.arrange_by(|a, b| a.name.cmp(&b.name));
    match options.last_of("tS") {
        Some('t') => entries.arrange_by_key(|entry| std::cmp::Reverse(entry.metadata.modified)),
        Some('S') => entries.arrange_by_key(|entry| std::cmp::Reverse(entry.metadata.size)),
        _ => {}
    }
    if options.has('r') {
        entries.reverse();
    }
}

fn shown(entry: &Entry, options: &Options) -> String {
    let marks = options.has('F') || options.has('p');
    let mark = match entry.metadata.is_directory() {
        true if marks => "/",
        false if options.has('F') && entry.metadata.mode & 0o111 != 0 => "*",
        _ => "",
    };
    format!("{}{mark}", entry.name)
}

fn print(context: &mut Context, directory: &str, entries: &[Entry], options: &Options) {
    if options.has('l') || options.has('n') || options.has('g') || options.has('o') {
        return print_long(context, directory, entries, options);
    }
    let names: Vec<String> = entries.iter().map(|entry| shown(entry, options)).collect();
    if !context.io.terminal.stdout || options.has('1') {
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        return context.out(lines);
    }
    context.out(columns(&names));
}

/// Names side by side, downwards, in as few lines as fit.
fn columns(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let width = |name: &String| name.chars().count();
    let fits = |rows: usize| {
        names.chunks(rows).map(|c| c.iter().map(width).max().unwrap_or(0) + 2).sum::<usize>() <= COLUMNS + 2
    };
    let rows = (1..names.len()).find(|rows| fits(*rows)).unwrap_or(names.len());
    let widths: Vec<usize> = names.chunks(rows).map(|column| column.iter().map(width).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for (column, chunk) in names.chunks(rows).enumerate() {
            if let Some(name) = chunk.get(row) {
                line.push_str(&format!("{name:<width$}  ", width = widths[column]));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Names that a file has: a directory has its own, that in itself, and one in each directory below.
fn links(context: &Context, directory: &str, entry: &Entry) -> usize {
    if !entry.metadata.is_directory() {
        return 1;
    }
    let root = Caller::root(context.caller.now);
    let path = normalise(directory, &entry.name);
    let path = if directory.is_empty() { context.path(&entry.name) } else { path };
    let below = context.fs.list(&path, root).unwrap_or_default();
    2 + below.iter().filter(|entry| entry.metadata.is_directory()).count()
}

fn print_long(context: &mut Context, directory: &str, entries: &[Entry], options: &Options) {
    let rows: Vec<[String; 5]> = entries
        .iter()
        .map(|entry| {
            let m = &entry.metadata;
            let links = links(context, directory, entry);
            let (user, group) = if options.has('n') {
                (m.uid.to_string(), m.gid.to_string())
            } else {
                (owner(context, m.uid), context.fs.group_name(m.gid))
            };
            let size = if options.has('h') { human(m.size) } else { m.size.to_string() };
            [links.to_string(), user, group, size, when(m.modified, context.caller.now, options)]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for (entry, [links, user, group, size, when]) in entries.iter().zip(&rows) {
        let [l, u, g, s] = widths;
        let mode = mode_text(&entry.metadata);
        let user = if options.has('g') { String::new() } else { format!(" {user:<u$}") };
        let group = if options.has('o') { String::new() } else { format!(" {group:<g$}") };
        context.out(format!("{mode} {links:>l$}{user}{group} {size:>s$} {when} {}\n", shown(entry, options)));
    }
}

fn owner(context: &Context, uid: u32) -> String {
    let name = context.fs.user_name(uid);
    match context.env.get("USER") {
        Some(user) if uid == context.caller.uid && name.parse::<u32>().is_ok() => user.to_string(),
        _ => name,
    }
}

fn when(time: Time, now: Time, options: &Options) -> String {
    let c = time.calendar();
    if options.has('T') {
        return format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09} +0000",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            u64::from(c.micros) * 1000
        );
    }
    let month = MONTHS[usize::from(c.month.clamp(1, 12)) - 1];
    let age = now.unix_seconds() - time.unix_seconds();
    if (0..RECENT_SECONDS).contains(&age) {
        format!("{month} {:>2} {:02}:{:02}", c.day, c.hour, c.minute)
    } else {
        format!("{month} {:>2}  {:04}", c.day, c.year)
    }
}

/// `4.0K`, rounded up as ls does.
fn human(size: u64) -> String {
    const UNITS: [&str; 5] = ["", "K", "M", "G", "T"];
    let (mut unit, mut scale) = (0, 1u64);
    while size / scale >= 1024 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1024;
    }
    let tenths = (u128::from(size) * 10).div_ceil(u128::from(scale));
    match unit {
        0 => size.to_string(),
        _ if tenths < 100 => format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{}{}", size.div_ceil(scale), UNITS[unit]),
    }
}
