//! A list over the foot of the screen, of which one row is chosen: filters, marks, commands. The mouse asks where its rows are.

use super::boxed;
use crate::model::{Mode, Model};
use crate::theme::Theme;
use crate::update::commands::fitting;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chooser {
    area: Rect,
    /// Rows above those of the list.
    head: u16,
    /// The first one that is shown, and how many there are.
    from: usize,
    count: usize,
}

impl Chooser {
    /// So wide, and so many rows high if the screen has them; `None` where there is no room.
    fn new(
        screen: Rect,
        (width, height): (u16, u16),
        head: u16,
        (chosen, count): (usize, usize),
    ) -> Option<Chooser> {
        let width = width.min(screen.width);
        let height = (height + 2).min(screen.height.saturating_sub(2));
        let area = Rect {
            x: (screen.width - width) / 2,
            y: screen.height.saturating_sub(2 + height),
            width,
            height,
        };
        let room = usize::from(height.saturating_sub(2 + head)).max(1);
        (width >= 12 && height >= 3 + head).then_some(Chooser {
            area,
            head,
            from: (chosen + 1).saturating_sub(room),
            count,
        })
    }

    /// Of what is open, if it is such a list.
    pub(super) fn of(model: &Model, screen: Rect) -> Option<Chooser> {
        const WIDE: u16 = 100;
        const MOST: u16 = 18;
        let rows = |count: usize| (WIDE, count.clamp(2, usize::from(MOST)) as u16);
        match &model.mode {
            Mode::Filters(row) => {
                let count = model.log.only.filters.len();
                Chooser::new(screen, rows(count), 0, (*row, count))
            }
            Mode::Marks(row) => Chooser::new(screen, rows(model.marks.len()), 0, (*row, model.marks.len())),
            Mode::Commands(typed, row) => Chooser::of_commands(screen, *row, fitting(typed).len()),
            _ => None,
        }
    }

    /// Of so many commands that fit what is typed above them.
    pub(super) fn of_commands(screen: Rect, chosen: usize, count: usize) -> Option<Chooser> {
        Chooser::new(screen, (92, 17), 1, (chosen, count))
    }

    /// Draws the frame; says where the rows inside it are.
    pub(super) fn draw(self, title: &str, theme: Theme, frame: &mut Frame) -> Rect {
        boxed(title, theme, frame, self.area);
        let Rect { x, y, width, height } = self.area;
        Rect { x: x + 2, y: y + 1, width: width - 4, height: height - 2 }
    }

    /// The entries that are shown, and on which rows inside.
    pub(super) fn shown(self) -> impl Iterator<Item = (usize, u16)> {
        let room = usize::from(self.area.height - 2 - self.head);
        (self.from..self.count).take(room).zip(self.head..)
    }

    /// Whether a place is in it, and the entry that stands there.
    pub(super) fn at(self, place: Position) -> (bool, Option<usize>) {
        let row = place.y.checked_sub(self.area.y + 1);
        let entry = row.and_then(|row| self.shown().find(|(_, on)| *on == row));
        (self.area.contains(place), entry.map(|(at, _)| at).filter(|_| self.area.contains(place)))
    }
}
