//! The list of filters: which of them are on, what each shows or hides.

use super::{boxed, put, put_line, span};
use crate::model::Model;
use crate::reading::Filter;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

const WIDTH: u16 = 100;

pub(super) fn draw(model: &Model, chosen: usize, theme: Theme, frame: &mut Frame, screen: Rect) {
    let filters = &model.log.only.filters;
    let width = WIDTH.min(screen.width);
    let height = (filters.len().max(2) as u16 + 2).min(screen.height.saturating_sub(2)).min(20);
    if width < 12 || height < 3 {
        return;
    }
    let area = Rect { x: (screen.width - width) / 2, y: screen.height - 2 - height, width, height };
    boxed("Filters", theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    if filters.is_empty() {
        put(frame, inner, 0, vec![span("There is no filter: all lines are shown.", theme.text())]);
        let hint = "Shown is what passes all of them, whole records each.";
        return put(frame, inner, 1, vec![span(hint, theme.dim())]);
    }
    let room = usize::from(inner.height);
    let from = (chosen + 1).saturating_sub(room);
    for (at, filter) in filters.iter().enumerate().skip(from).take(room) {
        let count = model.log.each.get(at).and_then(|(_, count)| *count);
        let mut line = row(filter, count, theme, usize::from(inner.width));
        if at == chosen {
            line = line.style(theme.selected(true));
        }
        put_line(frame, inner, (at - from) as u16, line);
    }
}

/// Whether it is on, what it does, with what, how that is meant, and how many lines match.
fn row(filter: &Filter, count: Option<(u64, bool)>, theme: Theme, width: usize) -> Line<'static> {
    let how = filter.pattern.how();
    let meant = [(!how.regex, "plain"), (!how.smart_case, "exact case"), (how.word, "whole word")];
    let meant: Vec<&str> = meant.into_iter().filter(|(said, _)| *said).map(|(_, word)| word).collect();
    let (mark, style) = if filter.on { ("[x]", theme.text()) } else { ("[ ]", theme.dim()) };
    let word = if filter.hides { "hides" } else { "only" };
    let name = text::name(filter.pattern.text().as_bytes(), theme.ascii());
    let meant = meant.join(", ");
    let matches = count.map_or(String::new(), |(count, complete)| {
        let (so_far, lines) =
            (if complete { "" } else { "so far " }, if count == 1 { "line" } else { "lines" });
        format!("  {so_far}{} {lines}", text::number(count))
    });
    let room = width.saturating_sub(13 + meant.len() + matches.len());
    let name = text::end(&name, room, theme.ascii());
    let gap = width.saturating_sub(13 + text::cells(&name) + meant.len() + matches.len());
    Line::from(vec![
        span(format!("{mark} {word:6} "), style),
        span(format!("{name}  "), style),
        span(meant, theme.dim()),
        span(" ".repeat(gap), theme.dim()),
        span(matches, theme.dim()),
    ])
}
