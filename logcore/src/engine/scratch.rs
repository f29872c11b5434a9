//! Thread-local room for the lines of one record.
//!
//! A log call inside a value's `Display` finds it in use and makes its own: no lock, no borrow that could be held twice.

use super::encoder::Encoder;
use super::line::Line;
use super::moment::Moment;
use super::pattern::Heads;
use crate::template::Vars;
use log::Record;
use std::cell::RefCell;

/// The lines of one record, one per encoder.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Each with the number of the record that it holds.
    lines: Vec<(u64, Line)>,
    /// The number of the record that is being logged, from 1 on.
    record: u64,
    heads: Heads,
}

thread_local!(static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) });

impl Scratch {
    const fn new() -> Scratch {
        Scratch { lines: Vec::new(), record: 0, heads: Heads::new() }
    }

    /// Runs `log` with this thread's scratch, or a fresh one if that is in use further up the stack.
    #[inline]
    pub(crate) fn with<R>(log: impl Fn(&mut Scratch) -> R) -> R {
        let logged = SCRATCH.try_with(|scratch| {
            let mut scratch = scratch.try_borrow_mut().ok()?;
            scratch.record += 1;
            Some(log(&mut scratch))
        });
        match logged {
            Ok(Some(result)) => result,
            // In use, or the thread ends.
            _ => with_another(&log),
        }
    }

    /// Whether this thread is logging: whoever asks runs inside a value's `Display`.
    pub(crate) fn is_in_use() -> bool {
        SCRATCH.try_with(|scratch| scratch.try_borrow_mut().is_err()).unwrap_or(false)
    }

    /// `record` as `encoder` writes it, in a place for each encoder; encoded at the first call only.
    #[inline]
    pub(crate) fn line(
        &mut self,
        place: usize,
        encoder: &Encoder,
        styled: bool,
        record: &Record<'_>,
        now: Moment,
        vars: &Vars,
    ) -> &[u8] {
        if place >= self.lines.len() {
            self.lines.resize_with(place + 1, Default::default);
        }
        let (made_for, line) = &mut self.lines[place];
        if *made_for != self.record {
            *made_for = self.record;
            line.restart(styled);
            encoder.encode(line, &mut self.heads, record, now, vars);
        }
        line.bytes()
    }
}

#[cold]
fn with_another<R>(log: &dyn Fn(&mut Scratch) -> R) -> R {
    let mut scratch = Scratch::new();
    scratch.record = 1;
    log(&mut scratch)
}
