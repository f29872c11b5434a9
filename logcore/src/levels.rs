//! The process's maximum level: the most verbose of all that is live, kept exact by counting.

use log::LevelFilter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many live jobs and servers need each level.
static NEEDED: Mutex<[usize; 6]> = Mutex::new([0; 6]);

/// Whether our router gets the process's records; only then is the global level ours to set.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// A job that needed `from` needs `to` by now; `None` before its start and after its end.
pub(crate) fn change(from: Option<LevelFilter>, to: Option<LevelFilter>) {
    let mut needed = NEEDED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(level) = to {
        needed[level as usize] += 1;
    }
    if let Some(level) = from {
        needed[level as usize] = needed[level as usize].saturating_sub(1);
    }
    publish(&needed);
}

/// From now on the global level follows.
pub(crate) fn install() {
    INSTALLED.store(true, Ordering::Release);
    publish(&NEEDED.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Called with the table locked, so that an older maximum never overwrites a newer one.
fn publish(needed: &[usize; 6]) {
    if INSTALLED.load(Ordering::Acquire) {
        let max = LevelFilter::iter().filter(|level| needed[*level as usize] > 0).max();
        log::set_max_level(max.unwrap_or(LevelFilter::Off));
    }
}
