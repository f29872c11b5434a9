//! Which colour each part of the screen has: the themes that are shipped, and how `config.yaml` writes a colour.

use ratatui::style::{Color, Modifier, Style};
use std::str::FromStr;

/// Parts of the screen that have a look of their own. What a log is made of has it where it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Text,
    Dim,
    Strong,
    Focus,
    Error,
    ErrorText,
    Warning,
    Running,
    Time,
    Target,
    Number,
    Quoted,
    Key,
    Path,
    Link,
    Hit,
    Follow,
    Hold,
    Selected,
    Beside,
}

use Part as P;

/// All parts, with their names in `config.yaml` and what they are.
pub(crate) const PARTS: [(&str, Part, &str); 20] = [
    ("text", P::Text, "what is read"),
    ("dim", P::Dim, "what stands around it"),
    ("strong", P::Strong, "names and numbers that matter"),
    ("focus", P::Focus, "the accent: where the focus is"),
    ("error", P::Error, "errors, failed jobs"),
    ("error-text", P::ErrorText, "what an error says"),
    ("warning", P::Warning, "warnings, jobs gone quiet"),
    ("running", P::Running, "jobs that run"),
    ("time", P::Time, "the time of a record"),
    ("target", P::Target, "who says it"),
    ("number", P::Number, "numbers, words like true, ids"),
    ("quoted", P::Quoted, "quoted text"),
    ("key", P::Key, "the key of key=value"),
    ("path", P::Path, "paths and addresses"),
    ("link", P::Link, "links"),
    ("hit", P::Hit, "what the search has found"),
    ("follow", P::Follow, "the block FOLLOW"),
    ("hold", P::Hold, "the block HOLD"),
    ("selected", P::Selected, "the selected row where the focus is"),
    ("beside", P::Beside, "the selected row elsewhere"),
];

/// The names of the themes, and what they are.
pub(crate) const THEMES: [(&str, &str); 5] = [
    ("default", "the terminal's own sixteen colours, right on dark and on light"),
    ("dark", "true colours for a dark background"),
    ("light", "true colours for a light background"),
    ("contrast", "nothing dim, nothing pale"),
    ("faint", "quiet: only what is wrong has a colour"),
];

/// A look for each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette([Style; PARTS.len()]);

impl Default for Palette {
    fn default() -> Palette {
        let fg = |color| Style::new().fg(color);
        // Black on a colour is readable whatever is around it.
        let block = |color| Style::new().fg(Color::Black).bg(color);
        let dim = Style::new().add_modifier(Modifier::DIM);
        Palette([Style::new(); PARTS.len()])
            .with(P::Dim, dim)
            .with(P::Strong, Style::new().add_modifier(Modifier::BOLD))
            // Not bold: many terminals make bold cyan and yellow so bright that they vanish on white.
            .with(P::Focus, fg(Color::Cyan))
            .with(P::Error, fg(Color::Red).add_modifier(Modifier::BOLD))
            .with(P::ErrorText, fg(Color::Red))
            .with(P::Warning, fg(Color::Yellow))
            .with(P::Running, fg(Color::Green))
            .with(P::Time, dim)
            .with(P::Target, dim)
            // Neither red nor yellow, which belong to errors and warnings, nor cyan, which is the focus.
            .with(P::Number, fg(Color::Magenta))
            .with(P::Quoted, fg(Color::Green))
            .with(P::Key, dim)
            .with(P::Path, fg(Color::LightBlue))
            .with(P::Link, fg(Color::LightBlue).add_modifier(Modifier::UNDERLINED))
            .with(P::Hit, Style::new().add_modifier(Modifier::REVERSED))
            .with(P::Follow, block(Color::Green))
            .with(P::Hold, block(Color::Yellow))
            .with(P::Selected, Style::new().add_modifier(Modifier::REVERSED))
            .with(P::Beside, Style::new().add_modifier(Modifier::BOLD))
    }
}

impl Palette {
    /// A theme by its name.
    #[must_use]
    pub fn of(theme: &str) -> Option<Palette> {
        let base = Palette::default();
        match theme {
            "default" => Some(base),
            "dark" => Some(base.colored([
                0xdcdfe4, 0x7f8896, 0x56c8d8, 0xff6b6b, 0xf2a8a8, 0xe8b65a, 0x7fc98b, 0xc7a0e8, 0x9ecf9a,
                0x82aaff, 0x2c3444,
            ])),
            "light" => Some(base.colored([
                0x24292f, 0x6e7781, 0x00718a, 0xc4121f, 0xa0222b, 0x8a5a00, 0x1a7f37, 0x7b3fb0, 0x2f6f3a,
                0x1d5fbf, 0xdce6f2,
            ])),
            "contrast" => Some(
                base.with(P::Dim, Style::new())
                    .with(P::Time, Style::new())
                    .with(P::Target, Style::new())
                    .with(P::Key, Style::new())
                    .with(P::Number, Style::new())
                    .with(P::Quoted, Style::new())
                    .with(P::Path, Style::new())
                    .with(P::Link, Style::new().add_modifier(Modifier::UNDERLINED))
                    .with(P::Focus, Style::new().add_modifier(Modifier::BOLD))
                    .with(P::ErrorText, Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
                    .with(P::Warning, Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED))
                    .with(P::Beside, Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)),
            ),
            "faint" => Some(
                base.with(P::Number, Style::new())
                    .with(P::Quoted, Style::new())
                    .with(P::Path, Style::new())
                    .with(P::Link, Style::new().add_modifier(Modifier::UNDERLINED))
                    .with(P::Running, Style::new())
                    .with(P::ErrorText, Style::new())
                    .with(P::Focus, Style::new().add_modifier(Modifier::BOLD))
                    .with(P::Follow, Style::new().add_modifier(Modifier::REVERSED))
                    .with(P::Hold, Style::new().add_modifier(Modifier::REVERSED)),
            ),
            _ => None,
        }
    }

    /// The same where the background is known to be light: what many terminals make too pale of the sixteen colours gets a darker
    /// one of the 256 that xterm has.
    #[must_use]
    pub fn on(self, light: bool) -> Palette {
        if !light {
            return self;
        }
        let usual = Palette::default();
        ON_LIGHT.iter().fold(self, |palette, (part, color)| {
            let style = palette.get(*part);
            if style == usual.get(*part) { palette.with(*part, style.fg(*color)) } else { palette }
        })
    }

    /// In true colours: text, dim, focus, error, its text, warning, running, number, quoted, path, the selected row.
    fn colored(self, colors: [u32; 11]) -> Palette {
        let [text, dim, focus, error, said, warning, running, number, quoted, path, selected] =
            colors.map(Color::from_u32);
        let fg = |color| Style::new().fg(color);
        let block = |color: Color| {
            let on = if contrast(color, BLACK) < contrast(color, WHITE) { WHITE } else { BLACK };
            Style::new().fg(on).bg(color).add_modifier(Modifier::BOLD)
        };
        self.with(P::Text, fg(text))
            .with(P::Dim, fg(dim))
            .with(P::Strong, fg(text).add_modifier(Modifier::BOLD))
            .with(P::Focus, fg(focus))
            .with(P::Error, fg(error).add_modifier(Modifier::BOLD))
            .with(P::ErrorText, fg(said))
            .with(P::Warning, fg(warning))
            .with(P::Running, fg(running))
            .with(P::Time, fg(dim))
            .with(P::Target, fg(dim))
            .with(P::Number, fg(number))
            .with(P::Quoted, fg(quoted))
            .with(P::Key, fg(dim))
            .with(P::Path, fg(path))
            .with(P::Link, fg(path).add_modifier(Modifier::UNDERLINED))
            .with(P::Follow, block(running))
            .with(P::Hold, block(warning))
            .with(P::Selected, fg(text).bg(selected).add_modifier(Modifier::BOLD))
            .with(P::Beside, Style::new().bg(selected))
    }

    /// The same with another look for one part.
    #[must_use]
    pub fn with(mut self, part: Part, style: Style) -> Palette {
        self.0[part as usize] = style;
        self
    }

    /// The look of a part.
    #[must_use]
    pub fn get(&self, part: Part) -> Style {
        self.0[part as usize]
    }
}

/// Instead of yellow, cyan, green, and a blue that is right on black.
const ON_LIGHT: [(Part, Color); 6] = [
    (P::Warning, Color::Indexed(94)),
    (P::Focus, Color::Indexed(24)),
    (P::Running, Color::Indexed(22)),
    (P::Quoted, Color::Indexed(22)),
    (P::Path, Color::Indexed(25)),
    (P::Link, Color::Indexed(25)),
];

const BLACK: Color = Color::Rgb(0, 0, 0);
const WHITE: Color = Color::Rgb(255, 255, 255);

/// How well one true colour is read on another: 1 to 21, as WCAG 2.1 (w3.org/TR/WCAG21) defines the contrast ratio.
fn contrast(one: Color, other: Color) -> f64 {
    let linear = |part: u8| match f64::from(part) / 255.0 {
        part if part <= 0.04045 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    };
    let luminance = |color| match color {
        Color::Rgb(r, g, b) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b),
        _ => 0.0,
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A look as `config.yaml` writes it: `red`, `bold #ff8700`, `black on yellow`, `dim underlined`.
///
/// # Errors
/// With the word that means nothing.
pub(crate) fn style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut ground = false;
    for word in text.split_whitespace() {
        let lower = word.to_lowercase();
        let modifier = match lower.as_str() {
            "on" => {
                ground = true;
                continue;
            }
            "plain" => continue,
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underlined" => Modifier::UNDERLINED,
            "reversed" => Modifier::REVERSED,
            color => {
                let color = Color::from_str(color).map_err(|_| word.to_owned())?;
                style = if std::mem::take(&mut ground) { style.bg(color) } else { style.fg(color) };
                continue;
            }
        };
        style = style.add_modifier(modifier);
    }
    if ground { Err("on".to_owned()) } else { Ok(style) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_place_and_every_theme_is_one() {
        for (at, (_, part, _)) in PARTS.iter().enumerate() {
            assert_eq!(*part as usize, at);
        }
        for (name, _) in THEMES {
            assert!(Palette::of(name).is_some(), "{name}");
        }
        assert!(Palette::of("none").is_none());
    }

    #[test]
    fn only_the_themes_that_say_so_have_true_colours() {
        let is_true = |color: Option<Color>| matches!(color, Some(Color::Rgb(..) | Color::Indexed(_)));
        for (name, what) in THEMES {
            let Palette(styles) = Palette::of(name).unwrap();
            assert_eq!(
                styles.iter().any(|style| is_true(style.fg) || is_true(style.bg)),
                what.contains("true colours"),
                "{name}"
            );
        }
    }

    #[test]
    fn true_colours_are_readable_on_their_ground() {
        let grounds = [("dark", Color::Rgb(30, 30, 30)), ("light", WHITE)];
        for (name, ground) in grounds {
            let palette = Palette::of(name).unwrap();
            for (what, part, _) in PARTS {
                let style = palette.get(part);
                let Some(fg) = style.fg else { continue };
                let found = contrast(fg, style.bg.unwrap_or(ground));
                // WCAG's least for text.
                assert!(found >= 4.5, "{name}: {what} {found:.1}");
            }
        }
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 0.01);
    }

    #[test]
    fn what_is_pale_on_white_is_not_where_the_background_is_light() {
        // xterm's cube of 6 x 6 x 6 colours from 16 on.
        let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
        for (part, color) in ON_LIGHT {
            let Color::Indexed(index @ 16..=231) = color else { panic!("{color:?}") };
            let at = index - 16;
            let found = contrast(Color::Rgb(step(at / 36), step(at / 6 % 6), step(at % 6)), WHITE);
            assert!(found >= 4.5, "{part:?} {found:.1}");
            assert_eq!(Palette::default().on(true).get(part).fg, Some(color));
        }
        let own = Palette::default().with(P::Warning, Style::new().fg(Color::Magenta)).on(true);
        assert_eq!(own.get(P::Warning).fg, Some(Color::Magenta), "what somebody chose stays");
        assert_eq!(Palette::of("dark").map(|palette| palette.on(true)), Palette::of("dark"));
    }

    #[test]
    fn looks_are_read_as_a_person_writes_them() {
        assert_eq!(
            style("bold #ff8700"),
            Ok(Style::new().fg(Color::Rgb(255, 135, 0)).add_modifier(Modifier::BOLD))
        );
        assert_eq!(style("black on yellow"), Ok(Style::new().fg(Color::Black).bg(Color::Yellow)));
        assert_eq!(style("plain"), Ok(Style::new()));
        assert_eq!(style("redd"), Err("redd".to_owned()));
        assert_eq!(style("red on"), Err("on".to_owned()));
    }
}
