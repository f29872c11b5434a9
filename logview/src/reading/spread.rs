//! How hits lie in time, in a few cells whatever their number: as many as there are minutes, or else of two, four, eight …
//! minutes each. Two of them can be added, so that the blocks of a file may come in any order.

/// Cells at most.
pub const CELLS: usize = 12;

/// Seconds of a cell at least.
const LEAST: i64 = 60;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Seconds of a cell.
    width: i64,
    /// Which cell since the epoch the first one is; it and the last one are not empty.
    first: i64,
    cells: [u32; CELLS],
    used: usize,
}

impl Default for Spread {
    fn default() -> Spread {
        Spread { width: LEAST, first: 0, cells: [0; CELLS], used: 0 }
    }
}

impl Spread {
    /// What lies in each cell, from the first to the last that is not empty.
    pub fn cells(&self) -> &[u32] {
        &self.cells[..self.used]
    }

    /// Adds what happened at a moment, in seconds since the epoch.
    pub fn add(&mut self, time: i64) {
        self.put(time, 1);
    }

    /// Adds all of another one.
    pub fn merge(&mut self, mut other: Spread) {
        while other.width < self.width {
            other.widen();
        }
        for (at, &count) in other.cells().iter().enumerate().filter(|(_, count)| **count > 0) {
            self.put((other.first + at as i64).saturating_mul(other.width), count);
        }
    }

    fn put(&mut self, time: i64, count: u32) {
        let (first, last) = loop {
            let cell = time.div_euclid(self.width);
            if self.used == 0 {
                break (cell, cell);
            }
            let (first, last) = (self.first.min(cell), (self.first + self.used as i64 - 1).max(cell));
            if last - first < CELLS as i64 {
                break (first, last);
            }
            self.widen();
        };
        if self.used > 0 && first < self.first {
            self.cells.rotate_right((self.first - first) as usize);
        }
        (self.first, self.used) = (first, (last - first + 1) as usize);
        let cell = &mut self.cells[(time.div_euclid(self.width) - first) as usize];
        *cell = cell.saturating_add(count);
    }

    /// Makes cells twice as wide.
    fn widen(&mut self) {
        let mut wide = Spread { width: self.width * 2, first: self.first.div_euclid(2), ..Spread::default() };
        for (at, &count) in self.cells().iter().enumerate() {
            let cell = ((self.first + at as i64).div_euclid(2) - wide.first) as usize;
            wide.cells[cell] = wide.cells[cell].saturating_add(count);
            wide.used = cell + 1;
        }
        *self = wide;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(times: &[i64]) -> Spread {
        let mut spread = Spread::default();
        times.iter().for_each(|&time| spread.add(time));
        spread
    }

    #[test]
    fn minutes_are_told_apart_as_long_as_there_are_few() {
        assert_eq!(of(&[0, 59, 60, 240]).cells(), [2, 1, 0, 0, 1]);
        assert_eq!(of(&[240, 0]).cells(), [1, 0, 0, 0, 1]);
        assert_eq!(of(&[0, 60 * 12]).cells(), [1, 0, 0, 0, 0, 0, 1]);
    }

    proptest! {
        #[test]
        fn in_whatever_order_and_portions_it_is_the_same(times in proptest::collection::vec(-1_000_000i64..100_000_000_000, 0..40), cut in 0.0..1.0f64) {
            let whole = of(&times);
            let (one, other) = times.split_at((times.len() as f64 * cut) as usize);
            let mut sum = of(other);
            sum.merge(of(one));
            prop_assert_eq!(whole, sum);
            prop_assert_eq!(whole.cells().iter().sum::<u32>() as usize, times.len());
            prop_assert!(whole.cells().first() != Some(&0) && whole.cells().last() != Some(&0));
        }
    }
}
