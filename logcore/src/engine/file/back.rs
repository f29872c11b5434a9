//! What the records are written to: the descriptor, and how what is buffered gets there whole.

use super::rolling::Rolling;
use super::{Extent, LogFile, Spec};
use crate::engine::chunk::{self, Chunk};
use crate::engine::files::Shared;
use crate::engine::flusher::Trouble;
use crate::engine::open::{ends_in_half_a_line, is_deleted, names, open};
use crate::engine::retry::Retry;
use crate::sync::atomic::Ordering;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether the path still names the file.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What the records are written to.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) spec: Arc<Spec>,
    pub(super) file: Option<File>,
    /// Bytes in the file, as far as we know.
    pub(super) length: u64,
    /// Boxed, as most files do not roll and there are many.
    pub(super) rolling: Option<Box<Rolling>>,
    /// Not opened yet since somebody began to use it.
    pub(super) fresh: bool,
    /// When it was last made sure that the path still names this file.
    pub(super) checked: Instant,
    pub(super) write_retry: Retry,
}

impl Back {
    /// Writes what is buffered; `false` if something could not be. Unless `now`, a failure is not tried again before its
    /// time.
    pub(super) fn write_out(&mut self, owner: &LogFile, shared: &Shared, extent: Extent, now: bool) -> bool {
        if !shared.is_ours() {
            return true;
        }
        if !now && !self.write_retry.is_due() {
            return false;
        }
        owner.writes.fetch_add(1, Ordering::Relaxed);
        let (result, any) = self.try_write(owner, shared, extent);
        let stalled = owner.stalled.load(Ordering::Relaxed) && owner.stalled.swap(false, Ordering::Relaxed);
        match result {
            Ok(()) => {
                let mended = any && self.write_retry.mended();
                if mended {
                    owner.front.lock().failing = false;
                }
                if mended || stalled {
                    shared.flusher.complain(&owner.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.write_retry.failed() && !stalled {
                    shared.flusher.complain(&owner.path, Trouble::Write(error.to_string()));
                }
                // A descriptor that fails may be the fault itself: the next try opens the path anew.
                self.drop_file(owner, shared);
                false
            }
        }
    }

    /// Writes; also says whether there was anything to write.
    fn try_write(&mut self, owner: &LogFile, shared: &Shared, extent: Extent) -> (io::Result<()>, bool) {
        if extent == Extent::Urgent {
            match self.write_in_place(owner, shared) {
                Ok(true) => return (Ok(()), true),
                // Older chunks go before it, and while they are written, more may get full: it goes with them.
                Ok(false) => return self.try_write(owner, shared, Extent::All),
                Err(error) => {
                    owner.front.lock().fails();
                    return (Err(error), true);
                }
            }
        }
        {
            let mut front = owner.front.lock();
            front.full_queued = false;
            if !front.holds_any(extent) {
                return (Ok(()), false);
            }
        }
        // Before anything is taken: if the descriptor is let go of in here, the front knows what stands in its file.
        let result = self.begin(owner, shared).and_then(|()| {
            let mut taken = owner.front.lock().take(shared, extent);
            let result = self.write_taken(&mut taken, owner, shared);
            for written in taken.extract_if(.., |chunk| chunk.is_empty()) {
                shared.give_chunk(written);
            }
            if !taken.is_empty() {
                owner.front.lock().full.splice(0..0, taken);
            }
            result
        });
        if result.is_err() {
            owner.front.lock().fails();
        }
        (result, true)
    }

    /// Writes the chunks that were taken and makes sure that they stand in a file that has a name. The path is open.
    fn write_taken(&mut self, taken: &mut [Box<Chunk>], owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            owner.used.store(true, Ordering::Relaxed);
            let Some(file) = &mut self.file else { break };
            let (written, result) = chunk::write(file, taken, self.length);
            let deleted = is_deleted(file);
            let written = if result.is_err() { self.cut_half_a_record(taken, written) } else { written };
            // A turn ends when it is known where its bytes stand: after it, others may roll, pack and remove the file.
            self.end();
            if deleted {
                // Nobody can read what was written: once more, into a file that has the name.
                taken.iter_mut().for_each(|chunk| chunk.revoke());
                shared.is_gone(&owner.path);
                self.drop_file(owner, shared);
                self.begin(owner, shared)?;
                continue;
            }
            self.length += written;
            taken.iter_mut().for_each(|chunk| chunk.confirm());
            return result;
        }
        self.end();
        Err(io::Error::other("the file is deleted as soon as it is made"))
    }

    /// Writes what the front holds, which stays there until somebody has made sure that the file has a name; `false` if
    /// something is to be written before it.
    fn write_in_place(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<bool> {
        if self.spec.roll.is_some() {
            return Ok(false);
        }
        self.begin(owner, shared)?;
        owner.used.store(true, Ordering::Relaxed);
        let Some(file) = &mut self.file else { return Ok(false) };
        let mut front = owner.front.lock();
        if !front.full.is_empty() {
            return Ok(false);
        }
        let Some(chunk) = &mut front.chunk else { return Ok(true) };
        let chunks = std::slice::from_mut(chunk);
        let (written, result) = chunk::write(file, chunks, self.length);
        let written = if result.is_err() { self.cut_half_a_record(chunks, written) } else { written };
        self.length += written;
        result.map(|()| true)
    }

    /// Opens the path, and waits for the turn on it if others may roll it, until [`Back::end`].
    pub(super) fn begin(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 1000;
        let known = self.length;
        for _ in 0..TRIES {
            self.ensure_open(owner, shared)?;
            if self.spec.roll.is_some() {
                let Some(file) = &self.file else { break };
                let turn = &mut self.rolling.get_or_insert_default().turn;
                let Some(length) = turn.take(file, &owner.path) else {
                    // Another process has rolled it.
                    self.drop_file(owner, shared);
                    continue;
                };
                self.length = length;
            }
            // Nobody is in the middle of a line while it is our turn.
            let others_wrote = self.spec.roll.is_some() && self.length != known;
            if std::mem::take(&mut self.fresh) || others_wrote {
                self.mend_half_a_line(&owner.path).inspect_err(|_| self.end())?;
            }
            return Ok(());
        }
        Err(io::Error::other("the file is rolled as soon as it is made"))
    }

    pub(super) fn end(&mut self) {
        if self.spec.roll.is_some()
            && let Some(file) = &self.file
        {
            self.rolling.get_or_insert_default().turn.end(file);
        }
    }

    /// After a write that broke off: half a record must not stay where somebody may write on, take the file away, or never
    /// write the rest. Returns how much of what was `written` stands there still.
    fn cut_half_a_record(&self, chunks: &mut [Box<Chunk>], written: u64) -> u64 {
        let Some(file) = self.file.as_ref().filter(|_| {
            self.spec.roll.is_none() || self.rolling.as_ref().is_some_and(|rolling| rolling.turn.is_held())
        }) else {
            return written;
        };
        let Some(chunk) = chunks.iter_mut().find(|chunk| chunk.left() > 0) else { return written };
        let (half, end) = (chunk.half_a_record(written), self.length + written);
        let ours_is_last = || file.metadata().is_ok_and(|about| about.is_file() && about.len() == end);
        if half == 0 || !ours_is_last() || file.set_len(end - half).is_err() {
            return written;
        }
        chunk.take_back(half);
        written - half
    }

    pub(super) fn empty(&mut self) -> io::Result<()> {
        if let Some(file) =
            self.file.as_ref().filter(|file| file.metadata().is_ok_and(|about| about.is_file()))
        {
            file.set_len(0)?;
            self.length = 0;
        }
        Ok(())
    }

    /// Another process was cut off: its half a line must not be glued to our next record.
    fn mend_half_a_line(&mut self, path: &Path) -> io::Result<()> {
        if self.length > 0
            && self.spec.encoding.is_ascii_compatible()
            && ends_in_half_a_line(path)
            && let Some(file) = &mut self.file
        {
            self.length += file.write(b"\n")? as u64;
        }
        Ok(())
    }

    /// Opens the path if it is not open, or if it names another file by now (logrotate, a person with `mv`).
    fn ensure_open(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        if let Some(file) = &self.file
            && self.checked.elapsed() >= CHECK_EVERY
        {
            self.checked = Instant::now();
            if !names(&owner.path, file) {
                shared.is_gone(&owner.path);
                self.drop_file(owner, shared);
            }
        }
        if self.file.is_some() {
            return Ok(());
        }
        let (file, length) = open(owner, shared.root())?;
        self.length = length;
        self.file = Some(file);
        self.checked = Instant::now();
        owner.is_open.store(true, Ordering::Relaxed);
        shared.opened(owner);
        Ok(())
    }

    pub(super) fn drop_file(&mut self, owner: &LogFile, shared: &Shared) {
        if let Some(file) = self.file.take() {
            let mut front = owner.front.lock();
            if front.is_unsettled() {
                front.settle(shared, is_deleted(&file));
            }
            drop(front);
            owner.is_open.store(false, Ordering::Relaxed);
            shared.closed();
        }
    }
}
