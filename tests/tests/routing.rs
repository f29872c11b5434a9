//! Where a record goes: rows of the table "the Python original / ours" in the design, each as a test that the
//! original fails.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use log::{LevelFilter, debug, error, info, trace, warn};
use logcore::{InJob, Logs, Outcome};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tests::sandbox::{LEVEL_FILES, Sandbox, lines};

struct Host {
    sandbox: Sandbox,
    logs: Logs,
}

static HOST: LazyLock<Host> = LazyLock::new(|| {
    let sandbox = Sandbox::new(LEVEL_FILES);
    let logs = logcore::init(sandbox.config()).unwrap();
    Host { sandbox, logs }
});

fn file(job: &str, name: &str) -> Vec<String> {
    HOST.logs.flush(Duration::from_secs(5)).unwrap();
    lines(HOST.sandbox.root().join(job).join(name))
}

fn server_has(needle: &str) -> usize {
    file("server", "debug.log").iter().filter(|line| line.contains(needle)).count()
}

#[test]
fn a_record_stands_in_the_level_files_of_its_job_and_nowhere_else() {
    let job = HOST.logs.job("levels").start().unwrap();
    job.run(|| {
        trace!("below the job's level");
        debug!("d");
        info!("i");
        warn!("w");
        error!("e");
    });
    let report = job.finish(Outcome::Ok);
    assert_eq!(
        file("levels", "debug.log"),
        ["DEBUG|levels|d", "INFO|levels|i", "WARN|levels|w", "ERROR|levels|e"]
    );
    assert_eq!(file("levels", "info.log"), ["INFO|levels|i", "WARN|levels|w", "ERROR|levels|e"]);
    assert_eq!(file("levels", "error.log"), ["ERROR|levels|e"]);
    assert_eq!(server_has("|levels|"), 0);
    assert_eq!((report.counts.total(), report.counts.error, report.lost), (4, 1, 0));
}

#[test]
fn jobs_on_pooled_threads_never_mix() {
    std::thread::scope(|scope| {
        for worker in 0..8 {
            scope.spawn(move || {
                for round in 0..20 {
                    let id = format!("pooled-{worker}-{round}");
                    let job = HOST.logs.job(&id).start().unwrap();
                    job.run(|| (0..50).for_each(|i| info!("{id} {i}")));
                    job.finish(Outcome::Ok);
                }
            });
        }
    });
    for worker in 0..8 {
        for round in 0..20 {
            let id = format!("pooled-{worker}-{round}");
            let want: Vec<_> = (0..50).map(|i| format!("INFO|{id}|{id} {i}")).collect();
            assert_eq!(file(&id, "info.log"), want);
        }
    }
    assert_eq!(server_has("pooled-"), 0);
}

#[test]
fn a_thread_that_leaves_a_job_logs_to_the_server_again() {
    let job = HOST.logs.job("left").start().unwrap();
    info!("before left");
    job.run(|| info!("inside left"));
    info!("after left");
    assert_eq!(file("left", "info.log"), ["INFO|left|inside left"]);
    assert_eq!((server_has("before left"), server_has("after left"), server_has("inside left")), (1, 1, 0));
}

#[test]
fn the_server_log_is_reachable_from_inside_a_job() {
    let job = HOST.logs.job("reach").start().unwrap();
    job.run(|| {
        warn!(logger: HOST.logs.server(), "reach the server");
        info!("reach the job");
    });
    assert_eq!(server_has("reach the server"), 1);
    assert_eq!(file("reach", "debug.log"), ["INFO|reach|reach the job"]);
}

#[test]
fn child_threads_log_into_their_parents_job() {
    let job = HOST.logs.job("parent").start().unwrap();
    job.spawn("child", || info!("spawned on {:?}", std::thread::current().name())).unwrap().join().unwrap();
    std::thread::spawn(job.wrap(|| info!("wrapped"))).join().unwrap();
    // As the original does it: by the id of the parent's thread.
    let _in = job.enter();
    let parent = std::thread::current().id();
    std::thread::spawn(move || HOST.logs.on_thread(parent).unwrap().run(|| info!("by thread id")))
        .join()
        .unwrap();
    let want =
        ["spawned on Some(\"child\")", "wrapped", "by thread id"].map(|text| format!("INFO|parent|{text}"));
    assert_eq!(file("parent", "info.log"), want);
}

#[test]
fn a_thread_that_is_gone_is_in_no_job() {
    let job = HOST.logs.job("gone").start().unwrap();
    let clone = job.clone();
    let id = std::thread::spawn(move || {
        // Even a guard that is leaked must not leave the thread in the table.
        std::mem::forget(clone.enter());
        std::thread::current().id()
    });
    let id = id.join().unwrap();
    assert!(HOST.logs.on_thread(id).is_none());
    let infos = HOST.logs.jobs();
    assert!(infos.iter().find(|info| info.id == "gone").unwrap().threads.is_empty());
}

#[test]
fn one_job_on_many_threads_has_one_set_of_handlers() {
    let first = HOST.logs.job("shared").start().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let again = HOST.logs.job("shared").label("ignored", thread).start().unwrap();
            again.spawn(format!("w{thread}"), move || (0..100).for_each(|i| info!("{thread} {i}"))).unwrap()
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let info = HOST.logs.jobs().into_iter().find(|info| info.id == "shared").unwrap();
    assert!(info.open_files <= 3, "one set of handlers, not one per thread: {info:?}");
    first.finish(Outcome::Ok);
    let mut have = file("shared", "info.log");
    have.sort();
    let mut want: Vec<_> =
        (0..4).flat_map(|t| (0..100).map(move |i| format!("INFO|shared|{t} {i}"))).collect();
    want.sort();
    assert_eq!(have, want);
}

#[test]
fn nested_jobs_restore_what_was_there() {
    let outer = HOST.logs.job("outer").start().unwrap();
    let inner = HOST.logs.job("inner").start().unwrap();
    outer.run(|| {
        info!("1");
        inner.run(|| info!("2"));
        info!("3");
        assert_eq!(logcore::current().unwrap().id(), "outer");
    });
    assert!(logcore::current().is_none());
    assert_eq!(file("outer", "info.log"), ["INFO|outer|1", "INFO|outer|3"]);
    assert_eq!(file("inner", "info.log"), ["INFO|inner|2"]);
}

#[test]
fn guards_dropped_out_of_order_take_only_themselves_away() {
    let (a, b) = (HOST.logs.job("order-a").start().unwrap(), HOST.logs.job("order-b").start().unwrap());
    let (in_a, in_b) = (a.enter(), b.enter());
    drop(in_a);
    assert_eq!(logcore::current().unwrap().id(), "order-b");
    drop(in_b);
    assert!(logcore::current().is_none());
}

#[test]
fn a_panic_in_run_restores_the_thread_and_stands_in_the_jobs_log() {
    let job = HOST.logs.job("panicking").start().unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| job.run(|| panic!("wheels off"))));
    assert!(result.is_err());
    assert!(logcore::current().is_none());
    let error = &file("panicking", "error.log")[0];
    assert!(error.contains("wheels off") && error.contains("routing.rs"), "{error}");
}

/// Pending once, so that two futures interleave on one thread.
struct Yield(bool);

impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn futures_are_in_their_job_at_every_poll_and_leave_it_in_between() {
    let jobs = ["future-a", "future-b"].map(|id| HOST.logs.job(id).start().unwrap());
    let work = |name: &'static str| async move {
        info!("{name} 1");
        Yield(false).await;
        info!("{name} 2");
    };
    let mut futures: Vec<Pin<Box<dyn Future<Output = ()>>>> =
        vec![Box::pin(work("a").in_job(&jobs[0])), Box::pin(work("b").in_job(&jobs[1]))];
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        for future in &mut futures {
            let _ = future.as_mut().poll(&mut context);
            assert!(logcore::current().is_none());
        }
    }
    assert_eq!(file("future-a", "info.log"), ["INFO|future-a|a 1", "INFO|future-a|a 2"]);
    assert_eq!(file("future-b", "info.log"), ["INFO|future-b|b 1", "INFO|future-b|b 2"]);
}

#[test]
fn a_record_after_the_end_goes_to_the_server_log_marked_and_counted() {
    let job = HOST.logs.job("late").start().unwrap();
    let clone = job.clone();
    job.finish(Outcome::Ok);
    clone.run(|| info!("one moment"));
    assert!(file("late", "debug.log").is_empty());
    assert_eq!(server_has("[late, job \"late\" has ended] one moment"), 1);
    assert_eq!(clone.finish(Outcome::Failed).late, 1);
    assert_eq!(clone.finish(Outcome::Failed).outcome, Outcome::Ok, "the first word counts");
}

#[test]
fn the_last_clone_that_drops_ends_the_job() {
    let job = HOST.logs.job("dropped").start().unwrap();
    job.run(|| debug!("buffered"));
    let clone = job.clone();
    drop(job);
    assert!(HOST.logs.jobs().iter().any(|info| info.id == "dropped"));
    drop(clone);
    assert!(HOST.logs.jobs().iter().all(|info| info.id != "dropped"));
    // Not through `file`, which flushes.
    assert_eq!(lines(HOST.sandbox.root().join("dropped/debug.log")), ["DEBUG|dropped|buffered"]);
}

#[test]
fn a_job_can_be_started_again() {
    for run in 1..=3 {
        let job = HOST.logs.job("again").start().unwrap();
        job.run(|| info!("run {run}"));
        job.finish(Outcome::Ok);
    }
    assert_eq!(file("again", "info.log"), [1, 2, 3].map(|run| format!("INFO|again|run {run}")));
    let json = logcore::disk::JobFile::read(&HOST.sandbox.root().join("again")).unwrap();
    assert_eq!(json.runs.len(), 3);
    assert_eq!(json.runs[2].offsets["info.log"], 2 * "INFO|again|run 1\n".len() as u64);
}

#[test]
fn no_message_forges_a_record() {
    let job = HOST.logs.job("forge").start().unwrap();
    job.run(|| {
        info!("a\nERROR|forge|b\r\nERROR|forge|c\rERROR|d\u{85}e\u{2028}f\u{1b}[2Jg\0h\u{7f}i\u{9b}j\tk\n");
        info!(target: "x\nERROR|forge|target", "plain");
    });
    job.finish(Outcome::Ok);
    let text = std::fs::read_to_string(HOST.sandbox.root().join("forge/info.log")).unwrap();
    let expected = "INFO|forge|a\n\tERROR|forge|b\n\tERROR|forge|c\\rERROR|d\\u{85}e\\u{2028}f\\x1b[2Jg\\x00h\\x7fi\\u{9b}j\tk\n\
                    INFO|forge|plain\n";
    assert_eq!(text, expected);
    assert!(file("forge", "error.log").is_empty());
}

struct Logging;

impl fmt::Display for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("from inside a Display");
        f.write_str("outer")
    }
}

struct Broken(bool);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        if self.0 { panic!("a Display panicked") } else { Err(fmt::Error) }
    }
}

#[test]
fn a_display_may_log_fail_or_panic() {
    let job = HOST.logs.job("display").start().unwrap();
    job.run(|| {
        debug!("{Logging}");
        debug!("{} after", Broken(false));
        debug!("{} after", Broken(true));
        debug!("still here");
    });
    let have = file("display", "debug.log");
    assert_eq!(have[0], "INFO|display|from inside a Display");
    assert_eq!(have[1], "DEBUG|display|outer");
    assert!(have[2].starts_with("DEBUG|display|half [logcore:") && have[2].contains("failed"), "{}", have[2]);
    assert!(have[3].starts_with("ERROR|display|panicked at "), "{}", have[3]);
    assert!(
        have.iter().any(|line| line.starts_with("DEBUG|display|half [logcore:") && line.contains("panicked"))
    );
    assert_eq!(have.last().unwrap(), "DEBUG|display|still here");
}

#[test]
fn finishing_waits_for_records_under_way_on_other_threads() {
    struct Slow(std::sync::mpsc::Sender<()>);
    impl fmt::Display for Slow {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            f.write_str("slow")
        }
    }
    let job = HOST.logs.job("drained").start().unwrap();
    let (sender, receiver) = channel();
    let thread = job.spawn("slow", move || info!("{}", Slow(sender))).unwrap();
    receiver.recv().unwrap();
    let report = job.finish(Outcome::Ok);
    assert_eq!(report.counts.info, 1);
    assert_eq!(lines(HOST.sandbox.root().join("drained/info.log")), ["INFO|drained|slow"]);
    thread.join().unwrap();
}

#[test]
fn a_level_set_for_a_time_goes_back_by_itself() {
    let job = HOST.logs.job("louder").level(LevelFilter::Warn).start().unwrap();
    job.run(|| info!("not yet"));
    HOST.logs.set_level("louder", LevelFilter::Trace).for_(Duration::from_millis(50)).unwrap();
    job.run(|| trace!("now"));
    tests::sandbox::eventually("the level is taken back", || {
        !log::Log::enabled(&job, &log::Metadata::builder().level(log::Level::Info).build())
    });
    job.run(|| info!("not any more"));
    assert_eq!(file("louder", "debug.log"), ["TRACE|louder|now"]);
    assert!(HOST.logs.set_level("no such job", LevelFilter::Info).keep().is_err());
}

#[test]
fn function_names_as_a_key_value() {
    let sandbox = Sandbox::new(
        "logcore: { dir: \"ROOT\" }\nappenders: { a: { kind: file, path: \"${job_dir}/a.log\", encoder: { pattern: \
         \"[{M}.{K(function)(-)}] {m}{n}\" } } }\nroot: { level: info, appenders: [ a ] }",
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    let job = logs.job("f").start().unwrap();
    info!(logger: job, function = logcore::function!(); "with");
    info!(logger: job, "without");
    job.finish(Outcome::Ok);
    let want = ["[routing.function_names_as_a_key_value] with", "[routing.-] without"];
    assert_eq!(lines(sandbox.root().join("f/a.log")), want);
}

#[test]
fn what_a_cancelled_future_logs_while_it_is_dropped_goes_to_its_job() {
    struct Noisy;
    impl Drop for Noisy {
        fn drop(&mut self) {
            info!("cancelled");
        }
    }
    let job = HOST.logs.job("cancelled").start().unwrap();
    let noisy = Noisy;
    let mut future = Box::pin(
        async move {
            let _noisy = noisy;
            std::future::pending::<()>().await;
        }
        .in_job(&job),
    );
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(future);
    assert_eq!(file("cancelled", "debug.log"), ["INFO|cancelled|cancelled"]);
    assert!(logcore::current().is_none());
}

#[test]
fn late_records_stand_in_the_server_log_whatever_its_level_unless_the_job_would_have_refused_them() {
    let sandbox = Sandbox::new(
        &LEVEL_FILES
            .replace("buffer:", "jobs: { quiet: { level: error }, server: { level: error } }, buffer:"),
    );
    let logs = Logs::from_file(sandbox.config()).unwrap();
    // Keeps the process's maximum level up: what `log` itself refuses, nobody sees.
    let _verbose = logs.job("verbose").start().unwrap();
    for (id, late) in [("usual", 1), ("quiet", 0)] {
        let job = logs.job(id).start().unwrap();
        job.finish(Outcome::Ok);
        debug!(logger: job, "from {id}");
        assert_eq!(job.finish(Outcome::Ok).late, late, "{id}");
    }
    logs.flush(Duration::from_secs(5)).unwrap();
    let server = lines(sandbox.root().join("server/debug.log"));
    assert_eq!(server, ["DEBUG|server|[late, job \"usual\" has ended] from usual"]);
    assert!(lines(sandbox.root().join("server/info.log")).is_empty(), "thresholds of files hold");
}
