//! Which job a record belongs to: the one that its thread is in, else the server log.
//!
//! The current job is in a thread-local. A record costs no lock, no hash and no string here; entering and leaving a
//! job also notes the thread in a table, for [`crate::Logs::on_thread`].

use crate::engine::thread_end;
use crate::job::Job;
use crate::logs::Logs;
use crate::tally::Seat;
use log::{Log, Metadata, Record};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// The process's logger while [`crate::init`] is in force; hosts that combine loggers can install it themselves.
#[derive(Debug, Clone)]
pub struct Router {
    logs: Logs,
}

impl Router {
    pub(crate) fn new(logs: Logs) -> Router {
        Router { logs }
    }
}

impl Log for Router {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match current_place() {
            Some(place) => place.job.enabled(metadata),
            None => self.logs.server().enabled(metadata),
        }
    }

    fn log(&self, record: &Record<'_>) {
        match current_place() {
            Some(place) => place.job.core().log_inside(record, &place.seat),
            None => self.logs.server().log(record),
        }
    }

    fn flush(&self) {
        self.logs.flush_all();
    }
}

/// The job that this thread is in, if it is in one.
///
/// ```no_run
/// # fn main() -> Result<(), logcore::Error> {
/// # let logs = logcore::init("config/log.yaml")?;
/// let job = logs.job("import-42").start()?;
/// job.run(|| assert_eq!(logcore::current().map(|job| job.id().to_owned()).as_deref(), Some("import-42")));
/// assert!(logcore::current().is_none());
/// # Ok(()) }
/// ```
#[must_use]
pub fn current() -> Option<Job> {
    current_place().map(|place| place.job.clone())
}

/// While it lives, this thread is in the job. Dropping it restores what was there before.
///
/// Guards nest. One that is dropped out of order takes only itself away. It cannot be sent to another thread:
///
/// ```compile_fail
/// fn send<T: Send>(_: T) {}
/// fn try_it(job: logcore::Job) { send(job.enter()) }
/// ```
#[derive(Debug)]
#[must_use = "the thread leaves the job when this is dropped"]
pub struct Entered {
    token: u64,
    not_send: PhantomData<*const ()>,
}

/// The jobs that a thread is in, the innermost last.
#[derive(Default)]
struct Inside {
    stack: RefCell<Vec<(u64, Rc<Place>)>>,
    next_token: Cell<u64>,
}

/// A thread's place in a job.
struct Place {
    job: Job,
    seat: Seat,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.job.core().tally().stand_up(&self.seat);
    }
}

thread_local!(static INSIDE: Inside = Inside::default());

fn current_place() -> Option<Rc<Place>> {
    // While the thread ends there is no current job any more.
    INSIDE.try_with(|inside| inside.stack.borrow().last().map(|(_, place)| Rc::clone(place))).ok().flatten()
}

pub(crate) fn enter(job: &Job) -> Entered {
    // Asked for here, so that a panic hook knows.
    thread_end::reached();
    let token = INSIDE.try_with(|inside| {
        let token = inside.next_token.get();
        inside.next_token.set(token + 1);
        let place = Place { job: job.clone(), seat: job.core().tally().sit_down() };
        inside.stack.borrow_mut().push((token, Rc::new(place)));
        shard(thread::current().id())
            .entry(thread::current().id())
            .or_default()
            .push((token, job.downgrade()));
        token
    });
    Entered { token: token.unwrap_or(u64::MAX), not_send: PhantomData }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // The job is dropped last: it may be its last clone, whose end is work.
        let _place = INSIDE.try_with(|inside| {
            let mut stack = inside.stack.borrow_mut();
            let at = stack.iter().rposition(|(token, _)| *token == self.token)?;
            let (_, place) = stack.remove(at);
            drop(stack);
            forget(thread::current().id(), |token| token == self.token);
            Some(place)
        });
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Guards that were leaked must not leave a dead thread in the table.
        if !self.stack.borrow().is_empty() {
            forget(thread::current().id(), |_| true);
        }
    }
}

type Weak = crate::job::WeakJob;
type Shard = HashMap<ThreadId, Vec<(u64, Weak)>>;

/// Threads and the jobs they are in, as others see them.
static THREADS: LazyLock<(RandomState, [Mutex<Shard>; 16])> = LazyLock::new(Default::default);

fn shard(thread: ThreadId) -> MutexGuard<'static, Shard> {
    let (hasher, shards) = &*THREADS;
    let at = hasher.hash_one(thread) as usize % shards.len();
    shards[at].lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(thread: ThreadId, gone: impl Fn(u64) -> bool) {
    let mut shard = shard(thread);
    if let Some(stack) = shard.get_mut(&thread) {
        stack.retain(|(token, _)| !gone(*token));
        if stack.is_empty() {
            shard.remove(&thread);
        }
    }
}

/// The job that `thread` is in.
pub(crate) fn on_thread(thread: ThreadId) -> Option<Job> {
    let weak = shard(thread).get(&thread).and_then(|stack| stack.last().map(|(_, job)| job.clone()));
    weak.and_then(|job| job.upgrade())
}

/// Every thread that is in a job, with the innermost one.
pub(crate) fn threads() -> Vec<(ThreadId, Weak)> {
    let lock = |shard: &'static Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |shard: &'static Mutex<Shard>| {
        lock(shard).iter().filter_map(|(id, stack)| Some((*id, stack.last()?.1.clone()))).collect::<Vec<_>>()
    };
    THREADS.1.iter().flat_map(of).collect()
}
