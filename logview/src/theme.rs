//! Colours and symbols: the terminal's own sixteen colours, right on dark and on light, and never colour alone.

use crate::model::{Look, State};
use crate::tint::Tint;
use log::Level;
use ratatui::style::{Color, Modifier, Style};

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

    fn color(self, color: Color) -> Style {
        if self.look.plain { Style::new() } else { Style::new().fg(color) }
    }

    /// Black on a colour is readable whatever is around it.
    fn block(self, color: Color) -> Style {
        if self.look.plain {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        } else {
            Style::new().fg(Color::Black).bg(color)
        }
    }

    /// What the person reads.
    pub(crate) fn text(self) -> Style {
        Style::new()
    }

    /// What stands around it.
    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Names and numbers that matter.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The one accent: where the focus is.
    pub(crate) fn focus(self) -> Style {
        // Not bold: many terminals make bold cyan and yellow so bright that they vanish on white.
        if self.look.plain { Style::new().add_modifier(Modifier::BOLD) } else { self.color(Color::Cyan) }
    }

    /// Errors.
    pub(crate) fn error(self) -> Style {
        self.color(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Warnings.
    pub(crate) fn warning(self) -> Style {
        self.color(Color::Yellow)
    }

    /// The time of a record.
    pub(crate) fn time(self) -> Style {
        self.dim()
    }

    /// Who says it.
    pub(crate) fn target(self) -> Style {
        self.dim()
    }

    /// What stands out in a message; laid over the message's own style. Neither red nor yellow, which belong to errors
    /// and warnings, nor cyan, which is the focus.
    pub(crate) fn tint(self, tint: Tint) -> Style {
        match tint {
            Tint::Number | Tint::Word | Tint::Id => self.color(Color::Magenta),
            Tint::Quoted => self.color(Color::Green),
            Tint::Key => self.dim(),
            Tint::Path | Tint::Address => self.color(Color::LightBlue),
            Tint::Link => self.color(Color::LightBlue).add_modifier(Modifier::UNDERLINED),
        }
    }

    /// A row that stands for others.
    pub(crate) fn folded(self) -> Style {
        self.dim().add_modifier(Modifier::ITALIC)
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
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The block that says FOLLOW.
    pub(crate) fn follow(self) -> Style {
        self.block(Color::Green)
    }

    /// The block that says HOLD.
    pub(crate) fn hold(self) -> Style {
        self.block(Color::Yellow)
    }

    /// The selected row of the list.
    pub(crate) fn selected(self, focused: bool) -> Style {
        if focused {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        }
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
            Some(Level::Error) => self.color(Color::Red),
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
            State::Done => ("✓", "+"),
            State::Dropped => ("○", "o"),
            State::Unknown => ("·", "."),
        };
        let style = match state {
            State::Running => self.color(Color::Green),
            State::Failed | State::Panicked | State::Died => self.error(),
            State::Quiet => self.warning(),
            _ => self.dim(),
        };
        (if self.look.ascii { plain } else { fine }, style)
    }
}
