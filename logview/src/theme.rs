//! Colours and symbols: the palette in force, and never colour alone.

pub(crate) mod palette;

use crate::model::{Look, State};
use crate::tint::Tint;
use log::Level;
use palette::Part;
use ratatui::style::{Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    look: Look,
}

/// The symbols of one look.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub(crate) struct Symbols {
    pub bar: &'static str,
    pub rule: &'static str,
    pub thin: &'static str,
    pub down: &'static str,
    pub tee_down: &'static str,
    pub tee_up: &'static str,
    pub zero: &'static str,
    pub cursor: &'static str,
    pub mark: &'static str,
    pub thumb: &'static str,
    pub dots: &'static str,
    pub times: &'static str,
    pub flag: &'static str,
    pub error: &'static str,
    pub hit: &'static str,
    pub eighths: [&'static str; 9],
    pub corners: [&'static str; 6],
    pub axis: [&'static str; 3],
}

const FINE: Symbols = Symbols {
    bar: "▌",
    rule: "━",
    thin: "─",
    down: "│",
    tee_down: "┯",
    tee_up: "┴",
    zero: "·",
    cursor: "▸",
    mark: "◂",
    thumb: "█",
    dots: "…",
    times: "×",
    flag: "◆",
    error: "▐",
    hit: "•",
    eighths: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    corners: ["╭", "╮", "╰", "╯", "─", "│"],
    axis: ["┤", "│", "└"],
};

const PLAIN: Symbols = Symbols {
    bar: ">",
    rule: "=",
    thin: "-",
    down: "|",
    tee_down: "=",
    tee_up: "-",
    zero: ".",
    cursor: ">",
    mark: "<",
    thumb: "#",
    dots: "~",
    times: "x",
    flag: "@",
    error: "E",
    hit: "/",
    eighths: [" ", ".", ".", ":", ":", "-", "=", "+", "#"],
    corners: ["+", "+", "+", "+", "-", "|"],
    axis: ["+", "|", "+"],
};

impl Theme {
    /// For a look.
    pub(crate) fn new(look: Look) -> Theme {
        Theme { look }
    }

    /// The symbols.
    pub(crate) fn symbols(self) -> &'static Symbols {
        if self.look.ascii { &PLAIN } else { &FINE }
    }

    /// Whether only ASCII may be shown.
    pub(crate) fn ascii(self) -> bool {
        self.look.ascii
    }

    /// The look of a part, without its colours where there are to be none.
    fn part(self, part: Part) -> Style {
        let style = self.look.palette.get(part);
        if !self.look.plain {
            return style;
        }
        // What was told by its colour is told by its weight.
        let weight = match part {
            Part::Follow | Part::Hold => Modifier::REVERSED | Modifier::BOLD,
            Part::Selected => Modifier::REVERSED,
            Part::Focus => Modifier::BOLD,
            _ => Modifier::empty(),
        };
        Style { fg: None, bg: None, ..style }.add_modifier(weight)
    }

    /// What the person reads.
    pub(crate) fn text(self) -> Style {
        self.part(Part::Text)
    }

    /// What stands around it.
    pub(crate) fn dim(self) -> Style {
        self.part(Part::Dim)
    }

    /// Names and numbers that matter.
    pub(crate) fn strong(self) -> Style {
        self.part(Part::Strong)
    }

    /// The one accent: where the focus is.
    pub(crate) fn focus(self) -> Style {
        self.part(Part::Focus)
    }

    /// Errors.
    pub(crate) fn error(self) -> Style {
        self.part(Part::Error)
    }

    /// Warnings.
    pub(crate) fn warning(self) -> Style {
        self.part(Part::Warning)
    }

    /// The time of a record.
    pub(crate) fn time(self) -> Style {
        self.part(Part::Time)
    }

    /// Who says it.
    pub(crate) fn target(self) -> Style {
        self.part(Part::Target)
    }

    /// What stands out in a message; laid over the message's own style.
    pub(crate) fn tint(self, tint: Tint) -> Style {
        self.part(match tint {
            Tint::Number | Tint::Word | Tint::Id => Part::Number,
            Tint::Quoted => Part::Quoted,
            Tint::Key => Part::Key,
            Tint::Path | Tint::Address => Part::Path,
            Tint::Link => Part::Link,
        })
    }

    /// A row that stands for others.
    pub(crate) fn folded(self) -> Style {
        self.dim().add_modifier(Modifier::ITALIC)
    }

    /// What is told between two lines.
    pub(crate) fn ruler(self) -> Style {
        Style::new().add_modifier(Modifier::ITALIC)
    }

    /// The first line of a record that stays in sight.
    pub(crate) fn stuck(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// A look that a log has given to a part of itself.
    pub(crate) fn own(self, style: Style) -> Style {
        if self.look.plain { Style { fg: None, bg: None, ..style } } else { style }
    }

    /// A hit of the search.
    pub(crate) fn hit(self) -> Style {
        self.part(Part::Hit)
    }

    /// The block that says FOLLOW.
    pub(crate) fn follow(self) -> Style {
        self.part(Part::Follow)
    }

    /// What goes on as it should.
    pub(crate) fn follow_text(self) -> Style {
        self.part(Part::Running)
    }

    /// The block that says HOLD.
    pub(crate) fn hold(self) -> Style {
        self.part(Part::Hold)
    }

    /// The selected row of the list.
    pub(crate) fn selected(self, focused: bool) -> Style {
        self.part(if focused { Part::Selected } else { Part::Beside })
    }

    /// A level's letter.
    pub(crate) fn letter(self, level: Level) -> (&'static str, Style) {
        match level {
            Level::Error => ("E", self.error()),
            Level::Warn => ("W", self.warning()),
            Level::Info => ("I", self.text()),
            Level::Debug => ("D", self.dim()),
            Level::Trace => ("T", self.dim()),
        }
    }

    /// The message of a record of a level.
    pub(crate) fn message(self, level: Option<Level>) -> Style {
        match level {
            Some(Level::Error) => self.part(Part::ErrorText),
            Some(Level::Warn) => self.warning(),
            Some(Level::Trace) => self.dim(),
            _ => self.text(),
        }
    }

    /// The mark of a job's state.
    pub(crate) fn mark(self, state: State) -> (&'static str, Style) {
        let (fine, plain) = match state {
            State::Running => ("●", "*"),
            State::Failed | State::Panicked => ("✗", "x"),
            State::Died | State::Quiet => ("!", "!"),
            State::Done => ("✓", "v"),
            State::Dropped => ("○", "o"),
            State::Unknown => ("·", "."),
            State::Gone => ("-", "-"),
        };
        let style = match state {
            State::Running => self.part(Part::Running),
            State::Failed | State::Panicked | State::Died => self.error(),
            State::Quiet => self.warning(),
            _ => self.dim(),
        };
        (if self.look.ascii { plain } else { fine }, style)
    }
}
