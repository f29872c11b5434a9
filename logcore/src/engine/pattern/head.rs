//! The part of a line before the message, kept per thread and call site.
//!
//! A program logs from few places many times a second. What a pattern writes before the message (level, time, job, process,
//! thread, module, line) is then the same but for a fraction of a second: it is copied, and the fraction patched.

use super::{Chunk, encode_all};
use crate::engine::line::Line;
use crate::engine::moment::{Fraction, Moment, TimeFormat};
use crate::process;
use crate::template::Vars;
use log::{Level, Record};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The chunks before the first that can differ from record to record.
#[derive(Debug)]
pub(super) struct Head {
    chunks: Vec<Chunk>,
    /// Where in `chunks` the time is, if it is in there.
    time: Option<usize>,
    /// The fraction of a second in it; `None` if there is more than one, so that nothing is kept.
    fraction: Option<Fraction>,
    /// Whether it has to be kept apart by target and by file.
    target: bool,
    file: bool,
    /// Tells its entries in the caches from those of others.
    number: u64,
}

/// Of a text that lives as long as the process: where it stands, and its length. Both are 0 for other texts, for which
/// nothing is kept.
type Address = (usize, usize);

/// A head as it was written last, and what it depends on.
#[derive(Debug)]
struct Kept {
    whose: u64,
    second: i64,
    line: Option<u32>,
    pid: u32,
    level: Level,
    module: Address,
    file: Address,
    /// Empty if the head does not show it.
    target: String,
    text: Vec<u8>,
    /// Where the digits of the fraction stand, and which they are.
    at: usize,
    span: Range<usize>,
}

/// Call sites that a thread keeps a head for; a power of two. With heads of 200 bytes that is 16 KiB.
const SITES: usize = 32;

/// A head longer than that is not worth keeping.
const LONGEST: usize = 1024;

/// The heads that one thread keeps.
#[derive(Debug, Default)]
pub(crate) struct Heads(Vec<Option<Kept>>);

impl Head {
    /// Takes the head off `chunks`.
    pub(super) fn split_off(chunks: &mut Vec<Chunk>) -> Head {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut times = 0;
        let end = chunks.iter().position(|chunk| match chunk {
            Chunk::Time(_) => {
                times += 1;
                times > 1
            }
            chunk => !chunk.is_the_same_for_a_site(),
        });
        let tail = chunks.split_off(end.unwrap_or(chunks.len()));
        let head = std::mem::replace(chunks, tail);
        let time = head.iter().position(|chunk| matches!(chunk, Chunk::Time(_)));
        Head {
            fraction: format(&head, time).map_or(Some(Fraction::NONE), TimeFormat::only_fraction),
            time,
            target: head.iter().any(|chunk| chunk.holds(|chunk| matches!(chunk, Chunk::Target))),
            file: head.iter().any(|chunk| chunk.holds(|chunk| matches!(chunk, Chunk::File))),
            chunks: head,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(super) fn starts_with_text(&self) -> bool {
        matches!(self.chunks.first(), Some(Chunk::Text(_)))
    }

    pub(super) fn encode(
        &self,
        line: &mut Line,
        heads: &mut Heads,
        record: &Record<'_>,
        now: Moment,
        vars: &Vars,
    ) {
        let Some(fraction) = self.fraction.filter(|_| !line.is_styled()) else {
            return encode_all(&self.chunks, line, record, now, vars);
        };
        let whose = self.whose(vars);
        let span = fraction.span(now);
        if let Some(Some(head)) = heads.0.get(slot(whose, record))
            && head.is_of(whose, record, now)
            && span.end == head.span.end
            && (!self.file || head.file == address(record.file_static()))
            && (!self.target || head.target == record.target())
        {
            line.head(&head.text, head.at, &now.digits(), span);
        } else {
            self.write_and_keep(heads, span, line, record, now, vars);
        }
    }

    #[cold]
    fn write_and_keep(
        &self,
        heads: &mut Heads,
        span: Range<usize>,
        line: &mut Line,
        record: &Record<'_>,
        now: Moment,
        vars: &Vars,
    ) {
        let start = line.bytes().len();
        let (before, after) = self.chunks.split_at(self.time.unwrap_or(0));
        encode_all(before, line, record, now, vars);
        let time = line.bytes().len() - start;
        encode_all(after, line, record, now, vars);
        if record.module_path_static().is_none() || (self.file && record.file_static().is_none()) {
            return; // of a text that may be gone the address says nothing
        }
        let whose = self.whose(vars);
        let head = Kept {
            whose,
            second: now.second,
            line: record.line(),
            pid: process::id(),
            level: record.level(),
            module: address(record.module_path_static()),
            file: address(record.file_static()),
            target: if self.target { record.target().to_owned() } else { String::new() },
            text: line.bytes()[start..].to_owned(),
            at: format(&self.chunks, self.time).map_or(0, |format| time + format.offset_of_fraction()),
            span,
        };
        heads.0.resize_with(SITES, || None);
        heads.0[slot(whose, record)] = (head.text.len() + head.target.len() <= LONGEST).then_some(head);
    }

    /// The job's serial and the head's number. The number's upper bits are cut off; a head is kept for a second, in which
    /// nobody compiles as many patterns as are then alike.
    fn whose(&self, vars: &Vars) -> u64 {
        const NUMBER_BITS: u32 = 24;
        (vars.serial << NUMBER_BITS) | (self.number & ((1 << NUMBER_BITS) - 1))
    }
}

impl Heads {
    pub(crate) const fn new() -> Heads {
        Heads(Vec::new())
    }
}

fn format(chunks: &[Chunk], time: Option<usize>) -> Option<&TimeFormat> {
    match chunks.get(time?) {
        Some(Chunk::Time(format)) => Some(format),
        _ => None,
    }
}

impl Kept {
    /// Whether it was written for what `record` is.
    #[inline]
    fn is_of(&self, whose: u64, record: &Record<'_>, now: Moment) -> bool {
        self.whose == whose
            && self.line == record.line()
            && self.second == now.second
            && self.level == record.level()
            && self.pid == process::id()
            && self.module == address(record.module_path_static())
    }
}

fn slot(whose: u64, record: &Record<'_>) -> usize {
    let line = record.line().unwrap_or(0) as usize;
    (line ^ ((record.level() as usize) << 2) ^ whose as usize ^ (whose >> 23) as usize) % SITES
}

fn address(text: Option<&'static str>) -> Address {
    text.map_or((0, 0), |text| (text.as_ptr() as usize, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pattern::Pattern;
    use crate::template::{Hole, Part, Text};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn pattern(text: &str) -> Pattern {
        let parts = [Part::Literal("[".into()), Part::Hole(Hole::JobId), Part::Literal(text.into())];
        Pattern::parse(&Text(parts.to_vec()), text).unwrap()
    }

    proptest! {
        #[test]
        fn a_kept_head_is_what_would_be_written_anew(
            formats in prop::collection::vec(prop::sample::select(vec![
                "] {l} {d} {M}:{L} {m}", "] {d(%H:%M:%S%.3f)} {P}:{I} {t} {f} {m}", "] {t} {m} {d}", "] {d(%S%f %3f)} {m}",
                "] {({l} {t}):<20.18} {d(%s)(utc)} {m}", "] {l} {d(%+)} {d(%H)} {m}",
            ]), 1..3),
            records in prop::collection::vec((
                0..2_usize, 0..3_i64, prop::sample::select(vec![0, 1_000_000, 999_999_999, 120_000, 5]),
                prop::sample::select(Level::iter().collect::<Vec<_>>()), prop::option::of(0..3_u32),
                prop::sample::select(vec!["a", "b", "a::b"]), 0..2_usize,
            ), 1..60),
        ) {
            let patterns: Vec<_> = formats.iter().map(|format| pattern(format)).collect();
            let mut heads = Heads::default();
            let jobs = ["one", "two"].map(|id| Vars::new(id, PathBuf::new(), BTreeMap::new()));
            for (which, second, nanos, level, site, target, job) in records {
                let (pattern, vars) = (&patterns[which % patterns.len()], &jobs[job]);
                let now = Moment::at(second, nanos);
                let args = format_args!("message");
                let module = site.map(|_| "module");
                let mut record = Record::builder();
                record.level(level).target(target).line(site).module_path_static(module).file_static(module).args(args);
                let (mut kept, mut anew) = (Line::default(), Line::default());
                pattern.encode(&mut kept, &mut heads, &record.build(), now, vars);
                encode_all(&pattern.head.chunks, &mut anew, &record.build(), now, vars);
                encode_all(&pattern.tail, &mut anew, &record.build(), now, vars);
                prop_assert_eq!(String::from_utf8_lossy(kept.bytes()), String::from_utf8_lossy(anew.bytes()));
            }
        }
    }
}
