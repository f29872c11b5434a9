//! A rolled file put together again: `a.log` and its parts `a.<n>.log`, packed or not.

use crate::sandbox::eventually;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The parts of one file.
pub struct Parts {
    dir: PathBuf,
    stem: String,
}

impl Parts {
    /// Of `<stem>.log` in `dir`.
    #[must_use]
    pub fn of(dir: impl Into<PathBuf>, stem: &str) -> Parts {
        Parts { dir: dir.into(), stem: stem.to_owned() }
    }

    /// The name of a part.
    #[must_use]
    pub fn name(&self, slot: usize, suffix: &str) -> PathBuf {
        self.dir.join(format!("{}.{slot}.log{suffix}", self.stem))
    }

    /// The numbers of its parts, oldest first.
    #[must_use]
    pub fn slots(&self) -> Vec<usize> {
        let number = |name: &str| {
            let rest = name.strip_prefix(&self.stem)?.strip_prefix('.')?;
            rest.split('.').next()?.parse::<usize>().ok()
        };
        let mut slots: Vec<_> = self.files().iter().filter_map(|name| number(name)).collect();
        slots.sort_unstable_by(|a, b| b.cmp(a));
        slots.dedup();
        slots
    }

    /// The text of each part, oldest first, and of the file itself. Nothing may roll meanwhile; parts may be packed.
    ///
    /// # Panics
    /// If a part cannot be read or unpacked, or two of one slot differ.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<_> = self.slots().into_iter().map(|slot| self.part(slot)).collect();
        texts.push(fs::read_to_string(self.dir.join(format!("{}.log", self.stem))).unwrap_or_default());
        texts
    }

    /// All lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.texts().concat().lines().map(str::to_owned).collect()
    }

    fn part(&self, slot: usize) -> String {
        // In this order: an archive comes before its part goes.
        let plain = fs::read_to_string(self.name(slot, "")).ok();
        let unpacked = [".gz", ".zst"].into_iter().filter_map(|suffix| unpack(&self.name(slot, suffix)));
        let mut texts: Vec<_> = plain.into_iter().chain(unpacked).collect();
        texts.dedup();
        assert_eq!(texts.len(), 1, "one text in slot {slot} of {}", self.stem);
        texts.remove(0)
    }

    /// Waits until no part is plain any more and nothing half-made is left.
    pub fn wait_until_packed(&self) {
        eventually("all parts are packed", || {
            let files = self.files();
            !files.iter().any(|name| name.ends_with(".part"))
                && self.slots().iter().all(|slot| !self.name(*slot, "").exists())
        });
    }

    /// The names of all files in the directory.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

fn unpack(path: &Path) -> Option<String> {
    let packed = fs::read(path).ok()?;
    let mut text = String::new();
    if path.extension().is_some_and(|suffix| suffix == "gz") {
        MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).expect("a whole gzip archive");
    } else {
        let mut decoder = StreamingDecoder::new(&packed[..]).expect("a zstd archive");
        decoder.read_to_string(&mut text).expect("a whole zstd archive");
    }
    Some(text)
}

/// A numbered record's text: the writer's name, its number, and something to fill the line.
#[must_use]
pub fn numbered(writer: &str, number: usize) -> String {
    format!("rec {writer} {number} {}.", "x".repeat(number % 60))
}

/// Demands that `lines` hold the records `0..count` of each writer, exactly once, whole and in order. Lines that are no
/// records are passed over only if they are other whole messages, `rec` nowhere in them.
///
/// # Panics
/// If they do not.
pub fn demand_all(lines: &[String], writers: &BTreeMap<String, usize>) {
    let mut next: BTreeMap<&str, usize> = writers.keys().map(|name| (name.as_str(), 0)).collect();
    for (at, line) in lines.iter().enumerate() {
        assert!(!line.is_empty(), "line {at} is empty");
        let Some(rest) = line.strip_prefix("rec ") else {
            assert!(!line.contains("rec "), "line {at} is split or glued: {line}");
            continue;
        };
        let writer = rest.split(' ').next().unwrap_or_default();
        let expected =
            next.get_mut(writer).unwrap_or_else(|| panic!("line {at} has an unknown writer: {line}"));
        assert_eq!(*line, numbered(writer, *expected), "line {at} of {}", lines.len());
        *expected += 1;
    }
    let wanted: BTreeMap<&str, usize> = writers.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(next, wanted, "the last records of some are missing");
}
