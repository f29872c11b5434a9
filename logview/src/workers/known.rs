//! What is known of one job: what its directory shows, and what its files have been counted to say.
//!
//! Looking costs a few stats and an open for the lock of its host; counting reads a bounded slice and closes the file
//! again. What a finished run says of itself in `job.json` is believed and not counted.

use super::tally::Tally;
use crate::model::{Job, RunInfo, State, main_file};
use crate::reading::head::seconds;
use crate::source::{FileLook, JobLook, Source};
use crate::text;
use log::Level;
use logcore::disk::{self, Outcome, Run, RunState};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A job that runs and has not written for so long has gone quiet.
pub(super) const QUIET: Duration = Duration::from_secs(5 * 60);

/// Bytes that are counted at once.
const SLICE: u64 = 8 << 20;

pub(super) struct Known {
    pub(super) job: Job,
    pub(super) stamp: Option<SystemTime>,
    /// What is still to be counted, if anything.
    tallies: Vec<Tally>,
    run: Option<Run>,
}

/// Whether it is worth looking at often.
pub(super) fn is_live(job: &Job) -> bool {
    let fresh = job.written.and_then(|at| at.elapsed().ok()).is_none_or(|age| age < 2 * QUIET);
    job.state.is_live() || job.state == State::Unknown && fresh
}

impl Known {
    /// Looks at a job; counts of the same run are carried on.
    pub(super) fn look(source: &dyn Source, key: &Path, old: Option<Known>) -> Known {
        let stamp = source.stamp(key);
        let look = source.look(key);
        let run = look.about.as_ref().and_then(|about| about.runs.last().cloned());
        let start = |run: &Option<Run>| run.as_ref().map(|run| run.start.clone());
        let tallies =
            old.filter(|old| start(&old.run) == start(&run)).map_or_else(Vec::new, |old| old.tallies);
        let mut known = Known { job: describe(source, key, look, run.as_ref()), stamp, tallies, run };
        known.plan();
        known.sum();
        known
    }

    /// Which files are to be counted: the one with the errors and the smallest one with the warnings; for the last
    /// hour also the whole story. What a finished run says of itself is not counted again.
    fn plan(&mut self) {
        let files = &self.job.files;
        let recent =
            self.job.written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age.as_secs() < 3600);
        let finished = self.run.as_ref().is_some_and(|run| run.outcome.is_some());
        let main = main_file(files).map(|file| file.name.clone());
        let mut wanted: Vec<PathBuf> = Vec::new();
        if !finished {
            let named = |name: &str| files.iter().any(|file| file.name == Path::new(name) && file.size > 0);
            wanted.extend(["error.log"].into_iter().filter(|name| named(name)).map(PathBuf::from));
            let warnings = ["warn.log", "info.log"].into_iter().find(|name| named(name)).map(PathBuf::from);
            wanted.extend(warnings.or_else(|| main.clone()));
        }
        if recent {
            wanted.extend(main);
        }
        self.tallies.retain(|tally| wanted.contains(&tally.file));
        for file in wanted {
            if !self.tallies.iter().any(|tally| tally.file == file) {
                let from = self.run.as_ref().and_then(|run| run.offsets.get(file.to_string_lossy().as_ref()));
                let size = files.iter().find(|look| look.name == file).map_or(0, |look| look.size);
                // For the last hour alone the end of the file has to do.
                let from =
                    if finished { size.saturating_sub(SLICE) } else { from.copied().unwrap_or(0).min(size) };
                self.tallies.push(Tally::new(file, from));
            }
        }
    }

    /// Whether a file has grown beyond what was counted.
    pub(super) fn behind(&self) -> bool {
        self.tallies.iter().any(|tally| self.size_of(&tally.file) != tally.counted())
    }

    fn size_of(&self, name: &Path) -> u64 {
        self.job.files.iter().find(|file| file.name == name).map_or(0, |file| file.size)
    }

    /// Counts a slice of each file.
    pub(super) fn count(&mut self, source: &dyn Source) {
        let mut broken = Vec::new();
        for (at, tally) in self.tallies.iter_mut().enumerate() {
            if tally.go_on(source, &self.job.key, SLICE).is_err() {
                broken.push(at);
            }
            // What was read beyond the last look is not behind, and what is missing is not to be waited for.
            if let Some(file) = self.job.files.iter_mut().find(|file| file.name == tally.file) {
                file.size = file.size.max(tally.counted());
                if tally.counted() < file.size && broken.last() == Some(&at) {
                    file.size = tally.counted();
                }
            }
        }
        for at in broken.into_iter().rev() {
            self.tallies.remove(at);
        }
        self.sum();
    }

    fn sum(&mut self) {
        let most = |level| self.tallies.iter().map(|tally| tally.of(level)).max().unwrap_or(0);
        match self.run.as_ref().filter(|run| run.outcome.is_some()) {
            Some(run) => (self.job.errors, self.job.warnings) = (run.counts.error, run.counts.warn),
            None => (self.job.errors, self.job.warnings) = (most(Level::Error), most(Level::Warn)),
        }
        let finished = self.run.as_ref().is_some_and(|run| run.outcome.is_some());
        self.job.counted = finished || !self.behind();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let busiest = self.tallies.iter().max_by_key(|tally| tally.records.iter().sum::<u64>());
        self.job.hour = busiest.map_or([0; 6], |tally| tally.hour(now));
    }
}

/// A job as it is shown, without counts.
fn describe(source: &dyn Source, key: &Path, look: JobLook, run: Option<&Run>) -> Job {
    let raw = key.to_string_lossy();
    let id = look.about.as_ref().map(|about| about.id.clone()).filter(|id| !id.is_empty());
    let id = id.or_else(|| disk::id_of(&raw)).unwrap_or_else(|| raw.into_owned());
    let name =
        if key == Path::new(".") { "(files here)".to_owned() } else { text::name(id.as_bytes(), false) };
    let end = run.and_then(|run| run.end.as_deref()).and_then(|end| seconds(end.as_bytes()));
    let end = end.and_then(|end| UNIX_EPOCH.checked_add(Duration::from_secs(end.try_into().ok()?)));
    let written = last_write(&look.files).or(end);
    let state = run.map_or(State::Unknown, |run| state_of(source.state(run), written, &id));
    let labels = look.about.as_ref().map(|about| about.labels.clone().into_iter().collect());
    let number = look.about.as_ref().map_or(0, |about| about.runs.len());
    let run = run.map(|run| RunInfo {
        start: run.start.clone(),
        end: run.end.clone(),
        host: text::name(run.host.as_bytes(), false),
        pid: run.pid,
        lost: run.lost,
        number,
        labels: labels.unwrap_or_default(),
    });
    Job {
        key: key.to_owned(),
        name,
        state,
        run,
        errors: 0,
        warnings: 0,
        counted: false,
        files: look.files,
        written,
        hour: [0; 6],
        problem: look.unreadable,
    }
}

fn last_write(files: &[FileLook]) -> Option<SystemTime> {
    files.iter().filter_map(|file| file.modified).max()
}

/// The server's own log may be silent as long as it likes.
fn state_of(state: RunState, written: Option<SystemTime>, id: &str) -> State {
    let silent = written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > QUIET);
    match state {
        RunState::Running if silent && id != "server" => State::Quiet,
        RunState::Running => State::Running,
        RunState::Died => State::Died,
        RunState::Finished(Outcome::Ok) => State::Done,
        RunState::Finished(Outcome::Failed) => State::Failed,
        RunState::Finished(Outcome::Panicked) => State::Panicked,
        RunState::Finished(_) => State::Dropped,
    }
}
