//! The help: the key table in three columns, narrowed to what is typed.

use super::{boxed, put, span};
use crate::keys::{Binding, Group, TABLE};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

const COLUMN: usize = 36;
const KEYS: usize = 11;

pub(super) fn draw(filter: &str, theme: Theme, frame: &mut Frame, screen: Rect) {
    let wide = usize::from(screen.width);
    let count = [3, 2].into_iter().find(|count| count * COLUMN + 4 <= wide).unwrap_or(1);
    let columns = columns(filter, count);
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let width = (count * COLUMN + 4).min(wide) as u16;
    let height = (rows as u16 + 2).min(screen.height);
    if width < 8 || height < 3 {
        return;
    }
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 2, width, height };
    let across = theme.symbols().corners[4];
    let typed = text::name(filter.as_bytes(), theme.ascii());
    let hint = if filter.is_empty() { "type to filter, Esc closes" } else { typed.as_str() };
    boxed(&format!("Help {across} {hint}"), theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: width - 4, height: height - 2 };
    for (at, column) in columns.iter().enumerate() {
        let left = (at * COLUMN) as u16;
        if left >= inner.width {
            break;
        }
        let wide = (COLUMN as u16).min(inner.width - left);
        let place = Rect { x: inner.x + left, width: wide, ..inner };
        for (row, entry) in column.iter().enumerate() {
            put(frame, place, row as u16, spans(entry, theme));
        }
    }
    if columns.iter().all(Vec::is_empty) {
        put(frame, inner, 0, vec![span("no key does that", theme.dim())]);
    }
}

enum Entry {
    Title(Group),
    Key(&'static Binding),
    Air,
}

fn spans(entry: &Entry, theme: Theme) -> Vec<Span<'static>> {
    match entry {
        Entry::Title(group) => vec![span(group.title(), theme.strong())],
        Entry::Key(row) => {
            let shown = if theme.ascii() { row.keys.join(" ") } else { row.shown.to_owned() };
            let gap = " ".repeat(KEYS.saturating_sub(text::cells(&shown)).max(1));
            vec![span(format!("{shown}{gap}"), theme.focus()), span(row.what, theme.text())]
        }
        Entry::Air => Vec::new(),
    }
}

fn columns(filter: &str, count: usize) -> Vec<Vec<Entry>> {
    let filter = filter.to_lowercase();
    let fits = |row: &&Binding| {
        filter.is_empty()
            || row.what.to_lowercase().contains(&filter)
            || row.shown.to_lowercase().contains(&filter)
    };
    let mut columns: Vec<Vec<Entry>> = (0..count).map(|_| Vec::new()).collect();
    for (at, groups) in Group::COLUMNS.iter().enumerate() {
        let column = &mut columns[at.min(count - 1)];
        for &group in *groups {
            let rows: Vec<&Binding> = TABLE.iter().filter(|row| row.group == group).filter(fits).collect();
            if rows.is_empty() {
                continue;
            }
            if !column.is_empty() {
                column.push(Entry::Air);
            }
            column.push(Entry::Title(group));
            column.extend(rows.into_iter().map(Entry::Key));
        }
    }
    columns
}
