//! Where a row is divided.

use super::Moment;
use std::ops::Range;

/// Where the row is divided: for each mark the place in the row, and in each part.
pub(super) struct Marks {
    /// Numbers per mark.
    width: usize,
    all: Vec<u64>,
    /// The newest record, and the part that it is of.
    pub(super) newest: (Moment, usize),
    /// Where the last stretch begins, if nothing in it is newer than that.
    pub(super) tail: Option<u64>,
}

/// What lies between two marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: u64,
    pub(super) parts: Vec<Range<u64>>,
}

impl Stretch {
    pub(super) fn len(&self) -> u64 {
        self.parts.iter().map(|part| part.end - part.start).sum()
    }
}

impl Marks {
    /// Of so many parts, in which nothing is yet.
    pub(super) fn new(parts: usize) -> Marks {
        Marks { width: parts + 1, all: vec![0; parts + 1], newest: ((i64::MIN, 0), 0), tail: None }
    }

    /// How many numbers they take.
    pub(super) fn numbers(&self) -> usize {
        self.all.len()
    }

    /// Drops the last one.
    pub(super) fn pop(&mut self) {
        self.all.truncate(self.all.len() - self.width);
    }

    pub(super) fn count(&self) -> usize {
        self.all.len() / self.width
    }

    pub(super) fn start(&self, mark: usize) -> u64 {
        self.all[mark * self.width]
    }

    pub(super) fn places(&self, mark: usize) -> &[u64] {
        &self.all[mark * self.width + 1..(mark + 1) * self.width]
    }

    pub(super) fn len(&self) -> u64 {
        self.start(self.count() - 1)
    }

    /// What lies between a mark and the next.
    pub(super) fn stretch(&self, mark: usize) -> Stretch {
        let parts = self.places(mark).iter().zip(self.places(mark + 1)).map(|(&from, &to)| from..to);
        Stretch { start: self.start(mark), parts: parts.collect() }
    }

    /// The stretch that holds a place of the row.
    pub(super) fn around(&self, at: u64) -> Option<(usize, Stretch)> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = (low + high) / 2;
            if self.start(middle) <= at { low = middle + 1 } else { high = middle }
        }
        (at < self.len()).then(|| (low - 1, self.stretch(low - 1)))
    }

    /// The last stretch that holds something of a part.
    pub(super) fn last_of(&self, part: usize) -> Option<(usize, Stretch)> {
        let holds = |mark: &usize| self.places(*mark)[part] < self.places(mark + 1)[part];
        (0..self.count() - 1).rev().find(holds).map(|mark| (mark, self.stretch(mark)))
    }

    pub(super) fn push(&mut self, places: &[u64]) {
        let start = places.iter().sum();
        self.all.push(start);
        self.all.extend_from_slice(places);
    }

    /// Divides a stretch, if it is still one.
    pub(super) fn divide(&mut self, mark: usize, stretch: &Stretch, places: &[u64]) {
        if mark + 1 < self.count() && self.stretch(mark) == *stretch {
            let at = (mark + 1) * self.width;
            let numbers = std::iter::once(places.iter().sum()).chain(places.iter().copied());
            drop(self.all.splice(at..at, numbers));
        }
    }

    /// Drops marks that growth has made, so that what came late is where it would have come in time.
    pub(super) fn thin(&mut self, step: u64) {
        let mut kept = self.all[..self.width].to_vec();
        for mark in 1..self.count() {
            let last = mark + 1 == self.count();
            let far = !last && self.start(mark + 1) - kept[kept.len() - self.width] > step;
            if last || far {
                kept.extend_from_slice(&self.all[mark * self.width..(mark + 1) * self.width]);
            }
        }
        self.all = kept;
    }
}
