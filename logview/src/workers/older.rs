//! What belongs to the file on screen besides itself: whether the job's other level files have records that it has not,
//! and what was rotated away from it. Finds that, opens it and hands it to the pager, the newest first. What is
//! packed takes a while; the file itself is on the screen long before.

use super::{Shared, pager, spawn};
use crate::model::Message;
use crate::reading::Lines;
use crate::reading::merged::{Level, holds, needed};
use crate::reading::unpacked::{self, Stretches};
use crate::source::rotation::packing;
use crate::source::{Bytes, Place, Source};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread;
use std::time::Duration;

/// Parts of one file that are shown at most, each of which takes a descriptor.
pub(super) const MOST: usize = 24;

/// How long a record can be in one file and not yet in the other.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// How often it is tried while the files move on under way.
const TRIES: usize = 3;

/// What belongs to the files of these jobs.
pub(super) struct Find {
    pub(super) serial: u64,
    pub(super) jobs: Vec<Wanted>,
    /// Only whether there are others to be merged is to be found out.
    pub(super) only_with: bool,
}

/// One of the jobs on screen.
pub(super) struct Wanted {
    /// The file, or the files that are merged.
    pub(super) places: Vec<Place>,
    /// Other files that may have records which the first one has not.
    pub(super) with: Vec<PathBuf>,
}

/// Parts that come right before what is shown already, the oldest first.
pub(super) struct Older {
    pub(super) serial: u64,
    /// Which of the jobs, and which of its files.
    pub(super) file: (usize, usize),
    pub(super) parts: Vec<Arc<dyn Bytes>>,
}

struct Finder {
    files: Belonging,
    shared: Arc<Shared>,
    sent: Arc<AtomicU64>,
    taken: u64,
    pager: Sender<pager::Order>,
}

/// Finds out what belongs to a file.
pub(super) struct Belonging {
    source: Arc<dyn Source>,
    stretches: Arc<Stretches>,
}

pub(super) fn start(
    source: &Arc<dyn Source>,
    shared: &Arc<Shared>,
    (sent, orders): (Arc<AtomicU64>, Receiver<Find>),
    pager: Sender<pager::Order>,
    out: &SyncSender<Message>,
) {
    let (source, shared) = (Arc::clone(source), Arc::clone(shared));
    spawn("finder", out, move || {
        let mut finder = Finder { files: Belonging::new(source), shared, sent, taken: 0, pager };
        while let Ok(find) = orders.recv() {
            finder.taken += 1;
            if finder.shared.quit.load(Ordering::Relaxed) {
                break;
            }
            for (job, wanted) in find.jobs.iter().enumerate() {
                finder.belongs(&find, job, wanted);
            }
        }
    });
}

impl Finder {
    /// Whether something else is wanted by now.
    fn is_stale(&self) -> bool {
        self.sent.load(Ordering::Relaxed) != self.taken || self.shared.quit.load(Ordering::Relaxed)
    }

    /// Finds what belongs to the files of a job.
    fn belongs(&self, find: &Find, job: usize, wanted: &Wanted) {
        if self.is_stale() {
            return;
        }
        let held = self.files.holds_all(wanted, true);
        if self.is_stale() {
            return;
        }
        if !held {
            let (with, apart) = self.files.needed(wanted).unwrap_or((wanted.with.clone(), false));
            drop(self.pager.send(pager::Order::Merge { serial: find.serial, job, with, apart }));
        } else if !find.only_with {
            // All of them together keep to the descriptors that one has.
            let most = (MOST / find.jobs.len()).max(1);
            for (file, place) in wanted.places.iter().enumerate() {
                self.find(find.serial, (job, file), place, most);
            }
        }
    }

    fn find(&self, serial: u64, file: (usize, usize), live: &Place, most: usize) {
        let stale = || self.is_stale();
        let (packed, plain) = self.files.parts(live, most, &stale);
        self.hand_over(serial, file, plain);
        self.hand_over(serial, file, self.files.unpacked(packed, &stale));
    }

    fn hand_over(&self, serial: u64, file: (usize, usize), parts: Vec<Arc<dyn Bytes>>) {
        if !parts.is_empty() {
            drop(self.pager.send(pager::Order::Older(Older { serial, file, parts })));
        }
    }
}

/// A part of a file under the name that it has now.
type Part = (Arc<dyn Bytes>, Place);

impl Belonging {
    pub(super) fn new(source: Arc<dyn Source>) -> Belonging {
        Belonging { source, stretches: Arc::default() }
    }

    /// Whether the file holds what the others do, or cannot be asked. If it is live, what is missing may be on its way: the
    /// files of one record are written one after the other.
    pub(super) fn holds_all(&self, wanted: &Wanted, is_live: bool) -> bool {
        let held = || self.holds_now(wanted).unwrap_or(true);
        held()
            || is_live && {
                thread::sleep(ON_ITS_WAY);
                held()
            }
    }

    fn holds_now(&self, wanted: &Wanted) -> io::Result<bool> {
        let [main, others @ ..] = &mut self.levels(wanted)?[..] else { return Ok(true) };
        for other in others {
            if !holds(main, other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which others have to be merged with the file, and whether no record is in two of them.
    pub(super) fn needed(&self, wanted: &Wanted) -> io::Result<(Vec<PathBuf>, bool)> {
        let (needed, apart) = needed(&mut self.levels(wanted)?)?;
        let others = needed.into_iter().filter_map(|file| wanted.with.get(file.checked_sub(1)?));
        Ok((others.cloned().collect(), apart))
    }

    /// The file and the others.
    fn levels(&self, wanted: &Wanted) -> io::Result<Vec<Level>> {
        let Some(main) = wanted.places.first().filter(|_| !wanted.with.is_empty()) else {
            return Ok(Vec::new());
        };
        let others = wanted.with.iter().map(|file| Place { job: main.job.clone(), file: file.clone() });
        let open = |place: Place| {
            let bytes: Arc<dyn Bytes> = self.source.open(&place)?.into();
            let (_, len) = bytes.stat()?;
            let lines = Lines::sparse(bytes, len, self.source.format(&place));
            Ok(Level { lines, rolled: !self.source.parts(&place)?.is_empty() })
        };
        std::iter::once(main.clone()).chain(others).map(open).collect()
    }

    /// What was rotated away from a file, the oldest first: as far as the last that is packed, and what is not. At most
    /// so many.
    pub(super) fn parts(
        &self,
        live: &Place,
        most: usize,
        stale: &dyn Fn() -> bool,
    ) -> (Vec<Part>, Vec<Arc<dyn Bytes>>) {
        let mut parts = Vec::new();
        for _ in 0..TRIES {
            let places = self.source.parts(live).unwrap_or_default();
            // What was opened under a name that has moved on meanwhile may be there twice or not at all.
            let opened: Option<Vec<_>> = places.iter().map(|place| self.open(place).transpose()).collect();
            let same = |parts: &Vec<io::Result<_>>| {
                parts.len() == places.len() && self.source.parts(live).is_ok_and(|now| now == places)
            };
            parts = opened.filter(same).into_iter().flatten().zip(places).collect();
            if !parts.is_empty() || stale() {
                break;
            }
        }
        // What cannot be read is left out; the others stay in their order.
        let mut parts: Vec<Part> =
            parts.into_iter().filter_map(|(part, place)| Some((part.ok()?, place))).collect();
        parts.drain(..parts.len().saturating_sub(most));
        let is_packed = |place: &Place| packing(place.file.as_os_str()).1.is_some();
        let plain = parts.iter().rposition(|(_, place)| is_packed(place)).map_or(0, |packed| packed + 1);
        let rest = parts.split_off(plain);
        (parts, rest.into_iter().map(|(part, _)| part).collect())
    }

    /// The same unpacked, which takes a while.
    pub(super) fn unpacked(&self, parts: Vec<Part>, stale: &dyn Fn() -> bool) -> Vec<Arc<dyn Bytes>> {
        let files = parts.len();
        let mut unpacked = Vec::new();
        for (part, place) in parts {
            if stale() {
                return Vec::new();
            }
            unpacked.extend(match packing(place.file.as_os_str()).1 {
                Some(packing) => unpacked::open(part, packing, files, &self.stretches).ok(),
                None => Some(part),
            });
        }
        unpacked
    }

    /// `None` if its name is gone: the files have moved on.
    fn open(&self, place: &Place) -> io::Result<Option<Arc<dyn Bytes>>> {
        let bytes: Arc<dyn Bytes> = match self.source.open(place) {
            Ok(bytes) => bytes.into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let same = self.source.stat(place).is_ok_and(|(id, _)| bytes.stat().is_ok_and(|(now, _)| now == id));
        Ok(same.then_some(bytes))
    }
}
