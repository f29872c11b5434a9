//! The part of a line before the message, kept per thread and call site.
//!
//! A program logs from few places many times a second. What a pattern writes before the message (level, time, job, process,
//! thread, module, line) is then the same but for a fraction of a second: it is copied, and the fraction patched.

use super::{Chunk, encode_all};
use crate::engine::line::Line;
use crate::engine::moment::{Moment, TimeFormat};
use crate::process;
use crate::template::Vars;
use log::{Level, Record};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The chunks before the first that can differ from record to record.
#[derive(Debug)]
pub(super) struct Head {
    chunks: Vec<Chunk>,
    /// Where in `chunks` the time is, if it is in there.
    time: Option<usize>,
    /// Whether it has to be kept apart by target and by file.
    target: bool,
    file: bool,
    /// Tells its entries in the caches from those of others.
    id: u64,
}

/// What a kept head depends on.
#[derive(Debug, PartialEq, Clone)]
struct Key {
    head: u64,
    job: u64,
    second: i64,
    pid: u32,
    line: Option<u32>,
    level: Level,
    /// Addresses of text that lives as long as the process.
    module: Option<(usize, usize)>,
    file: Option<(usize, usize)>,
}

/// A head as it was written last.
#[derive(Debug)]
struct Kept {
    key: Key,
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

thread_local!(static KEPT: RefCell<Vec<Option<Kept>>> = const { RefCell::new(Vec::new()) });

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
        Head {
            time: head.iter().position(|chunk| matches!(chunk, Chunk::Time(_))),
            target: head.iter().any(|chunk| chunk.holds(|chunk| matches!(chunk, Chunk::Target))),
            file: head.iter().any(|chunk| chunk.holds(|chunk| matches!(chunk, Chunk::File))),
            chunks: head,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(super) fn starts_with_text(&self) -> bool {
        matches!(self.chunks.first(), Some(Chunk::Text(_)))
    }

    pub(super) fn encode(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) {
        let Some((key, span)) = self.key(record, now, vars).filter(|_| !line.is_styled()) else {
            return encode_all(&self.chunks, line, record, now, vars);
        };
        // Nothing of the host's runs while the heads are borrowed: a head has no value to format.
        let kept = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            kept.resize_with(SITES, || None);
            let slot = &mut kept[key.slot()];
            match slot {
                Some(head)
                    if head.key == key
                        && head.span == span
                        && (!self.target || head.target == record.target()) =>
                {
                    line.head(&head.text, head.at, &now.digits()[span]);
                }
                _ => *slot = self.write_and_keep(key, span, line, record, now, vars),
            }
        });
        if kept.is_err() {
            // The thread ends.
            encode_all(&self.chunks, line, record, now, vars);
        }
    }

    fn write_and_keep(
        &self,
        key: Key,
        span: Range<usize>,
        line: &mut Line,
        record: &Record<'_>,
        now: Moment,
        vars: &Vars,
    ) -> Option<Kept> {
        let start = line.bytes().len();
        let (before, after) = self.chunks.split_at(self.time.unwrap_or(0));
        encode_all(before, line, record, now, vars);
        let time = line.bytes().len() - start;
        encode_all(after, line, record, now, vars);
        let at = self.format().map_or(0, |format| time + format.offset_of_fraction());
        let text = line.bytes()[start..].to_vec();
        let target = if self.target { record.target().to_owned() } else { String::new() };
        (text.len() + target.len() <= LONGEST).then_some(Kept { key, target, text, at, span })
    }

    /// What the head of `record` depends on, and which digits of the second stand in it; `None` if it is not to be kept.
    fn key(&self, record: &Record<'_>, now: Moment, vars: &Vars) -> Option<(Key, Range<usize>)> {
        let span = self.format().map_or(Some(0..0), |format| format.only_span(now))?;
        let file = if self.file { address(record.file_static(), record.file())? } else { None };
        let key = Key {
            head: self.id,
            job: vars.serial,
            second: now.second,
            pid: process::id(),
            line: record.line(),
            level: record.level(),
            module: address(record.module_path_static(), record.module_path())?,
            file,
        };
        Some((key, span))
    }

    fn format(&self) -> Option<&TimeFormat> {
        match self.chunks.get(self.time?) {
            Some(Chunk::Time(format)) => Some(format),
            _ => None,
        }
    }
}

impl Key {
    fn slot(&self) -> usize {
        let line = self.line.unwrap_or(0) as usize;
        (line ^ (self.level as usize) << 2 ^ self.head as usize ^ (self.job as usize) << 1) % SITES
    }
}

/// The address of a text that lives as long as the process, if there is a text; `None` if there is one that does not.
#[allow(clippy::option_option)] // the outer says whether it can be kept, the inner whether there is a text
fn address(forever: Option<&'static str>, text: Option<&str>) -> Option<Option<(usize, usize)>> {
    match (forever, text) {
        (Some(text), _) => Some(Some((text.as_ptr() as usize, text.len()))),
        (None, None) => Some(None),
        (None, Some(_)) => None,
    }
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
            let jobs = ["one", "two"].map(|id| Vars::new(id, PathBuf::new(), BTreeMap::new()));
            for (which, second, nanos, level, site, target, job) in records {
                let (pattern, vars) = (&patterns[which % patterns.len()], &jobs[job]);
                let now = Moment::at(second, nanos);
                let args = format_args!("message");
                let module = site.map(|_| "module");
                let mut record = Record::builder();
                record.level(level).target(target).line(site).module_path_static(module).file_static(module).args(args);
                let (mut kept, mut anew) = (Line::default(), Line::default());
                pattern.encode(&mut kept, &record.build(), now, vars);
                encode_all(&pattern.head.chunks, &mut anew, &record.build(), now, vars);
                encode_all(&pattern.tail, &mut anew, &record.build(), now, vars);
                prop_assert_eq!(String::from_utf8_lossy(kept.bytes()), String::from_utf8_lossy(anew.bytes()));
            }
        }
    }
}
