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
fn who_reads_the_row_sees_what_comes_also_if_nothing_was_to_be_put_above_it() {
    let mut case = Case::new();
    case.write("one\n");
    case.check();
    let (row, _) = case.followed.bytes().unwrap();
    let part = case.root.path().join("a/debug.log.1");
    fs::rename(case.path(), &part).unwrap();
    // Whoever looked for parts just now has found the file itself under its new name.
    let place = Place { job: "a".into(), file: "debug.log.1".into() };
    let itself: Arc<dyn Bytes> = case.source.open(&place).unwrap().into();
    assert_eq!(case.followed.put_above(&[itself]).unwrap(), (0, 0));
    case.write("new\n");
    assert_eq!(case.check(), Change::Rotated);
    let mut seen = [0; 8];
    assert_eq!((row.read_at(&mut seen, 0).unwrap(), &seen), (8, b"one\nnew\n"));
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
