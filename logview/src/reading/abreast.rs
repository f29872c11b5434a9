//! Several jobs on one clock: each is followed by itself, and what they hold is one row.
//!
//! A job that cannot be read does not keep the others from being shown; it comes in as soon as it can. One whose file is
//! written anew makes the row another one.

use super::interleaved::Interleaved;
use super::{Change, Format, Shown, Together};
use crate::source::{Bytes, FileId, Source};
use std::io;
use std::sync::Arc;

/// Jobs that are shown as one at most, each of which takes a descriptor for each of its files.
pub const MOST: usize = 24;

/// See the module.
pub struct Abreast {
    jobs: Vec<(Shown, Format)>,
    row: Option<(Arc<Interleaved>, u64)>,
}

/// A job of which there is nothing yet.
struct Nothing;

impl Abreast {
    /// Of jobs, each with how its lines are read; of [`MOST`] of them at most.
    pub fn new(mut jobs: Vec<(Shown, Format)>) -> Abreast {
        jobs.truncate(MOST);
        Abreast { jobs, row: None }
    }

    /// What is shown of each job.
    pub fn jobs(&self) -> impl Iterator<Item = &Shown> {
        self.jobs.iter().map(|(shown, _)| shown)
    }

    /// Merges files of a job that do not hold each other's records; with the next look the row is another one.
    pub fn merge(&mut self, job: usize, files: Together) {
        if let Some((shown, _)) = self.jobs.get_mut(job) {
            (*shown, self.row) = (Shown::Many(files), None);
        }
    }

    /// Puts what was rotated away from a file of a job above it; with the next look the row is another one. Says whether
    /// there was anything that was not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_above(&mut self, (job, file): (usize, usize), older: &[Arc<dyn Bytes>]) -> io::Result<bool> {
        let new = match self.jobs.get_mut(job) {
            Some((Shown::One(one), _)) => one.put_above(older)?.0 > 0,
            Some((Shown::Many(files), _)) => files.put_above(file, older)?,
            _ => false,
        };
        if new {
            self.row = None;
        }
        Ok(new)
    }

    /// The row and its length.
    pub fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        let (row, len) = self.row.as_ref()?;
        Some((Arc::clone(row) as Arc<dyn Bytes>, *len))
    }

    /// How all its lines are read.
    pub fn format(&self) -> Format {
        Format::any(self.jobs.iter().map(|(_, format)| format))
    }

    /// Whether another look would show more without anything happening.
    pub fn is_behind(&self) -> bool {
        self.jobs().any(Shown::is_behind)
    }

    /// Looks what has happened to any of them.
    ///
    /// # Errors
    /// What the file system says, if none of them can be read.
    pub fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        let (mut anew, mut gone, mut rotated) = (self.row.is_none(), true, false);
        let mut failed = None;
        for (shown, _) in &mut self.jobs {
            let change = match shown.check(source) {
                Ok(change) => change,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            anew |= change == Change::Replaced;
            rotated |= change == Change::Rotated;
            gone &= change == Change::Gone;
        }
        let there: Vec<_> = self.jobs().map(Shown::bytes).collect();
        if there.iter().all(Option::is_none) {
            return failed.map_or(Ok(Change::Gone), Err);
        }
        let lens: Vec<u64> = there.iter().map(|bytes| bytes.as_ref().map_or(0, |(_, len)| *len)).collect();
        if anew {
            let bytes = there
                .into_iter()
                .map(|bytes| bytes.map_or(Arc::new(Nothing) as Arc<dyn Bytes>, |(bytes, _)| bytes));
            let formats = self.jobs.iter().map(|(_, format)| format.clone());
            let row = Interleaved::new(bytes.zip(formats).collect());
            let len = row.grow(&lens)?;
            self.row = Some((Arc::new(row), len));
            return Ok(Change::Replaced);
        }
        let Some((row, len)) = &mut self.row else { return Ok(Change::Same) };
        let before = std::mem::replace(len, row.grow(&lens)?);
        Ok(match *len > before {
            true if rotated => Change::Rotated,
            true => Change::Grew,
            false if gone => Change::Gone,
            false => Change::Same,
        })
    }
}

impl Bytes for Nothing {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(0)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        Ok((FileId::default(), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Anchor, Levels};
    use crate::reading::{Lines, One, Sieve, page::page};
    use crate::source::{Local, Place};
    use log::Level;
    use std::fs;
    use std::io::Write;

    #[test]
    fn jobs_are_one_log_in_which_each_line_knows_its_job() {
        let root = tempfile::tempdir().unwrap();
        let source = Local::new(root.path());
        let append = |job: &str, second: u32, text: &str| {
            fs::create_dir_all(root.path().join(job)).unwrap();
            let path = root.path().join(job).join("debug.log");
            let mut file = fs::File::options().append(true).create(true).open(path).unwrap();
            file.write_all(format!("2026-11-22T16:20:{second:02}Z <{text}> {job}\n").as_bytes()).unwrap();
        };
        let jobs = ["a", "b", "c"].map(|job| {
            let place = Place { job: job.into(), file: "debug.log".into() };
            (Shown::One(One::new(place, None)), Format::of(&format!("{{d}} <{{l}}> {job}{{m}}{{n}}"), job))
        });
        let mut abreast = Abreast::new(jobs.into());
        assert_eq!(abreast.check(&source).unwrap(), Change::Gone);
        append("a", 1, "ERROR");
        append("b", 2, "INFO");
        append("a", 3, "INFO");
        assert_eq!(abreast.check(&source).unwrap(), Change::Replaced);
        let lines = |abreast: &Abreast, levels| {
            let (bytes, len) = abreast.bytes().unwrap();
            let mut lines = Lines::new(bytes, len);
            lines.format = abreast.format();
            let sieve = Sieve { levels, ..Sieve::ALL };
            let lines = page(&mut lines, (Anchor::End, 9, 0), sieve, &|| false).unwrap().lines;
            lines.into_iter().map(|line| (line.part.unwrap(), line.text[18])).collect::<Vec<_>>()
        };
        let all = Levels::ALL;
        assert_eq!(lines(&abreast, all), [(0, b'1'), (1, b'2'), (0, b'3')]);
        assert_eq!(lines(&abreast, Levels::only(Level::Error)), [(0, b'1')]);
        append("b", 4, "WARN");
        assert_eq!(abreast.check(&source).unwrap(), Change::Grew);
        // What comes late does not move what is there; a job that comes later stands where it belongs.
        append("a", 3, "DEBUG");
        assert_eq!(abreast.check(&source).unwrap(), Change::Grew);
        assert_eq!(lines(&abreast, all)[2..], [(0, b'3'), (1, b'4'), (0, b'3')]);
        append("c", 2, "DEBUG");
        assert_eq!(abreast.check(&source).unwrap(), Change::Replaced);
        assert_eq!(lines(&abreast, all), [(0, b'1'), (1, b'2'), (2, b'2'), (0, b'3'), (0, b'3'), (1, b'4')]);
        fs::rename(root.path().join("a/debug.log"), root.path().join("a/debug.log.1")).unwrap();
        append("a", 5, "INFO");
        assert_eq!(abreast.check(&source).unwrap(), Change::Rotated);
        assert_eq!(lines(&abreast, all).last(), Some(&(0, b'5')));
        fs::write(root.path().join("b/debug.log"), "").unwrap();
        assert_eq!(abreast.check(&source).unwrap(), Change::Replaced);
        assert_eq!(lines(&abreast, all).len(), 5);
        assert_eq!(abreast.check(&source).unwrap(), Change::Same);
    }
}
