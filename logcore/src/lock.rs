//! Locking that outlives a panic: what our locks guard is whole between any two statements, and a host that goes on after a
//! panic is to go on logging.

use crate::sync::{Mutex, MutexGuard, thread};
use std::sync::{PoisonError, TryLockError};
use std::time::{Duration, Instant};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, unless it is held for all of `wait`.
pub(crate) fn lock_within<T>(mutex: &Mutex<T>, wait: Duration) -> Option<MutexGuard<'_, T>> {
    /// Most locks are free again before a thread has gone to sleep.
    const LOOKS: usize = 10;
    let (mut deadline, mut pause) = (None, Duration::from_micros(50));
    for look in 0.. {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
        if look < LOOKS {
            thread::yield_now();
            continue;
        }
        let now = Instant::now();
        if now >= *deadline.get_or_insert(now + wait) {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(1));
    }
    None
}
