//! The search in what is not on the screen: reads one log after the other, several at once, keeps nothing of them but what they
//! come to, and has only those open that it reads. It waits while something is looked for on the screen, and ends as soon as
//! something else is wanted.

use super::whole::Whole;
use super::{Over, Shared, TELL, compare, tell};
use crate::model::{LogHits, Message, Reach, Side, Sought, SoughtLog};
use crate::reading::{Summary, summary::summary};
use crate::source::{Place, Source};
use encoding_rs::Encoding;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Whoever types goes on typing; thousands of files are read once it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(150);

/// How long it waits before it looks again whether nothing more urgent is under way.
const YIELD: Duration = Duration::from_millis(5);
const YIELDS: usize = 4;

/// Logs that are read at once. Each is read by so many threads again if it is large, but then it is the only one.
const AT_ONCE: usize = 4;

/// What is larger is read when everything else is done, one after the other, each by several threads.
const LARGE: u64 = 16 << 20;

pub(super) enum Order {
    Look(Box<Sought>),
    Compare { serial: u64, sides: Box<[Side; 2]> },
    Stop,
}

pub(super) fn run(
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    encoding: Option<&'static Encoding>,
    (sent, orders): (Arc<AtomicU64>, Receiver<Order>),
    out: SyncSender<Message>,
) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&source, &shared, encoding, (&sent, &orders), &out);
    }
}

fn serve(
    source: &Arc<dyn Source>,
    shared: &Shared,
    encoding: Option<&'static Encoding>,
    (sent, orders): (&AtomicU64, &Receiver<Order>),
    out: &SyncSender<Message>,
) -> Result<(), Over> {
    let mut taken = 0;
    loop {
        let mut order = orders.recv().map_err(|_| Over)?;
        taken += 1;
        loop {
            match orders.recv_timeout(QUIET) {
                Ok(newer) => {
                    taken += 1;
                    order = newer;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Err(Over),
            }
        }
        let stop = || sent.load(Ordering::Relaxed) != taken || shared.quit.load(Ordering::Relaxed);
        let sought = match order {
            Order::Look(sought) => sought,
            Order::Compare { serial, sides } => {
                // Whoever asked for it waits for it.
                let _urgent = shared.urgent();
                compare::compare(source, encoding, (serial, &sides), out, &stop)?;
                continue;
            }
            Order::Stop => continue,
        };
        let looking = Looking::new(source, shared, encoding, &sought, out, &stop);
        looking.look();
        if !stop() {
            looking.tell(true)?;
        }
    }
}

struct Looking<'a> {
    source: &'a Arc<dyn Source>,
    shared: &'a Shared,
    encoding: Option<&'static Encoding>,
    sought: &'a Sought,
    out: &'a SyncSender<Message>,
    stop: &'a (dyn Fn() -> bool + Sync),
    started: Instant,
    state: Mutex<State>,
}

struct State {
    reach: Reach,
    /// What was not told yet.
    found: Vec<LogHits>,
    told: Instant,
}

impl<'a> Looking<'a> {
    fn new(
        source: &'a Arc<dyn Source>,
        shared: &'a Shared,
        encoding: Option<&'static Encoding>,
        sought: &'a Sought,
        out: &'a SyncSender<Message>,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Looking<'a> {
        let started = Instant::now();
        let bytes = sought.logs.iter().map(|log| log.size).sum();
        let reach = Reach { logs: sought.logs.len(), bytes, ..Reach::default() };
        let state = Mutex::new(State { reach, found: Vec::new(), told: started });
        Looking { source, shared, encoding, sought, out, stop, started, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let numbers = 0..self.sought.logs.len();
        let (large, small): (Vec<usize>, Vec<usize>) =
            numbers.partition(|&number| self.sought.logs[number].size > LARGE);
        let next = Mutex::new(small.into_iter());
        let work = || {
            // Large ones are read by several threads anyway.
            while let Some(number) = { next.lock().unwrap_or_else(PoisonError::into_inner).next() } {
                self.look_at(number);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE);
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        large.into_iter().for_each(|number| self.look_at(number));
    }

    /// Waits a little while somebody waits for something else, which never ends where a log grows all the time; says
    /// whether this is still wanted.
    fn goes_on(&self) -> bool {
        for _ in 0..YIELDS {
            if !self.shared.is_urgent() || (self.stop)() {
                break;
            }
            thread::sleep(YIELD);
        }
        !(self.stop)()
    }

    fn look_at(&self, number: usize) {
        if !self.goes_on() {
            return;
        }
        let log = &self.sought.logs[number];
        let before = Mutex::new(0);
        let read = |count: u64| {
            *before.lock().unwrap_or_else(PoisonError::into_inner) += count;
            self.state().reach.read += count;
            let _ = self.tell(false);
        };
        let found = self.summary(log, &read);
        let mut state = self.state();
        match found {
            Ok(Some(summary)) => {
                state.reach.done += 1;
                if summary.hits > 0 {
                    let (job, file) = (log.job.clone(), log.file.clone());
                    state.found.push(LogHits { number, job, file, summary });
                }
            }
            Ok(None) => return,
            Err(error) => {
                state.reach.done += 1;
                // What is gone meanwhile is not missed.
                state.reach.failed += usize::from(error.kind() != io::ErrorKind::NotFound);
            }
        }
        let read = before.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.reach.bytes = state.reach.bytes - log.size + read;
        drop(state);
        let _ = self.tell(false);
    }

    /// What a log comes to; `None` if it is not wanted any more.
    fn summary(&self, log: &SoughtLog, read: &(dyn Fn(u64) + Sync)) -> io::Result<Option<Summary>> {
        let live = Place { job: log.job.clone(), file: log.live.clone() };
        let goes_on = || self.goes_on();
        let whole = Whole { source: self.source, encoding: self.encoding, goes_on: &goes_on };
        let Some((bytes, len)) = whole.row(log)? else { return Ok(None) };
        let format = self.source.format(&live);
        summary((&*bytes, len), (&self.sought.pattern, &format), read, &|| !self.goes_on())
    }

    /// Says how far it is, now and then or at its end.
    fn tell(&self, last: bool) -> Result<(), Over> {
        let mut state = self.state();
        if !last && state.told.elapsed() < TELL || (self.stop)() {
            return Ok(());
        }
        state.told = Instant::now();
        state.reach.took = self.started.elapsed();
        let (reach, found) = (state.reach, std::mem::take(&mut state.found));
        // Whoever waits to say something must not hold up those who read.
        drop(state);
        tell(self.out, Message::Elsewhere { serial: self.sought.serial, found, reach })
    }
}
