//! The reference of the package, read from its own declarations: every export with its comment, so that it cannot be out of
//! date.

use super::html::{block, escaped};
use crate::page;
use crate::tool::{self, Outcome};

/// An exported declaration.
#[derive(Debug, PartialEq)]
struct Export {
    name: String,
    comment: String,
    text: String,
}

/// All exports, functions first.
pub(super) fn reference() -> Outcome<String> {
    let mut exports = exports(&page::read(&tool::root().join("crates/widget/npm/index.d.ts"))?);
    exports.sort_by_key(|export| !export.text.starts_with("export function"));
    let item = |export: &Export| {
        let name = escaped(&export.name);
        let comment =
            if export.comment.is_empty() { String::new() } else { format!("<p>{}</p>\n", escaped(&export.comment)) };
        format!("<h2 id=\"{name}\"><code>{name}</code></h2>\n{comment}{}", block("", &export.text))
    };
    let links = exports.iter().map(|export| {
        let name = escaped(&export.name);
        format!("<li><a href=\"#{name}\"><code>{name}</code></a></li>\n")
    });
    let list = format!("<ul class=\"contents\">\n{}</ul>\n", links.collect::<String>());
    Ok(format!("{list}<div lang=\"en\">\n{}</div>\n", exports.iter().map(item).collect::<String>()))
}

fn exports(text: &str) -> Vec<Export> {
    let (mut found, mut comment) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = name_of(line) {
            let mut whole = format!("{line}\n");
            // A declaration ends with its brace or its semicolon at the margin.
            let mut last = line;
            while !(last == "}"
                || (last.ends_with(';') && (last == line || last.starts_with("  |")))
                || last.ends_with("{}"))
            {
                let Some(next) = lines.next() else { break };
                whole += &format!("{next}\n");
                last = next;
            }
            found.push(Export { name, comment: std::mem::take(&mut comment), text: whole });
        } else if let Some(said) = line.strip_prefix("/** ").and_then(|rest| rest.strip_suffix(" */")) {
            comment = said.to_owned();
        } else if line == "/**" {
            let said = lines.by_ref().take_while(|line| *line != " */").map(|line| line.trim_start_matches(" * "));
            comment = said.collect::<Vec<_>>().join(" ");
        }
    }
    found
}

fn name_of(line: &str) -> Option<String> {
    let rest = line.strip_prefix("export ")?;
    let mut words = rest.split([' ', '(', '<', '=', ';']).filter(|word| !word.is_empty());
    words.find(|word| !matches!(*word, "class" | "interface" | "type" | "function")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_is_found_whole() {
        let text = "/**\n * Of\n * all.\n */\n\n/** Why. */\nexport type A =\n  /** One. */\n  | 'a'\n  | 'b';\n\nexport interface B {\n  c: string;\n}\n\n/** Makes. */\nexport function d(a?: A): B;\n";
        let names: Vec<_> = exports(text)
            .into_iter()
            .map(|export| (export.name, export.comment, export.text.lines().count()))
            .collect();
        assert_eq!(
            names,
            [("A".into(), "Why.".into(), 4), ("B".into(), String::new(), 3), ("d".into(), "Makes.".into(), 1)]
        );
        let long = exports("/**\n * One\n * and more.\n */\nexport interface E {}\n");
        assert_eq!(long[0].comment, "One and more.");
        let whole = reference().unwrap();
        for name in ["createCluster", "createPlayground", "OrdinalError", "ErrorCode", "WatchEvent"] {
            assert!(whole.contains(&format!("id=\"{name}\"")), "{name}");
        }
    }
}
