//! "How true is it": the score of each recording, and every difference with its reason.
//!
//! Nothing is written down for this page. The parity tests replay the recordings and fail when a command differs that
//! `differences.tsv` does not name, or when one that it names no longer does: what is recorded less what is named is what they
//! measure.

use super::frame::{Language, Word};
use super::html::escaped;
use crate::page;
use crate::tool::{self, Outcome};
use std::path::Path;
use std::process::Command;

/// What is recorded, and how much of it is not the same.
#[derive(Clone, Debug, Default, PartialEq)]
struct Score {
    name: String,
    /// When and from what.
    recorded: String,
    /// Those that are the same, and all.
    commands: [usize; 2],
    watches: [usize; 2],
}

/// A command or watch that is not the same.
struct Difference<'a> {
    recording: &'a str,
    kind: &'a str,
    command: &'a str,
    reason: &'a str,
}

/// The table of scores, and the differences with their reasons.
pub(super) fn tables(language: Language) -> Outcome<String> {
    let folder = tool::root().join("tests/parity");
    let table = page::read(&folder.join("differences.tsv"))?;
    let differences = differences(&table)?;
    let scores = scores(&folder, &differences)?;
    let words = [Word::Recording, Word::Commands, Word::Watches].map(|word| language.say(word));
    let head: String = words.iter().map(|word| format!("<th scope=\"col\">{word}</th>")).collect();
    let all = Score { name: language.say(Word::All).to_owned(), ..sum(&scores) };
    let lines: String = scores.iter().chain([&all]).map(line).collect();
    let measured = date().map(|date| format!("<p class=\"soft\">{} {date}</p>\n", language.say(Word::Measured)));
    Ok(format!(
        "<table class=\"floors\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n{}{}",
        measured.unwrap_or_default(),
        reasons(&scores, &differences, language)
    ))
}

/// The day of the source whose tests hold the score; nothing outside of a repository.
fn date() -> Option<String> {
    tool::first_line(Command::new("git").current_dir(tool::root()).args(["log", "-1", "--format=%cs"]))
}

fn scores(folder: &Path, differences: &[Difference]) -> Outcome<Vec<Score>> {
    let files = page::files_under(&folder.join("recordings"))?;
    let files = files.iter().filter(|file| file.extension().is_some_and(|end| end == "jsonl"));
    files
        .map(|file| {
            let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Ok(score(name, &page::read(file)?, differences))
        })
        .collect()
}

fn score(name: String, recording: &str, differences: &[Difference]) -> Score {
    let counted = |record: &str, kind: &str| {
        let all = recording.lines().filter(|line| line.starts_with(&format!("{{\"kind\": \"{record}\""))).count();
        let differing = differences.iter().filter(|it| it.recording == name && it.kind == kind).count();
        [all.saturating_sub(differing), all]
    };
    let (commands, watches) = (counted("run", "command"), counted("watch", "watch"));
    let note = recording.lines().next().and_then(|line| line.split("\"recorded on ").nth(1));
    let recorded = note.and_then(|note| note.split('"').next()).unwrap_or_default().replace(" from ", ", ");
    Score { name, recorded, commands, watches }
}

fn sum(scores: &[Score]) -> Score {
    let both = |[a, b]: [usize; 2], [c, d]: [usize; 2]| [a + c, b + d];
    scores.iter().fold(Score::default(), |sum, score| Score {
        commands: both(sum.commands, score.commands),
        watches: both(sum.watches, score.watches),
        ..sum
    })
}

fn line(score: &Score) -> String {
    let Score { name, recorded, commands, watches } = score;
    let (name, recorded) = (escaped(name), escaped(recorded));
    format!(
        "<tr><th scope=\"row\">{name}<br><span class=\"soft\">{recorded}</span></th>{}{}</tr>\n",
        cell(*commands),
        cell(*watches)
    )
}

fn cell([same, all]: [usize; 2]) -> String {
    if all == 0 {
        return "<td>–</td>".to_owned();
    }
    let share = 100.0 * same as f64 / all as f64;
    format!(
        "<td>{share:.1} % <span class=\"soft\">{same} / {all}</span> <meter min=\"0\" max=\"100\" value=\"{share:.1}\">{share:.1} %</meter></td>"
    )
}

fn reasons(scores: &[Score], differences: &[Difference], language: Language) -> String {
    let item = |it: &Difference| {
        let (command, reason) = (escaped(it.command), escaped(it.reason));
        format!("<li><code>{command}</code><br>{reason}</li>\n")
    };
    let part = |score: &Score| {
        let items: String = differences.iter().filter(|it| it.recording == score.name).map(item).collect();
        let name = escaped(&score.name);
        format!("<h3 id=\"{name}\">{name}</h3>\n<ul class=\"reasons\" lang=\"en\">\n{items}</ul>\n")
    };
    let parts: String = scores.iter().map(part).collect();
    format!("<h2 id=\"differences\">{}</h2>\n{parts}", language.say(Word::Differences))
}

fn differences(table: &str) -> Outcome<Vec<Difference<'_>>> {
    let lines = table.lines().skip(1).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.splitn(5, '\t').collect::<Vec<_>>()[..] {
            [recording, kind, _, command, reason] => Ok(Difference { recording, kind, command, reason }),
            _ => Err(format!("differences.tsv: {line}")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_less_what_is_named_is_the_score() {
        let recording = "{\"kind\": \"note\", \"text\": \"recorded on 2026-11-23 from Kubernetes v1.36.2\"}\n{\"kind\": \"run\"}\n\
                         {\"kind\": \"watch\"}\n{\"kind\": \"run\"}\n";
        let table = "head\na\tcommand\t2\tkubectl x\twhy\nb\tcommand\t1\tkubectl y\twhy\n";
        let expect = Score {
            name: "a".into(),
            recorded: "2026-11-23, Kubernetes v1.36.2".into(),
            commands: [1, 2],
            watches: [1, 1],
        };
        assert_eq!(score("a".into(), recording, &differences(table).unwrap()), expect);
        assert!(differences("head\nnonsense\n").is_err());
        assert_eq!(cell([1, 0]), "<td>–</td>");
    }

    #[test]
    fn the_score_counts_only_where_every_difference_is_named_and_the_readme_says_the_same() {
        let folder = tool::root().join("tests/parity");
        let floors = page::read(&folder.join("floors.json")).unwrap();
        assert!(!floors.contains("\"every_difference_named\": false"), "an unnamed difference would count as the same");
        let table = page::read(&folder.join("differences.tsv")).unwrap();
        let scores = scores(&folder, &differences(&table).unwrap()).unwrap();
        assert!(scores.iter().all(|score| score.commands[1] > 20 && score.recorded.contains("Kubernetes v1.")));
        let [same, all] = sum(&scores).commands;
        let readme = page::read(&tool::root().join("README.md")).unwrap();
        let words: Vec<&str> = readme.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
        let said =
            (0..words.len()).find(|&at| words[at..].starts_with(&["of"]) && words.get(at + 2) == Some(&"commands"));
        let said = said.map(|at| (number(at - 1), number(at + 1)));
        let is_true = matches!(said, Some((Some(claimed), Some(total))) if claimed <= same && total == all);
        assert!(is_true, "README.md says {said:?}: {same} of {all} commands are the same");
        let page = tables(Language::English).unwrap();
        assert!(page.contains("1-statefulset-basics") && page.contains("<li><code>") && !page.contains("/ 0<"));
    }
}
