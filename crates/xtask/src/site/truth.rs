//! "How true is it": what the parity tests hold, as they hold it. A share is a floor: the tests fail below it.

use super::frame::{Language, Word};
use super::html::escaped;
use crate::page;
use crate::tool::{self, Outcome};

/// A recording's floor.
#[derive(Debug, PartialEq)]
struct Floor {
    name: String,
    commands: f64,
    watches: f64,
}

/// The table of floors, and the differences that are known, with their reasons.
pub(super) fn tables(language: Language) -> Outcome<String> {
    let folder = tool::root().join("tests/parity");
    let floors = floors(&page::read(&folder.join("floors.json"))?)?;
    let differences = page::read(&folder.join("differences.tsv"))?;
    let words = [Word::Recording, Word::Commands, Word::Watches].map(|word| language.say(word));
    let lines: String = floors.iter().map(|floor| line(floor, &folder)).collect::<Outcome<_>>()?;
    let head: String = words.iter().map(|word| format!("<th scope=\"col\">{word}</th>")).collect();
    Ok(format!(
        "<table class=\"floors\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n{}",
        reasons(&differences, language)
    ))
}

fn line(floor: &Floor, folder: &std::path::Path) -> Outcome<String> {
    let recording = page::read(&folder.join("recordings").join(format!("{}.jsonl", floor.name)))?;
    let count = |kind: &str| {
        recording.matches(&format!("\"kind\": \"{kind}\"")).count()
            + recording.matches(&format!("\"kind\":\"{kind}\"")).count()
    };
    let cell = |share: f64, count: usize| match count {
        0 => "<td>–</td>".to_owned(),
        count => format!(
            "<td>≥ {share:.1} % <span class=\"soft\">/ {count}</span> <meter min=\"0\" max=\"100\" value=\"{share:.1}\">{share:.1} %</meter></td>"
        ),
    };
    let name = escaped(&floor.name);
    Ok(format!(
        "<tr><th scope=\"row\">{name}</th>{}{}</tr>\n",
        cell(floor.commands, count("run")),
        cell(floor.watches, count("watch"))
    ))
}

fn reasons(differences: &str, language: Language) -> String {
    let item = |line: &str| {
        let [recording, _, _, command, reason] = line.splitn(5, '\t').collect::<Vec<_>>().try_into().ok()?;
        let (command, reason) = (escaped(command), escaped(reason));
        Some(format!("<li><code>{command}</code> <span class=\"soft\">({recording})</span><br>{reason}</li>\n"))
    };
    let items: String = differences.lines().skip(1).filter_map(item).collect();
    format!(
        "<h2 id=\"differences\">{}</h2>\n<ul class=\"reasons\" lang=\"en\">\n{items}</ul>\n",
        language.say(Word::Differences)
    )
}

/// The file's own shape: an object per recording, a value per line.
fn floors(text: &str) -> Outcome<Vec<Floor>> {
    let mut floors: Vec<Floor> = Vec::new();
    for line in text.lines().map(str::trim) {
        let Some((key, value)) = line.trim_end_matches(',').split_once(':') else { continue };
        let (key, value) = (key.trim_matches('"'), value.trim());
        let share = || value.parse::<f64>().map_err(|_| format!("floors.json: {line}"));
        match (key, floors.last_mut()) {
            (name, _) if value == "{" => floors.push(Floor { name: name.to_owned(), commands: 0.0, watches: 0.0 }),
            ("commands_percent", Some(floor)) => floor.commands = share()?,
            ("watches_percent", Some(floor)) => floor.watches = share()?,
            _ => {}
        }
    }
    if floors.is_empty() { Err("floors.json holds no floor".to_owned()) } else { Ok(floors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floors_are_read() {
        let text = "{\n  \"a\": {\n    \"commands_percent\": 89.6,\n    \"watches_percent\": 75\n  }\n}\n";
        assert_eq!(floors(text).unwrap(), [Floor { name: "a".into(), commands: 89.6, watches: 75.0 }]);
        assert!(floors("{}").is_err());
        let page = tables(Language::English).unwrap();
        assert!(page.contains("1-statefulset-basics") && page.contains("<li><code>") && !page.contains("/ 0<"));
    }
}
