//! Builds the index of the file on screen, behind, outward from its end, and carries it on as the file grows.

use super::{Over, Shared, TELL, pager::SharedIndex, tell};
use crate::model::Message;
use crate::reading::Shelf;
use crate::reading::index::{Index, Learned, learn};
use crate::reading::sweep::{Block, sweep};
use crate::source::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often it shows the volume.
const TELL_VOLUME: Duration = Duration::from_millis(400);

pub(super) enum Order {
    Start { tag: u64, bytes: Arc<dyn Bytes>, len: u64, index: SharedIndex },
    Grow(u64),
    Stop,
}

struct Work {
    tag: u64,
    bytes: Arc<dyn Bytes>,
    len: u64,
    index: SharedIndex,
    told: Told,
    /// As far as it was when it was kept.
    kept: usize,
}

/// When it last said something, and whether it was everything.
#[derive(Default)]
struct Told {
    at: Option<Instant>,
    volume_at: Option<Instant>,
    /// Its first words wait for the whole of a file that does not take long.
    first: Option<Instant>,
}

/// What makes the builder look up: another order. `sent` is counted by whoever sends.
pub(super) fn run(
    shared: Arc<Shared>,
    shelf: Shelf,
    sent: Arc<AtomicU64>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&shared, &shelf, &sent, &orders, &out);
    }
}

fn serve(
    shared: &Shared,
    shelf: &Shelf,
    sent: &AtomicU64,
    orders: &Receiver<Order>,
    out: &SyncSender<Message>,
) -> Result<(), Over> {
    let mut work: Option<Work> = None;
    let (mut taken, mut owed) = (0, false);
    loop {
        let order = if owed {
            match orders.recv_timeout(TELL) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        } else {
            Some(orders.recv().map_err(|_| Over)?)
        };
        for order in order.into_iter().chain(orders.try_iter()) {
            taken += 1;
            match order {
                Order::Start { tag, bytes, len, index } => {
                    let told = Told { first: Some(Instant::now()), ..Told::default() };
                    let work = work.insert(Work { tag, bytes, len, index, told, kept: 0 });
                    work.resume(shelf);
                }
                Order::Grow(len) => work.iter_mut().for_each(|work| work.len = len),
                Order::Stop => work = None,
            }
        }
        owed = match &mut work {
            Some(work) => {
                let stop = || {
                    sent.load(Ordering::Relaxed) != taken
                        || shared.quit.load(Ordering::Relaxed)
                        || shared.is_urgent()
                };
                let owed = work.go_on(out, &stop)?;
                if !owed {
                    work.keep(shelf);
                }
                owed
            }
            None => false,
        };
    }
}

impl Work {
    /// Begins with what is kept of the file.
    fn resume(&mut self, shelf: &Shelf) {
        let format = self.index.lock().unwrap_or_else(PoisonError::into_inner).format.clone();
        if let Some(index) = shelf.load(&*self.bytes, self.len, &format) {
            self.kept = index.kept().0.len();
            *self.index.lock().unwrap_or_else(PoisonError::into_inner) = index;
        }
    }

    /// Keeps what is known, if it is much more than was kept.
    fn keep(&mut self, shelf: &Shelf) {
        let blocks = self.index.lock().unwrap_or_else(PoisonError::into_inner).kept().0.len();
        if blocks > self.kept + self.kept / 8 {
            self.kept = blocks;
            let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // Without it the index is built anew the next time.
            drop(shelf.keep(&*self.bytes, &index));
        }
    }

    /// Learns what is not known yet, and says so; says whether there is something left to be said.
    fn go_on(&mut self, out: &SyncSender<Message>, stop: &(dyn Fn() -> bool + Sync)) -> Result<bool, Over> {
        if self.told.at.is_some_and(|at| at.elapsed() < TELL / 2) {
            return Ok(true); // a file that grows all the time is not counted all the time
        }
        let lock = || self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let (format, unknown, (tail, behind)) = {
            let mut index = lock();
            index.grow(self.len);
            (index.format.clone(), index.unknown(self.len), index.tail())
        };
        let file = (&*self.bytes, self.len);
        let look = |block: Block| learn(&format, block);
        let mut parts = vec![Learned::default(); (tail.end - tail.start) as usize];
        if behind {
            let first = tail.start;
            let learned = sweep(
                file,
                tail,
                &look,
                &mut |block, part| {
                    parts[(block - first) as usize] = part;
                    true
                },
                &|| false,
            );
            // Cut under our hands: the pager will notice.
            if learned.is_ok() {
                lock().put_tail(self.len, &parts);
            }
        }
        let (tag, told) = (self.tag, Mutex::new((&mut self.told, Ok(true))));
        let learned = sweep(
            file,
            unknown.into_iter(),
            &look,
            &mut |block, part: Learned| {
                lock().put(block, &part);
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.1 = told.0.say(tag, &lock, out, false);
                told.1.is_ok()
            },
            stop,
        );
        let (told, result) = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        result?;
        let owed = told.say(tag, &lock, out, true)?;
        Ok(owed || learned.is_ok_and(|complete| !complete))
    }
}

impl Told {
    /// Says how far it is, now and then; says whether there is something left to be said.
    fn say<'a>(
        &mut self,
        tag: u64,
        index: &impl Fn() -> MutexGuard<'a, Index>,
        out: &SyncSender<Message>,
        last: bool,
    ) -> Result<bool, Over> {
        let due = |at: Option<Instant>, every: Duration| at.is_none_or(|at| at.elapsed() >= every);
        let first = self.first.filter(|_| !last);
        if !due(self.at.or(first), TELL) {
            return Ok(true);
        }
        let volume_due = due(self.volume_at, TELL_VOLUME);
        let (totals, volume, errors) = {
            let index = index();
            (index.totals(), volume_due.then(|| index.volume()), volume_due.then(|| index.errors()))
        };
        let now = Some(Instant::now());
        (self.at, self.volume_at) = (now, if volume_due { now } else { self.volume_at });
        tell(out, Message::Indexed { tag, totals, volume })?;
        if errors.is_some() {
            tell(out, Message::Spotted { tag, errors, hits: None })?;
        }
        Ok(!volume_due)
    }
}
