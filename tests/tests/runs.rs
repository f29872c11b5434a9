//! What stands in `job.json` when several hosts, readers and people are at it at the same moment.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::disk::{JobFile, Outcome, Run, RunState};
use logcore::{Job, Logs};
use std::fs;
use std::io::ErrorKind;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};

fn logs(sandbox: &Sandbox) -> Logs {
    Logs::from_file(sandbox.config()).unwrap()
}

fn job_file(job: &Job) -> JobFile {
    JobFile::read(job.dir()).unwrap()
}

#[test]
fn hosts_that_start_one_id_in_a_fresh_directory_at_the_same_moment_keep_each_others_runs() {
    const HOSTS: usize = 4;
    let sandbox = Sandbox::new(LEVEL_FILES);
    let all: Vec<_> = (0..HOSTS).map(|_| logs(&sandbox)).collect();
    let together = Barrier::new(HOSTS);
    thread::scope(|scope| {
        for (host, logs) in all.iter().enumerate() {
            let together = &together;
            scope.spawn(move || {
                for round in 0..100 {
                    together.wait();
                    let job = logs.job(format!("round-{round}")).start().unwrap();
                    log::info!(logger: job, "host {host}");
                    job.finish(Outcome::Ok);
                }
            });
        }
    });
    for round in 0..100 {
        let dir = sandbox.root().join(format!("round-{round}"));
        let file = JobFile::read(&dir).unwrap();
        let ended = file.runs.iter().filter(|run| run.outcome == Some(Outcome::Ok)).count();
        assert_eq!((file.runs.len(), ended), (HOSTS, HOSTS), "{round}");
        assert_eq!(lines(dir.join("info.log")).len(), HOSTS, "{round}");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 3, "{round}: nothing temporary is left");
    }
}

#[test]
fn a_reader_finds_no_job_json_or_a_whole_one() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logs(&sandbox);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for number in 0..20 {
                    let id = format!("job-{number}");
                    match JobFile::read(&sandbox.root().join(&id)) {
                        Ok(file) => assert!(file.id == id && !file.runs.is_empty(), "{file:?}"),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
                    }
                }
            }
        });
        for number in 0..400 {
            let job = logs.job(format!("job-{}", number % 20)).label("number", number).start().unwrap();
            job.finish(Outcome::Ok);
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn what_somebody_else_wrote_to_job_json_under_way_is_kept() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logs(&sandbox);
    for in_place in [true, false] {
        let job = logs.job(format!("in-place-{in_place}")).start().unwrap();
        let mut file = job_file(&job);
        file.runs.push(Run { process: "another".into(), ..Run::default() });
        if in_place {
            file.write(&sandbox.path("config"), "another").unwrap();
            fs::copy(sandbox.path("config/job.json"), job.dir().join("job.json")).unwrap();
        } else {
            file.write(job.dir(), "another").unwrap();
        }
        job.finish(Outcome::Failed);
        let states: Vec<_> = job_file(&job).runs.iter().map(|run| run.state(&sandbox.root())).collect();
        assert_eq!(states, [RunState::Finished(Outcome::Failed), RunState::Died]);
    }
}

#[test]
fn the_end_of_a_lone_run_says_what_its_start_said_and_how_it_went() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logs(&sandbox);
    let job = logs.job("lone").label("customer", "acme").start().unwrap();
    let started = job_file(&job);
    log::error!(logger: job, "one line in each file");
    let report = job.finish(Outcome::Ok);
    let ended = job_file(&job);
    let run = Run {
        end: ended.runs[0].end.clone(),
        outcome: Some(Outcome::Ok),
        counts: report.counts,
        bytes: report.bytes,
        balance: Some(report.balance),
        ..started.runs[0].clone()
    };
    assert!(run.end.is_some() && run.bytes > 0 && run.counts.error == 1, "{run:?}");
    assert_eq!(ended, JobFile { runs: vec![run], ..started });
}

#[test]
fn a_job_that_starts_after_the_root_was_moved_away_logs_to_the_new_one() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logs(&sandbox);
    let in_turn = |text: &str| {
        let job = logs.job("j").start().unwrap();
        log::error!(logger: job, "{text}");
        job.finish(Outcome::Ok);
        job_file(&job).runs.len()
    };
    assert_eq!((in_turn("before"), in_turn("again")), (1, 2));
    fs::rename(sandbox.root(), sandbox.path("moved")).unwrap();
    assert_eq!(in_turn("after"), 1);
    assert_eq!(lines(sandbox.path("moved/j/error.log")), ["ERROR|j|before", "ERROR|j|again"]);
    assert_eq!(lines(sandbox.root().join("j/error.log")), ["ERROR|j|after"]);
}
