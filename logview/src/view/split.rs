//! Two logs beside each other: what both wrote in the same second after their starts stands on the same rows.

use super::{put, span};
use crate::model::{Columns, Model, Shown};
use crate::reading::Line as LogLine;
use crate::text::{self, Parts};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// One line on its half of a row.
struct Cell {
    parts: Parts<Style>,
    cursor: bool,
}

/// Draws the rows; says on which of them errors stand.
pub(super) fn draw(
    model: &Model,
    theme: Theme,
    columns: &Columns,
    frame: &mut Frame,
    area: Rect,
) -> Vec<u16> {
    let log = &model.log;
    let mut rows: Vec<[Option<Cell>; 2]> = Vec::new();
    let mut errors = Vec::new();
    for (at, row) in crate::update::split_rows(model) {
        let line = &log.page.lines[at];
        let side = usize::from(line.part.unwrap_or(0)).min(1);
        let before = |line: &&LogLine| line.head.is_some() && line.part == log.page.lines[at].part;
        let before = log.page.lines[..at].iter().rev().find(before);
        let parts = match log.shown.get(at) {
            Some(Shown::Folded(fold)) => super::log::folded(model, theme, columns, fold),
            _ => super::log::rows(model, theme, columns, line, before).into_iter().next().unwrap_or_default(),
        };
        while rows.len() <= row {
            rows.push([None, None]);
        }
        rows[row][side] = Some(Cell { parts, cursor: log.cursor == Some(line.at) });
        if line.level == Some(log::Level::Error) && line.head.is_some() {
            errors.push(row as u16);
        }
    }
    for (row, [left, right]) in rows.into_iter().enumerate() {
        let mut spans = half(left, " ", theme, columns.width);
        spans.extend(half(right, theme.symbols().down, theme, columns.width));
        put(frame, area, row as u16, spans);
    }
    errors
}

/// The cell between the halves or the cursor in it, and the half with all its cells.
fn half(cell: Option<Cell>, between: &'static str, theme: Theme, wide: usize) -> Vec<Span<'static>> {
    let cursor = cell.as_ref().is_some_and(|cell| cell.cursor);
    let (symbol, style) =
        if cursor { (theme.symbols().cursor, theme.focus()) } else { (between, theme.dim()) };
    let parts = cell.map(|cell| cell.parts).unwrap_or_default();
    let used: usize = parts.iter().map(|(text, _)| text::cells(text)).sum();
    let mut spans = vec![span(symbol, style)];
    spans.extend(parts.into_iter().map(|(text, style)| span(text, style)));
    spans.push(span(" ".repeat(wide.saturating_sub(used)), theme.text()));
    spans
}
