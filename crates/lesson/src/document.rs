//! A document as pieces, in order: rows to read, and blocks to do.

use crate::error::LessonError;
use crate::fence::Info;
use crate::front::{self, Front};
use crate::markdown::{self, Code, Row, RowKind};

/// A lesson, or anybody's Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its head.
    pub front: Front,
    /// Its body.
    pub pieces: Vec<Piece>,
}

/// A piece with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To read.
    Prose(Row),
    /// A file of the learner's directory. Without text it is the file of this name beside the lesson.
    File {
        /// Its name.
        name: String,
        /// Its content.
        text: String,
    },
    /// To type.
    Type(Typed),
    /// What is expected to be seen.
    Console {
        /// The terminal that is looked at; if none is named, the one of the block before.
        terminal: Option<u32>,
        /// The lines.
        lines: Vec<String>,
        /// The line of the first of them.
        first_line: u32,
        /// Spaces before each of them in the document.
        indent: usize,
    },
    /// To wait for.
    Wait(Vec<Wait>),
    /// To be true from here on.
    Check(Vec<Check>),
    /// Help, folded.
    Hint(Vec<Piece>),
    /// An answer, folded.
    Solution(Vec<Piece>),
}

/// Lines to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Where.
    pub terminal: u32,
    /// How.
    pub way: Way,
    /// What. `^C` and `^D` are keys.
    pub lines: Vec<String>,
}

/// How lines are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A command, which is waited for.
    Command,
    /// A command that goes on: a watch.
    Background,
    /// For the program that runs: an inner shell.
    Input,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Its line.
    pub line: u32,
    /// Arguments of `kubectl wait`.
    pub arguments: String,
    /// Virtual seconds.
    pub timeout_seconds: u64,
}

/// What must be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its line.
    pub line: u32,
    /// A command that reads.
    pub command: String,
    /// What it prints, white space at both ends apart.
    pub expected: String,
}

impl Wait {
    /// A command that succeeds where the condition holds, and does not wait.
    pub fn command(&self) -> String {
        format!("kubectl wait {} --timeout=0s", self.arguments)
    }
}

/// Seconds that a condition may take if it says nothing else.
const WAIT_SECONDS: u64 = 300;

impl Lesson {
    /// Reads a document. Front matter that says `recorded` makes it a lesson, in which unknown blocks are errors.
    ///
    /// # Errors
    /// If a lesson's head or one of its blocks is wrong.
    pub fn parse(text: &str) -> Result<Lesson, LessonError> {
        let lines = markdown::numbered(text);
        let (front, taken) = front::read(&lines)?;
        let rows = markdown::rows(&lines[taken..]);
        let pieces = if front.is_lesson() { lesson_pieces(rows)? } else { foreign_pieces(rows) };
        Ok(Lesson { front, pieces })
    }

    /// The pieces that are done, in order; those of solutions among them.
    pub fn steps(&self) -> Vec<&Piece> {
        let mut steps = Vec::new();
        collect_steps(&self.pieces, &mut steps);
        steps
    }
}

fn collect_steps<'a>(pieces: &'a [Piece], steps: &mut Vec<&'a Piece>) {
    for piece in pieces {
        match &piece.kind {
            Kind::Prose(_) | Kind::Hint(_) => {}
            Kind::Solution(inner) => collect_steps(inner, steps),
            Kind::File { .. } | Kind::Type(_) | Kind::Console { .. } | Kind::Wait(_) | Kind::Check(_) => {
                steps.push(piece);
            }
        }
    }
}

fn lesson_pieces(rows: Vec<Row>) -> Result<Vec<Piece>, LessonError> {
    rows.into_iter().map(lesson_piece).collect()
}

fn lesson_piece(row: Row) -> Result<Piece, LessonError> {
    let line = row.line;
    let kind = match row.kind {
        RowKind::Code(code) => block(line, code)?,
        kind => {
            refuse_nested(&kind)?;
            Kind::Prose(Row { line, kind })
        }
    };
    Ok(Piece { line, kind })
}

/// A block in a list or quote would be read and never run.
fn refuse_nested(kind: &RowKind) -> Result<(), LessonError> {
    let inner: &[Vec<Row>] = match kind {
        RowKind::List { items, .. } => items,
        RowKind::Quote(rows) => std::slice::from_ref(rows),
        RowKind::Heading { .. } | RowKind::Paragraph(_) | RowKind::Code(_) | RowKind::Table { .. } | RowKind::Rule => {
            &[]
        }
    };
    for row in inner.iter().flatten() {
        if matches!(row.kind, RowKind::Code(_)) {
            return Err(LessonError::new(row.line, "a lesson's blocks stand outside of lists and quotes"));
        }
        refuse_nested(&row.kind)?;
    }
    Ok(())
}

fn block(line: u32, code: Code) -> Result<Kind, LessonError> {
    let at = |message: String| LessonError::new(line, message);
    if code.is_open {
        return Err(at("this block is not closed".to_owned()));
    }
    let info = code.info.clone();
    let mut info = Info::of(&info);
    let kind = match info.name {
        "yaml" => file(line, &mut info, code)?,
        "sh" => Kind::Type(typed(&mut info, texts(&code)).map_err(at)?),
        "console" => console(info.terminal().map_err(at)?, &code),
        "wait" => Kind::Wait(filled(line, &code)?.map(|(line, text)| wait(line, text)).collect::<Result<_, _>>()?),
        "check" => Kind::Check(filled(line, &code)?.map(|(line, text)| check(line, text)).collect::<Result<_, _>>()?),
        "fault" => {
            let lines = filled(line, &code)?.map(|(_, text)| format!("fault {text}")).collect();
            Kind::Type(Typed { terminal: info.terminal().map_err(at)?.unwrap_or(1), way: Way::Command, lines })
        }
        "hint" => Kind::Hint(lesson_pieces(inner_rows(&code))?),
        "solution" => Kind::Solution(lesson_pieces(inner_rows(&code))?),
        "text" => return Ok(Kind::Prose(Row { line, kind: RowKind::Code(code) })),
        name => return Err(at(format!("there is no block {name:?}; there are {BLOCKS}"))),
    };
    match info.rest() {
        Some(word) => Err(at(format!("a block {:?} does not know {word:?}", info.name))),
        None => Ok(kind),
    }
}

const BLOCKS: &str = "yaml file=, sh, console, wait, check, fault, hint, solution, text";

fn inner_rows(code: &Code) -> Vec<Row> {
    let lines: Vec<(u32, &str)> = code.lines.iter().map(|(line, text)| (*line, text.as_str())).collect();
    markdown::rows(&lines)
}

fn texts(code: &Code) -> Vec<String> {
    code.lines.iter().map(|(_, text)| text.clone()).collect()
}

/// The lines that say something; there must be one.
fn filled(line: u32, code: &Code) -> Result<impl Iterator<Item = (u32, &str)>, LessonError> {
    let lines = code.lines.iter().map(|(line, text)| (*line, text.trim())).filter(|(_, text)| !text.is_empty());
    match lines.clone().next() {
        Some(_) => Ok(lines),
        None => Err(LessonError::new(line, "this block is empty")),
    }
}

fn file(line: u32, info: &mut Info<'_>, code: Code) -> Result<Kind, LessonError> {
    match info.value("file") {
        // A manifest to look at, not to use.
        None => Ok(Kind::Prose(Row { line, kind: RowKind::Code(code) })),
        Some(name) if name.is_empty() || name.starts_with('/') || name.split('/').any(|part| part == "..") => {
            Err(LessonError::new(line, format!("file={name}: a file lies in the lesson's directory")))
        }
        Some(name) => {
            let text: String = code.lines.iter().map(|(_, text)| format!("{text}\n")).collect();
            Ok(Kind::File { name: name.to_owned(), text })
        }
    }
}

fn typed(info: &mut Info<'_>, lines: Vec<String>) -> Result<Typed, String> {
    let terminal = info.terminal()?.unwrap_or(1);
    let way = match (info.flag("background"), info.flag("stdin")) {
        (false, false) => Way::Command,
        (true, false) => Way::Background,
        (false, true) => Way::Input,
        (true, true) => return Err("a block is background or stdin, not both".to_owned()),
    };
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Err("this block is empty".to_owned());
    }
    Ok(Typed { terminal, way, lines })
}

fn console(terminal: Option<u32>, code: &Code) -> Kind {
    let first_line = code.lines.first().map_or(0, |(line, _)| *line);
    Kind::Console { terminal, lines: texts(code), first_line, indent: code.indent }
}

fn wait(line: u32, text: &str) -> Result<Wait, LessonError> {
    let text = text.strip_prefix("kubectl wait ").unwrap_or(text);
    let (arguments, timeout) = match text.rsplit_once(" timeout=") {
        Some((arguments, timeout)) => (arguments, seconds(timeout)),
        None => (text, Some(WAIT_SECONDS)),
    };
    if !arguments.contains("--for") || arguments.contains("--timeout") {
        let message = "a condition is written as kubectl wait takes it, with --for, and its time as timeout=2m";
        return Err(LessonError::new(line, message));
    }
    let wrong = || LessonError::new(line, "timeout= takes a time such as 90s, 5m or 1h");
    Ok(Wait { line, arguments: arguments.to_owned(), timeout_seconds: timeout.ok_or_else(wrong)? })
}

fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().next_back()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

fn check(line: u32, text: &str) -> Result<Check, LessonError> {
    let (command, expected) = match text.rsplit_once(" == ") {
        Some(found) => found,
        None => (text.strip_suffix(" ==").unwrap_or_default(), ""),
    };
    if !command.starts_with("kubectl get ") {
        return Err(LessonError::new(line, "a check is written: kubectl get … == the expected text"));
    }
    Ok(Check { line, command: command.to_owned(), expected: expected.trim().to_owned() })
}

/// Somebody's Markdown: fences anywhere, of which only those of a shell mean something.
fn foreign_pieces(rows: Vec<Row>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for row in rows {
        let line = row.line;
        match row.kind {
            RowKind::Code(code) => foreign_block(line, code, &mut pieces),
            RowKind::List { items, .. } => pieces.extend(items.into_iter().flat_map(foreign_pieces)),
            RowKind::Quote(rows) => pieces.extend(foreign_pieces(rows)),
            kind => pieces.push(Piece { line, kind: Kind::Prose(Row { line, kind }) }),
        }
    }
    pieces
}

fn foreign_block(line: u32, code: Code, pieces: &mut Vec<Piece>) {
    let info = code.info.clone();
    let mut info = Info::of(&info);
    let is_shell = matches!(info.name, "sh" | "shell" | "bash");
    let is_console = matches!(info.name, "console" | "shell-session" | "terminal");
    let prompt = if is_shell || is_console { prompt_of(&code, is_console) } else { None };
    if let Some(prompt) = prompt {
        transcript(&code, &prompt, pieces);
    } else if is_shell {
        // Attributes of other tools are not ours to judge.
        if let Ok(typed) = typed(&mut info, texts(&code)) {
            pieces.push(Piece { line, kind: Kind::Type(typed) });
        }
    } else if info.name == "console" {
        pieces.push(Piece { line, kind: console(info.terminal().unwrap_or(None), &code) });
    } else if let Some(name) = Some(info.name).filter(|name| *name == "yaml").and_then(|_| info.value("file")) {
        let text = code.lines.iter().map(|(_, text)| format!("{text}\n")).collect();
        pieces.push(Piece { line, kind: Kind::File { name: name.to_owned(), text } });
    } else {
        pieces.push(Piece { line, kind: Kind::Prose(Row { line, kind: RowKind::Code(code) }) });
    }
}

/// What stands before each command: `$ `, or in a console what its first line begins with, up to a shell's last sign: `% `, `# `,
/// `user@host:~$ `. Where commands stand alone, `# ` begins a comment.
fn prompt_of(code: &Code, is_console: bool) -> Option<String> {
    if code.lines.iter().any(|(_, text)| text.starts_with("$ ")) {
        return Some("$ ".to_owned());
    }
    let (_, first) = code.lines.iter().find(|(_, text)| is_console && !text.trim().is_empty())?;
    let end = first.find([' ', '\t']).filter(|end| first[..*end].ends_with(['$', '%', '#']))?;
    let before = &first[..end - 1];
    let is_place = before.contains('@') && !before.contains(['=', '"', '\'', '<', '{']);
    (before.is_empty() || is_place).then(|| first[..=end].to_owned())
}

/// The prompt begins a command, `> ` goes on with it, and what follows is what it says.
fn transcript(code: &Code, prompt: &str, pieces: &mut Vec<Piece>) {
    let mut lines = code.lines.iter().peekable();
    while let Some((line, text)) = lines.next() {
        let Some(command) = text.strip_prefix(prompt) else { continue };
        let mut typed = vec![command.to_owned()];
        while let Some((_, more)) = lines.next_if(|(_, text)| text.starts_with("> ") || is_continued(typed.last())) {
            let more = more.strip_prefix("> ").unwrap_or(more);
            typed.push(more.to_owned());
        }
        let kind = Kind::Type(Typed { terminal: 1, way: Way::Command, lines: typed });
        pieces.push(Piece { line: *line, kind });
        let first_line = lines.peek().map_or(0, |(line, _)| *line);
        let mut said = Vec::new();
        while let Some((_, text)) = lines.next_if(|(_, text)| !text.starts_with(prompt)) {
            said.push(text.clone());
        }
        // A command without a word behind it says that nobody cared to show it.
        if said.iter().any(|text| !text.trim().is_empty()) {
            let kind = Kind::Console { terminal: None, lines: said, first_line, indent: code.indent };
            pieces.push(Piece { line: first_line, kind });
        }
    }
}

fn is_continued(line: Option<&String>) -> bool {
    line.is_some_and(|line| line.ends_with('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "---\ntitle: T\nrecorded: now\n---\n";

    fn shown(piece: &Piece) -> String {
        let text = match &piece.kind {
            Kind::Prose(_) => "prose".to_owned(),
            Kind::File { name, text } => format!("file {name} {text:?}"),
            Kind::Type(typed) => format!("{:?} {} {:?}", typed.way, typed.terminal, typed.lines),
            Kind::Console { terminal, lines, first_line, .. } => format!("console {terminal:?} {first_line}+{lines:?}"),
            Kind::Wait(waits) => {
                let wait = &waits[0];
                format!("wait {} [{}] {}", wait.line, wait.arguments, wait.timeout_seconds)
            }
            Kind::Check(checks) => format!("check {} [{}] [{}]", checks[0].line, checks[0].command, checks[0].expected),
            Kind::Hint(inner) => format!("hint({})", inner.iter().map(shown).collect::<Vec<_>>().join(" ")),
            Kind::Solution(inner) => format!("solution({})", inner.iter().map(shown).collect::<Vec<_>>().join(" ")),
        };
        format!("{}:{text}", piece.line)
    }

    fn read(text: &str) -> String {
        match Lesson::parse(text) {
            Ok(lesson) => lesson.pieces.iter().map(shown).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    /// Blocks of a lesson; the body begins on line 5.
    fn check(body: &str, expect: &str) {
        assert_eq!(read(&format!("{HEAD}{body}")), expect, "{body}");
    }

    #[test]
    fn every_block_of_a_lesson() {
        check("```yaml file=a.yaml\n```", "5:file a.yaml \"\"");
        check("```sh\na\n^C\n```", "5:Command 1 [\"a\", \"^C\"]");
        check("```sh terminal=2 background\na\n```", "5:Background 2 [\"a\"]");
        check("```sh stdin\na\n```", "5:Input 1 [\"a\"]");
        check("```console terminal=2\na\n\nb\n```", "5:console Some(2) 6+[\"a\", \"\", \"b\"]");
        check("```wait\npod/a --for=condition=Ready timeout=2m\n```", "5:wait 6 [pod/a --for=condition=Ready] 120");
        check("```check\nkubectl get a -o b == c d\n```", "5:check 6 [kubectl get a -o b] [c d]");
        check("```check\nkubectl get a ==\n```", "5:check 6 [kubectl get a] []");
        check("```fault\nnode stop node-1\n```", "5:Command 1 [\"fault node stop node-1\"]");
        check("````solution\nx\n```sh\ny\n```\n````", "5:solution(6:prose 7:Command 1 [\"y\"])");
        check("```hint\nx\n```", "5:hint(6:prose)");
        check("```yaml\na: b\n```\n\n- a", "5:prose 9:prose");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        check("a\n\n```ssh\n```", &format!("7: there is no block \"ssh\"; there are {BLOCKS}"));
        check("```sh terminal=9\na\n```", "5: terminal=9: terminals are numbered 1 to 4");
        check("```sh quick\na\n```", "5: a block \"sh\" does not know \"quick\"");
        check("```sh\n```", "5: this block is empty");
        check("```sh\na", "5: this block is not closed");
        check("```check\n\nls == a\n```", "7: a check is written: kubectl get … == the expected text");
        check("```wait\npod/a --for=delete timeout=x\n```", "6: timeout= takes a time such as 90s, 5m or 1h");
        check("- a\n\n  ```sh\n  b\n  ```", "7: a lesson's blocks stand outside of lists and quotes");
        check("```yaml file=../a\n```", "5: file=../a: a file lies in the lesson's directory");
        assert_eq!(read("---\ntitle: T\nrecorded: x\nnode: 3\n---\n"), "4: a lesson's head has no field \"node\"");
        assert_eq!(read("---\nrecorded: x\n---\n"), "1: a lesson needs a title");
        assert_eq!(read("---\nnodes: many\n---\n"), "2: nodes: \"many\" is not a number");
    }

    #[test]
    fn somebody_elses_document() {
        let head = "---\ntitle: T\nweight: 3\n---\n";
        let body =
            "1. a\n\n   ```shell\n   kubectl get a\n   ```\n```go\nx\n```\n```console\n$ a \\\n  b\nsaid\n$ c\n```\n";
        let expect = "5:prose 7:Command 1 [\"kubectl get a\"] 10:prose \
                      14:Command 1 [\"a \\\\\", \"  b\"] 16:console None 16+[\"said\"] 17:Command 1 [\"c\"]";
        assert_eq!(read(&format!("{head}{body}")), expect);
    }

    #[test]
    fn somebody_elses_prompts() {
        let check = |body: &str, expect: &str| assert_eq!(read(body), expect, "{body}");
        check("```console\n% a\nb\n% c\n```", "2:Command 1 [\"a\"] 3:console None 3+[\"b\"] 4:Command 1 [\"c\"]");
        check("```console\n# a\nb\n```", "2:Command 1 [\"a\"] 3:console None 3+[\"b\"]");
        check("```shell-session\nme@host:~/x$ a\nb\n```", "2:Command 1 [\"a\"] 3:console None 3+[\"b\"]");
        check("```bash\n# why\na\n```", "1:Command 1 [\"# why\", \"a\"]");
        check("```console\nprice$ a\n```", "1:console None 2+[\"price$ a\"]");
    }
}
