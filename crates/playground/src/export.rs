//! A session's journal as the draft of a lesson: what was typed, what was shown, what was waited for, in the format that the
//! page shows and `ordinal test` runs. Prose is the author's to add.
//!
//! What was shown is had by playing the journal again. Ages are left open; other things that depend on how long the reader
//! thought between two commands are as they were.

use ordered::OrderedMap;

use api::{Kind, Object};
use sim::{Span, Time};
use view::{Act, Entry, File, Input, Mode, Start, Update};

use crate::session::{Session, SessionError};

/// How long the last command may take to end.
const LAST_SECONDS: u64 = 60;
/// The format knows no more terminals.
const TERMINALS_MAX: u32 = 4;

/// A block that was typed and is not written yet: how it went on decides what it is.
struct Typed {
    terminal: u32,
    lines: Vec<String>,
    is_input: bool,
}

struct Draft {
    session: Session,
    text: String,
    typed: Option<Typed>,
    /// What each terminal has said since it was last shown.
    said: OrderedMap<u32, String>,
    /// The terminal of the last block that ran to its end.
    last: Option<u32>,
    /// Workloads that had what they want when the last thing was done.
    settled: Vec<String>,
}

/// The draft.
///
/// # Errors
/// If the journal cannot be read.
pub fn lesson(lines: &[String]) -> Result<String, SessionError> {
    let (start, entries) = Entry::read_all(lines.iter().map(String::as_str))?;
    let mut draft = Draft::new(&start)?;
    for entry in entries {
        draft.run_to(Time(entry.t_us));
        draft.take(entry);
        draft.settled = draft.session.settled_workloads();
    }
    Ok(draft.end())
}

impl Draft {
    fn new(start: &Start) -> Result<Draft, SessionError> {
        let session = Session::new(start.clone())?;
        let date = Time(start.start_us).calendar();
        let text = format!(
            "---\ntitle: A session\nsummary: What was done, step by step.\nnodes: {}\nseed: {}\ntiming: {}\n\
             recorded: Kubernetes v1.36, {:04}-{:02}-{:02}\n---\n\n# A session\n",
            start.nodes, start.seed, start.timing, date.year, date.month, date.day
        );
        let mut draft = Draft { session, text, typed: None, said: OrderedMap::new(), last: None, settled: Vec::new() };
        start.files.iter().for_each(|file| draft.file(file));
        Ok(draft)
    }

    fn run_to(&mut self, to: Time) {
        self.session.run_to(to);
        self.listen();
    }

    /// Takes in what the terminals have said.
    fn listen(&mut self) {
        for update in self.session.take_updates() {
            match update {
                Update::Output { terminal, text, .. } => self.said.entry(terminal).or_default().push_str(&text),
                // A line that another one follows in the same block is seen with its prompt.
                Update::Echo { terminal, mode: Mode::Program, prompt, text } => {
                    if let Some(said) = self.said.get_mut(&terminal).filter(|said| !said.is_empty()) {
                        said.push_str(&format!("{prompt}{text}\n"));
                    }
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, entry: Entry) {
        let Entry { terminal, input, .. } = entry;
        self.write_typed(match &input {
            Input::Text(_) => None,
            Input::Act(_) => Some(terminal),
        });
        if let Some(last) = self.last.take() {
            self.console(last, "");
        }
        self.waits();
        match &input {
            Input::Text(text) => self.type_lines(terminal, text.lines().map(str::to_owned).collect()),
            Input::Act(Act::Interrupt(_)) => self.key(terminal, "^C"),
            Input::Act(Act::Eof {}) => self.key(terminal, "^D"),
            Input::Act(Act::File(file)) => self.file(file),
            Input::Act(Act::Edited { path, .. }) => self.say(&format!("Save `{path}` in the editor.")),
            Input::Act(Act::Browse { url, .. }) => self.say(&format!("Open <{url}> in the browser.")),
            Input::Act(Act::Open {} | Act::Close {}) => {}
        }
        self.session.act(terminal, input);
        self.listen();
    }

    fn type_lines(&mut self, terminal: u32, lines: Vec<String>) {
        let is_input = self.session.mode(terminal) == Mode::Program;
        self.typed = Some(Typed { terminal, lines, is_input });
    }

    /// A key for what goes on in a terminal, which is looked at first.
    fn key(&mut self, terminal: u32, key: &str) {
        let attribute = place(terminal);
        self.console(terminal, &attribute);
        self.block(&format!("sh{attribute}"), key);
        self.said.remove(&terminal);
    }

    /// Writes the block that was typed: one that still runs while something else is done is a watch.
    fn write_typed(&mut self, interrupted: Option<u32>) {
        let Some(typed) = self.typed.take() else { return };
        let runs = self.session.mode(typed.terminal) == Mode::Busy;
        let place = place(typed.terminal);
        let (way, is_over) = match (typed.is_input, runs) {
            (true, _) => (" stdin", true),
            (false, true) if interrupted.is_none_or(|terminal| terminal == typed.terminal) => (" background", false),
            (false, _) => ("", true),
        };
        let said = self.said.remove(&typed.terminal);
        self.block(&format!("sh{place}{way}"), &typed.lines.join("\n"));
        if let Some(said) = said {
            self.said.insert(typed.terminal, said);
        }
        self.last = is_over.then_some(typed.terminal);
    }

    fn console(&mut self, terminal: u32, place: &str) {
        let Some(said) = self.said.remove(&terminal) else { return };
        // A prompt of an inner shell is no output.
        let whole = match self.session.mode(terminal) {
            Mode::Program => said.rsplit_once('\n').map_or("", |(whole, _)| whole),
            Mode::Shell | Mode::More | Mode::Busy | Mode::Closed => said.trim_end_matches('\n'),
        };
        if !whole.is_empty() {
            let shown: Vec<String> = whole.lines().map(without_age).collect();
            self.block(&format!("console{place}"), &shown.join("\n"));
        }
    }

    /// Workloads that have come to have what they want: who repeats this waits for it.
    fn waits(&mut self) {
        let settled = self.session.settled_workloads();
        let new: Vec<String> = settled.into_iter().filter(|wait| !self.settled.contains(wait)).collect();
        if !new.is_empty() {
            self.block("wait", &new.join("\n"));
        }
    }

    fn file(&mut self, file: &File) {
        let File { path, text } = file;
        match path.ends_with(".yaml") || path.ends_with(".yml") {
            true => self.block(&format!("yaml file={path}"), text.trim_end_matches('\n')),
            false => self.block("sh", &format!("cat > '{path}' <<'END'\n{}\nEND", text.trim_end_matches('\n'))),
        }
    }

    fn say(&mut self, sentence: &str) {
        self.text.push_str(&format!("\n{sentence}\n"));
    }

    fn block(&mut self, info: &str, body: &str) {
        let fence = if body.contains("```") { "``````" } else { "```" };
        self.text.push_str(&format!("\n{fence}{info}\n{body}\n{fence}\n"));
    }

    /// Lets the last command end, and shows what is left to show.
    fn end(mut self) -> String {
        if let Some(terminal) = self.typed.as_ref().map(|typed| typed.terminal) {
            for _ in 0..LAST_SECONDS {
                if self.session.mode(terminal) != Mode::Busy {
                    break;
                }
                let to = self.session.world().now() + Span::from_seconds(1);
                self.run_to(to);
            }
        }
        self.write_typed(None);
        if let Some(last) = self.last.take() {
            self.console(last, "");
        }
        for terminal in self.said.keys().copied().collect::<Vec<u32>>() {
            self.console(terminal, &place(terminal));
        }
        self.text
    }
}

impl Session {
    /// Workloads that have all their pods ready, each as the condition of a `wait` block.
    fn settled_workloads(&self) -> Vec<String> {
        let server = self.world().cluster().server();
        let ready = |object: &Object| {
            let (wanted, ready, has_it) = match object {
                Object::StatefulSet(set) => (set.spec.replicas(), set.status.ready_replicas, "readyReplicas"),
                Object::Deployment(deployment) => {
                    (deployment.spec.replicas(), deployment.status.ready_replicas, "readyReplicas")
                }
                _ => return None,
            };
            let key = object.key();
            let namespace = if key.namespace == "default" { String::new() } else { format!(" -n {}", key.namespace) };
            let kind = object.kind().name().to_lowercase();
            (wanted > 0 && wanted == ready)
                .then(|| format!("{kind}/{}{namespace} --for=jsonpath={{.status.{has_it}}}={wanted}", key.name))
        };
        [Kind::StatefulSet, Kind::Deployment].into_iter().flat_map(|kind| server.iter(kind)).filter_map(ready).collect()
    }
}

fn place(terminal: u32) -> String {
    match terminal {
        1 => String::new(),
        number => format!(" terminal={}", number.min(TERMINALS_MAX)),
    }
}

/// A line with the age at its end left open.
fn without_age(line: &str) -> String {
    let line = line.trim_end();
    let start = line.rfind(' ').map_or(0, |space| space + 1);
    let word = &line[start..];
    let is_age = word.starts_with(|letter: char| letter.is_ascii_digit())
        && word.ends_with(['s', 'm', 'h', 'd'])
        && word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, 's' | 'm' | 'h' | 'd'));
    if start > 0 && is_age { format!("{}[..]", &line[..start]) } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_left_open() {
        let check = |line: &str, expect: &str| assert_eq!(without_age(line), expect);
        check("web-0   1/1   Running   0   3m12s", "web-0   1/1   Running   0   [..]");
        check("nginx   ClusterIP   None   <none>   80/TCP   12s", "nginx   ClusterIP   None   <none>   80/TCP   [..]");
        check("13s", "13s");
        check("tick 5 days", "tick 5 days");
        check("", "");
    }
}
