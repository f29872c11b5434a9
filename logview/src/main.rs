//! The command `logview`.

use logview::{Command, demo, manual, parse};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "logview: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    match parse(std::env::args_os().skip(1))? {
        Command::View(options) => logview::run(options),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Help => print(&manual::help()),
        Command::Man => print(&manual::man()),
        Command::Completions(text) => print(&text),
        Command::PrintConfig => print(&logview::config::printed()),
        Command::Version => print(concat!("logview ", env!("CARGO_PKG_VERSION"), "\n")),
    }
}

/// A reader that has heard enough is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}
