//! The parts of a fixed window: what they are called and how they move up.
//!
//! A slot holds its part plain, as `debug.1.log`, or packed, as `debug.1.log.gz`. All forms move together, whatever the
//! template says at present: one that used to say `.gz`, or a person with `gzip`, leaves parts in order. For the moment
//! between an archive's completion and the removal of its part, and if a process is killed there, both stand in the
//! slot, with the same content.

use super::turn::{Wait, lock};
use crate::engine::open::make_dirs;
use crate::sync::{Mutex, MutexGuard};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where rolled parts go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    /// The plain part's path with the index left out between the pieces.
    pub(crate) pieces: Vec<String>,
    pub(crate) base: u32,
    pub(crate) count: u32,
    /// What parts become in the end.
    pub(crate) form: Form,
}

/// How a part is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Plain,
    Gzip,
    Zstd,
}

impl Form {
    const ALL: [Form; 3] = [Form::Plain, Form::Gzip, Form::Zstd];

    /// What it adds to the plain part's name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Form::Plain => "",
            Form::Gzip => ".gz",
            Form::Zstd => ".zst",
        }
    }

    /// The form of a pattern, and the pattern without its suffix.
    pub(crate) fn of(pattern: &str) -> (Form, &str) {
        let packed = [Form::Gzip, Form::Zstd].into_iter();
        let mut found = packed.filter_map(|form| Some((form, pattern.strip_suffix(form.suffix())?)));
        found.next().unwrap_or((Form::Plain, pattern))
    }
}

/// The right to rename parts of a window. Dropping it lets go.
pub(super) struct Locked {
    // Let go of before the turn is.
    _dir: Option<File>,
    _turn: MutexGuard<'static, ()>,
}

impl Window {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn slots(&self) -> RangeInclusive<u32> {
        self.base..=self.base.saturating_add(self.count.saturating_sub(1))
    }

    pub(super) fn name(&self, slot: u32, form: Form) -> PathBuf {
        let mut name = self.pieces.join(&slot.to_string());
        name.push_str(form.suffix());
        PathBuf::from(name)
    }

    /// As it stands in the template.
    pub(super) fn pattern(&self) -> PathBuf {
        let mut pattern = self.pieces.join("{}");
        pattern.push_str(self.form.suffix());
        PathBuf::from(pattern)
    }

    /// Moves the parts up as far as they stand close together, and `file` into the first slot. The oldest part goes if
    /// the window is full.
    ///
    /// # Errors
    /// What the file system says. Each part then stands in its old or its next slot, and none has gone that would
    /// not have gone anyway; the free slot stays the first that is filled.
    pub(super) fn push(&self, file: &Path) -> io::Result<()> {
        let _locked = self.lock()?;
        let mut free = self.base;
        while self.holds(free)? {
            if free == *self.slots().end() {
                self.each_form(free, |part, _| fs::remove_file(part))?;
                break;
            }
            free += 1;
        }
        for slot in (self.base..free).rev() {
            self.each_form(slot, |part, form| move_file(part, &self.name(slot + 1, form)))?;
        }
        move_file(file, &self.name(self.base, Form::Plain))
    }

    /// Whether anything was rolled into it before.
    pub(in crate::engine) fn holds_any(&self) -> bool {
        self.holds(self.base).unwrap_or(false)
    }

    /// Whether a slot has a part, in whatever form.
    pub(super) fn holds(&self, slot: u32) -> io::Result<bool> {
        let mut found = false;
        for form in Form::ALL {
            let part = self.name(slot, form);
            match fs::symlink_metadata(&part) {
                Ok(about) if about.is_dir() => {
                    let text = format!("{} is a directory", part.display());
                    return Err(io::Error::new(io::ErrorKind::IsADirectory, text));
                }
                Ok(_) => found = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn each_form(&self, slot: u32, act: impl Fn(&Path, Form) -> io::Result<()>) -> io::Result<()> {
        Form::ALL.into_iter().try_for_each(|form| super::ignore_missing(act(&self.name(slot, form), form)))
    }

    /// Waits until this thread may rename the window's parts: shifts, and packed parts that take their place, must not
    /// overtake each other, whichever appender or process they come from. What is locked is the directory, so that
    /// nothing is left behind and everybody who sees the parts sees the lock.
    pub(super) fn lock(&self) -> io::Result<Locked> {
        const PATIENCE: Duration = Duration::from_secs(1);
        static TURNS: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];
        let first = self.name(self.base, Form::Plain);
        let dir = first.parent().unwrap_or(Path::new("."));
        let mut hasher = DefaultHasher::new();
        dir.hash(&mut hasher);
        let turn = crate::lock::lock(&TURNS[hasher.finish() as usize % TURNS.len()]);
        let opened = open_dir(dir).or_else(|_| make_dirs(dir).and_then(|()| open_dir(dir)));
        if !cfg!(unix) {
            return Ok(Locked { _dir: None, _turn: turn });
        }
        let opened = opened?;
        match lock(&opened, Instant::now() + PATIENCE, || true) {
            Wait::Over | Wait::NoLocks => Ok(Locked { _dir: Some(opened), _turn: turn }),
            Wait::TooLong | Wait::InVain => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "another process keeps its directory locked"))
            }
        }
    }
}

/// Opens a directory, and waits for nobody if it is a pipe.
fn open_dir(dir: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_DIRECTORY | libc::O_NONBLOCK);
    options.open(dir)
}

/// Renames, making the directory that the new name needs, copying to another file system.
///
/// # Errors
/// What the file system says; [`io::ErrorKind::NotFound`] also if there is nothing to rename.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut result = fs::rename(from, to);
    if matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound) && from.exists() {
        to.parent().map_or(Ok(()), make_dirs)?;
        result = fs::rename(from, to);
    }
    match result {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // Under another name until it is whole: half a part would look like one.
            let half = hidden_beside(to, "copy");
            let copied = fs::copy(from, &half).and_then(|_| fs::rename(&half, to));
            if copied.is_err() {
                let _ = fs::remove_file(&half);
            }
            copied.and_then(|()| fs::remove_file(from))
        }
        other => other,
    }
}

/// A name in the same directory that no job's file has.
pub(super) fn hidden_beside(path: &Path, kind: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sandbox(tempfile::TempDir);

    impl Sandbox {
        fn new() -> Sandbox {
            Sandbox(tempfile::tempdir().unwrap())
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn window(&self, pattern: &str, count: u32) -> Window {
            let pattern = self.at(pattern).to_string_lossy().into_owned();
            let (form, plain) = Form::of(&pattern);
            Window { pieces: plain.split("{}").map(str::to_owned).collect(), base: 1, count, form }
        }

        fn roll(&self, window: &Window, text: &str) -> io::Result<()> {
            fs::write(self.at("a.log"), text).unwrap();
            window.push(&self.at("a.log"))
        }

        /// Name and content of all files, sorted.
        fn files(&self) -> String {
            let read = |entry: fs::DirEntry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                format!("{name}={}", fs::read_to_string(entry.path()).unwrap_or("/".into()))
            };
            let mut files: Vec<_> = fs::read_dir(self.0.path()).unwrap().flatten().map(read).collect();
            files.sort();
            files.join(" ")
        }
    }

    #[test]
    fn it_shifts_and_drops_the_oldest() {
        let sandbox = Sandbox::new();
        let window = sandbox.window("a.{}.log", 2);
        for text in ["one", "two", "three"] {
            sandbox.roll(&window, text).unwrap();
        }
        assert_eq!(sandbox.files(), "a.1.log=three a.2.log=two");
    }

    #[test]
    fn all_forms_move_together_and_a_gap_is_filled_first() {
        let sandbox = Sandbox::new();
        for (name, text) in [("a.1.log", "4"), ("a.2.log.gz", "3"), ("a.3.log.zst", "2"), ("a.5.log", "1")] {
            fs::write(sandbox.at(name), text).unwrap();
        }
        sandbox.roll(&sandbox.window("a.{}.log.gz", 5), "5").unwrap();
        assert_eq!(sandbox.files(), "a.1.log=5 a.2.log=4 a.3.log.gz=3 a.4.log.zst=2 a.5.log=1");
        sandbox.roll(&sandbox.window("a.{}.log", 5), "6").unwrap();
        assert_eq!(sandbox.files(), "a.1.log=6 a.2.log=5 a.3.log=4 a.4.log.gz=3 a.5.log.zst=2");
    }

    #[test]
    fn rolls_that_fail_lose_nothing_however_often_they_are_tried() {
        let sandbox = Sandbox::new();
        let window = sandbox.window("a.{}.log", 4);
        for text in ["1", "2"] {
            sandbox.roll(&window, text).unwrap();
        }
        fs::create_dir(sandbox.at("a.3.log")).unwrap();
        for _ in 0..5 {
            let error = sandbox.roll(&window, "3").unwrap_err();
            assert!(error.to_string().ends_with("a.3.log is a directory"), "{error}");
        }
        assert_eq!(sandbox.files(), "a.1.log=2 a.2.log=1 a.3.log=/ a.log=3");
        fs::remove_dir(sandbox.at("a.3.log")).unwrap();
        sandbox.roll(&window, "3").unwrap();
        assert_eq!(sandbox.files(), "a.1.log=3 a.2.log=2 a.3.log=1");
    }

    #[test]
    fn the_index_may_stand_in_directories() {
        let sandbox = Sandbox::new();
        let window = sandbox.window("old/{}/a.{}.log", 3);
        for text in ["1", "2", "3"] {
            sandbox.roll(&window, text).unwrap();
        }
        assert_eq!(fs::read_to_string(sandbox.at("old/3/a.3.log")).unwrap(), "1");
        assert_eq!(fs::read_to_string(sandbox.at("old/1/a.1.log")).unwrap(), "3");
    }
}
