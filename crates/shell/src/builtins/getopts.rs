//! `getopts`

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::site::Reach;

pub(super) const BUILTIN: Builtin = Builtin {
    name: "getopts",
    usage: "getopts optstring name [arg ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(getopts),
};

fn getopts(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let [spec, name, words @ ..] = args else {
        reach.complain("getopts: usage: getopts optstring name [arg ...]");
        return Outcome::Status(2);
    };
    let words: Vec<String> = if words.is_empty() {
        reach.shell().positional.iter().map(ToString::to_string).collect()
    } else {
        words.to_vec()
    };
    let (silent, spec) = spec.strip_prefix(':').map_or((false, spec.as_str()), |spec| (true, spec));
    let index: usize = reach.shell().variables.get("OPTIND").and_then(|text| text.parse().ok()).unwrap_or(1);
    let at = if index == 1 && reach.shell().getopts_at == 0 { 0 } else { reach.shell().getopts_at };
    let Some(word) = words.get(index - 1).filter(|word| word.starts_with('-') && word.len() > 1 && *word != "--")
    else {
        let end = words.get(index - 1).is_some_and(|word| word == "--");
        return finish(reach, name, "?", None, index + usize::from(end), 0, 1);
    };
    let at = at.max(1);
    let letter = word[at..].chars().next().unwrap_or('?');
    let after = at + letter.len_utf8();
    let next = if after >= word.len() { (index + 1, 0) } else { (index, after) };
    let Some(takes_value) = spec.find(letter).map(|at| spec[at + letter.len_utf8()..].starts_with(':')) else {
        if !silent {
            reach.complain(&format!("illegal option -- {letter}"));
        }
        return finish(reach, name, "?", silent.then(|| letter.to_string()), next.0, next.1, 0);
    };
    if !takes_value {
        return finish(reach, name, &letter.to_string(), None, next.0, next.1, 0);
    }
    if after < word.len() {
        return finish(reach, name, &letter.to_string(), Some(word[after..].to_string()), index + 1, 0, 0);
    }
    match words.get(index) {
        Some(value) => finish(reach, name, &letter.to_string(), Some(value.clone()), index + 2, 0, 0),
        None if silent => finish(reach, name, ":", Some(letter.to_string()), index + 1, 0, 0),
        None => {
            reach.complain(&format!("option requires an argument -- {letter}"));
            finish(reach, name, "?", None, index + 1, 0, 0)
        }
    }
}

fn finish(
    reach: &mut dyn Reach,
    name: &str,
    letter: &str,
    value: Option<String>,
    index: usize,
    at: usize,
    status: i32,
) -> Outcome {
    let shell = reach.shell();
    shell.getopts_at = at;
    let set = shell.variables.set(name, letter).and_then(|()| shell.variables.set("OPTIND", index.to_string()));
    let set = set.and_then(|()| match value {
        Some(value) => shell.variables.set("OPTARG", value),
        None => shell.variables.unset("OPTARG"),
    });
    Outcome::Status(if set.is_err() { 1 } else { status })
}
