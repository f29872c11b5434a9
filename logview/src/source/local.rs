//! Local directories: one directory per job below a root.

use super::rotation::{self, Named, live_name, live_of};
use super::{Bytes, FileId, FileLook, JobLook, Place, Source};
use crate::reading::Format;
use logcore::disk::{JobFile, Progress, Recovered, Reload, Run, RunState};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The key of the job that stands for `*.log` files directly in the root.
const SELF: &str = ".";

/// How many entries of one directory are looked at, and how many files
/// are listed, at most: a directory of a million files is no job.
const MAX_FILES: usize = 256;
const MAX_ENTRIES: usize = 4096;

/// A root on this machine.
#[derive(Debug)]
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// The jobs below `root`, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Local {
        Local { root: root.into() }
    }

    fn dir(&self, job: &Path) -> PathBuf {
        if job == Path::new(SELF) { self.root.clone() } else { self.root.join(job) }
    }

    /// The directory of a job, if it is a real one and not a link to one elsewhere.
    fn real_dir(&self, job: &Path) -> io::Result<PathBuf> {
        let dir = self.dir(job);
        if job != Path::new(SELF) && !fs::symlink_metadata(&dir)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the job is no directory any more"));
        }
        Ok(dir)
    }
}

impl Source for Local {
    fn recover(&self) -> Vec<Recovered> {
        logcore::disk::recover(&self.root)
    }

    fn reloads(&self) -> Vec<Reload> {
        logcore::disk::reloads(&self.root)
    }

    fn reloads_stamp(&self) -> Option<SystemTime> {
        fs::symlink_metadata(logcore::disk::reloads_file(&self.root)).ok()?.modified().ok()
    }

    fn jobs(&self) -> io::Result<Vec<PathBuf>> {
        let mut jobs = Vec::new();
        let mut loose = false;
        for entry in fs::read_dir(&self.root)? {
            let Ok(entry) = entry else { continue };
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !name.as_encoded_bytes().starts_with(b".") {
                jobs.push(PathBuf::from(name));
            } else if kind.is_file() && is_log(&name) {
                loose = true;
            }
        }
        if loose {
            jobs.push(PathBuf::from(SELF));
        }
        Ok(jobs)
    }

    fn stamp(&self, job: &Path) -> Option<SystemTime> {
        fs::symlink_metadata(self.dir(job)).and_then(|about| about.modified()).ok()
    }

    fn look(&self, job: &Path) -> JobLook {
        let dir = match self.real_dir(job) {
            Ok(dir) => dir,
            Err(error) => return JobLook { unreadable: Some(error.to_string()), ..JobLook::default() },
        };
        let mut look = JobLook { about: JobFile::read(&dir).ok(), ..JobLook::default() };
        // How far it came says nothing any more once it has ended.
        if look.about.as_ref().and_then(|about| about.runs.last()).is_some_and(|run| run.end.is_none()) {
            look.progress = Progress::read(&dir).ok();
        }
        match fs::read_dir(&dir) {
            Ok(entries) => {
                let entries: Vec<_> = entries.flatten().take(MAX_ENTRIES).collect();
                let names: Vec<OsString> = entries.iter().map(fs::DirEntry::file_name).collect();
                let live: Vec<OsString> = names.iter().filter(|name| is_log(name)).cloned().collect();
                // What was rotated away stands above the file that it was rotated away from.
                let patterns = look.about.as_ref().map(|about| about.parts.clone()).unwrap_or_default();
                let named: Vec<Named> = patterns.values().filter_map(|pattern| Named::of(pattern)).collect();
                let is_part = |name: &OsStr| {
                    named.iter().any(|named| named.dir == Path::new("") && named.index(name).is_some())
                };
                // What has just been rotated away, or was when its job ended, may have no file of its name.
                let here: BTreeSet<&OsStr> = live.iter().map(OsString::as_os_str).collect();
                // What `job.json` says may be anything.
                let is_name = |name: &&str| Path::new(name).file_name() == Some(OsStr::new(name));
                let known = patterns.keys().map(String::as_str).filter(is_name);
                let rotated: BTreeSet<&str> =
                    known.chain(names.iter().filter_map(|name| live_name(name))).collect();
                let missing: Vec<FileLook> = rotated
                    .into_iter()
                    .filter(|name| !here.contains(OsStr::new(name)))
                    .take(MAX_FILES)
                    .filter_map(|name| {
                        let pattern = patterns.get(name).map(String::as_str);
                        let parts = parts(&dir, name.as_ref(), &names, pattern);
                        let newest = fs::symlink_metadata(dir.join(parts.last()?)).ok()?;
                        let modified = newest.is_file().then(|| newest.modified().ok())?;
                        let name = PathBuf::from(name);
                        Some(FileLook { name, size: 0, parts: 0, rotated: 0, modified, unreadable: None })
                    })
                    .collect();
                let of_missing = missing.iter().map(|file| file.name.clone().into_os_string());
                let live: Vec<OsString> = live.iter().cloned().chain(of_missing).collect();
                let own = |entry: &&fs::DirEntry| {
                    let name = entry.file_name();
                    is_log(&name) && live_of(&name, &live).is_none() && !is_part(&name)
                };
                look.files =
                    entries.iter().filter(own).filter_map(file_look).chain(missing).take(MAX_FILES).collect();
                look.files.sort_by(|a, b| a.name.cmp(&b.name));
                if names.len() > look.files.len() || look.files.iter().any(|file| file.size == 0) {
                    for file in &mut look.files {
                        let pattern = file.name.to_str().and_then(|name| patterns.get(name));
                        let parts = parts(&dir, &file.name, &names, pattern.map(String::as_str));
                        let size = |part: &PathBuf| {
                            fs::symlink_metadata(dir.join(part)).map_or(0, |about| about.len())
                        };
                        (file.parts, file.rotated) = (parts.len(), parts.iter().map(size).sum());
                    }
                }
            }
            Err(error) => look.unreadable = Some(error.kind().to_string()),
        }
        look
    }

    fn state(&self, run: &Run) -> RunState {
        run.state(&self.root)
    }

    fn open(&self, place: &Place) -> io::Result<Box<dyn Bytes>> {
        let dir = self.real_dir(&place.job)?;
        if !fs::symlink_metadata(dir.join(&place.file))?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = open_in(&dir, place)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(Box::new(LocalFile::new(file)))
    }

    fn parts(&self, place: &Place) -> io::Result<Vec<Place>> {
        let dir = self.real_dir(&place.job)?;
        let names = names(&dir)?;
        let about = JobFile::read(&dir).ok();
        let pattern = about.as_ref().and_then(|about| about.parts.get(place.file.to_str()?));
        let parts = parts(&dir, &place.file, &names, pattern.map(String::as_str)).into_iter();
        Ok(parts.map(|file| Place { job: place.job.clone(), file }).collect())
    }

    fn modified(&self, place: &Place) -> Option<SystemTime> {
        fs::symlink_metadata(self.dir(&place.job).join(&place.file)).and_then(|about| about.modified()).ok()
    }

    fn stat(&self, place: &Place) -> io::Result<(FileId, u64)> {
        // Called for thousands of jobs: that its directory is a real one is looked at before a file is opened.
        let about = fs::symlink_metadata(self.dir(&place.job).join(&place.file))?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok((id(&about), about.len()))
    }

    fn format(&self, place: &Place) -> Format {
        let about = self.real_dir(&place.job).ok().and_then(|dir| JobFile::read(&dir).ok());
        JobLook { about, ..JobLook::default() }.format(&place.file)
    }

    fn watch_path(&self, job: Option<&Path>) -> Option<PathBuf> {
        Some(job.map_or_else(|| self.root.clone(), |job| self.dir(job)))
    }

    fn title(&self) -> String {
        let shown = self.root.display().to_string();
        let plain = self.root.is_absolute() || shown.starts_with('.');
        if plain { shown } else { format!("./{shown}") }
    }
}

fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    Ok(fs::read_dir(dir)?.flatten().take(MAX_ENTRIES).map(|entry| entry.file_name()).collect())
}

/// What was rotated away from a file, by the names that all logs have and by the one that the template gives.
fn parts(dir: &Path, file: &Path, names_there: &[OsString], pattern: Option<&str>) -> Vec<PathBuf> {
    let usual = rotation::parts(file.as_os_str(), names_there).into_iter().map(PathBuf::from);
    let Some(named) = pattern.and_then(Named::of) else { return usual.collect() };
    let real = |dir: &Path| fs::symlink_metadata(dir).is_ok_and(|about| about.is_dir());
    let own = if named.dir == Path::new("") {
        named.parts(names_there)
    } else if named.dir.ancestors().all(|part| real(&dir.join(part))) {
        named.parts(&names(&dir.join(named.dir)).unwrap_or_default())
    } else {
        Vec::new()
    };
    let own: Vec<PathBuf> =
        own.into_iter().map(|name| named.dir.join(name)).filter(|part| part != file).collect();
    usual.filter(|part| !own.contains(part)).chain(own.iter().cloned()).collect()
}

/// Opens a file of a job. Between a look at it and this, it or its directory may have become a FIFO or a link: neither
/// blocks nor leads away.
#[cfg(unix)]
fn open_in(dir: &Path, place: &Place) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    let linked = if place.job == Path::new(SELF) { OFlags::empty() } else { OFlags::NOFOLLOW };
    let directory = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut dir = open(dir, directory | linked, Mode::empty())?;
    for part in place.file.parent().into_iter().flat_map(Path::components) {
        dir = openat(&dir, part.as_os_str(), directory | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let name = place.file.file_name().unwrap_or_default();
    Ok(openat(&dir, name, OFlags::RDONLY | flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open_in(dir: &Path, place: &Place) -> io::Result<File> {
    File::open(dir.join(&place.file))
}

/// An open file.
#[derive(Debug)]
pub struct LocalFile {
    file: File,
}

impl LocalFile {
    /// The file that a descriptor stands for.
    pub fn new(file: File) -> LocalFile {
        LocalFile { file }
    }
}

impl Bytes for LocalFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match read_once(&self.file, &mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        let about = self.file.metadata()?;
        Ok((id(&about), about.len()))
    }
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
fn id(about: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    FileId(about.dev(), about.ino())
}

/// Without an inode the time of birth has to do.
#[cfg(not(unix))]
fn id(about: &Metadata) -> FileId {
    let born = about.created().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    FileId(0, born.map_or(0, |since| since.as_nanos() as u64))
}

fn is_log(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.len() > 4 && name.ends_with(b".log")
}

/// `None` if the entry vanished under way.
fn file_look(entry: &fs::DirEntry) -> Option<FileLook> {
    let about = entry.path().symlink_metadata().ok()?;
    let unreadable = match about.file_type() {
        kind if kind.is_file() => None,
        kind if kind.is_symlink() => Some("a link"),
        kind if kind.is_dir() => Some("a directory"),
        _ => Some("a device"),
    };
    let size = if unreadable.is_none() { about.len() } else { 0 };
    Some(FileLook {
        name: entry.file_name().into(),
        size,
        parts: 0,
        rotated: 0,
        modified: about.modified().ok(),
        unreadable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(job: &str, file: &str) -> Place {
        Place { job: job.into(), file: file.into() }
    }

    #[test]
    fn jobs_are_directories_and_loose_logs_are_a_job_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a")).unwrap();
        fs::create_dir_all(root.path().join(".logcore")).unwrap();
        let source = Local::new(root.path());
        assert_eq!(source.jobs().unwrap(), [PathBuf::from("a")]);
        fs::write(root.path().join("x.log"), "hello\n").unwrap();
        let mut jobs = source.jobs().unwrap();
        jobs.sort();
        assert_eq!(jobs, [PathBuf::from("."), PathBuf::from("a")]);
        assert_eq!(source.look(Path::new(".")).files[0].size, 6);
    }

    #[test]
    fn a_name_of_which_only_parts_are_left_is_a_file_and_one_that_leads_away_is_none() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a");
        fs::create_dir(&dir).unwrap();
        fs::write(root.path().join("secret.log"), "secret").unwrap();
        for part in ["secret.log.1", "old.log.1", "old.log.2.gz", "rolled-1.txt"] {
            fs::write(dir.join(part), "x\n").unwrap();
        }
        let parts =
            [("../secret.log", "secret.log.{}"), ("..", "secret.log.{}"), ("now.log", "rolled-{}.txt")];
        let parts = parts.map(|(name, pattern)| (name.to_owned(), pattern.to_owned())).into();
        JobFile { id: "a".into(), parts, ..JobFile::default() }.write(&dir, "test").unwrap();
        let look = Local::new(root.path()).look(Path::new("a"));
        let found: Vec<_> = look.files.iter().map(|file| (file.name.to_str().unwrap(), file.parts)).collect();
        assert_eq!(found, [("now.log", 1), ("old.log", 2), ("secret.log", 1)]);
        assert_eq!(look.files[1].bytes(), 4);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_directories_are_named_and_never_opened() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.log"), "secret\n").unwrap();
        let job = root.path().join("a");
        fs::create_dir_all(job.join("debug.log")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.log"), job.join("error.log")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("b")).unwrap();
        let source = Local::new(root.path());
        let why: Vec<_> = source.look(Path::new("a")).files.iter().map(|file| file.unreadable).collect();
        assert_eq!(why, [Some("a directory"), Some("a link")]);
        assert!(source.open(&place("a", "error.log")).is_err());
        assert!(source.open(&place("a", "debug.log")).is_err());
        assert!(source.open(&place("b", "secret.log")).is_err());
        assert_eq!(source.jobs().unwrap(), [PathBuf::from("a")]);
    }
}
