//! A job's run in its `job.json`: written when it starts, completed when it ends.
//!
//! Several processes may share the root, and even run jobs of one id. Whoever finds a `job.json` changes it with the id
//! locked, see [`crate::jobs_lock`]. Whoever finds none puts the first one there without replacing any, so that of two
//! who do so at the same moment the second finds the first one's after all. A job in a directory that it has made itself,
//! which is how most begin, therefore takes no lock to start; and if nobody has touched its `job.json` at its end, it
//! knows what stands there.

use crate::disk::{JOB_JSON, JobFile, Run, Stamp};
use crate::error::Error;
use crate::job::Core;
use crate::lock::lock;
use crate::logs::{Inner, absolute};
use crate::report::JobReport;
use crate::start::make_job_dir;
use crate::sync::Mutex;
use chrono::{SecondsFormat, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What has to be known of a run's start until its end: somebody may delete the files.
#[derive(Debug)]
pub(crate) struct Begun {
    patterns: Arc<Patterns>,
    offsets: BTreeMap<String, u64>,
    pid: u32,
    /// The `job.json` that the start wrote, if no other run stands in it.
    alone: Option<Stamp>,
}

/// So long after it was written a file is not on the disk yet: kernels wait for half a minute.
const YOUNG: Duration = Duration::from_secs(20);

/// By file name the encoders' patterns, and what parts are called that are rolled away.
#[derive(Debug, Default, PartialEq)]
struct Patterns {
    lines: BTreeMap<String, String>,
    parts: BTreeMap<String, String>,
}

/// The patterns of the job that started last: the next one's are most likely the same, and then kept once.
#[derive(Debug, Default)]
pub(crate) struct LastPatterns(Mutex<Arc<Patterns>>);

impl LastPatterns {
    fn share(&self, patterns: Patterns) -> Arc<Patterns> {
        let mut last = lock(&self.0);
        if **last != patterns {
            *last = Arc::new(patterns);
        }
        Arc::clone(&last)
    }
}

/// Makes the job's directory, opens its files as a start asks for and writes to `job.json` that a run begins. The id is
/// locked in this process.
pub(crate) fn begin(core: &Core, logs: &Inner) -> Result<Begun, Error> {
    let (id, dir) = (&core.vars.id, &core.vars.dir);
    let make = || make_job_dir(dir).map_err(Error::io("make the job's directory", dir));
    let mut existed = make()?;
    let mut locked = existed.then(|| logs.jobs_lock.lock(id));
    if locked.is_some() {
        // Before it was locked, it may have been removed for its age.
        existed = make()?;
    }
    let mut found = if existed { read(dir, id)? } else { None };
    let describe = |existed| describe(core, logs, existed).map_err(Error::io("prepare the files of", dir));
    let mut begun = describe(existed)?;
    loop {
        let first = found.is_none();
        let mut file = header(core, &begun);
        file.runs = found.map(|file| file.runs).unwrap_or_default();
        file.runs.push(run(core, &begun, logs));
        if !first {
            file.write(dir, logs.alive.process()).map_err(cannot_write(dir))?;
            return Ok(begun);
        }
        let mut write = || file.write_first(dir, logs.alive.process());
        begun.alone = match write() {
            // A job of this id has come and gone elsewhere since the directory was made, and the directory with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => make().map(|_| write())?,
            other => other,
        }
        .map_err(cannot_write(dir))?;
        if begun.alone.is_some() {
            return Ok(begun);
        }
        // Another process has started a job of this id at the same moment.
        locked.get_or_insert_with(|| logs.jobs_lock.lock(id));
        found = read(dir, id)?;
        begun = describe(true)?;
    }
}

/// Completes the run in `job.json`. One that is missing there, as the file or all of the directory was deleted or
/// replaced under way, is added again.
pub(crate) fn end(core: &Core, logs: &Inner, begun: &Begun, report: &JobReport) -> Result<(), Error> {
    let (id, dir) = (&core.vars.id, &core.vars.dir);
    if core.is_server && !logs.root.exists() {
        return Ok(()); // nothing is left to which the end of the server log could matter
    }
    let _locked = logs.jobs_lock.lock(id);
    if begun.alone.is_some() && begun.alone == Stamp::read(dir) {
        // What stands there is known: it is as our start has left it.
        let mut file = header(core, begun);
        file.runs.push(completed(run(core, begun, logs), dir, report));
        let young = report.duration < YOUNG;
        let write = if young { JobFile::write_over_young } else { JobFile::write };
        return write(&mut file, dir, logs.alive.process()).map_err(cannot_write(dir));
    }
    loop {
        let existed = make_job_dir(dir).map_err(Error::io("make the job's directory", dir))?;
        let found = if existed { read(dir, id)? } else { None };
        let first = found.is_none();
        let mut file = found.filter(|file| !file.runs.is_empty()).unwrap_or_else(|| header(core, begun));
        let ours = run(core, begun, logs);
        match file.runs.iter_mut().rfind(|run| run.process == ours.process && run.start == ours.start) {
            Some(run) => *run = completed(std::mem::take(run), dir, report),
            None => file.runs.push(completed(ours, dir, report)),
        }
        if !first {
            return file.write(dir, logs.alive.process()).map_err(cannot_write(dir));
        }
        // One that another process has put there in between is completed in its turn.
        if file.write_first(dir, logs.alive.process()).map_err(cannot_write(dir))?.is_some() {
            return Ok(());
        }
    }
}

fn cannot_write(dir: &Path) -> impl FnOnce(io::Error) -> Error {
    Error::io("write job.json in", dir)
}

/// The `job.json` of earlier runs. One that cannot be read is kept aside, not overwritten.
fn read(dir: &Path, id: &str) -> Result<Option<JobFile>, Error> {
    match JobFile::read(dir) {
        Ok(file) if file.id == id => Ok(Some(file)),
        Ok(other) => {
            let reason = format!("its directory belongs to the job {:?}; choose another id", other.id);
            Err(Error::JobId { id: id.chars().take(60).collect(), reason })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) => {
            let (from, to) = (dir.join(JOB_JSON), dir.join("job.json.unreadable"));
            fs::rename(&from, &to).map_err(Error::io("put aside the unreadable", from))?;
            Ok(None)
        }
    }
}

/// Opens the job's files as a start asks for, and notes what `job.json` says of them.
fn describe(core: &Core, logs: &Inner, existed: bool) -> io::Result<Begun> {
    let (mut patterns, mut offsets) = (Patterns::default(), BTreeMap::new());
    if let Some(dispatch) = core.current_dispatch() {
        for (handle, encoder) in dispatch.files() {
            handle.prepare()?;
            let Ok(name) = handle.path().strip_prefix(&core.vars.dir) else { continue };
            let name = name.to_string_lossy().into_owned();
            if existed && let Ok(about) = fs::symlink_metadata(handle.path()) {
                offsets.insert(name.clone(), about.len());
            }
            if let Some(parts) = handle.parts()
                && let Ok(parts) = parts.strip_prefix(&core.vars.dir)
            {
                patterns.parts.insert(name.clone(), parts.to_string_lossy().into_owned());
            }
            if let Some(pattern) = encoder.pattern() {
                patterns.lines.insert(name, pattern.to_owned());
            }
        }
    }
    Ok(Begun { patterns: logs.patterns.share(patterns), offsets, pid: crate::process::id(), alone: None })
}

/// The job's `job.json` without a run.
fn header(core: &Core, begun: &Begun) -> JobFile {
    JobFile {
        id: core.vars.id.clone(),
        server: core.is_server,
        labels: core.vars.labels.clone(),
        patterns: begun.patterns.lines.clone(),
        parts: begun.patterns.parts.clone(),
        runs: Vec::new(),
    }
}

/// The job's run as it begins.
fn run(core: &Core, begun: &Begun, logs: &Inner) -> Run {
    Run {
        start: core.vars.started.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true),
        host: host().to_owned(),
        pid: begun.pid,
        process: logs.alive.process().to_owned(),
        // One that is no UTF-8 cannot stand there.
        template: absolute(logs.config()).to_str().unwrap_or_default().to_owned(),
        offsets: begun.offsets.clone(),
        ..Run::default()
    }
}

fn completed(mut run: Run, dir: &Path, report: &JobReport) -> Run {
    // It is at the beginning of files that were deleted and made anew.
    run.offsets.retain(|name, at| fs::metadata(dir.join(name)).is_ok_and(|about| about.len() >= *at));
    Run {
        end: Some(Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)),
        outcome: Some(report.outcome),
        counts: report.counts,
        bytes: report.bytes,
        lost: report.lost,
        balance: Some(report.balance),
        ..run
    }
}

fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| gethostname::gethostname().to_string_lossy().into_owned())
}
