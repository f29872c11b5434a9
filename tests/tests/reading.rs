//! What the viewer reads, whatever stands in the root: through the real binary on a real terminal.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::disk::{Counts, JOB_JSON, OWN_DIR, Outcome};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use tests::jobs::{Dir, Root};
use tests::sandbox::Sandbox;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn dir_of(job: &Dir) -> std::path::PathBuf {
    job.file("debug.log").parent().unwrap().to_owned()
}

/// The viewer over one running job with a message in it.
fn over(id: &str) -> (Root, Dir, Terminal) {
    let mut root = Root::new();
    let job = root.running(id);
    job.log("INFO", "hello");
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("hello");
    (root, job, terminal)
}

fn quits(mut terminal: Terminal) {
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn pipes_devices_loops_and_odd_names_are_shown_as_what_they_are() {
    let mut root = Root::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("debug.log"), "the secret\n").unwrap();
    // Beside the jobs: links out of the root and in a ring, a pipe, names that no person gives.
    symlink(outside.path(), root.path().join("linked-job")).unwrap();
    symlink("ring", root.path().join("ring")).unwrap();
    symlink(".", root.path().join("root-itself")).unwrap();
    fifo(&root.path().join("a-pipe"));
    let names =
        [&b"bytes-\xff\xfe"[..], b"escape-\x1b[31m\x07", "right-\u{202e}left".as_bytes(), b"new\nline"];
    for (number, name) in names.into_iter().enumerate() {
        let dir = root.path().join(OsStr::from_bytes(name));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("debug.log"), format!("[INFO] odd name {number}\n")).unwrap();
    }
    let hostile = root.running("hostile");
    fs::remove_file(hostile.file(JOB_JSON)).unwrap();
    fifo(&hostile.file(JOB_JSON));
    hostile.append("debug.log", hostile.line("INFO", "read in spite of all"));
    symlink("/dev/zero", hostile.file("info.log")).unwrap();
    symlink("one.log", hostile.file("two.log")).unwrap();
    symlink("two.log", hostile.file("one.log")).unwrap();
    fifo(&hostile.file("debug.log.1"));
    symlink(outside.path().join("debug.log"), hostile.file("debug.log.2")).unwrap();
    fs::write(hostile.file("debug.log.3.gz"), b"\x1f\x8b\x08 no archive").unwrap();
    fs::create_dir(hostile.file("error.log")).unwrap();
    fs::write(hostile.file(&"n".repeat(200)), "").unwrap();
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("5 jobs");
    terminal.keys("fhostile\r");
    terminal.sees("read in spite of all");
    terminal.sees("a directory, not opened");
    hostile.append("debug.log", hostile.line("INFO", "and followed"));
    terminal.sees("and followed");
    for (number, name) in ["bytes-", "escape-", "left", "line"].into_iter().enumerate() {
        terminal.keys("\u{1b}");
        terminal.until("no filter", |screen| screen.contains("hostile") && screen.contains("bytes-"));
        terminal.keys(&format!("f{name}\r"));
        terminal.sees(&format!("odd name {number}"));
    }
    assert!(!terminal.text().contains("the secret"));
    let raw = terminal.raw();
    for forbidden in [&b"escape-\x1b"[..], b"\x07", b"\xff", "\u{202e}".as_bytes()] {
        assert!(
            !raw.windows(forbidden.len()).any(|window| window == forbidden),
            "{forbidden:?} was passed on"
        );
    }
    quits(terminal);
}

#[test]
fn a_directory_that_may_not_be_read_says_so_until_it_may() {
    let (_root, job, terminal) = over("closed");
    let dir = dir_of(&job);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if fs::read_dir(&dir).is_err() {
        terminal.sees("denied");
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    job.log("INFO", "open again");
    terminal.sees("open again");
    quits(terminal);
}

#[test]
fn a_job_whose_directory_becomes_something_else_is_not_followed_there() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("debug.log"), "[INFO] the secret\n").unwrap();
    fs::write(outside.path().join("error.log"), "[ERROR] the secret\n".repeat(77)).unwrap();
    for what in ["link", "file", "pipe"] {
        let (_root, job, terminal) = over("import-42");
        let (dir, aside) = (dir_of(&job), dir_of(&job).with_extension("aside"));
        fs::rename(&dir, &aside).unwrap();
        match what {
            "link" => symlink(outside.path(), &dir).unwrap(),
            "file" => fs::write(&dir, "a file").unwrap(),
            _ => fifo(&dir),
        }
        terminal.sees("directory gone");
        // What was renamed is a job of its own now.
        terminal.until("both", |screen| screen.contains("● import-42") && screen.contains("- import-42"));
        fs::remove_file(&dir).unwrap();
        fs::rename(&aside, &dir).unwrap();
        job.log("INFO", "back where it was");
        terminal.loses("directory gone");
        terminal.sees("back where it was");
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(!raw.contains("the secret"), "{what}");
        quits(terminal);
    }
}

#[test]
fn a_file_that_becomes_a_pipe_or_a_device_while_it_is_followed_blocks_nothing() {
    let (_root, job, terminal) = over("import-42");
    for round in ["first", "second"] {
        fs::remove_file(job.file("debug.log")).unwrap();
        if round == "first" {
            fifo(&job.file("debug.log"));
        } else {
            symlink("/dev/zero", job.file("debug.log")).unwrap();
        }
        terminal.sees("not opened");
        fs::remove_file(job.file("debug.log")).unwrap();
        job.append("debug.log", job.line("DEBUG", &format!("after the {round}")));
        terminal.sees(&format!("after the {round}"));
    }
    quits(terminal);
}

#[test]
fn a_root_that_is_taken_away_and_put_back_is_shown_again() {
    let (root, job, terminal) = over("import-42");
    let aside = tempfile::tempdir().unwrap();
    let away = aside.path().join("away");
    fs::rename(root.path(), &away).unwrap();
    terminal.sees("There is no directory");
    fs::rename(&away, root.path()).unwrap();
    job.log("INFO", "there it is again");
    terminal.sees("there it is again");
    // What belongs to nobody there.
    fs::remove_dir_all(root.path().join(OWN_DIR)).unwrap();
    fifo(&root.path().join(OWN_DIR));
    job.log("INFO", "and goes on");
    terminal.sees("and goes on");
    quits(terminal);
}

/// A user namespace has limits of its own; where there is none to be had, this cannot be tried.
#[test]
fn where_no_more_may_be_watched_it_polls_and_says_so() {
    let alone = |limit: &str| format!("echo 0 > /proc/sys/user/{limit} && exec \"$0\" \"$1\"");
    let probe =
        Command::new("unshare").args(["-Ur", "sh", "-c", &alone("max_inotify_watches"), "true", ""]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return;
    }
    for limit in ["max_inotify_watches", "max_inotify_instances"] {
        let mut root = Root::new();
        let job = root.running("import-42");
        job.log("INFO", "hello");
        let script = alone(limit);
        let arguments = ["-Ur", "sh", "-c", &script, VIEWER].map(Into::into);
        let arguments = [&arguments[..], &[root.path().into()]].concat();
        let terminal = Terminal::start("unshare", &arguments, (120, 36), &[]);
        terminal.sees("polling");
        job.log("INFO", "noticed all the same");
        terminal.sees("noticed all the same");
        root.running("late-comer").log("INFO", "hello");
        terminal.sees("late-comer");
        quits(terminal);
    }
}

#[test]
fn a_line_that_never_ends_is_read_while_it_is_written() {
    let mut root = Root::new();
    let job = root.running("endless");
    job.append("debug.log", "[INFO] begun");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("begun");
    for round in 0..30 {
        job.append("debug.log", format!("{}<{round}>", "x".repeat(100_000)));
    }
    terminal.keys("\tvG");
    terminal.sees("<29>");
    terminal.keys("g");
    terminal.sees("begun");
    job.append("debug.log", "\n[WARN] a second line\n");
    terminal.keys("G");
    terminal.sees("a second line");
    terminal.keys(":2\r");
    terminal.sees("▸");
    quits(terminal);
}

#[test]
fn a_file_of_2_to_the_27_lines_and_one_is_a_file_like_any_other() {
    let root = Root::new();
    let job = root.job("many-lines");
    let lines = 1 << 27;
    job.append("debug.log", "\n".repeat(lines));
    job.append("debug.log", "the last line\n");
    let mut terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("the last line");
    terminal.keys("\tg");
    terminal.loses("the last line");
    terminal.keys(&format!(":{}\r", lines + 1));
    terminal.sees("▸");
    terminal.sees("the last line");
    quits(terminal);
}

#[test]
fn the_runs_of_a_job_are_one_scroll() {
    for parts in ["debug.{}.log", "old/{}-debug.log", "{}.txt.log"] {
        let template = RUNS.replace("PARTS", parts);
        one_scroll(&Sandbox::new(&template));
    }
}

/// Each run rolls the file of the one before, to what the template calls it.
const RUNS: &str = r#"
logcore: { dir: "ROOT" }
appenders:
  debug:
    kind: rolling_file
    path: "${job_dir}/debug.log"
    encoder: { pattern: "[{l}] [{d}] [${job_id}] {m}{n}" }
    policy:
      kind: compound
      trigger: { kind: onstartup }
      roller: { kind: fixed_window, pattern: "${job_dir}/PARTS", base: 1, count: 5 }
  info:
    kind: file
    path: "${job_dir}/info.log"
    filters: [ { kind: threshold, level: info } ]
    encoder: { pattern: "[{l}] [{d}] [${job_id}] {m}{n}" }
root: { level: debug, appenders: [ debug, info ] }
"#;

fn one_scroll(sandbox: &Sandbox) {
    let run = |number: usize| {
        let logs = logcore::Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("nightly").start().unwrap();
        for message in 0..20 {
            log::debug!(logger: job, "run {number} message {message:02}");
        }
        job.finish(Outcome::Ok);
    };
    run(1);
    run(2);
    let mut terminal = Terminal::view(VIEWER, &sandbox.root());
    terminal.sees("run 2 message 19");
    terminal.sees("1 rotated");
    terminal.sees("40 of 40");
    // The next one begins while it is looked at.
    run(3);
    terminal.sees("run 3 message 19");
    terminal.sees("60 of 60");
    terminal.keys("\tg");
    terminal.sees("run 1 message 00");
    terminal.until("the second run below it", |screen| screen.contains("run 2 message 0"));
    quits(terminal);
}

#[test]
fn a_root_that_cannot_be_meant_is_refused() {
    let root = Root::new();
    root.ended("done", Outcome::Ok, Counts::default()).log("INFO", "hello");
    let file = root.path().join("done/debug.log");
    for (path, why) in [
        (file.clone(), "is a file; logview shows directories: logview "),
        (file.join("logs"), "debug.log is no directory"),
        (root.path().join("no/such/logs"), "no does not exist"),
    ] {
        let mut terminal = Terminal::view(VIEWER, &path);
        assert_ne!(terminal.ends(), 0);
        terminal.until(why, |screen| screen.replace('\n', "").contains(why));
        assert_eq!(terminal.taken(), (false, false));
    }
}
