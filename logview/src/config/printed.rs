//! The configuration with all its defaults, as `--print-config` prints it: every line is there and explained, so that
//! whoever wants another one changes it in place.

use super::SETTINGS;
use crate::keys::TABLE;
use crate::theme::palette::{PARTS, THEMES};
use std::fmt::Write;

/// The text of the whole file.
#[must_use]
pub fn printed() -> String {
    let mut out = String::from(
        "# The configuration of logview, with its defaults. It is read from $XDG_CONFIG_HOME/logview/config.yaml\n\
         # (~/.config/logview/config.yaml, on Windows %APPDATA%\\logview\\config.yaml), and again whenever it is saved.\n\
         # Leave out what is to stay as it is.\n",
    );
    for setting in SETTINGS {
        let _ = write!(out, "\n# {}\n# one of: {}\n", setting.what, setting.words.join(", "));
        if setting.name == "theme" {
            for (name, what) in THEMES {
                let _ = writeln!(out, "#   {name:10} {what}");
            }
        }
        let _ = writeln!(out, "{}: {}", setting.name, setting.words[0]);
    }
    out += "\n# Looks that differ from the theme's: a colour (red, bright-blue, #ff8700, 208), `on` another one for the\n\
            # background, and bold, dim, italic, underlined, reversed.\ncolors:\n";
    for (name, _, what) in PARTS {
        let _ = writeln!(out, "  # {:24} {what}", format!("{name}: bold"));
    }
    out += "\n# The keys of each command; [] takes them away. A key that is given to one is taken from the others.\nkeys:\n";
    for row in TABLE {
        let keys: Vec<String> = row.keys.iter().map(|key| quoted(key)).collect();
        let entry = format!("{}: [{}]", row.name, keys.join(", "));
        let _ = writeln!(out, "  {entry:44} # {}", row.what);
    }
    out
}

/// A key as YAML has to have it.
fn quoted(key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && key.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && !matches!(key, "y" | "n" | "Y" | "N");
    if plain { key.to_owned() } else { format!("{key:?}") }
}
