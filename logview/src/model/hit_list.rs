//! The list of the lines that match what is searched for: those around the one that is chosen. However many there are, only
//! some screens full are here.

use super::{Log, Model, Request, Spot};
use crate::reading::Page;
use std::ops::Range;

/// Lines that match and are shown, in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HitLines {
    /// The lines, and whether there are others that are known beyond them.
    pub page: Page,
    /// How many match before the first of them, where that is known.
    pub before: Option<u64>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct HitList {
    pub lines: HitLines,
    /// The line that is chosen, by its offset; as long as no line has it, the next one that there is is meant.
    pub chosen: u64,
    /// How much further down it is chosen as soon as there are lines.
    pub owed: i64,
    /// On which row of the list it stands.
    pub row: usize,
    /// Lines are under way, and which ones.
    pub asked: bool,
    pub number: u64,
    /// What was known of the count when they were asked for.
    pub counted: Option<(u64, bool)>,
    /// Where one was before, and whether the search was open.
    pub from: Option<Spot>,
    pub from_search: bool,
}

impl HitList {
    /// Drops the lines, also those that are under way: what stands where they did is something else now.
    pub fn forget(&mut self) {
        (self.lines, self.asked) = (HitLines::default(), false);
        self.number += 1;
    }

    /// Which of the loaded lines is chosen.
    pub fn at(&self) -> Option<usize> {
        let lines = &self.lines.page.lines;
        let at = lines.partition_point(|line| line.at < self.chosen);
        (!lines.is_empty()).then(|| at.min(lines.len() - 1))
    }

    /// The loaded lines that stand on so many rows.
    pub fn window(&self, rows: usize) -> Range<usize> {
        let count = self.lines.page.lines.len();
        let from = self.at().unwrap_or(0).saturating_sub(self.row.min(rows.saturating_sub(1)));
        let from = from.min(count.saturating_sub(rows));
        from..(from + rows).min(count)
    }

    /// The chosen one's number among all that match, where it is known.
    pub fn number(&self) -> Option<u64> {
        Some(self.lines.before? + self.at()? as u64 + 1)
    }
}

impl Model {
    /// Rows of the list of hits, of which its frame takes two where it has room for one.
    pub fn hit_rows(&self) -> usize {
        usize::from(match self.areas().search.height {
            high @ 5.. => high - 2,
            high => high,
        })
    }
}

impl Log {
    /// Asks for the hits around the one that is chosen.
    pub fn ask_hits(&mut self, rows: usize) -> Option<Request> {
        let search = self.search.as_ref()?;
        let list = &mut self.list;
        (list.asked, list.counted, list.number) = (true, search.hits, list.number + 1);
        Some(Request::HitLines {
            tag: self.tag,
            number: list.number,
            at: list.chosen,
            before: 3 * rows + 8,
            after: 3 * rows + 8,
            pattern: search.pattern.clone(),
            only: self.only.clone(),
        })
    }
}
