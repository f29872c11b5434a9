//! An override of `logcore.jobs` that holds only until a moment.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use chrono::{TimeDelta, Utc};
use log::Level;
use logcore::disk::JobFile;
use logcore::{Job, Logs};
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually};

/// The template with entries under `logcore.jobs`.
fn with(jobs: &str) -> String {
    LEVEL_FILES.replace("flush: 10ms } }", &format!("flush: 10ms }}, jobs: {{ {jobs} }} }}"))
}

fn takes(job: &Job, level: Level) -> bool {
    use log::Log;
    job.enabled(&log::Metadata::builder().level(level).target("x").build())
}

#[test]
fn it_goes_back_by_itself_to_the_next_entry_that_matches() {
    let sandbox = Sandbox::new(&with("\"pack-*\": { level: warn }"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let (job, other) = (logs.job("pack-1").start().unwrap(), logs.job("pack-2").start().unwrap());
    assert!(!takes(&job, Level::Info));
    let until = Utc::now() + TimeDelta::seconds(3);
    let raised = format!(
        "\"pack-1\": {{ level: trace, until: {} }}, \"pack-*\": {{ level: warn }}",
        until.to_rfc3339()
    );
    sandbox.save(&with(&raised));
    eventually("the raised level", || takes(&job, Level::Trace));
    assert!(!takes(&other, Level::Info));
    // A template that is refused meanwhile does not keep it raised.
    sandbox.save("appenders: [");
    eventually("the level before", || !takes(&job, Level::Info));
    assert!(takes(&job, Level::Warn) && Utc::now() >= until);
    let server = || std::fs::read_to_string(logs.server().dir().join("debug.log")).unwrap_or_default();
    eventually("that it is told", || server().contains("an override of `logcore.jobs` has ended"));
}

#[test]
fn one_that_is_over_is_as_good_as_none_and_what_it_does_not_say_is_left_to_the_next() {
    let later = (Utc::now() + TimeDelta::hours(1)).to_rfc3339();
    let jobs = format!(
        "\"a\": {{ level: trace, until: 2020-01-01T00:00:00Z }}, \"b\": {{ until: {later} }}, \"*\": {{ level: error }}"
    );
    let sandbox = Sandbox::new(&with(&jobs));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for id in ["a", "b", "c"] {
        let job = logs.job(id).start().unwrap();
        assert!(takes(&job, Level::Error) && !takes(&job, Level::Warn), "{id}");
    }
}

#[test]
fn what_is_no_moment_is_refused_with_its_place() {
    let sandbox = Sandbox::new(&with("\"a\": { level: trace, until: tomorrow }"));
    let error = Logs::from_file(sandbox.config()).unwrap_err().to_string();
    assert!(error.contains("logcore.jobs.a.until") && error.contains("`tomorrow` is no moment"), "{error}");
}

#[test]
fn a_run_says_which_template_it_is_under() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("pack").start().unwrap();
    assert_eq!(JobFile::read(job.dir()).unwrap().runs[0].template, sandbox.config().to_str().unwrap());
}
