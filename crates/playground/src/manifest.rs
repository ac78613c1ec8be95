//! What an editor of manifests asks: what is wrong with a text, and how it can go on. Both from the description of the API
//! that decoding reads.
//!
//! What is absent: what the server alone can say (values out of range, immutable fields): applying says it.

use api::schema::{self, Field, Scalar, Shape, Type};
use api::strict::{self, DecodeError, Words};
use api::text::yaml::{self, Document, Place};
use kubectl::explain::field_words;
use ordered::Arrange;
use view::{Candidate, Problem};

/// Problems that are told at most.
const PROBLEMS_MAX: usize = 50;
/// Letters in which a mistyped name may differ from the one that was meant.
const TYPOS_MAX: usize = 3;

/// What is wrong with the documents of a text, in order of their places.
pub(crate) fn problems(text: &str) -> Vec<Problem> {
    let (documents, error) = yaml::documents(text);
    let mut problems: Vec<Problem> = documents.iter().flat_map(|document| of_document(text, document)).collect();
    problems.extend(error.map(|error| {
        let place = Place { line: error.line, column: error.column };
        problem(place, error.message, String::new())
    }));
    problems.truncate(PROBLEMS_MAX);
    problems
}

fn problem(place: Place, message: String, nearest: String) -> Problem {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Problem { line: number(place.line), column: number(place.column), message, nearest }
}

/// A document and the text that it was read from.
struct Source<'t> {
    text: &'t str,
    first_line: usize,
}

impl Source<'_> {
    /// Where a field stands; where the document begins if it cannot be found.
    fn place(&self, path: &str) -> Place {
        let found = yaml::locate(self.text, path).unwrap_or(Place { line: 1, column: 1 });
        Place { line: found.line + self.first_line - 1, column: found.column }
    }
}

fn of_document(text: &str, document: &Document) -> Vec<Problem> {
    let start: usize = text.split_inclusive('\n').take(document.line - 1).map(str::len).sum();
    let source = Source { text: &text[start..], first_line: document.line };
    let (api_version, kind) = (document.value.get("apiVersion").text(), document.value.get("kind").text());
    if kind.is_empty() || api_version.is_empty() {
        let missing = if kind.is_empty() { "kind not set" } else { "apiVersion not set" };
        return vec![problem(source.place(""), missing.to_owned(), String::new())];
    }
    // These are for kubectl, not for the server.
    if api_version.starts_with("kustomize.config.k8s.io/") || kind.ends_with("List") {
        return Vec::new();
    }
    let Some(type_) = schema::type_of(api_version, kind) else {
        let message = format!("no matches for kind {kind:?} in version {api_version:?}");
        let kinds = schema::resources().iter().filter(|resource| resource.api_version() == api_version);
        let nearest = nearest(kind, kinds.map(|resource| resource.kind));
        return vec![problem(source.place("kind"), message, nearest)];
    };
    match strict::decode(type_, &document.value, Words::Json) {
        Ok(decoded) => decoded.unknown.into_iter().map(|message| of_unknown(&source, type_, message)).collect(),
        Err(DecodeError::Wrong(message)) => {
            let place = source.place(path_of_wrong(&message));
            vec![problem(place, message, String::new())]
        }
        Err(DecodeError::Unknown(messages)) => {
            messages.into_iter().map(|message| of_unknown(&source, type_, message)).collect()
        }
    }
}

/// `unknown field "spec.foo"`: where it stands, and what was meant.
fn of_unknown(source: &Source<'_>, type_: Type<'static>, message: String) -> Problem {
    let path = message.split('"').nth(1).unwrap_or_default().to_owned();
    let (above, name) = path.rsplit_once('.').unwrap_or(("", &path));
    let mut keys = above.split('.').filter(|key| !key.is_empty()).map(|key| key.split('[').next().unwrap_or(key));
    let holder = keys.try_fold(type_, |type_, key| type_.child(key));
    let fields = holder.map_or(&[][..], Type::fields);
    let nearest = nearest(name, fields.iter().map(|field| field.name));
    problem(source.place(&path), message, nearest)
}

/// The path in `json: cannot unmarshal string into Go struct field StatefulSet.spec.replicas of type int32`.
fn path_of_wrong(message: &str) -> &str {
    let field = message.split("Go struct field ").nth(1).and_then(|rest| rest.split(" of type").next());
    field.and_then(|field| field.split_once('.')).map_or("", |(_, path)| path)
}

/// The name that differs least, if any differs little.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let typos = |known: &str| distance(&name.to_lowercase(), &known.to_lowercase());
    let best = known.map(|known| (typos(known), known)).min();
    let is_near = |typos: usize| typos <= TYPOS_MAX && typos * 2 <= name.len();
    best.filter(|(typos, _)| is_near(*typos)).map(|(_, known)| known.to_owned()).unwrap_or_default()
}

/// Levenshtein's distance, in bytes: names are ASCII.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// How a text can go on at a line and column (both from 0): from which column a candidate replaces it, and candidates.
pub(crate) fn suggestions(text: &str, line: usize, column: usize) -> (u32, Vec<Candidate>) {
    let lines: Vec<&str> = text.lines().collect();
    let before: String = lines.get(line).unwrap_or(&"").chars().take(column).collect();
    let above = &lines[..line.min(lines.len())];
    let start = above.iter().rposition(|line| line.starts_with("---")).map_or(0, |at| at + 1);
    let end = lines.iter().skip(line + 1).position(|line| line.starts_with("---"));
    let document = &lines[start..end.map_or(lines.len(), |at| line + 1 + at)];
    let here = Outline::of(&before);
    let type_ = type_of_path(document, &path_above(&above[start..], here.limit()));
    let (from, candidates) = match before[here.key_column..].split_once(':') {
        Some((key, value)) => {
            let from = before.len() - value.trim_start().len();
            (from, values(document, type_, here.key_column == 0, key))
        }
        None => (here.key_column, keys(type_, here.key_column == 0)),
    };
    let word = &before[from..];
    let wanted = |candidate: &Candidate| candidate.text.to_lowercase().starts_with(&word.to_lowercase());
    (u32::try_from(from).unwrap_or(0), candidates.into_iter().filter(wanted).collect())
}

/// Where a line's dashes and key begin.
struct Outline {
    dash_column: Option<usize>,
    key_column: usize,
}

impl Outline {
    fn of(line: &str) -> Outline {
        let blanks = |at: usize| line[at..].len() - line[at..].trim_start_matches(' ').len();
        let mut key_column = blanks(0);
        let mut dash_column = None;
        while line[key_column..].starts_with("- ") || &line[key_column..] == "-" {
            dash_column.get_or_insert(key_column);
            key_column += 1;
            key_column += blanks(key_column);
        }
        Outline { dash_column, key_column }
    }

    /// A key that begins before this column is one level up or more. A list may stand below its key without indentation.
    fn limit(&self) -> usize {
        self.dash_column.map_or(self.key_column, |dash| dash + 1)
    }
}

/// The keys on the way from the document to a line, outermost first.
fn path_above<'t>(above: &[&'t str], mut limit: usize) -> Vec<&'t str> {
    let mut path = Vec::new();
    for line in above.iter().rev().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let outline = Outline::of(line);
        if outline.key_column < limit
            && let Some((key, _)) = line[outline.key_column..].split_once(':')
        {
            path.push(key.trim());
            limit = outline.limit();
        } else if let Some(dash) = outline.dash_column.filter(|dash| *dash < limit) {
            // The first line of the item that we are in.
            limit = dash + 1;
        }
    }
    path.reverse();
    path
}

fn type_of_path(document: &[&str], path: &[&str]) -> Option<Type<'static>> {
    let root = schema::type_of(top_level(document, "apiVersion"), top_level(document, "kind"))?;
    path.iter().try_fold(root, |type_, key| type_.child(key))
}

fn top_level<'t>(document: &[&'t str], key: &str) -> &'t str {
    let value = document.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    value.map(|value| value.trim().trim_matches(['"', '\''])).unwrap_or_default()
}

fn keys(type_: Option<Type<'static>>, is_top: bool) -> Vec<Candidate> {
    let Some(type_) = type_ else {
        let of_any = ["apiVersion: ", "kind: ", "metadata:", "spec:"];
        let first = of_any.iter().filter(|_| is_top);
        return first.map(|text| Candidate { text: (*text).into(), note: String::new() }).collect();
    };
    let mut fields: Vec<&Field<'static>> = type_.fields().iter().filter(|field| field.name != "status").collect();
    fields.arrange_by_key(|field| (!field.required, field.name));
    fields.into_iter().map(|field| key(type_, field)).collect()
}

fn key(type_: Type<'static>, field: &'static Field<'static>) -> Candidate {
    let after = if matches!(field.shape, Shape::Scalar(..)) { ": " } else { ":" };
    let (kind, words) = field_words(type_, field);
    let note = if words.is_empty() { kind } else { format!("{kind} · {words}") };
    Candidate { text: format!("{}{after}", field.name), note }
}

fn values(document: &[&str], type_: Option<Type<'static>>, is_top: bool, key: &str) -> Vec<Candidate> {
    let candidate = |text: &str, note: &str| Candidate { text: text.into(), note: note.into() };
    let api_version = top_level(document, "apiVersion");
    let mut found: Vec<Candidate> = match (is_top, key) {
        (true, "kind") => {
            let fits = |resource: &&schema::Resource| api_version.is_empty() || resource.api_version() == api_version;
            let fitting = schema::resources().iter().filter(fits);
            fitting.map(|resource| candidate(resource.kind, &resource.api_version())).collect()
        }
        (true, "apiVersion") => {
            schema::resources().iter().map(|resource| candidate(&resource.api_version(), "")).collect()
        }
        _ => match type_.and_then(|type_| type_.field(key)) {
            Some(field) if matches!(field.shape, Shape::Scalar(Scalar::Bool, _)) => {
                vec![candidate("true", ""), candidate("false", "")]
            }
            Some(field) => field.values.iter().map(|value| candidate(value, "")).collect(),
            None => Vec::new(),
        },
    };
    found.arrange_by(|left, right| left.text.cmp(&right.text));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u32, u32, &str, &str)]) {
        let found = problems(text);
        let found: Vec<(u32, u32, &str, &str)> =
            found.iter().map(|p| (p.line, p.column, p.message.as_str(), p.nearest.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_the_name_that_was_meant() {
        let unknown = r#"unknown field "spec.containers[0].imagee""#;
        check(
            "# a pod\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    imagee: b\n",
            &[(7, 5, unknown, "image")],
        );
        check(
            "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Servise\n",
            &[(5, 1, r#"no matches for kind "Servise" in version "v1""#, "Service")],
        );
        check(
            "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  replicas: two\n",
            &[(
                4,
                3,
                "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32",
                "",
            )],
        );
        check("kind: Pod\n", &[(1, 1, "apiVersion not set", "")]);
        assert_eq!(problems("a: [").len(), 1);
        check("apiVersion: v1\nkind: Pod\nspec: {zzzzzz: 1}\n", &[(3, 8, r#"unknown field "spec.zzzzzz""#, "")]);
    }

    fn offered(text: &str) -> Vec<String> {
        let line = text.lines().count() - 1;
        let column = text.lines().last().unwrap_or_default().chars().count();
        suggestions(text, line, column).1.into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn a_key_is_offered_by_what_stands_around_it() {
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n";
        assert_eq!(offered(&format!("{set}  serv")), ["serviceName: "]);
        assert_eq!(offered(&format!("{set}  template:\n    spec:\n      containers:\n      - na")), ["name: "]);
        assert_eq!(
            offered(&format!("{set}  template:\n    spec:\n      containers:\n      - name: a\n        imagePull")),
            ["imagePullPolicy: "]
        );
        assert_eq!(
            offered(&format!("{set}  template:\n    spec:\n      containers:\n      - name: a\n      terminationG")),
            ["terminationGracePeriodSeconds: "]
        );
        assert_eq!(offered(&format!("{set}  nonsense:\n    a")), Vec::<String>::new());
    }

    #[test]
    fn a_value_is_offered_where_there_is_a_choice() {
        assert_eq!(offered("apiVersion: apps/v1\nkind: Stateful"), ["StatefulSet"]);
        assert!(offered("apiVersion: ap").contains(&"apps/v1".to_owned()));
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  podManagementPolicy: ";
        assert_eq!(offered(set), ["OrderedReady", "Parallel"]);
    }

    #[test]
    fn nothing_that_is_typed_is_too_odd() {
        for text in ["", "-", "- - ", ":", "a: b: c", "\u{3042}: \u{3044}", "---", "  #"] {
            let _ = offered(&format!("{text} "));
            problems(text);
        }
    }
}
