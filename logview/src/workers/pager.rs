//! The file on screen, or the files of several jobs: follows them by name, reads the lines that are asked for, and passes
//! the bytes on to the index and the search. The only open descriptors are those of these files.

use super::older::{Find, Older, Wanted};
use super::searcher::Passing;
use super::{LONG, Over, Post, Shared, TELL, indexer, searcher, taker, tell, watcher::Pending};
use crate::model::{FileEvent, Message, Opener, Request, Side, Step};
use crate::reading::format::SAMPLE;
use crate::reading::page::{Only, page, whole_record};
use crate::reading::search::Way;
use crate::reading::{
    Abreast, Change, Filter, Filters, Format, Hits, Index, Lines, One, Pattern, Shown, Sieve, Together,
};
use crate::source::{Bytes, Place, Source};
use encoding_rs::Encoding;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How often to look without notifications, and with them.
const POLL: Duration = Duration::from_millis(100);
const SAFETY: Duration = Duration::from_secs(1);

/// The least time between two looks, so that a fast writer costs no more than the screen can show.
const PACE: Duration = Duration::from_millis(10);

/// What was ended early so often may take a minute.
const MOST_PATIENCE: u32 = 11;

/// How long the first match waits for others that go with it onto the screen.
const SOON: Duration = Duration::from_millis(20);

pub(super) enum Order {
    Request(Request),
    Wake(Pending),
    Older(Older),
    /// The file of this job does not hold the records of these.
    Merge {
        serial: u64,
        job: usize,
        /// No record is in two of them.
        apart: bool,
        with: Vec<PathBuf>,
    },
}

/// The index of the file on screen, shared with whoever builds it.
pub(super) type SharedIndex = Arc<Mutex<Index>>;

pub(super) fn run(
    source: Arc<dyn Source>,
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
    (indexer, searcher, finder, taker): (
        Post<indexer::Order>,
        Post<searcher::Order>,
        Post<Find>,
        Post<taker::Order>,
    ),
    encoding: Option<&'static Encoding>,
) -> impl FnOnce() + Send {
    move || {
        let looked = Instant::now();
        let mut pager = Pager {
            source,
            shared,
            out,
            indexer,
            searcher,
            finder,
            taker,
            encoding,
            serial: 0,
            tag: 0,
            shown: None,
            wanted: Vec::new(),
            index: SharedIndex::default(),
            lines: None,
            format: Format::default(),
            sampled: None,
            search: None,
            filters: None,
            looked,
            reloads: (None, looked),
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
    finder: Post<Find>,
    taker: Post<taker::Order>,
    encoding: Option<&'static Encoding>,
    /// Counts the files that were opened, to tell which of them something was found for.
    serial: u64,
    tag: u64,
    shown: Option<Shown>,
    /// Of each job the file, and others that may have to be merged with it.
    wanted: Vec<(Place, Vec<PathBuf>)>,
    index: SharedIndex,
    lines: Option<Lines>,
    format: Format,
    /// How much there was when it was last looked which form the lines have, as long as that is little.
    sampled: Option<u64>,
    /// Where what is searched for matches, and what is filtered by.
    search: Option<Hits>,
    filters: Option<Filters>,
    looked: Instant,
    /// The stamp of the reloads that were told, and when it was last looked for another one.
    reloads: (Option<SystemTime>, Instant),
}

impl Pager {
    fn serve(&mut self, orders: &Receiver<Order>) -> Result<(), Over> {
        let mut served = 0;
        loop {
            let polling = self.shared.polling.load(Ordering::Relaxed);
            let behind = self.shown.as_ref().is_some_and(Shown::is_behind);
            let every = if behind {
                Duration::ZERO
            } else if polling {
                POLL
            } else {
                SAFETY
            };
            let wait = every.saturating_sub(self.looked.elapsed());
            let first = match orders.recv_timeout(wait) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if self.shared.quit.load(Ordering::Relaxed) {
                return Ok(());
            }
            // Whoever keeps asking for lines does not keep it from being looked at.
            let mut look = self.looked.elapsed() >= every;
            let mut wanted = None;
            for order in first.into_iter().chain(orders.try_iter()) {
                match order {
                    Order::Wake(pending) => {
                        std::thread::sleep(PACE.saturating_sub(self.looked.elapsed()));
                        pending.store(false, Ordering::Release);
                        look = true;
                    }
                    Order::Merge { serial, job, with, apart } => self.merge((serial, job), with, apart)?,
                    Order::Older(older) => self.put_above(&older)?,
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
            Request::Show { tag, place, with } => {
                let one = |place: &Place| Shown::One(One::new(place.clone(), self.encoding));
                let shown = place.as_ref().map(one);
                self.show(tag, shown, place.map(|place| (place, with)).into_iter().collect())
            }
            Request::ShowJobs { tag, jobs, since_start } => {
                let shown = |side: &Side| {
                    let one = One::new(side.place(), self.encoding);
                    (Shown::One(one), self.source.format(&side.place()), side.window)
                };
                let abreast = Abreast::new(jobs.iter().map(shown).collect(), since_start);
                let wanted = jobs.into_iter().map(|side| (side.place(), side.log.with)).collect();
                self.show(tag, Some(Shown::Jobs(abreast)), wanted)
            }
            Request::With { tag, with } if tag == self.tag => {
                let [(place, others)] = &mut self.wanted[..] else { return Ok(()) };
                others.clone_from(&with);
                let jobs = vec![Wanted { places: vec![place.clone()], with }];
                self.finder.send(Find { serial: self.serial, jobs, only_with: true });
                Ok(())
            }
            Request::Copy(text) => {
                self.taker.send(taker::Order::Copy(text));
                Ok(())
            }
            Request::Take { tag, range, only } if tag == self.tag => {
                if let Some(wanted) = self.wanted_of(range, Some(only)) {
                    self.taker.send(taker::Order::Take(wanted));
                }
                Ok(())
            }
            Request::Save { tag, range, only, path, over } if tag == self.tag => {
                let serial = self.shared.saves.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(wanted) = self.wanted_of(range, Some(only)) {
                    self.taker.send(taker::Order::Save { wanted, path, over, serial });
                }
                Ok(())
            }
            Request::Open { tag, at, opener } if tag == self.tag => self.open(at, opener),
            Request::Record { tag, at } if tag == self.tag => self.record(at),
            Request::Step { tag, number, step, from, pattern, only } if tag == self.tag => {
                let step = self.step((number, step, from), pattern, &only);
                step.into_iter().for_each(|step| self.searcher.send(searcher::Order::Step(step)));
                Ok(())
            }
            Request::HitLines { tag, number, at, before, after, pattern, only } if tag == self.tag => {
                let step = self.step((number, Step::Hit(Way::Forward), at), Some(pattern), &only);
                let list = |step| searcher::Order::List(step, before, after);
                step.into_iter().for_each(|step| self.searcher.send(list(step)));
                Ok(())
            }
            Request::Count { tag, pattern, near } if tag == self.tag => {
                // What was found until it was stopped can still be listed, and be gone on with.
                let hits = pattern.and_then(|pattern| self.searched(Some(pattern)));
                self.searcher.send(searcher::Order::Count { tag, hits, near });
                Ok(())
            }
            Request::CountPassing { tag, only } if tag == self.tag => {
                let passing = only.and_then(|only| {
                    let (bytes, len) = self.bytes()?;
                    let (index, format) = (Arc::clone(&self.index), self.format.clone());
                    let filters = self.filtered(&only.filters)?;
                    Some(Box::new(Passing::new((bytes, len), filters, only.levels, index, format)))
                });
                self.searcher.send(searcher::Order::CountPassing { tag, passing });
                Ok(())
            }
            Request::CountFilters { tag, patterns } if tag == self.tag => {
                let each = patterns.into_iter().filter_map(|pattern| self.to_count(pattern)).collect();
                self.searcher.send(searcher::Order::CountEach { tag, each });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Turns to the files of one job or of several.
    fn show(
        &mut self,
        tag: u64,
        shown: Option<Shown>,
        wanted: Vec<(Place, Vec<PathBuf>)>,
    ) -> Result<(), Over> {
        self.tag = tag;
        self.lines = None;
        self.serial += 1;
        (self.search, self.filters) = (None, None);
        (self.shown, self.wanted) = (shown, wanted);
        self.indexer.send(indexer::Order::Stop);
        self.searcher.send(searcher::Order::Stop);
        self.look()
    }

    fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        self.shown.as_ref().and_then(Shown::bytes)
    }

    /// Where a pattern matches that is searched for; what is known of the same pattern stays known.
    fn searched(&mut self, pattern: Option<Pattern>) -> Option<Hits> {
        let filter = self.filters.as_ref().zip(pattern.as_ref());
        let known = filter.and_then(|(filters, pattern)| filters.hits(pattern));
        self.search = hits(known.or(self.search.take()), pattern, self.bytes());
        self.search.clone()
    }

    /// How many lines match a pattern; what is known of it by others is not looked for again.
    fn to_count(&self, pattern: Pattern) -> Option<Hits> {
        let known = self.search.iter().find(|hits| *hits.pattern() == pattern).cloned();
        let known = known.or_else(|| self.filters.as_ref().and_then(|filters| filters.hits(&pattern)));
        let (bytes, len) = self.bytes()?;
        Some(known.unwrap_or_else(|| Hits::only_count(pattern, bytes, len)))
    }

    fn filtered(&mut self, filters: &[Filter]) -> Option<Filters> {
        self.filters =
            Filters::new(filters, (self.filters.take(), self.search.as_ref()), self.bytes()?, &self.format);
        self.filters.clone()
    }

    /// A step from a place in what is shown, for whoever searches.
    fn step(
        &mut self,
        (number, step, from): (u64, Step, u64),
        pattern: Option<Pattern>,
        only: &Only,
    ) -> Option<Box<searcher::Step>> {
        let (bytes, len) = self.bytes()?;
        Some(Box::new(searcher::Step {
            tag: self.tag,
            number,
            step,
            from,
            levels: only.levels,
            hits: self.searched(pattern),
            filters: self.filtered(&only.filters),
            bytes,
            len,
            serial: self.shared.steps.load(Ordering::Relaxed),
            index: Arc::clone(&self.index),
            format: self.format.clone(),
        }))
    }

    /// Tells when hosts reloaded their templates, if there is more to tell.
    fn tell_reloads(&mut self) -> Result<(), Over> {
        let (told, looked) = self.reloads;
        if told.is_some() && looked.elapsed() < SAFETY {
            return Ok(());
        }
        self.reloads.1 = Instant::now();
        let stamp = self.source.reloads_stamp();
        if stamp == told {
            return Ok(());
        }
        self.reloads.0 = stamp;
        tell(&self.out, Message::Reloads(self.source.reloads()))
    }

    /// Looks what has happened to the file and says so.
    fn look(&mut self) -> Result<(), Over> {
        self.looked = Instant::now();
        self.tell_reloads()?;
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
            (Change::Replaced, Some(_)) if shown.is_reordered() => {
                self.say_merged()?;
                self.renew(false)
            }
            (Change::Replaced, Some(_)) => self.renew(true),
            (Change::Grew, Some((bytes, len))) if self.is_reformed(&*bytes, len) => {
                let above = match &mut self.shown {
                    Some(Shown::One(one)) => one.put_above(&[]).unwrap_or_default().1,
                    _ => 0,
                };
                self.extended((0, above))
            }
            (Change::Grew | Change::Rotated, Some((_, len))) => {
                if let Some(lines) = &mut self.lines {
                    lines.grow(len);
                }
                let rotated = change == Change::Rotated;
                let event = if rotated { FileEvent::Rotated(len) } else { FileEvent::Grew(len) };
                tell(&self.out, Message::File { tag, event })?;
                // Its writer may go on without the name.
                if self.shown.as_ref().is_some_and(Shown::is_gone) {
                    tell(&self.out, Message::File { tag, event: FileEvent::Gone })?;
                }
                self.indexer.send(indexer::Order::Grow(len));
                self.searcher.send(searcher::Order::Grow(len));
                self.search.iter().for_each(|hits| hits.grow(len));
                self.filters.iter().for_each(|filters| filters.grow(len));
                Ok(())
            }
            (Change::Gone, _) => tell(&self.out, Message::File { tag, event: FileEvent::Gone }),
            _ => Ok(()),
        }
    }

    /// Shows what is another file now, or another row of files; says whether what belongs to it is to be found.
    fn renew(&mut self, find: bool) -> Result<(), Over> {
        let Some((shown, (bytes, len))) = self.shown.as_ref().and_then(|shown| Some((shown, shown.bytes()?)))
        else {
            return Ok(());
        };
        let (format, rows) = match shown {
            Shown::Jobs(jobs) => (jobs.format(), jobs.jobs().map(Shown::places).collect()),
            one => {
                let format = self.source.format(&one.places()[0]);
                let format = format.clone().for_bytes(&*bytes, len).unwrap_or(format);
                (format, vec![one.places()])
            }
        };
        self.sampled = matches!(shown, Shown::One(_)).then_some(len).filter(|len| *len < SAMPLE);
        let clocks = if let Shown::Jobs(jobs) = shown { jobs.clocks() } else { None };
        self.format = format;
        self.begin(&bytes, len);
        let tag = self.tag;
        if let Some(clocks) = clocks {
            tell(&self.out, Message::File { tag, event: FileEvent::Clocks(clocks) })?;
        }
        tell(&self.out, Message::File { tag, event: FileEvent::Replaced(len) })?;
        let index = Arc::clone(&self.index);
        self.indexer.send(indexer::Order::Start { tag, bytes, len, index });
        if find {
            self.serial += 1;
            let with = |places: &[Place], with: &[PathBuf]| {
                if places.len() == 1 { with.to_vec() } else { Vec::new() }
            };
            let jobs = rows.into_iter().zip(&self.wanted);
            let jobs =
                jobs.map(|(places, (_, others))| Wanted { with: with(&places, others), places }).collect();
            self.finder.send(Find { serial: self.serial, jobs, only_with: false });
        }
        Ok(())
    }

    /// Whether more lines of a file that was young show that they have another form than it seemed.
    fn is_reformed(&mut self, bytes: &dyn Bytes, len: u64) -> bool {
        let (Some(_), Some(shown)) = (self.sampled, &self.shown) else { return false };
        let Ok(format) = self.source.format(&shown.places()[0]).for_bytes(bytes, len) else { return false };
        self.sampled = Some(len).filter(|len| *len < SAMPLE);
        std::mem::replace(&mut self.format, format.clone()) != format
    }

    /// Reads other bytes from now on, of which nothing is known.
    fn begin(&mut self, bytes: &Arc<dyn Bytes>, len: u64) {
        let mut lines = Lines::new(Arc::clone(bytes), len);
        lines.format = self.format.clone();
        self.lines = Some(lines);
        self.index = Arc::new(Mutex::new(Index::new(self.format.clone())));
        (self.search, self.filters) = (None, None);
        self.searcher.send(searcher::Order::Stop);
    }

    /// Shows other files of a job with its first one, on one clock.
    fn merge(&mut self, (serial, job): (u64, usize), with: Vec<PathBuf>, apart: bool) -> Result<(), Over> {
        let Some((main, _)) = self.wanted.get(job).filter(|_| serial == self.serial) else { return Ok(()) };
        let others = with.into_iter().map(|file| Place { job: main.job.clone(), file });
        let places = std::iter::once(main.clone()).chain(others);
        let files = places.map(|place| (place.clone(), self.source.format(&place))).collect();
        let together = Together::new(files, apart);
        match &mut self.shown {
            Some(Shown::Jobs(jobs)) => jobs.merge(job, together),
            shown => *shown = Some(Shown::Many(together)),
        }
        self.say_merged()?;
        self.look()
    }

    /// What comes next is another row of the same files, and no replacement of any.
    fn say_merged(&self) -> Result<(), Over> {
        let files = self.shown.as_ref().map_or(0, |shown| shown.places().len());
        tell(&self.out, Message::File { tag: self.tag, event: FileEvent::Merged(files) })
    }

    /// Shows what was rotated away above the file.
    fn put_above(&mut self, older: &Older) -> Result<(), Over> {
        let Some(shown) = self.shown.as_mut().filter(|_| older.serial == self.serial) else { return Ok(()) };
        let (file, parts) = (older.file, &older.parts[..]);
        let (by, above) = match shown {
            Shown::One(one) => one.put_above(parts).unwrap_or_default(),
            several => {
                let new = match several {
                    Shown::Jobs(jobs) => jobs.put_above(file, parts),
                    Shown::Many(files) => files.put_above(file.1, parts),
                    Shown::One(_) => Ok(false),
                };
                let readable = new.unwrap_or_default() && several.check(&*self.source).is_ok();
                if readable {
                    self.say_merged()?;
                    self.renew(false)?;
                }
                return Ok(());
            }
        };
        if by == 0 { Ok(()) } else { self.extended((by, above)) }
    }

    /// Reads anew what is where it was, or further down by what stands above it now.
    fn extended(&mut self, (by, above): (u64, usize)) -> Result<(), Over> {
        let (tag, Some((bytes, len))) = (self.tag, self.bytes()) else { return Ok(()) };
        self.begin(&bytes, len);
        tell(&self.out, Message::File { tag, event: FileEvent::Extended { len, by, above } })?;
        let index = Arc::clone(&self.index);
        self.indexer.send(indexer::Order::Start { tag, bytes, len, index });
        Ok(())
    }

    /// Lines of what is shown, for whoever takes them out.
    fn wanted_of(&mut self, range: Range<u64>, only: Option<Only>) -> Option<Box<taker::Wanted>> {
        let (bytes, len) = self.bytes()?;
        let range = range.start..range.end.min(len);
        let filters = only.as_ref().and_then(|only| self.filtered(&only.filters));
        let (tag, only) = (self.tag, only.unwrap_or(Only::ALL));
        let (index, format) = (Arc::clone(&self.index), self.format.clone());
        Some(Box::new(taker::Wanted { tag, range, only, filters, bytes, len, index, format }))
    }

    /// Finds out where a line is in its file, for another program.
    fn open(&mut self, at: u64, opener: Opener) -> Result<(), Over> {
        let Some(wanted) = self.wanted_of(at..at + 1, None) else { return Ok(()) };
        let place = match &self.shown {
            Some(Shown::One(_)) if at >= wanted.bytes.base() => self.wanted.first().map(|(place, _)| place),
            _ => None,
        };
        let file = place.and_then(|place| Some(self.source.watch_path(Some(&place.job))?.join(&place.file)));
        match file {
            Some(file) => {
                self.taker.send(taker::Order::Open { wanted, file, opener });
                Ok(())
            }
            None => {
                let what =
                    "this line is of no single file that is as it is shown: S saves what is shown".to_owned();
                tell(&self.out, Message::Said(what))
            }
        }
    }

    /// Hands out a record whole.
    fn record(&mut self, at: u64) -> Result<(), Over> {
        let (tag, Some(lines)) = (self.tag, &mut self.lines) else { return Ok(()) };
        match whole_record(lines, at) {
            Ok(record) => tell(&self.out, Message::Record { tag, record }),
            Err(error) => tell(&self.out, Message::File { tag, event: FileEvent::Failed(error.to_string()) }),
        }
    }

    fn page(&mut self, request: Request, served: u64) -> Result<(), Over> {
        let Request::Page { tag, number, anchor, before, after, only, focus, patience } = request else {
            return Ok(());
        };
        if tag != self.tag {
            return Ok(());
        }
        let filters = self.filtered(&only.filters);
        let Some(lines) = &mut self.lines else { return Ok(()) };
        let lock = || self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let index = (!only.levels.is_all()).then(|| lock().clone());
        let filters = filters.as_ref();
        let sieve = Sieve { levels: only.levels, filters, index: index.as_ref(), context: only.context };
        let shared = &self.shared;
        // What was found is shown soon; the screen asks for the rest if there is room.
        let started = Instant::now();
        let soon = SOON * 2u32.pow(patience.min(MOST_PATIENCE));
        let found = || started.elapsed() >= soon && filters.is_some_and(Filters::has_found);
        let (told, all, out) = (Mutex::new(started), lines.len(), &self.out);
        let say = || {
            let Some((filters, mut told)) = filters.zip(told.try_lock().ok()) else { return };
            if started.elapsed() >= LONG && told.elapsed() >= TELL {
                *told = Instant::now();
                let (read, took) = (filters.read(), started.elapsed());
                drop(out.try_send(Message::Looking { tag, read, all, took }));
            }
        };
        let stop = || {
            say();
            shared.requests.load(Ordering::Relaxed) > served || found()
        };
        let urgent = filters.is_some().then(|| shared.urgent());
        let page = page(lines, (anchor, before, after), sieve, &stop);
        drop(urgent);
        match page {
            Ok(page) => {
                let first = page.lines.first().map_or(0, |line| line.at);
                let known = if filters.is_none() { lock().before_block(first, only.levels) } else { None };
                let before = known.and_then(|(count, block, headless)| {
                    let of_block = super::tally::wanted_between(lines, block..first, only.levels, headless)?;
                    Some(count + of_block)
                });
                tell(&self.out, Message::Page { tag, number, page, before, focus })
            }
            Err(error) => tell(&self.out, Message::File { tag, event: FileEvent::Failed(error.to_string()) }),
        }
    }
}

/// Where a pattern matches in a file.
fn hits(old: Option<Hits>, pattern: Option<Pattern>, bytes: Option<(Arc<dyn Bytes>, u64)>) -> Option<Hits> {
    let (pattern, (bytes, len)) = pattern.zip(bytes)?;
    old.filter(|old| *old.pattern() == pattern).or_else(|| Some(Hits::new(pattern, bytes, len)))
}
