//! Rolling never loses, splits or reorders a record: over triggers and rollers, reloads, processes that share a file,
//! and processes that are killed.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::info;
use logcore::{Job, Logs, Outcome};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::parts::{Parts, demand_all, numbered};
use tests::sandbox::{Sandbox, eventually, lines};

/// `a.log` of each job, with messages as lines.
fn rolling(trigger: &str, suffix: &str) -> String {
    let roller =
        format!("kind: fixed_window, pattern: \"${{job_dir}}/a.{{}}.log{suffix}\", base: 1, count: 5000");
    with_policy("a", &format!("trigger: {{ {trigger} }}, roller: {{ {roller} }}"))
}

fn with_policy(stem: &str, policy: &str) -> String {
    format!(
        "logcore: {{ dir: \"ROOT\", buffer: {{ size: 1KiB, flush: 5ms }} }}\nappenders: {{ a: {{ kind: rolling_file, path: \
         \"${{job_dir}}/{stem}.log\", encoder: {{ pattern: \"{{m}}{{n}}\" }}, policy: {{ {policy} }} }} }}\n\
         root: {{ level: debug, appenders: [ a ] }}\n"
    )
}

fn writers(names: &[&str], count: usize) -> BTreeMap<String, usize> {
    names.iter().map(|name| ((*name).to_owned(), count)).collect()
}

/// Threads log numbered records to `job` while `meanwhile` runs; how many each has logged then.
fn log_while(job: &Job, meanwhile: impl FnOnce()) -> BTreeMap<String, usize> {
    const THREADS: usize = 3;
    const MOST: usize = 8000;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let write = |writer: String| {
            let mut count = 0;
            while count < 200 || (count < MOST && !stop.load(Ordering::Relaxed)) {
                info!(logger: job, "{}", numbered(&writer, count));
                count += 1;
            }
            (writer, count)
        };
        let threads: Vec<_> = (0..THREADS).map(|t| scope.spawn(move || write(format!("t{t}")))).collect();
        meanwhile();
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn trigger() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (500..8000_u32).prop_map(|limit| format!("kind: size, limit: {limit}")),
        1 => Just("kind: time, interval: 1 second".to_owned()),
        1 => Just("kind: onstartup".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn each_record_stands_in_one_part_whole_and_in_order_whatever_is_reloaded_meanwhile(
        policies in prop::collection::vec((trigger(), prop::sample::select(vec!["", ".gz", ".zst"])), 1..6),
    ) {
        let sandbox = Sandbox::new(&rolling(&policies[0].0, policies[0].1));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        let counts = log_while(&job, || {
            for (trigger, suffix) in &policies[1..] {
                sandbox.save(&rolling(trigger, suffix));
                logs.reload().unwrap();
            }
        });
        let parts = Parts::of(job.dir(), "a");
        prop_assert_eq!(job.finish(Outcome::Ok).lost, 0);
        demand_all(&parts.lines(), &counts);
        if policies.len() == 1 && !policies[0].1.is_empty() {
            parts.wait_until_packed();
            demand_all(&parts.lines(), &counts);
        }
    }
}

#[test]
fn a_file_that_goes_by_another_name_after_a_reload_is_rolled_on_under_it() {
    let policy = |stem: &str| {
        let roller = format!("kind: fixed_window, pattern: \"${{job_dir}}/{stem}.{{}}.log.gz\", count: 5000");
        with_policy(stem, &format!("trigger: {{ kind: size, limit: 1kb }}, roller: {{ {roller} }}"))
    };
    let sandbox = Sandbox::new(&policy("old"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let dir = job.dir().to_owned();
    let counts = log_while(&job, || {
        eventually("it has rolled", || Parts::of(&dir, "old").slots().len() > 2);
        sandbox.save(&policy("new"));
        logs.reload().unwrap();
        eventually("it has rolled", || Parts::of(&dir, "new").slots().len() > 2);
    });
    job.finish(Outcome::Ok);
    let (old, new) = (Parts::of(&dir, "old"), Parts::of(&dir, "new"));
    demand_all(&[old.lines(), new.lines()].concat(), &counts);
}

#[test]
fn a_file_rolls_at_each_full_interval() {
    for suffix in ["", ".gz", ".zst"] {
        let sandbox = Sandbox::new(&rolling("kind: time, interval: 1 second", suffix));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        let mut count = 0;
        eventually("it has rolled twice", || {
            info!(logger: job, "{}", numbered("w", count));
            count += 1;
            Parts::of(job.dir(), "a").slots().len() == 2
        });
        let parts = Parts::of(job.dir(), "a");
        job.finish(Outcome::Ok);
        demand_all(&parts.lines(), &writers(&["w"], count));
    }
}

#[test]
fn a_file_rolls_once_at_each_start_and_at_no_reload() {
    let sandbox = Sandbox::new(&rolling("kind: onstartup", ".gz"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    for run in 0..4 {
        let job = logs.job("j").start().unwrap();
        let parts = Parts::of(job.dir(), "a");
        for i in 0..10 {
            info!(logger: job, "{}", numbered("w", run * 10 + i));
            sandbox.save(&format!("{}# {run} {i}\n", rolling("kind: onstartup", [".gz", ".zst"][i % 2])));
            logs.reload().unwrap();
        }
        assert_eq!(parts.slots().len(), run, "run {run}");
        job.finish(Outcome::Ok);
    }
    demand_all(&Parts::of(sandbox.root().join("j"), "a").lines(), &writers(&["w"], 40));
}

#[test]
fn a_file_is_emptied_at_a_start_only() {
    let template = rolling("kind: size, limit: 1kb", ".gz")
        .replace("kind: rolling_file,", "kind: rolling_file, append: false,");
    let sandbox = Sandbox::new(&template);
    let logs = Logs::from_file(sandbox.config()).unwrap();
    logs.job("j").start().unwrap().run(|| ());
    let first = logs.job("j").start().unwrap();
    let parts = Parts::of(first.dir(), "a");
    info!(logger: first, "of the first run");
    first.finish(Outcome::Ok);
    let job = logs.job("j").start().unwrap();
    let counts = log_while(&job, || {
        for i in 0..5 {
            sandbox.save(&format!("{template}# {i}\n"));
            logs.reload().unwrap();
        }
    });
    job.finish(Outcome::Ok);
    assert!(!parts.lines().contains(&"of the first run".to_owned()));
    demand_all(&parts.lines(), &counts);
}

#[test]
fn a_file_that_another_job_uses_is_neither_emptied_nor_rolled_at_a_start() {
    for (append, trigger) in [("false", "kind: size, limit: 1mb"), ("true", "kind: onstartup")] {
        let template =
            rolling(trigger, ".gz").replace("path: \"${job_dir}", &format!("append: {append}, path: \"ROOT"));
        let sandbox = Sandbox::new(&template);
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let parts = Parts::of(sandbox.root(), "a");
        info!(logger: logs.server(), "one");
        logs.flush(Duration::from_secs(5)).unwrap();
        let job = logs.job("j").start().unwrap();
        info!(logger: job, "two");
        job.finish(Outcome::Ok);
        assert_eq!(parts.texts(), ["one\ntwo\n"], "{trigger}");
    }
}

#[test]
fn what_a_window_drops_and_a_roller_deletes_are_the_oldest_records() {
    for roller in
        ["kind: delete", "kind: fixed_window, pattern: \"${job_dir}/a.{}.log.gz\", base: 0, count: 3"]
    {
        let policy = format!("trigger: {{ kind: size, limit: 1kb }}, roller: {{ {roller} }}");
        let sandbox = Sandbox::new(&with_policy("a", &policy));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        (0..3000).for_each(|i| info!(logger: job, "{}", numbered("w", i)));
        info!(logger: job, "end");
        let parts = Parts::of(job.dir(), "a");
        assert_eq!(job.finish(Outcome::Ok).lost, 0);
        let left = parts.lines();
        let first = 3001 - left.len();
        let wanted: Vec<_> = (first..3000).map(|i| numbered("w", i)).chain(["end".into()]).collect();
        assert!(left.len() < 200 && left == wanted, "{roller}: {left:?}");
    }
}

#[test]
fn two_files_may_share_a_window() {
    let file = |stem: &str| {
        format!(
            "  {stem}: {{ kind: rolling_file, path: \"${{job_dir}}/{stem}.log\", encoder: {{ pattern: \"{{m}}{{n}}\" }}, policy: {{ \
             trigger: {{ kind: size, limit: 600 }}, roller: {{ kind: fixed_window, pattern: \
             \"${{job_dir}}/old.{{}}.log.gz\", count: 5000 }} }} }}\n"
        )
    };
    let sandbox = Sandbox::new(&format!(
        "logcore: {{ dir: \"ROOT\" }}\nappenders:\n{}{}root: {{ appenders: [] }}\nloggers: {{ a: {{ level: info, appenders: [ a ] \
         }}, b: {{ level: info, appenders: [ b ] }} }}\n",
        file("a"),
        file("b")
    ));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let dir = job.dir().to_owned();
    thread::scope(|scope| {
        let job = &job;
        for target in ["a", "b"] {
            scope.spawn(move || {
                (0..2000).for_each(|i| info!(logger: job, target: target, "{}", numbered(target, i)));
            });
        }
    });
    job.finish(Outcome::Ok);
    let old = Parts::of(&dir, "old");
    old.wait_until_packed();
    let all = [old.lines(), lines(dir.join("a.log")), lines(dir.join("b.log"))].concat();
    demand_all(&all, &writers(&["a", "b"], 2000));
}

/// A process of its own, which a test that fails does not leave behind.
struct Host(Child);

impl Host {
    fn start(sandbox: &Sandbox, mode: &str, argument: &str) -> Host {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
        command.arg(sandbox.config()).args([mode, argument]).stdin(Stdio::null()).stdout(Stdio::piped());
        Host(command.spawn().unwrap())
    }

    fn ends_well(mut self) {
        assert!(self.0.wait().unwrap().success());
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(unix)]
#[test]
fn processes_that_share_a_file_roll_it_one_at_a_time_and_lose_nothing() {
    for (trigger, suffix) in [
        ("kind: size, limit: 2kb", ""),
        ("kind: size, limit: 2kb", ".gz"),
        ("kind: size, limit: 6kb", ".zst"),
        ("kind: onstartup", ".gz"),
        ("kind: time, interval: 1 second", ".gz"),
    ] {
        let sandbox = Sandbox::new(&rolling(trigger, suffix));
        let names = ["p0", "p1", "p2"];
        let hosts: Vec<_> = names.iter().map(|name| Host::start(&sandbox, "numbered", name)).collect();
        hosts.into_iter().for_each(Host::ends_well);
        let parts = Parts::of(sandbox.root().join("server"), "a");
        let threads: Vec<_> =
            names.iter().flat_map(|name| [format!("{name}-0"), format!("{name}-1")]).collect();
        let all: BTreeMap<_, _> = threads.into_iter().map(|name| (name, 3000)).collect();
        demand_all(&parts.lines(), &all);
        // What they left to pack is packed by the next that comes.
        let logs = Logs::from_file(sandbox.config()).unwrap();
        if !suffix.is_empty() {
            parts.wait_until_packed();
        }
        demand_all(&parts.lines(), &all);
        drop(logs);
    }
}

#[cfg(unix)]
#[test]
fn processes_that_share_a_file_roll_it_once_per_interval() {
    let template = rolling("kind: time, interval: 1 second", "").replace("{m}", "{d(%s)}");
    let sandbox = Sandbox::new(&template);
    let hosts = ["a", "b"].map(|name| Host::start(&sandbox, "until-rolled", name));
    hosts.into_iter().for_each(Host::ends_well);
    let parts = Parts::of(sandbox.root().join("server"), "a");
    let mut seconds = parts.lines();
    seconds.sort();
    seconds.dedup();
    let rolled = parts.slots().len();
    assert!(rolled <= seconds.len(), "{rolled} parts in {} seconds", seconds.len());
}

#[cfg(unix)]
#[test]
fn what_another_process_has_rolled_is_written_and_rolled_no_more() {
    // Two of them in one process are two processes to each other.
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1kb", ""));
    let both = [(); 2].map(|()| Logs::from_file(sandbox.config()).unwrap());
    let log = |logs: &Logs, text: &str| {
        info!(logger: logs.server(), "{text}");
        logs.flush(Duration::from_secs(5)).unwrap();
    };
    log(&both[0], "one");
    log(&both[1], "two");
    log(&both[0], &"x".repeat(1100));
    log(&both[1], "three");
    let parts = Parts::of(sandbox.root().join("server"), "a");
    assert_eq!(parts.texts(), [format!("one\ntwo\n{}\n", "x".repeat(1100)), "three\n".into()]);
}

#[cfg(unix)]
#[test]
fn a_write_that_breaks_off_leaves_no_half_record_to_who_writes_next() {
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1mb", ""));
    let mut limited = Command::new("sh");
    // Its files may not grow beyond a few KiB: the write that would breaks off there.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_host")]);
    limited.arg(sandbox.config()).args(["numbered", "limited"]).stdin(Stdio::null());
    let limited = Host(limited.spawn().unwrap());
    limited.ends_well();
    Host::start(&sandbox, "numbered", "free").ends_well();
    let lines = lines(sandbox.root().join("server/a.log"));
    let (limited, free): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.starts_with("rec limited"));
    demand_all(&free, &writers(&["free-0", "free-1"], 3000));
    assert!(!limited.is_empty());
    for thread in ["limited-0", "limited-1"] {
        // What it could not write, the next process has found in its buffers, as far as these had room under the limit.
        let mut least = 0;
        for line in limited.iter().filter(|line| line.contains(thread)) {
            let number = line.split(' ').nth(2).unwrap().parse().unwrap();
            assert_eq!(*line, numbered(thread, number), "whole");
            assert!(number >= least, "once and in order: {line}");
            least = number + 1;
        }
        assert!(least <= 3000);
    }
}

#[cfg(unix)]
#[test]
fn half_a_line_of_a_process_that_was_killed_is_glued_to_no_other() {
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1mb", ""));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let path = sandbox.root().join("server/a.log");
    for text in ["one", "two"] {
        info!(logger: logs.server(), "{text}");
        logs.flush(Duration::from_secs(5)).unwrap();
        let mut other = fs::File::options().append(true).open(&path).unwrap();
        other.write_all(b"half a li").unwrap();
    }
    info!(logger: logs.server(), "three");
    logs.flush(Duration::from_secs(5)).unwrap();
    assert_eq!(lines(&path), ["one", "half a li", "two", "half a li", "three"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_was_made_in_this_interval_is_not_rolled_by_who_comes_late() {
    let slow = |flush: &str| rolling("kind: time, interval: 1 second", "").replace("5ms", flush);
    // On a machine that is busy the interval may end before all is done: then it shows nothing.
    for _ in 0..30 {
        let sandbox = Sandbox::new(&slow("1h"));
        let late = Logs::from_file(sandbox.config()).unwrap();
        info!(logger: late.server(), "buffered");
        let quick = sandbox.path("config/quick.yaml");
        fs::write(&quick, sandbox.fill(&slow("5ms"))).unwrap();
        let other = Logs::from_file(quick).unwrap();
        let parts = Parts::of(sandbox.root().join("server"), "a");
        eventually("it has rolled", || {
            info!(logger: other.server(), "x");
            !parts.slots().is_empty()
        });
        let made = fs::metadata(sandbox.root().join("server/a.log")).map(|about| about.created());
        let Ok(Ok(made)) = made else { return }; // nobody can tell here
        info!(logger: late.server(), "late");
        late.flush(Duration::from_secs(5)).unwrap();
        let (slots, live) = (parts.slots(), parts.texts().pop().unwrap());
        let second = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        if second(SystemTime::now()) == second(made) {
            assert_eq!(slots, [1]);
            assert!(live.contains("buffered\nlate\n"), "{live}");
            return;
        }
    }
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_while_it_packs_leaves_the_part() {
    for suffix in [".gz", ".zst"] {
        let sandbox = Sandbox::new(&rolling("kind: onstartup", suffix));
        let dir = sandbox.root().join("server");
        fs::create_dir_all(&dir).unwrap();
        let parts = Parts::of(&dir, "a");
        let text: String = (0..400_000).map(|i| numbered("w", i) + "\n").collect();
        fs::write(dir.join("a.log"), &text).unwrap();
        let mut host = Host::start(&sandbox, "wait", "");
        eventually("it packs", || parts.files().iter().any(|name| name.ends_with(".part")));
        host.kill();
        assert!(parts.name(1, "").exists() && !parts.name(1, suffix).exists(), "it was killed in the middle");
        assert_eq!(fs::read_to_string(parts.name(1, "")).unwrap(), text);

        let logs = Logs::from_file(sandbox.config()).unwrap();
        parts.wait_until_packed();
        assert_eq!(parts.texts()[0], text);
        drop(logs);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn one_thread_packs_for_all_jobs_and_ends_when_it_has_nothing_to_do() {
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1kb", ".zst"));
    let mut host = Host::start(&sandbox, "many", "");
    let tasks = format!("/proc/{}/task", host.0.id());
    let packers = || {
        let tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.starts_with("logcore-compre")).count()
    };
    let ready = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let output = host.0.stdout.take().unwrap();
        scope.spawn(|| {
            let _ = BufReader::new(output).read_line(&mut String::new());
            ready.store(true, Ordering::Relaxed);
        });
        let mut looks = Vec::new();
        eventually("all is logged", || {
            looks.push(packers());
            ready.load(Ordering::Relaxed)
        });
        looks
    });
    // One that has nothing to do any more may not be quite gone when the next begins.
    let crowded = looks.iter().filter(|&&packers| packers > 1).count();
    assert!(
        looks.contains(&1) && crowded * 4 <= looks.len() && looks.iter().all(|&packers| packers <= 2),
        "{looks:?}"
    );
    for job in 0..40 {
        Parts::of(sandbox.root().join(format!("job-{job}")), "a").wait_until_packed();
    }
    eventually("the thread has ended", || packers() == 0);
    host.kill();
    for job in 0..40 {
        let parts = Parts::of(sandbox.root().join(format!("job-{job}")), "a");
        demand_all(&parts.lines(), &writers(&["w"], 400));
    }
}

#[test]
fn what_is_in_the_way_of_a_roll_is_told_once_and_nothing_is_lost() {
    for name in ["a.1.log", "a.1.log.gz"] {
        let sandbox = Sandbox::new(&rolling("kind: size, limit: 1kb", ".gz"));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        let server = sandbox.root().join("server/a.log");
        fs::create_dir(job.dir().join(name)).unwrap();
        let mut count = 0;
        let mut log = || {
            info!(logger: job, "{}", numbered("w", count));
            count += 1;
        };
        (0..500).for_each(|_| log());
        eventually("it is told", || {
            let _ = logs.flush(Duration::from_secs(5));
            lines(&server).iter().filter(|line| line.contains("is a directory")).count() == 1
        });
        fs::remove_dir(job.dir().join(name)).unwrap();
        let parts = Parts::of(job.dir(), "a");
        eventually("it rolls again", || {
            log();
            parts.name(1, ".gz").is_file()
        });
        assert_eq!(job.finish(Outcome::Ok).lost, 0);
        demand_all(&parts.lines(), &writers(&["w"], count));
        drop(logs);
        assert_eq!(lines(&server).iter().filter(|line| line.starts_with("cannot roll")).count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn a_part_that_takes_long_to_pack_holds_up_neither_rolls_nor_other_parts() {
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1kb", ".gz"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let parts = Parts::of(job.dir(), "a");
    info!(logger: job, "{}", numbered("w", 0));
    logs.flush(Duration::from_secs(5)).unwrap();
    // It is locked as by another process that is slow to pack it. One that has stalled looks the same: the first write
    // waits for it, for a second, and then goes on.
    let slow = fs::File::open(job.dir().join("a.log")).unwrap();
    slow.lock().unwrap();
    (1..2000).for_each(|i| info!(logger: job, "{}", numbered("w", i)));
    let last = parts.slots()[0];
    job.finish(Outcome::Ok);
    eventually("all others are packed", || {
        parts.slots().iter().all(|slot| parts.name(*slot, "").exists() == (*slot == last))
    });
    demand_all(&parts.lines(), &writers(&["w"], 2000));
    slow.unlock().unwrap();
    parts.wait_until_packed();
    demand_all(&parts.lines(), &writers(&["w"], 2000));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_packed_stays_plain_and_is_packed_later() {
    let sandbox = Sandbox::new(&rolling("kind: size, limit: 1kb", ".gz"));
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("j").start().unwrap();
    let server = sandbox.root().join("server/a.log");
    info!(logger: job, "{}", numbered("w", 0));
    logs.flush(Duration::from_secs(5)).unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(job.dir().join("a.log")).unwrap());
    let blocker = job.dir().join(format!(".{inode:x}.part"));
    fs::create_dir(&blocker).unwrap();
    (1..40).for_each(|i| info!(logger: job, "{}", numbered("w", i)));
    let told = |what: &str| {
        eventually(what, || {
            let _ = logs.flush(Duration::from_secs(5));
            lines(&server).iter().filter(|line| line.contains(what)).count() == 1
        });
    };
    told("cannot compress");
    let parts = Parts::of(job.dir(), "a");
    demand_all(&parts.lines(), &writers(&["w"], 40));
    fs::remove_dir(&blocker).unwrap();
    parts.wait_until_packed();
    told("is written again");
    job.finish(Outcome::Ok);
    demand_all(&parts.lines(), &writers(&["w"], 40));
}
