//! Two logs compared: what is said in one of them only, whatever the numbers.

use super::elsewhere::Reach;
use super::sides::Side;
use super::trail::Instant;
use crate::reading::shapes::{Difference, Kind};
use crate::reading::times::{from_millis, to_millis};

/// See the module.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Comparison {
    /// Distinguishes answers to this from late ones to another.
    pub serial: u64,
    pub sides: [Side; 2],
    pub reach: Reach,
    /// When it was done, in seconds since the epoch.
    pub at: i64,
    /// What it came to, or why to nothing.
    pub found: Option<Result<Compared, String>>,
    /// Which of the rows is chosen.
    pub row: usize,
    /// Whether what both say is told as well.
    pub all: bool,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Compared {
    pub differences: Vec<Difference>,
    /// Records of each, and those of more kinds than are told apart.
    pub records: [u64; 2],
    /// By level.
    pub others: [[u64; 6]; 2],
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// What kind comes below, and how many.
    Heading(Kind, usize),
    /// A difference, by its number.
    Said(usize),
}

impl Comparison {
    /// Of two logs; nothing is known yet.
    pub fn of(serial: u64, sides: [Side; 2]) -> Comparison {
        Comparison { serial, sides, reach: Reach::default(), at: 0, found: None, row: 0, all: false }
    }

    /// Whether one of them goes on, so that more may be said by now.
    pub fn is_live(&self) -> bool {
        self.sides.iter().any(|side| side.log.is_live)
    }

    /// What it came to.
    pub fn compared(&self) -> Option<&Compared> {
        self.found.as_ref()?.as_ref().ok()
    }

    /// The rows of the list: what both say as often is one heading unless all is to be told.
    pub fn rows(&self) -> Vec<Row> {
        let differences = self.compared().map_or(&[][..], |compared| &compared.differences);
        let mut rows = Vec::new();
        let mut at = 0;
        for part in differences.chunk_by(|a, b| a.kind() == b.kind()) {
            let kind = part[0].kind();
            rows.push(Row::Heading(kind, part.len()));
            if kind != Kind::Both || self.all {
                rows.extend((at..at + part.len()).map(Row::Said));
            }
            at += part.len();
        }
        rows
    }

    /// The difference that is chosen.
    pub fn chosen(&self) -> Option<&Difference> {
        match self.rows().get(self.row)? {
            Row::Said(at) => self.compared()?.differences.get(*at),
            Row::Heading(..) => None,
        }
    }

    /// Which of the two the first of what is chosen stands in: the second, unless only the first says it.
    pub fn side_of(difference: &Difference) -> usize {
        usize::from(difference.said[1].is_some())
    }

    /// How long after its start the log says it first, if it is known when that was.
    pub fn since_start(&self, difference: &Difference) -> Option<Instant> {
        let side = Comparison::side_of(difference);
        Some(from_millis(to_millis(difference.said[side]?.time?) - self.sides[side].window.clock?))
    }

    /// Chooses a row so many further on; headings are passed over.
    pub fn choose(&mut self, by: i64) {
        let rows = self.rows();
        let said: Vec<usize> = (0..rows.len()).filter(|&at| matches!(rows[at], Row::Said(_))).collect();
        let now = said.partition_point(|&at| at < self.row) as i64;
        let to = now.saturating_add(by).clamp(0, (said.len() as i64 - 1).max(0));
        self.row = said.get(to as usize).copied().unwrap_or(0);
    }
}
