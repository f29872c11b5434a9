//! Draws the model; changes nothing. One file per part of the screen; all of them put spans on rows and leave cells,
//! clipping and wide characters to ratatui, so no size is too small.

mod card;
mod chart;
mod chooser;
mod commands;
mod compare;
mod detail;
mod elsewhere;
mod filters;
mod frame;
mod help;
pub(crate) mod hints;
mod hit_list;
mod list;
mod log;
mod marks;
mod message;
mod notice;
mod search;
mod split;
mod status;
#[cfg(test)]
pub(crate) mod tests;

use crate::model::{Mode, Model};
use crate::reading::page::Levels;
use crate::text;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

/// Draws the whole screen.
pub(crate) fn view(model: &Model, frame: &mut Frame) {
    // The terminal may have become smaller since the model was told.
    let size = frame.area();
    let areas =
        crate::layout::areas((size.width.min(model.size.0), size.height.min(model.size.1)), model.wishes());
    let theme = Theme::new(model.look);
    frame::header(model, theme, frame, areas.header);
    frame::title(model, theme, frame, &areas);
    frame::divider(theme, frame, &areas);
    frame::tabs(model, theme, frame, areas.tabs);
    chart::draw(model, theme, frame, areas.chart);
    log::draw(model, theme, frame, areas.log);
    if areas.popup.area() > 0 {
        let title = format!("Jobs {} sort: {}", theme.symbols().corners[4], model.jobs.sort.word());
        boxed(&title, theme, frame, areas.popup);
    }
    list::draw(model, theme, frame, areas.list);
    card::draw(model, theme, frame, areas.card);
    frame::rule(theme, frame, &areas);
    status::draw(model, theme, frame, areas.status);
    status::keys(model, theme, frame, areas.keys);
    match &model.mode {
        Mode::Help(filter, row) => help::draw(model, (filter, *row), theme, frame, size),
        Mode::Commands(typed, row) => commands::draw(model, (typed, *row), theme, frame, size),
        Mode::Detail(detail) => detail::draw(detail, theme, frame, &areas),
        Mode::Marks(row) => marks::draw(model, *row, theme, frame, size),
        Mode::Filters(row) => filters::draw(model, *row, theme, frame, size),
        Mode::Compare => compare::draw(model, theme, frame, size),
        Mode::Notice(said) => notice::draw(said, theme, frame, size),
        Mode::Search => search::draw(model, theme, frame, areas.search),
        Mode::Hits => hit_list::draw(model, theme, frame, areas.search),
        Mode::Normal | Mode::Typing(..) | Mode::Chart(_) => {}
    }
}

pub(crate) use compare::rows as compare_rows;
pub(crate) use detail::covered as detail_rows;
pub(crate) use help::scrolled as help_row;

/// Whether a list that is open covers this place, and which of its entries stands there; `None` if no such list is open.
pub(crate) fn entry_at(model: &Model, place: Position) -> Option<(bool, Option<usize>)> {
    let (width, height) = model.size;
    chooser::Chooser::of(model, Rect { x: 0, y: 0, width, height }).map(|list| list.at(place))
}

/// The levels that a click at this column of the tabs chooses.
pub(crate) fn tab_at(model: &Model, x: u16) -> Option<Levels> {
    let area = model.areas().tabs;
    let mut at = area.x;
    for tab in frame::tab_texts(model, Theme::new(model.look), area.width) {
        let width = tab.text.width() as u16;
        if (at..at + width).contains(&x) {
            return Some(tab.levels);
        }
        at += width;
    }
    None
}

/// Puts spans on one row of an area.
fn put(frame: &mut Frame, area: Rect, row: u16, spans: Vec<Span>) {
    put_line(frame, area, row, Line::from(spans));
}

fn put_line(frame: &mut Frame, area: Rect, row: u16, line: Line) {
    if row < area.height {
        let area = Rect { y: area.y + row, height: 1, ..area };
        frame.render_widget(line, area.intersection(frame.area()));
    }
}

/// Clears an area and draws a frame around it, with a title.
fn boxed(title: &str, theme: Theme, frame: &mut Frame, area: Rect) {
    if area.width < 4 || area.height < 2 {
        return;
    }
    frame.render_widget(Clear, area);
    let [left_top, right_top, left_bottom, right_bottom, across, down] = theme.symbols().corners;
    let wide = usize::from(area.width) - 2;
    let title = text::end(&format!("{across} {title} "), wide, theme.ascii());
    let line = across.repeat(wide - text::cells(&title));
    put(frame, area, 0, vec![span(format!("{left_top}{title}{line}{right_top}"), theme.focus())]);
    for row in 1..area.height - 1 {
        let inner = " ".repeat(wide);
        let (side, inside) = (span(down, theme.focus()), span(inner, theme.text()));
        put(frame, area, row, vec![side.clone(), inside, side]);
    }
    let last = format!("{left_bottom}{}{right_bottom}", across.repeat(wide));
    put(frame, area, area.height - 1, vec![span(last, theme.focus())]);
}

fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

fn width(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Left and right parts on one row, with the left one cut where they meet.
fn put_ends(frame: &mut Frame, area: Rect, row: u16, left: Vec<Span>, right: Vec<Span>) {
    put(frame, area, row, left);
    let wide = width(&right) as u16;
    if wide < area.width && row < area.height {
        let area = Rect { x: area.x + area.width - wide, width: wide, ..area };
        put(frame, area, row, right);
    }
}
