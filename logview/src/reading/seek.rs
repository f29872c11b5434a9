//! Places that are no offsets: a line by its number, and a moment.
//!
//! A line's number takes counting newlines from the start on, which several threads do, and which the index spares
//! where it has been. A moment is found by halving, for the records of a log stand in the order of time but for a few.

use super::head::{LOOK, instant as instant_of, seconds};
use super::index::Index;
use super::lines::{Lines, PIECE};
use super::sweep::{Block, blocks, sweep};
use crate::source::Bytes;
use memchr::memchr_iter;
use std::collections::BTreeMap;
use std::io;

/// Bytes without any time after which none is expected.
const FAR: u64 = 8 << 20;

/// Where the line of this number starts, the first being 1; the last line if there are not so many. `None` if `stop`
/// said so.
///
/// # Errors
/// What the file system says.
pub fn line(
    lines: &mut Lines,
    bytes: &dyn Bytes,
    index: &Index,
    number: u64,
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<u64>> {
    let (len, wanted) = (lines.len(), number.saturating_sub(1));
    if wanted == 0 {
        return Ok(Some(0));
    }
    let (mut before, mut next) = (0u64, 0u64);
    // Blocks that the index knows need not be read; the others come in no order.
    let mut counted: BTreeMap<u64, u64> = BTreeMap::new();
    let known = |block: u64| index.newlines(block).map(u64::from);
    let mut reached = |block: u64, newlines: Option<u64>| {
        counted.extend(newlines.map(|newlines| (block, newlines)));
        while let Some(newlines) = known(next).or_else(|| counted.remove(&next)) {
            if before + newlines >= wanted {
                return true;
            }
            (before, next) = (before + newlines, next + 1);
        }
        false
    };
    if !reached(0, None) {
        let unknown = (0..blocks(len)).filter(|block| known(*block).is_none());
        let count = |block: Block| memchr_iter(b'\n', block.raw).count() as u64;
        sweep((bytes, len), unknown, &count, &mut |block, newlines| !reached(block, Some(newlines)), stop)?;
    }
    if stop() {
        return Ok(None);
    }
    if next >= blocks(len) {
        return lines.before(len).map(|last| Some(last.unwrap_or(0)));
    }
    // Within its block newline by newline.
    let (mut at, mut left) = (next * super::sweep::BLOCK, wanted - before);
    let mut data = vec![0; PIECE as usize];
    loop {
        let read = bytes.read_at(&mut data, at)?;
        if read == 0 {
            return lines.before(len).map(|last| Some(last.unwrap_or(0)));
        }
        match memchr_iter(b'\n', &data[..read]).nth(left as usize - 1) {
            Some(newline) if at + newline as u64 + 1 >= len => return lines.before(len),
            Some(newline) => return Ok(Some(at + newline as u64 + 1)),
            None => left -= memchr_iter(b'\n', &data[..read]).count() as u64,
        }
        at += read as u64;
    }
}

/// Where the first record starts that was written at this moment (seconds since the epoch) or later; the end if there
/// is none.
///
/// # Errors
/// What the file system says.
pub fn moment(lines: &mut Lines, wanted: i64) -> io::Result<u64> {
    let (mut low, mut high, mut best) = (0, lines.len(), lines.len());
    // Whatever starts before `low` is earlier; `best` is not, and nothing from `high` up to it has a time.
    while low < high {
        let middle = lines.start_of(low + (high - low) / 2)?.max(low);
        match time_from(lines, middle, high.min(middle + FAR))? {
            Some((_, next, time)) if time < wanted => low = next,
            Some((at, ..)) => (best, high) = (at, middle),
            None => high = middle,
        }
    }
    Ok(best)
}

/// Where the first record starts that was written at this instant (seconds and nanoseconds since the epoch) or later; the
/// last record if there is none, and `None` if there is no record at all.
///
/// # Errors
/// What the file system says.
pub fn instant(
    lines: &mut Lines,
    wanted: (i64, u32),
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<u64>> {
    let at = first(lines, wanted, stop)?;
    if at < lines.len() {
        return Ok(Some(at));
    }
    let Some(last) = lines.before(at)? else { return Ok(None) };
    super::page::record_range(lines, last).map(|record| Some(record.start))
}

/// Where the first record starts that was written at this instant or later, or as far as was looked when `stop` said so; the
/// end if there is none.
///
/// # Errors
/// What the file system says.
pub fn first(lines: &mut Lines, wanted: (i64, u32), stop: &(dyn Fn() -> bool + Sync)) -> io::Result<u64> {
    let mut at = moment(lines, wanted.0)?;
    let (mut text, mut steps) = (Vec::new(), 0usize);
    while at < lines.len() {
        let next = lines.end_of(at)?.max(at + 1);
        lines.text_into(at, next.min(at + LOOK as u64), &mut text)?;
        let time = lines.format.head(&text).and_then(|head| instant_of(text.get(head.time?)?));
        let clock = lines.clock_at(at)?;
        if time.is_some_and(|time| since(time, clock) >= wanted) {
            break;
        }
        steps += 1;
        if steps.is_multiple_of(1024) && stop() {
            break;
        }
        at = next;
    }
    Ok(at)
}

/// The first record with a time that starts in `at..to`: where it starts, where the next line does, and when it was.
fn time_from(lines: &mut Lines, mut at: u64, to: u64) -> io::Result<Option<(u64, u64, i64)>> {
    let mut text = Vec::new();
    while at < to {
        let next = lines.end_of(at)?.max(at + 1);
        lines.text_into(at, next.min(at + LOOK as u64), &mut text)?;
        let clock = lines.clock_at(at)?;
        let time = lines.format.head(&text).and_then(|head| {
            let time = text.get(head.time?)?;
            if clock == (0, 0) { seconds(time) } else { instant_of(time).map(|time| since(time, clock).0) }
        });
        if let Some(time) = time {
            return Ok(Some((at, next, time)));
        }
        at = next;
    }
    Ok(None)
}

/// A moment on a clock that begins with another one.
pub(super) fn since((seconds, nanos): (i64, u32), (from, of): (i64, u32)) -> (i64, u32) {
    let borrow = u32::from(nanos < of);
    (seconds - from - i64::from(borrow), nanos + borrow * 1_000_000_000 - of)
}

/// The time of the first or the last record that has one, in seconds since the epoch.
///
/// # Errors
/// What the file system says.
pub fn ends(lines: &mut Lines) -> io::Result<Option<(i64, i64)>> {
    let len = lines.len();
    let Some((_, _, first)) = time_from(lines, 0, len.min(FAR))? else { return Ok(None) };
    let mut last = first;
    let mut at = len;
    while at + FAR > len {
        let Some(before) = lines.before(at)? else { break };
        if let Some((_, _, time)) = time_from(lines, before, before + 1)? {
            last = time;
            break;
        }
        at = before;
    }
    Ok(Some((first, last)))
}

#[cfg(test)]
mod tests {
    use super::super::index::tests::indexed;
    use super::super::lines::tests::{Memory, file, lines};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_line_is_found_by_its_number_with_and_without_an_index(
            parts in proptest::collection::vec(file(), 1..12), part in 0.0..1.2f64,
        ) {
            let text = parts.concat();
            let starts: Vec<u64> = std::iter::once(0)
                .chain(memchr_iter(b'\n', &text).map(|at| at as u64 + 1))
                .filter(|at| *at < text.len() as u64)
                .collect();
            let number = (starts.len() as f64 * part) as u64;
            let memory = Memory(text.clone());
            for index in [Index::default(), indexed(&text, 0)] {
                let found = line(&mut lines(&text), &memory, &index, number, &|| false).unwrap();
                match starts.get(number.saturating_sub(1) as usize) {
                    Some(start) => prop_assert_eq!(found, Some(*start)),
                    None => prop_assert_eq!(found, Some(lines(&text).before(text.len() as u64).unwrap().unwrap_or(0))),
                }
            }
        }

        #[test]
        fn a_moment_is_the_first_record_that_is_not_earlier(
            records in proptest::collection::vec((0..3i64, 0..3usize, 0..40_000usize), 0..60), wanted in 0..120i64,
        ) {
            let (mut text, mut second, mut answer) = (String::new(), 0, None);
            for (step, more, pad) in records {
                second += step;
                if second >= wanted && answer.is_none() {
                    answer = Some(text.len() as u64);
                }
                let pad = "x".repeat(pad);
                text += &format!("1970-01-01T00:{:02}:{:02}Z INFO {pad}\n{}", second / 60, second % 60, "\tmore\n".repeat(more));
            }
            let found = moment(&mut lines(text.as_bytes()), wanted).unwrap();
            prop_assert_eq!(found, answer.unwrap_or(text.len() as u64));
        }
    }
}
