//! What somebody puts in logcore's own directory, or forks off, holds nobody up and changes nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::disk::{Alive, JobFile, OWN_DIR, RunState, is_alive};
use logcore::{Logs, Outcome};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use tests::driven::Driven;
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};

/// Runs `act`, which is not to hang.
fn within_seconds<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(act()));
    receiver.recv_timeout(Duration::from_secs(20)).expect("it hangs")
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn pipes_in_logcores_own_directory_hold_nobody_up() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let own = sandbox.root().join(OWN_DIR);
    fs::create_dir_all(&own).unwrap();
    fifo(&own.join("1-old.alive"));
    fifo(&own.join("1-old.buffers"));
    (0..16).for_each(|number| fifo(&own.join(format!("jobs-{number}.lock"))));
    let root = sandbox.root();
    within_seconds(move || {
        assert!(!is_alive(&root, "1-old"), "what is no file is nobody's claim");
    });
    // Old enough to be swept.
    let aged = Command::new("touch").args(["-d", "1 hour ago"]).arg(own.join("1-old.alive")).status();
    assert!(aged.unwrap().success());
    let root = sandbox.root();
    within_seconds(move || drop(Alive::claim(&root).unwrap()));
    within_seconds(move || {
        let logs = Logs::from_file(sandbox.config()).unwrap();
        for _ in 0..2 {
            let job = logs.job("j").start().unwrap();
            log::info!(logger: job, "x");
            assert_eq!(job.finish(Outcome::Ok).lost, 0);
        }
    });
}

#[test]
fn a_link_in_the_place_of_logcores_own_directory_is_not_followed() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let outside = sandbox.path("outside");
    fs::create_dir_all(sandbox.root()).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("1-dead.buffers"), "precious").unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.root().join(OWN_DIR)).unwrap();
    assert!(Logs::from_file(sandbox.config()).is_err(), "a root that cannot be used is an error");
    assert!(logcore::disk::recover(&sandbox.root()).is_empty());
    let left: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["1-dead.buffers"]);
}

#[test]
fn a_forked_child_that_ends_the_job_takes_nothing_from_its_parent() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("flush: 10ms", "flush: 1h"));
    let mut host = Driven::start(Driven::command(env!("CARGO_BIN_EXE_driven"), &sandbox));
    host.tell("start j");
    host.tell("error the first"); // written at once, and kept until that is confirmed
    host.tell("log 100");
    host.tell("fork");
    let dir = sandbox.root().join("j");
    let file = JobFile::read(&dir).unwrap();
    assert_eq!(file.state(&sandbox.root()), Some(RunState::Running), "the parent's run goes on");
    host.kill();
    let recovered = logcore::disk::recover(&sandbox.root());
    assert!(recovered.iter().all(|file| file.error.is_none()), "{recovered:?}");
    let lines = lines(dir.join("debug.log"));
    let of_parent: Vec<_> = lines.iter().filter(|line| line.contains("record ")).collect();
    assert_eq!(of_parent.len(), 100);
    assert!(of_parent.iter().enumerate().all(|(at, line)| line.contains(&format!("record {at:06}"))));
    assert_eq!(lines.iter().filter(|line| line.contains("the first")).count(), 1);
    assert_eq!(lines.iter().filter(|line| line.contains("the child's")).count(), 1);
}
