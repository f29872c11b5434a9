//! The terminal: taken over while the viewer runs, given back however it ends.

use crate::config::Bell;
use anyhow::{Context, Result, bail};
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Where the screen is drawn.
#[derive(Debug)]
pub(crate) enum Output {
    /// Standard output.
    Stdout(Stdout),
    /// A terminal that was opened otherwise.
    File(File),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout(stdout) => stdout.write(bytes),
            Output::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout(stdout) => stdout.flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// What ratatui draws on.
pub(crate) type Screen = ratatui::Terminal<CrosstermBackend<BufWriter<Output>>>;

/// Whether there is a screen to give back, and on what.
static TAKEN: AtomicBool = AtomicBool::new(false);
static BACK: Mutex<Option<Output>> = Mutex::new(None);

/// The terminal while it is ours; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Taken(());

/// Takes the terminal over.
///
/// # Errors
/// If there is none, with what to do instead.
pub(crate) fn take(output: Option<File>) -> Result<(Screen, Taken)> {
    let (output, back) = match output {
        Some(file) => {
            let again = file.try_clone().context("the terminal cannot be opened twice")?;
            (Output::File(file), Output::File(again))
        }
        None if io::stdout().is_terminal() => (Output::Stdout(io::stdout()), Output::Stdout(io::stdout())),
        None => bail!(
            "standard output is no terminal, so there is nothing to draw on: run logview in a terminal, without a \
             pipe or redirection (for scripts, the files themselves are plain text: grep, tail -F)"
        ),
    };
    *BACK.lock().unwrap_or_else(PoisonError::into_inner) = Some(back);
    give_back_on_panic();
    enable_raw_mode().context("the terminal cannot be read key by key")?;
    TAKEN.store(true, Ordering::SeqCst);
    let taken = Taken(());
    let mut output = BufWriter::with_capacity(1 << 16, output);
    execute!(output, EnterAlternateScreen, EnableMouseCapture, Hide)
        .context("the terminal cannot be written to")?;
    let screen = ratatui::Terminal::new(CrosstermBackend::new(output)).context("the terminal has no size")?;
    Ok((screen, taken))
}

/// Takes the mouse or leaves it to the terminal's own selection.
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn mouse(screen: &mut Screen, on: bool) -> io::Result<()> {
    if on {
        execute!(screen.backend_mut(), EnableMouseCapture)
    } else {
        execute!(screen.backend_mut(), DisableMouseCapture)
    }
}

/// Rings, or has the terminal notify of a text, which holds no control character.
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn ring(screen: &mut Screen, bell: Bell, text: &str) -> io::Result<()> {
    let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    let output = screen.backend_mut();
    match bell {
        Bell::Off => return Ok(()),
        Bell::Bell => output.write_all(b"\x07")?,
        Bell::Notify => {
            let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            write!(output, "\x1b]9;logview: {text}\x07")?;
        }
    }
    output.flush()
}

/// Asks the terminal to keep a text in its clipboard (OSC 52).
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn copy(screen: &mut Screen, text: &str) -> io::Result<()> {
    /// More than that many terminals do not take, and a few show.
    const MOST: usize = 74_000;
    let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    if text.len() > MOST || !TAKEN.load(Ordering::SeqCst) {
        return Ok(());
    }
    execute!(screen.backend_mut(), CopyToClipboard::to_clipboard_from(text))
}

/// Runs another program on the terminal, which has it as it was before, and takes it again.
///
/// # Errors
/// What the program says, or if the terminal cannot be written to.
pub(crate) fn lend(screen: &mut Screen, mouse: bool, command: &mut Command) -> Result<()> {
    let output = match BACK.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        Some(Output::File(file)) => Some((file.try_clone()?, file.try_clone()?)),
        _ => None,
    };
    if let Some((out, err)) = output {
        command.stdout(out).stderr(err);
    }
    let status = without(screen, mouse, || command.status())??;
    if status.success() { Ok(()) } else { bail!("it ended with {status}") }
}

/// Stops this process, with the terminal as it was before, until its shell has it go on.
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn suspend(screen: &mut Screen, mouse: bool) -> Result<()> {
    without(screen, mouse, || {
        // Where no shell waits for it, the system does not let it stop.
        #[cfg(unix)]
        drop(signal_hook::low_level::raise(signal_hook::consts::SIGTSTP));
    })
}

/// Does something while the terminal is as it was before, and takes it again.
fn without<T>(screen: &mut Screen, mouse: bool, act: impl FnOnce() -> T) -> Result<T> {
    {
        let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
        TAKEN.store(false, Ordering::SeqCst);
        execute!(screen.backend_mut(), DisableMouseCapture, LeaveAlternateScreen, Show)?;
        disable_raw_mode()?;
    }
    let done = act();
    {
        let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
        enable_raw_mode().context("the terminal cannot be read key by key")?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(screen.backend_mut(), EnterAlternateScreen, Hide)?;
        if mouse {
            execute!(screen.backend_mut(), EnableMouseCapture)?;
        }
    }
    forget(screen)?;
    Ok(done)
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Held while a frame is drawn, so that giving the terminal back does not fall into the middle of one.
static FRAME: Mutex<()> = Mutex::new(());

/// Draws, if the terminal is still ours: another thread may have given it back in a panic.
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn draw(screen: &mut Screen, view: impl FnOnce(&mut ratatui::Frame)) -> io::Result<bool> {
    let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    if !TAKEN.load(Ordering::SeqCst) {
        return Ok(false);
    }
    screen.draw(view).map(|_| true)
}

/// Has the next frame drawn whole: a terminal that was smaller for a moment has lost what stood there, also if it has its
/// old size again by the time anybody looks.
///
/// # Errors
/// If the terminal cannot be written to.
pub(crate) fn forget(screen: &mut Screen) -> io::Result<()> {
    let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    if !TAKEN.load(Ordering::SeqCst) {
        return Ok(());
    }
    // Not `clear`, which asks the terminal where the cursor is and waits for the answer.
    let size = screen.size()?;
    screen.resize(size.into())
}

/// Gives the terminal back, once. Nothing can be done about errors any more.
fn give_back() {
    // In a panic while drawing it is this thread that holds the frame; it is waited for only that long.
    let mut frame = FRAME.try_lock();
    for _ in 0..20 {
        if frame.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        frame = FRAME.try_lock();
    }
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Some(mut output) = BACK.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = queue!(output, DisableMouseCapture, LeaveAlternateScreen, Show);
        let _ = output.flush();
    }
    let _ = disable_raw_mode();
}

/// A panic of one of the viewer's threads gives the terminal back before anything is printed. The panics of a host's own
/// threads in the same process are none of our business.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if DRAWS.get() {
                give_back();
            }
            before(panic);
        }));
    });
    draws();
}

/// This thread is one of the viewer's: when it panics, the terminal is given back.
pub(crate) fn draws() {
    DRAWS.set(true);
}

thread_local! {
    static DRAWS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}
