//! What a dead process had buffered, found by the next one: written once, whole, inside the root, whatever the file with it
//! says and whatever happened to the log files meanwhile.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use logcore::disk::{OWN_DIR, Recovered, recover};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// A slot as `disk/buffers.rs` describes it.
#[derive(Clone)]
struct Slot {
    magic: [u8; 4],
    size: u32,
    committed: u64,
    settled: u64,
    position: u64,
    number: u64,
    name_length: u32,
    name: Vec<u8>,
    data: Vec<u8>,
}

const NOT_YET: u64 = u64::MAX;

fn slot(name: impl AsRef<[u8]>, number: u64, data: &str) -> Slot {
    let name = name.as_ref().to_vec();
    Slot {
        magic: *b"lcb1",
        size: 8192,
        committed: data.len() as u64,
        settled: 0,
        position: NOT_YET,
        number,
        name_length: name.len() as u32,
        name,
        data: data.into(),
    }
}

impl Slot {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.magic);
        bytes.extend(self.size.to_le_bytes());
        for number in [self.committed, self.settled, self.position, self.number] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.name_length.to_le_bytes());
        bytes.resize(64, 0);
        bytes.extend(&self.name);
        bytes.resize(1024, 0);
        bytes.extend(&self.data);
        bytes.resize(8192, 0);
        bytes
    }
}

/// A root with a job `j` and what a process left there that died.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        fs::create_dir(root.path().join(OWN_DIR)).unwrap();
        fs::create_dir(root.path().join("j")).unwrap();
        root
    }

    fn with(slots: &[Slot]) -> Root {
        let root = Root::new();
        fs::write(root.buffers(), slots.iter().flat_map(Slot::bytes).collect::<Vec<_>>()).unwrap();
        fs::set_permissions(root.buffers(), fs::Permissions::from_mode(0o600)).unwrap();
        root
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn buffers(&self) -> PathBuf {
        self.path().join(OWN_DIR).join("dead.buffers")
    }

    fn log(&self) -> PathBuf {
        self.path().join("j/a.log")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn recover(&self) -> Vec<Recovered> {
        recover(self.path())
    }
}

#[test]
fn what_was_buffered_is_written_in_order_and_once() {
    let root = Root::with(&[slot("j/a.log", 2, "three\nfour\n"), slot("j/a.log", 1, "one\ntwo\n")]);
    let found = root.recover();
    assert_eq!((found.len(), found[0].lines, found[0].bytes), (1, 4, 19));
    assert_eq!(root.text(), "one\ntwo\nthree\nfour\n");
    assert!(!root.buffers().exists());
    assert_eq!(root.recover(), []);
}

#[test]
fn what_was_written_but_not_confirmed_is_found_also_in_a_file_that_was_truncated_meanwhile() {
    let written = Slot { position: 1000, ..slot("j/a.log", 1, "one\ntwo\n") };
    for (before, after) in [
        ("", "one\ntwo\n"),       // cut before it was written: it stands at the beginning
        ("", "one\ntw"),          // the same, broken off
        ("kept\n", "one\ntwo\n"), // cut to something
        ("kept\n", "o"),
    ] {
        let root = Root::with(std::slice::from_ref(&written));
        fs::write(root.log(), format!("{before}{after}")).unwrap();
        root.recover();
        assert_eq!(root.text(), format!("{before}one\ntwo\n"), "{before:?} {after:?}");
    }
    let root = Root::with(&[written]);
    fs::write(root.log(), "kept\n").unwrap();
    root.recover();
    assert_eq!(root.text(), "kept\none\ntwo\n", "cut after it was written");
}

#[test]
fn a_file_that_somebody_is_rolling_is_waited_for() {
    let root = Root::with(&[slot("j/a.log", 1, "one\n")]);
    fs::write(root.log(), "before\n").unwrap();
    let part = root.path().join("j/a.1.log");
    let rolling = fs::File::open(root.log()).unwrap();
    rolling.lock().unwrap();
    thread::scope(|scope| {
        let recovering = scope.spawn(|| root.recover());
        thread::sleep(Duration::from_millis(100));
        fs::rename(root.log(), &part).unwrap();
        drop(rolling);
        assert_eq!(recovering.join().unwrap()[0].error, None);
    });
    assert_eq!(fs::read_to_string(part).unwrap(), "before\n", "it may be packed by now");
    assert_eq!(root.text(), "one\n");
}

#[test]
fn two_that_recover_at_once_write_it_once() {
    for _ in 0..20 {
        let root = Root::with(&[slot("j/a.log", 1, "one\n"), slot("j/b.log", 2, "two\n")]);
        let found: usize = thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| root.recover().len())).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(found, 2);
        assert_eq!(root.text(), "one\n");
    }
}

#[test]
fn sizes_that_cannot_be_are_no_slots_and_take_no_memory() {
    let whole = slot("j/a.log", 1, "one\n");
    for odd in [
        Slot { magic: *b"none", ..whole.clone() },
        Slot { size: 0, ..whole.clone() },
        Slot { size: 1023, ..whole.clone() },
        Slot { size: u32::MAX, ..whole.clone() },
        Slot { committed: u64::MAX, ..whole.clone() },
        Slot { committed: 7169, ..whole.clone() },
        Slot { settled: u64::MAX, ..whole.clone() },
        Slot { name_length: u32::MAX, ..whole.clone() },
        Slot { name_length: 961, ..whole.clone() },
    ] {
        let root = Root::with(&[whole.clone(), odd]);
        assert_eq!(root.recover().len(), 1);
        assert_eq!(root.text(), "one\n");
    }
}

#[test]
fn a_sparse_file_of_many_gigabytes_takes_no_memory() {
    use std::io::{Seek, SeekFrom, Write};
    const EACH: u64 = 1 << 30;
    let root = Root::new();
    let mut file = fs::File::create(root.buffers()).unwrap();
    for number in 0..64 {
        let header =
            Slot { size: EACH as u32, committed: EACH - 1024, ..slot("j/a.log", number, "") }.bytes();
        file.seek(SeekFrom::Start(number * EACH)).unwrap();
        file.write_all(&header).unwrap();
    }
    file.set_len(64 * EACH).unwrap();
    root.recover();
    assert!(peak_memory() < 400 << 20, "{} MiB", peak_memory() >> 20);
    assert!(!root.log().exists(), "a slot of a gigabyte is nobody's");
}

/// The most that this process has had, in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn names_lead_out_of_the_root_only_if_nobody_else_can_have_written_them() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("a.log");
    let up = format!("../{}/a.log", outside.path().file_name().unwrap().to_string_lossy());
    for name in [target.to_string_lossy().into_owned(), up, "j/../../x/a.log".into()] {
        let root = Root::with(&[slot(&name, 1, "one\n")]);
        fs::set_permissions(root.buffers(), fs::Permissions::from_mode(0o666)).unwrap();
        let found = root.recover();
        assert!(found[0].error.is_some(), "{name}: {found:?}");
        assert!(!target.exists());
        assert!(root.buffers().exists(), "it stays for who may");
    }
    let root = Root::with(&[slot(target.as_os_str().as_encoded_bytes(), 1, "one\n")]);
    assert_eq!(root.recover()[0].error, None);
    assert_eq!(fs::read_to_string(&target).unwrap(), "one\n");
}

#[test]
fn no_name_leads_into_logcores_own_directory() {
    let root = Root::with(&[slot(".logcore/living.buffers", 1, "one\n")]);
    assert!(root.recover()[0].error.is_some());
    assert!(!root.path().join(OWN_DIR).join("living.buffers").exists());
}

#[test]
fn links_pipes_and_directories_in_the_place_of_a_log_file_are_not_written_to() {
    let outside = tempfile::tempdir().unwrap();
    for plant in [
        (|root, _| fs::create_dir(root).unwrap()) as fn(&Path, &Path),
        |log, _| fifo(log),
        |log, outside| symlink(outside.join("target"), log).unwrap(),
        |log, outside| {
            fs::remove_dir(log.parent().unwrap()).unwrap();
            symlink(outside, log.parent().unwrap()).unwrap();
        },
    ] {
        let root = Root::with(&[slot("j/a.log", 1, "one\n")]);
        plant(&root.log(), outside.path());
        assert!(root.recover()[0].error.is_some());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}

#[test]
fn links_pipes_and_directories_in_the_place_of_buffers_are_passed_over() {
    let elsewhere = Root::with(&[slot("j/a.log", 1, "one\n")]);
    for plant in [
        (|buffers, _| fs::create_dir(buffers).unwrap()) as fn(&Path, &Path),
        |buffers, _| fifo(buffers),
        |buffers, elsewhere| symlink(elsewhere, buffers).unwrap(),
    ] {
        let root = Root::new();
        plant(&root.buffers(), &elsewhere.buffers());
        assert_eq!(root.recover(), []);
        assert_eq!(root.text(), "");
    }
}

#[test]
fn the_records_of_a_job_whose_directory_was_removed_go_with_it() {
    let root = Root::with(&[slot("gone/a.log", 1, "one\n"), slot("j/a.log", 2, "two\n")]);
    assert_eq!(root.recover().len(), 1);
    assert!(!root.path().join("gone").exists() && !root.buffers().exists());
}

#[test]
fn what_cannot_be_written_now_is_tried_again_and_the_rest_is_not_written_twice() {
    let root = Root::with(&[slot("j/a.log", 1, "one\n"), slot("j/b.log", 2, "two\n")]);
    fs::create_dir(root.path().join("j/b.log")).unwrap();
    assert_eq!(root.recover().iter().filter(|file| file.error.is_some()).count(), 1);
    fs::remove_dir(root.path().join("j/b.log")).unwrap();
    assert_eq!(root.recover().len(), 1);
    assert_eq!(root.text(), "one\n");
    assert_eq!(fs::read_to_string(root.path().join("j/b.log")).unwrap(), "two\n");
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}
