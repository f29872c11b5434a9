//! The search as it is typed: the text, how it is meant, where it looks, and what is wrong with it. What it finds in the log
//! on screen stands with the log.

use super::{Model, beside, main_file};
use crate::reading::search::{How, Pattern, Wrong};
use std::path::PathBuf;

/// Where is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In the file on screen.
    File,
    /// In all files of its job.
    #[default]
    Job,
}

impl Scope {
    /// The one after it; there need not be one file that is shown by itself.
    #[must_use]
    pub fn next(self, file: bool) -> Scope {
        match self {
            Scope::Job if file => Scope::File,
            Scope::File | Scope::Job => Scope::Job,
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct SearchBox {
    pub text: String,
    /// It is the last one: what is typed first takes its place.
    pub is_old: bool,
    pub how: How,
    pub scope: Scope,
    /// The one file of the job that was shown by itself when the search was opened.
    pub file: Option<PathBuf>,
    pub wrong: Option<Wrong>,
    /// Esc has stopped it; what was found so far stays.
    pub stopped: bool,
}

impl SearchBox {
    /// What is to be looked for; `None` if nothing is typed, or if it is no pattern, which is noted.
    pub fn pattern(&mut self) -> Option<Pattern> {
        self.wrong = None;
        if self.text.is_empty() {
            return None;
        }
        Pattern::with(&self.text, self.how).map_err(|wrong| self.wrong = Some(wrong)).ok()
    }
}

/// What of a job is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Extent {
    pub files: usize,
    pub rotated: usize,
}

impl Model {
    /// Whether one file of the job is shown by itself, though others belong to it.
    pub fn shows_one_file(&self) -> bool {
        let job = self.jobs.selected();
        let main = job.and_then(|job| main_file(&job.files)).map(|file| &file.name);
        main.is_some() && main != self.log.place.as_ref().map(|place| &place.file)
    }

    /// What a search in the whole job looks at.
    pub fn extent(&self) -> Extent {
        let Some(job) = self.jobs.selected() else { return Extent::default() };
        let with = main_file(&job.files).map_or(0, |main| 1 + beside(&job.files, &main.name).len());
        let rotated = job.files.iter().map(|file| file.parts).sum();
        Extent { files: with, rotated }
    }
}
