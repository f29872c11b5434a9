//! The system's clipboard, through the program that the system has for it. Where there is none, or where the viewer runs on
//! another machine, the terminal's own (OSC 52) has to do, which is asked beside it.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long such a program may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Programs that take a text from their standard input, each with the variable that says that it can work.
const PROGRAMS: [(&str, &[&str], Option<&str>); 5] = [
    ("pbcopy", &[], None),
    ("wl-copy", &[], Some("WAYLAND_DISPLAY")),
    ("xclip", &["-selection", "clipboard"], Some("DISPLAY")),
    ("xsel", &["--input", "--clipboard"], Some("DISPLAY")),
    ("clip.exe", &[], None),
];

/// Gives a text to the first of them that there is. Nothing can be done where that fails.
pub(crate) fn give(text: &str) {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    for (program, arguments, needs) in PROGRAMS {
        if needs.is_none_or(set) && pass(program.as_ref(), arguments, text) {
            return;
        }
    }
}

fn pass(program: &OsStr, arguments: &[&str], text: &str) -> bool {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut input) = child.stdin.take() {
        drop(input.write_all(text.as_bytes()));
    }
    ends(&mut child)
}

/// Whether it ends well; one that does not end is ended.
fn ends(child: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(_) => return false,
        }
    }
    drop(child.kill());
    drop(child.wait());
    false
}
