//! The lines for the list of hits: a page of those that are known, around a place. The search is not waited for; as it finds
//! more, they are asked for again.

use super::Step;
use crate::model::HitLines;
use crate::reading::page::{page, wants};
use crate::reading::search::Way;
use crate::reading::{Anchor, Line, Lines, Page, Sieve};
use std::io;
use std::sync::Arc;

/// Bytes of lines that are handed out each way, about: very long ones fill any list.
const MOST: usize = 1 << 20;

/// Bytes that are looked at first if there are not more: what was just written is to stay in the list.
const NEAR: u64 = 4 << 20;

impl Step {
    /// Up to `before` lines before the place and `after` from it on that match and are shown.
    pub(super) fn listed(
        &self,
        before: usize,
        after: usize,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<HitLines> {
        let mut lines = Lines::new(Arc::clone(&self.bytes), self.len);
        lines.format = self.format.clone();
        if let Some(hits) = self.hits.as_ref().filter(|hits| hits.read() + NEAR >= self.len) {
            hits.find_all(self.len, &|| (), stop)?;
        }
        let (mut above, from_start) = self.known(&mut lines, Way::Backward, before, stop)?;
        above.reverse();
        let (below, to_end) = self.known(&mut lines, Way::Forward, after, stop)?;
        above.extend(below);
        let all = self.sieve().is_all();
        let counted = match (above.first(), &self.hits) {
            (Some(first), Some(hits)) if all => Some(hits.count_before(first.at, stop)?),
            _ => None,
        };
        let before = counted.filter(|(_, complete)| *complete).map(|(count, _)| count);
        Ok(HitLines { page: Page { lines: above, from_start, to_end, stopped: false }, before })
    }

    /// The known ones one way, the nearest first, and whether there are no more.
    fn known(
        &self,
        lines: &mut Lines,
        way: Way,
        most: usize,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<(Vec<Line>, bool)> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        let Some(hits) = self.hits.as_ref() else { return Ok((found, true)) };
        let sieve = self.sieve();
        let end = hits.walk(self.from, way, stop, &mut |at| {
            if stop() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if found.len() >= most || bytes >= MOST {
                return Ok(false);
            }
            if sieve.is_all() || wants(lines, at, sieve, stop)? {
                let page = page(lines, (Anchor::At(at), 0, 1), Sieve::ALL, stop)?;
                bytes += page.lines.iter().map(|line| line.text.len()).sum::<usize>();
                found.extend(page.lines);
            }
            Ok(true)
        })?;
        Ok((found, end))
    }
}
