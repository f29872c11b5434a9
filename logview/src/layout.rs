//! Where everything stands on a screen of a given size: arithmetic, used by update, view and the mouse alike.

use ratatui::layout::{Margin, Rect};

/// Below this width the list is a pop-up.
pub(crate) const WIDE: u16 = 100;

/// The search takes so many cells at least.
const SEARCH: u16 = 96;

/// Below this width the time column shrinks.
pub(crate) const NARROW: u16 = 60;

/// What decides about the layout besides the size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The log alone.
    pub zoom: bool,
    /// The volume chart.
    pub chart: bool,
    /// Two logs beside each other, and no list.
    pub split: bool,
    /// The list has the focus, which shows it where it is a pop-up.
    pub list: bool,
    /// The search is open.
    pub search: bool,
    /// Lines in the card under the list.
    pub card: u16,
}

/// The areas; those that do not fit are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Areas {
    pub header: Rect,
    pub title: Rect,
    pub list: Rect,
    pub card: Rect,
    pub divider: Rect,
    pub tabs: Rect,
    pub chart: Rect,
    pub log: Rect,
    pub rule: Rect,
    pub status: Rect,
    pub keys: Rect,
    /// The frame of the list where it stands over the log instead of beside it.
    pub popup: Rect,
    /// The search, over the foot of the log, which ends above it.
    pub search: Rect,
}

/// Takes rows off the top or the bottom of what is left, if it has them and more.
struct Rest(Rect);

impl Rest {
    fn top(&mut self, rows: u16) -> Rect {
        let taken = Rect { height: rows.min(self.0.height), ..self.0 };
        self.0.y += taken.height;
        self.0.height -= taken.height;
        taken
    }

    fn bottom(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.0.height);
        self.0.height -= rows;
        Rect { y: self.0.y + self.0.height, height: rows, ..self.0 }
    }
}

fn list_width(width: u16) -> u16 {
    match width {
        200.. => 78,
        160.. => 60,
        WIDE.. => 46,
        _ => 0,
    }
}

/// Rows of the search below so many rows of the body, which keeps most of them where there are few.
fn search_rows(wishes: Wishes, body: u16) -> u16 {
    match body {
        _ if !wishes.search => 0,
        26.. => 13 + (body.saturating_sub(31) / 3).min(9),
        14.. => 9,
        7.. => 2,
        2.. => 1,
        _ => 0,
    }
}

/// The areas of a screen.
pub(crate) fn areas((width, height): (u16, u16), wishes: Wishes) -> Areas {
    let mut areas = Areas::default();
    let mut rest = Rest(Rect::new(0, 0, width, height));
    let bar = |from: u16| u16::from(height >= from);
    if wishes.zoom {
        areas.status = rest.bottom(bar(2));
        areas.search = rest.bottom(search_rows(wishes, rest.0.height));
        areas.log = rest.0;
        return areas;
    }
    areas.header = rest.top(bar(8));
    areas.title = rest.top(bar(4));
    areas.keys = rest.bottom(bar(6));
    areas.status = rest.bottom(bar(2));
    areas.rule = rest.bottom(bar(10));
    let whole = rest.0.height;
    let search = search_rows(wishes, whole);
    // Beside the list if there is room, or else over both.
    let list = if wishes.split { 0 } else { list_width(width) };
    let beside = list > 0 && width.saturating_sub(list + 1) >= SEARCH;
    if !beside {
        areas.search = rest.bottom(search);
    }
    let body = rest.0;
    if list > 0 {
        areas.list = Rect { width: list, ..body };
        areas.divider = Rect { x: list, width: 1, ..body };
        rest.0 = Rect { x: list + 1, width: width - list - 1, ..body };
        let card = if body.height >= wishes.card + 8 { wishes.card } else { 0 };
        areas.list.height -= card;
        areas.card = Rect { y: areas.list.y + areas.list.height, height: card, ..areas.list };
    } else if wishes.list {
        let (wide, high) = (body.width.saturating_sub(2).min(64), body.height.saturating_sub(1));
        areas.popup = Rect { x: (body.width - wide) / 2, y: body.y, width: wide, height: high };
        areas.list = areas.popup.inner(Margin::new(1, 1));
    }
    if beside {
        areas.search = rest.bottom(search);
    }
    areas.tabs = rest.top(u16::from(rest.0.height >= 4));
    // Nothing above the search moves when it is opened.
    let high = rest.0.height + search;
    areas.chart =
        if wishes.chart && high >= 18 && rest.0.height >= 10 { rest.top(6) } else { Rect::default() };
    if areas.chart.height == 0 && high >= 12 {
        rest.top(1); // air under the tabs
    }
    areas.log = rest.0;
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_outside_at_any_size_and_the_log_stays_longest() {
        for width in 0..220 {
            for height in 0..70 {
                for bits in 0..32 {
                    let wishes = Wishes {
                        zoom: bits & 1 != 0,
                        chart: bits & 2 != 0,
                        list: bits & 4 != 0,
                        search: bits & 8 != 0,
                        split: bits & 16 != 0,
                        card: 8,
                    };
                    let screen = Rect::new(0, 0, width, height);
                    let a = areas((width, height), wishes);
                    for area in [
                        a.popup, a.header, a.title, a.list, a.card, a.divider, a.tabs, a.chart, a.log,
                        a.rule, a.status, a.keys, a.search,
                    ] {
                        assert_eq!(
                            area.intersection(screen).area(),
                            area.area(),
                            "{width}x{height} {area:?}"
                        );
                    }
                    assert!(height == 0 || a.log.height > 0, "{width}x{height}");
                }
            }
        }
    }

    #[test]
    fn the_screen_of_120_by_36_is_as_drawn() {
        let a = areas((120, 36), Wishes { chart: true, card: 8, ..Wishes::default() });
        assert_eq!((a.divider.x, a.log.x, a.log.width), (46, 47, 73));
        assert_eq!((a.tabs.y, a.chart.y, a.log.y, a.log.height), (2, 3, 9, 24));
        assert_eq!((a.card.y, a.rule.y, a.status.y, a.keys.y), (25, 33, 34, 35));
    }
}
