//! What is known of one job: what its directory shows, and what its files have been counted to say.
//!
//! Looking costs a few stats and an open for the lock of its host; counting reads a bounded slice and closes the file
//! again. What a finished run says of itself in `job.json` is believed and not counted.

use super::tally::Tally;
use crate::model::{Job, RunInfo, RunStart, State, logs_of, main_file, millis};
use crate::reading::{Format, head::seconds, head::word_level};
use crate::source::{FileLook, JobLook, Place, Source};
use crate::text;
use log::Level;
use logcore::disk::{self, Outcome, Run, RunState};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What has written in so long may go on doing so, whatever it is.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// Bytes that are counted at once.
const SLICE: u64 = 8 << 20;

pub(super) struct Known {
    pub(super) job: Job,
    pub(super) stamp: Option<SystemTime>,
    /// What is still to be counted, if anything.
    tallies: Vec<Tally>,
    run: Option<Run>,
    /// How each file that is counted is read.
    formats: HashMap<PathBuf, Format>,
    /// Its size when it was last asked how much it writes.
    rated: Option<u64>,
}

/// What another look at a job came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    Same,
    Changed,
    /// Only a whole look can tell.
    Unclear,
}

/// Whether it is worth looking at often.
pub(super) fn is_live(job: &Job) -> bool {
    let fresh = job.written.and_then(|at| at.elapsed().ok()).is_none_or(|age| age < FRESH);
    job.state.is_live() || job.state == State::Unknown && fresh
}

impl Known {
    /// Looks at a job, which has gone quiet if it has written nothing for so long; counts of the same run are carried on.
    pub(super) fn look(source: &dyn Source, key: &Path, old: Option<Known>, quiet: Duration) -> Known {
        let stamp = source.stamp(key);
        let look = source.look(key);
        let run = look.about.as_ref().and_then(|about| about.runs.last().cloned());
        let start = |run: &Option<Run>| run.as_ref().map(|run| run.start.clone());
        let rated = old.as_ref().and_then(|old| old.rated);
        let tallies =
            old.filter(|old| start(&old.run) == start(&run)).map_or_else(Vec::new, |old| old.tallies);
        let patterns = look.about.iter().flat_map(|about| about.patterns.keys().map(PathBuf::from));
        let formats = patterns.map(|file| (file.clone(), look.format(&file))).collect();
        let job = describe(source, key, look, run.as_ref(), quiet);
        let mut known = Known { job, stamp, tallies, run, formats, rated };
        known.plan();
        known.sum();
        known
    }

    /// Looks again at a job that runs or may do so: as long as it writes nothing, a few stats tell that.
    pub(super) fn glance(&mut self, source: &dyn Source, quiet: Duration) -> Glance {
        // Directories of equal stamps may differ within one tick of the clock, so a young stamp is not believed.
        let young = |at: SystemTime| at.elapsed().map_or(true, |age| age < Duration::from_secs(4));
        if self.job.unread || self.stamp.is_none_or(young) || source.stamp(&self.job.key) != self.stamp {
            return Glance::Unclear;
        }
        if self.job.files.iter().any(|file| self.has_grown(source, file)) {
            return Glance::Unclear;
        }
        let before = (self.job.state, self.job.hour);
        if let Some(run) = &self.run {
            self.job.state = state_of(source.state(run), self.job.written, self.job.server, quiet);
        }
        self.sum();
        if before == (self.job.state, self.job.hour) { Glance::Same } else { Glance::Changed }
    }

    fn has_grown(&self, source: &dyn Source, file: &FileLook) -> bool {
        let place = Place { job: self.job.key.clone(), file: file.name.clone() };
        file.unreadable.is_none() && source.stat(&place).is_ok_and(|(_, size)| size != file.size)
    }

    /// How much it has written since it was last asked; from now on it is not asked if it does not run.
    pub(super) fn written_since(&mut self) -> u64 {
        let now = is_live(&self.job).then(|| self.job.size());
        let before = std::mem::replace(&mut self.rated, now);
        now.zip(before).map_or(0, |(now, before)| now.saturating_sub(before))
    }

    /// Whether something has happened that only another look can tell.
    pub(super) fn is_stale(&self, source: &dyn Source) -> bool {
        const MOST: usize = 4;
        if self.job.unread || source.stamp(&self.job.key) != self.stamp {
            return true;
        }
        if self.job.state != State::Unknown {
            return false;
        }
        let mut files: Vec<&FileLook> = self.job.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.modified));
        files.into_iter().take(MOST).any(|file| self.has_grown(source, file))
    }

    /// Which files are to be counted: the one with the errors and the smallest one with the warnings; for the last
    /// hour also the whole story. What a finished run says of itself is not counted again.
    fn plan(&mut self) {
        let files = &self.job.files;
        let recent =
            self.job.written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age.as_secs() < 3600);
        let finished = self.is_finished();
        let main = main_file(files).map(|file| file.name.clone());
        let mut wanted: Vec<PathBuf> = Vec::new();
        if !finished {
            let named =
                |name: &str| files.iter().any(|file| file.name == Path::new(name) && file.bytes() > 0);
            wanted.extend(["error.log"].into_iter().filter(|name| named(name)).map(PathBuf::from));
            let warnings = ["warn.log", "info.log"].into_iter().find(|name| named(name)).map(PathBuf::from);
            wanted.extend(warnings.or_else(|| main.clone()));
        }
        if recent {
            wanted.extend(main);
        }
        // What logcore writes stands in its level files; anybody else's logs are counted all.
        let others = if self.run.is_none() { logs_of(&self.job) } else { Vec::new() };
        let others = others.into_iter().skip(1).map(|log| log.live);
        let apart: Vec<PathBuf> = others.filter(|file| !is_copy(file)).collect();
        wanted.retain(|file| !apart.contains(file));
        self.tallies.retain(|tally| wanted.contains(&tally.file) || apart.contains(&tally.file));
        for file in wanted.into_iter().chain(apart.iter().cloned()) {
            if !self.tallies.iter().any(|tally| tally.file == file) {
                let from = self.run.as_ref().and_then(|run| run.offsets.get(file.to_string_lossy().as_ref()));
                let size = files.iter().find(|look| look.name == file).map_or(0, |look| look.size);
                // For the last hour alone the end of the file has to do.
                let from =
                    if finished { size.saturating_sub(SLICE) } else { from.copied().unwrap_or(0).min(size) };
                let format = self.formats.get(&file).cloned().unwrap_or_default();
                // A run began in what may have been rotated away since.
                let since = self.run.as_ref().filter(|_| !finished).and_then(|run| moment(&run.start));
                self.tallies.push(Tally::new(file, from, since, format));
            }
        }
        self.tallies.iter_mut().for_each(|tally| tally.apart = apart.contains(&tally.file));
    }

    /// Whether its newest run says how it ended.
    fn is_finished(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.outcome.is_some())
    }

    /// Whether a file has grown beyond what was counted. One that cannot be opened is not waited for.
    pub(super) fn behind(&self) -> bool {
        let behind = |tally: &Tally| {
            self.size_of(&tally.file) != tally.counted() || tally.is_behind(self.parts_of(&tally.file))
        };
        self.tallies.iter().any(|tally| !tally.failed && behind(tally))
    }

    /// Whether a file is worth another try.
    pub(super) fn failed(&self) -> bool {
        self.tallies.iter().any(|tally| tally.failed)
    }

    /// Files that were rotated away and count: what a finished run says of itself is believed, and the last hour is counted for the
    /// picture alone.
    fn parts_of(&self, name: &Path) -> usize {
        let file = self.job.files.iter().find(|file| !self.is_finished() && file.name == name);
        file.map_or(0, |file| file.parts)
    }

    fn size_of(&self, name: &Path) -> u64 {
        self.job.files.iter().find(|file| file.name == name).map_or(0, |file| file.size)
    }

    /// Counts a slice of each file.
    pub(super) fn count(&mut self, source: &dyn Source) {
        let mut gone = Vec::new();
        let parts: Vec<usize> = self.tallies.iter().map(|tally| self.parts_of(&tally.file)).collect();
        for (at, (tally, parts)) in self.tallies.iter_mut().zip(parts).enumerate() {
            let reached = tally.go_on(source, &self.job.key, parts, SLICE);
            let at_end = matches!(reached, Ok(true));
            match reached {
                Ok(_) => tally.failed = false,
                Err(error) if error.kind() == io::ErrorKind::NotFound => gone.push(at),
                Err(_) => {
                    tally.failed = true;
                    continue;
                }
            }
            // What was read beyond the last look is not behind, and what is missing is not to be waited for.
            if let Some(file) = self.job.files.iter_mut().find(|file| file.name == tally.file) {
                file.size = file.size.max(tally.counted());
                if at_end || gone.last() == Some(&at) {
                    file.size = tally.counted();
                }
            }
        }
        for at in gone.into_iter().rev() {
            self.tallies.remove(at);
        }
        self.sum();
    }

    fn sum(&mut self) {
        let (apart, together): (Vec<&Tally>, Vec<&Tally>) =
            self.tallies.iter().partition(|tally| tally.apart);
        let most = |level| {
            let most = together.iter().map(|tally| tally.of(level)).max().unwrap_or(0);
            most + apart.iter().map(|tally| tally.of(level)).sum::<u64>()
        };
        match self.run.as_ref().filter(|run| run.outcome.is_some()) {
            Some(run) => (self.job.errors, self.job.warnings) = (run.counts.error, run.counts.warn),
            None => (self.job.errors, self.job.warnings) = (most(Level::Error), most(Level::Warn)),
        }
        let finished = self.is_finished();
        self.job.counted = finished || !self.behind();
        let closed =
            self.job.problem.is_some() || self.job.files.iter().any(|file| file.unreadable.is_some());
        self.job.unread = !finished && (closed || self.failed());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let busiest = self.tallies.iter().max_by_key(|tally| tally.all());
        self.job.hour = busiest.map_or([0; 6], |tally| tally.hour(now));
    }
}

/// Whether a log that is none of the level files has the name of one that holds what stands in another one too, as
/// `app.error.log` does.
fn is_copy(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().as_encoded_bytes();
    let word = stem.rsplit(|byte| b".-_".contains(byte)).next().unwrap_or_default();
    word_level(word).is_some() || word.eq_ignore_ascii_case(b"errors")
}

/// A job as it is shown, without counts.
fn describe(source: &dyn Source, key: &Path, look: JobLook, run: Option<&Run>, quiet: Duration) -> Job {
    let raw = key.to_string_lossy();
    let id = look.about.as_ref().map(|about| about.id.clone()).filter(|id| !id.is_empty());
    let id = id.or_else(|| disk::id_of(&raw)).unwrap_or_else(|| raw.into_owned());
    let name =
        if key == Path::new(".") { "(files here)".to_owned() } else { text::name(id.as_bytes(), false) };
    let end = run.and_then(|run| run.end.as_deref()).and_then(moment);
    let start = run.and_then(|run| moment(&run.start));
    // What an earlier run wrote long ago says nothing of one that has just begun.
    let written = last_write(&look.files).max(start).or(end);
    let server = look.about.as_ref().is_some_and(|about| about.server);
    let state = run.map_or(State::Unknown, |run| state_of(source.state(run), written, server, quiet));
    let labels = look.about.as_ref().map(|about| about.labels.clone().into_iter().collect());
    let all = look.about.as_ref().map_or(&[][..], |about| &about.runs);
    let started = |(nth, run): (usize, &Run)| {
        // Whichever run is not the newest is over, whatever its process does now.
        let over = run.outcome.map_or(State::Died, ended);
        let state = if nth + 1 == all.len() { state } else { over };
        let end = run.end.as_ref().and_then(|end| millis(end.as_bytes()));
        Some(RunStart { at: millis(run.start.as_bytes())?, process: run.process.clone(), state, end })
    };
    let runs = all.iter().enumerate().filter_map(started).collect();
    let number = look.about.as_ref().map_or(0, |about| about.runs.len());
    let progress = look.progress.filter(|progress| run.is_some_and(|run| run.start == progress.run));
    let run = run.map(|run| RunInfo {
        start: run.start.clone(),
        end: run.end.clone(),
        host: text::name(run.host.as_bytes(), false),
        pid: run.pid,
        lost: run.lost,
        number,
        runs,
        labels: labels.unwrap_or_default(),
        balance: run.balance,
        id: id.clone(),
        template: run.template.clone(),
        progress,
    });
    Job {
        key: key.to_owned(),
        name,
        state,
        server,
        run,
        errors: 0,
        warnings: 0,
        counted: false,
        unread: false,
        files: look.files,
        written,
        hour: [0; 6],
        problem: look.unreadable,
    }
}

/// A time as `job.json` has it.
fn moment(text: &str) -> Option<SystemTime> {
    let seconds = seconds(text.as_bytes())?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds.try_into().ok()?))
}

fn last_write(files: &[FileLook]) -> Option<SystemTime> {
    files.iter().filter_map(|file| file.modified).max()
}

/// A host's own log may be silent as long as it likes.
fn state_of(state: RunState, written: Option<SystemTime>, server: bool, quiet: Duration) -> State {
    let silent = written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > quiet);
    match state {
        RunState::Running if silent && !server => State::Quiet,
        RunState::Running => State::Running,
        RunState::Died => State::Died,
        RunState::Finished(outcome) => ended(outcome),
    }
}

fn ended(outcome: Outcome) -> State {
    match outcome {
        Outcome::Ok => State::Done,
        Outcome::Failed => State::Failed,
        Outcome::Panicked => State::Panicked,
        _ => State::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Bytes, FileId, Local};
    use logcore::disk::{Alive, JobFile};
    use std::fs;

    const QUIET: Duration = Duration::from_secs(300);

    /// A root on which no file can be opened.
    struct Closed(Local);

    impl Source for Closed {
        fn jobs(&self) -> io::Result<Vec<PathBuf>> {
            self.0.jobs()
        }
        fn stamp(&self, job: &Path) -> Option<SystemTime> {
            self.0.stamp(job)
        }
        fn look(&self, job: &Path) -> JobLook {
            self.0.look(job)
        }
        fn state(&self, run: &Run) -> RunState {
            self.0.state(run)
        }
        fn open(&self, _: &Place) -> io::Result<Box<dyn Bytes>> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
        fn parts(&self, place: &Place) -> io::Result<Vec<Place>> {
            self.0.parts(place)
        }
        fn modified(&self, place: &Place) -> Option<SystemTime> {
            self.0.modified(place)
        }
        fn stat(&self, place: &Place) -> io::Result<(FileId, u64)> {
            self.0.stat(place)
        }
        fn format(&self, place: &Place) -> Format {
            self.0.format(place)
        }
        fn watch_path(&self, job: Option<&Path>) -> Option<PathBuf> {
            self.0.watch_path(job)
        }
        fn title(&self) -> String {
            self.0.title()
        }
    }

    fn counted(source: &dyn Source, key: &str) -> Known {
        let mut known = Known::look(source, Path::new(key), None, QUIET);
        known.count(source);
        known
    }

    #[test]
    fn a_hosts_own_log_never_goes_quiet_and_a_job_of_that_name_does() {
        let root = tempfile::tempdir().unwrap();
        let alive = Alive::claim(root.path()).unwrap();
        for (id, server) in [("host-log", true), ("server", false)] {
            let dir = root.path().join(id);
            fs::create_dir(&dir).unwrap();
            let run = Run { process: alive.process().to_owned(), ..Run::default() };
            let mut about = JobFile { id: id.to_owned(), server, runs: vec![run], ..JobFile::default() };
            about.write(&dir, "test").unwrap();
            let file = fs::File::create(dir.join("debug.log")).unwrap();
            file.set_modified(SystemTime::now() - 2 * QUIET).unwrap();
        }
        let source = Local::new(root.path());
        assert_eq!(counted(&source, "host-log").job.state, State::Running);
        assert_eq!(counted(&source, "server").job.state, State::Quiet);
    }

    #[test]
    fn a_run_that_has_just_begun_is_not_quiet_because_the_last_one_is_long_ago() {
        let root = tempfile::tempdir().unwrap();
        let alive = Alive::claim(root.path()).unwrap();
        let dir = root.path().join("nightly");
        fs::create_dir(&dir).unwrap();
        fs::File::create(dir.join("debug.log")).unwrap().set_modified(SystemTime::now() - 2 * QUIET).unwrap();
        let ago = |age: Duration| chrono::DateTime::<chrono::Utc>::from(SystemTime::now() - age).to_rfc3339();
        for (age, state) in [(Duration::ZERO, State::Running), (2 * QUIET, State::Quiet)] {
            let run = Run { process: alive.process().to_owned(), start: ago(age), ..Run::default() };
            let mut about = JobFile { id: "nightly".into(), runs: vec![run], ..JobFile::default() };
            about.write(&dir, "test").unwrap();
            assert_eq!(counted(&Local::new(root.path()), "nightly").job.state, state);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_glance_tells_what_has_not_changed_and_that_a_host_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let alive = Alive::claim(root.path()).unwrap();
        let dir = root.path().join("a");
        fs::create_dir(&dir).unwrap();
        let run = Run { process: alive.process().to_owned(), ..Run::default() };
        JobFile { id: "a".into(), runs: vec![run], ..JobFile::default() }.write(&dir, "test").unwrap();
        fs::write(dir.join("debug.log"), "one\n").unwrap();
        let source = Local::new(root.path());
        // Only a directory that has not just changed is believed to be as it was.
        assert_eq!(counted(&source, "a").glance(&source, QUIET), Glance::Unclear);
        fs::File::open(&dir).unwrap().set_modified(SystemTime::now() - QUIET / 2).unwrap();
        let mut known = counted(&source, "a");
        assert_eq!(known.glance(&source, QUIET), Glance::Same);
        let mut file = fs::File::options().append(true).open(dir.join("debug.log")).unwrap();
        io::Write::write_all(&mut file, b"two\n").unwrap();
        assert_eq!(known.glance(&source, QUIET), Glance::Unclear);
        known = counted(&source, "a");
        assert_eq!((known.written_since(), known.written_since()), (0, 0));
        drop(alive);
        assert_eq!((known.glance(&source, QUIET), known.job.state), (Glance::Changed, State::Died));
    }

    #[test]
    fn a_file_that_cannot_be_opened_leaves_the_counts_open_until_it_can() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/error.log"), "[ERROR] one\n").unwrap();
        let mut known = counted(&Closed(Local::new(root.path())), "a");
        assert!(known.job.unread && known.failed() && !known.behind());
        known.count(&Local::new(root.path()));
        assert_eq!((known.job.unread, known.job.errors), (false, 1));
        fs::create_dir(root.path().join("a/info.log")).unwrap();
        assert!(counted(&Local::new(root.path()), "a").job.unread);
    }

    #[test]
    fn records_are_counted_by_the_jobs_own_pattern() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a");
        fs::create_dir(&dir).unwrap();
        let patterns = [("debug.log".to_owned(), "{m} <{l:.1}>{n}".to_owned())].into();
        JobFile { id: "a".to_owned(), patterns, ..JobFile::default() }.write(&dir, "test").unwrap();
        fs::write(dir.join("debug.log"), "broken <E>\nERROR: not one <I>\nhot <W>\n").unwrap();
        let known = counted(&Local::new(root.path()), "a");
        assert_eq!((known.job.errors, known.job.warnings), (1, 1));
    }

    #[test]
    fn of_anybodys_directory_all_logs_count_and_what_stands_in_two_counts_once() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a");
        fs::create_dir(&dir).unwrap();
        let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
        write("app.log", &format!("{}[ERROR] one\n[WARN] two\n", "[INFO] so far so good\n".repeat(9)));
        write("app.error.log", "[ERROR] one\n");
        write("worker-1.log", "[ERROR] three\n[ERROR] four\n");
        write("worker-2.log", "[WARN] five\n");
        let known = counted(&Local::new(root.path()), "a");
        assert_eq!((known.job.errors, known.job.warnings, known.job.counted), (3, 2, true));
    }

    /// A directory of a job that nobody said anything of, and what is counted in it.
    struct Rolling {
        _root: tempfile::TempDir,
        dir: PathBuf,
        source: Local,
        known: Known,
    }

    impl Rolling {
        fn new(run: Option<Run>) -> Rolling {
            let root = tempfile::tempdir().unwrap();
            let dir = root.path().join("a");
            fs::create_dir(&dir).unwrap();
            if let Some(run) = run {
                JobFile { id: "a".into(), runs: vec![run], ..JobFile::default() }
                    .write(&dir, "test")
                    .unwrap();
            }
            let source = Local::new(root.path());
            let known = Known::look(&source, Path::new("a"), None, QUIET);
            Rolling { _root: root, dir, source, known }
        }

        fn append(&self, name: &str, text: &str) {
            let mut file = fs::File::options().append(true).create(true).open(self.dir.join(name)).unwrap();
            io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        }

        fn rename(&self, from: &str, to: &str) {
            fs::rename(self.dir.join(from), self.dir.join(to)).unwrap();
        }

        /// Errors and warnings after another look, and whether these are all.
        fn now(&mut self) -> (u64, u64, bool) {
            let old =
                std::mem::replace(&mut self.known, Known::look(&self.source, Path::new("a"), None, QUIET));
            self.known = Known::look(&self.source, Path::new("a"), Some(old), QUIET);
            self.known.count(&self.source);
            let job = &self.known.job;
            (job.errors, job.warnings, job.counted)
        }

        /// What somebody says who looks for the first time.
        fn anew(&mut self) -> (u64, u64, bool) {
            self.known = Known::look(&self.source, Path::new("a"), None, QUIET);
            self.now()
        }
    }

    #[test]
    fn what_was_rotated_away_still_counts() {
        let mut job = Rolling::new(None);
        job.append("app.log", "[ERROR] one\n[WARN] two\n");
        assert_eq!(job.now(), (1, 1, true));
        // What came between the last look and the roll counts too, also if it rolls twice.
        job.append("app.log", "[ERROR] three\n");
        job.rename("app.log", "app.log.1");
        job.append("app.log", "[WARN] four\n");
        assert_eq!((job.now(), job.anew()), ((2, 2, true), (2, 2, true)));
        job.rename("app.log.1", "app.log.2");
        job.append("app.log", "[ERROR] five\n");
        job.rename("app.log", "app.log.1");
        job.append("app.log", "[ERROR] six\n");
        assert_eq!((job.now(), job.anew()), ((4, 2, true), (4, 2, true)));
        // What is packed is what was counted.
        let packed = fs::File::create(job.dir.join("app.log.2.gz")).unwrap();
        let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        io::Write::write_all(&mut packed, &fs::read(job.dir.join("app.log.2")).unwrap()).unwrap();
        packed.finish().unwrap();
        fs::remove_file(job.dir.join("app.log.2")).unwrap();
        assert_eq!((job.now(), job.anew()), ((4, 2, true), (4, 2, true)));
        // A last line that has not ended is one, and once.
        job.append("app.log", "[ERROR] seven");
        assert_eq!(job.now(), (5, 2, true));
        job.append("app.log", " and its end\n[INFO] eight\n");
        assert_eq!((job.now(), job.anew()), ((5, 2, true), (5, 2, true)));
        // What is cut, or made anew without a roll, is not there any more.
        fs::write(job.dir.join("app.log"), "[WARN] nine\n").unwrap();
        assert_eq!((job.now(), job.anew()), ((3, 3, true), (3, 3, true)));
        // Between a roll and the next record nothing has the name; and what is removed in the end is not there any more.
        job.rename("app.log.1", "app.log.3");
        job.rename("app.log", "app.log.1");
        assert_eq!((job.now(), job.anew()), ((3, 3, true), (3, 3, true)));
        job.append("app.log", "[ERROR] ten\n");
        assert_eq!((job.now(), job.anew()), ((4, 3, true), (4, 3, true)));
        fs::remove_file(job.dir.join("app.log.3")).unwrap();
        let left = job.now();
        assert_eq!((left, job.anew()), (left, left));
        let mut fresh = Rolling::new(None);
        fresh.append("app.log", "[ERROR] one\n");
        assert_eq!(fresh.now(), (1, 0, true));
        fs::remove_file(fresh.dir.join("app.log")).unwrap();
        fresh.append("other.log", "keeps the inode from being the same\n");
        fresh.append("app.log", "[WARN] two\n");
        assert_eq!(fresh.now(), (0, 1, true));
    }

    #[test]
    fn of_a_run_only_what_it_wrote_counts_wherever_that_was_rotated_to() {
        let start = chrono::DateTime::<chrono::Utc>::from(SystemTime::now() - QUIET).to_rfc3339();
        let before = "[ERROR] of the run before\n";
        let offsets = [("debug.log".to_owned(), before.len() as u64)].into();
        let mut job = Rolling::new(Some(Run { start, offsets, ..Run::default() }));
        job.append("debug.log.3", "[ERROR] long ago\n");
        let long_ago = SystemTime::now() - 3 * QUIET;
        fs::File::options()
            .append(true)
            .open(job.dir.join("debug.log.3"))
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        job.append("debug.log", before);
        job.append("debug.log", "[ERROR] one\n");
        assert_eq!((job.now(), job.anew()), ((1, 0, true), (1, 0, true)));
        job.rename("debug.log", "debug.log.2");
        job.append("debug.log.1", "[ERROR] two\n[WARN] three\n");
        job.append("debug.log", "[ERROR] four\n");
        assert_eq!((job.now(), job.anew()), ((3, 1, true), (3, 1, true)));
    }

    #[test]
    fn other_encodings_are_counted_as_they_are_read() {
        let mut job = Rolling::new(None);
        let text: Vec<u8> =
            "\u{feff}[INFO] one\n[ERROR] two\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(job.dir.join("app.log"), text).unwrap();
        assert_eq!(job.now(), (1, 0, true));
    }

    #[test]
    fn plain_text_is_counted_as_it_is_read_also_once_it_shows_that_it_is_plain() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        let path = root.path().join("a/make.log");
        fs::write(&path, "error: no rule to make target\n").unwrap();
        let source = Local::new(root.path());
        let mut known = counted(&source, "a");
        let text = format!("{}warning: unused variable\n  note: here\n", "cc -c main.c\n".repeat(9));
        io::Write::write_all(&mut fs::File::options().append(true).open(&path).unwrap(), text.as_bytes())
            .unwrap();
        known.count(&source);
        let mut fresh = Tally::new("make.log".into(), 0, None, Format::default());
        fresh.go_on(&source, Path::new("a"), 0, SLICE).unwrap();
        assert_eq!((known.tallies[0].all(), fresh.all()), (11, 11));
        assert_eq!((known.job.errors, known.job.warnings), (1, 1));
    }

    #[test]
    fn an_old_directory_of_anybodys_that_merely_grows_is_stale() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/x.log"), "one\n").unwrap();
        let source = Local::new(root.path());
        let known = counted(&source, "a");
        assert!(!known.is_stale(&source));
        let mut file = fs::File::options().append(true).open(root.path().join("a/x.log")).unwrap();
        io::Write::write_all(&mut file, b"two\n").unwrap();
        assert!(known.is_stale(&source));
    }
}
