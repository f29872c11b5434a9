//! Job ids are anybody's text: no id reaches anything outside the root, and no two share a directory.

use log::info;
use logcore::{Error, Logs, Outcome, disk};
use std::collections::BTreeSet;
use std::fs;
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};

#[test]
fn hostile_ids_stay_inside_the_root_and_come_back() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let long = "a".repeat(4000);
    let emoji = "😀".repeat(1000);
    let ids = [
        ".",
        "..",
        "../..",
        "../../etc/cron.d/x",
        "/etc/passwd",
        "a/b/c",
        "a\\b",
        "C:\\x",
        "a\0b",
        "$ENV{HOME}",
        "$TIME{%Q}",
        "${job_dir}",
        "{}",
        "{d(%Q)}",
        "{m",
        "CON",
        "con",
        "nul.txt",
        "COM1",
        "-rf",
        "~root",
        " ",
        "a ",
        "a.",
        "Job",
        "job",
        "JOB",
        "a\nb",
        "\u{1b}[2J",
        "%2e%2e",
        "job.json",
        ".logcore",
        "日本",
        &long,
        &emoji,
    ];
    let mut seen = BTreeSet::new();
    for id in ids {
        let job = logs.job(id).start().unwrap();
        info!(logger: job, "hello");
        let dir = job.dir().to_owned();
        job.finish(Outcome::Ok);
        assert_eq!(dir.parent().unwrap(), sandbox.root(), "{id:?}");
        let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            seen.insert(name.to_lowercase()),
            "{id:?} shares a directory on a file system that folds case"
        );
        assert_eq!(disk::JobFile::read(&dir).unwrap().id, id);
        assert_eq!(lines(dir.join("info.log")).len(), 1, "one line for {id:?}");
    }
    let beside: BTreeSet<_> =
        fs::read_dir(sandbox.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside, ["config", "logs"].map(Into::into).into());
    assert_eq!(
        fs::read_dir(sandbox.root()).unwrap().count(),
        ids.len() + 2,
        "the jobs, the server, .logcore"
    );
}

#[test]
fn impossible_ids_are_errors_that_say_why() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for (id, word) in [("", "empty"), ("server", "server log"), (&"x".repeat(10_000), "8192")] {
        let error = logs.job(id).start().unwrap_err();
        assert!(matches!(error, Error::JobId { .. }) && error.to_string().contains(word), "{error}");
    }
    assert!(logs.jobs().is_empty());
}

#[cfg(unix)]
#[test]
fn links_and_other_things_planted_in_the_root_are_not_followed() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let outside = sandbox.path("outside");
    fs::create_dir(&outside).unwrap();

    symlink(&outside, sandbox.root().join("linked")).unwrap();
    fs::write(sandbox.root().join("taken"), "").unwrap();
    for id in ["linked", "taken"] {
        assert!(matches!(logs.job(id).start(), Err(Error::Io { .. })), "{id}");
    }

    let dir = sandbox.root().join("victim");
    fs::create_dir(&dir).unwrap();
    fs::write(outside.join("precious"), "precious").unwrap();
    symlink(outside.join("precious"), dir.join("info.log")).unwrap();
    let job = logs.job("victim").start().unwrap();
    info!(logger: job, "hello");
    let report = job.finish(Outcome::Ok);
    assert_eq!(fs::read_to_string(outside.join("precious")).unwrap(), "precious");
    assert_eq!(lines(dir.join("debug.log")), ["INFO|victim|hello"], "the other files are written");
    assert_eq!(report.lost, 1, "what could not be written is counted");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn an_id_has_one_live_job_also_if_it_starts_while_its_last_clone_drops() {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for _ in 0..500 {
        let last = logs.job("same").start().unwrap();
        let held = std::thread::scope(|scope| {
            scope.spawn(move || drop(last));
            let starts = [(); 2].map(|()| scope.spawn(|| logs.job("same").start().unwrap()));
            starts.map(|start| start.join().unwrap())
        });
        logs.job("same").start().unwrap().finish(Outcome::Ok);
        // The first word counts; a job that takes the second is a second set of handlers.
        assert!(held.iter().all(|job| job.finish(Outcome::Failed).outcome == Outcome::Ok));
    }
}
