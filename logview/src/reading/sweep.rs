//! Reading a file block by block with several threads, the blocks in any order.
//!
//! A block of [`BLOCK`] bytes owns the lines that start in it, whole, so that each can be looked at by itself and
//! together they are the file. Each thread has one buffer: memory does not grow with the file.

use super::lines::PIECE;
use crate::source::Bytes;
use memchr::memchr;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bytes per block.
pub const BLOCK: u64 = 1 << 20;

/// Threads that read at once, at most: what is gained by more, the host of the jobs loses.
const MOST_THREADS: usize = 4;

/// One block of a file.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Which one.
    pub number: u64,
    /// Its own bytes, without regard to lines.
    pub raw: &'a [u8],
    /// Where `lines` begin in the file.
    pub start: u64,
    /// The lines that start in it.
    pub lines: &'a [u8],
    /// Whether `lines` begin after a newline, and not at a cut.
    pub fresh: bool,
}

/// How many blocks of a file of this length are whole for ever: neither they nor where their last line is cut can
/// change while the file grows.
pub fn whole_blocks(len: u64) -> u64 {
    len.saturating_sub(PIECE) / BLOCK
}

/// All blocks, counting a last one that is not whole.
pub fn blocks(len: u64) -> u64 {
    len.div_ceil(BLOCK)
}

/// Block numbers below `count`, the nearest to `from` first.
pub fn outward(from: u64, count: u64) -> impl Iterator<Item = u64> + Send {
    let from = from.min(count.saturating_sub(1));
    let (mut up, mut down) = (from..count, (0..from).rev());
    let mut turn = false;
    std::iter::from_fn(move || {
        turn = !turn;
        if turn { up.next().or_else(|| down.next()) } else { down.next().or_else(|| up.next()) }
    })
}

/// Looks at blocks in this order and hands on what was seen, not in order. Ends early, with `false`, when `take`
/// wants no more or `stop` says so.
///
/// # Errors
/// What the file system says.
pub fn sweep<T: Send>(
    (bytes, len): (&dyn Bytes, u64),
    order: impl Iterator<Item = u64> + Send,
    look: &(dyn Fn(Block) -> T + Sync),
    take: &mut (dyn FnMut(u64, T) -> bool + Send),
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<bool> {
    let mut order = order.peekable();
    let Some(first) = order.next() else { return Ok(true) };
    let alone = order.peek().is_none();
    let order = Mutex::new(Some(std::iter::once(first).chain(order)));
    let take = Mutex::new(take);
    let failed = Mutex::new(None);
    let next = || order.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Iterator::next);
    let end = || *order.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let work = || {
        let mut buffer = Vec::new();
        let mut complete = true;
        while let Some(number) = next() {
            let seen = if stop() {
                Ok(None)
            } else {
                read(bytes, len, number, &mut buffer).map(|block| Some(look(block)))
            };
            let on = match seen {
                Ok(Some(seen)) => (take.lock().unwrap_or_else(PoisonError::into_inner))(number, seen),
                Ok(None) => false,
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    false
                }
            };
            if !on {
                complete = false;
                end();
            }
        }
        complete
    };
    let complete = if alone {
        work()
    } else {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            others.into_iter().fold(own, |all, other| other.join().unwrap_or(false) && all)
        })
    };
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(complete),
    }
}

/// Reads one block with as much around it as its lines need.
///
/// # Errors
/// What the file system says.
pub fn read<'a>(bytes: &dyn Bytes, len: u64, number: u64, buffer: &'a mut Vec<u8>) -> io::Result<Block<'a>> {
    let from = number * BLOCK;
    let to = (from + BLOCK).min(len);
    let base = from.saturating_sub(PIECE);
    buffer.resize(((to + PIECE).min(len).saturating_sub(base)) as usize, 0);
    let got = bytes.read_at(buffer, base)?;
    buffer.truncate(got); // cut short under our hands
    let at = |place: u64| ((place - base) as usize).min(got);
    let first = first_from(buffer, at(from));
    let last = if to >= len { got } else { first_from(buffer, at(to)) };
    let fresh = from == 0 || first > 0 && buffer.get(first - 1) == Some(&b'\n');
    let lines = buffer.get(first..last.max(first)).unwrap_or_default();
    Ok(Block { number, raw: &buffer[at(from)..at(to)], start: base + first as u64, lines, fresh })
}

/// The first line that starts at or after `at`, which is the start of a piece.
fn first_from(buffer: &[u8], at: usize) -> usize {
    let piece = PIECE as usize;
    let cut = at >= piece && memchr(b'\n', &buffer[at - piece..at]).is_none();
    if at == 0 || cut || buffer[at - 1] == b'\n' {
        return at;
    }
    let rest = &buffer[at..buffer.len().min(at + piece)];
    at + memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1)
}

/// The line that holds the byte at `at` of `data`, the bytes at `base` of a file, of which the first starts a line.
pub fn line_around(data: &[u8], base: u64, at: usize) -> Range<usize> {
    let piece = PIECE as usize;
    let into = (base % PIECE) as usize;
    // Where the piece begins that holds a byte, in the data or before it.
    let piece_of = |at: usize| ((at + into) / piece * piece).checked_sub(into);
    let newline_before = |from: Option<usize>, to: usize| {
        let from = from.unwrap_or(0);
        memchr::memrchr(b'\n', &data[from..to]).map(|newline| from + newline + 1)
    };
    let here = piece_of(at);
    let start = newline_before(here, at).unwrap_or_else(|| match here {
        None | Some(0) => 0,
        Some(here) => newline_before(piece_of(here - 1), here).unwrap_or(match piece_of(here - 1) {
            None => 0,
            Some(_) => here,
        }),
    });
    let next = |at: usize| ((at + into) / piece * piece + piece - into).min(data.len());
    let mut end = next(start);
    if let Some(newline) = memchr(b'\n', &data[start..end]) {
        return start..start + newline + 1;
    }
    // A line that begins within a piece goes on into the next one.
    if piece_of(start) != Some(start) {
        let further = next(end.min(data.len().saturating_sub(1)).max(start));
        end =
            memchr(b'\n', &data[end..further.max(end)]).map_or(further.max(end), |newline| end + newline + 1);
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{Memory, file, lines};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_nearest_blocks_come_first() {
        assert_eq!(outward(2, 5).collect::<Vec<_>>(), [2, 1, 3, 0, 4]);
        assert_eq!(outward(9, 3).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(outward(0, 0).count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_lines_of_all_blocks_are_those_of_the_file(parts in proptest::collection::vec(file(), 1..12)) {
            let text = parts.concat();
            let len = text.len() as u64;
            let memory = Memory(text.clone());
            let mut found = std::collections::BTreeMap::new();
            let look = |block: Block| {
                let (mut starts, mut at) = (Vec::new(), 0);
                while at < block.lines.len() {
                    let line = line_around(block.lines, block.start, at);
                    assert_eq!(line.start, at);
                    assert_eq!(line_around(block.lines, block.start, line.end - 1), line.clone());
                    starts.push(block.start + at as u64);
                    at = line.end;
                }
                starts
            };
            let complete = sweep((&memory, len), outward(0, blocks(len)), &look, &mut |at, starts| {
                found.insert(at, starts);
                true
            }, &|| false).unwrap();
            prop_assert!(complete);
            let found: Vec<u64> = found.into_values().flatten().collect();
            let mut lines = lines(&text);
            let (mut starts, mut at) = (Vec::new(), 0);
            while at < len {
                starts.push(at);
                at = lines.end_of(at).unwrap();
            }
            prop_assert_eq!(found, starts);
        }
    }
}
