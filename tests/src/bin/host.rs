//! A real host process for the tests: `host CONFIG MODE [ARGUMENT]`. It says `ready` on standard output when it is.

use anyhow::{Context, bail};
use log::{debug, error, info};
use logcore::Outcome;
use std::io::Write;
use tests::parts::numbered;

/// How many records a thread logs in the mode `numbered`.
const NUMBERED: usize = 3000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let config = arguments.next().context("host CONFIG MODE")?;
    let mode = arguments.next().context("host CONFIG MODE")?;
    let argument = arguments.next().unwrap_or_default();
    let logs = logcore::init(&config)?;
    info!("host up");
    match mode.as_str() {
        // Runs until it is killed; one job is finished by then.
        "wait" => {
            logs.job("finished").start()?.finish(Outcome::Ok);
            let job = logs.job("unfinished").start()?;
            let _in = job.enter();
            error!("the last words");
            say_ready()?;
            loop {
                std::thread::park();
            }
        }
        // Returns from main with records in its buffers.
        "return" => {
            let job = logs.job("buffered").start()?;
            job.run(|| (0..1000).for_each(|i| debug!("record {i}")));
            std::mem::forget(job);
        }
        // Leaves in the middle of it.
        "exit" => {
            let job = logs.job("buffered").start()?;
            job.run(|| {
                (0..1000).for_each(|i| debug!("record {i}"));
                std::process::exit(3)
            });
        }
        // Returns from main while other threads start and end jobs.
        "busy" => {
            let job = logs.job("buffered").start()?;
            for thread in 0..8 {
                let logs = logs.clone();
                std::thread::spawn(move || {
                    for i in 0_u64.. {
                        if let Ok(job) = logs.job(format!("busy-{thread}-{}", i % 3)).start() {
                            job.run(|| debug!("x"));
                        }
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(20)); // until they are all at it
            job.run(|| (0..1000).for_each(|i| debug!("record {i}")));
            std::mem::forget(job);
        }
        // A thread of a job panics; so does one outside any job.
        "panic" => {
            let job = logs.job("panics").start()?;
            let _ = job.spawn("worker", || panic!("boom in a job"))?.join();
            let _ = std::thread::spawn(|| panic!("boom outside")).join();
            job.finish(Outcome::Failed);
        }
        // Threads log in the destructors of their thread-locals, made before and after the MDC.
        "thread-locals" => {
            for before in [true, false] {
                let thread = std::thread::spawn(move || {
                    let touch = || NOISY.with(|_| ());
                    if before {
                        touch();
                    }
                    log_mdc::insert("user", "ann");
                    info!("on the thread");
                    if !before {
                        touch();
                    }
                });
                let _ = thread.join();
            }
            // One that has an MDC and logs nothing before its end.
            let _ = std::thread::spawn(|| {
                NOISY.with(|_| ());
                log_mdc::insert("user", "bob");
            })
            .join();
        }
        // Logs when the main thread's thread-locals are gone.
        "atexit" => {
            log_mdc::insert("user", "ann");
            log_at_exit();
        }
        // Two threads log numbered records to the server log, shared with other processes.
        "numbered" => std::thread::scope(|scope| {
            for thread in 0..2 {
                let writer = format!("{argument}-{thread}");
                scope.spawn(move || (0..NUMBERED).for_each(|i| info!("{}", numbered(&writer, i))));
            }
        }),
        // The same, for as long as it lasts until the file has been rolled three times.
        "until-rolled" => {
            let third = logs.server().dir().join("a.3.log");
            while !third.exists() {
                info!("{argument}");
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
        }
        // Many jobs roll at once.
        "many" => {
            for job in 0..40 {
                let job = logs.job(format!("job-{job}")).start()?;
                job.run(|| (0..400).for_each(|i| info!("{}", numbered("w", i))));
                job.finish(Outcome::Ok);
            }
            say_ready()?;
            loop {
                std::thread::park();
            }
        }
        // Eight threads log for ever, four of them into one job, and say on standard error how far they are.
        "for-ever" => std::thread::scope(|scope| {
            let shared = logs.job("shared").start()?;
            for thread in 0..8_u32 {
                let job =
                    if thread < 4 { shared.clone() } else { logs.job(format!("own-{thread}")).start()? };
                scope.spawn(move || job.run(|| for_ever(thread)));
            }
            if argument == "exit" {
                std::thread::sleep(std::time::Duration::from_millis(u64::from(std::process::id() % 20)));
                std::process::exit(0);
            }
            anyhow::Ok(())
        })?,
        // Waits for a signal with something in its buffers; with an argument, it handles SIGTERM itself.
        "signals" => {
            if argument == "own" {
                ignore_sigterm();
            }
            logs.flush_on_signals()?;
            let job = logs.job("buffered").start()?;
            job.run(|| debug!("not written yet"));
            say_ready()?;
            loop {
                std::thread::park();
            }
        }
        // Somebody deletes the log root under it; then it waits with something in its buffers.
        "root-deleted" => {
            let root = logs.server().dir().parent().context("a root")?.to_owned();
            let job = logs.job("buffered").start()?;
            let _in = job.enter();
            error!("before");
            std::fs::remove_dir_all(&root)?;
            error!("after");
            logs.flush(std::time::Duration::from_secs(10))?;
            let own = || std::fs::read_dir(root.join(".logcore")).map_or(0, |files| files.flatten().count());
            tests::eventually(
                "its own files again",
                || (own() >= 2).then_some(()),
                || format!("{} files", own()),
            );
            // Each of its files takes new memory for what it buffers from here on.
            debug!("not written yet");
            say_ready()?;
            loop {
                std::thread::park();
            }
        }
        // A forked child logs as well, and both end.
        "fork" => {
            let job = logs.job("both").start()?;
            let _in = job.enter();
            debug!("before");
            if fork() == 0 {
                (0..10).for_each(|i| debug!("child {i}"));
                error!("child's error");
                std::process::exit(0);
            }
            (0..10).for_each(|i| debug!("parent {i}"));
            wait_for_children();
            job.finish(Outcome::Ok);
        }
        // No file may have more than 8 KiB, and ten jobs have something to write at once.
        "small-files" => {
            limit_files(8 << 10);
            let jobs = (0..10).map(|i| logs.job(format!("j{i}")).start()).collect::<Result<Vec<_>, _>>()?;
            jobs.iter().for_each(|job| debug!(logger: job, "hello"));
            logs.flush(std::time::Duration::from_secs(10))?;
        }
        other => bail!("unknown mode {other}"),
    }
    Ok(())
}

/// Numbered records; after some of them, eight bytes on standard error: the thread, and the last number that was logged.
fn for_ever(thread: u32) {
    for number in 0_u32.. {
        match number % 50 {
            7 => error!("{thread} {number} {}", "e".repeat(number as usize % 90)),
            20..30 => info!("{thread} {number} {}", "i".repeat(number as usize % 90)),
            _ => debug!("{thread} {number} {}", "d".repeat(number as usize % 90)),
        }
        if number % 5 == thread % 5 {
            let report = [thread.to_le_bytes(), number.to_le_bytes()].concat();
            // One write, so that reports of different threads do not mix.
            let _ = std::io::stderr().write_all(&report);
        }
    }
}

struct Noisy;

impl Drop for Noisy {
    fn drop(&mut self) {
        info!("from a destructor");
    }
}

thread_local!(static NOISY: Noisy = const { Noisy });

#[allow(unsafe_code)]
fn log_at_exit() {
    extern "C" fn last_words() {
        info!("from an atexit handler");
    }
    // SAFETY: a plain function that takes nothing and does not unwind.
    unsafe { libc::atexit(last_words) };
}

#[allow(unsafe_code)]
fn limit_files(bytes: u64) {
    // SAFETY: plain system calls; the limit is a value of the stack that they read.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::setrlimit(libc::RLIMIT_FSIZE, &libc::rlimit { rlim_cur: bytes, rlim_max: bytes });
    }
}

#[allow(unsafe_code)]
fn ignore_sigterm() {
    // SAFETY: no code of ours runs when it comes.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
}

#[allow(unsafe_code)]
fn fork() -> i32 {
    // SAFETY: the child uses what is allowed after it less strictly than a program should; that is what is tested.
    unsafe { libc::fork() }
}

#[allow(unsafe_code)]
fn wait_for_children() {
    // SAFETY: a plain system call.
    unsafe { libc::wait(std::ptr::null_mut()) };
}

fn say_ready() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    Ok(out.flush()?)
}
