//! Which records are shown by what stands in them: those that match every filter that shows and none that hides.
//!
//! The places that one of the showing filters matches lead from record to record; the others are asked about a record's
//! text. Where nothing but hiding filters is in force, each record is asked about, past blocks of which it is known that
//! all their records are hidden; those are found by several threads and remembered.

use super::format::Format;
use super::hits::Hits;
use super::lines::{Lines, PIECE};
use super::page::REACH;
use super::search::{Pattern, Way};
use super::sweep::{self, Block, blocks, whole_blocks};
use crate::source::Bytes;
use memchr::memchr;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More filters than these nobody looks through, and each is asked about every record.
pub const MOST: usize = 32;

/// Shows only the records that match, or hides them.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Filter {
    pub pattern: Pattern,
    pub hides: bool,
    /// It can be switched off, and stays in the list.
    pub on: bool,
}

/// Whether a record's text, or a line of it, passes what is in force of some filters.
pub fn pass(filters: &[Filter], text: &[u8]) -> bool {
    filters.iter().filter(|filter| filter.on).all(|filter| filter.pattern.is_match(text) != filter.hides)
}

/// The filters in force over one row of bytes, and what is known of it. Whoever filters by the same shares what is known.
#[derive(Clone)]
pub struct Filters {
    shows: Vec<Hits>,
    hides: Vec<Pattern>,
    bytes: Arc<dyn Bytes>,
    format: Format,
    hidden: Arc<Mutex<Hidden>>,
}

/// For each block whether a record begins in it that may be shown; `None` if nobody has looked.
#[derive(Default)]
struct Hidden {
    len: u64,
    blocks: Vec<Option<bool>>,
}

impl Filters {
    /// Those of some filters that are on, over the first `len` bytes of a row; `None` if none is. What `old` and `searched`
    /// know of the same over the same row stays known.
    pub fn new(
        filters: &[Filter],
        (old, searched): (Option<Filters>, Option<&Hits>),
        (bytes, len): (Arc<dyn Bytes>, u64),
        format: &Format,
    ) -> Option<Filters> {
        let of = |hides: bool| filters.iter().filter(move |filter| filter.on && filter.hides == hides);
        let hides: Vec<Pattern> = of(true).map(|filter| filter.pattern.clone()).collect();
        let (mut known, mut hidden) = (Vec::new(), Arc::<Mutex<Hidden>>::default());
        if let Some(old) = old {
            known = old.shows;
            if old.hides == hides {
                hidden = old.hidden;
            }
        }
        let hits = |filter: &Filter| {
            let known = known.iter().chain(searched).find(|hits| *hits.pattern() == filter.pattern);
            known.cloned().unwrap_or_else(|| Hits::new(filter.pattern.clone(), Arc::clone(&bytes), len))
        };
        let shows: Vec<Hits> = of(false).map(hits).collect();
        if shows.is_empty() && hides.is_empty() {
            return None;
        }
        let filters = Filters { shows, hides, bytes, format: format.clone(), hidden };
        filters.grow(len);
        Some(filters)
    }

    /// The row has this length now, not less than before.
    pub fn grow(&self, len: u64) {
        self.shows.iter().for_each(|hits| hits.grow(len));
        let mut hidden = self.hidden();
        if len > hidden.len {
            let stays = whole_blocks(hidden.len) as usize;
            hidden.blocks.truncate(stays);
            hidden.blocks.resize(blocks(len) as usize, None);
            hidden.len = len;
        }
    }

    fn hidden(&self) -> MutexGuard<'_, Hidden> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The matches that lead from record to record: those that are the rarest as far as is known; of a filter that nobody
    /// has looked for that is not known.
    pub(super) fn lead(&self) -> Option<&Hits> {
        let often = |hits: &Hits| match hits.read() {
            0 => 0.0,
            read => (hits.count().0 + 1) as f64 / read as f64,
        };
        self.shows.iter().min_by(|a, b| often(a).total_cmp(&often(b)))
    }

    /// What is known of where one that shows matches.
    pub fn hits(&self, pattern: &Pattern) -> Option<Hits> {
        self.shows.iter().find(|hits| hits.pattern() == pattern).cloned()
    }

    /// How many bytes were looked at.
    pub fn read(&self) -> u64 {
        match self.lead() {
            Some(lead) => lead.read(),
            None => self.hidden().blocks.iter().flatten().count() as u64 * sweep::BLOCK,
        }
    }

    /// Whether any line is known that one of them shows.
    pub fn has_found(&self) -> bool {
        self.lead().is_some_and(|hits| hits.count().0 > 0)
    }

    /// Whether any of them hides.
    pub(super) fn any_hides(&self) -> bool {
        !self.hides.is_empty()
    }

    /// Whether a record is hidden by its text.
    pub(super) fn hide(&self, text: &[u8]) -> bool {
        self.hides.iter().any(|pattern| pattern.is_match(text))
    }

    /// Whether a record passes all filters but the one that leads.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn pass(
        &self,
        lead: Option<&Hits>,
        lines: &mut Lines,
        record: &Range<u64>,
    ) -> io::Result<bool> {
        // A match of the one that leads may go over the end of a record.
        let is_lead = |hits: &&Hits| {
            lead.is_some_and(|lead| lead.pattern() == hits.pattern()) && !hits.pattern().spans_lines()
        };
        let mut others = self.shows.iter().filter(|hits| !is_lead(hits)).peekable();
        if others.peek().is_none() && self.hides.is_empty() {
            return Ok(true);
        }
        let text = lines.text(record.start, record.end)?;
        Ok(others.all(|hits| hits.pattern().is_match(&text)) && !self.hide(&text))
    }

    /// The nearest block, from this one on, in which a record begins that may be shown; `None` if there is none that way.
    ///
    /// # Errors
    /// What the file system says; `Interrupted` if `stop` said so.
    pub(super) fn next_block(
        &self,
        from: u64,
        way: Way,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Option<u64>> {
        if self.hides.is_empty() {
            return Ok(Some(from));
        }
        let mut alone = true;
        loop {
            let (len, unknown) = {
                let hidden = self.hidden();
                let count = hidden.blocks.len() as u64;
                let mut ahead: Box<dyn Iterator<Item = u64>> = match way {
                    Way::Forward => Box::new(from..count),
                    Way::Backward => Box::new((0..count.min(from + 1)).rev()),
                };
                let known = |at: u64| hidden.blocks[at as usize];
                let Some(next) = ahead.find(|&at| known(at) != Some(false)) else { return Ok(None) };
                if known(next) == Some(true) {
                    return Ok(Some(next));
                }
                // Most blocks have something: the others are not read ahead for nothing.
                let rest = ahead.filter(|&at| known(at).is_none()).take(if alone { 0 } else { usize::MAX });
                (hidden.len, std::iter::once(next).chain(rest).collect::<Vec<_>>())
            };
            alone = false;
            let look = |block: Block| self.may_show(block);
            let mut take = |block: u64, may: bool| {
                let mut hidden = self.hidden();
                // The tail has another end by now.
                if (len == hidden.len || block < whole_blocks(len))
                    && let Some(known) = hidden.blocks.get_mut(block as usize)
                {
                    *known = Some(may);
                }
                !may
            };
            sweep::sweep((&*self.bytes, len), unknown.into_iter(), &look, &mut take, stop)?;
            if stop() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }

    /// Whether a record begins in the block that is not hidden by its first line. Lines of which it is not known here
    /// whether they belong to a record count as records.
    fn may_show(&self, block: Block) -> bool {
        let (mut rest, mut below) = (block.lines, REACH);
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
            let (line, next) = rest.split_at(end);
            // What is cut into pieces is none of one line.
            if line.len() > PIECE as usize {
                return true;
            }
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let starts = self.format.level_of(&line[..line.len().min(super::head::LOOK)]).is_some();
            below = if starts { 0 } else { below + 1 };
            if (starts || below > REACH) && !self.hide(line) {
                return true;
            }
            rest = next;
        }
        false
    }
}
