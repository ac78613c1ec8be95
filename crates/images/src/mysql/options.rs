//! The options that MySQL's clients share.

use cri::Spawn;
use thin::Str;

use super::connection::Target;
use super::wire::PORT;

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Where to and as whom.
    pub(crate) target: Target,
    /// `-p` without a password: it is asked for.
    pub(crate) asks_password: bool,
    /// A password stood on the command line.
    pub(crate) shows_password: bool,
    /// `-e`
    pub(crate) execute: Option<Str>,
    /// `-N`, `-s`
    pub(crate) hides_names: bool,
    /// `-t`
    pub(crate) is_table: bool,
    /// `-B`
    pub(crate) is_batch: bool,
    /// `-E`
    pub(crate) is_vertical: bool,
    /// `-V`
    pub(crate) is_version: bool,
    /// Goes on after errors (`-f`).
    pub(crate) is_forced: bool,
    /// What is no option.
    pub(crate) words: Vec<Str>,
}

const VALUES: [(&str, &str); 8] = [
    ("-u", "--user"),
    ("-h", "--host"),
    ("-P", "--port"),
    ("-e", "--execute"),
    ("-D", "--database"),
    ("-S", "--socket"),
    ("--protocol", "--protocol"),
    ("--connect-timeout", "--connect-timeout"),
];

/// Reads a command line.
///
/// # Errors
/// An option that is not known, as it was given.
pub(crate) fn read(spawn: &Spawn) -> Result<Options, String> {
    let mut options = Options::default();
    let given = |name: &str| spawn.env.get(name).cloned().unwrap_or_default();
    options.target.host = if given("MYSQL_HOST").is_empty() { "localhost".into() } else { given("MYSQL_HOST") };
    options.target.port = PORT;
    options.target.user = if spawn.uid == 0 { "root".into() } else { "mysql".into() };
    options.target.password = given("MYSQL_PWD");
    let mut words = spawn.argv.iter().skip(1);
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            options.words.push(word.clone());
            continue;
        }
        let (name, mut value) = split(word);
        if value.is_none() && VALUES.iter().any(|(short, long)| name == *short || name == *long) {
            value = Some(words.next().cloned().ok_or_else(|| format!("option '{name}' requires an argument"))?);
        }
        set(&mut options, name, value).ok_or_else(|| format!("unknown option '{word}'"))?;
    }
    Ok(options)
}

/// Name and value of `-pX`, `--user=X`.
fn split(word: &Str) -> (&str, Option<Str>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((name, value)) => (name, Some(value.into())),
            None => (word, None),
        };
    }
    let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    let (name, rest) = word.split_at(end);
    (name, (!rest.is_empty()).then(|| rest.into()))
}

fn set(options: &mut Options, name: &str, value: Option<Str>) -> Option<()> {
    let target = &mut options.target;
    match name {
        "-u" | "--user" => target.user = value?,
        "-h" | "--host" => target.host = value?,
        "-P" | "--port" => target.port = value?.parse().ok()?,
        "-D" | "--database" => target.database = value?,
        "-e" | "--execute" => options.execute = value,
        "-p" | "--password" => match value {
            Some(password) => {
                options.shows_password = true;
                target.password = password;
            }
            None => options.asks_password = true,
        },
        "-N" | "--skip-column-names" => options.hides_names = true,
        "-s" | "--silent" => (options.is_batch, options.hides_names) = (true, options.hides_names || value.is_some()),
        "-t" | "--table" => options.is_table = true,
        "-B" | "--batch" => options.is_batch = true,
        "-E" | "--vertical" => options.is_vertical = true,
        "-V" | "--version" => options.is_version = true,
        "-f" | "--force" => options.is_forced = true,
        "-S" | "--socket" | "--protocol" | "--connect-timeout" | "-v" | "--default-character-set" => {}
        _ => return None,
    }
    Some(())
}
