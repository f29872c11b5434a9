//! The list of filters: which of them are on, what each shows or hides.

use super::chooser::Chooser;
use super::{put, put_line, span};
use crate::model::Model;
use crate::reading::Filter;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(model: &Model, chosen: usize, theme: Theme, frame: &mut Frame, screen: Rect) {
    let filters = &model.log.only.filters;
    let Some(list) = Chooser::of(model, screen) else { return };
    let inner = list.draw("Filters", theme, frame);
    if filters.is_empty() {
        put(frame, inner, 0, vec![span("There is no filter: all lines are shown.", theme.text())]);
        let hint = "Shown is what passes all of them, whole records each.";
        return put(frame, inner, 1, vec![span(hint, theme.dim())]);
    }
    for (at, on) in list.shown() {
        let filter = &filters[at];
        let count = model.log.each.get(at).and_then(|(_, count)| *count);
        let mut line = row(filter, count, theme, usize::from(inner.width));
        if at == chosen {
            line = line.style(theme.selected(true));
        }
        put_line(frame, inner, on, line);
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
