//! The threads beside the one that draws, and how requests reach them. All of them send messages over one bounded
//! channel; none of them draws, and none is waited for.
//!
//! ```text
//! input, signals ─┐                    ┌─ requests ─► pager ─┬► indexer   (one file: lines, index)
//! lister ─────────┼─► messages ─► draw ┤                     ├► searcher  (one file: jumps, counts)
//!                 │                    │                     └► finder    (one file: what was rotated away)
//! pager, … ───────┘                    └─ requests ─► lister             (all jobs: state, counts)
//! ```

mod changer;
mod compare;
mod config;
mod elsewhere;
mod indexer;
mod input;
mod keeper;
mod known;
mod lister;
mod older;
mod pager;
mod searcher;
mod taker;
mod tally;
#[cfg(test)]
mod tests;
mod watcher;
mod whole;

pub(crate) use config::ConfigFile;

use crate::model::{Change, Message, Request};
use crate::reading::Shelf;
use crate::session::{Memory, Session};
use crate::source::Source;
use crate::terminal;
use encoding_rs::Encoding;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Messages that may wait to be drawn; whoever has more waits too.
const WAITING: usize = 256;

/// Where messages come out and requests go in. Dropping it ends the threads, each at its next look.
pub(crate) struct Workers {
    /// What has happened.
    pub messages: Receiver<Message>,
    pager: Sender<pager::Order>,
    lister: Sender<lister::Order>,
    elsewhere: Post<elsewhere::Order>,
    keeper: Sender<Session>,
    changer: Sender<Change>,
    shared: Arc<Shared>,
}

/// What all threads see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// How many requests the pager was sent: if that goes on, what it does is no longer wanted.
    pub(crate) requests: AtomicU64,
    /// How many jumps were asked for: with the next one, the one before is no longer wanted.
    pub(crate) steps: AtomicU64,
    /// How many threads do what a person waits for: what is only done behind waits meanwhile.
    pub(crate) urgent: AtomicU64,
    /// How many times something was saved or that was stopped: with the next one, the one before is no longer wanted.
    pub(crate) saves: AtomicU64,
    /// Another program has the terminal: nothing is read from it. And whether nothing is.
    pub(crate) lent: AtomicBool,
    pub(crate) resting: AtomicBool,
    /// Seconds of silence after which a job has gone quiet.
    pub(crate) quiet_after: AtomicU64,
    /// Notifications do not work; look often.
    pub(crate) polling: AtomicBool,
    /// It is over.
    pub(crate) quit: AtomicBool,
}

impl Shared {
    /// Says that a person waits, until it is dropped.
    fn urgent(&self) -> Urgent<'_> {
        self.urgent.fetch_add(1, Ordering::Relaxed);
        Urgent(&self.urgent)
    }

    fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::Relaxed) > 0
    }
}

struct Urgent<'a>(&'a AtomicU64);

impl Drop for Urgent<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What takes longer says how far it is, and how often.
const LONG: Duration = Duration::from_millis(300);
const TELL: Duration = Duration::from_millis(100);

/// Orders to a thread that may be long at work: it can see that there are more of them.
struct Post<T> {
    orders: Sender<T>,
    sent: Arc<AtomicU64>,
}

impl<T> Post<T> {
    fn new() -> (Post<T>, Arc<AtomicU64>, Receiver<T>) {
        let (orders, received) = channel();
        let sent = Arc::<AtomicU64>::default();
        (Post { orders, sent: Arc::clone(&sent) }, sent, received)
    }

    fn send(&self, order: T) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        drop(self.orders.send(order));
    }
}

/// Starts all threads.
pub(crate) fn start(
    source: &Arc<dyn Source>,
    shelf: Shelf,
    (encoding, polling, quiet_after): (Option<&'static Encoding>, bool, u64),
    config: Option<ConfigFile>,
    memory: (Memory, PathBuf),
) -> Workers {
    let (out, messages) = sync_channel(WAITING);
    let shared = Arc::new(Shared::default());
    shared.polling.store(polling, Ordering::Relaxed);
    shared.quiet_after.store(quiet_after, Ordering::Relaxed);
    let (to_pager, pager_orders) = channel();
    let (to_lister, lister_orders) = channel();
    let (to_indexer, to_index, indexer_orders) = Post::new();
    let (to_searcher, to_search, searcher_orders) = Post::new();
    let (to_finder, to_find, finder_orders) = Post::new();
    let (to_taker, _, taker_orders) = Post::new();
    let (to_elsewhere, sought, elsewhere_orders) = Post::new();
    let watcher = watcher::Watcher::new(Arc::clone(source), polling, to_pager.clone(), to_lister.clone());
    spawn(
        "pager",
        &out,
        pager::run(
            Arc::clone(source),
            Arc::clone(&shared),
            pager_orders,
            out.clone(),
            (to_indexer, to_searcher, to_finder, to_taker),
            encoding,
        ),
    );
    spawn(
        "lister",
        &out,
        lister::run(Arc::clone(source), Arc::clone(&shared), lister_orders, out.clone(), watcher),
    );
    older::start(source, &shared, (to_find, finder_orders), to_pager.clone(), &out);
    spawn("indexer", &out, indexer::run(Arc::clone(&shared), shelf, to_index, indexer_orders, out.clone()));
    spawn("searcher", &out, searcher::run(Arc::clone(&shared), to_search, searcher_orders, out.clone()));
    spawn("taker", &out, taker::run(Arc::clone(&shared), taker_orders, out.clone()));
    let sought = (sought, elsewhere_orders);
    spawn(
        "search elsewhere",
        &out,
        elsewhere::run(Arc::clone(source), Arc::clone(&shared), encoding, sought, out.clone()),
    );
    input::start(&shared, &out);
    if let Some(config) = config {
        config::start(config, &shared, &out);
    }
    let changer = changer::start(memory.1.clone(), &shared, &out);
    let keeper = keeper::start(memory, &shared, &out);
    let elsewhere = to_elsewhere;
    Workers { changer, keeper, messages, pager: to_pager, lister: to_lister, elsewhere, shared }
}

impl Workers {
    /// Hands a request to whoever does it. Taking the mouse is none of theirs.
    pub(crate) fn send(&self, request: Request) {
        match request {
            Request::Mouse(_) | Request::Ring(..) | Request::Run(_) | Request::Suspend => {}
            Request::QuietAfter(seconds) => self.shared.quiet_after.store(seconds, Ordering::Relaxed),
            Request::Change(change) => drop(self.changer.send(change)),
            Request::Keep(session) => drop(self.keeper.send(*session)),
            Request::StopSave => drop(self.shared.saves.fetch_add(1, Ordering::Relaxed)),
            Request::SearchElsewhere(sought) => self.elsewhere.send(elsewhere::Order::Look(sought)),
            Request::StopElsewhere => self.elsewhere.send(elsewhere::Order::Stop),
            Request::Compare { serial, sides } => {
                self.elsewhere.send(elsewhere::Order::Compare { serial, sides });
            }
            Request::StopStep => drop(self.shared.steps.fetch_add(1, Ordering::Relaxed)),
            Request::Watch(jobs) => drop(self.lister.send(lister::Order::Watch(jobs))),
            other => {
                self.shared.requests.fetch_add(1, Ordering::Relaxed);
                let shows = matches!(other, Request::Show { .. } | Request::ShowJobs { .. });
                if shows || matches!(other, Request::Step { .. } | Request::HitLines { .. }) {
                    self.shared.steps.fetch_add(1, Ordering::Relaxed);
                }
                drop(self.pager.send(pager::Order::Request(other)));
            }
        }
    }
}

impl Workers {
    /// Has nothing read from the terminal while something is done that does so itself.
    pub(crate) fn lend<T>(&self, act: impl FnOnce() -> T) -> T {
        const PATIENCE: Duration = Duration::from_secs(3);
        self.shared.lent.store(true, Ordering::SeqCst);
        let began = Instant::now();
        while !self.shared.resting.load(Ordering::SeqCst) && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(2));
        }
        let done = act();
        self.shared.lent.store(false, Ordering::SeqCst);
        done
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::Relaxed);
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
        self.shared.steps.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whoever draws is gone: the thread ends.
struct Over;

fn tell(out: &SyncSender<Message>, message: Message) -> Result<(), Over> {
    out.send(message).map_err(|_| Over)
}

/// Starts a thread. One that panics says so, since without it the screen would show what is not so any more.
fn spawn(name: &'static str, out: &SyncSender<Message>, work: impl FnOnce() + Send + 'static) {
    let tell = out.clone();
    let guarded = move || {
        terminal::draws();
        let work = || {
            crate::app::provoke(name);
            work();
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            drop(tell.send(Message::Broken(name)));
        }
    };
    if thread::Builder::new().name(format!("logview {name}")).spawn(guarded).is_err() {
        drop(out.try_send(Message::Broken(name)));
    }
}
