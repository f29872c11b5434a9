//! Notifications of the root and of the jobs on screen: two watches for one of them, however many jobs there are. Where there are none
//! to be had, the others poll; they look now and then in any case, so a lost notification delays and never loses.

use super::{lister, pager};
use crate::source::Source;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

/// Set while a wake-up is under way: a file that is written a hundred thousand times a second wakes once.
pub(super) type Pending = Arc<AtomicBool>;

pub(super) struct Watcher {
    source: Arc<dyn Source>,
    notify: Option<RecommendedWatcher>,
    root: Option<PathBuf>,
    jobs: Vec<PathBuf>,
}

impl Watcher {
    pub(super) fn new(
        source: Arc<dyn Source>,
        polling: bool,
        pager: Sender<pager::Order>,
        lister: Sender<lister::Order>,
    ) -> Watcher {
        let pending: [Pending; 2] = Default::default();
        let wake = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            if !pending[0].swap(true, Ordering::AcqRel) {
                drop(pager.send(pager::Order::Wake(Arc::clone(&pending[0]))));
            }
            if !pending[1].swap(true, Ordering::AcqRel) {
                drop(lister.send(lister::Order::Wake(Arc::clone(&pending[1]))));
            }
        };
        let notify = if polling { None } else { notify::recommended_watcher(wake).ok() };
        Watcher { source, notify, root: None, jobs: Vec::new() }
    }

    /// Watches the root, if it is there. Says whether it is watched.
    pub(super) fn watch_root(&mut self) -> bool {
        if let Some(old) = self.root.take().filter(|old| !self.jobs.contains(old)) {
            self.unwatch(&old);
        }
        self.root = self.source.watch_path(None).filter(|path| watch(&mut self.notify, path));
        self.root.is_some()
    }

    /// Watches these jobs instead of others. Says whether all are watched.
    pub(super) fn watch_jobs(&mut self, jobs: &[PathBuf]) -> bool {
        for old in std::mem::take(&mut self.jobs) {
            if Some(&old) != self.root.as_ref() {
                self.unwatch(&old);
            }
        }
        for job in jobs {
            self.jobs.extend(self.source.watch_path(Some(job)).filter(|path| watch(&mut self.notify, path)));
        }
        self.jobs.len() == jobs.len()
    }

    fn unwatch(&mut self, path: &Path) {
        if let Some(notify) = &mut self.notify {
            drop(notify.unwatch(path));
        }
    }
}

/// A directory that was removed and made anew needs a new watch, so there is no "already watched".
fn watch(notify: &mut Option<RecommendedWatcher>, path: &Path) -> bool {
    notify.as_mut().is_some_and(|notify| notify.watch(path, RecursiveMode::NonRecursive).is_ok())
}
