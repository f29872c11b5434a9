//! The one thread of a `Logs`: it writes what has waited in a buffer for long enough, runs the timers, and reports
//! files that cannot be written. It sleeps while there is nothing to do.

use super::file::LogFile;
use super::files::Shared;
use crate::lock::lock;
use crate::sync::thread;
use crate::sync::{Condvar, Mutex};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The way to the thread.
#[derive(Default, Clone)]
pub(crate) struct Flusher(Arc<Queue>);

#[derive(Default)]
struct Queue {
    work: Mutex<Work>,
    wake: Condvar,
    flushed: Condvar,
}

#[derive(Default)]
struct Work {
    /// Files with something in their buffer, and when the first of them came.
    dirty: Vec<Weak<LogFile>>,
    since: Option<Instant>,
    /// When they are to be written in any case.
    soon: Option<Instant>,
    /// Files with full chunks.
    full: Vec<Weak<LogFile>>,
    /// Whether the thread looks after them without being woken.
    awake: bool,
    timers: Vec<(Instant, Box<dyn FnOnce() + Send>)>,
    complaints: Vec<Complaint>,
    /// Flushes asked for and done; a request is done when `done` has reached its number.
    asked: u64,
    done: u64,
    /// Whether files are among the dirty that could not be written.
    failing: bool,
    /// Whether the last flush wrote everything.
    complete: bool,
    stop: bool,
}

/// What is to be told of a path.
pub(crate) struct Complaint {
    pub(crate) path: PathBuf,
    pub(crate) trouble: Trouble,
}

/// What is wrong with a file, told once when it begins and once when it is over.
pub(crate) enum Trouble {
    /// It cannot be written.
    Write(String),
    /// It cannot be rolled.
    Roll(String),
    /// A rolled part cannot be compressed.
    Compress(String),
    /// It was deleted or renamed, perhaps with all that is around it.
    Gone,
    /// What could not be done can be done again.
    Mended,
    /// What is buffered for it is in memory that does not outlive the process.
    NotKept,
}

/// How a flush went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Flushed {
    All,
    /// Some file cannot be written.
    NotAll,
    /// It took longer than it was given.
    TimedOut,
}

/// Files that cannot be written are looked at this often, however short the flush interval is.
const FAILING: Duration = Duration::from_millis(100);

/// More than this many complaints are not kept: they say the same.
const MOST_COMPLAINTS: usize = 16;

/// As long as chunks keep being handed over, the thread looks for them this often: whoever hands one over then need not
/// wake it, and several are written in one call.
const LOOK: Duration = Duration::from_micros(200);
/// So many looks in vain, and it is woken again.
const VAIN_LOOKS: u32 = 16;

/// How long one wait without a deadline lasts.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl Flusher {
    /// Starts the thread. `report` gets the complaints; it runs while no file is locked.
    pub(crate) fn start(
        &self,
        shared: &Arc<Shared>,
        report: impl Fn(Complaint) + Send + 'static,
    ) -> io::Result<()> {
        let (queue, shared) = (Arc::clone(&self.0), Arc::downgrade(shared));
        thread::Builder::new()
            .name("logcore-flush".into())
            .spawn(move || queue.run(&shared, &report))
            .map(drop)
    }

    pub(super) fn enqueue(&self, file: Weak<LogFile>) {
        let mut work = lock(&self.0.work);
        work.dirty.push(file);
        if work.since.is_none() {
            work.since = Some(Instant::now());
            self.0.wake.notify_one();
        }
    }

    /// Has the full chunks of a file written at once.
    pub(super) fn hand_over(&self, file: Weak<LogFile>) {
        let mut work = lock(&self.0.work);
        work.full.push(file);
        if !work.awake {
            work.awake = true;
            self.0.wake.notify_one();
        }
    }

    /// How many files are on the queue.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        lock(&self.0.work).dirty.len()
    }

    /// Has all that waits written after so long at the latest; what comes later is not meant.
    pub(super) fn hurry(&self, after: Duration) {
        let mut work = lock(&self.0.work);
        if work.soon.is_none() && !work.dirty.is_empty() {
            work.soon = Instant::now().checked_add(after);
            if !work.awake {
                self.0.wake.notify_one();
            }
        }
    }

    /// Notes a trouble; it is told from the flusher's thread, for here a file is locked.
    pub(super) fn complain(&self, path: &Path, trouble: Trouble) {
        let mut work = lock(&self.0.work);
        if work.complaints.len() < MOST_COMPLAINTS {
            work.complaints.push(Complaint { path: path.to_owned(), trouble });
            self.0.wake.notify_one();
        }
    }

    /// Runs `job` on the flusher's thread at `at`.
    pub(crate) fn at(&self, at: Instant, job: impl FnOnce() + Send + 'static) {
        lock(&self.0.work).timers.push((at, Box::new(job)));
        self.0.wake.notify_one();
    }

    /// Has everything that is buffered written, also what has just failed, and waits for it.
    pub(crate) fn flush(&self, wait: Duration) -> Flushed {
        // One that no clock can show never comes.
        let deadline = Instant::now().checked_add(wait);
        let mut work = lock(&self.0.work);
        work.asked += 1;
        let mine = work.asked;
        self.0.wake.notify_one();
        while work.done < mine && !work.stop {
            let left = deadline.map_or(LONGEST_WAIT, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Flushed::TimedOut;
            }
            work = self.0.flushed.wait_timeout(work, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if work.complete { Flushed::All } else { Flushed::NotAll }
    }

    /// Ends the thread after a last flush.
    pub(crate) fn stop(&self) {
        lock(&self.0.work).stop = true;
        self.0.wake.notify_one();
    }
}

impl Queue {
    fn run(&self, shared: &Weak<Shared>, report: &dyn Fn(Complaint)) {
        let mut full = Vec::new();
        let mut looks = VAIN_LOOKS;
        loop {
            let next = self.next(shared, &mut full, &mut looks);
            let Some(shared) = shared.upgrade() else { return };
            for file in full.drain(..).filter_map(|file: Weak<LogFile>| file.upgrade()) {
                file.write_full(&shared);
            }
            let Some((mut todo, stop)) = next else { continue };
            let (now, asked) = (stop || todo.asked > todo.done, todo.asked);
            let mut failing = false;
            todo.dirty.retain(|file| {
                let left = file.upgrade().filter(|file| !file.flush_queued(&shared, now));
                failing |= left.is_some();
                // A file that is not done comes back at once, in its old place in line.
                left.is_some_and(|file| file.comes_back())
            });
            // Whoever flushes is to find what went wrong in the server log.
            todo.complaints.append(&mut lock(&self.work).complaints);
            if shared.pool.is_to_tell() {
                todo.complaints
                    .push(Complaint { path: shared.root().path.clone(), trouble: Trouble::NotKept });
            }
            for complaint in todo.complaints.drain(..) {
                report(complaint);
            }
            {
                let mut work = lock(&self.work);
                work.failing = failing;
                if failing {
                    work.since.get_or_insert_with(Instant::now);
                    work.dirty.extend(todo.dirty.iter().cloned());
                }
                work.complete = !failing;
                work.done = work.done.max(asked);
                self.flushed.notify_all();
            }
            drop(shared);
            for (_, job) in todo.timers {
                job();
            }
            if stop {
                return;
            }
        }
    }

    /// Waits for something to do and takes it: the files with `full` chunks, and if it is time, the rest.
    fn next(
        &self,
        shared: &Weak<Shared>,
        full: &mut Vec<Weak<LogFile>>,
        looks: &mut u32,
    ) -> Option<(Work, bool)> {
        let mut work = lock(&self.work);
        loop {
            let now = Instant::now();
            let every = shared.upgrade().map_or(Duration::ZERO, |shared| shared.limits().flush_every());
            let every = if work.failing { every.max(FAILING) } else { every };
            let due = work.since.and_then(|since| since.checked_add(every));
            let alarm = work.timers.iter().map(|(at, _)| *at).min();
            let urgent = work.stop || work.asked > work.done || !work.complaints.is_empty();
            let next = [due, work.soon, alarm].into_iter().flatten().min();
            let is_time = urgent || next.is_some_and(|at| at <= now);
            if is_time || !work.full.is_empty() {
                *looks = if work.full.is_empty() { *looks } else { 0 };
                std::mem::swap(&mut work.full, full);
                return is_time.then(|| (work.take(now), work.stop));
            }
            *looks = looks.saturating_add(1);
            work.awake = *looks < VAIN_LOOKS;
            let look = work.awake.then(|| now + LOOK);
            work = match [next, look].into_iter().flatten().min() {
                Some(at) => self.wake.wait_timeout(work, at - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.wake.wait(work).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Work {
    /// Takes all that is due at `now`.
    fn take(&mut self, now: Instant) -> Work {
        let (due, later) = std::mem::take(&mut self.timers).into_iter().partition(|(at, _)| *at <= now);
        self.timers = later;
        (self.since, self.soon) = (None, None);
        Work {
            dirty: std::mem::take(&mut self.dirty),
            timers: due,
            complaints: std::mem::take(&mut self.complaints),
            asked: self.asked,
            done: self.done,
            ..Work::default()
        }
    }
}
