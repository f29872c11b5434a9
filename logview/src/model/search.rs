//! The search as it is typed: the text, how it is meant, where it looks, and what is wrong with it. What it finds in the log
//! on screen stands with the log.

use super::{Job, LogHits, Model, SoughtLog, beside, logs_of, main_file};
use crate::reading::search::{How, Pattern, Wrong};
use std::collections::HashSet;
use std::path::PathBuf;

/// Where is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In the file on screen.
    File,
    /// In all files of its job, or in each of the ticked jobs.
    Job,
    /// In all jobs.
    #[default]
    All,
}

impl Scope {
    /// The one after it; there need not be one file that is shown by itself.
    #[must_use]
    pub fn next(self, file: bool) -> Scope {
        match self {
            Scope::File => Scope::Job,
            Scope::Job => Scope::All,
            Scope::All if file => Scope::File,
            Scope::All => Scope::Job,
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
    /// How what is typed next is meant: how a person last set it.
    pub usual: How,
    pub scope: Scope,
    /// Where it looked when more than one file was shown.
    pub wide: Scope,
    /// The one file of the job that was shown by itself when the search was opened.
    pub file: Option<PathBuf>,
    pub wrong: Option<Wrong>,
    /// What was searched for before, the last one at the end.
    pub history: Vec<String>,
    /// Which of them is shown, and what had been typed.
    pub recalled: Option<(usize, String)>,
    pub completion: Option<Completion>,
    /// Esc has stopped it; what was found so far stays.
    pub stopped: bool,
}

/// Searches that are remembered.
const MOST: usize = 100;

/// A completion that can be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Completion {
    /// What was typed before the word, and the word's first letters.
    pub before: String,
    pub prefix: String,
    pub next: usize,
}

impl SearchBox {
    /// Remembers what is searched for.
    pub fn remember(&mut self) {
        self.keep(self.text.clone());
    }

    /// Remembers that this was searched for.
    pub fn keep(&mut self, text: String) {
        if !text.is_empty() {
            self.history.retain(|old| *old != text);
            self.history.push(text);
            self.history.drain(..self.history.len().saturating_sub(MOST));
        }
    }

    /// What was searched for or filtered by before or after, and at the end what had been typed, in place of `text`; says
    /// whether there is any.
    pub fn recall(&mut self, text: &mut String, back: bool) -> bool {
        let (at, typed) = self.recalled.clone().unwrap_or_else(|| (self.history.len(), text.clone()));
        let to = if back { at.checked_sub(1) } else { Some(at + 1) };
        let Some(to) = to.filter(|to| *to <= self.history.len()) else { return false };
        *text = self.history.get(to).unwrap_or(&typed).clone();
        self.recalled = (to < self.history.len()).then_some((to, typed));
        true
    }

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
    /// What is to be looked at besides the log on screen, in the order of the list.
    pub fn elsewhere(&self) -> Vec<SoughtLog> {
        let shown: Vec<&Job> = match &self.log.together[..] {
            [] => self.jobs.selected().into_iter().collect(),
            together => together.iter().filter_map(|key| self.jobs.get(key)).collect(),
        };
        let is_shown = |job: &&Job| shown.iter().any(|shown| shown.key == job.key);
        match self.search.scope {
            Scope::File => Vec::new(),
            Scope::Job => {
                // Of ticked jobs, which are one log, each is told by itself.
                let told = |log: &SoughtLog| log.file.is_some() || !self.log.together.is_empty();
                shown.iter().flat_map(|job| logs_of(job)).filter(told).collect()
            }
            Scope::All => {
                let listed: HashSet<&PathBuf> = self.jobs.shown().map(|job| &job.key).collect();
                let hidden = self.jobs.iter().filter(|job| !listed.contains(&job.key));
                // What is on the screen is looked at too, if last, for one may turn away from it.
                let (last, mut all): (Vec<&Job>, Vec<&Job>) =
                    self.jobs.shown().chain(hidden).partition(is_shown);
                // Where the log on screen is the only one, there is nothing else.
                if !all.is_empty() || last.iter().any(|job| logs_of(job).len() > 1) {
                    all.extend(last);
                }
                all.into_iter().flat_map(logs_of).collect()
            }
        }
    }

    /// Which of the hits elsewhere are told, by their numbers: all but those in what is on the screen.
    pub fn told_elsewhere(&self) -> Vec<usize> {
        let shown = self.log.place.as_ref();
        let one = self.shows_one_file();
        let is_shown = |hits: &LogHits| {
            self.log.together.is_empty()
                && shown.is_some_and(|place| {
                    place.job == hits.job && hits.file.as_ref() == Some(&place.file).filter(|_| one)
                })
        };
        let hits = self.elsewhere.hits.iter().enumerate();
        hits.filter(|(_, hits)| !is_shown(hits)).map(|(at, _)| at).collect()
    }

    /// Whether one file of the job is shown by itself, though others belong to it.
    pub fn shows_one_file(&self) -> bool {
        let job = self.jobs.selected();
        let main = job.and_then(|job| main_file(&job.files)).map(|file| &file.name);
        main.is_some()
            && self.log.together.is_empty()
            && main != self.log.place.as_ref().map(|place| &place.file)
    }

    /// What a search in the whole job looks at.
    pub fn extent(&self) -> Extent {
        let Some(job) = self.jobs.selected() else { return Extent::default() };
        let with = main_file(&job.files).map_or(0, |main| 1 + beside(&job.files, &main.name).len());
        let rotated = job.files.iter().map(|file| file.parts).sum();
        Extent { files: with, rotated }
    }
}
