//! Locking that outlives a panic: what our locks guard is whole between any two statements, and a host that goes on after a
//! panic is to go on logging.

use crate::sync::{Mutex, MutexGuard};
use std::sync::PoisonError;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
