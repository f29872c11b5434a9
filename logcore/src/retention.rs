//! Which job directories go, and when: `logcore.retention` of the template.
//!
//! ```text
//! timer of the flusher → one thread, logcore-retain, which ends with the run
//! → read the root once: what is there, and of what may go the first few thousand → remove those, one at a time → again
//! ```
//!
//! A directory goes if it is a job's (its `job.json` names the id that its name stands for), if no run of the job lives,
//! in whatever process, and if it is no server log. It is looked at again with the id locked, as whoever starts a job in
//! a directory that is there locks it, and renamed out of the root before the lock is let go of: nobody waits while files
//! are removed, and a job that starts at that moment has its old directory or a new one. Links are not followed.
//!
//! Jobs that failed, panicked or died live twice as long, and go after all others where there are too many.
//!
//! 100,000 directories of three files each, of which half go (`a_hundred_thousand_jobs` in `tests/tests/retention.rs`): 51 s in an
//! unoptimised build on two busy cores, 2.5 MiB more memory, and no job that started meanwhile took more than 25 ms for its
//! start and its end.

use crate::disk::{JobFile, OWN_DIR, Outcome, RunState, is_alive, segment};
use crate::jobs_lock::JobsLock;
use crate::lock::lock;
use crate::sync::Mutex;
use chrono::DateTime;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// `logcore.retention` of the template; what is absent has no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    /// Since a job's end.
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_jobs: Option<u64>,
    /// Bytes, of all job directories and those of server logs.
    pub(crate) max_size: Option<u64>,
}

/// Why a job's directory goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It ended longer ago than `max_age`; twice as long, if it failed.
    Age,
    /// There are more than `max_jobs`.
    Jobs,
    /// All together are larger than `max_size`.
    Size,
}

/// A job whose directory would go; see [`crate::Logs::retention_dry_run`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removal {
    /// The job's id.
    pub id: String,
    /// Its directory.
    pub dir: PathBuf,
    /// Why it would go.
    pub reason: Reason,
    /// When it ended; of one that died, when it last wrote.
    pub ended: SystemTime,
    /// Whether it failed, panicked or died.
    pub failed: bool,
    /// Bytes in its files.
    pub bytes: u64,
}

/// What has been removed so far, by this process; see [`crate::Logs::stats`].
///
/// A run reads the root, and each `job.json` in it, once for each 4,096 directories that go, and knows no more than those at
/// a time: with 100,000 directories of which half go, an unoptimised build took 51 s on two busy cores and 2.5 MiB of memory.
/// No log call and no job waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionStats {
    /// How often it was looked; not while another process did.
    pub runs: u64,
    /// Job directories that were removed.
    pub jobs: u64,
    /// Bytes that their files held.
    pub bytes: u64,
    /// Directories that could not be removed, and roots that could not be read. They are tried again with the next run.
    pub errors: u64,
    /// What the last of these was.
    pub last_error: Option<String>,
    /// When the last run began.
    pub last_run: Option<SystemTime>,
    /// How long it took.
    pub last_took: Duration,
}

/// How many directories are known at a time.
const AT_ONCE: usize = if cfg!(test) { 4 } else { 4096 };

const TRASH: &str = "trash-";

/// What is below one root.
#[derive(Debug)]
pub(crate) struct Retention {
    root: PathBuf,
    /// As in `job.json`.
    process: String,
    jobs_lock: JobsLock,
    stats: Mutex<RetentionStats>,
    dates: Mutex<Dates>,
    is_stopped: AtomicBool,
}

/// When it is looked next.
#[derive(Debug, Default)]
struct Dates {
    next: Option<Instant>,
    /// Whether a run is under way.
    running: bool,
}

/// A directory that may go. Ordered as they go.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Neither too old nor failed ones are in the middle.
    class: Class,
    ended: SystemTime,
    id: String,
    bytes: u64,
    failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    TooOld,
    Ended,
    Failed,
}

/// What one look at the root has shown.
#[derive(Debug, Default)]
struct Seen {
    jobs: u64,
    bytes: u64,
    /// Those that go first, the last of them on top.
    first: BinaryHeap<Candidate>,
    /// Whether there were more than that.
    more: bool,
}

impl Retention {
    pub(crate) fn new(root: &Path, process: &str) -> Retention {
        Retention {
            root: root.to_owned(),
            process: process.to_owned(),
            jobs_lock: JobsLock::new(root),
            stats: Mutex::default(),
            dates: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// Whether a run at `at` is to come; none is, if one comes before it.
    pub(crate) fn is_next(&self, at: Instant) -> bool {
        let mut dates = lock(&self.dates);
        let is_first = dates.next.is_none_or(|next| at < next);
        if is_first {
            dates.next = Some(at);
        }
        is_first
    }

    /// Whether the run at `at` is to begin: not if an earlier one has taken its place.
    pub(crate) fn begin(&self, at: Instant) -> bool {
        let mut dates = lock(&self.dates);
        let begins = dates.next == Some(at) && !dates.running;
        dates.running |= begins;
        if begins {
            dates.next = None;
        }
        begins
    }

    /// A run has ended; whether another one came due meanwhile, which then is still to be had.
    pub(crate) fn end(&self) -> bool {
        let mut dates = lock(&self.dates);
        dates.running = false;
        dates.next.take_if(|next| *next <= Instant::now()).is_some()
    }

    /// A run under way ends with the directory that it is at.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> RetentionStats {
        lock(&self.stats).clone()
    }

    /// Removes what goes by `limits`; how many directories and bytes that were. Of several processes below one root, one
    /// does it at a time.
    pub(crate) fn run(&self, limits: &Limits) -> (u64, u64) {
        let began = Instant::now();
        let before = {
            let mut stats = lock(&self.stats);
            stats.last_run = Some(SystemTime::now());
            (stats.jobs, stats.bytes)
        };
        if let Err(error) = self.run_alone(limits) {
            self.failed(&self.root, &error);
        }
        let mut stats = lock(&self.stats);
        stats.last_took = began.elapsed();
        (stats.jobs - before.0, stats.bytes - before.1)
    }

    fn run_alone(&self, limits: &Limits) -> io::Result<()> {
        let own = self.root.join(OWN_DIR);
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
        let turn = options.open(own.join("retention.lock"))?;
        if matches!(turn.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return Ok(());
        }
        lock(&self.stats).runs += 1;
        self.take_out_the_trash(&own)?;
        loop {
            let mut seen = self.look(limits)?;
            let more = seen.more;
            let going = seen.going(limits);
            let all = !more || going.len() < AT_ONCE;
            let mut progress = false;
            for (candidate, _) in going {
                if self.is_stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
                match self.remove(&candidate) {
                    Ok(true) => {
                        progress = true;
                        let mut stats = lock(&self.stats);
                        stats.jobs += 1;
                        stats.bytes += candidate.bytes;
                    }
                    Ok(false) => {}
                    Err(error) => self.failed(&self.dir(&candidate.id), &error),
                }
            }
            if all || !progress {
                return Ok(());
            }
        }
    }

    /// What would go now: the first 4,096.
    pub(crate) fn dry_run(&self, limits: &Limits) -> io::Result<Vec<Removal>> {
        let going = self.look(limits)?.going(limits);
        let removal = |(candidate, reason): (Candidate, Reason)| {
            let Candidate { ended, id, bytes, failed, .. } = candidate;
            Removal { dir: self.dir(&id), id, reason, ended, failed, bytes }
        };
        Ok(going.into_iter().map(removal).collect())
    }

    fn look(&self, limits: &Limits) -> io::Result<Seen> {
        let mut seen = Seen::default();
        for entry in fs::read_dir(&self.root)? {
            if self.is_stopped.load(Ordering::Relaxed) {
                return Ok(Seen::default());
            }
            let Ok(entry) = entry else { continue };
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let dir = entry.path();
            // Whoever has no job.json of ours is nobody of ours.
            let Some(file) = entry.file_name().to_str().and_then(|name| job_in(&dir, name)) else { continue };
            let bytes = if limits.max_size.is_some() { size(&dir) } else { 0 };
            seen.jobs += u64::from(!file.server);
            seen.bytes += bytes;
            if let Some((ended, failed)) = self.ended(&dir, &file) {
                let max_age = limits.max_age.map(|age| if failed { age.saturating_mul(2) } else { age });
                let is_old = max_age.is_some_and(|most| ended.elapsed().is_ok_and(|age| age > most));
                let class = match (is_old, failed) {
                    (true, _) => Class::TooOld,
                    (false, false) => Class::Ended,
                    (false, true) => Class::Failed,
                };
                seen.note(Candidate { class, ended, id: file.id, bytes, failed });
            }
        }
        Ok(seen)
    }

    /// When a job ended and whether it failed; `None` if it may not go.
    fn ended(&self, dir: &Path, file: &JobFile) -> Option<(SystemTime, bool)> {
        if file.server {
            return None;
        }
        // An older run than the newest may live as well: several processes can run one id.
        let lives = |run: &crate::disk::Run| run.outcome.is_none() && is_alive(&self.root, &run.process);
        if file.runs.iter().any(lives) {
            return None;
        }
        let newest = file.runs.last()?;
        let state = match newest.outcome {
            Some(outcome) => RunState::Finished(outcome),
            None => RunState::Died,
        };
        let failed = !matches!(state, RunState::Finished(Outcome::Ok | Outcome::Dropped));
        let end = newest.end.as_deref().and_then(|end| DateTime::parse_from_rfc3339(end).ok());
        let ended = end.map_or_else(|| last_write(dir), |end| Some(SystemTime::from(end)))?;
        Some((ended, failed))
    }

    /// As [`Retention::remove`], of what a dry run has shown.
    pub(crate) fn remove_seen(&self, removal: &Removal) -> io::Result<bool> {
        let Removal { id, ended, failed, bytes, .. } = removal.clone();
        self.remove(&Candidate { class: Class::Ended, ended, id, bytes, failed })
    }

    /// Removes a job's directory if nothing has changed; `false` if something has.
    fn remove(&self, candidate: &Candidate) -> io::Result<bool> {
        let dir = self.dir(&candidate.id);
        let trash = self.trash();
        {
            let Some(_locked) = self.jobs_lock.lock_for_certain(&candidate.id) else { return Ok(false) };
            let is_as_seen = || {
                let about = fs::symlink_metadata(&dir).ok().filter(fs::Metadata::is_dir)?;
                let file = job_in(&dir, &segment(&candidate.id))?;
                let (ended, failed) = self.ended(&dir, &file)?;
                Some(about.is_dir() && ended == candidate.ended && failed == candidate.failed)
            };
            if is_as_seen() != Some(true) {
                return Ok(false);
            }
            fs::rename(&dir, &trash)?;
            // If this thread was stopped in between for so long that a start lost its patience with the lock.
            if job_in(&trash, &segment(&candidate.id)).and_then(|file| self.ended(&trash, &file)).is_none() {
                fs::rename(&trash, &dir)?;
                return Ok(false);
            }
        }
        fs::remove_dir_all(&trash).map(|()| true)
    }

    /// Removes what runs that were cut off, or could not remove it, have left.
    fn take_out_the_trash(&self, own: &Path) -> io::Result<()> {
        for entry in fs::read_dir(own)?.flatten() {
            let is_trash = entry.file_name().to_str().is_some_and(|name| name.starts_with(TRASH));
            if is_trash
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                self.failed(&entry.path(), &error);
            }
        }
        Ok(())
    }

    fn failed(&self, path: &Path, error: &io::Error) {
        let mut stats = lock(&self.stats);
        stats.errors += 1;
        stats.last_error = Some(format!("{}: {error}", path.display()));
    }

    fn dir(&self, id: &str) -> PathBuf {
        self.root.join(segment(id))
    }

    /// A name of its own for each directory: one that cannot be removed is in nobody's way.
    fn trash(&self) -> PathBuf {
        let stats = lock(&self.stats);
        let name = format!("{TRASH}{}-{}-{}", self.process, stats.jobs, stats.errors);
        self.root.join(OWN_DIR).join(name)
    }
}

impl Seen {
    fn note(&mut self, candidate: Candidate) {
        self.first.push(candidate);
        if self.first.len() > AT_ONCE {
            self.first.pop();
            self.more = true;
        }
    }

    /// What goes, in order, and why.
    fn going(&mut self, limits: &Limits) -> Vec<(Candidate, Reason)> {
        let mut going = Vec::new();
        for candidate in std::mem::take(&mut self.first).into_sorted_vec() {
            let reason = if candidate.class == Class::TooOld {
                Reason::Age
            } else if limits.max_jobs.is_some_and(|most| self.jobs > most) {
                Reason::Jobs
            } else if limits.max_size.is_some_and(|most| self.bytes > most) {
                Reason::Size
            } else {
                break;
            };
            self.jobs -= 1;
            self.bytes = self.bytes.saturating_sub(candidate.bytes);
            going.push((candidate, reason));
        }
        going
    }
}

/// The `job.json` in `dir`, if it is that of the job whose directory is called `name`.
fn job_in(dir: &Path, name: &str) -> Option<JobFile> {
    JobFile::read(dir).ok().filter(|file| segment(&file.id) == name)
}

/// Bytes in the files of a directory and of those in it.
fn size(dir: &Path) -> u64 {
    let mut bytes: u64 = 0;
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            // As of a link itself, not of what it points to.
            match entry.metadata() {
                Ok(about) if about.is_dir() => dirs.push(entry.path()),
                Ok(about) => bytes = bytes.saturating_add(about.len()),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// When a file in a job's directory was last written.
fn last_write(dir: &Path) -> Option<SystemTime> {
    let times = fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.metadata().ok()?.modified().ok());
    times.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Logs;
    use log::Log;
    use std::thread;

    fn logs(dir: &Path) -> (Logs, PathBuf) {
        let (config, root) = (dir.join("log.yaml"), dir.join("logs"));
        let text = format!(
            "logcore: {{ dir: {root:?} }}\nappenders: {{ a: {{ kind: file, path: \"${{job_dir}}/a.log\", encoder: {{ pattern: \
             \"{{m}}{{n}}\" }} }} }}\nroot: {{ appenders: [ a ] }}\n"
        );
        fs::write(&config, text).unwrap();
        (Logs::from_file(&config).unwrap(), root)
    }

    #[test]
    fn more_than_are_known_at_a_time_go_in_several_looks() {
        let dir = tempfile::tempdir().unwrap();
        let (logs, root) = logs(dir.path());
        for number in 0..10 * AT_ONCE {
            logs.job(format!("j{number}")).start().unwrap().finish(Outcome::Ok);
        }
        let limits = Limits { max_jobs: Some(3), ..Limits::default() };
        let retention = Retention::new(&root, "test");
        assert_eq!(retention.dry_run(&limits).unwrap().len(), AT_ONCE);
        assert_eq!(retention.run(&limits).0, 10 * AT_ONCE as u64 - 3);
        assert_eq!(retention.run(&limits).0, 0);
    }

    /// Ends the others' loops, also where an assertion fails.
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_job_that_starts_while_its_old_directory_goes_is_never_removed() {
        const ROUNDS: u64 = 500;
        let dir = tempfile::tempdir().unwrap();
        let (logs, root) = logs(dir.path());
        let limits = Limits { max_age: Some(Duration::ZERO), ..Limits::default() };
        // Each as a process of its own.
        let others: Vec<_> = (0..2).map(|number| Retention::new(&root, &format!("other-{number}"))).collect();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for other in &others {
                let (done, limits) = (&done, &limits);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        other.run(limits);
                    }
                });
            }
            let _done = Done(&done);
            for round in 0..ROUNDS {
                let job = logs.job(format!("j{}", round % 3)).start().unwrap();
                job.log(&log::Record::builder().args(format_args!("round {round}")).build());
                assert!(job.core().flush().is_empty());
                let text = fs::read_to_string(job.dir().join("a.log")).unwrap();
                assert_eq!(text.lines().last(), Some(&*format!("round {round}")));
                let run = JobFile::read(job.dir()).unwrap().runs.pop().unwrap();
                assert_eq!(run.outcome, None, "round {round}: it is ours");
                assert_eq!(job.finish(Outcome::Ok).lost, 0);
            }
        });
        let removed: u64 = others.iter().map(|other| other.stats().jobs).sum();
        assert!(removed > ROUNDS / 10, "only {removed} were removed under way");
        let errors: Vec<_> = others.iter().filter_map(|other| other.stats().last_error).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}
