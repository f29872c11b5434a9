//! The real viewer in a pseudo-terminal, its screen read back through a terminal emulator.

use crate::eventually;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A program in a terminal of its own; it is killed at the end.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
    reading: JoinHandle<()>,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts `program` with `arguments` on a screen of `columns` × `rows`.
    ///
    /// # Panics
    /// If there is no pseudo-terminal to be had, or the program does not start.
    #[must_use]
    pub fn start(
        program: &str,
        arguments: &[OsString],
        (columns, rows): (u16, u16),
        env: &[(&str, &str)],
    ) -> Terminal {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        if let Ok(here) = std::env::current_dir() {
            command.cwd(here);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env_remove("COLORFGBG");
        command.env_remove("RUST_BACKTRACE");
        // A test leaves nothing behind, and finds nothing that another one has kept.
        ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"]
            .iter()
            .for_each(|name| command.env_remove(name));
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program");
        let mut reader = pair.master.try_clone_reader().expect("its output");
        let input = pair.master.take_writer().expect("its input");
        let seen = Arc::new(Mutex::new(Seen {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            raw: Vec::new(),
        }));
        let screen = Arc::clone(&seen);
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let mut seen = screen.lock().expect("the screen");
                seen.parser.process(&buffer[..read]);
                seen.raw.extend_from_slice(&buffer[..read]);
            }
        });
        Terminal { master: pair.master, child, input, seen, reading }
    }

    /// Starts the viewer on a root.
    #[must_use]
    pub fn view(program: &str, root: &Path) -> Terminal {
        Terminal::start(program, &[root.into()], (120, 36), &[])
    }

    /// The rows of the screen.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("the screen");
        let (_, columns) = seen.parser.screen().size();
        seen.parser.screen().rows(0, columns.get()).collect()
    }

    /// The whole screen.
    #[must_use]
    pub fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// The row of the status line.
    #[must_use]
    pub fn status(&self) -> String {
        self.rows()
            .into_iter()
            .rev()
            .find(|row| row.contains(" FOLLOW ") || row.contains(" HOLD "))
            .unwrap_or_default()
    }

    /// The screen as it is now, with its colours.
    #[must_use]
    pub fn screen(&self) -> vt100::Screen {
        self.seen.lock().expect("the screen").parser.screen().clone()
    }

    /// All bytes that ever came.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().expect("the screen").raw.clone()
    }

    /// Whether the program has the alternate screen, and whether it hides the cursor.
    #[must_use]
    pub fn taken(&self) -> (bool, bool) {
        let seen = self.seen.lock().expect("the screen");
        (seen.parser.screen().alternate_screen(), seen.parser.screen().hide_cursor())
    }

    /// Waits until the screen holds a text.
    pub fn sees(&self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen does not hold a text.
    pub fn loses(&self, text: &str) {
        self.until(&format!("no {text}"), |screen| !screen.contains(text));
    }

    /// Waits until the screen is as wanted.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        eventually(what, || wanted(&self.text()).then_some(()), || self.text());
    }

    /// Types.
    ///
    /// # Panics
    /// If the program is gone.
    pub fn keys(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("keys typed");
        self.input.flush().expect("keys typed");
    }

    /// Changes the size of the screen.
    ///
    /// # Panics
    /// If that cannot be.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.lock().expect("the screen").parser.screen_mut().set_size(cells(rows), cells(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("another size");
    }

    /// The program's process id.
    ///
    /// # Panics
    /// If it has none any more.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Waits until the program has ended and all that it said is on the screen, and gives its exit code.
    pub fn ends(&mut self) -> u32 {
        let child = &mut self.child;
        let code = eventually("the end", || child.try_wait().ok().flatten(), || "it still runs".into());
        let read = || self.reading.is_finished().then_some(());
        eventually("its last words", read, || "something still holds its terminal".into());
        code.exit_code()
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a screen has rows and columns")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
