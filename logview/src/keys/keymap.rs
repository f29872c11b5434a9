//! The keys in force: those of the table, changed as `config.yaml` says.

use super::{Action, Binding, TABLE, Where};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Which keys each row of the table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// In the order of the table.
    rows: Vec<Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        let owned = |row: &Binding| row.keys.iter().map(|&key| key.to_owned()).collect();
        Keymap { rows: TABLE.iter().map(owned).collect() }
    }
}

impl Keymap {
    /// What a key means while the list (or else the log) has the focus.
    pub fn lookup(&self, key: KeyEvent, list: bool) -> Option<Action> {
        let name = name(key);
        let here = if list { Where::List } else { Where::Log };
        let find = |place: Where| {
            let mut rows = TABLE.iter().zip(&self.rows);
            rows.find(|(row, keys)| row.place == place && keys.contains(&name)).map(|(row, _)| row.action)
        };
        find(here).or_else(|| find(Where::Both))
    }

    /// The table's keys, with others for some of its rows, given by their numbers. A key that one of these has now is
    /// nobody else's in its place any more.
    pub(crate) fn with(changed: Vec<(usize, Vec<String>)>) -> Keymap {
        let mut keymap = Keymap::default();
        for (at, keys) in &changed {
            let place = TABLE[*at].place;
            for (row, held) in TABLE.iter().zip(&mut keymap.rows) {
                if row.place == place || row.place == Where::Both || place == Where::Both {
                    held.retain(|key| !keys.contains(key));
                }
            }
        }
        for (at, keys) in changed {
            keymap.rows[at] = keys;
        }
        keymap
    }

    /// The keys of a row of the table.
    pub fn keys(&self, row: &Binding) -> &[String] {
        let at = TABLE.iter().position(|other| other.action == row.action);
        at.map_or(&[], |at| self.rows[at].as_slice())
    }

    /// The keys of several rows as they are shown: the first of each, then the second of each, as far as there is room
    /// for `cells`.
    pub fn shown(&self, rows: &[&Binding], ascii: bool, cells: usize) -> String {
        let most = rows.iter().map(|row| self.keys(row).len()).max().unwrap_or(0);
        let mut shown = String::new();
        for nth in 0..most {
            for key in rows.iter().filter_map(|row| self.keys(row).get(nth)) {
                let key = show(key, ascii);
                if !shown.is_empty() {
                    if crate::text::cells(&shown) + crate::text::cells(&key) >= cells {
                        return shown;
                    }
                    shown.push(' ');
                }
                shown += &key;
            }
        }
        shown
    }
}

/// The name of a key, in the table and in `config.yaml`.
pub fn name(key: KeyEvent) -> String {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let named = NAMED.iter().find(|(_, code)| *code == key.code);
    let plain = match key.code {
        _ if named.is_some() => named.map_or_else(String::new, |(name, _)| (*name).to_owned()),
        KeyCode::Char(c) if control => c.to_ascii_lowercase().to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(n) => format!("f{n}"),
        _ => return String::new(),
    };
    match (control, alt) {
        (true, true) => format!("ctrl-alt-{plain}"),
        (true, false) => format!("ctrl-{plain}"),
        (false, true) => format!("alt-{plain}"),
        (false, false) => plain,
    }
}

/// The keys that have a name of their own.
const NAMED: [(&str, KeyCode); 16] = [
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
];

/// The key of a name, if it is one.
pub fn key(name: &str) -> Option<KeyEvent> {
    let (rest, mut modifiers) = match name.strip_prefix("ctrl-") {
        Some(rest) => (rest, KeyModifiers::CONTROL),
        None => (name, KeyModifiers::NONE),
    };
    let rest = rest.strip_prefix("alt-").map_or(rest, |rest| {
        modifiers |= KeyModifiers::ALT;
        rest
    });
    let mut letters = rest.chars();
    let code = match (letters.next()?, letters.next()) {
        (letter, None) => KeyCode::Char(letter),
        ('f', Some(_)) if rest[1..].parse().is_ok_and(|n: u8| (1..=24).contains(&n)) => {
            KeyCode::F(rest[1..].parse().ok()?)
        }
        _ => NAMED.iter().find(|(known, _)| *known == rest)?.1,
    };
    // What is not named so by a terminal's event would never be pressed.
    Some(KeyEvent::new(code, modifiers)).filter(|&key| self::name(key) == name)
}

/// A key's name as a person reads it: `^D`, `↓`, `PgDn`.
fn show(key: &str, ascii: bool) -> String {
    if let Some(rest) = key.strip_prefix("ctrl-alt-") {
        return format!("M-^{}", show(rest, ascii).to_uppercase());
    }
    if let Some(rest) = key.strip_prefix("ctrl-") {
        return format!("^{}", show(rest, ascii).to_uppercase());
    }
    if let Some(rest) = key.strip_prefix("alt-") {
        return format!("M-{}", show(rest, ascii));
    }
    let fine = match key {
        "up" if !ascii => "↑",
        "down" if !ascii => "↓",
        "left" if !ascii => "←",
        "right" if !ascii => "→",
        "up" => "Up",
        "down" => "Down",
        "left" => "Left",
        "right" => "Right",
        "space" => "Space",
        "pgup" => "PgUp",
        "pgdn" => "PgDn",
        "home" => "Home",
        "end" => "End",
        "enter" => "Enter",
        "tab" => "Tab",
        "backtab" => "S-Tab",
        "esc" => "Esc",
        "backspace" => "Bksp",
        "delete" => "Del",
        "insert" => "Ins",
        other if other.len() > 1 && other.starts_with('f') => return other.to_uppercase(),
        other => other,
    };
    fine.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_names_and_a_panes_own_go_first() {
        let keys = Keymap::default();
        let key = |code, modifiers| KeyEvent::new(code, modifiers);
        assert_eq!(keys.lookup(key(KeyCode::Char('d'), KeyModifiers::CONTROL), true), Some(Action::HalfDown));
        assert_eq!(keys.lookup(key(KeyCode::Char('f'), KeyModifiers::NONE), true), Some(Action::FilterJobs));
        assert_eq!(keys.lookup(key(KeyCode::Char('f'), KeyModifiers::NONE), false), Some(Action::Only));
        assert_eq!(keys.lookup(key(KeyCode::Char('G'), KeyModifiers::SHIFT), false), Some(Action::Last));
        assert_eq!(keys.lookup(key(KeyCode::F(7), KeyModifiers::NONE), false), None);
        assert_eq!(keys.lookup(key(KeyCode::Char('q'), KeyModifiers::ALT), false), None);
    }

    #[test]
    fn every_key_of_the_table_has_the_name_that_it_is_looked_up_by() {
        for name in TABLE.iter().flat_map(|row| row.keys) {
            assert_eq!(key(name).map(super::name).as_deref(), Some(*name));
        }
        for wrong in ["", "Ctrl-x", "ctrl-X", "ctrl-", "pageup", "f0", "f99", "fx", "xy"] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_shown_as_a_person_knows_them() {
        let keys = Keymap::default();
        let rows: Vec<&Binding> = TABLE.iter().filter(|row| row.help == "half a page").collect();
        assert_eq!(keys.shown(&rows, false, 20), "^D ^U");
        let rows: Vec<&Binding> = TABLE.iter().filter(|row| row.help == "line").collect();
        assert_eq!(keys.shown(&rows, false, 20), "j k ↓ ↑");
        assert_eq!(keys.shown(&rows, false, 4), "j k");
    }
}
