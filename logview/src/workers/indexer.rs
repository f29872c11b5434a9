//! Builds the index of the file on screen, behind, and carries it on as the file grows.

use super::{Over, pager::SharedIndex, tell};
use crate::model::Message;
use crate::reading::index::BLOCK;
use crate::source::Bytes;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How often it says how far it is, and how often it shows the volume.
const TELL: Duration = Duration::from_millis(100);
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
    told: Instant,
    told_volume: Option<Instant>,
}

pub(super) fn run(orders: Receiver<Order>, out: SyncSender<Message>) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&orders, &out);
    }
}

fn serve(orders: &Receiver<Order>, out: &SyncSender<Message>) -> Result<(), Over> {
    let mut work: Option<Work> = None;
    let mut data = Vec::new();
    let mut untold = false;
    loop {
        let behind = work.as_ref().is_some_and(Work::is_behind);
        let order = if behind {
            match orders.try_recv() {
                Ok(order) => Some(order),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        } else if untold {
            orders.recv_timeout(TELL).ok()
        } else {
            Some(orders.recv().map_err(|_| Over)?)
        };
        match order {
            Some(Order::Start { tag, bytes, len, index }) => {
                work = Some(Work { tag, bytes, len, index, told: Instant::now(), told_volume: None });
                untold = true;
            }
            Some(Order::Grow(len)) => {
                if let Some(work) = &mut work {
                    work.len = len;
                }
                untold = true;
            }
            Some(Order::Stop) => (work, untold) = (None, false),
            None => {}
        }
        let Some(work) = &mut work else { continue };
        if work.is_behind() {
            work.step(&mut data);
        }
        untold = work.tell(out, untold)?;
    }
}

impl Work {
    fn is_behind(&self) -> bool {
        self.index.lock().unwrap_or_else(PoisonError::into_inner).fed() < self.len
    }

    fn step(&mut self, data: &mut Vec<u8>) {
        let fed = self.index.lock().unwrap_or_else(PoisonError::into_inner).fed();
        data.resize((self.len - fed).min(BLOCK) as usize, 0);
        match self.bytes.read_at(data, fed) {
            Ok(0) | Err(_) => self.len = fed, // cut under our hands; the pager will notice
            Ok(read) => self.index.lock().unwrap_or_else(PoisonError::into_inner).feed(&data[..read]),
        }
    }

    /// Says how far it is, now and then; says whether there is something left to be said.
    fn tell(&mut self, out: &SyncSender<Message>, untold: bool) -> Result<bool, Over> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut totals = index.totals();
        let first = self.told_volume.is_none();
        // What was written a moment ago is on its way; a block behind is not complete any more.
        totals.complete = totals.bytes + BLOCK > self.len && (!first || totals.bytes >= self.len);
        let due = first && totals.complete || self.told.elapsed() >= TELL;
        if !due || (!untold && totals.complete) {
            return Ok(untold);
        }
        let caught_up = totals.bytes >= self.len;
        let volume_due = self.told_volume.is_none_or(|at| at.elapsed() >= TELL_VOLUME);
        let volume = volume_due.then(|| index.volume().clone());
        drop(index);
        self.told = Instant::now();
        if volume.is_some() {
            self.told_volume = Some(self.told);
        }
        tell(out, Message::Indexed { tag: self.tag, totals, volume })?;
        Ok(!caught_up || !volume_due)
    }
}
