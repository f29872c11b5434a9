//! All logs of a host: the template in force, the server log, the live jobs.

mod level_change;
mod reload;
mod upkeep;

pub use self::level_change::LevelChange;

use crate::disk::buffers::Buffers;
use crate::disk::{self, Alive, Outcome};
use crate::engine::files::Shared;
use crate::engine::flusher::Flushed;
use crate::engine::open::make_dirs;
use crate::error::Error;
use crate::job::{Core, Job, WeakJob};
use crate::jobs_lock::JobsLock;
use crate::lock::lock;
use crate::modes;
use crate::report::{JobInfo, JobReport, Stats};
use crate::retention::{Removal, Retention};
use crate::router::{self, Router};
use crate::run::{self, LastPatterns};
use crate::start::JobBuilder;
use crate::sync::{Mutex, MutexGuard};
use crate::template::{Template, Vars, job_dir};
use crate::watch::Watch;
use arc_swap::ArcSwap;
use log::{Level, LevelFilter, Log, Record};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::ThreadId;
use std::time::Duration;

/// The logs of a host app: a template, a server log, and jobs. Clones are the same.
///
/// Made by [`crate::init`], or by [`Logs::from_file`] without touching anything global.
#[derive(Clone)]
pub struct Logs {
    inner: Arc<Inner>,
}

/// What the last look at the template's file showed.
struct Seen {
    /// Its text, without a byte order mark.
    text: Vec<u8>,
    /// Why it could not be read, as it stands in the server log.
    unreadable: Option<String>,
}

pub(crate) struct Inner {
    config: PathBuf,
    /// What is in force.
    template: ArcSwap<Template>,
    /// The text that was looked at last, be it in force or refused.
    seen: Mutex<Seen>,
    /// The log root, absolute.
    pub(crate) root: PathBuf,
    pub(crate) files: Arc<Shared>,
    pub(crate) alive: Alive,
    pub(crate) jobs_lock: JobsLock,
    pub(crate) patterns: LastPatterns,
    pid: u32,
    server: OnceLock<Job>,
    live: Mutex<HashMap<String, WeakJob>>,
    /// Held while a job of an id starts or ends; ids are spread over them.
    ids: [Mutex<()>; 32],
    hasher: RandomState,
    level_calls: AtomicU64,
    watch: OnceLock<Watch>,
    retention: Arc<Retention>,
}

impl Logs {
    /// Reads the template in `path` and opens the server log. Installs nothing global: log through jobs, through
    /// [`Logs::server`] or through a [`Router`]. The template is watched and followed, as with [`crate::init`].
    ///
    /// # Errors
    /// [`Error::Config`] with the place of what is wrong; [`Error::Io`] if the log root cannot be written;
    /// [`Error::Thread`] if the flusher cannot be started.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Logs, Error> {
        let config = absolute(path.as_ref());
        let template = Template::load(path.as_ref())?;
        let plan = Arc::clone(template.plan());
        modes::set(plan.modes);
        let root = absolute(&plan.dir);
        make_dirs(&root).map_err(Error::io("make the log root", &root))?;
        let alive = Alive::claim(&root).map_err(Error::io("write to the log root", &root))?;
        let recovered = disk::recover(&root);
        let files = Shared::new(&root);
        files.set_settings(&plan.settings);
        let kept = Buffers::create(&root, alive.process()).map(|buffers| files.keep_in(buffers));
        let retention = Arc::new(Retention::new(&root, alive.process()));
        let inner = Arc::new(Inner {
            config,
            retention,
            jobs_lock: JobsLock::new(&root),
            patterns: LastPatterns::default(),
            seen: Mutex::new(Seen { text: template.text().as_bytes().to_vec(), unreadable: None }),
            template: ArcSwap::from_pointee(template),
            root,
            files,
            alive,
            pid: std::process::id(),
            server: OnceLock::new(),
            live: Mutex::default(),
            ids: Default::default(),
            hasher: RandomState::new(),
            level_calls: AtomicU64::new(0),
            watch: OnceLock::new(),
        });
        inner.start_flusher()?;
        let server = crate::start::start_server(&inner, &plan.server)?;
        // Nobody else has the new Inner yet.
        let _ = inner.server.set(server);
        let _ = inner.watch.set(Watch::start(&inner));
        crate::process::flush_at_exit(&inner);
        inner.retain_after(Duration::ZERO);
        for file in &recovered {
            inner.tell_recovered(file);
        }
        if let Err(error) = kept {
            let root = inner.root.display();
            inner.note(
                Level::Warn,
                format_args!("{root} cannot hold buffers that outlive this process ({error}): what it has buffered is lost if it is killed"),
            );
        }
        Ok(Logs { inner })
    }

    /// A job called `id`, to be started. The id can be any text but the empty one and the server's, up to
    /// [`crate::disk::MAX_ID_BYTES`] bytes; its directory is [`crate::disk::segment`] of it.
    pub fn job(&self, id: impl Into<String>) -> JobBuilder {
        JobBuilder::new(Arc::clone(&self.inner), id.into())
    }

    /// The server log: what is logged outside any job, and what logcore itself has to say.
    ///
    /// ```no_run
    /// # let logs = logcore::Logs::from_file("config/log.yaml").unwrap();
    /// log::warn!(logger: logs.server(), "from inside a job, to the server log");
    /// ```
    #[must_use]
    pub fn server(&self) -> &Job {
        self.inner.server()
    }

    /// The live jobs, sorted by id; the server log is not among them.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobInfo> {
        let jobs = self.inner.live_jobs();
        let threads = router::threads();
        let mut infos: Vec<JobInfo> = jobs
            .iter()
            .map(|job| {
                let inside = threads.iter().filter(|(_, weak)| weak.is(job)).map(|(id, _)| *id).collect();
                job.core().info(inside)
            })
            .collect();
        infos.sort_by(|a, b| a.id.cmp(&b.id));
        infos
    }

    /// The job of these logs that `thread` is in: for a child task that is to log into its parent's job.
    /// [`Job::spawn`], [`Job::wrap`] and [`crate::InJob`] do that without asking.
    #[must_use]
    pub fn on_thread(&self, thread: ThreadId) -> Option<Job> {
        router::on_thread(thread).filter(|job| job.core().belongs_to(&self.inner))
    }

    /// Sets the level of a live job, or of the server log, at once: until the job ends, or for a time with
    /// [`LevelChange::for_`]. Goes before the template and before what the host asked for at the start.
    pub fn set_level(&self, id: &str, level: LevelFilter) -> LevelChange {
        let call = self.inner.level_calls.fetch_add(1, Ordering::Relaxed);
        let job = self.inner.find(id);
        let result = match &job {
            Some(job) => {
                self.inner.with_plan(job, |plan| job.core().set_level(level, call, plan, &self.inner))
            }
            None => Err(Error::NotLive { id: id.to_owned() }),
        };
        LevelChange { inner: Arc::clone(&self.inner), job: job.map(|job| job.downgrade()), call, result }
    }

    /// Reads the template again and puts all live jobs under it, changed or not (its environment may have).
    ///
    /// # Errors
    /// [`Error::Config`] if it is refused or cannot be read, also said in the server log; the old one then stays in force.
    pub fn reload(&self) -> Result<(), Error> {
        self.inner.reload(true)
    }

    /// Has everything that was logged before written to the files, by the flusher; waits `wait` at most.
    ///
    /// # Errors
    /// [`Error::Timeout`] if that took longer, [`Error::Unwritten`] if a file cannot be written. Nothing is lost by that: it stays
    /// buffered and is tried again.
    pub fn flush(&self, wait: Duration) -> Result<(), Error> {
        match self.inner.files.flusher().flush(wait) {
            Flushed::All => Ok(()),
            Flushed::NotAll => Err(Error::Unwritten),
            Flushed::TimedOut => Err(Error::Timeout { waited: wait }),
        }
    }

    /// Has SIGTERM and SIGINT write what is buffered and end the server's run before they end the process as usual. For
    /// hosts that leave these signals to the system; one that the host handles or ignores itself is left alone. Jobs that
    /// are live then look like what they are: cut off.
    ///
    /// Without this nothing is lost either: see [`disk::recover`]. With it, the files are complete when the process has
    /// ended, and not only when somebody looks at them.
    ///
    /// # Errors
    /// [`Error::Thread`] if the thread that waits for the signals cannot be started.
    #[cfg(unix)]
    pub fn flush_on_signals(&self) -> Result<(), Error> {
        crate::signals::flush_on_signals(&self.inner)
    }

    /// A logger that hands each record to its thread's job or to the server log, for hosts that install their own
    /// logger around it. From then on logcore keeps `log::max_level` up to date.
    #[must_use]
    pub fn router(&self) -> Router {
        crate::levels::install();
        Router::new(self.clone())
    }

    /// What logcore has done in the background.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { retention: self.inner.retention.stats() }
    }

    /// Which job directories `logcore.retention` would remove at this moment and why, those that go first first; at most
    /// 4,096. Removes nothing. Reads each `job.json`: of 100,000 jobs, for seconds.
    ///
    /// # Errors
    /// [`Error::Io`] if the log root cannot be read.
    pub fn retention_dry_run(&self) -> Result<Vec<Removal>, Error> {
        let limits = self.inner.template().plan().retention;
        self.inner.retention.dry_run(&limits).map_err(Error::io("read the log root", &self.inner.root))
    }

    pub(crate) fn flush_all(&self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        self.inner.files.flusher().flush(PATIENCE);
    }
}

impl Inner {
    pub(crate) fn server(&self) -> &Job {
        // Set before anybody gets an Inner to call this on.
        self.server.get().expect("the server log is opened when the logs are made")
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    pub(crate) fn template(&self) -> arc_swap::Guard<Arc<Template>> {
        self.template.load()
    }

    pub(crate) fn server_id(&self) -> &str {
        self.server.get().map_or("", Job::id)
    }

    /// What a template may know of the job `id` that starts now.
    pub(crate) fn vars(&self, id: &str, labels: BTreeMap<String, String>) -> Vars {
        Vars::new(id, job_dir(&self.root, id), labels)
    }

    /// Keeps others from starting or ending a job of this id.
    pub(crate) fn lock_id(&self, id: &str) -> MutexGuard<'_, ()> {
        let at = self.hasher.hash_one(id) as usize % self.ids.len();
        lock(&self.ids[at])
    }

    pub(crate) fn find_live(&self, id: &str) -> Option<Job> {
        lock(&self.live).get(id)?.upgrade()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Job> {
        if id == self.server_id() { self.server.get().cloned() } else { self.find_live(id) }
    }

    pub(crate) fn set_live(&self, job: &Job) {
        lock(&self.live).insert(job.id().to_owned(), job.downgrade());
    }

    /// The live jobs. They are dropped outside the lock: one may be the last clone, whose end takes the lock.
    pub(crate) fn live_jobs(&self) -> Vec<Job> {
        lock(&self.live).values().filter_map(WeakJob::upgrade).collect()
    }

    /// Logcore's own word, in the server log.
    #[track_caller]
    pub(crate) fn note(&self, level: Level, message: fmt::Arguments<'_>) {
        const OWN: &str = "logcore";
        let here = std::panic::Location::caller();
        // None while the logs are being dropped: there is nowhere left to say it.
        let Some(server) = self.server.get() else { return };
        let mut record = Record::builder();
        record
            .level(level)
            .target(OWN)
            .module_path(Some(OWN))
            .file(Some(here.file()))
            .line(Some(here.line()));
        server.log(&record.args(message).build());
    }

    /// Whether this is the process that made it, and no child that was forked.
    pub(crate) fn is_ours(&self) -> bool {
        crate::process::id() == self.pid
    }

    /// The process ends in order.
    pub(crate) fn end_at_exit(&self) {
        // A child that was forked and exits is not the host.
        if !self.is_ours() {
            return;
        }
        self.files.flush_at_exit();
        if let Some(server) = self.server.get() {
            self.ended(server.core(), &server.finish(Outcome::Ok));
        }
    }

    /// A job has ended, and its id is locked: out of the table, into `job.json`.
    pub(crate) fn ended(&self, job: &Core, report: &JobReport) {
        // Only its own entry: a job of this id that started after the last clone of this one went is live.
        let mut live = lock(&self.live);
        if live.get(&job.vars.id).is_some_and(|weak| weak.is_of(job)) {
            live.remove(&job.vars.id);
        }
        drop(live);
        if let Some(begun) = job.take_begun()
            && let Err(error) = run::end(job, self, &begun, report)
        {
            self.note(Level::Error, format_args!("{error}; the job {:?} will look killed", job.vars.id));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        // The last clone of the logs and the last job are gone: the server's run ends in order.
        if let Some(server) = self.server.take() {
            let report = server.core().end_server();
            self.ended(server.core(), &report);
        }
        self.retention.stop();
        self.files.flusher().stop();
    }
}

pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs")
            .field("config", &self.inner.config)
            .field("root", &self.inner.root)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("root", &self.root).finish_non_exhaustive()
    }
}
