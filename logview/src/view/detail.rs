//! The detail pane: the fields of one record, or its bytes, over the lower part of the log.

use super::{boxed, message, put, put_line, span};
use crate::layout::Areas;
use crate::model::{Detail, Mode, Model};
use crate::text;
use crate::theme::Theme;
use crate::update::detail::ROW;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Cells of the names.
const NAME: usize = 14;

/// Rows of the log that it covers.
pub(crate) fn covered(model: &Model) -> usize {
    let Mode::Detail(detail) = &model.mode else { return 0 };
    usize::from(size(detail, model.areas().log).1)
}

/// How many rows it has to show, and how many it takes with its frame.
fn size(detail: &Detail, log: Rect) -> (usize, u16) {
    let room = log.height.saturating_sub(if log.height > 8 { (log.height / 4).min(6) } else { 0 });
    let rows = if detail.as_bytes { detail.bytes.len() / ROW + 1 } else { height(detail, log.width) };
    (rows, (rows.min(200) as u16 + 2).min(room))
}

pub(super) fn draw(detail: &Detail, theme: Theme, frame: &mut Frame, areas: &Areas) {
    let log = areas.log;
    let (rows, height) = size(detail, log);
    if log.width < 20 || height < 3 {
        return;
    }
    let area = Rect { y: log.y + log.height - height, height, ..log };
    let across = theme.symbols().corners[4];
    let more = if detail.cut { ", cut" } else { "" };
    let size = text::size(detail.range.end - detail.range.start);
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    let goes_on =
        if rows > usize::from(inner.height) { format!(" {across} more below") } else { String::new() };
    boxed(&format!("Record {across} {size}{more}{goes_on}"), theme, frame, area);
    if detail.as_bytes {
        return bytes(detail, theme, frame, inner);
    }
    fields(detail, theme, frame, inner);
}

/// Rows that all fields take.
fn height(detail: &Detail, width: u16) -> usize {
    let room = usize::from(width).saturating_sub(NAME + 4);
    detail.fields.iter().map(|(_, value)| rows_of(value, room, false).len()).sum()
}

/// The rows of a value.
fn rows_of(value: &str, room: usize, ascii: bool) -> Vec<String> {
    const MOST: usize = 2000;
    let mut rows = Vec::new();
    for line in value.lines() {
        let clean = text::name(line.as_bytes(), ascii);
        let wrapped = text::wrap(&[(clean, ())], room.max(4));
        rows.extend(
            wrapped.into_iter().map(|row| row.into_iter().map(|(text, ())| text).collect::<String>()),
        );
        if rows.len() > MOST {
            break;
        }
    }
    if rows.is_empty() {
        rows.push(String::new());
    }
    rows
}

fn fields(detail: &Detail, theme: Theme, frame: &mut Frame, area: Rect) {
    let room = usize::from(area.width).saturating_sub(NAME);
    let mut lines: Vec<(usize, Line)> = Vec::new();
    for (nth, (name, value)) in detail.fields.iter().enumerate() {
        for (row, text) in rows_of(value, room, theme.ascii()).into_iter().enumerate() {
            let name = if row == 0 { text::name(name.as_bytes(), theme.ascii()) } else { String::new() };
            let name = text::end(&name, NAME - 1, theme.ascii());
            let gap = " ".repeat(NAME - text::cells(&name));
            let chosen = nth == detail.chosen;
            let mut spans: Vec<Span> =
                vec![span(format!("{name}{gap}"), if chosen { theme.focus() } else { theme.dim() })];
            spans.extend(message::tinted(theme, &text));
            lines.push((nth, Line::from(spans)));
        }
    }
    // The chosen field is in sight, from its first row on.
    let first = lines.iter().position(|(nth, _)| *nth == detail.chosen).unwrap_or(0);
    let last = lines.iter().rposition(|(nth, _)| *nth == detail.chosen).unwrap_or(0);
    let height = usize::from(area.height);
    let from = (last + 1).saturating_sub(height).min(first);
    for (at, (_, line)) in lines.into_iter().skip(from).take(height).enumerate() {
        put_line(frame, area, at as u16, line);
    }
}

/// Offsets, bytes, and what they are in ASCII.
fn bytes(detail: &Detail, theme: Theme, frame: &mut Frame, area: Rect) {
    for (at, row) in detail.bytes.chunks(ROW).skip(detail.chosen).take(usize::from(area.height)).enumerate() {
        let offset = detail.range.start + ((detail.chosen + at) * ROW) as u64;
        let mut hex: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        hex.push_str(&"   ".repeat(ROW - row.len()));
        let ascii: String = row
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
            .collect();
        let spans = vec![
            span(format!("{offset:>10}  "), theme.dim()),
            span(hex, theme.text()),
            span(format!(" {ascii}"), theme.dim()),
        ];
        put(frame, area, at as u16, spans);
    }
}
