//! Keys, mouse, resizes and signals, as messages.

use super::{Shared, spawn};
use crate::model::Message;
use crossterm::event::{self, Event};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// How long a thread may go on after it is over.
const LOOK: Duration = Duration::from_secs(2);

/// The same where somebody may be waiting for the terminal.
const SOON: Duration = Duration::from_millis(10);

pub(super) fn start(shared: &Arc<Shared>, out: &SyncSender<Message>) {
    let (keys, stop) = (out.clone(), Arc::clone(shared));
    spawn("input", out, move || {
        // After a key another program may want the terminal at once; it waits until nobody reads from it.
        let mut typed: Option<Instant> = None;
        while !stop.quit.load(Ordering::Relaxed) {
            stop.resting.store(stop.lent.load(Ordering::SeqCst), Ordering::SeqCst);
            if stop.lent.load(Ordering::SeqCst) {
                std::thread::sleep(SOON);
                continue;
            }
            let soon = typed.is_some_and(|at| at.elapsed() < 50 * SOON);
            let message = match event::poll(if soon { SOON } else { LOOK })
                .and_then(|ready| if ready { event::read().map(Some) } else { Ok(None) })
            {
                Ok(Some(Event::Key(key))) => {
                    typed = Some(Instant::now());
                    Message::Key(key)
                }
                Ok(Some(Event::Mouse(mouse))) => Message::Mouse(mouse),
                Ok(Some(Event::Resize(width, height))) => Message::Resize(width, height),
                Ok(_) => continue,
                Err(_) => Message::Terminate, // the terminal is gone
            };
            if keys.send(message).is_err() {
                break;
            }
        }
    });
    signals(shared, out);
}

#[cfg(unix)]
fn signals(shared: &Arc<Shared>, out: &SyncSender<Message>) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP]) else { return };
    let (asks, over) = (out.clone(), Arc::clone(shared));
    spawn("signals", out, move || {
        for signal in signals.forever() {
            // The key that ends another program is none of ours.
            if signal == SIGINT && over.lent.load(Ordering::SeqCst) {
                continue;
            }
            // A process that goes on without the viewer is to end by a signal as if there never had been one.
            if over.quit.load(Ordering::Relaxed) || asks.send(Message::Terminate).is_err() {
                drop(signal_hook::low_level::emulate_default_handler(signal));
            }
        }
    });
}

#[cfg(not(unix))]
fn signals(_: &Arc<Shared>, _: &SyncSender<Message>) {}
