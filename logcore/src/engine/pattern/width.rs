//! Minimum and maximum widths, in grapheme clusters, as log4rs applies them.

use crate::engine::line::{Line, Style};
use unicode_segmentation::UnicodeSegmentation;

/// `{m:*>-10.20}`: fill, alignment, side of truncation, least and most graphemes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Width {
    pub(crate) fill: char,
    pub(crate) align_right: bool,
    pub(crate) cut_left: bool,
    pub(crate) min: Option<usize>,
    pub(crate) max: Option<usize>,
}

impl Width {
    pub(crate) fn is_free(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Appends `text`, in which `styles` start at the given offsets, to `line`, padded and cut.
    pub(crate) fn apply(&self, line: &mut Line, text: &str, styles: &[(usize, Style)]) {
        let total = segments(text, styles).map(|(part, _)| graphemes(part)).sum::<usize>();
        let mut cut = false;
        if let Some(max) = self.max.filter(|max| total > *max) {
            let skip = if self.cut_left { total - max } else { 0 };
            write_range(line, text, styles, skip, max);
            cut = true;
        }
        match self.min.filter(|min| total < *min) {
            // With a maximum below the minimum log4rs writes both forms; a configuration means the same here.
            Some(min) if self.align_right => {
                self.pad(line, min - total);
                write_range(line, text, styles, 0, total);
            }
            Some(min) => {
                write_range(line, text, styles, 0, total);
                self.pad(line, min - total);
            }
            None if !cut => write_range(line, text, styles, 0, total),
            None => {}
        }
    }

    fn pad(&self, line: &mut Line, count: usize) {
        let mut buffer = [0; 4];
        let fill = self.fill.encode_utf8(&mut buffer);
        for _ in 0..count {
            line.literal(fill);
        }
    }
}

/// The stretches between styles, each with the style that follows it.
fn segments<'a>(
    text: &'a str,
    styles: &'a [(usize, Style)],
) -> impl Iterator<Item = (&'a str, Option<Style>)> {
    let starts = std::iter::once(0).chain(styles.iter().map(|(at, _)| *at));
    let ends =
        styles.iter().map(|(at, style)| (*at, Some(*style))).chain(std::iter::once((text.len(), None)));
    starts.zip(ends).map(move |(start, (end, style))| (&text[start..end], style))
}

fn graphemes(text: &str) -> usize {
    if text.is_ascii() && !text.contains('\r') { text.len() } else { text.graphemes(true).count() }
}

/// Writes `take` graphemes after the first `skip`, and every style wherever it stands.
fn write_range(line: &mut Line, text: &str, styles: &[(usize, Style)], mut skip: usize, mut take: usize) {
    for (part, style) in segments(text, styles) {
        let count = graphemes(part);
        let dropped = skip.min(count);
        let kept = (count - dropped).min(take);
        if dropped == 0 && kept == count {
            line.literal(part);
        } else {
            line.literal(&part[offset(part, dropped)..offset(part, dropped + kept)]);
        }
        skip -= dropped;
        take -= kept;
        if let Some(style) = style {
            line.style(style);
        }
    }
}

/// Where the grapheme number `count` of `text` starts.
fn offset(text: &str, count: usize) -> usize {
    text.grapheme_indices(true).nth(count).map_or(text.len(), |(at, _)| at)
}
