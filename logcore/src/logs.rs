//! All logs of a host: the template in force, the server log, the live jobs.

use crate::disk::buffers::Buffers;
use crate::disk::{self, Alive, Outcome, Recovered};
use crate::engine::files::Shared;
use crate::engine::flusher::{Complaint, Flushed, Trouble};
use crate::engine::open::make_dirs;
use crate::error::Error;
use crate::job::{Core, Job, WeakJob};
use crate::jobs_lock::JobsLock;
use crate::lock::lock;
use crate::modes;
use crate::report::{JobInfo, JobReport, Stats};
use crate::retention::{self, Removal, Retention};
use crate::router::{self, Router};
use crate::run::{self, LastPatterns};
use crate::start::JobBuilder;
use crate::sync::{Mutex, MutexGuard};
use crate::template::{Template, Vars, job_dir, unreadable};
use crate::watch::Watch;
use arc_swap::ArcSwap;
use log::{Level, LevelFilter, Log, Record};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

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

/// How often it is looked for jobs to remove, whatever happens.
const RETAIN_EVERY: Duration = Duration::from_secs(3600);
/// How soon after something has happened,
const RETAIN_SOON: Duration = Duration::from_secs(1);
/// unless the last look took so long that it would be looked for more than this part of the time.
const RETAIN_SHARE: u32 = 20;

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

/// A level that has been set, or why it could not be; see [`Logs::set_level`].
///
/// The level changes in `set_level` itself. [`for_`](LevelChange::for_) and [`keep`](LevelChange::keep) say for how
/// long, and are where an error comes out: a change that is dropped without either stays until the job ends if it was
/// made, and tells nobody if it was not, because there was no such job.
#[derive(Debug)]
#[must_use = "it is set; `for_` takes it back after a time, `keep` says whether there was such a job"]
pub struct LevelChange {
    inner: Arc<Inner>,
    job: Option<WeakJob>,
    call: u64,
    result: Result<(), Error>,
}

impl LevelChange {
    /// Takes the level back after `time`, unless it was set anew by then.
    ///
    /// # Errors
    /// [`Error::NotLive`] if no such job was live; [`Error::Config`] if the template does not render for it.
    pub fn for_(self, time: Duration) -> Result<(), Error> {
        self.result?;
        let Some(job) = self.job else { return Ok(()) };
        let (inner, call) = (Arc::downgrade(&self.inner), self.call);
        let at = Instant::now().checked_add(time);
        // A time that no clock can show never comes.
        if let Some(at) = at {
            self.inner.files.flusher().at(at, move || {
                if let (Some(inner), Some(job)) = (inner.upgrade(), job.upgrade()) {
                    // A template that does not render for the job cannot be in force.
                    let _ = inner.with_plan(&job, |plan| job.core().clear_level(call, plan, &inner));
                }
            });
        }
        Ok(())
    }

    /// Whether the level was set; it stays until the job ends.
    ///
    /// # Errors
    /// As for [`LevelChange::for_`].
    pub fn keep(self) -> Result<(), Error> {
        self.result
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

    /// Calls `act` with the plan in force for `job`, which then is under the newest one.
    fn with_plan(&self, job: &Job, act: impl FnOnce(&crate::template::Plan)) -> Result<(), Error> {
        let mut template = Arc::clone(&self.template());
        act(&*template.plan_for(&job.core().vars)?);
        // A reload under way has perhaps put the job under a newer one before `act` took it back.
        while !Arc::ptr_eq(&template, &self.template()) {
            template = Arc::clone(&self.template());
            job.core().apply(&*template.plan_for(&job.core().vars)?, self);
        }
        Ok(())
    }

    /// Reads the template; if its text is new, or if `anyway`, puts everything under it or says why not.
    pub(crate) fn reload(self: &Arc<Self>, anyway: bool) -> Result<(), Error> {
        let began = Instant::now();
        let mut seen = lock(&self.seen);
        let bytes = match fs::read(&self.config) {
            Ok(bytes) => bytes,
            // Deleted, to be recreated: the watcher says so if it stays away.
            Err(error) if !anyway && error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let error = unreadable(&self.config, &error);
                let why = error.to_string();
                if anyway || seen.unreadable.as_ref() != Some(&why) {
                    self.note(Level::Error, format_args!("the old config stays in force: {why}"));
                    seen.unreadable = Some(why);
                }
                return Err(error.into());
            }
        };
        seen.unreadable = None;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if !anyway && seen.text == text {
            return Ok(());
        }
        text.clone_into(&mut seen.text);
        match Template::parse(&self.config, text).and_then(|template| self.follow(template)) {
            Ok((changes, jobs)) => {
                let took = began.elapsed();
                let file = self.config.display();
                disk::add_reload(&self.root, self.alive.process(), &changes);
                self.note(
                    Level::Info,
                    format_args!("config reloaded: {changes}; {jobs} live jobs, {took:.1?} ({file})"),
                );
                Ok(())
            }
            Err(error) => {
                self.note(Level::Error, format_args!("config refused, the old one stays in force: {error}"));
                Err(error.into())
            }
        }
    }

    /// Once an override of the template in force has ended, the jobs follow what is left of it. The file is not read: it
    /// may be refused by now, or gone.
    pub(crate) fn let_go_of_overrides(self: &Arc<Self>) {
        let _one_at_a_time = lock(&self.seen);
        let template = self.template.load_full();
        if template.plan().until().is_none_or(|until| chrono::Utc::now() < until) {
            return;
        }
        let followed = Template::parse(&self.config, template.text().as_bytes())
            .and_then(|template| self.follow(template));
        match followed {
            Ok(_) => self.note(
                Level::Info,
                format_args!(
                    "an override of `logcore.jobs` has ended: its jobs follow the rest of the template"
                ),
            ),
            // What is in force was parsed before.
            Err(error) => self.note(Level::Error, format_args!("an override cannot be taken back: {error}")),
        }
    }

    /// Puts the server log and all live jobs under `template`, or none of them.
    fn follow(self: &Arc<Self>, template: Template) -> Result<(String, usize), crate::ConfigError> {
        let jobs = self.live_jobs();
        let mut rendered = Vec::with_capacity(jobs.len() + 1);
        for core in jobs.iter().chain([self.server()]).map(Job::core) {
            let plan = template.plan_for(&core.vars)?;
            let own = core.render(&plan, self);
            // Encoders that all jobs share are tried once: what they put in for a job is text, escaped already.
            if rendered.is_empty() || !Arc::ptr_eq(&plan, template.plan()) {
                own.dispatch.dry_run(&core.vars);
            }
            rendered.push((core, plan, own));
        }
        let old = self.template.load_full();
        let changes = template.differences(&old);
        let plan = template.plan();
        let moved = absolute(&plan.dir) != self.root || plan.server != self.server_id();
        self.files.set_settings(&template.plan().settings);
        modes::set(template.plan().modes);
        let retention = template.plan().retention;
        // Jobs that start from here on are under the new one; those that started before are in the list or look again.
        self.template.store(Arc::new(template));
        for (core, plan, own) in rendered {
            core.adopt(own, &plan, self);
        }
        if retention != old.plan().retention {
            self.retain_after(RETAIN_SOON);
        }
        if moved {
            let (root, server) = (self.root.display(), self.server_id());
            self.note(
                Level::Warn,
                format_args!(
                    "logcore.dir and logcore.server are read at the start: until the next one they stay {root} and {server:?}"
                ),
            );
        }
        Ok((changes, jobs.len()))
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

    /// Has the jobs removed that `logcore.retention` does not keep, after `wait` at the latest, on a thread of its own.
    fn retain_after(self: &Arc<Self>, wait: Duration) {
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

    fn tell_recovered(&self, file: &Recovered) {
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

    fn start_flusher(self: &Arc<Self>) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_set_while_a_reload_renders_stays_set() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("log.yaml");
        let root = dir.path().join("logs");
        let text = format!("logcore: {{ dir: {root:?} }}\nappenders: {{}}\nroot: {{ level: info }}\n");
        fs::write(&config, text).unwrap();
        let logs = Logs::from_file(&config).unwrap();
        let job = logs.job("j").start().unwrap();
        let plan = Arc::clone(logs.inner.template().plan());
        let rendered = job.core().render(&plan, &logs.inner);
        logs.set_level("j", LevelFilter::Trace).keep().unwrap();
        job.core().adopt(rendered, &plan, &logs.inner);
        assert!(job.enabled(&log::Metadata::builder().level(Level::Trace).build()));
    }
}
