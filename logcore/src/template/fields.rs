//! Checked access to the keys of a mapping: every key is taken once, what is left over is an error.

use super::text::{Text, Vars};
use super::yaml::Node;
use crate::error::ConfigError;
use log::LevelFilter;
use serde_yaml::Value;
use std::str::FromStr;
use std::time::Duration;

/// What reading needs besides the value: the job, if it is read for one.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'v> {
    pub(crate) vars: Option<&'v Vars>,
}

/// A mapping whose keys are being taken.
pub(crate) struct Fields<'d> {
    node: Node<'d>,
    left: Vec<(&'d str, Node<'d>)>,
    known: Vec<&'static str>,
}

impl<'d> Fields<'d> {
    pub(crate) fn of(node: &Node<'d>, expected: &str) -> Result<Fields<'d>, ConfigError> {
        Ok(Fields { node: node.clone(), left: node.entries(expected)?, known: Vec::new() })
    }

    /// The value of `key`, if the file has it.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Node<'d>> {
        self.known.push(key);
        let at = self.left.iter().position(|(name, _)| *name == key)?;
        Some(self.left.remove(at).1).filter(|node| !node.value.is_null())
    }

    /// The value of `key`, which has to be there.
    pub(crate) fn need(&mut self, key: &'static str, example: &str) -> Result<Node<'d>, ConfigError> {
        self.take(key).ok_or_else(|| {
            self.node.error("", format!("the key `{key}` is missing"), format!("add it, as in `{example}`"))
        })
    }

    /// Everything has been taken; what is left is unknown.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let Some((name, node)) = self.left.into_iter().next() else { return Ok(()) };
        let help = match nearest(name, &self.known) {
            Some(near) => format!("did you mean `{near}`? known here: {}", self.known.join(", ")),
            None => format!("known here: {}", self.known.join(", ")),
        };
        Err(node.error_at_key(name, format!("unknown field `{name}`"), help))
    }
}

impl Reader<'_> {
    /// A string with its placeholders.
    pub(crate) fn text(self, node: &Node<'_>) -> Result<Text, ConfigError> {
        match node.value {
            Value::String(text) => Text::parse(node, text),
            _ => Err(node.wrong_type("a text")),
        }
    }

    /// A scalar as text, placeholders replaced.
    pub(crate) fn plain(self, node: &Node<'_>, expected: &str) -> Result<String, ConfigError> {
        match node.value {
            Value::String(text) => {
                let text = Text::parse(node, text)?;
                if text.has_holes() {
                    node.per_job.set(true);
                }
                Ok(match self.vars {
                    Some(vars) => text.plain(vars),
                    None => text.without_a_job(),
                })
            }
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            _ => Err(node.wrong_type(expected)),
        }
    }

    /// A scalar that is the name of something or a pattern, not a number.
    pub(crate) fn name(self, node: &Node<'_>, expected: &str) -> Result<String, ConfigError> {
        if node.value.is_string() { self.plain(node, expected) } else { Err(node.wrong_type(expected)) }
    }

    pub(crate) fn boolean(self, node: &Node<'_>) -> Result<bool, ConfigError> {
        let text = self.plain(node, "true or false")?;
        text.parse().map_err(|_| node.wrong_type("true or false"))
    }

    pub(crate) fn integer<T: FromStr>(self, node: &Node<'_>, expected: &str) -> Result<T, ConfigError> {
        let text = self.plain(node, expected)?;
        text.parse().map_err(|_| node.wrong_type(expected))
    }

    pub(crate) fn level(self, node: &Node<'_>) -> Result<LevelFilter, ConfigError> {
        const LEVELS: &str = "off, error, warn, info, debug or trace";
        let text = self.name(node, "a level")?;
        text.parse()
            .map_err(|_| node.error(&text, format!("`{text}` is no level"), format!("levels are {LEVELS}")))
    }

    /// A number of bytes: `500`, `64KiB`, `10 mb`. As in log4rs, kb is 1,024 bytes.
    pub(crate) fn size(self, node: &Node<'_>) -> Result<u64, ConfigError> {
        let text = self.plain(node, "a size such as 10mb")?;
        let (digits, unit) = split_unit(&text);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => Some(1),
            "k" | "kb" | "kib" => Some(1_u64 << 10),
            "m" | "mb" | "mib" => Some(1 << 20),
            "g" | "gb" | "gib" => Some(1 << 30),
            "t" | "tb" | "tib" => Some(1 << 40),
            _ => None,
        };
        factor
            .zip(digits.parse::<u64>().ok())
            .and_then(|(factor, number)| number.checked_mul(factor))
            .ok_or_else(|| {
                node.error(
                    &text,
                    format!("`{text}` is no size"),
                    "write bytes, or a number with kb, mb, gb or tb, as in 64KiB",
                )
            })
    }

    /// A span of time: `200ms`, `30 seconds`, `30d`.
    pub(crate) fn duration(self, node: &Node<'_>) -> Result<Duration, ConfigError> {
        let text = self.plain(node, "a duration such as 200ms")?;
        humantime::parse_duration(&text).map_err(|_| {
            node.error(
                &text,
                format!("`{text}` is no duration"),
                "write a number and a unit, as in 200ms, 30 seconds, 30d",
            )
        })
    }
}

/// The digits that a text starts with, and what follows them.
pub(crate) fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..at].trim(), text[at..].trim())
}

/// The known word that a misspelt one is close to.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let close = |other: &str| {
        let (a, b) = (word.to_ascii_lowercase(), other.to_ascii_lowercase());
        strsim::damerau_levenshtein(&a, &b)
    };
    known
        .iter()
        .map(|other| (close(other), *other))
        .filter(|(d, o)| *d * 3 <= o.len().max(3))
        .min()
        .map(|(_, o)| o)
}
