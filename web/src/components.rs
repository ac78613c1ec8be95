//! What is seen: function components, one a file, pure in their props. None knows the engine; shared data is compared by
//! pointer; lists are keyed; no component sets a `style` attribute, which the page's policy forbids.

mod app;
mod browser;
mod claim;
mod code;
mod commands;
mod dialog;
mod dock;
mod editor;
mod events;
mod inspector;
mod inspector_card;
mod lesson;
mod lesson_prose;
mod lesson_step;
mod node;
mod picture;
mod pod;
mod report;
mod ring;
mod splitter;
mod summary;
mod terminal;
mod terminal_chunk;
mod terminal_keys;
mod terminal_menu;
mod terminal_names;
mod toolbar;

pub use app::App;
