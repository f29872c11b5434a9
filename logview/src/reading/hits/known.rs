//! What is known of the matches by now, walked through without looking for more: a list of them must not wait for a search
//! through the whole file, nor hold it.

use super::{BLOCK, Hits};
use crate::reading::search::Way;
use std::io;

impl Hits {
    /// Goes through the matches that are known, from those that start at `from` on, or backward from those before it, until
    /// `take` has had enough; says whether there are no more that way. Blocks that nobody has looked at are passed over.
    ///
    /// # Errors
    /// What the file system says; `Interrupted` if `stop` said so.
    pub fn walk(
        &self,
        from: u64,
        way: Way,
        stop: &(dyn Fn() -> bool + Sync),
        take: &mut dyn FnMut(u64) -> io::Result<bool>,
    ) -> io::Result<bool> {
        let blocks = self.known().blocks.len() as u64;
        let mut block = (from / BLOCK).min(blocks);
        loop {
            block = match (way, self.next_with_matches(block, way)) {
                (_, None) => return Ok(true),
                (_, Some(block)) => block,
            };
            let places = self.of_block(block, stop)?.unwrap_or_default();
            let places = places.iter().map(|place| block * BLOCK + u64::from(*place));
            let goes_on = match way {
                Way::Forward => each(places.filter(|&at| at >= from), take)?,
                Way::Backward => each(places.rev().filter(|&at| at < from), take)?,
            };
            if !goes_on {
                return Ok(false);
            }
            block = match way {
                Way::Forward => block + 1,
                Way::Backward if block == 0 => return Ok(true),
                Way::Backward => block - 1,
            };
        }
    }

    /// How many matches before `at` are known, and whether those are all.
    ///
    /// # Errors
    /// What the file system says; `Interrupted` if `stop` said so.
    pub fn count_before(&self, at: u64, stop: &(dyn Fn() -> bool + Sync)) -> io::Result<(u64, bool)> {
        let block = at / BLOCK;
        let (whole, complete) = {
            let known = self.known();
            let before = &known.blocks[..known.blocks.len().min(block as usize)];
            (
                before.iter().flatten().map(super::Found::count).sum::<u64>(),
                before.iter().all(Option::is_some),
            )
        };
        let own = self.of_block(block, stop)?;
        let within = own.as_ref().map_or(0, |places| {
            places.partition_point(|place| block * BLOCK + u64::from(*place) < at) as u64
        });
        Ok((whole + within, complete && own.is_some()))
    }

    /// This block or the next one that way that is known to have matches.
    fn next_with_matches(&self, from: u64, way: Way) -> Option<u64> {
        let known = self.known();
        let has = |&block: &u64| {
            known
                .blocks
                .get(block as usize)
                .is_some_and(|found| found.as_ref().is_some_and(|f| f.count() > 0))
        };
        match way {
            Way::Forward => (from..known.blocks.len() as u64).find(has),
            Way::Backward => (0..=from).rev().find(has),
        }
    }
}

/// Hands over one after the other; says whether it took them all.
fn each(
    places: impl Iterator<Item = u64>,
    take: &mut dyn FnMut(u64) -> io::Result<bool>,
) -> io::Result<bool> {
    for at in places {
        if !take(at)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::tests::hits;
    use super::*;

    fn walked(hits: &Hits, from: u64, way: Way, most: usize) -> (Vec<u64>, bool) {
        let mut found = Vec::new();
        let end = hits.walk(from, way, &|| false, &mut |at| {
            found.push(at);
            Ok(found.len() < most)
        });
        (found, end.unwrap())
    }

    #[test]
    fn only_what_is_known_is_walked_through_and_counted() {
        // Blocks of a mebibyte, each with a match at its start and one in its middle.
        let half = format!("hit\n{}\n", "-".repeat((BLOCK / 2) as usize - 5));
        let hits = hits(half.repeat(6).as_bytes(), "hit");
        assert_eq!(walked(&hits, 0, Way::Forward, 9), (vec![], true), "nobody has looked");
        let half = BLOCK / 2;
        hits.nearest(&(2 * half..3 * half), Way::Forward, &|| false).unwrap();
        assert_eq!(walked(&hits, 0, Way::Forward, 9), (vec![2 * half, 3 * half], true));
        assert_eq!(hits.count_before(3 * half, &|| false).unwrap(), (1, false));
        assert!(hits.find_all(0, &|| (), &|| false).unwrap());
        assert_eq!(walked(&hits, half + 1, Way::Forward, 2), (vec![2 * half, 3 * half], false));
        assert_eq!(walked(&hits, 3 * half, Way::Backward, 9), (vec![2 * half, half, 0], true));
        assert_eq!(walked(&hits, u64::MAX, Way::Backward, 1), (vec![5 * half], false));
        assert_eq!(hits.count_before(5 * half, &|| false).unwrap(), (5, true));
        assert!(hits.walk(0, Way::Forward, &|| false, &mut |_| Err(io::ErrorKind::Other.into())).is_err());
    }
}
