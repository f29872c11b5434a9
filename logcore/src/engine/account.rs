//! What has become of the records that a job gave to its files.
//!
//! Files are written, and lost, each on its own; a record may stand in several. Each file therefore knows its records by
//! their numbers, so that one that several files have lost is lost once.

use crate::lock::lock;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One job's account with one file. It outlives a reload that takes the file's appender away.
#[derive(Debug)]
pub(crate) struct Account {
    path: Arc<Path>,
    /// Bytes written.
    pub(super) bytes: AtomicU64,
    /// Numbers of the records that stood in the buffer and could not be written before the file was closed: never more
    /// at a time than a backlog holds. Boxed, as there are hardly ever any and many accounts.
    #[allow(clippy::box_collection)]
    lost: Mutex<Option<Box<Vec<u64>>>>,
}

/// A job's accounts, one for each path. They are few: a list is searched as fast as a tree, and takes a tenth of the room.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<Vec<Arc<Account>>>);

/// Whose a record is, and which of its job's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting<'a> {
    pub(super) account: &'a Arc<Account>,
    /// Its number, or [`COUNTED`].
    pub(super) record: u64,
}

/// In place of its number: that the record is lost is known already.
pub(super) const COUNTED: u64 = u64::MAX;

impl Accounts {
    pub(crate) fn with(&self, path: &Arc<Path>) -> Arc<Account> {
        let mut accounts = lock(&self.0);
        if let Some(account) = accounts.iter().find(|account| account.path == *path) {
            return Arc::clone(account);
        }
        let (bytes, lost) = Default::default();
        let account = Arc::new(Account { path: Arc::clone(path), bytes, lost });
        accounts.push(Arc::clone(&account));
        account
    }

    /// Bytes written to all files.
    pub(crate) fn bytes(&self) -> u64 {
        let accounts = lock(&self.0);
        accounts.iter().map(|account| account.bytes.load(Ordering::Relaxed)).sum()
    }

    /// Records lost after they were buffered, with those that are `unwritten` now; each once, however many files have lost
    /// it.
    pub(crate) fn lost(&self, mut unwritten: Vec<u64>) -> u64 {
        for account in &*lock(&self.0) {
            unwritten.extend(lock(&account.lost).iter().flat_map(|lost| lost.iter()));
        }
        unwritten.sort_unstable();
        unwritten.dedup();
        unwritten.len() as u64
    }
}

/// Records of one job that stand next to each other in a buffer.
#[derive(Debug)]
struct Stretch {
    account: Arc<Account>,
    bytes: usize,
}

/// Whose the records in a buffer are.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// First to last, where jobs share a file, and before which of the records each ends.
    earlier: Vec<(Stretch, usize)>,
    /// The newest; of a file that one job logs to, the only one.
    last: Option<Stretch>,
    /// The records of all stretches: their numbers, and how many of their bytes are not written.
    records: Vec<(u64, usize)>,
}

impl Ledger {
    #[inline(always)]
    pub(super) fn add(&mut self, posting: Posting<'_>, bytes: usize) {
        match &mut self.last {
            Some(last) if Arc::ptr_eq(&last.account, posting.account) => last.bytes += bytes,
            _ => self.begin_stretch(posting.account, bytes),
        }
        self.records.push((posting.record, bytes));
    }

    #[cold]
    fn begin_stretch(&mut self, account: &Arc<Account>, bytes: usize) {
        let before = self.last.replace(Stretch { account: Arc::clone(account), bytes });
        self.earlier.extend(before.map(|stretch| (stretch, self.records.len())));
    }

    /// The first `bytes` are written.
    pub(super) fn written(&mut self, mut bytes: usize) {
        let (mut stretches, mut records) = (0, 0);
        let (earlier, last, all) = (&mut self.earlier, &mut self.last, self.records.len());
        let earlier = earlier.iter_mut().map(|(stretch, end)| (stretch, *end));
        for (stretch, end) in earlier.chain(last.iter_mut().map(|stretch| (stretch, all))) {
            let mut part = stretch.bytes.min(bytes);
            stretch.account.bytes.fetch_add(part as u64, Ordering::Relaxed);
            stretch.bytes -= part;
            bytes -= part;
            if stretch.bytes > 0 {
                // It broke off in here.
                for (_, left) in &mut self.records[records..end] {
                    if *left > part {
                        *left -= part;
                        break;
                    }
                    part -= *left;
                    records += 1;
                }
                break;
            }
            records = end;
            stretches += 1;
        }
        if stretches > self.earlier.len() {
            self.last = None;
        }
        self.earlier.drain(..stretches.min(self.earlier.len()));
        self.earlier.iter_mut().for_each(|(_, end)| *end -= records);
        self.records.drain(..records);
    }

    /// Of the first `bytes`, those that are only a part of a record.
    pub(super) fn half_a_record(&self, mut bytes: usize) -> usize {
        for (_, left) in &self.records {
            if *left > bytes {
                break;
            }
            bytes -= left;
        }
        bytes
    }

    /// What is left will not be written.
    pub(super) fn lost(&mut self) {
        for (stretch, records) in self.stretches() {
            let numbers = self.records[records].iter().map(|(record, _)| *record);
            lock(&stretch.account.lost)
                .get_or_insert_default()
                .extend(numbers.filter(|record| *record != COUNTED));
        }
        self.earlier.clear();
        self.last = None;
        self.records.clear();
    }

    /// That the record is lost has been counted; `false` if it is not among those that are left.
    pub(super) fn disown(&mut self, posting: Posting<'_>) -> bool {
        let own = |(stretch, _): &(&Stretch, _)| Arc::ptr_eq(&stretch.account, posting.account);
        let ranges: Vec<_> = self.stretches().filter(own).map(|(_, records)| records).collect();
        let mut found = false;
        for range in ranges {
            // Twice if two appenders write to one file.
            for (record, _) in self.records[range].iter_mut().filter(|(record, _)| *record == posting.record)
            {
                (*record, found) = (COUNTED, true);
            }
        }
        found
    }

    /// Adds the numbers of those of one job's records that are left.
    pub(super) fn left_of(&self, account: &Arc<Account>, left: &mut Vec<u64>) {
        for (_, records) in self.stretches().filter(|(stretch, _)| Arc::ptr_eq(&stretch.account, account)) {
            let numbers = self.records[records].iter().map(|(record, _)| *record);
            left.extend(numbers.filter(|record| *record != COUNTED));
        }
    }

    fn stretches(&self) -> impl Iterator<Item = (&Stretch, Range<usize>)> {
        let earlier = self.earlier.iter().map(|(stretch, end)| (stretch, *end));
        let all = earlier.chain(self.last.iter().map(|stretch| (stretch, self.records.len())));
        let mut start = 0;
        all.map(move |(stretch, end)| (stretch, std::mem::replace(&mut start, end)..end))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Gives back memory that very many records needed.
    pub(super) fn shrink(&mut self) {
        const KEEP: usize = 1024;
        self.records.shrink_to(KEEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(ledger: &Ledger, account: &Arc<Account>) -> Vec<u64> {
        let mut left = Vec::new();
        ledger.left_of(account, &mut left);
        left
    }

    #[test]
    fn a_ledger_of_several_jobs_knows_whose_is_written_and_whose_is_lost() {
        let accounts = Accounts::default();
        let [one, two] = ["/one", "/two"].map(|path| accounts.with(&Path::new(path).into()));
        let mut ledger = Ledger::default();
        for (record, (account, bytes)) in
            [(&one, 10), (&one, 5), (&two, 7), (&one, 3)].into_iter().enumerate()
        {
            ledger.add(Posting { account, record: record as u64 }, bytes);
        }
        ledger.written(12);
        assert_eq!((left(&ledger, &one), left(&ledger, &two)), (vec![1, 3], vec![2]));
        ledger.written(8);
        let done = |it: &Account| it.bytes.load(Ordering::Relaxed);
        assert_eq!((done(&one), done(&two)), (15, 5));
        assert_eq!((left(&ledger, &one), left(&ledger, &two)), (vec![3], vec![2]));
        ledger.written(2);
        assert_eq!((left(&ledger, &one), left(&ledger, &two)), (vec![3], vec![]));
        ledger.lost();
        assert!(ledger.is_empty());
        assert_eq!((accounts.bytes(), accounts.lost(Vec::new())), (22, 1));
    }

    #[test]
    fn a_record_that_several_files_have_lost_is_lost_once_and_one_that_is_counted_not_again() {
        let accounts = Accounts::default();
        let files = ["/one", "/two"].map(|path| accounts.with(&Path::new(path).into()));
        for (account, records) in files.iter().zip([[1, 2, 3], [2, 4, 5]]) {
            let mut ledger = Ledger::default();
            records.iter().for_each(|record| ledger.add(Posting { account, record: *record }, 1));
            assert_eq!(ledger.disown(Posting { account, record: 3 }), records.contains(&3));
            ledger.lost();
        }
        assert_eq!(accounts.lost(vec![5, 6]), 5, "1, 2, 4, 5 and 6");
    }

    #[test]
    fn a_path_has_one_account() {
        let accounts = Accounts::default();
        let paths: [Arc<Path>; 3] = ["/a", "/b", "/a"].map(|path| Path::new(path).into());
        let [first, other, again] = paths.map(|path| accounts.with(&path));
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
    }
}
