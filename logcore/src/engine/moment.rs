//! The instant of a record: asked for once, the same in all its files.

use super::line::Line;
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Local, Utc};
use std::cell::OnceCell;
use std::fmt::Write;

/// When a record was logged.
#[derive(Debug)]
pub(crate) struct Moment {
    utc: DateTime<Utc>,
    local: OnceCell<DateTime<Local>>,
}

impl Moment {
    pub(crate) fn now() -> Moment {
        Moment { utc: Utc::now(), local: OnceCell::new() }
    }

    pub(crate) fn write(&self, format: &TimeFormat, line: &mut Line) {
        // The format was tried when the template was loaded, and memory takes what is written.
        let _ = if format.utc {
            write!(line, "{}", self.utc.format_with_items(format.items.iter()))
        } else {
            let local = self.local.get_or_init(|| self.utc.with_timezone(&Local));
            write!(line, "{}", local.format_with_items(format.items.iter()))
        };
    }
}

/// A date format, parsed.
#[derive(Debug, Clone)]
pub(crate) struct TimeFormat {
    items: Vec<Item<'static>>,
    utc: bool,
}

impl TimeFormat {
    /// Parses `format`; `Err` says what chrono cannot write.
    pub(crate) fn new(format: &str, utc: bool) -> Result<TimeFormat, String> {
        crate::template::check_strftime(format)?;
        let items = StrftimeItems::new(format)
            .parse_to_owned()
            .map_err(|_| format!("`{format}` is no date format that chrono knows"))?;
        Ok(TimeFormat { items, utc })
    }
}
