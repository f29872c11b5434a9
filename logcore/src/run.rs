//! A job's run in its `job.json`: written when it starts, completed when it ends.

use crate::disk::{JOB_JSON, JobFile, Run};
use crate::error::Error;
use crate::job::Core;
use crate::lock::lock;
use crate::logs::Inner;
use crate::report::JobReport;
use crate::start::make_job_dir;
use chrono::{SecondsFormat, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

/// What has to be known of a run's start until its end: somebody may delete the files.
#[derive(Debug)]
pub(crate) struct Begun {
    patterns: Arc<Patterns>,
    offsets: BTreeMap<String, u64>,
}

/// The encoders' patterns by file name.
type Patterns = BTreeMap<String, String>;

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

/// Writes to `job.json` that a run of the job begins, after those that `found` holds. The id is locked.
pub(crate) fn begin(
    core: &Core,
    logs: &Inner,
    existed: bool,
    found: Option<JobFile>,
) -> Result<Begun, Error> {
    let dir = &core.vars.dir;
    let begun = describe(core, logs, existed).map_err(Error::io("prepare the files of", dir))?;
    let mut file = header(core, &begun);
    file.runs = found.map(|file| file.runs).unwrap_or_default();
    file.runs.push(run(core, &begun, logs));
    file.write(dir, logs.alive.process()).map_err(Error::io("write job.json in", dir))?;
    Ok(begun)
}

/// Completes the run in `job.json`. One that is missing there, as the file or all of the directory was deleted or
/// replaced under way, is added again.
pub(crate) fn end(core: &Core, logs: &Inner, begun: &Begun, report: &JobReport) -> Result<(), Error> {
    let (id, dir) = (&core.vars.id, &core.vars.dir);
    if core.is_server && !logs.root.exists() {
        return Ok(()); // nothing is left to which the end of the server log could matter
    }
    let _locked = logs.jobs_lock.lock(id);
    let existed = make_job_dir(dir).map_err(Error::io("make the job's directory", dir))?;
    let found = if existed { read(dir, id)? } else { None };
    let mut file = found.filter(|file| !file.runs.is_empty()).unwrap_or_else(|| header(core, begun));
    let ours = run(core, begun, logs);
    let at = file.runs.iter().rposition(|run| run.process == ours.process && run.start == ours.start);
    let at = at.unwrap_or_else(|| {
        file.runs.push(ours);
        file.runs.len() - 1
    });
    complete(&mut file.runs[at], dir, report);
    file.write(dir, logs.alive.process()).map_err(Error::io("write job.json in", dir))
}

/// The `job.json` of earlier runs. One that cannot be read is kept aside, not overwritten.
pub(crate) fn read(dir: &Path, id: &str) -> Result<Option<JobFile>, Error> {
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
    let (mut patterns, mut offsets) = (Patterns::new(), BTreeMap::new());
    if let Some(dispatch) = core.current_dispatch() {
        for (handle, encoder) in dispatch.files() {
            handle.prepare()?;
            let Ok(name) = handle.path().strip_prefix(&core.vars.dir) else { continue };
            let name = name.to_string_lossy().into_owned();
            if existed && let Ok(about) = fs::symlink_metadata(handle.path()) {
                offsets.insert(name.clone(), about.len());
            }
            if let Some(pattern) = encoder.pattern() {
                patterns.insert(name, pattern.to_owned());
            }
        }
    }
    Ok(Begun { patterns: logs.patterns.share(patterns), offsets })
}

/// The job's `job.json` without a run.
fn header(core: &Core, begun: &Begun) -> JobFile {
    JobFile {
        id: core.vars.id.clone(),
        server: core.is_server,
        labels: core.vars.labels.clone(),
        patterns: begun.patterns.as_ref().clone(),
        runs: Vec::new(),
    }
}

/// The job's run as it begins.
fn run(core: &Core, begun: &Begun, logs: &Inner) -> Run {
    Run {
        start: core.vars.started.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true),
        host: host().to_owned(),
        pid: crate::process::id(),
        process: logs.alive.process().to_owned(),
        offsets: begun.offsets.clone(),
        ..Run::default()
    }
}

fn complete(run: &mut Run, dir: &Path, report: &JobReport) {
    // It is at the beginning of files that were deleted and made anew.
    run.offsets.retain(|name, at| fs::metadata(dir.join(name)).is_ok_and(|about| about.len() >= *at));
    run.end = Some(Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true));
    run.outcome = Some(report.outcome);
    run.counts = report.counts;
    run.bytes = report.bytes;
    run.lost = report.lost;
}

fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| gethostname::gethostname().to_string_lossy().into_owned())
}
