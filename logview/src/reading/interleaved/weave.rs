//! Putting the records of one stretch in order.

use super::{Moment, Part, Stretch};
use crate::reading::head::LOOK;
use memchr::memchr;
use std::io;
use std::ops::Range;

/// Records in order.
pub(super) struct Woven {
    pub(super) data: Vec<u8>,
    /// Where records of another part than before begin.
    turns: Vec<(u32, u16)>,
    /// The first and the last record, and their parts; `None` if not all of it is known to come after the first.
    pub(super) first: Option<(Moment, usize)>,
    pub(super) last: Option<(Moment, usize)>,
}

impl Woven {
    /// Which part the byte is from.
    pub(super) fn part_at(&self, at: usize) -> usize {
        let turn = self.turns.partition_point(|(start, _)| *start as usize <= at);
        turn.checked_sub(1).map_or(0, |turn| usize::from(self.turns[turn].1))
    }

    /// Where the last record of a part ends.
    pub(super) fn end_of(&self, part: usize) -> usize {
        let last = self.turns.iter().rposition(|(_, of)| usize::from(*of) == part);
        let next = last.and_then(|last| self.turns.get(last + 1));
        next.map_or(if last.is_some() { self.data.len() } else { 0 }, |(start, _)| *start as usize)
    }
}

/// A part while its records are taken.
struct Input<'a> {
    part: &'a Part,
    data: Vec<u8>,
    /// The next record, and when it was.
    next: Range<usize>,
    time: Option<Moment>,
    /// The line after it, if that starts a record: where it ends, and its time.
    head: Option<(usize, Option<Moment>)>,
}

/// Reads a stretch and puts it in order.
pub(super) fn weave(parts: &[Part], stretch: &Stretch) -> io::Result<Woven> {
    let mut inputs = Vec::with_capacity(parts.len());
    let mut headless = false;
    for (part, range) in parts.iter().zip(&stretch.parts) {
        let mut data = vec![0; (range.end - range.start) as usize];
        let got = part.bytes.read_at(&mut data, range.start)?;
        data[got..].fill(b'\n'); // cut under our hands: what comes after it stays where it is
        let mut input = Input { part, data, next: 0..0, time: None, head: None };
        input.step();
        headless |= !input.next.is_empty() && input.time.is_none();
        inputs.push(input);
    }
    let mut woven = Woven {
        data: Vec::with_capacity(stretch.len() as usize),
        turns: Vec::new(),
        first: None,
        last: None,
    };
    // Records that come one after the other are mostly of one part, which then stays first up to the moment of the next.
    while let Some((time, at)) = earliest(&inputs, None) {
        let other = earliest(&inputs, Some(at));
        if woven.turns.last().is_none_or(|(_, part)| usize::from(*part) != at) {
            woven.turns.push((woven.data.len() as u32, at as u16));
        }
        let input = &mut inputs[at];
        let start = input.next.start;
        let mut last = time;
        while !input.next.is_empty() && other.is_none_or(|other| (input.time, at) <= other) {
            last = input.time;
            input.step();
        }
        let end = if input.next.is_empty() { input.data.len() } else { input.next.start };
        woven.data.extend_from_slice(&input.data[start..end]);
        if woven.first.is_none() && !headless {
            woven.first = time.map(|time| (time, at));
        }
        woven.last = woven.last.max(last.map(|last| (last, at)));
    }
    Ok(woven)
}

/// The next record of all, or of all but one.
fn earliest(inputs: &[Input], but: Option<usize>) -> Option<(Option<Moment>, usize)> {
    let there = inputs.iter().enumerate().filter(|(at, input)| Some(*at) != but && !input.next.is_empty());
    there.map(|(at, input)| (input.time, at)).min()
}

impl Input<'_> {
    /// Goes on to the next record: its line, and those that start none.
    fn step(&mut self) {
        let start = self.next.end;
        let known = self.head.take();
        let first = || self.line(start).map(|(end, head)| (end, head.flatten()));
        let (mut end, time) = known.or_else(first).unwrap_or((start, None));
        // Whatever stands below does so in its own part as well.
        self.time = self.time.max(time);
        while let Some((next, head)) = self.line(end) {
            if let Some(time) = head {
                self.head = Some((next, time));
                break;
            }
            end = next;
        }
        self.next = start..end;
    }

    /// Where the line at `start` ends, and whether it starts a record, and when that was.
    fn line(&self, start: usize) -> Option<(usize, Option<Option<Moment>>)> {
        let rest = self.data.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        let text = &rest[..end.min(LOOK)];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Some((start + end, self.part.head(text)))
    }
}
