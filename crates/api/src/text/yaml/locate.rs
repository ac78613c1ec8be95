//! Where in a document a field stands: what an editor needs to mark it.

use saphyr_parser::{Event, Parser, Span, StrInput};

/// A place in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The first is 1.
    pub line: usize,
    /// In characters; the first is 1.
    pub column: usize,
}

impl From<Span> for Place {
    fn from(span: Span) -> Place {
        Place { line: span.start.line(), column: span.start.col() + 1 }
    }
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// Where the key of the field at `path` (`spec.containers[0].image`) stands in the first document of a text. Where a list
/// stands and the path has no index, the first element that has the rest counts, as Go's messages leave the index out.
pub fn locate(text: &str, path: &str) -> Option<Place> {
    let steps = steps(path);
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(_), _) => {}
            first => return events.seek(first, &steps),
        }
    }
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|key| !key.is_empty()).map(Step::Key));
        steps.extend(pieces.filter_map(|piece| piece.strip_suffix(']')?.parse().ok()).map(Step::Index));
    }
    steps
}

struct Events<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Events<'t> {
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.0.next_event()?.ok()
    }

    /// Looks for the rest of a path in the node that begins with `first`, and reads that node to its end if it is not there.
    fn seek(&mut self, first: (Event<'t>, Span), steps: &[Step<'_>]) -> Option<Place> {
        let Some((step, rest)) = steps.split_first() else { return Some(first.1.into()) };
        match (first.0, step) {
            (Event::MappingStart(..), Step::Key(key)) => self.seek_key(key, rest),
            (Event::SequenceStart(..), Step::Index(wanted)) => self.seek_element(Some(*wanted), rest),
            (Event::SequenceStart(..), Step::Key(_)) => self.seek_element(None, steps),
            (other, _) => {
                self.skip(&other);
                None
            }
        }
    }

    fn seek_key(&mut self, wanted: &str, rest: &[Step<'_>]) -> Option<Place> {
        let mut found = None;
        loop {
            let (key, span) = self.next()?;
            if matches!(key, Event::MappingEnd) {
                return found;
            }
            let is_wanted = found.is_none() && matches!(&key, Event::Scalar(text, ..) if text == wanted);
            self.skip(&key);
            let value = self.next()?;
            if is_wanted && rest.is_empty() {
                return Some(span.into());
            }
            if is_wanted {
                found = self.seek(value, rest);
            } else {
                self.skip(&value.0);
            }
        }
    }

    fn seek_element(&mut self, wanted: Option<usize>, rest: &[Step<'_>]) -> Option<Place> {
        let (mut found, mut index) = (None, 0);
        loop {
            let first = self.next()?;
            if matches!(first.0, Event::SequenceEnd) {
                return found;
            }
            if found.is_none() && wanted.is_none_or(|wanted| wanted == index) {
                found = self.seek(first, rest);
            } else {
                self.skip(&first.0);
            }
            index += 1;
        }
    }

    /// Reads a node that has begun to its end.
    fn skip(&mut self, first: &Event<'_>) {
        let mut depth = depth_of(first);
        while depth > 0 {
            match self.next() {
                Some((event, _)) => depth += depth_of(&event),
                None => return,
            }
        }
    }
}

/// How much deeper an event leads.
fn depth_of(event: &Event<'_>) -> i32 {
    match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "kind: Pod\nspec:\n  containers:\n  - name: a\n    ports: [{port: 1}]\n  - name: b\n    imge: x\n";

    fn check(path: &str, expected: Option<(usize, usize)>) {
        let found = locate(TEXT, path).map(|place| (place.line, place.column));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_field_is_found_by_its_path() {
        check("kind", Some((1, 1)));
        check("spec.containers[1].imge", Some((7, 5)));
        check("spec.containers[0].ports[0].port", Some((5, 14)));
        check("spec.containers.imge", Some((7, 5)));
        check("spec.containers[1]", Some((6, 5)));
        check("spec.containers[2].name", None);
        check("spec.nothing", None);
        check("kind.deeper", None);
    }

    #[test]
    fn a_text_that_is_no_yaml_has_no_places() {
        assert_eq!(locate("a: [", "b"), None);
        assert_eq!(locate("", "a"), None);
    }
}
