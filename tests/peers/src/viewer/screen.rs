//! A program on a screen of its own: a pseudo-terminal, read back through an emulator as fast as it comes.

use anyhow::{Context, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

const ROWS: u16 = 36;
const COLUMNS: u16 = 120;

/// A running program; it is killed when this is dropped.
pub struct Screen {
    _master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    started: Instant,
}

struct Seen {
    parser: vt100::Parser,
    ended: bool,
}

impl Screen {
    pub fn start(program: &str, arguments: &[OsString]) -> Result<Screen> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("LESS");
        // No paths: logview keeps nothing, so that each row starts from what a first look starts from.
        for name in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
            command.env(name, "none");
        }
        let mut reader = pair.master.try_clone_reader()?;
        let input = pair.master.take_writer()?;
        let cells = |count: u16| count.try_into().context("no cells");
        let parser = vt100::Parser::new(cells(ROWS)?, cells(COLUMNS)?, 0);
        let seen = Arc::new((Mutex::new(Seen { parser, ended: false }), Condvar::new()));
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        let screen = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut seen = screen.0.lock().unwrap_or_else(PoisonError::into_inner);
                seen.parser.process(&buffer[..read]);
                seen.ended = read == 0;
                screen.1.notify_all();
                if read == 0 {
                    break;
                }
            }
        });
        Ok(Screen { _master: pair.master, child, input, seen, started })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Waits until the screen is as wanted; says when it was.
    pub fn until(&self, patience: Duration, wanted: impl Fn(&str) -> bool) -> Result<Instant> {
        let deadline = Instant::now() + patience;
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let text = seen.parser.screen().contents();
            let now = Instant::now();
            if wanted(&text) {
                return Ok(now);
            }
            if seen.ended || now >= deadline {
                bail!("never seen within {patience:?}; the screen:\n{text}");
            }
            seen = self.seen.1.wait_timeout(seen, deadline - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) -> Result<Instant> {
        let now = Instant::now();
        self.input.write_all(keys.as_bytes())?;
        self.input.flush()?;
        Ok(now)
    }

    /// The most memory that it ever had, in MiB: `VmHWM`.
    pub fn memory(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kib| kib / 1024.0)
    }

    /// Its open descriptors.
    pub fn descriptors(&self) -> Option<usize> {
        Some(fs::read_dir(format!("/proc/{}/fd", self.pid()?)).ok()?.count())
    }

    /// The processor time of all its threads so far.
    pub fn processor(&self) -> Option<Duration> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid()?)).ok()?;
        let nanos = tasks.flatten().filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Some(Duration::from_nanos(nanos.sum()))
    }

    fn pid(&self) -> Option<u32> {
        self.child.process_id()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
