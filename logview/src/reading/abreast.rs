//! Several jobs on one clock: each is followed by itself, and what they hold is one row.
//!
//! A job that cannot be read does not keep the others from being shown; it comes in as soon as it can. One whose file is
//! written anew makes the row another one.

use super::interleaved::Interleaved;
use super::lines::Lines;
use super::times::{from_millis, to_millis};
use super::window::{From, Nothing, Window};
use super::{Change, Format, Shown, Together, seek};
use crate::source::{Bytes, Source};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Jobs that are shown as one at most, each of which takes a descriptor for each of its files.
pub const MOST: usize = 24;

/// See the module.
pub struct Abreast {
    jobs: Vec<Lane>,
    /// Each has a clock of its own, from its start on.
    since_start: bool,
    row: Option<(Arc<Interleaved>, u64)>,
    /// When the row was made, and whether that was only to put in order what came.
    made: Instant,
    reordered: bool,
}

/// One of the jobs, or one run of it.
struct Lane {
    shown: Shown,
    format: Format,
    window: Window,
    /// Where in what is shown of it the run begins, and where it ends if it has.
    start: u64,
    end: Option<u64>,
    /// When it began, as far as that is known: seconds and nanoseconds since the epoch.
    began: Option<(i64, u32)>,
}

impl Lane {
    /// Finds its run in what there is by now.
    fn find(&mut self) -> io::Result<()> {
        let Some((bytes, len)) = self.shown.bytes() else { return Ok(()) };
        self.format = self.format.clone().for_bytes(&*bytes, len)?;
        let range = self.window.range(&bytes, len, &self.format)?;
        self.end = self.window.until.map(|_| range.end);
        self.start = range.start;
        let first = || {
            let mut lines = Lines::sparse(bytes, range.end, self.format.clone());
            seek::ends(&mut lines).map(|ends| ends.map_or((0, 0), |(first, _)| (first, 0)))
        };
        self.began = match self.window.clock {
            Some(clock) => Some(from_millis(clock)),
            None if len == 0 => None,
            None => Some(first()?),
        };
        Ok(())
    }

    fn bytes(&self) -> Arc<dyn Bytes> {
        match self.shown.bytes() {
            None => Arc::new(Nothing),
            Some((bytes, _)) if self.start == 0 => bytes,
            Some((bytes, _)) => Arc::new(From { bytes, start: self.start }),
        }
    }

    fn len(&self) -> u64 {
        let len = self.shown.bytes().map_or(0, |(_, len)| len);
        self.end.map_or(len, |end| end.min(len)).saturating_sub(self.start)
    }
}

/// How often a row is put in order anew at most, and for how many bytes it waits a millisecond longer: whoever looks through
/// the row begins anew each time.
const EVERY: Duration = Duration::from_secs(1);
const A_MILLISECOND: u64 = 50_000;

impl Abreast {
    /// Of jobs, each with how its lines are read, or of runs of them; of [`MOST`] at most. If `since_start`, what each has
    /// written as long after its start stands together.
    pub fn new(mut jobs: Vec<(Shown, Format, Window)>, since_start: bool) -> Abreast {
        jobs.truncate(MOST);
        let lane = |(shown, format, window)| Lane { shown, format, window, start: 0, end: None, began: None };
        Abreast {
            jobs: jobs.into_iter().map(lane).collect(),
            since_start,
            row: None,
            made: Instant::now(),
            reordered: false,
        }
    }

    /// When each of them began, in milliseconds since the epoch, where each has a clock of its own.
    pub fn clocks(&self) -> Option<Vec<i64>> {
        self.since_start.then(|| self.jobs.iter().map(|lane| lane.began.map_or(0, to_millis)).collect())
    }

    /// What is shown of each job.
    pub fn jobs(&self) -> impl Iterator<Item = &Shown> {
        self.jobs.iter().map(|lane| &lane.shown)
    }

    /// Merges files of a job that do not hold each other's records; with the next look the row is another one.
    pub fn merge(&mut self, job: usize, files: Together) {
        if let Some(lane) = self.jobs.get_mut(job) {
            (lane.shown, self.row) = (Shown::Many(files), None);
        }
    }

    /// Puts what was rotated away from a file of a job above it; with the next look the row is another one. Says whether
    /// there was anything that was not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_above(&mut self, (job, file): (usize, usize), older: &[Arc<dyn Bytes>]) -> io::Result<bool> {
        let new = match self.jobs.get_mut(job).map(|lane| &mut lane.shown) {
            Some(Shown::One(one)) => one.put_above(older)?.0 > 0,
            Some(Shown::Many(files)) => files.put_above(file, older)?,
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
        Format::any(self.jobs.iter().map(|lane| &lane.format))
    }

    /// Whether the row was made anew only to put in order what came.
    pub fn is_reordered(&self) -> bool {
        self.reordered
    }

    /// Whether something has come that belongs above what stands at the end: beside each other nothing is late that came as
    /// long after its own start.
    fn is_late(&self) -> io::Result<bool> {
        let Some((row, _)) = self.row.as_ref().filter(|_| self.since_start) else { return Ok(false) };
        for (part, lane) in self.jobs.iter().enumerate() {
            if row.is_late(part, lane.len())? {
                return Ok(true);
            }
        }
        Ok(false)
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
        for lane in &mut self.jobs {
            let change = match lane.shown.check(source) {
                Ok(change) => change,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            // What was empty says only now when it began.
            let begins = self.since_start && lane.began.is_none() && lane.len() > 0;
            anew |= change == Change::Replaced || begins;
            rotated |= change == Change::Rotated;
            gone &= change == Change::Gone;
        }
        if self.jobs().all(|shown| shown.bytes().is_none()) {
            return failed.map_or(Ok(Change::Gone), Err);
        }
        let lens = |jobs: &[Lane]| jobs.iter().map(Lane::len).collect::<Vec<u64>>();
        self.reordered = !anew && self.is_late()?;
        let len = self.row.as_ref().map_or(0, |(_, len)| *len);
        if self.reordered && self.made.elapsed() < EVERY + Duration::from_millis(len / A_MILLISECOND) {
            self.reordered = false;
            return Ok(Change::Same);
        }
        if anew || self.reordered {
            self.made = Instant::now();
            self.jobs.iter_mut().try_for_each(Lane::find)?;
            let clock = |lane: &Lane| lane.began.filter(|_| self.since_start).unwrap_or_default();
            let part = |lane: &Lane| (lane.bytes(), lane.format.clone(), clock(lane));
            let row = Interleaved::since(self.jobs.iter().map(part).collect());
            let len = row.grow(&lens(&self.jobs))?;
            self.row = Some((Arc::new(row), len));
            return Ok(Change::Replaced);
        }
        let Some((row, len)) = &mut self.row else { return Ok(Change::Same) };
        let before = std::mem::replace(len, row.grow(&lens(&self.jobs))?);
        Ok(match *len > before {
            true if rotated => Change::Rotated,
            true => Change::Grew,
            false if gone => Change::Gone,
            false => Change::Same,
        })
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
            let format = Format::of(&format!("{{d}} <{{l}}> {job}{{m}}{{n}}"), job);
            (Shown::One(One::new(place, None)), format, Window::default())
        });
        let mut abreast = Abreast::new(jobs.into(), false);
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
