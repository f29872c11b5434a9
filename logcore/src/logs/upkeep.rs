//! What goes on beside logging: jobs that are not kept any more, files that somebody took away, what the flusher has to say.

use super::Inner;
use crate::disk::Recovered;
use crate::disk::buffers::Buffers;
use crate::engine::flusher::{Complaint, Trouble};
use crate::error::Error;
use crate::retention::{self, Retention};
use log::Level;
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked for jobs to remove, whatever happens.
const RETAIN_EVERY: Duration = Duration::from_secs(3600);
/// How soon after something has happened,
pub(super) const RETAIN_SOON: Duration = Duration::from_secs(1);
/// unless the last look took so long that it would be looked for more than this part of the time.
const RETAIN_SHARE: u32 = 20;

impl Inner {
    /// Has the jobs removed that `logcore.retention` does not keep, after `wait` at the latest, on a thread of its own.
    pub(super) fn retain_after(self: &Arc<Self>, wait: Duration) {
        if self.template().plan().retention == retention::Limits::default() {
            return;
        }
        let at = Instant::now() + wait;
        if !self.retention.is_next(at) {
            return;
        }
        let logs = Arc::downgrade(self);
        self.files.flusher().at(at, move || {
            let Some(inner) = logs.upgrade() else { return };
            if !inner.retention.begin(at) {
                return;
            }
            let retention = Arc::clone(&inner.retention);
            let thread = thread::Builder::new().name("logcore-retain".into());
            if thread.spawn(move || retain(&retention, &logs)).is_err() {
                inner.retention.end();
                inner.retain_after(RETAIN_EVERY);
            }
        });
    }

    /// A job has ended, perhaps one too many.
    pub(crate) fn retain_soon(self: &Arc<Self>) {
        let limits = self.template().plan().retention;
        if limits.max_jobs.is_some() || limits.max_size.is_some() {
            let took = self.retention.stats().last_took;
            self.retain_after(RETAIN_SOON.max(took * RETAIN_SHARE));
        }
    }

    /// Makes anew what this process has in the root beside the jobs, if somebody has taken it away, perhaps with the whole
    /// root.
    ///
    /// # Errors
    /// What the file system says of the file without which all that runs looks dead.
    pub(crate) fn renew_own_files(&self) -> io::Result<()> {
        if self.alive.renewed()? {
            self.files.root_is_new();
            // The old ones are as good as long as the process lives.
            if let Ok(buffers) = Buffers::create(&self.root, self.alive.process()) {
                self.files.keep_in(buffers);
            }
        }
        Ok(())
    }

    pub(super) fn tell_recovered(&self, file: &Recovered) {
        let Recovered { process, path, lines, error, .. } = file;
        let path = path.display();
        match error {
            None => self.note(
                Level::Warn,
                format_args!("the process {process} died with {lines} lines for {path} unwritten: they stand there now"),
            ),
            Some(error) => self.note(
                Level::Error,
                format_args!(
                    "cannot write to {path} what the process {process} had buffered when it died: {error}; the next start tries again"
                ),
            ),
        }
    }

    pub(super) fn start_flusher(self: &Arc<Self>) -> Result<(), Error> {
        let logs: Weak<Inner> = Arc::downgrade(self);
        let report = move |complaint: Complaint| {
            let Some(logs) = logs.upgrade() else { return };
            let path = complaint.path.display();
            match complaint.trouble {
                Trouble::Write(error) => logs.note(
                    Level::Error,
                    format_args!(
                        "cannot write {path}: {error}; its records are buffered and it is tried again"
                    ),
                ),
                Trouble::Roll(error) => logs.note(
                    Level::Error,
                    format_args!("cannot roll {path}: {error}; logging goes on in it and it is tried again"),
                ),
                Trouble::NotKept => logs.note(
                    Level::Warn,
                    format_args!(
                        "there is no room for buffers that outlive this process below {path}: what it has buffered is lost if it is killed"
                    ),
                ),
                Trouble::Compress(error) => logs.note(
                    Level::Error,
                    format_args!("cannot compress {path}: {error}; the part stays and it is tried again"),
                ),
                // Whether more than a file is gone is found out here; if it cannot be made anew, a job's start will say so.
                Trouble::Gone => drop(logs.renew_own_files()),
                Trouble::Mended => logs.note(Level::Info, format_args!("{path} is written again")),
            }
        };
        let started = self.files.flusher().start(&self.files, report);
        started.map_err(|source| Error::Thread { name: "logcore-flush".into(), source })
    }
}

/// A run of [`Retention`], and the next one's date. It does not keep the logs alive.
fn retain(retention: &Retention, logs: &Weak<Inner>) {
    let limits = logs.upgrade().map(|logs| logs.template().plan().retention);
    let (jobs, bytes) = limits.map_or((0, 0), |limits| retention.run(&limits));
    let again = retention.end();
    let Some(logs) = logs.upgrade() else { return };
    if jobs > 0 {
        logs.note(Level::Info, format_args!("retention: {jobs} jobs removed, {bytes} bytes"));
    }
    logs.retain_after(if again { RETAIN_SOON } else { RETAIN_EVERY });
}
