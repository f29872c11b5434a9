//! `job.progress`: what a reader finds of it while the job runs, at its end and after the next start.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::disk::{JobFile, PROGRESS_JSON, Progress};
use logcore::{Logs, Outcome};
use std::fs;
use std::thread;
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually};

#[test]
fn the_last_value_is_there_soon_and_the_one_at_the_end_at_once() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("pack").start().unwrap();
    assert!(Progress::read(job.dir()).is_err(), "a job that says nothing leaves nothing");
    for done in 0..=1000 {
        job.progress(done, 4000);
    }
    let said = || Progress::read(job.dir()).map(|found| (found.done, found.total)).ok();
    eventually("what was said last", || said() == Some((1000, 4000)));
    let file = JobFile::read(job.dir()).unwrap();
    assert_eq!(Progress::read(job.dir()).unwrap().run, file.runs[0].start, "it is about this run");
    job.progress(4000, 4000);
    job.finish(Outcome::Ok);
    assert_eq!(said(), Some((4000, 4000)));
    job.progress(1, 4000);
    let names: Vec<_> = fs::read_dir(job.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing temporary is left: {names:?}");
}

#[test]
fn a_reader_finds_none_or_a_whole_one_whoever_says_it() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("pack").start().unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            let job = job.clone();
            scope.spawn(move || (0..200_000).for_each(|done| job.progress(done, done + 1)));
        }
        let mut found = 0;
        while found < 50 {
            match Progress::read(job.dir()) {
                Ok(read) => {
                    assert_eq!(read.total, read.done + 1);
                    found += 1;
                }
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
            }
            thread::yield_now();
        }
    });
}

#[test]
fn where_it_cannot_be_written_the_job_goes_on() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("pack").start().unwrap();
    fs::create_dir(job.dir().join(PROGRESS_JSON)).unwrap();
    job.progress(1, 2);
    log::info!(logger: job, "hello");
    let report = job.finish(Outcome::Ok);
    assert_eq!((report.lost, report.counts.info), (0, 1));
    assert!(Progress::read(job.dir()).is_err());
    assert_eq!(JobFile::read(job.dir()).unwrap().runs.len(), 1);
}
