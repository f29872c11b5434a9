//! The `console` appender: one write per record, styled as log4rs does it.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    Stdout,
    Stderr,
}

/// Where a `console` appender writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    target: Target,
    /// `tty_only`: silent where the target is no terminal.
    silent: bool,
    /// Whether highlighting is written as escape sequences.
    pub(crate) styled: bool,
}

/// `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, read once, as log4rs reads them.
#[derive(Clone, Copy, PartialEq)]
enum Colors {
    Never,
    Always,
    OnTerminal,
}

static COLORS: LazyLock<Colors> = LazyLock::new(|| {
    let set = |name, unset| std::env::var(name).map_or(unset, |value| value != "0");
    if set("NO_COLOR", false) {
        Colors::Never
    } else if set("CLICOLOR_FORCE", false) {
        Colors::Always
    } else if set("CLICOLOR", true) {
        Colors::OnTerminal
    } else {
        Colors::Never
    }
});

impl Console {
    pub(crate) fn new(target: Target, tty_only: bool) -> Console {
        let terminal = match target {
            Target::Stdout => io::stdout().is_terminal(),
            Target::Stderr => io::stderr().is_terminal(),
        };
        let styled = match *COLORS {
            Colors::Never => false,
            Colors::Always => true,
            Colors::OnTerminal => terminal,
        };
        Console { target, silent: tty_only && !terminal, styled }
    }

    /// Writes one line.
    ///
    /// # Errors
    /// What the stream says; a closed one is the host's wish.
    pub(crate) fn write(self, line: &[u8]) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        match self.target {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(line)?;
                stdout.flush()
            }
            Target::Stderr => io::stderr().lock().write_all(line),
        }
    }
}
