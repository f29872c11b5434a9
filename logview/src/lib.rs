//! The viewer: browse job directories, what needs a look first, live.
//!
//! ```text
//! source ──► workers (reading: lines, index, search) ──► Message ──► update(&mut Model) ──► view(&Model) ──► terminal
//!    ▲                                                                    │
//!    └───────────────────────────── Request ◄─────────────────────────────┘
//! ```
//!
//! [`run`] opens it on a root. [`reading`] is the part without any terminal.

mod app;
mod clipboard;
pub mod config;
pub mod demo;
mod fuzzy;
pub mod keys;
mod layout;
pub mod manual;
pub mod model;
pub mod opener;
mod options;
pub mod raise;
pub mod reading;
pub mod session;
mod sgr;
pub mod source;
mod terminal;
mod text;
mod theme;
mod tint;
mod update;
mod view;
mod workers;

pub use app::run;
pub use options::{Command, Options, parse};
