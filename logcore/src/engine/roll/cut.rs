//! A file of which the middle is cut out, so that a job keeps to its `max_size`: the head stays, and of the rest the newest.
//!
//! ```text
//! debug.head.log   what came first; at its end one line says how much is missing after it
//! debug.tail.log   what came before debug.log
//! debug.log        what comes now
//! ```
//!
//! Each is a third of what the file is allowed. When `debug.log` has got so large it becomes the tail, in place of what
//! was the tail, or the head if there is none. All three can be read at any time.

use crate::engine::file::encoded;
use encoding_rs::Encoding;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Cuts a file that is written in `encoding`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    pub(crate) encoding: &'static Encoding,
}

impl Cut {
    /// Makes `file` the head, or the tail.
    ///
    /// # Errors
    /// What the file system says; the file then stands where it was.
    pub(super) fn roll(self, file: &Path) -> io::Result<()> {
        let [head, tail] = parts(file);
        if length(&head)?.is_none() {
            return fs::rename(file, head);
        }
        if let Some(cut) = length(&tail)? {
            self.mark(&head, cut, &tail)?;
        }
        fs::rename(file, tail)
    }

    /// Has the head say that `more` bytes are missing after it.
    fn mark(self, head: &Path, more: u64, tail: &Path) -> io::Result<()> {
        let mut options = File::options();
        options.read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
        let mut file = options.open(head)?;
        // A line of one length, which the next cut overwrites.
        let blank = self.line(0, tail);
        let length = file.metadata()?.len();
        let at = length.saturating_sub(blank.len() as u64);
        file.seek(SeekFrom::Start(at))?;
        let mut last = Vec::new();
        file.read_to_end(&mut last)?;
        let digits = last.iter().filter(|byte| byte.is_ascii_digit()).take(DIGITS);
        let before = digits
            .fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
        let is_marked = last == self.line(before, tail);
        file.seek(SeekFrom::Start(if is_marked { at } else { length }))?;
        let before = if is_marked { before } else { 0 };
        file.write_all(&self.line(before.saturating_add(more), tail))
    }

    fn line(self, bytes: u64, tail: &Path) -> Vec<u8> {
        let tail = tail.file_name().unwrap_or_default().to_string_lossy();
        let text = format!(
            "[logcore] {bytes:0DIGITS$} bytes are cut out here, to keep to max_size; {tail} goes on\n"
        );
        encoded(text.as_bytes(), self.encoding).into_owned()
    }
}

/// As many as a u64 can need.
const DIGITS: usize = 20;

/// Removes what earlier runs have left beside `file`.
pub(super) fn forget(file: &Path) -> io::Result<()> {
    parts(file).into_iter().try_for_each(|part| super::ignore_missing(fs::remove_file(part)))
}

/// The names of head and tail.
fn parts(file: &Path) -> [PathBuf; 2] {
    ["head", "tail"].map(|part| {
        let mut name = OsString::from(file.file_stem().unwrap_or_default());
        name.push(".");
        name.push(part);
        if let Some(extension) = file.extension() {
            name.push(".");
            name.push(extension);
        }
        file.with_file_name(name)
    })
}

/// The length of a part; nothing else may be in its place.
fn length(part: &Path) -> io::Result<Option<u64>> {
    match fs::symlink_metadata(part) {
        Ok(about) if about.is_file() => Ok(Some(about.len())),
        Ok(_) => {
            let text = format!("{} is not a regular file", part.display());
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{UTF_8, UTF_16LE};

    #[test]
    fn the_head_stays_and_its_one_line_adds_up() {
        for encoding in [UTF_8, UTF_16LE] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("a.log");
            let [head, tail] = parts(&file);
            for (text, tail_holds) in
                [("one\n", None), ("two2\n", Some(5)), ("three3\n", Some(7)), ("4\n", Some(2))]
            {
                fs::write(&file, text).unwrap();
                Cut { encoding }.roll(&file).unwrap();
                assert_eq!(fs::metadata(&tail).ok().map(|about| about.len()), tail_holds);
            }
            let mut expected = b"one\n".to_vec();
            expected.extend(Cut { encoding }.line(5 + 7, &tail));
            assert_eq!(fs::read(&head).unwrap(), expected);
            forget(&file).unwrap();
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_parts_place_is_not_followed_and_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (file, outside) = (dir.path().join("a.log"), dir.path().join("outside"));
        for part in parts(&file) {
            fs::write(&file, "text\n").unwrap();
            fs::write(&outside, "theirs\n").unwrap();
            std::os::unix::fs::symlink(&outside, &part).unwrap();
            assert!(Cut { encoding: UTF_8 }.roll(&file).is_err());
            assert_eq!(fs::read(&file).unwrap(), b"text\n");
            assert_eq!(fs::read(&outside).unwrap(), b"theirs\n");
            fs::remove_file(&part).unwrap();
            fs::write(&part, "head\n").unwrap();
        }
    }
}
