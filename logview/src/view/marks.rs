//! The list of marks, of all logs.

use super::{boxed, put, put_line, span};
use crate::model::{Mark, Model};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

const WIDTH: u16 = 100;

pub(super) fn draw(model: &Model, chosen: usize, theme: Theme, frame: &mut Frame, screen: Rect) {
    let width = WIDTH.min(screen.width);
    let height = (model.marks.len().max(2) as u16 + 2).min(screen.height.saturating_sub(2)).min(20);
    if width < 12 || height < 3 {
        return;
    }
    let area = Rect { x: (screen.width - width) / 2, y: screen.height - 2 - height, width, height };
    boxed("Marks", theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    if model.marks.is_empty() {
        put(frame, inner, 0, vec![span("Nothing is marked.", theme.text())]);
        return put(
            frame,
            inner,
            1,
            vec![span("m marks the line that is chosen, or the first one.", theme.dim())],
        );
    }
    let room = usize::from(inner.height);
    let from = (chosen + 1).saturating_sub(room);
    for (at, mark) in model.marks.iter().enumerate().skip(from).take(room) {
        let mut line = row(model, mark, theme, usize::from(inner.width));
        if at == chosen {
            line = line.style(theme.selected(true));
        }
        put_line(frame, inner, (at - from) as u16, line);
    }
}

/// Job, time, note, and the line itself.
fn row(model: &Model, mark: &Mark, theme: Theme, width: usize) -> Line<'static> {
    let job = model.jobs.get(&mark.place.job).map_or_else(
        || text::name(mark.place.job.as_os_str().as_encoded_bytes(), theme.ascii()),
        |job| job.name.clone(),
    );
    let job = text::middle(&job, 20, theme.ascii());
    let gap = " ".repeat(20usize.saturating_sub(text::cells(&job)) + 1);
    let time = mark.time.and_then(|(seconds, _)| model.local(seconds));
    let time = time.map_or_else(String::new, |at| at.format("%H:%M:%S").to_string());
    let note = match text::name(mark.note.as_bytes(), theme.ascii()) {
        note if note.is_empty() => note,
        note => format!("{note}  "),
    };
    let head = crate::reading::head(&mark.text).map_or(0, |head| head.message);
    let said = text::name(mark.text.get(head..).unwrap_or_default(), theme.ascii());
    let room = width.saturating_sub(31 + text::cells(&note));
    Line::from(vec![
        span(format!("{job}{gap}"), theme.text()),
        span(format!("{time:9} "), theme.dim()),
        span(note, theme.strong()),
        span(text::end(said.trim(), room, theme.ascii()), theme.dim()),
    ])
}
