//! The file on screen: follows it by name, reads the lines that are asked for, and passes its bytes on to the index
//! and the search. The only open descriptors are those of this one file.

use super::{Over, Post, Shared, indexer, searcher, tell, watcher::Pending};
use crate::model::{FileEvent, Message, Request};
use crate::reading::page::page;
use crate::reading::{Change, Followed, Format, Hits, Index, Lines, Pattern, Sieve};
use crate::source::Source;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often to look without notifications, and with them.
const POLL: Duration = Duration::from_millis(100);
const SAFETY: Duration = Duration::from_secs(1);

/// The least time between two looks, so that a fast writer costs no more than the screen can show.
const PACE: Duration = Duration::from_millis(10);

pub(super) enum Order {
    Request(Request),
    Wake(Pending),
}

/// The index of the file on screen, shared with whoever builds it.
pub(super) type SharedIndex = Arc<Mutex<Index>>;

pub(super) fn run(
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
    indexer: Post<indexer::Order>,
    searcher: Post<searcher::Order>,
) -> impl FnOnce() + Send {
    move || {
        let looked = Instant::now();
        let mut pager = Pager {
            source,
            shared,
            out,
            indexer,
            searcher,
            tag: 0,
            shown: None,
            index: SharedIndex::default(),
            lines: None,
            format: Format::default(),
            search: None,
            only: None,
            looked,
        };
        let _ = pager.serve(&orders);
    }
}

struct Pager {
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    out: SyncSender<Message>,
    indexer: Post<indexer::Order>,
    searcher: Post<searcher::Order>,
    tag: u64,
    shown: Option<Followed>,
    index: SharedIndex,
    lines: Option<Lines>,
    format: Format,
    /// Where what is searched for matches, and what is filtered by.
    search: Option<Hits>,
    only: Option<Hits>,
    looked: Instant,
}

impl Pager {
    fn serve(&mut self, orders: &Receiver<Order>) -> Result<(), Over> {
        let mut served = 0;
        loop {
            let polling = self.shared.polling.load(Ordering::Relaxed);
            let first = match orders.recv_timeout(if polling { POLL } else { SAFETY }) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if self.shared.quit.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut look = first.is_none();
            let mut wanted = None;
            for order in first.into_iter().chain(orders.try_iter()) {
                match order {
                    Order::Wake(pending) => {
                        std::thread::sleep(PACE.saturating_sub(self.looked.elapsed()));
                        pending.store(false, Ordering::Release);
                        look = true;
                    }
                    Order::Request(request) => {
                        served += 1;
                        // Of several pages that were asked for, only the last is still wanted.
                        if matches!(request, Request::Page { .. }) {
                            wanted = Some(request);
                        } else {
                            self.on_request(request)?;
                        }
                    }
                }
            }
            if look {
                self.look()?;
            }
            if let Some(request) = wanted {
                self.page(request, served)?;
            }
        }
    }

    fn on_request(&mut self, request: Request) -> Result<(), Over> {
        match request {
            Request::Show { tag, place } => {
                self.tag = tag;
                self.lines = None;
                (self.search, self.only) = (None, None);
                self.shown = place.map(Followed::new);
                self.indexer.send(indexer::Order::Stop);
                self.searcher.send(searcher::Order::Stop);
                self.look()
            }
            Request::Step { tag, step, from, pattern, only } if tag == self.tag => {
                let serial = self.shared.steps.load(Ordering::Relaxed);
                let index = Arc::clone(&self.index);
                let Some((bytes, len)) = self.bytes() else { return Ok(()) };
                let format = self.format.clone();
                let hits = self.searched(pattern);
                let (levels, only) = (only.levels, self.filtered(only.matching));
                let order =
                    searcher::Step { tag, step, from, levels, hits, only, bytes, len, serial, index, format };
                self.searcher.send(searcher::Order::Step(Box::new(order)));
                Ok(())
            }
            Request::Count { tag, pattern, near } if tag == self.tag => {
                let order = match self.searched(pattern) {
                    Some(hits) => searcher::Order::Count { tag, hits, near },
                    None => searcher::Order::Stop,
                };
                self.searcher.send(order);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn bytes(&self) -> Option<(Arc<dyn crate::source::Bytes>, u64)> {
        self.shown.as_ref().and_then(Followed::bytes)
    }

    /// Where a pattern matches that is searched for; what is known of the same pattern stays known.
    fn searched(&mut self, pattern: Option<Pattern>) -> Option<Hits> {
        self.search = hits(self.search.take(), pattern, self.bytes());
        self.search.clone()
    }

    fn filtered(&mut self, pattern: Option<Pattern>) -> Option<Hits> {
        self.only = hits(self.only.take(), pattern, self.bytes());
        self.only.clone()
    }

    /// Looks what has happened to the file and says so.
    fn look(&mut self) -> Result<(), Over> {
        self.looked = Instant::now();
        let Some(shown) = &mut self.shown else { return Ok(()) };
        let change = match shown.check(&*self.source) {
            Ok(change) => change,
            Err(error) => {
                let event = FileEvent::Failed(error.to_string());
                return tell(&self.out, Message::File { tag: self.tag, event });
            }
        };
        // The news goes out first: what the others find in the file must not overtake it.
        let tag = self.tag;
        match (change, shown.bytes()) {
            (Change::Replaced, Some((bytes, len))) => {
                self.format = self.source.format(shown.place());
                let mut lines = Lines::new(Arc::clone(&bytes), len);
                lines.format = self.format.clone();
                self.lines = Some(lines);
                self.index = Arc::new(Mutex::new(Index::new(self.format.clone())));
                (self.search, self.only) = (None, None);
                self.searcher.send(searcher::Order::Stop);
                tell(&self.out, Message::File { tag, event: FileEvent::Replaced(len) })?;
                let index = Arc::clone(&self.index);
                self.indexer.send(indexer::Order::Start { tag, bytes, len, index });
                Ok(())
            }
            (Change::Grew | Change::Rotated, Some((_, len))) => {
                if let Some(lines) = &mut self.lines {
                    lines.grow(len);
                }
                let rotated = change == Change::Rotated;
                let event = if rotated { FileEvent::Rotated(len) } else { FileEvent::Grew(len) };
                tell(&self.out, Message::File { tag, event })?;
                self.indexer.send(indexer::Order::Grow(len));
                self.searcher.send(searcher::Order::Grow(len));
                [&self.search, &self.only].into_iter().flatten().for_each(|hits| hits.grow(len));
                Ok(())
            }
            (Change::Gone, _) => tell(&self.out, Message::File { tag, event: FileEvent::Gone }),
            _ => Ok(()),
        }
    }

    fn page(&mut self, request: Request, served: u64) -> Result<(), Over> {
        let Request::Page { tag, anchor, before, after, only, focus } = request else { return Ok(()) };
        if tag != self.tag {
            return Ok(());
        }
        let hits = self.filtered(only.matching);
        let Some(lines) = &mut self.lines else { return Ok(()) };
        let lock = || self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let index = (!only.levels.is_all()).then(|| lock().clone());
        let sieve = Sieve { levels: only.levels, hits: hits.as_ref(), index: index.as_ref() };
        let shared = &self.shared;
        let stop = || shared.requests.load(Ordering::Relaxed) > served;
        let urgent = hits.is_some().then(|| shared.urgent());
        let page = page(lines, (anchor, before, after), sieve, &stop);
        drop(urgent);
        match page {
            Ok(page) => {
                let first = page.lines.first().map_or(0, |line| line.at);
                let known = if hits.is_none() { lock().before_block(first, only.levels) } else { None };
                let before = known.and_then(|(count, block)| {
                    let of_block = super::tally::wanted_between(lines, block, first, only.levels)?;
                    Some(count + of_block)
                });
                tell(&self.out, Message::Page { tag, page, before, focus })
            }
            Err(error) => tell(&self.out, Message::File { tag, event: FileEvent::Failed(error.to_string()) }),
        }
    }
}

/// Where a pattern matches in a file.
fn hits(
    old: Option<Hits>,
    pattern: Option<Pattern>,
    bytes: Option<(Arc<dyn crate::source::Bytes>, u64)>,
) -> Option<Hits> {
    let (pattern, (bytes, len)) = pattern.zip(bytes)?;
    old.filter(|old| old.pattern().text() == pattern.text()).or_else(|| Some(Hits::new(pattern, bytes, len)))
}
