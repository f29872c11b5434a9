//! The part of a line before the message, which is the same for all records of one call site and second but for a fraction
//! of the second (see [`crate::engine::sites`]).

use super::{Chunk, encode_all};
use crate::engine::line::Line;
use crate::engine::moment::{Fraction, Moment, TimeFormat};
use crate::template::Vars;
use log::Record;

/// The chunks before the first that can differ from record to record.
#[derive(Debug)]
pub(super) struct Head {
    chunks: Vec<Chunk>,
    /// Where in `chunks` the time is, if it is in there.
    time: Option<usize>,
    /// The fraction of a second in it; `None` if there is more than one, so that nothing is kept.
    pub(super) fraction: Option<Fraction>,
}

impl Head {
    /// Takes the head off `chunks`.
    pub(super) fn split_off(chunks: &mut Vec<Chunk>) -> Head {
        let mut times = 0;
        let end = chunks.iter().position(|chunk| match chunk {
            Chunk::Time(_) => {
                times += 1;
                times > 1
            }
            chunk => !chunk.is_the_same_for_a_site(),
        });
        let tail = chunks.split_off(end.unwrap_or(chunks.len()));
        let head = std::mem::replace(chunks, tail);
        let time = head.iter().position(|chunk| matches!(chunk, Chunk::Time(_)));
        Head {
            fraction: format(&head, time).map_or(Some(Fraction::NONE), TimeFormat::only_fraction),
            time,
            chunks: head,
        }
    }

    pub(super) fn starts_with_text(&self) -> bool {
        matches!(self.chunks.first(), Some(Chunk::Text(_)))
    }

    /// Writes it; returns where in it the digits of the fraction stand.
    pub(super) fn write(&self, line: &mut Line, record: &Record<'_>, now: Moment, vars: &Vars) -> usize {
        let (before, after) = self.chunks.split_at(self.time.unwrap_or(0));
        encode_all(before, line, record, now, vars);
        let time = line.bytes().len();
        encode_all(after, line, record, now, vars);
        format(&self.chunks, self.time).map_or(0, |format| time + format.offset_of_fraction())
    }
}

fn format(chunks: &[Chunk], time: Option<usize>) -> Option<&TimeFormat> {
    match chunks.get(time?) {
        Some(Chunk::Time(format)) => Some(format),
        _ => None,
    }
}
