//! How a `rolling_file` rolls, with log4rs's triggers and rollers and what they mean there.
//!
//! ```text
//! trigger   when: the size, the time, a job's start
//! window    where to: the parts of a fixed window, plain or packed, and how they move up
//! cut       where to, for a file that may not grow for ever: its head stays, its middle goes
//! turn      who: processes that share a file write and roll it one at a time
//! compress  afterwards: one thread packs the parts of windows that end in .gz or .zst
//! ```
//!
//! A roll is a few renames. A part is packed behind it, and stands under its plain name until its archive is complete:
//! wherever a process is killed, each record stands in a part or in its archive. What is left to pack is not kept in
//! memory but read from the window, so that the next roll, or the next start, takes up what an earlier process left.

mod compress;
mod cut;
mod trigger;
mod turn;
mod window;

pub(crate) use compress::Compressor;
pub(crate) use cut::Cut;
pub(crate) use trigger::{Due, Interval, Trigger, Unit};
pub(crate) use turn::Turn;
pub(crate) use window::{Form, Window};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A `compound` policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Roll {
    pub(crate) trigger: Trigger,
    pub(crate) roller: Roller,
}

/// What becomes of the old file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Roller {
    Delete,
    FixedWindow(Window),
    Cut(Cut),
}

impl Roller {
    /// Takes `file` out of the way.
    ///
    /// # Errors
    /// What the file system says; the file then stands where it was.
    pub(crate) fn roll(&self, file: &Path) -> io::Result<()> {
        match self {
            Roller::FixedWindow(window) if !window.is_empty() => window.push(file),
            Roller::Cut(cut) => cut.roll(file),
            Roller::FixedWindow(_) | Roller::Delete => ignore_missing(fs::remove_file(file)),
        }
    }

    /// Removes what belongs to `file`, which is being emptied, and only makes sense with it.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn forget(&self, file: &Path) -> io::Result<()> {
        if matches!(self, Roller::Cut(_)) { cut::forget(file) } else { Ok(()) }
    }

    /// Where the window is that stands relative to `base` in the template.
    pub(crate) fn relative_to(&mut self, base: &Path) {
        if let Roller::FixedWindow(window) = self
            && let Some(first) = window.pieces.first_mut()
        {
            *first = base.join(&*first).to_string_lossy().into_owned();
        }
    }

    /// What parts are called, with `{}` for the index.
    pub(crate) fn parts(&self) -> Option<PathBuf> {
        match self {
            Roller::FixedWindow(window) if !window.is_empty() => Some(window.pattern()),
            Roller::FixedWindow(_) | Roller::Delete | Roller::Cut(_) => None,
        }
    }

    /// The window, if its parts are to be packed.
    pub(crate) fn packed(&self) -> Option<&Window> {
        match self {
            Roller::FixedWindow(window) if window.form != Form::Plain && !window.is_empty() => Some(window),
            Roller::FixedWindow(_) | Roller::Delete | Roller::Cut(_) => None,
        }
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
