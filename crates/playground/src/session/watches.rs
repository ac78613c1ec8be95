//! Watches of a page: what has happened to the objects of a resource goes out with every answer.

use api::text::json;
use view::{Refusal, Update, WATCHES_MAX};

use super::Session;
use crate::objects::{Happened, ObjectsError};

impl Session {
    /// A watch that begins now.
    pub(super) fn watch(&mut self, id: u32, resource: &str, namespace: Option<&str>) {
        if self.watches.contains_key(&id) || self.watches.len() >= WATCHES_MAX {
            let message = format!("watch {id} is there already, or there are {WATCHES_MAX}");
            return self.end_watch(id, Refusal { reason: "Refused".to_owned(), message });
        }
        match self.world.watch(resource, namespace) {
            Ok(watched) => drop(self.watches.insert(id, watched)),
            Err(error) => self.end_watch(id, refusal(&error)),
        }
    }

    /// Tells what watches have seen since the last answer.
    pub(super) fn tell_watches(&mut self) {
        let ids: Vec<u32> = self.watches.keys().copied().collect();
        for id in ids {
            let Some(watched) = self.watches.get_mut(&id) else { continue };
            match self.world.changes(watched) {
                Ok(happened) if happened.is_empty() => {}
                Ok(happened) => {
                    let events = happened.into_iter().map(event).collect();
                    self.updates.push(Update::Watched { id, events, refused: None });
                }
                Err(error) => {
                    self.watches.remove(&id);
                    self.end_watch(id, refusal(&error));
                }
            }
        }
    }

    fn end_watch(&mut self, id: u32, refusal: Refusal) {
        self.updates.push(Update::Watched { id, events: Vec::new(), refused: Some(refusal) });
    }
}

fn event(happened: Happened) -> String {
    let Happened { event, object } = happened;
    format!(r#"{{"type":"{event}","object":{}}}"#, json::write_compact(&object))
}

fn refusal(error: &ObjectsError) -> Refusal {
    Refusal { reason: error.reason().to_owned(), message: error.to_string() }
}
