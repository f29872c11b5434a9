//! One encoded record, on its way to the files.
//!
//! Everything that comes from a record passes through here and is neutralised: a line break in a message becomes a
//! line break and a TAB, which no record starts with, so that it continues the record and cannot forge one; in any
//! other field it becomes `\n`. Carriage returns, NEL, U+2028, U+2029, escape bytes and all other control characters
//! but TAB are written as visible escapes (`\r`, `\u{2028}`, `\x1b`). Text of the template is written as it is.

use super::moment::{Digits, Moment, TimeFormat};
use super::pattern::Width;
use std::fmt::{self, Write as _};
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What continuation lines start with.
pub(crate) const CONTINUATION: &str = "\n\t";

const NEWLINE: &str = if cfg!(windows) { "\r\n" } else { "\n" };

/// The bytes of one record in one encoding of it. Reused from record to record.
#[derive(Debug, Default)]
pub(crate) struct Line {
    bytes: Vec<u8>,
    /// Whether styles are written (a console) or dropped (a file).
    styled: bool,
    /// Inside a part with a width: where styles stand, to be placed once the width is known.
    deferred: Option<Vec<(usize, Style)>>,
}

/// What log4rs's highlighting uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Style {
    BrightRed,
    Yellow,
    Green,
    Cyan,
    Reset,
}

impl Style {
    fn ansi(self) -> &'static str {
        match self {
            Style::BrightRed => "\x1b[0;31;1m",
            Style::Yellow => "\x1b[0;33m",
            Style::Green => "\x1b[0;32m",
            Style::Cyan => "\x1b[0;36m",
            Style::Reset => "\x1b[0m",
        }
    }
}

impl Line {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn set_styled(&mut self, styled: bool) {
        self.styled = styled;
    }

    /// Empties it for the next record; memory that one huge record needed is given back.
    pub(crate) fn restart(&mut self) {
        self.back_to(0);
    }

    /// As [`Line::restart`], but the first `len` bytes stay.
    #[inline]
    pub(crate) fn back_to(&mut self, len: usize) {
        const KEEP: usize = 4 << 10;
        self.bytes.truncate(len);
        if self.bytes.capacity() > KEEP {
            self.bytes.shrink_to(KEEP);
        }
    }

    /// Puts those digits of a fraction that `span` says at `at`.
    #[inline]
    pub(crate) fn patch(&mut self, at: usize, digits: &Digits, span: Range<usize>) {
        let place = &mut self.bytes[at..];
        match place.first_chunk_mut() {
            // All of them: `{d}` has nine in almost every record.
            Some(place) if span == (0..digits.len()) => *place = *digits,
            _ => place[..span.len()].copy_from_slice(&digits[span]),
        }
    }

    /// Takes back what was written of this record.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Text of the template.
    #[inline]
    pub(crate) fn literal(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    /// Memory is asked for out of line, so that the common way is short.
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            return self.grow_and_push(bytes);
        }
        self.bytes.extend_from_slice(bytes);
    }

    #[cold]
    #[inline(never)]
    fn grow_and_push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Digits and the like, known to be ASCII.
    pub(crate) fn ascii(&mut self, text: &[u8]) {
        debug_assert!(text.is_ascii());
        self.bytes.extend_from_slice(text);
    }

    pub(crate) fn number(&mut self, number: u64) {
        let mut digits = [b'0'; 20];
        let (mut rest, mut start) = (number, digits.len());
        while rest > 0 || start == digits.len() {
            start -= 1;
            digits[start] += (rest % 10) as u8;
            rest /= 10;
        }
        self.ascii(&digits[start..]);
    }

    /// Text from the record that is to stay on one line.
    pub(crate) fn field(&mut self, text: &str) {
        let start = self.bytes.len();
        self.literal(text);
        self.neutralise(start, Break::Escape);
    }

    /// A value from the record that is to stay on one line.
    pub(crate) fn display(&mut self, value: &dyn fmt::Display) {
        let start = self.bytes.len();
        self.guarded(format_args!("{value}"));
        self.neutralise(start, Break::Escape);
    }

    /// The record's message, which may continue on further lines.
    #[inline]
    pub(crate) fn message(&mut self, message: &fmt::Arguments<'_>) {
        let start = self.bytes.len();
        match message.as_str() {
            Some(text) => self.literal(text),
            None => self.guarded(*message),
        }
        if !is_plain(&self.bytes[start..]) {
            self.neutralise_message(start);
        }
    }

    #[cold]
    fn neutralise_message(&mut self, start: usize) {
        while self.bytes.len() > start && matches!(self.bytes.last(), Some(b'\n' | b'\r')) {
            self.bytes.pop();
        }
        // What is padded or cut to a width stays on one line.
        let breaks = if self.deferred.is_none() { Break::Continue } else { Break::Escape };
        self.neutralise(start, breaks);
    }

    pub(crate) fn end(&mut self) {
        self.literal(NEWLINE);
    }

    pub(crate) fn style(&mut self, style: Style) {
        if !self.styled {
            return;
        }
        let at = self.bytes.len();
        match &mut self.deferred {
            Some(styles) => styles.push((at, style)),
            None => self.literal(style.ansi()),
        }
    }

    /// Writes what `write` writes, padded and cut to `width`.
    pub(crate) fn sized(&mut self, width: &Width, write: impl FnOnce(&mut Line)) {
        let mut inner = Line { styled: self.styled, deferred: Some(Vec::new()), ..Line::default() };
        write(&mut inner);
        let styles = inner.deferred.unwrap_or_default();
        width.apply(self, &String::from_utf8_lossy(&inner.bytes), &styles);
    }

    /// For patterns that start with a part of the record: a TAB there would pass for a continuation.
    pub(crate) fn never_starts_like_a_continuation(&mut self) {
        if self.bytes.first() == Some(&b'\t') {
            self.bytes.splice(0..1, *b"\\t");
        }
    }

    /// Puts `now` where log4rs's JSON encoder has put the time.
    pub(crate) fn replace_json_time(&mut self, now: Moment, format: &Option<TimeFormat>) {
        const BEFORE: &[u8] = b"{\"time\":\"";
        let Some(format) = format.as_ref().filter(|_| self.bytes.starts_with(BEFORE)) else { return };
        let Some(end) = memchr::memchr(b'"', &self.bytes[BEFORE.len()..]) else { return };
        let mut time = Line::default();
        now.write(format, &mut time);
        self.bytes.splice(BEFORE.len()..BEFORE.len() + end, time.bytes);
    }

    /// What a JSON string may hold raw and a terminal would act on, as JSON escapes.
    pub(crate) fn neutralise_json(&mut self) {
        if self.bytes.iter().any(|b| *b >= 0x7f)
            && let Ok(text) = std::str::from_utf8(&self.bytes)
            && text.contains(is_hostile)
        {
            let mut clean = String::with_capacity(text.len() + 16);
            for c in text.chars() {
                if c != '\n' && is_hostile(c) {
                    let _ = write!(clean, "\\u{:04x}", u32::from(c));
                } else {
                    clean.push(c);
                }
            }
            self.bytes = clean.into_bytes();
        }
    }

    #[inline]
    /// Formats `value`, whose `Display` is the host's code and may fail or panic: the line says so and goes on.
    fn guarded(&mut self, value: fmt::Arguments<'_>) {
        match catch_unwind(AssertUnwindSafe(|| self.write_fmt(value))) {
            Ok(Ok(())) => {}
            Ok(Err(fmt::Error)) => self.literal(" [logcore: the value's Display failed here]"),
            Err(_) => self.literal(" [logcore: the value's Display panicked here]"),
        }
    }

    fn neutralise(&mut self, start: usize, breaks: Break) {
        if is_plain(&self.bytes[start..]) || is_harmless(&self.bytes[start..]) {
            return;
        }
        let tail = self.bytes.split_off(start);
        let text = String::from_utf8_lossy(&tail);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let line_break = c == '\n' || (c == '\r' && chars.peek() == Some(&'\n'));
            if line_break && matches!(breaks, Break::Continue) {
                if c == '\r' {
                    chars.next();
                }
                self.literal(CONTINUATION);
            } else if is_hostile(c) {
                self.escape(c);
            } else {
                self.literal(c.encode_utf8(&mut [0; 4]));
            }
        }
    }

    fn escape(&mut self, c: char) {
        // Writing to memory cannot fail.
        let _ = match c {
            '\n' => self.write_str("\\n"),
            '\r' => self.write_str("\\r"),
            c if c.is_ascii() => write!(self, "\\x{:02x}", u32::from(c)),
            c => write!(self, "\\u{{{:x}}}", u32::from(c)),
        };
    }
}

/// What becomes of a line break.
#[derive(Clone, Copy)]
enum Break {
    Continue,
    Escape,
}

/// Whether it is printable ASCII throughout: almost every text is. In a form that compilers turn into vector instructions:
/// a byte counts from the space on, so that those before it are above the last one too.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const LAST: u8 = b'~' - b' ';
    let from_space = |byte: &u8| byte.wrapping_sub(b' ');
    let Some(last) = text.last_chunk::<16>() else { return text.iter().all(|byte| from_space(byte) <= LAST) };
    // What does not fill a chunk is in the last one, with some of what stands before it.
    let mut most = last.map(|byte| from_space(&byte));
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        most = std::array::from_fn(|at| from_space(&chunk[at]).max(most[at]));
        rest = after;
    }
    most.iter().all(|byte| *byte <= LAST)
}

/// Whether nothing is to be escaped. Looks at eight bytes at a time; a TAB, and some characters that start with the same
/// byte as one that is to be escaped, are left to the closer look.
fn is_harmless(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    words.iter().chain([&last]).fold(0, |found, word| found | suspicious(u64::from_ne_bytes(*word))) == 0
}

/// Not 0 if one of the eight bytes is below 0x20, is 0x7f, or starts a character that may be NEL, U+2028 or the like (0xc2,
/// 0xe2).
fn suspicious(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let delete = has_zero(word ^ (ONES * 0x7f));
    let lead = has_zero((word & (ONES * 0xdf)) ^ (ONES * 0xc2));
    (below_space | delete | lead) & (ONES * 0x80)
}

/// Control characters and line separators, except TAB.
fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

impl fmt::Write for Line {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.literal(text);
        Ok(())
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log4rs::encode::Write for Line {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_to_be_escaped_is_always_seen(text in "[ -~]{0,20}(\\PC|\\pC|[\t\u{85}\u{2028}\u{7f}]){0,3}[ -~é漢]{0,20}") {
            prop_assert!(!is_harmless(text.as_bytes()) || !text.contains(is_hostile));
            prop_assert_eq!(is_plain(text.as_bytes()), text.bytes().all(|byte| (b' '..0x7f).contains(&byte)));
            prop_assert!(is_harmless(text.as_bytes()) || !text.bytes().all(|byte| (b' '..0x7f).contains(&byte)));
        }

        #[test]
        fn a_message_never_forges_a_line_and_harmless_text_stays(text in "(\\PC|\\pC|[\r\n\t]){0,40}") {
            let mut line = Line::default();
            line.message(&format_args!("{text}"));
            let written = String::from_utf8(line.bytes().to_vec()).unwrap();
            prop_assert!(!written.contains(|c| is_hostile(c) && c != '\n'));
            prop_assert!(written.split('\n').skip(1).all(|continuation| continuation.starts_with('\t')));
            if !text.contains(is_hostile) {
                prop_assert_eq!(written, text);
            }
        }
    }
}
