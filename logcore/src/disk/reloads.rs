//! When a host reloaded its template, and what that changed: one line each in `.logcore/reloads.log`, so that a viewer can
//! show the moment in every job's log. It is for people: what cannot be written is left out, and nobody waits for it.

use super::{OWN_DIR, is_own_dir, open_at_once};
use chrono::{SecondsFormat, Utc};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read of it, from its end. Beyond twice as many its older half goes.
const MOST: u64 = 64 << 10;

/// Characters of one line's changes.
const LONG: usize = 400;

/// A reload that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reload {
    /// When: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The process that did it, as [`Run::process`](super::Run::process) names it.
    pub process: String,
    /// What is different since then, for people: `root.level: info → debug`.
    pub changes: String,
}

/// The newest reloads below a root, the oldest first; none if they cannot be read.
#[must_use]
pub fn reloads(root: &Path) -> Vec<Reload> {
    let text = tail(root).unwrap_or_default();
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let (at, process, changes) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Reload { at: at.to_owned(), process: process.to_owned(), changes: changes.to_owned() })
    };
    text.lines().filter_map(line).collect()
}

/// Where they stand: whoever watches looks whether it has changed.
#[must_use]
pub fn reloads_file(root: &Path) -> PathBuf {
    root.join(OWN_DIR).join("reloads.log")
}

/// Notes a reload of now.
pub(crate) fn add_reload(root: &Path, process: &str, changes: &str) {
    drop(add(root, process, changes));
}

fn add(root: &Path, process: &str, changes: &str) -> io::Result<()> {
    if !is_own_dir(&root.join(OWN_DIR)) {
        return Ok(());
    }
    let path = reloads_file(root);
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let changes: String = changes.chars().filter(|c| !c.is_control()).take(LONG).collect();
    let line = format!("{at} {process} {changes}\n");
    if fs::symlink_metadata(&path).is_ok_and(|about| about.is_file() && about.len() > 2 * MOST) {
        let kept = tail(root)?;
        let beside = path.with_extension(format!("{process}.new"));
        fs::write(&beside, kept + &line)?;
        return fs::rename(&beside, &path);
    }
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(&path)?.write_all(line.as_bytes())
}

/// The end of the file, from the start of a line on.
fn tail(root: &Path) -> io::Result<String> {
    if !is_own_dir(&root.join(OWN_DIR)) {
        return Ok(String::new());
    }
    let mut file = open_at_once(&reloads_file(root))?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Ok(String::new());
    }
    let from = about.len().saturating_sub(MOST);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match text.split_once('\n') {
        Some((_, rest)) if from > 0 => rest.to_owned(),
        _ => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back_and_the_file_stays_small() {
        let root = tempfile::tempdir().unwrap();
        add_reload(root.path(), "a", "no directory, no file");
        assert!(reloads(root.path()).is_empty() && !reloads_file(root.path()).exists());
        super::super::make_own_dir(root.path()).unwrap();
        add_reload(root.path(), "p-1", "root.level: info → debug\nforged");
        let read = reloads(root.path());
        assert_eq!(read.len(), 1);
        assert_eq!(
            (read[0].process.as_str(), read[0].changes.as_str()),
            ("p-1", "root.level: info → debugforged")
        );
        for _ in 0..2000 {
            add_reload(root.path(), "p-1", &"x".repeat(1000));
        }
        assert!(fs::metadata(reloads_file(root.path())).unwrap().len() <= 3 * MOST);
        assert!(reloads(root.path()).len() > 100);
    }
}
