//! The one error type.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What can go wrong in logcore. Every variant says where and what to do; on failure the old state stays.
///
/// Its `Debug` is its `Display`: `fn main() -> Result<(), logcore::Error>` prints what a person needs.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The template was refused; what was live stays live.
    #[error(transparent)]
    Config(Box<ConfigError>),

    /// No job can have this id.
    #[error("{id:?} cannot be a job id: {reason}")]
    JobId {
        /// The id, shortened if it is long.
        id: String,
        /// Why not, and what would do.
        reason: String,
    },

    /// No job of this id is live.
    #[error("no job {id:?} is live; `logs.jobs()` lists those that are")]
    NotLive {
        /// The id that was asked for.
        id: String,
    },

    /// The file system or the system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as in "cannot ⟨action⟩ ⟨path⟩".
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Another logger is the process's logger already.
    #[error(
        "a global logger is installed already; call logcore::init before anything else installs one, and once"
    )]
    Installed,

    /// A thread could not be started.
    #[error("cannot start the thread {name:?}: {source}")]
    Thread {
        /// The thread's name.
        name: String,
        /// What the system said.
        source: io::Error,
    },

    /// Some file cannot be written; the server log says which. Its records stay buffered and are tried again.
    #[error(
        "some file cannot be written, the server log says which; its records stay buffered and are tried again"
    )]
    Unwritten,

    /// Not everything was written in time; the rest stays buffered and is written as soon as it can be.
    #[error("not everything was written within {waited:?}; the rest stays buffered and is tried again")]
    Timeout {
        /// How long it waited.
        waited: Duration,
    },
}

/// A place in the template, what is wrong there, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; 0 if no line is to blame (a missing file).
    pub line: usize,
    /// The column in characters, counted from 1; 0 if no line is to blame.
    pub column: usize,
    /// The path of keys, such as `appenders.debug.encoder.pattern`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// The text of the line.
    pub source_line: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", shown(&self.key))?;
        }
        write!(f, ": {}", shown(&self.message))?;
        if self.line > 0 {
            let number = self.line.to_string();
            let margin = " ".repeat(number.len());
            let indent: String = self
                .source_line
                .chars()
                .take(self.column.saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(f, "\n{margin} |\n{number} | {}\n{margin} | {indent}^", shown(&self.source_line))?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

/// What stands in a template goes to a terminal, and is to do nothing there. A character stays a character, for the mark below.
fn shown(text: &str) -> String {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

impl std::error::Error for ConfigError {}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Error {
        Error::Config(Box::new(error))
    }
}

impl Error {
    /// For `map_err`: the system refused `action` on `path`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }
}
