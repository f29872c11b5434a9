//! Traps that hurt the users of other systems and that no other test holds; TRAPS.md lists them all.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{LevelFilter, info};
use logcore::{Job, Logs, Outcome};
use std::fmt;
use std::fs;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use tests::driven::Driven;
use tests::sandbox::{LEVEL_FILES, Sandbox, eventually, lines};

/// Descriptors, threads and appenders, one per key.
#[test]
fn nothing_is_left_of_jobs_that_have_ended() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let mut host = Driven::start(Driven::command(env!("CARGO_BIN_EXE_driven"), &sandbox));
    host.tell("cycle 200");
    let (descriptors, threads) = (host.number("descriptors"), host.number("threads"));
    let resident = host.number("resident");
    host.tell("cycle 1000");
    assert_eq!(host.number("descriptors"), descriptors);
    assert_eq!(host.number("threads"), threads);
    let grown = host.number("resident").saturating_sub(resident);
    assert!(grown < 2 << 10, "{grown} KiB for 1,000 jobs that are gone");
}

/// What a host may do while one of its values is formatted.
struct Busy<'a>(&'a Logs, &'a Job, fn(&Logs, &Job));

impl fmt::Display for Busy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.2(self.0, self.1);
        f.write_str("formatted")
    }
}

/// Deadlock when reconfiguring while a handler logs.
#[test]
fn a_reload_or_an_end_inside_a_values_display() {
    let acts: [fn(&Logs, &Job); 5] = [
        |logs, _| logs.reload().unwrap(),
        |logs, _| logs.set_level("j", LevelFilter::Trace).keep().unwrap(),
        |logs, _| logs.flush(Duration::from_secs(5)).unwrap(),
        |logs, _| drop(logs.job("another").start().unwrap()),
        |_, job| drop(job.finish(Outcome::Ok)),
    ];
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for act in acts {
            let sandbox = Sandbox::new(LEVEL_FILES);
            let logs = Logs::from_file(sandbox.config()).unwrap();
            let job = logs.job("j").start().unwrap();
            info!(logger: job, "{}", Busy(&logs, &job, act));
            let report = job.finish(Outcome::Ok);
            drop(logs); // with what is late
            let all =
                [lines(job.dir().join("info.log")), lines(sandbox.root().join("server/info.log"))].concat();
            let found = all.iter().filter(|line| line.contains("formatted")).count();
            sender.send((found, report.lost)).unwrap();
        }
    });
    for _ in acts {
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).expect("it hangs"), (1, 0));
    }
}

/// Disk full, then the error report on the same full disk, then a panic hook that logs.
#[test]
fn a_panic_where_nothing_can_be_written() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let mut host = Driven::start(Driven::command(env!("CARGO_BIN_EXE_driven"), &sandbox));
    host.tell("start j");
    host.tell("fsize 0");
    host.tell("log 100");
    host.tell("panic");
    host.tell("panic");
    host.tell("fsize none");
    host.tell("flush");
    let debug = sandbox.root().join("j/debug.log");
    let panics = || lines(&debug).iter().filter(|line| line.contains("as it was told")).count();
    assert_eq!((panics(), host.number("finish")), (2, 0));
}

/// The file reloader stores the mtime before it reads, so that an edit can be missed for good.
#[test]
fn an_edit_that_leaves_the_files_length_and_time_as_they_were() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let time = fs::metadata(sandbox.config()).unwrap().modified().unwrap();
    let logs = Logs::from_file(sandbox.config()).unwrap();
    sandbox.save(&LEVEL_FILES.replace("flush: 10ms", "flush: 20ms"));
    fs::File::options().write(true).open(sandbox.config()).unwrap().set_modified(time).unwrap();
    let debug = logs.server().dir().join("debug.log");
    eventually("it is followed", || lines(&debug).iter().any(|line| line.contains("config reloaded")));
}
