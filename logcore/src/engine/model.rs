//! The files' concurrency, tried out: shuttle runs the same few threads again and again, each time interleaved in another way at
//! every lock and atomic. `RUSTFLAGS="--cfg shuttle" cargo test -p logcore --lib model`.

use super::account::Accounts;
use super::file::Spec;
use super::files::{Handle, Settings, Shared};
use super::moment::Moment;
use crate::sync::thread;
use encoding_rs::UTF_8;
use log::{Level, LevelFilter};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Ways to interleave that are tried out, each test.
const WAYS: usize = 2_000;

/// One file of a job, under a root of its own.
struct World {
    dir: tempfile::TempDir,
    shared: Arc<Shared>,
    accounts: Arc<Accounts>,
}

impl World {
    /// With buffers for two or three records.
    fn new() -> World {
        let dir = tempfile::tempdir_in(memory()).expect("a directory");
        let shared = Shared::new(dir.path());
        shared.set_settings(&Settings {
            buffer_size: 30,
            flush_every: Duration::from_secs(3600),
            flush_level: LevelFilter::Error,
            max_open_files: 1,
        });
        World { dir, shared, accounts: Arc::default() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("j.log")
    }

    /// A share in the file, as a job's start or a reload takes one.
    fn handle(&self) -> Handle {
        let spec = Spec { append: true, encoding: UTF_8, roll: None };
        let handle = self.shared.acquire(self.path(), Arc::new(spec), &self.accounts);
        handle.apply();
        handle
    }

    /// Demands the records `0..count` of each thread, once and in order.
    fn demand(&self, counts: &[usize]) {
        let text = fs::read_to_string(self.path()).expect("the file");
        let mut next = vec![0; counts.len()];
        for line in text.lines() {
            let (thread, number) = line.split_once(' ').expect("a whole line");
            let thread: usize = thread.parse().expect("a thread's number");
            assert_eq!(number.parse(), Ok(next[thread]), "thread {thread} in\n{text}");
            next[thread] += 1;
        }
        assert_eq!(next, counts, "\n{text}");
        assert_eq!(self.accounts.bytes(), text.len() as u64, "on the job's account");
        assert_eq!(self.accounts.lost(Vec::new()), 0);
        assert_eq!(self.shared.open_files(), 0, "descriptors");
    }
}

/// Where files cost little.
fn memory() -> PathBuf {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() }
}

fn append(handle: &Handle, thread: usize, number: usize, level: Level) {
    let line = format!("{thread} {number}\n");
    handle.append(line.as_bytes(), level, Moment::now(), number as u64).expect("room for it");
}

fn log(handle: &Handle, thread: usize, count: usize) {
    for number in 0..count {
        let level = if number % 3 == 2 { Level::Error } else { Level::Info };
        append(handle, thread, number, level);
    }
}

#[test]
fn records_stand_once_and_in_order_while_others_log_and_flush() {
    shuttle::check_random(
        || {
            let world = Arc::new(World::new());
            let handle = Arc::new(world.handle());
            let threads: Vec<_> = (0..2)
                .map(|thread| {
                    let handle = Arc::clone(&handle);
                    thread::spawn(move || log(&handle, thread, 6))
                })
                .collect();
            let flusher = {
                let handle = Arc::clone(&handle);
                thread::spawn(move || {
                    for _ in 0..3 {
                        handle.write_full();
                        handle.flush();
                    }
                })
            };
            threads.into_iter().chain([flusher]).for_each(|thread| thread.join().expect("a thread"));
            drop(handle);
            world.demand(&[6, 6]);
        },
        WAYS,
    );
}

#[test]
fn the_last_share_closes_the_file_and_a_new_one_opens_it_again() {
    shuttle::check_random(
        || {
            let world = Arc::new(World::new());
            let threads: Vec<_> = (0..3)
                .map(|thread| {
                    let world = Arc::clone(&world);
                    thread::spawn(move || {
                        // Two runs of a job, or a job before and after a reload.
                        for run in 0..2 {
                            let handle = world.handle();
                            append(&handle, thread, run, Level::Info);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
            world.demand(&[2, 2, 2]);
        },
        WAYS,
    );
}

#[test]
fn a_reload_that_swaps_shares_loses_nothing() {
    shuttle::check_random(
        || {
            let world = Arc::new(World::new());
            let current = Arc::new(arc_swap::ArcSwapOption::from_pointee(world.handle()));
            let threads: Vec<_> = (0..2)
                .map(|thread| {
                    let current = Arc::clone(&current);
                    thread::spawn(move || {
                        for number in 0..4 {
                            let handle = current.load_full().expect("it is swapped, never gone");
                            append(&handle, thread, number, Level::Info);
                        }
                    })
                })
                .collect();
            let reload = {
                let (world, current) = (Arc::clone(&world), Arc::clone(&current));
                thread::spawn(move || {
                    for _ in 0..2 {
                        current.store(Some(Arc::new(world.handle())));
                    }
                })
            };
            threads.into_iter().chain([reload]).for_each(|thread| thread.join().expect("a thread"));
            current.store(None);
            world.demand(&[4, 4]);
        },
        WAYS,
    );
}
