//! Notifications of the root and of the job on screen: two watches, however many jobs there are. Where there are none
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
    job: Option<PathBuf>,
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
        Watcher { source, notify, root: None, job: None }
    }

    /// Watches the root, if it is there. Says whether it is watched.
    pub(super) fn watch_root(&mut self) -> bool {
        let path = self.source.watch_path(None);
        let mut slot = self.root.take();
        let watched = self.turn(&mut slot, path);
        self.root = slot;
        watched
    }

    /// Watches one job instead of another. Says whether it is watched.
    pub(super) fn watch_job(&mut self, job: Option<&Path>) -> bool {
        let path = job.and_then(|job| self.source.watch_path(Some(job)));
        let wanted = path.is_some();
        let mut slot = self.job.take();
        let watched = self.turn(&mut slot, path);
        self.job = slot;
        watched || !wanted
    }

    fn turn(&mut self, slot: &mut Option<PathBuf>, path: Option<PathBuf>) -> bool {
        let Some(notify) = &mut self.notify else { return false };
        let shared = [&self.root, &self.job].into_iter().any(|other| other.is_some() && other == slot);
        if let Some(old) = slot.take().filter(|_| !shared) {
            drop(notify.unwatch(&old));
        }
        let Some(path) = path else { return false };
        // A directory that was removed and made anew needs a new watch, so there is no "already watched".
        if notify.watch(&path, RecursiveMode::NonRecursive).is_err() {
            return false;
        }
        *slot = Some(path);
        true
    }
}
