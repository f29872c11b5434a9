//! What a search comes to in what is not on the screen: the other jobs, and the files of this one that do not belong to what
//! is shown of it.

use super::{Job, beside, main_file};
use crate::reading::{Pattern, Summary};
use crate::source::Place;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is to be looked at. Plain values: whoever looks finds out what has become of it.
#[derive(Clone, Debug)]
pub struct Sought {
    /// Distinguishes answers to this from late ones to another.
    pub serial: u64,
    /// What for.
    pub pattern: Pattern,
    /// Where, in the order in which it is listed.
    pub logs: Arc<[SoughtLog]>,
}

/// A file of a job, and others with it if it does not hold their records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SoughtLog {
    pub job: PathBuf,
    /// The file, if it is not the one that stands for the job.
    pub file: Option<PathBuf>,
    /// The same by its name.
    pub live: PathBuf,
    pub with: Vec<PathBuf>,
    /// Bytes, as far as known.
    pub size: u64,
    pub has_parts: bool,
    /// It may be that a record is in one file and not yet in the other.
    pub is_live: bool,
    /// It is a host's own.
    pub server: bool,
}

impl SoughtLog {
    /// The file that stands for it.
    pub fn place(&self) -> Place {
        Place { job: self.job.clone(), file: self.live.clone() }
    }
}

/// What one of them has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LogHits {
    /// Which one, by its number among those that are sought.
    pub number: usize,
    pub job: PathBuf,
    pub file: Option<PathBuf>,
    pub summary: Summary,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Reach {
    /// Logs that were read, all of them, and those that could not be read.
    pub done: usize,
    pub logs: usize,
    pub failed: usize,
    /// Bytes that were read, and all of them.
    pub read: u64,
    pub bytes: u64,
    pub took: Duration,
}

impl Reach {
    /// Whether everything was looked at.
    pub fn is_complete(&self) -> bool {
        self.done == self.logs
    }
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Elsewhere {
    pub serial: u64,
    /// Where it would look.
    pub logs: Arc<[SoughtLog]>,
    /// Whether each of them is a job, and not one of several files or a host's own log.
    pub are_jobs: bool,
    /// What was looked for, if anything was.
    pub pattern: Option<Pattern>,
    /// Logs with hits, in the order of the list.
    pub hits: Vec<LogHits>,
    pub reach: Reach,
    /// It goes on.
    pub running: bool,
    /// Which of the hits is chosen.
    pub row: Option<usize>,
}

impl Elsewhere {
    /// Looks there from now on; says whether that is what it did before.
    pub fn turn_to(&mut self, logs: Vec<SoughtLog>) -> bool {
        let same = self.logs.len() == logs.len()
            && self.logs.iter().zip(&logs).all(|(old, new)| (&old.job, &old.file) == (&new.job, &new.file));
        self.are_jobs = logs.iter().all(|log| log.file.is_none() && !log.server);
        self.logs = logs.into();
        same
    }

    /// Begins anew.
    pub fn begin(&mut self, pattern: &Pattern) -> Sought {
        self.clear();
        self.pattern = Some(pattern.clone());
        let bytes = self.logs.iter().map(|log| log.size).sum();
        self.reach = Reach { logs: self.logs.len(), bytes, ..Reach::default() };
        self.running = true;
        Sought { serial: self.serial, pattern: pattern.clone(), logs: Arc::clone(&self.logs) }
    }

    /// Forgets what was found.
    pub fn clear(&mut self) {
        let (serial, logs, are_jobs) = (self.serial + 1, Arc::clone(&self.logs), self.are_jobs);
        *self = Elsewhere { serial, logs, are_jobs, ..Elsewhere::default() };
    }

    /// Takes in what was found since the last time. What is chosen stays chosen.
    pub fn take(&mut self, found: Vec<LogHits>, reach: Reach) {
        let chosen = self.row.and_then(|row| self.hits.get(row)).map(|hits| hits.number);
        self.hits.extend(found);
        self.hits.sort_by_key(|hits| hits.number);
        if let Some(chosen) = chosen {
            self.row = self.hits.iter().position(|hits| hits.number == chosen);
        }
        self.reach = reach;
        self.running = !reach.is_complete();
    }
}

/// The logs of a job, the one that stands for it first.
pub fn logs_of(job: &Job) -> Vec<SoughtLog> {
    let Some(main) = main_file(&job.files) else { return Vec::new() };
    let with = beside(&job.files, &main.name);
    let others = job.files.iter().filter(|file| {
        let is_empty = file.size == 0 && file.parts == 0;
        file.name == main.name || file.unreadable.is_none() && !is_empty && !with.contains(&file.name)
    });
    let mut logs: Vec<SoughtLog> = others
        .map(|file| SoughtLog {
            job: job.key.clone(),
            file: (file.name != main.name).then(|| file.name.clone()),
            live: file.name.clone(),
            with: if file.name == main.name { with.clone() } else { Vec::new() },
            size: file.size,
            has_parts: file.parts > 0,
            is_live: job.state.is_live(),
            server: job.server,
        })
        .collect();
    logs.sort_by_key(|log| log.file.is_some());
    logs
}
