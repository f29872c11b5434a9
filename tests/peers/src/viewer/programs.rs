//! The viewers: how each is started, and which keys do in it what a row asks for.

use crate::outside;
use std::ffi::OsString;
use std::path::Path;

/// One viewer.
pub struct Program {
    pub name: &'static str,
    pub command: String,
    arguments: Vec<OsString>,
    /// It is given the root and not the file.
    pub root: bool,
    /// Its arguments for following a file.
    follow: &'static [&'static str],
    /// Goes to the first line, the last line, and to a line by its number.
    pub first: &'static str,
    pub last: &'static str,
    pub line: fn(u64) -> String,
    /// Searches for a text; what it says once it knows that there is none.
    pub search: fn(&str) -> String,
    pub nothing: Option<&'static str>,
    /// Shows only the lines with a text.
    pub only: fn(&str) -> String,
    /// Goes to a time of day, where it can.
    pub time: Option<fn(&str) -> String>,
    /// Wraps long lines or stops doing so, where there is a key for it.
    pub wrap: Option<&'static str>,
    /// It takes directories of jobs.
    pub jobs: bool,
}

impl Program {
    /// The arguments that open a file below a root.
    pub fn open(&self, root: &Path, file: &Path, follow: bool) -> Vec<OsString> {
        let mut arguments = self.arguments.clone();
        if follow {
            arguments.extend(self.follow.iter().map(OsString::from));
        }
        arguments.push(if self.root { root.into() } else { file.into() });
        arguments
    }

    /// The arguments that open all jobs below a root.
    pub fn open_jobs(&self, root: &Path) -> Vec<OsString> {
        let mut arguments = self.arguments.clone();
        if !self.root {
            arguments.push("-r".into());
        }
        arguments.push(root.into());
        arguments
    }
}

/// Those that are there.
pub fn all() -> Vec<Program> {
    let itself = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let logview = Program {
        name: "logview",
        command: itself,
        arguments: vec!["logview".into()],
        root: true,
        follow: &[],
        first: "g",
        last: "G",
        line: |line| format!(":{line}\r"),
        search: |text| format!("/{text}\r"),
        nothing: Some("no line that matches"),
        only: |text| format!("f{text}\r"),
        time: Some(|time| format!("t{time}\r")),
        wrap: Some("v"),
        jobs: true,
    };
    let less = Program {
        name: "less",
        command: "less".into(),
        arguments: Vec::new(),
        root: false,
        follow: &["+F"],
        first: "g",
        last: "G",
        line: |line| format!("{line}G"),
        search: |text| format!("/{text}\r"),
        nothing: Some("Pattern not found"),
        only: |text| format!("&{text}\r"),
        time: None,
        wrap: Some("-S\r"),
        jobs: false,
    };
    let lnav = Program {
        name: "lnav",
        command: "lnav".into(),
        arguments: vec!["-N".into()],
        root: false,
        follow: &[],
        first: "g",
        last: "G",
        line: |line| format!(":goto {}\r", line.saturating_sub(1)),
        search: |text| format!("/{text}\r"),
        // It says that there are no hits before it has looked.
        nothing: None,
        only: |text| format!(":filter-in {text}\r"),
        time: Some(|time| format!(":goto {time}\r")),
        wrap: None,
        jobs: true,
    };
    let toolong = Program {
        name: "toolong",
        command: "tl".into(),
        arguments: Vec::new(),
        root: false,
        follow: &[],
        first: "\u{1b}[H",
        last: "\u{1b}[F",
        line: |_| String::new(),
        search: |text| format!("/{text}\r"),
        nothing: Some("0/0"),
        only: |_| String::new(),
        time: None,
        wrap: None,
        jobs: false,
    };
    let there = |program: &Program| program.name == "logview" || outside::exists(&program.command);
    let mut all = vec![logview, less, lnav, toolong];
    all.retain(there);
    all
}
