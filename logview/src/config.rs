//! `config.yaml` in the user's configuration directory: keys, colours, and how the viewer starts.
//!
//! Every setting is a word out of a few, so one table (`SETTINGS`) reads, explains and prints them all. What cannot be
//! understood is told with file, line, column, key and remedy, and then nothing of the file holds: what was in force
//! stays. The file is never written.

mod printed;
pub(crate) mod yaml;

pub use printed::printed;

use crate::keys::{Keymap, TABLE, key};
use crate::model::{Clock, Sort};
use crate::theme::palette::{PARTS, Palette, style};
use std::fmt;
use std::path::PathBuf;
use yaml::{Node, Value};

/// What the file says, completed by the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Config {
    pub keys: Keymap,
    pub palette: Palette,
    pub ascii: bool,
    pub bell: Bell,
    pub wrap: bool,
    pub columns: bool,
    pub chart: bool,
    pub mouse: bool,
    pub clock: Clock,
    pub sort: Sort,
    pub running_only: bool,
    /// Seconds; never is more than any.
    pub quiet_after: u64,
}

/// How new errors in a job that is not on screen make themselves known, besides being seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bell {
    /// Not at all.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// A notification of the desktop, by terminals that know OSC 9.
    Notify,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            keys: Keymap::default(),
            palette: Palette::default(),
            ascii: false,
            bell: Bell::Off,
            wrap: false,
            columns: true,
            chart: true,
            mouse: true,
            clock: Clock::Day,
            sort: Sort::Attention,
            running_only: false,
            quiet_after: 300,
        }
    }
}

/// A setting whose value is one of some words.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// The default is the first one.
    pub(crate) words: &'static [&'static str],
    pub(crate) what: &'static str,
    set: fn(&mut Config, &str),
}

const YES: &[&str] = &["true", "false"];
const NO: &[&str] = &["false", "true"];

/// All of them but keys and colours, in the order in which they are printed.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "theme",
        words: &["default", "dark", "light", "contrast", "faint"],
        what: "the colours; NO_COLOR goes before it",
        set: |config, word| config.palette = Palette::of(word).unwrap_or_default(),
    },
    Setting {
        name: "ascii",
        words: NO,
        what: "no character beyond ASCII",
        set: |config, word| config.ascii = word == "true",
    },
    Setting {
        name: "wrap",
        words: NO,
        what: "wrap long lines instead of cutting them",
        set: |config, word| config.wrap = word == "true",
    },
    Setting {
        name: "columns",
        words: YES,
        what: "time, level and target in columns",
        set: |config, word| config.columns = word == "true",
    },
    Setting {
        name: "chart",
        words: YES,
        what: "the volume chart above the log",
        set: |config, word| config.chart = word == "true",
    },
    Setting {
        name: "time",
        words: &["clock", "start", "gap"],
        what: "time of the day, since the run's start, or since the line before",
        set: |config, word| {
            config.clock = match word {
                "start" => Clock::Start,
                "gap" => Clock::Gap,
                _ => Clock::Day,
            }
        },
    },
    Setting {
        name: "sort",
        words: Sort::WORDS,
        what: "the order of the list",
        set: |config, word| config.sort = Sort::of(word),
    },
    Setting {
        name: "running-only",
        words: NO,
        what: "list only the jobs that run",
        set: |config, word| config.running_only = word == "true",
    },
    Setting {
        name: "quiet-after",
        words: &["5m", "1m", "2m", "10m", "30m", "1h", "6h", "1d", "never"],
        what: "a job that runs and writes nothing for so long has gone quiet",
        set: |config, word| {
            let unit = match word.bytes().last() {
                Some(b'm') => 60,
                Some(b'h') => 3600,
                _ => 86_400,
            };
            let number = word.get(..word.len() - 1).and_then(|number| number.parse::<u64>().ok());
            config.quiet_after = number.map_or(u64::MAX, |number| number * unit);
        },
    },
    Setting {
        name: "mouse",
        words: YES,
        what: "take the mouse; without it, the terminal selects text",
        set: |config, word| config.mouse = word == "true",
    },
    Setting {
        name: "bell",
        words: &["off", "bell", "notify"],
        what: "on new errors in another job: nothing, the terminal's bell, a notification (OSC 9)",
        set: |config, word| {
            config.bell = match word {
                "bell" => Bell::Bell,
                "notify" => Bell::Notify,
                _ => Bell::Off,
            }
        },
    },
];

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    line: usize,
    column: usize,
    key: String,
    what: String,
    help: String,
    /// Which file it is and the line at fault, for whoever reads of it.
    file: String,
    shown: String,
}

impl Refused {
    fn new(line: usize, column: usize, key: &str, what: &str, help: &str) -> Refused {
        let (key, what, help) = (key.to_owned(), what.to_owned(), help.to_owned());
        Refused { line, column, key, what, help, file: String::new(), shown: String::new() }
    }

    fn at(node: &Node, key: &str, what: &str, help: &str) -> Refused {
        Refused::new(node.line, node.column, key, what, help)
    }

    /// As several lines: where, what, the line itself, what to do.
    pub(crate) fn lines(&self) -> Vec<String> {
        let caret = format!("{}^", " ".repeat(self.column.saturating_sub(1)));
        vec![self.to_string(), String::new(), self.shown.clone(), caret, String::new(), self.help.clone()]
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.key.is_empty() { "" } else { ": " };
        write!(out, "{}:{}:{}: {}{colon}{}", self.file, self.line, self.column, self.key, self.what)
    }
}

impl std::error::Error for Refused {}

/// Where the user's configuration is, whether or not there is one.
pub(crate) fn path() -> Option<PathBuf> {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let dir = var("XDG_CONFIG_HOME")
        .or_else(|| var("APPDATA").filter(|_| cfg!(windows)))
        .or_else(|| Some(var("HOME")?.join(".config")));
    dir.filter(|dir| dir.is_absolute()).map(|dir| dir.join("logview").join("config.yaml"))
}

impl Config {
    /// Reads the text of `file`.
    ///
    /// # Errors
    /// With the first thing in it that cannot be understood.
    pub fn parse(file: &str, text: &str) -> Result<Config, Refused> {
        read(text).map_err(|refused| {
            let shown = text.lines().nth(refused.line.saturating_sub(1)).unwrap_or_default().to_owned();
            Refused { file: file.to_owned(), shown, ..refused }
        })
    }
}

fn read(text: &str) -> Result<Config, Refused> {
    let root = yaml::parse(text.strip_prefix('\u{feff}').unwrap_or(text), false)?;
    let mut config = Config::default();
    let names = || SETTINGS.iter().map(|setting| setting.name).chain(["colors", "keys"]);
    let entries = entries(&root, "")?;
    // The colours change the theme's, wherever that stands.
    for (key, value) in &entries {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == *key) else { continue };
        if let Some(word) = word(value, key, setting.words)? {
            (setting.set)(&mut config, word);
        }
    }
    for (at, (key, value)) in entries.iter().enumerate() {
        match *key {
            "colors" => colors(&mut config, value)?,
            "keys" => keys(&mut config, value)?,
            _ if SETTINGS.iter().any(|setting| setting.name == *key) => {}
            _ => {
                let Value::Map(pairs) = &root.value else { continue };
                return Err(unknown(&pairs[at].0, "", key, "setting", names()));
            }
        }
    }
    Ok(config)
}

/// The entries of a mapping, each key once.
fn entries<'n>(node: &'n Node, path: &str) -> Result<Vec<(&'n str, &'n Node)>, Refused> {
    let pairs = match &node.value {
        Value::Map(pairs) => pairs,
        Value::Nothing => return Ok(Vec::new()),
        _ => {
            let what = format!("settings are expected here, not {}", node.what());
            return Err(Refused::at(node, path, &what, "write each as `name: value`"));
        }
    };
    let mut entries: Vec<(&str, &Node)> = Vec::new();
    for (key, value) in pairs {
        let Some(name) = key.text() else {
            return Err(Refused::at(key, path, "this cannot be a name", "write `name: value`"));
        };
        if entries.iter().any(|(other, _)| *other == name) {
            return Err(Refused::at(key, path, &format!("{name} stands here twice"), "leave one of them"));
        }
        entries.push((name, value));
    }
    Ok(entries)
}

/// One of some words; nothing stands for the default.
fn word<'w>(node: &Node, key: &str, words: &'w [&'w str]) -> Result<Option<&'w str>, Refused> {
    let known = format!("it is one of: {}", words.join(", "));
    match &node.value {
        Value::Nothing => Ok(None),
        Value::Text(text) => match words.iter().find(|word| *word == text) {
            Some(word) => Ok(Some(word)),
            None => {
                let help = nearest(text, words.iter().copied())
                    .map_or(known.clone(), |near| format!("did you mean {near}? {known}"));
                Err(Refused::at(node, key, &format!("{text:?} has no meaning here"), &help))
            }
        },
        _ => Err(Refused::at(node, key, &format!("a word is expected, not {}", node.what()), &known)),
    }
}

fn colors(config: &mut Config, node: &Node) -> Result<(), Refused> {
    const HELP: &str = "a look is a colour (red, bright-blue, #ff8700, 208), `on` another one, and bold, dim, italic, \
                        underlined, reversed, as in `bold white on red`";
    let names = || PARTS.iter().map(|(name, ..)| *name);
    for (at, (name, value)) in entries(node, "colors")?.into_iter().enumerate() {
        let Some((_, part, _)) = PARTS.iter().find(|(known, ..)| *known == name) else {
            let Value::Map(pairs) = &node.value else { continue };
            return Err(unknown(&pairs[at].0, "colors.", name, "part of the screen", names()));
        };
        let key = format!("colors.{name}");
        let Some(text) = value.text() else {
            return Err(Refused::at(value, &key, &format!("a look is expected, not {}", value.what()), HELP));
        };
        let look = style(text)
            .map_err(|word| Refused::at(value, &key, &format!("{word:?} is no colour and no look"), HELP))?;
        config.palette = config.palette.with(*part, look);
    }
    Ok(())
}

fn keys(config: &mut Config, node: &Node) -> Result<(), Refused> {
    const HELP: &str = "a key is a letter or sign, or f1 to f24, up, down, left, right, pgup, pgdn, home, end, enter, \
                        tab, backtab, space, esc, backspace, delete, insert; with ctrl- or alt- before it";
    let names = || TABLE.iter().map(|row| row.name);
    let mut changed = Vec::new();
    for (at, (name, value)) in entries(node, "keys")?.into_iter().enumerate() {
        let Some(row) = TABLE.iter().find(|row| row.name == name) else {
            let Value::Map(pairs) = &node.value else { continue };
            return Err(unknown(&pairs[at].0, "keys.", name, "command", names()));
        };
        let path = format!("keys.{name}");
        let items = match &value.value {
            Value::List(items) => items.iter().collect(),
            Value::Nothing => Vec::new(),
            _ => vec![value],
        };
        let mut given = Vec::new();
        for item in items {
            let text = item.text().filter(|text| key(text).is_some()).ok_or_else(|| {
                let what = item.text().map_or_else(|| item.what().to_owned(), |text| format!("{text:?}"));
                Refused::at(item, &path, &format!("{what} is no key"), HELP)
            })?;
            let taken = |(other, keys): &&(usize, Vec<String>)| {
                TABLE[*other].place == row.place && keys.iter().any(|key| key == text)
            };
            if let Some((other, _)) = changed.iter().find(taken) {
                let what = format!("{text} is {}'s already", TABLE[*other].name);
                return Err(Refused::at(item, &path, &what, "give each key one meaning"));
            }
            given.push(text.to_owned());
        }
        let number = TABLE.iter().position(|other| other.name == name).unwrap_or(0);
        changed.push((number, given));
    }
    config.keys = Keymap::with(changed);
    if config.keys.keys(quit()).is_empty() {
        return Err(Refused::at(node, "keys.quit", "no key is left to quit with", "give quit a key"));
    }
    Ok(())
}

fn quit() -> &'static crate::keys::Binding {
    TABLE.iter().find(|row| row.name == "quit").unwrap_or(&TABLE[0])
}

fn unknown<'w>(
    node: &Node,
    path: &str,
    name: &str,
    kind: &str,
    known: impl Iterator<Item = &'w str> + Clone,
) -> Refused {
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Refused::at(node, &format!("{path}{name}"), &format!("no {kind} is called so"), &help)
}

/// The name that was probably meant.
fn nearest<'w>(name: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let close = known.map(|word| (strsim::jaro_winkler(name, word), word));
    close.filter(|(close, _)| *close > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests;
