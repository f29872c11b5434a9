//! Opening log files: private, appending, and below the log root without following a link on the way.

use super::file::Spec;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Opens for appending, making file and directory if need be.
pub(super) fn open(spec: &Spec, root: &Path) -> io::Result<File> {
    let beneath = if spec.inside_root { spec.path.strip_prefix(root).ok() } else { None };
    let file = match try_open(spec, root, beneath) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            spec.path.parent().map_or(Ok(()), make_dirs)?;
            try_open(spec, root, beneath)?
        }
        other => other?,
    };
    if spec.inside_root && !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}

/// On Linux the kernel itself sees to it that no component below the root is a link (openat2, since 5.6).
#[cfg(target_os = "linux")]
fn try_open(spec: &Spec, root: &Path, beneath: Option<&Path>) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
    let Some(beneath) = beneath else { return open_path(spec) };
    let root = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // O_NONBLOCK: a FIFO planted in the root must not hold us.
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(&root, beneath, flags, Mode::from_raw_mode(0o640), resolve) {
        // Old kernels and some sandboxes do not have it.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => open_path(spec),
        opened => Ok(File::from(opened?)),
    }
}

#[cfg(not(target_os = "linux"))]
fn try_open(spec: &Spec, _: &Path, _: Option<&Path>) -> io::Result<File> {
    open_path(spec)
}

fn open_path(spec: &Spec) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    private(&mut options, spec.inside_root);
    options.open(&spec.path)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions, inside_root: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o640);
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
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
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
pub(super) fn names(path: &Path, file: &File) -> bool {
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
