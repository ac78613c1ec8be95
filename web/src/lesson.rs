//! A lesson in the page: its pieces, what the reader has done of it, and which of its gates are worth asking about.
//!
//! Pure, but for [`load`] and the storage in [`Progress::kept`]. Steps are numbered in the order in which they are done, so that
//! progress is the same in every language.

use lesson::{Front, Kind, Lesson, Piece, Row};
use view::Probed;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;
use yew::Callback;

use crate::i18n::{Language, Text};
use crate::store::Shared;

/// The lessons, in order: folder below `lessons/`, and name in the menu.
pub const LESSONS: [(&str, Text); 4] = [
    ("statefulset-basics", Text::LessonStatefulSetBasics),
    ("wordpress-mysql", Text::LessonWordPress),
    ("cassandra", Text::LessonCassandra),
    ("zookeeper", Text::LessonZooKeeper),
];

/// A lesson, ready to be shown.
#[derive(Debug)]
pub struct Loaded {
    /// Its folder.
    pub id: &'static str,
    /// In which language.
    pub language: Language,
    /// Its head.
    pub front: Front,
    /// Its body.
    pub leaves: Vec<Shared<Leaf>>,
    /// The files that it shows: name and text.
    pub files: Vec<(String, String)>,
}

/// A piece of a lesson.
#[derive(Debug)]
pub enum Leaf {
    /// To read.
    Prose(Row),
    /// To do.
    Step(Step),
    /// Folded.
    Fold {
        /// Its summary.
        title: Text,
        /// What it holds.
        leaves: Vec<Shared<Leaf>>,
    },
}

/// A piece that is done.
#[derive(Debug)]
pub struct Step {
    /// From 0, in the order of the document.
    pub number: u32,
    /// What it is.
    pub kind: Kind,
}

/// A probe's lines, and the gates that they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// Steps, each with its number of lines.
    pub gates: Vec<(u32, usize)>,
    /// Commands that read.
    pub lines: Vec<String>,
}

impl Loaded {
    fn new(id: &'static str, language: Language, lesson: Lesson, files: Vec<(String, String)>) -> Loaded {
        let leaves = leaves(lesson.pieces, &mut 0);
        Loaded { id, language, front: lesson.front, leaves, files }
    }

    /// A step by its number.
    pub fn step(&self, number: u32) -> Option<&Step> {
        let mut found = None;
        each_step(&self.leaves, &mut |step| {
            if step.number == number {
                found = Some(step);
            }
        });
        found
    }

    /// How many checkpoints there are, and how many of them are reached.
    pub fn score(&self, progress: &Progress) -> (usize, usize) {
        let (mut all, mut reached) = (0, 0);
        each_step(&self.leaves, &mut |step| {
            if matches!(step.kind, Kind::Check(_)) {
                all += 1;
                reached += usize::from(progress.is_done(step.number));
            }
        });
        (reached, all)
    }

    /// What may have come true: the gates that are not yet reached and that the reader has come to, since the block before them or
    /// something after them is done. The last ones first: what was passed by may never come true.
    pub fn asking(&self, progress: &Progress) -> Asking {
        let furthest = progress.done.last().copied();
        let (mut open, mut is_typed) = (Vec::new(), true);
        each_step(&self.leaves, &mut |step| {
            let done = progress.is_done(step.number);
            match &step.kind {
                Kind::Type(_) => is_typed = done,
                Kind::Wait(_) | Kind::Check(_) if !done && (is_typed || Some(step.number) < furthest) => {
                    open.push(step)
                }
                _ => {}
            }
        });
        let mut asking = Asking::default();
        for step in open.into_iter().rev() {
            asking.add(step);
        }
        asking
    }

    /// The block that the reader does by typing this into a terminal, which is known by its last line: the first after all that is done,
    /// else the first that is not done. What stands further on than in the next section may use the same words, and is not meant.
    pub fn block_of(&self, progress: &Progress, text: &str) -> Option<u32> {
        let entered = text.lines().last()?;
        let furthest = progress.done.last().copied();
        let (mut found, mut gates) = (None, 0);
        each_step(&self.leaves, &mut |step| {
            gates += u32::from(matches!(step.kind, Kind::Check(_)) && Some(step.number) > furthest);
            let Kind::Type(typed) = &step.kind else { return };
            if gates > 1 {
                return;
            }
            let is_it = typed.lines.last().is_some_and(|line| line.split_whitespace().eq(entered.split_whitespace()));
            if is_it && !progress.is_done(step.number) && found.is_none_or(|found| Some(found) < furthest) {
                found = Some(step.number);
            }
        });
        found
    }

    /// Which of the gates that were asked about are reached.
    pub fn reached(&self, asking: &Asking, answers: &[Probed]) -> Vec<u32> {
        let mut answers = answers.iter();
        let holds = |&(number, count): &(u32, usize)| {
            let answers: Vec<&Probed> = answers.by_ref().take(count).collect();
            let all = answers.len() == count && self.step(number).is_some_and(|step| step.holds(&answers));
            all.then_some(number)
        };
        asking.gates.iter().filter_map(holds).collect()
    }
}

impl Asking {
    /// Adds a step's conditions, if there is room for all of them.
    pub fn add(&mut self, step: &Step) {
        let lines: Vec<String> = match &step.kind {
            Kind::Wait(waits) => waits.iter().map(lesson::Wait::command).collect(),
            Kind::Check(checks) => checks.iter().map(|check| check.command.clone()).collect(),
            _ => Vec::new(),
        };
        if !lines.is_empty() && self.lines.len() + lines.len() <= view::PROBE_LINES_MAX {
            self.gates.push((step.number, lines.len()));
            self.lines.extend(lines);
        }
    }
}

impl Step {
    fn holds(&self, answers: &[&Probed]) -> bool {
        match &self.kind {
            Kind::Wait(_) => answers.iter().all(|answer| answer.ok),
            Kind::Check(checks) => {
                checks.iter().zip(answers).all(|(check, answer)| answer.stdout.trim() == check.expected)
            }
            _ => false,
        }
    }
}

fn leaves(pieces: Vec<Piece>, next: &mut u32) -> Vec<Shared<Leaf>> {
    let mut leaf = |piece: Piece| match piece.kind {
        Kind::Prose(row) => Leaf::Prose(row),
        // What a hint holds is read, not done.
        Kind::Hint(inner) => Leaf::Fold { title: Text::LessonHint, leaves: leaves(inner, &mut 0) },
        Kind::Solution(inner) => Leaf::Fold { title: Text::LessonSolution, leaves: leaves(inner, next) },
        kind => {
            let number = *next;
            *next = next.wrapping_add(1);
            Leaf::Step(Step { number, kind })
        }
    };
    pieces.into_iter().map(|piece| Shared::new(leaf(piece))).collect()
}

fn each_step<'a>(leaves: &'a [Shared<Leaf>], see: &mut dyn FnMut(&'a Step)) {
    for leaf in leaves {
        match &**leaf {
            Leaf::Prose(_) => {}
            Leaf::Step(step) => see(step),
            // What a hint shows is not a step.
            Leaf::Fold { title: Text::LessonHint, .. } => {}
            Leaf::Fold { leaves, .. } => each_step(leaves, see),
        }
    }
}

/// What the reader has done, in one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The session's first instant: what was done in another cluster is not done in this one.
    pub start_us: u64,
    /// Steps, sorted.
    done: Vec<u32>,
    /// The gate that was asked about by hand and is not reached, or the block that somebody else would have read.
    pub refused: Option<u32>,
}

impl Progress {
    /// Nothing done yet.
    pub fn new(start_us: u64) -> Progress {
        Progress { start_us, ..Progress::default() }
    }

    /// Whether a step is done.
    pub fn is_done(&self, number: u32) -> bool {
        self.done.binary_search(&number).is_ok()
    }

    /// With these done as well.
    pub fn with(&self, numbers: &[u32]) -> Progress {
        let mut progress = Progress { refused: None, ..self.clone() };
        for number in numbers {
            if let Err(at) = progress.done.binary_search(number) {
                progress.done.insert(at, *number);
            }
        }
        progress
    }

    /// `1767225600000000 0 1 2`
    fn to_text(&self) -> String {
        let mut text = self.start_us.to_string();
        for number in &self.done {
            text.push(' ');
            text.push_str(&number.to_string());
        }
        text
    }

    /// What was kept of this session; nothing if it was another's.
    fn of_text(text: &str, start_us: u64) -> Progress {
        let mut words = text.split(' ');
        if words.next().and_then(|first| first.parse().ok()) != Some(start_us) {
            return Progress::new(start_us);
        }
        let numbers: Vec<u32> = words.filter_map(|word| word.parse().ok()).collect();
        Progress::new(start_us).with(&numbers)
    }

    /// What the browser has kept of a lesson in this session.
    pub fn kept(id: &str, start_us: u64) -> Progress {
        let text = storage().and_then(|storage| storage.get_item(&key(id)).ok().flatten());
        Progress::of_text(&text.unwrap_or_default(), start_us)
    }

    /// Lets the browser keep it, if it may.
    pub fn keep(&self, id: &str) {
        if let Some(storage) = storage() {
            // Without room, progress is lost with the page; the session says so elsewhere.
            let _ = storage.set_item(&key(id), &self.to_text());
        }
    }
}

fn key(id: &str) -> String {
    ["ordinal.lesson.", id].concat()
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Fetches a lesson and the files that it shows. A sentence if that fails.
pub fn load(id: &'static str, language: Language, on_loaded: Callback<Result<Shared<Loaded>, String>>) {
    spawn_local(async move {
        on_loaded.emit(fetch(id, language).await.map(Shared::new));
    });
}

async fn fetch(id: &'static str, language: Language) -> Result<Loaded, String> {
    let document = ["lessons/", id, "/", language.tag(), ".md"].concat();
    let text = fetch_text(&document).await?;
    let mut lesson = Lesson::parse(&text).map_err(|error| [&document, ":", &error.to_string()].concat())?;
    let mut files = Vec::new();
    for piece in &mut lesson.pieces {
        if let Kind::File { name, text } = &mut piece.kind {
            if text.is_empty() {
                *text = fetch_text(&["lessons/", id, "/", name].concat())
                    .await
                    .map_err(|error| [&document, ":", &piece.line.to_string(), ": ", &error].concat())?;
            }
            files.push((name.clone(), text.clone()));
        }
    }
    Ok(Loaded::new(id, language, lesson, files))
}

async fn fetch_text(path: &str) -> Result<String, String> {
    let failed = |error: JsValue| {
        let text = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        [path, ": ", &text.unwrap_or_default()].concat()
    };
    let window = web_sys::window().ok_or("there is no window")?;
    let response = JsFuture::from(window.fetch_with_str(path)).await.map_err(failed)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err([path, ": HTTP ", &response.status().to_string()].concat());
    }
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
    text.as_string().ok_or_else(|| [path, ": not a text"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "---\ntitle: T\nrecorded: now\n---\na\n\n```sh\nx\n```\n```wait\npod/a --for=delete\n```\n\
        ```check\nkubectl get a == 1\nkubectl get b ==\n```\n````solution\n```sh\ny\n```\n````\n```hint\nh\n```\n\
        ```check\nkubectl get c == 2\n```\n";

    fn loaded() -> Loaded {
        Loaded::new("x", Language::En, Lesson::parse(BODY).expect("it is a lesson"), Vec::new())
    }

    fn said(stdout: &str, ok: bool) -> Probed {
        Probed { stdout: stdout.into(), ok }
    }

    #[test]
    fn gates_are_asked_about_when_what_stands_before_them_is_typed() {
        let (loaded, none) = (loaded(), Progress::new(7));
        assert!(loaded.asking(&none).lines.is_empty());
        let typed = none.with(&[0]);
        let asking = loaded.asking(&typed);
        assert_eq!(asking.gates, [(2, 2), (1, 1)]);
        assert_eq!(asking.lines, ["kubectl get a", "kubectl get b", "kubectl wait pod/a --for=delete --timeout=0s"]);
        let reached = loaded.reached(&asking, &[said("1\n", true), said("x", true), said("", true)]);
        assert_eq!(reached, [1]);
        let reached = loaded.reached(&asking, &[said("1\n", true), said("", true), said("", false)]);
        assert_eq!(reached, [2]);
        let after = typed.with(&[1, 2]);
        assert!(loaded.asking(&after).lines.is_empty(), "the solution is not typed yet");
        assert_eq!(loaded.asking(&after.with(&[3])).gates, [(4, 1)]);
        assert_eq!(
            loaded.asking(&typed.with(&[3])).gates,
            [(4, 1), (2, 2), (1, 1)],
            "a gate that is passed by holds nothing up"
        );
        assert_eq!(loaded.score(&after), (1, 2));
        assert!(loaded.reached(&asking, &[]).is_empty());
    }

    #[test]
    fn a_block_that_is_typed_by_hand_is_known() {
        const TWICE: &str = "---\ntitle: T\nrecorded: now\n---\n```sh\nx  -w\n```\n```sh\ny\nx -w\n```\n```sh\nx -w\n```\n\
            ```check\nkubectl get z ==\n```\n```check\nkubectl get z ==\n```\n```sh\nf\n```\n";
        let loaded = Loaded::new("x", Language::En, Lesson::parse(TWICE).expect("it is a lesson"), Vec::new());
        let none = Progress::new(7);
        assert_eq!(loaded.block_of(&none, "z\n"), None);
        assert_eq!(loaded.block_of(&none, "y\n"), None, "its last line is not typed");
        assert_eq!(loaded.block_of(&none, " x -w\n"), Some(0));
        assert_eq!(loaded.block_of(&none.with(&[0]), "x -w\n"), Some(1));
        assert_eq!(loaded.block_of(&none.with(&[1]), "y\nx -w\n"), Some(2), "the reader has passed the first by");
        assert_eq!(loaded.block_of(&none.with(&[1, 2]), "x -w\n"), Some(0));
        assert_eq!(loaded.block_of(&none.with(&[0, 1, 2]), "x -w\n"), None);
        assert_eq!(loaded.block_of(&none, "f\n"), None, "that is two sections away");
        assert_eq!(loaded.block_of(&none.with(&[3]), "f\n"), Some(5));
    }

    #[test]
    fn progress_is_kept_for_its_session_alone() {
        let progress = Progress::new(7).with(&[3, 1, 3]);
        assert_eq!(progress.to_text(), "7 1 3");
        assert_eq!(Progress::of_text("7 1 3", 7), progress);
        assert_eq!(Progress::of_text("7 1 3", 8), Progress::new(8));
        assert_eq!(Progress::of_text("7 <b> -1", 7), Progress::new(7));
    }
}
