//! Following a file by its name, through everything that happens to log files.
//!
//! A check costs two stats and two short reads. It tells growth from a file that was truncated, written anew,
//! rotated, or removed. What was opened is kept open: a file that was renamed or removed is read to its end, also
//! while its writer has not turned to the new one yet, and what the new one holds follows below it ([`Joined`]). So
//! nothing that was written before a rotation is missed, and nobody's place in the log moves.

use super::joined::Joined;
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
    /// Another file has the name now: its bytes go on at the end.
    Rotated,
    /// Other bytes: what was read before is not valid any more.
    Replaced,
    /// There is no such file now; what was opened stays as it was.
    Gone,
}

const MARK: usize = 64;

/// Files that are kept open at most: that many rotations can be scrolled back through.
const MOST_PARTS: usize = 8;

/// A file that is followed.
pub struct Followed {
    place: Place,
    open: Option<Open>,
    gone: bool,
}

struct Open {
    joined: Arc<Joined>,
    /// Where the file that has the name now begins.
    base: u64,
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
        self.open.as_ref().map(|open| (Arc::clone(&open.joined) as Arc<dyn Bytes>, open.base + open.len))
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
        let Some(open) = &mut self.open else { return self.reopen(source) };
        if open.id != id {
            // A file that was made anew and is empty: the writer may still be at the old one.
            return if len == 0 { self.drain() } else { self.rotate(source) };
        }
        let was_gone = std::mem::take(&mut self.gone);
        if len < open.len || !open.unchanged()? {
            return self.reopen(source);
        }
        match (open.grow(len)?, was_gone) {
            (_, true) => Ok(Change::Replaced),
            (true, _) => Ok(Change::Grew),
            (false, _) => Ok(Change::Same),
        }
    }

    fn reopen(&mut self, source: &dyn Source) -> io::Result<Change> {
        let Some(bytes) = open(source, &self.place)? else { return self.missing() };
        self.gone = false;
        self.open = Some(Open::new(Arc::new(Joined::new(Arc::clone(&bytes))), 0, bytes)?);
        Ok(Change::Replaced)
    }

    /// Reads the old file to its end and goes on with the one that has the name now.
    fn rotate(&mut self, source: &dyn Source) -> io::Result<Change> {
        let Some(old) = &mut self.open else { return self.reopen(source) };
        let (_, end) = old.bytes.stat()?;
        if end < old.len || old.joined.parts() >= MOST_PARTS || !old.unchanged()? {
            return self.reopen(source);
        }
        let Some(bytes) = open(source, &self.place)? else { return self.missing() };
        let base = old.joined.push(end, Arc::clone(&bytes))?;
        let joined = Arc::clone(&old.joined);
        self.gone = false;
        self.open = Some(Open::new(joined, base, bytes)?);
        Ok(Change::Rotated)
    }

    /// A writer that has the removed file open may still write to it.
    fn missing(&mut self) -> io::Result<Change> {
        if std::mem::replace(&mut self.gone, true) { self.drain() } else { Ok(Change::Gone) }
    }

    /// What was written to the file that has lost its name.
    fn drain(&mut self) -> io::Result<Change> {
        let Some(open) = &mut self.open else { return Ok(Change::Same) };
        let (_, len) = open.bytes.stat()?;
        Ok(if len > open.len && open.grow(len)? { Change::Grew } else { Change::Same })
    }
}

/// `None` if there is none.
fn open(source: &dyn Source, place: &Place) -> io::Result<Option<Arc<dyn Bytes>>> {
    match source.open(place) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Open {
    fn new(joined: Arc<Joined>, base: u64, bytes: Arc<dyn Bytes>) -> io::Result<Open> {
        let (id, len) = bytes.stat()?;
        let mut open = Open { joined, base, bytes, id, len, first: Vec::new(), last: Vec::new() };
        open.mark()?;
        Ok(open)
    }

    /// Says whether there is more.
    fn grow(&mut self, len: u64) -> io::Result<bool> {
        let more = len > self.len;
        self.len = len;
        if more {
            self.mark()?;
        }
        Ok(more)
    }

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
    use std::path::PathBuf;

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
    fn what_is_written_before_a_rotation_is_read_before_what_comes_after_it() {
        let mut case = Case::new();
        case.write("one\n");
        case.check();
        case.append("unseen");
        fs::rename(case.path(), case.root.path().join("a/debug.log.1")).unwrap();
        case.write("new\n");
        assert_eq!((case.check(), case.text()), (Change::Rotated, "one\nunseen\nnew\n".into()));
        case.append("two\n");
        assert_eq!((case.check(), case.text()), (Change::Grew, "one\nunseen\nnew\ntwo\n".into()));
    }

    #[test]
    fn a_writer_that_is_late_to_turn_to_the_new_file_is_read_to_its_last_line() {
        let mut case = Case::new();
        case.write("one\n");
        case.check();
        let mut writer = fs::OpenOptions::new().append(true).open(case.path()).unwrap();
        fs::rename(case.path(), case.root.path().join("a/debug.log.1")).unwrap();
        case.write("");
        assert_eq!(case.check(), Change::Same);
        io::Write::write_all(&mut writer, b"late\n").unwrap();
        assert_eq!((case.check(), case.text()), (Change::Grew, "one\nlate\n".into()));
        case.append("new\n");
        assert_eq!((case.check(), case.text()), (Change::Rotated, "one\nlate\nnew\n".into()));
    }

    #[test]
    fn a_removed_file_stays_readable_and_the_next_one_goes_on_below_it() {
        let mut case = Case::new();
        assert_eq!(case.check(), Change::Gone);
        case.write("one\n");
        assert_eq!(case.check(), Change::Replaced);
        fs::remove_file(case.path()).unwrap();
        assert_eq!((case.check(), case.check(), case.text()), (Change::Gone, Change::Same, "one\n".into()));
        case.write("new\n");
        assert_eq!((case.check(), case.text()), (Change::Rotated, "one\nnew\n".into()));
        fs::remove_file(case.path()).unwrap();
        fs::create_dir(case.path()).unwrap();
        assert!(case.followed.check(&case.source).is_err());
        assert_eq!(case.text(), "one\nnew\n");
    }

    #[test]
    fn the_oldest_files_are_let_go_of() {
        let mut case = Case::new();
        case.write("0\n");
        case.check();
        for number in 1..MOST_PARTS {
            fs::remove_file(case.path()).unwrap();
            case.write(&format!("{number}\n"));
            assert_eq!(case.check(), Change::Rotated);
        }
        fs::remove_file(case.path()).unwrap();
        case.write("last\n");
        assert_eq!((case.check(), case.text()), (Change::Replaced, "last\n".into()));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(String),
        Truncate,
        Rewrite(String),
        /// Written unseen, renamed or removed, written by the late writer, and made anew; with looks between or not.
        Rotate {
            unseen: String,
            rename: bool,
            looks: [bool; 3],
            late: String,
            new: String,
        },
    }

    fn step() -> impl Strategy<Value = Step> {
        let text = "[a-z\n]{1,20}";
        let rotate = (text, any::<bool>(), any::<[bool; 3]>(), "[a-z\n]{0,9}", text);
        prop_oneof![
            4 => text.prop_map(Step::Append),
            1 => Just(Step::Truncate),
            1 => text.prop_map(Step::Rewrite),
            3 => rotate.prop_map(|(unseen, rename, looks, late, new)| Step::Rotate { unseen, rename, looks, late, new }),
        ]
    }

    impl Case {
        /// Rotates; returns what was written to the old file.
        fn rotate(
            &mut self,
            (unseen, late, new): (&str, &str, &str),
            rename: bool,
            looks: [bool; 3],
        ) -> Vec<Change> {
            use std::io::Write;
            let mut changes = Vec::new();
            let mut writer = fs::OpenOptions::new().append(true).open(self.path()).unwrap();
            writer.write_all(unseen.as_bytes()).unwrap();
            if rename {
                fs::rename(self.path(), self.root.path().join("a/debug.log.1")).unwrap();
            } else {
                fs::remove_file(self.path()).unwrap();
            }
            changes.extend(looks[0].then(|| self.check()));
            self.append("");
            changes.extend(looks[1].then(|| self.check()));
            writer.write_all(late.as_bytes()).unwrap();
            changes.extend(looks[2].then(|| self.check()));
            self.append(new);
            changes
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_happens_every_line_is_read_once_and_in_order(steps in proptest::collection::vec(step(), 1..12)) {
            let mut case = Case::new();
            case.write("first\n");
            prop_assert_eq!(case.check(), Change::Replaced);
            let (bytes, len) = case.followed.bytes().unwrap();
            let (mut lines, mut whole, mut now) = (Lines::new(bytes, len), "first\n".to_owned(), 6);
            for step in steps {
                let mut changes = Vec::new();
                match step {
                    Step::Append(text) => {
                        case.append(&text);
                        whole += &text;
                        now += text.len();
                    }
                    Step::Truncate => {
                        case.write("");
                        // To what was empty nothing has happened.
                        if now > 0 {
                            whole.clear();
                        }
                        now = 0;
                    }
                    Step::Rewrite(text) => {
                        case.write(&format!("#{text}"));
                        (whole, now) = (format!("#{text}"), text.len() + 1);
                        if case.followed.open.as_ref().unwrap().len == 0 {
                            case.followed = Followed::new(case.followed.place.clone());
                        }
                    }
                    Step::Rotate { unseen, rename, looks, late, new } => {
                        changes = case.rotate((&unseen, &late, &new), rename, looks);
                        whole += &format!("{unseen}{late}");
                        whole += if whole.ends_with('\n') { "" } else { "\n" };
                        whole += &new;
                        now = new.len();
                    }
                }
                changes.push(case.check());
                let (bytes, len) = case.followed.bytes().unwrap();
                if changes.contains(&Change::Replaced) {
                    whole = whole.split_off(whole.len() - now); // what was cut, or is too old, is not kept
                    lines = Lines::new(bytes, len);
                }
                lines.grow(len);
                let mut seen = Vec::new();
                let mut at = 0;
                while at < lines.len() {
                    let end = lines.end_of(at).unwrap();
                    seen.push(String::from_utf8(lines.text(at, end).unwrap()).unwrap());
                    at = end;
                }
                prop_assert_eq!(seen, whole.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
