//! A job's start: its directory, its handlers, its entry in `job.json`.

use crate::disk::MAX_ID_BYTES;
use crate::engine::open::make_dirs;
use crate::error::Error;
use crate::job::Job;
use crate::logs::Inner;
use crate::run;
use log::LevelFilter;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A job to be started; see [`crate::Logs::job`].
#[derive(Debug)]
#[must_use = "nothing happens before `start`"]
pub struct JobBuilder {
    logs: Arc<Inner>,
    id: String,
    labels: BTreeMap<String, String>,
    level: Option<LevelFilter>,
}

impl JobBuilder {
    pub(crate) fn new(logs: Arc<Inner>, id: String) -> JobBuilder {
        JobBuilder { logs, id, labels: BTreeMap::new(), level: None }
    }

    /// Labels it: in `job.json`, and for `${label:NAME}` in the template.
    pub fn label(mut self, name: impl Into<String>, value: impl Display) -> JobBuilder {
        self.labels.insert(name.into(), value.to_string());
        self
    }

    /// The level to start with, in place of the template's `root.level`. An override for the id in the template's
    /// `logcore.jobs` goes before it.
    pub fn level(mut self, level: LevelFilter) -> JobBuilder {
        self.level = Some(level);
        self
    }

    /// Starts it. If a job of this id is live, that one is returned as it is; if other labels or a level were asked for,
    /// the server log says that they are passed over.
    ///
    /// The directory and `job.json` are made here, the level files with their first record.
    ///
    /// # Errors
    /// [`Error::JobId`] for an empty id, one that is too long or the server's; [`Error::Io`] if the directory or
    /// `job.json` cannot be written; [`Error::Config`] if the template does not render for this job.
    pub fn start(self) -> Result<Job, Error> {
        check_id(&self.id, &self.logs)?;
        let logs = &self.logs;
        let (job, opened) = {
            let _id = logs.lock_id(&self.id);
            if let Some(live) = logs.find_live(&self.id) {
                self.tell_if_passed_over(&live);
                return Ok(live);
            }
            let job = Job::new(logs.vars(&self.id, self.labels), self.level, logs, false);
            let opened = open(&job, logs);
            (job, opened)
        };
        // One that could not be opened ends here, outside the lock that its end takes.
        opened.map(|()| job)
    }

    /// Two starts of one id that mean different things are probably two jobs.
    fn tell_if_passed_over(&self, live: &Job) {
        let labels = !self.labels.is_empty() && self.labels != live.core().vars.labels;
        if labels || self.level.is_some() {
            let id = &self.id;
            let text = "is live already: labels and level of a second start are passed over";
            self.logs.note(log::Level::Warn, format_args!("job {id:?} {text}"));
        }
    }
}

/// Opens the server log, as a job that is never entered and never finished.
pub(crate) fn start_server(logs: &Arc<Inner>, id: &str) -> Result<Job, Error> {
    let server = Job::new(logs.vars(id, BTreeMap::new()), None, logs, true);
    match open(&server, logs) {
        Ok(()) => Ok(server),
        Err(error) => {
            // Its level no longer counts; dropping it alone would end nothing, as a server never finishes.
            server.core().end_server();
            Err(error)
        }
    }
}

fn check_id(id: &str, logs: &Inner) -> Result<(), Error> {
    let reason = if id.is_empty() {
        "it is empty; give every job an id".to_owned()
    } else if id.len() > MAX_ID_BYTES {
        format!("it has {} bytes; {MAX_ID_BYTES} are the most", id.len())
    } else if id == logs.server_id() {
        "it is the server log's; choose another, or change `logcore.server` in the template".to_owned()
    } else {
        return Ok(());
    };
    let id = id.chars().take(60).collect();
    Err(Error::JobId { id, reason })
}

/// Gives a new job its handlers, its directory and its `job.json`. The id is locked.
fn open(job: &Job, logs: &Inner) -> Result<(), Error> {
    let core = job.core();
    logs.renew_own_files().map_err(Error::io("write to the log root", &logs.root))?;
    let mut template = Arc::clone(&logs.template());
    core.apply(&*template.plan_for(&core.vars)?, logs);
    core.set_begun(run::begin(core, logs)?);
    if !core.is_server {
        logs.set_live(job);
    }
    // A reload before the job was in the table of the live ones has passed it by.
    while !Arc::ptr_eq(&template, &logs.template()) {
        template = Arc::clone(&logs.template());
        core.apply(&*template.plan_for(&core.vars)?, logs);
    }
    Ok(())
}

/// Makes the directory; `true` if it was there. A link or a file in its place is an error, and not followed.
pub(crate) fn make_job_dir(dir: &Path) -> io::Result<bool> {
    /// It can be removed between two looks: by the retention of another host, or by a person.
    const TRIES: usize = 100;
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, crate::modes::directory());
    for _ in 0..TRIES {
        match builder.create(dir) {
            Ok(()) => return Ok(false),
            // The root went away under way.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                dir.parent().map_or(Ok(()), make_dirs)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::symlink_metadata(dir) {
                Ok(about) if about.is_dir() => return Ok(true),
                Ok(_) => {
                    let text = "something that is no directory has its name";
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it is removed as soon as it is made"))
}
