//! What a frame costs: the real viewer over many jobs on a screen of 200 × 60, a key at a time, and the processor time of
//! its drawing thread (input, update, view and output together) divided by the frames that came.
//!
//! ```sh
//! cargo build --release -p tests --bins && target/release/frames 10000
//! ```
//!
//! Numbers to look at, not a test: a busy machine makes them larger.
#![allow(clippy::print_stdout)] // what it finds out is what it is for

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;
use tests::jobs::Root;
use tests::terminal::Terminal;

const SIZE: (u16, u16) = (200, 60);
const KEYS: usize = 200;

fn main() -> Result<()> {
    let jobs: usize =
        std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse()).context("how many jobs?")?;
    let mut root = Root::new();
    for number in 0..jobs {
        let id = format!("import-{:04}-{number:05}", number % 365);
        let job = if number % 100 == 0 { root.running(&id) } else { root.killed(&id) };
        let lines: String = (0..20)
            .map(|n| {
                job.line(
                    if n % 7 == 0 { "WARN" } else { "INFO" },
                    &format!("record {n} took {n}ms path=/var/lib/{n}"),
                )
            })
            .collect();
        job.append("debug.log", lines);
    }
    let viewer = std::env::current_exe()?.with_file_name("viewer");
    let mut terminal = Terminal::start(&viewer.to_string_lossy(), &[root.path().into()], SIZE, &[]);
    terminal.until("all jobs", |screen| {
        screen.contains(" jobs ") && !screen.contains("so far") && !screen.contains("~")
    });
    println!("{jobs} jobs, {} x {}", SIZE.0, SIZE.1);
    for (what, key) in [
        ("down in the list", "j"),
        ("another order", "s"),
        ("page down in the list", "\u{1b}[6~"),
        ("help", "?"),
    ] {
        let (frames, spent) = pressed(&mut terminal, key)?;
        println!(
            "{what:24} {:6.2} ms a frame ({frames} frames)",
            spent.as_secs_f64() * 1e3 / frames.max(1) as f64
        );
    }
    terminal.keys("\u{1b}\t");
    for (what, key) in [("up in the log", "k"), ("levels", "3")] {
        let (frames, spent) = pressed(&mut terminal, key)?;
        println!(
            "{what:24} {:6.2} ms a frame ({frames} frames)",
            spent.as_secs_f64() * 1e3 / frames.max(1) as f64
        );
    }
    let (frames, spent) = (count(&terminal), spent(&terminal)?);
    thread::sleep(Duration::from_secs(5));
    println!(
        "5 s without a key        {:6.2} ms in {} frames",
        (self::spent(&terminal)? - spent).as_secs_f64() * 1e3,
        count(&terminal) - frames
    );
    Ok(())
}

/// Presses a key again and again; how many frames came of it and what they cost.
fn pressed(terminal: &mut Terminal, key: &str) -> Result<(usize, Duration)> {
    let (frames, before) = (count(terminal), spent(terminal)?);
    for _ in 0..KEYS {
        terminal.keys(key);
        thread::sleep(Duration::from_millis(15));
    }
    thread::sleep(Duration::from_millis(100));
    Ok((count(terminal) - frames, spent(terminal)? - before))
}

/// Each frame hides the cursor.
fn count(terminal: &Terminal) -> usize {
    terminal.raw().windows(6).filter(|bytes| bytes == b"\x1b[?25l").count()
}

/// Processor time of the drawing thread, which is the process's first.
fn spent(terminal: &Terminal) -> Result<Duration> {
    let pid = terminal.pid();
    let stat = fs::read_to_string(Path::new("/proc").join(format!("{pid}/task/{pid}/schedstat")))?;
    let nanos = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanos))
}
