//! Thread-local room for the lines of one record.
//!
//! It is taken out of its place while a record is logged, so that a log call inside a value's `Display` finds none
//! and makes its own: no lock, no borrow that could be held twice.

use super::encoder::Encoder;
use super::line::Line;
use super::moment::Moment;
use crate::template::Vars;
use log::Record;
use std::cell::Cell;
use std::sync::Arc;

/// The lines of one record, one per encoder.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    lines: Vec<(Key, Line)>,
    used: usize,
}

/// Which encoder made a line, and whether with styles.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Key {
    encoder: usize,
    styled: bool,
}

thread_local! {
    static SPARE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
    static IN_USE: Cell<bool> = const { Cell::new(false) };
}

impl Scratch {
    /// Runs `log` with this thread's scratch, or a fresh one if that is in use further up the stack.
    pub(crate) fn with<R>(log: impl FnOnce(&mut Scratch) -> R) -> R {
        let mut scratch = SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default();
        scratch.used = 0;
        let outer = IN_USE.try_with(|in_use| in_use.replace(true)).unwrap_or(false);
        let result = log(&mut scratch);
        let _ = IN_USE.try_with(|in_use| in_use.set(outer));
        // Fails only while the thread ends.
        let _ = SPARE.try_with(|spare| spare.set(Some(scratch)));
        result
    }

    /// Whether this thread is logging: whoever asks runs inside a value's `Display`.
    pub(crate) fn is_in_use() -> bool {
        IN_USE.try_with(Cell::get).unwrap_or(false)
    }

    /// `record` as `encoder` writes it; encoded at the first call only.
    pub(crate) fn line(
        &mut self,
        encoder: &Arc<Encoder>,
        styled: bool,
        record: &Record<'_>,
        now: Moment,
        vars: &Vars,
    ) -> &[u8] {
        let key = Key { encoder: Arc::as_ptr(encoder) as usize, styled };
        let known = self.lines[..self.used].iter().position(|(have, _)| *have == key);
        let at = known.unwrap_or_else(|| {
            if self.used == self.lines.len() {
                self.lines.push((key, Line::default()));
            }
            let (slot, line) = &mut self.lines[self.used];
            *slot = key;
            line.restart(styled);
            encoder.encode(line, record, now, vars);
            self.used += 1;
            self.used - 1
        });
        self.lines[at].1.bytes()
    }
}
