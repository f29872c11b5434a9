//! What the end-to-end tests share: a real viewer in a pseudo-terminal, and directories like those that logcore writes.

pub mod driven;
pub mod jobs;
pub mod parts;
pub mod sandbox;
pub mod terminal;

use std::time::{Duration, Instant};

/// How long [`eventually`] waits. Far longer than anything takes; a test that fails takes this long.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Waits until `check` gives something.
///
/// # Panics
/// If it never does, with what `state` says then.
pub fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>, state: impl FnOnce() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "never: {what}\n{}", state());
        std::thread::sleep(Duration::from_millis(10));
    }
}
