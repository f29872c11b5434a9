//! The list of marks, of all logs.

use super::chooser::Chooser;
use super::{put, put_line, span};
use crate::model::{Mark, Model};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(model: &Model, chosen: usize, theme: Theme, frame: &mut Frame, screen: Rect) {
    let Some(list) = Chooser::of(model, screen) else { return };
    let inner = list.draw("Marks", theme, frame);
    if model.marks.is_empty() {
        put(frame, inner, 0, vec![span("Nothing is marked.", theme.text())]);
        return put(
            frame,
            inner,
            1,
            vec![span("m marks the line that is chosen, or the first one.", theme.dim())],
        );
    }
    for (at, on) in list.shown() {
        let mut line = row(model, &model.marks[at], theme, usize::from(inner.width));
        if at == chosen {
            line = line.style(theme.selected(true));
        }
        put_line(frame, inner, on, line);
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
