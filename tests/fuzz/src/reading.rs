//! What is fuzzed of the viewer's reading engine: each function takes any bytes and panics if what is read is not what
//! was written, however it was cut, rolled, truncated or packed.

use flate2::Compression;
use flate2::write::GzEncoder;
use logview::reading::index::{Index, learn};
use logview::reading::merged::Merger;
use logview::reading::page::{page, whole_record};
use logview::reading::search::Way;
use logview::reading::shapes::shapes;
use logview::reading::unpacked::{self, Stretches};
use logview::reading::{
    Anchor, Change, Filter, Filters, Followed, Format, Hits, Interleaved, Line, Lines, Pattern, Sieve, seek,
    sweep,
};
use logview::source::{Bytes, FileId, Local, Packing, Place};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A file in memory, which grows.
#[derive(Default)]
struct Memory(Mutex<Vec<u8>>);

impl Memory {
    fn of(bytes: &[u8]) -> Arc<Memory> {
        Arc::new(Memory(Mutex::new(bytes.to_vec())))
    }

    fn push(&self, bytes: &[u8]) {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
    }

    fn len(&self) -> u64 {
        self.0.lock().expect("nobody panics").len() as u64
    }
}

impl Bytes for Memory {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let all = self.0.lock().expect("nobody panics");
        let rest = all.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        Ok((FileId(1, 1), self.len()))
    }
}

fn whole(bytes: &dyn Bytes, len: u64) -> Vec<u8> {
    let mut data = vec![0; len as usize];
    let got = bytes.read_at(&mut data, 0).expect("memory can be read");
    data.truncate(got);
    data
}

/// Numbers and pieces out of a script.
struct Script<'s>(&'s [u8]);

impl<'s> Script<'s> {
    fn number(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }

    fn piece(&mut self) -> &'s [u8] {
        let len = self.number().unwrap_or(0) % 48;
        let (piece, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        piece
    }
}

/// Any bytes as a log, looked at from anywhere: its lines are those of the whole.
pub(crate) fn lines(bytes: &[u8]) {
    let mut script = Script(bytes);
    let (Some(at), Some(cut), Some(wide)) = (script.number(), script.number(), script.number()) else {
        return;
    };
    // Some bytes stand for many, so that lines are as long as blocks.
    let text: Vec<u8> = script
        .0
        .iter()
        .flat_map(|&byte| std::iter::repeat_n(byte, if byte == b'~' { wide * 300 } else { 1 }))
        .collect();
    let (memory, len) = (Memory::of(&text), text.len() as u64);
    let (at, cut) = (len * at as u64 / 256, len * cut as u64 / 256);
    let over = |len| Lines::new(Arc::clone(&memory) as Arc<dyn Bytes>, len);
    let starts = |lines: &mut Lines| {
        let (mut starts, mut at) = (Vec::new(), 0);
        while at < lines.len() {
            starts.push(at);
            at = lines.end_of(at).expect("memory can be read");
        }
        starts
    };
    let mut lines = over(cut);
    let early = starts(&mut lines);
    lines.grow(len);
    let all = starts(&mut lines);
    assert_eq!(early[..], all[..early.len()], "a line that starts somewhere starts there for ever");
    let page =
        |lines: &mut Lines, around| page(lines, around, Sieve::ALL, &|| false).expect("memory can be read");
    let down = page(&mut lines, (Anchor::Start, 0, usize::MAX / 4)).lines;
    let up = page(&mut lines, (Anchor::End, 1 << 20, 0)).lines;
    assert_eq!(down.iter().map(|line| line.at).collect::<Vec<_>>(), all);
    assert!(down == up, "from its end it is the same");
    let here = page(&mut lines, (Anchor::At(at), 3, 3)).lines;
    assert!(here.iter().all(|line| down.contains(line)));
    // What the index counts, what is found, and where a number leads.
    let mut index = Index::default();
    index.grow(len);
    let one = |block| {
        learn(&Format::default(), sweep::read(&*memory, len, block, &mut Vec::new()).expect("it can be read"))
    };
    index.unknown(at).into_iter().for_each(|block| index.put(block, &one(block)));
    let tail: Vec<_> = index.tail().0.map(one).collect();
    index.put_tail(len, &tail);
    let newlines: Vec<u64> = (0..len).filter(|&at| text[at as usize] == b'\n').collect();
    assert_eq!(index.totals().lines, newlines.len() as u64);
    let number = cut % (newlines.len() as u64 + 2);
    let found = seek::line(&mut lines, &*memory, &index, number, &|| false).expect("it can be read");
    if let Some(&newline) =
        newlines.get((number as usize).wrapping_sub(2)).filter(|&&newline| newline + 1 < len)
    {
        assert_eq!(found, Some(newline + 1));
    }
    let hits = Hits::new(Pattern::new("e").expect("a pattern"), Arc::clone(&memory) as Arc<dyn Bytes>, len);
    let (mut met, mut from) = (Vec::new(), 0);
    while let Some(hit) = hits.nearest(&(from..len), Way::Forward, &|| false).expect("it can be read") {
        met.push(hit);
        from = hit + 1;
    }
    let holds = |line: &&Line| text[line.at as usize..line.end as usize].iter().any(|byte| byte | 32 == b'e');
    assert_eq!(met, down.iter().filter(holds).map(|line| line.at).collect::<Vec<_>>());
    let record = whole_record(&mut lines, at).expect("it can be read");
    assert!(len == 0 || record.range.contains(&at) || at == len, "{record:?} at {at}");
    filtered(&memory, len, &down);
    let said = shapes((&*memory, 0..len), &Format::default(), &|_| (), &|| false).expect("it can be read");
    assert!(said.expect("nobody stopped it").records <= down.len() as u64);
}

/// What passes filters is the same from either end, and context changes none of it.
fn filtered(memory: &Arc<Memory>, len: u64, all: &[Line]) {
    let filter =
        |text: &str, hides| Filter { pattern: Pattern::new(text).expect("a pattern"), hides, on: true };
    // Without one that shows, each record is asked about.
    let on = &[filter("a", false), filter("e", true)][usize::from(len.is_multiple_of(2))..];
    let row = (Arc::clone(memory) as Arc<dyn Bytes>, len);
    let filters = Filters::new(on, (None, None), row, &Format::default());
    let take = |around, context| {
        let mut lines = Lines::new(Arc::clone(memory) as Arc<dyn Bytes>, len);
        let sieve = Sieve { filters: filters.as_ref(), context, ..Sieve::ALL };
        page(&mut lines, around, sieve, &|| false).expect("memory can be read").lines
    };
    let down = take((Anchor::Start, 0, usize::MAX / 4), 0);
    assert_eq!(down, take((Anchor::End, 1 << 20, 0), 0));
    assert!(down.iter().all(|line| all.binary_search_by_key(&line.at, |all| all.at).is_ok()));
    let near = take((Anchor::Start, 0, usize::MAX / 4), 2);
    assert!(near.iter().filter(|line| !line.context).eq(&down));
    assert!(near.windows(2).all(|pair| pair[0].end <= pair[1].at));
}

/// What happens to a log file while it is followed by its name: each line is there once, in order.
pub(crate) fn following(bytes: &[u8]) {
    thread_local!(static ROOT: tempfile::TempDir = tempfile::tempdir().expect("a temporary directory"));
    ROOT.with(|root| {
        let dir = root.path().join("job");
        fs::create_dir_all(&dir).expect("a directory can be made");
        follow(root.path(), &dir, Script(bytes));
        fs::remove_dir_all(&dir).expect("it can be removed");
    });
}

fn follow(root: &Path, dir: &Path, mut script: Script) {
    let source = Local::new(root);
    let mut followed = Followed::new(Place { job: "job".into(), file: "debug.log".into() });
    let live = dir.join("debug.log");
    let part = |number: usize| dir.join(format!("debug.log.{number}"));
    let append = |text: &[u8]| {
        let mut file = File::options().append(true).create(true).open(&live).expect("a file");
        file.write_all(text).expect("it can be written");
    };
    // What is above the file, how often it was rolled, and whether it was cut or removed since the last look.
    let (mut above, mut rolls, mut cut) = (Vec::new(), 0, true);
    while let Some(what) = script.number().filter(|_| rolls < 20) {
        match what % 8 {
            0..=2 => append(script.piece()),
            3 | 4 if live.exists() => {
                let old = fs::read(&live).expect("it can be read");
                let ended = old.is_empty() || old.ends_with(b"\n");
                above.extend_from_slice(&old);
                above.extend_from_slice(if ended { b"" } else { b"\n" });
                (1..=rolls)
                    .rev()
                    .for_each(|number| fs::rename(part(number), part(number + 1)).expect("a part"));
                fs::rename(&live, part(1)).expect("it can be renamed");
                rolls += 1;
                append(script.piece());
            }
            5 if live.exists() => {
                File::options().write(true).open(&live).expect("a file").set_len(0).expect("it can be cut");
                append(script.piece());
                cut = true;
            }
            6 if live.exists() => {
                fs::remove_file(&live).expect("it can be removed");
                cut = true;
            }
            _ => {}
        }
        if what & 0x40 != 0 || !live.exists() {
            continue; // nobody looks in between; what a removed file held is not asked for
        }
        let change = followed.check(&source).expect("it can be read");
        assert!(change != Change::Replaced || cut, "nobody has cut it");
        if change == Change::Replaced {
            above.clear();
        }
        if cut && change != Change::Replaced {
            // A file that was cut and written again looks as if it had grown, or another has come below what was removed.
            let (row, len) = followed.bytes().expect("there is one");
            above = whole(&*row, len - fs::read(&live).expect("it can be read").len() as u64);
        }
        let (row, len) = followed.bytes().expect("there is one");
        let (row, now) = (whole(&*row, len), fs::read(&live).expect("it can be read"));
        // As long as the next one is empty, nothing more is expected of the one that was cut.
        cut &= now.is_empty();
        // The end of its last line comes with what goes on below it.
        let unended = above.last().is_some_and(|last| *last != b'\n') && !now.is_empty();
        above.extend_from_slice(if unended { b"\n" } else { b"" });
        let mut wanted = above.clone();
        wanted.extend_from_slice(&now);
        let open = now.is_empty() && wanted.strip_suffix(b"\n").is_some_and(|wanted| wanted == row);
        assert!(
            row == wanted || open,
            "{:?} is not {:?}",
            row.escape_ascii().to_string(),
            wanted.escape_ascii().to_string()
        );
    }
}

/// Several logs that grow, as one: no line is lost, none moves.
pub(crate) fn several(bytes: &[u8]) {
    let mut script = Script(bytes);
    let files: Vec<Arc<Memory>> = (0..3).map(|_| Memory::of(b"")).collect();
    let parts = || files.iter().map(|file| (Arc::clone(file) as Arc<dyn Bytes>, Format::default())).collect();
    let (row, mut merger) = (Interleaved::new(parts()), Merger::new(parts()));
    let (mut before, mut merged_before) = (Vec::new(), Vec::new());
    loop {
        let what = script.number();
        if let Some(what) = what {
            files[what % 3].push(script.piece());
        }
        if what.is_some_and(|what| what & 0x40 != 0) {
            continue;
        }
        let lens: Vec<u64> = files.iter().map(|file| file.len()).collect();
        let len = row.grow(&lens).expect("memory can be read");
        let now = whole(&row, len);
        assert!(now.starts_with(&before), "what was there has moved");
        before = now;
        while !merger.go_on(&lens, 100).expect("memory can be read") {}
        let now = whole(&**merger.merged(), merger.len());
        assert!(now.starts_with(&merged_before), "what was there has moved");
        merged_before = now;
        if what.is_none() {
            break;
        }
    }
    let mut of_part = vec![Vec::new(); 3];
    let mut at = 0;
    for line in before.split_inclusive(|byte| *byte == b'\n') {
        let part = row.part_at(at).expect("memory can be read").expect("it is from one of them");
        of_part[part].extend_from_slice(line);
        at += line.len() as u64;
    }
    for (of_part, file) in of_part.iter().zip(&files) {
        let all = whole(&**file, file.len());
        let ended = all.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        assert_eq!(of_part[..], all[..ended], "a line is missing");
        let merged = |line: &[u8]| merged_before.split(|byte| *byte == b'\n').any(|there| there == line);
        assert!(
            all[..ended].split_inclusive(|byte| *byte == b'\n').all(|line| merged(&line[..line.len() - 1]))
        );
    }
}

/// Any bytes as an archive, and an archive of any bytes that ends anywhere: what it gives is the same from everywhere.
pub(crate) fn packed(bytes: &[u8]) {
    let (from, cut) = (bytes.first().copied().unwrap_or(0), bytes.get(1).copied().unwrap_or(0));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let text = bytes.repeat(usize::from(from) + 1);
    gzip.write_all(&text).expect("memory can be written");
    let mut gzip = gzip.finish().expect("memory can be written");
    gzip.truncate(gzip.len() - gzip.len() * usize::from(cut) / 512);
    for (packing, packed) in [(Packing::Gzip, bytes), (Packing::Zstd, bytes), (Packing::Gzip, &gzip)] {
        let stretches = Arc::<Stretches>::default();
        let Ok(open) = unpacked::open(Memory::of(packed), packing, 1, &stretches) else { continue };
        let (_, len) = open.stat().expect("memory can be read");
        let all = whole(&*open, len);
        assert_eq!(all.len() as u64, len);
        assert!(packed.as_ptr() != gzip.as_ptr() || text.starts_with(&all));
        let from = all.len() * usize::from(from) / 256;
        let mut some = vec![0; 100];
        let got = open.read_at(&mut some, from as u64).expect("memory can be read");
        assert_eq!(some[..got], all[from..all.len().min(from + 100)]);
    }
}

/// A pattern, and below it lines to be read by it.
pub(crate) fn format(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == b'\n');
    let pattern = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let format = Format::of(&pattern, "import-42");
    let both = Format::any([&format, &Format::of("{d} {l} {m}{n}", "other")]);
    let mut times = None;
    for line in parts {
        for format in [&format, &both] {
            let level = format.level_and_time(line, &mut times).map(|(level, _)| level);
            let Some(head) = format.head(line) else { continue };
            let ranges = [head.time.clone(), head.target.clone(), Some(head.message..line.len())];
            let inside = |range: std::ops::Range<usize>| range.start <= range.end && range.end <= line.len();
            assert!(ranges.into_iter().flatten().all(inside), "{head:?}");
            assert_eq!(level, Some(head.level), "{:?}", line.escape_ascii().to_string());
        }
    }
}
