//! All jobs: finds them in batches, keeps looking at those that run, counts what `job.json` does not count yet.
//!
//! A finished job costs one stat now and then, a running one a few every other second. Nothing is kept open. Counting
//! happens in short slices between everything else, and every number says whether it is complete.

use super::known::{Glance, Known, is_live};
use super::{Over, Shared, tell, watcher::Pending, watcher::Watcher};
use crate::model::{Job, Listing, Message, Missing, Watching};
use crate::source::Source;
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const LIVE: Duration = Duration::from_secs(2);
/// In so many looks all jobs that do not run have had their turn, which is within 30 s.
const TURNS: usize = 13;
/// As many of them at each look at least, so that a few are soon round.
const TURN: usize = 20;
const MISSING: Duration = Duration::from_millis(500);
const PACE: Duration = Duration::from_millis(200);
const BATCH: usize = 250;

pub(super) enum Order {
    /// These jobs are on screen.
    Watch(Vec<PathBuf>),
    Wake(Pending),
}

struct Lister {
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    out: SyncSender<Message>,
    watcher: Watcher,
    known: HashMap<PathBuf, Known>,
    /// Jobs with something to count.
    counting: VecDeque<PathBuf>,
    waiting: HashSet<PathBuf>,
    shown: Vec<PathBuf>,
    /// Jobs that do not run and still have their turn in this round; and those that run.
    round: Vec<PathBuf>,
    live: Vec<PathBuf>,
    listing: Listing,
    watched: bool,
    root_stamp: Option<SystemTime>,
    rated: Option<Instant>,
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
            waiting: HashSet::new(),
            shown: Vec::new(),
            round: Vec::new(),
            live: Vec::new(),
            listing: Listing::default(),
            watched: false,
            root_stamp: None,
            rated: None,
        };
        let _ = lister.serve(&orders);
    }
}

impl Lister {
    fn serve(&mut self, orders: &Receiver<Order>) -> Result<(), Over> {
        self.watch_root()?;
        self.recover()?;
        self.list()?;
        let mut live = Instant::now();
        loop {
            let wait = if !self.counting.is_empty() {
                if self.shared.is_urgent() { PACE / 4 } else { Duration::ZERO }
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
                    Order::Watch(jobs) => {
                        self.watch_jobs(jobs)?;
                        // What came before it was watched is told by nobody.
                        self.look_again(self.shown.clone())?;
                    }
                    Order::Wake(pending) => {
                        thread::sleep(PACE / 4);
                        pending.store(false, Ordering::Release);
                        woken = true;
                    }
                }
            }
            if woken || self.listing.problem.is_some() {
                self.relist()?;
                self.look_again(self.shown.clone())?;
            }
            if live.elapsed() >= LIVE {
                live = Instant::now();
                self.recover()?;
                self.relist()?;
                self.look_at_live()?;
                self.look_at_dormant()?;
                self.rate()?;
            }
            self.count()?;
        }
    }

    /// The last words of a process that died belong into its jobs' files before anybody reads them.
    fn recover(&mut self) -> Result<(), Over> {
        let recovered = self.source.recover();
        if recovered.is_empty() { Ok(()) } else { tell(&self.out, Message::Recovered(recovered)) }
    }

    fn watch_root(&mut self) -> Result<(), Over> {
        self.watched = self.watcher.watch_root();
        self.say_watching()
    }

    fn watch_jobs(&mut self, jobs: Vec<PathBuf>) -> Result<(), Over> {
        let watched = self.watcher.watch_jobs(&jobs);
        self.shared.polling.store(!watched, Ordering::Relaxed);
        self.shown = jobs;
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
        // A watch is on what a directory was, not on its name.
        if new.iter().any(|key| self.shown.contains(key)) {
            self.watch_jobs(self.shown.clone())?;
        }
        let before = self.listing.clone();
        self.listing.total = self.known.len() + new.len();
        for batch in new.chunks(BATCH) {
            let jobs = self.look_at_new(batch);
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

    /// Looks at jobs that nobody has looked at, with several threads: it is the disk or the kernel that takes long.
    fn look_at_new(&mut self, keys: &[PathBuf]) -> Vec<Job> {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
        let (source, quiet) = (&*self.source, self.quiet());
        let look = |part: &[PathBuf]| {
            part.iter().map(|key| Known::look(source, key, None, quiet)).collect::<Vec<_>>()
        };
        let known: Vec<Known> = thread::scope(|scope| {
            let parts: Vec<_> = keys.chunks(keys.len().div_ceil(threads).max(1)).collect();
            let others: Vec<_> = parts.iter().skip(1).map(|part| scope.spawn(|| look(part))).collect();
            let mut known = parts.first().map_or_else(Vec::new, |part| look(part));
            known.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
            known
        });
        known.into_iter().map(|known| self.remember(known)).collect()
    }

    /// A job that runs and has written nothing for so long has gone quiet.
    fn quiet(&self) -> Duration {
        Duration::from_secs(self.shared.quiet_after.load(Ordering::Relaxed))
    }

    /// Looks at a job again.
    fn look(&mut self, key: &Path) -> Job {
        let old = self.known.remove(key);
        let known = Known::look(&*self.source, key, old, self.quiet());
        self.remember(known)
    }

    /// Remembers a job and what is to be counted of it.
    fn remember(&mut self, known: Known) -> Job {
        let key = &known.job.key.clone();
        if (known.behind() || known.failed()) && self.waiting.insert(key.to_owned()) {
            self.counting.push_back(key.to_owned());
        }
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

    /// All jobs that run or may do so, in turn if there are so many of them that it would take long.
    fn look_at_live(&mut self) -> Result<(), Over> {
        if self.live.is_empty() {
            let live = self.known.values().filter(|known| is_live(&known.job));
            self.live = live.map(|known| known.job.key.clone()).collect();
        }
        let (started, quiet) = (Instant::now(), self.quiet());
        let (mut changed, mut unclear) = (Vec::new(), Vec::new());
        while started.elapsed() < LIVE / 40
            && let Some(key) = self.live.pop()
        {
            let Some(known) = self.known.get_mut(&key) else { continue };
            match known.glance(&*self.source, quiet) {
                Glance::Same => {}
                Glance::Changed => changed.push(known.job.clone()),
                Glance::Unclear => unclear.push(key),
            }
            if unclear.len() >= TURN {
                self.look_again(std::mem::take(&mut unclear))?;
            }
        }
        self.look_again(unclear)?;
        if changed.is_empty() { Ok(()) } else { tell(&self.out, Message::Jobs(changed)) }
    }

    /// A directory's own stamp tells whether a job that does not run has been started again; files of directories
    /// that logcore did not write may have grown all the same. They are looked at in turn, some at each look.
    fn look_at_dormant(&mut self) -> Result<(), Over> {
        if self.round.is_empty() {
            let dormant = self.known.values().filter(|known| !is_live(&known.job));
            self.round = dormant.map(|known| known.job.key.clone()).collect();
        }
        let turn = take_turn(&mut self.round, self.known.len());
        let stale = |key: &PathBuf| self.known.get(key).is_some_and(|known| known.is_stale(&*self.source));
        self.look_again(turn.into_iter().filter(stale).collect())
    }

    /// Counts for a slice of time, the job on screen first.
    fn count(&mut self) -> Result<(), Over> {
        if self.shared.is_urgent() {
            return Ok(());
        }
        if let Some(at) = self.counting.iter().position(|key| self.shown.contains(key)) {
            self.counting.swap(0, at);
        }
        let started = Instant::now();
        let mut changed = Vec::new();
        while started.elapsed() < PACE / 4
            && let Some(key) = self.counting.pop_front()
        {
            self.waiting.remove(&key);
            let Some(known) = self.known.get_mut(&key) else { continue };
            let before = known.job.clone();
            known.count(&*self.source);
            if known.job != before {
                changed.push(known.job.clone());
            }
            if known.behind() && self.waiting.insert(key.clone()) {
                self.counting.push_back(key);
            }
        }
        if changed.is_empty() { Ok(()) } else { tell(&self.out, Message::Jobs(changed)) }
    }

    /// What all live jobs wrote since the last time.
    fn rate(&mut self) -> Result<(), Over> {
        let grown: u64 = self.known.values_mut().map(Known::written_since).sum();
        let since = self.rated.replace(Instant::now()).map_or(LIVE, |at| at.elapsed());
        let rate = (grown as f64 / since.as_secs_f64().max(0.1)) as u64;
        if rate != self.listing.rate {
            self.listing.rate = rate;
            tell(&self.out, Message::Listed(self.listing.clone()))?;
        }
        Ok(())
    }
}

/// Those of a round of jobs whose turn it is now.
fn take_turn(round: &mut Vec<PathBuf>, known: usize) -> Vec<PathBuf> {
    let turn = TURN.max(known.div_ceil(TURNS)).min(round.len());
    round.split_off(round.len() - turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_has_its_turn_within_half_a_minute_however_many_there_are() {
        for count in [1, 20, 299, 301, 10_000] {
            let mut round: Vec<PathBuf> = (0..count).map(|number| format!("{number}").into()).collect();
            let mut seen = HashSet::new();
            let mut looks = 0;
            while !round.is_empty() {
                seen.extend(take_turn(&mut round, count));
                looks += 1;
            }
            assert_eq!(seen.len(), count);
            assert!(LIVE * looks <= Duration::from_secs(30), "{count} jobs take {looks} looks");
        }
    }
}
