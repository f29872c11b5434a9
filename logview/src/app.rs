//! The one thread that draws: takes messages in, draws when something changed, hands requests out.

use crate::model::{Look, Message, Mode, Model, Opening, Request};
use crate::opener;
use crate::options::Options;
use crate::source::{Local, Source};
use crate::terminal::{self, Screen};
use crate::theme::palette::Palette;
use crate::update::{notice::refusal, update};
use crate::view::view;
use crate::workers::{self, ConfigFile, Workers};
use anyhow::{Context, Result, bail};
use chrono::Local as Zone;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

/// How often the clock and the ages on the screen go on.
const TICK: Duration = Duration::from_secs(1);

/// The least time between two frames: for what a person waits for, and for what comes by itself. While messages pour
/// in, this is what a screen can show.
const FRAME: Duration = Duration::from_millis(8);
const CALM_FRAME: Duration = Duration::from_millis(32);

/// Opens the viewer and blocks until it is quit.
///
/// # Errors
/// If there is no terminal to draw on, or it goes away.
pub fn run(options: Options) -> Result<()> {
    let source: Arc<dyn Source> = Arc::new(Local::new(&options.root));
    let deadline = options.quit_after.map(|after| Instant::now() + after);
    let (mut screen, _taken) = terminal::take(options.terminal)?;
    let size = screen.size().context("the terminal has no size")?;
    let palette = Palette::default().on(options.light);
    let look = Look { ascii: options.ascii, plain: options.plain, light: options.light, palette };
    let mut model = Model::new(&source.title(), look, (size.width, size.height), Zone::now().fixed_offset());
    let mut config = options.config.map(ConfigFile::new);
    match config.as_mut().and_then(ConfigFile::look) {
        Some(Ok(config)) => model.configure(config),
        Some(Err(refused)) => model.mode = Mode::Notice(refusal(&refused)),
        None => {}
    }
    model.is_new = options.memory.is_first_use();
    if let Some(session) = options.memory.load(&options.root) {
        model.restore(session);
    }
    if !model.mouse {
        terminal::mouse(&mut screen, false).context("the terminal cannot be written to")?;
    }
    let memory = (options.memory, options.root);
    let reading = (options.encoding, options.poll, model.config.quiet_after);
    let workers = workers::start(&source, options.cache, reading, config, memory.clone());
    let shown = show(&mut screen, &mut model, &workers, deadline);
    // Nobody is the worse if it cannot be remembered.
    let _ = memory.0.save(&memory.1, model.session());
    shown
}

fn show(screen: &mut Screen, model: &mut Model, workers: &Workers, deadline: Option<Instant>) -> Result<()> {
    let mut ticked = Instant::now();
    let mut drawn: Option<Instant> = None;
    // How old the last frame must be before the next one, if anything has changed.
    let mut dirty = Some(FRAME);
    while !model.quit {
        let left = dirty.map(|age| drawn.map_or(Duration::ZERO, |at| age.saturating_sub(at.elapsed())));
        provoke("draw");
        if left == Some(Duration::ZERO) {
            // The event of a resize can get lost; what the terminal says of itself cannot.
            let size = screen.size().context("the terminal has no size")?;
            if (size.width, size.height) != model.size {
                take_in(screen, model, workers, Message::Resize(size.width, size.height))?;
            }
            terminal::draw(screen, |frame| view(model, frame))
                .context("the terminal cannot be written to")?;
            (drawn, dirty) = (Some(Instant::now()), None);
        }
        let tick = TICK.saturating_sub(ticked.elapsed());
        let wait = left.filter(|_| dirty.is_some()).map_or(tick, |left| left.min(tick));
        let left = deadline.map_or(TICK, |at| at.saturating_duration_since(Instant::now()));
        match workers.messages.recv_timeout(wait.min(left)) {
            Ok(message) => {
                dirty = Some(patience(&message).min(dirty.unwrap_or(CALM_FRAME)));
                take_in(screen, model, workers, message)?;
                // What else is there belongs into the same frame.
                while let Some(message) = workers.messages.try_recv().ok().filter(|_| !model.quit) {
                    dirty = dirty.map(|age| age.min(patience(&message)));
                    take_in(screen, model, workers, message)?;
                    if drawn.is_some_and(|at| at.elapsed() > 2 * CALM_FRAME) {
                        break;
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            dirty = Some(FRAME);
            for request in update(model, Message::Tick(SystemTime::now())) {
                workers.send(request);
            }
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

/// How old the last frame must be before what a message changes is drawn. Lines are what is waited for; that there are
/// more of them in the file is told by them.
fn patience(message: &Message) -> Duration {
    match message {
        Message::Key(_)
        | Message::Mouse(_)
        | Message::Resize(..)
        | Message::Page { .. }
        | Message::Found { .. } => FRAME,
        _ => CALM_FRAME,
    }
}

fn take_in(screen: &mut Screen, model: &mut Model, workers: &Workers, message: Message) -> Result<()> {
    if matches!(message, Message::Resize(..)) {
        terminal::forget(screen).context("the terminal cannot be written to")?;
    }
    for request in update(model, message) {
        match &request {
            Request::Mouse(on) => terminal::mouse(screen, *on),
            Request::Ring(bell, text) => terminal::ring(screen, *bell, text),
            Request::Copy(text) => terminal::copy(screen, text),
            Request::Run(opening) => {
                open(screen, model, workers, opening);
                Ok(())
            }
            Request::Suspend => {
                let mouse = model.mouse;
                workers.lend(|| terminal::suspend(screen, mouse)).context("the terminal is gone")?;
                Ok(())
            }
            _ => Ok(()),
        }
        .context("the terminal cannot be written to")?;
        workers.send(request);
    }
    Ok(())
}

/// Has the editor or the pager show a file. What goes wrong with it is said, and is no reason to end.
fn open(screen: &mut Screen, model: &mut Model, workers: &Workers, opening: &Opening) {
    let program = opening.opener.program();
    let name = program.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut command = opener::command(&program, &opening.file, opening.line);
    let ended = workers.lend(|| terminal::lend(screen, model.mouse, &mut command));
    if let Err(why) = ended {
        (model.note, model.note_age) = (Some(format!("{name}: {why}")), 0);
    }
}

/// Panics where a test asks for it: that the terminal survives a panic can be shown in no other way.
pub(crate) fn provoke(place: &str) {
    if cfg!(debug_assertions) && std::env::var_os("LOGVIEW_TEST_PANIC").is_some_and(|wanted| wanted == place)
    {
        panic!("asked for by LOGVIEW_TEST_PANIC");
    }
}
