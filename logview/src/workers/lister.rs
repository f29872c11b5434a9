//! All jobs: finds them in batches, keeps looking at those that run, counts what `job.json` does not count yet.
//!
//! A finished job costs one stat now and then, a running one a few every other second. Nothing is kept open. Counting
//! happens in short slices between everything else, and every number says whether it is complete.

use super::{Over, Shared, tally::Tally, tell, watcher::Pending, watcher::Watcher};
use crate::model::{Job, Listing, Message, Missing, RunInfo, State, Watching, main_file};
use crate::reading::head::seconds;
use crate::source::{FileLook, JobLook, Source};
use crate::text;
use log::Level;
use logcore::disk::{self, Outcome, Run, RunState};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A job that runs and has not written for so long has gone quiet.
pub(super) const QUIET: Duration = Duration::from_secs(5 * 60);

const LIVE: Duration = Duration::from_secs(2);
const DORMANT: Duration = Duration::from_secs(10);
const DORMANT_MANY: Duration = Duration::from_secs(30);
const MANY: usize = 1000;
const MISSING: Duration = Duration::from_millis(500);
const PACE: Duration = Duration::from_millis(200);
const BATCH: usize = 250;
const SLICE: u64 = 8 << 20;

pub(super) enum Order {
    Watch(Option<PathBuf>),
    Wake(Pending),
}

struct Known {
    job: Job,
    stamp: Option<SystemTime>,
    /// What is still to be counted, if anything.
    tallies: Vec<Tally>,
    run: Option<Run>,
}

struct Lister {
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    out: SyncSender<Message>,
    watcher: Watcher,
    known: HashMap<PathBuf, Known>,
    /// Jobs with something to count.
    counting: VecDeque<PathBuf>,
    shown: Option<PathBuf>,
    listing: Listing,
    watched: bool,
    root_stamp: Option<SystemTime>,
    live_bytes: Option<(Instant, HashMap<PathBuf, u64>)>,
}

pub(super) fn run(
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
    watcher: Watcher,
) -> impl FnOnce() + Send {
    move || {
        let mut lister = Lister {
            source,
            shared,
            out,
            watcher,
            known: HashMap::new(),
            counting: VecDeque::new(),
            shown: None,
            listing: Listing::default(),
            watched: false,
            root_stamp: None,
            live_bytes: None,
        };
        let _ = lister.serve(&orders);
    }
}

impl Lister {
    fn serve(&mut self, orders: &Receiver<Order>) -> Result<(), Over> {
        self.watch_root()?;
        self.list()?;
        let (mut live, mut dormant) = (Instant::now(), Instant::now());
        loop {
            let wait = if !self.counting.is_empty() {
                Duration::ZERO
            } else if self.listing.problem.is_some() {
                MISSING
            } else {
                LIVE
            };
            let first = match orders.recv_timeout(wait) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if self.shared.quit.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut woken = false;
            for order in first.into_iter().chain(orders.try_iter()) {
                match order {
                    Order::Watch(job) => self.watch_job(job)?,
                    Order::Wake(pending) => {
                        std::thread::sleep(PACE / 4);
                        pending.store(false, Ordering::Release);
                        woken = true;
                    }
                }
            }
            if woken || self.listing.problem.is_some() {
                self.relist()?;
                let shown = self.shown.clone();
                self.look_again(shown.into_iter().collect())?;
            }
            if live.elapsed() >= LIVE {
                live = Instant::now();
                self.relist()?;
                let keys = self
                    .known
                    .values()
                    .filter(|known| is_live(&known.job))
                    .map(|known| known.job.key.clone());
                self.look_again(keys.collect())?;
                self.rate()?;
            }
            if dormant.elapsed() >= if self.known.len() > MANY { DORMANT_MANY } else { DORMANT } {
                dormant = Instant::now();
                self.look_at_dormant()?;
            }
            self.count()?;
        }
    }

    fn watch_root(&mut self) -> Result<(), Over> {
        self.watched = self.watcher.watch_root();
        self.say_watching()
    }

    fn watch_job(&mut self, job: Option<PathBuf>) -> Result<(), Over> {
        let watched = self.watcher.watch_job(job.as_deref());
        self.shared.polling.store(!watched, Ordering::Relaxed);
        self.shown = job;
        self.say_watching()
    }

    fn say_watching(&self) -> Result<(), Over> {
        let polling =
            self.shared.polling.load(Ordering::Relaxed) || !(self.watched || self.listing.problem.is_some());
        tell(&self.out, Message::Watching(if polling { Watching::Polling } else { Watching::Notified }))
    }

    /// Lists again if the root has changed.
    fn relist(&mut self) -> Result<(), Over> {
        let stamp = self.source.stamp(Path::new("."));
        // Directories of equal stamps may differ within one tick of the clock, so a young stamp is not believed.
        let young = stamp.is_none_or(|at| at.elapsed().is_ok_and(|age| age < Duration::from_secs(4)));
        if stamp == self.root_stamp && !young && self.listing.problem.is_none() {
            return Ok(());
        }
        self.list()
    }

    fn list(&mut self) -> Result<(), Over> {
        self.root_stamp = self.source.stamp(Path::new("."));
        let had_problem = self.listing.problem.take();
        let keys = match self.source.jobs() {
            Ok(keys) => keys,
            Err(error) => {
                self.listing.problem = Some(match error.kind() {
                    io::ErrorKind::NotFound => Missing::Root,
                    kind => Missing::Unreadable(kind.to_string()),
                });
                Vec::new()
            }
        };
        if had_problem.is_some() && self.listing.problem.is_none() {
            self.watch_root()?;
        }
        let there: HashSet<&PathBuf> = keys.iter().collect();
        let gone: Vec<PathBuf> = self.known.keys().filter(|key| !there.contains(key)).cloned().collect();
        for key in &gone {
            self.known.remove(key);
        }
        if !gone.is_empty() {
            tell(&self.out, Message::Gone(gone))?;
        }
        let new: Vec<PathBuf> = keys.into_iter().filter(|key| !self.known.contains_key(key)).collect();
        let before = self.listing.clone();
        self.listing.total = self.known.len() + new.len();
        for batch in new.chunks(BATCH) {
            let jobs = batch.iter().map(|key| self.look(key)).collect();
            self.listing.seen = self.known.len();
            tell(&self.out, Message::Jobs(jobs))?;
            tell(&self.out, Message::Listed(self.listing.clone()))?;
        }
        self.listing.seen = self.known.len();
        if self.listing != before || had_problem != self.listing.problem {
            tell(&self.out, Message::Listed(self.listing.clone()))?;
        }
        Ok(())
    }

    /// Looks at a job and remembers what is to be counted.
    fn look(&mut self, key: &Path) -> Job {
        let stamp = self.source.stamp(key);
        let look = self.source.look(key);
        let run = look.about.as_ref().and_then(|about| about.runs.last().cloned());
        let old = self.known.remove(key);
        let mut known =
            Known { job: describe(&*self.source, key, look, run.as_ref()), stamp, tallies: Vec::new(), run };
        let same_run = old.as_ref().is_some_and(|old| {
            old.run.as_ref().map(|run| &run.start) == known.run.as_ref().map(|run| &run.start)
        });
        if let Some(old) = old.filter(|_| same_run) {
            known.tallies = old.tallies;
        }
        known.plan();
        if known.behind() && !self.counting.iter().any(|waiting| waiting == key) {
            self.counting.push_back(key.to_owned());
        }
        known.sum();
        let job = known.job.clone();
        self.known.insert(key.to_owned(), known);
        job
    }

    fn look_again(&mut self, keys: Vec<PathBuf>) -> Result<(), Over> {
        let mut changed = Vec::new();
        for key in keys {
            let Some(before) = self.known.get(&key).map(|known| known.job.clone()) else { continue };
            let job = self.look(&key);
            if job != before {
                changed.push(job);
            }
        }
        if changed.is_empty() { Ok(()) } else { tell(&self.out, Message::Jobs(changed)) }
    }

    /// A directory's own stamp tells whether a job that does not run has been started again; files of directories
    /// that logcore did not write are looked at a few hundred at a time.
    fn look_at_dormant(&mut self) -> Result<(), Over> {
        const MOST: usize = 300;
        let source = Arc::clone(&self.source);
        let dormant = self.known.values().filter(|known| !is_live(&known.job));
        let stale = dormant.filter(|known| {
            source.stamp(&known.job.key) != known.stamp
                || known.job.state == State::Unknown && self.known.len() < MOST
        });
        let keys: Vec<PathBuf> = stale.map(|known| known.job.key.clone()).take(MOST).collect();
        self.look_again(keys)
    }

    /// Counts for a slice of time, the job on screen first.
    fn count(&mut self) -> Result<(), Over> {
        if let Some(at) = self.counting.iter().position(|key| Some(key) == self.shown.as_ref()) {
            self.counting.swap(0, at);
        }
        let started = Instant::now();
        let mut changed = Vec::new();
        while started.elapsed() < PACE / 4
            && let Some(key) = self.counting.pop_front()
        {
            let Some(known) = self.known.get_mut(&key) else { continue };
            let before = known.job.clone();
            known.count(&*self.source);
            known.sum();
            if known.job != before {
                changed.push(known.job.clone());
            }
            if known.behind() {
                self.counting.push_back(key);
            }
        }
        if changed.is_empty() { Ok(()) } else { tell(&self.out, Message::Jobs(changed)) }
    }

    /// What all live jobs wrote since the last time.
    fn rate(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        let sizes: HashMap<PathBuf, u64> = self
            .known
            .values()
            .filter(|known| is_live(&known.job))
            .map(|known| (known.job.key.clone(), known.job.size()))
            .collect();
        let mut rate = 0;
        if let Some((then, old)) = &self.live_bytes {
            let grown: u64 =
                sizes.iter().filter_map(|(key, size)| Some(size.saturating_sub(*old.get(key)?))).sum();
            rate = (grown as f64 / now.duration_since(*then).as_secs_f64().max(0.1)) as u64;
        }
        self.live_bytes = Some((now, sizes));
        if rate != self.listing.rate {
            self.listing.rate = rate;
            tell(&self.out, Message::Listed(self.listing.clone()))?;
        }
        Ok(())
    }
}

/// Whether it is worth looking at often.
fn is_live(job: &Job) -> bool {
    let fresh = job.written.and_then(|at| at.elapsed().ok()).is_none_or(|age| age < 2 * QUIET);
    job.state.is_live() || job.state == State::Unknown && fresh
}

impl Known {
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
    fn behind(&self) -> bool {
        self.tallies.iter().any(|tally| self.size_of(&tally.file) != tally.counted())
    }

    fn size_of(&self, name: &Path) -> u64 {
        self.job.files.iter().find(|file| file.name == name).map_or(0, |file| file.size)
    }

    fn count(&mut self, source: &dyn Source) {
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
