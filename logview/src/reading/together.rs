//! What is on the screen: one file that is followed, several of a job that are followed and merged, or several jobs.

use super::Format;
use super::abreast::Abreast;
use super::follow::{Change, Followed};
use super::interleaved::Interleaved;
use super::merged::Merger;
use super::recoded::{Recoded, encoding_of};
use crate::source::{Bytes, Place, Source};
use encoding_rs::Encoding;
use std::io;
use std::sync::Arc;

/// Bytes that are merged at each look at most, so that what is there already can be shown meanwhile.
const BUDGET: u64 = 32 << 20;

/// See the module.
pub enum Shown {
    /// One file.
    One(One),
    /// Several of a job, merged.
    Many(Together),
    /// Several jobs.
    Jobs(Abreast),
}

impl Shown {
    /// The files, of each job the one with the most records first.
    pub fn places(&self) -> Vec<Place> {
        match self {
            Shown::One(one) => vec![one.file.place().clone()],
            Shown::Many(files) => files.files.iter().map(|(file, _)| file.place().clone()).collect(),
            Shown::Jobs(jobs) => jobs.jobs().flat_map(Shown::places).collect(),
        }
    }

    /// The bytes and how many of them count, if there are any.
    pub fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        match self {
            Shown::One(one) => one.bytes(),
            Shown::Many(files) => files.bytes(),
            Shown::Jobs(jobs) => jobs.bytes(),
        }
    }

    /// Looks what has happened.
    ///
    /// # Errors
    /// What the file system says.
    pub fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        match self {
            Shown::One(one) => one.check(source),
            Shown::Many(files) => files.check(source),
            Shown::Jobs(jobs) => jobs.check(source),
        }
    }

    /// Whether it is one file, and nothing has its name now.
    pub fn is_gone(&self) -> bool {
        matches!(self, Shown::One(one) if one.file.is_gone())
    }

    /// Whether it was replaced by the same in another order.
    pub fn is_reordered(&self) -> bool {
        matches!(self, Shown::Jobs(jobs) if jobs.is_reordered())
    }

    /// Whether another look would show more without anything happening.
    pub fn is_behind(&self) -> bool {
        match self {
            Shown::One(_) => false,
            Shown::Many(files) => files.behind,
            Shown::Jobs(jobs) => jobs.is_behind(),
        }
    }
}

/// One file that is followed, in whatever encoding it is.
pub struct One {
    file: Followed,
    said: Option<&'static Encoding>,
    recoded: Option<(Arc<Recoded>, u64)>,
}

impl One {
    /// A file; `said` is its encoding, where a person says it.
    pub fn new(place: Place, said: Option<&'static Encoding>) -> One {
        One { file: Followed::new(place), said, recoded: None }
    }

    /// What it is decoded from, if it is not UTF-8.
    pub fn encoding(&self) -> Option<&'static Encoding> {
        self.recoded.as_ref().map(|(recoded, _)| recoded.encoding())
    }

    /// The bytes and how many of them count, if there are any.
    pub fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        match &self.recoded {
            Some((recoded, len)) => Some((Arc::clone(recoded) as Arc<dyn Bytes>, *len)),
            None => self.file.bytes(),
        }
    }

    fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        let change = self.file.check(source)?;
        match change {
            Change::Replaced => self.recode()?,
            Change::Grew | Change::Rotated => {
                if let (Some((recoded, len)), Some((_, raw))) = (&mut self.recoded, self.file.bytes()) {
                    *len = recoded.grow(raw)?;
                } else if self.starts_anew()? {
                    // What was empty when it was opened has its mark only now.
                    return Ok(Change::Replaced);
                }
            }
            Change::Same | Change::Gone => {}
        }
        Ok(change)
    }

    fn starts_anew(&mut self) -> io::Result<bool> {
        const MARK: u64 = 64;
        let young = self.file.bytes().is_some_and(|(_, len)| len <= MARK);
        if young {
            self.recode()?;
        }
        Ok(young && self.recoded.is_some())
    }

    /// Finds out about the encoding.
    fn recode(&mut self) -> io::Result<()> {
        self.recoded = None;
        let Some((bytes, raw)) = self.file.bytes() else { return Ok(()) };
        let mut start = [0; 3];
        let got = bytes.read_at(&mut start, 0)?;
        if let Some(encoding) = encoding_of(&start[..got], self.said) {
            let recoded = Recoded::new(bytes, raw, encoding)?;
            let len = recoded.grow(raw)?;
            self.recoded = Some((Arc::new(recoded), len));
        }
        Ok(())
    }

    /// As [`Followed::put_above`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_above(&mut self, older: &[Arc<dyn Bytes>]) -> io::Result<(u64, usize)> {
        let before = self.bytes().map_or(0, |(_, len)| len);
        let (by, above) = self.file.put_above(older)?;
        if by == 0 {
            return Ok((by, above));
        }
        self.recode()?;
        let after = self.bytes().map_or(0, |(_, len)| len);
        Ok((after.saturating_sub(before), above))
    }
}

/// Several files that are followed, and one row of their records.
pub struct Together {
    files: Vec<(Followed, Format)>,
    /// No record is in two of them.
    apart: bool,
    row: Option<Row>,
    behind: bool,
}

enum Row {
    /// Each record once, whichever of the files it is in.
    Once(Merger),
    /// All records of all files, so many bytes.
    All(Arc<Interleaved>, u64),
}

impl Row {
    fn len(&self) -> u64 {
        match self {
            Row::Once(merger) => merger.len(),
            Row::All(_, len) => *len,
        }
    }
}

impl Together {
    /// Of files, the one with the most records first, with how their lines are read; `apart` if no record is in two of
    /// them.
    pub fn new(files: Vec<(Place, Format)>, apart: bool) -> Together {
        let files = files.into_iter().map(|(place, format)| (Followed::new(place), format)).collect();
        Together { files, apart, row: None, behind: false }
    }

    fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        let row = self.row.as_ref()?;
        let bytes: Arc<dyn Bytes> = match row {
            Row::Once(merger) => Arc::clone(merger.merged()) as Arc<dyn Bytes>,
            Row::All(all, _) => Arc::clone(all) as Arc<dyn Bytes>,
        };
        Some((bytes, row.len()))
    }

    /// Puts what was rotated away from one of the files above it; with the next look all are merged anew. Says whether
    /// there was anything that was not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_above(&mut self, file: usize, older: &[Arc<dyn Bytes>]) -> io::Result<bool> {
        let Some((file, _)) = self.files.get_mut(file) else { return Ok(false) };
        let (by, _) = file.put_above(older)?;
        if by > 0 {
            self.row = None;
        }
        Ok(by > 0)
    }

    fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        let (mut replaced, mut gone) = (self.row.is_none(), true);
        for (file, _) in &mut self.files {
            match file.check(source)? {
                Change::Replaced => replaced = true,
                Change::Gone => continue,
                _ => {}
            }
            gone = false;
        }
        let rows = self.files.iter().filter_map(|(file, format)| Some((file.bytes()?, format.clone())));
        let (rows, lens): (Vec<_>, Vec<u64>) =
            rows.map(|((bytes, len), format)| ((bytes, format), len)).unzip();
        if replaced {
            self.row = Some(if self.apart {
                Row::All(Arc::new(Interleaved::new(rows)), 0)
            } else {
                Row::Once(Merger::new(rows))
            });
        }
        let Some(row) = &mut self.row else { return Ok(Change::Same) };
        let before = row.len();
        match row {
            Row::Once(merger) => self.behind = !merger.go_on(&lens, BUDGET)?,
            Row::All(all, len) => *len = all.grow(&lens)?,
        }
        Ok(match row.len() > before {
            _ if replaced => Change::Replaced,
            true => Change::Grew,
            false if gone => Change::Gone,
            false => Change::Same,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Local;
    use std::fs;

    #[test]
    fn files_that_roll_and_are_cut_are_merged_on() {
        merged_on(false);
        merged_on(true);
    }

    fn merged_on(apart: bool) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        let path = |name: &str| root.path().join("a").join(name);
        let append = |name: &str, second: u32, level: &str| {
            let mut file = fs::File::options().append(true).create(true).open(path(name)).unwrap();
            let line = format!("[{level}] [2026-11-22T16:20:{second:02}Z] {second}\n");
            io::Write::write_all(&mut file, line.as_bytes()).unwrap();
        };
        let source = Local::new(root.path());
        let place = |name: &str| (Place { job: "a".into(), file: name.into() }, Format::default());
        let mut shown = Shown::Many(Together::new(vec![place("debug.log"), place("error.log")], apart));
        let seconds = |shown: &Shown| -> Vec<u32> {
            let (bytes, len) = shown.bytes().unwrap();
            let mut data = vec![0; len as usize];
            bytes.read_at(&mut data, 0).unwrap();
            let text = String::from_utf8(data).unwrap();
            text.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
        };
        append("debug.log", 1, "DEBUG");
        append("error.log", 2, "ERROR");
        append("debug.log", 3, "DEBUG");
        assert_eq!((shown.check(&source).unwrap(), seconds(&shown)), (Change::Replaced, vec![1, 2, 3]));
        append("error.log", 4, "ERROR");
        fs::rename(path("debug.log"), path("debug.log.1")).unwrap();
        append("debug.log", 5, "DEBUG");
        assert_eq!((shown.check(&source).unwrap(), seconds(&shown)), (Change::Grew, vec![1, 2, 3, 4, 5]));
        assert_eq!(shown.check(&source).unwrap(), Change::Same);
        fs::write(path("error.log.1"), "[ERROR] [2026-11-22T16:20:00Z] 0\n").unwrap();
        let Shown::Many(files) = &mut shown else { unreachable!() };
        let older = [source.open(&place("error.log.1").0).unwrap().into()];
        assert!(files.put_above(1, &older).unwrap() && !files.put_above(1, &older).unwrap());
        assert_eq!(
            (shown.check(&source).unwrap(), seconds(&shown)),
            (Change::Replaced, vec![0, 1, 2, 3, 4, 5])
        );
        fs::write(path("error.log"), "").unwrap();
        assert_eq!(shown.check(&source).unwrap(), Change::Replaced);
        append("error.log", 6, "ERROR");
        shown.check(&source).unwrap();
        assert_eq!(seconds(&shown).last(), Some(&6));
    }
}
