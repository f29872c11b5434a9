//! The comparison of two logs: what only one of them says, how often, the worst first.

use super::{boxed, put, put_ends, put_line, span, width};
use crate::model::{Compared, Comparison, Model, Row, Side};
use crate::reading::shapes::{Difference, Kind, weight};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

const WIDTH: u16 = 130;

/// Cells of a count, with a gap.
const COUNT: usize = 9;

/// Cells of when it is said first, where there is room for that.
const FIRST: usize = 13;
const WITH_FIRST: u16 = 90;

/// Rows above the list: the two logs, and the heads of the columns.
const ABOVE: u16 = 3;

fn area((width, height): (u16, u16)) -> Rect {
    let wide = WIDTH.min(width.saturating_sub(if width > WIDTH { 8 } else { 0 }));
    let high = height.saturating_sub(if height > 14 { 4 } else { 1 });
    Rect { x: (width - wide) / 2, y: (height - high) / 2, width: wide, height: high }
}

/// Rows of the list on a screen of this size.
pub(crate) fn rows(size: (u16, u16)) -> usize {
    usize::from(area(size).height.saturating_sub(2 + ABOVE))
}

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, screen: Rect) {
    let Some(comparison) = &model.comparison else { return };
    let area = area((screen.width, screen.height));
    if area.width < 24 || area.height < 4 {
        return;
    }
    let same = u16::from(compared_alike(comparison)) * 2;
    let wanted = comparison.rows().len().max(2) as u16 + ABOVE + 2 + same;
    let area = Rect { height: area.height.min(wanted), ..area };
    boxed("Compare", theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    let compared = comparison.compared();
    for (at, side) in comparison.sides.iter().enumerate() {
        put(frame, inner, at as u16, named(model, theme, (at, side), compared));
    }
    match &comparison.found {
        None => put(frame, inner, ABOVE, vec![span(so_far(comparison, theme), theme.strong())]),
        Some(Err(why)) => {
            put(frame, inner, ABOVE, vec![span(format!("This cannot be compared: {why}."), theme.warning())]);
        }
        Some(Ok(compared)) => {
            if comparison.is_live() {
                let at = model.local(comparison.at).map(|at| at.format("%H:%M:%S").to_string());
                let said = format!("so far, at {}; C again goes on", at.unwrap_or_default());
                put_ends(frame, inner, 0, Vec::new(), vec![span(said, theme.warning())]);
            }
            let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
            told(model, comparison, compared, theme, frame, list);
        }
    }
}

/// A log: its letter, how it ended, its name, and how much it says.
fn named(
    model: &Model,
    theme: Theme,
    (at, side): (usize, &Side),
    compared: Option<&Compared>,
) -> Vec<Span<'static>> {
    let state = model.side_state(side);
    let (mark, style) = theme.mark(state);
    let name = text::name(model.side_name(side).as_bytes(), theme.ascii());
    let mut spans = vec![
        span(format!("{} ", crate::model::letter(at)), theme.focus()),
        span(format!("{mark} "), style),
        span(format!("{name}  "), theme.strong()),
        span(state.word(), theme.dim()),
    ];
    spans.extend(when(model, side).map(|when| span(format!("   {when}"), theme.dim())));
    if let Some(compared) = compared {
        let count = text::number(compared.records[at]);
        let plural = if compared.records[at] == 1 { "" } else { "s" };
        spans.push(span(format!("   {count} record{plural}"), theme.dim()));
        let others: u64 = compared.others[at].iter().sum();
        if others > 0 {
            let others = text::number(others);
            spans.push(span(format!(", {others} of more kinds than are told apart"), theme.warning()));
        }
    }
    spans
}

/// When it began and how long it took.
fn when(model: &Model, side: &Side) -> Option<String> {
    let start = model.local(side.window.clock?.div_euclid(1000))?;
    let today = model.local(model.seconds()).is_some_and(|now| now.date_naive() == start.date_naive());
    let start = start.format(if today { "%H:%M:%S" } else { "%b %d %H:%M:%S" });
    let took = side.took.map(|took| Duration::from_millis(took.max(0) as u64));
    Some(took.map_or_else(|| start.to_string(), |took| format!("{start} for {}", text::duration(took))))
}

/// How far it is.
fn so_far(comparison: &Comparison, theme: Theme) -> String {
    let reach = &comparison.reach;
    let dots = theme.symbols().dots;
    if reach.read == 0 {
        return format!("comparing{dots} Esc stops");
    }
    let left = text::left(reach.read, reach.bytes, reach.took);
    format!("comparing{dots} {} of {}{left}   Esc stops", text::size(reach.read), text::size(reach.bytes))
}

fn told(
    model: &Model,
    comparison: &Comparison,
    compared: &Compared,
    theme: Theme,
    frame: &mut Frame,
    area: Rect,
) {
    if compared.differences.is_empty() {
        return put(frame, area, 1, vec![span("Neither of them says anything.", theme.text())]);
    }
    let first = if area.width >= WITH_FIRST { format!("{:>FIRST$}", "first at") } else { String::new() };
    put(frame, area, 0, vec![span(format!("   {:>COUNT$}{:>COUNT$}{first}", "A", "B"), theme.focus())]);
    let rows = comparison.rows();
    let room = usize::from(area.height.saturating_sub(1));
    // The heading of the first one stays in sight.
    let from = if comparison.row < room { 0 } else { comparison.row + 1 - room };
    for (nth, row) in rows.iter().enumerate().skip(from).take(room) {
        let mut line = match row {
            Row::Heading(kind, count) => heading(comparison, *kind, *count, theme),
            Row::Said(at) => said(model, comparison, &compared.differences[*at], theme, area.width),
        };
        if nth == comparison.row && matches!(row, Row::Said(_)) {
            let rest = usize::from(area.width).saturating_sub(width(&line.spans));
            line.spans.iter_mut().for_each(|span| span.style = theme.text());
            line.spans.push(span(" ".repeat(rest), theme.text()));
            line = line.style(theme.selected(true));
        }
        put_line(frame, area, 1 + (nth - from) as u16, line);
    }
    if compared_alike(comparison) {
        let what = "Both say the same, whatever the numbers, and about as often.";
        put(frame, area, 2 + rows.len() as u16, vec![span(what, theme.text())]);
    }
}

/// Whether neither says anything that the other does not.
fn compared_alike(comparison: &Comparison) -> bool {
    let alike = |compared: &Compared| {
        let mut differences = compared.differences.iter().peekable();
        differences.peek().is_some() && differences.all(|difference| difference.kind() == Kind::Both)
    };
    comparison.compared().is_some_and(alike)
}

/// How long after its start the log says it first, or when, if nobody knows of a start.
fn first_at(model: &Model, comparison: &Comparison, difference: &Difference) -> Option<String> {
    let Some((seconds, _)) = comparison.since_start(difference) else {
        let (seconds, _) = difference.said[Comparison::side_of(difference)]?.time?;
        return model.local(seconds).map(|at| at.format("%H:%M:%S").to_string());
    };
    Some(text::since_start(seconds))
}

fn heading(comparison: &Comparison, kind: Kind, count: usize, theme: Theme) -> Line<'static> {
    let (what, hint) = match kind {
        Kind::OnlySecond => ("only in B", ""),
        Kind::OnlyFirst => ("only in A", ""),
        Kind::Much => ("at least three times as often in one", ""),
        Kind::Both if comparison.all => ("in both", "   a leaves them out"),
        Kind::Both => ("in both", "   a shows them"),
    };
    Line::from(vec![
        span(format!("{what}: {}", text::number(count as u64)), theme.strong()),
        span(hint, theme.dim()),
    ])
}

fn said(
    model: &Model,
    comparison: &Comparison,
    difference: &Difference,
    theme: Theme,
    width: u16,
) -> Line<'static> {
    let shape = &difference.shape;
    let (letter, style) = shape.level.map_or((" ", theme.dim()), |level| theme.letter(level));
    // Where more is said than is told apart, it may be said there as well.
    let slot = usize::from(weight(shape.level));
    let compared = comparison.compared();
    let count = |side: usize| match difference.counts()[side] {
        0 if compared.is_some_and(|compared| compared.others[side][slot] > 0) => "?".to_owned(),
        0 => theme.symbols().zero.to_owned(),
        count => text::number(count),
    };
    let [a, b] = [0, 1].map(count);
    let first = if width >= WITH_FIRST {
        format!("{:>FIRST$}", first_at(model, comparison, difference).unwrap_or_default())
    } else {
        String::new()
    };
    let room = usize::from(width).saturating_sub(5 + 2 * COUNT + first.len());
    let what = text::end(&text::name(shape.text.as_bytes(), theme.ascii()), room, theme.ascii());
    Line::from(vec![
        span(format!(" {letter} "), style),
        span(format!("{a:>COUNT$}{b:>COUNT$}"), theme.text()),
        span(format!("{first}  "), theme.dim()),
        span(what, theme.message(shape.level)),
    ])
}
