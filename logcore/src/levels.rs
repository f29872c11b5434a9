//! The process's maximum level: the most verbose of all that is live, kept exact by counting.
//!
//! `log`'s macros look at that level first, also in `info!(logger: job, …)`. It therefore follows our jobs from the
//! first one on. As long as our router is not the process's logger, the level that the host sets, before us or
//! after, is the least.

use log::LevelFilter;
use std::sync::{Mutex, PoisonError};

struct Needed {
    /// How many live jobs and servers need each level.
    counts: [usize; 6],
    /// What the host has set itself.
    host: LevelFilter,
    /// What we set last. Another level than that is the host's.
    ours: Option<LevelFilter>,
    /// The records are ours, and the level too.
    installed: bool,
}

static NEEDED: Mutex<Needed> =
    Mutex::new(Needed { counts: [0; 6], host: LevelFilter::Off, ours: None, installed: false });

/// A job that needed `from` needs `to` by now; `None` before its start and after its end.
pub(crate) fn change(from: Option<LevelFilter>, to: Option<LevelFilter>) {
    update(|needed| {
        if let Some(level) = to {
            needed.counts[level as usize] += 1;
        }
        if let Some(level) = from {
            needed.counts[level as usize] = needed.counts[level as usize].saturating_sub(1);
        }
    });
}

/// From now on our router gets the process's records, and nothing but our jobs decides.
pub(crate) fn install() {
    update(|needed| needed.installed = true);
}

/// The level is set with the table locked, so that an older maximum never overwrites a newer one.
fn update(change: impl FnOnce(&mut Needed)) {
    let mut needed = NEEDED.lock().unwrap_or_else(PoisonError::into_inner);
    let current = log::max_level();
    if needed.ours != Some(current) {
        needed.host = current;
    }
    change(&mut needed);
    let most = LevelFilter::iter().filter(|level| needed.counts[*level as usize] > 0).max();
    let host = if needed.installed { LevelFilter::Off } else { needed.host };
    let level = host.max(most.unwrap_or(LevelFilter::Off));
    needed.ours = Some(level);
    log::set_max_level(level);
}
