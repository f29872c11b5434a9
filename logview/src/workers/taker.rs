//! What is taken out of a log: to the clipboard, into a file, into an editor or a pager. It reads what is shown with the
//! same filters as the screen, and can be told to stop.

use super::{Over, Shared, pager::SharedIndex, tell};
use crate::clipboard;
use crate::model::{Message, Opener, Opening, Saved};
use crate::reading::page::{Only, page};
use crate::reading::{Anchor, Filters, Format, Lines, Sieve};
use crate::source::Bytes;
use memchr::memchr_iter;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How often it says how far it is.
const TELL: Duration = Duration::from_millis(200);

/// Lines that are read at once, and bytes that go to the clipboard at most.
const AT_ONCE: usize = 4096;
const MOST: usize = 8 << 20;

/// Bytes that are read at once to count lines.
const PORTION: usize = 1 << 20;

pub(super) enum Order {
    /// Hand a text to the system's clipboard.
    Copy(String),
    /// Collect lines for it.
    Take(Box<Wanted>),
    /// Write lines to a file; `over` whatever is there.
    Save { wanted: Box<Wanted>, path: PathBuf, over: bool, serial: u64 },
    /// Find out where a line is that another program is to show.
    Open { wanted: Box<Wanted>, file: PathBuf, opener: Opener },
}

/// Lines of what is shown.
pub(super) struct Wanted {
    pub(super) tag: u64,
    pub(super) range: Range<u64>,
    pub(super) only: Only,
    pub(super) filters: Option<Filters>,
    pub(super) bytes: Arc<dyn Bytes>,
    pub(super) len: u64,
    pub(super) index: SharedIndex,
    pub(super) format: Format,
}

pub(super) fn run(
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&shared, &orders, &out);
    }
}

fn serve(shared: &Shared, orders: &Receiver<Order>, out: &SyncSender<Message>) -> Result<(), Over> {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Copy(text) => clipboard::give(&text),
            Order::Take(wanted) => {
                let mut text = Vec::new();
                let stop = || shared.quit.load(Ordering::Relaxed);
                let lines = wanted.write(&mut Bounded(&mut text), &mut |_| {}, &stop);
                let cut = lines.is_err() && text.len() >= MOST;
                let text = String::from_utf8_lossy(&text).into_owned();
                tell(out, Message::Taken { tag: wanted.tag, text, cut })?;
            }
            Order::Save { wanted, path, over, serial } => {
                let stop =
                    || shared.saves.load(Ordering::Relaxed) != serial || shared.quit.load(Ordering::Relaxed);
                let (began, mut told) = (Instant::now(), Instant::now());
                let len = wanted.range.end.saturating_sub(wanted.range.start).max(1);
                let start = wanted.range.start;
                let mut say = |at: u64| {
                    if told.elapsed() >= TELL {
                        told = Instant::now();
                        let (done, took) = (at.saturating_sub(start), began.elapsed());
                        drop(out.try_send(Message::Saving { done, all: len, took }));
                    }
                };
                let path = home(path);
                let saved = save(&wanted, &path, over, &mut say, &stop);
                tell(out, Message::Saved { path, saved })?;
            }
            Order::Open { wanted, file, opener } => {
                let line = wanted.line_number().unwrap_or(1);
                tell(out, Message::Located(Opening { file, line, opener }))?;
            }
        }
    }
    Ok(())
}

/// `~/` as a shell has it.
fn home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// Writes beside the place and puts it there when it is whole: nobody finds half of it.
fn save(
    wanted: &Wanted,
    path: &Path,
    over: bool,
    say: &mut dyn FnMut(u64),
    stop: &(dyn Fn() -> bool + Sync),
) -> Saved {
    if !over && fs::symlink_metadata(path).is_ok() {
        return Saved::Exists;
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = (|| {
        let mut file = BufWriter::new(tempfile::NamedTempFile::new_in(dir)?);
        let lines = wanted.write(&mut file, say, stop)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let kept = if over { file.persist(path) } else { file.persist_noclobber(path) };
        kept.map_err(|error| error.error)?;
        Ok(lines)
    })();
    match written {
        Ok(lines) => Saved::Lines(lines),
        Err(error) => match io::Error::kind(&error) {
            io::ErrorKind::Interrupted => Saved::Stopped,
            io::ErrorKind::AlreadyExists => Saved::Exists,
            _ => Saved::Failed(error.to_string()),
        },
    }
}

impl Wanted {
    /// Writes the lines that are shown within the range; says how many.
    fn write(
        &self,
        to: &mut dyn Write,
        say: &mut dyn FnMut(u64),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<u64> {
        let mut lines = Lines::new(Arc::clone(&self.bytes), self.len);
        lines.format = self.format.clone();
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (levels, context) = (self.only.levels, self.only.context);
        let sieve = Sieve { levels, filters: self.filters.as_ref(), index: Some(&index), context };
        let (mut at, mut count) = (self.range.start, 0);
        while at < self.range.end {
            // With the line before it, whose context may reach over the place.
            let above = usize::from(context > 0);
            let most = (AT_ONCE / (2 * context + 1)).max(1);
            let page = page(&mut lines, (Anchor::At(at), above, most), sieve, stop)?;
            let from = page.lines.partition_point(|line| line.at < at);
            for line in page.lines[from..].iter().take_while(|line| line.at < self.range.end) {
                to.write_all(&line.text)?;
                // A piece of a long line is not a line.
                if lines.ends_at(line.end)? || line.end == self.len {
                    to.write_all(b"\n")?;
                    count += 1;
                }
                at = line.end;
            }
            if stop() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let over = page.lines.last().is_none_or(|line| line.at >= self.range.end);
            if over || page.to_end {
                break;
            }
            say(at);
        }
        to.flush()?;
        Ok(count)
    }

    /// The number, in the file that has the name now, of the line at the start of the range.
    fn line_number(&self) -> io::Result<u64> {
        let base = self.bytes.base();
        let (mut at, mut newlines) = (base, 0);
        let mut data = vec![0; PORTION];
        while at < self.range.start {
            let want = data.len().min((self.range.start - at) as usize);
            let read = self.bytes.read_at(&mut data[..want], at)?;
            if read == 0 {
                break;
            }
            newlines += memchr_iter(b'\n', &data[..read]).count() as u64;
            at += read as u64;
        }
        Ok(newlines + 1)
    }
}

/// As much as a clipboard is given.
struct Bounded<'a>(&'a mut Vec<u8>);

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MOST.saturating_sub(self.0.len()).min(bytes.len());
        self.0.extend_from_slice(&bytes[..room]);
        if room < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
