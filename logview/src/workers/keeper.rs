//! Remembers the session from time to time, so that little is forgotten if the viewer is killed.

use super::{Shared, spawn};
use crate::model::Message;
use crate::session::{Memory, Session};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};

pub(super) fn start(
    (memory, root): (Memory, PathBuf),
    shared: &Arc<Shared>,
    out: &SyncSender<Message>,
) -> Sender<Session> {
    let (to, sessions): (_, Receiver<Session>) = channel();
    let stop = Arc::clone(shared);
    spawn("keeper", out, move || {
        for session in sessions {
            if stop.quit.load(Ordering::Relaxed) {
                break;
            }
            // What cannot be remembered is forgotten, which harms nobody.
            let _ = memory.save(&root, session);
        }
    });
    to
}
