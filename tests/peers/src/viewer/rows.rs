//! What is measured. Times in seconds unless the row says otherwise.

use super::Table;
use super::data::{self, ABSENT, FOUND, Log, NEEDLE, REGEX};
use super::programs::Program;
use super::screen::Screen;
use crate::table::cell;
use anyhow::{Context, Result, bail};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(300);

/// A search, a jump and a filter in one file, and what they cost in memory.
pub fn of_a_log(table: &mut Table, programs: &[Program], dir: &Path, size: u64) -> Result<()> {
    let log = Log::make(dir, size)?;
    let mut file = File::open(&log.file)?;
    std::io::copy(&mut file, &mut std::io::sink())?;
    let name = |what: &str| {
        format!(
            "{}: {what}",
            if size >= 1 << 30 { format!("{} GB", size >> 30) } else { format!("{} MB", size >> 20) }
        )
    };
    let path = log.file.as_os_str().to_owned();
    let tool = |command: &str, arguments: &[&str]| tool(command, arguments, &path);
    let (wc, grep_hit) = (tool("wc", &["-l"]), tool("grep", &["-F", "-m", "1", NEEDLE]));
    let grep = tool("grep", &["-F", ABSENT]);
    let (rg, rg_two) = (tool("rg", &["-c", REGEX]), tool("rg", &["-c", "-j", "2", REGEX]));
    for (row, what) in [
        ("line N", format!("wc -l {}", cell(wc))),
        ("search, the hit in the middle", format!("grep -F -m 1 {}", cell(grep_hit))),
        ("search, absent", format!("grep -F {}", cell(grep))),
        ("regex, absent", format!("rg {}, rg -j 2 {}", cell(rg), cell(rg_two))),
        ("only matching lines, the first", format!("grep -F {}", cell(grep))),
    ] {
        table.beside(&name(row), &what);
    }
    for program in programs {
        let mut put = |row: &str, value: Result<f64>| table.put(&name(row), program.name, value);
        let last = format!("n={} ", log.lines);
        let open = || Screen::start(&program.command, &program.open(&log.root, &log.file, false));
        let opened = || -> Result<Screen> {
            let mut screen = open()?;
            screen.until(PATIENCE, |text| text.contains("fetched page"))?;
            if !program.root {
                // From its first line on, wherever it opens.
                screen.keys(program.first)?;
                screen.until(PATIENCE, |text| text.contains("n=2 "))?;
            }
            Ok(screen)
        };
        let timed = |keys: &str, wanted: &dyn Fn(&str) -> bool| -> Result<f64> {
            let mut screen = opened()?;
            std::thread::sleep(PAUSE / 30);
            let at = screen.keys(keys)?;
            Ok(screen.until(PATIENCE, wanted)?.duration_since(at).as_secs_f64())
        };
        let focus = if program.name == "logview" { "\t" } else { "" };
        let screens: Vec<f64> = (0..3)
            .map(|_| {
                let screen = open()?;
                let at = screen.until(PATIENCE, |text| text.contains("fetched page"))?;
                Ok(at.duration_since(screen.started()).as_secs_f64())
            })
            .collect::<Result<_>>()?;
        put("first screen", Ok(screens.iter().copied().fold(f64::MAX, f64::min)));
        put("last line", end(&open, &program.first, &program.last, &last, focus));
        if !(program.line)(1).is_empty() {
            let line = log.lines / 3;
            put(
                "line N",
                timed(&format!("{focus}{}", (program.line)(line)), &|text| {
                    text.contains(&format!("n={line} "))
                }),
            );
        }
        if let Some(time) = program.time {
            let line = log.lines / 3 / 1000 * 1000;
            put(
                "a time",
                timed(&format!("{focus}{}", time(&Log::clock(line))), &|text| {
                    text.contains(&format!("n={line} "))
                }),
            );
        }
        put("search, the hit in the middle", timed(&(program.search)(NEEDLE), &|text| text.contains(FOUND)));
        if let Some(nothing) = program.nothing {
            put("search, absent", timed(&(program.search)(ABSENT), &|text| text.contains(nothing)));
            put("regex, absent", timed(&(program.search)(REGEX), &|text| text.contains(nothing)));
        }
        if !(program.only)("").is_empty() {
            put(
                "only matching lines, the first",
                timed(&format!("{focus}{}", (program.only)(NEEDLE)), &|text| text.contains(FOUND)),
            );
        }
        put("MiB after all that", open().and_then(|screen| memory(screen, program, focus, &last)));
    }
    fs::remove_dir_all(&log.root)?;
    Ok(())
}

/// From the first line to the last one, whatever the viewer opens at.
fn end(open: &dyn Fn() -> Result<Screen>, first: &str, last: &str, line: &str, focus: &str) -> Result<f64> {
    let mut screen = open()?;
    screen.until(PATIENCE, |text| text.contains("fetched page"))?;
    screen.keys(&format!("{focus}{first}"))?;
    // A frame may be read in two parts.
    screen.until(PATIENCE, |text| text.contains("n=2 ") && !text.contains(line))?;
    let at = screen.keys(last)?;
    Ok(screen.until(PATIENCE, |text| text.contains(line))?.duration_since(at).as_secs_f64())
}

/// The most memory after everything that a file can be asked.
fn memory(mut screen: Screen, program: &Program, focus: &str, last: &str) -> Result<f64> {
    screen.until(PATIENCE, |text| text.contains("fetched page"))?;
    screen.keys(&format!("{focus}{}", program.first))?;
    screen.until(PATIENCE, |text| text.contains("n=2 "))?;
    screen.keys(program.last)?;
    screen.until(PATIENCE, |text| text.contains(last))?;
    screen.keys(&(program.search)(ABSENT))?;
    if let Some(nothing) = program.nothing {
        screen.until(PATIENCE, |text| text.contains(nothing))?;
        if !program.root {
            screen.keys("\r")?; // less wants to know that this was read
        }
    }
    if !(program.only)("").is_empty() {
        screen.keys(&(program.only)(NEEDLE))?;
        screen.until(PATIENCE, |text| text.contains(FOUND))?;
    }
    std::thread::sleep(10 * PAUSE);
    screen.memory().context("no /proc")
}

/// A tool's time on a file, the best of three.
fn tool(command: &str, arguments: &[&str], file: &std::ffi::OsStr) -> Option<f64> {
    let mut best: Option<f64> = None;
    for _ in 0..3 {
        let started = Instant::now();
        let mut child = Command::new(command)
            .args(arguments)
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        // A grep that writes to /dev/null stops at its first hit.
        let mut out = Vec::new();
        child.stdout.take()?.read_to_end(&mut out).ok()?;
        child.wait().ok()?;
        let took = started.elapsed().as_secs_f64();
        best = Some(best.map_or(took, |best| best.min(took)));
    }
    best
}

/// A file that is written while it is shown: how late a line is, a hundred thousand lines a second, and nothing.
pub fn of_following(table: &mut Table, programs: &[Program], dir: &Path, seconds: u64) -> Result<()> {
    for program in programs {
        let log = Log::make(dir, 1 << 20)?;
        let open = || -> Result<(Screen, File)> {
            let screen = Screen::start(&program.command, &program.open(&log.root, &log.file, true))?;
            screen.until(PATIENCE, |text| text.contains("fetched page"))?;
            std::thread::sleep(4 * PAUSE);
            Ok((screen, OpenOptions::new().append(true).open(&log.file)?))
        };
        let latency = |at: f64| -> Result<f64> {
            let (screen, mut file) = open()?;
            let mut late = Vec::new();
            for number in 0..100u64 {
                // Not in step with anybody's clock.
                std::thread::sleep(Duration::from_millis(40 + number * 7 % 50));
                let mark = format!("mark-{number}-");
                let written = Instant::now();
                writeln!(
                    file,
                    "[INFO] [2026-11-23T16:20:01.123456789+00:00] [job] [1:1] - [app] [line:1]: fetched page {mark}"
                )?;
                let seen = screen.until(Duration::from_secs(10), |text| text.contains(&mark))?;
                late.push(seen.duration_since(written).as_secs_f64() * 1000.0);
            }
            late.sort_by(f64::total_cmp);
            Ok(late[(late.len() as f64 * at) as usize])
        };
        table.put("a written line shows, p95, ms", program.name, latency(0.95));
        match flood(open) {
            Ok((lag, keys)) => {
                table.put("100,000 lines/s for 10 s: behind at the end, ms", program.name, Ok(lag));
                if program.name == "logview" {
                    table.put("100,000 lines/s for 10 s: a key, at worst, ms", program.name, Ok(keys));
                }
            }
            Err(error) => {
                table.put("100,000 lines/s for 10 s: behind at the end, ms", program.name, Err(error))
            }
        }
        let idle = || -> Result<f64> {
            let (screen, _) = open()?;
            std::thread::sleep(10 * PAUSE);
            let before = screen.processor().context("no /proc")?;
            std::thread::sleep(Duration::from_secs(seconds));
            let used = screen.processor().context("no /proc")?.saturating_sub(before);
            Ok(used.as_secs_f64() / seconds as f64 * 100.0)
        };
        table.put("idle, % of a processor", program.name, idle());
        fs::remove_dir_all(&log.root)?;
    }
    Ok(())
}

fn flood(open: impl Fn() -> Result<(Screen, File)>) -> Result<(f64, f64)> {
    let (mut screen, mut file) = open()?;
    let started = Instant::now();
    let (mut number, mut keys) = (0u64, 0.0f64);
    let mut asked: Option<(Instant, bool)> = None;
    let mut next_key = Duration::from_secs(1);
    let mut open_help = false;
    while number < 1_000_000 {
        let mut text = Vec::new();
        for _ in 0..1000 {
            number += 1;
            data::line(&mut text, number + 10_000_000)?;
        }
        file.write_all(&text)?;
        // The help is opened and closed under way; looking for it costs what reading one screen costs.
        if let Some((at, help)) = asked {
            if screen.until(Duration::from_millis(8), |text| text.contains("MOVE") == help).is_ok() {
                keys = keys.max(at.elapsed().as_secs_f64() * 1000.0);
                asked = None;
            }
        } else if started.elapsed() > next_key {
            next_key += Duration::from_millis(700);
            open_help = !open_help;
            asked = Some((screen.keys(if open_help { "?" } else { "\u{1b}" })?, open_help));
        }
        let due = Duration::from_millis(number / 100);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
    if open_help {
        screen.keys("\u{1b}")?;
    }
    let written = Instant::now();
    let mark = format!("n={} ", number + 10_000_000);
    let seen = screen.until(PATIENCE, |text| text.contains(&mark))?;
    Ok((seen.duration_since(written).as_secs_f64() * 1000.0, keys))
}

/// One line of 50 MB: the longest that a key takes, without wrapping and with it.
pub fn of_one_line(table: &mut Table, programs: &[Program], dir: &Path) -> Result<()> {
    let root = dir.join("one-line");
    fs::create_dir_all(root.join("job"))?;
    let file = root.join("job/debug.log");
    let mut text = b"START ".to_vec();
    text.resize(50 << 20, b'x');
    text.extend_from_slice(b" END\n");
    fs::write(&file, &text)?;
    for program in programs {
        let longest = |wrap: bool| -> Result<f64> {
            let mut screen = Screen::start(&program.command, &program.open(&root, &file, false))?;
            screen.until(PATIENCE, |text| text.contains("xxxx"))?;
            if program.name == "logview" {
                screen.keys("\t")?;
            }
            if wrap != (program.name == "less") {
                match program.wrap {
                    Some(wrap) => drop(screen.keys(wrap)?),
                    None => bail!("no key for it"),
                }
            }
            std::thread::sleep(PAUSE);
            let mut longest = 0.0f64;
            for (keys, sign) in [(program.first, "START"), (program.last, "x"), (program.first, "START")] {
                let at = screen.keys(keys)?;
                let seen = screen.until(PATIENCE, |text| text.contains(sign))?;
                longest = longest.max(seen.duration_since(at).as_secs_f64() * 1000.0);
                std::thread::sleep(PAUSE);
            }
            Ok(longest)
        };
        table.put("a line of 50 MB: a key, at worst, ms", program.name, longest(false));
        if program.wrap.is_some() {
            table.put("the same, wrapped", program.name, longest(true));
        }
    }
    fs::remove_dir_all(&root)?;
    Ok(())
}

/// Many jobs: until there is something of them on the screen, until all are listed, and descriptors meanwhile.
pub fn of_jobs(table: &mut Table, programs: &[Program], dir: &Path, count: u64) -> Result<()> {
    let root: PathBuf = data::jobs(dir, count)?;
    for program in programs.iter().filter(|program| program.jobs) {
        let name = |what: &str| format!("{count} jobs: {what}");
        let screen = Screen::start(&program.command, &program.open_jobs(&root))?;
        let first = screen.until(PATIENCE, |text| text.contains("fetched page"));
        let seconds = |at: Instant| at.duration_since(screen.started()).as_secs_f64();
        table.put(&name("first screen"), program.name, first.map(seconds));
        let mut most = screen.descriptors().unwrap_or(0);
        if program.name == "logview" {
            let digits = count.to_string();
            let all = loop {
                let shown = screen.until(Duration::from_millis(20), |text| {
                    let head = text.lines().next().unwrap_or_default().replace(',', "");
                    head.contains(&format!("{digits} jobs")) && !head.contains(" of ")
                });
                most = most.max(screen.descriptors().unwrap_or(0));
                if shown.is_ok() || screen.started().elapsed() > PATIENCE {
                    break shown;
                }
            };
            table.put(&name("all listed"), program.name, all.map(seconds));
        } else {
            std::thread::sleep(10 * PAUSE);
        }
        most = most.max(screen.descriptors().unwrap_or(0));
        table.put(&name("descriptors"), program.name, Ok(most as f64));
        table.put(&name("MiB"), program.name, screen.memory().context("no /proc"));
    }
    fs::remove_dir_all(&root)?;
    Ok(())
}
