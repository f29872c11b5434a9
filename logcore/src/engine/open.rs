//! Opening log files: private, appending, and below the log root without following a link on the way.

use super::file::LogFile;
use crate::disk::OWN_DIR;
#[cfg(target_os = "linux")]
use crate::lock::lock;
#[cfg(unix)]
use crate::modes;
#[cfg(target_os = "linux")]
use crate::sync::Mutex;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

/// The log root, which is not to be looked up anew for each file.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) path: PathBuf,
    /// A descriptor of it, and when it was opened.
    #[cfg(target_os = "linux")]
    dir: Mutex<Option<(Arc<OwnedFd>, Instant)>>,
}

/// By then it is noticed that the root was moved away or replaced, as it is of a file.
#[cfg(target_os = "linux")]
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Root {
    pub(super) fn new(path: &Path) -> Root {
        Root {
            path: path.to_owned(),
            #[cfg(target_os = "linux")]
            dir: Mutex::default(),
        }
    }

    /// The root is not the directory that it was.
    pub(super) fn forget(&self) {
        #[cfg(target_os = "linux")]
        lock(&self.dir).take();
    }

    #[cfg(target_os = "linux")]
    fn dir(&self) -> io::Result<Arc<OwnedFd>> {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let mut dir = lock(&self.dir);
        if let Some((open, at)) = &*dir
            && at.elapsed() < LOOK_EVERY
        {
            return Ok(Arc::clone(open));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = Arc::new(openat(CWD, &self.path, flags, Mode::empty())?);
        *dir = Some((Arc::clone(&open), Instant::now()));
        Ok(open)
    }
}

/// Opens for appending, making file and directory if need be; also says how long the file is.
pub(super) fn open(log: &LogFile, root: &Root) -> io::Result<(File, u64)> {
    let file = match try_open(log, root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            root.forget();
            log.path.parent().map_or(Ok(()), make_dirs)?;
            try_open(log, root)?
        }
        other => other?,
    };
    let about = file.metadata()?;
    if log.is_inside_root() && !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, about.len()))
}

/// On Linux the kernel itself sees to it that no component below the root is a link (openat2, since 5.6).
#[cfg(target_os = "linux")]
fn try_open(log: &LogFile, root: &Root) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    let beneath = if log.is_inside_root() { log.path.strip_prefix(&root.path).ok() } else { None };
    let Some(beneath) = beneath else { return open_path(log) };
    // O_NONBLOCK: a FIFO planted in the root must not hold us.
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(root.dir()?, beneath, flags, Mode::from_raw_mode(modes::file()), resolve) {
        // Old kernels and some sandboxes do not have it.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => open_path(log),
        opened => Ok(File::from(opened?)),
    }
}

/// Opens a log file to add what a process that died had buffered; `None` if its directory is gone. Outside the root only
/// if the name can be trusted.
pub(crate) fn open_to_recover(root: &Path, path: &Path, trusted: bool) -> io::Result<Option<File>> {
    let inside = path.strip_prefix(root).ok();
    if inside.is_some_and(|beneath| beneath.starts_with(OWN_DIR)) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "logs are not kept there"));
    }
    if inside.is_none_or(|beneath| !beneath.components().all(|part| matches!(part, Component::Normal(_))))
        && !trusted
    {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is outside the log root"));
    }
    let file = match open_both_ways(root, path, inside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(Some(file))
}

#[cfg(target_os = "linux")]
fn open_both_ways(root: &Path, path: &Path, inside: Option<&Path>) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    if let Some(beneath) = inside {
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let dir = Root::new(root).dir()?;
        match openat2(dir, beneath, flags, Mode::from_raw_mode(modes::file()), resolve) {
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {}
            opened => return Ok(File::from(opened?)),
        }
    }
    open_path_both_ways(path)
}

#[cfg(not(target_os = "linux"))]
fn open_both_ways(_: &Path, path: &Path, _: Option<&Path>) -> io::Result<File> {
    open_path_both_ways(path)
}

fn open_path_both_ways(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    private(&mut options, true);
    options.open(path)
}

#[cfg(not(target_os = "linux"))]
fn try_open(log: &LogFile, _: &Root) -> io::Result<File> {
    open_path(log)
}

fn open_path(log: &LogFile) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    private(&mut options, log.is_inside_root());
    options.open(&log.path)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions, inside_root: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(modes::file());
    if inside_root {
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions, _: bool) {}

/// Makes a directory and those above it, for the owner and the group only.
pub(crate) fn make_dirs(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, modes::directory());
    builder.create(dir)
}

/// Whether a file that is not empty ends in the middle of a line: its writer was cut off. What cannot be read is taken
/// for whole.
pub(super) fn ends_in_half_a_line(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    last().is_ok_and(|byte| byte != b'\n')
}

/// Whether the file that is open has no name any more: what was written to it nobody can read.
#[cfg(unix)]
pub(super) fn is_deleted(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|about| about.is_file() && about.nlink() == 0)
}

#[cfg(not(unix))]
pub(super) fn is_deleted(_: &File) -> bool {
    false
}

/// Whether `path` names the file that is open.
pub(crate) fn names(path: &Path, file: &File) -> bool {
    named_length(path, file).is_some()
}

/// The length of the file that is open, if `path` names it.
#[cfg(unix)]
pub(super) fn named_length(path: &Path, file: &File) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let (have, named) = (file.metadata().ok()?, fs::metadata(path).ok()?);
    ((have.dev(), have.ino()) == (named.dev(), named.ino())).then_some(have.len())
}

#[cfg(not(unix))]
pub(super) fn named_length(path: &Path, file: &File) -> Option<u64> {
    if path.exists() { Some(file.metadata().ok()?.len()) } else { None }
}
