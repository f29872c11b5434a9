//! Log bytes as text that a terminal may be given: every control character shown as a symbol, every colour sequence
//! dropped, every cell accounted for.
//!
//! Nothing here knows what a log is. What comes out holds no control character, no change of writing direction, and
//! no broken UTF-8; ratatui puts it into cells.

use crate::sgr::sequence_len;
use std::time::Duration;
use unicode_width::UnicodeWidthChar;

/// Cells between tab stops.
const TAB: usize = 4;

/// Appends `bytes` to `out`, made harmless. `column` is where in the line it starts, for tabs, and is moved on.
/// Stops soon after `column` has reached `limit`.
pub(crate) fn clean(bytes: &[u8], ascii: bool, column: &mut usize, limit: usize, out: &mut String) {
    let mut rest = bytes;
    while let Some(chunk) = rest.utf8_chunks().next() {
        let valid = chunk.valid();
        let mut skip_to = 0;
        for (at, c) in valid.char_indices() {
            if *column >= limit {
                return;
            }
            if at < skip_to {
                continue;
            }
            if c == '\u{1b}' {
                let sequence = sequence_len(&valid.as_bytes()[at..]);
                if sequence > 0 {
                    skip_to = at + sequence;
                    continue;
                }
            }
            push(c, ascii, column, out);
        }
        for _ in chunk.invalid() {
            push('\u{fffd}', ascii, column, out);
        }
        rest = &rest[valid.len() + chunk.invalid().len()..];
    }
}

/// As [`clean`], for a short text that stands by itself, such as a name.
pub(crate) fn name(bytes: &[u8], ascii: bool) -> String {
    let mut out = String::new();
    clean(bytes, ascii, &mut 0, 4096, &mut out);
    out
}

fn push(c: char, ascii: bool, column: &mut usize, out: &mut String) {
    if c == '\t' {
        let cells = TAB - *column % TAB;
        out.extend(std::iter::repeat_n(' ', cells));
        *column += cells;
        return;
    }
    // What joins or tones others would make one picture of several, of which every terminal has its own opinion how many
    // cells it takes: each stands for itself.
    if matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}') && !ascii {
        return;
    }
    let shown = match c {
        ' '..='~' => c,
        _ if ascii => '?',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('·'),
        '\u{7f}' => '␡',
        '\u{85}' | '\u{2028}' | '\u{2029}' => '␤',
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{feff}' | '\u{61c}' => '·',
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => '·',
        // Two of them are a flag, which every terminal has its own opinion of too.
        '\u{1f1e6}'..='\u{1f1ff}' => char::from(b'A' + (u32::from(c) - 0x1f1e6) as u8),
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => '·',
        _ => c,
    };
    *column += shown.width().unwrap_or(0);
    out.push(shown);
}

/// How many cells a clean text takes.
pub(crate) fn cells(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text cut to `width` cells, with an ellipsis in its middle if it is longer: both ends of a name tell.
pub(crate) fn middle(text: &str, width: usize, ascii: bool) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let dots = if ascii { "~" } else { "…" };
    if width <= 1 {
        return if width == 1 { dots.to_owned() } else { String::new() };
    }
    let tail = (width - 1) / 2;
    let head = width - 1 - tail;
    let front = take(text.chars(), head);
    let back: String = take(text.chars().rev(), tail).chars().rev().collect();
    format!("{front}{dots}{back}")
}

/// The text cut to `width` cells, with an ellipsis at its end if it is longer.
pub(crate) fn end(text: &str, width: usize, ascii: bool) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let front = take(text.chars(), width.saturating_sub(1));
    let dots = if ascii { "~" } else { "…" };
    if width == 0 { front } else { format!("{front}{dots}") }
}

fn take(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// Text in parts of different looks.
pub(crate) type Parts<S> = Vec<(String, S)>;

/// The cells `left..left + width` of a row of parts. A wide character that is cut becomes a space.
pub(crate) fn cut<S: Copy>(parts: &[(String, S)], left: usize, width: usize) -> Parts<S> {
    let mut column = 0;
    let mut out: Parts<S> = Vec::new();
    for (text, look) in parts {
        let mut kept = String::new();
        for c in text.chars() {
            let cells = c.width().unwrap_or(0);
            let after = column + cells;
            if column >= left && after <= left + width && (cells > 0 || after > left) {
                kept.push(c);
            } else if after > left && column < left + width && cells > 1 {
                kept.push(' ');
            }
            column = after;
        }
        if !kept.is_empty() {
            out.push((kept, *look));
        }
    }
    out
}

/// The parts in rows of at most `width` cells; at least one row.
pub(crate) fn wrap<S: Copy>(parts: &[(String, S)], width: usize) -> Vec<Parts<S>> {
    let width = width.max(2);
    let mut rows = vec![Vec::new()];
    let mut column = 0;
    for (text, look) in parts {
        let mut kept = String::new();
        for c in text.chars() {
            let cells = c.width().unwrap_or(0);
            if column + cells > width {
                push_part(&mut rows, std::mem::take(&mut kept), *look);
                rows.push(Vec::new());
                column = 0;
            }
            kept.push(c);
            column += cells;
        }
        push_part(&mut rows, kept, *look);
    }
    rows
}

fn push_part<S>(rows: &mut [Parts<S>], text: String, look: S) {
    if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
        row.push((text, look));
    }
}

/// `1,204`.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count in at most four cells: `999`, `1.2k`, `58k`, `3.4M`.
pub(crate) fn short(count: u64) -> String {
    let (mut value, mut unit) = (count as f64, "");
    for next in ["k", "M", "G", "T"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit.is_empty() || value >= 9.95 { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") }
}

/// `41.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// An age in at most four cells: `0s`, `41s`, `14m`, `3h`, `2d`, `1y`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..31_536_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// `T+00:14:09`: so many seconds after a start.
pub(crate) fn since_start(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("T+{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// How long something took that may be short: `less than 1 ms`, `40 ms`, `2.9 s`, `14m 09s`.
pub(crate) fn duration(took: Duration) -> String {
    match took.as_millis() {
        0 => "less than 1 ms".to_owned(),
        millis @ 1..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.1} s", took.as_secs_f64()),
        _ => span(took.as_secs()),
    }
}

/// A span as one says it: `14m 09s`, `3h 20m`, `12s`.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// How long it will take yet at the pace so far, where that is long enough to be told.
pub(crate) fn left(done: u64, all: u64, took: Duration) -> String {
    let left = took.as_secs_f64() * all.saturating_sub(done) as f64 / done.max(1) as f64;
    if took < Duration::from_millis(300) || left < 0.5 {
        return String::new();
    }
    format!(", {} left", span(left.ceil() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn controls_are_symbols_and_colours_are_dropped() {
        assert_eq!(name(b"a\x1b[31mred\x1b[0m\x00\x07\x1b[2J", false), "ared␀␇␛[2J");
        assert_eq!(name("\u{9b}2J\u{202e}x\u{85}".as_bytes(), false), "·2J·x␤");
        assert_eq!(name(b"\xff\xfea", false), "\u{fffd}\u{fffd}a");
        assert_eq!(name("é\x00".as_bytes(), true), "??");
        assert_eq!(name(b"a\tb", false), "a   b");
    }

    #[test]
    fn numbers_are_short_where_they_must_be() {
        assert_eq!(
            ["999", "1.0k", "58k", "3.4M"],
            [999, 1000, 58_113, 3_400_000].map(short).map(|s| s.clone())[..]
        );
        assert_eq!(number(1_204_000), "1,204,000");
        assert_eq!(size(43_201_536), "41.2 MiB");
        assert_eq!(middle("import-0817-0042", 9, false), "impo…0042");
    }

    /// Pieces that are known to put cells out of order.
    fn script() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "a",
            " ",
            "界面",
            "가나",
            "ㅎㅏㄴ",
            "e\u{301}",
            "o\u{308}\u{301}",
            "ב\u{5b8}ש\u{5c1}לום",
            "مرحبا",
            "لا",
            "क्षि",
            "ไทย",
            "👩‍👩‍👧",
            "👍🏽",
            "❤️",
            "1️⃣",
            "🇩🇪",
            "\u{200b}",
            "\u{202e}",
            "\t",
            "\u{7}",
            "\u{1b}[31m",
            "\u{1b}[2J",
            "ﷺ",
            "𝔘",
            "½",
            "ｱ",
        ])
    }

    proptest! {
        #[test]
        fn nothing_that_comes_out_controls_a_terminal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for ascii in [false, true] {
                let text = name(&bytes, ascii);
                let controls = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                prop_assert!(!text.chars().any(controls));
                prop_assert!(!ascii || text.is_ascii());
            }
        }

        #[test]
        fn whatever_the_script_the_cells_are_those_that_are_drawn(parts in proptest::collection::vec(script(), 0..30), width in 2..20usize) {
            let text = name(parts.concat().as_bytes(), false);
            let drawn = |text: &str| -> usize {
                let span = ratatui::text::Span::raw(text);
                span.styled_graphemes(ratatui::style::Style::new()).map(|part| part.symbol.width()).sum()
            };
            prop_assert_eq!(cells(&text), drawn(&text), "{:?}", text);
            for row in wrap(&[(text.clone(), ())], width) {
                let row: String = row.into_iter().map(|(text, ())| text).collect();
                prop_assert!(drawn(&row) <= width, "{:?}", row);
            }
            let part: String = cut(&[(text, ())], 3, width).into_iter().map(|(text, ())| text).collect();
            prop_assert!(drawn(&part) <= width, "{:?}", part);
        }

        #[test]
        fn rows_and_cuts_keep_to_their_width(text in "[a界é\u{301} ]{0,80}", width in 2..20usize, left in 0..30usize) {
            let parts = [(text.clone(), 0)];
            let rows = wrap(&parts, width);
            let joined: String = rows.iter().flatten().map(|(text, _)| text.as_str()).collect();
            prop_assert_eq!(joined, text.clone());
            for row in &rows {
                prop_assert!(row.iter().map(|(text, _)| cells(text)).sum::<usize>() <= width);
            }
            let window: usize = cut(&parts, left, width).iter().map(|(text, _)| cells(text)).sum();
            prop_assert_eq!(window, cells(&text).saturating_sub(left).min(width));
            prop_assert!(cells(&middle(&text, width, false)) <= width);
        }
    }
}
