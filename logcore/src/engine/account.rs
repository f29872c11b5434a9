//! What has become of the records that a job gave to its files.

use crate::lock::lock;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// One job's account with one file. It outlives a reload that takes the file's appender away.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Bytes written.
    pub(super) bytes: AtomicU64,
    /// Records that stood in the buffer and could not be written before the file was closed.
    pub(super) lost: AtomicU64,
}

/// A job's accounts, by path.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<BTreeMap<PathBuf, Arc<Account>>>);

impl Accounts {
    pub(crate) fn with(&self, path: &Path) -> Arc<Account> {
        let mut accounts = lock(&self.0);
        match accounts.get(path) {
            Some(account) => Arc::clone(account),
            None => Arc::clone(accounts.entry(path.to_owned()).or_default()),
        }
    }

    /// Bytes written to all files.
    pub(crate) fn bytes(&self) -> u64 {
        let accounts = lock(&self.0);
        accounts.values().map(|account| account.bytes.load(Ordering::Relaxed)).sum()
    }

    /// Records lost after they were buffered. A record that stands in several files is lost in all of them together: the
    /// file with most of them counts.
    pub(crate) fn lost(&self) -> u64 {
        let accounts = lock(&self.0);
        accounts.values().map(|account| account.lost.load(Ordering::Relaxed)).max().unwrap_or(0)
    }
}

/// Records of one job that stand next to each other in a buffer.
#[derive(Debug)]
pub(super) struct Stretch {
    account: Arc<Account>,
    records: u64,
    bytes: usize,
}

/// Whose the records in a buffer are, first to last.
#[derive(Debug, Default)]
pub(super) struct Ledger(Vec<Stretch>);

impl Ledger {
    pub(super) fn add(&mut self, account: &Arc<Account>, bytes: usize) {
        match self.0.last_mut() {
            Some(last) if Arc::ptr_eq(&last.account, account) => {
                last.records += 1;
                last.bytes += bytes;
            }
            _ => self.0.push(Stretch { account: Arc::clone(account), records: 1, bytes }),
        }
    }

    /// The first `bytes` are written.
    pub(super) fn written(&mut self, mut bytes: usize) {
        let mut done = 0;
        for stretch in &mut self.0 {
            let part = stretch.bytes.min(bytes);
            stretch.account.bytes.fetch_add(part as u64, Ordering::Relaxed);
            stretch.bytes -= part;
            bytes -= part;
            if stretch.bytes > 0 {
                break;
            }
            done += 1;
        }
        self.0.drain(..done);
    }

    /// What is left will not be written.
    pub(super) fn lost(&mut self) {
        for stretch in self.0.drain(..) {
            stretch.account.lost.fetch_add(stretch.records, Ordering::Relaxed);
        }
    }

    /// Records of one job that are left.
    pub(super) fn left_of(&self, account: &Arc<Account>) -> u64 {
        let own = self.0.iter().filter(|stretch| Arc::ptr_eq(&stretch.account, account));
        own.map(|stretch| stretch.records).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
