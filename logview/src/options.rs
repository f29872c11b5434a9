//! The command line.

use crate::config;
use crate::manual;
use crate::reading::Shelf;
use crate::session::Memory;
use anyhow::{Context, Result, bail};
use encoding_rs::Encoding;
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to open the viewer.
#[derive(Debug, Default)]
pub struct Options {
    /// The root of the jobs; it need not exist yet.
    pub root: PathBuf,
    /// No character beyond ASCII.
    pub ascii: bool,
    /// No colours.
    pub plain: bool,
    /// The terminal's background is light.
    pub light: bool,
    /// Poll for changes instead of being notified.
    pub poll: bool,
    /// Draw on this terminal instead of standard output.
    pub terminal: Option<File>,
    /// The encoding of files that are not UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// Where indices of large files are kept from one look to the next.
    pub cache: Shelf,
    /// What is remembered from one look to the next.
    pub memory: Memory,
    /// The user's configuration; it need not exist.
    pub config: Option<PathBuf>,
    /// Quit by itself after this time.
    pub quit_after: Option<Duration>,
}

impl Options {
    /// The viewer on a root, as the environment says.
    pub fn new(root: impl Into<PathBuf>) -> Options {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Options {
            root: root.into(),
            plain,
            light: std::env::var("COLORFGBG").is_ok_and(|colors| is_light(&colors)),
            cache: Shelf::of_user(),
            config: config::path(),
            memory: Memory::of_user(),
            ..Options::default()
        }
    }
}

/// Whether the last of rxvt's colours `foreground;background`, of sixteen, is a light one.
fn is_light(colors: &str) -> bool {
    let background = colors.rsplit(';').next().and_then(|color| color.parse().ok());
    background.is_some_and(|color: u8| matches!(color, 7 | 9..=15))
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// The viewer.
    View(Options),
    /// The demo, with the arguments after `demo`.
    Demo(Vec<OsString>),
    /// The help.
    Help,
    /// The version.
    Version,
    /// The configuration with all its defaults.
    PrintConfig,
    /// The manual page.
    Man,
    /// Completions for a shell.
    Completions(String),
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// If there is one that it does not know.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.first().is_some_and(|first| first == "demo") {
        return Ok(Command::Demo(arguments[1..].to_vec()));
    }
    let mut options = Options::new(PathBuf::new());
    let mut root: Option<PathBuf> = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("print-config") => return Ok(Command::PrintConfig),
            Long("man") => return Ok(Command::Man),
            Long("completions") => {
                let shell = parser.value()?.string()?;
                let text = manual::completions(&shell);
                let known = || format!("there are completions for {}", manual::SHELLS.join(", "));
                return Ok(Command::Completions(text.with_context(known)?));
            }
            Long("config") => options.config = Some(parser.value()?.into()),
            Long("ascii") => options.ascii = true,
            Long("encoding") => {
                let label = parser.value()?.string()?;
                options.encoding = Some(
                    Encoding::for_label(label.as_bytes())
                        .with_context(|| format!("no encoding is called {label}"))?,
                );
            }
            Long("poll") => options.poll = true,
            Value(value) if root.is_none() => root = Some(value.into()),
            Value(value) => bail!("one directory is shown at a time; what is {} for?", value.display()),
            other => bail!("{}; logview --help shows what there is", other.unexpected()),
        }
    }
    root.as_deref().map_or(Ok(()), reachable)?;
    options.root = root.unwrap_or_else(|| default_root(Path::new("config/log.yaml")));
    Ok(Command::View(options))
}

/// A directory that was named may be made later, but not one in a place that is not there: whoever has mistyped it is not
/// to wait for it.
///
/// # Errors
/// What is wrong with the nearest thing that is there.
fn reachable(root: &Path) -> Result<()> {
    let there = |path: &Path| if path.as_os_str().is_empty() { Path::new(".") } else { path }.metadata();
    let missing = |path: &Path| there(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let is_file = |path: &Path| there(path).is_ok_and(|about| !about.is_dir());
    if is_file(root) {
        let dir = root.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        bail!("{} is a file; logview shows directories: logview {}", root.display(), dir.display());
    }
    if let Some(file) = root.ancestors().find(|path| is_file(path)) {
        bail!("there can be no {}: {} is no directory", root.display(), file.display());
    }
    let dirs: Vec<&Path> = root.ancestors().take_while(|path| missing(path)).collect();
    if let [_, .., first] = dirs[..] {
        bail!("{} does not exist, so that there is no {} to wait for", first.display(), root.display());
    }
    Ok(())
}

/// `logcore.dir` of a template, else `logs`. A template that cannot be read is logcore's to complain about.
fn default_root(template: &Path) -> PathBuf {
    let text = fs::read_to_string(template).unwrap_or_default();
    let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_default();
    let dir = yaml.get("logcore").and_then(|ours| ours.get("dir")).and_then(serde_yaml::Value::as_str);
    PathBuf::from(dir.filter(|dir| !dir.is_empty()).unwrap_or("logs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(arguments: &[&str]) -> Result<Options> {
        match parse(arguments.iter().map(OsString::from))? {
            Command::View(options) => Ok(options),
            other => bail!("{other:?}"),
        }
    }

    #[test]
    fn the_background_is_light_if_the_terminal_says_so() {
        for (colors, light) in [
            ("0;15", true),
            ("15;0", false),
            ("0;default;7", true),
            ("12;8", false),
            ("", false),
            ("0;x", false),
        ] {
            assert_eq!(is_light(colors), light, "{colors:?}");
        }
    }

    #[test]
    fn arguments_are_read() {
        let options = view(&["--ascii", "--poll", "here"]).unwrap();
        assert!(options.ascii && options.poll && options.root == Path::new("here"));
        assert_eq!(view(&["--encoding", "gb2312"]).unwrap().encoding, Some(encoding_rs::GBK));
        assert!(view(&["--encoding", "none"]).is_err());
        assert!(view(&["a", "b"]).is_err() && view(&["--no-such"]).is_err() && view(&["--help"]).is_err());
        assert!(
            matches!(parse(["demo".into(), "--jobs".into()]), Ok(Command::Demo(rest)) if rest == ["--jobs"])
        );
    }

    #[test]
    fn a_directory_that_was_mistyped_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let why = |path: &str| match reachable(&dir.path().join(path)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string().replace(&format!("{}/", dir.path().display()), ""),
        };
        assert_eq!((why("later"), why(".")), (String::new(), String::new()));
        assert!(why("file").starts_with("file is a file; logview shows directories: logview /"));
        assert_eq!(why("file/logs"), "there can be no file/logs: file is no directory");
        assert_eq!(why("no/such/logs"), "no does not exist, so that there is no no/such/logs to wait for");
    }

    #[test]
    fn the_default_root_is_the_templates() {
        let dir = tempfile::tempdir().unwrap();
        let template = dir.path().join("log.yaml");
        for (text, root) in [
            ("logcore: { dir: var/jobs }\nappenders: {}", "var/jobs"),
            ("logcore: { dir: 3 }", "logs"),
            ("not: [yaml", "logs"),
        ] {
            fs::write(&template, text).unwrap();
            assert_eq!(default_root(&template), Path::new(root), "{text}");
        }
        assert_eq!(default_root(&dir.path().join("none")), Path::new("logs"));
    }
}
