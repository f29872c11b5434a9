//! The work, the same for everybody: which record is the i-th, and how many lines of it belong into which file.
//!
//! Of 100 records 80 are debug, 17 info, 2 warn and 1 error, well mixed. Messages have 80 to 120 bytes and two or three
//! formatted arguments. The call sites are a macro, so that each contestant's own logging macros are what is called.

use std::ops::Range;
use std::time::Instant;

/// What the i-th record says.
pub struct Facts {
    pub index: u64,
    pub bytes: u64,
    pub name: &'static str,
}

/// Which call site the i-th record comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Site {
    Read,
    Copied,
    Waited,
    Stored,
    Retried,
    Refused,
}

const NAMES: [&str; 8] = [
    "north/2024-11.csv",
    "north/2024-12.csv",
    "south/2024-11.csv",
    "south/2024-12.csv",
    "east/all-2024.csv",
    "west/all-2024.csv",
    "west/all-2023.csv",
    "totals/latest.csv",
];

impl Facts {
    #[inline]
    pub fn of(index: u64) -> Facts {
        let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        Facts { index, bytes: 1_000_000 + mixed % 9_000_000, name: NAMES[(mixed % 8) as usize] }
    }
}

impl Site {
    #[inline]
    pub fn of(index: u64) -> Site {
        match index * 37 % 100 {
            0..27 => Site::Read,
            27..54 => Site::Copied,
            54..80 => Site::Waited,
            80..97 => Site::Stored,
            97..99 => Site::Retried,
            _ => Site::Refused,
        }
    }

    /// Into how many of the three files a record from here goes.
    pub fn files(self) -> usize {
        match self {
            Site::Read | Site::Copied | Site::Waited => 1,
            Site::Stored | Site::Retried => 2,
            Site::Refused => 3,
        }
    }
}

/// Logs the i-th record: `$say!(level, "format", arguments)` is the contestant's own macro call.
macro_rules! record {
    ($index:expr, $say:ident) => {{
        let facts = $crate::work::Facts::of($index);
        let (i, bytes, name) = (facts.index, facts.bytes, facts.name);
        match $crate::work::Site::of(i) {
            $crate::work::Site::Read => {
                $say!(
                    debug,
                    "block {} of {}: {} bytes read, the checksum is right, on to the next one",
                    i,
                    name,
                    bytes
                )
            }
            $crate::work::Site::Copied => {
                $say!(
                    debug,
                    "copied {} bytes of {} to the staging area without a look at what is in them",
                    bytes,
                    name
                )
            }
            $crate::work::Site::Waited => {
                $say!(
                    debug,
                    "waited {} microseconds for the lock on {} before step {} could go on",
                    bytes,
                    name,
                    i
                )
            }
            $crate::work::Site::Stored => {
                $say!(
                    info,
                    "stored {} after step {}: {} bytes are in the archive and its index",
                    name,
                    i,
                    bytes
                )
            }
            $crate::work::Site::Retried => {
                $say!(
                    warn,
                    "step {} on {} took too long; it is tried again with smaller blocks than now",
                    i,
                    name
                )
            }
            $crate::work::Site::Refused => {
                $say!(
                    error,
                    "the archive refused {} at step {}: there is no room for {} more bytes",
                    name,
                    i,
                    bytes
                )
            }
        }
    }};
}
pub(crate) use record;

/// Calls `log` for each index; with `times`, also how many nanoseconds each call took.
#[inline]
pub fn each(range: Range<u64>, times: Option<&mut Vec<u32>>, log: impl Fn(u64)) {
    match times {
        None => range.for_each(log),
        Some(times) => times.extend(range.map(|index| {
            let began = Instant::now();
            log(index);
            u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX)
        })),
    }
}

/// Lines that `records` records make in debug.log, info.log and error.log.
pub fn expected_lines(records: u64) -> [u64; 3] {
    [records, records / 100 * 20, records / 100]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_80_to_120_bytes() {
        macro_rules! say {
            ($level:ident, $($message:tt)+) => { format!($($message)+) };
        }
        for index in (0..10_000).chain(190_000..200_000) {
            let message = record!(index, say);
            assert!((80..=120).contains(&message.len()), "{} bytes: {message}", message.len());
        }
    }

    #[test]
    fn a_hundred_records_fill_the_files_as_expected() {
        let mut lines = [0; 3];
        for index in 4_200..4_300 {
            (0..Site::of(index).files()).for_each(|file| lines[file] += 1);
        }
        assert_eq!(lines, expected_lines(100));
    }
}
