//! Following a file by its name, through everything that happens to log files.
//!
//! A check costs one stat and two short reads. It tells growth from a file that was truncated, written anew,
//! replaced under the same name, or removed. A removed file stays readable through what was opened; as soon as there
//! is one of that name again, that one is followed.

use crate::source::{Bytes, FileId, Place, Source};
use std::io;
use std::sync::Arc;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing new.
    Same,
    /// More bytes at the end.
    Grew,
    /// Other bytes: what was read before is not valid any more.
    Replaced,
    /// There is no such file now; what was opened stays as it was.
    Gone,
}

const MARK: usize = 64;

/// A file that is followed.
pub struct Followed {
    place: Place,
    open: Option<Open>,
    gone: bool,
}

struct Open {
    bytes: Arc<dyn Bytes>,
    id: FileId,
    len: u64,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Followed {
    /// Follows a place that need not exist yet.
    pub fn new(place: Place) -> Followed {
        Followed { place, open: None, gone: false }
    }

    /// What is followed.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The bytes and how many of them count, if there is or was a file.
    pub fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        self.open.as_ref().map(|open| (Arc::clone(&open.bytes), open.len))
    }

    /// Looks what has happened.
    ///
    /// # Errors
    /// What the file system says, except that there is no such file.
    pub fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        let (id, len) = match source.stat(&self.place) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.missing(),
            Err(error) => return Err(error),
        };
        let was_gone = std::mem::take(&mut self.gone);
        match &mut self.open {
            Some(open) if open.id == id && len >= open.len && open.unchanged()? => {
                if len == open.len {
                    return Ok(if was_gone { Change::Replaced } else { Change::Same });
                }
                open.len = len;
                open.mark()?;
                Ok(Change::Grew)
            }
            _ => self.reopen(source),
        }
    }

    fn reopen(&mut self, source: &dyn Source) -> io::Result<Change> {
        let bytes: Arc<dyn Bytes> = match source.open(&self.place) {
            Ok(bytes) => bytes.into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.missing(),
            Err(error) => return Err(error),
        };
        let (id, len) = bytes.stat()?;
        let mut open = Open { bytes, id, len, first: Vec::new(), last: Vec::new() };
        open.mark()?;
        self.open = Some(open);
        Ok(Change::Replaced)
    }

    /// A writer that has the removed file open may still write to it.
    fn missing(&mut self) -> io::Result<Change> {
        if !std::mem::replace(&mut self.gone, true) {
            return Ok(Change::Gone);
        }
        let Some(open) = &mut self.open else { return Ok(Change::Same) };
        let (_, len) = open.bytes.stat()?;
        if len <= open.len {
            return Ok(Change::Same);
        }
        open.len = len;
        open.mark()?;
        Ok(Change::Grew)
    }
}

impl Open {
    /// Remembers the first and the last bytes, by which a file that was written anew is told from one that grew.
    fn mark(&mut self) -> io::Result<()> {
        if self.first.len() < MARK {
            self.first = self.read(0, self.len.min(MARK as u64))?;
        }
        let at = self.len.saturating_sub(MARK as u64);
        self.last = self.read(at, self.len - at)?;
        Ok(())
    }

    fn unchanged(&self) -> io::Result<bool> {
        let at = self.len.saturating_sub(MARK as u64);
        Ok(self.read(0, self.first.len() as u64)? == self.first && self.read(at, self.len - at)? == self.last)
    }

    fn read(&self, at: u64, want: u64) -> io::Result<Vec<u8>> {
        let mut data = vec![0; want as usize];
        let read = self.bytes.read_at(&mut data, at)?;
        data.truncate(read);
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Lines;
    use crate::source::Local;
    use proptest::prelude::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    struct Case {
        root: tempfile::TempDir,
        source: Local,
        followed: Followed,
    }

    impl Case {
        fn new() -> Case {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir(root.path().join("a")).unwrap();
            let place = Place { job: "a".into(), file: "debug.log".into() };
            Case { source: Local::new(root.path()), root, followed: Followed::new(place) }
        }

        fn path(&self) -> PathBuf {
            self.root.path().join("a/debug.log")
        }

        fn write(&self, text: &str) {
            fs::write(self.path(), text).unwrap();
        }

        fn append(&self, text: &str) {
            use std::io::Write;
            let mut file = fs::OpenOptions::new().append(true).create(true).open(self.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn check(&mut self) -> Change {
            self.followed.check(&self.source).unwrap()
        }

        fn text(&self) -> String {
            let (bytes, len) = self.followed.bytes().unwrap();
            let mut data = vec![0; len as usize];
            bytes.read_at(&mut data, 0).unwrap();
            String::from_utf8(data).unwrap()
        }
    }

    #[test]
    fn growth_is_growth() {
        let mut case = Case::new();
        case.write("one\n");
        assert_eq!(case.check(), Change::Replaced);
        assert_eq!(case.check(), Change::Same);
        case.append("two\n");
        assert_eq!((case.check(), case.text()), (Change::Grew, "one\ntwo\n".into()));
    }

    #[test]
    fn truncation_and_writing_anew_are_replacement_even_when_it_is_longer_afterwards() {
        let mut case = Case::new();
        case.write("one\ntwo\n");
        case.check();
        case.write("1\n");
        assert_eq!((case.check(), case.text()), (Change::Replaced, "1\n".into()));
        case.write("another and longer one\n");
        assert_eq!((case.check(), case.text()), (Change::Replaced, "another and longer one\n".into()));
    }

    #[test]
    fn a_renamed_and_recreated_file_is_followed_by_name() {
        let mut case = Case::new();
        case.write("one\n");
        case.check();
        fs::rename(case.path(), case.root.path().join("a/debug.log.1")).unwrap();
        case.write("one\n");
        assert_eq!(case.check(), Change::Replaced);
        case.append("two\n");
        assert_eq!((case.check(), case.text()), (Change::Grew, "one\ntwo\n".into()));
    }

    #[test]
    fn a_removed_file_stays_readable_until_there_is_a_new_one() {
        let mut case = Case::new();
        assert_eq!(case.check(), Change::Gone);
        case.write("one\n");
        assert_eq!(case.check(), Change::Replaced);
        fs::remove_file(case.path()).unwrap();
        assert_eq!((case.check(), case.check(), case.text()), (Change::Gone, Change::Same, "one\n".into()));
        case.write("new\n");
        assert_eq!((case.check(), case.text()), (Change::Replaced, "new\n".into()));
        fs::remove_file(case.path()).unwrap();
        fs::create_dir(case.path()).unwrap();
        assert!(case.followed.check(&case.source).is_err());
        assert_eq!(case.text(), "new\n");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(String),
        Truncate,
        Rewrite(String),
        Roll,
        Remove,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => "[a-z\n]{1,20}".prop_map(Step::Append),
            1 => Just(Step::Truncate),
            1 => "[a-z\n]{0,20}".prop_map(Step::Rewrite),
            1 => Just(Step::Roll),
            1 => Just(Step::Remove),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_happens_the_lines_are_those_of_the_file(steps in proptest::collection::vec(step(), 1..20)) {
            let mut case = Case::new();
            let mut lines: Option<Lines> = None;
            for step in steps {
                match step {
                    Step::Append(text) => case.append(&text),
                    Step::Truncate => case.write(""),
                    Step::Rewrite(text) => case.write(&text),
                    Step::Roll => drop(fs::rename(case.path(), case.root.path().join("a/debug.log.1"))),
                    Step::Remove => drop(fs::remove_file(case.path())),
                }
                let change = case.check();
                if let Some((bytes, len)) = case.followed.bytes() {
                    match (&mut lines, change) {
                        (Some(lines), Change::Grew) => lines.grow(len),
                        (None, _) | (_, Change::Replaced) => lines = Some(Lines::new(bytes, len)),
                        _ => {}
                    }
                }
                let Some(lines) = lines.as_mut().filter(|_| Path::new(&case.path()).exists()) else { continue };
                let mut seen = Vec::new();
                let mut at = 0;
                while at < lines.len() {
                    let end = lines.end_of(at).unwrap();
                    seen.push(String::from_utf8(lines.text(at, end).unwrap()).unwrap());
                    at = end;
                }
                let text = fs::read_to_string(case.path()).unwrap();
                prop_assert_eq!(seen, text.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
