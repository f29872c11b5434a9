//! Other programs that show a file: the editor and the pager that a person has chosen.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is to be opened, and in what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// `$VISUAL` or `$EDITOR`.
    Editor,
    /// `$PAGER`.
    Pager,
}

impl Opener {
    /// The program and its arguments, as the environment has them.
    pub(crate) fn program(self) -> Vec<OsString> {
        let (names, otherwise): (&[&str], &str) = match self {
            Opener::Editor => (&["VISUAL", "EDITOR"], if cfg!(windows) { "notepad" } else { "vi" }),
            Opener::Pager => (&["PAGER"], if cfg!(windows) { "more" } else { "less" }),
        };
        let mut set =
            names.iter().filter_map(std::env::var_os).map(|value| value.to_string_lossy().into_owned());
        let words = set.find(|words| !words.trim().is_empty()).unwrap_or_else(|| otherwise.to_owned());
        words.split_whitespace().map(OsString::from).collect()
    }
}

/// The command that shows a file at a line.
pub(crate) fn command(program: &[OsString], file: &Path, line: u64) -> Command {
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]).args(place(&program[0], file, line));
    command
}

/// How a program is told the line.
fn place(program: &OsString, file: &Path, line: u64) -> Vec<OsString> {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let with_line = || {
        let mut text = file.as_os_str().to_owned();
        text.push(format!(":{line}"));
        text
    };
    match name.as_str() {
        "code" | "code-insiders" | "codium" | "cursor" => vec!["--wait".into(), "--goto".into(), with_line()],
        "hx" | "helix" | "subl" | "zed" => vec![with_line()],
        "less" => vec![format!("+{line}g").into(), file.into()],
        "more" | "most" | "bat" | "cat" | "notepad" => vec![file.into()],
        _ => vec![format!("+{line}").into(), file.into()],
    }
}

/// A file that is to be shown by another program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Opening {
    pub file: PathBuf,
    pub line: u64,
    pub opener: Opener,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_told_the_line_in_its_own_way() {
        let told = |program: &str| {
            let words = place(&program.into(), Path::new("/logs/a b.log"), 42);
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told("/usr/bin/vim"), ["+42", "/logs/a b.log"]);
        assert_eq!(told("code"), ["--wait", "--goto", "/logs/a b.log:42"]);
        assert_eq!(told("hx"), ["/logs/a b.log:42"]);
        assert_eq!(told("less"), ["+42g", "/logs/a b.log"]);
    }
}
