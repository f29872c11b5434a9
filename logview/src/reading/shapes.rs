//! What is said in a log, whatever the numbers: messages with numbers, ids and times taken out, how often each is said and
//! where first. Two logs are compared by that: what is said in one of them only.
//!
//! A word that is a number, a time, an address or an id is a `#`, and so are several in a row: `retry 1/3 from
//! 10.0.4.17:5432` is `retry # from #`. A name keeps its letters: `worker12` is `worker#`, `sha256` is `sha#`.

use super::Format;
use super::detect::MESSAGES;
use super::head::{Form, Head, LOOK, instant};
use super::search::{How, Pattern};
use super::sweep::{self, Block, blocks};
use crate::source::Bytes;
use log::Level;
use memchr::{memchr, memmem};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;

/// Bytes of a shape at most; what a message says beyond does not count.
const LONG: usize = 160;

/// Shapes that are told apart, and as many more for each level that is worse: of a log that says something else in each line
/// the others are only counted.
const MOST: usize = 10_000;

/// Seconds and nanoseconds since the epoch.
type Moment = (i64, u32);

/// One of the things that a log says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Shape {
    pub level: Option<Level>,
    pub text: String,
}

/// How often it is said, and where and when first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Said {
    pub count: u64,
    pub at: u64,
    pub time: Option<Moment>,
}

/// All that a log says.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// By what stands in the way of a shape: its level as a byte, and its text.
    said: HashMap<Box<[u8]>, Said>,
    /// Lines that start no record, which are told if there is none.
    plain: HashMap<Box<[u8]>, Said>,
    /// How many records there are.
    pub records: u64,
    lines: u64,
    /// Records of each level beyond as many shapes of it as are told apart.
    pub others: [u64; 6],
}

impl Shapes {
    fn add(&mut self, key: &[u8], count: u64, at: u64, time: impl FnOnce() -> Option<Moment>) {
        // So that what is said in many ways at one level leaves room for the others.
        let level = usize::from(key.first().copied().unwrap_or(0)).min(5);
        if !put(&mut self.said, key, (count, at), MOST * (level + 1), time) {
            self.others[level] += count;
        }
    }

    fn merge(&mut self, other: Shapes) {
        self.records += other.records;
        self.lines += other.lines;
        self.others.iter_mut().zip(other.others).for_each(|(own, other)| *own += other);
        for (key, said) in other.said {
            self.add(&key, said.count, said.at, || said.time);
        }
        for (key, said) in other.plain {
            put(&mut self.plain, &key, (said.count, said.at), MOST, || None);
        }
    }

    /// Where no line starts a record, each is one.
    fn or_plain(mut self) -> Shapes {
        if self.records == 0 {
            (self.said, self.records) = (std::mem::take(&mut self.plain), self.lines);
        }
        self
    }
}

/// Counts what is said; `false` if there is no room for it.
fn put(
    said: &mut HashMap<Box<[u8]>, Said>,
    key: &[u8],
    (count, at): (u64, u64),
    most: usize,
    time: impl FnOnce() -> Option<Moment>,
) -> bool {
    if let Some(known) = said.get_mut(key) {
        known.count += count;
        if at < known.at {
            (known.at, known.time) = (at, time());
        }
        return true;
    }
    let room = said.len() < most;
    if room {
        said.insert(key.into(), Said { count, at, time: time() });
    }
    room
}

/// What is said in a range of a row of bytes, the ends of which are those of lines; `None` if `stop` said so. `read` is told
/// how many bytes were looked at, now and then.
///
/// # Errors
/// What the file system says.
pub fn shapes(
    (bytes, range): (&dyn Bytes, Range<u64>),
    format: &Format,
    read: &(dyn Fn(u64) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<Shapes>> {
    let mut all = Shapes::default();
    let look = |block: Block| (of_block(format, block, &range), block.raw.len() as u64);
    let mut take = |_, (shapes, count): (Shapes, u64)| {
        all.merge(shapes);
        read(count);
        true
    };
    let order = range.start / sweep::BLOCK..blocks(range.end);
    let complete = sweep::sweep((bytes, range.end), order, &look, &mut take, stop)?;
    Ok(complete.then(|| all.or_plain()))
}

fn of_block(format: &Format, block: Block, range: &Range<u64>) -> Shapes {
    let (mut shapes, mut key) = (Shapes::default(), Vec::with_capacity(2 * LONG));
    let (mut rest, mut at) = (block.lines, block.start);
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        let (line, next) = rest.split_at(end);
        if range.contains(&at) {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            // Where a line was cut no record starts.
            let starts = at > block.start || block.fresh;
            match format.head(&line[..line.len().min(LOOK)]).filter(|_| starts) {
                Some(head) => {
                    shapes.records += 1;
                    key_of(head.level, &said_by(line, &head), &mut key);
                    shapes.add(&key, 1, at, || instant(line.get(head.time?)?));
                }
                None => {
                    shapes.lines += 1;
                    key_of(None, line, &mut key);
                    put(&mut shapes.plain, &key, (1, at), MOST, || None);
                }
            }
        }
        (rest, at) = (next, at + end as u64);
    }
    shapes
}

/// The message of a record's first line; of one that is made of fields that which is the message.
fn said_by<'l>(line: &'l [u8], head: &Head) -> Cow<'l, [u8]> {
    let field = match head.form {
        Form::Text => None,
        Form::Json => message_in_json(line),
        Form::Logfmt => message_in_logfmt(line).map(Cow::Borrowed),
    };
    field.unwrap_or_else(|| Cow::Borrowed(line.get(head.message..).unwrap_or_default()))
}

fn message_in_json(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let fields: BTreeMap<String, Value> = serde_json::from_slice(line).ok()?;
    let said = MESSAGES.iter().find_map(|name| fields.get(*name)?.as_str())?;
    Some(Cow::Owned(said.as_bytes().to_vec()))
}

fn message_in_logfmt(line: &[u8]) -> Option<&[u8]> {
    MESSAGES.iter().find_map(|name| {
        let start = memmem::find(line, format!(" {name}=").as_bytes())? + name.len() + 2;
        let value = &line[start..];
        match value.strip_prefix(b"\"") {
            Some(quoted) => Some(&quoted[..memchr(b'"', quoted).unwrap_or(quoted.len())]),
            None => Some(&value[..memchr(b' ', value).unwrap_or(value.len())]),
        }
    })
}

/// The worse the level, the higher, so that it has more room.
pub fn weight(level: Option<Level>) -> u8 {
    level.map_or(0, |level| 6 - level as u8)
}

fn key_of(level: Option<Level>, message: &[u8], key: &mut Vec<u8>) {
    key.clear();
    key.push(weight(level));
    shape_into(message, key);
}

fn shape_of(key: &[u8]) -> Shape {
    let level = key.first().and_then(|first| Level::iter().find(|level| weight(Some(*level)) == *first));
    Shape { level, text: String::from_utf8_lossy(key.get(1..).unwrap_or_default()).into_owned() }
}

/// Puts a message without its numbers, ids and times behind what stands there.
fn shape_into(message: &[u8], shape: &mut Vec<u8>) {
    let message = &message[..message.len().min(4 * LONG)];
    let start = shape.len();
    let (mut at, mut hole) = (0, None::<usize>);
    while at < message.len() && shape.len() < start + LONG {
        let word = message[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if word == 0 {
            let other = message[at..].iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
            shape.extend_from_slice(&message[at..at + other]);
            at += other;
            continue;
        }
        let (name, number) = split(&message[at..at + word]);
        at += word;
        // What stands between two numbers belongs to them: a time, an address, a list.
        match hole.filter(|&end| name.is_empty() && joins(&shape[end..])) {
            Some(end) => shape.truncate(end),
            None => {
                shape.extend_from_slice(name);
                shape.extend(number.map(|_| b'#'));
            }
        }
        if let Some(unit) = number {
            hole = unit.is_empty().then_some(shape.len());
            shape.extend_from_slice(unit);
        }
    }
    // Whole characters, and nothing that is only air.
    if shape.len() > start + LONG {
        let is_inner = |byte: &u8| byte & 0xc0 == 0x80;
        let end = (start..=start + LONG).rev().find(|&end| !is_inner(&shape[end])).unwrap_or(start);
        shape.truncate(end);
    }
    let air = shape[start..].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    shape.truncate(shape.len() - air);
}

/// The letters that a word begins with, and, if there is a number in it, what stands behind that; a word that is an id is
/// a number.
fn split(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    let is_digit = u8::is_ascii_digit;
    let Some(first) = word.iter().position(is_digit) else {
        let is_id = word.len() >= 8 && word.iter().all(u8::is_ascii_hexdigit);
        return if is_id { (&[], Some(&[])) } else { (word, None) };
    };
    let digits = word[first..].iter().take_while(|byte| is_digit(byte)).count();
    let unit = &word[first + digits..];
    let is_hex = word.len() >= 4 && word.iter().all(u8::is_ascii_hexdigit);
    if is_hex || unit.iter().any(is_digit) || (word.starts_with(b"0x") && word.len() > 2) {
        return (&[], Some(&[]));
    }
    (&word[..first], Some(unit))
}

/// Whether what stands between two numbers makes them one.
fn joins(between: &[u8]) -> bool {
    matches!(between, b"" | b"." | b":" | b"/" | b"-" | b"," | b"+" | b", " | b"_")
}

/// What finds the messages of a shape.
pub fn pattern(shape: &str) -> Option<Pattern> {
    let mut source = String::new();
    for (nth, part) in shape.split('#').enumerate() {
        if nth > 0 {
            // What is a `#` in the message itself is one of these too.
            source.push_str("[-0-9A-Za-z.:,/+_ #]+?");
        }
        // Bytes that are no text.
        source.push_str(&regex::escape(part).replace('\u{fffd}', "(?-u:.)+?"));
    }
    Pattern::with(&source, How { smart_case: false, ..How::default() }).ok()
}

/// What one of two logs says more often than the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Difference {
    pub shape: Shape,
    /// How often it is said in each, and where and when first.
    pub said: [Option<Said>; 2],
}

impl Difference {
    /// How often it is said in each.
    pub fn counts(&self) -> [u64; 2] {
        self.said.map(|said| said.map_or(0, |said| said.count))
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self.counts() {
            [0, _] => Kind::OnlySecond,
            [_, 0] => Kind::OnlyFirst,
            [a, b] if a.max(b) >= MUCH * a.min(b) && a.abs_diff(b) >= MUCH => Kind::Much,
            _ => Kind::Both,
        }
    }
}

/// So many times as often is worth a look.
const MUCH: u64 = 3;

/// Who says it. In the order in which a person wants to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    OnlySecond,
    OnlyFirst,
    /// Both, one of them at least three times as often.
    Much,
    Both,
}

/// All that is said in one or both of two logs: by kind, the worst level first, then in the order in which it is first said.
pub fn differences([first, second]: [Shapes; 2]) -> Vec<Difference> {
    let mut second = second.said;
    let mut all: Vec<Difference> = first
        .said
        .into_iter()
        .map(|(key, said)| {
            let other = second.remove(&key);
            Difference { shape: shape_of(&key), said: [Some(said), other] }
        })
        .collect();
    all.extend(
        second.iter().map(|(key, said)| Difference { shape: shape_of(key), said: [None, Some(*said)] }),
    );
    let level = |level: Option<Level>| level.map_or(usize::MAX, |level| level as usize);
    let at = |of: &Difference| of.said[1].or(of.said[0]).map_or(0, |said| said.at);
    all.sort_by(|a, b| {
        let key = |of: &Difference| (of.kind(), level(of.shape.level), at(of));
        key(a).cmp(&key(b)).then_with(|| a.shape.cmp(&b.shape))
    });
    all
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use proptest::prelude::*;

    fn shape(message: &[u8]) -> String {
        let mut shape = Vec::new();
        shape_into(message, &mut shape);
        String::from_utf8_lossy(&shape).into_owned()
    }

    #[test]
    fn numbers_ids_and_times_are_taken_out_and_names_stay() {
        for (message, wanted) in [
            ("retry 1/3 conn=10.0.4.17:5432 backoff=200ms", "retry # conn=# backoff=#ms"),
            ("batch 118 accepted size=512 lag=0.2s", "batch # accepted size=# lag=#s"),
            ("user 5f0c3b1e-9d7a-4c1b-8f00-0123456789ab left", "user # left"),
            ("at 2026-08-17T14:31:52.219Z, 1,204 items", "at #Z, # items"),
            ("commit deadbeefcafe by worker12 in sha256", "commit # by worker# in sha#"),
            ("read 0x7f3a21 of x86_64, id a1b2c3x9", "read # of x#, id #"),
            ("[1, 2, 3] -> [4, 5]", "[#] -> [#]"),
            ("décodé 3 fichiers", "décodé # fichiers"),
            ("nothing to take out", "nothing to take out"),
            ("facade added decade", "facade added decade"),
            ("", ""),
        ] {
            assert_eq!(shape(message.as_bytes()), wanted, "{message}");
        }
    }

    fn of(text: &str) -> Shapes {
        let bytes = Memory(text.as_bytes().to_vec());
        shapes((&bytes, 0..text.len() as u64), &Format::default(), &|_| (), &|| false).unwrap().unwrap()
    }

    fn line(level: &str, second: u32, text: &str) -> String {
        format!("[{level}] [2026-11-22T16:20:{second:02}Z] {text}\n")
    }

    #[test]
    fn what_one_of_two_says_alone_comes_first_the_worst_before_all() {
        let good = line("INFO", 1, "batch 1 done")
            + &line("DEBUG", 2, "warm cache")
            + &line("INFO", 3, "batch 2 done");
        let bad = line("INFO", 1, "batch 7 done")
            + &line("INFO", 2, "slow disk sda1")
            + &line("ERROR", 3, "commit 9 failed\n\tat x")
            + &line("ERROR", 5, "commit 10 failed");
        let all = differences([of(&good), of(&bad)]);
        let told: Vec<_> = all.iter().map(|of| (of.kind(), of.shape.text.as_str(), of.counts())).collect();
        assert_eq!(
            told,
            [
                (Kind::OnlySecond, "commit # failed", [0, 2]),
                (Kind::OnlySecond, "slow disk sda#", [0, 1]),
                (Kind::OnlyFirst, "warm cache", [1, 0]),
                (Kind::Both, "batch # done", [2, 1]),
            ]
        );
        let first = all[0].said[1].unwrap();
        assert_eq!(first.time, instant(b"2026-11-22T16:20:03Z"));
        assert!(bad[first.at as usize..].starts_with("[ERROR]"));
    }

    #[test]
    fn a_message_with_signs_of_its_own_is_found_again() {
        for message in ["issue #12 closed", "color #fff set", "C# error 5", "bytes \u{fffd} 7"] {
            let pattern = pattern(&shape(message.as_bytes())).unwrap();
            assert!(pattern.is_match(message.as_bytes()), "{message}");
        }
        assert!(pattern(&shape(b"bytes \xff\xfe 7")).unwrap().is_match(b"bytes \xff\xfe 7"));
    }

    #[test]
    fn of_lines_that_are_made_of_fields_the_message_is_told() {
        let json = |message: &str| {
            format!(
                "{{\"time\":\"2026-11-22T16:20:01Z\",\"level\":\"info\",\"span\":{{\"name\":\"{}\"}},\"msg\":\"{message}\"}}\n",
                "x".repeat(200)
            )
        };
        let logfmt = "time=2026-11-22T16:20:01Z level=info msg=\"took 7 ms\" id=3\n";
        let said = |text: &str| of(text).said.keys().map(|key| shape_of(key).text).collect::<Vec<_>>();
        assert_eq!(
            (said(&json("took 9 ms")), said(logfmt)),
            (vec!["took # ms".to_owned()], vec!["took # ms".to_owned()])
        );
        assert_ne!(said(&json("all is well")), said(&json("disk is on fire")));
    }

    #[test]
    fn what_is_said_in_countless_ways_leaves_room_for_what_is_worse() {
        let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
        let word = |number: usize| {
            [17_576, 676, 26, 1].map(|place| letter(number / place)).iter().collect::<String>()
        };
        let mut text: String =
            (0..3 * MOST + 500).map(|number| format!("[DEBUG] says {}\n", word(number))).collect();
        text += "[ERROR] disk on fire\n";
        let shapes = of(&text);
        assert!((500..=501).contains(&shapes.others[2]), "{:?}", shapes.others);
        assert!(shapes.said.keys().any(|key| shape_of(key).level == Some(Level::Error)));
    }

    #[test]
    fn lines_without_heads_are_told_too_and_a_part_of_a_log_alone() {
        let text = "step 1\nstep 2\nend\n";
        assert_eq!(of(text).said.len(), 2);
        let bytes = Memory(text.as_bytes().to_vec());
        let part = shapes((&bytes, 7..14), &Format::default(), &|_| (), &|| false).unwrap().unwrap();
        assert_eq!((part.records, part.said.len()), (1, 1));
        assert!(shapes((&bytes, 0..18), &Format::default(), &|_| (), &|| true).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn a_shape_is_that_of_messages_with_other_numbers_and_finds_them(
            words in proptest::collection::vec("[a-z]{2,6}", 1..6), numbers in proptest::collection::vec(0..100_000u32, 6), others in proptest::collection::vec(0..100_000u32, 6),
        ) {
            let said = |numbers: &[u32]| words.iter().zip(numbers).map(|(word, number)| format!("{word} {number}")).collect::<Vec<_>>().join(" ");
            let (one, other) = (said(&numbers), said(&others));
            let text = shape(one.as_bytes());
            prop_assert_eq!(&text, &shape(other.as_bytes()));
            let pattern = pattern(&text).unwrap();
            prop_assert!(pattern.is_match(one.as_bytes()) && pattern.is_match(other.as_bytes()), "{}", text);
        }

        #[test]
        fn any_bytes_have_a_shape_of_bounded_length(message in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut bytes = vec![7];
            shape_into(&message, &mut bytes);
            prop_assert!(bytes[0] == 7 && bytes.len() <= 1 + LONG);
            let text = shape(&message);
            prop_assert!(pattern(&text).is_some());
        }
    }
}
