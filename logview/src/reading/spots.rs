//! Where in a file something is, as coarsely as a scroll bar can show it: a bit for each of 256 equal parts.

/// Parts.
const PARTS: u64 = 256;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spots {
    len: u64,
    parts: [u64; (PARTS / 64) as usize],
}

impl Spots {
    /// None, in a file of this length.
    pub fn new(len: u64) -> Spots {
        Spots { len, ..Spots::default() }
    }

    /// Adds what lies from `at` to `end`, at least one byte.
    pub fn add(&mut self, at: u64, end: u64) {
        let part = |at: u64| (u128::from(at) * u128::from(PARTS) / u128::from(self.len.max(1))) as u64;
        for part in part(at)..=part(end.saturating_sub(1).max(at)) {
            if part < PARTS {
                self.parts[(part / 64) as usize] |= 1 << (part % 64);
            }
        }
    }

    /// Whether there is any in this row of so many that stand for the whole file.
    pub fn in_row(&self, row: u16, rows: u16) -> bool {
        let rows = u64::from(rows.max(1));
        let (from, to) = (u64::from(row) * PARTS / rows, (u64::from(row) + 1) * PARTS / rows);
        (from..to.max(from + 1).min(PARTS))
            .any(|part| self.parts[(part / 64) as usize] >> (part % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_added_is_in_the_row_of_its_place_and_nowhere_far(len in 1..1u64 << 40, at in 0.0..1.0f64, rows in 1..256u16) {
            let at = (len as f64 * at) as u64;
            let mut spots = Spots::new(len);
            spots.add(at, at + 1);
            let row = (u128::from(at) * u128::from(rows) / u128::from(len)) as u16;
            let found: Vec<u16> = (0..rows).filter(|&row| spots.in_row(row, rows)).collect();
            prop_assert!(!found.is_empty() && found.len() <= 2);
            prop_assert!(found.iter().all(|found| found.abs_diff(row) <= 1), "{found:?} {row}");
        }
    }
}
