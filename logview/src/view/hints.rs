//! The keys that work while something is open, in place of the key line.

use super::{put, span, width};
use crate::model::{Mode, Model};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// Keys and what they do here, the most important first.
pub(crate) type Hints<'a> = Vec<(&'a str, &'a str)>;

/// Draws them, as many as fit; `false` if the keys are those of the key table.
pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame, area: Rect) -> bool {
    let hints = of(model, theme.ascii());
    let parts = |(name, hint): (&str, &str)| {
        [span(format!(" {name}"), theme.focus()), span(format!(" {hint} "), theme.dim())]
    };
    let more = parts((if model.mode.takes_text() { "F1" } else { "?" }, "more"));
    let mut spans: Vec<Span> = Vec::new();
    for (at, hint) in hints.iter().enumerate() {
        let parts = parts(*hint);
        let rest = if at + 1 < hints.len() { width(&more) } else { 0 };
        if width(&spans) + width(&parts) + rest > usize::from(area.width) {
            spans.extend(more);
            break;
        }
        spans.extend(parts);
    }
    put(frame, area, 0, spans);
    !hints.is_empty()
}

/// The keys of what is open, the most important first; none while the keys are those of the key table.
pub(crate) fn of(model: &Model, ascii: bool) -> Hints<'_> {
    let (choose, sideways) = if ascii { ("Up Down", "Left Right") } else { ("↑ ↓", "← →") };
    let close = ("Esc", "closes");
    match &model.mode {
        Mode::Normal | Mode::Typing(..) => Vec::new(),
        Mode::Search => {
            let stops = super::search::is_under_way(model);
            vec![
                ("Esc", if stops { "stops, hits so far stay" } else { "closes" }),
                ("Enter", "go"),
                ("^N ^P", "step"),
                ("^G", "list"),
                ("^R", "regex"),
                ("^A", "case"),
                ("^B", "word"),
                ("^L", "where"),
                ("Tab", "completes"),
                ("^F", "filters"),
                ("PgUp PgDn", "scroll"),
            ]
        }
        Mode::Hits => {
            let back = if model.log.list.from_search { "back to the search" } else { "back where you were" };
            vec![
                ("Enter", "go there"),
                ("Esc", back),
                (choose, "choose"),
                ("PgUp PgDn", "page"),
                ("g G", "first, last"),
            ]
        }
        Mode::Filters(_) => {
            let mut keys = if model.log.only.filters.is_empty() {
                vec![("f", "show only what matches"), ("F", "hide what matches")]
            } else {
                vec![
                    ("Space", "on/off"),
                    ("Enter", "edit"),
                    ("r", "show/hide"),
                    ("d", "take away"),
                    ("f F", "one more"),
                    (choose, "choose"),
                ]
            };
            keys.extend((!model.removed_filters.is_empty()).then_some(("u", "bring back")));
            keys.push(close);
            keys
        }
        Mode::Marks(_) => vec![("Enter", "go there"), ("d", "take away"), (choose, "choose"), close],
        Mode::Compare => {
            let found = model.comparison.as_ref().is_some_and(|comparison| comparison.found.is_some());
            if !found {
                return vec![("Esc", "stops")];
            }
            vec![
                ("Enter", "go to the first"),
                ("|", "beside each other"),
                ("a", "what both say"),
                ("[ ]", "another run in A"),
                (choose, "choose"),
                ("PgUp PgDn", "page"),
                close,
            ]
        }
        Mode::Detail(detail) if detail.as_bytes => vec![("p", "fields"), (choose, "scroll"), close],
        Mode::Detail(_) => vec![
            ("y", "copy the field"),
            ("Y", "copy all"),
            ("p", "bytes"),
            (choose, "choose a field"),
            close,
        ],
        Mode::Chart(choice) => vec![
            ("Enter", "go there"),
            ("Space", if choice.from.is_some() { "gives the span up" } else { "begins a span" }),
            (sideways, "choose"),
            ("e E", "errors"),
            ("g G", "first, last"),
            close,
        ],
        Mode::Commands(..) => vec![("Enter", "do it"), ("Tab", "completes"), (choose, "choose"), close],
        Mode::Help(..) => vec![("Esc", "closes"), (choose, "scroll"), ("type", "to find a key")],
        Mode::Notice(said) if said.asks.is_some() => vec![("y", "do it"), ("any other key", "leave it")],
        Mode::Notice(_) => vec![("any key", "closes")],
    }
}
