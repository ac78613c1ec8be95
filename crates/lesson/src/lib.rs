//! Literate lessons: Markdown whose fenced blocks can be run.
//!
//! - [`markdown`] reads a subset of Markdown into plain rows. The page makes elements of them; text stays text, and HTML is
//!   text too.
//! - [`Lesson`] reads a document: its front matter, and its fences as pieces that can be typed, compared, waited for, checked.
//! - [`expect`] compares what a terminal said with what a lesson shows.
//!
//! What is absent: input and output, clocks, a cluster. Who runs a lesson (the page, `ordinal test`) brings those.
//!
//! # Fences
//! | info string | is |
//! |---|---|
//! | `yaml file=web.yaml` | a file of the learner's directory; without a body, the file of that name beside the lesson |
//! | `sh [terminal=2] [background] [stdin]` | lines to type; `^C` and `^D` alone on a line are keys |
//! | `console [terminal=2]` | what the block before has put out, or that terminal since it was last looked at |
//! | `wait` | one condition a line, as `kubectl wait` takes it; ends in `timeout=2m` if five minutes do not fit |
//! | `check` | one `kubectl get …` a line, ` == ` and the expected text |
//! | `fault` | arguments of the shell's `fault`, one fault a line |
//! | `hint`, `solution` | folded Markdown; a solution may hold blocks, and is run |

mod document;
mod error;
pub mod expect;
mod fence;
mod front;
mod inline;
pub mod markdown;

pub use document::{Check, Kind, Lesson, Piece, Typed, Wait, Way};
pub use error::LessonError;
pub use front::Front;
pub use inline::{Span, Style};
pub use markdown::{Row, RowKind};
