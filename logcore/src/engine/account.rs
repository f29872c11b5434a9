//! What has become of the records that a job gave to its files.

use crate::lock::lock;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};
use std::path::Path;
use std::sync::Arc;

/// One job's account with one file. It outlives a reload that takes the file's appender away.
#[derive(Debug)]
pub(crate) struct Account {
    path: Arc<Path>,
    /// Bytes written.
    pub(super) bytes: AtomicU64,
    /// Records that stood in the buffer and could not be written before the file was closed.
    pub(super) lost: AtomicU64,
}

/// A job's accounts, one for each path. They are few: a list is searched as fast as a tree, and takes a tenth of the room.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<Vec<Arc<Account>>>);

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

    /// Records lost after they were buffered. A record that stands in several files is lost in all of them together: the
    /// file with most of them counts.
    pub(crate) fn lost(&self) -> u64 {
        let accounts = lock(&self.0);
        accounts.iter().map(|account| account.lost.load(Ordering::Relaxed)).max().unwrap_or(0)
    }
}

/// Records of one job that stand next to each other in a buffer.
#[derive(Debug)]
pub(super) struct Stretch {
    account: Arc<Account>,
    records: u64,
    bytes: usize,
}

/// Whose the records in a buffer are.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// First to last, where jobs share a file.
    earlier: Vec<Stretch>,
    /// The newest; of a file that one job logs to, the only one.
    last: Option<Stretch>,
}

impl Ledger {
    pub(super) fn add(&mut self, account: &Arc<Account>, bytes: usize) {
        match &mut self.last {
            Some(last) if Arc::ptr_eq(&last.account, account) => {
                last.records += 1;
                last.bytes += bytes;
            }
            last => {
                let newest = Stretch { account: Arc::clone(account), records: 1, bytes };
                self.earlier.extend(last.replace(newest));
            }
        }
    }

    /// The first `bytes` are written, with them so many whole `records`.
    pub(super) fn written(&mut self, mut bytes: usize, mut records: u64) {
        let mut done = 0;
        for stretch in self.earlier.iter_mut().chain(&mut self.last) {
            let part = stretch.bytes.min(bytes);
            stretch.account.bytes.fetch_add(part as u64, Ordering::Relaxed);
            stretch.bytes -= part;
            bytes -= part;
            if stretch.bytes > 0 {
                stretch.records = stretch.records.saturating_sub(records);
                break;
            }
            records = records.saturating_sub(stretch.records);
            done += 1;
        }
        if done > self.earlier.len() {
            self.last = None;
        }
        self.earlier.drain(..done.min(self.earlier.len()));
    }

    /// What is left will not be written.
    pub(super) fn lost(&mut self) {
        for stretch in self.earlier.drain(..).chain(self.last.take()) {
            stretch.account.lost.fetch_add(stretch.records, Ordering::Relaxed);
        }
    }

    /// Records of one job that are left.
    pub(super) fn left_of(&self, account: &Arc<Account>) -> u64 {
        let all = self.earlier.iter().chain(&self.last);
        let own = all.filter(|stretch| Arc::ptr_eq(&stretch.account, account));
        own.map(|stretch| stretch.records).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_of_several_jobs_knows_whose_is_written_and_whose_is_lost() {
        let accounts = Accounts::default();
        let [one, two] = ["/one", "/two"].map(|path| accounts.with(&Path::new(path).into()));
        let mut ledger = Ledger::default();
        for (account, bytes) in [(&one, 10), (&one, 5), (&two, 3), (&two, 4), (&one, 3)] {
            ledger.add(account, bytes);
        }
        ledger.written(20, 3);
        let (done, left) = (|it: &Account| it.bytes.load(Ordering::Relaxed), |it| ledger.left_of(it));
        assert_eq!((done(&one), done(&two)), (15, 5));
        assert_eq!((left(&one), left(&two)), (1, 1));
        ledger.written(2, 1);
        assert_eq!((ledger.left_of(&one), ledger.left_of(&two)), (1, 0));
        ledger.lost();
        assert!(ledger.is_empty());
        assert_eq!((accounts.bytes(), accounts.lost()), (22, 1));
    }

    #[test]
    fn a_path_has_one_account() {
        let accounts = Accounts::default();
        let paths: [Arc<Path>; 3] = ["/a", "/b", "/a"].map(|path| Path::new(path).into());
        let [first, other, again] = paths.map(|path| accounts.with(&path));
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
    }
}
