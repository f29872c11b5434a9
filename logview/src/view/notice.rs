//! What is said in a frame over the screen.

use super::{boxed, put, span};
use crate::model::Notice;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// A line in rows of whole words, each as far in as the line; what has no spaces is cut where it has to be.
fn rows_of(line: &str, wide: usize) -> Vec<String> {
    if text::cells(line) <= wide {
        return vec![line.to_owned()];
    }
    let words = line.trim_start_matches(' ');
    let indent = (line.len() - words.len()).min(wide / 2);
    let room = wide - indent;
    let rows = super::log::fold(words, room).into_iter().flat_map(|row| text::wrap(&[(row, ())], room));
    rows.map(|row| " ".repeat(indent) + &row.into_iter().map(|(text, ())| text).collect::<String>()).collect()
}

pub(super) fn draw(notice: &Notice, theme: Theme, frame: &mut Frame, screen: Rect) {
    const WIDEST: usize = 110;
    let lines: Vec<String> =
        notice.lines.iter().map(|line| text::name(line.as_bytes(), theme.ascii())).collect();
    let room = usize::from(screen.width.saturating_sub(6)).min(WIDEST);
    if room < 8 || screen.height < 3 {
        return;
    }
    let longest = lines.iter().map(|line| text::cells(line)).max().unwrap_or(0);
    let wide = longest.max(text::cells(&notice.title) + 4).min(room);
    let rows: Vec<String> = lines.into_iter().flat_map(|line| rows_of(&line, wide)).collect();
    let height = (rows.len() as u16 + 2).min(screen.height);
    let width = wide as u16 + 4;
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 2, width, height };
    boxed(&notice.title, theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    for (at, row) in rows.into_iter().enumerate() {
        put(frame, inner, at as u16, vec![span(row, theme.text())]);
    }
}
