//! What threads wait for each other with: the standard library's, or, to try out how they interleave, a model of it (see
//! `engine/model.rs`).

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(shuttle))]
pub(crate) use std::thread;

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(shuttle)]
pub(crate) use shuttle::thread;

/// A mutex for what each record locks: it knows nothing of panics, which costs the standard library's a tenth of a log call's
/// locking and which nobody here looks at.
#[cfg(not(shuttle))]
pub(crate) use parking_lot::{Mutex as Latch, MutexGuard as LatchGuard};

#[cfg(shuttle)]
pub(crate) use of_the_model::{Latch, LatchGuard};

#[cfg(shuttle)]
mod of_the_model {
    use super::{Mutex, MutexGuard};
    use std::sync::PoisonError;

    #[derive(Debug)]
    pub(crate) struct Latch<T>(Mutex<T>);

    pub(crate) type LatchGuard<'a, T> = MutexGuard<'a, T>;

    impl<T> Latch<T> {
        pub(crate) fn new(inner: T) -> Latch<T> {
            Latch(Mutex::new(inner))
        }

        pub(crate) fn lock(&self) -> LatchGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn try_lock(&self) -> Option<LatchGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }
}
