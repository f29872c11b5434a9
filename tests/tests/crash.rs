//! However a host dies: no record is lost whose log call has returned. What it had buffered is written by the next host that
//! starts, or by a viewer, once and in order.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![cfg(unix)]

use logcore::disk::{JobFile, OWN_DIR, recover};
use logcore::{Logs, Outcome};
use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tests::parts::Parts;
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};
use tests::terminal::Terminal;

const THREADS: usize = 8;

/// As [`LEVEL_FILES`], but nothing is written by the clock, and the main file rolls.
const ROLLING: &str = r#"
logcore: { dir: "ROOT", buffer: { flush: 1h } }
appenders:
  debug:
    kind: rolling_file
    path: "${job_dir}/debug.log"
    encoder: { pattern: "{l}|${job_id}|{m}{n}" }
    policy:
      trigger: { kind: size, limit: 20KiB }
      roller: { kind: fixed_window, base: 1, count: 5000, pattern: "${job_dir}/debug.{}.log" }
root: { level: debug, appenders: [ debug ] }
"#;

/// How one child is brought to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Signal(i32),
    Exit,
}

#[test]
fn no_record_is_lost_whose_call_returned_however_the_process_dies() {
    const CHILDREN: usize = 200;
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= CHILDREN {
                        break;
                    }
                    let end = match number % 10 {
                        0 => End::Signal(libc::SIGABRT),
                        1 => End::Signal(libc::SIGTERM),
                        2 | 3 => End::Exit,
                        _ => End::Signal(libc::SIGKILL),
                    };
                    die_and_recover(number, end, if number % 4 == 3 { ROLLING } else { LEVEL_FILES });
                }
            });
        }
    });
}

fn die_and_recover(number: usize, end: End, template: &str) {
    let sandbox = Sandbox::new(template);
    let mut child = spawn(&sandbox, if end == End::Exit { "exit" } else { "" });
    let mut pipe = child.stderr.take().unwrap();
    let mut reports = Vec::new();
    if let End::Signal(signal) = end {
        reports.resize(8, 0);
        pipe.read_exact(&mut reports).unwrap();
        let reader = thread::spawn(move || {
            pipe.read_to_end(&mut reports).unwrap();
            reports
        });
        thread::sleep(Duration::from_micros((number as u64 * 7919) % 25_000));
        kill(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        reports = reader.join().unwrap();
    } else {
        pipe.read_to_end(&mut reports).unwrap();
        assert!(child.wait().unwrap().success());
    }

    let mut last = [None; THREADS];
    for report in reports.as_chunks::<8>().0 {
        let [thread, number] = [0, 4].map(|at| u32::from_le_bytes(*report[at..].first_chunk().unwrap()));
        last[thread as usize] = Some(number);
    }
    for recovered in recover(&sandbox.root()) {
        assert_eq!(recovered.error, None, "{number}: {recovered:?}");
    }
    let left: Vec<_> =
        fs::read_dir(sandbox.root().join(OWN_DIR)).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.extension().is_none_or(|e| e != "buffers")), "{number}: {left:?}");
    assert_eq!(recover(&sandbox.root()), []);

    let mut seen = [0; THREADS];
    for thread in 3..THREADS {
        // The first four share a job.
        let job = if thread < 4 { "shared".to_owned() } else { format!("own-{thread}") };
        for line in Parts::of(sandbox.root().join(job), "debug").lines() {
            let mut words = line.split(['|', ' ']).skip(2);
            let thread: usize =
                words.next().unwrap().parse().unwrap_or_else(|_| panic!("{number}: {line:?}"));
            let count: u32 = words.next().unwrap().parse().unwrap();
            assert_eq!(
                words.next().map(str::len),
                Some(count as usize % 90),
                "{number}: half a record: {line:?}"
            );
            assert_eq!(count, seen[thread], "{number}, {end:?}: thread {thread}");
            seen[thread] += 1;
        }
    }
    for (thread, last) in last.iter().enumerate() {
        let logged = last.map_or(0, |last| last + 1);
        assert!(
            seen[thread] >= logged,
            "{number}, {end:?}: thread {thread} logged {logged}, there are {}",
            seen[thread]
        );
    }
    // The other files hold the same records, each once.
    if template == LEVEL_FILES {
        for thread in 3..THREADS {
            let job = if thread < 4 { "shared".to_owned() } else { format!("own-{thread}") };
            let dir = sandbox.root().join(job);
            for (name, level) in [("info.log", "INFO ERROR"), ("error.log", "ERROR")] {
                let wanted = |line: &String| level.contains(line.split('|').next().unwrap());
                let all: Vec<_> = lines(dir.join("debug.log")).into_iter().filter(wanted).collect();
                let mut some = lines(dir.join(name));
                // A record may be in one file when the process dies, and not yet in the next: its call has not returned.
                let missing = all.len().abs_diff(some.len());
                assert!(missing <= if thread < 4 { 4 } else { 1 }, "{number}: {missing} in {name}");
                some.retain(|line| !all.contains(line));
                assert!(some.len() <= missing, "{number}: {name} has {some:?}");
            }
        }
    }
}

fn spawn(sandbox: &Sandbox, argument: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_host"))
        .arg(sandbox.config())
        .args(["for-ever", argument])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[allow(unsafe_code)]
fn kill(child: &Child, signal: i32) {
    // SAFETY: a plain system call, for a child that has not been waited for.
    assert_eq!(unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) }, 0);
}

#[test]
fn the_next_host_writes_what_a_dead_one_had_buffered_and_says_so() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let mut child = waiting(&sandbox, "");
    kill(&child, libc::SIGKILL);
    child.wait().unwrap();
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let server = logs.server().dir().join("debug.log");
    drop(logs);
    let said: Vec<_> = lines(server).into_iter().filter(|line| line.contains(" died with ")).collect();
    assert!(
        said.iter().any(|line| line.starts_with("WARN|server|") && line.contains("buffered/debug.log")),
        "{said:?}"
    );
}

#[test]
fn a_host_whose_root_was_deleted_under_it_loses_nothing_when_it_is_killed_later() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let mut child = host(&sandbox, "root-deleted", "");
    let job = sandbox.root().join("buffered/debug.log");
    assert_eq!(lines(&job).last().map(String::as_str), Some("ERROR|buffered|after"));
    kill(&child, libc::SIGKILL);
    child.wait().unwrap();
    drop(Logs::from_file(sandbox.config()).unwrap());
    assert_eq!(lines(&job).last().map(String::as_str), Some("DEBUG|buffered|not written yet"));
}

#[test]
fn the_viewer_writes_what_a_dead_host_had_buffered_and_says_so() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let mut child = waiting(&sandbox, "");
    kill(&child, libc::SIGKILL);
    child.wait().unwrap();
    assert_eq!(lines(sandbox.root().join("buffered/debug.log")), [""; 0]);
    let viewer = Terminal::view(env!("CARGO_BIN_EXE_viewer"), &sandbox.root());
    viewer.sees("a host was killed: ");
    assert_eq!(lines(sandbox.root().join("buffered/debug.log")), ["DEBUG|buffered|not written yet"]);
}

#[test]
fn where_there_is_no_room_for_such_buffers_a_host_says_so_and_logs_all_the_same() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let status = Command::new(env!("CARGO_BIN_EXE_host")).arg(sandbox.config()).arg("small-files").status();
    assert!(status.unwrap().success());
    for number in 0..10 {
        assert_eq!(
            lines(sandbox.root().join(format!("j{number}/debug.log"))),
            [format!("DEBUG|j{number}|hello")]
        );
    }
    let server = lines(sandbox.root().join("server/debug.log"));
    let said =
        server.iter().filter(|line| line.contains("there is no room for buffers that outlive this process"));
    assert_eq!(said.count(), 1, "{server:?}");
}

#[test]
fn signals_that_are_left_to_the_system_end_the_process_with_all_written() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
        let mut child = waiting(&sandbox, "");
        kill(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        assert_eq!(lines(sandbox.root().join("buffered/debug.log")), ["DEBUG|buffered|not written yet"]);
        let server = JobFile::read(&sandbox.root().join("server")).unwrap();
        assert_eq!(server.runs[0].outcome, Some(Outcome::Ok));
    }
}

#[test]
fn a_signal_that_the_host_ignores_stays_ignored() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let mut child = waiting(&sandbox, "own");
    kill(&child, libc::SIGTERM);
    // It came before the next one, which is not ignored.
    kill(&child, libc::SIGINT);
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGINT));
    assert!(!lines(sandbox.root().join("server/debug.log")).iter().any(|line| line.contains("SIGTERM")));
}

/// A host that has something in its buffers and waits for signals.
fn waiting(sandbox: &Sandbox, argument: &str) -> Child {
    host(sandbox, "signals", argument)
}

/// A host that is ready.
fn host(sandbox: &Sandbox, mode: &str, argument: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_host"))
        .arg(sandbox.config())
        .args([mode, argument])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 6]).unwrap();
    child
}

#[test]
fn what_a_forked_child_logs_stands_beside_its_parents_records_each_once() {
    let sandbox = Sandbox::new(&LEVEL_FILES.replace("10ms", "1h"));
    let status = Command::new(env!("CARGO_BIN_EXE_host")).arg(sandbox.config()).arg("fork").status();
    assert!(status.unwrap().success());
    let mut written = lines(sandbox.root().join("both/debug.log"));
    written.sort();
    let numbered = |who: &str| (0..10).map(|i| format!("DEBUG|both|{who} {i}")).collect::<Vec<_>>();
    let mut expected = [
        vec!["DEBUG|both|before".to_owned(), "ERROR|both|child's error".to_owned()],
        numbered("child"),
        numbered("parent"),
    ]
    .concat();
    expected.sort();
    assert_eq!(written, expected);
}
