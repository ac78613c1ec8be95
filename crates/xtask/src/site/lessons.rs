//! Lessons as pages to read: prose, manifests, commands and what they print, all there without JavaScript.

use super::frame::{Language, Page, Word};
use super::html;
use crate::page;
use crate::tool::{self, Outcome};
use lesson::{Kind, Lesson, Piece, Typed, Way};
use std::path::{Path, PathBuf};

/// Every lesson of a language, in the order of their names.
pub(super) fn all(language: Language) -> Outcome<Vec<Page>> {
    let home = tool::root().join("www/lessons");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&home)
        .map_err(|error| format!("{}: {error}", home.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()).filter(|path| path.is_dir()))
        .collect();
    folders.sort();
    folders.iter().map(|folder| page_of(folder, language)).collect()
}

/// The lessons, to choose from.
pub(super) fn list(lessons: &[Page]) -> String {
    let item = |page: &Page| {
        let name = page.name.trim_start_matches("lessons/");
        let (title, summary) = (html::escaped(&page.title), html::escaped(&page.summary));
        format!("<li class=\"card\"><h2><a href=\"lessons/{name}.html\">{title}</a></h2><p>{summary}</p></li>\n")
    };
    format!("<ul class=\"cards\">\n{}</ul>\n", lessons.iter().map(item).collect::<String>())
}

fn page_of(folder: &Path, language: Language) -> Outcome<Page> {
    let id = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = folder.join(format!("{}.md", language.tag()));
    let lesson = Lesson::parse(&page::read(&file)?).map_err(|error| format!("{}:{error}", file.display()))?;
    let teller = Teller { folder, language };
    let body = teller.pieces(&lesson.pieces)?;
    // The playground stands where the introduction ends.
    let (introduction, rest) = body.split_at(body.find("<h2").unwrap_or(body.len()));
    let offer = playground(&id, lesson.front.nodes, language);
    let recorded = lesson.front.recorded.as_deref().map(html::escaped).unwrap_or_default();
    let foot = format!("<p class=\"soft\">{} {recorded}</p>\n", language.say(Word::Recorded));
    Ok(Page {
        language,
        name: format!("lessons/{id}"),
        title: lesson.front.title.clone(),
        summary: lesson.front.summary.clone(),
        body: format!("{introduction}{offer}{rest}{foot}"),
    })
}

fn playground(id: &str, nodes: Option<u32>, language: Language) -> String {
    let nodes = nodes.unwrap_or(4);
    format!(
        "<ordinal-playground views=\"terminal,picture\" nodes=\"{nodes}\" height=\"440\"><p>{}</p></ordinal-playground>\n\
         <p><a href=\"../../../index.html?lesson={id}\">{}</a></p>\n",
        language.say(Word::TryHere),
        language.say(Word::OpenLesson)
    )
}

struct Teller<'a> {
    folder: &'a Path,
    language: Language,
}

impl Teller<'_> {
    fn pieces(&self, pieces: &[Piece]) -> Outcome<String> {
        pieces.iter().map(|piece| self.piece(&piece.kind)).collect()
    }

    fn piece(&self, kind: &Kind) -> Outcome<String> {
        Ok(match kind {
            Kind::Prose(row) => html::rows(std::slice::from_ref(row)),
            Kind::File { name, text } => self.file(name, text)?,
            Kind::Type(typed) => self.typed(typed),
            Kind::Console { lines, .. } => html::block("said", &joined(lines)),
            Kind::Wait(waits) => {
                let items = waits.iter().map(|wait| format!("kubectl wait {}", wait.arguments));
                self.noted(Word::WaitFor, &items.collect::<Vec<_>>())
            }
            Kind::Check(checks) => {
                let items = checks.iter().map(|check| format!("{}\n{}", check.command, check.expected));
                self.noted(Word::Check, &items.collect::<Vec<_>>())
            }
            Kind::Hint(inner) => self.folded(Word::Hint, inner)?,
            Kind::Solution(inner) => self.folded(Word::Solution, inner)?,
        })
    }

    fn file(&self, name: &str, text: &str) -> Outcome<String> {
        let beside = if text.is_empty() { page::read(&self.folder.join(name))? } else { text.to_owned() };
        Ok(format!(
            "<figure class=\"file\"><figcaption><code>{}</code></figcaption>{}</figure>\n",
            html::escaped(name),
            html::block("", &beside)
        ))
    }

    fn typed(&self, typed: &Typed) -> String {
        let place = match typed.terminal {
            1 => String::new(),
            number => format!("<p class=\"where\">{} {number}</p>", self.language.say(Word::Terminal)),
        };
        let prompt = if typed.way == Way::Input { "> " } else { "$ " };
        let lines: Vec<String> = typed.lines.iter().map(|line| prompted(prompt, line)).collect();
        format!("{place}{}", html::block("typed", &joined(&lines)))
    }

    fn noted(&self, word: Word, items: &[String]) -> String {
        format!("<div class=\"noted\"><p>{}</p>{}</div>\n", self.language.say(word), html::block("", &joined(items)))
    }

    fn folded(&self, word: Word, inner: &[Piece]) -> Outcome<String> {
        Ok(format!("<details><summary>{}</summary>\n{}</details>\n", self.language.say(word), self.pieces(inner)?))
    }
}

/// Keys are no commands.
fn prompted(prompt: &str, line: &str) -> String {
    if matches!(line.trim(), "^C" | "^D") || line.is_empty() { line.to_owned() } else { format!("{prompt}{line}") }
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_all_there() {
        for language in Language::ALL {
            let pages = all(language).unwrap();
            let page = pages.iter().find(|page| page.name == "lessons/statefulset-basics").unwrap();
            for words in ["$ kubectl apply -f web.yaml", "statefulset.apps/web created", "volumeClaimTemplates"] {
                assert!(page.body.contains(words), "{words}");
            }
            assert!(page.body.starts_with("<h1") && page.body.contains("<ordinal-playground"));
        }
    }
}
