//! What is printed about the program: `--help`, the manual page and the completions of shells, all from the table of
//! options here, the key table and the settings of the configuration.

use crate::config::SETTINGS;
use crate::keys::{Group, Keymap, TABLE};
use std::fmt::Write;

/// An option of the command line.
pub(crate) struct Flag {
    /// Without the dashes.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What its value is called, if it takes one.
    pub(crate) value: Option<&'static str>,
    /// In short lines.
    what: &'static [&'static str],
}

const fn flag(long: &'static str, value: Option<&'static str>, what: &'static [&'static str]) -> Flag {
    Flag { long, short: None, value, what }
}

/// All options but those of `logview demo`.
pub(crate) const FLAGS: &[Flag] = &[
    flag("ascii", None, &["no character beyond ASCII"]),
    flag(
        "encoding",
        Some("LABEL"),
        &["of files that are not UTF-8: gbk, windows-1252, ...; UTF-16", "is known by its byte order mark"],
    ),
    flag("poll", None, &["look for changes instead of being notified of them"]),
    flag("config", Some("FILE"), &["keys, colours and defaults, instead of the user's config.yaml"]),
    flag("print-config", None, &["print a configuration with all defaults, to be changed"]),
    flag("man", None, &["print the manual page: logview --man | man -l -"]),
    flag("completions", Some("SHELL"), &["print completions for bash, zsh or fish"]),
    Flag { long: "help", short: Some('h'), value: None, what: &["print this help"] },
    Flag { long: "version", short: Some('V'), value: None, what: &["print the version"] },
];

/// Variables of the environment that are looked at, and what for.
const ENVIRONMENT: [(&str, &str); 7] = [
    ("NO_COLOR", "no colours, if set and not empty"),
    ("COLORFGBG", "whether the background is light, as many terminals say; else `theme: light`"),
    ("XDG_CONFIG_HOME", "where logview/config.yaml is [default: ~/.config]"),
    ("XDG_STATE_HOME", "where it is kept in logview/ where one was [default: ~/.local/state]"),
    ("VISUAL, EDITOR", "what opens a file at a line [default: vi]"),
    ("PAGER", "what a file is handed to [default: less]"),
    ("XDG_CACHE_HOME", "where indices of large files are kept, in logview/ [default: ~/.cache]"),
];

const ABOUT: &str =
    "Browse the job directories that logcore writes, and any other directories of *.log files, live.";

/// The shells that completions can be printed for.
pub(crate) const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What `--help` prints.
#[must_use]
pub fn help() -> String {
    let mut out = format!(
        "{ABOUT}\n\nUsage: logview [OPTIONS] [DIR]\n       logview demo [OPTIONS]\n\nArguments:\n  DIR  the root: one \
         directory per job\n       [default: logcore.dir of config/log.yaml, else logs]\n\nOptions:\n"
    );
    for flag in FLAGS {
        let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let value = flag.value.map(|value| format!(" {value}")).unwrap_or_default();
        let mut left = format!("  {short}--{}{value}", flag.long);
        for line in flag.what {
            let _ = writeln!(out, "{left:28}{line}");
            left.clear();
        }
    }
    out += "\nEnvironment:\n";
    for (name, what) in ENVIRONMENT {
        let _ = writeln!(out, "  {name:16}  {what}");
    }
    out + "\nIn the viewer, ? shows all keys. `logview demo --help` tells about the demo.\n"
}

/// The manual page, for `man`.
#[must_use]
pub fn man() -> String {
    let mut out = format!(
        ".TH LOGVIEW 1 \"\" \"logview {}\" \"User Commands\"\n.SH NAME\nlogview \\- {}\n.SH SYNOPSIS\n.B logview\n[\\fIOPTIONS\\fR] \
         [\\fIDIR\\fR]\n.br\n.B logview demo\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n{}\n.PP\n\\fIDIR\\fR holds one directory per \
         job; without it, logcore.dir of config/log.yaml, else logs.\n.SH OPTIONS\n",
        env!("CARGO_PKG_VERSION"),
        roff("browse job directories and their logs, live"),
        roff(ABOUT),
    );
    for flag in FLAGS {
        let short = flag.short.map_or(String::new(), |short| format!("\\fB\\-{short}\\fR, "));
        let value = flag.value.map(|value| format!(" \\fI{value}\\fR")).unwrap_or_default();
        let _ = writeln!(
            out,
            ".TP\n{short}\\fB\\-\\-{}\\fR{value}\n{}",
            roff(flag.long),
            roff(&flag.what.join(" "))
        );
    }
    out += ".SH KEYS\nThey can be changed in config.yaml; the names are those of the commands after \\(lq:\\(rq.\n";
    for group in Group::columns(1).concat() {
        let _ = writeln!(out, ".SS {}", roff(group.title()));
        for row in TABLE.iter().filter(|row| row.group == group) {
            let keys = Keymap::default().shown(&[row], true, 40);
            let _ =
                writeln!(out, ".TP\n\\fB{}\\fR \\fI{}\\fR\n{}", roff(&keys), roff(row.name), roff(row.what));
        }
    }
    out += ".SH CONFIGURATION\nconfig.yaml, read again whenever it is saved; \\fBlogview \\-\\-print\\-config\\fR prints one.\n";
    for setting in SETTINGS {
        let words = setting.words.join(", ");
        let _ =
            writeln!(out, ".TP\n\\fB{}\\fR: {}\n{}", roff(setting.name), roff(&words), roff(setting.what));
    }
    out += ".SH ENVIRONMENT\n";
    for (name, what) in ENVIRONMENT {
        let _ = writeln!(out, ".TP\n.B {name}\n{}", roff(what));
    }
    out
}

/// Text as roff has to have it.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('^', "\\(ha");
    let text = text.replace('~', "\\(ti").replace('`', "\\(ga");
    // A line that begins with a dot would be a request.
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// Completions for a shell of `SHELLS`.
#[must_use]
pub fn completions(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

fn bash() -> String {
    let all: Vec<String> = FLAGS.iter().map(|flag| format!("--{}", flag.long)).collect();
    format!(
        "_logview() {{\n    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n    case $prev in\n        \
         --completions) COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return;;\n        --config) COMPREPLY=($(compgen -f -- \
         \"$cur\")); return;;\n        --encoding) return;;\n    esac\n    if [[ $cur == -* ]]; then\n        \
         COMPREPLY=($(compgen -W '{}' -- \"$cur\"))\n    else\n        COMPREPLY=($(compgen -d -- \"$cur\"))\n        \
         [[ $COMP_CWORD == 1 && demo == \"$cur\"* ]] && COMPREPLY+=(demo)\n    fi\n}}\ncomplete -o filenames -F _logview logview\n",
        SHELLS.join(" "),
        all.join(" "),
    )
}

fn zsh() -> String {
    let mut out = String::from("#compdef logview\n_arguments -s \\\n");
    for flag in FLAGS {
        let what = flag
            .what
            .join(" ")
            .replace('\'', "'\\''")
            .replace('[', "\\[")
            .replace(']', "\\]")
            .replace(':', "\\:");
        let value = match (flag.long, flag.value) {
            ("completions", _) => format!(":shell:({})", SHELLS.join(" ")),
            ("config", _) => ":file:_files".to_owned(),
            (_, Some(value)) => format!(":{}: ", value.to_lowercase()),
            (_, None) => String::new(),
        };
        if let Some(short) = flag.short {
            let _ = writeln!(out, "    '-{short}[{what}]' \\");
        }
        let _ = writeln!(out, "    '--{}[{what}]{value}' \\", flag.long);
    }
    out + "    '1:root:_files -/'\n"
}

fn fish() -> String {
    let mut out = String::from(
        "complete -c logview -f -a '(__fish_complete_directories)'\ncomplete -c logview -n __fish_use_subcommand -a demo -d 'a \
         host whose jobs do real work'\n",
    );
    for flag in FLAGS {
        let what = flag.what.join(" ").replace('\'', "\\'");
        let short = flag.short.map(|short| format!(" -s {short}")).unwrap_or_default();
        let value = match (flag.long, flag.value) {
            ("completions", _) => format!(" -x -a '{}'", SHELLS.join(" ")),
            ("config", _) => " -r -F".to_owned(),
            (_, Some(_)) => " -x".to_owned(),
            (_, None) => String::new(),
        };
        let _ = writeln!(out, "complete -c logview -l {}{short}{value} -d '{what}'", flag.long);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::parse;

    #[test]
    fn every_option_is_read_and_told_of_everywhere() {
        for flag in FLAGS {
            let value = match flag.long {
                "encoding" => "gbk",
                "completions" => "fish",
                _ => "x",
            };
            let mut arguments = vec![format!("--{}", flag.long).into()];
            arguments.extend(flag.value.map(|_| value.into()));
            assert!(parse(arguments).is_ok(), "{}", flag.long);
            let dashed = format!("--{}", flag.long);
            assert!(help().contains(&dashed) && man().contains(&roff(&dashed)));
            assert!(bash().contains(&dashed) && zsh().contains(&dashed), "{dashed}");
            assert!(fish().contains(&format!("-l {}", flag.long)));
        }
    }

    #[test]
    fn the_manual_has_every_key_and_setting_and_no_line_that_is_a_request_by_chance() {
        let man = man();
        for row in TABLE {
            assert!(man.contains(&roff(row.what)), "{}", row.name);
        }
        let requests = [".TH", ".SH", ".SS", ".TP", ".PP", ".B ", ".br"];
        for line in man.lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(requests.iter().any(|request| line.starts_with(request)), "{line}");
        }
        assert!(man.is_ascii());
    }
}
