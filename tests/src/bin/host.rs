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
        other => bail!("unknown mode {other}"),
    }
    Ok(())
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

fn say_ready() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    Ok(out.flush()?)
}
