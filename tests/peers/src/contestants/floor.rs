//! The floor: what cannot be saved. Each message is formatted, and ready lines go through 64 KiB buffers.
//!
//! The two are done one after the other, not into each other: a line is taken as if its prefix cost nothing.

use super::{BUFFER, Channel, FILES, Host, line::Line, through_log};
use crate::work::{Site, each, record};
use anyhow::Result;
use log::LevelFilter;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

/// The lines of the first hundred records; the next hundred look like them.
static READY: LazyLock<Vec<String>> = LazyLock::new(|| {
    macro_rules! say {
        ($level:ident, $($message:tt)+) => { (stringify!($level).to_uppercase(), format!($($message)+)) };
    }
    let line = |index| {
        let (level, message) = record!(index, say);
        let now = chrono::Local::now();
        let module = Some(module_path!());
        let line = Line { level: &level, now, job: "job-0001", module, line: Some(42), message: &message };
        format!("{line}\n")
    };
    (100_000..100_100).map(line).collect()
});

struct Floor;

struct Files([Mutex<BufWriter<File>>; 3]);

pub fn start(_: &Path) -> Result<Box<dyn Host>> {
    LazyLock::force(&READY);
    Ok(Box::new(Floor))
}

impl Host for Floor {
    fn open(&self, dir: &Path, _: &str) -> Result<Box<dyn Channel>> {
        fs::create_dir(dir)?;
        let [debug, info, error] = FILES.map(|(name, _)| {
            let file = File::options().append(true).create(true).open(dir.join(format!("{name}.log")))?;
            anyhow::Ok(Mutex::new(BufWriter::with_capacity(BUFFER, file)))
        });
        Ok(Box::new(Files([debug?, info?, error?])))
    }

    fn disabled(&self, _: &Path, count: u64, _: bool) -> Result<Option<Duration>> {
        log::set_max_level(LevelFilter::Off);
        Ok(Some(through_log::disabled(&through_log::Global, count)))
    }
}

impl Channel for Files {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        let ready = &*READY;
        let message = RefCell::new(String::with_capacity(256));
        each(range, times, |index| {
            format_message(&message, index);
            let line = ready[(index % 100) as usize].as_bytes();
            for file in &self.0[..Site::of(index).files()] {
                // A disk that is full shows in the lines that are counted afterwards.
                if let Ok(mut file) = file.lock() {
                    let _ = file.write_all(line);
                }
            }
        });
    }

    fn close(self: Box<Self>) -> Result<()> {
        for file in self.0 {
            file.into_inner().map_err(|_| anyhow::anyhow!("a thread panicked"))?.flush()?;
        }
        Ok(())
    }
}

#[inline]
fn format_message(message: &RefCell<String>, index: u64) {
    let mut message = message.borrow_mut();
    message.clear();
    macro_rules! say {
        ($level:ident, $($text:tt)+) => { write!(message, $($text)+) };
    }
    // Memory takes what is written.
    let _ = record!(index, say);
    black_box(&*message);
}
