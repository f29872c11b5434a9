//! The list of hits: a row for each line that matches, with the match in sight.

use super::{boxed, put, put_line, span, width};
use crate::model::{Columns, Model, letter, message};
use crate::reading::Line as LogLine;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.height == 0 || area.width < 8 {
        return;
    }
    let inner = match area.height {
        5.. => {
            boxed(&title(model, theme), theme, frame, area);
            Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
        }
        _ => {
            frame.render_widget(ratatui::widgets::Clear, area);
            area
        }
    };
    let list = &model.log.list;
    let chosen = list.at();
    if chosen.is_none() {
        return put(frame, inner, 0, vec![span(format!(" {}", nothing(model, theme)), theme.dim())]);
    }
    // The frame and the choice take the cells that the cursor and the scroll bar take in the log.
    let columns =
        Columns { width: usize::from(inner.width).saturating_sub(2), ..Columns::of(model, inner.width) };
    for (row, at) in list.window(usize::from(inner.height)).enumerate() {
        let line = &list.lines.page.lines[at];
        let above = at.checked_sub(1).and_then(|above| list.lines.page.lines.get(above));
        let mut spans = vec![span(" ", theme.text())];
        spans.extend(self::row(model, theme, &columns, line, above));
        let mut shown = Line::from(spans);
        if chosen == Some(at) {
            shown.spans[0] = span(theme.symbols().cursor, theme.text());
            let rest = usize::from(inner.width).saturating_sub(width(&shown.spans));
            shown.spans.push(span(" ".repeat(rest), theme.text()));
            shown = shown.style(theme.selected(true));
        }
        put_line(frame, inner, row as u16, shown);
    }
}

/// What is searched for, which of how many is chosen, and whether those are all.
fn title(model: &Model, theme: Theme) -> String {
    let log = &model.log;
    let across = theme.symbols().corners[4];
    let Some(search) = &log.search else { return "Hits".to_owned() };
    let name = text::end(&text::name(search.text.as_bytes(), theme.ascii()), 40, theme.ascii());
    let (count, complete) = search.hits.unwrap_or_default();
    let number = log.list.number().map_or_else(String::new, |number| format!("{} of ", text::number(number)));
    let so_far = match (complete, model.search.stopped) {
        (true, _) => "",
        (false, true) => " so far, stopped",
        (false, false) => " so far",
    };
    let hidden = if log.only.hides() { " in all lines; hidden ones are not listed" } else { "" };
    format!("Hits {across} /{name}/ {across} {number}{}{so_far}{hidden}", text::number(count))
}

/// Why there is no list.
fn nothing(model: &Model, theme: Theme) -> String {
    let log = &model.log;
    match log.search.as_ref().and_then(|search| search.hits) {
        _ if log.list.asked => theme.symbols().dots.to_owned(),
        Some((0, true)) => match model.elsewhere.hits.len() {
            0 => "No line matches.".to_owned(),
            1 => "No line matches here. Esc, then ↓ Enter goes to the other log that has some.".to_owned(),
            logs => format!(
                "No line matches here. Esc, then ↓ Enter goes to one of the {} logs that have some.",
                text::number(logs as u64)
            ),
        },
        Some((_, true)) => "Every line that matches is hidden.".to_owned(),
        _ => "No line that matches so far.".to_owned(),
    }
}

/// The columns of the log, and as much of the message as shows where it matches.
fn row(
    model: &Model,
    theme: Theme,
    columns: &Columns,
    line: &LogLine,
    above: Option<&LogLine>,
) -> Vec<Span<'static>> {
    let mut parts = Vec::new();
    if columns.job > 0 {
        let job = line.part.map_or(' ', |part| letter(usize::from(part)));
        parts.push((format!("{job} "), theme.focus()));
    }
    parts.extend(super::log::front(model, theme, columns, line, above));
    let used: usize = parts.iter().map(|(text, _)| text::cells(text)).sum();
    let indent = columns.indent(line);
    parts.push((" ".repeat(indent.saturating_sub(used)), theme.text()));
    let room = columns.width.saturating_sub(indent);
    let bytes = message(line, columns.any);
    let skip = skip(model, &bytes, room, theme.ascii());
    let said = super::message::parts(model, theme, line, &bytes, skip + room + 2);
    let long = text::cells(&said.iter().map(|(text, _)| text.as_str()).collect::<String>()) > skip + room;
    let dots = theme.symbols().dots;
    let (before, after) = (if skip > 0 { dots } else { "" }, if long { dots } else { "" });
    let room = room.saturating_sub(text::cells(before) + text::cells(after));
    parts.push((before.to_owned(), theme.dim()));
    parts.extend(text::cut(&said, skip, room));
    parts.push((after.to_owned(), theme.dim()));
    parts.into_iter().map(|(text, style)| span(text, style)).collect()
}

/// Cells of the message that are passed over, so that the first match is in sight.
fn skip(model: &Model, bytes: &[u8], room: usize, ascii: bool) -> usize {
    let pattern = model.log.search.as_ref().map(|search| &search.pattern);
    let Some(hit) = pattern.and_then(|pattern| pattern.ranges(bytes, 1).into_iter().next()) else { return 0 };
    let cells = |bytes: &[u8]| {
        let mut clean = String::new();
        text::clean(bytes, ascii, &mut 0, usize::MAX, &mut clean);
        text::cells(&clean)
    };
    let (start, end) = (cells(&bytes[..hit.start]), cells(&bytes[..hit.end]));
    if end + 2 <= room { 0 } else { start.saturating_sub(room / 3) }
}
