//! The message of a line, in its colours: what stands out in it, and over that the hits of the search.

use crate::model::Model;
use crate::reading::{Line, Pattern};
use crate::sgr::stretches;
use crate::text::{self, Parts};
use crate::theme::Theme;
use crate::tint::tints;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use std::ops::Range;

/// Parts that are coloured in one line, and hits that are shown.
const MOST: usize = 200;

/// The message made harmless and coloured, as far as the cell `limit`.
pub(super) fn parts(model: &Model, theme: Theme, line: &Line, bytes: &[u8], limit: usize) -> Parts<Style> {
    let log = &model.log;
    let base = match line.head {
        _ if line.context => theme.dim(),
        Some(_) => theme.message(line.level),
        None if log.has_columns() => theme.dim(),
        None => theme.text(),
    };
    let base = if in_range(model, line) { base.patch(theme.selected(true)) } else { base };
    let base = if log.cursor == Some(line.at) { base.add_modifier(Modifier::BOLD) } else { base };
    // Only what can be on the screen is looked at; a character takes four bytes at most, and colours some more.
    let seen = &bytes[..bytes.len().min(limit.saturating_mul(8).saturating_add(256))];
    let hits = hits(&log.patterns(), seen);
    let tinted = || {
        let tints = tints(seen, MOST).into_iter();
        let tints: Vec<_> = tints.map(|(range, tint)| (range, base.patch(theme.tint(tint)))).collect();
        over(vec![(0..bytes.len(), base)], &tints)
    };
    // A log that brings its own colours has said what is to stand out.
    let below = match stretches(seen) {
        Some(own) if !line.context => {
            own.into_iter().map(|(range, style)| (range, base.patch(theme.own(style)))).collect()
        }
        _ if line.context => vec![(0..bytes.len(), base)],
        _ => tinted(),
    };
    let hits: Vec<_> = hits.into_iter().map(|range| (range, theme.hit())).collect();
    let mut parts: Parts<Style> = Vec::new();
    let mut column = 0;
    for (range, style) in over(below, &hits) {
        let mut clean = String::new();
        text::clean(&bytes[range], theme.ascii(), &mut column, limit, &mut clean);
        if !clean.is_empty() {
            parts.push((clean, style));
        }
    }
    parts
}

/// Where any of the patterns matches.
fn hits(patterns: &[&Pattern], bytes: &[u8]) -> Vec<Range<usize>> {
    let mut hits: Vec<Range<usize>> =
        patterns.iter().flat_map(|pattern| pattern.ranges(bytes, MOST)).collect();
    if patterns.len() > 1 {
        hits.sort_by_key(|hit| hit.start);
        let mut end = 0;
        hits.retain_mut(|hit| {
            hit.start = hit.start.max(end);
            end = end.max(hit.end);
            hit.start < hit.end
        });
    }
    hits
}

/// A clean text, coloured by what stands out in it.
pub(super) fn tinted(theme: Theme, text: &str) -> Vec<Span<'static>> {
    let bytes = text.as_bytes();
    let tints = tints(bytes, MOST).into_iter().map(|(range, tint)| (range, theme.tint(tint)));
    let parts = over(vec![(0..bytes.len(), theme.text())], &tints.collect::<Vec<_>>());
    let part = |range: Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
    parts.into_iter().map(|(range, style)| Span::styled(part(range), style)).collect()
}

/// Whether a line is within the range that is being chosen.
fn in_range(model: &Model, line: &Line) -> bool {
    crate::update::take::range(model).is_some_and(|range| range.contains(&line.at))
}

/// Puts ranges over others, which they hide. Both stand in a row.
fn over(below: Vec<(Range<usize>, Style)>, above: &[(Range<usize>, Style)]) -> Vec<(Range<usize>, Style)> {
    let mut out = Vec::with_capacity(below.len() + 2 * above.len());
    let mut above = above.iter().peekable();
    for (range, style) in below {
        let mut at = range.start;
        while let Some((top, top_style)) = above.peek().filter(|(top, _)| top.start < range.end) {
            if at < top.start {
                out.push((at..top.start, style));
            }
            let end = top.end.min(range.end);
            if at.max(top.start) < end {
                out.push((at.max(top.start)..end, *top_style));
            }
            at = at.max(end);
            if top.end > range.end {
                break;
            }
            above.next();
        }
        if at < range.end {
            out.push((at..range.end, style));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_over_shows_and_nothing_is_lost(cuts in proptest::collection::btree_set(0..60usize, 0..12), other in proptest::collection::btree_set(0..60usize, 0..12)) {
            let ranges = |cuts: &std::collections::BTreeSet<usize>| -> Vec<Range<usize>> {
                let cuts: Vec<_> = cuts.iter().copied().collect();
                cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect()
            };
            let style = |n: u8| Style::new().fg(ratatui::style::Color::Indexed(n));
            let low: Vec<_> = ranges(&cuts).into_iter().map(|range| (range, style(1))).collect();
            let high: Vec<_> = ranges(&other).into_iter().map(|range| (range, style(2))).collect();
            let all = over(over(vec![(0..60, style(0))], &low), &high);
            let looks: Vec<Style> = all.iter().flat_map(|(range, look)| range.clone().map(|_| *look)).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].0.end == pair[1].0.start));
            for (at, look) in looks.iter().enumerate() {
                let in_any = |ranges: &[(Range<usize>, Style)]| ranges.iter().any(|(range, _)| range.contains(&at));
                let want = if in_any(&high) { 2 } else if in_any(&low) { 1 } else { 0 };
                prop_assert_eq!(*look, style(want));
            }
        }
    }
}
