//! The command list: names, keys and words of all commands that fit what is typed, above the key line.

use super::{boxed, list::cursor, put, span};
use crate::model::Model;
use crate::text;
use crate::theme::Theme;
use crate::update::commands::{fitting, line};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

const WIDTH: u16 = 92;
const ROWS: u16 = 16;
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
    let width = WIDTH.min(screen.width);
    let height = (ROWS + 3).min(screen.height.saturating_sub(2));
    if width < 12 || height < 4 {
        return;
    }
    let area = Rect { x: (screen.width - width) / 2, y: screen.height - 2 - height, width, height };
    boxed("Commands", theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
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
    let room = usize::from(inner.height.saturating_sub(1)).max(1);
    let from = (chosen + 1).saturating_sub(room);
    for (at, row) in rows.iter().enumerate().skip(from).take(room) {
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
        super::put_line(frame, inner, 1 + (at - from) as u16, line);
    }
}
