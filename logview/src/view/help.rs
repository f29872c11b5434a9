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

pub(super) fn draw((filter, row): (&str, usize), theme: Theme, frame: &mut Frame, screen: Rect) {
    let Some((area, columns)) = place(filter, screen) else { return };
    let symbols = theme.symbols();
    let rows = usize::from(area.height) - 2;
    let most = columns.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(rows);
    let row = row.min(most);
    let typed = text::name(filter.as_bytes(), theme.ascii());
    let hint = if filter.is_empty() { "type to filter, Esc closes" } else { typed.as_str() };
    let more = if most > 0 { if theme.ascii() { ", down: more" } else { ", ↑ ↓ more" } } else { "" };
    boxed(&format!("Help {} {hint}{more}", symbols.corners[4]), theme, frame, area);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    for (at, column) in columns.iter().enumerate() {
        let left = (at * COLUMN) as u16;
        if left >= inner.width {
            break;
        }
        let wide = (COLUMN as u16).min(inner.width - left);
        let place = Rect { x: inner.x + left, width: wide, ..inner };
        for (nth, entry) in column.iter().skip(row).enumerate() {
            put(frame, place, nth as u16, spans(entry, theme));
        }
    }
    if columns.iter().all(Vec::is_empty) {
        put(frame, inner, 0, vec![span("no key does that", theme.dim())]);
    }
}

/// The first row after scrolling by some.
pub(crate) fn scrolled(filter: &str, row: usize, by: i64, (width, height): (u16, u16)) -> usize {
    let Some((area, columns)) = place(filter, Rect::new(0, 0, width, height)) else { return 0 };
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let most = rows.saturating_sub(usize::from(area.height) - 2);
    (row as i64 + by).clamp(0, most as i64) as usize
}

/// Where it stands and what is in it, as densely as the screen needs; nothing on a screen without room.
fn place(filter: &str, screen: Rect) -> Option<(Rect, Vec<Vec<Entry>>)> {
    let wide = usize::from(screen.width);
    let count = [3, 2].into_iter().find(|count| count * COLUMN + 4 <= wide).unwrap_or(1);
    let mut columns = columns(filter, count);
    let longest = |columns: &[Vec<Entry>]| columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
    if longest(&columns) + 2 > usize::from(screen.height) {
        columns.iter_mut().for_each(|column| column.retain(|entry| !matches!(entry, Entry::Air)));
    }
    let width = (count * COLUMN + 4).min(wide) as u16;
    let height = (longest(&columns) as u16 + 2).min(screen.height);
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 2, width, height };
    (width >= 8 && height >= 3).then_some((area, columns))
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
    for (at, groups) in Group::columns(count).iter().enumerate() {
        let column = &mut columns[at];
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
