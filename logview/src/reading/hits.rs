//! Where a pattern matches in a file: found block by block, by several threads, in any order, and remembered.
//!
//! What is found are lines, by where they start. Of each block that was looked at it is known how many lines match; where
//! they are is kept up to `MOST` of them, and looked for again beyond that. A match never reaches over the end of a
//! block's lines. What may still change, the tail of a file that grows, is looked at anew.

mod known;

use super::lines::PIECE;
use super::search::{Pattern, Way};
use super::spots::Spots;
use super::sweep::{self, BLOCK, Block, blocks, line_around, outward, whole_blocks};
use crate::source::Bytes;
use memchr::memchr;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places that are kept: 4 MiB.
const MOST: usize = 1 << 20;

/// Blocks whose places are not kept, but those that were looked for again last: whoever goes from one to the next asks for the
/// same block each time.
const AGAIN: usize = 4;

/// See the module. Whoever searches, counts and filters by one pattern shares what is known.
#[derive(Clone)]
pub struct Hits {
    pattern: Pattern,
    bytes: Arc<dyn Bytes>,
    /// How many places are kept.
    most: usize,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    len: u64,
    /// For each block its matches; `None` if it was not looked at.
    blocks: Vec<Option<Found>>,
    /// Whole blocks among them, and the matches of all.
    whole: u64,
    count: u64,
    kept: usize,
    /// What was looked for again, of which length of the file; the last one first.
    again: VecDeque<(u64, u64, Arc<[u32]>)>,
}

enum Found {
    At(Arc<[u32]>),
    /// So many that they are not kept.
    Many(u32),
}

impl Found {
    fn count(&self) -> u64 {
        match self {
            Found::At(places) => places.len() as u64,
            Found::Many(count) => u64::from(*count),
        }
    }
}

impl Hits {
    /// Of a pattern in the first `len` bytes of a file.
    pub fn new(pattern: Pattern, bytes: Arc<dyn Bytes>, len: u64) -> Hits {
        Hits::keeping(MOST, pattern, bytes, len)
    }

    /// The same, but only how many there are is kept.
    pub fn only_count(pattern: Pattern, bytes: Arc<dyn Bytes>, len: u64) -> Hits {
        Hits::keeping(0, pattern, bytes, len)
    }

    fn keeping(most: usize, pattern: Pattern, bytes: Arc<dyn Bytes>, len: u64) -> Hits {
        let hits = Hits { pattern, bytes, most, known: Arc::default() };
        hits.grow(len);
        hits
    }

    /// What is looked for.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file has this length now, not less than before.
    pub fn grow(&self, len: u64) {
        let mut known = self.known();
        if len <= known.len {
            return;
        }
        let stays = whole_blocks(known.len) as usize;
        let stays = stays.min(known.blocks.len());
        for found in known.blocks.split_off(stays).into_iter().flatten() {
            known.count -= found.count();
            known.kept -= if let Found::At(places) = &found { places.len() } else { 0 };
        }
        known.len = len;
        known.blocks.resize_with(blocks(len) as usize, || None);
        known.whole = known.blocks.iter().flatten().count() as u64;
    }

    /// How many lines match as far as was looked, and whether that is all.
    pub fn count(&self) -> (u64, bool) {
        let known = self.known();
        (known.count, known.whole as usize == known.blocks.len())
    }

    /// How many bytes were looked at.
    pub fn read(&self) -> u64 {
        let known = self.known();
        if known.whole as usize == known.blocks.len() { known.len } else { known.whole * BLOCK }
    }

    /// Where they are, as far as is known.
    pub fn spots(&self) -> Spots {
        let known = self.known();
        let mut spots = Spots::new(known.len);
        for (block, found) in known.blocks.iter().enumerate() {
            let from = block as u64 * BLOCK;
            match found {
                Some(Found::At(places)) => {
                    places.iter().map(|place| from + u64::from(*place)).for_each(|at| spots.add(at, at + 1));
                }
                Some(Found::Many(_)) => spots.add(from, from + BLOCK),
                None => {}
            }
        }
        spots
    }

    /// Looks at blocks that are not known yet, outward from a place, until all are known or `stop` says so. `told` is
    /// called now and then under way.
    ///
    /// # Errors
    /// What the file system says.
    pub fn find_all(
        &self,
        near: u64,
        told: &(dyn Fn() + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<bool> {
        let (len, unknown) = {
            let known = self.known();
            let unknown = |block: &u64| known.blocks[*block as usize].is_none();
            (known.len, outward(near / BLOCK, known.blocks.len() as u64).filter(unknown).collect::<Vec<_>>())
        };
        let mut on = || {
            told();
            true
        };
        self.look(len, unknown.into_iter(), &mut on, stop)
    }

    fn look(
        &self,
        len: u64,
        order: impl Iterator<Item = u64> + Send,
        on: &mut (dyn FnMut() -> bool + Send),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<bool> {
        let look = |block: Block| starts(&self.pattern, block);
        let mut take = |block: u64, places: Vec<u32>| {
            self.put(len, block, places);
            on()
        };
        sweep::sweep((&*self.bytes, len), order, &look, &mut take, stop)
    }

    fn put(&self, len: u64, block: u64, places: Vec<u32>) {
        let mut known = self.known();
        // The tail has another end by now.
        let stale = len != known.len && block >= whole_blocks(len);
        if stale || known.blocks.get(block as usize).is_none_or(Option::is_some) {
            return;
        }
        let found = if known.kept + places.len() <= self.most {
            known.kept += places.len();
            Found::At(places.into())
        } else {
            Found::Many(places.len() as u32)
        };
        known.count += found.count();
        known.whole += 1;
        known.blocks[block as usize] = Some(found);
    }

    /// The nearest line that starts in `range` and matches, from the end that `way` leaves from; `None` if there is
    /// none. Blocks that nobody has looked at are looked at, and remembered.
    ///
    /// # Errors
    /// What the file system says; `Interrupted` if `stop` said so.
    pub fn nearest(
        &self,
        range: &Range<u64>,
        way: Way,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Option<u64>> {
        if range.is_empty() {
            return Ok(None);
        }
        let (first, last) = (range.start / BLOCK, (range.end - 1) / BLOCK);
        let ahead = |from: u64| -> Box<dyn Iterator<Item = u64> + Send> {
            match way {
                Way::Forward => Box::new(from..last + 1),
                Way::Backward => Box::new((first..from + 1).rev()),
            }
        };
        let mut block = if way == Way::Forward { first } else { last };
        loop {
            // What is known is walked through; what is not is looked at until there is something.
            let mut unknown = None;
            for at in ahead(block) {
                let Some(places) = self.of_block(at, stop)? else {
                    unknown = Some(at);
                    break;
                };
                let start = at * BLOCK;
                let before = |end: u64| places.partition_point(|place| start + u64::from(*place) < end);
                let there = &places[before(range.start)..before(range.end)];
                if let Some(place) = if way == Way::Forward { there.first() } else { there.last() } {
                    return Ok(Some(start + u64::from(*place)));
                }
            }
            let Some(from) = unknown else { return Ok(None) };
            block = from;
            let (len, order) = {
                let known = self.known();
                let unknown = |at: &u64| matches!(known.blocks.get(*at as usize), Some(None));
                (known.len, ahead(from).filter(unknown).collect::<Vec<_>>())
            };
            let mut next = ahead(from).peekable();
            let mut enough = |this: &Hits| {
                let known = this.known();
                while let Some(Some(Some(found))) = next.peek().map(|at| known.blocks.get(*at as usize)) {
                    if found.count() > 0 {
                        return true;
                    }
                    next.next();
                }
                false
            };
            self.look(len, order.into_iter(), &mut || !enough(self), stop)?;
            if stop() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }

    /// The matches of one block; `None` if nobody has looked.
    fn of_block(&self, block: u64, stop: &(dyn Fn() -> bool + Sync)) -> io::Result<Option<Arc<[u32]>>> {
        let len = {
            let known = self.known();
            match known.blocks.get(block as usize) {
                None => return Ok(Some(Arc::default())),
                Some(None) => return Ok(None),
                Some(Some(Found::At(places))) => return Ok(Some(Arc::clone(places))),
                Some(Some(Found::Many(_))) => known.len,
            }
        };
        // The tail has another end as the file grows.
        let is_it =
            |(of, seen, _): &&(u64, u64, _)| *of == block && (*seen == len || block < whole_blocks(*seen));
        if let Some((.., places)) = self.known().again.iter().find(is_it) {
            return Ok(Some(Arc::clone(places)));
        }
        if stop() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut buffer = Vec::new();
        let lines = sweep::read(&*self.bytes, len, block, &mut buffer)?;
        let places: Arc<[u32]> = starts(&self.pattern, lines).into();
        let mut known = self.known();
        known.again.retain(|(of, ..)| *of != block);
        known.again.truncate(AGAIN - 1);
        known.again.push_front((block, len, Arc::clone(&places)));
        Ok(Some(places))
    }
}

/// Where the lines of a block start that match, from the block's start on.
fn starts(pattern: &Pattern, block: Block) -> Vec<u32> {
    let data = block.lines;
    let own = (block.start - block.number * BLOCK) as u32;
    let mut found: Vec<u32> = Vec::new();
    let finder = pattern.finder(data);
    let mut at = 0;
    while let Some(hit) = finder.find_at(data, at).filter(|&hit| hit < data.len()) {
        let start = own + line_around(data, block.start, hit).start as u32;
        if found.last() != Some(&start) {
            found.push(start);
        }
        // On to the next line, or within a very long one to its next piece.
        let piece = (PIECE - (block.start + hit as u64) % PIECE) as usize;
        let rest = &data[hit..data.len().min(hit + piece)];
        at = hit + memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{Memory, lines};
    use super::*;
    use proptest::prelude::*;

    pub(super) fn hits(text: &[u8], pattern: &str) -> Hits {
        Hits::new(Pattern::new(pattern).unwrap(), Arc::new(Memory(text.to_vec())), text.len() as u64)
    }

    fn find(hits: &Hits, range: Range<u64>, way: Way) -> Option<u64> {
        hits.nearest(&range, way, &|| false).unwrap()
    }

    #[test]
    fn the_nearest_line_is_found_in_either_direction() {
        let text = b"one\ntwo\nthree two\nfour\n";
        let two = hits(text, "two");
        assert_eq!(find(&two, 5..23, Way::Forward), Some(8));
        assert_eq!(find(&two, 0..8, Way::Backward), Some(4));
        assert_eq!(two.count(), (2, true));
        assert_eq!(find(&hits(text, "five"), 0..23, Way::Forward), None);
        assert_eq!(find(&hits(text, "^four$"), 0..23, Way::Forward), Some(18));
        assert!(hits(text, "x").nearest(&(0..23), Way::Forward, &|| true).is_err());
    }

    #[test]
    fn more_matches_than_are_kept_are_counted_and_found_all_the_same() {
        let text = b"ab\n".repeat(MOST + 10);
        let all = hits(&text, "a");
        assert!(all.find_all(0, &|| (), &|| false).unwrap());
        assert_eq!(all.count(), (MOST as u64 + 10, true));
        assert!(all.known().kept <= MOST);
        let len = text.len() as u64;
        assert_eq!(find(&all, 0..len, Way::Backward), Some(len - 3));
        assert_eq!(find(&all, 4..len, Way::Forward), Some(6));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn however_it_is_asked_every_line_that_matches_is_met_once(
            parts in proptest::collection::vec(("[ab]{0,3}", 0..120_000usize), 0..50), near in 0.0..1.0f64, cut in 0.0..1.0f64,
        ) {
            let text: Vec<u8> = parts.iter()
                .flat_map(|(word, pad)| word.bytes().chain(std::iter::repeat_n(b'-', *pad)).chain([b'\n']))
                .collect();
            let len = text.len() as u64;
            let mut lines = lines(&text);
            let (mut wanted, mut at) = (Vec::new(), 0);
            while at < len {
                let end = lines.end_of(at).unwrap();
                if text[at as usize..end as usize].windows(2).any(|pair| pair == b"aa") {
                    wanted.push(at);
                }
                at = end;
            }
            let found = hits(&text, "aa");
            // It was shorter when it was first looked at.
            let early = Hits::new(Pattern::new("aa").unwrap(), Arc::new(Memory(text.clone())), (len as f64 * cut) as u64);
            prop_assert!(early.find_all((len as f64 * near) as u64, &|| (), &|| false).unwrap());
            early.grow(len);
            prop_assert!(early.find_all(0, &|| (), &|| false).unwrap());
            prop_assert_eq!(early.count(), (wanted.len() as u64, true));
            for hits in [&found, &early] {
                let (mut forward, mut at) = (Vec::new(), 0);
                while let Some(hit) = find(hits, at..len, Way::Forward) {
                    forward.push(hit);
                    at = hit + 1;
                }
                prop_assert_eq!(&forward, &wanted);
                let (mut backward, mut at) = (Vec::new(), len);
                while let Some(hit) = find(hits, 0..at, Way::Backward) {
                    backward.push(hit);
                    at = hit;
                }
                backward.reverse();
                prop_assert_eq!(&backward, &wanted);
            }
        }
    }
}
