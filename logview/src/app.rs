//! The one thread that draws: takes messages in, draws when something changed, hands requests out.

use crate::model::{Look, Message, Model, Request};
use crate::options::Options;
use crate::source::{Local, Source};
use crate::terminal::{self, Screen};
use crate::update::update;
use crate::view::view;
use crate::workers::{self, Workers};
use anyhow::{Context, Result, bail};
use chrono::Local as Zone;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

/// How often the clock and the ages on the screen go on.
const TICK: Duration = Duration::from_secs(1);

/// The least time between two frames on an average: while messages pour in, this is what a screen can show. Two may
/// follow each other at once, for what is written shows with the second one: the first tells only that there is more.
const FRAME: Duration = Duration::from_millis(16);

/// Opens the viewer and blocks until it is quit.
///
/// # Errors
/// If there is no terminal to draw on, or it goes away.
pub fn run(options: Options) -> Result<()> {
    let source: Arc<dyn Source> = Arc::new(Local::new(&options.root));
    let deadline = options.quit_after.map(|after| Instant::now() + after);
    let (mut screen, _taken) = terminal::take(options.terminal)?;
    let size = screen.size().context("the terminal has no size")?;
    let look = Look { ascii: options.ascii, plain: options.plain };
    let mut model = Model::new(&source.title(), look, (size.width, size.height), Zone::now().fixed_offset());
    let workers = workers::start(&source, options.poll, true);
    show(&mut screen, &mut model, &workers, deadline)
}

fn show(screen: &mut Screen, model: &mut Model, workers: &Workers, deadline: Option<Instant>) -> Result<()> {
    let mut ticked = Instant::now();
    let mut drawn: [Option<Instant>; 2] = [None; 2];
    let mut dirty = true;
    while !model.quit {
        let frame_due = drawn[1].is_none_or(|at| at.elapsed() >= 2 * FRAME);
        provoke("draw");
        if dirty && frame_due {
            // The event of a resize can get lost; what the terminal says of itself cannot.
            let size = screen.size().context("the terminal has no size")?;
            if (size.width, size.height) != model.size {
                take_in(screen, model, workers, Message::Resize(size.width, size.height))?;
            }
            terminal::draw(screen, |frame| view(model, frame))
                .context("the terminal cannot be written to")?;
            (drawn, dirty) = ([Some(Instant::now()), drawn[0]], false);
        }
        let wait = if dirty { FRAME / 4 } else { TICK.saturating_sub(ticked.elapsed()) };
        let left = deadline.map_or(TICK, |at| at.saturating_duration_since(Instant::now()));
        match workers.messages.recv_timeout(wait.min(left)) {
            Ok(message) => {
                dirty = true;
                take_in(screen, model, workers, message)?;
                // What else is there belongs into the same frame.
                while let Some(message) = workers.messages.try_recv().ok().filter(|_| !model.quit) {
                    take_in(screen, model, workers, message)?;
                    if drawn[0].is_some_and(|at| at.elapsed() > 4 * FRAME) {
                        break;
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            dirty = true;
            update(model, Message::Tick(SystemTime::now()));
        }
        if deadline.is_some_and(|at| Instant::now() >= at) {
            break;
        }
    }
    match model.failure.take() {
        Some(why) => bail!(why),
        None => Ok(()),
    }
}

fn take_in(screen: &mut Screen, model: &mut Model, workers: &Workers, message: Message) -> Result<()> {
    if matches!(message, Message::Resize(..)) {
        terminal::forget(screen).context("the terminal cannot be written to")?;
    }
    for request in update(model, message) {
        if let Request::Mouse(on) = request {
            terminal::mouse(screen, on).context("the terminal cannot be written to")?;
        }
        workers.send(request);
    }
    Ok(())
}

/// Panics where a test asks for it: that the terminal survives a panic can be shown in no other way.
pub(crate) fn provoke(place: &str) {
    if cfg!(debug_assertions) && std::env::var_os("LOGVIEW_TEST_PANIC").is_some_and(|wanted| wanted == place)
    {
        panic!("asked for by LOGVIEW_TEST_PANIC");
    }
}
