//! A job: an id, a directory, a set of handlers that lives exactly as long as the job.

mod core;

pub(crate) use self::core::Core;

use crate::disk::Outcome;
use crate::error::Error;
use crate::logs::Inner;
use crate::progress::{self};
use crate::report::JobReport;
use crate::router::{self, Entered};
use crate::template::Vars;
use log::{LevelFilter, Log, Metadata, Record};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// A job that records can be logged to.
///
/// Clones are the same job: one set of handlers, however many threads. It ends with [`Job::finish`], or when the last
/// clone is dropped; then its files are flushed and closed. It is a [`log::Log`], for
/// `info!(logger: job, "…")` from wherever.
#[derive(Clone)]
pub struct Job {
    handle: Arc<Handle>,
}

/// What the clones of a job share; dropping it ends the job.
struct Handle {
    core: Arc<Core>,
    /// Keeps files and flusher alive for as long as the job is; the server's would keep itself.
    _logs: Option<Arc<Inner>>,
}

/// A job that is not kept alive.
#[derive(Clone)]
pub(crate) struct WeakJob {
    handle: Weak<Handle>,
    core: Weak<Core>,
}

impl Job {
    pub(crate) fn new(vars: Vars, asked: Option<LevelFilter>, logs: &Arc<Inner>, is_server: bool) -> Job {
        let core = Core::new(vars, asked, Arc::downgrade(logs), is_server);
        let keep = (!is_server).then(|| Arc::clone(logs));
        Job { handle: Arc::new(Handle { core, _logs: keep }) }
    }

    /// The id that it was started with.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.core().vars.id
    }

    /// Its directory, an absolute path.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.core().vars.dir
    }

    /// Takes this thread into the job until the guard is dropped.
    pub fn enter(&self) -> Entered {
        router::enter(self)
    }

    /// Runs `f` in the job, on this thread. What was there before is restored also if `f` panics.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _in = self.enter();
        f()
    }

    /// `f`, to be run in the job, on whatever thread: for thread pools.
    ///
    /// ```no_run
    /// # fn pool(_: impl FnOnce() + Send + 'static) {}
    /// # fn host(job: &logcore::Job) {
    /// pool(job.wrap(|| log::info!("in the job, on a pooled thread")));
    /// # }
    /// ```
    pub fn wrap<F, R>(&self, f: F) -> impl FnOnce() -> R + use<F, R>
    where
        F: FnOnce() -> R,
    {
        let job = self.clone();
        move || job.run(f)
    }

    /// Starts a thread called `name` that is in the job.
    ///
    /// # Errors
    /// [`Error::Thread`] if the system gives no thread, or if the name holds a NUL.
    pub fn spawn<F, R>(&self, name: impl Into<String>, f: F) -> Result<JoinHandle<R>, Error>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let name = name.into();
        if name.contains('\0') {
            let source =
                std::io::Error::new(std::io::ErrorKind::InvalidInput, "a thread's name cannot hold a NUL");
            return Err(Error::Thread { name, source });
        }
        let builder = thread::Builder::new().name(name.clone());
        builder.spawn(self.wrap(f)).map_err(|source| Error::Thread { name, source })
    }

    /// Says how far the job is: so much is `done` of `total`, in whatever unit the host counts; a `total` of 0 says that
    /// it is not known. The viewer shows it as a gauge with the time that is left.
    ///
    /// Call it as often as you like: it takes a lock that is held for an instant and does no I/O. The flusher writes the
    /// last value to `progress.json` in the job's directory, four times a second at most, and [`Job::finish`] writes the
    /// one at the end; where it cannot be written, nothing else suffers. After the end of the job it does nothing.
    ///
    /// ```no_run
    /// # fn host(job: &logcore::Job, files: &[std::path::PathBuf]) {
    /// for (at, file) in files.iter().enumerate() {
    ///     job.progress(at as u64, files.len() as u64);
    ///     log::info!("packing {}", file.display());
    /// }
    /// # }
    /// ```
    pub fn progress(&self, done: u64, total: u64) {
        let core = self.core();
        if !core.progress.get_or_init(Box::default).set(done, total) {
            return;
        }
        let Some(logs) = core.logs.upgrade().filter(|logs| logs.is_ours()) else { return };
        let me = core.me.clone();
        let write = move || {
            if let Some(core) = me.upgrade()
                && let Some(logs) = core.logs.upgrade()
                && core.dispatch.load().is_some()
                && let Some(progress) = core.progress.get()
            {
                progress.write(&core.vars, &logs);
            }
        };
        logs.files.flusher().at(Instant::now() + progress::PACE, write);
    }

    /// Ends the job: waits for log calls under way (1 s at most), flushes and closes its files, writes `job.json`.
    ///
    /// Threads that are still in it, and clones, may go on logging; those records go to the server log, marked as
    /// late. The first call decides; later ones return the same report. The server log cannot be finished, only
    /// flushed.
    pub fn finish(&self, outcome: Outcome) -> JobReport {
        self.core().finish(outcome)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.handle.core
    }

    pub(crate) fn downgrade(&self) -> WeakJob {
        WeakJob { handle: Arc::downgrade(&self.handle), core: Arc::downgrade(self.core()) }
    }
}

impl WeakJob {
    pub(crate) fn upgrade(&self) -> Option<Job> {
        self.handle.upgrade().map(|handle| Job { handle })
    }

    pub(crate) fn is(&self, job: &Job) -> bool {
        std::ptr::eq(self.handle.as_ptr(), Arc::as_ptr(&job.handle))
    }

    /// Whether it is, or was, the job with this core.
    pub(crate) fn is_of(&self, core: &Core) -> bool {
        std::ptr::eq(self.core.as_ptr(), core)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let outcome = if thread::panicking() { Outcome::Panicked } else { Outcome::Dropped };
        self.core.finish(outcome);
    }
}

impl Log for Job {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match &*self.core().dispatch.load() {
            Some(dispatch) => dispatch.enabled(metadata.level(), metadata.target()),
            None => self.core().would_have_taken(metadata.level()),
        }
    }

    fn log(&self, record: &Record<'_>) {
        self.core().log(record);
    }

    fn flush(&self) {
        self.core().flush();
    }
}

impl std::fmt::Debug for WeakJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WeakJob")
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("id", &self.id()).field("dir", &self.dir()).finish_non_exhaustive()
    }
}
