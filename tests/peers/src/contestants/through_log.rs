//! Calls of the `log` macros: to a logger of one's own, or to the process's.

use super::Channel;
use crate::work::{each, record};
use anyhow::Result;
use log::{Log, Metadata, Record};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The process's logger, as `info!(…)` reaches it.
pub struct Global;

impl Log for Global {
    #[inline]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        log::logger().enabled(metadata)
    }

    #[inline]
    fn log(&self, record: &Record<'_>) {
        log::logger().log(record);
    }

    fn flush(&self) {
        log::logger().flush();
    }
}

#[inline]
pub fn records(logger: &impl Log, range: Range<u64>, times: Option<&mut Vec<u32>>) {
    macro_rules! say {
        ($level:ident, $($message:tt)+) => { log::$level!(logger: logger, $($message)+) };
    }
    each(range, times, |index| record!(index, say));
}

/// How long a record takes that is not wanted, `count` times.
pub fn disabled(logger: &impl Log, count: u64) -> Duration {
    let began = Instant::now();
    for index in 0..count {
        log::debug!(logger: logger, "nobody wants to know about {} and {}", black_box(index), "that");
    }
    began.elapsed()
}

/// A job that has a logger of its own.
pub struct Own(pub Box<dyn Log>);

impl Channel for Own {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        records(&&*self.0, range, times);
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.0.flush();
        Ok(())
    }
}
