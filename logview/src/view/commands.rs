//! The command list: names, keys and words of all commands that fit what is typed, above the key line.

use super::chooser::Chooser;
use super::{list::cursor, put, span};
use crate::model::Model;
use crate::text;
use crate::theme::Theme;
use crate::update::commands::{fitting, line};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

const NAME: usize = 18;
const KEYS: usize = 12;

pub(super) fn draw(
    model: &Model,
    (typed, chosen): (&str, usize),
    theme: Theme,
    frame: &mut Frame,
    screen: Rect,
) {
    let rows = fitting(typed);
    let Some(list) = Chooser::of_commands(screen, chosen, rows.len()) else { return };
    let inner = list.draw("Commands", theme, frame);
    let text = text::name(typed.as_bytes(), theme.ascii());
    put(frame, inner, 0, vec![span(format!(": {text}"), theme.text()), span(cursor(theme), theme.focus())]);
    if let Some(line) = line(typed) {
        return put(
            frame,
            inner,
            1,
            vec![span(format!("Enter goes to line {}", text::number(line)), theme.dim())],
        );
    }
    if rows.is_empty() {
        return put(frame, inner, 1, vec![span("no command is called so", theme.dim())]);
    }
    for (at, on) in list.shown() {
        let row = &rows[at];
        let keys = model.config.keys.shown(&[*row], theme.ascii(), KEYS);
        let gap = " ".repeat(KEYS.saturating_sub(text::cells(&keys)));
        let what = text::end(row.what, usize::from(inner.width).saturating_sub(NAME + KEYS), theme.ascii());
        let spans = vec![
            span(format!("{:NAME$}", row.name), theme.text()),
            span(format!("{keys}{gap}"), theme.focus()),
            span(what, theme.dim()),
        ];
        let mut line = Line::from(spans);
        if at == chosen {
            line.spans.iter_mut().for_each(|span| span.style = theme.text());
            line = line.style(theme.selected(true));
        }
        super::put_line(frame, inner, on, line);
    }
}
