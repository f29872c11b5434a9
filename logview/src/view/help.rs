//! The help: the key table in columns, narrowed to what is typed. Neighbours with the same words share a line.

use super::{boxed, put, span};
use crate::keys::{Binding, Group, Keymap, TABLE};
use crate::model::{Model, State};
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

const COLUMN: usize = 36;
const KEYS: usize = 14;

pub(super) fn draw(
    model: &Model,
    (filter, row): (&str, usize),
    theme: Theme,
    frame: &mut Frame,
    screen: Rect,
) {
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
            put(frame, place, nth as u16, spans(&model.config.keys, entry, theme));
        }
    }
    if columns.iter().all(Vec::is_empty) {
        put(frame, inner, 0, vec![span("no key does that", theme.dim())]);
    }
    foot(theme, frame, area);
}

/// What else there is, in the frame's last row.
fn foot(theme: Theme, frame: &mut Frame, area: Rect) {
    let note = " : lists all commands ";
    if usize::from(area.width) > note.len() + 4 {
        let at = Rect { x: area.x + 2, y: area.y + area.height - 1, width: note.len() as u16, height: 1 };
        put(frame, at, 0, vec![span(note, theme.focus())]);
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

/// Marks as a theme has them.
type Symbols = fn(Theme) -> String;

enum Entry {
    Title(Group),
    Keys(Vec<&'static Binding>),
    /// What the marks in the list and beside the log mean.
    Marks,
    Legend(Symbols, &'static str),
    Air,
}

fn spans(keys: &Keymap, entry: &Entry, theme: Theme) -> Vec<Span<'static>> {
    match entry {
        Entry::Title(group) => vec![span(group.title(), theme.strong())],
        Entry::Keys(rows) => {
            let shown = keys.shown(rows, theme.ascii(), KEYS);
            let gap = " ".repeat(KEYS.saturating_sub(text::cells(&shown)).max(1));
            let words = rows.first().map_or("", |row| row.help);
            vec![span(format!("{shown}{gap}"), theme.focus()), span(words, theme.text())]
        }
        Entry::Marks => vec![span("MARKS", theme.strong())],
        Entry::Legend(symbols, words) => {
            let symbols = symbols(theme);
            let gap = " ".repeat(KEYS.saturating_sub(text::cells(&symbols)).max(1));
            vec![span(format!("{symbols}{gap}"), theme.focus()), span(*words, theme.text())]
        }
        Entry::Air => Vec::new(),
    }
}

fn columns(filter: &str, count: usize) -> Vec<Vec<Entry>> {
    let filter = filter.to_lowercase();
    let fits = |row: &&Binding| {
        let said = [row.help, row.what, row.name].map(str::to_lowercase);
        filter.is_empty()
            || said.iter().any(|words| words.contains(&filter))
            || row.keys.iter().any(|key| key.to_lowercase() == filter)
    };
    let mut columns: Vec<Vec<Entry>> = (0..count).map(|_| Vec::new()).collect();
    for (at, groups) in Group::columns(count).iter().enumerate() {
        let column = &mut columns[at];
        for &group in *groups {
            let rows: Vec<&Binding> = TABLE.iter().filter(|row| row.group == group).collect();
            // Keys that share a line are found together.
            let lines = rows.chunk_by(|a, b| a.help == b.help && a.place == b.place);
            let lines: Vec<_> = lines.filter(|rows| rows.iter().any(&fits)).collect();
            if lines.is_empty() {
                continue;
            }
            if !column.is_empty() {
                column.push(Entry::Air);
            }
            column.push(Entry::Title(group));
            column.extend(lines.into_iter().map(|rows| Entry::Keys(rows.to_vec())));
        }
    }
    if filter.is_empty() {
        columns[0].extend([Entry::Air, Entry::Marks]);
        columns[0].extend(LEGEND.iter().map(|(symbols, words)| Entry::Legend(*symbols, words)));
    }
    columns
}

/// The marks, and what they mean.
const LEGEND: [(Symbols, &str); 8] = [
    (|theme| marks(theme, &[State::Running, State::Done]), "running, done"),
    (|theme| marks(theme, &[State::Failed, State::Died]), "failed, died or quiet"),
    (|theme| format!("{} +", theme.symbols().bar), "selected, new errors"),
    (|theme| theme.symbols().mark.to_owned(), "an error in this row"),
    (|theme| format!("{} {}", theme.symbols().error, theme.symbols().hit), "errors, hits in all"),
    (|theme| theme.symbols().flag.to_owned(), "a line that is marked"),
    (|_| "FOLLOW".to_owned(), "End: as it grows"),
    (|_| "HOLD".to_owned(), "after any move up"),
];

fn marks(theme: Theme, states: &[State]) -> String {
    states.iter().map(|state| theme.mark(*state).0).collect::<Vec<_>>().join(" ")
}
